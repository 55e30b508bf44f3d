"""Invented records of experiments and datasets."""

import numpy as np
import pandas as pd

from fakes import EMOTIONS, clips_table, predictions_table
from mmer.report.records import DatasetRecord, ExperimentRecord
from mmer.types.audit import Audit, Finding
from mmer.types.fingerprint import Fingerprint
from mmer.types.motion import ClipMotion, Motion
from mmer.types.predictions import predictions_digest, validate_predictions
from mmer.types.samples import Samples

SIZE = 48
UNIT_NAMES = ("AU01", "AU04", "AU12")


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
    """Return a whole record of one experiment; ``seeds`` and ``skill`` are those of its predictions."""
    clips = clips_table() if clips is None else clips
    seeds = changes.pop("seeds", (0,))
    predictions = predictions_table(clips, experiment=name, seeds=seeds, skill=changes.pop("skill", 0.6))
    one = predictions[predictions.seed == seeds[0]].assign(
        predicted=EMOTIONS[0], **{f"p_{word}": float(word == EMOTIONS[0]) for word in EMOTIONS}
    )
    given = {
        "name": name,
        "config": config_of("loso", "megc3"),
        "predictions": predictions,
        "baselines": {
            "au_prior_oracle": predictions_table(clips, skill=0.95),
            "majority": one,
            "prior": predictions_table(clips, seeds=tuple(range(20)), skill=0),
        },
        "curves": curves_of(predictions),
        "excluded": pd.DataFrame({"clip_id": ["casme2/sub08/x"], "reason": ["'others' is not a class of megc3"]}),
        "samples": samples_of(clips),
        "fingerprint": fingerprint_of(name),
        "audit": audit_of(name, predictions=predictions_digest(predictions)),
        "clips": clips,
    }
    return ExperimentRecord(**{**given, **changes})


def config_of(protocol: str, labels: str) -> dict:
    """Return the part of a config that a report reads."""
    return {"model": {"name": "gcn", "hidden": 64}, "protocol": {"name": protocol}, "labels": {"name": labels}}


def fingerprint_of(name: str = "first", **changes) -> Fingerprint:
    """Return an invented fingerprint; its digests are those of ``audit_of``."""
    given = {
        "experiment": name,
        "protocol": {"name": "loso"},
        "labels": {"name": "megc3"},
        "classes": dict.fromkeys(EMOTIONS, 6),
        "corpora": {"casme2": {"files": {"coding.xlsx": "f" * 64}, "clips": 9, "subjects": 3}},
        "clips": 18,
        "subjects": 6,
        "folds": 6,
        "repeats": 1,
        "excluded": 1,
        "seeds": [0],
        "device": "cpu",
        "precision": "float32",
        "splits": "5" * 64,
        "config": "c" * 64,
        "code": "d" * 64,
        "versions": {"mmer": "0.1.0"},
    }
    return Fingerprint(**{**given, **changes})


def audit_of(name: str = "first", **changes) -> Audit:
    """Return an invented audit with a warning and an oracle gap."""
    gap = {"seed": 0, "honest": {"uf1": 0.412, "uar": 0.423}, "peeked": {"uf1": 0.712, "uar": 0.723}}
    given = {
        "experiment": name,
        "findings": (
            Finding("ledger", "clean", "12 entries, none of them of test clips."),
            Finding("annotations", "warning", "The annotated apex of 18 clips is an input."),
            Finding("oracle_gap", "clean", "UF1 0.412 honest, 0.712 peeked", gap),
        ),
        "config": "c" * 64,
        "code": "d" * 64,
        "splits": "5" * 64,
        "seconds": 2.0,
    }
    return Audit(**{**given, **changes})


def unit_predictions(
    clips: pd.DataFrame, experiment: str = "units", seeds: tuple[int, ...] = (0,), skill: float = 0.7, say: float = -1
) -> pd.DataFrame:
    """Return predictions of which units every clip shows, one corpus held out at a time; AU12 shows in casme2 alone.

    ``say`` from 0 to 1 is a probability that is given to every unit of every clip.
    """
    parts = []
    for number, unit in enumerate(UNIT_NAMES):
        shown = np.random.default_rng(number).random(len(clips)) < 0.4
        shown &= (clips.dataset == "casme2").to_numpy(bool) | (unit != "AU12")
        for seed in seeds:
            random = np.random.default_rng([number, seed])
            p = np.where(random.random(len(clips)) < skill, 0.8 * shown + 0.1, random.random(len(clips)))
            p = np.full(len(clips), say) if say >= 0 else p
            words = {"experiment": experiment, "seed": seed, "repeat": 0, "fold": clips.dataset, "target": unit}
            words |= {"truth": np.where(shown, "present", "absent"), "p_absent": 1 - p, "p_present": p}
            words["predicted"] = np.where(p > 0.5, "present", "absent")
            parts.append(clips[["clip_id", "dataset", "subject"]].assign(**words))
    return validate_predictions(pd.concat(parts, ignore_index=True).astype({"dataset": str, "fold": str}))


def unit_record(name: str = "units", clips: pd.DataFrame | None = None, **changes) -> ExperimentRecord:
    """Return a whole record of an experiment that detects action units."""
    clips = clips_table() if clips is None else clips
    predictions = unit_predictions(clips, name, changes.pop("seeds", (0,)))
    given = {
        "config": config_of("leave_one_corpus_out", "three_units"),
        "predictions": predictions,
        "baselines": {
            "majority": unit_predictions(clips, say=0.0),
            "constant": unit_predictions(clips, say=1.0),
            "prior": unit_predictions(clips, seeds=tuple(range(20)), skill=0),
        },
        "curves": curves_of(predictions),
        "fingerprint": fingerprint_of(name),
        "audit": None,
    }
    return experiment_record(name, clips, **{**given, **changes})


def dataset_records(clips: pd.DataFrame, **motion) -> list[DatasetRecord]:
    """Return one record per corpus of a table."""
    return [
        DatasetRecord(name, {"dataset": {"name": name}}, part, motion_of(part, **motion))
        for name, part in clips.groupby("dataset", sort=True)
    ]
