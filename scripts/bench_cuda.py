"""Time the fold stack on a GPU against training one fold after another on the same GPU; the last line is JSON.

Two rivals. `sequential`: the same nn.Module, torch's default Adam, eager, clips and orders on the GPU, nothing read
before the end of an epoch. `graphs`: the same with CUDA graphs on the single model, which are captured once, before the
clock starts; the weights and clips of each fold are copied in. All three take the same steps on the same batches, from
the same initial weights, with the same dropout masks and precision. Of the stack everything counts: stacking, a step's
timing and recording, giving the weights back. Rounds are paired, and a ratio is the median over them.

Then a leave-one-subject-out evaluation of 68 folds under 5 seeds of each small graph model, by the recipe of its yaml:
the seconds that its training takes.

    python scripts/bench_cuda.py [--folds 68] [--seeds 5] [--epochs 10] [--rounds 5] [--precision float32]

Without a GPU it says so, and ends with status 2.
"""

import argparse
import copy
import json
import math
import statistics
import time
import warnings
from dataclasses import replace

import bench_training

GOALS = {"gcn17": 15.0, "ststnet": 5.0}  # times as fast as `sequential`
LOSO_SECONDS = 120.0
# Clips of the small graph models: (frames, nodes, features). Left out are those that ask for particular nodes.
LOSO = {
    "gcn": (1, 17, 2),
    "graph_tcn": (16, 30, 2),
    "graphsage": (1, 68, 4),
    "edge_gat": (1, 68, 6),
    "auw_gcn": (16, 12, 2),
    "lr_gacn": (1, 18, 11),
}


def on(device, items):
    """Move members to a device."""
    for item in items:
        item.model, item.loss, item.edges = item.model.to(device), item.loss.to(device), item.edges.to(device)
        item.clips = item.clips.map(lambda values: values.to(device))
    return items


def clips(items):
    return [dict(item.clips.streams) | {"answer": item.clips.answer, "weight": item.clips.weight} for item in items]


def loss_of(model, loss, edges, given, rows):
    """Return the loss of a batch."""
    batch = {name: values.index_select(0, rows) for name, values in given.items()}
    answer, weight = batch.pop("answer"), batch.pop("weight")
    return loss(model(batch, edges), answer, weight)


def order(item, epoch, device):
    """Return the rows of an epoch, as mmer.training draws them."""
    import torch

    n, seed = len(item.clips), item.key.derive("batches", epoch)
    return torch.randperm(n, generator=torch.Generator().manual_seed(seed)).to(device)


def sequential(items, how):
    """Train one after another; return the last epoch's mean loss of each."""
    import torch

    from mmer.models.dropout import set_step

    found = []
    for item, given in zip(items, clips(items), strict=True):
        item.model.train()
        optimizer = torch.optim.Adam(item.model.parameters(), lr=how.lr)
        steps = math.ceil(len(item.clips) / how.batch_size)
        for epoch in range(1, how.epochs + 1):
            total = 0.0
            for number, rows in enumerate(order(item, epoch, item.edges.device).tensor_split(steps)):
                set_step(item.model, (epoch - 1) * steps + number)
                loss = loss_of(item.model, item.loss, item.edges, given, rows)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                total = total + loss.detach() * len(rows)
            mean = float(total) / len(item.clips)
        found.append(mean)
    return found


class Graphs:
    """One model, one optimiser, and a graph of their step for each size of batch."""

    def __init__(self, items, how):
        import torch

        from mmer.training.capture import RECORDERS, WARM

        first, device = items[0], items[0].edges.device
        self.how, self.device = how, device
        self.model, self.loss = copy.deepcopy(first.model).train(), copy.deepcopy(first.loss)
        self.edges = first.edges.clone()
        most = max(len(item.clips) for item in items)
        self.given = {name: values.new_zeros((most, *values.shape[1:])) for name, values in clips(items[:1])[0].items()}
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=how.lr, capturable=device.type == "cuda")
        recorder, self.rows, self.replays = RECORDERS[device.type](), {}, {}
        self.load(first)
        sizes = {len(part) for item in items for part in torch.arange(len(item.clips)).tensor_split(self.steps(item))}
        for size in sizes:
            self.rows[size] = torch.arange(size, device=device)
            for _ in range(WARM):
                recorder.warm_up(lambda size=size: self.step(size))
            self.replays[size] = recorder.record(lambda size=size: self.step(size))

    def steps(self, item):
        return math.ceil(len(item.clips) / self.how.batch_size)

    def step(self, size):
        loss = loss_of(self.model, self.loss, self.edges, self.given, self.rows[size])
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def load(self, item):
        """Go back to the start, with the weights and clips of a member."""
        import torch

        self.model.load_state_dict(item.model.state_dict())
        self.loss.load_state_dict(item.loss.state_dict())
        self.edges.copy_(item.edges)
        for name, values in clips([item])[0].items():
            self.given[name][: len(values)] = values
        for state in self.optimizer.state.values():
            for value in state.values():
                if isinstance(value, torch.Tensor):
                    value.zero_()

    def train(self, items):
        """Train one after another; return the last epoch's mean loss of each."""
        from mmer.models.dropout import set_step

        found = []
        for item in items:
            self.load(item)
            steps = self.steps(item)
            for epoch in range(1, self.how.epochs + 1):
                total = 0.0
                for number, rows in enumerate(order(item, epoch, self.device).tensor_split(steps)):
                    set_step(self.model, (epoch - 1) * steps + number)
                    self.rows[len(rows)].copy_(rows)
                    total = total + self.replays[len(rows)]() * len(rows)
                mean = float(total) / len(item.clips)
            found.append(mean)
        return found


