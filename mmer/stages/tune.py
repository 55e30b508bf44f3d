"""``mmer tune NAME``: check a search, tell DVC of it, and run what is not done yet."""

import subprocess
import sys
from pathlib import Path

import yaml

from mmer.stages import paths
from mmer.stages.build import options
from mmer.stages.search_config import GROUP, Plan
from mmer.types.errors import InputError
from mmer.types.whole_file import whole_file

ROWS = paths.TUNE_PIPELINE / "rows.yaml"
HEAD = """\
# Written by `mmer tune NAME`: the searches of conf/search. DVC cannot list conf/ by itself.
"""


def main(name: str, fresh: bool = False) -> None:
    """Run a search with all that it needs.

    Parameters
    ----------
    name : str
        Stem of a file in conf/search.
    fresh : bool
        Start its studies anew; what was tried before stays in the storage, under another name.

    Raises
    ------
    InputError
        The search is wrong; nothing was run. Or a stage failed.
    """
    Plan.read(name)
    write_rows(ROWS)
    stage = f"{paths.TUNE_PIPELINE / 'dvc.yaml'}:search@{name}"
    if fresh:
        # DVC's command cannot carry the wish, so what the search needs is made first.
        _run("dvc", "repro", f"{paths.TUNE_PIPELINE / 'dvc.yaml'}:inputs@{name}")
        _run("mmer", "search", name, "--fresh")
        _run("dvc", "repro", "--force", "--single-item", stage)  # finds all trials done, and writes what DVC tracks
    else:
        _run("dvc", "repro", stage)


def _run(module: str, *arguments: str) -> None:
    if code := subprocess.run([sys.executable, "-m", module, *arguments]).returncode:
        raise InputError(f"`{module} {' '.join(arguments)}` failed with {code}; the reason stands above")


def write_rows(file: Path) -> None:
    """Put the searches of conf/search into the file over which their stages are made."""
    text = HEAD + yaml.safe_dump({"searches": {name: {} for name in options(GROUP)}}, width=120)
    if not file.is_file() or file.read_text(encoding="utf-8") != text:
        with whole_file(file) as partial:
            partial.write_text(text, encoding="utf-8")
