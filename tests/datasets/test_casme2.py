"""CASME II as the workbook writes it, and what is said when something is wrong with it."""

import logging
import shutil
import warnings
from functools import partial

import pandas as pd
import pytest
from miniature_corpora import CASME2_HEADER, CASME2_ROWS, write_casme2, write_pictures, write_workbook, zip_subject

from mmer.datasets.casme2 import Casme2
from mmer.stages.build import build, read_option
from mmer.types import archives
from mmer.types.errors import InputError
from mmer.types.frames import Frames


@pytest.fixture
def casme2(tmp_path):
    return partial(write_casme2, tmp_path)


def read(root, **fields):
    return Casme2(root=str(root), **fields).clips().set_index("clip_id")


def changed(at, **cells):
    """The invented rows with some cells of row ``at`` replaced, by header."""
    rows = [list(row) for row in CASME2_ROWS]
    for header, value in cells.items():
        rows[at][CASME2_HEADER.index(header)] = value
    return [tuple(row) for row in rows]


def test_ids_words_and_numbers_are_the_corpus_own(casme2):
    clips = read(casme2())
    assert clips.index.tolist() == ["casme2/sub01/EP02_01f", "casme2/sub01/EP03_2", "casme2/sub02/EP01_11f"]
    assert clips.subject.tolist() == ["casme2/sub01", "casme2/sub01", "casme2/sub02"]
    assert clips.emotion.tolist() == ["happiness", "disgust", "others"]
    assert clips.onset.tolist() == [46, 98, 8]
    assert clips.offset.tolist() == [56, 106, 12]
    assert set(clips.fps) == {200.0}
    assert clips.objective_class.isna().all()


def test_a_slash_is_no_apex_and_a_question_mark_no_annotation(casme2):
    clips = read(casme2())
    assert [None if pd.isna(apex) else apex for apex in clips.apex] == [50, 101, None]
    assert clips.apex_source.fillna("none").tolist() == ["annotated", "annotated", "none"]
    assert clips.action_units.tolist() == [["AU12"], ["AU04", "AU10"], None]


def test_the_frames_open_under_the_path_given(casme2):
    clips = read(casme2())
    assert clips.frames.iloc[0].endswith("CASME2_RAW_selected/sub01/EP02_01f")
    for clip in clips.itertuples():
        assert Frames.open(clip.frames).numbers == tuple(range(clip.onset, clip.offset + 1))


def test_a_relative_root_gives_relative_paths(casme2, monkeypatch):
    root = casme2()
    monkeypatch.chdir(root.parent)
    assert read(root.name).frames.iloc[0] == f"{root.name}/CASME2_RAW_selected/sub01/EP02_01f"


def test_numbers_as_subjects_and_as_text_frames_read_the_same(casme2):
    root = casme2()
    expected = read(root)
    rows = [(int(row[0]), *row[1:3], str(row[3]), row[4], float(row[5]), *row[6:]) for row in CASME2_ROWS]
    write_workbook(root / "CASME2-coding-20140508.xlsx", {"Sheet1": [CASME2_HEADER, *rows]})
    pd.testing.assert_frame_equal(read(root), expected)


@pytest.mark.parametrize(
    "folder",
    ["CASME2-RAW/CASME2_RAW_selected", "casme2_raw_SELECTED", "CASME2_RAW/CASME2-RAW", "Cropped/Cropped", "cropped"],
)
def test_the_frames_are_found_where_people_unpack_them(casme2, folder):
    root = casme2(frames=folder)
    clips = build(read_option("dataset", "casme2") | {"root": str(root)}).clips()
    assert clips.frames.str.startswith((root / folder).as_posix()).all()


@pytest.mark.parametrize("inner", ["", "sub01/", "some/where/"])
def test_an_archive_per_subject_serves_as_well(casme2, inner):
    root = casme2()
    unpacked = read(root)
    digests = {name: Frames.open(unpacked.frames[name]).digest() for name in unpacked.index}
    zip_subject(root / "CASME2_RAW_selected" / "sub01", inner)
    packed = read(root)
    assert packed.frames.iloc[0].endswith(f"CASME2_RAW_selected/sub01.zip/{inner}EP02_01f")
    pd.testing.assert_frame_equal(packed.drop(columns="frames"), unpacked.drop(columns="frames"))
    assert {name: Frames.open(packed.frames[name]).digest() for name in packed.index} == digests


def test_each_archive_is_listed_once(casme2, monkeypatch):
    root = casme2()
    zip_subject(root / "CASME2_RAW_selected" / "sub01")
    listed, real = [], archives._members
    monkeypatch.setattr(archives, "_members", lambda path: listed.append(path) or real(path))
    read(root)
    assert len(listed) == 1


def test_case_of_folders_does_not_matter(casme2):
    root = casme2()
    base = root / "CASME2_RAW_selected"
    (base / "sub01").rename(base / "Sub1")
    (base / "Sub1" / "EP02_01f").rename(base / "Sub1" / "ep02_01F")
    assert read(root).frames.iloc[0].endswith("Sub1/ep02_01F")


