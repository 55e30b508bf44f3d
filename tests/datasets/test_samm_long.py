"""SAMM Long Videos: intervals of videos, as the workbook has them, quirks included."""

import csv
import logging
import shutil

import openpyxl
import pandas as pd
import pytest
from miniature_corpora import SAMM_HEADER, SAMM_ROWS, write_pictures, write_workbook, zip_subject

from mmer.datasets.samm_long import SammLong
from mmer.datasets.versions import differences
from mmer.stages.build import build, read_option
from mmer.synthetic.release import write_full_release, write_release
from mmer.types.errors import InputError
from mmer.types.events import events
from mmer.types.frames import Frames

HEADER = (
    *("Subject", "Filename", "Inducement Code", "Onset", "Apex", "Offset", "Duration", "Type", "Action Units", "Notes"),
)
ROWS = [  # invented
    (6, "006_1_1", 1, 3.0, 8.0, 14.0, 12, "Macro", "6+12", None),
    (6, "006_1_2", 1, 17, 19, 22, 6, "Micro - 1/2", 4, "blink"),
    (37, "037_7_3", 7, 2, 5, 9, 8, "Macro", "R14 or 12", None),
]
VIDEOS = {"006_1": 25, "037_7": 12}  # frames, from 1
FILE = "SAMM_LongVideos_V2_Release.xlsx"
PREAMBLE = [(f"line {number}",) if number % 3 else () for number in range(9)]


def write(root, rows=ROWS, header=HEADER, file=FILE, base="SAMM_longvideos", sheet="FACS_Movement_Only"):
    """Write a miniature SAMM Long Videos and return its root."""
    write_workbook(root / file, {sheet: [*PREAMBLE, header, *rows]})
    for at, (video, last) in enumerate(VIDEOS.items()):
        write_pictures(root / base / video, 1, last, video + ("_{:05d}.jpg" if at % 2 else "_{:04d}.jpg"))
    return root


def read(root, **fields):
    return SammLong(root=str(root), **fields).clips().set_index("clip_id")


def changed(at, **cells):
    rows = [list(row) for row in ROWS]
    for header, value in cells.items():
        rows[at][HEADER.index(header.replace("_", " "))] = value
    return [tuple(row) for row in rows]


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    root = tmp_path_factory.mktemp("samm_long") / "samm_long"
    write_release("samm_long", root, subjects=3, clips=4, seed=0, size=48, processes=1)
    return root


def test_a_synthetic_release_reads_back(release):
    book = openpyxl.load_workbook(release / "SAMM_LongVideos_V3_Release.xlsx")
    lines = list(book["FACS_Movement_Only"].iter_rows(values_only=True))
    assert lines[9] == HEADER
    clips = build(read_option("dataset", "samm_long") | {"root": str(release)}).clips().set_index("clip_id")
    rows = lines[10:]
    assert len(clips) == len(rows) == 12
    for subject, clip, inducement, onset, apex, offset, duration, word, *_ in rows:
        assert isinstance(subject, int)
        found = clips.loc[f"samm_long/{subject:03d}/{clip}"]
        assert found.emotion == word
        assert found.frames.endswith(f"SAMM_longvideos/{subject:03d}_{inducement}")
        if subject < 8:
            assert (found.onset, found.apex, found.offset) == (onset, apex, offset)
            assert duration == offset - onset + 1
    assert set(clips.emotion) == {"Macro", "Micro - 1/2"}


def test_its_videos_hold_several_intervals_and_what_lies_between(release):
    clips = read(release)
    assert clips.frames.value_counts().tolist() == [2] * 6
    widths = set()
    for source, group in clips.groupby("frames"):
        frames = Frames.open(source)
        assert frames.numbers == tuple(range(1, frames.numbers[-1] + 1))
        one, other = group.sort_values("onset").itertuples()
        assert one.offset < other.onset
        widths.add(len(frames.names[0].removesuffix(".jpg").rpartition("_")[2]))
    assert widths == {4, 5}


def test_its_quirks_are_written_and_reported(release, caplog):
    clips = read(release)
    first, second, third, fourth = (clips.loc[f"samm_long/008/008_{name}"] for name in ("1_1", "1_2", "2_1", "2_2"))
    assert first.onset < first.apex == first.offset
    assert "008_1_1: no offset; the apex" in caplog.text
    assert second.onset == second.apex < second.offset
    assert "008_1_2: no onset; the apex" in caplog.text
    assert third.onset == 1
    assert fourth.offset == Frames.open(fourth.frames).numbers[-1]
    assert "1 clip(s) end behind the last frame, which is taken: samm_long/008/008_2_2" in caplog.text


