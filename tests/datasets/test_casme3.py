"""CAS(ME)^3, part A, as its workbook writes it, and what is said when something is wrong with it."""

import logging
import shutil
import zipfile
from functools import partial

import pandas as pd
import pytest
from miniature_corpora import write_pictures, write_workbook

from mmer.datasets.casme3 import Casme3
from mmer.stages.build import build, read_option
from mmer.types.errors import InputError
from mmer.types.frames import Frames

FILE = "cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx"
HEADER = ("Subject", "Filename", "Onset", "Apex", "Offset", "AU", "Objective class", "emotion")
ROWS = [  # invented; cells are text as in the real file
    ("spNO.3", "a", "97", "99", "104", "4+L10", "IV", "disgust"),
    ("spNO.3", "a", "204", "204", "209", "12", "I", "happy"),
    ("spNO.3", "J", "5", "8", "11", "T28+14", "VII", "Others"),
    ("spNO.21", "c", "998", "1001", "1003", "38", "VII", "others"),
]
ERRATUM = {"clip_id": "casme3/spNO.3/a@97", "column": "offset", "was": "0", "now": "104", "source": "a test"}


def write(root, rows=ROWS, header=HEADER, file=FILE, sheet="label", place="Part_A_ME_clip/frame", films=False):
    """Write a miniature part A: a folder per clip, or whole films."""
    write_workbook(root / file, {sheet: [header, *rows], "Sheet1": [], "Sheet3": []})
    for subject, film, onset, _, offset, *_ in ROWS:
        person = subject.replace("NO", "No")
        name = f"{person}/{film.lower()}/color" if films else f"{person}_{film.lower()}_{onset}"
        write_pictures(root / place / name, int(onset), int(offset), "{}.jpg")
        if films:
            write_pictures(root / place / person / film.lower() / "depth", int(onset), int(offset), "{}.png")
    return root


@pytest.fixture
def casme3(tmp_path):
    return partial(write, tmp_path)


def read(root, **fields):
    return Casme3(root=str(root), **fields).clips().set_index("clip_id")


def changed(at, **cells):
    """The invented rows with some cells of row ``at`` replaced, by header."""
    rows = [list(row) for row in ROWS]
    for header, value in cells.items():
        rows[at][HEADER.index(header)] = value
    return [tuple(row) for row in rows]


def test_the_onset_is_in_every_id_because_films_are_shared(casme3):
    clips = read(casme3())
    assert clips.index.tolist() == [
        *("casme3/spNO.21/c@998", "casme3/spNO.3/J@5", "casme3/spNO.3/a@204", "casme3/spNO.3/a@97"),
    ]
    assert clips.subject.tolist() == ["casme3/spNO.21", *["casme3/spNO.3"] * 3]
    assert clips.onset.tolist() == [998, 5, 204, 97]
    assert clips.emotion.tolist() == ["others", "Others", "happy", "disgust"]
    assert clips.objective_class.tolist() == ["VII", "VII", "I", "IV"]
    assert clips.action_units.tolist() == [["AU38"], ["AU14", "AU28"], ["AU12"], ["AU04", "AU10"]]
    assert set(clips.fps) == {30.0}
    # The apex of some clips is their onset, because the start of the video is lost.
    assert clips.apex.tolist() == [1001, 8, 204, 99]


@pytest.mark.parametrize(
    ("place", "films"),
    [
        ("Part_A_ME_clip/frame", False),
        ("Part_A_ME_clip/part_a_me_clip/FRAME", False),
        ("part_A/data/part_A_split/part_A", True),
        ("part_A_split/part_A", True),
        ("part_A", True),
    ],
)
def test_frames_are_found_as_clips_and_in_films_and_never_the_depth(casme3, place, films):
    root = casme3(place=place, films=films)
    write_pictures(root / "Part_A_ME_clip" / "depth" / "spNo.3_a_97", 97, 104)
    clips = build(read_option("dataset", "casme3") | {"root": str(root)}).clips()
    assert len(clips) == 4
    for clip in clips.itertuples():
        frames = Frames.open(clip.frames)
        assert frames.missing(clip.onset, clip.offset) == []
        assert set(frames.names[0].rsplit(".")[-1:]) == {"jpg"}


@pytest.mark.parametrize("inner", ["", "part_A/spNo.3/"])
def test_an_archive_per_person_serves_as_well(casme3, inner):
    root = casme3(place="part_A", films=True)
    fields = {"frames": ("part_A",)}
    unpacked = read(root, **fields)
    person = root / "part_A" / "spNo.3"
    with zipfile.ZipFile(root / "part_A" / "spNo.3.zip", "w") as archive:
        for path in sorted(person.rglob("*.*")):
            archive.write(path, inner + path.relative_to(person).as_posix())
    shutil.rmtree(person)
    packed = read(root, **fields)
    pd.testing.assert_frame_equal(packed.drop(columns="frames"), unpacked.drop(columns="frames"))
    assert packed.frames["casme3/spNO.3/a@97"].endswith(f"spNo.3.zip/{inner}a/color")


@pytest.mark.parametrize("folder", ["annotation/partA", "Annotation", "part_A/annotation"])
def test_the_annotation_may_lie_in_a_folder_of_its_own(casme3, folder):
    root = casme3()
    (root / folder).mkdir(parents=True)
    (root / FILE).rename(root / folder / FILE)
    assert len(read(root)) == 4
    assert Casme3(root=str(root)).annotations() == [root / folder / FILE]


def test_numbers_instead_of_text_read_the_same(casme3):
    expected = read(casme3())
    rows = [(*row[:2], *(float(cell) for cell in row[2:5]), *row[5:]) for row in ROWS]
    pd.testing.assert_frame_equal(read(casme3(rows)), expected)


