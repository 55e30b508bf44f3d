"""CAS(ME)^3, part C, as its workbook writes it, and what is said when something is wrong with it."""

import shutil
from collections import Counter
from functools import partial

import openpyxl
import pandas as pd
import pytest
from miniature_corpora import write_pictures, write_workbook

from mmer.datasets.casme3_c import Casme3C
from mmer.stages.build import build, read_option
from mmer.synthetic.casme3_c import CENSUS
from mmer.synthetic.release import write_full_release, write_release
from mmer.types.errors import InputError
from mmer.types.frames import Frames

FILE = "CAS(ME)3_part_C_ME.xlsx"
FILMS = "part_C/RGB_Depth/part_C/part_C"
HEADER = ("sub", "count", "onset", "offset", "au", "emotion")
ROWS = [  # invented
    (2, 1, 98, 103, "4，11", "negative"),
    (2, 2, 207, 211, "14,L24,", "others"),
    (2, 10, 996, 1002, 12, "positive"),
    (31, 1, 8, 12, "13?", "surprise"),
]


def write(root, rows=ROWS, header=HEADER, file=FILE, sheet="mockCrimeME", place="{:02d}/a/color"):
    write_workbook(root / file, {sheet: [header, *rows]})
    for person, _, onset, offset, *_ in ROWS:
        write_pictures(root / FILMS / place.format(person), onset, offset, "{}.jpg")
        if "color" in place:
            write_pictures(root / FILMS / place.format(person).replace("color", "depth"), onset, offset, "{}.png")
    return root


@pytest.fixture
def casme3_c(tmp_path):
    return partial(write, tmp_path)


def read(root, **fields):
    return Casme3C(root=str(root), **fields).clips().set_index("clip_id")


def changed(at, **cells):
    """The invented rows with some cells of row ``at`` replaced, by header."""
    rows = [list(row) for row in ROWS]
    for header, value in cells.items():
        rows[at][HEADER.index(header)] = value
    return [tuple(row) for row in rows]


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    out = tmp_path_factory.mktemp("casme3_c") / "casme3_c"
    write_release("casme3_c", out, 3, 3, 0, size=48, processes=1)
    return out


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    out = tmp_path_factory.mktemp("full") / "casme3_c"
    write_full_release("casme3_c", out, 0)
    return build(read_option("dataset", "casme3_c") | {"root": str(out)}).clips()


def test_a_clip_is_a_number_of_a_person_and_has_no_apex(casme3_c):
    clips = read(casme3_c())
    assert clips.index.tolist() == ["casme3_c/02/1", "casme3_c/02/10", "casme3_c/02/2", "casme3_c/31/1"]
    assert clips.subject.tolist() == [*["casme3_c/02"] * 3, "casme3_c/31"]
    assert clips.onset.tolist() == [98, 996, 207, 8]
    assert clips.offset.tolist() == [103, 1002, 211, 12]
    assert clips.emotion.tolist() == ["negative", "positive", "others", "surprise"]
    assert clips.action_units.tolist() == [["AU04", "AU11"], ["AU12"], ["AU14", "AU24"], ["AU13"]]
    assert clips[["apex", "apex_source", "objective_class", "eeg", "ecg"]].isna().all(axis=None)
    assert set(clips.fps) == {30.0}


@pytest.mark.parametrize("place", ["{:02d}/a/color", "{}/A/Color", "{:02d}/color", "{:03d}/a"])
def test_the_colour_of_a_film_is_found(casme3_c, place):
    for clip in read(casme3_c(place=place)).itertuples():
        frames = Frames.open(clip.frames)
        assert frames.missing(clip.onset, clip.offset) == []
        assert {name.rpartition(".")[2] for name in frames.names} == {"jpg"}


def test_the_yaml_finds_other_depths_of_folders(casme3_c):
    root = casme3_c()
    (root / FILMS).rename(root / "films")
    shutil.rmtree(root / "part_C")
    (root / "RGB_Depth").mkdir()
    (root / "films").rename(root / "RGB_Depth" / "part_C")
    assert len(build(read_option("dataset", "casme3_c") | {"root": str(root)}).clips()) == 4


def test_the_annotation_may_lie_in_a_folder_of_its_own(casme3_c):
    root = casme3_c()
    (root / "annotation" / "partC").mkdir(parents=True)
    (root / FILE).rename(root / "annotation" / "partC" / FILE)
    # The older file beside it is not this one.
    write_workbook(root / "annotation/partC/CAS(ME)3_part_C.xlsx", {"organize": [("Subject", "Onset"), (4, 9)]})
    assert len(read(root)) == 4
    assert Casme3C(root=str(root)).annotations() == [root / "annotation" / "partC" / FILE]


