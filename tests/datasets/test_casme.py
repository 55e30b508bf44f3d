"""CASME as its coding sheet writes it, and its synthetic release read back."""

import logging
import re
from collections import Counter

import openpyxl
import pandas as pd
import pytest
from miniature_corpora import CASME2_HEADER, CASME2_ROWS, write_pictures, write_workbook

from mmer.datasets.casme import Casme
from mmer.stages.build import build, read_option
from mmer.synthetic.release import write_full_release, write_release
from mmer.types.errors import InputError
from mmer.types.frames import Frames

HEADER = ("Subject", "Filename", None, "OnsetF", "ApexF1", "ApexF2", "OffsetF", None, "AU", "Emotion")
# Invented rows: section B from person 2 on.
ROWS = [
    (1, "EP01_12", None, 96, 99, None, 104, None, 4, "tense"),
    (1, "EP01_12", None, 7, 9, 11, 12, None, "4+L10", "disgust"),
    (2, "EP03_4_1", None, 8, 10, None, 12, None, "?", "repression"),
]


@pytest.fixture
def casme(tmp_path):
    def write(rows=ROWS, header=HEADER, file="casme.xlsx", frames="CASME_raw_selected", name="{clip}-{number}"):
        write_workbook(tmp_path / file, {"Sheet1": [header, *rows], "Sheet2": [], "Sheet3": []})
        for row in rows:
            padded = name.replace("{clip}", str(row[1])).replace("{number}", "{:03d}" if row[0] > 1 else "{}")
            write_pictures(tmp_path / frames / f"sub{row[0]:02d}" / str(row[1]), row[3], row[6], padded + ".png")
        return tmp_path

    return write


def read(root, **fields):
    return Casme(root=str(root), **fields).clips().set_index("clip_id")


def test_clips_of_one_film_are_told_apart_by_their_onset(casme):
    clips = read(casme())
    assert clips.index.tolist() == ["casme/sub01/EP01_12@7", "casme/sub01/EP01_12@96", "casme/sub02/EP03_4_1"]
    assert clips.frames.iloc[0] == clips.frames.iloc[1]
    assert clips.onset.tolist() == [7, 96, 8]
    assert clips.offset.tolist() == [12, 104, 12]
    assert clips.emotion.tolist() == ["disgust", "tense", "repression"]
    assert set(clips.fps) == {60.0}


def test_of_a_plateau_the_first_apex_is_taken_and_a_question_mark_is_no_annotation(casme):
    clips = read(casme())
    assert clips.apex.tolist() == [9, 99, 10]
    assert clips.action_units.tolist() == [["AU04", "AU10"], ["AU04"], None]
    assert clips.objective_class.isna().all()


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("CASME_raw_selected", "{clip}-{number}"),
        ("Cropped/Cropped", "reg_{clip}-{number}"),
        ("cropped", "reg_{clip}-{number}"),
    ],
)
def test_the_numbers_of_both_sections_are_read(casme, folder, name):
    root = casme(frames=folder, name=name)
    clips = build(read_option("dataset", "casme") | {"root": str(root)}).clips()
    assert clips.frames.str.startswith((root / folder).as_posix()).all()
    for clip in clips.itertuples():
        assert Frames.open(clip.frames).missing(clip.onset, clip.offset) == []


@pytest.mark.parametrize("file", ["CASME.xlsx", "casme coding.xlsx", "CASME-codes.xlsx"])
def test_the_sheet_is_found_under_other_names(casme, file):
    assert len(read(casme(file=file))) == 3


def test_a_renamed_sheet_is_read_where_it_is_named(casme):
    root = casme(file="mine.xlsx")
    with pytest.raises(InputError, match=r"looked for casme\.xlsx.*there: mine\.xlsx.*`workbook`"):
        read(root)
    assert len(read(root, workbook=("mine.xlsx",))) == 3


def test_the_workbook_of_another_corpus_is_recognised_as_such(tmp_path):
    write_workbook(tmp_path / "casme.xlsx", {"Sheet1": [CASME2_HEADER, *CASME2_ROWS]})
    with pytest.raises(InputError, match=r"'OnsetF'.* are missing.*It has the sheet and columns of casme2"):
        read(tmp_path)


def test_the_extract_without_offsets_is_refused(casme):
    root = casme()
    rows = [("Subject", "Filename", "OnsetF", "ApexF1", "Emotion"), (1, "EP01_12", 96, 99, "tense")]
    write_workbook(root / "casme.xlsx", {"Sheet1": rows})
    with pytest.raises(InputError, match=r"the columns 'OffsetF', 'AU' are missing; it has 'Subject', 'Filename'"):
        read(root)


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        (0, "anna", r"cell A2, column Subject is 'anna'.*not a subject number"),
        (3, "soon", r"cell D2, column OnsetF is 'soon'.*not a frame number"),
        (3, 120, r"casme/sub01/EP01_12@120: onset 120 lies after offset 104"),
        (6, None, r"cell G2.*not a frame number"),
        (9, None, r"cell J2.*is empty"),
    ],
)
def test_a_bad_cell_is_named(casme, column, value, says):
    root = casme()
    first = [*ROWS[0]]
    first[column] = value
    write_workbook(root / "casme.xlsx", {"Sheet1": [HEADER, first, *ROWS[1:]]})
    with pytest.raises(InputError, match=says):
        read(root)


