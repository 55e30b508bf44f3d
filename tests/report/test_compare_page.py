"""The page of compared experiments: known answers of subjects, classes, clips and settings."""

from dataclasses import replace

import pytest
from page_for_tests import Page
from records_for_tests import dataset_records, experiment_record, unit_record

from fakes import EMOTIONS, clips_table
from mmer.metrics.comparison import compare
from mmer.report.compare_page import CARDS, render
from mmer.report.compare_pair import Side, pair_box
from mmer.report.exports import exports
from mmer.report.page import render as render_report
from mmer.report.results import measure


def side(record, **changes):
    return replace(Side(record.name, record.predictions, record.config, record.fingerprint), **changes)


def answered(name, clips, wrong):
    """Return a side that is right about all clips but some."""
    record = experiment_record(name, clips, skill=1)
    table = record.predictions.copy()
    for clip in wrong:
        row = table.index[table.clip_id == clip][0]
        truth = table.truth[row]
        other = next(word for word in EMOTIONS if word != truth)
        table.loc[row, ["predicted", f"p_{truth}", f"p_{other}"]] = [other, 0.1, 0.9]
        for word in EMOTIONS:
            table.loc[row, f"p_{word}"] = 0.8 if word == other else 0.2 / (len(EMOTIONS) - 1)
    return side(replace(record, predictions=table, baselines={}))


@pytest.fixture(scope="module")
def clips():
    return clips_table(("casme2",), subjects=4)


@pytest.fixture(scope="module")
def pair(clips):
    names = list(clips.sort_values("clip_id").clip_id)
    a, b = answered("good", clips, names[:1]), answered("bad", clips, names[1:9])
    b = replace(b, config={**b.config, "model": {"name": "gcn", "hidden": 32}}, commit="a" * 40)
    return a, b, names


def box_of(a, b, pairs=1):
    table = compare({one.name: one.predictions for one in (a, b)}, "uf1")
    return pair_box(a, b, table.to_dict("records")[0], pairs)


@pytest.fixture(scope="module")
def box_of_pair(pair):
    return box_of(*pair[:2])


def test_clips_that_changed_sides_are_those_that_one_alone_has_right(pair, box_of_pair, clips):
    names, box = pair[2], box_of_pair
    assert {row.clip_id for row in box.gained} == set(names[1:9])
    assert [row.clip_id for row in box.lost] == names[:1]
    assert "gets 8 right more often than bad, and bad 1 more often than good" in box.clips_said
    assert f"both are always right about {len(clips) - 9}" in box.clips_said
    assert box.lost[0].said_b == box.lost[0].truth != box.lost[0].said_a


def test_subjects_are_in_the_order_of_their_difference(box_of_pair, clips):
    rows = box_of_pair.subjects
    assert [row.a - row.b for row in rows] == sorted((row.a - row.b for row in rows), reverse=True)
    assert sum(row.clips for row in rows) == len(clips)
    assert sum(row.b * row.clips for row in rows) == pytest.approx(len(clips) - 8)


def test_four_subjects_cannot_show_anything(pair):
    a, _, names = pair
    everywhere = answered("everywhere", clips_table(("casme2",), subjects=4), names)
    said = " ".join(box_of(a, everywhere).reading)
    assert "With 4 subjects, p of the permutation test cannot be below 0.125" in said
    assert "no difference, however large" in said
    assert "cannot tell the two apart" in said
    assert "times 3" in " ".join(box_of(a, everywhere, pairs=3).reading)


def test_equal_predictions_leave_nothing_to_test(pair):
    a, _, _ = pair
    said = " ".join(box_of(a, replace(a, name="again")).reading)
    assert "there is nothing to test" in said


def test_what_differs_in_their_making_is_listed(box_of_pair):
    box = box_of_pair
    assert box.settings == (("model.hidden", "64", "32"),)
    assert ("read from", "the workspace", f"commit {'a' * 12}") in box.facts


def test_the_page_nests_loads_nothing_and_says_the_numbers(pair, clips):
    a, b, _ = pair
    table = compare({one.name: one.predictions for one in (a, b)}, "uf1")
    text = render([a, b], table, dataset_records(clips), ["A note."], synthetic=True)
    page = Page(text)
    assert all(one.startswith(("#", "data:")) for one in page.loads)
    assert page.tags.count("article") == min(CARDS, 8) + 1
    row = table.iloc[0]
    for words in (f"{row.score_a:.3f}", f"{row.difference:+.3f}", "A note.", "Synthetic data", "model.hidden"):
        assert words in page.text
    assert len(page.ids) == len(set(page.ids))


def test_units_and_several_pairs_have_pages_too():
    clips = clips_table(subjects=3)
    units = [side(unit_record(name, clips)) for name in ("u", "v", "w")]
    table = compare({one.name: one.predictions for one in units}, "macro_f1")
    page = Page(render(units, table))
    assert "Macro F1" in page.text
    assert "AU12" in page.text
    assert "pair-3" in page.ids


def test_names_cannot_break_the_page(pair):
    a, b, _ = pair
    odd = replace(a, name="<b>&'\"x", config={"k<": "<script>"})
    table = compare({one.name: one.predictions for one in (odd, b)}, "uf1")
    text = render([odd, b], table)
    assert "&lt;b&gt;&amp;" in text
    assert "<b>&" not in text


def test_the_report_lists_what_lies_beside_it(clips):
    record = experiment_record("first", clips, config={"datasets": ["casme2"], "model": "gcn"})
    results = measure([record])
    page = Page(render_report(results, [], {}, exports=exports(results, [], {})))
    assert {"tables/experiments.tex", "tables/experiments.csv", "figures/scores.pdf", "methods/first.txt"} <= set(
        page.loads
    )
    assert "For papers" in page.text
    assert "classes; test clips:" in page.text
