"""``mmer table SET``: run the rows of conf/table/SET.yaml that are not done yet, and render their report."""

import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from mmer.stages import paths
from mmer.stages.build import options
from mmer.stages.table_config import resolve_table
from mmer.stages.table_rows import GROUP
from mmer.types.errors import InputError
from mmer.types.whole_file import whole_file

ROWS = paths.TABLE_PIPELINE / "rows.yaml"
SECTIONS = ("tables", "graphs", "rows")
HEAD = """\
# Written by `mmer table SET`: the rows of every table of conf/table that was run here. DVC cannot list conf/ by itself.
"""

DOC = Path("docs") / "results.md"
INTRO = """\
# Models side by side

**These are not results of micro-expression recognition.** The clips are synthetic: two public-domain portraits,
moved by known action units. The table shows that every model runs under the same protocols, loss and evaluation,
and what it costs. Which model is better on real faces it does not say.

Written by `mmer table {name} --write-docs` from the stored predictions of `conf/table/{name}.yaml`. Scores are
pooled over all folds of a run and averaged over seeds (± standard deviation), with the 95 % interval over resamples
of the subjects in square brackets. The recipe `demo` is the small one, `conf/experiment/MODEL_demo.yaml`; `full`
are the values of `conf/model`. Seconds are what the processors worked for all folds under one seed. In round
brackets what any model must beat.

"""

log = logging.getLogger("mmer")


def main(name: str, write_docs: bool = False) -> None:
    """Check the table, tell DVC its rows, and run what is not done yet.

    Parameters
    ----------
    name : str
        Stem of a file in conf/table.
    write_docs : bool
        Whether the table of models is written to docs/results.md too.

    Raises
    ------
    InputError
        The table, params.yaml or conf/ is wrong; nothing was run. Or a stage failed.
    """
    resolved, left_out = resolve_table(name)
    for sentence in left_out:
        log.info("table %s: %s", name, sentence)
    write_rows(name, resolved, ROWS)
    stage = f"{paths.TABLE_PIPELINE / 'dvc.yaml'}:report@{name}"
    if code := subprocess.run([sys.executable, "-m", "dvc", "repro", stage]).returncode:
        raise InputError(f"`dvc repro {stage}` failed with {code}; the reason stands above")
    with paths.table(name):
        file = paths.here(paths.MODELS)
        if file.is_file():
            print(file.read_text(encoding="utf-8"))
        if write_docs:
            _write_docs(name, file)
        print(f"table {name}: {len(resolved['experiments'])} rows in {paths.here(paths.REPORT)}")


def _write_docs(name: str, file: Path) -> None:
    """Put the table of models, with words around it, where people read it."""
    if not file.is_file():
        raise InputError(f"table {name}: it has no table of models to write: its rows differ by more than the model")
    with whole_file(DOC) as partial:
        partial.write_text(INTRO.format(name=name) + file.read_text(encoding="utf-8"), encoding="utf-8")


def write_rows(name: str, resolved: dict[str, Any], file: Path) -> None:
    """Put the rows of a table into the file over which its stages are made; those of other tables stay.

    Raises
    ------
    InputError
        Another table has a row of the same name.
    """
    old = _read(file)
    others = {table for table in old["tables"] if table in options(GROUP) and table != name}
    new = {"tables": {table: {} for table in (*others, name)}}
    for section in SECTIONS[1:]:
        new[section] = {key: row for key, row in old[section].items() if row["table"] in others}
    for row in resolved["experiments"]:
        if row in new["rows"]:
            other = new["rows"][row]["table"]
            raise InputError(f"tables {other!r} and {name!r} both have a row {row!r}; rename one of the tables")
        new["rows"][row] = {"table": name}
    for dataset in resolved["datasets"]:
        new["graphs"][f"{name}-{dataset}"] = {"table": name, "dataset": dataset}
    text = HEAD + yaml.safe_dump(new, sort_keys=True, width=120)
    if not file.is_file() or file.read_text(encoding="utf-8") != text:
        with whole_file(file) as partial:
            partial.write_text(text, encoding="utf-8")


def _read(file: Path) -> dict[str, Any]:
    """Read the rows of all tables."""
    if not file.is_file():
        return {section: {} for section in SECTIONS}
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
        rows = {section: dict(found[section]) for section in SECTIONS}
        if all(isinstance(row["table"], str) for section in SECTIONS[1:] for row in rows[section].values()):
            return rows
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{file}: not as `mmer table` writes it; delete it and run `mmer table` again") from error
    raise InputError(f"{file}: not as `mmer table` writes it; delete it and run `mmer table` again")
