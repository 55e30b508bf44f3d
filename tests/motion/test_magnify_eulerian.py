from dataclasses import replace

import numpy as np
import pytest
from moved_patterns import moving, texture
from scipy.fft import fft2, ifft2

from mmer.motion.magnify.clip import change
from mmer.motion.magnify.eulerian_linear import EulerianLinear
from mmer.motion.magnify.eulerian_phase import EulerianPhase
from mmer.motion.magnify.measure import moved_by
from mmer.motion.magnify.steerable_pyramid import SteerablePyramid
from mmer.types.errors import InputError


@pytest.mark.parametrize(("octaves", "per_octave", "orientations"), [(4, 2, 8), (3, 1, 4), (5, 2, 5)])
def test_the_pyramid_gives_a_picture_back(octaves, per_octave, orientations):
    pictures = np.random.default_rng(0).random((2, 64, 96))
    pyramid = SteerablePyramid((64, 96), octaves, per_octave, orientations)
    spectra = fft2(pictures)
    out = spectra * pyramid.residual
    for band in pyramid.bands:
        band.add(fft2(ifft2(band.of(spectra))), out)
    np.testing.assert_allclose(ifft2(out).real, pictures, atol=1e-6)
    assert len(pyramid.bands) == octaves * per_octave * orientations


def test_a_band_holds_waves_of_its_own_length_and_direction():
    pyramid = SteerablePyramid((64, 64), 4, 1, 4)
    x = np.arange(64)
    wave = np.broadcast_to(np.cos(2 * np.pi * x / 8), (1, 64, 64))  # 8 pixels long, upright
    power = [np.abs(band.of(fft2(wave))).sum() for band in pyramid.bands]
    assert np.argmax(power) == 4  # second octave (4 to 8 ... 16 pixels), first direction


@pytest.mark.parametrize("shift", [0.1, 0.3, 0.5])
def test_the_measure_finds_a_shift(shift):
    np.testing.assert_allclose(moved_by(texture(), texture((10 * shift, -shift))), (10 * shift, -shift), atol=0.02)


@pytest.mark.parametrize("alpha", [2.0, 4.0, 10.0])
def test_a_wave_is_magnified_as_the_first_order_says(alpha):
    """cos(kx - kd) - cos(kx) is about kd sin(kx): magnified linearly, its part at sin is alpha times as large."""
    x, length, shift = np.arange(128), 32.0, 0.1
    wave = [0.5 + 0.2 * np.cos(2 * np.pi * (x - step) / length) for step in (0, shift)]
    frames = np.stack([np.broadcast_to(one, (64, 128)) for one in wave]).astype(np.float32)
    out = EulerianLinear(alpha=alpha, cutoff=0.0).magnify(frames, 25.0)
    middle = slice(32, 96)  # two whole waves, far from the border
    sine = np.sin(2 * np.pi * x / length)[middle]
    found = (out[1, 32, middle] - 0.5) @ sine / (sine @ sine) / 0.2
    assert found == pytest.approx(alpha * np.sin(2 * np.pi * shift / length), rel=0.05)


def test_the_phase_of_a_wave_is_multiplied_where_the_linear_method_fails():
    frames = moving([(0, 0), (0.5, 0)])
    errors = {}
    for method in (EulerianLinear(alpha=10.0, cutoff=0.0), EulerianPhase(alpha=10.0)):
        errors[method.name] = np.abs(method.magnify(frames, 25.0)[1] - texture((5, 0)))[24:-24, 24:-24].mean()
    assert errors["eulerian_phase"] < 0.03
    assert errors["eulerian_linear"] > 3 * errors["eulerian_phase"]


def test_waves_under_the_cutoff_are_magnified_less():
    fine = {"shortest": 4.0, "longest": 6.0}
    frames = moving([(0, 0), (0.2, 0)], **fine)
    moved = [
        moved_by(*EulerianLinear(alpha=3.0, cutoff=cutoff).magnify(frames, 25.0))[0] for cutoff in (0.0, 8.0, 1000.0)
    ]
    assert moved[0] > moved[1] > moved[2]
    assert moved[2] == pytest.approx(0.2, abs=0.02)  # not at all, but never less than it was


