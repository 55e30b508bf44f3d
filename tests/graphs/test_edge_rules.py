import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.neighbors import NearestNeighbors

from mmer.graphs.edges.anatomical import Anatomical
from mmer.graphs.edges.au_probability import AuProbability
from mmer.graphs.edges.complete import Complete
from mmer.graphs.edges.nearest import Nearest
from mmer.graphs.nodes.action_units import ActionUnits
from mmer.graphs.nodes.eyebrow_mouth import EyebrowMouth
from mmer.graphs.nodes.landmarks import Landmarks
from mmer.types.canonical_face import MIRROR, TEMPLATE
from mmer.types.errors import InputError
from mmer.types.node_set import NodeSet
from mmer.types.targets import Targets

LANDMARKS = Landmarks().node_set()
UNITS = ActionUnits(action_units=("AU01", "AU02", "AU04")).node_set()


def named(rule, nodes):
    return {(nodes.names[a], nodes.names[b]) for a, b in rule.edge_index(nodes).T}


def targets_of(rows, au_names=("AU01", "AU02", "AU04")):
    rows = np.array(rows, np.float32).reshape(-1, len(au_names))
    ids = tuple(f"made/s/{i}" for i in range(len(rows)))
    return Targets(ids, ("a",), np.zeros(len(rows), np.int64), au_names, rows, np.ones(len(rows), np.float32))


def parts(edges, n):
    return connected_components(coo_array((np.ones(edges.shape[1]), edges), shape=(n, n)))[0]


# anatomical, nearest, complete ----------------------------------------------------------------------------------------


def test_the_anatomical_graph_of_all_landmarks_follows_the_face():
    edges = named(Anatomical(), LANDMARKS)
    for a, b in [(0, 1), (21, 20), (36, 41), (48, 59), (60, 67), (17, 26), (19, 37), (24, 44), (33, 51), (45, 26)]:
        assert (f"lm{a}", f"lm{b}") in edges, (a, b)
    for a, b in [(16, 17), (41, 42), (26, 27), (59, 60), (0, 30)]:
        assert (f"lm{a}", f"lm{b}") not in edges, (a, b)
    assert parts(Anatomical().edge_index(LANDMARKS), 68) == 1


def test_the_anatomical_graph_is_the_same_on_both_sides():
    edges = {(int(a), int(b)) for a, b in Anatomical().edge_index(LANDMARKS).T}
    assert {(MIRROR[a], MIRROR[b]) for a, b in edges} == edges


def test_landmarks_that_are_no_nodes_leave_their_edges_out():
    nodes = EyebrowMouth().node_set()
    whole = named(Anatomical(), LANDMARKS)
    assert named(Anatomical(), nodes) == {(a, b) for a, b in whole if {a, b} <= set(nodes.names)}
    assert parts(Anatomical().edge_index(nodes), 30) == 2
    assert parts(Anatomical(symmetric_pairs=False).edge_index(nodes), 30) == 2


def test_action_units_of_one_region_are_joined():
    nodes = ActionUnits().node_set()
    edges = named(Anatomical(), nodes)
    assert {("AU01", "AU02"), ("AU04", "AU07"), ("AU12", "AU15"), ("AU15", "AU17")} <= edges
    assert ("AU01", "AU12") not in edges
    assert parts(Anatomical().edge_index(nodes), 12) == 1


def test_a_mixture_of_landmarks_and_units_is_refused():
    with pytest.raises(InputError, match="not a mixture"):
        Anatomical().edge_index(NodeSet(("lm3", "AU04"), ((3,), (19, 20)), (None, "AU04")))


def test_nearest_holds_the_neighbours_that_scikit_learn_finds():
    edges = {(int(a), int(b)) for a, b in Nearest(k=3).edge_index(LANDMARKS).T}
    # Distances tie on a symmetric face; a tiny shift makes scikit-learn choose, and each of its choices must be there.
    shaken = TEMPLATE + np.random.default_rng(0).normal(0, 1e-7, TEMPLATE.shape)
    found = NearestNeighbors(n_neighbors=4).fit(shaken).kneighbors(shaken, return_distance=False)
    for a, neighbours in enumerate(found):
        for b in neighbours[1:]:
            assert (a, int(b)) in edges
    assert {(MIRROR[a], MIRROR[b]) for a, b in edges} == edges
    assert np.bincount([a for a, _ in edges], minlength=68).min() >= 3


