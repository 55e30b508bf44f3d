"""Channels get one name, kind and unit, however the amplifier spells them."""

import numpy as np
import pytest
from written import edf, waves

from mmer.signals.channels import ChannelNames, montage_places, unit_of
from mmer.signals.recording import open_recording
from mmer.types.errors import InputError


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        (["FP1", "fz", "PZ", "cZ"], ["Fp1", "Fz", "Pz", "Cz"]),
        (["EEG Fp1-Ref", "EEG F7-LE", "EEG T3-REF", "EEG:Cz"], ["Fp1", "F7", "T7", "Cz"]),
        (["Fc5.", "Fcz.", "T10.", "O1.."], ["FC5", "FCz", "T10", "O1"]),
        (["T3", "T4", "T5", "T6"], ["T7", "T8", "P7", "P8"]),
        (["T3", "T7"], ["T3", "T7"]),
        (["EEG 001", "X5", "Trigger"], ["EEG 001", "X5", "Trigger"]),
        (["Cz", "EEG Cz-Ref"], ["Cz", "EEG Cz-Ref"]),
    ],
)
def test_electrodes_are_spelt_as_in_the_montage(written, wanted):
    assert ChannelNames().names(written) == wanted


def test_without_a_montage_names_stay():
    assert ChannelNames(montage="").names(["FP1", "T3"]) == ["FP1", "T3"]
    assert montage_places("") == {}


def test_renaming_comes_first():
    how = ChannelNames(rename={"ch1": "Fp1", "T3": "old T3"})
    assert how.names(["CH1 ", "T3", "FP2"]) == ["Fp1", "old T3", "Fp2"]
    with pytest.raises(InputError, match=r"'A' and 'EEG Fp1-Ref' are both called 'Fp1'.*`rename`.*`drop`"):
        ChannelNames(rename={"A": "Fp1"}).names(["A", "EEG Fp1-Ref"])


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("EKG", "ecg"),
        ("ECG, Y, ECGEC-R", "ecg"),
        ("ECG rate", "misc"),
        ("HEO", "eog"),
        ("vEOG", "eog"),
        ("EMG_A", "emg"),
        ("EDA100C", "gsr"),
        ("GSR", "gsr"),
        ("RSP", "resp"),
        ("Respiration", "resp"),
        ("SKT B", "temperature"),
        ("PPG", "bio"),
        ("Plethysmograph", "bio"),
        ("Status", "stim"),
        ("Digital (STP Input 3)", "stim"),
        ("Trigger", "stim"),
        ("Fp1", ""),
        ("Temporal", ""),
    ],
)
def test_a_name_may_say_the_kind(name, kind):
    assert ChannelNames().kind(name, name, "") == kind


def test_the_configuration_says_more_than_the_name_and_the_file():
    how = ChannelNames(kinds={"exg*": "eog", "EXG3": "ecg", "gsr": "misc"})
    assert how.kind("EXG3", "EXG3", "eeg") == "eog"  # the first pattern that fits
    assert how.kind("GSR", "GSR", "gsr") == "misc"
    assert how.kind("Cz", "Cz", "eog") == "eog"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("uV", ("V", 1e-6)),
        ("µV", ("V", 1e-6)),
        ("μV", ("V", 1e-6)),
        ("Microvolts", ("V", 1e-6)),
        ("mV", ("V", 1e-3)),
        ("Volts", ("V", 1.0)),
        ("microsiemens", ("S", 1e-6)),
        ("°C", ("C", 1.0)),
        ("Deg C", ("C", 1.0)),
        ("", ("n/a", 1.0)),
    ],
)
def test_units(text, kept):
    assert unit_of(text) == kept


def test_a_second_is_no_siemens():
    for text in ("s", "ms", "BPM", "deg F"):
        with pytest.raises(KeyError):
            unit_of(text)
    assert ChannelNames().unit("SKT", "SKT", "deg F") == ("n/a", 1.0)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"kinds": {"X": "ekg"}}, "'ekg'.*did you mean.*ecg"),
        ({"units": {"X": "Vols"}}, "'Vols'.*did you mean"),
        ({"montage": "standard_1O20"}, "standard_1O20.*did you mean 'standard_1020'"),
    ],
)
def test_a_wrong_configuration_is_refused(keys, message):
    with pytest.raises(InputError, match=message):
        ChannelNames(**keys)


def test_channels_are_dropped_and_missed_by_name(tmp_path):
    path = edf(tmp_path / "a.edf", waves() * 1e6, ("EEG Fp1-Ref", "CZ", "M1x", "Status2"))
    how = ChannelNames(drop=("m1*", "fp1"), kinds={"CZ": "eeg"})
    with open_recording(path, how) as recording:
        assert recording.channels == ("Cz", "Status2")
        np.testing.assert_allclose(recording.read(0, 9, ["Cz"])[0], waves()[1, :9], atol=4e-9)
        # A channel of codes keeps the numbers of the file.
        np.testing.assert_allclose(recording.read(0, 9, ["Status2"])[0], waves()[3, :9] * 1e6, atol=4e-3)
        with pytest.raises(InputError, match=r"a\.edf: no channel Fz; .*Valid: Cz, Status2.*`rename`"):
            recording.read(0, 9, ["Fz"])
        with pytest.raises(InputError, match=r"samples 0 to 1025 .* has 1024 \(4 s\)"):
            recording.read(0, 1025)
    with pytest.raises(InputError, match="leaves none of its 4 channels"):
        open_recording(path, ChannelNames(drop=("*",)))
    with pytest.raises(InputError, match=r"a\.edf: the channels .* are both called"):
        open_recording(path, ChannelNames(rename={"CZ": "Fp1"}))