def test_alpha_zero_takes_small_motion_out():
    out = EulerianPhase(alpha=0.0).magnify(moving([(0, 0), (0.4, 0.2)]), 25.0)
    np.testing.assert_allclose(moved_by(out[0], out[1]), 0, atol=0.06)


def test_noise_grows_with_alpha_in_the_linear_method_and_less_in_the_other():
    noise = np.random.default_rng(0).normal(0, 0.01, (2, 96, 96))
    frames = np.clip(moving([(0, 0), (0, 0)]) + noise, 0, 1).astype(np.float32)
    given = np.std(frames[1] - frames[0])
    grown = {
        method.name: np.std(np.diff(method.magnify(frames, 25.0), axis=0)) / given
        for method in (EulerianLinear(alpha=8.0, cutoff=0.0), EulerianPhase(alpha=8.0))
    }
    assert grown["eulerian_linear"] == pytest.approx(8, rel=0.1)
    assert grown["eulerian_phase"] < 0.4 * grown["eulerian_linear"]


@pytest.mark.parametrize(("hertz", "kept"), [(0.05, 0.0), (4.0, 1.0), (60.0, 0.0)])
def test_a_band_keeps_its_own_frequencies(hertz, kept):
    signal = np.sin(2 * np.pi * hertz * np.arange(1000) / 200.0)[:, None] + 5
    out = change(signal, "it", 200.0, "band", 1.0, 12.0)
    assert out[0] == 0
    middle = slice(400, 600)  # far from both ends
    np.testing.assert_allclose(out[middle], kept * (signal[middle] - 5), atol=0.12)


def test_without_a_band_all_change_counts():
    signal = np.random.default_rng(0).random((4, 3))
    np.testing.assert_array_equal(change(signal, "it", float("nan"), "onset", None, None), signal - signal[0])


@pytest.mark.parametrize("method", [EulerianLinear(), EulerianPhase(per_octave=1, orientations=4)])
def test_motion_in_the_band_is_magnified(method):
    shifts = [(0.3 * np.sin(2 * np.pi * 4 * step / 64), 0) for step in range(13)]  # nearly one wave of 4 Hz
    banded = replace(method, alpha=3.0, temporal="band", low=0.5, high=16.0)
    assert banded.whole_clip
    frames = moving(shifts, size=64, shortest=16.0)
    out = banded.magnify(frames, 64.0)
    np.testing.assert_allclose(out[0], frames[0], atol=1e-5)
    assert moved_by(out[0], out[4])[0] == pytest.approx(0.9, rel=0.25)


@pytest.mark.parametrize("method", [EulerianLinear, EulerianPhase])
def test_a_band_needs_a_rate_and_frames(method):
    banded = method(temporal="band", low=1.0, high=10.0)
    with pytest.raises(InputError, match="frames per second"):
        banded.magnify(moving([(0, 0)] * 5), 20.0)
    with pytest.raises(InputError, match="frames per second"):
        banded.magnify(moving([(0, 0)] * 5), float("nan"))
    with pytest.raises(InputError, match="at least 3 frames"):
        banded.magnify(moving([(0, 0)] * 2), 100.0)


@pytest.mark.parametrize(
    ("method", "keys", "message"),
    [
        (EulerianLinear, {"cutoff": -1.0}, "wavelength"),
        (EulerianPhase, {"per_octave": 3}, "per_octave"),
        (EulerianPhase, {"orientations": 1}, "orientations"),
        (EulerianPhase, {"smooth": -1.0}, "smooth"),
    ],
)
def test_wrong_settings_of_one_method(method, keys, message):
    with pytest.raises(InputError, match=message):
        method(**keys)