@pytest.mark.parametrize("name", ["2.txt", "02.txt", "sub2.TXT"])
def test_the_file_of_signals_of_a_person_is_named(casme3_c, name):
    root = casme3_c()
    (root / "PartC_physiological_data").mkdir()
    for file in (name, "readme.txt", "31.mat"):
        (root / "PartC_physiological_data" / file).touch()
    clips = read(root)
    assert clips.ecg.notna().tolist() == [True, True, True, False]
    assert clips.ecg.iloc[0] == (root / "PartC_physiological_data" / name).as_posix()


def test_two_files_of_signals_of_one_person_stop(casme3_c):
    root = casme3_c()
    (root / "part_C" / "Physiological_data").mkdir()
    for file in ("2.txt", "02.txt"):
        (root / "part_C" / "Physiological_data" / file).touch()
    with pytest.raises(InputError, match=r"/02\.txt, .*/2\.txt could all hold the signals of 02; keep one"):
        read(root)


@pytest.mark.parametrize(
    ("at", "cells", "message"),
    [
        (0, {"sub": "two"}, r"cell A2, column sub is 'two', which is not a subject number"),
        (1, {"onset": "2O7"}, r"cell C3, column onset is '2O7', which is not a frame number"),
        (1, {"onset": 212}, r"casme3_c/02/2: onset 212 lies after offset 211"),
        (2, {"count": 2, "onset": 207}, r"casme3_c/02/2@207 stands in two rows, 3 and 4"),
        (3, {"emotion": None}, r"cell F5, column emotion is empty"),
        (3, {"offset": 14}, r"casme3_c/31/1: no frame at offset 14"),
    ],
)
def test_a_bad_cell_stops_with_its_place(casme3_c, at, cells, message):
    with pytest.raises(InputError, match=message):
        read(casme3_c(changed(at, **cells)))


def test_the_owners_older_file_is_not_read(casme3_c):
    root = casme3_c()
    (root / FILE).unlink()
    rows = [("Subject", "Onset", "Offset", "diff", "Exp_type", "risk"), (4, 98, 103, 5, 1, 1)]
    write_workbook(root / "CAS(ME)3_part_C.xlsx", {"organize": rows})
    with pytest.raises(
        InputError, match=r"looked for CAS\(ME\)3_part_C_ME\.xlsx; tables there: CAS\(ME\)3_part_C\.xlsx"
    ):
        read(root)


def test_an_erratum_and_an_exclusion(casme3_c):
    root = casme3_c(changed(0, offset=10))
    entry = {"clip_id": "casme3_c/02/1", "column": "offset", "was": "10", "now": "103", "source": "a test"}
    assert read(root, errata=(entry,)).offset["casme3_c/02/1"] == 103
    assert "casme3_c/02/1" not in read(root, exclude=("casme3_c/02/1",)).index


def test_the_synthetic_workbook_has_the_quirks_of_the_file(release):
    book = openpyxl.load_workbook(release / FILE)
    assert book.sheetnames == ["mockCrimeME"]
    header, *rows = [[cell.value for cell in row] for row in book["mockCrimeME"].iter_rows()]
    assert header == list(HEADER)
    assert all(isinstance(cell, int) for row in rows for cell in row[:4])
    units = [row[4] for row in rows]
    assert sum("，" in str(text) for text in units) == 1
    assert sum(str(text).endswith(",") for text in units) == 3
    assert sum(str(text).endswith("?") for text in units) == 1
    assert {row[5] for row in rows} <= {"negative", "positive", "surprise", "others"}
    assert [row[:2] for row in rows] == [[person, count] for person in (1, 2, 3) for count in (1, 2, 3)]


def test_the_synthetic_release_reads_back(release, caplog):
    clips = build(read_option("dataset", "casme3_c") | {"root": str(release)}).clips()
    assert len(clips) == 9
    assert clips.action_units.notna().all()
    assert caplog.records == []
    for clip in clips.itertuples():
        frames = Frames.open(clip.frames)
        assert frames.missing(clip.onset - 3, clip.offset + 3) == []
    depth = release / FILMS / "01" / "a" / "depth"
    assert sorted(path.stem for path in depth.iterdir()) == sorted(
        path.stem for path in (depth.parent / "color").iterdir()
    )


def test_the_full_table_has_the_published_counts(full):
    assert len(full) == 165
    assert full.subject.nunique() == CENSUS.subjects == 30
    assert "casme3_c/22" not in set(full.subject)
    assert Counter(full.emotion) == {"negative": 99, "surprise": 30, "others": 20, "positive": 16}
    pd.testing.assert_series_equal(full.apex.isna(), pd.Series([True] * 165, name="apex"))
    three = build(read_option("labels", "megc3")).assign(full).value_counts().to_dict()
    assert three == {"negative": 99, "surprise": 30, "positive": 16}
