"""Training and evaluation as an expert would tune them in eager PyTorch for one core of a CPU. Prints a line of JSON.

Training: channels_last, the native channel shuffle, one fused pass for SGD, activations in place unless the network is faster without,
denormals flushed. Evaluation: BatchNorm and branches folded into the convolutions, channels_last, activations in place, inference mode.
`bench/compare.py` adds an allocator that keeps its pages. Each was kept because it was measured to be faster.

usage: tuned.py --network NAME --size PIXELS --classes N --batch N --steps N [--width W] [--mode train|eval] [--autocast]
"""

import argparse
import contextlib
import json
import time

import torch
from torch import nn

import memory
from networks import NETWORKS, ShuffleUnit, fuse, make

WARMUP = 2


def tuned(model, inplace):
    for module in model.modules():
        if isinstance(module, (nn.ReLU, nn.ReLU6)):
            module.inplace = inplace
        if isinstance(module, ShuffleUnit):
            module.shuffle = torch.channel_shuffle
    return model.to(memory_format=torch.channels_last)


def trainer(options, images):
    """One training step as a function, and the parameters it trains."""
    inplace = options.network != "mobilenetv2"
    model = tuned(make(options.network, options.size, options.classes, options.width).train(), inplace)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4, fused=True)
    labels = torch.randint(0, options.classes, (options.batch,))
    loss_of = nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16) if options.autocast else contextlib.nullcontext():
            logits = model(images)
        loss_of(logits.float(), labels).backward()
        optimizer.step()

    return step, model


def evaluator(options, images):
    """One pass over the batch as a function, and the parameters it uses."""
    model = tuned(fuse(make(options.network, options.size, options.classes, options.width).eval()), inplace=True)

    def step():
        with torch.inference_mode():
            model(images)

    return step, model


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=NETWORKS, required=True)
    for number in ("size", "classes", "batch", "steps"):
        parser.add_argument(f"--{number}", type=int, required=True)
    parser.add_argument("--width", type=float, default=1.0)
    parser.add_argument("--mode", choices=("train", "eval"), default="train")
    parser.add_argument("--autocast", action="store_true", help="train in bfloat16 where autocast does")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(1)
    before = memory.now()
    images = torch.randn(options.batch, 3, options.size, options.size).to(memory_format=torch.channels_last)
    step, model = (trainer if options.mode == "train" else evaluator)(options, images)
    for _ in range(WARMUP):
        step()
    start = time.perf_counter()
    for _ in range(options.steps):
        step()
    seconds = time.perf_counter() - start
    print(json.dumps({"images_per_second": options.steps * options.batch / seconds, "memory": memory.peak() - before,
                      "parameters": sum(p.numel() for p in model.parameters())}))


if __name__ == "__main__":
    main()
