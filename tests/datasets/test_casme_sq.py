"""CAS(ME)^2 as its workbook writes it, and its synthetic release read back."""

import logging
import re
from collections import Counter

import openpyxl
import pandas as pd
import pytest
from miniature_corpora import write_pictures, write_workbook, zip_subject

from mmer.datasets.casme_sq import CasmeSq
from mmer.stages.build import build, read_option
from mmer.synthetic.release import write_full_release, write_release
from mmer.types.errors import InputError
from mmer.types.frames import Frames

FILE = "CAS(ME)^2code_final.xlsx"
# Invented rows; no sheet has a header.
ROWS = [
    (1, "anger1_1", 96, 99, 104, 4, "negative", "micro-expression", "anger"),
    (1, "anger1_2", 110, 112, 114, "4+7", "negative", "macro-expression", "anger"),
    (2, "disgust2_1", 8, 0, 12, "R12", "positive", "micro-expression", "happiness"),
    (2, "anger1_1", 20, 23, 0, "1+2", "surprise", "micro-expression", "pain"),
]
RULE1 = [(1, "s15", 1), (2, "s19", 2)]
RULE2 = [("0401", "anger1"), (102, "disgust2")]
MICRO = ["casme_sq/s15/anger1_1", "casme_sq/s19/anger1_1", "casme_sq/s19/disgust2_1"]


@pytest.fixture
def casme_sq(tmp_path):
    def write(rows=ROWS, rule1=RULE1, rule2=RULE2, file=FILE, sheet="CASFEcode_final", frames="selectedpic"):
        sheets = {sheet: rows, "naming rule1": rule1, "naming rule2": rule2}
        write_workbook(tmp_path / file, {name: cells for name, cells in sheets.items() if cells is not None})
        for row in ROWS if frames else ():
            place = tmp_path / frames / {1: "s15", 2: "s19"}[row[0]] / row[1]
            write_pictures(place, row[2], max(row[3], row[4]), "img{:03d}.png")
        return tmp_path

    return write


def read(root, **fields):
    return CasmeSq(root=str(root), **fields).clips().set_index("clip_id")


def test_subjects_are_called_by_their_folders(casme_sq):
    clips = read(casme_sq())
    assert clips.index.tolist() == MICRO
    assert clips.subject.tolist() == ["casme_sq/s15", "casme_sq/s19", "casme_sq/s19"]
    assert clips.emotion.tolist() == ["negative", "surprise", "positive"]  # coded, not reported
    assert clips.action_units.tolist() == [["AU04"], ["AU01", "AU02"], ["AU12"]]
    assert set(clips.fps) == {30.0}


@pytest.mark.parametrize(("expression", "clips"), [("micro", 3), ("macro", 1), ("both", 4)])
def test_micro_and_macro_expressions_are_chosen_by_a_key(casme_sq, expression, clips):
    assert len(read(casme_sq(), expression=expression)) == clips


def test_another_kind_of_expression_stops():
    with pytest.raises(InputError, match="no expression 'mirco'; did you mean 'micro'"):
        CasmeSq(expression="mirco")


def test_where_none_of_the_kind_is_there_the_key_is_named(casme_sq):
    with pytest.raises(InputError, match=r"has no macro-expression; set `expression`"):
        read(casme_sq([ROWS[0]]), expression="macro")


def test_without_an_offset_a_clip_ends_at_its_apex_and_an_apex_of_0_is_none(casme_sq, caplog):
    clips = read(casme_sq())
    assert clips.offset.tolist() == [104, 23, 12]
    assert [None if pd.isna(apex) else apex for apex in clips.apex] == [99, 23, None]
    assert "1 clip(s) have no offset and end at their apex: casme_sq/s19/anger1_1" in caplog.text


def test_a_clip_without_apex_and_offset_stops(casme_sq):
    row = (*ROWS[3][:3], 0, 0, *ROWS[3][5:])
    with pytest.raises(InputError, match=r"s19/anger1_1: neither apex nor offset is known .*cell E1.*`exclude`"):
        read(casme_sq([row]))


@pytest.mark.parametrize("sheet", ["CASFEcode_final", "CASMEcode_final", "Sheet1"])
@pytest.mark.parametrize(
    "file", [FILE, "CAS(ME)^2code_final(Updated).xlsx", "code_final.xlsx", "CAS(ME)2code_final.xlsx"]
)
def test_the_coding_is_the_first_sheet_of_any_known_file(casme_sq, file, sheet):
    assert read(casme_sq(file=file, sheet=sheet)).index.tolist() == MICRO


def test_of_two_versions_the_updated_one_is_read(casme_sq):
    root = casme_sq()
    casme_sq(ROWS[:1], file="CAS(ME)^2code_final(Updated).xlsx")
    assert read(root).index.tolist() == MICRO[:1]
    assert read(root, workbook=(FILE,)).index.tolist() == MICRO


