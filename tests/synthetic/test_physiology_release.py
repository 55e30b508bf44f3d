"""Recordings in releases: read back by MNE and SciPy, mishaps by rule, the same bytes every time."""

import csv
import datetime
from pathlib import Path

import edfio
import mne
import numpy as np
import pytest
from scipy.io import loadmat

from mmer.datasets.manifest import Manifest
from mmer.datasets.mmme import Mmme
from mmer.synthetic.coder import Code
from mmer.synthetic.layout import Recording
from mmer.synthetic.manifest import ManifestLayout
from mmer.synthetic.physiology.eeg import GENEVA
from mmer.synthetic.release import write_release
from mmer.types.errors import InputError

TINY = {"clips": 1, "seed": 0, "size": 48, "processes": 1}


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """Recordings and tables of twelve people, with every mishap; nobody's face is rendered."""
    out, layout = tmp_path_factory.mktemp("manifest"), ManifestLayout(physiology=True)
    code = Code((("", 4),), 17, "")
    people = [
        [Recording(number, 0, f"p{number + 1:02d}", f"p{number + 1:02d}_c01", "disgust", 6, 17, 30, code)]
        for number in range(12)
    ]
    for person in people:
        layout.write_signals(out, person, 0)
    layout.write_annotation(out, [one for person in people for one in person], 0)
    return out


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """Two people with faces."""
    out = tmp_path_factory.mktemp("rendered") / "physio"
    write_release("manifest", out, 2, **TINY, archives=True, name="physio", physiology=True)
    return out


@pytest.fixture(scope="module")
def mmme(tmp_path_factory):
    out = tmp_path_factory.mktemp("mmme") / "mmme"
    write_release("mmme", out, 1, **TINY, physiology=True)
    return out


def edf(path):
    return mne.io.read_raw_edf(path, preload=True, verbose="error")


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def content(root, pattern="**/*"):
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.glob(pattern)) if path.is_file()
    }


def test_mne_reads_the_eeg(release):
    raw = edf(release / "signals/p01_eeg.edf")
    assert tuple(raw.ch_names) == GENEVA
    assert raw.info["sfreq"] == 128
    assert raw.info["meas_date"].date() == datetime.date(2000, 1, 1)
    assert 3e-6 < np.median(raw.get_data().std(1)) < 40e-6


def test_mne_reads_the_ecg(release):
    raw = edf(release / "signals/p01_ecg.edf")
    assert (raw.ch_names, raw.info["sfreq"]) == (["ECG"], 256)
    assert 0.5e-3 < raw.get_data().max() < 3e-3


def test_people_without_a_recording_have_an_empty_cell(release):
    table = rows(release / "manifest.csv")
    assert [row["subject"] for row in table if not row["eeg"]] == ["p08"]
    assert [row["subject"] for row in table if not row["ecg"]] == ["p04"]
    named = {row[stream] for row in table for stream in ("eeg", "ecg")} - {""}
    assert named == set(content(release, "signals/*"))


def test_the_adapter_finds_the_recordings(rendered):
    clips = Manifest(name="physio", root=str(rendered)).clips().set_index("subject")
    assert clips.eeg["physio/p01"] == (rendered / "signals/p01_eeg.edf").as_posix()
    assert clips.ecg["physio/p02"] == (rendered / "signals/p02_ecg.edf").as_posix()


def test_a_dead_and_a_loose_electrode(release):
    flat = edf(release / "signals/p03_eeg.edf").get_data().std(1)
    assert [name for name, size in zip(GENEVA, flat, strict=True) if size < 1e-8] == ["T7"]
    size = edf(release / "signals/p09_eeg.edf").get_data().std(1)
    assert size[GENEVA.index("P8")] > 2 * np.delete(size, GENEVA.index("P8")).max()


def test_two_recordings_end_early(release):
    seconds = {path.name: edfio.read_edf(path).duration for path in sorted((release / "signals").glob("*.edf"))}
    short = [name for name, length in seconds.items() if length < (8 if "eeg" in name else 14)]
    assert short == ["p06_eeg.edf", "p11_ecg.edf"]


def test_markers_lie_on_both_clocks(release):
    found = rows(release / "markers.csv")
    assert len(found) == 2 * (12 + 12 - 2)
    assert {row["recording"] for row in found} == {f"signals/{path.name}" for path in (release / "signals").iterdir()}
    first = {row["recording"]: float(row["recording_seconds"]) for row in found if row["video_seconds"] == "0"}
    last = {row["recording"]: float(row["recording_seconds"]) for row in found if row["video_seconds"] == "6"}
    rate = {name: (last[name] - first[name]) / 6 for name in first}
    drifting = {Path(name).name: round(1e6 * (value - 1)) for name, value in rate.items() if abs(value - 1) > 1e-6}
    assert drifting == {"p02_eeg.edf": 100, "p02_ecg.edf": 100, "p07_eeg.edf": -100, "p07_ecg.edf": -100}


