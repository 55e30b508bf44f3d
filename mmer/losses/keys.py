"""Checks of the keys that losses take from yaml."""

import math

from mmer.types.errors import InputError, nearest


def check_number(loss: str, key: str, value: object, low: float, high: float = math.inf, ends: str = "[]") -> None:
    """Refuse what is no finite number between two limits.

    Parameters
    ----------
    loss, key : str
        Whose key; for the message.
    value : object
        What the yaml says.
    low, high : float
    ends : str
        ``[`` or ``]`` where the limit itself is allowed, ``(`` or ``)`` where not.

    Raises
    ------
    InputError
    """
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if number and low <= value <= high and (value > low or ends[0] == "[") and (value < high or ends[1] == "]"):
        return
    if math.isinf(high):
        wanted = f"at least {low:g}" if ends[0] == "[" else f"above {low:g}"
    else:
        wanted = f"in {low:g} {'<=' if ends[0] == '[' else '<'} {key} {'<=' if ends[1] == ']' else '<'} {high:g}"
    raise InputError(f"{loss}: {key} must be a finite number {wanted}, got {value!r}")


def check_flag(loss: str, key: str, value: object) -> None:
    """Refuse what is neither true nor false."""
    if not isinstance(value, bool):
        raise InputError(f"{loss}: {key} must be true or false, got {value!r}")


def check_choice(loss: str, key: str, value: object, valid: tuple[str, ...]) -> None:
    """Refuse what is not among the valid words."""
    if value not in valid:
        raise InputError(f"{loss}: {key} is {value!r}; {nearest(str(value), valid)}")