def test_a_repeated_clip_name_gets_its_onset(casme2):
    rows = [*CASME2_ROWS, ("01", "EP02_01f", None, 52, 53, 55, None, 4, "disgust")]
    clips = read(casme2(rows))
    assert clips.index[:2].tolist() == ["casme2/sub01/EP02_01f@46", "casme2/sub01/EP02_01f@52"]
    assert clips.frames.iloc[0] == clips.frames.iloc[1]


def test_tracks_that_come_with_the_data_are_named(casme2):
    root = casme2()
    (root / "tracks" / "sub01").mkdir(parents=True)
    (root / "tracks" / "sub01" / "EP03_2.parquet").write_bytes(b"any")
    tracks = read(root).tracks
    assert tracks.notna().tolist() == [False, True, False]
    assert tracks.iloc[1] == (root / "tracks/sub01/EP03_2.parquet").as_posix()


def test_objective_classes_come_from_their_own_workbook(casme2):
    root = casme2()
    rows = [("Subject", "Filename", "Objective Class"), ("02", "EP01_11f", 7), ("01", "EP03_2", "III")]
    write_workbook(root / "CASME2-ObjectiveClasses.xlsx", {"Sheet1": rows, "Sheet2": [("01", 3)]})
    assert read(root).objective_class.fillna("-").tolist() == ["-", "III", "VII"]


def test_the_order_of_the_rows_does_not_matter(casme2):
    first = read(casme2())
    pd.testing.assert_frame_equal(read(casme2(CASME2_ROWS[::-1])), first)


def test_excluded_clips_are_not_looked_at(casme2):
    root = casme2()
    shutil.rmtree(root / "CASME2_RAW_selected" / "sub02")
    assert len(read(root, exclude=("casme2/sub02/EP01_11f",))) == 2


def test_a_misspelt_exclusion_stops(casme2):
    with pytest.raises(InputError, match=r"'casme2/sub1/EP03_2'.*did you mean 'casme2/sub01/EP03_2'"):
        read(casme2(), exclude=("casme2/sub1/EP03_2",))


def test_empty_rows_are_counted(casme2, caplog):
    caplog.set_level(logging.INFO, "mmer")
    rows = [CASME2_ROWS[0], (None,) * 9, ("  ", *(None,) * 8), *CASME2_ROWS[1:]]
    assert len(read(casme2(rows))) == 3
    assert "2 empty row(s) skipped" in caplog.text


@pytest.mark.parametrize("apex", [0, 45, 57])
def test_an_apex_outside_the_clip_becomes_null_with_a_warning(casme2, caplog, apex):
    clips = read(casme2(changed(0, ApexFrame=apex)))
    assert pd.isna(clips.apex.iloc[0])
    assert pd.isna(clips.apex_source.iloc[0])
    assert "casme2/sub01/EP02_01f" in caplog.text
    assert f"apex {apex} " in caplog.text


def test_gaps_between_onset_and_offset_only_warn(casme2, caplog):
    root = casme2()
    for number in (48, 49, 55):
        (root / "CASME2_RAW_selected" / "sub01" / "EP02_01f" / f"img{number}.png").unlink()
    assert len(read(root)) == 3
    assert "3 frame(s) between onset and offset are missing, in 1 clip(s): casme2/sub01/EP02_01f (3)" in caplog.text


@pytest.mark.parametrize("mark", [("onset", 46), ("apex", 50), ("offset", 56)])
def test_a_missing_onset_apex_or_offset_frame_stops(casme2, mark):
    root = casme2()
    (root / "CASME2_RAW_selected" / "sub01" / "EP02_01f" / f"img{mark[1]}.png").unlink()
    with pytest.raises(InputError, match=rf"1 clip\(s\).*\n  casme2/sub01/EP02_01f: no frame at {mark[0]} {mark[1]}.*"):
        read(root)


def test_missing_folders_give_one_message_with_the_first_five_and_the_count(casme2):
    rows = [("01", f"EP02_{number}", None, 1, 2, 3, None, 4, "disgust") for number in range(8)]
    root = casme2(rows[:1])
    write_workbook(root / "CASME2-coding-20140508.xlsx", {"Sheet1": [CASME2_HEADER, *rows]})
    with pytest.raises(InputError) as error:
        read(root)
    message = str(error.value)
    assert "7 clip(s) have no usable frames" in message
    assert [f"EP02_{number}:" in message for number in range(1, 8)] == [True] * 5 + [False] * 2
    assert "and 2 more" in message
    assert "exclude" in message


def test_a_missing_corpus_says_how_to_get_it(tmp_path):
    with pytest.raises(InputError, match=r"no folder .*nowhere.*dvc pull data"):
        read(tmp_path / "nowhere")


