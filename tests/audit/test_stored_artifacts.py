"""Stored predictions of another state are named."""

from dataclasses import replace

import pytest

from fakes import predictions_table
from mmer.audit.artifacts import artifacts
from mmer.types.fingerprint import Fingerprint, split_hash


@pytest.fixture
def state(invented):
    table = invented()
    made = Fingerprint(
        experiment="fake",
        protocol={"name": "loso"},
        labels={"name": "megc3"},
        classes={"disgust": 8},
        corpora={"casme2": {"files": {"a.xlsx": "0" * 64}, "clips": 12, "subjects": 3}},
        clips=24,
        subjects=6,
        folds=6,
        repeats=1,
        excluded=0,
        seeds=[0, 1],
        device="cpu",
        precision="float32",
        splits=split_hash(table.splits),
        config="c" * 64,
        code="d" * 64,
        versions={"mmer": "0.1.0"},
    )
    return predictions_table(table.clips, seeds=(0, 1)), predictions_table(table.clips), table.splits, made


def test_what_agrees_is_clean(state):
    predictions, expected, splits, made = state
    finding = artifacts(predictions.sample(frac=1, random_state=0), expected, splits, [0, 1], made, made)
    assert finding.status == "clean"
    assert made.splits[:12] in finding.summary


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"splits": "e" * 64}, "the folds"),
        ({"config": "e" * 64}, "the resolved choices"),
        ({"code": "e" * 64}, "the source code"),
        ({"corpora": {}}, "the annotation files"),
        ({"device": "NVIDIA"}, "the device"),
        ({"versions": {}}, "the versions of the libraries"),
    ],
)
def test_what_changed_since_is_named_with_the_way_out(state, change, words):
    predictions, expected, splits, made = state
    finding = artifacts(predictions, expected, splits, [0, 1], replace(made, **change), made)
    assert finding.status == "warning"
    assert f"{words} changed since" in finding.summary or words in finding.summary
    assert "dvc repro" in finding.summary


def test_clips_that_lack_and_clips_too_many_are_named(state):
    predictions, expected, splits, made = state
    finding = artifacts(predictions.iloc[1:], expected, splits, [0, 1], made, made)
    assert finding.status == "warning"
    assert "lacks 1 test clips, e.g. casme2/sub01/clip00" in finding.summary
    fewer = expected[expected.fold != splits[0].fold]
    finding = artifacts(predictions, fewer, splits[1:], [0, 1], made, made)
    assert "has beside them 8 test clips" in finding.summary
    moved = predictions.assign(fold=predictions.fold.str.replace("sub01", "sub02"))
    assert artifacts(moved, expected, splits, [0, 1], made, made).details["lacking"] > 0


@pytest.mark.parametrize(
    ("fact", "other", "words"),
    [
        ("truth", "surprise", "truth 'surprise', not 'happiness'"),
        ("subject", "casme2/sub09", "subject 'casme2/sub09', not 'casme2/sub01'"),
        ("dataset", "casme", "dataset 'casme', not 'casme2'"),
    ],
)
def test_rows_that_were_edited_are_named(state, fact, other, words):
    predictions, expected, splits, made = state
    edited = predictions.copy()
    edited.loc[edited.clip_id == "casme2/sub01/clip00", fact] = other
    finding = artifacts(edited, expected, splits, [0, 1], made, made)
    assert finding.status == "warning"
    assert "2 rows have another truth" in finding.summary
    assert words in finding.summary
    assert "dvc repro" in finding.summary
    assert finding.details["other_facts"] == 2


def test_predictions_of_another_experiment_are_named(state):
    predictions, expected, splits, made = state
    finding = artifacts(predictions.assign(experiment="other"), expected, splits, [0, 1], made, made)
    assert finding.status == "warning"
    assert "it was other" in finding.summary
