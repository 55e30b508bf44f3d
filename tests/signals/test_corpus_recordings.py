"""The recordings of corpora, in files that the tests write in their layouts."""

import json
from datetime import datetime

import numpy as np
import pytest
from scipy.io import savemat
from written import biopac, curry, deap, edf, waves

from mmer.signals.channels import ChannelNames
from mmer.signals.recording import Event, open_recording
from mmer.types.errors import InputError


def opened(path, **keys):
    return open_recording(str(path), ChannelNames(**keys))


def test_mmme_eeg_is_a_curry_file(tmp_path):
    values = waves(2.0, 7, 1000.0) * 1e6
    values[6] = 0
    values[6, 100:120] = 101
    path = curry(tmp_path / "a.cdt", values, ("FP1", "FPZ"), ("HEO", "VEO", "EKG", "EMG", "Trigger"), 1000.0)
    for name in (path, f"{path}.dpa"):
        with opened(name) as recording:
            assert recording.channels == ("Fp1", "Fpz", "HEO", "VEO", "EKG", "EMG", "Trigger")
            assert recording.kinds == ("eeg", "eeg", "eog", "eog", "ecg", "emg", "stim")
            assert recording.units == ("V",) * 6 + ("n/a",)
            assert (recording.sfreq, recording.n_samples) == (1000.0, 2000)
            assert recording.started == datetime(2023, 6, 1, 16, 0, 31, 433000)
            assert recording.events == (Event(0.1, "101"), Event(0.3, "148"))
            whole = recording.read(0, 2000)
            np.testing.assert_array_equal(whole[:6], values[:6].astype("<f4") * np.float64(1e-6))
            np.testing.assert_array_equal(whole[6], values[6])
            np.testing.assert_array_equal(recording.read(95, 130, ["Trigger", "Fpz"]), whole[[6, 1], 95:130])


def test_mmme_peripheral_signals_are_biopac_s_matlab_file(tmp_path):
    values = waves(1.0, 17, 1000.0) * 1e5
    values[8:16] = np.arange(8)[:, None] % 2 * 5.0
    with opened(biopac(tmp_path / "a.mat", values), rename={"ECG, Y, ECGEC-R": "ECG"}) as recording:
        assert recording.channels[5] == "ECG"
        assert recording.channels[8] == "Digital (STP Input 0)"
        kinds = ("bio", "resp", "emg", "temperature", "gsr", "ecg", "emg", "temperature", *("stim",) * 8, "misc")
        assert recording.kinds == kinds
        assert recording.units == ("V", "V", "V", "n/a", "S", "V", "V", "C", *("n/a",) * 9)
        assert recording.sfreq == 1000.0
        factors = [1, 1, 1e-3, 1, 1e-6, 1e-3, 1e-3, 1, *[1] * 9]
        np.testing.assert_allclose(recording.read(10, 20), values[:, 10:20] * np.array(factors)[:, None], rtol=1e-12)
        assert recording.read(0, 5, ["Digital (STP Input 1)"]).tolist() == [[5.0] * 5]


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_deap_trials_are_addressed_by_number(tmp_path, protocol):
    data = waves(1.0, 3 * 40, 128.0).reshape(3, 40, 128) * 1e6
    path = deap(tmp_path / "s01.dat", data, protocol)
    with opened(f"{path}#2", units={"gsr": "uS"}) as recording:
        assert recording.sfreq == 128.0
        assert recording.channels[:4] == ("Fp1", "AF3", "F3", "F7")
        assert recording.channels[31:34] == ("O2", "hEOG", "vEOG")
        assert recording.kinds == (*["eeg"] * 32, "eog", "eog", "emg", "emg", "gsr", "resp", "bio", "temperature")
        assert recording.units == (*["V"] * 36, "S", "n/a", "n/a", "n/a")
        assert len(recording.positions) == 40
        assert recording.events == (Event(3.0, "film"),)
        np.testing.assert_allclose(recording.read(5, 20)[:37], data[1, :37, 5:20] * 1e-6, rtol=1e-12)
        np.testing.assert_array_equal(recording.read(5, 20)[37:], data[1, 37:, 5:20])
    for trial in ("", "#0", "#4", "#x", "#1/2"):
        with pytest.raises(InputError, match=r"s01\.dat.*write e\.g\. s01\.dat#7"):
            opened(f"{path}{trial}")


