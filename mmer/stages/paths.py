"""Where artifacts lie. Relative to the repository root, which is the working directory of every stage."""

from pathlib import Path

PARAMS = Path("params.yaml")
ARTIFACTS = Path("artifacts")
CONFIG = ARTIFACTS / "config.yaml"
CONFIG_FOR_DVC = ARTIFACTS / "config.json"
INPUTS = ARTIFACTS / "inputs.json"
METRICS = ARTIFACTS / "metrics.json"
REPORT = ARTIFACTS / "report" / "index.html"
CACHE = Path(".mmer") / "cache"


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
    return ARTIFACTS / "graphs" / dataset


def graph(dataset: str, key: str) -> Path:
    """Samples of a dataset under one graph recipe (the ``graph`` key of an experiment's config)."""
    return graphs(dataset) / f"{key}.npz"


def detected(dataset: str) -> Path:
    """Action units that a dataset's tracks show, one row per clip."""
    return graphs(dataset) / "detected.parquet"


def predictions(experiment: str) -> Path:
    """Predictions table of an experiment."""
    return ARTIFACTS / "predictions" / f"{experiment}.parquet"


def audit(experiment: str) -> Path:
    """Findings of the last audit of an experiment."""
    return ARTIFACTS / "audit" / f"{experiment}.json"


def training(experiment: str) -> Path:
    """Folder with what else an experiment leaves: baselines, curves, ledger, folds, fingerprint, excluded clips."""
    return ARTIFACTS / "training" / experiment
