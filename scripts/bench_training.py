"""Time the fold stack against training one fold after another; the last line is JSON.

The rival is what a careful person writes without the stack: the same nn.Module in torch's own operations, torch's
default Adam, default malloc, eager, one thread, clips preloaded as tensors, folds one after another; with the same
steps, batches, loss, dropout masks and initial weights. `--rival kernels` gives it the compiled kernels of
mmer.models.kernels too: the ratio is then what stacking and processes add to them. Both are given their models and
clips ready; everything else counts: optimisers, stacking, gathering, and giving the weights back. Rounds are paired:
both run in every round, and the ratio is the median.

    python scripts/bench_training.py [CASES] [--folds 68] [--rounds 5] [--processes 2] [--rival torch]
"""

import argparse
import json
import math
import multiprocessing
import os
import statistics
import time

CLIPS = 442  # as the MEGC2019 composite
CASES = {  # name: what is trained
    "gcn17": {"model": "gcn", "options": {"hidden": 64, "layers": 2}, "stream": (1, 17, 2), "batch": 32, "epochs": 6},
    "gcn68": {"model": "gcn", "options": {"hidden": 64, "layers": 2}, "stream": (1, 68, 2), "batch": 32, "epochs": 2},
    "graph_tcn": {"model": "graph_tcn", "options": {"width": 32}, "stream": (16, 30, 2), "batch": 32, "epochs": 1},
    "ststnet": {"model": "ststnet", "options": {}, "stream": (3, 28, 28), "batch": 256, "epochs": 2},
}
LR = 1e-3


def recipe(case):
    from mmer.training.recipe import Recipe

    return Recipe(epochs=case["epochs"], batch_size=case["batch"], lr=LR, optimizer="adam")


