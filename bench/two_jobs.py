"""What two trainings at once get done, each with one thread on a core of its own, against one alone, and against one with two threads;
prints a Markdown table.

usage: two_jobs.py STEP_PROGRAM [--rounds N] [NETWORK ...]
"""

import argparse
import json
import statistics
import subprocess

NETWORKS = ["mobilenetv2", "shufflenetv2", "ghostnetv2"]


def start(program, network, cores, threads=1):
    command = ["taskset", "-c", cores, program, f"--network={network}", "--steps=12", f"--threads={threads}"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def speed(process):
    return json.loads(process.communicate()[0])["images_per_second"]


def shown(values):
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("networks", nargs="*", default=NETWORKS)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print("| network | two jobs / one job | two jobs / one job of two threads |\n|---|---|---|")
    for network in options.networks:
        against_one, against_two = [], []
        for _ in range(options.rounds):
            alone = speed(start(options.program, network, "0"))
            both = [start(options.program, network, core) for core in ("0", "1")]
            done = sum(speed(process) for process in both)
            threaded = speed(start(options.program, network, "0,1", threads=2))
            against_one.append(done / alone)
            against_two.append(done / threaded)
        print(f"| {network} | {shown(against_one)} | {shown(against_two)} |", flush=True)


if __name__ == "__main__":
    main()