def test_a_table_of_the_full_size_has_the_published_counts(tmp_path, caplog):
    caplog.set_level(logging.WARNING, "mmer")
    write_full_release("samm_long", tmp_path / "samm_long", 0)
    corpus = SammLong(root=str(tmp_path / "samm_long"))
    clips = corpus.clips()
    assert len(clips) == 502
    assert clips.subject.nunique() == 30
    assert clips.emotion.value_counts().to_dict() == {"Macro": 343, "Micro - 1/2": 159}
    assert differences(corpus.versions[0], clips) == []
    assert "differs from version" not in caplog.text
    assert "2 clip(s) end behind the last frame" in caplog.text


def test_intervals_of_one_video_are_one_event(tmp_path):
    clips = read(write(tmp_path))
    assert clips.index.tolist() == ["samm_long/006/006_1_1", "samm_long/006/006_1_2", "samm_long/037/037_7_3"]
    assert clips[["onset", "apex", "offset"]].to_numpy().tolist() == [[3, 8, 14], [17, 19, 22], [2, 5, 9]]
    assert clips.action_units.tolist() == [["AU06", "AU12"], ["AU04"], ["AU14"]]
    assert events(clips.reset_index()).tolist() == ["samm_long/006/006_1_1"] * 2 + ["samm_long/037/037_7_3"]


def test_only_the_wanted_types_become_clips(tmp_path, caplog):
    caplog.set_level(logging.INFO, "mmer")
    assert read(write(tmp_path), types=("Micro - 1/2",)).index.tolist() == ["samm_long/006/006_1_2"]
    assert "not among `types`: 2 Macro" in caplog.text
    with pytest.raises(InputError, match=r"`types` names 'macros'.*'Macro'"):
        SammLong(types=("macros",))
    with pytest.raises(InputError, match="names no type; valid: Macro, Micro - 1/2"):
        SammLong(types=())


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("titles", [HEADER, (), ("see the notes",)])
def test_versions_with_and_without_a_header(tmp_path, number, titles):
    expected = read(write(tmp_path / "known"))
    root = write(tmp_path / "other", header=titles, file=f"SAMM_LongVideos_V{number}_Release.xlsx", sheet="Sheet1")
    pd.testing.assert_frame_equal(read(root).drop(columns="frames"), expected.drop(columns="frames"))


def test_the_newest_version_is_preferred_and_another_can_be_named(tmp_path):
    write(tmp_path)
    write(tmp_path, changed(0, Apex=9), file="SAMM_LongVideos_V3_Release.xlsx")
    assert read(tmp_path).apex.iloc[0] == 9
    assert read(tmp_path, workbook=(FILE,)).apex.iloc[0] == 8


def test_a_csv_export_reads_the_same(tmp_path):
    expected = read(write(tmp_path))
    (tmp_path / FILE).unlink()
    with (tmp_path / "SAMM_LongVideos_V2_Release.csv").open("w", newline="") as file:
        csv.writer(file).writerows([*PREAMBLE, HEADER, *ROWS])
    pd.testing.assert_frame_equal(read(tmp_path), expected)


@pytest.mark.parametrize("base", ["samm_LONGVIDEOS", "SAMM_longvideos/SAMM_longvideos", "."])
def test_the_videos_are_found_where_people_unpack_them(tmp_path, base):
    clips = read(write(tmp_path, base=base))
    assert Frames.open(clips.frames.iloc[0]).numbers == tuple(range(1, 26))


def test_an_archive_per_subject_or_per_video_serves_as_well(tmp_path):
    expected = read(write(tmp_path / "folders")).drop(columns="frames")
    root = write(tmp_path / "subjects")
    for subject in ("006", "037"):
        inner = next((root / "SAMM_longvideos").glob(f"{subject}_*"))
        (root / "SAMM_longvideos" / subject).mkdir()
        inner.rename(root / "SAMM_longvideos" / subject / inner.name)
        zip_subject(root / "SAMM_longvideos" / subject)
    pd.testing.assert_frame_equal(read(root).drop(columns="frames"), expected)
    root = write(tmp_path / "videos")
    for video in VIDEOS:
        zip_subject(root / "SAMM_longvideos" / video, f"{video}/")
    pd.testing.assert_frame_equal(read(root).drop(columns="frames"), expected)


