"""The ``mmer`` command."""

import argparse
import errno
import logging
import os
import sys
import traceback
import warnings
from functools import partial
from importlib import import_module
from typing import Any

from mmer.stages import paths
from mmer.stages.stage_cost import measured
from mmer.types.errors import InputError
from mmer.types.workers import warm_up

# What a stage's workers need: imported beside the stage itself.
OF_WORKERS = dict.fromkeys(("evaluate", "audit", "search"), ("mmer.training.folds", "torch._dynamo"))
STAGES = {
    "packages": "digests of the files of a package that params.yaml lists",
    "config": "compose params.yaml and conf/ into artifacts/config.yaml",
    "clips": "annotation file of a dataset -> clips table",
    "tracks": "frames of a dataset -> face tracks",
    "motion": "frames and tracks of a dataset -> motion",
    "graphs": "tracks and motion of a dataset -> graphs",
    "signals": "recordings of a dataset -> windows and features of its clips",
    "inputs": "digests of what each experiment reads",
    "evaluate": "train and predict every fold of an experiment",
    "report": "predictions -> report",
    "table_config": "compose the rows of a table into artifacts/table/SET/config.yaml",
    "search_config": "compose a search into artifacts/tune/NAME/config.json",
    "search_inputs": "digests of what a search reads",
}
# Stages that work on a table as on params.yaml.
OF_A_TABLE = ("graphs", "signals", "inputs", "evaluate", "report")
# What the file system refuses for a reason that only a person can remove: rights, a full or read-only
# disk, a file where a folder should be.
NOT_OURS = (
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EEXIST,
    errno.ENOTDIR,
    errno.EISDIR,
)
WHOLE = ("config", "inputs", "report")  # stages that take no name


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    top = argparse.ArgumentParser(
        prog="mmer",
        description="Micro-expression recognition experiments. `dvc repro` runs what params.yaml lists; the commands "
        "below are for a person. Run them in the repository root.",
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="write an experiment into params.yaml and run it")
    run.add_argument("name", help="name of the experiment: a-z, 0-9 and _")
    run.add_argument(
        "overrides", nargs="*", metavar="KEY=VALUE", help="model=gcn datasets=[casme2] model.hidden=64 ..."
    )
    table = commands.add_parser("table", help="run every row of conf/table/SET.yaml and render their report")
    table.add_argument("name", metavar="SET", help="name of the table")
    table.add_argument("--write-docs", action="store_true", help="write a table of models to docs/results.md too")
    tune = commands.add_parser("tune", help="run the search conf/search/NAME.yaml, or go on with it")
    tune.add_argument("name", help="name of the search")
    tune.add_argument("--fresh", action="store_true", help="start anew; what was tried before is kept")
    search = commands.add_parser("search", help="what `mmer tune` runs; more workers join with --worker")
    search.add_argument("name", help="name of the search")
    search.add_argument(
        "--worker", action="store_true", help="join the search and write no results: for other machines, sbatch --array"
    )
    search.add_argument("--fresh", action="store_true", help="start anew; what was tried before is kept")
    adopt = commands.add_parser("adopt", help="make what a search found the experiment NAME_tuned")
    adopt.add_argument("name", help="name of the search")
    dashboard = commands.add_parser("dashboard", help="look at the trials of a search in a browser")
    dashboard.add_argument("name", help="name of the search")
    dashboard.add_argument("--host", default="127.0.0.1", help="address to listen on; this machine alone by default")
    dashboard.add_argument("--port", type=int, default=8080, help="0: any free one")
    dashboard.add_argument(
        "--insecure", action="store_true", help="allow other machines; whoever reaches the port reads all trials"
    )
    make = commands.add_parser("synthesize", help="write a synthetic release of a corpus, in its exact layout")
    make.add_argument("corpus", help="e.g. casme2, samm, smic or manifest; a wrong name lists them all")
    make.add_argument("--out", required=True, help="a folder that does not exist or is empty")
    make.add_argument("--subjects", type=int, default=12)
    make.add_argument("--clips", type=int, default=6, help="clips per subject")
    make.add_argument("--seed", type=int, default=0)
    make.add_argument("--preset", default="default", help="easy, default or hard")
    make.add_argument("--size", type=int, default=128, help="width and height of a frame, pixels")
    make.add_argument("--name", default=None, help="name of the dataset in clip ids (manifest; default: the corpus)")
    make.add_argument("--archives", action="store_true", help="one zip per subject instead of loose frames")
    make.add_argument("--physiology", action="store_true", help="recordings of EEG and ECG too (manifest, mmme)")
    make.add_argument(
        "--full-table",
        action="store_true",
        help="rows, subjects and classes as many as in the real release, invented values, blank frames; of the other "
        "options only --seed counts",
    )
    doctor = commands.add_parser(
        "doctor", help="examine the folder of a corpus; exit 0 fine, 1 usable with warnings, 2 not usable"
    )
    doctor.add_argument("path", help="the folder, e.g. data/casme2; nothing in it is changed")
    doctor.add_argument("changes", nargs="*", metavar="KEY=VALUE", help="keys of the corpus's yaml, e.g. variant=vis")
    doctor.add_argument("--corpus", default=None, help="name in conf/dataset, where the folder could be several")
    doctor.add_argument("--decode", action="store_true", help="decode every frame, not only its header and end")
    doctor.add_argument("--json", action="store_true", help="print all findings as json")
    weights = commands.add_parser("weights", help="fetch model weights")
    weights.add_argument("action", choices=["fetch"])
    weights.add_argument("backend", choices=["pyfeat"])
    weights.add_argument(
        "--folder", default=None, help="where to; default: the folder that conf/faces/pyfeat.yaml names"
    )
    audit = commands.add_parser(
        "audit", help="prove that nothing leaked in an experiment; exit 0 clean, 1 warnings, 2 leak, 3 not run"
    )
    audit.add_argument("name", help="name of the experiment in params.yaml")
    audit.add_argument("--json", action="store_true", help="print the findings as json")
    audit.add_argument("--permutations", type=int, default=20, help="of the training labels, in the shuffle test")
    audit.add_argument("--folds", type=int, default=None, help="how many folds the poison test trains; 3 when left out")
    audit.add_argument("--table", metavar="SET", default=None, help="the name is a row of this table")
    compare = commands.add_parser("compare", help="paired tests between experiments on the same clips, and a page")
    compare.add_argument(
        "names",
        nargs="+",
        metavar="NAME",
        help="two or more experiments in params.yaml; NAME@REVISION: of a commit, branch, tag or `dvc exp run`",
    )
    compare.add_argument("--common", action="store_true", help="compare the clips that all of them predict")
    compare.add_argument(
        "--score",
        default="uf1",
        help="uf1 (default), uar, accuracy, weighted_f1; of action units macro_f1 (default), micro_f1, corpus_mean_f1",
    )
    compare.add_argument("--table", metavar="SET", default=None, help="the names are rows of this table")
    for name, text in STAGES.items():
        stage = commands.add_parser(name, help=f"stage: {text}")
        if name not in WHOLE:
            stage.add_argument("name", help="name of the entry in params.yaml")
        if name in OF_A_TABLE:
            stage.add_argument("--table", metavar="SET", default=None, help="of this table instead of params.yaml")
    return top


