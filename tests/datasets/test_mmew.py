"""MMEW as the workbook and the folders have it, quirks included."""

import csv
import logging
import shutil

import openpyxl
import pandas as pd
import pytest
from miniature_corpora import SAMM_HEADER, SAMM_ROWS, write_pictures, write_workbook

from mmer.datasets.mmew import Mmew
from mmer.datasets.versions import differences
from mmer.stages.build import build, read_option
from mmer.synthetic.release import write_full_release, write_release
from mmer.types.errors import InputError
from mmer.types.frames import Frames

HEADER = (
    *("Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame", "Action Units", "Estimated Emotion", "remarks"),
)
ROWS = [  # invented
    (1, "S01-03-001", 1, 6, 12, "4+L10", "disgust", None),
    (1, "S01-07-002", 1, 2, 3, 14, "others", "blink"),
    (12, "S12-01-001", 1, 4, 9, "6+12", "happiness", None),
]
FOLDERS = ("disgust", "repression", "happiness")


def write(root, rows=ROWS, header=HEADER, file="MMEW_Micro_Exp.xlsx", base="MMEW_Final/Micro_Expression", of=None):
    """Write a miniature MMEW; ``of(row, folder)`` places a clip below base."""
    write_workbook(root / file, {"Sheet1": [header, *rows]})
    for row, original, folder in zip(rows, ROWS, FOLDERS, strict=True):
        place = of(row, folder) if of else f"{folder}/{row[1]}"
        write_pictures(root / base / place, 1, original[4], "{}.jpg")
    return root


def read(root, **fields):
    return Mmew(root=str(root), **fields).clips().set_index("clip_id")


def changed(at, **cells):
    rows = [list(row) for row in ROWS]
    for header, value in cells.items():
        rows[at][HEADER.index(header.replace("_", " "))] = value
    return [tuple(row) for row in rows]


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    root = tmp_path_factory.mktemp("mmew") / "mmew"
    write_release("mmew", root, subjects=3, clips=4, seed=0, size=48, processes=1)
    return root


def test_a_synthetic_release_reads_back(release):
    book = openpyxl.load_workbook(release / "MMEW_Micro_Exp.xlsx")
    header, *rows = book.worksheets[0].iter_rows(values_only=True)
    assert header == HEADER
    clips = build(read_option("dataset", "mmew") | {"root": str(release)}).clips().set_index("clip_id")
    assert len(clips) == len(rows) == 12
    for subject, clip, onset, apex, offset, _, word, _ in rows:
        assert clip.startswith(f"S{subject:02d}-")
        found = clips.loc[f"mmew/S{subject:02d}/{clip}"]
        assert found.emotion == word
        assert found.onset == onset == 1
        assert found.frames.endswith(f"{'repression' if word == 'others' else word}/{clip}")
        if subject < 3:
            assert (found.apex, found.offset) == (apex, offset)
        # The folder is the clip: its frames are 1..N, in the order of their numbers.
        assert Frames.open(found.frames).numbers == tuple(range(1, found.offset + 1))
    assert "others" in set(clips.emotion)
    assert set(clips.fps) == {90.0}


def test_its_quirks_are_written_and_reported(release, caplog):
    clips = read(release)
    own = clips[clips.subject == "mmew/S03"]
    assert own.apex.isna().tolist().count(True) == 3
    assert own.apex_source.isna().equals(own.apex.isna())
    assert "1 clip(s) end behind the last frame, which is taken: mmew/S03/" in caplog.text
    assert "lies behind the last frame" in caplog.text
    assert "no offset; the last frame of its folder is taken" in caplog.text
    stills = list((release / "MMEW_Final" / "Macro_Expression").rglob("*.jpg"))
    assert len(stills) == 3  # single pictures that are named like clips, and are none


def test_a_table_of_the_full_size_has_the_published_counts(tmp_path, caplog):
    caplog.set_level(logging.WARNING, "mmer")
    write_full_release("mmew", tmp_path / "mmew", 0)
    clips = Mmew(root=str(tmp_path / "mmew")).clips()
    assert len(clips) == 300
    assert clips.subject.nunique() == 36
    assert clips.emotion.value_counts().to_dict() == {
        **{"surprise": 89, "disgust": 72, "others": 66, "happiness": 36, "fear": 16, "sadness": 13, "anger": 8},
    }
    assert differences(Mmew.versions[0], clips) == []
    assert "differs from version" not in caplog.text
    assert clips.apex.isna().sum() == 16


@pytest.mark.parametrize(
    ("base", "of"),
    [
        ("MMEW_Final/Micro_Expression", None),
        ("mmew_final/MICRO_expression", None),
        ("Micro_Expression", lambda row, folder: f"S{row[0]:02d}/{folder}/{row[1]}"),
        (".", lambda row, folder: f"S{row[0]:02d}/{folder}/{row[1]}"),
        ("MMEW_Final", lambda row, folder: f"S{row[0]:02d}/{row[1]}"),
        ("Micro_Expression", lambda row, folder: f"{row[6]}/{row[1].lower()}"),  # others under its own word
    ],
)
def test_folders_by_emotion_and_by_subject_serve(tmp_path, base, of):
    clips = read(write(tmp_path, base=base, of=of))
    assert clips.index.tolist() == ["mmew/S01/S01-03-001", "mmew/S01/S01-07-002", "mmew/S12/S12-01-001"]
    assert clips.action_units.tolist() == [["AU04", "AU10"], ["AU14"], ["AU06", "AU12"]]
    assert all(Frames.open(clip.frames).numbers[-1] == clip.offset for clip in clips.itertuples())


