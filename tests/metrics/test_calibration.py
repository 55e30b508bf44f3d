"""Calibration: known answers, a plain loop, and scikit-learn's Brier score."""

import numpy as np
import pandas as pd
import pytest
from invented_predictions import CLASSES, emotion_table, unit_table
from sklearn.metrics import brier_score_loss

from mmer.metrics.calibration import calibration, reliability
from mmer.types.errors import InputError


def emotions(rows):
    """Rows of (truth, p_a, p_b) of classes a, b."""
    table = pd.DataFrame(rows, columns=["truth", "p_a", "p_b"])
    return table.assign(
        experiment="one",
        seed=0,
        repeat=0,
        fold="f",
        dataset="samm",
        subject="samm/sub01",
        clip_id=[f"samm/sub01/{number:04d}" for number in range(len(table))],
        target="emotion",
        predicted=np.where(table.p_a >= table.p_b, "a", "b"),
    )


def naive_ece(confidence, right, bins):
    total = 0
    for low, high in zip(np.arange(bins) / bins, np.arange(1, bins + 1) / bins, strict=True):
        inside = (confidence > low) & (confidence <= high) | ((confidence == 0) & (low == 0))
        if inside.any():
            total += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return total


def test_known_answers():
    assert calibration(emotions([("a", 1.0, 0.0)] * 4)).ece.item() == 0
    assert calibration(emotions([("b", 1.0, 0.0)] * 4)).ece.item() == 1
    fair = [("a", 0.75, 0.25)] * 3 + [("b", 0.75, 0.25)]
    assert calibration(emotions(fair)).ece.item() == pytest.approx(0, abs=1e-15)
    # two bins: .9 right half of the time (gap .4, three quarters of the rows), .6 always right (gap .4)
    mixed = [("a", 0.9, 0.1), ("b", 0.9, 0.1)] * 3 + [("a", 0.6, 0.4)] * 2
    assert calibration(emotions(mixed)).ece.item() == pytest.approx(0.4, abs=1e-12)
    assert calibration(emotions(mixed), bins=1).ece.item() == pytest.approx(abs(5 / 8 - 0.825), abs=1e-12)
    assert calibration(emotions(mixed)).brier.item() == pytest.approx((3 * 0.02 + 3 * 1.62 + 2 * 0.32) / 8, abs=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_equal_to_a_loop_and_to_scikit_learn(seed):
    table = emotion_table(seed, seeds=(0, 1), truth_seed=seed)
    for bins in (1, 7, 15):
        found = calibration(table, bins)
        for run, part in table.groupby(["seed", "repeat"]):
            p = part[[f"p_{name}" for name in CLASSES]].to_numpy()
            right = (part.truth == part.predicted).to_numpy()
            assert found.ece[run] == pytest.approx(naive_ece(p.max(1), right, bins), abs=1e-12)
            expected = brier_score_loss(part.truth, p, labels=list(CLASSES))
            assert found.brier[run] == pytest.approx(expected, abs=1e-12)
    units = unit_table(seed, truth_seed=seed, ties=True)  # confidences on the edges of ten bins
    p, there = units.p_present.to_numpy(), (units.truth == "present").to_numpy()
    assert calibration(units, 10).ece.item() == pytest.approx(naive_ece(p, there, 10), abs=1e-12)
    assert calibration(units).brier.item() == pytest.approx(brier_score_loss(there, p), abs=1e-12)


def test_the_table_of_the_plot_gives_the_error():
    for table in (emotion_table(), unit_table()):
        plot = reliability(table)
        assert len(plot) == 15
        assert plot.rows.sum() == len(table)
        assert ((plot.confidence > plot.low) & (plot.confidence <= plot.high))[plot.rows > 0].all()
        assert plot.loc[plot.rows == 0, ["confidence", "frequency"]].isna().all(axis=None)
        gap = (plot.rows / plot.rows.sum() * (plot.frequency - plot.confidence).abs()).sum()
        assert calibration(table).ece.item() == pytest.approx(gap, abs=1e-12)


def test_an_edge_belongs_to_the_bin_below_and_both_ends_have_a_bin():
    table = unit_table().iloc[:4].copy()
    table["p_present"] = [0.0, 0.2, 1.0, 1.0 + 1e-6]
    assert reliability(table, 15).rows[[0, 2, 14]].tolist() == [1, 1, 2]


def test_bad_input():
    table = emotion_table()
    with pytest.raises(InputError, match="bins must be at least 1, got 0"):
        calibration(table, 0)
    with pytest.raises(InputError, match="empty"):
        reliability(table.iloc[:0])
    table.loc[2, "p_positive"] = np.nan
    with pytest.raises(InputError, match=table.clip_id[2]):
        calibration(table)