def test_deap_as_python_2_wrote_it(tmp_path):
    """Protocol 0 of Python 2: bytes are texts, and the module is numpy.core."""
    raw = np.arange(2 * 40 * 3, dtype="<f8").tobytes()
    text = "".join(f"\\x{byte:02x}" for byte in raw)
    pickle = (
        "(dp0\nS'data'\np1\ncnumpy.core.multiarray\n_reconstruct\np2\n(cnumpy\nndarray\np3\n(I0\ntp4\nS'b'\np5\ntp6\nRp7\n"
        "(I1\n(I2\nI40\nI3\ntp8\ncnumpy\ndtype\np9\n(S'f8'\np10\nI0\nI1\ntp11\nRp12\n(I3\nS'<'\np13\nNNNI-1\nI-1\nI0\n"
        f"tp14\nbI00\nS'{text}'\np15\ntp16\nbs."
    )
    (tmp_path / "s01.dat").write_text(pickle)
    with opened(tmp_path / "s01.dat#2") as recording:
        assert recording.read(1, 3, ["AF3"]).tolist() == [[pytest.approx(124e-6), pytest.approx(125e-6)]]


def test_amigos_trials(tmp_path):
    trials = np.empty(3, dtype=object)
    trials[0], trials[1], trials[2] = waves(2.0, 17, 128.0).T * 1e6, np.zeros((0, 0)), np.full((9, 17), np.nan)
    savemat(tmp_path / "Data_Preprocessed_P01.mat", {"joined_data": trials, "labels_selfassessment": np.ones(3)})
    path = tmp_path / "Data_Preprocessed_P01.mat"
    with opened(f"{path}#1") as recording:
        assert recording.channels[:2] == ("AF3", "F7")
        assert recording.kinds == (*["eeg"] * 14, "ecg", "ecg", "gsr")
        assert (recording.sfreq, recording.n_samples) == (128.0, 256)
        assert recording.events == (Event(5.0, "film"),)
        np.testing.assert_allclose(recording.read(0, 9)[:16], waves(2.0, 17, 128.0)[:16, :9], rtol=1e-12)
    with pytest.raises(InputError, match="#2: the trial has shape"):
        opened(f"{path}#2")
    with pytest.raises(InputError, match="#3: the trial has NaN"):
        opened(f"{path}#3")
    with pytest.raises(InputError, match="does not say which trial"):
        opened(path)


def test_dreamer_films(tmp_path):
    def cells(count, channels, rate):
        found = np.empty(count, dtype=object)
        for number in range(count):
            found[number] = waves(1.0, channels, rate).T + number
        return found

    def person(number):
        return {
            "Age": "22",
            "EEG": {"baseline": cells(2, 14, 128) + 10.0, "stimuli": cells(2, 14, 128)},
            "ECG": {"baseline": cells(2, 2, 256), "stimuli": cells(2, 2, 256) + 100.0 * number},
        }

    people = np.empty(2, dtype=object)
    people[:] = [person(1), person(2)]
    names = np.array(["AF3", "F7", "F3", "FC5", "T7", "P7", "O1", "O2", "P8", "T8", "FC6", "F4", "F8", "AF4"], object)
    whole = {"Data": people, "EEG_SamplingRate": 128, "ECG_SamplingRate": 256, "EEG_Electrodes": names}
    savemat(tmp_path / "DREAMER.mat", {"DREAMER": whole})
    with opened(tmp_path / "DREAMER.mat#2/2/ecg") as recording:
        assert (recording.kinds, recording.sfreq) == (("ecg", "ecg"), 256.0)
        np.testing.assert_allclose(recording.read(0, 4), (waves(1.0, 2, 256)[:, :4] + 201) * 1e-6, rtol=1e-12)
    with opened(tmp_path / "DREAMER.mat#1/1/eeg/baseline") as recording:
        assert recording.channels[0] == "AF3"
        np.testing.assert_allclose(recording.read(0, 4), (waves(1.0, 14, 128)[:, :4] + 10) * 1e-6, rtol=1e-12)
    for trial in ("", "#1", "#3/1/eeg", "#1/3/eeg", "#1/1/gsr"):
        with pytest.raises(InputError, match=r"DREAMER\.mat.*DREAMER\.mat#23/18/eeg"):
            opened(f"{tmp_path / 'DREAMER.mat'}{trial}")


SESSION = '<?xml version="1.0"?><session sessionId="10" isStim="1" feltEmo="4" feltArsl="3" vidRate="60.9708" '
SESSION += 'vidBeginSmp="1386" vidEndSmp="9000" cutLenSec="117.0"><subject id="1"/></session>'


