"""The objective class that a set of action units has.

Davison, Merghani and Yap, "Objective Classes for Micro-Facial Expression Recognition", Journal of Imaging 4(10), 2018
(arXiv 1708.07549), table of classes I to VI; everything else is VII. On corpora that state the class, this table gives
it for all 860 clips of CAS(ME)^3 part A, 241 of 255 of CASME II and 144 of 159 of SAMM: coders added sets that the
paper does not list. So a class that a file states is read, never computed.
"""

from collections.abc import Iterable

OBJECTIVE = ("I", "II", "III", "IV", "V", "VI", "VII")
SETS = {
    "I": ("6", "12", "6+12", "6+7+12", "7+12"),
    "II": ("1+2", "5", "25", "1+2+25", "25+26", "5+24"),
    "III": ("23", "4", "4+7", "4+5", "4+5+7", "17+24", "4+6+7", "4+38"),
    "IV": ("10", "9", "4+9", "4+40", "4+5+40", "4+7+9", "4+9+17", "4+7+10", "4+5+7+9", "7+10"),
    "V": ("1", "15", "1+4", "6+15", "15+17"),
    "VI": ("1+2+4", "20"),
}
_CLASS = {frozenset(map(int, units.split("+"))): name for name, sets in SETS.items() for units in sets}


def objective_class(units: Iterable[str]) -> str:
    """Look up the class of a clip's action units, all of them and nothing else.

    Parameters
    ----------
    units : iterable of str
        Codes as the Clips table has them, without side and intensity. A descriptor counts by its number (``AD38`` as
        38, which the table of classes writes without letters).

    Returns
    -------
    str
        ``I`` to ``VII``.
    """
    return _CLASS.get(frozenset(int(unit.lstrip("ADUM")) for unit in units), "VII")