def test_a_csv_export_needs_the_naming_rules_beside_it(casme_sq):
    root = casme_sq()
    (root / FILE).unlink()
    write_csv(root / "CASFEcode_final.csv", ROWS)
    with pytest.raises(
        InputError, match=r"csv file holds the coding sheet only; the sheet naming rule1 must lie beside"
    ):
        read(root)
    write_csv(root / "naming_rule1.csv", RULE1)
    write_csv(root / "naming_rule2.csv", RULE2)
    assert read(root).index.tolist() == MICRO
    files = CasmeSq(root=str(root)).annotations()
    assert [path.name for path in files] == ["CASFEcode_final.csv", "naming_rule1.csv", "naming_rule2.csv"]


def write_csv(path, rows):
    path.write_text("\n".join(",".join(map(str, row)) for row in rows), encoding="utf-8")


@pytest.mark.parametrize("folder", ["selectedpic", "selectedpic/selectedpic", "SelectedPic"])
def test_every_expression_has_a_folder_in_selectedpic(casme_sq, folder):
    clips = read(casme_sq(frames=folder))
    assert clips.frames.iloc[0].casefold().endswith(f"{folder.casefold()}/s15/anger1_1")
    for clip in clips.itertuples():
        assert Frames.open(clip.frames).missing(clip.onset, clip.offset) == []


def test_cropped_faces_lie_in_folders_without_the_letter(casme_sq):
    root = casme_sq(frames=None)
    for row in ROWS:
        place = root / "cropped" / "cropped" / {1: "15", 2: "19"}[row[0]] / row[1]
        write_pictures(place, row[2], max(row[3], row[4]), "img{}.png")
    assert read(root).frames.iloc[0].endswith("cropped/cropped/15/anger1_1")


def rawpic(root, folder="rawpic"):
    write_pictures(root / folder / "s15" / "15_0401somefilm", 90, 120, "img{:03d}.png")
    write_pictures(root / folder / "s19" / "19_0401somefilm", 1, 30, "img{:03d}.png")
    write_pictures(root / folder / "s19" / "19_0102other", 1, 30, "img{:03d}.png")


def test_in_rawpic_the_folder_of_the_film_is_found_by_its_code(casme_sq):
    root = casme_sq(frames=None)
    rawpic(root)
    clips = read(root)
    assert [frames.rpartition("rawpic/")[2] for frames in clips.frames] == [
        *("s15/15_0401somefilm", "s19/19_0401somefilm", "s19/19_0102other")
    ]


def test_the_films_of_a_person_may_lie_in_an_archive(casme_sq):
    root = casme_sq(frames=None)
    rawpic(root)
    digests = [Frames.open(source).digest() for source in read(root).frames]
    for person in ("s15", "s19"):
        zip_subject(root / "rawpic" / person, f"{person}/")
    clips = read(root)
    assert clips.frames.iloc[0].endswith("rawpic/s15.zip/s15/15_0401somefilm")
    assert [Frames.open(source).digest() for source in clips.frames] == digests


def test_only_whole_films_need_a_rule_for_every_film(casme_sq):
    root = casme_sq(rule2=RULE2[:1])
    assert read(root).index.tolist() == MICRO
    rawpic(root)
    with pytest.raises(InputError, match=r"cell B3, column B \(clip\) is 'disgust2_1': naming rule 2 has no film 'dis"):
        read(root, frames=("rawpic",))


def test_two_folders_of_one_film_are_not_chosen_between(casme_sq):
    root = casme_sq(frames=None)
    rawpic(root)
    write_pictures(root / "rawpic" / "s15" / "15_0401copy", 90, 120)
    with pytest.raises(InputError, match=r"15_0401copy, 15_0401somefilm could both be film 0401; keep one"):
        read(root)


def test_the_pictures_of_a_selection_are_preferred_to_whole_films(casme_sq):
    root = casme_sq()
    rawpic(root)
    assert read(root).frames.str.contains("selectedpic").all()
    assert read(root, frames=("rawpic",)).frames.str.contains("rawpic").all()


