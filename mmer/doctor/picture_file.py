"""Look at a picture file without decoding it: kind, size in pixels, and whether its end is there.

Of 17,000 frames some kilobytes each are read; decoding them takes twenty times as long. What this cannot see is damage
between header and end, for which there is ``--decode``.
"""

import struct
from typing import BinaryIO

from mmer.types.errors import InputError
from mmer.types.frames import MAX_PIXELS

TAIL = 4096  # bytes at the end in which an end marker is looked for first; some cameras write a few behind it
TIFF_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}  # bytes of a value, by type
MAX_ENTRIES = 1_000_000


def check_picture(file: BinaryIO, tiff: bool = False) -> tuple[str, int, int]:
    """Check one picture.

    Parameters
    ----------
    file : binary file
        Seekable.
    tiff : bool
        A TIFF is allowed; it is so only in a file that is named so.

    Returns
    -------
    kind : str
        ``JPEG``, ``PNG``, ``BMP`` or ``TIFF``.
    width, height : int
        Pixels.

    Raises
    ------
    InputError
        What is wrong with it, without its name.
    """
    head, end = file.read(64), file.seek(0, 2)
    if not end:
        raise InputError("the file is empty")
    try:
        if head.startswith(b"\xff\xd8"):
            kind, (width, height) = "JPEG", _jpeg(file, end)
        elif head.startswith(b"\x89PNG\r\n\x1a\n"):
            kind, (width, height) = "PNG", _png(file, head, end)
        elif head.startswith(b"BM"):
            kind, (width, height) = "BMP", _bmp(head, end)
        elif tiff and head[:4] in (b"II*\0", b"MM\0*"):
            kind, (width, height) = "TIFF", _tiff(file, head, end)
        else:
            raise InputError(f"no {'JPEG, PNG, BMP or TIFF' if tiff else 'JPEG, PNG or BMP'} ({end} bytes)")
    except struct.error as error:
        raise InputError("the header is cut off") from error
    if width < 1 or height < 1:
        raise InputError(f"the header states {width}x{height} pixels")
    if width * height > MAX_PIXELS:
        raise InputError(f"{width}x{height} pixels, more than the limit of {MAX_PIXELS}")
    return kind, width, height


def _jpeg(file: BinaryIO, end: int) -> tuple[int, int]:
    """Go from segment to segment until the frame header, then look for the end marker behind the scans."""
    place, size = 2, None
    while size is None:
        file.seek(place)
        marker = file.read(9)
        if len(marker) < 4 or marker[0] != 0xFF:
            raise InputError("damaged, its header does not go on to the size")
        if marker[1] == 0xFF:  # a fill byte
            place += 1
        elif 0xC0 <= marker[1] <= 0xCF and marker[1] not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", marker[5:9])
            size = (width, height)
        elif marker[1] in (0xD9, 0xDA):
            raise InputError("damaged, no size before its data")
        else:
            place += 2 + struct.unpack(">H", marker[2:4])[0]
    # Neither marker occurs inside compressed data, so a whole picture ends behind its last start of scan.
    if not _ends(file, end, b"\xff\xd9", b"\xff\xda"):
        raise InputError("cut off, its end marker is missing")
    return size


def _ends(file: BinaryIO, end: int, last: bytes, before: bytes) -> bool:
    """Say whether a mark stands behind the last of another, first by the end of the file alone."""
    file.seek(max(0, end - TAIL))
    tail = file.read(TAIL)
    if last not in tail:
        file.seek(0)
        tail = file.read()
    return tail.rfind(last) > tail.rfind(before)


def _png(file: BinaryIO, head: bytes, end: int) -> tuple[int, int]:
    """Read the first chunk; the last one is IEND."""
    if head[12:16] != b"IHDR":
        raise InputError("damaged, it does not begin with its size")
    if not _ends(file, end, b"IEND\xaeB`\x82", b"IDAT"):
        raise InputError("cut off, its end marker is missing")
    return struct.unpack(">II", head[16:24])


def _bmp(head: bytes, end: int) -> tuple[int, int]:
    """Read the header; it says how many bytes there are, and without compression so do width and height."""
    stated, start, header = struct.unpack("<I4xII", head[2:18])
    if header == 12:
        width, height, bits, packed = *struct.unpack("<HH2xH", head[18:26]), 0
    else:
        width, height, bits, packed = struct.unpack("<ii2xHI", head[18:34])
    least = start + (abs(width) * bits + 31) // 32 * 4 * abs(height) if packed in (0, 3) else stated
    if end < least:
        raise InputError(f"cut off, {end} of {least} bytes")
    return width, abs(height)  # a negative height: the top row comes first


def _tiff(file: BinaryIO, head: bytes, end: int) -> tuple[int, int]:
    """Read the first directory; every strip or tile it names must lie within the file."""
    order = "<" if head[:2] == b"II" else ">"
    place = struct.unpack(f"{order}I", head[4:8])[0]
    file.seek(place)
    tags: dict[int, list[int]] = {}
    count = struct.unpack(f"{order}H", file.read(2))[0]
    for entry in struct.iter_unpack(f"{order}HHI4s", _exactly(file, 12 * count)):
        tag, kind, number, value = entry
        if tag not in (256, 257, 273, 279, 324, 325) or kind not in (3, 4):
            continue
        size = number * TIFF_SIZES[kind]
        if number > MAX_ENTRIES:
            raise InputError("damaged, its directory states too many strips")
        if size > 4:
            file.seek(struct.unpack(f"{order}I", value)[0])
            value = _exactly(file, size)
        tags[tag] = list(struct.unpack(f"{order}{number}{'H' if kind == 3 else 'I'}", value[:size]))
    if not tags.get(256) or not tags.get(257):
        raise InputError("damaged, its directory states no size")
    for offsets, counts in ((273, 279), (324, 325)):
        last = max((sum(pair) for pair in zip(tags.get(offsets, ()), tags.get(counts, ()), strict=False)), default=0)
        if last > end:
            raise InputError(f"cut off, {end} of {last} bytes")
    return tags[256][0], tags[257][0]


def _exactly(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise InputError("cut off, its directory is not whole")
    return data