def test_mahnob_status_and_session(tmp_path):
    values = waves(4.0, 3, 256.0) * 1e6
    values[2] = 0
    values[2, 256:300] = 16
    values[2, 700:] = 3
    edf(
        *(tmp_path / "a.bdf", values, ("Fp1", "EXG1", "Status")),
        dimensions=("uV", "uV", "Boolean"),
        bits=24,
        physical=(-8388608, 8388607),  # as BioSemi has it: a code is a code
    )
    (tmp_path / "session.xml").write_text(SESSION)
    with opened(tmp_path / "a.bdf", kinds={"EXG1": "ecg"}) as recording:
        assert recording.kinds == ("eeg", "ecg", "stim")
        assert recording.events == (Event(1.0, "Status/16"), Event(700 / 256, "Status/3"))
        times = {"vidRate": "60.9708", "vidBeginSmp": "1386", "vidEndSmp": "9000", "cutLenSec": "117.0"}
        # What the person felt is a label, and not handed out.
        assert recording.metadata == {**times, "isStim": "1", "sessionId": "10"}


def part_c(columns, rows=4000, first="min", end="\t"):
    lines = ["\t".join([first, *columns]) + end]
    for row in range(rows):
        marks = ["5" if row == 123 else "0"]
        lines.append(
            "\t".join([f"{row / 12000:.6f}", "0.5", "-1.25", f"{row % 7}", "3.5", *["9"] * (len(columns) - 5), *marks])
            + end
        )
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("count", [5, 6, 8])
def test_casme3_part_c(tmp_path, count):
    (tmp_path / "1.txt").write_text(part_c([f"CH{n}" for n in range(1, 6)]) if count == 5 else _wide(count))
    with opened(tmp_path / "1.txt") as recording:
        assert recording.channels == ("PPG", "RSP", "ECG100C", "EDA", "marker")
        assert recording.kinds == ("bio", "resp", "ecg", "gsr", "stim")
        assert recording.units == ("V", "V", "V", "S", "n/a")
        assert (recording.sfreq, recording.n_samples) == (200.0, 4000)
        assert "part C" in recording.notes[0]
        values = recording.read(120, 125)
        np.testing.assert_allclose(values[2], np.arange(120, 125) % 7 * 1e-3)
        np.testing.assert_allclose(values[3], 3.5e-6)
        assert values[4].tolist() == [0, 0, 0, 5, 0]


def _wide(count):
    """Columns beyond EDA that the readme calls useless, with the marker in the seventh column."""
    lines = ["\t".join(["min", *(f"CH{n}" for n in range(1, count + 1))])]
    for row in range(4000):
        tail = ["7", "5" if row == 123 else "0", "8", "8"][: count - 4]
        lines.append("\t".join([f"{row / 12000:.6f}", "0.5", "-1.25", f"{row % 7}", "3.5", *tail]))
    return "\n".join(lines) + "\n"


ACQKNOWLEDGE = "a.acq\n2 msec/sample\n2 channels\nECG100C\nmV\nEDA100C\nmicrosiemens\nmin,CH1,CH4,\n,30,30,\n"


