"""What every magnifier of conf/magnify/ keeps: its shape, the onset, a still clip; and it moves by alpha what moved."""

from dataclasses import replace

import numpy as np
import pytest
from moved_patterns import moving, texture

from mmer.motion.magnify.measure import moved_by
from mmer.stages.build import build, read_option, target_class
from mmer.types.errors import InputError

# What a magnifier may change in a picture that does not move; the network draws every picture anew.
REDRAWN = {"learned": 0.2}
# How far the magnified motion may be from alpha times the motion, as part of it: alpha 2 to 10, .1 to .4 pixels.
BOUND = {"eulerian_linear": 0.25, "eulerian_phase": 0.1, "learned": 0.35}
DIRECTION = np.array([0.8, -0.6])


@pytest.fixture
def component(magnify_name):
    return build(read_option("magnify", magnify_name))


def test_file_yaml_and_name_agree(magnify_name, component):
    assert component.name == magnify_name
    assert target_class(read_option("magnify", magnify_name)).__module__ == f"mmer.motion.magnify.{magnify_name}"
    assert component.whole_clip is False


@pytest.mark.parametrize("size", [(48, 48), (35, 50)])
def test_shape_type_and_range(component, size):
    frames = np.random.default_rng(0).random((3, *size), np.float32)
    before = frames.copy()
    out = component.magnify(frames, 100.0)
    assert (out.shape, out.dtype) == (frames.shape, np.float32)
    assert out.min() >= 0
    assert out.max() <= 1
    np.testing.assert_array_equal(frames, before)
    np.testing.assert_array_equal(component.magnify(frames, 100.0), out)


def test_a_still_clip_stays_still(magnify_name, component):
    out = component.magnify(moving([(0, 0)] * 3), 100.0)
    np.testing.assert_allclose(out - out[:1], 0, atol=1e-6)
    np.testing.assert_allclose(out[0], texture(), atol=REDRAWN.get(magnify_name, 1e-5))


def test_the_onset_is_shown_as_it_is(magnify_name, component):
    out = component.magnify(moving([(0, 0), (0.4, 0)]), 100.0)
    np.testing.assert_allclose(out[0], texture(), atol=REDRAWN.get(magnify_name, 1e-5))


def test_alpha_one_changes_nothing(magnify_name, component):
    frames = moving([(0, 0), (0.4, 0)])
    out = (component if component.alpha == 1 else replace(component, alpha=1.0)).magnify(frames, 100.0)
    np.testing.assert_allclose(out, frames, atol=REDRAWN.get(magnify_name, 1e-5))
    np.testing.assert_allclose(moved_by(out[0], out[1]), (0.4, 0), atol=0.05)


@pytest.mark.parametrize(("alpha", "length"), [(2, 0.1), (2, 0.4), (4, 0.2), (10, 0.1)])
def test_motion_is_multiplied(magnify_name, component, alpha, length):
    if component.alpha == 1:
        return
    out = replace(component, alpha=float(alpha)).magnify(moving([(0, 0), length * DIRECTION]), 100.0)
    away = moved_by(out[0], out[1]) - alpha * length * DIRECTION
    assert np.linalg.norm(away) < BOUND[magnify_name] * alpha * length


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        (np.full((2, 32, 32), np.nan, np.float32), "finite"),
        (np.full((2, 32, 32), 2.0, np.float32), r"0\.\.1"),
        (np.zeros((32, 32), np.float32), "shape"),
        (np.zeros((0, 32, 32), np.float32), "shape"),
        (np.zeros((2, 8, 32), np.float32), "16 x 16"),
        (np.zeros((2, 32, 32), np.uint8), "floats"),
    ],
)
def test_wrong_frames_are_refused(component, frames, message):
    with pytest.raises(InputError, match=message):
        component.magnify(frames, 100.0)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"alpha": -1.0}, "alpha"),
        ({"alpha": float("nan")}, "alpha"),
        ({"temporal": "bnd"}, "did you mean 'band'"),
        ({"temporal": "band"}, "low and high"),
        ({"temporal": "band", "low": 5.0, "high": 2.0}, "low and high"),
        ({"low": 1.0}, "leave them null"),
    ],
)
def test_wrong_settings_are_refused(component, keys, message):
    if component.alpha == 1:
        return
    with pytest.raises(InputError, match=message):
        replace(component, **keys)
