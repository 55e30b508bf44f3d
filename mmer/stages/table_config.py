"""The config stage of a table: conf/table/SET.yaml + params.yaml + conf/ -> artifacts/table/SET/config.yaml."""

import ast
import json
from typing import Any

from mmer.stages import paths
from mmer.stages.build import build
from mmer.stages.code import source
from mmer.stages.config import read_params, resolve, save
from mmer.stages.table_rows import Rows, read_rows
from mmer.types.errors import InputError


def main(name: str) -> None:
    """Compose the rows of a table. Its datasets, and how they are read, come from params.yaml."""
    resolved, _ = resolve_table(name)
    with paths.table(name):
        save(resolved)


def resolve_table(name: str) -> tuple[dict[str, Any], list[str]]:
    """Compose every row of a table, by the code that composes the experiments of params.yaml.

    Returns
    -------
    resolved : dict
        As of ``config.resolve``, with the rows as experiments, and no dataset that no row uses; and ``recipes``, row ->
        the file of conf/experiment that it was composed with.
    left_out : list of str
        A sentence for every row that has no part in the table.

    Raises
    ------
    InputError
        Something in conf/table/NAME.yaml, params.yaml or conf/ is wrong; the message names it.
    """
    rows, params = read_rows(name), read_params()
    with paths.table(name):
        resolved = _resolve(rows, params, list(rows.choices))
        left_out = _left_out(rows, resolved["experiments"])
        if len(left_out) == len(rows.choices):
            raise InputError(f"{rows.file}: no row is left: {'; '.join(left_out.values())}")
        if left_out:  # anew, so that nothing is made for rows that are not there
            resolved = _resolve(rows, params, [row for row in rows.choices if row not in left_out])
    used = {dataset for row in resolved["experiments"].values() for dataset in row["datasets"]}
    resolved["datasets"] = {dataset: node for dataset, node in resolved["datasets"].items() if dataset in used}
    resolved["recipes"] = {
        row: name for row in resolved["experiments"] if (name := rows.choices[row].get("experiment"))
    }
    return resolved, list(left_out.values())


def _resolve(rows: Rows, params: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """Compose some rows in the place of the experiments."""
    experiments = {name: rows.choices[name] for name in names}
    leaves = params["set"] | {"experiments": {name: rows.leaves[name] for name in names}}
    return resolve(params | {"experiments": experiments, "set": leaves}, rows.file)


def _left_out(rows: Rows, experiments: dict[str, Any]) -> dict[str, str]:
    """Say of rows why they are no rows: a loss that is not made for what the row asks, or the same row again."""
    reasons: dict[str, str] = {}
    seen: dict[str, str] = {}
    for name, row in experiments.items():
        loss, labels = row.get("loss"), row["labels"]
        if "loss" in rows.asked and loss and detects(loss) != (build(labels).targets != ("emotion",)):
            made_for = "action unit detection" if detects(loss) else "one class per clip"
            reasons[name] = f"{name} is left out: the loss {loss['name']} is for {made_for}, unlike {labels['name']}"
            continue
        twin = seen.setdefault(json.dumps(row, sort_keys=True), name)
        if twin != name:
            reasons[name] = f"{name} is left out: it is the same experiment as {twin}"
    return reasons


def detects(loss: dict[str, Any]) -> bool:
    """Say whether a loss is for action unit detection; read from its source, for torch takes seconds to import."""
    module, _, name = loss["_target_"].rpartition(".")
    if (file := source(module)) is None:
        raise InputError(f"conf/loss/{loss['name']}.yaml: _target_ {loss['_target_']!r} does not exist")
    classes = (item for item in ast.parse(file.read_bytes()).body if isinstance(item, ast.ClassDef))
    return any(ast.unparse(line) == "detection = True" for item in classes if item.name == name for line in item.body)
