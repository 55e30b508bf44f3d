"""Annotation files that are damaged or mean harm."""

import struct
import zipfile

import openpyxl
import pandas as pd
import pytest
from miniature_corpora import write_workbook

from mmer.datasets import csv_file, table_file
from mmer.datasets.casme2 import Casme2
from mmer.datasets.table import read_table
from mmer.datasets.versions import recognise
from mmer.types.errors import InputError

COLUMNS = {"subject": "Subject", "clip": "Filename"}
ROWS = [("Subject", "Filename"), ("01", "a"), ("02", "b")]


@pytest.fixture
def workbook(tmp_path):
    path = tmp_path / "coding.xlsx"
    write_workbook(path, {"Sheet1": ROWS})
    return path


def rewrite(path, member, change):
    """Replace one part of an xlsx package."""
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    parts[member] = change(parts[member])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in parts.items():
            package.writestr(name, data)


def test_a_whole_file_reads(workbook):
    table = read_table(workbook, "Sheet1", COLUMNS)
    assert [row.text("subject") for row in table.rows] == ["01", "02"]


@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.95])
def test_a_cut_workbook_is_refused(workbook, keep):
    data = workbook.read_bytes()
    workbook.write_bytes(data[: int(keep * len(data)) if keep < 1 else keep])
    with pytest.raises(InputError, match=r"coding\.xlsx: not a readable xlsx"):
        read_table(workbook, "Sheet1", COLUMNS)


def test_damage_inside_a_workbook_is_refused(workbook):
    rewrite(workbook, "xl/worksheets/sheet1.xml", lambda data: data[: len(data) // 2])
    with pytest.raises(InputError, match="cannot be read"):
        read_table(workbook, "Sheet1", COLUMNS)


def test_text_named_xlsx_or_xls_is_refused(tmp_path):
    for name in ("coding.xlsx", "coding.xls"):
        (tmp_path / name).write_text("Subject,Filename\n")
        with pytest.raises(InputError, match=name):
            read_table(tmp_path / name, "Sheet1", COLUMNS)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_xml_entities_are_refused_before_they_unpack(workbook, encoding):
    bomb = (
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>&b;</sheetData></worksheet>'
    )
    rewrite(workbook, "xl/worksheets/sheet1.xml", lambda _: bomb.encode(encoding))
    with pytest.raises(InputError, match="declares XML entities"):
        read_table(workbook, "Sheet1", COLUMNS)


def test_a_workbook_that_unpacks_without_end_is_refused(workbook, monkeypatch):
    monkeypatch.setattr(table_file, "MAX_BYTES", 1_000_000)
    rewrite(workbook, "xl/worksheets/sheet1.xml", lambda data: data + b" " * 2_000_000)
    with pytest.raises(InputError, match=r"unpacks to .* refused"):
        read_table(workbook, "Sheet1", COLUMNS)


def test_a_lone_cell_far_away_costs_nothing(workbook):
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    rewrite(workbook, "xl/worksheets/sheet1.xml", lambda data: data.replace(b"</sheetData>", far))
    with pytest.raises(InputError, match="more than 50000 rows"):
        read_table(workbook, "Sheet1", COLUMNS)


def test_an_oversize_csv_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_file, "MAX_BYTES", 10)
    (tmp_path / "coding.csv").write_text("Subject,Filename\n01,a\n")
    with pytest.raises(InputError, match="over 10 bytes"):
        read_table(tmp_path / "coding.csv", "", COLUMNS)


def test_texts_that_look_like_nothing_stay_texts(tmp_path):
    path = tmp_path / "coding.csv"
    path.write_text("Subject,Filename\nNA,null\nnan,1e5\n")
    rows = read_table(path, "", COLUMNS).rows
    assert [(row.text("subject"), row.text("clip")) for row in rows] == [("NA", "null"), ("nan", "1e5")]


def test_pandas_reads_the_same_cells(workbook):
    expected = pd.read_excel(workbook, dtype=str)
    rows = read_table(workbook, "Sheet1", COLUMNS).rows
    assert [[row.text("subject"), row.text("clip")] for row in rows] == expected.to_numpy().tolist()


def test_an_old_xls_reads_too(tmp_path):
    def record(kind, data):
        return struct.pack("<HH", kind, len(data)) + data

    def text(row, column, value):
        return record(4, struct.pack("<HH3xB", row, column, len(value)) + value.encode())

    # The oldest form of the format: begin, code page, three texts and a number, end.
    path = tmp_path / "coding.xls"
    path.write_bytes(
        record(9, struct.pack("<HH", 2, 16))
        + record(0x42, struct.pack("<H", 1252))
        + b"".join(text(*cell) for cell in ((0, 0, "Subject"), (0, 1, "Filename"), (1, 0, "01")))
        + record(2, struct.pack("<HH3xH", 1, 1, 7))
        + record(10, b"")
    )
    rows = read_table(path, "Sheet 1", COLUMNS).rows
    assert [(row.text("subject"), row.text("clip")) for row in rows] == [("01", "7")]
    assert rows[0].place("clip").endswith("sheet Sheet 1, cell B2, column Filename")


def test_a_workbook_is_opened_once_however_often_it_is_tried(workbook, monkeypatch):
    """`mmer doctor` tries every version of every corpus on the tables of a folder whose name tells nothing."""
    opened, real = [], openpyxl.load_workbook
    monkeypatch.setattr(
        table_file.openpyxl, "load_workbook", lambda *given, **more: opened.append(1) or real(*given, **more)
    )
    for _ in range(3):
        with pytest.raises(InputError, match="no annotation file"):
            recognise(workbook.parent, "casme2", Casme2.versions)
        assert len(read_table(workbook, "Sheet1", COLUMNS).rows) == 2
    assert len(opened) == 2  # for the names of its sheets, and for one sheet


def test_a_changed_workbook_is_read_again(workbook):
    assert len(read_table(workbook, "Sheet1", COLUMNS).rows) == 2
    write_workbook(workbook, {"Sheet1": [*ROWS, ("03", "c")]})
    assert len(read_table(workbook, "Sheet1", COLUMNS).rows) == 3
    write_workbook(workbook, {"Other": ROWS})
    with pytest.raises(InputError, match="there is no sheet 'Sheet1'"):
        read_table(workbook, "Sheet1", COLUMNS)
