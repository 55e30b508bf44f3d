"""One name on the command line of ``mmer compare`` -> predictions: of the workspace, a commit, or a DVC experiment."""

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from mmer.report.compare_pair import Side
from mmer.stages import paths
from mmer.stages.read_config import read_all
from mmer.types.errors import InputError, nearest
from mmer.types.fingerprint import Fingerprint
from mmer.types.predictions import load_predictions


def read_side(asked: str) -> Side:
    """Read what one name stands for.

    Parameters
    ----------
    asked : str
        ``NAME``: an experiment of the workspace. ``NAME@REVISION``: as it was in a commit, branch or tag, or in an
        experiment of ``dvc exp run``.

    Raises
    ------
    InputError
        There is no such revision or experiment, or its predictions are not at hand; the message says what to do.
    """
    name, at, revision = asked.partition("@")
    if at and not (name and revision):
        raise InputError(f"{asked!r} is not NAME@REVISION, e.g. gcn_casme2@main")
    return _at(asked, name, revision) if at else _here(name)


def _here(name: str) -> Side:
    config = read_all()["experiments"]
    if name not in config:
        raise InputError(f"{paths.here(paths.CONFIG)}: there is no experiment {name!r}; {nearest(name, config)}")
    if not paths.predictions(name).is_file():
        table = paths.current_table()
        command = f"mmer table {table}" if table else f"dvc repro evaluate@{name}"
        raise InputError(f"{name} has no predictions yet; `{command}` makes them")
    about = paths.training(name) / "fingerprint.json"
    found = Fingerprint.load(about) if about.is_file() else None
    return Side(name, load_predictions(paths.predictions(name)), config[name], found)


def _at(asked: str, name: str, revision: str) -> Side:
    from dvc.api import DVCFileSystem  # a second to import, and only needed here
    from dvc.exceptions import DvcException, NotDvcRepoError
    from dvc.scm import RevError, SCMError

    try:
        files = DVCFileSystem(".", rev=revision)
        commit = str(files.repo.get_rev())
    except (RevError, SCMError) as error:
        raise InputError(
            f"{asked}: git knows no revision {revision!r}, and DVC no experiment of that name; `git log --oneline` and "
            "`dvc exp show` list them"
        ) from error
    except NotDvcRepoError as error:
        raise InputError(f"{asked}: this folder is no DVC repository, so it has no other revision") from error
    try:
        config = yaml.load(_read(files, paths.here(paths.CONFIG)), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, DvcException) as error:
        raise InputError(
            f"{asked}: {revision} has no {paths.here(paths.CONFIG)}; was `dvc repro` run there?"
        ) from error
    experiments: Mapping[str, Any] = config["experiments"]
    if name not in experiments:
        raise InputError(f"{asked}: {revision} has no experiment {name!r}; {nearest(name, experiments)}")
    try:
        content = _read(files, paths.predictions(name))
    except (OSError, DvcException) as error:
        raise InputError(
            f"{asked}: the predictions of {revision} are not in DVC's cache (they are never pushed, and `dvc gc` or "
            f"another machine leaves them out). To make them again: `git worktree add ../there {commit[:12]}`, and in "
            f"it `dvc repro evaluate@{name}` with the cache of this folder (`dvc cache dir --local`)"
        ) from error
    with TemporaryDirectory() as folder:
        table = Path(folder) / "predictions.parquet"
        table.write_bytes(content)
        predictions = load_predictions(table)
    return Side(asked, predictions, experiments[name], _fingerprint(files, name), commit)


def _fingerprint(files: Any, name: str) -> Fingerprint | None:
    """Read the fingerprint of another revision; one of another version of mmer counts as none."""
    try:
        values = json.loads(_read(files, paths.training(name) / "fingerprint.json"))
        return Fingerprint(**values)
    except Exception:  # whatever a revision of long ago holds: the page then says less
        return None


def _read(files: Any, path: Path) -> bytes:
    with files.open(path.as_posix(), "rb") as file:
        return file.read()
