"""Annotations: what people said of a test clip that the recogniser is given, and would lack in the field."""

from collections.abc import Mapping, Sequence

from mmer.types.audit import Finding
from mmer.types.clips import WHOLE
from mmer.types.errors import listing

UNITS = "action_units"


def annotations(reads: Mapping[str, Sequence[str]], apex_sources: Mapping[str, str]) -> Finding:
    """Name the annotations that are inputs at test time.

    Parameters
    ----------
    reads : mapping of str to sequence of str
        Component, e.g. ``motion optical_flow`` -> what it reads of a clip: onset, apex, offset, action_units.
    apex_sources : mapping of str to str
        Clip -> where the apex frame that its motion was computed at comes from; ``given`` is a person.

    Returns
    -------
    Finding
        A warning where a component reads annotated action units, which nearly give the class away: ``tags`` in the
        details has ``oracle`` then. Annotated apex frames are tagged ``oracle_apex``: most published work uses them, so
        they are named, not warned of.
    """
    given = sorted(clip for clip, source in apex_sources.items() if source == "given")
    readers = {
        name: sorted(component for component, names in reads.items() if name in names) for name in (*WHOLE, UNITS)
    }
    # A component that may read the apex and found none annotated has not used any.
    if not given:
        readers["apex"] = []
    readers = {name: components for name, components in readers.items() if components}
    tags = [tag for name, tag in ((UNITS, "oracle"), ("apex", "oracle_apex")) if name in readers]
    details = {"inputs": readers, "given_apex_clips": len(given), "clips": len(apex_sources), "tags": tags}
    said = [
        f"{name}{f' (of {len(given)} of {len(apex_sources)} clips)' if name == 'apex' else ''} by {listing(components)}"
        for name, components in readers.items()
    ]
    if UNITS in readers:
        summary = (
            f"annotated action units of test clips are inputs ({listing(readers[UNITS])}): scores are `oracle` scores, "
            f"and no recogniser in the field could have them; all annotated inputs: {'; '.join(said)}"
        )
        return Finding("annotations", "warning", summary, details)
    tagged = f" [{', '.join(tags)}]" if tags else ""
    summary = f"annotated by people at test time: {'; '.join(said)}{tagged}" if said else "no annotation is an input"
    return Finding("annotations", "clean", summary, details)
