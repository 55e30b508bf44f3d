"""Recordings that are damaged, incomplete, misnamed or hostile: each with a message that names file and way out."""

import os
import pickle
import resource
import shutil
import zlib

import numpy as np
import pytest
from written import biopac, curry, deap, edf, mne_raw, waves

from mmer.signals.channels import ChannelNames
from mmer.signals.readers import matlab_guard
from mmer.signals.recording import open_recording
from mmer.types.errors import InputError


def opened(path, **keys):
    return open_recording(str(path), ChannelNames(**keys))


class Runs:
    """Pickles to a call."""

    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call


def _by_name(module, name, argument):
    """A pickle of protocol 0 that calls module.name(argument)."""
    return f"(dS'data'\nc{module}\n{name}\n(S'{argument}'\ntRs.".encode()


@pytest.mark.parametrize(
    ("raw", "asked"),
    [
        (pickle.dumps({"data": Runs(os.system, ("touch pwned",))}), "system"),
        (pickle.dumps({"data": Runs(eval, ("open('pwned','w')",))}, protocol=2), "eval"),
        (_by_name("numpy.testing._private.utils", "runstring", "open('pwned','w')"), "runstring"),
        (_by_name("numpy", "load", "pwned"), r"numpy\.load"),
        (_by_name("numpy.core.multiarray", "scalar", "pwned"), "scalar"),
        (_by_name("codecs", "encode", "pwned"), r"codecs\.encode"),
        (_by_name("numpy", "dtype", "O8"), "number type 'O8'"),
        (_by_name("numpy", "dtype", "V800000000"), "number type"),
        (b"(dS'data'\nc_codecs\nencode\n(S'x'\nS'rot13'\ntRs.", "codec 'rot13'"),
        (pickle.dumps({"data": np.array([Runs(os.system, ("touch pwned",))], dtype=object)}), "number type 'O8'"),
        (pickle.dumps({"data": np.array(["a"], dtype=object)}), "number type"),
        (b"(dS'data'\nPpwned\ns.", "outside the file"),
        # What stands for a function cannot be changed either.
        (b"(dS'data'\ncnumpy.core.multiarray\n_reconstruct\n(dS'__defaults__'\n(I1\ntsbs.", "change of a function"),
    ],
)
def test_a_hostile_pickle_is_not_run(tmp_path, monkeypatch, raw, asked):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s01.dat").write_bytes(raw)
    with pytest.raises(InputError, match=rf"s01\.dat: this pickle asks for .*{asked}.*It was not opened"):
        opened("s01.dat#1")
    assert [path.name for path in tmp_path.iterdir()] == ["s01.dat"]


@pytest.mark.parametrize(
    "raw",
    [b"\x80\x02}r\xff\xff\xff\x7f" + b".", b"\x80\x05\x96" + (2**41).to_bytes(8, "little") + b"abc."],
    ids=["numbered_high", "long_bytes"],
)
def test_a_pickle_cannot_claim_memory(tmp_path, raw):
    (tmp_path / "s01.dat").write_bytes(raw)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match=r"s01\.dat: "):
        opened(tmp_path / "s01.dat#1")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < before + 2**18  # KiB


def test_a_pickle_cannot_claim_an_array_larger_than_its_bytes(tmp_path):
    whole = pickle.dumps({"data": np.zeros((2, 40, 8))}, protocol=2)
    for shape in (b"M@\x9c", b"J\x00\x00\x00\x7f"):
        # (2, 40, 8) is written K\x02 K\x28 K\x08.
        (tmp_path / "s01.dat").write_bytes(whole.replace(b"K\x02K(K\x08", b"K\x02K(" + shape))
        with pytest.raises(InputError, match=r"an array of shape \(2, 40, \d+\) from 5120 bytes"):
            opened(tmp_path / "s01.dat#1")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"no pickle at all", "not a readable pickle"),
        (pickle.dumps({"data": np.zeros((2, 40, 8))})[:-300], "not a readable pickle"),
        (pickle.dumps([1, 2]), "a dict of arrays is expected, not list"),
        (pickle.dumps({"data": 3}), "'data' is none"),
        (pickle.dumps({"data": np.zeros((2, 17, 8))}), r"of shape \(trials, 40, samples\); this one holds"),
        (pickle.dumps({"data": np.full((2, 40, 8), np.nan)}), "NaN or infinity"),
    ],
)
def test_a_pickle_that_is_not_deap_s(tmp_path, raw, message):
    (tmp_path / "s01.dat").write_bytes(raw)
    with pytest.raises(InputError, match=rf"s01\.dat: .*{message}"):
        opened(tmp_path / "s01.dat#1")


