"""What the networks are given where all of them are tested: their yaml made small, clips of the shapes they need."""

from dataclasses import fields, replace

import numpy as np
import yaml

from mmer.stages.build import CONF, read_option
from mmer.stages.model_traits import model_traits
from mmer.training.recipe import Recipe
from mmer.types.samples import Sizes
from mmer.types.signal_window import SignalLayout

CLASSES = 3
RECIPE_KEYS = {field.name for field in fields(Recipe)}
# Networks that ask for particular nodes: their names, and the number of features. Others take any.
NODES: dict[str, tuple[tuple[str, ...], int]] = {
    "mer_gcn": (("AU01", "AU02", "AU04", "AU10", "AU12", "AU14"), 2),
    "au_flow": (("lm17", "lm26", "lm48", "lm51", "lm57"), 2 * 49),
    "au_gacn": (("AU01", "AU02", "AU04", "AU10", "AU12", "AU14"), 2),
    "fgrl": (("lm17", "lm18", "lm26", "lm48", "lm51", "lm57", "AU01", "AU04", "AU12", "AU17"), 49),
    "lr_gacn": (tuple(f"lm{i}" for i in range(17, 23)), 11),
    "graphsage": (tuple(f"node{i}" for i in range(6)), 4),
    "edge_gat": (tuple(f"node{i}" for i in range(6)), 6),
}
PLACES = ((-0.03, 0.08, 0.05), (0.03, 0.08, 0.05), (-0.06, 0.0, 0.09), (0.06, 0.0, 0.09))
SAMPLED = SignalLayout(("F3", "F4", "C3", "C4"), sfreq=64.0, positions=PLACES)
SIGNALS = {  # by the stream that the yaml of a network names: its samples or features, and what they mean
    "eeg": (64, SAMPLED),
    "ecg": (64, SignalLayout(("ECG",), sfreq=32.0)),
    "eeg_bands": (5, replace(SAMPLED, sfreq=0.0, features=("delta", "theta", "alpha", "beta", "gamma"))),
    "heart": (3, SignalLayout(("ECG",), features=("rate", "interval", "beats"))),
}


def small_node(name: str) -> dict:
    """Return the yaml of a network without its recipe, small where there is a small recipe; videos smaller still."""
    demo = CONF / "experiment" / f"{name}_demo.yaml"
    node = read_option("model", name) | (yaml.safe_load(demo.read_text())["model"] if demo.is_file() else {})
    if "video" in model_traits(node).streams:  # convolutions over three dimensions are slow in float64
        # P3D halves pictures five times, and a norm over the clips' last pixels alone is chaotic.
        node |= {"frames": 4, "size": 18 if name == "mer_gcn" else 34}
    return {key: value for key, value in node.items() if key not in RECIPE_KEYS}


def sizes(name: str, frames: int = 1, pixels: int = 24) -> Sizes:
    """Return sizes for a network: every stream, of few nodes that are joined to the next two."""
    names, features = NODES.get(name, (tuple(f"node{i}" for i in range(6)), 2))
    streams = {"graph": (frames, len(names), features), "flow": (3, pixels, pixels)}
    node = small_node(name)
    if "video" in model_traits(node).streams:
        streams["video"] = (1, node["frames"], node["size"], node["size"])
    signals = {stream: SIGNALS[stream] for stream in model_traits(node).signals}
    streams |= {stream: (len(layout.channels), length) for stream, (length, layout) in signals.items()}
    nodes = range(len(names))
    edges = np.array([[a, b] for a in nodes for b in nodes if abs(a - b) in (1, 2)]).T.copy()
    return Sizes(CLASSES, streams, names, edges, {stream: layout for stream, (_, layout) in signals.items()})
