from dataclasses import replace

import numpy as np
import pytest

from mmer.types.errors import InputError
from mmer.types.node_set import NodeSet
from mmer.types.samples import Samples

NODES, FEATURES = ("lm1", "lm2", "lm3"), ("dx", "dy")
EDGES = np.array([[0, 1, 1, 2], [1, 0, 2, 1]])


def samples(ids=("c/a", "c/b"), t=4, **more):
    rng = np.random.default_rng(sum(map(ord, "".join(ids))))
    n = len(ids)
    fields = {
        "streams": {
            "graph": rng.normal(size=(n, t, 3, 2)).astype(np.float32),
            "flow": rng.normal(size=(n, 2, 5, 5)).astype(np.float32),
        },
        "present": {"graph": np.ones(n, bool), "flow": np.ones(n, bool)},
        "node_names": NODES,
        "feature_names": FEATURES,
        "edge_index": EDGES,
        "positions": rng.normal(size=(n, 3, 2)).astype(np.float32),
        "excluded": {"c/z": "too few faces"},
        "about": {"backend": "made", "au_scale": "none"},
    }
    return Samples(clip_ids=tuple(ids), **{**fields, **more})


def same(a, b):
    names = ("clip_ids", "node_names", "feature_names", "excluded", "about")
    return (
        all(getattr(a, name) == getattr(b, name) for name in names)
        and np.array_equal(a.edge_index, b.edge_index)
        and np.array_equal(a.positions, b.positions, equal_nan=True)
        and all(np.array_equal(a.streams[name], b.streams[name]) for name in (*a.streams, *b.streams))
        and all(np.array_equal(a.present[name], b.present[name]) for name in (*a.present, *b.present))
        and set(a.siblings) == set(b.siblings)
        and all(np.array_equal(a.siblings[name], b.siblings[name]) for name in a.siblings)
    )


def test_what_is_saved_is_loaded_and_the_bytes_are_the_same_each_time(tmp_path):
    samples().save(tmp_path / "one.npz")
    samples().save(tmp_path / "two.npz")
    assert same(Samples.load(tmp_path / "one.npz"), samples())
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def with_siblings(ids=("c/a", "c/b"), m=3, **more):
    """Siblings that say whose they are: sibling m of a clip is the clip plus m + 1."""
    plain = samples(ids, **more)
    steps = np.arange(1, m + 1, dtype=np.float32)
    siblings = {
        name: values[:, None] + steps.reshape(1, m, *[1] * (values.ndim - 1)) for name, values in plain.streams.items()
    }
    return replace(plain, siblings=siblings)


def test_siblings_stay_with_their_clip(tmp_path):
    whole = Samples.concatenate([with_siblings(("c/b", "c/d")), with_siblings(("b/x", "c/c"))])
    whole.save(tmp_path / "a.npz")
    part = Samples.load(tmp_path / "a.npz").subset(["c/d", "b/x"])
    for name, values in part.siblings.items():
        assert values.shape == (2, 3, *part.streams[name].shape[1:])
        for m in range(3):
            np.testing.assert_allclose(values[:, m], part.streams[name] + (m + 1), atol=1e-6)
    assert part.sizes(3).streams == samples().sizes(3).streams


