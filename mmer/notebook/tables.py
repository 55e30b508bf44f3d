"""Tables and lists of a notebook: what the rooms hand to each other, with a view for people."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from mmer.metrics import comparison
from mmer.metrics.bootstrap import RESAMPLES, intervals, refuses
from mmer.metrics.multilabel import mean_unit_scores
from mmer.metrics.runs import is_multilabel
from mmer.metrics.scores import mean_scores
from mmer.types.face_track import FaceTrack
from mmer.types.predictions import class_names, load_predictions
from mmer.types.split import Split
from mmer.types.view import number, table


class Clips(pd.DataFrame):
    """A Clips table (``mmer.types.clips``): an ordinary DataFrame that shows itself in a few lines."""

    @property
    def _constructor(self) -> type:
        return Clips

    def _repr_html_(self) -> str:
        if not {"clip_id", "subject", "emotion"} <= set(self.columns):
            return pd.DataFrame(self)._repr_html_()
        words = ", ".join(f"{word} {count}" for word, count in self.emotion.value_counts().sort_index().items())
        shown = [
            "clip_id",
            *(name for name in ("emotion", "action_units", "onset", "apex", "offset", "fps") if name in self),
        ]
        rows = ([_cell(value) for value in row] for row in self[shown].itertuples(index=False))
        title = f"{number(len(self), 'clip')} of {number(self.subject.nunique(), 'subject')}: {words}"
        return table(title, shown, rows, len(self))


class Predictions(pd.DataFrame):
    """A Predictions table (``mmer.types.predictions``): an ordinary DataFrame that shows itself in a few lines."""

    @property
    def _constructor(self) -> type:
        return Predictions

    def _repr_html_(self) -> str:
        if not {"experiment", "clip_id", "truth", "predicted"} <= set(self.columns):
            return pd.DataFrame(self)._repr_html_()
        names = [f"p_{name}" for name in class_names(self)]
        shown = [name for name in ("clip_id", "fold", "seed", "target", "truth", "predicted") if name in self]
        sure = self[names].max(axis=1) if names else self.predicted
        rows = (
            [*map(_cell, row), f"{p:.2f}" if names else ""]
            for row, p in zip(self[shown].itertuples(index=False), sure, strict=True)
        )
        right = (self.truth == self.predicted).mean() if len(self) else 0.0
        title = (
            f"{', '.join(sorted(set(self.experiment)))}: {number(len(self), 'prediction')} of "
            f"{number(self.clip_id.nunique(), 'clip')}, {right:.0%} right"
        )
        return table(title, [*shown, "probability"], rows, len(self))


class Scores(pd.DataFrame):
    """Scores with their intervals: index ``score``, columns ``mean``, ``sd``, ``low``, ``high``, ``resamples``."""

    @property
    def _constructor(self) -> type:
        return Scores

    def _repr_html_(self) -> str:
        if not {"mean", "low", "high"} <= set(self.columns):
            return pd.DataFrame(self)._repr_html_()
        rows = ((name, f"{row['mean']:.3f}", _interval(row)) for name, row in self.iterrows())
        return table("pooled over folds, mean over runs", ["score", "mean", "95 % interval"], rows, len(self))


class Tracks(dict[str, FaceTrack]):
    """Face tracks by clip id, and under ``missing`` why other clips have none.

    Parameters
    ----------
    found : mapping of str to FaceTrack
    missing : mapping of str to str
        Clip id -> reason.
    """

    def __init__(self, found: Mapping[str, FaceTrack], missing: Mapping[str, str] | None = None) -> None:
        super().__init__(found)
        self.missing = dict(missing or {})

    def _repr_html_(self) -> str:
        rows = (
            (name, len(track.frame), f"{track.coverage:.0%}", track.provenance.get("backend", "unknown"))
            for name, track in self.items()
        )
        lack = f"; {number(len(self.missing), 'clip')} without" if self.missing else ""
        title = f"{number(len(self), 'face track')}{lack}"
        return table(title, ["clip_id", "frames", "with a face", "backend"], rows, len(self))


class Splits(tuple[Split, ...]):
    """The folds of a protocol."""

    __slots__ = ()

    def of(self, fold: str) -> Split:
        """Return the first fold of a name.

        Raises
        ------
        KeyError
            There is none.
        """
        for split in self:
            if split.fold == fold:
                return split
        raise KeyError(f"no fold {fold!r}; there are {[split.fold for split in self][:5]} ...")

    def _repr_html_(self) -> str:
        rows = ((one.fold, len(one.train), len(one.test), ", ".join(one.test_subjects)) for one in self)
        return table(number(len(self), "fold"), ["fold", "train clips", "test clips", "test subjects"], rows, len(self))


def scores(predictions: pd.DataFrame, resamples: int = RESAMPLES) -> Scores:
    """Score predictions, with the interval over resamples of subjects.

    Parameters
    ----------
    predictions : DataFrame
        Predictions table of one experiment.
    resamples : int
        Draws of the intervals; 0: none. One subject alone has no interval.

    Returns
    -------
    Scores
        See ``mmer.metrics.bootstrap.intervals``.
    """
    if resamples and refuses(predictions) is None:
        return Scores(intervals(predictions, resamples))
    mean = mean_unit_scores(predictions) if is_multilabel(predictions) else mean_scores(predictions)
    nothing = {"sd": float("nan"), "low": float("nan"), "high": float("nan"), "resamples": 0}
    return Scores(pd.DataFrame({"mean": mean}).rename_axis("score").assign(**nothing))


def compare(tables: Mapping[str, pd.DataFrame], score: str | None = None) -> pd.DataFrame:
    """Test every pair of experiments on the same clips; see ``mmer.metrics.comparison.compare``."""
    return comparison.compare({name: pd.DataFrame(table) for name, table in tables.items()}, score)


def read_predictions(path: str | Path) -> Predictions:
    """Read a Predictions table that the pipeline stored, e.g. artifacts/predictions/gcn_casme2.parquet."""
    return Predictions(load_predictions(path))


def _interval(row: pd.Series) -> str:
    return "none" if pd.isna(row["low"]) else f"{row['low']:.3f} to {row['high']:.3f}"


def _cell(value: object) -> object:
    """Write lists as people do, and what is missing as nothing."""
    if isinstance(value, list):
        return "+".join(map(str, value))
    return "" if value is None or value is pd.NA or value != value else value
