"""What a person can get wrong: one clear message, a non-zero exit, and nothing half-written."""

import shutil
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from mmer.synthetic.release import write_release
from mmer.types.face_track import FaceTrack
from workspace import Workspace

BOOK = "CASME2-coding-20140508.xlsx"


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    folder = tmp_path_factory.mktemp("release") / "casme2"
    write_release("casme2", folder, subjects=4, clips=4, seed=3, preset="easy", size=64)
    return folder


@pytest.fixture
def workspace(tmp_path, monkeypatch, release):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("mmer.stages.parallel.cores", lambda: 1)  # starting workers costs more than these few clips
    workspace = Workspace(tmp_path)
    workspace.add("casme2", release)
    return workspace


def edit(change, path=None):
    """Apply ``change(sheet)`` to the annotation workbook."""
    path = path or Path("data/casme2") / BOOK
    book = openpyxl.load_workbook(path)
    change(book["Sheet1"])
    book.save(path)


def cell(sheet, column, row=2):
    """The cell under a heading."""
    heads = [head.value for head in sheet[1]]
    return sheet.cell(row, heads.index(column) + 1)


def first_folder():
    return sorted(path for path in Path("data/casme2/CASME2_RAW_selected").glob("*/*"))[0]


def written(stage):
    """What a stage left behind."""
    return sorted(path.name for path in Path("artifacts", stage).rglob("*") if path.is_file())


def test_the_release_itself_runs(workspace):
    workspace.run()
    assert Path("artifacts/report/index.html").stat().st_size > 10_000


def test_missing_corpus_folder(workspace, capsys):
    shutil.rmtree("data/casme2")
    assert "data/casme2" in workspace.stops(capsys)
    assert not written("clips")


def test_workbook_without_the_expected_columns(workspace, capsys):
    def rename(sheet):
        cell(sheet, "ApexFrame", 1).value = "Apex"

    edit(rename)
    said = workspace.stops(capsys)
    assert BOOK in said
    assert "ApexFrame" in said
    assert not written("clips")


def test_a_clip_folder_that_is_missing(workspace, capsys):
    folder = first_folder()
    shutil.rmtree(folder)
    assert folder.name in workspace.stops(capsys)
    assert not written("clips")


def test_an_onset_frame_that_is_missing(workspace, capsys):
    folder = first_folder()
    sorted(folder.iterdir(), key=lambda path: int(path.stem[3:]))[0].unlink()
    assert folder.name in workspace.stops(capsys)
    assert not written("clips")


def test_frames_that_do_not_decode_are_all_named(workspace, capsys):
    folders = sorted(Path("data/casme2/CASME2_RAW_selected").glob("*/*"))[:2]
    for folder in folders:
        for path in folder.iterdir():
            path.write_bytes(path.read_bytes()[:200])
    said = workspace.stops(capsys)
    assert said.startswith("mmer motion: ")
    assert all(folder.name in said for folder in folders)
    assert "exclude" in said
    assert not written("motion")


def test_onset_after_offset(workspace, capsys):
    def swap(sheet):
        cell(sheet, "OnsetFrame").value = cell(sheet, "OffsetFrame").value + 5

    edit(swap)
    said = workspace.stops(capsys)
    assert "onset" in said
    assert "offset" in said
    assert "casme2/sub01/" in said
    assert not written("clips")


def test_an_unknown_emotion_word(workspace, capsys):
    def misspell(sheet):
        cell(sheet, "Estimated Emotion").value = "hapiness"

    edit(misspell)
    said = workspace.stops(capsys)
    assert said.startswith("mmer evaluate: ")
    assert "'hapiness'" in said
    assert "'happiness'" in said
    assert not written("predictions")


def test_a_workbook_that_names_a_clip_twice(workspace, capsys):
    def repeat(sheet):
        sheet.append([item.value for item in sheet[2]])

    edit(repeat)
    assert cell(openpyxl.load_workbook(f"data/casme2/{BOOK}")["Sheet1"], "Filename").value in workspace.stops(capsys)
    assert not written("clips")


def test_a_workbook_that_is_cut_off(workspace, capsys):
    path = Path("data/casme2") / BOOK
    path.write_bytes(path.read_bytes()[:-300])
    assert BOOK in workspace.stops(capsys)


def test_text_in_a_frame_number_cell(workspace, capsys):
    def spoil(sheet):
        cell(sheet, "OffsetFrame").value = "about 90"

    edit(spoil)
    assert "about 90" in workspace.stops(capsys)


def test_one_subject_under_loso(workspace, capsys, tmp_path):
    shutil.rmtree("data/casme2")
    write_release("casme2", Path("data/casme2"), subjects=1, clips=6, seed=3, preset="easy", size=64)
    said = workspace.stops(capsys)
    assert said.startswith("mmer evaluate: ")
    assert "at least two subjects" in said
    assert not written("predictions")


