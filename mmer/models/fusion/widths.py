"""What the fusions ask of their streams, in one voice."""

from typing import Any

from mmer.types.errors import InputError


def check_widths(fusion: str, widths: dict[str, int], least: int = 1) -> None:
    """Refuse too few streams.

    Parameters
    ----------
    fusion : str
        For the message.
    widths : dict of str to int
        Features of every stream.
    least : int
        Streams that it needs.
    """
    if len(widths) < least:
        raise InputError(
            f"{fusion}: needs at least {least} streams, got {', '.join(widths) or 'none'}; add `signals`, or choose "
            "`fusion: late`, which takes one"
        )


def check_heads(fusion: str, width: Any, heads: Any) -> None:
    """Refuse heads that do not share the width evenly."""
    if width % heads:
        raise InputError(f"{fusion}: width must be a multiple of heads, got {width} and {heads}")
