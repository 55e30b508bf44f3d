"""Interpolation in time: known answers, and the temporal interpolation model as it is published."""

import numpy as np
import pytest

from mmer.motion.interpolation import INTERPOLATIONS, interpolate

EVERY = pytest.mark.parametrize("how", INTERPOLATIONS)


def pictures(n, seed=0):
    return np.random.default_rng(seed).random((n, 3, 4), dtype=np.float32)


def published(given, places):
    """The temporal interpolation model step by step, with its principal components: (n, D) -> (T, D)."""
    n = len(given)
    x = given.T - given.T.mean(1, keepdims=True)
    u, s, v = np.linalg.svd(x, full_matrices=False)
    u, q = u[:, : n - 1], np.diag(s[: n - 1]) @ v[: n - 1]
    k = np.arange(1, n)[:, None]

    def curve(i):
        return np.sin(np.pi * k * i / n + np.pi * (n - k) / (2 * n))

    y = curve(np.arange(1, n + 1)[None])
    w = np.linalg.solve(q @ q.T, q @ y.T)  # y = w' q
    inverse = np.linalg.inv(w.T)
    return (u @ inverse @ curve(places[None] + 1) + given.T.mean(1, keepdims=True)).T


@pytest.mark.parametrize(("n", "t"), [(2, 5), (5, 12), (9, 4), (12, 12)])
def test_tim_is_the_published_procedure(n, t):
    given, places = np.random.default_rng(n).random((n, 30)), np.linspace(0, n - 1, t)
    assert np.allclose(interpolate(given, places, "tim"), published(given, places), atol=1e-6)


def test_the_curve_of_tim_runs_through_the_eigenvectors_of_a_path():
    """The Laplacian of a path of n nodes, by an eigensolver: sampled smoothly at its nodes and nowhere else known."""
    n = 7
    path = np.diag(np.ones(n - 1), 1) + np.diag(np.ones(n - 1), -1)
    _, vectors = np.linalg.eigh(np.diag(path.sum(1)) - path)
    slow = vectors[:, 1]
    between = interpolate(slow[:, None], np.arange(13) / 2, "tim")[:, 0]
    assert np.allclose(between[::2], slow, atol=1e-6)
    expected = np.cos(np.pi * (np.arange(13) / 2 + 0.5) / n)
    assert np.allclose(between / between[0], expected / expected[0], atol=1e-6)


@EVERY
@pytest.mark.parametrize("n", [1, 2, 3, 8])
def test_a_picture_is_there_at_its_own_place_and_beyond_the_ends(how, n):
    given = pictures(n)
    assert np.allclose(interpolate(given, np.arange(n), how), given, atol=1e-6)
    ends = interpolate(given, np.array([-3.0, n + 2.0]), how)
    assert np.allclose(ends, given[[0, -1]], atol=1e-6)


@EVERY
@pytest.mark.parametrize(("n", "t"), [(1, 4), (2, 7), (6, 3), (6, 40)])
def test_a_clip_that_stays_as_it_is_stays(how, n, t):
    still = np.repeat(pictures(1), n, axis=0)
    made = interpolate(still, np.linspace(0, n - 1, t), how)
    assert made.shape == (t, 3, 4)
    assert made.dtype == np.float32
    assert np.allclose(made, still[0], atol=1e-6)


def test_linear_and_nearest_between_two_pictures():
    given = np.array([[0.0], [10.0], [40.0]])
    places = np.array([0.25, 0.5, 0.75, 1.5, 2.0])
    assert interpolate(given, places, "linear")[:, 0] == pytest.approx([2.5, 5, 7.5, 25, 40])
    assert interpolate(given, places, "nearest")[:, 0].tolist() == [0, 0, 10, 10, 40]


def test_bytes_are_taken_as_numbers():
    assert interpolate(np.array([[200], [100]], np.uint8), np.array([0.5]), "linear")[0, 0] == 150


def test_tim_follows_a_smooth_motion_better_than_straight_lines():
    wave = np.cos(np.pi * np.arange(6) / 5)[:, None]
    places = np.linspace(0, 5, 51)
    truth = np.cos(np.pi * places / 5)
    error = {how: np.abs(interpolate(wave, places, how)[:, 0] - truth).max() for how in INTERPOLATIONS}
    assert error["tim"] < error["linear"] < error["nearest"]
