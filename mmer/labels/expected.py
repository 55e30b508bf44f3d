"""How many clips of a released corpus a scheme keeps, and what differs from that.

Most wrong label counts come from another version of an annotation file, or from a correction by row number that hit
another row; the total often stays the same then. So the count of every class is compared, and the number of subjects.
"""

from collections.abc import Mapping

import pandas as pd

SUBJECTS = "subjects"  # stands beside the classes
RELEASED = 0.9  # of the clips of a release: a table that keeps fewer is no release, but a sample or a synthetic one

Expected = Mapping[str, Mapping[str, Mapping[str, int]]]


def differences(
    expected: Expected, clips: pd.DataFrame, classes: pd.Series, versions: Mapping[str, str] | None = None
) -> list[str]:
    """Say where the clips that a scheme keeps are not those of the released annotation file.

    Parameters
    ----------
    expected : mapping of str to (mapping of str to (mapping of str to int))
        Dataset -> version of its annotation file -> class -> clips; beside the classes the number of ``subjects``.
    clips : DataFrame
        A Clips table.
    classes : Series
        What ``assign`` returned for it.
    versions : mapping of str to str, optional
        Dataset -> the version that its file claims to be. Otherwise the nearest version is meant.

    Returns
    -------
    list of str
        E.g. ``casme2 has 33 positive, 24 surprise; version 2014-05-08 has 32, 25``; empty where everything agrees, and
        for a corpus that is much smaller than its release.
    """
    found = []
    for dataset, known in expected.items():
        here = _counts(clips[(clips.dataset == dataset).to_numpy()], classes)
        claimed = (versions or {}).get(dataset)
        candidates = {claimed: known[claimed]} if claimed in known else known
        large = sum(number for name, number in here.items() if name != SUBJECTS)
        wrong = {version: _wrong(here, wanted) for version, wanted in candidates.items()}
        version = min(wrong, key=lambda name: sum(abs(have - want) for have, want in wrong[name].values()))
        released = sum(number for name, number in known[version].items() if name != SUBJECTS)
        if wrong[version] and large >= RELEASED * released:
            has = ", ".join(f"{have} {name}" for name, (have, _) in wrong[version].items())
            wants = ", ".join(str(want) for _, want in wrong[version].values())
            nearest = "" if claimed in known else ", the nearest,"
            found.append(f"{dataset} has {has}; version {version}{nearest} has {wants}")
    return found


def _counts(clips: pd.DataFrame, classes: pd.Series) -> dict[str, int]:
    """Count clips by class, and the subjects of those that have one where the table names subjects."""
    kept = classes.reindex(clips.clip_id).dropna()
    counts = {str(name): int(number) for name, number in kept.value_counts().items()}
    if "subject" in clips:
        counts[SUBJECTS] = int(clips.subject[clips.clip_id.isin(kept.index).to_numpy()].nunique())
    return counts


def _wrong(here: Mapping[str, int], wanted: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """Return name -> (number here, number wanted) where they differ."""
    names = [name for name in wanted if name != SUBJECTS or name in here]
    names += [name for name in here if name not in wanted and name != SUBJECTS]
    pairs = {name: (here.get(name, 0), wanted.get(name, 0)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
