import warnings

import numpy as np
import pytest

from mmer.signals.electrodermal import Electrodermal
from mmer.signals.neurokit import REMARKS
from mmer.types.errors import InputError
from mmer.types.signal_window import SignalWindow


def window(line: np.ndarray, sfreq: float = 50.0, start: float = 0.0) -> SignalWindow:
    return SignalWindow(1e-6 * line[None], ("EDA",), ("gsr",), sfreq, start, units=("S",))


def of(signal: Electrodermal, *windows: SignalWindow) -> dict[str, float]:
    values, names = signal.describe(windows[0], windows[1] if len(windows) > 1 else None)
    return dict(zip(names, values[0], strict=True))


def test_level_slope_and_the_largest_response():
    time = np.arange(300) / 50
    line = 5 + 0.01 * time + 0.4 * np.clip(time - 2, 0, 1) - 0.1 * np.clip(time - 4, 0, 1)
    found = of(Electrodermal(), window(line))
    assert found["level"] == pytest.approx(line.mean())
    assert found["rise"] == pytest.approx(line[200] - line[0], abs=0.01)
    assert found["latency"] == 0.0
    found = of(Electrodermal(), window(line - 0.03 * time))
    assert found["rise"] == pytest.approx(0.4 - 0.02, abs=0.01)
    assert found["latency"] == pytest.approx(2.0, abs=0.03)
    assert found["slope"] == pytest.approx(np.polyfit(time, line - 0.03 * time, 1)[0])


def test_falling_conductance_has_no_response():
    found = of(Electrodermal(stop=6.0), window(5 - np.arange(300) / 500))
    assert (found["rise"], found["latency"]) == (0.0, 6.0)


def test_a_baseline_is_taken_off_but_not_of_the_latency():
    time = np.arange(300) / 50
    line = 5 + 0.4 * np.clip(time - 2, 0, 1) - 0.001 * time
    found = of(Electrodermal(baseline=(-6.0, 0.0)), window(line), window(np.full(300, 4.0), start=-6.0))
    assert found["level"] == pytest.approx(line.mean() - 4)
    assert found["latency"] == pytest.approx(2.0, abs=0.03)


def test_responses_of_the_simulator():
    with warnings.catch_warnings():
        for remark in REMARKS:
            warnings.filterwarnings("ignore", message=remark)
        import neurokit2

        line = neurokit2.eda_simulate(
            duration=30, sampling_rate=50, scr_number=3, noise=0, random_state=4, random_state_distort=4
        )
    signal = Electrodermal(measures=("tonic", "scr_count", "scr_amplitude"), stop=29.0)
    found = of(signal, window(np.asarray(line)))
    assert found["scr_count"] == 3
    assert found["tonic"] == pytest.approx(np.mean(line), rel=0.2)
    assert 0.3 < found["scr_amplitude"] < 1.5


def test_tonic_and_phasic_of_seconds_are_refused():
    for keys, says in (
        ({"measures": ("tonic",)}, "tonic needs at least 20 s"),
        ({"measures": ("scr_count",), "stop": 30.0, "baseline": (-3.0, 0.0)}, "its baseline has 3 s"),
        ({"measures": ("scr",)}, "did you mean"),
        ({"measures": ()}, "no measure"),
    ):
        with pytest.raises(InputError, match=says):
            Electrodermal(name="eda", **keys)
