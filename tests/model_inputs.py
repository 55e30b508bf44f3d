"""What the networks are given where all of them are tested: their yaml made small, and clips of the shapes they need."""

from dataclasses import fields

import numpy as np
import yaml

from mmer.stages.build import CONF, read_option
from mmer.stages.model_traits import model_traits
from mmer.training.recipe import Recipe
from mmer.types.samples import Sizes

CLASSES = 3
RECIPE_KEYS = {field.name for field in fields(Recipe)}
# Networks that ask for particular nodes: their names, and the number of features. Others take any.
NODES: dict[str, tuple[tuple[str, ...], int]] = {}


def small_node(name: str) -> dict:
    """Return the yaml of a network without its recipe, and small where there is a small recipe."""
    demo = CONF / "experiment" / f"{name}_demo.yaml"
    node = read_option("model", name) | (yaml.safe_load(demo.read_text())["model"] if demo.is_file() else {})
    return {key: value for key, value in node.items() if key not in RECIPE_KEYS}


def sizes(name: str, frames: int = 1, pixels: int = 24) -> Sizes:
    """Return sizes for a network: every stream, of few nodes that are joined to the next two."""
    names, features = NODES.get(name, (tuple(f"node{i}" for i in range(6)), 2))
    streams = {"graph": (frames, len(names), features), "flow": (3, pixels, pixels)}
    node = small_node(name)
    if "video" in model_traits(node).streams:
        streams["video"] = (1, node["frames"], node["size"], node["size"])
    nodes = range(len(names))
    edges = np.array([[a, b] for a in nodes for b in nodes if abs(a - b) in (1, 2)]).T.copy()
    return Sizes(CLASSES, streams, names, edges)
