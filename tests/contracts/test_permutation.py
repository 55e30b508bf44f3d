"""Nodes in another order, together with edges, weights and features: the same graph, so the same logits.

What may a model know of a node? Nothing but its features and edges: then another order changes nothing. Its name:
neither. Its place: then parameters belong to places, and the logits are the same once these have moved along. That is
what is left to ask where the readout is not invariant; it says that all the rest of the network is equivariant. Whoever
adds a model of graphs says here which it is, or at least in its class.
"""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field

import pytest
import torch
from model_inputs import CLASSES, sizes, small_node
from torch import Tensor

from conf_groups import readers
from mmer.models.dropout import seed_dropout
from mmer.stages.build import build, read_option, target_class
from mmer.types.samples import Sizes

FRAMES = 3
Move = Callable[[Tensor, Tensor, Tensor], Tensor]  # values, order of the nodes, order of the edges


def blocks(dim: int = 0, before: int = 1) -> Move:
    """Return what moves a parameter whose dimension ``dim`` is (before, N, rest), flattened."""

    def move(values: Tensor, order: Tensor, _: Tensor) -> Tensor:
        parts = values.unflatten(dim, (before, len(order), -1))
        return parts.index_select(dim + 1, order).flatten(dim, dim + 2)

    return move


def edges_then_loops(values: Tensor, order: Tensor, edge_order: Tensor) -> Tensor:
    """Move a parameter of every edge and, behind them, of every node."""
    return torch.cat([values[: len(edge_order)][edge_order], values[len(edge_order) :][order]])


@dataclass(frozen=True)
class Knows:
    """What a model, with these options, knows of a node.

    ``moves``: the parameters that belong to places, and how they move along. ``named``: whether it looks for names.
    ``sequence``: whether order is meant to matter. ``edges``: whether it reads the edges' weights.
    """

    why: str
    moves: dict[str, Move] = field(default_factory=dict)
    _: KW_ONLY
    named: bool = False
    sequence: bool = False
    edges: bool = True
    options: dict[str, object] = field(default_factory=dict)


UNITS = {"units.layers.": blocks(), "unit_head.": blocks()}
CASES = {
    "au_flow": [Knows("landmarks are found by their names; the clip makes its own graph", named=True, edges=False)],
    "au_gacn": [Knows("every unit has a linear layer and a detector of its own", UNITS)],
    "auw_gcn": [Knows("the convolutions over time see all regions side by side", {"time.0.": blocks(1)})],
    "edge_gat": [Knows("a node is its features; pooling takes mean and greatest of the nodes of best scores")],
    "fgrl": [Knows("landmarks and units are found by their names", named=True)],
    "gcn": [
        Knows("the classifier sees which node is which", {"classifier.weight": blocks(1)}),
        Knows("the mean over nodes", options={"readout": "mean"}),
        Knows("an adjacency from the features", options={"readout": "mean", "adjacency": "adaptive"}),
    ],
    "graph_tcn": [
        Knows("the nodes are a sequence: their order is the model", edges=False, sequence=True),
        Knows(
            "without its kernels there is no sequence: nodes and edges stay apart",
            options={"edges": "graph", "node_kernel": 1, "edge_kernel": 1, "readout": "mean"},
        ),
    ],
    "graphsage": [
        Knows("the classifier sees which node is which", {"classifier.weight": blocks(1)}),
        Knows("the mean over nodes", options={"readout": "mean"}),
    ],
    "logreg": [Knows("a weight for each number of a clip", {"classifier.weight": blocks(1, FRAMES)}, edges=False)],
    "lr_gacn": [
        Knows("the mean over nodes"),
        Knows(
            "the classifier sees which node is which",
            {"classifier.weight": blocks(1, 2 * FRAMES)},
            options={"readout": "flatten"},
        ),
    ],
    "mer_gcn": [
        Knows("every unit has a linear layer of its own", UNITS),
        Knows(
            "and the classifier sees which is which",
            UNITS | {"classifier.weight": blocks(1)},
            options={"readout": "flatten"},
        ),
    ],
    "mlp": [Knows("a weight for each number of a clip", {"layers.0.weight": blocks(1, FRAMES)}, edges=False)],
    "st_gcn": [
        Knows(
            "each feature of each node is normalised by itself, and each edge has an importance",
            {"input_norm.": blocks(), "importance.": edges_then_loops},
        ),
        Knows(
            "the program parts neighbours in its own way",
            {"input_norm.": blocks(), "importance.": edges_then_loops},
            options={"faithful_to": "code"},
        ),
    ],
}
NAMED = [
    pytest.param(name, knows, id=f"{name}-{i}") for name, all_of in CASES.items() for i, knows in enumerate(all_of)
]


