"""Pickles of arrays, read by an unpickler that knows arrays and nothing else.

A pickle is a program: it names functions and calls them. Here no name is looked up. Those that numpy writes for an
array are answered with stand-ins of this file, which check what they are given and build the array from its bytes;
every other name is refused. So nothing of numpy's own unpickling runs either, and an array is never larger than the
bytes of the file that hold it.
"""

import io
import pickle
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from mmer.types.errors import InputError

MAX_BYTES = 2**30  # DEAP's have 100 MB
MAX_DIMENSIONS = 8


class Hostile(Exception):
    """A pickle asks for something that no array of numbers needs."""


class _Type:
    """Stands in for numpy.dtype; plain numbers only."""

    def __init__(self, code: object, align: object = False, copy: object = True) -> None:
        if not isinstance(code, str) or not re.fullmatch(r"[<>=|]?(?:[iu][1248]|f[48]|b1)", code):
            raise Hostile(f"the number type {code!r}")
        self.dtype = np.dtype(code)

    def __setstate__(self, state: object) -> None:
        """Take the byte order."""
        if not isinstance(state, tuple) or len(state) < 5 or state[1] not in ("<", ">", "|", "="):
            raise Hostile("a number type of its own making")
        if any(part is not None for part in state[2:5]):
            raise Hostile("a number type with fields")
        self.dtype = self.dtype.newbyteorder(state[1])


class _Array:
    """Stands in for numpy.ndarray until its bytes are known."""

    array: np.ndarray | None = None

    def __setstate__(self, state: object) -> None:
        """Take shape, type and bytes."""
        if not isinstance(state, tuple) or len(state) != 5:
            raise Hostile("an array of its own making")
        _, shape, kind, fortran, raw = state
        self.array = _built(raw, kind, shape, "F" if fortran else "C")


def _built(raw: object, kind: object, shape: object, order: object) -> np.ndarray:
    """Build an array from its bytes."""
    if isinstance(raw, str):
        raw = raw.encode("latin-1")  # Python 2 wrote bytes as text
    if not isinstance(raw, (bytes, bytearray)) or not isinstance(kind, _Type) or order not in ("C", "F"):
        raise Hostile("an array that is no bytes of numbers")
    good = isinstance(shape, tuple) and len(shape) <= MAX_DIMENSIONS and all(type(n) is int and n >= 0 for n in shape)
    count = 1
    for size in shape if good else ():
        count *= size
    if not good or count * kind.dtype.itemsize != len(raw):
        raise Hostile(f"an array of shape {str(shape)[:60]} from {len(raw)} bytes")
    return np.frombuffer(bytes(raw), kind.dtype).reshape(shape, order=order)


def _empty(*_: object) -> _Array:
    return _Array()


def _filled(raw: object, kind: object, shape: object, order: object) -> _Array:
    found = _Array()
    found.array = _built(raw, kind, shape, order)
    return found


def _encoded(text: object, codec: object = "latin1") -> bytes:
    if not isinstance(text, str) or codec not in ("latin1", "latin-1"):
        raise Hostile(f"the codec {str(codec)[:40]!r}")
    return text.encode("latin-1")


class _Name:
    """Stands in for a class or function; it can be called, and nothing of it can be set."""

    __slots__ = ("_answer",)

    def __init__(self, answer: Callable[..., Any]) -> None:
        self._answer = answer

    def __call__(self, *given: object) -> Any:
        return self._answer(*given)

    def __setstate__(self, state: object) -> None:
        """Refuse to be changed."""
        raise Hostile("a change of a function")


# What numpy of any version writes for an array, and Python 3 for bytes in the older formats of pickles.
STAND_INS = {
    ("numpy", "dtype"): _Name(_Type),
    ("numpy", "ndarray"): _Name(_empty),
    ("numpy.core.multiarray", "_reconstruct"): _Name(_empty),
    ("numpy._core.multiarray", "_reconstruct"): _Name(_empty),
    ("numpy.core.numeric", "_frombuffer"): _Name(_filled),
    ("numpy._core.numeric", "_frombuffer"): _Name(_filled),
    ("_codecs", "encode"): _Name(_encoded),
}


class ArrayUnpickler(pickle._Unpickler):
    """An unpickler that answers with stand-ins, and refuses every other name.

    It is the one that is written in Python, since the other makes room for as many values as a file claims to number.
    """

    def _load_bytes(self) -> None:
        """Read as many bytes as there are; the library makes room for as many as are claimed."""
        (size,) = struct.unpack("<Q", self.read(8))
        self.append(bytearray(self.read(size)))

    dispatch: ClassVar[dict[int, Any]] = {**pickle._Unpickler.dispatch, pickle.BYTEARRAY8[0]: _load_bytes}

    def find_class(self, module: str, name: str) -> Any:
        """Return the stand-in of a name."""
        try:
            return STAND_INS[module, name]
        except KeyError:
            raise Hostile(f"{module}.{name}") from None

    def persistent_load(self, pid: object) -> Any:
        """Refuse references to things outside the file."""
        raise Hostile("something outside the file")


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read a pickled dict of arrays, as Python 2 or 3 wrote it.

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    InputError
        The pickle names anything but arrays of numbers, is no dict of arrays, is damaged or too large.
    """
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise InputError(f"{path}: over {MAX_BYTES} bytes; refused")
    try:
        found = ArrayUnpickler(io.BytesIO(path.read_bytes()), encoding="latin1").load()
    except Hostile as error:
        raise InputError(
            f"{path}: this pickle asks for {error}, which no array of numbers needs; it may run code where it is "
            "opened. It was not opened. Get the file from the owners of the corpus"
        ) from error
    # A damaged pickle makes the library raise almost anything; nothing of the file has run.
    except Exception as error:
        raise InputError(
            f"{path}: not a readable pickle ({type(error).__name__}: {str(error)[:200]}); copy it again"
        ) from error
    if not isinstance(found, dict):
        raise InputError(f"{path}: a dict of arrays is expected, not {type(found).__name__}")
    arrays = {}
    for name, value in found.items():
        name = name.decode("latin-1") if isinstance(name, bytes) else name
        if not isinstance(name, str) or not isinstance(value, _Array) or value.array is None:
            raise InputError(f"{path}: a dict of arrays is expected; {str(name)[:40]!r} is none")
        arrays[name] = value.array
    return arrays
