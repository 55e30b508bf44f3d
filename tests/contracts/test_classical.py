"""What every classical model of conf/model/ keeps, whoever wrote it."""

import pickle
from dataclasses import fields

import numpy as np
import pytest

from mmer.stages.build import build, read_option, target_class
from mmer.stages.recipe import split_model
from mmer.training.recipe import Recipe
from mmer.types.errors import InputError
from mmer.types.samples import Sizes

CLASSES = 3
NO_EDGES = np.zeros((2, 0), np.int64)


def sizes(shape=(3, 16, 16), n_classes=CLASSES):
    return Sizes(n_classes, {"flow": shape}, (), NO_EDGES)


def make(name, *shape):
    return build(split_model(read_option("model", name))[0], sizes(*shape))


def clips(n=24, seed=0, signal=1.0, shape=(3, 16, 16)):
    """Flow of n clips in which every class moves another part of the face."""
    rng = np.random.default_rng(seed)
    classes = np.arange(n) % CLASSES
    flow = rng.normal(size=(n, *shape))
    for row, name in enumerate(classes):
        flow[row, 0, 4 * name : 4 * name + 4] += signal
    return {"flow": flow.astype(np.float32)}, classes


@pytest.fixture
def fitted(classical_name):
    streams, classes = clips()
    model = make(classical_name)
    model.fit(streams, classes, np.ones(len(classes), np.float32), 0)
    return model


def test_class_yaml_and_recipe_agree(classical_name):
    node = read_option("model", classical_name)
    cls = target_class(node)
    assert cls.classical is True
    assert set(cls.streams) <= {"graph", "flow"}
    assert not (set(node) & {field.name for field in fields(Recipe)}) - {"standardise"}


def test_probabilities_are_probabilities(fitted):
    p = fitted.probabilities(clips(11, 1)[0])
    assert (p.shape, p.dtype) == ((11, CLASSES), np.float64)
    assert (p >= 0).all()
    np.testing.assert_allclose(p.sum(1), 1, rtol=0, atol=1e-12)


def test_it_learns_what_is_there_to_learn(fitted):
    streams, classes = clips(60, 1)
    assert (fitted.probabilities(streams).argmax(1) == classes).mean() > 0.9


def test_a_clip_does_not_depend_on_its_neighbours(fitted):
    streams, _ = clips(8, 1)
    together = fitted.probabilities(streams)
    alone = np.concatenate([fitted.probabilities({"flow": one[None]}) for one in streams["flow"]])
    np.testing.assert_allclose(alone, together, rtol=0, atol=1e-12)


def test_same_clips_same_state_and_nothing_is_left_from_before(classical_name, fitted):
    streams, classes = clips()
    again = make(classical_name)
    again.fit(clips(24, 5)[0], classes[::-1], np.ones(24), 1)
    again.fit(streams, classes, np.ones(24, np.float32), 0)
    first, second = fitted.state(), again.state()
    assert first.keys() == second.keys()
    for name, values in first.items():
        np.testing.assert_array_equal(second[name], values, err_msg=name)


def test_the_state_says_when_something_else_was_fitted(classical_name, fitted):
    streams, classes = clips()
    other = make(classical_name)
    other.fit(streams, np.roll(classes, 1), np.ones(24, np.float32), 0)
    assert any(not np.array_equal(values, other.state().get(name)) for name, values in fitted.state().items())


def test_clips_of_weight_zero_have_no_part(classical_name, fitted):
    streams, classes = clips()
    more = np.concatenate([streams["flow"], 50 * streams["flow"][:5]])
    other = make(classical_name)
    weight = np.concatenate([np.ones(24), np.zeros(5)]).astype(np.float32)
    other.fit({"flow": more}, np.concatenate([classes, classes[:5]]), weight, 0)
    test = clips(9, 1)[0]
    np.testing.assert_array_equal(other.probabilities(test), fitted.probabilities(test))


@pytest.mark.parametrize("there", [(0, 2), (1,)])
def test_an_absent_class_has_no_probability(classical_name, there):
    streams, classes = clips()
    rows = np.isin(classes, there)
    model = make(classical_name)
    model.fit({"flow": streams["flow"][rows]}, classes[rows], np.ones(rows.sum()), 0)
    p = model.probabilities(clips(7, 1)[0])
    absent = [name for name in range(CLASSES) if name not in there]
    assert not p[:, absent].any()
    np.testing.assert_allclose(p.sum(1), 1, rtol=0, atol=1e-12)
    assert set(model.state()) >= {"centre", "length"}


def test_motion_without_any_difference_is_bearable(classical_name):
    model = make(classical_name)
    same = {"flow": np.zeros((6, 3, 16, 16), np.float32)}
    model.fit(same, np.arange(6) % CLASSES, np.ones(6), 0)
    assert np.isfinite(model.probabilities(same)).all()


def test_pickles(fitted):
    streams, _ = clips(5, 1)
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(fitted)).probabilities(streams), fitted.probabilities(streams)
    )


def test_wrong_sizes_and_keys_are_named(classical_name):
    node = split_model(read_option("model", classical_name))[0]
    with pytest.raises(InputError, match="flow"):
        build(node, Sizes(CLASSES, {"graph": (1, 2, 3)}, (), NO_EDGES))
    with pytest.raises(InputError, match="grid is 8"):
        build(node, sizes((3, 4, 4)))
    with pytest.raises(InputError, match="no key 'gird'"):
        build(node | {"gird": 3}, sizes())
    for key, value in {"grid": 0, "class_weight": "balance", "C": -1.0, "alpha": 0.0, "gamma": "scale"}.items():
        if key in node:
            with pytest.raises(InputError, match=f"{classical_name}: {key}"):
                build(node | {key: value}, sizes())


def test_the_way_of_a_network_is_refused(classical_name):
    with pytest.raises(InputError, match="'epochs'"):
        split_model(read_option("model", classical_name) | {"epochs": 3})