@pytest.mark.parametrize(
    ("text", "units"),
    [
        (
            "time (ms),ECG (mV),EDA [uS],note\n"
            + "".join(f"{2 * n},{n},{n % 3},{'x' if n == 4 else ''}\n" for n in range(30)),
            0,
        ),
        (
            "\ufeffs;ECG (mV);EDA (uS)\r\n"
            + "".join(f"{n * 0.002:.3f};{n};{n % 3}\r\n".replace(".", ",") for n in range(30)),
            0,
        ),
        ("sec ECG EDA\n" + "".join(f"{n * 0.002:.3f} {n} {n % 3}\n" for n in range(30)), 1),
        (ACQKNOWLEDGE + "".join(f"{n / 30000:.8f},{n},{n % 3},\n" for n in range(30)), 0),
        (
            "time,ECG (mV),EDA (uS)\n" + "".join(f"2024-03-05 14:30:10.{2 * n:03d},{n},{n % 3}\n" for n in range(30)),
            0,
        ),
    ],
    ids=["csv", "decimal_comma", "spaces", "acqknowledge", "dates"],
)
def test_columns_of_text(tmp_path, text, units):
    (tmp_path / "a.csv").write_bytes(text.encode())
    stated = {"ECG": "mV", "EDA": "uS"} if units else {}
    rename = {"ECG100C": "ECG", "EDA100C": "EDA"}
    marked = "note" in text
    if marked:
        (tmp_path / "a.csv").write_bytes(text.replace("note", "marker").encode())
    with opened(tmp_path / "a.csv", units=stated, rename=rename) as recording:
        assert recording.channels == ("ECG", "EDA")
        assert recording.units == ("V", "S")
        assert recording.sfreq == pytest.approx(500.0, rel=1e-9)
        assert recording.events == ((Event(4 / 500, "x"),) if marked else ())
        assert recording.started == (datetime(2024, 3, 5, 14, 30, 10) if "2024" in text else None)
        np.testing.assert_allclose(recording.read(3, 6), [[3e-3, 4e-3, 5e-3], [0, 1e-6, 2e-6]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ECG (mV)\n1\n2\n", "no table of numbers"),
        ("1,2\n2,3\n3,4\n", "have no names; write a line above them"),
        ("a,b\n1,2\n2,3\n3,4\n", "none of its columns a, b is a time"),
        ("time,ECG\n0,1\n10,2\n20,3\n30,1\n", r"0\.1 samples per second; write its unit: time \(ms\)"),
        ("time (h),ECG\n0,1\n1,2\n2,3\n", "is in 'h'; write s, ms"),
        ("s,ECG\n0,1\n.01,2\n.02,3\n.09,1\n.10,3\n", r"not even: 0\.07 s between lines 4 and 5, 0\.01 s elsewhere"),
        ("s,ECG\n0,1\n.01,2\n.02,3\n.03,\n.04,5\n", "line 5, column 'ECG' is empty"),
        ("s,ECG\n0,1\n.01,2\n.02,3\n.03,oops\n.04,5\n", "line 5, column 'ECG' is 'oops', no number"),
        ("s,ECG\n0,1\n.01,2\n.02,3\n.03,1,2,3\n", "not a table.*line 5"),
        ("s,ECG\n3,1\n2,2\n1,3\n0,3\n", "does not run from an earlier to a later time"),
        ("s,ECG\0\n", "not a text"),
    ],
)
def test_wrong_columns_are_named(tmp_path, text, message):
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(InputError, match=rf"a\.txt: .*{message}"):
        opened(tmp_path / "a.txt")


@pytest.fixture
def bids(tmp_path):
    folder = tmp_path / "sub-01" / "eeg"
    folder.mkdir(parents=True)
    (tmp_path / "dataset_description.json").write_text(json.dumps({"Name": "x", "BIDSVersion": "1.8.0"}))
    edf(folder / "sub-01_task-x_eeg.edf", waves() * 1e6, ("Fp1", "Cz", "EXG1", "A7"))
    (folder / "sub-01_task-x_eeg.json").write_text(json.dumps({"TaskName": "x", "PowerLineFrequency": 50}))
    kinds = "Fp1\tEEG\tuV\tgood\nCz\tEEG\tuV\tbad\nEXG1\tECG\tuV\tgood\nA7\tGSR\tuV\tgood\n"
    (folder / "sub-01_task-x_channels.tsv").write_text("name\ttype\tunits\tstatus\n" + kinds)
    (folder / "sub-01_task-x_events.tsv").write_text("onset\tduration\ttrial_type\n1.5\t0\tface\n")
    return folder


def test_bids_sidecars_say_kinds_bad_channels_and_events(bids):
    for place in (bids, bids.parent, bids / "sub-01_task-x_eeg.edf"):
        with opened(place) as recording:
            assert recording.kinds == ("eeg", "eeg", "ecg", "gsr")
            assert recording.bad == ("Cz",)
            assert recording.events == (Event(1.5, "face"),)
            np.testing.assert_allclose(recording.read(5, 9)[:3], waves()[:3, 5:9], atol=4e-9)


def test_bids_folders_hold_one_recording(bids, tmp_path):
    edf(bids / "sub-01_task-y_eeg.edf", waves() * 1e6)
    with pytest.raises(InputError, match=r"several recordings.*give the file of one"):
        opened(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no BIDS recording is in it"):
        opened(tmp_path / "empty")


def test_bids_sidecars_that_do_not_fit_are_named(bids):
    (bids / "sub-01_task-x_channels.tsv").write_text("name\ttype\tunits\tstatus\nFp1\tEEG\tuV\tgood\n")
    with pytest.raises(
        InputError, match=r"channels\.tsv: no line for the channel\(s\) Cz, EXG1, A7 of sub-01_task-x_eeg\.edf"
    ):
        opened(bids)
