"""Read picture files as bytes from folders and archives; archives are read member by member, never unpacked."""

import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from mmer.types.errors import InputError

ARCHIVES = {".zip", ".tar"}
MAX_MEMBER_BYTES = 256 * 2**20  # one picture file or archive member, unpacked
MAX_MEMBERS = 2_000_000

# What the two libraries raise on damaged or hostile files. RuntimeError: an encrypted member; its child
# NotImplementedError: a compression or a feature that Python lacks; ValueError: names that are no text.
BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, OSError, EOFError, KeyError, RuntimeError, ValueError)


def archive_folders(archive: str | Path) -> dict[str, list[str]]:
    """List an archive: folder (``"."`` for its top) -> names of the members in it.

    Raises
    ------
    InputError
        The archive is not readable, or a member leaves it, is a link, or is over the size limit.
    """
    folders: dict[str, list[str]] = {}
    for name in _members(Path(archive)):
        folders.setdefault(str(PurePosixPath(name).parent), []).append(name)
    return folders


def _members(archive: Path) -> list[str]:
    """List the members of an archive; refuse what could leave it or fill the disk."""
    try:
        if archive.suffix.lower() == ".zip":
            with zipfile.ZipFile(archive) as file:
                items = [
                    (item.filename, item.file_size, (item.external_attr >> 28) == 0xA)
                    for item in file.infolist()
                    if not item.is_dir()
                ]
        else:
            with tarfile.open(archive, "r:") as file:
                items = [(item.name, item.size, not item.isfile()) for item in file if not item.isdir()]
    except BROKEN as error:
        raise InputError(f"{archive}: not a readable {archive.suffix[1:]} archive ({error})") from error
    if len(items) > MAX_MEMBERS:
        raise InputError(f"{archive}: {len(items)} members, more than {MAX_MEMBERS}")
    for name, size, link in items:
        if link or name.startswith(("/", "\\")) or ".." in PurePosixPath(name.replace("\\", "/")).parts or ":" in name:
            raise InputError(f"{archive}: member {name!r} is a link or leaves the archive; refused")
        if size > MAX_MEMBER_BYTES:
            raise InputError(
                f"{archive}: member {name!r} unpacks to {size} bytes, more than {MAX_MEMBER_BYTES}; refused"
            )
    return [name for name, _, _ in items]


@contextmanager
def reader(archive: str) -> Iterator[Callable[[str], bytes]]:
    """Open an archive once, or nothing, and hand out a function name -> bytes."""
    if not archive:
        yield _read_file
    elif archive.lower().endswith(".zip"):
        with _opened(archive, zipfile.ZipFile) as file:
            yield lambda name: _read_member(archive, name, file.open)
    else:
        with _opened(archive, lambda path: tarfile.open(path, "r:")) as file:
            yield lambda name: _read_member(archive, name, file.extractfile)


def _opened(archive: str, opener: Callable) -> zipfile.ZipFile | tarfile.TarFile:
    try:
        return opener(archive)
    except BROKEN as error:
        raise InputError(f"{archive}: not a readable archive ({error})") from error


def _read_member(archive: str, name: str, opener: Callable) -> bytes:
    """Read one member; never more than the limit, whatever size the archive states for it."""
    try:
        with opener(name) as file:
            data = file.read(MAX_MEMBER_BYTES + 1)
    except BROKEN as error:
        raise InputError(f"{archive}: member {name!r} cannot be read ({error})") from error
    return _within_limit(data, len(data), f"{archive}: member {name!r}")


def _read_file(name: str) -> bytes:
    try:
        size = Path(name).stat().st_size
        return _within_limit(Path(name).read_bytes() if size <= MAX_MEMBER_BYTES else b"", size, name)
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error})") from error


def _within_limit(data: bytes, size: int, where: str) -> bytes:
    if size > MAX_MEMBER_BYTES:
        raise InputError(f"{where}: over the limit of {MAX_MEMBER_BYTES} bytes; refused")
    return data
