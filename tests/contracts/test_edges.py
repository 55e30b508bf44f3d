"""Every edge rule: edges in range, both directions, no self loops, order, weights that fit them, same output twice."""

import numpy as np
import pytest

from mmer.stages.build import build, options, read_option, target_class
from mmer.types.errors import InputError
from mmer.types.targets import Targets


@pytest.fixture
def rule(edges_name):
    return build(read_option("edges", edges_name))


def cases(rule):
    """The shipped node sets that the rule takes: all, but some want action units and some no mixture."""
    taken = []
    for name in options("nodes"):
        nodes = build(read_option("nodes", name)).node_set()
        units = [unit for unit in nodes.action_units if unit]
        if rule.name == "au_probability" and not units:
            with pytest.raises(InputError, match=r"au_probability: nodes .* are not action units"):
                rule.edge_index(nodes)
        elif rule.name == "anatomical" and 0 < len(units) < len(nodes.names):
            with pytest.raises(InputError, match="not a mixture"):
                rule.edge_index(nodes)
        else:
            taken.append((nodes, rule.edge_index(nodes)))
    assert taken
    return taken


def targets_for(nodes, classes=(0, 1, 0, 1, 0)):
    units = tuple(sorted({unit for unit in nodes.action_units if unit})) or ("AU04",)
    shows = np.random.default_rng(2).integers(0, 2, (5, len(units))).astype(np.float32)
    shows[3] = np.nan
    return Targets(
        tuple(f"made/s1/{i}" for i in range(5)), ("a", "b"), np.array(classes), units, shows, np.ones(5, np.float32)
    )


def test_file_yaml_and_name_agree(edges_name, rule):
    assert rule.name == edges_name
    assert target_class(read_option("edges", edges_name)).__module__ == f"mmer.graphs.edges.{edges_name}"


def test_edges_follow_the_convention(edges_name, rule):
    for nodes, edges in cases(rule):
        assert edges.dtype == np.int64
        assert edges.shape[0] == 2
        assert edges.shape[1] > 0
        assert edges.min() >= 0
        assert edges.max() < len(nodes.names)
        pairs = list(map(tuple, edges.T.tolist()))
        assert pairs == sorted(set(pairs))
        assert all(a != b for a, b in pairs)
        assert {(b, a) for a, b in pairs} == set(pairs)


def test_weights_fit_the_edges_and_are_finite(edges_name, rule):
    for nodes, edges in cases(rule):
        weight = rule.fit(nodes, targets_for(nodes))
        assert weight.shape == (edges.shape[1],)
        assert weight.dtype == np.float32
        assert np.isfinite(weight).all()
        assert (weight >= 0).all()


def test_the_same_input_gives_the_same_bytes_and_classes_are_not_read(edges_name, rule):
    for nodes, edges in cases(rule):
        assert edges.tobytes() == rule.edge_index(nodes).tobytes()
        weights = [rule.fit(nodes, targets_for(nodes, classes)) for classes in ((0, 1, 0, 1, 0), (1, 1, 1, 0, 0))]
        assert weights[0].tobytes() == weights[1].tobytes()
