"""Artifacts: whether what is stored was made by the experiment as it stands now."""

from collections.abc import Sequence

import pandas as pd

from mmer.types.audit import Finding
from mmer.types.errors import listing
from mmer.types.fingerprint import Fingerprint
from mmer.types.split import Split

WAY_OUT = "run `dvc repro`, then audit again"
WORDS = {
    "splits": "the folds",
    "config": "the resolved choices",
    "code": "the source code",
    "corpora": "the annotation files or the number of clips",
    "seeds": "the seeds",
    "versions": "the versions of the libraries",
    "device": "the device",
}
FACTS = ("truth", "subject", "dataset")  # of a row; they come from the annotation files, not from a model


def _facts(table: pd.DataFrame) -> dict[tuple, tuple[str, ...]]:
    """Return of every row (seed, repeat, fold, clip, target) what is known of it beside the prediction."""
    keys = zip(
        table.seed.astype(int).tolist(),
        table.repeat.astype(int).tolist(),
        *(table[name].astype(str) for name in ("fold", "clip_id", "target")),
        strict=True,
    )
    return dict(zip(keys, zip(*(table[name].astype(str) for name in FACTS), strict=True), strict=True))


def artifacts(
    predictions: pd.DataFrame,
    expected: pd.DataFrame,
    splits: Sequence[Split],
    seeds: Sequence[int],
    stored: Fingerprint,
    now: Fingerprint,
) -> Finding:
    """Compare the stored predictions and fingerprint with the experiment.

    Parameters
    ----------
    predictions : DataFrame
        The stored Predictions table.
    expected : DataFrame
        A Predictions table of the same folds, of one seed and of any probabilities, with the truth, corpus and subject
        of every test clip as the annotation files have them now.
    splits : sequence of Split
        Of the experiment as it stands.
    seeds : sequence of int
    stored, now : Fingerprint
        Written with the predictions, and made a moment ago.

    Returns
    -------
    Finding
        A warning where they differ: the other findings are then not about the stored numbers.
    """
    changed = [words for name, words in WORDS.items() if getattr(stored, name) != getattr(now, name)]
    if others := sorted(set(predictions.experiment.astype(str)) - {now.experiment}):
        changed.append(f"the name of the experiment (it was {listing(others)})")
    facts = _facts(expected)
    wanted = {(int(seed), *key): fact for seed in seeds for (_, *key), fact in facts.items()}
    found = _facts(predictions)
    lacking, strange = sorted(set(wanted) - set(found)), sorted(set(found) - set(wanted))
    other = sorted(key for key in set(wanted) & set(found) if wanted[key] != found[key])
    details = {
        "changed": changed,
        "lacking": len(lacking),
        "strange": len(strange),
        "other_facts": len(other),
        "splits": now.splits,
    }
    if not (changed or lacking or strange or other):
        summary = f"the stored predictions are of these {len(splits)} folds, split hash {now.splits[:12]}"
        return Finding("artifacts", "clean", summary, details)
    said = [f"{listing(changed)} changed since"] if changed else []
    for name, rest in (("lacks", lacking), ("has beside them", strange)):
        if rest:
            seed, _, fold, clip, _ = rest[0]
            said.append(f"the table {name} {len(rest)} test clips, e.g. {clip} of fold {fold!r}, seed {seed}")
    if other:
        what, now_is, was = next(
            (name, ours, theirs)
            for name, ours, theirs in zip(FACTS, wanted[other[0]], found[other[0]], strict=True)
            if ours != theirs
        )
        said.append(
            f"{len(other)} rows have another truth, subject or corpus than the annotation files, e.g. {other[0][3]}: "
            f"{what} {was!r}, not {now_is!r}"
        )
    summary = f"the stored predictions are not of the experiment as it stands ({'; '.join(said)}); {WAY_OUT}"
    return Finding("artifacts", "warning", summary, details)
