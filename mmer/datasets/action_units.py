"""Read the text in which FACS coders write the action units of a clip.

The grammar covers what CASME, CASME II, SAMM, CAS(ME)^2, CAS(ME)^3, 4DME, DFME and MMME use (compatibility characters
such as a full-width comma are normalised first; upper and lower case mean the same)::

    cell := MISSING | NONE | term { SEP term }       SEP := '+' | ',' | ';'    outside parentheses; empty terms skipped
    MISSING := '' | '?' | '/' | '-'                  not annotated
    NONE := 'none'                                   annotated, and nothing coded
    term := [ '(' ] alt { ' or ' alt } [ ')' ] [ '(k)' ] [ '?' ]  |  'ref' '(' alt ')'
    alt  := [ 'AU' | 'AD' | 'M' ] [ SIDE ] NUM [ INTENSITY [ '/' INTENSITY ] ]
    SIDE := L | R | A | T | B, also A/L and A/R      left, right, asymmetric, top lip, bottom lip
    NUM := 1 or 2 digits          INTENSITY := A .. E

Of alternatives the first counts, unless all are asked for. An uncertain unit (``15?``) counts. A unit held over from
before the clip (``ref(7B)``) or kept still through it (``4(k)``) is no movement of this clip and does not count. Action
descriptors and head movements keep their letters (AD38, M57), because they share numbers with action units.
"""

import re
import unicodedata
from dataclasses import dataclass

from mmer.types.errors import InputError

MISSING = {"", "?", "/", "-"}
NONE = "NONE"
SIDES = ("L", "R", "A", "A/L", "A/R", "T", "B")

_ALT = r"(?:AU|AD|M)?\s*(?:[LRTB]|A(?:/[LR])?)?\s*\d{1,2}\s*(?:[A-E](?:/[A-E])?)?"
_TERM = re.compile(
    rf"(?P<open>\()?\s*(?P<any>{_ALT}(?:\s+OR\s+{_ALT})*)\s*(?(open)\))\s*(?P<kept>\(K\))?\s*(?P<unsure>\?)?", re.ASCII
)
_HELD = re.compile(rf"REF\s*\(\s*(?P<any>{_ALT})\s*\)", re.ASCII)
_UNIT = re.compile(
    r"(?P<system>AU|AD|M)?\s*(?P<side>[LRTB]|A(?:/[LR])?)?\s*(?P<number>\d{1,2})\s*(?P<intensity>[A-E](?:/[A-E])?)?",
    re.ASCII,
)


@dataclass(frozen=True)
class Unit:
    """One unit as it was coded.

    Parameters
    ----------
    code : str
        ``AU04``, ``AD38``, ``M57``.
    side : str
        One of ``SIDES``; ``""`` for both sides alike.
    intensity : str
        ``A``..``E``, or a range ``A/B``; ``""`` where none is coded.
    """

    code: str
    side: str = ""
    intensity: str = ""


@dataclass(frozen=True)
class Term:
    """One term of a cell.

    Parameters
    ----------
    units : tuple of Unit
        Alternatives, mostly one.
    uncertain : bool
        The coder wrote a question mark.
    status : str
        ``""``, ``held`` over from before the clip, or ``kept`` still through it.
    """

    units: tuple[Unit, ...]
    uncertain: bool = False
    status: str = ""


def read_action_units(cell: object, where: str, all_alternatives: bool = False) -> list[str] | None:
    """Return the action units that a cell names, without side and intensity.

    The objective classes (Davison et al., arXiv 1708.07549) drop these too: ``4+L10`` is AU04 and AU10.

    Parameters
    ----------
    cell : object
        Text, or the number that a spreadsheet made of a single unit.
    where : str
        Clip and cell, for the error message.
    all_alternatives : bool
        Of ``R14A or 17A`` both count, not the first alone.

    Returns
    -------
    list of str or None
        Codes such as ``AU04``, each once, sorted; None where the clip is not annotated.

    Raises
    ------
    InputError
        A part of the text is not in the grammar.
    """
    terms = parse_action_units(cell, where)
    if terms is None:
        return None
    moving = [term.units if all_alternatives else term.units[:1] for term in terms if not term.status]
    return sorted({unit.code for units in moving for unit in units})


def parse_action_units(cell: object, where: str) -> list[Term] | None:
    """Return all that a cell says: sides, intensities, alternatives, and what does not count.

    Parameters, None and errors are those of ``read_action_units``.
    """
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = "" if cell is None else unicodedata.normalize("NFKC", str(cell)).strip().upper()
    if text in MISSING:
        return None
    if text == NONE:
        return []
    terms = []
    for part in _split(re.sub(r"^(\d{1,2})\.0$", r"\1", text)):  # 12.0: a whole column of numbers, exported as csv
        match = _HELD.fullmatch(part) or _TERM.fullmatch(part)
        units = [_unit(alternative) for alternative in re.split(r"\s+OR\s+", match["any"])] if match else [None]
        if None in units:
            raise InputError(
                f"{where}: {part!r} in {str(cell)!r} is not an action unit; write units like 4+L10 or AU04+AU10, "
                "'?' where they are not annotated, 'none' where none is coded"
            )
        marks = match.groupdict()
        status = "kept" if marks.get("kept") else "" if "kept" in marks else "held"
        terms.append(Term(tuple(units), marks.get("unsure") is not None, status))
    return terms


def _split(text: str) -> list[str]:
    """Split at separators that stand outside parentheses."""
    terms, depth = [""], 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter in "+,;" and depth == 0:
            terms.append("")
        else:
            terms[-1] += letter
    return [term.strip() for term in terms if term.strip()]


def _unit(text: str) -> Unit | None:
    """Read one alternative; there is no unit 0."""
    found = _UNIT.fullmatch(text.strip())
    number = int(found["number"])
    return (
        Unit(f"{found['system'] or 'AU'}{number:02d}", found["side"] or "", found["intensity"] or "")
        if number
        else None
    )
