"""Matlab files from outside: checked before they are read, and read as numbers and texts alone."""

import warnings
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmer.types.errors import InputError

MAX_BYTES = 4 * 2**30  # unpacked; the largest published file, DREAMER's, has about 2 GiB
COMPRESSED = 15  # data type of a packed element


def read_matlab(path: Path, names: Sequence[str] | None = None) -> dict[str, Any]:
    """Read the variables of a Matlab file: arrays, texts, and dicts and lists of them.

    Matlab's functions and objects are not called; what they are stored as is left out by the callers.

    Parameters
    ----------
    path : Path
    names : sequence of str, optional
        Variables to read; None: all.

    Raises
    ------
    InputError
        The file is damaged, too large when unpacked, or points outside itself.
    """
    from pymatreader import read_mat

    check_matlab(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of objects and functions, which nobody reads here
            found = read_mat(path, variable_names=names)
    # The library raises almost anything on a damaged file.
    except Exception as error:
        raise InputError(
            f"{path}: not a readable Matlab file ({type(error).__name__}: {error}); copy it again"
        ) from error
    return {name: value for name, value in found.items() if not name.startswith("__")}


def check_matlab(path: Path) -> None:
    """Refuse a Matlab file that unpacks to more than ``MAX_BYTES`` or that points to other files.

    Raises
    ------
    InputError
        As said.
    """
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise InputError(f"{path}: over {MAX_BYTES} bytes; refused")
    with path.open("rb") as file:
        head = file.read(128)
    try:
        if head.startswith(b"MATLAB 7.3") or head.startswith(b"\x89HDF"):
            _check_hdf5(path)
        elif head.startswith(b"MATLAB 5.0") and len(head) == 128:
            _check_level5(path, "little" if head[126:128] == b"IM" else "big", size)
    except (OSError, RuntimeError, KeyError, zlib.error, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: this Matlab file is damaged ({error}); copy it again") from error


def _check_level5(path: Path, order: str, size: int) -> None:
    """Count what the packed elements hold, without keeping it."""
    total, at = 0, 128
    with path.open("rb") as file:
        while at + 8 <= size:
            file.seek(at)
            tag = file.read(8)
            kind, length = int.from_bytes(tag[:4], order), int.from_bytes(tag[4:], order)
            if at + 8 + length > size:
                raise ValueError(f"it ends {at + 8 + length - size} bytes early")
            if kind == COMPRESSED:
                total += _unpacked(file.read(length), MAX_BYTES - total)
            else:
                total += length
            if total > MAX_BYTES:
                raise InputError(f"{path}: it unpacks to over {MAX_BYTES} bytes; refused")
            at += 8 + length


def _unpacked(packed: bytes, most: int) -> int:
    """Return how many bytes a packed element holds; it stops counting above ``most``."""
    engine, total = zlib.decompressobj(), 0
    while packed and total <= most and not engine.eof:
        piece = engine.decompress(packed, 2**22)
        total += len(piece)
        packed = engine.unconsumed_tail
        if not piece and not packed:
            break
    return total


def _check_hdf5(path: Path) -> None:
    """Refuse links and samples in other files, and data sets larger than memory should hold."""
    import h5py

    total = 0
    with h5py.File(path, "r") as file:
        groups = [file]
        seen: set[object] = {file.id}
        while groups:
            group = groups.pop()
            for name in group:
                if isinstance(group.get(name, getlink=True), h5py.ExternalLink):
                    raise InputError(f"{path}: {name!r} points to another file; refused")
                item = group.get(name)
                if isinstance(item, h5py.Group) and item.id not in seen:
                    seen.add(item.id)
                    groups.append(item)
                elif isinstance(item, h5py.Dataset):
                    if item.external or item.is_virtual:
                        raise InputError(f"{path}: {name!r} keeps its numbers in another file; refused")
                    total += item.size * item.dtype.itemsize if item.size else 0
                    if total > MAX_BYTES:
                        raise InputError(f"{path}: it unpacks to over {MAX_BYTES} bytes; refused")
