"""Errors that a person can act on."""

from collections.abc import Iterable
from difflib import get_close_matches


class InputError(ValueError):
    """Something a person gave is wrong. The message names the thing, the place and the way out.

    The command line prints the message alone and exits with 2; any other exception is a bug and keeps its traceback.
    """


def nearest(word: str, valid: Iterable[str], n: int = 3) -> str:
    """Say which valid words are nearest to a misspelt one.

    Parameters
    ----------
    word : str
        What was written.
    valid : iterable of str
        What may be written.
    n : int
        How many near words to name.

    Returns
    -------
    str
        ``"did you mean 'gcn'? Valid: gcn, graph_tcn"``.
    """
    valid = sorted({str(item) for item in valid})
    close = get_close_matches(str(word), valid, n=n, cutoff=0.5)
    hint = f"did you mean {' or '.join(map(repr, close))}? " if close else ""
    return f"{hint}Valid: {', '.join(valid) or '(none)'}"


def listing(items: Iterable[object], most: int = 5) -> str:
    """Join the first few items and say how many more there are."""
    items = [str(item) for item in items]
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(items[:most]) + more
