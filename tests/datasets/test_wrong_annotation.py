"""Annotation files that people really hand in, each with what is said about it."""

import csv
import datetime
import io
import zipfile

import openpyxl
import pytest
from miniature_corpora import CASME2_HEADER, CASME2_ROWS, write_casme2, write_samm, write_workbook

from mmer.datasets.casme2 import Casme2
from mmer.datasets.samm import Samm
from mmer.types.errors import InputError

BOOK = "CASME2-coding-20140508.xlsx"


def read(root, **fields):
    return Casme2(root=str(root), **fields).clips().set_index("clip_id")


@pytest.fixture
def root(tmp_path):
    return write_casme2(tmp_path)


def as_csv(root, delimiter=",", encoding="utf-8-sig", rows=CASME2_ROWS):
    """Replace the workbook by an export of its sheet."""
    (root / BOOK).unlink()
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([CASME2_HEADER, *rows])
    (root / BOOK).with_suffix(".csv").write_bytes(text.getvalue().encode(encoding))


def as_sheet(root, rows, header=CASME2_HEADER):
    write_workbook(root / BOOK, {"Sheet1": [header, *rows], "Sheet2": [], "Sheet3": []})


def test_a_csv_export_reads_the_same(root):
    expected = read(root)
    as_csv(root)
    assert read(root).equals(expected)


def test_a_csv_export_that_lost_its_zeros_reads_the_same(root):
    expected = read(root)
    as_csv(root, rows=[(str(int(row[0])), *row[1:3], f"{row[3]}.0", *row[4:]) for row in CASME2_ROWS])
    assert read(root).equals(expected)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_csv_export_with_other_separators_reads_the_same(root, delimiter):
    expected = read(root)
    as_csv(root, delimiter)
    assert read(root).equals(expected)


def test_the_header_says_what_separates_and_no_other_cell(root):
    rows = [(*CASME2_ROWS[0][:7], "4;7", "happiness"), (*CASME2_ROWS[1][:7], "4,7;12", "disgust")]
    for delimiter in (",", ";"):
        as_csv(root, delimiter, rows=rows)
        assert read(root).action_units.tolist() == [["AU04", "AU07"], ["AU04", "AU07", "AU12"]]
        as_sheet(root, CASME2_ROWS)


def test_a_text_with_a_separator_needs_quotes(root):
    (root / BOOK).unlink()
    lines = [";".join("" if cell is None else str(cell) for cell in row) for row in (CASME2_HEADER, CASME2_ROWS[0])]
    (root / BOOK).with_suffix(".csv").write_text("\n".join(lines).replace(";12;", ";4;7;"))
    with pytest.raises(InputError, match=r"10 cells under 9 headers; put a text that holds a separator between"):
        read(root)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gbk", "gb18030"])
def test_a_csv_export_of_a_chinese_system_reads_the_same(root, encoding):
    as_csv(root, encoding=encoding, rows=[(*CASME2_ROWS[0][:8], "高兴")])
    assert read(root).emotion.tolist() == ["高兴"]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1250", "mac-roman"])
def test_text_that_nobody_can_be_sure_of_is_refused(root, encoding):
    as_csv(root, encoding=encoding, rows=[(*CASME2_ROWS[0][:8], "joyé")])
    with pytest.raises(InputError, match=r"20140508\.csv: not UTF-8 text.*save it as 'CSV UTF-8'"):
        read(root)


def test_half_a_utf_16_file_is_refused(root):
    as_csv(root, encoding="utf-16")
    path = (root / BOOK).with_suffix(".csv")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputError, match=r"20140508\.csv: not UTF-16 text"):
        read(root)


@pytest.mark.parametrize("cell", [None, " "])
def test_empty_columns_without_a_header_do_no_harm(root, cell):
    """One released sheet has two of them, and an export keeps their commas."""
    expected = read(root)
    (root / BOOK).unlink()
    with (root / BOOK).with_suffix(".csv").open("w", newline="") as file:
        csv.writer(file).writerows([[*CASME2_HEADER, None, None], *([*row, cell, None] for row in CASME2_ROWS)])
    assert read(root).equals(expected)


def test_chinese_words_and_names_are_kept(tmp_path):
    rows = [("01", "片段_01", None, 46, 50, 56, None, 12, "高兴")]
    clips = read(write_casme2(tmp_path, rows))
    assert clips.index.tolist() == ["casme2/sub01/片段_01"]
    assert clips.emotion.tolist() == ["高兴"]


def test_the_workbook_of_another_corpus_is_recognised(root, tmp_path_factory):
    other = write_samm(tmp_path_factory.mktemp("samm"))
    (root / BOOK).write_bytes((other / "SAMM_Micro_FACS_Codes_v2.xlsx").read_bytes())
    with pytest.raises(InputError, match=r"20140508.*no sheet 'Sheet1'.*columns of samm\."):
        read(root)
    (other / "SAMM_Micro_FACS_Codes_v2.xlsx").unlink()
    with pytest.raises(InputError, match=r"no annotation file .*looked for SAMM_Micro_FACS_Codes_v2\.xlsx"):
        Samm(root=str(other)).clips()