def test_two_rows_of_one_film_and_onset_are_refused(casme):
    with pytest.raises(InputError, match=r"EP01_12@96 stands in two rows, 2 and 5 of"):
        read(casme([*ROWS, ROWS[0]]))


def test_an_erratum_names_the_clip_and_is_applied_only_where_the_old_value_stands(casme, caplog):
    erratum = {"clip_id": "casme/sub01/EP01_12@96", "column": "offset", "was": "104", "now": "103", "source": "frames"}
    clips = read(casme(), errata=(erratum,))
    assert clips.offset.tolist() == [12, 103, 12]
    assert "1 errata applied: casme/sub01/EP01_12@96 offset 104 -> 103" in caplog.text
    clips = read(casme(), errata=({**erratum, "was": "140"},))
    assert clips.offset.tolist() == [12, 104, 12]


def test_no_erratum_is_in_the_yaml():
    """The published patches count rows and contradict each other."""
    assert read_option("dataset", "casme")["errata"] == []


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    root = tmp_path_factory.mktemp("release") / "casme"
    write_release("casme", root, subjects=3, clips=3, seed=0, size=48, processes=1)
    return root


def test_the_synthetic_sheet_has_the_quirks_of_the_real_one(release):
    book = openpyxl.load_workbook(release / "casme.xlsx")
    header, *rows = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows()]
    assert tuple(header) == HEADER
    assert [row[0] for row in rows] == [1, 1, 1, 2, 2, 2, 3, 3, 3]  # numbers, not text
    assert all(row[2] is row[7] is None for row in rows)
    assert Counter(Counter((row[0], row[1]) for row in rows).values()) == {2: 3, 1: 3}
    assert not any("@" in row[1] for row in rows)
    assert all(row[9] == row[9].lower() for row in rows)
    assert "?" in [row[8] for row in rows]
    second = [row for row in rows if row[5] is not None]
    assert second
    assert all(row[5] <= row[6] for row in second)
    assert sum(row[4] > row[6] for row in rows) == 1  # an apex behind its offset


def test_only_one_section_of_the_synthetic_release_pads_its_numbers(release):
    padded = {}
    for folder in sorted((release / "CASME_raw_selected").glob("*/*")):
        digits = [re.fullmatch(re.escape(folder.name) + r"-(\d+)\.jpg", path.name)[1] for path in folder.iterdir()]
        padded.setdefault(folder.parent.name, set()).update(map(len, digits))
    assert padded["sub01"] == {2, 3}
    assert padded["sub02"] == {3}


def test_the_synthetic_release_reads_back(release, caplog):
    clips = read(release)
    assert len(clips) == 9
    assert clips.index.str.contains("@").sum() == 6
    assert clips.apex.isna().sum() == 1
    assert re.search(r"casme/sub03/\S+: apex \d+ is outside", caplog.text)
    assert clips.tracks.notna().all()


def test_the_full_table_has_the_counts_of_the_release(tmp_path, caplog):
    caplog.set_level(logging.INFO, "mmer")
    write_full_release("casme", tmp_path / "full", 0)
    clips = build(read_option("dataset", "casme") | {"root": str(tmp_path / "full")}).clips()
    assert len(clips) == 189
    assert clips.subject.nunique() == 18
    assert clips.emotion.value_counts().to_dict() == {
        **{"tense": 68, "disgust": 45, "repression": 39, "surprise": 20, "happiness": 7, "sadness": 6},
        **{"contempt": 2, "fear": 2},
    }
    shared = clips[clips.clip_id.str.contains("@")]
    films = shared.clip_id.str.partition("@")[0]
    assert (len(shared), films.nunique()) == (33, 14)
    assert films.value_counts().max() == 6
    assert "version 189" in caplog.text
    assert "differs from version" not in caplog.text


def test_a_full_table_with_a_row_less_says_so(tmp_path, caplog):
    write_full_release("casme", tmp_path / "full", 0)
    path = tmp_path / "full" / "casme.xlsx"
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    word = sheet.cell(sheet.max_row, 10).value
    sheet.delete_rows(sheet.max_row)
    book.save(path)
    read(tmp_path / "full")
    assert "differs from version 189: 188 rows, the release has 189" in caplog.text
    assert f"{word}, the release has" in caplog.text


def test_the_same_release_twice(release):
    pd.testing.assert_frame_equal(read(release), read(release))