BOMB = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(8)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB + ']><session vidRate="&i;"/>', "declares entities or a document type"),
        (
            '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><session vidRate="60">&a;</session>',
            "declares entities",
        ),
        ('<session vidRate="60"', "not readable xml"),
        ("", "not readable xml"),
        ("<session>" + "x" * 2**20 + "</session>", "over 1048576 bytes"),
    ],
)
def test_a_hostile_session_is_refused(tmp_path, text, message):
    edf(tmp_path / "a.bdf", waves() * 1e6, bits=24)
    (tmp_path / "session.xml").write_text(text)
    with pytest.raises(InputError, match=rf"session\.xml: .*{message}"):
        opened(tmp_path / "a.bdf")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """One honest file of every format."""
    import pybv
    from eeglabio.raw import export_set

    folder = tmp_path_factory.mktemp("whole")
    values = waves()
    mne_raw(values).save(folder / "a_raw.fif", verbose="error")
    edf(folder / "a.edf", values * 1e6)
    edf(folder / "a.bdf", values * 1e6, bits=24)
    pybv.write_brainvision(
        data=values, sfreq=256, ch_names=["Fp1", "Cz", "O2", "ECG"], fname_base="a", folder_out=folder
    )
    export_set(str(folder / "a.set"), values, 256.0, ["Fp1", "Cz", "O2", "ECG"])
    curry(folder / "a.cdt", values * 1e6, ("Fp1", "Cz"), ("O2", "ECG"), 256.0)
    biopac(folder / "b.mat", waves(1.0, 17))
    deap(folder / "s01.dat", np.zeros((1, 40, 8)))
    return folder


@pytest.mark.parametrize("name", ["a_raw.fif", "a.edf", "a.bdf", "a.vhdr", "a.set", "a.cdt.dpa", "b.mat", "s01.dat#1"])
@pytest.mark.parametrize("damage", ["empty", "start", "zeros", "noise"])
def test_a_corrupt_header_is_named(tmp_path, whole, name, damage):
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    path = tmp_path / name.partition("#")[0]
    raw = path.read_bytes()
    noise = np.random.default_rng(1).bytes(400)
    path.write_bytes(
        {"empty": b"", "start": raw[:40], "zeros": bytes(600) + raw[600:], "noise": noise + raw[400:]}[damage]
    )
    with pytest.raises(InputError, match=path.name.replace(".", r"\.")):
        opened(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "data"), [("a.edf", "a.edf"), ("a.bdf", "a.bdf"), ("a.vhdr", "a.eeg"), ("a.cdt", "a.cdt")]
)
def test_a_file_without_its_end_says_so_and_keeps_what_is_there(tmp_path, whole, name, data):
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    raw = (tmp_path / data).read_bytes()
    (tmp_path / data).write_bytes(raw[: int(len(raw) * 0.6) // 4 * 4 + 1])
    with opened(tmp_path / name) as recording, opened(whole / name) as honest:
        assert len(recording.notes) == 1
        assert data in recording.notes[0]
        assert 512 <= recording.n_samples < 640
        np.testing.assert_array_equal(recording.read(100, 500), honest.read(100, 500))
        with pytest.raises(InputError, match=r"samples 600 to 700 are asked for; the recording has"):
            recording.read(600, 700)


def test_a_fif_or_matlab_file_without_its_end(tmp_path, whole):
    raw = (whole / "a_raw.fif").read_bytes()
    (tmp_path / "a_raw.fif").write_bytes(raw[: int(len(raw) * 0.6)])
    with opened(tmp_path / "a_raw.fif") as recording:
        assert "a_raw.fif" in recording.notes[0]
        with pytest.raises(InputError, match="the file is damaged or its end is missing"):
            recording.read(0, recording.n_samples)
    for name in ("a.set", "b.mat"):
        raw = (whole / name).read_bytes()
        (tmp_path / name).write_bytes(raw[: int(len(raw) * 0.6)])
        with pytest.raises(InputError, match=r"this Matlab file is damaged \(it ends \d+ bytes early\)"):
            opened(tmp_path / name)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("a.edf", "b.fif", r"b\.fif: it is EDF by its first bytes, not \.fif; rename it to \.edf"),
        ("a_raw.fif", "b.edf", r"b\.edf: it is FIF by its first bytes, not \.edf; rename it to \.fif"),
        ("a.vhdr", "b.set", r"it is BrainVision by its first bytes"),
        ("a.bdf", "b.txt", r"it is BDF by its first bytes"),
        ("b.mat", "b.dat", r"it is Matlab by its first bytes"),
        ("a.edf", "b.acq", r"BIOPAC's own format is not read; save it from AcqKnowledge as a Matlab file"),
        ("a.edf", "b.xdf", r"LSL's format is not read"),
        ("a.edf", "b.edff", r"\.edff is no known format; did you mean.*\.edf"),
        ("a.vmrk", "a.vmrk", r"give its \.vhdr"),
        ("a.eeg", "a.eeg", r"give a\.vhdr"),
        ("a.edf", "a.edf#3", r"only files of DEAP, AMIGOS and DREAMER hold trials; drop #3"),
        ("a.edf", "b.pkl", r"pickles of unknown origin are not opened"),
    ],
)
def test_a_wrong_suffix_is_named(tmp_path, whole, old, new, message):
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    if old != new.partition("#")[0]:
        (tmp_path / old).rename(tmp_path / new)
    with pytest.raises(InputError, match=message):
        opened(tmp_path / new)


