"""What the graph models ask of their input and of their yaml, in one voice."""

from typing import Any

from mmer.types.errors import InputError, nearest
from mmer.types.samples import Sizes


def graph_shape(model: str, sizes: Sizes) -> tuple[int, int, int]:
    """Return (T, N, F) of the stream ``graph``.

    Raises
    ------
    InputError
        There is no such stream, or it is empty.
    """
    if "graph" not in sizes.streams:
        raise InputError(
            f"{model}: needs the stream 'graph', but the samples have {sorted(sizes.streams)}; "
            "choose `nodes` and `edges` for this experiment"
        )
    shape = sizes.streams["graph"]
    if len(shape) != 3 or 0 in shape:
        raise InputError(f"{model}: the stream 'graph' must have shape (T, N, F) with no zero in it, got {shape}")
    return shape


def check_whole(model: str, least: int = 1, **values: Any) -> None:
    """Refuse a yaml value that is not a whole number of at least ``least``."""
    for key, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise InputError(f"{model}: {key} must be a whole number of at least {least}, got {value!r}")


def check_choice(model: str, key: str, value: Any, valid: tuple[str, ...]) -> None:
    """Refuse a yaml value that is not one of the words."""
    if value not in valid:
        raise InputError(f"{model}: {key} is {value!r}; {nearest(str(value), valid)}")


def check_flag(model: str, **values: Any) -> None:
    """Refuse a yaml value that is neither true nor false."""
    for key, value in values.items():
        if not isinstance(value, bool):
            raise InputError(f"{model}: {key} must be true or false, got {value!r}")
