"""Errata: applied by clip and old value, never by row, and reported."""

import logging

import pytest
from miniature_corpora import CASME2_HEADER, CASME2_ROWS, write_casme2, write_workbook

from mmer.datasets.casme2 import Casme2
from mmer.datasets.errata import KEYS, Erratum, apply_errata, read_errata
from mmer.datasets.table import Row
from mmer.stages.build import build, read_option
from mmer.types.errors import InputError

ENTRY = {"clip_id": "casme2/sub01/EP02_01f", "column": "offset", "was": "56", "now": "55", "source": "a letter"}


def row(number, **cells):
    return Row(number, cells, {})


def read(root, *errata, **fields):
    return Casme2(root=str(root), errata=errata, **fields).clips().set_index("clip_id")


def test_a_cell_is_corrected_where_the_old_value_stands_and_reported(tmp_path, caplog):
    caplog.set_level(logging.INFO, "mmer")
    root = write_casme2(tmp_path)
    stale = ENTRY | {"clip_id": "casme2/sub01/EP03_2", "was": "1", "now": "2"}
    clips = read(root, ENTRY, stale)
    assert clips.offset.tolist() == [55, 106, 12]
    said = {record.levelname: record.message for record in caplog.records if "errata" in record.message}
    assert "1 errata applied: casme2/sub01/EP02_01f offset 56 -> 55 (a letter)" in said["WARNING"]
    assert "1 errata stale, not applied: casme2/sub01/EP03_2 offset 1 -> 2 (a letter)" in said["INFO"]


def test_the_order_of_the_rows_does_not_matter(tmp_path):
    root = write_casme2(tmp_path)
    expected = read(root, ENTRY)
    write_workbook(root / "CASME2-coding-20140508.xlsx", {"Sheet1": [CASME2_HEADER, *CASME2_ROWS[::-1]]})
    assert read(root, ENTRY).equals(expected)


def test_a_corrected_onset_gives_the_id_of_the_corrected_file(tmp_path):
    rows = [*CASME2_ROWS, ("01", "EP02_01f", None, 52, 53, 55, None, 4, "disgust")]
    clips = read(
        write_casme2(tmp_path, rows),
        ENTRY | {"clip_id": f"{ENTRY['clip_id']}@52", "column": "onset", "was": "52", "now": "51"},
    )
    assert clips.index[:2].tolist() == ["casme2/sub01/EP02_01f@46", "casme2/sub01/EP02_01f@51"]


def test_a_text_that_cannot_be_read_can_be_corrected(tmp_path):
    rows = [(*CASME2_ROWS[0][:7], "12+soft focus", "happiness"), *CASME2_ROWS[1:]]
    erratum = ENTRY | {"column": "action_units", "was": "12+soft focus", "now": "12"}
    assert read(write_casme2(tmp_path, rows), erratum).action_units.iloc[0] == ["AU12"]


def test_an_empty_now_empties_the_cell(tmp_path):
    clips = read(write_casme2(tmp_path), ENTRY | {"column": "apex", "was": "50", "now": ""})
    assert clips.apex.isna().tolist() == [True, False, True]


def test_the_yaml_gives_texts(tmp_path):
    root = write_casme2(tmp_path)
    node = read_option("dataset", "casme2") | {"root": str(root)}
    assert build(node | {"errata": [ENTRY]}).clips().offset.tolist() == [55, 106, 12]
    with pytest.raises(InputError, match=r"56 \(int\).*errata\[0\]"):
        build(node | {"errata": [ENTRY | {"was": 56}]})


def test_errata_do_not_build_on_each_other():
    rows = {"a": row(2, onset=1), "b": row(3, onset=2)}
    chain = [Erratum("a", "onset", "1", "2", "x"), Erratum("a", "onset", "2", "3", "x")]
    changed, applied, stale = apply_errata(rows, chain)
    assert changed["a"].text("onset") == "2"
    assert (applied, stale) == (chain[:1], chain[1:])
    assert rows["a"].text("onset") == "1"
    assert list(changed) == ["a", "b"]
    assert changed["b"] is rows["b"]


def test_applying_twice_changes_nothing_more():
    rows, errata = {"a": row(2, onset=1.0)}, [Erratum("a", "onset", "1", "2", "x")]
    once, applied, _ = apply_errata(rows, errata)
    twice, again, stale = apply_errata(once, errata)
    assert twice == once
    assert (len(applied), again, stale) == (1, [], errata)


def test_an_erratum_of_a_clip_that_is_not_there_is_stale():
    errata = [Erratum("nobody", "onset", "1", "2", "x")]
    assert apply_errata({"a": row(2, onset=1)}, errata) == ({"a": row(2, onset=1)}, [], errata)


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (ENTRY | {"colum": "x"}, "no key 'colum'; did you mean 'column'"),
        ({key: ENTRY[key] for key in KEYS if key != "source"}, "lacks source"),
        (ENTRY | {"source": ""}, "lacks source"),
        (ENTRY | {"now": "56"}, "changes nothing"),
    ],
)
def test_a_wrong_entry_stops(entry, says):
    with pytest.raises(InputError, match=says):
        read_errata("casme2", [entry])


def test_two_errata_of_one_cell_stop():
    with pytest.raises(InputError, match="two errata change offset of casme2/sub01/EP02_01f"):
        read_errata("casme2", [ENTRY, ENTRY | {"now": "54"}])


def test_a_column_that_is_not_there_stops(tmp_path):
    with pytest.raises(InputError, match=r"names column 'offfset'; did you mean 'offset'"):
        read(write_casme2(tmp_path), ENTRY | {"column": "offfset"})
