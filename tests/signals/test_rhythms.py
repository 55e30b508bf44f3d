import warnings

import numpy as np
import pytest

from mmer.signals.heart import Heart
from mmer.signals.intervals import course_of, interval_values
from mmer.signals.neurokit import REMARKS
from mmer.signals.pulse import Pulse
from mmer.signals.respiration import Respiration
from mmer.signals.unusable import Unusable
from mmer.types.errors import InputError
from mmer.types.signal_window import SignalWindow

BEAT = (0.3, 2.0)


@pytest.fixture(scope="module")
def simulate():
    """NeuroKit2's simulators."""
    with warnings.catch_warnings():
        for remark in REMARKS:
            warnings.filterwarnings("ignore", message=remark)
        import neurokit2

        def made(what: str, **options) -> np.ndarray:
            return np.asarray(getattr(neurokit2, f"{what}_simulate")(random_state=5, random_state_distort=6, **options))

        made.library = neurokit2
        yield made


def window(line: np.ndarray, sfreq: float, kind: str = "ecg") -> SignalWindow:
    return SignalWindow(line[None], (kind,), (kind,), sfreq, -2.0, units=("V",))


def of(signal, line: np.ndarray, sfreq: float) -> dict[str, float]:
    values, names = signal.describe(window(line, sfreq), None)
    assert values.shape == (1, len(names))
    return dict(zip(names, values[0], strict=True))


@pytest.mark.parametrize("rate", [55, 75, 110])
@pytest.mark.parametrize("scale", [1e-3, -1e-5])
def test_the_heart_rate_of_a_simulated_ecg(simulate, rate, scale):
    line = scale * simulate("ecg", duration=12, sampling_rate=250, heart_rate=rate, heart_rate_std=0, noise=0.01)
    found = of(Heart(name="heart"), line, 250.0)
    assert found["rate"] == pytest.approx(rate, rel=0.03)
    assert found["interval"] == pytest.approx(60 / rate, rel=0.03)
    if scale > 0:
        assert 0.5 < found["amplitude"] / np.ptp(line) < 1


def test_the_rate_of_a_simulated_pulse(simulate):
    line = simulate("ppg", duration=15, sampling_rate=100, heart_rate=80, frequency_modulation=0, ibi_randomness=0)
    found = of(Pulse(name="ppg"), line, 100.0)
    assert found["rate"] == pytest.approx(80, rel=0.03)
    assert 0.5 * np.ptp(line) < found["amplitude"] < 1.1 * np.ptp(line)


def test_the_rate_and_depth_of_simulated_breath(simulate):
    line = simulate("rsp", duration=40, sampling_rate=50, respiratory_rate=15, method="sinusoidal", noise=0.0)
    found, deep = (of(Respiration(name="resp"), size * line + 3.0, 50.0) for size in (1.0, 2.0))
    assert found["rate"] == pytest.approx(15, rel=0.05)
    assert found["amplitude"] == pytest.approx(np.ptp(line), rel=0.1)
    assert deep["amplitude"] == pytest.approx(2 * found["amplitude"])


def test_a_rising_rate_has_a_slope():
    moments = np.cumsum(60 / np.linspace(60, 80, 15))
    values = interval_values(moments, 15.0, ("slope", "change", "rate"), "beat", BEAT)
    assert values["slope"] == pytest.approx(20 / (moments[-1] - moments[0]), rel=0.1)
    assert values["change"] == pytest.approx(60 / 80 - 60 / 61.4, abs=0.01)


def test_the_course_of_a_rate_is_that_of_its_stretches_less_the_whole():
    moments = np.concatenate([np.arange(-4, 0, 1.0), np.arange(0, 6.01, 0.75)])  # 60 a minute, then 80
    whole = 60 * (len(moments) - 1) / np.ptp(moments)
    values = course_of(moments, (-3.0, 0.0, 3.0, 6.0), BEAT)
    np.testing.assert_allclose(np.array(values) + whole, [60, 80, 80], atol=0.2)
    # Stretches that cover all events weigh out to nothing.
    assert np.dot(course_of(moments, (-4.0, 0.0, 6.0), BEAT), [4, 6]) == pytest.approx(0, abs=0.5)
    assert course_of(moments, (), BEAT) == []


