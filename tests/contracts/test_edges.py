"""Every edge rule: what its edges and weights are, and what they must not depend on."""

from dataclasses import fields, replace

import numpy as np
import pytest

from mmer.stages.build import build, options, read_option, target_class
from mmer.types.errors import InputError
from mmer.types.node_set import NodeSet
from mmer.types.targets import Targets

# Rules that count annotated units. Whoever adds one says so here: all others must not look at the training clips.
FITTED = {"au_probability", "au_regions", "pmi"}
PLACED = ("AU01", "AU02", "AU12", "AU14", "AU25", "AU26")  # what au_regions asks for, whatever the nodes are


@pytest.fixture
def rule(edges_name):
    return build(read_option("edges", edges_name))


@pytest.fixture
def cases(rule):
    """The shipped node sets that the rule takes; of others it says why not."""
    taken = []
    for name in options("nodes"):
        nodes = build(read_option("nodes", name)).node_set()
        try:
            taken.append((nodes, rule.edge_index(nodes)))
        except InputError:
            with pytest.raises(InputError, match=f"^{rule.name}: "):
                rule.edge_index(nodes)
    assert taken, "no shipped node source serves this rule"
    return taken


def targets_for(nodes, classes=(0, 1, 0, 1, 0, 1, 0), seed=2):
    """Seven clips; the fourth is not annotated."""
    units = tuple(sorted({unit for unit in nodes.action_units if unit} | set(PLACED)))
    shows = np.random.default_rng(seed).integers(0, 2, (7, len(units))).astype(np.float32)
    shows[3] = np.nan
    ids = tuple(f"made/s1/{i}" for i in range(7))
    return Targets(ids, ("a", "b"), np.array(classes), units, shows, np.ones(7, np.float32))


def by_name(rule, nodes, targets):
    ends = [tuple(nodes.names[i] for i in edge) for edge in rule.edge_index(nodes).T]
    return dict(zip(ends, rule.fit(nodes, targets).tolist(), strict=True))


def test_file_yaml_and_name_agree(edges_name, rule):
    assert rule.name == edges_name
    assert target_class(read_option("edges", edges_name)).__module__ == f"mmer.graphs.edges.{edges_name}"


def test_the_yaml_holds_every_key_with_its_default(edges_name, rule):
    keys = {field.name for field in fields(rule)} | {"_target_"}
    assert set(read_option("edges", edges_name)) == keys
    assert rule == type(rule)()


def test_edges_follow_the_convention(edges_name, cases):
    for nodes, edges in cases:
        assert edges.dtype == np.int64
        assert edges.shape[0] == 2
        assert edges.shape[1] > 0
        assert edges.min() >= 0
        assert edges.max() < len(nodes.names)
        pairs = list(map(tuple, edges.T.tolist()))
        assert pairs == sorted(set(pairs))
        assert all(a != b for a, b in pairs)
        assert {(b, a) for a, b in pairs} == set(pairs)


def test_weights_fit_the_edges_and_are_finite(edges_name, rule, cases):
    for nodes, edges in cases:
        for seed in range(3):
            weight = rule.fit(nodes, targets_for(nodes, seed=seed))
            assert weight.shape == (edges.shape[1],)
            assert weight.dtype == np.float32
            assert np.isfinite(weight).all()
            assert (weight >= 0).all()
            assert weight.max() > 0


def test_the_same_input_gives_the_same_bytes_and_classes_are_not_read(edges_name, rule, cases):
    for nodes, edges in cases:
        assert edges.tobytes() == rule.edge_index(nodes).tobytes()
        weights = [rule.fit(nodes, targets_for(nodes, classes)) for classes in ([0, 1, 0, 1, 0, 1, 0], [1] * 7)]
        assert weights[0].tobytes() == weights[1].tobytes()


def test_the_order_of_clips_and_clips_without_annotation_change_nothing(edges_name, rule, cases):
    for nodes, _ in cases:
        whole = targets_for(nodes)
        fitted = rule.fit(nodes, whole)
        for rows in ([6, 2, 5, 0, 3, 1, 4], [0, 1, 2, 4, 5, 6]):
            part = whole.subset(tuple(whole.clip_ids[row] for row in rows))
            assert fitted.tobytes() == rule.fit(nodes, part).tobytes()


def test_what_is_fitted_depends_on_the_units_and_nothing_else_does(edges_name, rule, cases):
    for nodes, _ in cases:
        whole = targets_for(nodes)
        other = rule.fit(nodes, replace(whole, action_units=1 - whole.action_units))
        assert (other.tobytes() != rule.fit(nodes, whole).tobytes()) == (edges_name in FITTED)
        if edges_name in FITTED:
            with pytest.raises(InputError, match=f"{edges_name}: none of the 7 training clips has annotated"):
                rule.fit(nodes, replace(whole, action_units=np.full_like(whole.action_units, np.nan)))


def test_nodes_in_another_order_have_the_same_edges_and_weights(edges_name, rule, cases):
    for nodes, _ in cases:
        order = np.random.default_rng(0).permutation(len(nodes.names))
        turned = NodeSet(
            *(tuple(getattr(nodes, key)[i] for i in order) for key in ("names", "landmarks", "action_units"))
        )
        targets = targets_for(nodes)
        assert by_name(rule, turned, targets) == pytest.approx(by_name(rule, nodes, targets), rel=1e-6)


def test_a_weight_has_a_direction_only_where_the_rule_says_so(edges_name, rule, cases):
    """A key ``direction`` transposes; the shares of au_regions differ both ways too."""
    for nodes, _ in cases:
        found = by_name(rule, nodes, targets_for(nodes))
        backwards = {(b, a): weight for (a, b), weight in found.items()}
        if hasattr(rule, "direction"):
            assert found != backwards
            turned = replace(rule, direction={"row": "column", "column": "row"}[rule.direction])
            assert by_name(turned, nodes, targets_for(nodes)) == backwards
        elif edges_name != "au_regions":
            assert found == backwards
