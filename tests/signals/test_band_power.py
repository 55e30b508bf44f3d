import numpy as np
import pytest
from scalp import scalp_noise

from mmer.signals.band_power import BandPower, band_powers
from mmer.signals.filters import filtered, kernel
from mmer.types.errors import InputError

BANDS = {"theta": [4.0, 8.0], "alpha": [8.0, 14.0], "beta": [14.0, 30.0]}
MICRO = 1e12


@pytest.mark.parametrize("spectrum", ["multitaper", "hann"])
def test_the_power_of_white_noise_is_its_variance_times_the_share_of_the_band(spectrum):
    noise = 3.0 * np.random.default_rng(0).normal(size=(400, 256))
    power = band_powers(noise, 128.0, BANDS, spectrum).mean(0)
    np.testing.assert_allclose(power, [9 * 4 / 64, 9 * 6 / 64, 9 * 16 / 64], rtol=0.05)


@pytest.mark.parametrize("spectrum", ["multitaper", "hann"])
def test_a_sine_has_half_its_squared_amplitude_in_its_own_band_and_nothing_elsewhere(spectrum):
    time = np.arange(256) / 128
    power = band_powers(5.0 * np.sin(2 * np.pi * 11 * time + 0.3), 128.0, BANDS, spectrum)
    np.testing.assert_allclose(power, [0, 12.5, 0], atol=0.15)


def test_differential_entropy_is_that_of_a_gaussian_with_the_variance_of_the_filtered_signal():
    noise = 20e-6 * np.random.default_rng(1).normal(size=(8, 40 * 256))
    line, _ = filtered(noise, kernel(256.0, 8.0, 14.0, None), 0, 0)
    signal = BandPower(name="eeg_bands", stop=39.0, bands={"alpha": [5.0, 20.0]})
    values, names = signal.described(line, None, 256.0)
    assert names == ("de_alpha",)
    np.testing.assert_allclose(values[:, 0], 0.5 * np.log(2 * np.pi * np.e * line.var(1) * MICRO), atol=0.03)


def test_measures_and_logarithms():
    values = scalp_noise(2).values
    three, names = BandPower(measures=("de", "log_power", "relative"), bands=BANDS).described(values, None, 256.0)
    assert names == tuple(f"{what}_{band}" for what in ("de", "log_power", "relative") for band in BANDS)
    np.testing.assert_allclose(three[:, :3], 0.5 * (np.log(2 * np.pi * np.e) + three[:, 3:6]))
    np.testing.assert_allclose(np.exp(three[:, 6:]).sum(1), 1)
    two, _ = BandPower(logarithm="2", bands=BANDS).described(values, None, 256.0)
    np.testing.assert_allclose(two, three[:, :3] / np.log(2))


def test_a_baseline_leaves_the_change():
    values = scalp_noise(2).values
    signal = BandPower(measures=("log_power",), baseline=(-3.0, -1.0), bands=BANDS)
    change, _ = signal.described(3 * values, values, 256.0)
    np.testing.assert_allclose(change, np.log(9))


def test_a_flat_channel_that_is_kept_has_a_value():
    assert np.isfinite(BandPower(bands=BANDS).described(np.zeros((2, 512)), None, 256.0)[0]).all()


def test_without_muscle_the_high_bands_are_gone():
    signal = BandPower(low=1.0, high=45.0, drop_muscle=True)
    assert tuple(signal.kept) == ("theta", "alpha")
    assert signal.described(scalp_noise(2).values, None, 256.0)[0].shape == (32, 2)


def test_bands_that_cannot_be():
    for keys, says in (
        ({"stop": -0.9}, "tell apart"),
        ({"high": 40.0}, "leaves what cleaning keeps"),
        ({"sfreq": 64.0}, "leaves what cleaning keeps"),
        ({"low": 5.0}, "leaves what cleaning keeps"),
        ({"bands": {"alpha": [14.0, 8.0]}}, "low, high"),
        ({"measures": ("de", "power")}, "log_power"),
        ({"measures": ()}, "no measure"),
        ({"logarithm": "10"}, "logarithm"),
    ):
        with pytest.raises(InputError, match=says):
            BandPower(name="eeg_bands", **keys)
