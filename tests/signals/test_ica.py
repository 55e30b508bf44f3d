import numpy as np
import pytest
from scalp import GENEVA

from mmer.signals.band_power import BandPower
from mmer.signals.ica import fit_ica
from mmer.signals.unmixed import Unmixed
from mmer.types.errors import InputError
from mmer.types.samples import Samples
from mmer.types.signal_window import SignalLayout

NAMES = (*GENEVA[:16], "VEOG")
EYES = ("*EOG*",)


def blinking(n: int = 40, blinks: bool = True) -> tuple[np.ndarray, np.ndarray, SignalLayout]:
    """Windows of a scalp with sources that wax and wane and blinks, the same without blinks, and their layout."""
    random = np.random.default_rng(3)
    length = n * 256
    hertz = np.fft.rfftfreq(length, 1 / 128)
    falling = np.where(hertz > 1, 1 / np.maximum(hertz, 1), 0)
    source = np.fft.irfft(np.fft.rfft(random.normal(size=(9, length))) * falling, length)
    source *= np.exp(np.repeat(random.normal(size=(9, length // 64)), 64, axis=1))
    brain = 10e-6 * random.normal(size=(16, 9)) @ (source / source.std(1, keepdims=True))
    brain += 0.1e-6 * random.normal(size=brain.shape)
    blink = np.zeros(length)
    for start in random.choice(length - 40, 2 * n, replace=False):
        blink[start : start + 40] += np.hanning(40)
    weights = np.array([1.0, 0.8, 0.4, 0.4, 0.1, 0.1, *[0.02] * 10])
    mixed = brain + 200e-6 * weights[:, None] * blink * blinks
    eye = 300e-6 * blink + 5e-6 * random.normal(size=length)

    def windows(values: np.ndarray) -> np.ndarray:
        return values.reshape(len(values), n, 256).transpose(1, 0, 2)

    whole = windows(np.concatenate([mixed, eye[None]]))
    return whole, windows(brain), SignalLayout(NAMES, sfreq=128.0, start=-1.0)


def test_blinks_are_found_by_the_eye_channel_and_taken_out():
    whole, brain, layout = blinking()
    unmixer, after = fit_ica(whole, layout, 10, EYES, ("Fp1",))
    assert after.channels == GENEVA[:16]
    assert [why.split(",")[0] for why in unmixer.removed.values()] == ["eyes"]
    before, left = ((values[:, 0] - brain[:, 0]).std() for values in (whole, unmixer(whole)))
    assert left < 0.15 * before


def test_without_an_eye_channel_a_frontal_one_stands_in():
    whole, _, layout = blinking()
    scalp = SignalLayout(layout.channels[:16], sfreq=128.0, start=-1.0)
    unmixer, after = fit_ica(whole[:, :16], scalp, 10, EYES, ("Fp1",))
    assert after.channels == scalp.channels
    assert len(unmixer.removed) == 1


def test_a_component_whose_spectrum_does_not_fall_is_muscle():
    whole, _, layout = blinking(blinks=False)
    muscle = 30e-6 * np.random.default_rng(8).laplace(size=(len(whole), 256))
    whole[:, 7] += muscle
    unmixer, _ = fit_ica(whole, layout, 10, EYES, ())
    assert [why.split(",")[0] for why in unmixer.removed.values()] == ["muscle"]
    assert abs(np.corrcoef(unmixer(whole)[:, 7].ravel(), muscle.ravel())[0, 1]) < 0.3


def test_the_same_windows_give_the_same_numbers_and_others_have_no_part():
    whole, _, layout = blinking()
    first, second = (fit_ica(whole[:20], layout, 8, EYES, ())[0] for _ in range(2))
    assert np.array_equal(first(whole[20:]), second(whole[20:]))
    assert np.array_equal(first(whole)[20:], first(whole[20:]))


def test_too_many_components():
    whole, _, layout = blinking(4)
    whole[:, :16] -= whole[:, :16].mean(1, keepdims=True)
    with pytest.raises(InputError, match="15 independent channels"):
        fit_ica(whole, layout, 16, EYES, ())
    with pytest.raises(InputError, match="no training clip"):
        fit_ica(whole[:0], layout, 4, EYES, ())


def samples_of(values: np.ndarray, layout: SignalLayout, name: str) -> Samples:
    ids = tuple(f"c{row}" for row in range(len(values)))
    there = np.arange(len(values)) % 4 != 3
    values = (values * there[:, None, None]).astype(np.float32)
    return Samples(ids, {name: values}, {name: there}, signals={name: layout})


def test_bands_are_computed_after_the_components_are_gone():
    whole, brain, layout = blinking()
    signal = BandPower(name="eeg_bands", ica=10, eyes=EYES, pick=("eeg", "eog"), bands={"delta": [1.0, 4.0]})
    assert signal.fits
    transform, after = signal.fit(samples_of(whole, layout, "eeg_bands"))
    values = transform(whole)
    assert after == SignalLayout(GENEVA[:16], ("de_delta",), 0.0, -1.0)
    assert values.shape == (40, 16, 1)
    assert values.dtype == np.float32
    wanted = signal.described(brain, None, 128.0)[0]
    dirty = signal.described(whole[:, :16], None, 128.0)[0]
    assert np.abs(values[:, 0] - wanted[:, 0]).mean() < 0.3 * np.abs(dirty[:, 0] - wanted[:, 0]).mean()


def test_a_baseline_goes_through_the_same_components():
    whole, _, layout = blinking()
    signal = BandPower(
        name="eeg_bands", ica=10, eyes=EYES, start=0.0, stop=1.0, baseline=(-1.0, 0.0), bands={"theta": [4.0, 8.0]}
    )
    transform, _ = signal.fit(samples_of(whole, layout, "eeg_bands"))
    clean = transform.unmixer(whole)
    wanted = signal.described(clean[..., 128:], clean[..., :128], 128.0)[0]
    np.testing.assert_allclose(transform(whole), wanted, rtol=1e-5)


def test_one_component_is_no_number_of_components():
    with pytest.raises(InputError, match="at least 2"):
        Unmixed(name="eeg", ica=1)
