"""A plain training script: contiguous tensors, the default allocator, torch.optim.SGD. Prints a line of JSON.

usage: plain.py --network NAME --size PIXELS --classes N --batch N --steps N [--width W]
"""

import argparse
import json
import time

import torch

import memory
from networks import NETWORKS, make


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=NETWORKS, required=True)
    for number in ("size", "classes", "batch", "steps"):
        parser.add_argument(f"--{number}", type=int, required=True)
    parser.add_argument("--width", type=float, default=1.0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    before = memory.now()
    model = make(options.network, options.size, options.classes, options.width).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
    loss_of = torch.nn.CrossEntropyLoss()
    images = torch.randn(options.batch, 3, options.size, options.size)
    labels = torch.randint(0, options.classes, (options.batch,))
    warmup = 2
    for step in range(warmup + options.steps):
        if step == warmup:
            start = time.perf_counter()
        optimizer.zero_grad()
        loss_of(model(images), labels).backward()
        optimizer.step()
    seconds = time.perf_counter() - start
    print(json.dumps({"images_per_second": options.steps * options.batch / seconds, "memory": memory.peak() - before,
                      "parameters": sum(p.numel() for p in model.parameters())}))


if __name__ == "__main__":
    main()
