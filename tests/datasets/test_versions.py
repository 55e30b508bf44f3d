"""Which version of which corpus a table is, and what differs from the release."""

import csv
import logging

import openpyxl
import pandas as pd
import pytest
from miniature_corpora import CASME2_HEADER, CASME2_ROWS, SAMM_HEADER, SAMM_ROWS, write_samm, write_workbook

from mmer.datasets import casme2, samm
from mmer.datasets.versions import Version, differences, known_versions, recognise
from mmer.types.errors import InputError

COLUMNS = {"subject": "Subject", "clip": "Filename", "emotion": "Emotion"}
OLD = Version("old", ("coding-old.xlsx", "coding*.xlsx"), "Sheet1", COLUMNS, rows=2)
NEW = Version("new", ("coding-new.xlsx", "coding*.xlsx"), "Sheet1", {**COLUMNS, "fps": "Fps"}, rows=3)
HEADER = ("Subject", "Filename", "Emotion")
ROWS = [("01", "a", "joy"), ("01", "b", "fear"), ("02", "a", "joy")]


def write(path, rows=ROWS[:2], header=HEADER, sheet="Sheet1"):
    write_workbook(path, {sheet: [header, *rows]})


def found(root, *versions, **options):
    version, path, table = recognise(root, "lab", versions or (OLD, NEW), **options)
    return version.name, path.name, len(table.rows)


def test_the_file_name_decides_first(tmp_path):
    write(tmp_path / "coding-old.xlsx", ROWS)
    write(tmp_path / "coding-new.xlsx", ROWS, HEADER)
    assert found(tmp_path) == ("old", "coding-old.xlsx", 3)


def test_case_of_file_sheet_and_header_does_not_matter(tmp_path):
    write(tmp_path / "Coding-OLD.XLSX", header=("SUBJECT", "file name", "emotion"), sheet="SHEET1")
    assert found(tmp_path) == ("old", "Coding-OLD.XLSX", 2)


def test_columns_decide_between_versions_that_share_a_name(tmp_path):
    write(tmp_path / "coding.xlsx", [(*row, 200) for row in ROWS[:1]], (*HEADER, "Fps"))
    assert found(tmp_path, NEW, OLD)[0] == "new"
    write(tmp_path / "coding.xlsx", ROWS[:1])
    assert found(tmp_path, NEW, OLD)[0] == "old"


def test_the_number_of_rows_decides_between_versions_with_the_same_columns(tmp_path):
    write(tmp_path / "coding.xlsx", [(*row, 200) for row in ROWS], (*HEADER, "Fps"))
    assert found(tmp_path, OLD, NEW)[0] == "new"
    write(tmp_path / "coding.xlsx", [(*row, 200) for row in ROWS[:2]], (*HEADER, "Fps"))
    assert found(tmp_path, OLD, NEW)[0] == "old"


def test_a_renamed_file_is_known_by_sheet_columns_and_rows_together(tmp_path, caplog):
    caplog.set_level(logging.INFO, "mmer")
    write(tmp_path / "我们的副本.xlsx", ROWS[:2])
    assert found(tmp_path) == ("old", "我们的副本.xlsx", 2)
    assert "has the columns and rows of version old" in caplog.text
    write(tmp_path / "我们的副本.xlsx", ROWS[:1])
    with pytest.raises(InputError, match=r"no annotation file in .*looked for coding-old\.xlsx.*tables there: 我们"):
        found(tmp_path)


@pytest.mark.parametrize("name", ["coding-old.csv", "coding-old - Sheet1.csv", "CODING-OLD_Sheet1.CSV"])
def test_a_csv_export_of_the_sheet_serves_as_well(tmp_path, name):
    with (tmp_path / name).open("w", newline="") as file:
        csv.writer(file).writerows([HEADER, *ROWS[:2]])
    assert found(tmp_path) == ("old", name, 2)


