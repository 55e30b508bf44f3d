"""Look for folders of pictures that belong to no clip, and for names that are nearly right."""

import os
from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

from mmer.doctor.findings import Finding
from mmer.types.archives import ARCHIVES, archive_folders
from mmer.types.errors import InputError
from mmer.types.frames import IMAGES, VIDEOS

OURS = ("tracks", "truth")  # what a synthetic release has beside the corpus
OTHER_STREAMS = {"depth", "depth_map"}  # what some corpora record beside the pictures, in folders of the same names


def folder_findings(root: Path, named: dict[str, str], lost: Sequence[str], unread: Sequence[str]) -> list[Finding]:
    """Compare the folders that are there with those that clips lie in.

    Parameters
    ----------
    root : Path
    named : dict of str to str
        Clip id -> where its frames lie.
    lost, unread : sequence of str
        Ids of clips without frames, and of those whose row cannot be read, so that nobody looked for their frames.
    """
    used = {Path(source).as_posix() for source in named.values()}
    # A folder that is named like such a clip is not named wrongly.
    waiting = {_clip(clip_id).casefold() for clip_id in (*unread, *lost)}
    beside = {str(PurePosixPath(source).parent.parent) for source in used}
    unused = [
        (folder, count)
        for folder, count in pictures_below(root)
        if folder not in used and PurePosixPath(folder).name.casefold() not in waiting
    ]
    found = []
    near = [
        (folder, count)
        for folder, count in unused
        if str(PurePosixPath(folder).parent.parent) in beside
        and not OTHER_STREAMS.intersection(part.casefold() for part in PurePosixPath(folder).parts[-2:])
    ]
    if near:
        words, items, hints = {_clip(clip_id): clip_id for clip_id in sorted(lost)}, [], 0
        for folder, count in near:
            like = get_close_matches(PurePosixPath(folder).name, words, 1, 0.6)
            hints += len(like)
            items.append(f"{folder} ({count} pictures)" + (f": is it {words[like[0]]}?" if like else ""))
        text = f"{len(near)} folder(s) beside those of the clips belong to no row that is read" + (
            "; rename those that are meant" if hints else ""
        )
        found.append(Finding("folders_extra", "warning" if hints else "note", text, tuple(items)))
    elsewhere: Counter[str] = Counter()
    for folder, count in unused:
        if (folder, count) not in near:
            below = PurePosixPath(folder).relative_to(root.as_posix())
            elsewhere[below.parts[0] if below.parts else "."] += count
    if elsewhere:
        items = tuple(f"{root / top}: {count} pictures" for top, count in sorted(elsewhere.items()))
        found.append(
            Finding("pictures_unused", "note", "pictures that no clip is made of, e.g. another variant", items)
        )
    other = []
    for clip_id, source in named.items():
        clip, name = _clip(clip_id), PurePosixPath(source).name
        if name != clip and name.casefold() == clip.casefold():
            other.append(f"{clip_id}: {source}")
    if other:
        text = f"{len(other)} folder(s) differ from their clip's name in case; they are found all the same"
        found.append(Finding("folders_case", "note", text, tuple(other)))
    return found


def pictures_below(root: Path) -> list[tuple[str, int]]:
    """List every folder with pictures, also in archives, and every video: (path, number of pictures)."""
    found: list[tuple[str, int]] = []
    for place, inner, names in os.walk(root):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        if Path(place) == root:
            inner[:] = [name for name in inner if name not in OURS]
        if count := sum(_is_picture(name) for name in names):
            found.append((Path(place).as_posix(), count))
        for name in sorted(names):
            path = Path(place) / name
            if path.suffix.lower() in VIDEOS:
                found.append((path.as_posix(), 1))
            elif path.suffix.lower() in ARCHIVES:
                try:
                    folders = archive_folders(path)
                except InputError:  # an archive that a clip lies in has been refused with its reason already
                    continue
                for folder, members in folders.items():
                    if count := sum(map(_is_picture, members)):
                        found.append(((path / folder).as_posix(), count))
    return found


def _clip(clip_id: str) -> str:
    return clip_id.rpartition("/")[2].partition("@")[0]


def _is_picture(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix.lower() in IMAGES and not path.name.startswith(".")
