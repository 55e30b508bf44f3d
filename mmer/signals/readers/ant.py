"""ANT Neuro's ``.cnt`` and the older EEProbe's, through ANT's own library (antio).

MNE's reader asks that library for the person's name and birthday, which nobody here needs, and at which it crashes
where a file has none.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmer.signals.contents import Contents, Event
from mmer.types.errors import InputError

CODING = "latin-1"
MAX_CHANNELS = 4096
IMPEDANCE = "impedance"


def belongs(head: bytes) -> bool:
    """Say whether a file that begins so is ANT's, not Neuroscan's."""
    return head[:4] in (b"RIFF", b"RF64")


def contents(path: Path) -> Contents:
    """Open a recording; its samples stay on disk.

    Raises
    ------
    InputError
        The file is damaged or its end is missing: the library does not survive such a file, so that is looked at first.
    """
    _check_parts(path)
    from antio import read_cnt

    try:
        file = read_cnt(path)
        count = file.get_channel_count()
        if not 0 < count <= MAX_CHANNELS:
            raise InputError(f"{path}: the header states {count} channels; the file is damaged")
        channels = [file.get_channel(row, encoding=CODING) for row in range(count)]
        sfreq, n_samples = float(file.get_sample_frequency()), int(file.get_sample_count())
        date = file.get_start_time_and_fraction()
    except (RuntimeError, ValueError, OSError, OverflowError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: not a readable file of ANT Neuro ({error}); copy it again") from error

    def read(rows: Sequence[int], start: int, stop: int) -> np.ndarray:
        if not rows or start == stop:
            return np.zeros((len(rows), stop - start))
        return file.get_samples_as_nparray(start, stop)[list(rows)].astype(np.float64)

    def events() -> tuple[Event, ...]:
        found = []
        for number in range(file.get_trigger_count()):
            code, sample, _, condition, description, _ = file.get_trigger(number)
            said = str(description or condition or "").strip()
            if said.casefold() != IMPEDANCE:
                found.append(Event(int(sample) / sfreq, f"{str(code).strip()} {said}".strip()))
        return tuple(found)

    return Contents(
        names=tuple(label for label, *_ in channels),
        units=tuple(unit.replace("uv", "uV").replace("µv", "uV") for _, unit, *_ in channels),
        sfreq=sfreq,
        n_samples=n_samples,
        read=read,
        kinds=tuple("misc" if label.upper().startswith("BIP") else "eeg" for label, *_ in channels),
        started=None if date is None else date.replace(tzinfo=None),
        events=events,
    )


def _check_parts(path: Path) -> None:
    """Walk through the parts of the file, each of which states its length, and refuse one that ends early."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(16)
        wide = head[:4] == b"RF64"
        parts, at = 0, 16 if wide else 12
        while at + 8 <= size:
            file.seek(at)
            tag = file.read(12 if wide else 8)
            length = int.from_bytes(tag[4:], "little")
            at += len(tag) + length + length % 2
            parts += 1
            if at > size + 1:
                raise InputError(
                    f"{path}: part {tag[:4]!r} ends {at - size} bytes after the file; its end is missing; copy it again"
                )
    if not parts:
        raise InputError(f"{path}: no parts after the header; copy it again")
