"""py-feat's weight files in a folder of our own: which are needed, where they lie, and that they stay the same.

The folder has the shape of a hub cache, ``models--py-feat--NAME/snapshots/REVISION/FILE`` with the revision in
``models--py-feat--NAME/refs/main``, so it can be copied to a machine without internet as it is.

**How far the pinning goes.** ``weights.json`` beside this file may name a revision and a sha256 for each file, and
what it names is enforced. It names none so far: nobody has vouched for a digest yet. A file without a pin is *trusted
on first use*: its digest is written to ``digests.json`` in the folder when it is first fetched or used, and a file that
differs later is refused. That notices a changed file; it cannot notice one that was wrong from the start.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mmer.types.errors import InputError, listing

PINS: dict[str, dict] = json.loads((Path(__file__).parent / "weights.json").read_text())
COMMAND = "mmer weights fetch pyfeat"


@dataclass(frozen=True)
class WeightFile:
    """One file on the hub.

    Parameters
    ----------
    repo : str
        ``py-feat/NAME``.
    names : tuple of str
        The file, then the older file that py-feat takes in its place.
    """

    repo: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.repo}:{self.names[0]}"


BOXES = {
    "retinaface": (WeightFile("py-feat/retinaface_r34", ("model.safetensors", "retinaface_r34.safetensors")),),
    "cascade": (),  # comes with scikit-image
}
LANDMARKS = {
    "mobilefacenet": (WeightFile("py-feat/mobilefacenet", ("mobilefacenet_model_best.pth.tar",)),),
    "mobilenet": (WeightFile("py-feat/mobilenet", ("mobilenet_224_model_best_gdconv_external.pth.tar",)),),
    "pfld": (WeightFile("py-feat/pfld", ("pfld_model_best.pth.tar",)),),
}
ACTION_UNITS = {
    "xgb": (WeightFile("py-feat/xgb_au", ("xgb_au_classifier_v2.skops", "xgb_au_classifier.skops")),),
    "svm": (WeightFile("py-feat/svm_au", ("svm_au_classifier_v2.skops", "svm_au_classifier.skops")),),
    "none": (),
}
POSE = (
    WeightFile("py-feat/pose_mlp_v2", ("pose_mlp_v2.safetensors",)),
    WeightFile("py-feat/pose_mlp_v2", ("pose_mlp_v2.json",)),
)
GAZE = (WeightFile("py-feat/l2cs", ("l2cs_gaze360_resnet50.safetensors",)),)


def locate(folder: str | Path, file: WeightFile) -> Path | None:
    """Return where a file lies in the folder, or None. Looks on disk only."""
    base = Path(folder) / f"models--{file.repo.replace('/', '--')}"
    revision = PINS[file.repo]["revision"]
    if revision is None:
        ref = base / "refs" / "main"
        if not ref.is_file():
            return None
        revision = ref.read_text().strip()
    paths = (base / "snapshots" / revision / name for name in file.names)
    return next((path for path in paths if path.is_file()), None)


def missing(folder: str | Path, files: Iterable[WeightFile]) -> list[str]:
    """Say which files are not in the folder, and what to do about it.

    Returns
    -------
    list of str
        Empty, or one message that names the files, the folder and the command. Looks on disk only.
    """
    absent = [str(file) for file in files if locate(folder, file) is None]
    if not absent:
        return []
    return [
        f"py-feat weights missing: {', '.join(absent)} in {Path(folder).resolve()}. On a machine with internet run "
        f"`{COMMAND}`, then copy that folder here; or take tracks from faces=openface_csv or faces=shipped."
    ]


def digests(folder: str | Path, files: Iterable[WeightFile]) -> dict[str, str]:
    """Check the files that are there against their pins and against ``digests.json``, and return their digests.

    A file that neither names is recorded there, if the folder may be written to.

    Returns
    -------
    dict of str to str
        ``py-feat/pfld:pfld_model_best.pth.tar`` to sha256; absent files are left out.

    Raises
    ------
    InputError
        A file is not the one that was pinned or recorded; the message has both digests.
    """
    folder = Path(folder)
    record = folder / "digests.json"
    known = _read(record)
    found, fresh = {}, {}
    for file in files:
        path = locate(folder, file)
        if path is None:
            continue
        key = f"{file.repo}:{path.name}"
        state = path.stat()
        found[key] = _sha256(path, state.st_size, state.st_mtime_ns)
        pinned = PINS[file.repo]["sha256"][path.name]
        wanted = pinned or known.get(key)
        if wanted is None:
            fresh[key] = found[key]
        elif wanted != found[key]:
            source = "weights.json" if pinned else str(record)
            raise InputError(
                f"{path}: the file has sha256 {found[key]}, but {source} says {wanted}; it was changed or damaged. "
                f"Delete it and run `{COMMAND}`"
                + ("" if pinned else f", or delete its line in {record} if the change is meant")
            )
    if fresh and os.access(folder, os.W_OK):
        text = json.dumps({**known, **fresh}, indent=2, sort_keys=True) + "\n"
        temporary = folder / f"digests.json.{os.getpid()}"
        temporary.write_text(text)
        temporary.replace(record)
    return dict(sorted(found.items()))


def fetch(folder: str | Path, files: Iterable[WeightFile], download: Callable[..., str] | None = None) -> list[Path]:
    """Download weight files from the hub into the folder.

    Parameters
    ----------
    folder : str or Path
    files : iterable of WeightFile
    download : callable, optional
        Stands in for ``huggingface_hub.hf_hub_download``: (repo_id, filename, revision, cache_dir) -> path.

    Returns
    -------
    list of Path
        Where the files lie, checked and recorded as ``digests`` does.

    Raises
    ------
    InputError
        The hub cannot be reached, has none of a file's names, or gave another file than the pinned one.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, HTTPError, LocalEntryNotFoundError

    download = download or hf_hub_download
    folder, files = Path(folder), tuple(files)
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        for name in file.names:
            try:
                download(repo_id=file.repo, filename=name, revision=PINS[file.repo]["revision"], cache_dir=str(folder))
                break
            # Without network the error is *also* an EntryNotFoundError; that must not look like "no such file".
            except LocalEntryNotFoundError as error:
                raise InputError(_unreachable(file, folder, error)) from error
            except EntryNotFoundError:
                continue
            except (HTTPError, OSError) as error:
                raise InputError(_unreachable(file, folder, error)) from error
        else:
            raise InputError(
                f"{file.repo} on the hub has none of {listing(file.names)}; is py-feat too old or too new?"
            )
        if locate(folder, file) is None:
            raise InputError(f"{folder}: {file} was fetched but is not where py-feat looks for it; empty the folder")
    digests(folder, files)
    return [path for file in files if (path := locate(folder, file))]


def _unreachable(file: WeightFile, folder: Path, error: Exception) -> str:
    return (
        f"could not fetch {file} ({str(error).splitlines()[0] if str(error) else type(error).__name__}); run "
        f"`{COMMAND}` on a machine with internet and copy {folder.resolve()} here"
    )


def _read(record: Path) -> dict[str, str]:
    """Read ``digests.json``; it need not exist."""
    if not record.is_file():
        return {}
    try:
        return {str(key): str(value) for key, value in json.loads(record.read_text()).items()}
    except (ValueError, AttributeError) as error:
        raise InputError(
            f"{record}: not the json that mmer wrote ({error}); delete it to trust the files anew"
        ) from error


@cache
def _sha256(path: Path, size: int, changed: int) -> str:
    """Digest a file; size and time of change only key the cache, so that 100 MB are read once per process."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
