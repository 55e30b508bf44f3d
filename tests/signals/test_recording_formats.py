"""Recordings in five formats come back to the sample, and to the format's own resolution in volts."""

import itertools
import time
from datetime import datetime

import mne
import numpy as np
import pytest
from written import NAMES, RATE, ant, edf, mne_raw, neuroscan, waves

from mmer.signals.channels import ChannelNames
from mmer.signals.recording import Event, open_recording


def fif(folder, values):
    raw = mne_raw(values)
    raw.set_annotations(mne.Annotations([1.5], [0], ["mark 7"]))
    raw.save(folder / "a_raw.fif", fmt="double", verbose="error")
    return folder / "a_raw.fif", 0.0


def fif_single(folder, values):
    raw = mne_raw(values)
    raw.set_annotations(mne.Annotations([1.5], [0], ["mark 7"]))
    raw.save(folder / "a_raw.fif", verbose="error")
    return folder / "a_raw.fif", np.abs(values).max() * np.finfo("f4").eps


def edf_16(folder, values):
    step = 400e-6 / (2**16 - 1)
    return edf(folder / "a.edf", values * 1e6, marks=((1.5, "mark 7"),)), 0.5 * step


def bdf_24(folder, values):
    step = 400e-6 / (2**24 - 1)
    return edf(folder / "a.bdf", values * 1e6, bits=24, marks=((1.5, "mark 7"),)), 0.5 * step


def brainvision(folder, values, form="binary_int16", step=0.1e-6):
    import pybv

    pybv.write_brainvision(
        data=values,
        sfreq=RATE,
        ch_names=list(NAMES),
        fname_base="a",
        folder_out=folder,
        events=np.array([[round(1.5 * RATE), 7]]),
        resolution=0.1,
        unit="µV",
        fmt=form,
        meas_date=datetime(2024, 3, 5, 14, 30, 10),
    )
    return folder / "a.vhdr", step  # the writer cuts off what it cannot keep, and does not round


def brainvision_float(folder, values):
    return brainvision(folder, values, "binary_float32", 2 * np.abs(values).max() * np.finfo("f4").eps)


def eeglab(folder, values):
    from eeglabio.raw import export_set

    marks = [["mark 7"], np.array([1.5]), np.array([0.0])]
    export_set(str(folder / "a.set"), values, RATE, list(NAMES), annotations=marks)
    return folder / "a.set", np.abs(values).max() * np.finfo("f4").eps


def neuroscan_cnt(folder, values):
    return neuroscan(folder / "a.cnt", values * 1e6), 0.5 * 0.01e-6


FORMATS = [fif, fif_single, edf_16, bdf_24, brainvision, brainvision_float, eeglab, neuroscan_cnt]


@pytest.mark.parametrize("write", FORMATS, ids=lambda write: write.__name__)
def test_a_recording_comes_back(tmp_path, write):
    values = waves()
    path, resolution = write(tmp_path, values)
    with open_recording(path, ChannelNames()) as recording:
        assert recording.channels == NAMES
        assert recording.kinds == ("eeg", "eeg", "eeg", "ecg")
        assert recording.units == ("V",) * 4
        assert recording.sfreq == RATE
        assert recording.n_samples == values.shape[1]
        assert recording.notes == ()
        (mark,) = recording.events
        assert mark.seconds == pytest.approx(1.5, abs=1 / RATE)
        assert mark.text.endswith("7")
        whole = recording.read(0, recording.n_samples)
        assert whole.dtype == np.float64
        np.testing.assert_allclose(whole, values, rtol=0, atol=resolution * 1.001)
        # Positions are those of the 10-20 system: Cz on top, O2 behind on the right.
        cz, o2, ecg = recording.positions[1:]
        assert cz[2] > 0.08
        assert o2[0] > 0.01
        assert o2[1] < -0.05
        assert np.isnan(ecg).all()


