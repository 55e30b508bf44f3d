"""MMME: times of day as frames, ids without names of people, and events of which some are macro-expressions."""

import logging
import shutil

import cv2
import numpy as np
import openpyxl
import pandas as pd
import pytest
from miniature_corpora import write_workbook

from mmer.datasets.mmme import Mmme
from mmer.datasets.versions import differences, recognise
from mmer.synthetic.full_table import write_full_table
from mmer.synthetic.mmme import MmmeLayout
from mmer.synthetic.release import write_release
from mmer.types.errors import InputError
from mmer.types.frames import Frames, frame_number
from mmer.types.gathering import gathering

HEADER = (
    *("Subject", "Filename", "Marker", "OnsetTime", "ApexTime", "OffsetTime", "OnsetFrame", "ApexFrame", "OffsetFrame"),
    *("Action Units", "Estimated Emotion", "Date", "dif"),
)
PICTURE = cv2.imencode(".tif", np.zeros((8, 8), np.uint8))[1].tobytes()


def event(person, marker, day, first, emotion="happy", units="AU4, AU7"):
    clocks = [f"16-00-31-{433 + 7 * step}-{first + step}" for step in (0, 2, 4)]
    return (person, f"{person}_{marker}", marker, 4.1, 4.2, 4.3, *clocks, units, emotion, day, 0.2)


ROWS = [
    event("Zed Nobody", 108, "2000-01-01", 685),
    event("Zed Nobody", 108, "2000-01-01", 700, "tense"),
    event("Ann Nobody", 148, "2000-01-02", 12, "sad", "AU1"),
]


def write(root, rows=ROWS, header=HEADER, file="coding_file.xlsx"):
    """Write a miniature MMME, its folders called after people, and return its root."""
    write_workbook(root / file, {"Sheet1": [header, *rows, *[(" ",) * 13] * 3]})
    for row in rows:
        folder = root / "face" / row[0] / f"{row[0]}_{row[2]}"
        folder.mkdir(parents=True, exist_ok=True)
        first = int(str(row[6]).rpartition("-")[2])
        for step in range(5):
            (folder / f"{row[11]}-16-00-31-{433 + 7 * step}-{first + step}-{row[2]}.tif").write_bytes(PICTURE)
    return root


def read(root, **fields):
    return Mmme(root=str(root), **fields).clips().set_index("clip_id")


def changed(at, **cells):
    rows = [list(row) for row in ROWS]
    for header, value in cells.items():
        rows[at][HEADER.index(header)] = value
    return [tuple(row) for row in rows]


def test_a_time_stamp_with_a_marker_holds_the_number_before_the_marker():
    assert frame_number("2000-01-01-16-00-31-433-685-108.tif") == 685
    assert frame_number("sub01-003.png") == 3


def test_ids_are_opaque_and_in_the_order_of_recording(tmp_path):
    clips = read(write(tmp_path))
    assert clips.index.tolist() == ["mmme/s01/m108@685", "mmme/s01/m108@700", "mmme/s02/m148"]
    assert clips.subject.tolist() == ["mmme/s01", "mmme/s01", "mmme/s02"]
    assert clips.onset.tolist() == [685, 700, 12]
    assert clips.apex.tolist() == [687, 702, 14]
    assert clips.offset.tolist() == [689, 704, 16]
    assert clips.emotion.tolist() == ["happy", "tense", "sad"]
    assert clips.action_units.tolist() == [["AU04", "AU07"], ["AU04", "AU07"], ["AU01"]]
    assert clips[["eeg", "ecg", "objective_class"]].isna().all(axis=None)
    assert (
        not clips.drop(columns="frames").astype(str).apply(lambda column: column.str.contains("Nobody")).any(axis=None)
    )


def test_the_folder_of_a_clip_is_that_of_its_onset_picture_whatever_its_name(tmp_path):
    expected = read(write(tmp_path))
    for number, folder in enumerate(sorted((tmp_path / "face").iterdir())):
        folder.rename(tmp_path / f"any {number}")
    clips = read(tmp_path)
    pd.testing.assert_frame_equal(clips.drop(columns="frames"), expected.drop(columns="frames"))
    assert Frames.open(clips.frames["mmme/s02/m148"]).numbers == (12, 13, 14, 15, 16)
    assert Frames.open(clips.frames["mmme/s02/m148"]).read(12).shape == (8, 8, 3)


def test_a_column_says_which_events_are_micro(tmp_path, caplog):
    caplog.set_level(logging.INFO, "mmer")
    rows = [(*row, kind) for row, kind in zip(ROWS, ("Micro", "Macro", "micro"), strict=True)]
    write(tmp_path, rows, (*HEADER, "Macro/Micro"), "MEs-EEG annotation.xlsx")
    assert read(tmp_path).index.tolist() == ["mmme/s01/m108", "mmme/s02/m148"]
    assert "1 macro-expression(s) left out" in caplog.text
    assert len(read(tmp_path, micro_only=False)) == 3


def test_a_file_that_does_not_say_it_is_warned_of(tmp_path, caplog):
    read(write(tmp_path))
    assert "does not say which of its 3 events are micro-expressions; all are kept" in caplog.text


def test_numbers_as_subjects_are_kept(tmp_path):
    rows = [(person, *row[1:]) for person, row in zip((31, 31, 4), ROWS, strict=True)]
    write(tmp_path)
    write_workbook(tmp_path / "coding_file.xlsx", {"Sheet1": [HEADER, *rows]})
    assert read(tmp_path).subject.tolist() == ["mmme/s04", "mmme/s31", "mmme/s31"]


