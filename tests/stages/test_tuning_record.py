"""What the report reads of the search behind an experiment."""

import json
import re

import pandas as pd
import pytest

from mmer.stages import paths
from mmer.stages.tuning_record import tuning_record

SUMMARY = {"digest": "d", "studies": [], "parameters": {}, "importances": {}, "seconds": 1.0}
TRIALS = {"study": ["a"], "number": [0], "state": ["COMPLETE"], "value": [0.5]}
ABOUT = {"search": "small", "metric": "uf1", "trials": 1, "digest": "d", "sha256": "s"}
ONE = {"overrides": ["model.lr=0.1"], "inner_score": 0.5, "clips_seen": "c"}
NESTED = {**ABOUT, "mode": "nested", "folds": {"a": {**ONE, "subjects_seen": ["x/1"], "changes": {}, "without": []}}}
DEVELOPMENT = {**ABOUT, "mode": "development", "development_subjects": ["x/1"], **ONE}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return paths.tune("small")


def leave(folder, summary=SUMMARY, trials=TRIALS):
    folder.mkdir(parents=True)
    (folder / "summary.json").write_text(json.dumps(summary))
    pd.DataFrame(trials).to_parquet(folder / "trials.parquet")


def test_trials_of_the_adopted_search_are_read(folder):
    leave(folder)
    record = tuning_record(NESTED)
    assert (record.summary, record.missing, record.mode) == (SUMMARY, "", "nested")
    assert record.table.value.tolist() == [0.5]
    assert record.chosen == {"a": (0.5, ("model.lr=0.1",))}
    record = tuning_record(DEVELOPMENT)
    assert list(record.chosen.values()) == [(0.5, ("model.lr=0.1",))]
    assert record.subjects == ("x/1",)


def test_without_them_the_choice_is_there_and_a_reason(folder):
    record = tuning_record(NESTED)
    assert record.summary is record.table is None
    assert record.missing == "The trials of the search are not on this machine; `mmer tune small` makes them."
    assert record.chosen == {"a": (0.5, ("model.lr=0.1",))}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"summary": SUMMARY | {"digest": "other"}}, "of another state of the search small; `mmer adopt small`"),
        ({"summary": {"digest": "d"}}, "not as a search writes it"),
        ({"summary": []}, "not as a search writes it"),
        ({"trials": {"study": ["a"]}}, r"lack the columns \['number', 'state', 'value'\]"),
    ],
)
def test_what_is_not_theirs_is_not_shown(folder, changes, said):
    leave(folder, **changes)
    record = tuning_record(NESTED)
    assert record.summary is record.table is None
    assert re.search(said, record.missing)


def test_a_damaged_file_is_named(folder):
    leave(folder)
    (folder / "trials.parquet").write_bytes(b"PAR1")
    assert "not readable" in tuning_record(NESTED).missing