def test_a_missing_workbook_says_what_was_looked_for_and_what_is_there(tmp_path):
    (tmp_path / "labels.xlsx").write_bytes(b"x")
    with pytest.raises(InputError, match=r"CASME2-coding-20140508\.xlsx, CASME2-coding-20190701.*there: labels\.xlsx"):
        read(tmp_path)


def test_of_several_versions_the_first_or_the_chosen_one_is_read(casme2):
    root = casme2()
    write_workbook(root / "CASME2-coding-20190701.xlsx", {"Sheet1": [CASME2_HEADER, *CASME2_ROWS[1:]]})
    (root / "~$CASME2-coding-20140508.xlsx").write_bytes(b"lock")
    assert len(read(root)) == 3
    assert len(read(root, workbook=("*2019*",))) == 2
    (root / "CASME2-coding-20140508.xlsx").rename(root / "my copy.xlsx")
    assert len(read(root)) == 2
    assert len(read(root, workbook=("my copy.xlsx",))) == 3


def test_action_units_that_cannot_be_read_are_reported_and_left_out(casme2, caplog):
    clips = read(casme2(changed(1, **{"Action Units": "R14+17+soft focus"})))
    assert clips.action_units.tolist() == [["AU12"], None, None]
    assert "1 clip(s) cannot be read" in caplog.text
    assert "casme2/sub01/EP03_2: " in caplog.text
    assert "cell H3, column Action Units: 'SOFT FOCUS'" in caplog.text


def test_missing_columns_are_named_with_what_is_there(casme2):
    root = casme2()
    rows = [("Subject", "Filename", "ApexFrame"), ("01", "EP02_01f", 3)]
    write_workbook(root / "CASME2-coding-20140508.xlsx", {"Sheet1": rows})
    with pytest.raises(InputError, match=r"20140508.*'OnsetFrame', 'OffsetFrame'.*it has 'Subject', 'Filename'"):
        read(root)


def test_a_sheet_or_header_that_is_missing_is_named(casme2):
    root = casme2()
    write_workbook(root / "CASME2-coding-20140508.xlsx", {"Tabelle1": [CASME2_HEADER]})
    with pytest.raises(InputError, match="no sheet 'Sheet1'; it has Tabelle1"):
        read(root)
    write_workbook(root / "CASME2-coding-20140508.xlsx", {"Sheet1": CASME2_ROWS})
    with pytest.raises(InputError, match=r"no header.*begins with 'Subject'"):
        read(root)
    write_workbook(root / "CASME2-coding-20140508.xlsx", {"Sheet1": []})
    with pytest.raises(InputError, match=r"no header.*nothing"):
        read(root)


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"OnsetFrame": "soon"}, r"cell D2, column OnsetFrame is 'soon'.*not a frame number"),
        ({"OffsetFrame": -3}, r"cell F2, column OffsetFrame is '-3'"),
        ({"OnsetFrame": 46.5}, "not a frame number"),
        ({"OnsetFrame": None}, "not a frame number"),
        ({"OnsetFrame": "/"}, "not a frame number"),
        ({"OffsetFrame": 10**30}, "not a frame number"),
        ({"ApexFrame": "late"}, r"cell E2.*'late'"),
        ({"OnsetFrame": 60}, r"casme2/sub01/EP02_01f: onset 60 lies after offset 56 .*20140508.*D2"),
        ({"Estimated Emotion": None}, r"cell I2.*is empty"),
        ({"Filename": None}, r"cell B2.*is empty"),
        ({"Filename": "../../x"}, r"cell B2.*holds no '/'"),
        ({"Filename": "a@3"}, "holds no"),
        ({"Subject": "anna"}, r"cell A2.*not a subject number"),
    ],
)
def test_a_bad_cell_is_named(casme2, cells, says):
    root = casme2()
    write_workbook(root / "CASME2-coding-20140508.xlsx", {"Sheet1": [CASME2_HEADER, *changed(0, **cells)]})
    with pytest.raises(InputError, match=says):
        read(root)


def test_the_same_row_twice_is_named(casme2):
    with pytest.raises(InputError, match=r"EP03_2@98 stands in two rows, 3 and 5 of .*20140508"):
        read(casme2([*CASME2_ROWS, CASME2_ROWS[1]]))


def test_frames_that_are_nowhere_are_asked_for(casme2):
    with pytest.raises(InputError, match=r"none of CASME2_RAW_selected, Cropped in .*sub01.*`frames`"):
        read(casme2(pictures=False))


def test_two_folders_of_one_subject_are_not_chosen_between(casme2):
    root = casme2()
    write_pictures(root / "CASME2_RAW_selected" / "sub1" / "EP02_01f", 46, 56)
    with pytest.raises(InputError, match="sub01, sub1 could all be subject sub01"):
        read(root)


def test_no_warning_of_the_workbook_library_gets_out(casme2):
    root = casme2()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(root)
