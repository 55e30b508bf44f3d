"""Many models under the same protocols, in one table."""

import re

import pytest
from page_for_tests import Page
from records_for_tests import config_of, experiment_record, fingerprint_of, unit_record

from fakes import clips_table
from mmer.report import page
from mmer.report.published import load
from mmer.report.published_models import METHODS, of_model
from mmer.report.results import measure
from mmer.report.side_by_side import markdown, side_by_side
from mmer.stages.build import options
from mmer.types.cost import Cost


def record(name, model, protocol, clips, seconds=None, seeds=(0,), **changes):
    config = config_of(protocol, "megc3") | {"model": {"name": model}, "datasets": ["casme2"]}
    cost = None if seconds is None else Cost(name, 1683, seconds, 12, len(seeds), "cpu", "d" * 64)
    given = {"config": config, "fingerprint": fingerprint_of(name), "audit": None, "synthetic": True, "cost": cost}
    return experiment_record(name, clips, seeds=seeds, **{**given, **changes})


@pytest.fixture(scope="module")
def results():
    clips = clips_table(subjects=4)
    return measure(
        [
            record("a", "ststnet", "loso", clips, seconds=9.0, seeds=(0, 1, 2)),
            record("b", "ststnet", "composite_loso", clips),
            record("c", "gcn", "composite_loso", clips, seconds=3.0, skill=0.9),
        ]
    )


@pytest.fixture(scope="module")
def table(results):
    return side_by_side(results, {"a": "ststnet_demo", "b": "ststnet_demo"}, load())


def test_a_row_per_model_and_a_column_per_protocol(table, results):
    assert table.columns == ("LOSO, casme2", "composite LOSO, casme2")
    assert [row.name for row in table.rows] == ["gcn", "ststnet"]
    gcn, ststnet = table.rows
    scores = {one.record.name: one.summary.scores["uf1"] for one in results.experiments}
    assert [cell and cell.score for cell in ststnet.cells] == [scores["a"], scores["b"]]
    assert [cell and cell.score for cell in gcn.cells] == [None, scores["c"]]
    assert [cell.number for cell in ststnet.cells] == [1, 2]
    assert (gcn.recipe, ststnet.recipe) == ("full", "demo")
    assert (gcn.seeds, ststnet.seeds) == ("1", "1 – 3")


def test_seconds_are_of_one_seed_under_the_first_protocol(table):
    gcn, ststnet = table.rows
    assert (ststnet.parameters, ststnet.seconds) == ("1,683", "3.0")
    assert gcn.seconds == "–"  # it was trained under the other protocol only


def test_what_is_to_be_beaten_stands_above_and_no_oracle(table):
    assert [row.name for row in table.baselines] == ["(majority)", "(prior)"]
    assert all(len(row.cells) == 2 for row in table.baselines)


def test_published_results_say_what_they_are_of(table):
    ststnet = table.rows[1]
    assert ststnet.published[0].method == "STSTNet"
    assert ststnet.published[0].on == "composite LOSO, casme2 + samm + smic, 3 classes"
    assert {line.selects for line in ststnet.published} == {"yes", "no", "unknown"}
    assert not table.rows[0].published


def test_as_text(table):
    text = markdown(table)
    assert "not results of micro-expression recognition" in text
    assert "cannot be compared with ours" in text
    (line,) = [line for line in text.splitlines() if line.startswith("| gcn")]
    assert [cell.strip() for cell in line.strip("|").split("|")][:6] == ["gcn", "full", "1", "1,683", "–", "–"]
    assert re.search(r"\| 0\.\d{3} \[0\.\d{3} – [01]\.\d{3}\]", line)
    assert "re-run with early stopping" not in markdown(table, published=False)


def test_in_the_page_every_score_leads_to_its_experiment(results, table):
    html = page.render(results, [], {}, load(), table)
    read = Page(html)
    assert "models" in read.ids
    for number in (1, 2, 3):
        assert f'<a href="#experiment-{number}">' in html.partition('id="experiments"')[0]
    assert 'id="models"' not in page.render(results, [], {}, load())


def test_none_where_the_model_is_not_what_differs():
    clips = clips_table(subjects=3)
    one, other = record("a", "gcn", "loso", clips), record("b", "gcn", "loso", clips)
    third = record("c", "mlp", "loso", clips)
    assert side_by_side(measure([one])) is None
    assert side_by_side(measure([one, other, third])) is None
    assert side_by_side(measure([one, unit_record("d")])) is None
    assert side_by_side(measure([one, third])) is not None
    assert side_by_side(measure([])) is None


def test_every_model_and_method_is_known():
    assert set(METHODS) <= set(options("model"))
    there = {result.method for result in load()}
    assert {name for names in METHODS.values() for name in names} <= there
    assert all(of_model(name, load()) for name in METHODS)
    assert of_model("gcn", load()) == ()