def test_without_siblings_the_file_says_nothing_of_them(tmp_path):
    samples().save(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as file:
        assert not [name for name in file.files if "sibling" in name]
    assert Samples.load(tmp_path / "a.npz").siblings == {}


def test_corpora_of_other_siblings_are_not_mixed():
    for other in (with_siblings(("d/a",), m=2), samples(("d/a",))):
        with pytest.raises(InputError, match="the same `neighbours`"):
            Samples.concatenate([with_siblings(), other])


@pytest.mark.parametrize(
    ("siblings", "words"),
    [
        ({"sound": np.zeros((2, 1, 4), np.float32)}, "'sound' that is not there"),
        ({"flow": np.zeros((2, 5, 5), np.float32)}, "siblings of 'flow' must have shape"),
        ({"flow": np.zeros((2, 0, 2, 5, 5), np.float32)}, "siblings of 'flow' must have shape"),
        ({"flow": np.full((2, 1, 2, 5, 5), np.nan, np.float32)}, "'flow' are not finite: c/a, c/b"),
        (
            {"flow": np.zeros((2, 1, 2, 5, 5), np.float32), "graph": np.zeros((2, 2, 4, 3, 2), np.float32)},
            "differ in their number of siblings",
        ),
    ],
)
def test_siblings_that_do_not_fit_are_refused(siblings, words):
    with pytest.raises(InputError, match=words):
        samples(siblings=siblings)


def test_a_subset_has_the_asked_order():
    whole = samples(("c/a", "c/b", "c/d"))
    part = whole.subset(["c/d", "c/a"])
    assert part.clip_ids == ("c/d", "c/a")
    assert np.array_equal(part.streams["graph"], whole.streams["graph"][[2, 0]])
    assert np.array_equal(part.positions, whole.positions[[2, 0]])
    with pytest.raises(InputError, match="no sample of c/x"):
        whole.subset(["c/x"])


def test_corpora_are_put_together_by_clip_id():
    one, two = samples(("c/b", "c/d")), samples(("b/x", "c/c"))
    whole = Samples.concatenate([one, two])
    assert whole.clip_ids == ("b/x", "c/b", "c/c", "c/d")
    assert np.array_equal(whole.streams["graph"][1], one.streams["graph"][0])
    assert np.array_equal(whole.positions[0], two.positions[0])
    assert same(whole, Samples.concatenate([two, one]))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"about": {"backend": "other", "au_scale": "none"}}, "about is .*use one face backend"),
        ({"edge_index": EDGES[:, :2]}, "edges differ"),
        ({"t": 5}, "stream 'graph' has shape"),
        ({"feature_names": ("dx", "dz")}, "feature_names"),
    ],
)
def test_corpora_that_differ_are_not_mixed(change, words):
    with pytest.raises(InputError, match=words):
        Samples.concatenate([samples(), samples(("d/a",), **change)])


def test_to_data_is_the_arrays_of_one_clip_and_no_label():
    whole = samples()
    data = whole.to_data("c/b")
    x = whole.streams["graph"][1]
    assert tuple(data.x.shape) == (3, 8)
    for node in range(3):
        for moment in range(4):
            for feature in range(2):
                assert data.x[node, moment * 2 + feature] == x[moment, node, feature]
    assert np.array_equal(data.edge_index.numpy(), EDGES)
    assert np.array_equal(data.pos.numpy(), whole.positions[1])
    assert data.clip_id == "c/b"
    assert data.node_names == list(NODES)
    assert data.y is None
    assert data.is_undirected()
    assert data.validate()
    data.x += 1  # a copy: the samples stay as they are
    assert np.array_equal(whole.streams["graph"][1], x)


def test_to_data_batches_with_torch_geometric():
    from torch_geometric.data import Batch

    whole = samples()
    batch = Batch.from_data_list([whole.to_data(name) for name in whole.clip_ids])
    assert batch.num_nodes == 6
    assert batch.edge_index[:, 4:].tolist() == (EDGES + 3).tolist()


def test_to_data_of_a_clip_without_a_graph_is_refused():
    absent = samples(present={"graph": np.array([True, False]), "flow": np.ones(2, bool)})
    with pytest.raises(InputError, match="clip c/b has no graph"):
        absent.to_data("c/b")
    with pytest.raises(InputError, match="no sample of c/x"):
        absent.to_data("c/x")


def test_sizes_tell_a_model_its_input():
    sizes = samples().sizes(5)
    assert sizes.n_classes == 5
    assert sizes.streams == {"graph": (4, 3, 2), "flow": (2, 5, 5)}
    assert sizes.node_names == NODES


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ids": ("c/a", "c/a")}, "named twice"),
        ({"edge_index": np.array([[0], [3]])}, r"outside 0\.\.2"),
        ({"edge_index": np.zeros((3, 2), np.int64)}, r"shape \(2, E\)"),
        ({"present": {"graph": np.ones(2, bool)}}, "presence"),
        ({"feature_names": ("dx",)}, "F = 1"),
        (
            {"streams": {"graph": np.full((2, 4, 3, 2), np.nan, np.float32), "flow": np.zeros((2, 1, 1, 1))}},
            "'graph' is not finite for c/a, c/b",
        ),
    ],
)
def test_samples_that_do_not_fit_are_refused(change, words):
    with pytest.raises(InputError, match=words):
        samples(**change)


def test_a_node_set_checks_itself():
    with pytest.raises(InputError, match="twice"):
        NodeSet(("lm1", "lm1"), ((1,), (2,)), (None, None))
    with pytest.raises(InputError, match="differ in length"):
        NodeSet(("lm1", "lm2"), ((1,),), (None, None))
