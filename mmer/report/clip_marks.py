"""Graphs, and what models saw of clips, as numbers that clips.js draws on the face: a tenth of their drawings' size."""

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import numpy as np

from mmer.report.charts import MOST_EDGES, shown_pairs
from mmer.report.saw_faces import SawTile
from mmer.types.samples import Samples

STEPS = 8  # of a pixel
UNKNOWN = 2**16 - 1
OFFSET = 2**14  # a node may lie beside the picture
STROKES = ("disc", "disc minus", "hole", "line", "line minus", "dots")  # clips.js has the same list


def packed_places(samples: Samples, clip_id: str) -> str:
    """Write where the nodes of a clip lie; empty where nobody knows of any.

    Returns
    -------
    str
        Base64 of x, y per node as little-endian uint16: eighths of a pixel from -2048, and 65535 for an unknown place.
    """
    if samples.positions is None or clip_id not in samples.clip_ids:
        return ""
    places = samples.positions[samples.clip_ids.index(clip_id)].astype(np.float64)
    known = np.isfinite(places).all(1, keepdims=True)
    if not known.any():
        return ""
    whole = np.clip(np.round(np.where(known, places, 0) * STEPS) + OFFSET, 0, UNKNOWN - 1)
    return b64encode(np.where(known, whole, UNKNOWN).astype("<u2").tobytes()).decode()


def packed_graph(samples: Samples) -> dict[str, Any]:
    """Write the graph of an experiment: the node names, the lines that are drawn (pairs of nodes), and how many are."""
    pairs = shown_pairs(samples.edge_index, np.ones(len(samples.node_names), bool))
    return {
        "nodes": list(samples.node_names),
        "lines": [int(node) for pair in pairs[:MOST_EDGES] for node in pair],
        "total": len(pairs),
    }


def packed_tile(tile: SawTile, nodes: Sequence[str], apart: bool) -> list[Any]:
    """Write one picture of what a model saw: title, note, strokes, and what takes the place of the face, if any.

    Parameters
    ----------
    tile : SawTile
    nodes : sequence of str
        Of the graph.
    apart : bool
        Whether the picture has a view of its own, since the clip has no face.

    Returns
    -------
    list
        The strokes as ``[place in STROKES, width, [node, ...]]``; of a line two nodes, of dots none: all have one.
    """
    at = {name: place for place, name in enumerate(nodes)}
    strokes = [
        [STROKES.index(kind), width, [] if kind == "dots" else [at[name] for nodes in every for name in nodes]]
        for kind, width, every in tile.strokes
    ]
    return [tile.title, tile.note, strokes, tile.picture, list(tile.view) if apart else None]
