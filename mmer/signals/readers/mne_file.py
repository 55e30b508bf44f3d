"""Every format that MNE reads: FIF, EDF, BDF, GDF, BrainVision, EEGLAB, Neuroscan's .cnt, and more."""

import contextlib
import logging
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import mne
import numpy as np

from mmer.signals.contents import Contents, Event
from mmer.signals.readers import brainvision, edf_header
from mmer.signals.readers.matlab_guard import check_matlab
from mmer.types.errors import InputError, listing

log = logging.getLogger(__name__)

FOLDERS = {".mff", ".ds", ".mefd"}
BCI2000 = (b"BCI2000V", b"HeaderLen")
# What MNE calls a reader of; formats with a file of their own here are not among them (Curry, Matlab, text).
SUFFIXES = (
    *(".fif", ".fif.gz", ".edf", ".bdf", ".gdf", ".vhdr", ".ahdr", ".set", ".cnt", ".eeg", ".dat", ".nxe"),
    *(".data", ".nedf", ".asc", ".ns3", ".lay", ".snirf", ".hdr", ".sqd", ".con", ".bin"),
)
MAX_WHOLE = 2 * 2**30  # bytes of a file that can only be read whole
VOLTS, SIEMENS, CELSIUS = 107, 110, 114  # FIF's numbers of units
# Of names of files, of places nobody asked for, and of what the channels are: settled elsewhere.
NO_NEWS = ("does not conform to MNE naming", "Not setting position", "has changed from", "Did not find any")
FACTORS = {"V": 1.0, "mV": 1e-3, "µV": 1e-6, "nV": 1e-9, "S": 1.0, "µS": 1e-6, "C": 1.0}


def knows(path: Path) -> bool:
    """Say whether MNE reads files of this name."""
    return path.name.lower().endswith(SUFFIXES)


def contents(path: Path) -> Contents:
    """Open a file by MNE; its samples stay on disk.

    Raises
    ------
    InputError
        The file is damaged, or a file that belongs to it is missing.
    """
    notes, header = checked(path)
    # The samples lie in the Matlab file itself, which MNE would read anew for every piece.
    whole = path.suffix.lower() == ".set" and not path.with_suffix(".fdt").exists()
    if whole and path.stat().st_size > MAX_WHOLE:
        raise InputError(f"{path}: over {MAX_WHOLE} bytes in one file; save it in EEGLAB with a .fdt beside")
    raw, said = opened(path, lambda: _read_raw(path, whole, header))
    return of_raw(raw, path, (*notes, *said), header)


def checked(path: Path) -> tuple[tuple[str, ...], edf_header.EdfHeader | None]:
    """Check what MNE does not check before it opens a file.

    Returns
    -------
    notes : tuple of str
    header : EdfHeader or None
        Of an EDF or BDF file.
    """
    suffix = path.suffix.lower()
    if suffix in (".vhdr", ".ahdr"):
        return brainvision.check(path), None
    if suffix in (".edf", ".bdf"):
        return (), edf_header.read(path)
    if suffix == ".set":
        check_matlab(path)
    return (), None


