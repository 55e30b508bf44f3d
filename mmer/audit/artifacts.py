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


def artifacts(
    predictions: pd.DataFrame, splits: Sequence[Split], seeds: Sequence[int], stored: Fingerprint, now: Fingerprint
) -> Finding:
    """Compare the stored predictions and fingerprint with the experiment.

    Parameters
    ----------
    predictions : DataFrame
        The stored Predictions table.
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
    wanted = {(int(seed), split.repeat, split.fold, clip) for seed in seeds for split in splits for clip in split.test}
    rows = predictions[["seed", "repeat", "fold", "clip_id"]]
    found = {(int(row.seed), int(row.repeat), str(row.fold), str(row.clip_id)) for row in rows.itertuples()}
    lacking, strange = sorted(wanted - found), sorted(found - wanted)
    details = {"changed": changed, "lacking": len(lacking), "strange": len(strange), "splits": now.splits}
    if not (changed or lacking or strange):
        summary = f"the stored predictions are of these {len(splits)} folds, split hash {now.splits[:12]}"
        return Finding("artifacts", "clean", summary, details)
    said = [f"{listing(changed)} changed since"] if changed else []
    for name, rest in (("lacks", lacking), ("has beside them", strange)):
        if rest:
            seed, _, fold, clip = rest[0]
            said.append(f"the table {name} {len(rest)} test clips, e.g. {clip} of fold {fold!r}, seed {seed}")
    summary = f"the stored predictions are not of the experiment as it stands ({'; '.join(said)}); {WAY_OUT}"
    return Finding("artifacts", "warning", summary, details)
