"""Images a second that one thread makes ready for training, beside Pillow, in alternation on one core; prints a Markdown table.

usage: compare_loading.py PROGRAM SMALL LARGE [--rounds N] [--core N]

SMALL and LARGE are image folders, train/<class>/<image> and test/<class>/<image>: of 32 px and of photographs.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys

PEER = pathlib.Path(__file__).parent / "peer" / "loading.py"
CROP_FLIP = {"crop": {"padding": 4}, "flip": {}}
CASES = {
    "crop + flip, 32 px": ("crop_flip", CROP_FLIP, 32),
    "crop + flip + RandAugment, 32 px": ("randaugment", {**CROP_FLIP, "randaugment": {}}, 32),
    "JPEG, random resized crop + flip, 224 px": ("resized_crop", {"resized_crop": {}, "flip": {}}, 224),
}


def measure(command, core):
    result = subprocess.run(["taskset", "-c", str(core), *map(str, command)], capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{result.stderr}")
    return float(result.stdout.split()[-1])


def shown(values, digits=0):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("small")
    parser.add_argument("large")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--core", type=int, default=0)
    options = parser.parse_args()
    print("| images a second, one thread | Pillow | Ablate | ratio |\n|---|---|---|---|")
    for title, (kind, augment, size) in CASES.items():
        folder = options.small if size == 32 else options.large
        peer, ours = [], []
        for _ in range(options.rounds):
            peer.append(measure([sys.executable, PEER, folder, size, kind, 4], options.core))
            ours.append(measure([options.program, folder, size, json.dumps(augment), 20 if size == 32 else 6], options.core))
        ratios = [b / a for a, b in zip(peer, ours)]
        print(f"| {title} | {shown(peer)} | {shown(ours)} | {shown(ratios, 1)} |", flush=True)


if __name__ == "__main__":
    main()
