#!/usr/bin/env python3
"""What distillation costs when the teacher's outputs are kept: five temperatures beside five plain trainings.

    bench/teacher_cost.py build/ablate [--rounds N]

In each round, in turn and in CPU seconds of all processes: five plain trainings (five rates), the same with a ResNet-20
as teacher at five temperatures, and one of the latter without kept outputs, whose surplus over a plain training is one
pass of the teacher an epoch. Prints the ratio of the second to the first plus that pass.
"""
import argparse
import json
import pathlib
import resource
import shutil
import statistics
import subprocess
import tempfile

BASE = {
    "data": {"synthetic": {"train": 2048, "test": 128, "size": 32}},
    "train": {"epochs": 2, "batch": 128},
    "optimizer": {"sgd": {"lr": 0.02}},
    "schedule": {"cosine": {}},
    "augment": {"crop": {"padding": 4}, "flip": {}},
}
BACKBONES = {"MobileNetV2": {"mobilenetv2": {"width": 0.5}}}
TEACHERS = {"R20": {"backbone": {"resnet": {"depth": 20}}, "set": {"train.epochs": 1}}}
TEMPERATURES = [1, 2, 3, 4, 8]


def sweep(name, distilled, factors, seed):
    base = dict(BASE, **({"distill": {"logit": {"teacher": "R20"}}} if distilled else {}))
    return {"name": name, "base": base, "backbones": BACKBONES, "factors": factors, "seeds": [seed],
            **({"teachers": TEACHERS} if distilled else {})}


class Bench:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def cpu_seconds(self, store, content, *options):
        """Runs a sweep to its end, one training at a time."""
        file = self.folder / f"{content['name']}.json"
        file.write_text(json.dumps(content))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([self.program, "run", file, "--store", store, "--jobs", "1", *options], check=True,
                       stderr=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

    def round(self, number):
        seed = 10 + number  # another one: nothing is kept of it yet
        ready = self.folder / "ready"
        if not ready.exists():  # data packed, teacher trained
            self.cpu_seconds(ready, sweep("ready", True, {"train.batch": [64]}, 1))
        store = self.folder / f"round-{number}"
        shutil.copytree(ready, store)
        rates = {"optimizer.sgd.lr": [0.021, 0.022, 0.023, 0.024]}
        plain = self.cpu_seconds(store, sweep("plain", False, rates, seed))
        heats = {"distill.logit.temperature": [t for t in TEMPERATURES if t != 4]}
        taught = self.cpu_seconds(store, sweep("taught", True, heats, seed))
        alone = self.cpu_seconds(store, sweep("alone", True, {}, seed + 1000), "--teacher-cache", "0")
        shutil.rmtree(store)
        return plain, taught, alone


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(pathlib.Path(args.program).resolve(), pathlib.Path(folder))
        for number in range(args.rounds):
            plain, taught, alone = bench.round(number)
            teacher_pass = max(0.0, alone - plain / 5)
            ratios.append(taught / (plain + teacher_pass))
            print(f"plain {plain:.1f} s, five temperatures {taught:.1f} s, teacher's pass {teacher_pass:.1f} s: "
                  f"ratio {ratios[-1]:.3f}", flush=True)
    print(f"median {statistics.median(ratios):.3f} ({min(ratios):.3f}-{max(ratios):.3f})")


if __name__ == "__main__":
    main()