@pytest.mark.parametrize("write", FORMATS, ids=lambda write: write.__name__)
def test_pieces_are_the_whole(tmp_path, write):
    path, _ = write(tmp_path, waves())
    with open_recording(path, ChannelNames()) as recording:
        whole = recording.read(0, recording.n_samples)
        for start, stop in ((0, 1), (3, 700), (255, 257), (511, 1024), (1023, 1024), (40, 40)):
            np.testing.assert_array_equal(recording.read(start, stop), whole[:, start:stop])
        edges = range(0, 1025, 128)
        pieces = [recording.read(a, b) for a, b in itertools.pairwise(edges)]
        np.testing.assert_array_equal(np.concatenate(pieces, axis=1), whole)
        some = recording.read(100, 300, ["ECG", "Fp1"])
        np.testing.assert_array_equal(some, whole[[3, 0], 100:300])


def test_the_clock_of_the_file_is_kept(tmp_path):
    with open_recording(edf(tmp_path / "a.edf", waves() * 1e6), ChannelNames()) as recording:
        assert recording.started == datetime(2024, 3, 5, 14, 30, 10)


def test_neuroscan_s_time_of_day_does_not_depend_on_the_time_zone(tmp_path, monkeypatch):
    path = neuroscan(tmp_path / "a.cnt", waves() * 1e6)
    for zone in ("UTC", "Asia/Shanghai"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        with open_recording(path, ChannelNames()) as recording:
            assert recording.started == datetime(2024, 3, 5, 14, 30, 10)
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("wide", [False, True])
def test_ant_s_own_format(tmp_path, wide):
    path = ant(tmp_path / "a.cnt", waves() * 1e6, wide)
    with open_recording(path, ChannelNames()) as recording:
        assert recording.kinds == ("eeg", "eeg", "eeg", "ecg")
        whole = recording.read(0, 1024)
        np.testing.assert_allclose(whole, waves(), rtol=0, atol=1e-6 / 128)
        np.testing.assert_array_equal(recording.read(300, 900, ["O2"])[0], whole[2, 300:900])
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(ValueError, match=r"a\.cnt: part b'eeph' ends 50 bytes after the file; its end is missing"):
        open_recording(path, ChannelNames())


def test_a_cropped_fif_counts_from_its_own_first_sample(tmp_path):
    raw = mne_raw(waves())
    raw.set_meas_date(datetime(2024, 3, 5, 14, 30, 10, tzinfo=mne.utils.numerics.UTC))
    raw.set_annotations(mne.Annotations([2.0], [0], ["mark"], orig_time=raw.info["meas_date"]))
    raw.crop(1.0, 3.0).save(tmp_path / "a_raw.fif", fmt="double", verbose="error")
    with open_recording(tmp_path / "a_raw.fif", ChannelNames()) as recording:
        assert recording.events == (Event(1.0, "mark"),)
        assert recording.started == datetime(2024, 3, 5, 14, 30, 11)
        np.testing.assert_array_equal(recording.read(0, 10), waves()[:, 256:266])


def test_units_of_the_file_are_brought_to_volts_and_siemens(tmp_path):
    values = waves(channels=5)
    numbers = values * np.array([[1e6], [1e3], [1e6], [1e6], [1e6]])
    path = edf(
        *(tmp_path / "a.edf", numbers, ("Fp1", "Cz", "EDA", "Resp", "ECG 2")),
        dimensions=("uV", "mV", "uS", "", ""),
    )
    with open_recording(path, ChannelNames()) as recording:
        assert recording.kinds == ("eeg", "eeg", "gsr", "resp", "ecg")
        assert recording.units == ("V", "V", "S", "n/a", "n/a")
        whole = recording.read(0, 1024, ["Fp1", "Cz", "EDA", "Resp"])
        np.testing.assert_allclose(whole[[0, 2]], values[[0, 2]], atol=4e-9)
        np.testing.assert_allclose(whole[1], values[1], atol=4e-6)
        np.testing.assert_allclose(whole[3], values[3] * 1e6, atol=4e-3)
        with pytest.raises(ValueError, match=r"does not say in which unit ECG 2 is.*`units: \{ECG 2: uV\}`"):
            recording.read(0, 10)
    how = ChannelNames(units={"ecg*": "uV", "Fp1": "mV"})
    with open_recording(path, how) as recording:
        np.testing.assert_allclose(recording.read(0, 1024, ["ECG 2"])[0], values[4], atol=4e-9)
        # What the file calls microvolts was millivolts.
        np.testing.assert_allclose(recording.read(0, 1024, ["Fp1"])[0], values[0] * 1e3, atol=4e-6)
    with open_recording(path, ChannelNames(units={"ecg*": "n/a"})) as recording:
        np.testing.assert_allclose(recording.read(0, 1024, ["ECG 2"])[0], values[4] * 1e6, atol=4e-3)


def test_eeglab_files_with_their_samples_beside_them_are_read_in_pieces(tmp_path):
    from scipy.io import loadmat, savemat

    path, _ = eeglab(tmp_path, waves())
    found = {name: value for name, value in loadmat(path, squeeze_me=True).items() if name[0] != "_"}
    holder = found if "data" in found else found["EEG"].item()
    assert holder is found
    found["data"].astype("<f4").T.tofile(tmp_path / "b.fdt")
    savemat(tmp_path / "b.set", found | {"data": "b.fdt"})
    with open_recording(tmp_path / "b.set", ChannelNames()) as recording:
        np.testing.assert_allclose(recording.read(100, 300), waves()[:, 100:300], atol=1e-11)


@pytest.mark.parametrize("bits", [16, 24])
def test_slower_channels_of_an_edf_file_are_interpolated_the_same_in_every_piece(tmp_path, bits):
    fast = waves(8.0)[:2] * 1e6
    slow = 50 * np.sin(2 * np.pi * 3 * np.arange(512) / 64 + 0.3)
    marks = (np.arange(256) // 40 % 2 * 9.0)[:256]
    path = edf(
        *(tmp_path / ("a.edf" if bits == 16 else "a.bdf"), (fast[0], slow, fast[1], marks)),
        names=("Fp1", "ECG", "Cz", "Trigger"),
        rates=(256.0, 64.0, 256.0, 32.0),
        bits=bits,
        marks=((1.5, "mark 7"),),
    )
    with open_recording(path, ChannelNames()) as recording:
        assert recording.channels == ("Fp1", "ECG", "Cz", "Trigger")
        assert recording.sfreq == 256.0
        assert recording.events == (Event(1.5, "mark 7"),)
        assert recording.notes == (f"{path.name}: brought to 256 Hz: ECG: 64 Hz; Trigger: 32 Hz",)
        whole = recording.read(0, 2048)
        np.testing.assert_allclose(whole[[0, 2]] * 1e6, fast, atol=4e-3)
        truth = 50 * np.sin(2 * np.pi * 3 * np.arange(2048) / 256 + 0.3)
        np.testing.assert_allclose(whole[1, 64:-64] * 1e6, truth[64:-64], atol=0.5)
        np.testing.assert_allclose(whole[3], np.repeat(marks, 8), atol=4e-3)
        for start, stop in ((0, 1), (5, 260), (1000, 1003), (2040, 2048), (7, 7)):
            np.testing.assert_allclose(recording.read(start, stop), whole[:, start:stop], rtol=0, atol=1e-18)
        np.testing.assert_allclose(recording.read(100, 200, ["Cz", "ECG"]), whole[[2, 1], 100:200], atol=1e-18)


@pytest.mark.parametrize("bits", [16, 24])
@pytest.mark.parametrize("name", ["Trigger", "Status", "STI 014"])
def test_codes_are_the_numbers_that_the_file_means(tmp_path, bits, name):
    values = waves() * 1e6
    values[3] = np.arange(1024) // 100 % 4 * 3.0
    path = edf(tmp_path / ("a.edf" if bits == 16 else "a.bdf"), values, ("Fp1", "Cz", "O2", name), bits=bits)
    with open_recording(path, ChannelNames()) as recording:
        assert recording.kinds[3] == "stim"
        np.testing.assert_allclose(recording.read(0, 1024)[3], values[3], atol=4e-3)


def test_edf_is_read_from_disk_piece_by_piece(tmp_path):
    path = edf(tmp_path / "a.edf", waves() * 1e6)
    with open_recording(path, ChannelNames()) as recording:
        before = recording.read(512, 768)
        data = bytearray(path.read_bytes())
        data[-1024:] = bytes(1024)
        path.write_bytes(bytes(data))
        np.testing.assert_array_equal(recording.read(512, 768)[:3], before[:3])
        assert np.ptp(recording.read(768, 1024)[3]) < 1e-4  # what is on disk now
