"""Invented tables for tests: a few corpora with subjects, clips and predictions that no file stands behind."""

import numpy as np
import pandas as pd

from mmer.types.clips import validate_clips
from mmer.types.predictions import validate_predictions

EMOTIONS = ("disgust", "happiness", "surprise")


def clips_table(
    datasets: tuple[str, ...] = ("casme2", "samm"),
    subjects: int = 3,
    clips: int = 3,
    emotions: tuple[str, ...] = EMOTIONS,
    cultures: dict[str, str] | None = None,
) -> pd.DataFrame:
    """Return a valid Clips table: every subject has ``clips`` clips, whose emotions go round.

    Subjects have the same numbers in every corpus (``casme2/sub01``, ``samm/sub01``), as in real ones. ``cultures`` is
    the culture of each corpus's subjects; a corpus that is not named states none.
    """
    rows = [
        {
            "clip_id": f"{dataset}/sub{subject:02d}/clip{clip:02d}",
            "dataset": dataset,
            "subject": f"{dataset}/sub{subject:02d}",
            "emotion": emotions[(subject + clip) % len(emotions)],
            "action_units": ["AU04"],
            "onset": 10,
            "apex": 18,
            "offset": 30,
            "apex_source": "given",
            "fps": 200.0,
            "frames": f"frames/{dataset}/sub{subject:02d}/clip{clip:02d}",
            "culture": (cultures or {}).get(dataset),
        }
        for dataset in datasets
        for subject in range(1, subjects + 1)
        for clip in range(clips)
    ]
    return validate_clips(pd.DataFrame(rows))


def predictions_table(
    clips: pd.DataFrame,
    classes: tuple[str, ...] = EMOTIONS,
    experiment: str = "fake",
    seeds: tuple[int, ...] = (0,),
    skill: float = 0.5,
) -> pd.DataFrame:
    """Return a valid Predictions table of leave-one-subject-out; ``skill`` 0 is chance, 1 is always right."""
    parts = []
    for seed in seeds:
        random = np.random.default_rng(seed)
        truth = clips.emotion.to_numpy(str)
        logits = random.normal(size=(len(clips), len(classes)))
        right = random.random(len(clips)) < skill
        logits[right, [classes.index(word) for word in truth[right]]] += 9
        p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        part = (
            clips[["clip_id", "dataset", "subject"]]
            .astype(str)
            .assign(
                experiment=experiment,
                seed=seed,
                fold=clips.subject.astype(str),
                target="emotion",
                truth=truth,
                predicted=np.array(classes)[p.argmax(1)],
            )
        )
        parts.append(part.assign(**{f"p_{name}": p[:, i].astype(np.float32) for i, name in enumerate(classes)}))
    return validate_predictions(pd.concat(parts, ignore_index=True))