def test_a_recording_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"x\.edf: there is no such recording; .*leave the cell empty"):
        opened(tmp_path / "x.edf")


@pytest.mark.parametrize(
    ("opens", "gone", "message"),
    [
        ("a.vhdr", "a.eeg", r"a\.vhdr: its samples should be in .*a\.eeg, which is missing"),
        ("a.vhdr", "a.vmrk", r"its markers should be in .*a\.vmrk, which is missing"),
        ("a.cdt", "a.cdt.dpa", r"a\.cdt: its parameter file a\.cdt\.dpa or a\.cdt\.dpo is not beside it"),
        ("a.cdt.dpa", "a.cdt", r"a\.cdt: the samples of a\.cdt\.dpa should be here"),
    ],
)
def test_a_missing_companion_is_named(tmp_path, whole, opens, gone, message):
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    (tmp_path / gone).unlink()
    with pytest.raises(InputError, match=message):
        opened(tmp_path / opens)


def test_a_header_may_only_name_its_neighbours(tmp_path, whole):
    shutil.copytree(whole, tmp_path / "in", dirs_exist_ok=True)
    header = tmp_path / "in" / "a.vhdr"
    (tmp_path / "in" / "a.eeg").rename(tmp_path / "secret.eeg")
    header.write_text(header.read_text().replace("a.eeg", "../secret.eeg"))
    with pytest.raises(InputError, match=r"DataFile=\.\./secret\.eeg points to another folder"):
        opened(header)


