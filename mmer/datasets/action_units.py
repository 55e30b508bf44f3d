"""Read the text in which FACS coders write the action units of a clip.

The grammar covers what CASME, CASME II, SAMM, CAS(ME)^2, CAS(ME)^3, 4DME and DFME use (compatibility characters such as
a full-width comma are normalised first; upper and lower case mean the same)::

    cell := MISSING | NONE | term { SEP term }       SEP := '+' | ',' | ';'    outside parentheses; empty terms skipped
    MISSING := '' | '?' | '/' | '-'                  not annotated
    NONE := 'none'                                   annotated, and nothing coded
    term := [ '(' ] alt { ' or ' alt } [ ')' ] [ '(k)' ] [ '?' ]  |  'ref' '(' alt ')'
    alt  := [ 'AU' | 'AD' | 'M' ] [ SIDE ] NUM [ INTENSITY [ '/' INTENSITY ] ]
    SIDE := L | R | A | T | B, also A/L and A/R      left, right, asymmetric, top lip, bottom lip
    NUM := 1 or 2 digits          INTENSITY := A .. E

Side and intensity are dropped, as the objective classes (Davison et al., arXiv 1708.07549) drop them: ``4+L10`` is AU04
and AU10. Of alternatives the first counts. An uncertain unit (``15?``) counts. A unit held over from before the clip
(``ref(7B)``) or kept still through it (``4(k)``) is no movement of this clip and does not count. Action descriptors and
head movements keep their letters (AD38, M57), because they share numbers with action units.
"""

import re
import unicodedata

from mmer.types.errors import InputError

MISSING = {"", "?", "/", "-"}
NONE = "NONE"

_ALT = r"(?:AU|AD|M)?\s*(?:[LRTB]|A(?:/[LR])?)?\s*\d{1,2}\s*(?:[A-E](?:/[A-E])?)?"
_TERM = re.compile(
    rf"(?P<open>\()?\s*(?P<first>{_ALT})(?:\s+OR\s+{_ALT})*\s*(?(open)\))\s*(?P<kept>\(K\))?\s*\??", re.ASCII
)
_HELD = re.compile(rf"REF\s*\(\s*{_ALT}\s*\)", re.ASCII)
_CODE = re.compile(r"(AD|M)?\D*?(\d{1,2})", re.ASCII)


def read_action_units(cell: object, where: str) -> list[str] | None:
    """Return the action units that a cell names.

    Parameters
    ----------
    cell : object
        Text, or the number that a spreadsheet made of a single unit.
    where : str
        Clip and cell, for the error message.

    Returns
    -------
    list of str or None
        Codes such as ``AU04``, each once, sorted; None where the clip is not annotated.

    Raises
    ------
    InputError
        A part of the text is not in the grammar.
    """
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = "" if cell is None else unicodedata.normalize("NFKC", str(cell)).strip().upper()
    if text in MISSING:
        return None
    if text == NONE:
        return []
    units = set()
    for term in _split(text):
        if _HELD.fullmatch(term):
            continue
        match = _TERM.fullmatch(term)
        if match is None or (unit := _unit(match["first"])) is None:
            raise InputError(
                f"{where}: {term!r} in {str(cell)!r} is not an action unit; write units like 4+L10 or AU04+AU10, "
                "'?' where they are not annotated, 'none' where none is coded"
            )
        if not match["kept"]:
            units.add(unit)
    return sorted(units)


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


def _unit(alternative: str) -> str | None:
    """Write one alternative as a code; there is no unit 0."""
    system, number = _CODE.match(alternative).groups()
    return f"{system or 'AU'}{int(number):02d}" if int(number) else None
