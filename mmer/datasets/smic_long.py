"""Read the workbooks of SMIC-E: one row per video, up to three expressions in a row."""

import logging
import re
from collections.abc import Mapping
from dataclasses import replace

from mmer.datasets.smic_folders import WORDS, read_name
from mmer.datasets.table import Row, Table
from mmer.datasets.versions import Version
from mmer.types.errors import InputError, listing
from mmer.types.gathering import separable

log = logging.getLogger("mmer")

PAIRS = (("onset", "offset"), ("onset2", "offset2"), ("onset3", "offset3"))
COLUMNS = {
    "subject": "Subject",
    "clip": "Filename",
    "onset": "OnsetF",
    "offset": "OffsetF",
    "onset2": "Onset2F",
    "offset2": "Offset2F",
    "first": "FirstF",
    "emotion": "Emotion",
}
LONGER = COLUMNS | {"onset3": "Onset3F", "offset3": "Offset3F", "last": "LastF"}
RARE = {"onset3": "Onset3F", "offset3": "Offset3F", "last": "LastF"}  # the sheets of VIS and NIR lack them
SPELLINGS = {text: word for letters, word in WORDS.items() for text in (word, letters, word[:3], word[:2])}

_HS = {"negative": 66, "positive": 51, "surprise": 40}
_VIS = {"negative": 24, "positive": 28, "surprise": 19}
# Counts are of rows, which are videos: the 157 of HS hold 166 expressions. The file of 2019 comes first, for it alone
# marks the apex.
VERSIONS = {
    "hs": (
        Version(
            *("SMIC-HS-E 2019", ("SMIC-HS-E_annotation_2019.xlsx", "SMIC-HS-E*2019*"), "HS"),
            *(LONGER | {"apex": "ApexF"}, 157, 16, _HS),
            note="the only file with an apex",
        ),
        Version(
            *("SMIC-HS-E", ("SMIC-HS-E_annotation.xlsx",), "HS", LONGER, 157, 16, _HS),
            note="157 videos, 166 expressions; five of the seven third pairs are remains of formulas",
        ),
        Version(
            *("SMIC-HS-E orig", ("SMIC-HS-E_annotation_orig.xlsx", "SMIC-HS-E*orig*"), "HS", LONGER, 162, None),
            note="five videos more, one frame number is the text 'MISSING'",
        ),
    ),
    "vis": (
        Version(
            *("SMIC-VIS-E", ("SMIC-VIS-E_annotation.xlsx", "SMIC-VIS-E*"), "VIS", COLUMNS, 71, 8, _VIS),
            note="one surprise of the short release is negative here",
            optional=RARE,
        ),
    ),
    "nir": (
        Version(
            *("SMIC-NIR-E", ("SMIC-NIR-E_annotation.xlsx", "SMIC-NIR-E*"), "NIR", COLUMNS, 71, 8),
            note="read like the file of VIS",
            optional=RARE,
        ),
    ),
}


def videos(name: str, table: Table) -> dict[str, Row]:
    """Name the rows of the workbook ``smic/s03/s03_po_08``; remarks below the table are no rows.

    Raises
    ------
    InputError
        A file name is none of SMIC, occurs twice, or does not belong to the row's subject or emotion.
    """
    found: dict[str, Row] = {}
    remarks = []
    for row in table.rows:
        if not any(row.text(column, required=False) for column in ("clip", "onset", "offset")):
            remarks.append(row.number)
            continue
        with separable("row"):
            subject, clip, word = _named(row)
            if (video := f"{name}/{subject}/{clip}") in found:
                raise InputError(f"{row.place('clip')}: {clip} stands in row {found[video].number} already; delete one")
            found[video] = replace(row, cells={**row.cells, "emotion": word})
    if remarks:
        log.info("%s: row(s) %s name no clip and are not read", table.path, listing(remarks))
    return found