def stacked(items, how):
    """Train members as one, as mmer does; where memory runs out, in halves."""
    from mmer.training.device import is_out_of_memory, reproducible
    from mmer.training.train import train

    try:
        with reproducible(items[0].edges.device):
            return [report.rows[-1][1] for report in train(items, how)]
    except RuntimeError as error:
        if len(items) == 1 or not is_out_of_memory(error):
            raise
    print(f"    no memory for a stack of {len(items)}", flush=True)
    half = len(items) // 2
    return stacked(items[:half], how) + stacked(items[half:], how)


def timed(work, wait):
    wait()
    start = time.perf_counter()
    found = work()
    wait()
    return found, time.perf_counter() - start


def compare(name, folds, rounds, how, device, wait):
    """Compare the stack with its rivals on one case; return ratios."""
    from mmer.training.precision import tensor_cores

    case, found = bench_training.CASES[name], {"sequential": [], "graphs": [], "stack without graphs": []}
    how = replace(how, batch_size=case["batch"])
    with tensor_cores(how.precision):
        start = on(device, bench_training.members(case, range(folds)))
        rival = Graphs(start, how)
        for number in range(rounds + 1):
            works = {
                "stack": lambda items: stacked(items, how),
                "stack without graphs": lambda items: stacked(items, replace(how, cuda_graph="off")),
                "graphs": rival.train,
                "sequential": lambda items: sequential(items, how),
            }
            losses, seconds = {}, {}
            for way, work in works.items():
                items = copy.deepcopy(start)
                losses[way], seconds[way] = timed(lambda work=work, items=items: work(items), wait)
            furthest = 0.0
            for way in found:
                pairs = zip(losses["stack"], losses[way], strict=True)
                apart = max(abs(one - other) / other for one, other in pairs)
                if apart > 0.05:
                    raise SystemExit(f"{name}: the training losses of stack and {way} differ by {apart:.1%}")
                furthest = max(apart, furthest)
                if number:  # the first only warms up
                    found[way].append(seconds[way] / seconds["stack"])
            said = ", ".join(f"{way} {value:.2f} s" for way, value in seconds.items())
            print(f"  {name} {number or 'warm-up'}: {said}; last losses most apart {furthest:.1e}", flush=True)
    ratios = {way: round(statistics.median(values), 2) for way, values in found.items()}
    return {"ratio": ratios.pop("sequential"), "goal": GOALS[name], "ratio to others": ratios}


def loso(name, stream, folds, seeds, precision, device, wait):
    """Train a model in all folds under all seeds; return the seconds."""
    from mmer.stages.build import read_option
    from mmer.stages.recipe import split_model
    from mmer.training.plan import LARGEST
    from mmer.training.precision import tensor_cores

    recipe = replace(split_model(read_option("model", name))[1], precision=precision, patience=None)
    case = {"model": name, "options": {}, "stream": stream}
    size = math.ceil(folds * seeds / math.ceil(folds * seeds / LARGEST["cuda"]))
    places = range(folds * seeds)
    stacks = [on(device, bench_training.members(case, places[i : i + size])) for i in places[::size]]
    with tensor_cores(precision):
        _, seconds = timed(lambda: [stacked(items, recipe) for items in stacks], wait)
    print(
        f"  {name}: {folds} folds x {seeds} seeds x {recipe.epochs} epochs in {seconds:.1f} s "
        f"(goal {LOSO_SECONDS:.0f} s), stacks of {size}",
        flush=True,
    )
    return round(seconds, 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int, default=68)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=10, help="of the comparison; LOSO has those of the yaml")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--precision", choices=("float32", "tf32", "bf16"), default="float32")
    options = parser.parse_args()
    import torch

    if not torch.cuda.is_available():
        print("torch finds no GPU here: nothing was measured")
        raise SystemExit(2)
    import logging

    from mmer.training.device import find_device
    from mmer.training.recipe import Recipe

    logging.basicConfig(level=logging.INFO, format="    %(message)s")
    warnings.filterwarnings("ignore", message=".*capturable=True.*")  # while the rival warms up
    device, wait = find_device("cuda"), torch.cuda.synchronize
    how = Recipe(options.epochs, 32, bench_training.LR, precision=options.precision)
    found = {"gpu": torch.cuda.get_device_name(), "torch": torch.__version__, **vars(options), "loso": {}}
    print(f"{found['gpu']}, {options.folds} folds, {options.epochs} epochs, {options.precision}", flush=True)
    for name in GOALS:
        found[name] = compare(name, options.folds, options.rounds, how, device, wait)
    for name, stream in LOSO.items():
        found["loso"][name] = loso(name, stream, options.folds, options.seeds, options.precision, device, wait)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
