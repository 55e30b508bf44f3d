"""The search behind an experiment, in the report and in metrics.json."""

import re

import numpy as np
import pandas as pd
import pytest
from page_for_tests import Page, render
from records_for_tests import experiment_record, unit_record
from sklearn.metrics import f1_score
from tuning_for_tests import study_of, table_of, tuning_record

from fakes import clips_table
from mmer.report.metrics_file import metrics_json
from mmer.report.parallel import HEIGHT, MOST_LINES, UNUSED, parallel
from mmer.report.results import measure

CLIPS = clips_table(("casme2",), subjects=6, clips=4)
FOLDS = tuple(sorted(CLIPS.subject.unique()))


@pytest.fixture(scope="module")
def record():
    return experiment_record("demo_tuned", CLIPS, baselines={}, tuning=tuning_record(FOLDS))


@pytest.fixture(scope="module")
def text(record):
    return render([record])


def test_the_gap_is_pooled_outer_minus_mean_inner_score(record):
    table = record.predictions
    outer = f1_score(table.truth, table.predicted, average="macro")
    numbers = metrics_json(measure([record]))["demo_tuned"]["tuning"]
    assert (numbers["search"], numbers["mode"], numbers["metric"], numbers["trials"]) == ("demo", "nested", "uf1", 12)
    assert numbers["inner"] == pytest.approx(np.mean([0.8 + 0.01 * place for place in range(6)]), abs=1e-6)
    assert numbers["outer"] == pytest.approx(outer, abs=1e-6)
    assert numbers["gap"] == pytest.approx(outer - numbers["inner"], abs=2e-6)


def test_the_page_says_what_is_no_result_and_what_is(record, text):
    page = Page(text)
    for words in (
        "Nested: the search demo was made 6 times, once for each outer fold, 12 trials each.",
        "The inner score is optimistic on average: it is the best of 12 trials",
        "report the score on the outer test clips, which no search saw",
        "48 seconds of training for 24 trials, 2.00 each. Trials: 22 complete, 2 failed.",
        "not used",
        *FOLDS,
    ):
        assert words in page.text
    shown = dict(re.findall(r'data-tuning="(\w+)">([^<]+)<', text))
    numbers = metrics_json(measure([record]))["demo_tuned"]["tuning"]
    assert shown == {
        "inner": f"{numbers['inner']:.3f}",
        "outer": f"{numbers['outer']:.3f}",
        "gap": f"{numbers['gap']:+.3f}".replace("-", "−"),
    }


def test_parameters_stand_in_the_order_of_their_importance(text):
    part = text[text.index('data-tuning="inner"') :]
    names = re.findall(r"<li><span>([\w.]+)</span>", part)[:4]
    assert names[0] == "model.lr"
    assert sorted(names) == ["loss", "loss.gamma", "model.hidden", "model.lr"]


def test_without_trials_the_page_has_the_gap_and_says_why_it_draws_nothing():
    tuning = tuning_record(FOLDS, summary=None, table=None, missing="not <here>")
    text = render([experiment_record("demo_tuned", CLIPS, baselines={}, tuning=tuning)])
    assert 'data-tuning="gap"' in text
    assert "not &lt;here&gt;" in text
    assert 'class="parallel"' not in text


def test_a_search_on_development_subjects_names_them():
    one = {"development": (0.7, ("model.lr=0.01", "loss=focal"))}
    tuning = tuning_record(FOLDS, mode="development", chosen=one, subjects=("samm/sub01", "samm/sub02"))
    page = Page(render([experiment_record("demo_tuned", CLIPS, baselines={}, tuning=tuning)]))
    assert "on 2 subjects (samm/sub01, samm/sub02), whom no fold of this experiment tests" in page.text
    assert "Outer, alone" not in page.text


def test_detection_of_units_is_compared_by_its_own_score():
    clips = clips_table(("casme2", "samm"))
    one = {"development": (0.9, ())}
    tuning = tuning_record(("x",), mode="development", metric="macro_f1", chosen=one, subjects=("smic/s1",))
    numbers = metrics_json(measure([unit_record("units", clips, tuning=tuning)]))["units"]
    assert numbers["tuning"]["outer"] == numbers["macro_f1"]


def test_an_experiment_that_nobody_tuned_has_nothing_of_it():
    plain = experiment_record("plain", CLIPS, baselines={})
    assert "tuning" not in metrics_json(measure([plain]))["plain"]
    assert "Tuning" not in Page(render([plain])).words


def points(path):
    return [[tuple(map(float, pair.split())) for pair in line.split("L")] for line in path.split("M")[1:]]


def test_lines_pass_where_their_values_lie():
    table = pd.DataFrame(
        {
            "study": "a",
            "number": range(4),
            "state": ["COMPLETE", "COMPLETE", "FAIL", "COMPLETE"],
            "value": [0.2, 0.6, np.nan, 0.4],
            "lr": [1e-4, 1e-1, 1e-2, 10**-2.5],
            "gamma": [np.nan, 1.0, 1.0, 3.0],
            "hidden": [16.0, 32.0, 16.0, np.nan],
        }
    )
    parameters = {
        "gamma": {"type": "float", "low": 1.0, "high": 3.0, "log": False},
        "hidden": {"type": "categorical", "choices": [16, 32]},
        "lr": {"type": "float", "low": 1e-4, "high": 1e-1, "log": True},
    }
    drawn = parallel(table, parameters, ("lr",), "score")
    assert [axis.name for axis in drawn.axes] == ["lr", "gamma", "hidden", "score"]
    assert [axis.conditional for axis in drawn.axes] == [False, True, True, False]
    worst, middle, best = (line for level in drawn.levels for line in points(level))
    assert (drawn.drawn, drawn.total) == (3, 3)
    assert [worst[0][1], middle[0][1], best[0][1]] == pytest.approx([HEIGHT, HEIGHT / 2, 0])
    assert [worst[1][1], middle[1][1], best[1][1]] == pytest.approx([UNUSED, 0, HEIGHT])
    assert worst[2][1] > HEIGHT / 2 > best[2][1]
    assert middle[2][1] == UNUSED
    assert [worst[3][1], middle[3][1], best[3][1]] == pytest.approx([HEIGHT, HEIGHT / 2, 0])


def test_many_trials_are_thinned_over_their_ranks():
    table = table_of({"a": study_of(12, failed=())})
    many = pd.concat([table.assign(number=table.number + 12 * part) for part in range(60)])
    parameters = {"model.lr": {"type": "float", "low": 1e-4, "high": 1e-1, "log": True}}
    drawn = parallel(many, parameters, (), "score")
    assert (drawn.drawn, drawn.total) == (MOST_LINES, 720)
    assert parallel(table.assign(state="FAIL"), parameters, (), "score") is None
