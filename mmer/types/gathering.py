"""Go on after an error a person can cause, where somebody wants to hear of all of them at once.

A stage stops at the first thing that is wrong. `mmer doctor` reads with the same code and must name everything, so the
code that reads marks the parts after which it could go on; outside ``gathering`` the marks change nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from mmer.types.errors import InputError


@dataclass(frozen=True)
class Problem:
    """Something that would have stopped a stage.

    Parameters
    ----------
    kind : str
        E.g. ``cell``, ``duplicate``, ``frames``.
    message : str
        What the stage would have said.
    clip_id : str
        The clip concerned, or nothing.
    """

    kind: str
    message: str
    clip_id: str = ""


_gathered: ContextVar[list[Problem] | None] = ContextVar("gathered", default=None)


@contextmanager
def gathering() -> Iterator[list[Problem]]:
    """Hand out a list that fills with problems, instead of stopping at the first."""
    problems: list[Problem] = []
    token = _gathered.set(problems)
    try:
        yield problems
    finally:
        _gathered.reset(token)


def is_gathering() -> bool:
    """Say whether somebody wants to hear of all problems at once."""
    return _gathered.get() is not None


def refuse(kind: str, message: str, clip_id: str = "") -> None:
    """Raise an InputError; or, where problems are gathered, keep it and return."""
    problems = _gathered.get()
    if problems is None:
        raise InputError(message)
    problem = Problem(kind, message, clip_id)
    if problem not in problems:  # a cell that is read twice is wrong once
        problems.append(problem)


@contextmanager
def separable(kind: str, clip_id: str = "") -> Iterator[None]:
    """Mark a part after whose InputError the rest still makes sense, e.g. one row of a table."""
    try:
        yield
    except InputError as error:
        if not is_gathering():
            raise
        refuse(kind, str(error), clip_id)
