"""Edge rules that count, or know, which action units come together: known answers."""

import numpy as np
import pytest

from mmer.graphs.edges.au_probability import AuProbability
from mmer.graphs.edges.au_regions import AuRegions
from mmer.graphs.edges.complete import Complete
from mmer.graphs.edges.facs_prior import FacsPrior
from mmer.graphs.edges.learned import Learned
from mmer.graphs.edges.pmi import Pmi
from mmer.graphs.edges.temporal import Temporal
from mmer.graphs.nodes.action_units import ActionUnits
from mmer.graphs.nodes.landmarks import Landmarks
from mmer.stages.build import build, read_option
from mmer.types.errors import InputError
from mmer.types.node_set import NodeSet
from mmer.types.targets import Targets

NAN = float("nan")
UNITS = ActionUnits(action_units=("AU01", "AU02", "AU04")).node_set()
LANDMARKS = Landmarks().node_set()
ROIS = build(read_option("nodes", "auw_rois")).node_set()
ROWS = [[1, 1, 0], [1, 0, 0], [1, 1, 0], [0, 0, 1], [NAN] * 3]  # 4 annotated clips: N = 3, 2, 1; M12 = 2


def targets_of(rows, au_names=("AU01", "AU02", "AU04")):
    rows = np.array(rows, np.float32).reshape(-1, len(au_names))
    ids = tuple(f"made/s/{i}" for i in range(len(rows)))
    return Targets(ids, ("a",), np.zeros(len(rows), np.int64), au_names, rows, np.ones(len(rows), np.float32))


def weights(rule, nodes=UNITS, targets=None):
    targets = targets_of(ROWS) if targets is None else targets
    ends = [tuple(nodes.names[i] for i in edge) for edge in rule.edge_index(nodes).T]
    return dict(zip(ends, rule.fit(nodes, targets).tolist(), strict=True))


# au_probability: the recipe of ML-GCN ---------------------------------------------------------------------------------


def test_what_reaches_the_threshold_becomes_one():
    found = weights(AuProbability(kappa=0.0, threshold=0.6, binarise=True))
    assert {pair for pair, weight in found.items() if weight} == {("AU01", "AU02"), ("AU02", "AU01")}
    assert set(found.values()) == {0.0, 1.0}


def dense(rule, targets, nodes=UNITS):
    matrix = np.zeros((len(nodes.names),) * 2)
    matrix[tuple(rule.edge_index(nodes))] = rule.fit(nodes, targets)
    return matrix


# 4 clips; P(j | i) without its diagonal: [[., 2/3, 1/3], [1, ., 1/2], [1/2, 1/2, .]]
MORE = targets_of([[1, 1, 0], [1, 0, 0], [1, 1, 1], [0, 0, 1]])


@pytest.mark.parametrize(("over", "axis"), [("row", 1), ("column", 0)])
def test_reweighting_is_the_formula_of_ml_gcn(over, axis):
    ones = dense(AuProbability(kappa=0.0, threshold=0.5, binarise=True), MORE)
    assert ones.tolist() == [[0, 1, 0], [1, 0, 1], [1, 1, 0]]
    expected = 0.25 * ones / (ones.sum(axis, keepdims=True) + 1e-6)
    found = dense(AuProbability(kappa=0.0, threshold=0.5, binarise=True, reweight=0.25, reweight_over=over), MORE)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert found.sum(axis) == pytest.approx([0.25] * 3, rel=1e-5)


def test_reweighting_is_done_before_the_direction_is_chosen():
    row, column = (dense(AuProbability(reweight=0.25, direction=name), MORE) for name in ("row", "column"))
    assert np.array_equal(row, column.T)
    assert row.sum(1) == pytest.approx([0.25] * 3, rel=1e-5)


def test_a_unit_joined_to_nobody_keeps_finite_weights():
    found = dense(AuProbability(kappa=0.0, threshold=0.9, binarise=True, reweight=0.25), targets_of(ROWS))
    assert found[2].tolist() == [0, 0, 0]


def test_units_beside_landmarks_are_joined_among_themselves():
    mixed = NodeSet(("lm17", *UNITS.names, "lm48"), ((17,), *UNITS.landmarks, (48,)), (None, *UNITS.action_units, None))
    for rule in (AuProbability(), Pmi(), FacsPrior()):
        assert weights(rule, mixed) == weights(rule)


def test_nonsense_is_refused():
    for make, words in (
        (lambda: AuProbability(binarise=True), "binarise with threshold 0"),
        (lambda: AuProbability(reweight=0.0), "reweight must be above 0"),
        (lambda: AuProbability(reweight_over="rows"), "reweight_over 'rows'; did you mean 'row'"),
        (lambda: Pmi(kappa=-1.0), "kappa"),
        (lambda: AuRegions(kappa=NAN), "kappa"),
        (lambda: AuRegions(places="fac"), "did you mean 'facs'"),
        (lambda: FacsPrior(table="variant"), "did you mean 'variants'"),
        (lambda: Temporal(within="near"), "did you mean 'nearest'"),
        (lambda: Temporal(within="nearest", k=0), "temporal: k"),
        (lambda: Pmi().edge_index(ActionUnits(action_units=("AU04",)).node_set()), "only one action unit"),
        (lambda: AuRegions().edge_index(UNITS), r"au_regions: nodes AU01, AU02, AU04 are not where"),
        (lambda: FacsPrior().edge_index(ActionUnits(action_units=("AU17", "AU24")).node_set()), "no emotion"),
    ):
        with pytest.raises(InputError, match=words):
            make()


# pmi ------------------------------------------------------------------------------------------------------------------


