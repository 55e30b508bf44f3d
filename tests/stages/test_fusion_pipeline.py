"""Experiments with recordings, from params.yaml to the report: EEG alone, and fused with the face."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmer.stages import paths
from mmer.stages.experiment import load_experiment
from mmer.stages.read_config import read_config
from mmer.synthetic.release import write_release
from mmer.types.clips import load_clips, save_clips
from mmer.types.predictions import load_predictions
from mmer.types.samples import Samples
from workspace import Workspace

SFREQ = 160.0
SECONDS = 14
CHANNELS = ("Fp1", "Fp2", "C3", "C4", "O1", "O2", "Pz", "ECG")
FACE = {"nodes": "action_units", "edges": "complete", "model": "gcn"}
EXPERIMENTS = {
    "both": FACE | {"datasets": ["casme2"], "signals": ["eeg", "ecg"], "fusion": "concatenation"},
    "eeg_only": {"datasets": ["casme2"], "model": "signal_cnn", "signals": ["eeg"]},
}
# braindecode, which eegnet is from, takes long to import.
SHORT = {"model": {"epochs": 2}, "signals": {"eeg": {"start": -0.25, "stop": 0.75, "encoder": "signal_cnn"}}}
ECG = {"signals": {"eeg": SHORT["signals"]["eeg"], "ecg": {"start": -0.5, "stop": 1.5}}}


def record(path, seed):
    """Write noise with a rhythm as FIF."""
    import mne

    random = np.random.default_rng(seed)
    time = np.arange(int(SFREQ * SECONDS)) / SFREQ
    values = 1e-5 * (random.normal(size=(len(CHANNELS), len(time))) + np.sin(2 * np.pi * 10 * time))
    kinds = ["ecg" if name == "ECG" else "eeg" for name in CHANNELS]
    info = mne.create_info(list(CHANNELS), SFREQ, kinds)
    mne.io.RawArray(values, info, verbose="error").save(path, verbose="error")


@pytest.fixture(scope="module", autouse=True)
def workspace(tmp_path_factory):
    """Every stage was run; the clips of the first subject have no recording."""
    folder = tmp_path_factory.mktemp("workspace")
    before = Path.cwd()
    workspace = Workspace(folder)
    write_release("casme2", folder / "data/casme2", subjects=4, clips=3, seed=1, preset="easy", size=48, processes=1)
    workspace.params["experiments"] = EXPERIMENTS
    workspace.params["set"] = {
        "datasets": {"casme2": {"recordings": {"offset": 4.0}}},
        "experiments": {"eeg_only": SHORT, "both": SHORT | ECG},
    }
    os.chdir(folder)
    try:
        workspace.run("motion")
        clips = load_clips(paths.clips("casme2"))
        subjects = sorted(set(clips.subject))
        for number, subject in enumerate(subjects[1:]):
            path = folder / f"data/casme2/{number}_raw.fif"
            record(path, number)
            clips.loc[clips.subject == subject, ["eeg", "ecg"]] = str(path)
        save_clips(clips, paths.clips("casme2"))
        for command in workspace.commands()[workspace.commands().index(("graphs", "casme2")) :]:
            assert workspace.mmer(*command) == 0, command
        yield workspace
    finally:
        os.chdir(before)


def without_recording():
    clips = load_clips(paths.clips("casme2"))
    return set(clips.clip_id[clips.eeg.isna()])


def test_a_signal_is_one_stream_of_all_clips_with_a_reason_where_it_lacks():
    signals = read_config("datasets", "casme2")["signals"]
    assert sorted(key.split("-")[0] for key in signals) == ["ecg", "eeg"]
    for key in signals:
        samples = Samples.load(paths.signal("casme2", key))
        about = json.loads(paths.signal_notes("casme2", key).read_text())
        name = json.loads((paths.signals("casme2") / "index.json").read_text())[key]
        lacking = {clip for clip, there in zip(samples.clip_ids, samples.present[name], strict=True) if not there}
        assert lacking == set(about["missing"]) == without_recording()
        assert all("no recording" in reason for reason in about["missing"].values())
        assert samples.signals[name].channels == (("ECG",) if name == "ecg" else CHANNELS[:-1])
        assert samples.streams[name].any((1, 2)).tolist() == samples.present[name].tolist()


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_clips_without_a_recording_stay(name):
    experiment = load_experiment(name)
    assert without_recording() <= set(experiment.samples.clip_ids)
    assert not experiment.samples.present["eeg"][
        [experiment.samples.clip_ids.index(clip) for clip in without_recording()]
    ].any()
    assert set(load_predictions(paths.predictions(name)).clip_id) == set(experiment.clips.clip_id)
    assert set(experiment.samples.streams) == ({"graph", "eeg", "ecg"} if name == "both" else {"eeg"})


def test_every_subset_of_the_streams_is_predicted_on_the_same_clips():
    folder = paths.training("both") / "subsets"
    names = {path.stem for path in folder.glob("*.parquet")}
    assert names == {"face", "eeg", "ecg", "face+eeg", "face+ecg", "ecg+eeg"}
    whole = load_predictions(paths.predictions("both"))
    keys = ["seed", "fold", "clip_id", "truth"]
    for name in names:
        table = load_predictions(folder / f"{name}.parquet")
        pd.testing.assert_frame_equal(table[keys], whole[keys])
    face = load_predictions(folder / "face.parquet").set_index("clip_id")
    columns = [name for name in face if name.startswith("p_")]
    for name in ("face", "face+eeg", "face+ecg"):  # a clip without recordings has the face alone in each of them
        table = load_predictions(folder / f"{name}.parquet").set_index("clip_id")
        clips = sorted(without_recording())
        assert np.allclose(table.loc[clips, columns], face.loc[clips, columns], atol=1e-6)
    assert not list((paths.training("eeg_only") / "subsets").glob("*"))


def test_the_report_and_its_numbers_have_the_streams():
    numbers = json.loads(paths.METRICS.read_text())
    assert numbers["both"]["signals"]["eeg"]["casme2"]["missing"] > 0
    subsets = {"face+ecg+eeg", "face+ecg", "face+eeg", "ecg+eeg", "face", "ecg", "eeg"}
    assert set(numbers["both"]["streams"]["subsets"]) == subsets
    assert numbers["both"]["streams"]["against"][-1]["other"] == "eeg_only"
    assert "streams" not in numbers["eeg_only"]
    assert "All streams minus" in paths.REPORT.read_text()


def test_the_fingerprint_names_the_libraries_that_read_recordings():
    versions = json.loads((paths.training("both") / "fingerprint.json").read_text())["versions"]
    assert {"mne", "braindecode", "neurokit2", "torch"} < set(versions)


def test_the_audit_reads_signals_and_finds_nothing(workspace):
    assert workspace.mmer("audit", "both", "--permutations", "0", "--folds", "1") in (0, 1)
    findings = {item["check"]: item for item in json.loads(paths.audit("both").read_text())["findings"]}
    assert findings["poison"]["status"] == findings["ledger"]["status"] == "clean"
    assert "signal eeg" in findings["annotations"]["details"]["inputs"]["onset"]
