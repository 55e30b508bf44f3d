from dataclasses import replace

import mne
import numpy as np
import pytest
from scalp import GENEVA, scalp_noise

from mmer.signals.cleaning import Cleaning
from mmer.signals.filters import filtered, kernel, resampled
from mmer.signals.unusable import Unusable
from mmer.types.errors import InputError
from mmer.types.signal_window import SignalWindow


def piece(whole: SignalWindow, start: float, stop: float) -> SignalWindow:
    """What a reader gives: the samples from start to stop."""
    first, last = (round((moment - whole.start) * whole.sfreq) for moment in (start, stop))
    return replace(whole, values=whole.values[:, first:last], start=start)


@pytest.mark.parametrize(("low", "high"), [(1.0, 40.0), (0.5, None), (None, 30.0)])
def test_a_filtered_window_is_a_piece_of_the_filtered_recording(low, high):
    whole = scalp_noise(30, start=-15)
    cleaning = Cleaning(low=low, high=high, least_correlation=0)
    padding = cleaning.padding(whole.sfreq)
    window = cleaning.clean(piece(whole, -1 - padding, 1 + padding), -1, 1)
    filtered_whole = mne.filter.filter_data(whole.values, whole.sfreq, low, high, verbose="error")
    first = round(14 * whole.sfreq)
    assert window.values.shape == (32, 512)
    assert window.notes == ()
    np.testing.assert_allclose(window.values, filtered_whole[:, first : first + 512], atol=1e-11)


def test_notches_are_those_of_mne_and_end_where_the_band_ends():
    whole = scalp_noise(30, sfreq=500, start=-15, channels=GENEVA[:4])
    taps = kernel(500.0, None, None, 50.0)
    ours, mirrored = filtered(whole.values, taps, 0, 0)
    theirs = mne.filter.notch_filter(whole.values, 500, np.arange(50, 248, 50), verbose="error")
    middle = slice(2000, -2000)
    assert mirrored == len(taps) // 2
    np.testing.assert_allclose(ours[:, middle], theirs[:, middle], atol=1e-11)
    assert np.array_equal(kernel(500.0, 1.0, 30.0, 50.0), kernel(500.0, 1.0, 30.0, None))
    assert len(kernel(500.0, 1.0, 45.0, 50.0)) > len(kernel(500.0, 1.0, 45.0, None))


def test_mains_is_gone_and_the_rest_is_kept():
    time = np.arange(-10, 10, 1 / 1000)
    wave, mains = 1e-5 * np.sin(2 * np.pi * 10 * time), 1e-4 * np.sin(2 * np.pi * 50 * time)
    window = SignalWindow((wave + mains)[None], ("ECG",), ("ecg",), 1000.0, -10.0)
    clean = Cleaning(notch=50).clean(window, -1, 1)
    np.testing.assert_allclose(clean.values[0], wave[9000:11000], atol=3e-7)  # 53 dB: the stop band of MNE's window


@pytest.mark.parametrize(("sfreq", "target"), [(1000.0, 128.0), (512.0, 128.0), (250.0, 256.0), (999.41, 200.0)])
def test_resampling_keeps_the_clock_and_lets_no_alias_through(sfreq, target):
    time = np.arange(round(8 * sfreq)) / sfreq - 4
    alias = 0.9 * sfreq / 2 if sfreq > 2 * target else 0.0
    values = np.sin(2 * np.pi * 7 * time) + np.sin(2 * np.pi * alias * time)
    new = resampled(values[None], 3 * sfreq + 0.3, sfreq, target, round(2 * target))[0]
    moments = time[0] + 3 + 0.3 / sfreq + np.arange(round(2 * target)) / target
    np.testing.assert_allclose(new, np.sin(2 * np.pi * 7 * moments), atol=2e-3)


def test_resampling_gives_the_numbers_of_mne():
    values = scalp_noise(8, sfreq=1000, channels=GENEVA[:3]).values
    ours = resampled(values, 3000, 1000.0, 128.0, 256)
    theirs = mne.filter.resample(values, 128, 1000, method="polyphase", verbose="error")[:, 384:640]
    np.testing.assert_allclose(ours, theirs, atol=1e-3 * values.std())


def test_where_the_recording_ends_the_notes_say_that_it_was_mirrored():
    whole = scalp_noise(10, start=-1)
    window = Cleaning(low=1, high=40).clean(piece(whole, -1, 5), -1, 1)
    assert any("mirrored" in note for note in window.notes)
    assert np.isfinite(window.values).all()


def test_a_window_outside_of_what_was_read_is_a_bug():
    with pytest.raises(ValueError, match="leaves"):
        Cleaning().clean(piece(scalp_noise(), -1, 1), -2, 1)


def spoiled(**lines: float) -> SignalWindow:
    """A window with bad channels: flat, clipped, loud, quiet, alone."""
    whole = scalp_noise()
    values = whole.values.copy()
    names = list(whole.channels)
    for name, what in lines.items():
        row = names.index(name)
        if what == "flat":
            values[row] = values[row].mean()
        if what == "clipped":
            values[row] = np.clip(values[row], -np.inf, np.quantile(values[row], 0.7))
        if what == "loud":
            values[row] *= 30
        if what == "alone":
            values[row] = np.random.default_rng(9).normal(size=values.shape[1]) * values[row].std()
    return replace(whole, values=values)