def test_the_same_bytes_every_time_and_the_faces_as_without(rendered, tmp_path):
    write_release("manifest", tmp_path / "again", 1, **TINY, archives=True, name="physio", physiology=True)
    write_release("manifest", tmp_path / "faces", 2, **TINY, archives=True, name="physio")
    both, again, faces = content(rendered), content(tmp_path / "again"), content(tmp_path / "faces")
    tables = {"manifest.csv", "markers.csv"}
    assert {"signals/p01_eeg.edf", "signals/p01_ecg.edf"} < set(again)
    assert {name: both[name] for name in set(again) - tables} == {name: again[name] for name in set(again) - tables}
    assert {name: both[name] for name in set(faces) - tables} == {name: faces[name] for name in set(faces) - tables}
    assert not any(name.startswith(("signals", "markers")) for name in faces)
    plain = rows(tmp_path / "faces/manifest.csv")
    assert "eeg" not in plain[0]
    assert [{key: row[key] for key in plain[0]} for row in rows(rendered / "manifest.csv")] == plain


def test_a_shipped_recording_is_small(release):
    """Twelve people with five clips (36 s more than here) have at most 6 MB."""
    size = sum(path.stat().st_size for path in (release / "signals").iterdir())
    assert size + 11 * 36 * (32 * 128 + 256) * 2 < 6e6


def test_curry_is_laid_out_as_its_parameters_say(mmme):
    """The samples lie as MNE's reader expects them, too; it needs a library of its own, so this reads them itself."""
    text = (mmme / "eeg/Nobody_01.cdt.dpa").read_text()
    number = {key: int(line.split("=")[1]) for line in text.splitlines() for key in ("NumSamples", "NumChannels")
              if line.split("=")[0].strip() == key}  # fmt: skip
    assert number["NumChannels"] == 69
    names = [line for part in text.split("START_LIST\t# Do not edit!\n")[1:3] for line in part.split("\n")[:64]]
    assert names[:3] == ["FP1", "FPZ", "FP2"]
    assert names[64:69] == ["HEO", "VEO", "EKG", "EMG", "Trigger"]
    values = np.fromfile(mmme / "eeg/Nobody_01.cdt", "<f4").reshape(number["NumSamples"], 69)
    assert 3 < np.median(values[:, :64].std(0)) < 40  # microvolts
    assert values[:, 66].max() > 500  # the heart
    trigger = values[:, 68]
    assert sorted(set(trigger)) == [0, 100]
    # The recording starts 5 s before nine o'clock, and the marker comes with the first picture.
    picture = min(path.stem for path in (mmme / "face").rglob("*.tif")).split("-")
    seconds = int(picture[5]) + int(picture[6]) / 1000
    assert abs(np.flatnonzero(trigger)[0] / 1000 - 5 - seconds) <= 0.001


def test_biopac_as_acqknowledge_exports_it(mmme):
    found = loadmat(mmme / "biopac/Nobody_01.mat")
    assert found["data"].shape[1] == len(found["labels"]) == len(found["units"]) == 17
    assert (found["isi"].item(), found["isi_units"].item()) == (1.0, "ms")
    labels = [text.strip() for text in found["labels"]]
    assert labels[:6] == ["PPG", "RSP", "EMG A", "SKT A", "EDA", "ECG"]
    bits = found["data"][:, [number for number, label in enumerate(labels) if "STP" in label]]
    codes = (bits > 2.5) @ (1 << np.arange(8))
    assert sorted(set(codes.tolist())) == [0, 100]
    assert 50 < np.median(found["data"][:, 16]) < 100  # beats per minute


def test_mmme_finds_its_recordings(mmme):
    clip = Mmme(root=str(mmme)).clips().iloc[0]
    assert clip.eeg == (mmme / "eeg/Nobody_01.cdt").as_posix()
    assert clip.ecg == (mmme / "biopac/Nobody_01.mat").as_posix()
    clip = Mmme(root=str(mmme), eeg="", ecg="elsewhere").clips().iloc[0]
    assert clip[["eeg", "ecg"]].isna().all()


def test_a_corpus_without_recordings_stops(tmp_path):
    with pytest.raises(InputError, match="samm has no EEG or ECG; --physiology goes with manifest, mmme"):
        write_release("samm", tmp_path / "samm", 1, **TINY, physiology=True)
