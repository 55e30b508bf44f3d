"""What the models of one experiment saw -> what the page says of it."""

from dataclasses import dataclass

import numpy as np

from mmer.metrics.runs import is_multilabel
from mmer.report.records import ExperimentRecord
from mmer.report.saw_graph import CircleGraph, NodeTable, circle_graph, node_table
from mmer.report.saw_groups import Group, edge_weights, groups_of, mean_share
from mmer.report.wording import many
from mmer.types.predictions import class_names
from mmer.types.saw import Saw

TITLES = {"gradient": "Gradient by node", "input x gradient": "Input × gradient by node"}

KINDS = {
    "attention": "Attention: the share of a source in what a target collects, mean over heads.",
    "adjacency": "Adjacency: the weights with which a model mixes its nodes, as it uses them.",
    "kept": "Kept: the score with which pooling keeps a node, 0 where it is dropped.",
    "edge importance": "Edge importance: a learned factor of an edge.",
}


@dataclass(frozen=True)
class SawBox:
    """Everything the page shows of what models saw, beside the pictures of single clips.

    Parameters
    ----------
    lead : str
    unit, zero : str
        What a gradient counts in, and what an input of 0 is.
    kinds : tuple of str
        What the models' own quantities are.
    graphs : tuple of CircleGraph
    tables : tuple of NodeTable
    pixels : bool
        Whether only pictures of faces are shown, for the model reads no graph.
    """

    lead: str
    unit: str
    zero: str
    kinds: tuple[str, ...]
    graphs: tuple[CircleGraph, ...]
    tables: tuple[NodeTable, ...]
    pixels: bool


def saw_box(record: ExperimentRecord) -> SawBox | None:
    """Put together what models saw over all clips and folds; None where nothing was kept, or nothing shows."""
    saw = record.saw
    if saw is None:
        return None
    groups = groups_of(saw)
    if not groups:
        return None
    weights = edge_weights(saw)
    over_nodes = [group for group in groups if group.over == "nodes"]
    size = _sizes(over_nodes)
    graphs = [circle_graph(_title(group), group, size) for group in groups if group.over == "pairs"]
    if weights is not None:
        graphs.insert(0, circle_graph(f"Edge weights by {record.choice('edges')}", weights, size))
    classes = _classes(record, saw)
    model = record.config.get("model")
    scaled = not isinstance(model, dict) or model.get("standardise") != "none"
    tables = [node_table(TITLES.get(group.kind, group.kind.capitalize()), group, classes) for group in over_nodes]
    return SawBox(
        lead=f"{many(len(saw.clip_ids), 'test clip')}, each shown to the models of the folds that test it: "
        f"{many(len(saw.runs), 'run')} (folds × seeds × repeats).",
        unit="per standard deviation of a feature" if scaled else "in the units of the features",
        zero=" (0 is the mean of the training clips)" if scaled else "",
        kinds=tuple(KINDS[kind] for kind in dict.fromkeys(group.kind for group in groups) if kind in KINDS),
        graphs=tuple(graph for graph in graphs if graph is not None),
        tables=tuple(table for table in tables if table is not None),
        pixels=all(group.over == "face" for group in groups),
    )


def _title(group: Group) -> str:
    """Name a group; of several layers it is their mean."""
    title = group.kind.capitalize()
    return f"{title}, mean of {len(group.layers)} layers" if len(group.layers) > 1 else title


def _sizes(groups: list[Group]) -> dict[str, float]:
    """Return how much of the gradient falls on each node, 1 for the node with most."""
    for group in groups:
        if group.kind == "gradient":
            share = np.nan_to_num(mean_share(group.values))
            top = share.max()
            return {name: float(value / top) for name, value in zip(group.names, share, strict=True)} if top else {}
    return {}


def _classes(record: ExperimentRecord, saw: Saw) -> list[tuple[str, np.ndarray]]:
    """Return which clips are of each class; none where action units are detected."""
    table = record.predictions
    if is_multilabel(table):
        return []
    truth = dict(zip(table.clip_id, table.truth, strict=True))
    return [(name, np.array([truth.get(clip) == name for clip in saw.clip_ids])) for name in class_names(table)]