def opened(path: Path, read: Callable[[], mne.io.BaseRaw]) -> tuple[mne.io.BaseRaw, tuple[str, ...]]:
    """Call a reader of MNE: its warnings become notes, its errors messages.

    Raises
    ------
    InputError
        It raised, or what it opened lies in another folder.
    """
    with warnings.catch_warnings(record=True) as caught, _silent():
        warnings.simplefilter("always")
        try:
            raw = read()
            raw.get_channel_types()  # MNE looks at what it read no earlier
        except InputError:
            raise
        # MNE's readers raise almost anything on a damaged file, AssertionError and struct.error among it.
        except Exception as error:
            said = " ".join(str(error).split()) or "no reason given"
            raise InputError(
                f"{path}: MNE cannot read it ({type(error).__name__}: {said[:300]}); the file is damaged, incomplete, "
                "or has the wrong suffix"
            ) from error
    home = os.path.abspath(path if path.is_dir() else path.parent)
    if far := [str(name) for name in raw.filenames if name and not os.path.abspath(name).startswith(home)]:
        raw.close()
        raise InputError(f"{path}: it takes its samples from {listing(far)}, outside its folder; refused")
    said = [" ".join(str(warning.message).split()) for warning in caught]
    notes = tuple(dict.fromkeys(text for text in said if not any(word in text for word in NO_NEWS)))
    for text in notes:
        log.info("%s: %s", path, text)
    return raw, tuple(f"{path.name}: {text}" for text in notes)


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Keep MNE from printing; it warns of what it prints."""
    logger = logging.getLogger("mne")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def of_raw(
    raw: mne.io.BaseRaw,
    path: Path,
    notes: tuple[str, ...] = (),
    header: edf_header.EdfHeader | None = None,
    certain: bool = False,
) -> Contents:
    """Say what an object of MNE holds.

    Parameters
    ----------
    raw : mne.io.BaseRaw
    path : Path
    notes : tuple of str
    header : EdfHeader, optional
        Of an EDF or BDF file, whose units MNE does not all keep.
    certain : bool
        Whether the file says what its channels measure.
    """
    kinds = raw.get_channel_types()
    units, applied = _units(raw, header)
    first = raw.first_time

    def read(rows: Sequence[int], start: int, stop: int) -> np.ndarray:
        if not rows or start == stop:
            return np.zeros((len(rows), stop - start))
        return raw[list(rows), start:stop][0]

    def events() -> tuple[Event, ...]:
        # With a date, MNE counts annotations from the start of the device, not of the file.
        shift = first if raw.annotations.orig_time is not None else 0.0
        pairs = zip(raw.annotations.onset, raw.annotations.description, strict=True)
        return tuple(Event(float(onset - shift), str(text)) for onset, text in pairs)

    date = raw.info["meas_date"]
    if type(raw).__name__ == "RawCNT" and date is not None:
        date = date.astimezone()  # MNE took the time in the file for that of this machine's zone
    places = [tuple(float(x) for x in channel["loc"][:3]) for channel in raw.info["chs"]]
    return Contents(
        names=tuple(raw.ch_names),
        units=tuple(units),
        sfreq=float(raw.info["sfreq"]),
        n_samples=int(raw.n_times),
        read=read,
        kinds=tuple(kinds),
        certain=certain or path.name.lower().endswith((".fif", ".fif.gz", ".snirf")),
        applied=tuple(applied),
        voltage="uV" if path.suffix.lower() == ".set" else "",
        places=tuple(place if any(place) else (float("nan"),) * 3 for place in places),
        started=None if date is None else date.replace(tzinfo=None) + timedelta(seconds=first),
        events=events,
        bad=tuple(raw.info["bads"]),
        notes=notes,
        close=raw.close,
    )


def _read_raw(path: Path, whole: bool, header: edf_header.EdfHeader | None) -> mne.io.BaseRaw:
    """Call the reader of a suffix."""
    suffix = path.suffix.lower()
    options = {"preload": whole, "verbose": "warning"}
    if header is not None:
        options["stim_channel"] = header.codes()
    if suffix == ".cnt":  # ANT's own are read elsewhere
        return mne.io.read_raw_cnt(path, **options)
    if suffix == ".dat":
        return mne.io.read_raw_bci2k(path, **options)
    return mne.io.read_raw(path, **options)


def _units(raw: mne.io.BaseRaw, header: edf_header.EdfHeader | None) -> tuple[list[str], list[float]]:
    """Return the unit of every channel as the file writes it, and what MNE multiplied its numbers by."""
    if header is not None:
        return header.units(), header.applied()
    if type(raw).__name__ == "RawEEGLAB":  # the format states no unit; MNE takes microvolts
        return [""] * len(raw.ch_names), [1e-6] * len(raw.ch_names)
    original = raw._orig_units
    units, applied = [], []
    for name, channel in zip(raw.ch_names, raw.info["chs"], strict=True):
        kept = {VOLTS: "V", SIEMENS: "S", CELSIUS: "C"}.get(int(channel["unit"]), "")
        unit = original.get(name, kept)
        units.append("" if unit == "n/a" else unit)
        applied.append(FACTORS.get(unit, 1.0))
    return units, applied
