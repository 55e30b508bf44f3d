"""Choose the reader of a file by its suffix and its first bytes."""

from pathlib import Path

from mmer.signals.contents import Contents
from mmer.signals.readers import ant, bids, columns, curry, deap, edf_header, mahnob, matlab, mixed_rates, mne_file
from mmer.types.errors import InputError, nearest

TEXTS = {".csv", ".tsv", ".txt"}
CURRY = {".cdt", ".dap", ".rs3", ".dpa", ".dpo"}
WAYS_OUT = {
    ".acq": "BIOPAC's own format is not read; save it from AcqKnowledge as a Matlab file (.mat)",
    ".xdf": "LSL's format is not read; save each of its streams as FIF or EDF, e.g. with MNELAB",
    ".vmrk": "it holds the markers of a BrainVision recording; give its .vhdr",
    ".fdt": "it holds the samples of an EEGLAB recording; give its .set",
    ".cef": "it holds the events of a Curry recording; give its .cdt",
    ".ceo": "it holds the events of a Curry recording; give its .cdt",
    ".xls": "a workbook is not read as a recording; save it as .csv",
    ".xlsx": "a workbook is not read as a recording; save it as .csv",
    ".npy": "a bare array has no names, units or rate; write it as FIF or EDF with MNE",
    ".npz": "bare arrays have no names, units or rate; write them as FIF or EDF with MNE",
    ".pkl": "pickles of unknown origin are not opened; write the recording as FIF or EDF with MNE",
    ".pickle": "pickles of unknown origin are not opened; write the recording as FIF or EDF with MNE",
}
# How files begin, for those that are often given a wrong suffix.
BEGINNINGS: tuple[tuple[bytes, str, tuple[str, ...]], ...] = (
    (b"0       ", "EDF", (".edf",)),
    (b"\xffBIOSEMI", "BDF", (".bdf",)),
    (b"GDF ", "GDF", (".gdf",)),
    (b"\x00\x00\x00\x64\x00\x00\x00\x1f", "FIF", (".fif",)),
    (b"Brain Vision", "BrainVision", (".vhdr", ".ahdr")),
    (b"BrainVision", "BrainVision", (".vhdr", ".ahdr")),
    (b"MATLAB 5.0", "Matlab", (".mat", ".set")),
    (b"MATLAB 7.3", "Matlab", (".mat", ".set")),
    (b"Version 3.0", "Neuroscan CNT", (".cnt",)),
    (b"RIFF", "ANT CNT", (".cnt",)),
    (b"RF64", "ANT CNT", (".cnt",)),
    (b"\x1f\x8b", "gzip", (".gz",)),
    (b"PK\x03\x04", "a zip archive or workbook", (".zip", ".xlsx", ".nedf")),
)
STRICT = {".edf", ".bdf", ".gdf", ".fif", ".vhdr", ".ahdr", ".set", ".mat", ".cnt"}


def contents_of(path: str) -> Contents:
    """Open the file of a recording.

    Parameters
    ----------
    path : str
        As the Clips table names it; see ``mmer.signals.recording.open_recording``.

    Raises
    ------
    InputError
        There is no such file, its format is not known, or it is damaged.
    """
    place, trial = _parted(path)
    suffix = place.suffix.lower()
    if place.is_dir():
        if suffix in mne_file.FOLDERS:
            return mne_file.contents(place)
        return bids.folder(place)
    if suffix in WAYS_OUT:
        raise InputError(f"{place}: {WAYS_OUT[suffix]}")
    if suffix == ".eeg" and place.with_suffix(".vhdr").exists():
        raise InputError(f"{place}: it holds the samples of a BrainVision recording; give {place.stem}.vhdr")
    head = _head(place)
    _check_suffix(place, suffix, head)
    if suffix == ".mat":
        return matlab.contents(place, trial)
    if suffix == ".dat" and not place.with_suffix(".dap").exists() and not head.startswith(mne_file.BCI2000):
        return deap.contents(place, trial)
    if trial:
        raise InputError(f"{path}: only files of DEAP, AMIGOS and DREAMER hold trials; drop #{trial}")
    if suffix in TEXTS:
        return columns.contents(place)
    if suffix in CURRY or (suffix == ".dat" and place.with_suffix(".dap").exists()):
        return curry.contents(place)
    if suffix == ".cnt" and ant.belongs(head):
        return ant.contents(place)
    if bids.belongs(place):
        return bids.file(place)
    if suffix == ".bdf" and (place.parent / mahnob.SESSION).exists():
        return mahnob.contents(place)
    if suffix in (".edf", ".bdf") and len(set((header := edf_header.read(place)).rates())) > 1:
        return mixed_rates.contents(place, header)
    if mne_file.knows(place):
        return mne_file.contents(place)
    known = (*mne_file.SUFFIXES, *TEXTS, *CURRY, ".mat")
    raise InputError(f"{place}: {suffix or 'a file without suffix'} is no known format; {nearest(suffix, known)}")


def _parted(path: str) -> tuple[Path, str]:
    """Part the path of a file from the trial after ``#``."""
    if Path(path).exists():
        return Path(path), ""
    name, mark, trial = path.rpartition("#")
    if mark and Path(name).is_file():
        return Path(name), trial
    raise InputError(
        f"{path}: there is no such recording; correct the path in the annotation file, or leave the cell empty where a "
        "clip has no recording"
    )


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as error:
        raise InputError(f"{path}: cannot be opened ({error.strerror})") from error
    if not head:
        raise InputError(f"{path}: the file is empty; copy it again")
    return head


def _check_suffix(path: Path, suffix: str, head: bytes) -> None:
    """Refuse a file whose first bytes are those of another format than its suffix says."""
    # Matlab 7.3 files are HDF5 with a Matlab line in front, which some programs leave out.
    begins = next(((name, suffixes) for start, name, suffixes in BEGINNINGS if head.startswith(start)), None)
    if begins and suffix not in begins[1] and suffix in STRICT | TEXTS | {".dat"}:
        raise InputError(f"{path}: it is {begins[0]} by its first bytes, not {suffix}; rename it to {begins[1][0]}")
    expected = [name for _, name, suffixes in BEGINNINGS if suffix in suffixes]
    if suffix in STRICT - {".mat", ".set"} and expected and not begins:
        raise InputError(
            f"{path}: it does not begin as {expected[0]} does; the file is damaged, or has the wrong suffix"
        )
