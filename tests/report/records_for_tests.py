"""Invented records of experiments and datasets."""

import numpy as np
import pandas as pd

from fakes import EMOTIONS, clips_table, predictions_table
from mmer.report.records import DatasetRecord, ExperimentRecord
from mmer.types.motion import ClipMotion, Motion
from mmer.types.samples import Samples

SIZE = 48


def motion_of(clips: pd.DataFrame, pictures: bool = True, channels: tuple[str, ...] = ("u", "v", "strain")) -> Motion:
    """Return random motion of every clip, with random faces or (as precomputed motion) without."""
    random = np.random.default_rng(0)
    made = [
        ClipMotion(
            clip_id=name,
            values=random.normal(size=(len(channels), SIZE, SIZE)).astype(np.float32),
            channels=channels,
            to_crop=np.eye(2, 3) if pictures else np.full((2, 3), np.nan),
            apex=18 if pictures else -1,
            apex_source="given" if pictures else "precomputed",
            pictures=random.integers(1, 255, (2, SIZE, SIZE), np.uint8) if pictures else None,
        )
        for name in clips.clip_id
    ]
    return Motion.stack(made, {"casme2/sub09/clip00": "face in 41 % of the frames"})


def samples_of(clips: pd.DataFrame, nodes: int = 5, unknown: bool = False) -> Samples:
    """Return samples of every clip with a complete graph; places are known, or all NaN."""
    n = len(clips)
    places = np.random.default_rng(1).uniform(5, SIZE - 5, (n, nodes, 2)).astype(np.float32)
    return Samples(
        clip_ids=tuple(clips.clip_id),
        streams={"graph": np.zeros((n, 1, nodes, 2), np.float32)},
        present={"graph": np.ones(n, bool)},
        node_names=tuple(f"AU{i + 1:02d}" for i in range(nodes)),
        feature_names=("dx", "dy"),
        edge_index=np.array([(i, j) for i in range(nodes) for j in range(nodes)], np.int64).T,
        positions=np.full_like(places, np.nan) if unknown else places,
    )


def curves_of(predictions: pd.DataFrame, epochs: int = 5) -> pd.DataFrame:
    """Return falling losses and rising accuracies of every fold and seed."""
    return pd.DataFrame(
        [
            {"seed": seed, "fold": fold, "epoch": epoch, "loss": 1 / epoch, "accuracy": 1 - 0.5 / epoch}
            for seed, fold in predictions[["seed", "fold"]].drop_duplicates().itertuples(index=False)
            for epoch in range(1, epochs + 1)
        ]
    )


def experiment_record(name: str = "first", clips: pd.DataFrame | None = None, **changes) -> ExperimentRecord:
    """Return a whole record of one experiment."""
    clips = clips_table() if clips is None else clips
    seeds = changes.pop("seeds", (0,))
    predictions = predictions_table(clips, experiment=name, seeds=seeds, skill=0.6)
    one = predictions[predictions.seed == seeds[0]].assign(
        predicted=EMOTIONS[0], **{f"p_{word}": float(word == EMOTIONS[0]) for word in EMOTIONS}
    )
    given = {
        "name": name,
        "config": {"model": {"name": "gcn", "hidden": 64}, "protocol": {"name": "loso"}, "seeds": (0,)},
        "predictions": predictions,
        "baselines": {"majority": one, "prior": predictions_table(clips, seeds=tuple(range(20)), skill=0)},
        "curves": curves_of(predictions),
        "excluded": pd.DataFrame({"clip_id": ["casme2/sub08/x"], "reason": ["'others' is not a class of megc3"]}),
        "samples": samples_of(clips),
    }
    return ExperimentRecord(**{**given, **changes})


def dataset_records(clips: pd.DataFrame, **motion) -> list[DatasetRecord]:
    """Return one record per corpus of a table."""
    return [
        DatasetRecord(name, {"dataset": {"name": name}}, part, motion_of(part, **motion))
        for name, part in clips.groupby("dataset", sort=True)
    ]
