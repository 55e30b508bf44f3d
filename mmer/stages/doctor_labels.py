"""What the label schemes keep of a corpus."""

from collections import Counter
from typing import Any

import pandas as pd

from mmer.stages.build import build, options, read_option
from mmer.types.errors import InputError


def kept_by_labels(clips: pd.DataFrame) -> dict[str, Any]:
    """Count clips per class and scheme.

    Parameters
    ----------
    clips : DataFrame
        A Clips table of one corpus.

    Returns
    -------
    dict
        Scheme -> ``clips`` (kept), ``subjects`` (kept), ``classes`` (class -> clips), ``left_out`` (emotion word or
        other reason -> clips). Schemes that have no rules for the corpus, or refuse it, are left out.
    """
    found = {}
    for name in options("labels"):
        try:
            scheme = build(read_option("labels", name))
            assigned = scheme.assign(clips)
        except InputError:
            continue
        kept = assigned.notna().to_numpy()
        if not kept.any():
            continue
        counts = assigned.value_counts()
        classes = {name: int(counts.get(name, 0)) for name in scheme.classes if name in counts or name != "absent"}
        if scheme.targets != ("emotion",):  # questions of their own: how many clips show each
            units = clips.action_units[kept]
            classes = {unit: int(sum(unit in shown for shown in units)) for unit in scheme.targets}
        # Schemes of words and of objective classes leave out what the clip's own column says.
        column = "emotion" if hasattr(scheme, "words") else "objective_class" if hasattr(scheme, "dropped") else None
        rest = clips[~kept]
        reasons = rest[column].tolist() if column else [scheme.reason(clip) for _, clip in rest.iterrows()]
        found[name] = {
            "clips": int(kept.sum()),
            "subjects": int(clips.subject[kept].nunique()),
            "classes": classes,
            "left_out": dict(sorted(Counter(map(str, reasons)).items())),
        }
    return found