@pytest.mark.parametrize("text", ["16-00-31-433", "685", "16:00:31"])
def test_a_mark_that_is_no_time_stops(tmp_path, text):
    write(tmp_path)
    write_workbook(tmp_path / "coding_file.xlsx", {"Sheet1": [HEADER, *changed(1, OnsetFrame=text)]})
    with pytest.raises(InputError, match=rf"cell G3, column OnsetFrame is '{text}'; it should be hour-minute"):
        read(tmp_path)


def test_an_apex_may_be_unknown(tmp_path):
    assert read(write(tmp_path, changed(2, ApexFrame="/"))).apex.isna().tolist() == [False, False, True]


def test_the_same_picture_in_two_folders_stops(tmp_path):
    write(tmp_path)
    shutil.copytree(tmp_path / "face" / "Ann Nobody", tmp_path / "copy")
    with pytest.raises(InputError, match=r"2000-1-2-16-0-31-433-12 lies in .*copy.* and in .*; keep one copy"):
        read(tmp_path)


def test_two_people_at_the_same_time_of_two_days_are_told_apart_by_the_day(tmp_path):
    rows = [ROWS[0], event("Ann Nobody", 148, "2000-01-02", 685)]
    clips = read(write(tmp_path, rows))
    assert ["Zed" in folder for folder in clips.frames[["mmme/s01/m108", "mmme/s02/m148"]]] == [True, False]
    table = [*rows[:1], (*rows[1][:11], "tuesday", *rows[1][12:])]
    write_workbook(tmp_path / "coding_file.xlsx", {"Sheet1": [HEADER, *table]})
    with pytest.raises(InputError, match=r"on 2000-1-1 and 2000-1-2; .*cell L3.*should name the day"):
        read(tmp_path)


def test_pictures_that_are_nowhere_are_reported_without_a_name(tmp_path):
    shutil.rmtree(write(tmp_path) / "face" / "Ann Nobody")
    with pytest.raises(InputError, match=r"1 clip\(s\) have no usable frames:\n  mmme/s02/m148: ") as error:
        read(tmp_path)
    assert "Nobody" not in str(error.value)


def test_a_cut_tif_is_refused(tmp_path):
    clips = read(write(tmp_path))
    frames = Frames.open(clips.frames["mmme/s02/m148"])
    path = tmp_path / "face" / "Ann Nobody" / "Ann Nobody_148" / frames.names[0]
    path.write_bytes(PICTURE[:-20])
    with pytest.raises(InputError, match="frame 12: "):
        frames.read(12)


def test_the_synthetic_release_has_the_quirks(tmp_path):
    write_release("mmme", tmp_path / "mmme", subjects=2, clips=3, seed=0, size=48, processes=1)
    sheet = openpyxl.load_workbook(tmp_path / "mmme" / "coding_file.xlsx")["Sheet1"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0] == list(HEADER)
    assert [set(row) for row in rows[-3:]] == [{" "}] * 3
    assert {row[0] for row in rows[1:-3]} == {"Nobody_01", "Nobody_02"}
    assert rows[2][7] == "/"
    assert all(len(row[6].split("-")) == 5 for row in rows[1:-3])
    clips = read(tmp_path / "mmme")
    assert clips.apex.isna().sum() == 1
    assert clips.index.tolist() == [f"mmme/s0{person}/m{100 + clip}" for person in (1, 2) for clip in range(3)]
    assert Frames.open(clips.frames.iloc[0]).names[0].startswith("2000-01-01-09-00-")


def test_an_erratum_names_the_workbook_own_cell(tmp_path, caplog):
    caplog.set_level(logging.INFO, "mmer")
    write(tmp_path)
    entry = {"clip_id": "mmme/s02/m148", "column": "apex", "was": "16-00-31-447-14", "now": "/", "source": "invented"}
    clips = read(tmp_path, errata=(entry, entry | {"clip_id": "mmme/s01/m108@685"}))
    assert clips.apex.isna().tolist() == [False, False, True]
    assert "1 errata applied: mmme/s02/m148 apex" in caplog.text
    assert "1 errata stale, not applied: mmme/s01/m108@685" in caplog.text


def test_the_full_table_has_the_published_counts(tmp_path):
    recordings = write_full_table(MmmeLayout(), tmp_path, seed=0, frames=False)
    version, _, table = recognise(tmp_path, "mmme", Mmme.versions)
    assert (version.name, len(table.rows), len(recordings)) == ("944", 944, 944)
    assert differences(version, table.rows) == []


def test_somebody_who_asks_hears_of_every_bad_row(tmp_path):
    rows = [
        *ROWS,
        event("", 109, "2000-01-03", 20),
        event("Ann Nobody", 150, "", 30),
        event("Ann Nobody", "x", "2000-01-05", 40),
    ]
    erratum = {"clip_id": "mmme/s02/m148", "column": "emotion", "was": "sad", "now": "fear", "source": "invented"}
    write(tmp_path)
    write_workbook(tmp_path / "coding_file.xlsx", {"Sheet1": [HEADER, *rows]})
    with gathering() as problems:
        clips = Mmme(root=str(tmp_path), errata=(erratum,)).clips()
    assert clips.clip_id.tolist() == ["mmme/s01/m108@685", "mmme/s01/m108@700", "mmme/s02/m148"]
    assert clips.emotion.iloc[2] == "fear"
    cells = sorted(one.message.partition(", cell ")[2][:2] for one in problems if one.kind == "row")
    assert cells == ["A5", "C7", "L6"]
