"""Where artifacts lie. Relative to the repository root, which is the working directory of every stage."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

PARAMS = Path("params.yaml")
ARTIFACTS = Path("artifacts")
CONFIG = ARTIFACTS / "config.yaml"
CONFIG_FOR_DVC = ARTIFACTS / "config.json"
INPUTS = ARTIFACTS / "inputs.json"
METRICS = ARTIFACTS / "metrics.json"
REPORT = ARTIFACTS / "report" / "index.html"
MODELS = ARTIFACTS / "report" / "models.md"  # of a table
CACHE = Path(".mmer") / "cache"
COST = Path(".mmer") / "cost"
TABLES = ARTIFACTS / "table"
TABLE_PIPELINE = Path("pipelines") / "table"
TUNES = ARTIFACTS / "tune"
TUNE_PIPELINE = Path("pipelines") / "tune"
OPTUNA = Path(".mmer") / "optuna"  # databases of searches, and files beside their trials; no artifact

_table: ContextVar[str | None] = ContextVar("table", default=None)
_made: ContextVar[Mapping[str, Path]] = ContextVar("made", default={})  # noqa: B039 (never changed)


@contextmanager
def table(name: str | None) -> Iterator[None]:
    """Let the rows of a table stand, inside, where the experiments of params.yaml stand otherwise.

    What belongs to experiments then lies in artifacts/table/NAME, and every stage works on a table as it is. What
    belongs to a dataset alone stays where it is; so do audits, whose names tell rows and experiments apart.

    Parameters
    ----------
    name : str or None
        None: no table.
    """
    token = _table.set(name)
    try:
        yield
    finally:
        _table.reset(token)


def current_table() -> str | None:
    """Return the name of the table at hand, None where it is params.yaml."""
    return _table.get()


@contextmanager
def made_elsewhere(folders: Mapping[str, Path]) -> Iterator[None]:
    """Let graphs and signals of datasets lie, inside, in other folders: those that a search makes as it goes.

    Parameters
    ----------
    folders : mapping of str to Path
        By the name of the dataset.
    """
    token = _made.set(folders)
    try:
        yield
    finally:
        _made.reset(token)


def here(path: Path) -> Path:
    """Return where an artifact of the experiments at hand lies.

    Parameters
    ----------
    path : Path
        Where it lies for the experiments of params.yaml.
    """
    name = _table.get()
    return path if name is None else TABLES / name / path.relative_to(ARTIFACTS)


def clips(dataset: str) -> Path:
    """Clips table of a dataset."""
    return ARTIFACTS / "clips" / f"{dataset}.parquet"


def annotations(dataset: str) -> Path:
    """Digests of a dataset's annotation files."""
    return ARTIFACTS / "clips" / f"{dataset}.json"


def tracks(dataset: str) -> Path:
    """Folder of a dataset's face tracks, one parquet per clip."""
    return ARTIFACTS / "tracks" / dataset


def track(dataset: str, clip_id: str) -> Path:
    """Face track of one clip; the folder already names the dataset."""
    return tracks(dataset) / f"{clip_id.partition('/')[2]}.parquet"


def motion(dataset: str) -> Path:
    """Motion of a dataset's clips."""
    return ARTIFACTS / "motion" / f"{dataset}.npz"


def graphs(dataset: str) -> Path:
    """Folder of a dataset's samples, one npz per pair of node source and edge rule."""
    folder = _made.get().get(dataset)
    return here(ARTIFACTS / "graphs" / dataset) if folder is None else folder / "graphs"


def graph(dataset: str, key: str) -> Path:
    """Samples of a dataset under one graph recipe (the ``graph`` key of an experiment's config)."""
    return graphs(dataset) / f"{key}.npz"


def detected(dataset: str) -> Path:
    """Action units that a dataset's tracks show, one row per clip."""
    return graphs(dataset) / "detected.parquet"


def signals(dataset: str) -> Path:
    """Folder of a dataset's signals: per signal one npz, and one json that says who lacks it and why."""
    folder = _made.get().get(dataset)
    return here(ARTIFACTS / "signals" / dataset) if folder is None else folder / "signals"


def signal(dataset: str, key: str) -> Path:
    """Samples of a dataset with one stream, a signal (``mmer.stages.signals_config.signal_key``)."""
    return signals(dataset) / f"{key}.npz"


def signal_notes(dataset: str, key: str) -> Path:
    """Who lacks a signal and why, and what a reader should know of the recordings."""
    return signals(dataset) / f"{key}.json"


def predictions(experiment: str) -> Path:
    """Predictions table of an experiment."""
    return here(ARTIFACTS / "predictions" / f"{experiment}.parquet")


def package(name: str) -> Path:
    """Digests of the files of a package that params.yaml lists."""
    return ARTIFACTS / "packages" / f"{name}.json"


def audit(experiment: str) -> Path:
    """Findings of the last audit of an experiment."""
    return ARTIFACTS / "audit" / f"{experiment}.json"


def cost(experiment: str) -> Path:
    """What the training of an experiment cost on this machine; no artifact, for it is another one each time."""
    name = current_table()
    return (COST if name is None else COST / "table" / name) / f"{experiment}.json"


def stage_cost(stage: str, name: str) -> Path:
    """What a stage took on this machine; the name is empty for a stage of the whole."""
    table = None if stage in ("config", "clips", "tracks", "motion") else current_table()  # a table has none of these
    folder = (COST if table is None else COST / "table" / table) / "stages"
    return folder / f"{stage}{f'@{name}' if name else ''}.json"


def training(experiment: str) -> Path:
    """Folder with what else an experiment leaves: baselines, curves, ledger, folds, fingerprint, excluded clips."""
    return here(ARTIFACTS / "training" / experiment)


def tune(search: str) -> Path:
    """Folder of what a search leaves: its config, all trials, the best, a summary."""
    return TUNES / search


def best(search: str) -> Path:
    """What a search found, in the form of conf/tuned."""
    return tune(search) / "best.yaml"


def optuna_files(search: str) -> Path:
    """Folder of the files beside the trials of a search, for the dashboard."""
    return OPTUNA / f"{search}.files"


def comparison(names: Sequence[str]) -> Path:
    """Page of ``mmer compare``, which no stage makes or reads; what a file system may not like becomes a dash."""
    stem = "--".join(re.sub(r"[^A-Za-z0-9_.@-]", "-", name) for name in names)
    return here(ARTIFACTS / "compare" / f"{stem[:180]}.html")