def test_a_film_that_is_not_there_is_named_with_the_clip(casme_sq):
    root = casme_sq(frames=None)
    write_pictures(root / "rawpic" / "s15" / "15_0401somefilm", 90, 120)
    with pytest.raises(
        InputError, match=r"2 clip\(s\) have no usable frames:\n  casme_sq/s19/disgust2_1: \S*/rawpic/s19"
    ):
        read(root)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"rule1": None}, r"no sheet 'nam\*rule\*1'.*nobody knows whose frames are whose; take the workbook"),
        ({"rule2": None}, r"no sheet 'nam\*rule\*2'"),
        ({"rule1": RULE1[:1]}, r"cell A3, column A \(subject\) is 2, which naming rule 1 does not list; it has 1"),
        ({"rule1": [*RULE1, (3, "s20", 2)]}, r"sheet naming rule1, cell C3.*2 is s19 further up and s20 here"),
        ({"rule2": [*RULE2, ("0403", "Anger1")]}, r"sheet naming rule2, cell B3.*anger1 is 0401 further up and 0403"),
        ({"rule1": [(1, "anna", 1)]}, r"sheet naming rule1, cell B1.*'anna'"),
        ({"rows": [(*ROWS[0][:7], "anger", None)]}, r"cell H1.*is 'anger'; it says micro-expression.*right file"),
        ({"rows": [("Subject", "Clip", "Onset"), *ROWS]}, r"cell H1, column H \(expression\) is empty"),
        (
            {"rows": [(*ROWS[0][:2], "soon", *ROWS[0][3:])]},
            r"cell C1, column C \(onset\) is 'soon'.*not a frame number",
        ),
        ({"rows": [(*ROWS[0][:2], 105, *ROWS[0][3:])]}, r"s15/anger1_1: onset 105 lies after offset 104"),
        ({"rows": [(*ROWS[0][:6], None, *ROWS[0][7:])]}, r"cell G1.*is empty"),
        ({"rows": [ROWS[0], ROWS[0]]}, r"anger1_1@96 stands in two rows, 1 and 2 of"),
    ],
)
def test_wrong_input_is_named(casme_sq, changes, says):
    with pytest.raises(InputError, match=says):
        read(casme_sq(**changes))


def test_an_erratum_may_give_an_offset_that_was_not_seen(casme_sq, caplog):
    root = casme_sq()
    write_pictures(root / "selectedpic" / "s19" / "anger1_1", 20, 26, "img{:03d}.png")
    erratum = {"clip_id": MICRO[1], "column": "offset", "was": "0", "now": "26", "source": "frames seen"}
    assert read(root, errata=(erratum,)).offset.tolist() == [104, 26, 12]
    assert "errata applied" in caplog.text
    assert "end at their apex" not in caplog.text


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    root = tmp_path_factory.mktemp("release") / "casme_sq"
    write_release("casme_sq", root, subjects=3, clips=2, seed=0, size=48, processes=1)
    return root


def test_the_synthetic_workbook_has_the_quirks_of_the_real_one(release):
    book = openpyxl.load_workbook(release / FILE)
    assert book.sheetnames == ["CASFEcode_final", "naming rule1", "naming rule2"]
    coding, rule1, rule2 = ([[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in book.worksheets)
    assert {len(row) for row in coding} == {9}
    assert [row[0] for row in coding] == [1, 1, 1, 2, 2, 2, 3, 3, 3]  # from the first row on: no header
    assert Counter(row[7] for row in coding) == {"micro-expression": 6, "macro-expression": 3}
    assert {row[6] for row in coding} <= {"positive", "negative", "surprise", "others"}
    assert all(re.fullmatch(r"[a-z]+\d_\d", row[1]) for row in coding)
    assert {(row[3] == 0, row[4] == 0) for row in coding} == {(False, False), (True, False), (False, True)}
    assert [row[1:] for row in rule1] == [["s15", 1], ["s16", 2], ["s19", 3]]  # numbers of folders have gaps
    assert {type(row[0]) for row in rule2} == {int, str}  # 101 and '0102'


def test_the_synthetic_release_reads_back(release, caplog):
    caplog.set_level(logging.INFO, "mmer")
    clips = read(release)
    assert len(clips) == 6
    assert clips.apex.isna().sum() == 1
    assert clips.tracks.notna().all()
    assert "3 row(s) of another kind than micro left out" in caplog.text
    assert "1 clip(s) have no offset" in caplog.text
    both = read(release, expression="both")
    assert len(both) == 9
    macro = both.drop(clips.index)
    assert macro.tracks.isna().all()
    for clip in both.itertuples():
        assert Frames.open(clip.frames).missing(clip.onset, clip.offset) == []


def test_numbers_of_the_synthetic_release_have_three_digits_or_more(release):
    names = [path.name for path in release.glob("selectedpic/selectedpic/*/*/*")]
    assert all(re.fullmatch(r"img(\d{3}|[1-9]\d{3,})\.jpg", name) for name in names)
    assert any(name.startswith("img0") for name in names)


def test_the_full_table_has_the_counts_of_the_release(tmp_path, caplog):
    caplog.set_level(logging.INFO, "mmer")
    root = tmp_path / "full"
    write_full_release("casme_sq", root, 0)
    clips = build(read_option("dataset", "casme_sq") | {"root": str(root)}).clips()
    assert clips.emotion.value_counts().to_dict() == {"negative": 21, "others": 19, "surprise": 9, "positive": 8}
    assert len(read(root, expression="macro")) == 300
    both = read(root, expression="both")
    assert (len(both), both.subject.nunique()) == (357, 22)
    assert "version final" in caplog.text
    assert "differs from version" not in caplog.text
