"""Oracle gap: the honest score is the stored one, and the peeked one is what it is said to be."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mmer.audit.oracle_gap import oracle_gap
from mmer.metrics.classification import uf1
from mmer.training import folds
from mmer.training.fit import predict
from mmer.training.tables import predictions_table


def stored(table, seed=0):
    results = [folds.train_fold(replace(table.task, seed=seed), split) for split in table.splits]
    return predictions_table("invented", results, table.targets, table.clips)


@pytest.mark.parametrize("units", [(), ("AU01", "AU04")])
def test_the_honest_score_is_the_stored_one(invented, units):
    table = invented(units=units)
    finding = oracle_gap(table.task, table.splits, stored(table), processes=1)
    assert finding.status == "clean"
    assert finding.details["stored_difference"] <= 1e-9
    if not units:
        rows = stored(table)
        expected = uf1(rows.truth, rows.predicted, table.targets.classes)
        assert finding.details["honest"]["uf1"] == pytest.approx(expected, abs=1e-12)


def test_the_peeked_score_keeps_the_first_best_epoch_of_every_fold(invented):
    table = invented(epochs=6, lr=0.5).with_labels_at_random()
    truth, predicted, chosen = [], [], []
    for split in table.splits:
        test, each = table.samples.subset(split.test), []
        folds.fit_fold(table.task, split, lambda _, now, test=test, each=each: each.append(predict(now, test)))
        answer = table.targets.subset(split.test).index
        accuracy = [(p.argmax(1) == answer).mean() for p in each]
        best = accuracy.index(max(accuracy))
        chosen.append(best + 1)
        truth += [table.targets.classes[k] for k in answer]
        predicted += [table.targets.classes[k] for k in each[best].argmax(1)]
    finding = oracle_gap(table.task, table.splits, processes=1)
    assert finding.details["peeked"]["uf1"] == pytest.approx(uf1(truth, predicted, table.targets.classes), abs=1e-12)
    assert finding.details["chosen_epochs"] == {
        "least": min(chosen),
        "median": np.median(chosen),
        "most": max(chosen),
    }


def test_peeking_lifts_noise_far_above_chance_and_is_no_leak(invented):
    """The gap is a demonstration: the experiment itself does not peek, so nothing is wrong with it."""
    table = invented(subjects=6, clips=3, signal=0, epochs=30, lr=0.5).with_labels_at_random()
    finding = oracle_gap(table.task, table.splits, stored(table), processes=1)
    assert finding.status == "clean"
    assert finding.details["honest"]["uf1"] < 0.5
    assert finding.details["gap"]["uf1"] > 0.1
    assert "NOT" in finding.summary


def test_stored_predictions_of_another_state_are_a_warning(invented):
    table = invented()
    rows = stored(table)
    shifted = rows.filter(regex="^p_") * 0.9 + 0.1 / 3
    other = pd.concat([rows.drop(columns=shifted.columns), shifted], axis=1)
    for changed, words in (
        (other, "differ"),
        (rows.iloc[1:], "inf"),
        (rows.rename(columns={"p_disgust": "p_x"}), "inf"),
    ):
        finding = oracle_gap(table.task, table.splits, changed, processes=1)
        assert finding.status == "warning"
        assert words in finding.summary


def test_only_rows_of_the_first_seed_are_compared(invented):
    table = invented()
    both = pd.concat([stored(table), stored(table, seed=1)])
    assert oracle_gap(table.task, table.splits, both, processes=1).status == "clean"


def test_repeats_are_scored_apart(invented):
    table = invented()
    again = [replace(split, repeat=1, fold=f"{split.fold} again") for split in table.splits[:2]]
    first, second = (oracle_gap(table.task, part, processes=1) for part in (table.splits, again))
    both = oracle_gap(table.task, [*table.splits, *again], processes=1)
    mean = (first.details["honest"]["uf1"] + second.details["honest"]["uf1"]) / 2
    assert both.details["honest"]["uf1"] == pytest.approx(mean, abs=1e-12)
