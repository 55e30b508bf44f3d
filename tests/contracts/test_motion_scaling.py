"""What every motion scaling of conf/motion_scaling/ keeps: it looks at one clip alone."""

import numpy as np
import pytest

from mmer.stages.build import build, read_option

CHANNELS = ("u", "v", "strain")


@pytest.fixture
def component(motion_scaling_name):
    return build(read_option("motion_scaling", motion_scaling_name))


@pytest.fixture
def motion():
    rng = np.random.default_rng(0)
    return (rng.normal(size=(5, 3, 9, 12)) * rng.uniform(0.1, 9, (5, 1, 1, 1)) + 3).astype(np.float32)


def test_shape_and_type_stay(component, motion):
    scaled = component.scale(motion, CHANNELS)
    assert (scaled.shape, scaled.dtype) == (motion.shape, np.float32)
    assert np.isfinite(scaled).all()


def test_a_clip_does_not_depend_on_the_others(component, motion):
    together = component.scale(motion, CHANNELS)
    for row, clip in enumerate(motion):
        np.testing.assert_array_equal(component.scale(clip[None], CHANNELS)[0], together[row])


def test_what_is_given_stays_as_it_was(component, motion):
    before = motion.copy()
    component.scale(motion, CHANNELS)
    np.testing.assert_array_equal(motion, before)


def test_no_motion_stays_no_motion(component):
    assert not component.scale(np.zeros((2, 3, 8, 8), np.float32), CHANNELS).any()


@pytest.mark.parametrize("channels", [("u", "v", "strain"), ("strain", "u", "v"), ("magnitude", "angle", "u")])
def test_any_channels_in_any_order(component, motion, channels):
    order = [2, 0, 1]
    turned = component.scale(motion[:, order], tuple(np.array(channels)[order]))
    np.testing.assert_array_equal(turned, component.scale(motion, channels)[:, order])