def _run(command: str, options: dict[str, Any]) -> int:
    return import_module(f"mmer.stages.{command}").main(**options) or 0


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Returns
    -------
    int
        0, or 2 where something that a person gave is wrong. Under ``audit`` a 2 is a leak, so what is wrong is a 3.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("numexpr").setLevel(logging.WARNING)  # it announces its threads at import
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        options = vars(parser().parse_args(arguments))
    except SystemExit as stop:
        if stop.code == 2 and arguments[:1] == ["audit"]:
            raise SystemExit(3) from stop
        raise
    command = options.pop("command")
    refused = 3 if command == "audit" else 2
    # torch-geometric still scripts a function at import; workers learn of it through the environment.
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"torch\.jit\._script")
    os.environ.setdefault("PYTHONWARNINGS", "ignore::FutureWarning:torch.jit._script")
    if command in OF_WORKERS:
        warm_up(OF_WORKERS[command])
    try:
        # A stage imports what it needs only when it runs: torch takes seconds.
        with paths.table(options.pop("table", None)):
            work = partial(_run, command, options)
            return measured(command, options.get("name", ""), work) if command in STAGES else work()
    except InputError as error:
        print(f"mmer {command}: {error}", file=sys.stderr)
        return refused
    except Exception as error:
        if isinstance(error, OSError) and error.errno in NOT_OURS:
            place = error.filename or "a file"
            print(f"mmer {command}: {place} cannot be read or written: {error.strerror}", file=sys.stderr)
            return refused
        if command != "audit":
            raise
        traceback.print_exc()  # a bug; but Python's own exit code, 1, would say that there were warnings only
        return refused
    except KeyboardInterrupt:
        print(f"mmer {command}: stopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