def test_a_macro_and_a_micro_expression_of_one_name_get_their_onsets(tmp_path):
    clips = read(write(tmp_path, changed(1, Filename="006_1_1")))
    assert clips.index[:2].tolist() == ["samm_long/006/006_1_1@17", "samm_long/006/006_1_1@3"]


@pytest.mark.parametrize(
    ("cells", "marks"),
    [
        ({"Offset": 0}, [3, 8, 8]),
        ({"Offset": None}, [3, 8, 8]),
        ({"Onset": 0}, [8, 8, 14]),
        ({"Onset": 1}, [1, 8, 14]),
        ({"Offset": 999}, [3, 8, 25]),
        ({"Apex": "/"}, [3, None, 14]),
        ({"Apex": 0}, [3, None, 14]),
        ({"Apex": 15}, [3, None, 14]),
        ({"Type": "macro"}, [3, 8, 14]),
        ({"Type": "MICRO-1/2"}, [3, 8, 14]),
    ],
)
def test_marks_that_are_not_there(tmp_path, cells, marks):
    clip = read(write(tmp_path, changed(0, **cells))).iloc[0]
    assert [None if pd.isna(clip[name]) else clip[name] for name in ("onset", "apex", "offset")] == marks
    assert clip.emotion in ("Macro", "Micro - 1/2")


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"Onset": "soon"}, r"cell D11, column Onset is 'soon'.*not a frame number"),
        ({"Onset": 0, "Apex": "/"}, r"006_1_1: neither onset nor apex is marked .*cell D11.*`exclude`"),
        ({"Onset": 15}, r"006_1_1: onset 15 lies after offset 14"),
        ({"Onset": 30, "Offset": 40}, r"006_1_1: no frame at onset 30, offset 40"),
        ({"Type": "Other"}, r"cell H11.*'Other'; a type is Macro or Micro - 1/2"),
        ({"Type": None}, r"cell H11.*is empty"),
        ({"Filename": "6-1-1"}, r"cell B11.*'6-1-1'; a name is SUBJECT_INDUCEMENT_OCCURRENCE"),
        ({"Subject": "anna"}, r"cell A11.*not a subject number"),
    ],
)
def test_a_bad_cell_is_named(tmp_path, cells, says):
    with pytest.raises(InputError, match=says):
        read(write(tmp_path, changed(0, **cells)))


def test_wrong_files_are_named(tmp_path):
    write(tmp_path)
    # Without a known header the columns count by their place, and another table shows by its cells: that of SAMM has
    # its header further down, and turned columns hold no types.
    write_workbook(
        tmp_path / FILE, {"MICRO_ONLY": [*PREAMBLE, ("a",), ("b",), ("c",), ("d",), SAMM_HEADER, *SAMM_ROWS]}
    )
    with pytest.raises(InputError, match=r"cell [AH]11.*; (a type is|correct the cell|fill it in)"):
        read(tmp_path)
    write_workbook(tmp_path / FILE, {"Sheet1": [*PREAMBLE, (), *(row[:2] + row[:1:-1] for row in ROWS)]})
    with pytest.raises(InputError, match=r"cell H11, column H \(emotion\) is .*a type is Macro or Micro - 1/2"):
        read(tmp_path)
    (tmp_path / FILE).unlink()
    write_workbook(tmp_path / "codes.xlsx", {"MICRO_ONLY": [SAMM_HEADER, *SAMM_ROWS]})
    with pytest.raises(InputError, match=r"no annotation file in .*SAMM_LongVideos_V3_Release\.xlsx.*codes\.xlsx has"):
        read(tmp_path)


def test_a_missing_video_is_named(tmp_path):
    write(tmp_path)
    shutil.rmtree(tmp_path / "SAMM_longvideos" / "037_7")
    with pytest.raises(InputError, match=r"1 clip\(s\) have no usable frames:\n  samm_long/037/037_7_3: "):
        read(tmp_path)
    assert len(read(tmp_path, exclude=("samm_long/037/037_7_3",))) == 2
