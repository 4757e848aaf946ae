"""Loading with Pillow as a data set's __getitem__ does it, one process. Prints images per second.

usage: loading.py FOLDER SIZE KIND EPOCHS    KIND: crop_flip, randaugment or resized_crop

FOLDER holds train/<class>/<image>. Small images are decoded once and kept as arrays, as data sets in memory do; large ones are
decoded at every use. Batches of 64 images end up as bytes [N, H, W, 3].
"""

import io
import math
import pathlib
import random
import sys
import time

import numpy
from PIL import Image, ImageEnhance, ImageOps


def crop_flip(image, size):
    padded = ImageOps.expand(image, 4)
    left, top = random.randrange(9), random.randrange(9)
    image = padded.crop((left, top, left + size, top + size))
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if random.random() < 0.5 else image


def affine(image, matrix):
    return image.transform(image.size, Image.Transform.AFFINE, matrix, Image.Resampling.NEAREST)


def enhanced(enhance):
    return lambda image, m: enhance(image).enhance(1 + random.choice((-1, 1)) * 0.9 * m)


# RandAugment (Cubuk et al. 2020), its 14 operations at magnitude m in 0..1.
OPERATIONS = [
    lambda image, m: image,
    lambda image, m: ImageOps.autocontrast(image),
    lambda image, m: ImageOps.equalize(image),
    lambda image, m: ImageOps.posterize(image, 8 - round(4 * m)),
    lambda image, m: ImageOps.solarize(image, round(255 * (1 - m))),
    lambda image, m: image.rotate(random.choice((-1, 1)) * 30 * m),
    lambda image, m: affine(image, (1, random.choice((-1, 1)) * 0.3 * m, 0, 0, 1, 0)),
    lambda image, m: affine(image, (1, 0, 0, random.choice((-1, 1)) * 0.3 * m, 1, 0)),
    lambda image, m: affine(image, (1, 0, random.choice((-1, 1)) * 0.45 * m * image.width, 0, 1, 0)),
    lambda image, m: affine(image, (1, 0, 0, 0, 1, random.choice((-1, 1)) * 0.45 * m * image.height)),
    enhanced(ImageEnhance.Brightness), enhanced(ImageEnhance.Color), enhanced(ImageEnhance.Contrast), enhanced(ImageEnhance.Sharpness),
]


def randaugment(image, size):
    image = crop_flip(image, size)
    for operation in random.choices(OPERATIONS, k=2):
        image = operation(image, 0.3)
    return image


def resized_crop(image, size):
    width, height = image.size
    area = random.uniform(0.08, 1) * width * height
    ratio = math.exp(random.uniform(math.log(3 / 4), math.log(4 / 3)))
    w, h = min(width, round(math.sqrt(area * ratio))), min(height, round(math.sqrt(area / ratio)))
    left, top = random.randint(0, width - w), random.randint(0, height - h)
    image = image.resize((size, size), Image.Resampling.BILINEAR, (left, top, left + w, top + h))
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if random.random() < 0.5 else image


def main():
    folder, size, kind, epochs = pathlib.Path(sys.argv[1]), int(sys.argv[2]), globals()[sys.argv[3]], int(sys.argv[4])
    files = [path.read_bytes() for path in sorted((folder / "train").glob("*/*"))]
    decode = lambda data: Image.open(io.BytesIO(data)).convert("RGB")
    if size <= 64:
        arrays = [numpy.asarray(decode(data)) for data in files]
        load = lambda index: Image.fromarray(arrays[index])
    else:
        load = lambda index: decode(files[index])
    for epoch in range(epochs):
        if epoch == 1 or epochs == 1:
            start, images = time.perf_counter(), 0
        order = random.sample(range(len(files)), len(files))
        for first in range(0, len(order), 64):
            batch = numpy.stack([numpy.asarray(kind(load(index), size)) for index in order[first:first + 64]])
            images = images + len(batch) if epoch or epochs == 1 else 0
    print(f"{images / (time.perf_counter() - start):.0f}")


if __name__ == "__main__":
    main()