def test_nearest_needs_more_nodes_than_neighbours():
    with pytest.raises(InputError, match="k 3 needs more than 3 nodes, there are 3"):
        Nearest(k=3).edge_index(UNITS)
    with pytest.raises(InputError, match="at least 1"):
        Nearest(k=0)


def test_complete_has_every_ordered_pair_once():
    assert Complete().edge_index(UNITS).T.tolist() == [[0, 1], [0, 2], [1, 0], [1, 2], [2, 0], [2, 1]]


# AU conditional probability -------------------------------------------------------------------------------------------

ROWS = [[1, 1, 0], [1, 0, 0], [1, 1, 0], [0, 0, 1], [np.nan] * 3]  # 4 annotated clips: N = 3, 2, 1; M12 = 2


def weights(rule, targets):
    return dict(zip(map(tuple, rule.edge_index(UNITS).T.tolist()), rule.fit(UNITS, targets).tolist(), strict=True))


def test_without_smoothing_it_is_the_counted_frequency():
    found = weights(AuProbability(kappa=0.0), targets_of(ROWS))
    assert found == pytest.approx({(0, 1): 2 / 3, (1, 0): 1.0, (0, 2): 0, (2, 0): 0, (1, 2): 0, (2, 1): 0})


def test_smoothing_pulls_towards_the_share_of_the_other_unit():
    found = weights(AuProbability(kappa=2.0), targets_of(ROWS))
    assert found[0, 1] == pytest.approx((2 + 2 * 2 / 4) / (3 + 2))
    assert found[2, 0] == pytest.approx((0 + 2 * 3 / 4) / (1 + 2))
    far = weights(AuProbability(kappa=1e9), targets_of(ROWS))
    assert far[2, 0] == pytest.approx(3 / 4, abs=1e-6)


def test_column_is_the_transpose_of_row():
    row, column = (weights(AuProbability(direction=name), targets_of(ROWS)) for name in ("row", "column"))
    assert {(b, a): weight for (a, b), weight in row.items()} == column
    assert row != column


def test_a_threshold_sets_small_weights_to_zero_and_keeps_the_edges():
    found = weights(AuProbability(kappa=0.0, threshold=0.7), targets_of(ROWS))
    assert found[1, 0] == 1
    assert found[0, 1] == 0
    assert len(found) == 6


def test_clips_without_annotation_and_the_order_of_clips_change_nothing():
    fitted = AuProbability().fit(UNITS, targets_of(ROWS))
    assert np.array_equal(fitted, AuProbability().fit(UNITS, targets_of(ROWS[:4])))
    assert np.array_equal(fitted, AuProbability().fit(UNITS, targets_of(ROWS[::-1])))


def test_units_are_found_by_name_and_extra_ones_do_not_matter():
    swapped = [[row[2], 1, row[0], row[1]] for row in ROWS[:4]]
    names = ("AU04", "AU12", "AU01", "AU02")
    assert np.array_equal(
        AuProbability().fit(UNITS, targets_of(swapped, names)), AuProbability().fit(UNITS, targets_of(ROWS))
    )


def test_a_unit_that_no_clip_shows_says_nothing():
    found = weights(AuProbability(kappa=0.0), targets_of([[1, 0, 0], [1, 1, 0]]))
    assert found[2, 0] == 0
    assert np.isfinite(list(found.values())).all()


def test_what_it_cannot_be_fitted_on_is_refused():
    with pytest.raises(InputError, match="none of the 2 training clips has annotated action units"):
        AuProbability().fit(UNITS, targets_of([[np.nan] * 3] * 2))
    with pytest.raises(InputError, match="AU04 is annotated in no clip"):
        AuProbability().fit(UNITS, targets_of([[1, 0]], ("AU01", "AU02")))
    with pytest.raises(InputError, match=r"lm0, lm1.*are not action units"):
        AuProbability().edge_index(LANDMARKS)
    for fields, words in (
        ({"kappa": -1.0}, "kappa"),
        ({"direction": "rows"}, "did you mean 'row'"),
        ({"threshold": 2.0}, "probability"),
    ):
        with pytest.raises(InputError, match=words):
            AuProbability(**fields)
