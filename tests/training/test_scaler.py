"""The scaler."""

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from mmer.training.scaler import Scaler
from mmer.types.errors import InputError
from mmer.types.samples import Samples


def samples(graph, present=None, **streams):
    n, _, nodes, features = graph.shape
    there = np.ones(n, bool) if present is None else present
    return Samples(
        clip_ids=tuple(f"c{i}" for i in range(n)),
        streams={"graph": graph, **streams},
        present={"graph": there} | {name: np.ones(n, bool) for name in streams},
        node_names=tuple(f"n{i}" for i in range(nodes)),
        feature_names=tuple(f"f{i}" for i in range(features)),
    )


@pytest.fixture
def graph():
    return (np.random.default_rng(0).normal(size=(20, 3, 4, 2)) * [1, 50] + [0, 7]).astype(np.float32)


@pytest.mark.parametrize("how", ["feature", "node"])
def test_agrees_with_scikit_learn(graph, how):
    width = 2 if how == "feature" else 8
    expected = StandardScaler().fit_transform(graph.reshape(-1, width).astype(float)).reshape(graph.shape)
    ours = samples(graph)
    scaled = Scaler.fit(ours, ["graph"], how).transform(ours)["graph"]
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled, expected, atol=1e-5)


def test_none_leaves_values_as_they_are(graph):
    ours = samples(graph)
    np.testing.assert_array_equal(Scaler.fit(ours, ["graph"], "none").transform(ours)["graph"], graph)


def test_channels_of_other_streams_are_their_features(graph):
    flow = np.random.default_rng(1).normal(size=(20, 3, 5, 5)).astype(np.float32) * np.arange(1, 4)[:, None, None]
    ours = samples(graph, flow=flow.astype(np.float32))
    scaled = Scaler.fit(ours, ["flow"], "node").transform(ours)
    assert set(scaled) == {"flow"}
    np.testing.assert_allclose(scaled["flow"].std((0, 2, 3)), 1, atol=1e-5)


def test_absent_clips_are_not_data_and_stay_zero(graph):
    present = np.ones(20, bool)
    present[:5] = False
    graph[:5] = 0
    scaler = Scaler.fit(samples(graph, present), ["graph"], "feature")
    alone = Scaler.fit(samples(graph[5:]), ["graph"], "feature")
    np.testing.assert_array_equal(scaler.mean["graph"], alone.mean["graph"])
    assert not scaler.transform(samples(graph, present))["graph"][:5].any()


def test_a_constant_feature_becomes_zero(graph):
    graph[..., 1] = 0.1
    ours = samples(graph)
    assert not Scaler.fit(ours, ["graph"], "feature").transform(ours)["graph"][..., 1].any()


def test_a_stream_that_nobody_has_is_named(graph):
    with pytest.raises(InputError, match="no training clip has the stream 'graph'"):
        Scaler.fit(samples(graph, np.zeros(20, bool)), ["graph"], "feature")
