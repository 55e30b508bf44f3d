"""`mmer audit` on a small workspace: clean as it is, and a leak is found wherever it is planted.

The tests share the workspace, and each puts back what it changed.
"""

import json
import os
import shutil
import zlib
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from mmer.__main__ import main as command_line
from mmer.faces.shipped import Shipped
from mmer.graphs.edges.au_probability import AuProbability
from mmer.graphs.nodes.action_units import ActionUnits
from mmer.labels.emotion import EmotionScheme
from mmer.motion.optical_flow import OpticalFlow
from mmer.protocols.loso import Loso
from mmer.stages.audit import main
from mmer.stages.audit_scratch import poisoned_workspace
from mmer.stages.experiment import load_experiment
from mmer.synthetic.release import write_release
from mmer.types.audit import Audit
from mmer.types.clips import LABELS, load_clips
from mmer.types.frames import Frames
from mmer.types.predictions import load_predictions, save_predictions
from workspace import Workspace

AUDIT = Path("artifacts/audit/aus.json")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workspace")
    write_release(
        "casme2", folder / "data/casme2", subjects=4, clips=5, seed=3, preset="default", size=64, processes=1
    )  # fmt: skip
    workspace = Workspace(folder)
    workspace.params["experiments"] = {
        "aus": {"datasets": ["casme2"], "model": "logreg", "nodes": "action_units", "edges": "au_probability"}
    }
    workspace.params["set"] = {"experiments": {"aus": {"model": {"epochs": 8, "lr": 0.3}}}}
    before, cores = Path.cwd(), pytest.MonkeyPatch()
    cores.setattr("mmer.stages.parallel.cores", lambda: 1)
    os.chdir(folder)
    try:
        workspace.run("evaluate")
        yield workspace
    finally:
        os.chdir(before)
        cores.undo()


@pytest.fixture
def workspace(built, capsys):
    capsys.readouterr()
    return built


def audit(workspace, code, permutations=0):
    """Audit, poisoning one fold only, expect an exit code, and return the status of every check."""
    assert main("aus", permutations=permutations, folds=1) == code
    return {finding.check: finding.status for finding in Audit.load(AUDIT).findings}


def finding(check):
    return next(found for found in Audit.load(AUDIT).findings if found.check == check)


@pytest.fixture
def kept(tmp_path):
    """Put back, afterwards, what the evaluation of the experiment left."""
    for name in ("predictions", "training"):
        shutil.copytree(Path("artifacts") / name, tmp_path / name)
    yield
    for name in ("predictions", "training"):
        shutil.rmtree(Path("artifacts") / name)
        shutil.copytree(tmp_path / name, Path("artifacts") / name)


CHECKS = ["artifacts", "ledger", "search", "annotations", "duplicates", "poison", "shuffle", "oracle_gap"]


def test_the_experiment_as_it_is_passes_every_check(workspace, capsys):
    assert workspace.mmer("audit", "aus") == 0
    found = {found.check: found.status for found in Audit.load(AUDIT).findings}
    assert found == dict.fromkeys(CHECKS, "clean")
    said = capsys.readouterr().out
    assert said.startswith("audit of aus: clean")
    assert all(f"  clean    {check}" in said for check in CHECKS)
    assert "oracle_apex" in said
    assert max(map(len, said.splitlines())) <= 120


def test_json_is_all_that_is_printed_and_is_what_is_stored(workspace, capsys):
    assert workspace.mmer("audit", "aus", "--json", "--permutations", "0") == 1
    said = json.loads(capsys.readouterr().out)
    assert said == json.loads(AUDIT.read_text())
    assert (said["status"], said["exit_code"]) == ("warning", 1)
    assert [finding["check"] for finding in said["findings"]] == CHECKS
    made = json.loads(Path("artifacts/training/aus/fingerprint.json").read_text())
    assert [said[name] for name in ("config", "code", "splits")] == [
        made[name] for name in ("config", "code", "splits")
    ]


def test_what_is_asked_wrongly_is_refused(workspace, capsys):
    for options, words in (
        (("aus", "--permutations", "5"), "at least 20"),
        (("auss",), "did you mean 'aus'"),
    ):
        assert workspace.mmer("audit", *options) == 3  # a 2 would say that something leaked
        assert words in capsys.readouterr().err