def members(case, places):
    """Make the members of these folds: clips of a common corpus with a subject of 6 or 7 left out."""
    import numpy as np

    from mmer.losses.weighted_cross_entropy import WeightedCrossEntropy
    from mmer.training.seeds import Key

    keeps = [np.arange(CLIPS) % 68 != place % 68 for place in places]
    keys = [Key("bench", place // 68, f"fold{place}") for place in places]
    return made(case, keeps, keys, [WeightedCrossEntropy] * len(places), places)


def made(case, keeps, keys, losses, places):
    """Make members: of each the clips that it is trained on, its names, its loss, and what its edges hang on."""
    import numpy as np
    import torch

    from mmer.stages.build import build, read_option
    from mmer.training.fit import initial_model
    from mmer.training.recipe import Recipe
    from mmer.training.stack import Batch, Member
    from mmer.types.samples import Sizes

    graph = case["model"] != "ststnet"
    name, shape = ("graph", case["stream"]) if graph else ("flow", case["stream"])
    nodes = shape[1] if graph else 0
    random = np.random.default_rng(0)
    edges = random.integers(0, nodes, (2, 4 * nodes)) if graph else np.zeros((2, 0), np.int64)
    sizes = Sizes(3, {name: shape}, tuple(map(str, range(nodes))), edges[:, edges[0] != edges[1]])
    answer = random.integers(0, 3, CLIPS)
    values = random.normal(size=(CLIPS, *shape)) + 0.3 * random.normal(size=(3, *shape))[answer]
    node = {key: read_option("model", case["model"])[key] for key in ("_target_", "name")} | case["options"]
    known = set(Recipe.__dataclass_fields__)
    node = {key: value for key, value in node.items() if key not in known}
    found = []
    for keep, key, loss, place in zip(keeps, keys, losses, places, strict=True):
        own = torch.from_numpy(answer[keep])
        batch = Batch(
            {name: torch.from_numpy(values[keep].astype(np.float32))},
            own,
            torch.ones(len(own)),
            torch.zeros(len(own), 1),
        )
        model = initial_model(lambda sizes: build(node, sizes), sizes, key)
        found.append(
            Member(
                key,
                model,
                loss(torch.bincount(own, minlength=3)),
                batch,
                torch.rand(sizes.edge_index.shape[1], generator=torch.Generator().manual_seed(place)),
            )
        )
    return found


def sequential(items, how):
    """Train one after another; return the last epoch's mean loss of each."""
    import torch

    from mmer.models.dropout import set_step

    found = []
    for item in items:
        item.model.train()
        numbers = item.recipe or how
        optimizer = torch.optim.Adam(item.model.parameters(), lr=numbers.lr, weight_decay=numbers.weight_decay)
        streams, n = item.clips.streams, len(item.clips)
        step = 0
        for epoch in range(1, how.epochs + 1):
            order = torch.randperm(n, generator=torch.Generator().manual_seed(item.key.derive("batches", epoch)))
            total = 0.0
            for rows in order.tensor_split(math.ceil(n / how.batch_size)):
                set_step(item.model, step)
                logits = item.model({name: values[rows] for name, values in streams.items()}, item.edges)
                loss = item.loss(logits, item.clips.answer[rows], item.clips.weight[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                total = total + loss.detach() * len(rows)
                step += 1
        found.append(float(total) / n)
    return found


def stacked(stacks, how):
    """Train stack after stack; return the last epoch's mean loss of each member."""
    from mmer.training.train import train

    return [report.rows[-1][1] for items in stacks for report in train(items, how)]


def without_kernels():
    """Let the networks of this process use torch's operations only."""
    from mmer.models import dropout, folded, norm_pool

    for module in (dropout, folded, norm_pool):
        module.fits = lambda x: False


def serve(pipe, tuned, kernels):
    """Wait for work in a process of one thread."""
    import torch

    from mmer.training.device import tune_malloc

    torch.set_num_threads(1)
    if tuned:
        tune_malloc()
    if not kernels:
        without_kernels()
    while (work := pipe.recv()) is not None:
        kind, case, places = work
        how = recipe(case)
        if kind == "time":
            from mmer.training.train import time_steps

            pipe.send(time_steps(members(case, places), how))
            continue
        items = [members(case, part) for part in places] if kind == "stacked" else members(case, places)
        pipe.send("ready")
        pipe.recv()
        start = time.perf_counter()
        losses = (stacked if kind == "stacked" else sequential)(items, how)
        pipe.send((losses, time.perf_counter() - start))


def run(pipes, works):
    """Give every process its work and let all start at once; return losses and wall time."""
    for pipe, work in zip(pipes, works, strict=True):
        pipe.send(work)
    for pipe in pipes:
        pipe.recv()
    start = time.perf_counter()
    for pipe in pipes:
        pipe.send("go")
    losses = [value for pipe in pipes for value in pipe.recv()[0]]
    return losses, time.perf_counter() - start


def bench(name, case, folds, rounds, alone, workers):
    """Compare the two on one case."""
    alone.send(("time", case, [0]))
    first = alone.recv()
    workers[0].send(("time", case, [0]))
    single = workers[0].recv()
    k = math.ceil(folds / len(workers))
    workers[0].send(("time", case, list(range(min(16, k)))))
    many = workers[0].recv()
    size = k if many < single else 1
    print(f"{name}: a step takes {1e3 * single:.2f} ms alone, {1e3 * many:.2f} ms in a stack of {min(16, k)}"
          f" ({1e3 * first:.2f} ms the rival): stacks of {size}", flush=True)  # fmt: skip
    shares = [list(range(start, folds, len(workers))) for start in range(len(workers))]
    works = [("stacked", case, [share[i : i + size] for i in range(0, len(share), size)]) for share in shares]
    ratios = []
    for number in range(rounds + 1):
        before, slow = run([alone], [("sequential", case, list(range(folds)))])
        after, fast = run(workers, works)
        order = [place for share in shares for place in share]
        apart = max(abs(after[i] - before[place]) / before[place] for i, place in enumerate(order))
        if number:  # the first only warms up
            ratios.append(slow / fast)
        print(
            f"  {name} {number or 'warm-up'}: rival {slow:.2f} s, stack {fast:.2f} s, ratio {slow / fast:.2f}, "
            f"losses {statistics.mean(before):.4f} {statistics.mean(after):.4f}, most apart {apart:.1e}",
            flush=True,
        )
        if apart > 0.05:
            raise SystemExit(f"{name}: the training losses differ by {apart:.1%}")
    return {
        "ratio": round(statistics.median(ratios), 2),
        "ratios": [round(ratio, 2) for ratio in ratios],
        "stack": size,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="case", help=f"of {', '.join(CASES)}; all when left out")
    parser.add_argument("--folds", type=int, default=68)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--rival", choices=("torch", "kernels"), default="torch")
    parser.add_argument("--blas", choices=("free", "pinned"), default="free", help="pinned: obey OPENBLAS_CORETYPE")
    options = parser.parse_args()
    if strange := set(options.cases) - set(CASES):
        parser.error(f"no case {sorted(strange)[0]!r}; there are {', '.join(CASES)}")
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")  # of the rival too
    # Some machines pin OpenBLAS, which our kernels call, to an old processor; torch calls MKL, which is not pinned.
    pinned = os.environ.get("OPENBLAS_CORETYPE")
    if pinned and options.blas == "free":
        del os.environ["OPENBLAS_CORETYPE"]
        print(f"OPENBLAS_CORETYPE={pinned} is taken back: OpenBLAS chooses its kernels by the processor")
    context = multiprocessing.get_context("spawn")
    pipes = []
    for number in range(options.processes + 1):
        here, there = context.Pipe()
        context.Process(
            target=serve, args=(there, number > 0, number > 0 or options.rival == "kernels"), daemon=True
        ).start()
        pipes.append(here)
    found = {}
    for name in options.cases or CASES:
        found[name] = bench(name, CASES[name], options.folds, options.rounds, pipes[0], pipes[1:])
    for pipe in pipes:
        pipe.send(None)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