def test_a_class_absent_from_training(workspace, capsys):
    def one_person_is_surprised(sheet):
        heads = [head.value for head in sheet[1]]
        subject, emotion = heads.index("Subject") + 1, heads.index("Estimated Emotion") + 1
        for row in range(2, sheet.max_row + 1):
            first = sheet.cell(row, subject).value == "01"
            sheet.cell(row, emotion).value = "surprise" if first else ("happiness", "disgust")[row % 2]

    edit(one_person_is_surprised)
    said = workspace.stops(capsys)
    assert said.startswith("mmer evaluate: ")
    assert "'surprise'" in said
    assert "casme2/sub01" in said
    assert not written("predictions")


def test_a_video_that_does_not_decode(workspace, capsys):
    lab = Path("data/lab")
    lab.mkdir()
    (lab / "a.mp4").write_bytes(b"not a video" * 50)
    (lab / "manifest.csv").write_text("clip,subject,emotion,video,onset,offset,fps\na,p1,happiness,a.mp4,0,5,25\n")
    workspace.params["datasets"]["lab"] = {"dataset": "manifest"}
    said = workspace.stops(capsys)
    assert "a.mp4" in said
    assert not Path("artifacts/clips/lab.parquet").exists()


def test_too_few_valid_frames_are_excluded_by_policy_and_listed(workspace):
    path = sorted(Path("data/casme2/tracks").rglob("*.parquet"))[0]
    track = FaceTrack.load(path)
    landmarks = track.landmarks.copy()
    landmarks[: len(landmarks) // 2] = np.nan
    FaceTrack(**{**vars(track), "landmarks": landmarks}).save(path)
    workspace.run()
    excluded = pd.read_parquet("artifacts/training/points/excluded.parquet").set_index("clip_id").reason
    assert track.clip_id in excluded.index
    assert "valid" in excluded[track.clip_id]
    assert track.clip_id not in set(pd.read_parquet("artifacts/predictions/points.parquet").clip_id)
    assert track.clip_id in Path("artifacts/report/index.html").read_text()


def test_exclude_is_the_way_out(workspace):
    folder = first_folder()
    shutil.rmtree(folder)
    clip_id = f"casme2/{folder.parent.name}/{folder.name}"
    workspace.params["set"]["datasets"] = {"casme2": {"dataset": {"exclude": [clip_id]}}}
    workspace.run("clips")
    assert clip_id not in set(pd.read_parquet("artifacts/clips/casme2.parquet").clip_id)


def test_a_zip_that_reaches_outside(workspace, capsys):
    folder = first_folder().parent
    shutil.rmtree(folder)
    with zipfile.ZipFile(folder.with_suffix(".zip"), "w") as file:
        file.writestr("../../../evil/img1.jpg", b"x")
    said = workspace.stops(capsys)
    assert folder.with_suffix(".zip").name in said
    assert not list(Path().rglob("evil"))


def test_a_root_that_dvc_does_not_track(workspace, capsys):
    workspace.params["set"]["datasets"] = {"casme2": {"dataset": {"root": "/somewhere/else"}}}
    said = workspace.stops(capsys)
    assert "/somewhere/else" in said
    assert "data/casme2" in said


def test_missing_weights_stop_at_once_and_name_the_command(workspace, capsys):
    workspace.params["datasets"]["casme2"] = {"faces": "pyfeat"}
    said = workspace.stops(capsys)
    assert said.startswith("mmer tracks: ")
    assert "mmer weights fetch pyfeat" in said
    assert ".mmer/weights/pyfeat" in said
    assert not written("tracks")


def test_a_track_that_is_not_parquet(workspace, capsys):
    path = sorted(Path("data/casme2/tracks").rglob("*.parquet"))[0]
    path.write_bytes(b"nothing")
    said = workspace.stops(capsys)
    assert path.name.removesuffix(".parquet") in said
    assert not written("tracks")
    records = list(Path(".mmer/failures/tracks/casme2").rglob("*.error.json"))
    assert len(records) == 1


def test_a_file_where_the_artifacts_should_be(workspace, capsys):
    Path("artifacts").write_text("mine")
    assert workspace.stops(capsys) == "mmer config: artifacts cannot be read or written: File exists\n"
    assert Path("artifacts").read_text() == "mine"


def test_a_stage_whose_input_is_not_there_yet(workspace, capsys):
    workspace.run("config")
    assert workspace.mmer("motion", "casme2") == 2
    assert "artifacts/clips/casme2.parquet: not a readable clips table; run `dvc repro`" in capsys.readouterr().err
