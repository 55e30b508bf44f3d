"""Scores apart for each corpus, and for each group of people that a fact of the Clips table names."""

from dataclasses import dataclass

import pandas as pd

from mmer.metrics.multilabel import left_out, mean_unit_scores
from mmer.metrics.runs import checked, is_multilabel
from mmer.metrics.scores import absent_classes, mean_scores
from mmer.types.errors import InputError, listing, nearest

FACTS = ("culture", "sex")


@dataclass(frozen=True)
class Groups:
    """Scores of the groups of one fact.

    Parameters
    ----------
    fact : str
        ``culture`` or ``sex``.
    table : DataFrame
        As ``per_corpus``, one row per group; no row where no clip has the fact.
    smallest : str or None
        The group of the fewest clips (of equally many: of the fewest subjects, then the first by name): the one whose
        scores are worth least. None where there is no group.
    smallest_clips, smallest_subjects : int
        Its size; 0 where there is no group.
    clips_without, subjects_without : int
        Clips whose fact is not known, and their subjects. They are in no group.
    """

    fact: str
    table: pd.DataFrame
    smallest: str | None
    smallest_clips: int
    smallest_subjects: int
    clips_without: int
    subjects_without: int

    def __str__(self) -> str:
        unknown = f"{self.clips_without} clips of {self.subjects_without} subjects have no known {self.fact}"
        if self.smallest is None:
            return f"{self.fact}: no group; {unknown}"
        size = f"{self.smallest_clips} clips of {self.smallest_subjects} subjects"
        return f"{self.fact}: the smallest group is {self.smallest} ({size}); {unknown}"


def per_corpus(predictions: pd.DataFrame) -> pd.DataFrame:
    """Score each corpus apart.

    Parameters
    ----------
    predictions : DataFrame
        Predictions table of one experiment, of either kind.

    Returns
    -------
    DataFrame
        Index ``dataset``, sorted; ``clips``, ``subjects``, the means over runs of the pooled scores of the corpus's
        clips, and what those means leave out: ``absent`` (tuple of classes) for emotions, ``without_f1`` and
        ``without_auc`` (tuples of units) for action units.

    Raises
    ------
    InputError
        The table is empty, holds several experiments or targets, or a clip twice within a run.
    """
    return _apart(checked(predictions), "dataset")


def per_group(predictions: pd.DataFrame, clips: pd.DataFrame, fact: str) -> Groups:
    """Score each group of people apart.

    Parameters
    ----------
    predictions : DataFrame
        Predictions table of one experiment, of either kind.
    clips : DataFrame
        The Clips table of the experiment, or of all its corpora; joined by ``clip_id``.
    fact : str
        ``culture`` or ``sex``.

    Returns
    -------
    Groups

    Raises
    ------
    InputError
        The fact is neither of the two, the Clips table lacks it or some of the clips, or as ``per_corpus``.
    """
    table = checked(predictions)
    if fact not in FACTS:
        raise InputError(f"groups: {fact!r} is no fact that people are grouped by; {nearest(fact, FACTS)}")
    if fact not in clips:
        raise InputError(f"groups: the clips table has no column {fact!r}; it has {sorted(clips.columns)}")
    known = clips.set_index("clip_id")[fact]
    if not known.index.is_unique:
        raise InputError("groups: clips occur twice in the clips table; give each clip once")
    if missing := sorted(set(table.clip_id) - set(known.index)):
        raise InputError(
            f"groups: the clips table lacks predicted clips: {listing(missing)}; give that of the experiment"
        )
    group = table.clip_id.map(known)
    without = table[group.isna()]
    found = table[group.notna()].assign(**{fact: group[group.notna()].astype(str)})
    parts = _apart(found, fact)
    smallest = parts.sort_values(["clips", "subjects"], kind="stable").head(1)
    return Groups(
        fact=fact,
        table=parts,
        smallest=next(iter(smallest.index), None),
        smallest_clips=int(smallest.clips.sum()),
        smallest_subjects=int(smallest.subjects.sum()),
        clips_without=without.clip_id.nunique(),
        subjects_without=without.subject.nunique(),
    )


def _apart(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Score the rows of each value of a column."""
    rows = []
    for name, part in table.groupby(column, sort=True):
        size = {column: str(name), "clips": part.clip_id.nunique(), "subjects": part.subject.nunique()}
        if is_multilabel(part):
            out = {f"without_{score}": units for score, units in left_out(part).items()}
            rows.append(size | dict(mean_unit_scores(part)) | out)
        else:
            rows.append(size | dict(mean_scores(part)) | {"absent": absent_classes(part)})
    return pd.DataFrame(rows, columns=None if rows else [column, "clips", "subjects"]).set_index(column)
