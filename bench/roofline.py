"""How near training and evaluation are to what the core can do at most; prints a Markdown table.

usage: roofline.py STEP_PROGRAM MACHINE_PROGRAM [--core N] [--rounds N]

MACHINE_PROGRAM measures the core's multiply-adds and its reading of memory. A network's convolutions then take at least

  arithmetic   their multiply-adds, in whole vectors of channels (58 channels fill 64 lanes), at the measured peak
  memory       what must pass between memory and core: maps larger than the last cache, each read and written once where a convolution
               needs it (forward: x, y; backward: dy, y, x, dx). Evaluation goes a few images at a time: none.

Everything else (BatchNorm, activations, sums, shuffles, pooling, the optimizer, loading) counts as free. So the speeds are bounds for any
program that computes these convolutions directly: with perfect overlap the larger of the two in every convolution, without overlap their
sum. STEP_PROGRAM measures what is reached. Networks without branches only: with them fewer multiply-adds do than a network has.
"""

import argparse
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys

import torch
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import compare  # noqa: E402
from peer import networks  # noqa: E402

NETWORKS = ("mobilenetv2", "shufflenetv2", "ghostnetv2")


def padded(count, step):
    return math.ceil(count / step) * step


def convolutions(name, cell):
    """(inputs, outputs, taps, groups, pixels read, pixels written) of each convolution and linear layer, in order."""
    found = []

    def note(layer, inputs, output):
        if isinstance(layer, nn.Linear):
            found.append((layer.in_features, layer.out_features, 1, 1, cell.batch, cell.batch))
            return
        (_, _, height, width), (_, _, rows, columns) = inputs[0].shape, output.shape
        taps = layer.kernel_size[0] * layer.kernel_size[1]
        found.append((layer.in_channels, layer.out_channels, taps, layer.groups, cell.batch * height * width, cell.batch * rows * columns))

    with torch.device("meta"):
        model = networks.make(name, cell.size, cell.classes).eval()
        for layer in model.modules():
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                layer.register_forward_hook(note)
        model(torch.empty(cell.batch, 3, cell.size, cell.size))
    return found


def passes(convolution, first, lanes):
    """Multiply-adds, idle lanes included, and numbers moved, of the forward pass and of the backward one."""
    inputs, outputs, taps, groups, read, written = convolution
    if groups > 1:
        each = written * taps * padded(outputs, lanes)
        operations = (each, 2 * each)
    else:
        window = inputs * taps
        weights = min(window * padded(outputs, lanes), outputs * padded(window, lanes))
        gradient = 0 if first else taps * outputs * padded(inputs, lanes)
        operations = (written * window * padded(outputs, lanes), written * (weights + gradient))
    x, y = (read * inputs, written * outputs)
    return operations, ((x, y), (y, y, x) if first else (y, y, x, x))


def seconds(name, cell, machine, cache):
    """With perfect overlap, and one after the other."""
    overlapped = in_turn = 0
    for index, convolution in enumerate(convolutions(name, cell)):
        operations, maps = passes(convolution, index == 0, machine["lanes"])
        for multiply_adds, numbers in list(zip(operations, maps))[:2 if cell.mode == "train" else 1]:
            arithmetic = 2 * multiply_adds / machine["flop_per_second"]
            moved = sum(4 * count for count in numbers if cell.mode == "train" and 4 * count > cache)
            memory = moved / machine["bytes_per_second"]
            overlapped += max(arithmetic, memory)
            in_turn += arithmetic + memory
    return overlapped, in_turn


def cache_bytes():
    """Of the last level."""
    sizes = pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size")
    return max(int(size.read_text().strip().rstrip("K")) for size in sizes) * 1024


def rows(options, cache):
    for name in NETWORKS:
        for cell in compare.CELLS:
            bounds, reached = [], []
            for _ in range(options.rounds):
                machine = compare.measure([options.machine], os.environ, options.core)
                step = compare.measure([options.program, f"--network={name}", *cell.arguments()], os.environ, options.core)
                bounds.append([cell.batch / bound for bound in seconds(name, cell, machine, cache)])
                reached.append(step["images_per_second"])
            speed = statistics.median(reached)
            overlapped, in_turn = (statistics.median(bound[i] for bound in bounds) for i in (0, 1))
            print(f"{name}, {cell.title()}: {speed:.0f} of {in_turn:.0f} to {overlapped:.0f}", file=sys.stderr, flush=True)
            yield [compare.NETWORKS[name], cell.title(), f"{speed:.0f}", f"{in_turn:.0f}, {100 * speed / in_turn:.0f} %",
                   f"{overlapped:.0f}, {100 * speed / overlapped:.0f} %"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="the built bench/ablate_bench_step")
    parser.add_argument("machine", help="the built bench/ablate_bench_machine")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--core", type=int, default=os.cpu_count() - 1)
    options = parser.parse_args()
    cache = cache_bytes()
    machine = compare.measure([options.machine], os.environ, options.core)
    print(f"{compare.processor()}, one thread on core {options.core}: {machine['flop_per_second'] / 1e9:.0f} GFLOP/s, "
          f"{machine['bytes_per_second'] / 1e9:.0f} GB/s read, {machine['lanes']} lanes, last cache {cache / 2**20:.0f} MB.\n")
    titles = ["network, width 1.0", "cell", "images per second", "bound without overlap, share", "bound with overlap, share"]
    print(compare.table(titles, list(rows(options, cache))))


if __name__ == "__main__":
    main()