def test_the_course_follows_the_measures_and_has_no_baseline(simulate):
    line = simulate("ecg", duration=10, sampling_rate=250, heart_rate=70, heart_rate_std=0)
    signal = Heart(name="heart", measures=("rate",), start=-2.0, stop=8.0, course=(-2.0, 0.0, 8.0))
    values, names = signal.describe(window(line, 250.0), window(line, 250.0))
    assert names == ("rate", "rate_-2_0", "rate_0_8")
    assert values[0, 0] == 0
    np.testing.assert_allclose(values[0, 1:], 0, atol=2)
    for course, says in (((0.0,), "two ascending"), ((2.0, 1.0), "two ascending"), ((0.0, 9.0), "leaves the window")):
        with pytest.raises(InputError, match=says):
            Heart(name="heart", start=-2.0, stop=8.0, course=course)


def test_variability_is_what_neurokit_says(simulate):
    between = 0.8 + 0.05 * np.random.default_rng(2).normal(size=90)
    moments = np.round(np.cumsum(between), 3)
    names = ("sdnn", "rmssd", "pnn50", "sd1", "sd2")
    ours = interval_values(moments, 72.0, names, "beat", BEAT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        theirs = simulate.library.hrv_time(np.round(moments * 1000).astype(int), sampling_rate=1000).iloc[0]
    for name, column, scale in (("sdnn", "SDNN", 1e-3), ("rmssd", "RMSSD", 1e-3), ("pnn50", "pNN50", 1e-2)):
        assert ours[name] == pytest.approx(scale * theirs[f"HRV_{column}"], rel=0.02), name
    # The axes of the Poincare plot are the spread of differences and sums (Brennan et al., 2001).
    assert ours["sd1"] == pytest.approx(ours["rmssd"] / np.sqrt(2), rel=0.02)
    assert ours["sd1"] ** 2 + ours["sd2"] ** 2 == pytest.approx(2 * ours["sdnn"] ** 2, rel=0.05)


@pytest.mark.parametrize(("hertz", "band"), [(0.1, "lf"), (0.25, "hf")])
def test_the_power_of_intervals_that_swing_is_half_the_squared_swing(hertz, band):
    moments, size = [0.0], 0.04
    while moments[-1] < 300:
        moments.append(moments[-1] + 0.8 + size * np.sin(2 * np.pi * hertz * moments[-1]))
    values = interval_values(np.array(moments), 300.0, ("lf", "hf", "lf_hf"), "beat", BEAT)
    other = {"lf": "hf", "hf": "lf"}[band]
    assert values[band] == pytest.approx(size**2 / 2, rel=0.2)
    assert values[other] < 0.1 * values[band]
    assert values["lf_hf"] == pytest.approx(values["lf"] / values["hf"])


def test_an_interval_over_a_beat_that_was_not_found_is_left_out():
    moments = np.arange(0, 60, 0.9)
    holed = np.delete(moments, [10, 11, 12])
    values = interval_values(holed, 60.0, ("rate", "sdnn", "rmssd"), "beat", BEAT)
    assert values["rate"] == pytest.approx(60 / 0.9)
    assert values["sdnn"] == pytest.approx(0, abs=1e-9)


def test_variability_of_seconds_is_refused_with_the_reason():
    for keys, says in (
        ({"measures": ("rmssd",)}, "rmssd needs at least 30 s"),
        ({"measures": ("lf",), "start": -60.0, "stop": 30.0}, "lf needs at least 120 s"),
        ({"measures": ("sdnn",), "start": 0.0, "stop": 40.0, "baseline": (-5.0, 0.0)}, "its baseline has 5 s"),
        ({"measures": ("sdn",)}, "did you mean 'sdnn'"),
        ({"measures": ()}, "no measure"),
    ):
        with pytest.raises(InputError, match=says):
            Heart(name="heart", **keys)
    assert Heart(name="heart", measures=("rmssd", "hf"), start=-60.0, stop=0.0).measures == ("rmssd", "hf")


@pytest.mark.parametrize("signal", [Heart(name="heart"), Pulse(name="ppg"), Respiration(name="resp")])
def test_a_window_without_two_events_says_so(signal):
    for line in (np.zeros(1000), np.linspace(0, 1, 1000)):
        with pytest.raises(Unusable, match=r"ecg: [01] .*found in 10 s; two are needed"):
            signal.describe(window(line, 100.0), None)


def test_a_baseline_is_taken_off(simulate):
    slow, fast = (
        simulate("ecg", duration=12, sampling_rate=250, heart_rate=rate, heart_rate_std=0) for rate in (60, 90)
    )
    signal = Heart(name="heart", measures=("rate",), baseline=(-14.0, -2.0))
    values, _ = signal.describe(window(fast, 250.0), window(slow, 250.0))
    assert values[0, 0] == pytest.approx(30, abs=2)
