"""Find the folder with the annotation file, where a release keeps it apart from the frames."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from mmer.datasets.clip_folders import Entries
from mmer.datasets.versions import tables


def annotation_folder(root: Path, candidates: tuple[str, ...], patterns: Iterable[str]) -> Path:
    """Return the first folder that holds one of the files.

    Parameters
    ----------
    root : Path
        Folder of the corpus.
    candidates : tuple of str
        Folders below root in order of preference, ``.`` for root itself; found in any case.
    patterns : iterable of str
        Names of the file, ``*`` allowed; in any case, and as an export with another suffix too.

    Returns
    -------
    Path
        Root where none of the candidates holds one, so that a message about the missing file names root.
    """
    stems = [f"{Path(pattern).stem.casefold()}*" for pattern in patterns]
    for candidate in candidates:
        folder: Path | None = root
        for part in Path(candidate).parts:
            folder = Entries.of(folder).entry(part) if folder else None
            folder = folder if folder and folder.is_dir() else None
        if folder and any(fnmatchcase(path.stem.casefold(), stem) for path in tables(folder) for stem in stems):
            return folder
    return root