def test_an_eeglab_file_may_only_name_its_neighbours(tmp_path, whole):
    from scipy.io import loadmat, savemat

    found = {name: value for name, value in loadmat(whole / "a.set", squeeze_me=True).items() if name[0] != "_"}
    (tmp_path / "in").mkdir()
    found["data"].astype("<f4").T.tofile(tmp_path / "secret.fdt")
    savemat(tmp_path / "in" / "a.set", found | {"data": "../secret.fdt"})
    with pytest.raises(InputError, match=r"takes its samples from .*secret\.fdt, outside its folder"):
        opened(tmp_path / "in" / "a.set")
    savemat(tmp_path / "in" / "a.set", found | {"data": "gone.fdt"})
    with pytest.raises(InputError, match=r"a\.set: MNE cannot read it"):
        opened(tmp_path / "in" / "a.set")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("NumChannels          = 4", "NumChannels          = 9", "4 names for 9 channels"),
        ("NumChannels          = 4", "NumChannels          = four", "NumChannels is 'four'; it should be a number"),
        ("NumTrials            = 1", "NumTrials            = 7", "cut into trials"),
        ("DataFormat           = FLOAT", "DataFormat           = ASCII", "its samples are text"),
        ("DataSampOrder        = SAMP", "DataSampOrder        = CHAN", "ordered by channel"),
        ("SampleFreqHz         = 256", "SampleFreqHz         = 500", "SampleFreqHz is 500, but SampleTimeUsec 3906.25"),
    ],
)
def test_a_curry_file_that_contradicts_itself(tmp_path, whole, old, new, message):
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    header = tmp_path / "a.cdt.dpa"
    text = header.read_text()
    assert old in text
    header.write_text(text.replace(old, new))
    with pytest.raises(InputError, match=message):
        opened(tmp_path / "a.cdt")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"labels": np.array(["A", "B"])}, "17 columns of data, 2 labels and 17 units"),
        ({"isi_units": "weeks"}, "interval between its samples is .* 'weeks'"),
        ({"isi": 0.0}, "should be a number above 0"),
        ({"isi": None}, "its variables are .*BIOPAC's"),
        ({"data": np.array(["x", "y"], dtype=object)}, "data should be numbers"),
    ],
)
def test_a_matlab_file_that_is_no_recording(tmp_path, changed, message):
    with pytest.raises(InputError, match=rf"a\.mat: .*{message}"):
        opened(biopac(tmp_path / "a.mat", waves(1.0, 17), **changed))


def test_a_matlab_file_that_unpacks_without_end(tmp_path, monkeypatch):
    path = biopac(tmp_path / "a.mat", waves(1.0, 17))
    packed = zlib.compress(bytes(2**24))
    raw = path.read_bytes()
    path.write_bytes(raw[:128] + (15).to_bytes(4, "little") + len(packed).to_bytes(4, "little") + packed)
    monkeypatch.setattr(matlab_guard, "MAX_BYTES", 2**22)
    with pytest.raises(InputError, match=r"a\.mat: it unpacks to over 4194304 bytes; refused"):
        opened(path)


@pytest.mark.parametrize("way", ["link", "external", "large"])
def test_a_matlab_7_3_file_may_not_point_elsewhere(tmp_path, way):
    import h5py

    with h5py.File(tmp_path / "a.mat", "w", userblock_size=512) as file:
        file["isi"] = 1.0
        if way == "link":
            file["data"] = h5py.ExternalLink("/etc/secret.h5", "/x")
        elif way == "external":
            (tmp_path / "secret").write_bytes(bytes(800))
            file.create_dataset("data", (10, 10), "f8", external=[(tmp_path / "secret", 0, 800)])
        else:
            file.create_dataset("data", (10**6, 10**6), "f8", chunks=(100, 100))
    with (tmp_path / "a.mat").open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    message = {"link": "points to another file", "external": "in another file", "large": "unpacks to over"}[way]
    with pytest.raises(InputError, match=rf"a\.mat: .*{message}"):
        opened(tmp_path / "a.mat")


def test_rates_that_do_not_fit_each_other(tmp_path):
    values = [*(waves()[:3] * 1e6), waves()[3, :400] * 1e6]
    edf(tmp_path / "a.edf", values, rates=(256.0, 256.0, 256.0, 100.0))
    with pytest.raises(InputError, match=r"several sampling rates \(ECG: 100 Hz; Fp1, Cz, O2: 256 Hz\)"):
        opened(tmp_path / "a.edf")


def test_a_header_that_claims_the_impossible(tmp_path, monkeypatch):
    path = edf(tmp_path / "a.edf", waves() * 1e6)
    with opened(path) as recording:
        monkeypatch.setattr("mmer.signals.recording.MAX_BYTES", 1000)
        with pytest.raises(InputError, match="read them in pieces"):
            recording.read(0, 1000)
    monkeypatch.setattr("mmer.signals.recording.MAX_CHANNELS", 3)
    with pytest.raises(InputError, match="states 4 channels; 1 to 3 are read"):
        opened(path)
    raw = path.read_bytes()
    path.write_bytes(raw[:252] + b"9999" + raw[256:])
    with pytest.raises(InputError, match="9999 signals"):
        opened(path)