def test_the_encryption_of_a_spreadsheet_program_is_recognised(root):
    """An encrypted xlsx is a compound file, as an old xls is."""
    (root / BOOK).write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(5000))
    with pytest.raises(InputError, match=r"20140508\.xlsx: encrypted.*without a password"):
        read(root)


def test_an_encrypted_archive_member_is_refused(root):
    data = bytearray((root / BOOK).read_bytes())
    with zipfile.ZipFile(root / BOOK) as package:
        offsets = [item.header_offset for item in package.infolist()]
    for offset in offsets:
        data[offset + 6] |= 1
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        data[at + 8] |= 1
        at = data.find(b"PK\x01\x02", at + 4)
    (root / BOOK).write_bytes(data)
    with pytest.raises(InputError, match=r"20140508\.xlsx: not a readable xlsx file"):
        read(root)


def test_a_truncated_workbook_is_recognised(root):
    data = (root / BOOK).read_bytes()
    (root / BOOK).write_bytes(data[: 2 * len(data) // 3])
    with pytest.raises(InputError, match=r"20140508\.xlsx: not a readable xlsx file, perhaps cut off.*copy it again"):
        read(root)


def test_a_page_for_logging_in_instead_of_the_file_is_recognised(root):
    (root / BOOK).write_text("<html><body>Please log in</body></html>")
    with pytest.raises(InputError, match=r"20140508\.xlsx: not a readable xlsx file"):
        read(root)


def test_columns_of_a_lab_s_own_do_no_harm(root):
    expected = read(root)
    as_sheet(root, [(*row, "seen", 3) for row in CASME2_ROWS], (*CASME2_HEADER, "checked by", "Remark"))
    assert read(root).equals(expected)


@pytest.mark.parametrize("column", ["Subject", "Action Units"])
def test_a_missing_column_is_named(root, column):
    at = CASME2_HEADER.index(column)
    as_sheet(root, [row[:at] + row[at + 1 :] for row in CASME2_ROWS], CASME2_HEADER[:at] + CASME2_HEADER[at + 1 :])
    with pytest.raises(InputError, match=rf"{BOOK}, sheet Sheet1.*'{column}'"):
        read(root)


def test_a_column_that_occurs_twice_is_named(root):
    as_sheet(root, [(*row, 5) for row in CASME2_ROWS], (*CASME2_HEADER, "Onset Frame"))
    with pytest.raises(InputError, match=r"the column 'OnsetFrame' occurs 2 times; keep one"):
        read(root)


@pytest.mark.parametrize("text", ["ca. 46", "46-56", "=D3", "#REF!", "４６.5", "1e3", "-1", "∞", "None"])
def test_text_in_a_cell_of_frame_numbers_is_named_with_its_cell(root, text):
    as_sheet(root, [(*CASME2_ROWS[0][:3], text, *CASME2_ROWS[0][4:]), *CASME2_ROWS[1:]])
    with pytest.raises(InputError, match=r"sheet Sheet1, cell D2, column OnsetFrame is .*not a frame number"):
        read(root)


def test_a_date_that_a_spreadsheet_made_of_action_units_is_reported_and_not_read(root, caplog):
    day = datetime.datetime(2024, 7, 6)
    as_sheet(root, [(*CASME2_ROWS[0][:7], day, CASME2_ROWS[0][8]), *CASME2_ROWS[1:]])
    assert read(root).action_units.iloc[0] is None
    assert "casme2/sub01/EP02_01f" in caplog.text
    assert "cell H2" in caplog.text


def test_empty_rows_above_between_and_below_are_skipped(root):
    expected = read(root)
    empty = (None,) * 9
    write_workbook(
        root / BOOK,
        {"Sheet1": [(), empty, CASME2_HEADER, empty, CASME2_ROWS[0], (" ",) * 9, *CASME2_ROWS[1:], *[empty] * 30]},
    )
    assert read(root).equals(expected)


def test_merged_cells_in_the_rows_leave_an_empty_cell_that_is_named(root):
    book = openpyxl.load_workbook(root / BOOK)
    book["Sheet1"].merge_cells("A2:A3")  # one subject for two rows
    book.save(root / BOOK)
    with pytest.raises(InputError, match=r"cell A3, column Subject is empty; fill it in"):
        read(root)


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "a\\b", ".hidden", "x\x07y", "n" * 300])
def test_a_clip_name_that_would_be_a_path_stops(root, name):
    rows = [(CASME2_ROWS[0][0], name, *CASME2_ROWS[0][2:]), *CASME2_ROWS[1:]]
    as_csv(root, rows=rows)
    with pytest.raises(InputError, match=r"row 2, column Filename"):
        read(root)


def test_a_name_that_looks_like_markup_or_a_formula_stays_text(tmp_path):
    name = "=1+1<script>alert(1)<b>"
    rows = [("01", name, None, 46, 50, 56, None, 12, "<b>joy</b>")]
    root = write_casme2(tmp_path, rows)
    as_csv(root, rows=rows)
    clips = read(root)
    assert clips.index.tolist() == [f"casme2/sub01/{name}"]
    assert clips.emotion.tolist() == ["<b>joy</b>"]