def test_a_bug_is_not_taken_for_a_warning(monkeypatch, capsys):
    def broken(name):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("mmer.stages.audit.load_experiment", broken)
    assert command_line(["audit", "aus"]) == 3
    assert "ZeroDivisionError: a bug" in capsys.readouterr().err


@pytest.mark.parametrize("file", ["ledger.parquet", "fingerprint.json"])
def test_a_damaged_file_of_the_evaluation_is_named(workspace, kept, capsys, file):
    path = Path("artifacts/training/aus") / file
    path.write_bytes(path.read_bytes()[:100])
    assert workspace.mmer("audit", "aus", "--permutations", "0") == 3
    said = capsys.readouterr().err.splitlines()[-1]
    assert str(path) in said
    assert "dvc repro" in said


def test_a_truth_that_was_edited_afterwards_is_a_warning(workspace, kept):
    path = Path("artifacts/predictions/aus.parquet")
    table = load_predictions(path)
    edited = table.clip_id == table.clip_id[0]
    word = next(name for name in table.truth.unique() if name != table.truth[0])
    save_predictions(table.assign(truth=table.truth.where(~edited, word)), path)
    assert audit(workspace, 1)["artifacts"] == "warning"
    assert f"{table.clip_id[0]}: truth '{word}', not '{table.truth[0]}'" in finding("artifacts").summary


def test_a_wrong_option_is_no_leak(workspace, capsys):
    with pytest.raises(SystemExit) as stop:
        workspace.mmer("audit", "aus", "--permutatoins", "20")
    assert stop.value.code == 3
    assert "--permutatoins" in capsys.readouterr().err


def test_stored_predictions_of_another_state_are_a_warning(workspace):
    workspace.params["set"]["experiments"]["aus"]["model"]["epochs"] = 9
    try:
        for command in (("config",), ("inputs",)):
            assert workspace.mmer(*command) == 0
        found = audit(workspace, 1)
        assert (found["artifacts"], found["oracle_gap"]) == ("warning", "warning")
    finally:
        workspace.params["set"]["experiments"]["aus"]["model"]["epochs"] = 8
        assert workspace.mmer("config") == 0


def mirrored(source, target):
    """Write an augmented sibling: turned left to right, and encoded anew."""
    cv2.imwrite(str(target), cv2.imread(str(source))[:, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])


