"""SAMM as the workbook writes it."""

import csv
from functools import partial

import pandas as pd
import pytest
from miniature_corpora import SAMM_HEADER, SAMM_ROWS, write_samm, write_workbook

from mmer.datasets.samm import Samm
from mmer.types.errors import InputError
from mmer.types.frames import Frames


@pytest.fixture
def samm(tmp_path):
    return partial(write_samm, tmp_path)


def read(root, **fields):
    return Samm(root=str(root), **fields).clips().set_index("clip_id")


def test_ids_words_numbers_and_objective_classes(samm):
    clips = read(samm())
    assert clips.index.tolist() == ["samm/006/006_1_2", "samm/007/007_5_3"]
    assert clips.subject.tolist() == ["samm/006", "samm/007"]
    assert clips.emotion.tolist() == ["Anger", "Happiness"]
    assert clips.apex.tolist() == [1001, 99]
    assert clips.objective_class.tolist() == ["III", "I"]
    assert clips.action_units.tolist() == [["AU04", "AU07"], ["AU12"]]


def test_the_padding_of_the_file_names_may_vary(samm):
    for clip in read(samm()).itertuples():
        assert Frames.open(clip.frames).numbers == tuple(range(clip.onset, clip.offset + 1))


@pytest.mark.parametrize("preamble", [0, 1, 13, 14])
def test_the_header_is_found_below_any_preamble(samm, preamble):
    assert len(read(samm(preamble=preamble))) == 2


def test_a_csv_conversion_reads_the_same(samm):
    root = samm()
    expected = read(root)
    (root / "SAMM_Micro_FACS_Codes_v2.xlsx").unlink()
    with (root / "SAMM_Micro_FACS_Codes_v2.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("title",), SAMM_HEADER, *SAMM_ROWS])
    pd.testing.assert_frame_equal(read(root, workbook=("*.csv",)), expected)


def test_a_cell_is_named_where_it_stands_in_the_file(samm):
    root = samm()
    rows = [("a",), ("b",), SAMM_HEADER, (*SAMM_ROWS[0][:3], "x", *SAMM_ROWS[0][4:])]
    write_workbook(root / "SAMM_Micro_FACS_Codes_v2.xlsx", {"MICRO_ONLY": rows})
    with pytest.raises(InputError, match="sheet MICRO_ONLY, cell D4, column Onset Frame is 'x'"):
        read(root)


def test_an_offset_that_contradicts_the_duration_is_reported(samm, caplog):
    row = (*SAMM_ROWS[0][:6], 82, *SAMM_ROWS[0][7:])
    read(samm([row, SAMM_ROWS[1]]))
    assert "Duration differs from onset..offset in 1 row(s): 006_1_2 (995..1005, stated 82)" in caplog.text


def test_an_unknown_objective_class_stops(samm):
    row = (*SAMM_ROWS[0][:10], "IX", None)
    with pytest.raises(InputError, match=r"cell K15.*'IX'.*I to VII"):
        read(samm([row, SAMM_ROWS[1]]))