def _named(row: Row) -> tuple[str, str, str]:
    """Read subject, clip and emotion of a row from its clip's name; the other cells must say the same."""
    named = read_name(row.text("clip"))
    if named is None:
        raise InputError(f"{row.place('clip')} is {row.text('clip')!r}; a clip is named like s3_po_08")
    if "s" + row.digits("subject", 2, prefix="s") != named[0]:
        raise InputError(f"{row.place('subject')} is not the subject of {row.text('clip')}; correct one of them")
    if _word(row) != named[2]:
        raise InputError(
            f"{row.place('emotion')} is {row.text('emotion')!r}, but {row.text('clip')} is named {named[2]}; "
            "correct one of them"
        )
    return named


def expressions(rows: Mapping[str, Row]) -> list[tuple[Row, str, str]]:
    """Make one row of each expression: (row, subject, clip), with its marks in ``onset``, ``apex`` and ``offset``.

    The second and third pair of a row count where FirstF <= onset <= offset <= LastF and no earlier pair of the row is
    the same, for the released files hold remains of formulas there. The first pair must be right.

    Parameters
    ----------
    rows : dict of str to Row
        What ``videos`` returned.

    Raises
    ------
    InputError
        A first pair is no pair of frame numbers, in order, within the video.
    """
    found: list[tuple[Row, str, str]] = []
    refused: list[str] = []
    for video, row in rows.items():
        _, subject, clip = video.rsplit("/", 2)
        with separable("row", video):
            found += [(one, subject, clip) for one in _expressions(row, clip, refused)]
    if refused:
        log.warning("SMIC-E: %d pair(s) of onset and offset are not used: %s", len(refused), listing(refused, 10))
    return found


def _expressions(row: Row, clip: str, refused: list[str]) -> list[Row]:
    """Make one row of each expression in a row; say in ``refused`` which pairs are none."""
    first, last = _bound(row, "first"), _bound(row, "last")
    found: dict[tuple[int, int], Row] = {}
    for number, (on, off) in enumerate(PAIRS, 1):
        texts = [row.text(column, required=False) for column in (on, off)]
        if number > 1 and not any(texts):
            continue
        pair, why = _pair(row, on, off, first, last)
        if pair in found:
            why = "is the same as an earlier one"
        if why and number == 1 and not any(map(_missing, texts)):
            raise InputError(
                f"{row.place(on)}: {clip} {why} ({'..'.join(texts)}); correct the cell, or add an erratum to the "
                "dataset's yaml"
            )
        if why:
            refused.append(f"{clip} pair {number} {why} ({'..'.join(texts)})")
            continue
        cells = {**row.cells, "onset": pair[0], "offset": pair[1]}
        cells["apex"] = row.cells.get("apex") if number == 1 else None  # the file of 2019 marks one per video
        places = {**row.places, "onset": row.places[on], "offset": row.places[off]}
        found[pair] = replace(row, cells=cells, places=places)
    return list(found.values())


def _pair(row: Row, on: str, off: str, first: int, last: int | None) -> tuple[tuple[int, int] | None, str]:
    """Read one pair, or say what is wrong with it."""
    try:
        onset, offset = row.whole(on, missing=()), row.whole(off, missing=())
    except InputError:
        return None, "is no pair of frame numbers"
    if onset > offset:
        return None, "has its onset after its offset"
    if onset < first or (last is not None and offset > last):
        return None, f"lies outside the video, {first}..{'' if last is None else last}"
    return (onset, offset), ""


def _bound(row: Row, column: str) -> int | None:
    """Read FirstF or LastF; without FirstF a video begins at 0, without LastF its end is not known."""
    if column not in row.places or _missing(row.text(column, required=False)):
        return 0 if column == "first" else None
    value = row.whole(column)
    return 0 if value is None and column == "first" else value


def _missing(text: str) -> bool:
    """Say whether a cell states that there is no such frame, as one released file does ('MISSING <-426679')."""
    return text.upper().startswith("MISSING")


def _word(row: Row) -> str:
    """Read the emotion, a word or its first letters."""
    text = re.sub(r"\W", "", row.text("emotion").casefold())
    if text not in SPELLINGS:
        raise InputError(f"{row.place('emotion')} is {row.text('emotion')!r}; it is negative, positive or surprise")
    return SPELLINGS[text]
