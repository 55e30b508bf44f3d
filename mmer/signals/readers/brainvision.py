"""What is checked of a BrainVision header before MNE opens it: the files that it names."""

import re
from pathlib import Path

from mmer.types.errors import InputError

MAX_HEADER = 4 * 2**20  # bytes
WIDTHS = {"INT_16": 2, "UINT_16": 2, "INT_32": 4, "IEEE_FLOAT_32": 4}


def check(path: Path) -> tuple[str, ...]:
    """Check that a header names files that lie beside it.

    Returns
    -------
    tuple of str
        A note where the samples end within a sample.

    Raises
    ------
    InputError
        The header names no file, one that is missing, or one in another folder.
    """
    if path.stat().st_size > MAX_HEADER:
        raise InputError(f"{path}: a header of over {MAX_HEADER} bytes; refused")
    text = path.read_bytes().decode("utf-8", errors="replace")
    for key, what in (("DataFile", "samples"), ("MarkerFile", "markers")):
        found = re.search(rf"^{key}=(.*)$", text, re.MULTILINE)
        if not found:
            if key == "MarkerFile":
                continue
            raise InputError(f"{path}: the header does not say which file holds the samples (DataFile=); it is damaged")
        name = found[1].strip().replace("$b", path.stem)
        if "/" in name or "\\" in name or name in (".", ".."):
            raise InputError(f"{path}: {key}={name} points to another folder; put the file beside the header")
        if not (path.parent / name).is_file():
            raise InputError(
                f"{path}: its {what} should be in {path.parent / name}, which is missing; copy it there, or correct "
                f"{key}= in the header where the files were renamed"
            )
        if key == "DataFile":
            data = path.parent / name
    number = re.search(r"^NumberOfChannels=\s*(\d{1,6})\s*$", text, re.MULTILINE)
    width = WIDTHS.get((re.search(r"^BinaryFormat=\s*(\w+)", text, re.MULTILINE) or [None, ""])[1])
    points = re.search(r"^DataPoints=\s*(\d{1,12})\s*$", text, re.MULTILINE)
    if not number or not width or not int(number[1]):
        return ()
    frame = int(number[1]) * width
    size = data.stat().st_size
    if size < frame:
        raise InputError(f"{data}: no sample of {int(number[1])} channels fits into its {size} bytes; copy it again")
    stated = int(points[1]) if points else None
    if size % frame or (stated and size // frame < stated):
        return (
            f"{data.name}: its end is missing; {size // frame} {f'of {stated} ' if stated else ''}samples are there",
        )
    return ()