@pytest.mark.parametrize(("put", "status", "code"), [(shutil.copyfile, "leak", 2), (mirrored, "warning", 1)])
def test_a_recording_and_its_augmented_sibling_on_both_sides_are_found(workspace, put, status, code):
    """One person's clip stands in another person's folder, as when a corpus was cut or augmented before the split."""
    clips = load_experiment("aus").clips.set_index("clip_id")
    one, other = (clips[clips.subject == name].iloc[0] for name in sorted(set(clips.subject))[:2])
    inside = Frames.open(one.frames).between(one.onset, one.offset).names
    folder = Path(other.frames)
    kept = shutil.copytree(folder, folder.parent / "kept")
    wanted = Frames.open(folder).between(other.onset, other.offset).names
    try:
        for place, name in enumerate(wanted):
            source = inside[place * len(inside) // len(wanted)]
            put(Path(one.frames) / source, folder / name)
        assert audit(workspace, code)["duplicates"] == status
    finally:
        shutil.rmtree(folder)
        kept.rename(folder)


def labels_on_disk():
    """What nobody is given, but a file can be opened."""
    return zlib.crc32("".join(load_clips("artifacts/clips/casme2.parquet").emotion).encode()) % 97 / 97


def test_an_adjacency_from_all_labels_on_disk_is_a_leak(workspace, monkeypatch):
    honest = AuProbability.fit
    monkeypatch.setattr(
        AuProbability,
        "fit",
        lambda self, node_set, targets: honest(self, node_set, targets) * np.float32(1 + labels_on_disk()),
    )
    assert audit(workspace, 2)["poison"] == "leak"
    assert finding("poison").details["folds"][0]["labels"][0] == "edge weights"


def test_who_opens_the_annotation_file_in_training_finds_none(workspace, monkeypatch):
    honest = AuProbability.fit

    def fit(self, node_set, targets):
        Path("data/casme2/CASME2-coding-20140508.xlsx").read_bytes()
        return honest(self, node_set, targets)

    monkeypatch.setattr(AuProbability, "fit", fit)
    assert audit(workspace, 2)["poison"] == "leak"
    assert "CASME2-coding" in finding("poison").summary


def test_classes_that_depend_on_all_labels_are_a_leak(workspace, monkeypatch):
    honest = EmotionScheme.assign

    def assign(self, clips):
        """Turn the classes round, as often as clips are of the first one."""
        classes = honest(self, clips)
        by = int((classes == self.classes[0]).sum()) + int(classes.iloc[0] == self.classes[0])
        turned = dict(zip(self.classes, np.roll(self.classes, by), strict=True))
        return classes.map(turned)

    monkeypatch.setattr(EmotionScheme, "assign", assign)
    assert audit(workspace, 2)["poison"] == "leak"
    assert "training labels" in finding("poison").summary


def test_folds_that_depend_on_labels_are_a_leak(workspace, monkeypatch):
    honest = Loso.splits
    monkeypatch.setattr(
        Loso,
        "splits",
        lambda self, clips: [replace(split, fold=f"{split.fold} {labels_on_disk()}") for split in honest(self, clips)],
    )
    assert audit(workspace, 2)["poison"] == "leak"
    assert "other folds" in finding("poison").summary


def test_an_epoch_chosen_on_the_test_clips_is_a_leak(workspace, best_test_epoch):
    assert audit(workspace, 2)["poison"] == "leak"
    assert "predictions" in finding("poison").summary


def test_a_scaler_on_all_clips_is_a_leak_and_writes_itself_down(
    workspace, kept, scaler_on_all_clips, monkeypatch, tmp_path
):
    monkeypatch.setattr("mmer.stages.paths.CACHE", tmp_path)  # a planted fault stands in no source: folds would be kept
    assert workspace.mmer("evaluate", "aus") == 0
    found = audit(workspace, 2)
    assert (found["ledger"], found["poison"]) == ("leak", "leak")


@pytest.mark.parametrize("column", LABELS)
@pytest.mark.parametrize(
    ("component", "method", "stage"),
    [
        (Shipped, "extract", "tracks"),
        (OpticalFlow, "describe", "motion"),
        (ActionUnits, "build", "graphs"),
        (Loso, "splits", "evaluate"),
    ],
)
def test_who_looks_at_labels_before_the_split_finds_none(
    workspace, tmp_path, monkeypatch, column, component, method, stage
):
    """Rooms that see test clips are given tables without labels."""
    monkeypatch.setattr("mmer.stages.paths.CACHE", tmp_path)  # or the tracks would not be made again

    def peek(self, clips, *rest):
        raise AssertionError(f"{column} was there: {getattr(clips, column)}")

    monkeypatch.setattr(component, method, peek)
    with pytest.raises(AttributeError, match=column):
        workspace.mmer(stage, "aus" if stage == "evaluate" else "casme2")


def test_annotated_units_as_features_are_an_oracle(workspace, monkeypatch):
    monkeypatch.setattr(ActionUnits, "reads", ("onset", "offset", "action_units"))
    found = audit(workspace, 1)
    assert found["annotations"] == "warning"
    assert finding("annotations").details["tags"] == ["oracle", "oracle_apex"]


def test_the_scratch_workspace_holds_no_truth_of_the_test_clips(workspace):
    experiment = load_experiment("aus")
    split, root = experiment.splits[0], Path.cwd()
    with poisoned_workspace(experiment, split) as scratch:
        assert Path.cwd() == scratch != root
        there = ["clips", "config.yaml", "graphs", "motion", "signals"]
        assert sorted(path.name for path in Path("artifacts").iterdir()) == there
        assert not Path("data").exists()
        assert not Path("artifacts/clips").is_symlink()
        other = load_experiment("aus")
        assert other.splits == experiment.splits
        before, after = (table.clips.set_index("clip_id") for table in (experiment, other))
        assert (after.emotion[list(split.test)] != before.emotion[list(split.test)]).all()
        pd.testing.assert_frame_equal(after.loc[list(split.train)], before.loc[list(split.train)])
        pd.testing.assert_frame_equal(after.drop(columns=list(LABELS)), before.drop(columns=list(LABELS)))
    assert Path.cwd() == root
    assert not scratch.exists()
