"""Speed and memory of the harness against PyTorch scripts, in alternation, one pinned thread; prints Markdown tables.

usage: compare.py STEP_PROGRAM [options] [NETWORK ...]

In each round the peer's process and ours run one after the other for every network, and the ratio is taken within the round. The peer is
bench/peer/tuned.py, with this program's allocator where jemalloc is installed. Both sides must report the same number of parameters.
"""

import argparse
import ctypes.util
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import typing

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "performance.md"
MARKS = ("<!-- scripts/bench writes what follows -->", "<!-- end of what scripts/bench writes -->")
NETWORKS = {"mobilenetv2": "MobileNetV2", "shufflenetv2": "ShuffleNetV2", "ghostnetv2": "GhostNetV2",
            "ghostnetv3": "GhostNetV3 (training with its branches)"}
CAPABILITIES = {"avx2": {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2",
                         "ABLATE_ISA": "avx2"}}


class Cell(typing.NamedTuple):
    mode: str
    size: int
    classes: int
    batch: int
    steps: int

    def title(self):
        return f"{'training' if self.mode == 'train' else 'evaluation'}, {self.size} px, batch {self.batch}"

    def arguments(self):
        numbers = [f"--{name}={getattr(self, name)}" for name in ("size", "classes", "batch", "steps")]
        return numbers + (["--mode=eval"] if self.mode == "eval" else [])


CELLS = (Cell("train", 32, 10, 128, 6), Cell("train", 224, 1000, 16, 8), Cell("eval", 32, 10, 128, 20), Cell("eval", 224, 1000, 16, 20))


def keeping_allocator():
    """The environment in which a process keeps its pages, as our program does, and what to call it."""
    library = ctypes.util.find_library("jemalloc")
    if library:
        source = (ROOT / "harness/cli/allocator.cpp").read_text()
        settings = "".join(re.findall(r'^ +"([\w:,-]+)";?$', source, re.MULTILINE))
        return {"LD_PRELOAD": library, "MALLOC_CONF": settings}, "jemalloc with the program's settings"
    never = str(1 << 40)
    return {"MALLOC_TRIM_THRESHOLD_": never, "MALLOC_MMAP_THRESHOLD_": never, "MALLOC_TOP_PAD_": str(1 << 26)}, "glibc, never trimming"


