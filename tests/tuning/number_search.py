"""A search whose trainings are a formula, and four workers on it: ``python number_search.py URL FOLDER [WORKERS]``.

Imports nothing heavy, and forks its workers after the imports. Where FOLDER/stop exists, the first worker that meets
it while it trains writes its number into FOLDER/stopped and waits to be killed.
"""

import os
import sys
import time
from pathlib import Path

import numpy as np
import yaml

from mmer.training.fold_result import FoldResult
from mmer.tuning.search import Search
from mmer.tuning.storage import open_storage
from mmer.tuning.study import open_study
from mmer.tuning.worker import work

SPACE = {
    "loss": {"type": "categorical", "choices": ["cross_entropy", "focal"]},
    "loss.gamma": {"type": "float", "low": 0.5, "high": 5.0, "when": {"loss": "focal"}},
    "model.lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": True},
}
KEYS = ("sub01", "sub02")
IDENTITY = {"code": "ab" * 32, "data": "cd" * 32}
FOLDS = 6


def search(**changed):
    storage = {"heartbeat": 0.4, "grace": 20} | changed.pop("storage", {})
    return Search.of("numbers", {"space": SPACE, "trials": 12, "generation": 4, "storage": storage} | changed, "x.yaml")


def studies(what, url, folder):
    return opened(what, open_storage(url, Path(folder), what.name, what.storage))


def opened(what, storage):
    return {key: open_study(what, storage, f"{what.name}/{key}", IDENTITY) for key in KEYS}


def formula(overrides):
    """The score of some settings, 0 at best."""
    values = {name: yaml.safe_load(text) for name, _, text in (each.partition("=") for each in overrides)}
    return -abs(np.log10(values["model.lr"]) + 2) - abs(values.get("loss.gamma", 3.0) - 1)


def folds_of(overrides):
    """Results of six inner folds around the score."""
    score = formula(overrides)
    off = [0.01 * (place - 2.5) for place in range(FOLDS)]
    return tuple(FoldResult(f"f{i}", 0, (), np.array([[score + off[i]]]), seconds=0.5) for i in range(FOLDS))


def train(requests, place=None):
    for request in requests:
        folds = folds_of(request.overrides)
        yield folds if place is None else folds[place : place + 1]


def judge(folds):
    return float(np.mean([fold.probabilities[0, 0] for fold in folds])), None


def run(what, opened, trained=train, **how):
    work(opened, what, trained, dict.fromkeys(opened, judge), **how)


def _worker(url, folder, generation):
    folder = Path(folder)

    def train_slowly(requests, place):
        for at, folds in enumerate(train(requests, place)):
            time.sleep(0.01)  # so that every worker has a share
            if at == 1 and (folder / "stop").exists():
                try:
                    (folder / "stop").rename(folder / "stopping")
                except FileNotFoundError:  # another worker was faster
                    pass
                else:
                    (folder / "number").write_text(str(os.getpid()))
                    (folder / "number").rename(folder / "stopped")
                    time.sleep(600)
            yield folds

    what = search(generation=generation)
    run(what, studies(what, url, folder), train_slowly)


if __name__ == "__main__":
    workers = []
    for _ in range(int(sys.argv[3]) if len(sys.argv) > 3 else 4):
        workers.append(os.fork())
        if not workers[-1]:
            _worker(sys.argv[1], sys.argv[2], generation=2)
            os._exit(0)
    codes = [os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]) for worker in workers]
    print(sorted(codes))
