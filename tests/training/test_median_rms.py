"""Motion scaled by median and root mean square: known answers, and what it does not depend on."""

import numpy as np

from mmer.training.motion_scaling.median_rms import MedianRms

CHANNELS = ("u", "v", "strain")


def motion(seed=0, n=3):
    rng = np.random.default_rng(seed)
    still = rng.random((n, 3, 16, 16)) < 0.7
    return np.where(still, 0, rng.normal(size=(n, 3, 16, 16))).astype(np.float32)


def scaled(values):
    return MedianRms().scale(values, CHANNELS)


def test_medians_are_zero_and_vectors_and_strain_have_a_root_mean_square_of_one():
    out = scaled(motion() * 7 + 100).astype(np.float64)
    np.testing.assert_allclose(np.median(out, axis=(2, 3)), 0, atol=1e-6)
    np.testing.assert_allclose((out[:, :2] ** 2).mean((1, 2, 3)), 1, rtol=1e-6)
    np.testing.assert_allclose((out[:, 2] ** 2).mean((1, 2)), 1, rtol=1e-6)


def test_unit_and_zero_of_a_picture_do_not_matter():
    values = motion()
    unit, zero = np.array([16, 16, 40.0]).reshape(3, 1, 1), np.array([128, 127, 3.0]).reshape(3, 1, 1)
    np.testing.assert_allclose(scaled((values * unit + zero).astype(np.float32)), scaled(values), atol=1e-4)


def test_directions_stay():
    values = motion()
    values[:, 1] *= 0.1  # hardly any motion up or down: it must not be blown up
    before, after = np.arctan2(values[:, 1], values[:, 0]), np.arctan2(*scaled(values)[:, [1, 0]].transpose(1, 0, 2, 3))
    moved = np.hypot(values[:, 0], values[:, 1]) > 0
    np.testing.assert_allclose(after[moved], before[moved], atol=1e-5)


def test_a_mirrored_clip_is_the_mirrored_result():
    values = motion(n=1)
    mirror = np.array([-1, 1, 1], np.float32).reshape(3, 1, 1)
    np.testing.assert_allclose(scaled(values[..., ::-1] * mirror), scaled(values)[..., ::-1] * mirror, atol=1e-6)


def test_a_constant_picture_is_no_motion():
    assert not scaled(np.full((1, 3, 8, 8), 127.3, np.float32)).any()
