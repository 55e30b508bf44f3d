"""CASME II and SAMM in the size of the release: the published counts, and every quirk of the files."""

import re
from collections import Counter

import openpyxl
import pytest

from mmer.datasets import casme2, samm
from mmer.datasets.versions import differences, recognise
from mmer.stages.build import build, read_option
from mmer.synthetic.release import write_full_release


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    """Roots of the two releases."""
    found = {}
    for corpus in ("casme2", "samm"):
        found[corpus] = tmp_path_factory.mktemp("full") / corpus
        write_full_release(corpus, found[corpus], seed=0)
    return found


@pytest.fixture(scope="module")
def clips(roots):
    """Their Clips tables."""
    return {
        corpus: build(read_option("dataset", corpus) | {"root": str(root)}).clips() for corpus, root in roots.items()
    }


def cells(path, sheet):
    """All rows of a sheet, read by the library alone."""
    return [list(row) for row in openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True)]


def test_nothing_differs_from_the_released_counts(roots, clips):
    for corpus, versions in (("casme2", casme2.VERSIONS), ("samm", samm.VERSIONS)):
        version, _, table = recognise(roots[corpus], corpus, versions)
        assert version is versions[0]
        assert len(table.rows) == version.rows
        assert differences(version, clips[corpus]) == []


def test_a_row_too_few_is_said_and_an_excluded_clip_is_not(roots, caplog):
    node = read_option("dataset", "casme2") | {"root": str(roots["casme2"])}
    first = build(node).clips().clip_id[0]
    build(node | {"exclude": [first]}).clips()
    assert "differs from version" not in caplog.text
    path = roots["casme2"] / "CASME2-coding-20140508.xlsx"
    data = path.read_bytes()
    book = openpyxl.load_workbook(path)
    book["Sheet1"].delete_rows(2)
    book.save(path)
    try:
        build(node).clips()
    finally:
        path.write_bytes(data)
    assert "dataset casme2: differs from version 2014-05-08: 254 rows, the release has 255" in caplog.text


def test_quirks_of_the_casme2_workbook(roots, clips):
    book = openpyxl.load_workbook(roots["casme2"] / "CASME2-coding-20140508.xlsx")
    assert book.sheetnames == ["Sheet1", "Sheet2", "Sheet3"]
    assert book["Sheet2"].max_row <= 1
    header, *rows = cells(roots["casme2"] / "CASME2-coding-20140508.xlsx", "Sheet1")
    assert (header[2], header[6]) == (None, None)
    assert all(isinstance(row[0], str) and re.fullmatch(r"\d\d", row[0]) for row in rows)
    assert {type(row[7]) for row in rows} == {int, str}
    assert [row[1] for row in rows if row[4] == "/"] == ["EP12_01f"]
    assert sum(row[7] == "?" for row in rows) == 5
    assert sum(row[4] in (row[3], row[5]) for row in rows) == 5
    shapes = Counter(re.sub(r"\d", "9", row[1]) for row in rows)
    assert {"EP99_99", "EP99_99f"} <= set(shapes)
    table = clips["casme2"].set_index("clip_id")
    assert table.index[table.apex.isna()].tolist() == ["casme2/sub04/EP12_01f"]
    assert table.action_units.isna().sum() == 5
    at_onset = table.loc["casme2/sub05/EP09_05f"]
    assert at_onset.apex == at_onset.onset


def test_leftovers_beside_the_objective_classes_are_not_read(roots, clips):
    path = roots["casme2"] / "CASME2-ObjectiveClasses.xlsx"
    assert len(cells(path, "Sheet1")) == 256
    assert len(cells(path, "Sheet2")) == 10
    assert clips["casme2"].objective_class.value_counts().to_dict() == casme2.CLASSES


def test_quirks_of_the_samm_workbook(roots, clips):
    rows = cells(roots["samm"] / "SAMM_Micro_FACS_Codes_v2.xlsx", "MICRO_ONLY")
    assert rows[13][0] == "Subject"
    rows = rows[14:]
    assert all(isinstance(row[0], str) and re.fullmatch(r"\d{3}", row[0]) for row in rows)
    assert all(row[6] == row[5] - row[3] + 1 for row in rows)
    assert {row[7] for row in rows} == {"Micro - 1/2"}
    assert {type(row[8]) for row in rows} == {int, str}
    assert {row[11] for row in rows} >= {None, "Blink", "Eye movement"}
    texts = [str(row[8]) for row in rows]
    for pattern in (" or ", r"ref\(\d+B\)", r"\d[ABC]\b", r"\d[ABC]/[BCD]", r"\b[LR]\d", r"A/L\d"):
        assert any(re.search(pattern, text) for text in texts), pattern
    table = clips["samm"]
    assert table.action_units.notna().all()
    assert not any("AU45" in units for units in table.action_units)  # held over, no movement of the clip
    assert table.emotion.str.istitle().all()
