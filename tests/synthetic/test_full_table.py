"""A table in the full size of a release has the counts of its census, and nothing else that is not invented."""

from collections import Counter

import pytest
from openpyxl import load_workbook

from mmer.__main__ import main
from mmer.labels.objective_class import objective_class
from mmer.synthetic.casme2 import Casme2Layout
from mmer.synthetic.coder import OBJECTIVE
from mmer.synthetic.full_table import SETS, Census, Named, draw_recordings
from mmer.synthetic.release import LAYOUTS, write_full_release
from mmer.synthetic.samm import SammLayout
from mmer.types.errors import InputError

COUNTED = [name for name, layout in sorted(LAYOUTS.items()) if hasattr(layout(), "census")]


def people(recordings, words):
    return len({one.subject for one in recordings if one.word in words or one.code.objective_class in words})


@pytest.mark.parametrize("name", COUNTED)
def test_rows_people_and_classes_are_those_of_the_census(name):
    layout = LAYOUTS[name]()
    census, recordings = layout.census, draw_recordings(layout, layout.census, 0)
    assert Counter(one.word for one in recordings) == census.words
    assert len({one.subject_name for one in recordings}) == census.subjects
    if census.objective:
        assert Counter(one.code.objective_class for one in recordings) == census.objective
    if census.per_subject:
        clips = Counter(one.subject for one in recordings)
        assert tuple(clips[subject] for subject in range(census.subjects)) == census.per_subject
    for words, number in census.reach:
        assert people(recordings, words) == number
    for one in recordings:
        assert one.onset < one.apex < one.offset
    assert len({(one.subject, one.clip_name, one.onset) for one in recordings}) == len(recordings)


def test_words_and_objective_classes_of_casme2_go_together_as_published():
    recordings = draw_recordings(Casme2Layout(), Casme2Layout().census, 1)
    pairs = Counter((one.word, one.code.objective_class) for one in recordings)
    assert pairs["happiness", "I"] == 23
    assert pairs["others", "III"] == 64
    assert pairs["sadness", "V"] == 7
    assert ("surprise", "III") not in pairs


def test_another_seed_gives_other_clips_of_the_same_number():
    layout = SammLayout()
    first, again, other = (draw_recordings(layout, layout.census, seed) for seed in (0, 0, 1))
    assert first == again
    assert [one.clip_name for one in first] != [one.clip_name for one in other]
    assert len(first) == len(other) == 159


def test_every_set_of_units_has_the_class_that_the_labels_compute():
    for name, sets in SETS.items():
        for units in sets:
            assert objective_class(f"AU{int(number):02d}" for number in units.split("+")) == name
    assert OBJECTIVE.keys() == {"I", "II", "III", "IV", "V", "VI"}


def test_the_workbooks_of_casme2_have_the_quirks_of_the_released_ones(tmp_path):
    write_full_release("casme2", tmp_path / "casme2", 0)
    rows = list(load_workbook(tmp_path / "casme2/CASME2-coding-20140508.xlsx")["Sheet1"].values)[1:]
    assert len(rows) == 255
    assert [row[1] for row in rows if row[4] == "/"] == ["EP12_01f"]
    assert sum(row[7] == "?" for row in rows) == 5
    at_onset = [row for row in rows if row[4] == row[3]]
    assert len(at_onset) == 5
    assert ("05", "EP09_05f") in {row[:2] for row in at_onset}
    book = load_workbook(tmp_path / "casme2/CASME2-ObjectiveClasses.xlsx")
    classes = list(book["Sheet1"].values)
    assert classes[0] == ("Subject", "Filename", "Objective Class")
    assert {row[:2] for row in classes[1:]} == {row[:2] for row in rows}
    assert {row[2] for row in classes[1:]} == set(range(1, 8))
    assert len(list(book["Sheet2"].values)) == 10
    assert next(book["Sheet2"].values)[0] == "01"  # no header: whoever reads this sheet takes a row for one


def test_the_same_seed_gives_the_same_bytes_on_the_command_line(tmp_path, capsys):
    for name in ("one", "two"):
        assert main(["synthesize", "samm", "--full-table", "--out", str(tmp_path / name)]) == 0
    assert "corpus samm" in capsys.readouterr().out
    one, two = (
        {path.name: path.read_bytes() for path in sorted((tmp_path / name).iterdir())} for name in ("one", "two")
    )
    assert one == two
    assert len([name for name in one if name.endswith(".zip")]) == 29
    assert "SYNTHETIC.txt" in one


def test_what_nobody_has_counted_is_refused_and_nothing_is_left(tmp_path):
    with pytest.raises(InputError, match=r"nobody has counted manifest; --full-table writes casme, casme2"):
        write_full_release("manifest", tmp_path / "m", 0)
    with pytest.raises(InputError, match="did you mean 'samm'"):
        write_full_release("sam", tmp_path / "m", 0)
    (tmp_path / "mine").write_text("keep")
    with pytest.raises(InputError, match="not an empty folder"):
        write_full_release("samm", tmp_path, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"objective": {"I": 4}}, "5 clips by word, 4 by objective class"),
        ({"per_subject": (2, 2)}, "per_subject is not 5 clips of 2 people"),
        ({"joint": {"x": {"I": 1}}}, r"joint\.x is not 3 clips"),
    ],
)
def test_a_census_that_contradicts_itself_is_refused(fields, says):
    with pytest.raises(ValueError, match=says):
        Census(2, {"x": 3, "y": 2}, **fields)


def test_a_clip_that_its_person_cannot_have_is_refused():
    census = Census(2, {"x": 3, "y": 2}, per_subject=(1, 4), named=(Named(0, "x", "odd"), Named(0, "y", "odd")))
    with pytest.raises(ValueError, match="person 0 cannot have a clip of"):
        draw_recordings(SammLayout(), census, 0)