@pytest.mark.parametrize(
    ("what", "says"), [("flat", "flat"), ("clipped", "clipped"), ("loud", "amplitude"), ("alone", "unlike")]
)
def test_a_bad_channel_is_found_and_rebuilt_from_its_neighbours(what, says):
    good, whole = scalp_noise(), spoiled(Cz=what)
    cleaning = Cleaning(low=1, high=40, bad="interpolate")
    window, wanted = cleaning.clean(whole, -1, 1), cleaning.clean(good, -1, 1)
    assert wanted.notes == ()
    assert len(window.notes) == 1
    assert "Cz" in window.notes[0]
    assert says in window.notes[0]
    assert "interpolated" in window.notes[0]
    row = GENEVA.index("Cz")
    others = np.arange(32) != row
    assert np.array_equal(window.values[others], wanted.values[others])
    assert np.corrcoef(window.values[row], wanted.values[row])[0, 1] > 0.8
    assert 0.5 < window.values[row].std() / wanted.values[row].std() < 1.5


def test_a_channel_that_the_recording_calls_bad_is_bad():
    window = Cleaning(bad="interpolate").clean(replace(scalp_noise(), bad=("Pz",)), -1, 1)
    assert window.notes == ("bad channel Pz (the recording says so) interpolated",)
    assert window.bad == ()


def test_positions_unknown_or_wished_so_a_bad_channel_is_kept_and_noted():
    whole = spoiled(Cz="loud")
    kept = Cleaning(reference="average").clean(whole, -1, 1)
    assert "Cz" in kept.notes[0]
    assert kept.notes[0].endswith("kept")
    # ... and has no part in the average: the good channels' mean is zero.
    good = [row for row, name in enumerate(GENEVA) if name != "Cz"]
    assert np.abs(kept.values[good].mean(0)).max() < 1e-18
    blind = Cleaning(bad="interpolate").clean(replace(whole, positions=()), -1, 1)
    assert "positions unknown" in blind.notes[0]


def test_too_many_bad_channels_and_the_clip_has_no_signal():
    whole = spoiled(Cz="flat", Pz="flat", Oz="loud")
    with pytest.raises(Unusable, match="3 of 32"):
        Cleaning(bad="interpolate", most_bad=0.05).clean(whole, -1, 1)
    with pytest.raises(Unusable, match="Cz"):
        Cleaning(bad="miss").clean(whole, -1, 1)
    heart = SignalWindow(np.zeros((1, 1000)), ("ECG",), ("ecg",), 250.0, -2.0)
    with pytest.raises(Unusable, match="ECG \\(flat\\)"):
        Cleaning(bad="interpolate").clean(heart, -1, 1)


def test_a_slow_sensor_that_holds_its_value_is_not_clipped():
    steps = np.repeat(np.arange(10.0), 100)
    window = SignalWindow(steps[None], ("EDA",), ("gsr",), 100.0, -5.0, units=("S",))
    assert Cleaning(bad="miss").clean(window, -1, 1).notes == ()


def test_references():
    whole = scalp_noise()
    average = Cleaning(reference="average").clean(whole, -1, 1)
    assert np.abs(average.values.mean(0)).max() < 1e-18
    single = Cleaning(reference="cz").clean(whole, -1, 1)
    assert "Cz" not in single.channels
    assert len(single.positions) == 31
    first = round(4 * whole.sfreq)
    want = whole.values[0, first : first + 512] - whole.values[GENEVA.index("Cz"), first : first + 512]
    np.testing.assert_allclose(single.values[0], want, atol=1e-18)
    with pytest.raises(InputError, match="reference"):
        Cleaning(reference="A9").clean(whole, -1, 1)


def test_a_reference_that_lies_apart_is_no_bad_channel_but_a_flat_one_is():
    apart = Cleaning(reference="T7", bad="interpolate").clean(spoiled(T7="alone"), -1, 1)
    assert apart.notes == ()
    assert "T7" not in apart.channels
    with pytest.raises(Unusable, match="the reference T7 is a bad channel"):
        Cleaning(reference="T7").clean(spoiled(T7="flat"), -1, 1)


def test_muscle_channels_and_bands_go():
    cleaning = Cleaning(low=1, high=45, drop_muscle=True)
    window = cleaning.clean(scalp_noise(), -1, 1)
    # fmt: off
    assert window.channels == (
        "FC5", "FC1", "C3", "CP5", "CP1", "P3", "PO3", "O1", "Oz", "Pz",
        "FC6", "FC2", "Cz", "C4", "CP6", "CP2", "P4", "PO4", "O2",
    )
    # fmt: on
    assert cleaning.band == (1, 20.0)
    power = np.abs(np.fft.rfft(window.values, axis=1)) ** 2
    hertz = np.fft.rfftfreq(512, 1 / 256)
    assert power[:, hertz > 30].mean() < 1e-3 * power[:, (hertz > 5) & (hertz < 15)].mean()
    with pytest.raises(InputError, match="leaves no channel"):
        cleaning.clean(scalp_noise(channels=("Fp1", "T7")), -1, 1)


def test_wrong_settings():
    for keys, says in (
        ({"low": 40, "high": 1}, "low"),
        ({"low": -1}, "above 0"),
        ({"bad": "interpolat"}, "interpolate"),
        ({"high": 64, "sfreq": 128}, "raise `sfreq`"),
        ({"most_bad": 2}, "0..1"),
    ):
        with pytest.raises(InputError, match=says):
            Cleaning(**keys)
    with pytest.raises(InputError, match="half the sampling rate"):
        Cleaning(high=200).clean(scalp_noise(), -1, 1)
