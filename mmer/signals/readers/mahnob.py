"""MAHNOB-HCI (Soleymani et al., IEEE TAC 3(1), 2012): ``Sessions/<id>/*.bdf`` with ``session.xml`` beside."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from mmer.signals.contents import Contents, Event
from mmer.signals.readers import mne_file
from mmer.types.errors import InputError

SESSION = "session.xml"
MAX_XML = 2**20  # bytes
TRIGGER = 0xFFFF  # the bits of BioSemi's Status channel that are triggers; the others say how the amplifier fares
BLOCK = 2**20  # samples
# Clocks alone: what the person felt is a label, and no reader hands out labels.
CLOCKS = re.compile(r"(?:vid|aud|gaze|bio)\w*(?:Rate|Smp)|cutLenSec|isStim|date|sessionId")


def contents(path: Path) -> Contents:
    """Open a session; its samples stay on disk.

    The changes of the Status channel are its events (``Status/1``), the first two of which bound the stimulus. The
    attributes of ``session.xml`` that tell of clocks are its metadata: ``vidBeginSmp``, ``vidEndSmp``, ``vidRate``, ...

    Raises
    ------
    InputError
        A file is damaged, or the xml declares entities.
    """
    found = mne_file.contents(path)
    try:
        metadata = session(path.parent / SESSION)
    except InputError:
        found.close()
        raise
    status = next((row for row, name in enumerate(found.names) if name.casefold() == "status"), None)
    if status is None:
        return replace(found, metadata=metadata)
    return replace(found, metadata=metadata, events=_changes(found, status))


def session(path: Path) -> dict[str, str]:
    """Read the attributes of a session that tell of clocks.

    Raises
    ------
    InputError
        The file is damaged, too large, or declares entities, with which a small file unpacks to a large one.
    """
    import defusedxml
    from defusedxml.ElementTree import ParseError, fromstring

    size = path.stat().st_size
    if size > MAX_XML:
        raise InputError(f"{path}: over {MAX_XML} bytes; refused")
    try:
        root = fromstring(path.read_bytes(), forbid_dtd=True)
    except defusedxml.DefusedXmlException as error:
        raise InputError(
            f"{path}: it declares entities or a document type ({type(error).__name__}), which may unpack without end; "
            "refused. The corpus's own files have none"
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        raise InputError(f"{path}: not readable xml ({error}); copy it again") from error
    return {name: value for name, value in sorted(root.attrib.items()) if CLOCKS.fullmatch(name)}


def _changes(found: Contents, row: int) -> Callable[[], tuple[Event, ...]]:
    """Return the ``events`` of a trigger channel: where it changes to another code than 0."""

    def events() -> tuple[Event, ...]:
        last, marks = 0, []
        for start in range(0, found.n_samples, BLOCK):
            values = found.read([row], start, min(start + BLOCK, found.n_samples))[0]
            codes = np.rint(values).astype(np.int64) & TRIGGER
            before = np.concatenate([[last], codes[:-1]])
            rises = np.flatnonzero((codes != before) & (codes != 0))
            marks += [Event((start + int(at)) / found.sfreq, f"Status/{codes[at]}") for at in rises]
            last = int(codes[-1])
        return tuple(marks)

    return events