def test_of_a_workbook_and_its_export_the_workbook_is_read(tmp_path):
    (tmp_path / "coding-old.csv").write_text(",".join(HEADER) + "\n01,a,joy\n")
    write(tmp_path / "coding-old.xlsx", ROWS)
    assert found(tmp_path) == ("old", "coding-old.xlsx", 3)


def test_two_files_of_one_version_are_not_chosen_between(tmp_path):
    for name in ("coding-a.xlsx", "coding-b.xlsx"):
        write(tmp_path / name)
    with pytest.raises(InputError, match=r"coding-a\.xlsx, coding-b\.xlsx .*could all be.*`workbook`"):
        found(tmp_path)
    assert found(tmp_path, workbook=("coding-b.xlsx",))[1] == "coding-b.xlsx"


def test_a_file_that_a_person_names_may_be_called_anything(tmp_path):
    write(tmp_path / "coding-old.xlsx")
    write(tmp_path / "mine.xlsx", ROWS)
    assert found(tmp_path, workbook=("mine.xlsx",)) == ("old", "mine.xlsx", 3)
    with pytest.raises(InputError, match=r"looked for theirs\.xlsx"):
        found(tmp_path, workbook=("theirs.xlsx",))


def test_a_file_with_the_right_name_and_wrong_columns_is_passed_over_with_a_warning(tmp_path, caplog):
    write(tmp_path / "coding-old.xlsx", header=("Subject", "Clip", "Emotion"))
    write(tmp_path / "coding-new.xlsx", [(*row, 200) for row in ROWS], (*HEADER, "Fps"))
    assert found(tmp_path)[1] == "coding-new.xlsx"
    assert "coding-old.xlsx is not read" in caplog.text
    assert "'Filename'" in caplog.text


def test_a_damaged_file_is_not_passed_over(tmp_path):
    (tmp_path / "coding-old.xlsx").write_bytes(b"PK\x03\x04 cut")
    write(tmp_path / "coding-new.xlsx", [(*row, 200) for row in ROWS], (*HEADER, "Fps"))
    with pytest.raises(InputError, match=r"coding-old\.xlsx: not a readable xlsx"):
        found(tmp_path)


def test_the_workbook_of_another_corpus_is_named(tmp_path):
    write_samm(tmp_path)
    (tmp_path / "SAMM_Micro_FACS_Codes_v2.xlsx").rename(tmp_path / "CASME2-coding-20140508.xlsx")
    with pytest.raises(InputError, match=r"no sheet 'Sheet1'.*It has the sheet and columns of samm"):
        recognise(tmp_path, "casme2", casme2.VERSIONS)
    (tmp_path / "CASME2-coding-20140508.xlsx").rename(tmp_path / "labels.xlsx")
    with pytest.raises(InputError, match=r"no annotation file.*labels\.xlsx has the sheet and columns of samm"):
        recognise(tmp_path, "casme2", casme2.VERSIONS)


def test_a_sheet_without_a_header_is_read_by_letters(tmp_path):
    bare = Version("bare", ("coding.xlsx",), None, {"subject": "A", "clip": "C"}, top=2, optional={"note": "AB"})
    write_workbook(tmp_path / "coding.xlsx", {"any": [("title",), (), (7, None, "a"), (), (8, None, "b")]})
    table = recognise(tmp_path, "lab", (bare,))[2]
    assert [(row.number, row.text("subject"), row.text("clip")) for row in table.rows] == [(3, "7", "a"), (5, "8", "b")]
    assert table.rows[0].text("note", required=False) == ""
    with pytest.raises(InputError, match=r"sheet any, cell C5, column C \(clip\) is 'b'"):
        table.rows[1].whole("clip")


def test_a_sheet_may_be_named_by_a_pattern(tmp_path):
    write(tmp_path / "coding-old.xlsx", sheet="CASMEcode_final ")
    version = Version("x", ("coding-old.xlsx",), "CAS*code_final", COLUMNS)
    assert found(tmp_path, version)[0] == "x"


