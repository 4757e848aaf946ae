"""Training speed of the harness against a plain PyTorch script, in alternation, one pinned thread; prints a Markdown table.

usage: compare.py STEP_PROGRAM [--rounds N] [--steps N] [--batch N] [--core N] [NETWORK ...]

Both sides train the same network on the same batch; a round runs one after the other, and the ratio is taken within a round.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys

PEER = pathlib.Path(__file__).parent / "peer" / "plain.py"


def images_per_second(command, core):
    environment = dict(os.environ, OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
    result = subprocess.run(["taskset", "-c", str(core), *command], capture_output=True, text=True, env=environment)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{result.stderr}")
    return float(result.stdout.split()[-1])


def processor():
    with open("/proc/cpuinfo") as lines:
        fields = dict(line.split(":", 1) for line in lines if line.count(":"))
    names = {name.strip(): value.strip() for name, value in fields.items()}
    return f"{names['model name']} (family {names['cpu family']}, model {names['model']})"


def versions():
    command = [sys.executable, "-c", "import torch, platform; print(torch.__version__, platform.python_version())"]
    torch, python = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return f"PyTorch {torch} on Python {python}"


def spread(values):
    return f"{statistics.median(values):.0f} ({min(values):.0f}-{max(values):.0f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="the built bench/ablate_bench_step")
    parser.add_argument("networks", nargs="*", default=["mobilenetv2", "shufflenetv2", "ghostnetv2"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--core", type=int, default=0)
    options = parser.parse_args()

    print(f"{processor()}; one thread on core {options.core}; {versions()}; "
          f"batch {options.batch}, {options.steps} steps, {options.rounds} rounds in alternation\n")
    print("| network 1.0, 32 px | plain script, img/s | Ablate, img/s | ratio (median, range) |")
    print("|---|---|---|---|")
    for network in options.networks:
        arguments = [network, str(options.batch), str(options.steps)]
        plain, ours = [], []
        for _ in range(options.rounds):
            plain.append(images_per_second([sys.executable, str(PEER), *arguments], options.core))
            ours.append(images_per_second([options.program, *arguments], options.core))
        ratios = [b / a for a, b in zip(plain, ours)]
        print(f"| {network} | {spread(plain)} | {spread(ours)} "
              f"| {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f}) |", flush=True)


if __name__ == "__main__":
    main()
