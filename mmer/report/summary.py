"""One experiment -> the numbers of its row in the table of experiments, and of the baselines below it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmer.metrics.bootstrap import intervals, refuses
from mmer.metrics.classification import absent
from mmer.metrics.multilabel import left_out, per_unit, unit_scores
from mmer.metrics.runs import RUN, is_multilabel
from mmer.metrics.scores import class_counts, scores
from mmer.report.records import ExperimentRecord
from mmer.types.predictions import class_names

CHOICES = ("model", "protocol", "labels", "loss")
# Named where an experiment does anything of the kind.
CHANGES = {"sampling": ("natural", "-"), "augment": ("none", "-"), "motion_scaling": ("none", "-")}
# The scores of the two kinds of experiment, and how they are called; the first one is what experiments are compared by.
EMOTIONS = {"uf1": "UF1", "uar": "UAR", "accuracy": "Accuracy (WAR)", "weighted_f1": "Weighted F1"}
UNITS = {
    "macro_f1": "Macro F1",
    "micro_f1": "Micro F1",
    "macro_auc": "Macro AUC",
    "micro_auc": "Micro AUC",
    "corpus_mean_f1": "F1 by corpus",
}
# Baselines in the order of the table: what they are called, and what they are.
BASELINES = {
    "majority": ("majority", "Says the most frequent class of the fold's training clips."),
    "constant": ("constant", "Says that every action unit is present: the reference of CD6ME."),
    "prior": ("prior", "Draws the class with the frequencies of the fold's training clips."),
    "au_prior": (
        "AU prior on detected AUs",
        "Looks up the class that the training clips with these action units have; the units come from a detector, as "
        "a recogniser in the field would have them.",
    ),
    "au_prior_oracle": (
        "AU prior on annotated AUs",
        "Oracle: it reads the action units that people coded in the test clips, which nearly give the class and which "
        "no recogniser in the field has. A bound to look at, never a result to beat or to report.",
    ),
}
ORACLES = ("au_prior_oracle",)
CHANCE = (0.05, 0.95)  # quantiles over the draws of a random baseline


@dataclass(frozen=True)
class Score:
    """One score of one table.

    Parameters
    ----------
    mean, std : float
        Mean and sample standard deviation over runs (0 for one run).
    runs : int
    interval : tuple of (low, high) or None
        95 % of the resamples of subjects; None where there is one subject only, or chance has a spread of its own.
    draws : tuple of (low, high) or None
        5th and 95th percentile over the draws of a baseline with chance in it.
    """

    mean: float
    std: float
    runs: int
    interval: tuple[float, float] | None = None
    draws: tuple[float, float] | None = None

    @property
    def bar(self) -> tuple[float, float] | None:
        """What a drawing shows as its spread."""
        return self.interval or self.draws


@dataclass(frozen=True)
class Baseline:
    """A classifier that looks at no picture: its names, its draws and its scores.

    Parameters
    ----------
    name, label, what : str
        Of the file, for people, and a sentence.
    oracle : bool
        Whether it reads what people annotated in the test clips.
    draws : int
        Number of seeds.
    scores : dict of str to Score
    """

    name: str
    label: str
    what: str
    oracle: bool
    draws: int
    scores: dict[str, Score]


@dataclass(frozen=True)
class Summary:
    """What the table of experiments says of one experiment.

    Parameters
    ----------
    name : str
    detection : bool
        Whether action units are detected, not emotions recognised.
    choices : dict of str to str
        Names of its model, protocol, label scheme and loss; ``-`` where the config does not say.
    datasets : tuple of str
        Of the test clips.
    clips, subjects, folds, seeds, repeats, runs : int
        Of the test clips.
    classes : dict of str to int
        Test clips of each class, in declared order; of each unit those that show it.
    absent : tuple of str
        Classes without any clip, units without a clip that shows them: left out of the means.
    without_interval : str or None
        Why there are no intervals.
    scores : dict of str to Score
    baselines : tuple of Baseline
    """

    name: str
    detection: bool
    choices: dict[str, str]
    datasets: tuple[str, ...]
    clips: int
    subjects: int
    folds: int
    seeds: int
    repeats: int
    runs: int
    classes: dict[str, int]
    absent: tuple[str, ...]
    without_interval: str | None
    scores: dict[str, Score]
    baselines: tuple[Baseline, ...]

    @property
    def labels(self) -> dict[str, str]:
        """The scores of its kind and what they are called."""
        return UNITS if self.detection else EMOTIONS

    @property
    def main(self) -> str:
        """The score that it is compared by."""
        return next(iter(self.labels))

    def baseline(self, name: str) -> Baseline | None:
        """Return one baseline, or None."""
        return next((one for one in self.baselines if one.name == name), None)


def summarise(record: ExperimentRecord) -> Summary:
    """Compute the summary of one experiment."""
    table = record.predictions
    detection = is_multilabel(table)
    counts = per_unit(table).support if detection else class_counts(table)
    runs = table[[name for name in RUN if name in table]].drop_duplicates()
    known = [name for name in BASELINES if name in record.baselines]
    return Summary(
        name=record.name,
        detection=detection,
        choices={group: record.choice(group) for group in CHOICES}
        | {group: name for group, plain in CHANGES.items() if (name := record.choice(group)) not in plain},
        datasets=tuple(sorted(set(table.dataset))),
        clips=table.clip_id.nunique(),
        subjects=table.subject.nunique(),
        folds=table.fold.nunique(),
        seeds=runs.seed.nunique(),
        repeats=runs.repeat.nunique() if "repeat" in runs else 1,
        runs=len(runs),
        classes={str(name): int(count) for name, count in counts.items()},
        absent=left_out(table)["f1"] if detection else absent(table.truth.to_numpy(), class_names(table)),
        without_interval=refuses(table),
        scores=scores_of(table),
        baselines=tuple(
            _baseline(name, record.baselines[name]) for name in [*known, *sorted(set(record.baselines) - set(known))]
        ),
    )


def _baseline(name: str, table: pd.DataFrame) -> Baseline:
    label, what = BASELINES.get(name, (name, ""))
    return Baseline(name, label, what, name in ORACLES, table.seed.nunique(), scores_of(table, chance=True))


def scores_of(table: pd.DataFrame, chance: bool = False) -> dict[str, Score]:
    """Return every score of a table; where ``chance`` and several seeds, the spread is that over the seeds."""
    detection = is_multilabel(table)
    names = UNITS if detection else EMOTIONS
    runs = unit_scores(table) if detection else scores(table)
    draws, limits = None, None
    if chance and table.seed.nunique() > 1:
        draws = runs.groupby("seed").mean().quantile(list(CHANCE))
    elif refuses(table) is None:
        limits = intervals(table)
    std = runs.std(ddof=1) if len(runs) > 1 else runs.mean() * 0
    return {
        name: Score(
            mean=float(runs[name].mean()),
            std=float(std[name]),
            runs=len(runs),
            interval=_pair(limits.loc[name, ["low", "high"]]) if limits is not None else None,
            draws=_pair(draws[name]) if draws is not None else None,
        )
        for name in names
    }


def _pair(values: pd.Series) -> tuple[float, float] | None:
    low, high = (float(value) for value in values)
    return (low, high) if np.isfinite([low, high]).all() else None