def test_pmi_is_the_logarithm_of_together_over_by_chance():
    found = weights(Pmi(kappa=0.0, normalised=False))
    assert found["AU01", "AU02"] == pytest.approx(np.log((2 / 4) / (3 / 4 * 2 / 4)))
    assert found["AU02", "AU01"] == found["AU01", "AU02"]
    assert found["AU01", "AU04"] == found["AU04", "AU02"] == 0  # never together
    smooth = weights(Pmi(kappa=2.0, normalised=False))
    chance = 3 / 4 * 2 / 4
    assert smooth["AU01", "AU02"] == pytest.approx(np.log((2 + 2 * chance) / (4 + 2) / chance))


def test_units_that_are_independent_have_no_pmi_and_smoothing_adds_none():
    rows = [[1, 1, 0]] * 2 + [[1, 0, 0]] * 2 + [[0, 1, 1]] * 2 + [[0, 0, 0]] * 2  # AU01 and AU02 independent
    for kappa in (0.0, 3.0):
        assert weights(Pmi(kappa=kappa), targets=targets_of(rows))["AU01", "AU02"] == pytest.approx(0, abs=1e-7)


def test_normalised_pmi_is_one_where_two_units_only_come_together():
    together = targets_of([[1, 1, 0], [1, 1, 1], [0, 0, 1]])
    found = weights(Pmi(kappa=0.0), targets=together)
    assert found["AU01", "AU02"] == pytest.approx(1)
    assert 0 <= found["AU01", "AU04"] < 1
    rare = targets_of([[1, 1, 0], *[[0, 0, 1]] * 9])
    assert weights(Pmi(kappa=0.0), targets=rare)["AU01", "AU02"] == pytest.approx(1)
    assert weights(Pmi(kappa=2.0), targets=rare)["AU01", "AU02"] < 0.9


def test_units_in_every_clip_or_in_none_say_nothing():
    found = weights(Pmi(kappa=0.0), targets=targets_of([[1, 1, 0], [1, 1, 0]]))
    assert set(found.values()) == {0.0}


# facs_prior -----------------------------------------------------------------------------------------------------------

TWELVE = ActionUnits().node_set()


def test_units_are_joined_as_emotions_share_them():
    found = weights(FacsPrior(table="prototypes"), TWELVE)
    assert found["AU01", "AU02"] == pytest.approx(2 / 3)  # surprise, fear; sadness has AU1 alone
    assert found["AU06", "AU12"] == pytest.approx(1 / 2)  # happiness; contempt has AU12 alone
    assert found["AU04", "AU07"] == pytest.approx(2 / 3)  # fear, anger; sadness has AU4 alone
    assert ("AU06", "AU04") not in found
    assert ("AU10", "AU15") not in found
    variants = weights(FacsPrior(), TWELVE)
    assert variants["AU10", "AU15"] == pytest.approx(
        (2 / 4) / (1 + 1)
    )  # half of disgust; sadness and disgust have AU15
    assert variants["AU06", "AU12"] == found["AU06", "AU12"]


def test_it_needs_no_annotation():
    none = targets_of(np.full((2, 3), NAN))
    assert weights(FacsPrior(), TWELVE, none) == weights(FacsPrior(), TWELVE)


# au_regions -----------------------------------------------------------------------------------------------------------

NAMES = ("AU01", "AU02", "AU12", "AU14", "AU25", "AU26")


def counted(rows, places):
    """Count as the loops of the paper would, one clip and one pair of units at a time: (12, 12)."""
    outer, inner, corners, lips = (0, 1, 4, 5), (2, 3), (8, 10), (9, 11)
    regions = [outer, inner] if places == "auw_gcn" else [inner, outer]
    at = dict(zip(range(6), [*regions, corners, corners, lips, lips], strict=True))
    matrix = np.zeros((12, 12))
    for row in rows:
        shown = [unit for unit in range(6) if row[unit] == 1]
        for a, b in [(a, b) for a in shown for b in shown if a < b]:
            for i in at[a]:
                for j in at[b]:
                    matrix[i, j] += 1
                    matrix[j, i] += 1
        if len(shown) == 1:
            for i in at[shown[0]]:
                matrix[i, i] += 1
    return matrix


@pytest.mark.parametrize("places", ["facs", "auw_gcn"])
def test_regions_are_joined_by_the_share_of_counted_pairs(places):
    rows = np.random.default_rng(3).random((20, 6)) < 0.3
    count = counted(rows, places)
    for kappa in (0.0, 2.0):
        found = dense(AuRegions(places=places, kappa=kappa), targets_of(rows, NAMES), ROIS)
        share = count / np.maximum(count.sum(1, keepdims=True) + kappa, 1e-9)
        np.fill_diagonal(share, 0)
        np.testing.assert_allclose(found.T, share, atol=1e-6)  # from s to t: what t, the row, takes of s
        assert (found.sum(0) <= 1 + 1e-6).all()


def test_the_nose_is_no_place_of_a_unit():
    names = {name for pair in weights(AuRegions(), ROIS, targets_of([[1] * 6], NAMES)) for name in pair}
    assert names == set(ROIS.names) - {"lm28", "lm30"}
    assert AuRegions().edge_index(LANDMARKS).shape == (2, 90)


# learned, temporal ----------------------------------------------------------------------------------------------------


def test_learned_starts_from_every_pair():
    assert np.array_equal(Learned().edge_index(TWELVE), Complete().edge_index(TWELVE))
    assert set(Learned().fit(TWELVE, targets_of(ROWS)).tolist()) == {1.0}


@pytest.mark.parametrize("within", ["anatomical", "nearest", "complete"])
def test_temporal_has_the_edges_of_a_moment(within):
    same = build(read_option("edges", within))
    assert np.array_equal(Temporal(within=within).edge_index(LANDMARKS), same.edge_index(LANDMARKS))
