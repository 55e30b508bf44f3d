"""What the label schemes keep of a corpus."""

from collections import Counter
from typing import Any

import pandas as pd

from mmer.doctor.findings import Finding
from mmer.stages.build import build, options, read_option
from mmer.types.errors import InputError


def kept_by_labels(clips: pd.DataFrame) -> tuple[dict[str, Any], list[Finding]]:
    """Count clips per class and scheme.

    Parameters
    ----------
    clips : DataFrame
        A Clips table of one corpus.

    Returns
    -------
    kept : dict
        Scheme -> ``clips`` (kept), ``subjects`` (kept), ``classes`` (class -> clips), ``left_out`` (emotion word or
        other reason -> clips), and ``computed``, where it is not 0: clips whose objective class follows from their
        action units.
    findings : list of Finding
        Schemes that cannot be built, and those that have rules for the corpus and cannot be used with it all the same.
        Schemes of other corpora are not spoken of.
    """
    kept: dict[str, Any] = {}
    broken, refused = [], []
    for name in options("labels"):
        try:
            scheme = build(read_option("labels", name))
        except InputError as error:
            broken.append(f"{name}: {error}")
            continue
        if not _has_rules(scheme, clips):
            continue
        try:
            found = _kept(scheme, clips)
        except InputError as error:
            refused.append(f"{name}: {error}")
            continue
        if found["clips"]:
            kept[name] = found
        else:
            refused.append(f"{name}: keeps no clip; {scheme.reason(clips.iloc[0])}")
    return kept, [*_findings(broken, refused), *_computed(clips, kept)]


def computed_classes(scheme: Any, clips: pd.DataFrame) -> int:
    """Count the clips whose objective class a scheme computes from their action units."""
    if not hasattr(scheme, "computes"):
        return 0
    coded = [isinstance(units, list) for units in clips.action_units]  # without units there is no class either
    return int((scheme.computes(clips).to_numpy() & coded).sum())


def _has_rules(scheme: Any, clips: pd.DataFrame) -> bool:
    """Say whether a scheme speaks of the corpus."""
    words = getattr(scheme, "words", None)
    return words is None or "default" in words or bool(set(clips.dataset) & set(words))


def _kept(scheme: Any, clips: pd.DataFrame) -> dict[str, Any]:
    """Count what one scheme keeps."""
    assigned = scheme.assign(clips)
    kept = assigned.notna().to_numpy()
    counts = assigned.value_counts()
    classes = {name: int(counts.get(name, 0)) for name in scheme.classes if name in counts or name != "absent"}
    if scheme.targets != ("emotion",):  # questions of their own: how many clips show each
        units = clips.action_units[kept]
        classes = {unit: int(sum(unit in shown for shown in units)) for unit in scheme.targets}
    # Schemes of words and of objective classes leave out what the clip's own column says.
    column = "emotion" if hasattr(scheme, "words") else "objective_class" if hasattr(scheme, "dropped") else None
    rest = clips[~kept]
    reasons = rest[column].tolist() if column else [scheme.reason(clip) for _, clip in rest.iterrows()]
    computed = computed_classes(scheme, clips)
    return {
        "clips": int(kept.sum()),
        "subjects": int(clips.subject[kept].nunique()),
        "classes": classes,
        "left_out": dict(sorted(Counter(map(str, reasons)).items())),
        **({"computed": computed} if computed else {}),
    }


def _findings(broken: list[str], refused: list[str]) -> list[Finding]:
    """Say which schemes cannot be built, and which not used."""
    found = []
    if broken:
        text = f"{len(broken)} label scheme(s) cannot be built; correct their yaml in conf/labels"
        found.append(Finding("labels", "warning", text, tuple(broken)))
    if refused:
        found.append(Finding("labels", "note", f"{len(refused)} label scheme(s) cannot be used", tuple(refused)))
    return found


def _computed(clips: pd.DataFrame, kept: dict[str, Any]) -> list[Finding]:
    """Say of how many clips the objective class is none that the corpus states."""
    counts = {name: found["computed"] for name, found in kept.items() if "computed" in found}
    if not counts:
        return []
    text = f"objective class computed from action units for {max(counts.values())} of {len(clips)} clips"
    return [Finding("objective_class", "note", text, tuple(f"labels {name}" for name in counts))]