def test_version_1_is_known_by_its_name_and_read_where_version_2_is_not_there(casme3, caplog):
    root = casme3()
    expected = read(root)
    (root / FILE).unlink()
    # Its last two columns have no header and hold lengths. The real one is an xls; saved again it serves as well.
    rows = [(*HEADER, None, None), *((*row, 7, 2) for row in ROWS)]
    write_workbook(root / "CAS(ME)3_part_A_ME_label_JpgIndex_v1.xlsx", {"Sheet1": rows})
    caplog.set_level(logging.INFO, "mmer")
    pd.testing.assert_frame_equal(read(root), expected)
    assert "is version v1" in caplog.text


def test_an_apex_before_the_onset_is_null_with_a_warning(casme3, caplog):
    clips = read(casme3(changed(0, Apex="83")))
    assert pd.isna(clips.apex["casme3/spNO.3/a@97"])
    assert "casme3/spNO.3/a@97: apex 83 is outside 97..104" in caplog.text


def test_a_row_whose_onset_lies_after_its_offset_is_left_out_and_named(casme3, caplog):
    clips = read(casme3(changed(0, Offset="0")))
    assert "casme3/spNO.3/a@97" not in clips.index
    assert len(clips) == 3
    assert "1 clip(s) are left out because their onset lies after their offset" in caplog.text
    assert "casme3/spNO.3/a@97 (97..0, " in caplog.text
    assert "cell E2, column Offset" in caplog.text


def test_an_erratum_mends_such_a_row_and_the_id_stays(casme3, caplog):
    expected = read(casme3())
    pd.testing.assert_frame_equal(read(casme3(changed(0, Offset="0")), errata=(ERRATUM,)), expected)
    assert "1 errata applied: casme3/spNO.3/a@97 offset 0 -> 104 (a test)" in caplog.text
    assert "left out" not in caplog.text
    wrong = ERRATUM | {"clip_id": "casme3/spNO.3/a@1097", "column": "onset", "was": "1097", "now": "97"}
    clips = read(casme3(changed(0, Onset="1097")), errata=(wrong,))
    assert clips.onset["casme3/spNO.3/a@1097"] == 97
    assert clips.frames["casme3/spNO.3/a@1097"].endswith("spNo.3_a_97")


def test_an_erratum_whose_old_value_is_gone_changes_nothing(casme3):
    root = casme3()
    pd.testing.assert_frame_equal(read(root, errata=(ERRATUM | {"was": "103", "now": "99"},)), read(root))


def test_picture_0_is_missing_until_an_erratum_says_that_films_begin_with_1(casme3):
    root = casme3(changed(2, Onset="0", Apex="0"))
    with pytest.raises(InputError, match=r"casme3/spNO\.3/J@0: "):
        read(root)
    entries = ({"column": "onset", "was": "0", "now": "5"}, {"column": "apex", "was": "0", "now": "5"})
    mend = tuple({"clip_id": "casme3/spNO.3/J@0", "source": "a test", **entry} for entry in entries)
    clips = read(root, errata=mend)
    assert (clips.onset["casme3/spNO.3/J@0"], clips.apex["casme3/spNO.3/J@0"]) == (5, 5)


def test_an_excluded_row_is_not_looked_at(casme3):
    root = casme3(changed(0, Offset="0"))
    assert len(read(root, exclude=("casme3/spNO.3/a@97",))) == 3


@pytest.mark.parametrize(
    ("at", "cells", "message"),
    [
        (0, {"Subject": "person"}, r"cell A2, column Subject is 'person', which is not a subject number"),
        (1, {"Onset": "soon"}, r"cell C3, column Onset is 'soon', which is not a frame number"),
        (1, {"Offset": None}, r"cell E3, column Offset is ''"),
        (2, {"Objective class": "IX"}, r"cell G4, column Objective class is 'IX'"),
        (3, {"Filename": "../c"}, r"cell B5, column Filename is '\.\./c'"),
        (3, {"emotion": None}, r"cell H5, column emotion is empty"),
        (1, {"Onset": "97"}, r"casme3/spNO\.3/a@97 stands in two rows, 2 and 3"),
    ],
)
def test_a_bad_cell_stops_with_its_place(casme3, at, cells, message):
    with pytest.raises(InputError, match=message):
        read(casme3(changed(at, **cells)))


def test_units_that_are_none_are_reported_and_left_out(casme3, caplog):
    clips = read(casme3(changed(0, AU="4+frown")))
    assert clips.action_units["casme3/spNO.3/a@97"] is None
    assert "frown" in caplog.text
    assert "cell F2" in caplog.text


def test_a_missing_file_or_column_or_only_wrong_rows_say_so(casme3):
    root = casme3()
    (root / FILE).unlink()
    with pytest.raises(InputError, match=r"no annotation file in .*cas\(me\)3_part_A_ME_label_JpgIndex_v2\.xlsx"):
        read(root)
    with pytest.raises(InputError, match="'emotion' are missing"):
        read(casme3([row[:7] for row in ROWS], header=HEADER[:7]))
    with pytest.raises(InputError, match="there is no sheet 'label'"):
        read(casme3(sheet="labels"))
    with pytest.raises(InputError, match="no clip whose onset lies before its offset"):
        read(casme3([(*ROWS[0][:4], "0", *ROWS[0][5:])]))


def test_missing_frames_are_named(casme3):
    root = casme3()
    shutil.rmtree(root / "Part_A_ME_clip" / "frame" / "spNo.21_c_998")
    with pytest.raises(InputError, match=r"1 clip\(s\) have no usable frames:\n  casme3/spNO\.21/c@998"):
        read(root)