class Two:
    """A model, and the same where the nodes and edges come in another order: new node i is old node ``order[i]``."""

    def __init__(self, name: str, knows: Knows) -> None:
        given, options = sizes(name, FRAMES), small_node(name) | knows.options
        draw = torch.Generator().manual_seed(3)
        self.order = torch.randperm(len(given.node_names), generator=draw)
        self.edge_order = torch.randperm(given.edge_index.shape[1], generator=draw)
        edge_index = self.order.argsort()[torch.from_numpy(given.edge_index)][:, self.edge_order]
        names = tuple(given.node_names[i] for i in self.order)
        turned = Sizes(CLASSES, given.streams, names, edge_index.numpy())
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.model, self.turned = build(options, given).double(), build(options, turned).double()
            for value in self.model.parameters():  # zero-initialised weights would pass too much
                value.data += 0.05 * torch.randn_like(value)
        seed_dropout(self.model, 0)
        self.clips = {
            key: torch.randn(5, *shape, generator=draw, dtype=torch.float64) for key, shape in given.streams.items()
        }
        self.weight = torch.rand(given.edge_index.shape[1], generator=draw, dtype=torch.float64)
        self.model.train()(self.clips, self.weight)  # running statistics that are none of the first
        self.model.eval(), self.turned.eval()

    def state(self, moves: dict[str, Move]) -> dict[str, Tensor]:
        """Return the model's state with what belongs to places moved along."""
        state, found = dict(self.model.state_dict()), set()
        for name, values in state.items():
            for start, move in moves.items():
                if name.startswith(start) and values.ndim:
                    found.add(start)
                    state[name] = move(values, self.order, self.edge_order)
        assert found == {start for start in moves if start != "unit_head." or self.model.unit_head is not None}
        return state

    def logits(self, moves: dict[str, Move]) -> tuple[Tensor, Tensor]:
        """Return the logits of both."""
        self.turned.load_state_dict(self.state(moves))
        turned = self.clips | {"graph": self.clips["graph"][:, :, self.order]}
        return self.model(self.clips, self.weight), self.turned(turned, self.weight[self.edge_order])


OTHERS = [name for name in readers("graph") if name not in CASES]  # of which only the class says anything


def test_every_model_of_graphs_says_what_it_knows_of_a_node():
    assert set(CASES) <= set(readers("graph"))
    for name in OTHERS:
        assert "permutation_invariant" in vars(target_class(read_option("model", name))), f"{name}: True or False"


def test_another_order_changes_nothing_where_only_the_class_says_so():
    for name in OTHERS:
        if target_class(read_option("model", name)).permutation_invariant:
            before, after = Two(name, Knows("the class says so")).logits({})
            torch.testing.assert_close(after, before, rtol=0, atol=1e-9)


@pytest.mark.parametrize(("name", "knows"), NAMED)
def test_another_order_of_nodes_and_edges_changes_nothing(name, knows):
    two = Two(name, knows)
    before, after = two.logits(knows.moves)
    if knows.sequence:
        assert not torch.allclose(after, before, atol=1e-3)
    else:
        torch.testing.assert_close(after, before, rtol=0, atol=1e-9)
    if knows.moves:  # they do belong to places: left where they are, the logits change
        before, after = two.logits({})
        assert not torch.allclose(after, before, atol=1e-3)


@pytest.mark.parametrize(("name", "knows"), NAMED)
def test_the_weights_of_the_edges_are_read_or_not(name, knows):
    """Without this a model that never looks at its graph would pass as invariant."""
    two = Two(name, knows)
    other = two.model(two.clips, two.weight.flip(0))
    assert torch.equal(other, two.model(two.clips, two.weight)) != knows.edges


@pytest.mark.parametrize("name", CASES)
def test_the_class_says_whether_it_is_invariant(name):
    """Of the default: no parameter belongs to a place, and no name is read."""
    knows = CASES[name][0]
    invariant = not (knows.moves or knows.sequence or knows.named)
    assert getattr(target_class(read_option("model", name)), "permutation_invariant", False) == invariant
