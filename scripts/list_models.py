#!/usr/bin/env python
"""Keep the table of docs/models.md: what every model of conf/model/ reads, and its parameters, counted by building it.

    .venv/bin/python scripts/list_models.py            # print the table
    .venv/bin/python scripts/list_models.py --write    # bring docs/models.md up to date: after adding a model

The columns `published` and `why it differs` are written by hand, in the table itself, and are kept. A model is counted
as NAME_paper in conf/experiment/ has it; without one, with the values of conf/model on the default nodes and edges.
"""

import argparse
import ast
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmer.stages.build import build, options, read_option
from mmer.stages.config import resolve
from mmer.stages.model_traits import model_traits
from mmer.stages.recipe import split_model
from mmer.types.samples import Sizes
from mmer.types.signal_window import SignalLayout

ROOT = Path(__file__).parents[1]
DOC = ROOT / "docs" / "models.md"
START, END = "<!-- table: scripts/list_models.py --write -->", "<!-- end of table -->"
HEAD = ("model", "what it is", "reads", "counted with", "parameters", "published", "why it differs", "recipes")
BY_HAND = ("published", "why it differs")
UNKNOWN = "–"
MOTION = 128  # pixels, of conf/motion/optical_flow.yaml; every network brings it to its own size

# Networks of recordings are counted with these, whatever conf/signal says: their channels are a corpus's own.
ELECTRODES = tuple(f"E{i}" for i in range(32))
PLACES = tuple((0.01 * i, 0.0, 0.1) for i in range(32))
SIGNALS = {
    "eeg": SignalLayout(ELECTRODES, sfreq=128.0, positions=PLACES),
    "ecg": SignalLayout(("ECG",), sfreq=128.0),
    "eeg_bands": SignalLayout(ELECTRODES, ("theta", "alpha", "beta", "gamma"), positions=PLACES),
    "heart": SignalLayout(("ECG",), ("rate", "interval", "slope", "change", "amplitude")),
}
SECONDS = {"eeg": 2.0, "ecg": 10.0}
CLASSES = {"dssnet": 5}  # of the published count; all others are counted with 3


def recipes_of(name: str) -> list[str]:
    """Return the recipes of a model in conf/experiment/: what its paper says of its input, and the small one."""
    return [recipe for recipe in (f"{name}_paper", f"{name}_demo") if recipe in options("experiment")]


def experiment(name: str) -> dict[str, Any]:
    """Compose the experiment in which a model is counted; of a network of recordings only its model."""
    if model_traits(read_option("model", name)).signals:
        return {"model": read_option("model", name)}
    chosen = {"experiment": f"{name}_paper"} if f"{name}_paper" in recipes_of(name) else {"model": name}
    params = {
        "datasets": {"casme2": {}},
        "use": {"faces": "shipped", "motion": "optical_flow"},
        "experiments": {name: {"datasets": ["casme2"], **chosen}},
        "set": {},
    }
    return resolve(params)["experiments"][name]


def sizes_of(name: str, config: dict[str, Any]) -> tuple[Sizes, str]:
    """Return the sizes with which a model is built, and in words."""
    model, classes = config["model"], CLASSES.get(name, 3)
    traits = model_traits(model)
    streams, words, names, edge_index = {}, [], (), np.zeros((2, 0), np.int64)
    if "graph" in traits.streams:
        nodes = build(config["nodes"])
        set_of = nodes.node_set()
        names, edge_index = set_of.names, build(config["edges"]).edge_index(set_of)
        streams["graph"] = (nodes.n_frames, len(names), len(nodes.feature_names()))
        moments = f" at {nodes.n_frames} moments" if nodes.n_frames > 1 else ""
        words.append(f"`{nodes.name}`: {len(names)} nodes of {streams['graph'][2]} numbers{moments}")
    if "flow" in traits.streams:
        streams["flow"] = (3, MOTION, MOTION)
        size = model.get("size", MOTION)
        words.append(f"{', '.join(traits.channels) or 'motion'} of {size} × {size}")
    if "video" in traits.streams:
        streams["video"] = (1, model["frames"], model["size"], model["size"])
        words.append(f"{model['frames']} faces of {model['size']} × {model['size']}")
    layouts = {stream: SIGNALS[stream] for stream in traits.signals}
    for stream, layout in layouts.items():
        channels = len(layout.channels)
        streams[stream] = (channels, len(layout.features) or round(SECONDS[stream] * layout.sfreq))
        many = f"{streams[stream][1]} {'numbers' if layout.features else f'samples at {layout.sfreq:g} Hz'}"
        words.append(f"{channels} channel{'s' * (channels > 1)} of {many}")
    return Sizes(classes, streams, names, edge_index, layouts), f"{'; '.join(words)}; {classes} classes"


def title(module: str) -> str:
    """Return the first sentence of a module's docstring, without what a table cannot hold."""
    path = ROOT.joinpath(*module.split(".")).with_suffix(".py")
    text = ast.get_docstring(ast.parse(path.read_text())) or UNKNOWN
    return " ".join(text.split("\n\n")[0].split()).rstrip(".").replace("|", "/").replace("``", "`")


def computed(name: str) -> dict[str, str]:
    """Return the cells of one model that follow from the code."""
    config = experiment(name)
    node, _ = split_model(config["model"])
    traits = model_traits(config["model"])
    parameters, words = UNKNOWN, "block means of motion" if traits.classical else ""
    if not traits.classical:
        sizes, words = sizes_of(name, config)
        parameters = f"{sum(value.numel() for value in build(node, sizes).parameters()):,}"
    return {
        "model": f"`{name}`",
        "what it is": title(node["_target_"].rpartition(".")[0]),
        "reads": ", ".join(traits.streams),
        "counted with": words,
        "parameters": parameters,
        "recipes": ", ".join(f"`{recipe}`" for recipe in recipes_of(name)) or UNKNOWN,
    }


def rows_of(text: str) -> dict[str, dict[str, str]]:
    """Read the table of a document: model -> column -> cell."""
    if START not in text or END not in text:
        raise SystemExit(f"{DOC}: the lines {START} and {END} must be there; the table stands between them")
    lines = text.split(START)[1].split(END)[0].strip().splitlines()
    table = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines if line.startswith("|")]
    rows = [dict(zip(table[0], cells, strict=True)) for cells in table[2:]] if table else []
    return {row["model"].strip("`"): row for row in rows}


def updated(text: str, names: Sequence[str]) -> str:
    """Return the document with its table made anew: one row per model, what was written by hand kept."""
    old = rows_of(text)
    rows = []
    for name in names:
        kept = {column: old.get(name, {}).get(column) or UNKNOWN for column in BY_HAND}
        rows.append(computed(name) | kept)
    return in_table(text, sorted(rows, key=lambda row: (row["reads"], row["model"])))


def in_table(text: str, rows: Iterable[dict[str, str]]) -> str:
    """Return the document with these rows as its table."""
    lines = [HEAD, ["---"] * 4 + ["---:"] + ["---"] * 3, *([row[column] for column in HEAD] for row in rows)]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    before, after = text.split(START)[0], text.split(END)[1]
    return f"{before}{START}\n{table}\n{END}{after}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="write docs/models.md")
    text = DOC.read_text()
    new = updated(text, options("model"))
    if parser.parse_args().write:
        DOC.write_text(new)
        empty = [name for name, row in rows_of(new).items() if row["published"] == row["why it differs"] == UNKNOWN]
        if empty:
            print(f"by hand, in {DOC.relative_to(ROOT)}: what is published of {', '.join(empty)}")
    else:
        print(new.split(START)[1].split(END)[0].strip())


if __name__ == "__main__":
    main()
