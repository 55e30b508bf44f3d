"""Read a csv file as lists of cells, whatever a spreadsheet program calls csv.

Commas, semicolons or tabs stand between the cells, and the text is UTF-8, UTF-16 or simplified Chinese.
"""

import codecs
import csv
import io
import logging
import re
from collections.abc import Collection
from itertools import islice
from pathlib import Path

from mmer.types.errors import InputError

MAX_BYTES = 128 * 2**20  # the largest published annotation file has under one million
HEADER_ROWS = 60  # how far down the header may stand; SAMM has thirteen rows above it
DELIMITERS = (",", ";", "\t")
NAMES = {";": "semicolons", "\t": "tabs"}

log = logging.getLogger("mmer")


def csv_lines(path: Path, titles: Collection[str]) -> list[list[str]]:
    """Read a csv file, one list of texts per row.

    Parameters
    ----------
    path : Path
    titles : collection of str
        Headers of which some are expected: what separates them separates the cells. None: the file has no header, and
        its first row decides.

    Raises
    ------
    InputError
        The file is too large, or its text cannot be read.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path}: over {MAX_BYTES} bytes; refused")
        text = _decoded(path)
        delimiter = _delimiter(text, titles)
        if delimiter != ",":
            log.info("%s: %s stand between the cells", path, NAMES[delimiter])
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except (OSError, csv.Error) as error:
        raise InputError(f"{path}: not a readable csv file ({error})") from error


def header_key(title: object) -> str:
    """Strip case, spaces and punctuation from a header: 'Onset Frame' and 'OnsetFrame' are the same column."""
    return re.sub(r"[\W_]", "", str(title).casefold())


def _decoded(path: Path) -> str:
    """Decode a file; what is not sure is refused, because a wrong letter in a name is another name."""
    data = path.read_bytes()
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError as error:
            raise InputError(f"{path}: not UTF-16 text, as it says ({error}); save it as 'CSV UTF-8'") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        try:
            # GB 18030 makes a sign of almost any two bytes, text of western Europe among it. In its part GB 2312 both
            # bytes are above 0xA0, and an accented letter between plain ones is none.
            text = data.decode("gb2312")
        except UnicodeDecodeError:
            raise InputError(f"{path}: not UTF-8 text ({error}); save it as 'CSV UTF-8'") from error
    log.info("%s: read as simplified Chinese text (GB 18030)", path)
    return text


def _delimiter(text: str, titles: Collection[str]) -> str:
    """Choose what separates the cells: that which leaves most of the expected headers in one row."""
    keys = set(map(header_key, titles))
    scores = {}
    for delimiter in DELIMITERS:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        if keys:
            scores[delimiter] = max(
                (len(keys.intersection(map(header_key, row))) for row in islice(rows, HEADER_ROWS)), default=0
            )
        else:
            scores[delimiter] = len(next((row for row in rows if any(row)), []))
    return max(DELIMITERS, key=lambda one: scores[one])  # of equals the first