def test_a_header_spread_over_two_rows_is_explained(tmp_path):
    path = tmp_path / "CASME2-coding-20140508.xlsx"
    write_workbook(path, {"Sheet1": [CASME2_HEADER, *CASME2_ROWS]})
    book = openpyxl.load_workbook(path)
    sheet = book["Sheet1"]
    sheet.insert_rows(1)
    for column in range(1, 10):
        if column not in (4, 5, 6):
            sheet.cell(1, column).value = sheet.cell(2, column).value
            sheet.merge_cells(start_row=1, end_row=2, start_column=column, end_column=column)
    sheet["D1"].value = "Frames"
    sheet.merge_cells("D1:F1")
    book.save(path)
    with pytest.raises(InputError, match=r"'OnsetFrame', 'ApexFrame', 'OffsetFrame' are missing.*two rows.*Unmerge"):
        recognise(tmp_path, "casme2", casme2.VERSIONS)


def test_a_merged_title_above_the_header_does_no_harm(tmp_path):
    path = tmp_path / "CASME2-coding-20140508.xlsx"
    write_workbook(path, {"Sheet1": [("Coding",), (), CASME2_HEADER, *CASME2_ROWS]})
    book = openpyxl.load_workbook(path)
    book["Sheet1"].merge_cells("A1:I1")
    book.save(path)
    assert len(recognise(tmp_path, "casme2", casme2.VERSIONS)[2].rows) == len(CASME2_ROWS)


def test_extra_columns_and_another_order_do_not_matter(tmp_path):
    path = tmp_path / "SAMM_Micro_FACS_Codes_v2.xlsx"
    rows = [SAMM_HEADER, *SAMM_ROWS]
    order = [0, 9, 5, 4, 3, 1, 8, 10]
    write_workbook(path, {"MICRO_ONLY": [[row[at] for at in order] + [None, "our remark"] for row in rows]})
    table = recognise(tmp_path, "samm", samm.VERSIONS)[2]
    assert [row.text("clip") for row in table.rows] == [row[1] for row in SAMM_ROWS]
    assert [row.whole("apex") for row in table.rows] == [row[4] for row in SAMM_ROWS]


def clips(words, subjects=2):
    subject = [f"lab/{at % subjects}" for at in range(len(words))]
    return pd.DataFrame({"subject": subject, "emotion": words, "objective_class": None})


def test_differences_are_said_in_words():
    version = Version("x", (), None, {}, rows=3, subjects=2, words={"joy": 2, "fear": 1}, objective={"I": 3})
    assert differences(version, clips(["joy", "fear", "joy"])) == []
    assert differences(version, clips(["joy", "joy"], subjects=1)) == [
        "2 rows, the release has 3",
        "1 subjects, the release has 2",
        "0 fear, the release has 1",
    ]
    table = clips(["joy", "fear", "joy"]).assign(objective_class=["I", "I", "II"])
    assert differences(version, table) == ["2 I, the release has 3", "1 II, the release has 0"]
    assert differences(Version("x", (), None, {}), clips(["joy"])) == []


def test_differences_of_rows_are_those_of_the_clips(tmp_path):
    write(tmp_path / "coding-old.xlsx", ROWS)
    version, _, table = recognise(tmp_path, "lab", (OLD,))
    assert differences(version, table.rows) == ["3 rows, the release has 2"]


def test_published_counts_agree_among_themselves():
    """Every stated version: its words and its objective classes add up to its rows."""
    known = known_versions()
    assert {"casme2", "samm"} <= set(known)
    for corpus, versions in known.items():
        assert len({version.name for version in versions}) == len(versions), corpus
        for version in versions:
            for counts in (version.words, version.objective):
                assert not counts or version.rows is None or sum(counts.values()) <= version.rows, (corpus, version)
    for version in (*casme2.VERSIONS, *samm.VERSIONS):
        for counts in (version.words, version.objective):
            if counts and (version.name, counts) != ("updated", version.objective):
                assert sum(counts.values()) == version.rows