def sides(options):
    """What to put before a cell's arguments, and the environment: of the peer, then of ours."""
    common = dict(os.environ, OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", **CAPABILITIES.get(options.capability, {}))
    kept, allocator = keeping_allocator()
    script = "plain" if options.plain else "tuned"
    width = f"--width={options.width}"
    peer = [sys.executable, str(ROOT / "bench" / "peer" / f"{script}.py"), width, *(["--autocast"] if options.autocast else [])]
    ours = [options.program, width, *([f"--executor={options.executor}"] if options.executor else []),
            *(["--precision=bf16"] if options.bf16 else [])]
    if options.plain:
        kept, allocator = {}, "the default allocator"
    return (peer, dict(common, **kept)), (ours, common), f"bench/peer/{script}.py, {allocator}"


def measure(command, environment, core):
    result = subprocess.run(["taskset", "-c", str(core), *command], capture_output=True, text=True, env=environment)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{result.stderr}")
    return json.loads(result.stdout)


def compare(network, cell, peer, ours, core):
    """One round of a cell: both sides' results."""
    backbone, branches = ("ghostnetv2", ["--branches"]) if network == "ghostnetv3" else (network, [])
    sides = ([*peer[0], f"--network={network}"], peer[1]), ([*ours[0], f"--network={backbone}", *branches], ours[1])
    pair = [measure(command + cell.arguments(), environment, core) for command, environment in sides]
    counts = [side["parameters"] for side in pair]
    if counts[0] != counts[1]:
        sys.exit(f"{network}, {cell.title()}: the networks differ, {counts[0]} and {counts[1]} parameters")
    return pair


def median_and_range(values):
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def table(titles, rows):
    return "\n".join(["| " + " | ".join(row) + " |" for row in (titles, ["---"] * len(titles), *rows)])


def tables(results, networks, cells, width):
    """Ratios; images per second; memory. `results[network, cell]` are the rounds' pairs."""
    def ratios(network, cell, what):
        return [ours[what] / peer[what] for peer, ours in results[network, cell]]

    def both(network, cell, what, scale=1.0):
        medians = [statistics.median(pair[side][what] for pair in results[network, cell]) * scale for side in (0, 1)]
        return f"{medians[0]:.0f} / {medians[1]:.0f}"

    def memory(network, cell):
        return f"{both(network, cell, 'memory', 1e-6)}, {statistics.median(ratios(network, cell, 'memory')):.2f}"

    def of_all(columns, text):
        return table([f"network, width {width}", *(cell.title() for cell in columns)],
                     [[NETWORKS[network], *(text(network, cell) for cell in columns)] for network in networks])

    parts = ["Images per second, Ablate's by PyTorch's, median (lowest-highest) of the rounds:",
             of_all(cells, lambda network, cell: median_and_range(ratios(network, cell, "images_per_second"))),
             "Images per second, PyTorch / Ablate, medians:",
             of_all(cells, lambda network, cell: both(network, cell, "images_per_second"))]
    trained = [cell for cell in cells if cell.mode == "train"]
    if trained:
        parts += ["Peak memory, MB, PyTorch / Ablate, and the ratio:", of_all(trained, memory)]
    return "\n\n".join(parts)


def processor():
    with open("/proc/cpuinfo") as lines:
        fields = dict(line.split(":", 1) for line in lines if line.count(":"))
    names = {name.strip(): value.strip() for name, value in fields.items()}
    return f"{names['model name']} (family {names['cpu family']}, model {names['model']}; {os.cpu_count()} cores)"


def versions():
    command = [sys.executable, "-W", "ignore", "-c", "import torch, platform; print(torch.__version__, platform.python_version())"]
    torch, python = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return f"PyTorch and LibTorch {torch}, Python {python}"


def heading(options, peer):
    held = f", both sides held to {options.capability}" if options.capability else ""
    kind = " under bfloat16 autocast" if options.autocast else ""
    executor = f"; executor: {options.executor}" if options.executor else ""
    executor += "; ours with `train.precision: bf16`" if options.bf16 else ""
    return (f"{processor()}{held}, one thread on core {options.core}; {versions()}; peer: {peer}{kind}{executor}; "
            f"{options.rounds} rounds in alternation.")


def write(text):
    page = PAGE.read_text()
    begin, end = (page.index(mark) for mark in MARKS)
    PAGE.write_text(f"{page[:begin]}{MARKS[0]}\n\n{text}\n\n{page[end:]}")


def parsed():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="the built bench/ablate_bench_step")
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=f"of {', '.join(NETWORKS)}; all by default")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--core", type=int, default=os.cpu_count() - 1)
    parser.add_argument("--width", type=float, default=1.0, help="of the networks")
    parser.add_argument("--mode", choices=("train", "eval"), help="only this; both by default")
    parser.add_argument("--executor", help="ours; the program's default otherwise")
    parser.add_argument("--capability", choices=CAPABILITIES, help="holds both sides to these instructions")
    parser.add_argument("--autocast", action="store_true", help="the peer trains in bfloat16 where autocast does")
    parser.add_argument("--bf16", action="store_true", help="ours trains with train.precision bf16")
    parser.add_argument("--plain", action="store_true", help="the peer is what most people write; training only")
    parser.add_argument("--write", action="store_true", help=f"puts the tables into {PAGE.relative_to(ROOT)}")
    options = parser.parse_intermixed_args()
    if unknown := set(options.networks) - set(NETWORKS):
        parser.error(f"no network {', '.join(sorted(unknown))}; there are {', '.join(NETWORKS)}")
    if options.plain or options.autocast or options.bf16:
        options.mode = "train"
    if options.write and (options.networks or options.mode or options.capability or options.executor or options.bf16
                          or options.width != 1.0):
        parser.error("--write takes the whole table")
    return options


def main():
    options = parsed()
    networks = options.networks or list(NETWORKS)
    cells = [cell for cell in CELLS if options.mode in (None, cell.mode)]
    peer, ours, peer_name = sides(options)
    results = {(network, cell): [] for network in networks for cell in cells}
    for number in range(options.rounds):
        for (network, cell), rounds in results.items():
            rounds.append(compare(network, cell, peer, ours, options.core))
            speeds = " / ".join(f"{side['images_per_second']:.1f}" for side in rounds[-1])
            print(f"round {number + 1}: {network}, {cell.title()}: {speeds} images/s", file=sys.stderr, flush=True)
    text = f"{heading(options, peer_name)}\n\n{tables(results, networks, cells, options.width)}"
    print(text)
    if options.write:
        write(text)


if __name__ == "__main__":
    main()
