"""The graph over space and time."""

import numpy as np
import pytest
import torch
from torch.func import functional_call, stack_module_state, vmap
from torch_geometric.nn import GCNConv

from mmer.models.folded import dense_adjacency
from mmer.models.temporal_edges import TemporalEdges
from mmer.types.errors import InputError

PAIR = np.array([[0, 1], [1, 0]])  # nodes 0 and 1 are joined, node 2 is alone
WEIGHT = torch.tensor([0.3, 0.7], dtype=torch.float64)


def edges(frames, weight=WEIGHT, **values):
    made = TemporalEdges(PAIR, 3, frames, **values)
    names = made.names(("a", "b", "c"))
    ends = [(names[s], names[t]) for s, t in made.edge_index.T.tolist()]
    assert ends
    assert len(set(ends)) == len(ends)
    assert made.edge_index.T.tolist() == sorted(made.edge_index.T.tolist())
    return dict(zip(ends, made.weight(weight).tolist(), strict=True))


def test_one_moment_is_the_graph_itself():
    assert edges(1) == {("a@0", "b@0"): 0.3, ("b@0", "a@0"): 0.7}


def test_a_node_is_joined_to_itself_at_the_next_moment_both_ways():
    within = {(f"a@{t}", f"b@{t}"): 0.3 for t in range(3)} | {(f"b@{t}", f"a@{t}"): 0.7 for t in range(3)}
    steps = {(f"{n}@{t}", f"{n}@{u}"): 1.0 for n in "abc" for t, u in ((0, 1), (1, 0), (1, 2), (2, 1))}
    assert edges(3) == within | steps


def test_reach_joins_onset_and_offset():
    added = set(edges(3, reach=2)) - set(edges(3))
    assert added == {(f"{n}@{t}", f"{n}@{2 - t}") for n in "abc" for t in (0, 2)}


def test_neighbours_reach_over_moments_with_their_weights():
    found = edges(2, neighbours=True)
    added = {pair: found[pair] for pair in set(found) - set(edges(2))}
    assert added == {("a@0", "b@1"): 0.3, ("b@0", "a@1"): 0.7, ("a@1", "b@0"): 0.3, ("b@1", "a@0"): 0.7}


def test_a_layer_of_torch_geometric_carries_a_change_through_time():
    """Node c has no neighbour in space: after one layer its change at moment 0 is at moments 0 and 1."""
    made, layer = TemporalEdges(PAIR, 3, 3), GCNConv(2, 4).double()
    x = torch.randn(9, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    other = x.clone()
    other[2] += 1
    weight = made.weight(WEIGHT)
    change = (layer(other, made.edge_index, weight) - layer(x, made.edge_index, weight)).abs().sum(1)
    assert [made.names(("a", "b", "c"))[i] for i in range(9) if change[i] > 0] == ["c@0", "c@1"]


class Network(torch.nn.Module):
    """What a model does with them, densely or by a layer that adds no self loops of its own."""

    def __init__(self, dense):
        super().__init__()
        self.dense, self.edges, self.layer = dense, TemporalEdges(PAIR, 3, 3), GCNConv(2, 4, add_self_loops=False)

    def forward(self, x, weight):
        weight = self.edges.weight(weight)
        if self.dense:
            return dense_adjacency(self.edges.place, weight, 9) @ self.layer.lin(x) + self.layer.bias
        return self.layer(x, self.edges.edge_index, weight)


@pytest.mark.parametrize("dense", [True, False])
def test_folds_in_a_stack_are_folds_alone(dense):
    networks = [Network(dense).double() for _ in range(2)]
    x = torch.randn(2, 9, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    folds = torch.stack([WEIGHT, 2 * WEIGHT])
    state = stack_module_state(networks)
    together = vmap(lambda *own: functional_call(networks[0], own[:2], own[2:]))(*state, x, folds)
    alone = torch.stack([network(*one) for network, *one in zip(networks, x, folds, strict=True)])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-12)


def test_dense_and_sparse_are_the_same():
    made, layer = TemporalEdges(PAIR, 3, 3, neighbours=True), GCNConv(2, 4).double()
    x = torch.randn(9, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    weight = made.weight(WEIGHT)
    dense = dense_adjacency(made.place, weight, 9) @ layer.lin(x) + layer.bias
    torch.testing.assert_close(dense, layer(x, made.edge_index, weight), rtol=0, atol=1e-12)


def test_nonsense_is_refused():
    for values, words in (({"frames": 0}, "frames"), ({"reach": 0}, "reach"), ({"neighbours": 1}, "true or false")):
        with pytest.raises(InputError, match=words):
            TemporalEdges(PAIR, 3, **{"frames": 2} | values)
