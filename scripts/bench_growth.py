"""How the time and the memory of the fold stack grow with folds and clips; draws docs/training_growth.svg.

Every measurement is a process of its own with one thread, which trains all folds as an experiment does: in stacks, one
after the other. Time is that of training; memory is the peak of the process less what it had after a training on a few
clips, which loads and compiles what is needed.

    python scripts/bench_growth.py [--cases gcn17 ststnet] [--out docs/training_growth.svg]
"""

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import bench_training

FOLDS = (8, 17, 34, 68, 136, 272)
CLIPS = (110, 221, 442, 884, 1768)
USUAL = (68, 442)  # folds and clips of the MEGC2019 composite
FEW = 68
LARGEST = 34  # trainings in a stack, see mmer.training.plan


def measure(name, folds, clips):
    """Train in this process; return seconds, and peak memory in MB."""
    import torch

    from mmer.training.device import reproducible, tune_malloc

    tune_malloc()
    case, how = bench_training.CASES[name], bench_training.recipe(bench_training.CASES[name])
    stacked = case["model"] != "ststnet"  # a convolution is trained faster alone
    size = math.ceil(folds / math.ceil(folds / LARGEST)) if stacked else 1
    with reproducible(torch.device("cpu")):
        bench_training.CLIPS = FEW
        bench_training.stacked([bench_training.members(case, [0])], how)
        bench_training.CLIPS = clips
        before, seconds = peak(), 0.0
        for start in range(0, folds, size):
            items = bench_training.members(case, range(start, min(start + size, folds)))
            begin = time.perf_counter()
            bench_training.stacked([items], how)
            seconds += time.perf_counter() - begin
            del items
    return {"seconds": seconds / how.epochs, "megabytes": peak() - before}


def peak():
    """Return the peak memory of this process, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def draw(found, path):
    """Draw time and memory over folds and over clips."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6), layout="constrained")
    axes = figure.subplots(2, 2, sharex="col")
    for name, rows in found.items():
        for column, (kind, usual) in enumerate((("folds", "clips"), ("clips", "folds"))):
            fixed = USUAL[0 if usual == "folds" else 1]
            line = sorted((row[kind], row["seconds"], row["megabytes"]) for row in rows if row[usual] == fixed)
            for row, place in ((0, 1), (1, 2)):
                axes[row, column].plot([item[0] for item in line], [item[place] for item in line], "o-", label=name)
            axes[1, column].set_xlabel(f"{kind} ({fixed} {usual})")
    for axis in axes.flat:
        axis.set_xscale("log", base=2)
        axis.set_ylim(bottom=0)
        axis.grid(alpha=0.3)
        axis.set_xticks(FOLDS if axis in axes[:, 0] else CLIPS)
        axis.xaxis.set_major_formatter("{x:.0f}")
    axes[0, 0].set_ylabel("seconds per epoch of all folds")
    axes[1, 0].set_ylabel("peak memory, MB")
    axes[0, 0].legend()
    figure.savefig(path, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="*", default=["gcn17", "ststnet"], choices=list(bench_training.CASES))
    parser.add_argument("--out", type=Path, default=Path("docs/training_growth.svg"))
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one[0], int(options.one[1]), int(options.one[2]))))
        return
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    points = sorted({(folds, USUAL[1]) for folds in FOLDS} | {(USUAL[0], clips) for clips in CLIPS})
    found = {}
    for name in options.cases:
        found[name] = []
        for folds, clips in points:
            command = [sys.executable, __file__, "--one", name, str(folds), str(clips)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            row = {"folds": folds, "clips": clips} | json.loads(done.stdout.splitlines()[-1])
            found[name].append(row)
            print(name, {key: round(value, 2) for key, value in row.items()}, flush=True)
    draw(found, options.out)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
