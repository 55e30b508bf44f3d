"""Invented Predictions tables for the tests of metrics: of emotions with random truth, and of action units."""

import numpy as np
import pandas as pd

from mmer.types.predictions import validate_predictions

CLASSES = ("negative", "positive", "surprise")
UNITS = ("AU01", "AU04", "AU12", "AU15")


def emotion_table(
    seed=0, subjects=12, clips=6, classes=CLASSES, skill=0.3, seeds=(0,), corpora=("casme2", "samm"), truth_seed=0
):
    """Subjects with a few clips each; ``truth_seed`` draws clips and truth, ``seed`` the predictions."""
    random = np.random.default_rng(truth_seed)
    sizes = random.integers(1, 2 * clips, subjects)
    rows = pd.DataFrame(
        [
            {"dataset": corpora[s % len(corpora)], "subject": f"{corpora[s % len(corpora)]}/sub{s:02d}", "clip": c}
            for s, size in enumerate(sizes)
            for c in range(size)
        ]
    )
    rows["clip_id"] = rows.subject + "/" + rows["clip"].map("{:02d}".format)
    rows["truth"] = random.choice(classes, len(rows), p=np.arange(len(classes), 0, -1) / sum(range(len(classes) + 1)))
    parts = []
    for run in seeds:
        random = np.random.default_rng([seed, run])
        p = random.dirichlet([1] * len(classes), len(rows))
        right = random.random(len(rows)) < skill
        p[right] = 0.2 * p[right] + 0.8 * (rows.truth.to_numpy()[right, None] == np.array(classes))
        parts.append(
            rows.drop(columns="clip").assign(
                experiment="invented",
                seed=run,
                repeat=0,
                fold=rows.subject,
                target="emotion",
                predicted=np.array(classes)[p.argmax(1)],
                **{f"p_{name}": p[:, i] for i, name in enumerate(classes)},
            )
        )
    return validate_predictions(pd.concat(parts, ignore_index=True))


def unit_table(
    seed=0,
    subjects=10,
    clips=4,
    units=UNITS,
    rate=0.3,
    annotated=0.9,
    seeds=(0,),
    corpora=("casme2", "samm", "mmew"),
    ties=False,
    truth_seed=0,
):
    """Clips of which a person annotated most units; ``rate`` of them show one. ``ties`` rounds the probabilities."""
    random = np.random.default_rng(truth_seed)
    rows = pd.DataFrame(
        [
            {
                "dataset": corpora[s % len(corpora)],
                "subject": f"{corpora[s % len(corpora)]}/sub{s:02d}",
                "c": c,
                "target": u,
            }
            for s in range(subjects)
            for c in range(clips)
            for u in units
        ]
    )
    rows["clip_id"] = rows.subject + "/" + rows.c.map("{:02d}".format)
    rows["truth"] = np.where(random.random(len(rows)) < rate, "present", "absent")
    rows = rows[random.random(len(rows)) < annotated].drop(columns="c")
    parts = []
    for run in seeds:
        random = np.random.default_rng([seed, run])
        p = np.clip(random.beta(1, 2, len(rows)) + 0.2 * (rows.truth == "present"), 0, 1).to_numpy()
        p = p.round(1) if ties else p
        parts.append(
            rows.assign(
                experiment="invented",
                seed=run,
                repeat=0,
                fold=rows.dataset,
                predicted=np.where(p > 0.5, "present", "absent"),
                p_absent=1 - p,
                p_present=p,
            )
        )
    return validate_predictions(pd.concat(parts, ignore_index=True))
