"""Time a generation of trials in one stack against trials one after another; the last line is JSON.

16 trials of an AU-GCN (17 nodes, two layers of 64 channels) differ in learning rate, weight decay, dropout and the
gamma of the focal loss; each is trained on 4 inner folds by subject, with the batches, masks and initial weights that
are the same for all trials. Three ways, in every round one after the other:

one by one   trials and folds one after another on one thread: the same nn.Module in torch's own operations, torch's
             default Adam, default malloc, clips preloaded as tensors; as in bench_training.py
by trial     the inner folds of a trial as one stack, trials one after another, in two processes
together     all trials and folds, a stack in each of two processes

`ratio` is one by one / together, `ratio_stacked` by trial / together, each the median over the rounds. Models and clips
are given ready; everything else counts. `--loss logit_adjustment` varies its tau instead of gamma.

    python scripts/bench_tuning.py [--rounds 5] [--trials 16] [--epochs 6] [--processes 2]
"""

import argparse
import json
import multiprocessing
import os
import statistics
import time

import bench_training

FOLDS = 4
CASE = bench_training.CASES["gcn17"]
LOSSES = {"focal": ("mmer.losses.focal.Focal", "gamma", 0.0, 4.0)} | {
    "logit_adjustment": ("mmer.losses.logit_adjustment.LogitAdjustment", "tau", 0.5, 2.0)
}
MOST_APART = 0.05


def trial(number, loss):
    """Draw the numbers of a trial."""
    import numpy as np

    random = np.random.default_rng(number)
    lr, decay = (float(10 ** random.uniform(*ends)) for ends in ((-3.5, -2), (-6, -3)))
    return lr, decay, float(random.uniform(0, 0.6)), float(random.uniform(*LOSSES[loss][2:]))


def members(places, how, loss):
    """Make the members of these places: trial * FOLDS + fold."""
    from dataclasses import replace
    from functools import partial
    from importlib import import_module

    import numpy as np

    from mmer.models.dropout import Dropout
    from mmer.training.seeds import Key

    module, _, name = LOSSES[loss][0].rpartition(".")
    kind = getattr(import_module(module), name)
    numbers = [trial(place // FOLDS, loss) for place in places]
    folds = [place % FOLDS for place in places]
    keeps = [np.arange(bench_training.CLIPS) % 68 % FOLDS != fold for fold in folds]
    keys = [Key("bench", 0, f"fold{fold}") for fold in folds]
    losses = [partial(kind, **{LOSSES[loss][1]: value}) for *_, value in numbers]
    found = bench_training.made(CASE, keeps, keys, losses, folds)
    for item, (lr, decay, dropout, _) in zip(found, numbers, strict=True):
        item.recipe = replace(how, lr=lr, weight_decay=decay)
        for layer in item.model.modules():
            if isinstance(layer, Dropout):
                layer.p = dropout
    return found


def serve(pipe, ours):
    """Wait for work in a process of one thread."""
    import torch

    from mmer.training.device import reproducible, tune_malloc

    torch.set_num_threads(1)
    if ours:
        tune_malloc()
    else:
        bench_training.without_kernels()
    while (work := pipe.recv()) is not None:
        stacks, epochs, loss = work
        how = bench_training.recipe(CASE | {"epochs": epochs})
        items = [members(part, how, loss) for part in stacks]
        flat = [item for part in items for item in part]
        pipe.send("ready")
        pipe.recv()
        with reproducible(torch.device("cpu")):
            start = time.perf_counter()
            losses = bench_training.stacked(items, how) if ours else bench_training.sequential(flat, how)
            pipe.send((losses, time.perf_counter() - start))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--trials", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=CASE["epochs"])
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--loss", choices=LOSSES, default="focal")
    parser.add_argument("--blas", choices=("free", "pinned"), default="free", help="pinned: obey OPENBLAS_CORETYPE")
    options = parser.parse_args()
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")  # of the rival too
    # Some machines pin OpenBLAS, which our kernels call, to an old processor; torch calls MKL, which is not pinned.
    pinned = os.environ.get("OPENBLAS_CORETYPE")
    if pinned and options.blas == "free":
        del os.environ["OPENBLAS_CORETYPE"]
        print(f"OPENBLAS_CORETYPE={pinned} is taken back: OpenBLAS chooses its kernels by the processor")
    context, pipes = multiprocessing.get_context("spawn"), []
    for number in range(options.processes + 1):
        here, there = context.Pipe()
        context.Process(target=serve, args=(there, number > 0), daemon=True).start()
        pipes.append(here)
    alone, workers = pipes[:1], pipes[1:]
    every = list(range(options.trials * FOLDS))
    by_trial = [every[start : start + FOLDS] for start in range(0, len(every), FOLDS)]
    size = -(-len(every) // len(workers))
    ways = {
        "one by one": (alone, [by_trial]),
        "by trial": (workers, [by_trial[n :: len(workers)] for n in range(len(workers))]),
        "together": (workers, [[every[n * size : (n + 1) * size]] for n in range(len(workers))]),
    }
    rounds = []
    for number in range(options.rounds + 1):
        seconds, losses = {}, {}
        for name, (pipe, shares) in ways.items():
            works = [(stacks, options.epochs, options.loss) for stacks in shares]
            found, seconds[name] = bench_training.run(pipe, works)
            order = [place for stacks in shares for part in stacks for place in part]
            losses[name] = dict(zip(order, found, strict=True))
        first = losses["one by one"]
        apart = max(abs(other[p] - first[p]) / first[p] for other in losses.values() for p in every)
        ratios = [seconds[name] / seconds["together"] for name in ("one by one", "by trial")]
        if number:  # the first only warms up
            rounds.append(ratios)
        said = ", ".join(f"{name} {value:.2f} s" for name, value in seconds.items())
        print(
            f"{number or 'warm-up'}: {said}; ratios {ratios[0]:.2f} {ratios[1]:.2f}; mean loss "
            f"{statistics.mean(first.values()):.4f} {statistics.mean(losses['together'].values()):.4f}, most apart "
            f"{apart:.1e}",
            flush=True,
        )
        if apart > MOST_APART:
            raise SystemExit(f"the training losses differ by {apart:.1%}")
    for pipe in pipes:
        pipe.send(None)
    whole, part = (list(values) for values in zip(*rounds, strict=True))
    found = {"ratio": statistics.median(whole), "ratio_stacked": statistics.median(part)}
    print(json.dumps({name: round(value, 2) for name, value in found.items()}))


if __name__ == "__main__":
    main()