@pytest.mark.parametrize("file", ["MMEW_Micro_Exp (20).xlsx", "MMEW_Micro_Exp_v2.xlsx", "mmew_micro_exp.xlsx"])
def test_known_file_names(tmp_path, file):
    assert Mmew(root=str(write(tmp_path, file=file))).annotations()[0].name == file
    assert len(read(tmp_path)) == 3


def test_a_csv_export_reads_the_same(tmp_path):
    expected = read(write(tmp_path))
    (tmp_path / "MMEW_Micro_Exp.xlsx").unlink()
    with (tmp_path / "MMEW_Micro_Exp.csv").open("w", newline="") as file:
        csv.writer(file).writerows([HEADER, *ROWS])
    pd.testing.assert_frame_equal(read(tmp_path), expected)


@pytest.mark.parametrize("subject", ["S01", "01", "1", "s1"])
def test_spellings_of_a_subject(tmp_path, subject):
    assert read(write(tmp_path, changed(0, Subject=subject))).index[0] == "mmew/S01/S01-03-001"


@pytest.mark.parametrize(
    ("offset", "apex"), [(40, 6), (None, 6), ("/", 6), (0, 6), (40, 30), (None, 30), (None, None), (40, "?")]
)
def test_an_offset_that_is_not_in_the_folder_is_its_last_frame(tmp_path, caplog, offset, apex):
    clips = read(write(tmp_path, changed(0, OffsetFrame=offset, ApexFrame=apex)))
    assert clips.offset.iloc[0] == 12
    assert (None if pd.isna(clips.apex.iloc[0]) else clips.apex.iloc[0]) == (6 if apex == 6 else None)
    assert "mmew/S01/S01-03-001" in caplog.text


def test_a_clip_named_after_another_person_is_reported_and_its_row_counts(tmp_path, caplog):
    clips = read(write(tmp_path, changed(0, Subject=12)))
    assert clips.subject.tolist() == ["mmew/S01", "mmew/S12", "mmew/S12"]
    assert "1 clip(s) are named after another person: S01-03-001 (S12)" in caplog.text


def test_an_erratum_is_applied_where_the_old_value_stands(tmp_path, caplog):
    caplog.set_level(logging.INFO, "mmer")
    erratum = {"clip_id": "mmew/S01/S01-03-001", "column": "apex", "was": "6", "now": "5", "source": "a test"}
    stale = erratum | {"clip_id": "mmew/S12/S12-01-001"}
    clips = read(write(tmp_path), errata=(erratum, stale))
    assert clips.apex.tolist() == [5, 2, 4]
    assert "1 errata applied: mmew/S01/S01-03-001 apex 6 -> 5 (a test)" in caplog.text
    assert "1 errata stale" in caplog.text


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"OnsetFrame": "first"}, r"cell C2, column OnsetFrame is 'first'.*not a frame number"),
        ({"OffsetFrame": "late"}, r"cell E2.*'late'"),
        ({"OnsetFrame": 13}, r"mmew/S01/S01-03-001: onset 13 lies after offset 12"),
        ({"Subject": "anna"}, r"cell A2.*not a subject number"),
        ({"Filename": "../x"}, r"cell B2.*holds no '/'"),
        ({"Estimated_Emotion": None}, r"cell G2.*is empty"),
    ],
)
def test_a_bad_cell_is_named(tmp_path, cells, says):
    write(tmp_path)
    write_workbook(tmp_path / "MMEW_Micro_Exp.xlsx", {"Sheet1": [HEADER, *changed(0, **cells)]})
    with pytest.raises(InputError, match=says):
        read(tmp_path)


def test_wrong_files_are_named(tmp_path):
    write(tmp_path)
    book = tmp_path / "MMEW_Micro_Exp.xlsx"
    write_workbook(book, {"Sheet1": [tuple(name for name in HEADER if name != "OffsetFrame")]})
    with pytest.raises(InputError, match="the columns 'OffsetFrame' are missing"):
        read(tmp_path)
    write_workbook(book, {"MICRO_ONLY": [SAMM_HEADER, *SAMM_ROWS]})
    with pytest.raises(InputError, match=r"no clip of .* is named like S03-01-002, but 006_1_2, .*another corpus"):
        read(tmp_path)
    write_workbook(book, {"Sheet1": [("spNO.1", "a", 3), ("spNO.2", "b", 4)]})
    with pytest.raises(InputError, match="no header"):
        read(tmp_path)
    book.unlink()
    with pytest.raises(InputError, match=r"no annotation file in .*MMEW_Micro_Exp\.xlsx"):
        read(tmp_path)


def test_missing_clips_and_frames_are_named(tmp_path):
    write(tmp_path)
    shutil.rmtree(tmp_path / "MMEW_Final/Micro_Expression/repression")
    with pytest.raises(InputError, match=r"1 clip\(s\) have no usable frames:\n  mmew/S01/S01-07-002: "):
        read(tmp_path)
    assert len(read(tmp_path, exclude=("mmew/S01/S01-07-002",))) == 2
    shutil.rmtree(tmp_path / "MMEW_Final")
    with pytest.raises(InputError, match=r"none of MMEW_Final/Micro_Expression, .*`frames`"):
        read(tmp_path)
