"""MMME's clock on its own files: what Curry and BIOPAC recorded of one heart comes out the same, sample by sample."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from mmer.signals.raw import Raw
from mmer.stages.build import build, read_option
from mmer.synthetic.physiology.biopac import COLUMNS, write_biopac
from mmer.synthetic.physiology.curry import Group, write_curry

RATE, DRIFT = 1000.0, 5e-5
TRIALS = {100: 0.0, 101: 20.0, 102: 41.0}  # marker -> second of the session
BEFORE = {"eeg": 4.0, "ecg": 7.5}  # seconds from the start of a recording to the session's


def heart(seconds):
    """Something that is never the same twice, of a given time of the session."""
    return 1e-3 * (np.sin(9 * seconds) + np.sin(0.05 * seconds**2) + np.sin(31 * seconds + 1))


def session(column, drift, length=60.0):
    """Time of the session at each sample, and the marker that is on the line."""
    seconds = np.arange(round(length * RATE)) / RATE / (1 + drift) - BEFORE[column]
    codes = np.zeros(len(seconds), int)
    for code, start in TRIALS.items():
        codes[(seconds >= start) & (seconds < start + 0.1)] = code
    return seconds, codes


@pytest.fixture
def corpus(tmp_path):
    seconds, codes = session("eeg", DRIFT)
    values = np.stack([1e6 * heart(seconds), codes])
    groups = (Group("", ("EKG",)), Group("_OTHERS", ("Trigger",)))
    write_curry(tmp_path / "n.cdt", groups, values, RATE, datetime(2000, 1, 1, 9))
    seconds, codes = session("ecg", -DRIFT)
    data = np.zeros((len(seconds), len(COLUMNS)))
    for place, (label, _) in enumerate(COLUMNS):
        if label == "ECG":
            data[:, place] = 1e3 * heart(seconds)
        elif "STP" in label:
            data[:, place] = 5.0 * (codes >> int(label.rstrip(")")[-1]) & 1)
    write_biopac(tmp_path / "n.mat", data, RATE)
    rows = []
    for code, start in TRIALS.items():
        folder = tmp_path / f"m{code}"
        folder.mkdir()
        for number in range(300):
            milliseconds = round(1000 * (start + number / 150))
            clock = f"9-{milliseconds // 60000}-{milliseconds // 1000 % 60}-{milliseconds % 1000}"
            (folder / f"2000-1-1-{clock}-{number}-{code}.tif").touch()
        rows.append(
            {"clip_id": f"mmme/s01/m{code}", "dataset": "mmme", "subject": "mmme/s01", "onset": 90, "fps": 150.0}
        )
        rows[-1] |= {"frames": str(folder), "eeg": str(tmp_path / "n.cdt"), "ecg": str(tmp_path / "n.mat")}
    return pd.DataFrame(rows)


def test_both_recordings_of_one_heart_agree(corpus):
    clock = build(read_option("recordings", "mmme"))
    for column, name in (("eeg", "EKG"), ("ecg", "ECG")):
        signal = Raw(name="ecg", recording=column, pick=(name,), start=-1.0, stop=1.5)
        cut = signal.cut(corpus, clock, {})
        assert not cut.missing
        assert any("drift" in note for note in cut.notes)
        for code, start in TRIALS.items():
            expected = heart(start + 0.6 + np.arange(-1.0, 1.5, 1 / RATE))
            found = cut.values[f"mmme/s01/m{code}"][0]
            # The picture names are rounded to a millisecond; a sample beside would be 3 % of the height.
            assert np.abs(found - expected).max() < 0.03 * np.abs(expected).max(), (column, code)


def test_a_marker_that_is_missing_takes_its_clip_alone(corpus):
    corpus.loc[2, "clip_id"] = "mmme/s01/m103"
    cut = Raw(name="ecg", recording="ecg", pick=("ecg",)).cut(corpus, build(read_option("recordings", "mmme")), {})
    assert len(cut.values) == 2
    assert "no marker 103; there are 100, 101, 102" in cut.missing["mmme/s01/m103"]
