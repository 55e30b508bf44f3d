"""BIDS folders (Gorgolewski et al., Scientific Data 3, 2016; EEG: Pernet et al., 2019), read through mne-bids.

``channels.tsv`` beside a recording says what its channels measure and which are bad, ``events.tsv`` what happened when.
"""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mmer.signals.contents import Contents
from mmer.signals.readers import mne_file
from mmer.types.errors import InputError, listing

if TYPE_CHECKING:
    import mne

NAME = re.compile(r"sub-[A-Za-z0-9+]+(?:_[A-Za-z0-9]+-[A-Za-z0-9+]+)*_(?:eeg|ieeg|emg)\.(?:vhdr|edf|bdf|set|fif)")
DESCRIPTION = "dataset_description.json"
MAX_SIDECAR = 64 * 2**20  # bytes


def belongs(path: Path) -> bool:
    """Say whether a file is named as BIDS names recordings, in a folder that says it is BIDS."""
    near = list(path.parents)[:4]
    return bool(NAME.fullmatch(path.name)) and any((folder / DESCRIPTION).is_file() for folder in near)


def folder(path: Path) -> Contents:
    """Open the one recording in a folder, such as ``sub-01/eeg``.

    Raises
    ------
    InputError
        The folder holds none, or several.
    """
    found = []
    for place, inner, names in os.walk(path):
        inner.sort()
        found += [Path(place) / name for name in sorted(names) if belongs(Path(place) / name)]
        if len(found) > 1:
            break
    if not found:
        raise InputError(
            f"{path}: a folder, and no BIDS recording is in it (sub-01_task-x_eeg.vhdr below a folder with "
            f"{DESCRIPTION}); give the file of the recording"
        )
    if len(found) > 1:
        raise InputError(f"{path}: it holds several recordings, such as {listing(found)}; give the file of one")
    return file(found[0])


def file(path: Path) -> Contents:
    """Open a recording with what lies beside it.

    Raises
    ------
    InputError
        The recording or a file beside it is damaged, or they contradict each other.
    """
    import mne_bids

    for beside in sorted(path.parent.glob("*.tsv")) + sorted(path.parent.glob("*.json")):
        if beside.stat().st_size > MAX_SIDECAR:
            raise InputError(f"{beside}: over {MAX_SIDECAR} bytes; refused")
    notes, header = mne_file.checked(path)
    if header is not None:
        header.check_rates(path)
    extra = None if header is None else {"stim_channel": header.codes()}

    def read() -> "mne.io.BaseRaw":
        place = mne_bids.get_bids_path_from_fname(path, verbose="error")
        return mne_bids.read_raw_bids(place, extra_params=extra, verbose="warning")

    raw, said = mne_file.opened(path, read)
    sidecar = path.parent / f"{path.name.rpartition('_')[0]}_channels.tsv"
    if sidecar.is_file() and (unsaid := [name for name in raw.ch_names if name not in _described(sidecar)]):
        raw.close()
        raise InputError(f"{sidecar}: no line for the channel(s) {listing(unsaid)} of {path.name}; write what they are")
    return mne_file.of_raw(raw, path, (*notes, *said), header, certain=sidecar.is_file())


def _described(sidecar: Path) -> set[str]:
    """Return the names in a channels.tsv."""
    lines = [line.split("\t") for line in sidecar.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    if not lines or "name" not in lines[0]:
        raise InputError(f"{sidecar}: no column `name`")
    at = lines[0].index("name")
    return {line[at].strip() for line in lines[1:] if len(line) > at}
