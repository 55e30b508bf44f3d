"""Ledger: who saw what, fold by fold."""

from dataclasses import replace

import pandas as pd
import pytest

from mmer.audit.ledger import ledger
from mmer.training.folds import fit_fold
from mmer.types.errors import InputError

SEEDS = (0, 1)


def entries(splits, **changed):
    """What an honest training writes; ``changed`` is clips of (fitted -> function of a split) instead."""
    rows = [
        (seed, split.repeat, split.fold, what, list(changed.get(what, lambda split: split.train)(split)))
        for seed in SEEDS
        for split in splits
        for what in ("weights", "scaler", "loss", "edge_weight")
    ]
    return pd.DataFrame(rows, columns=["seed", "repeat", "fold", "fitted", "clip_ids"])


def test_an_honest_ledger_is_clean_in_any_order(invented):
    splits = invented().splits
    finding = ledger(entries(splits).sample(frac=1, random_state=0), splits[::-1], SEEDS)
    assert finding.status == "clean"
    assert finding.details["entries"] == 2 * 6 * 4
    assert finding.details["fitted"] == ["edge_weight", "loss", "scaler", "weights"]


def test_what_training_writes_is_clean(invented):
    table = invented()
    seen = {split.fold: fit_fold(table.task, split).seen for split in table.splits}
    rows = [(0, 0, fold, what, list(clips)) for fold, found in seen.items() for what, clips in found.items()]
    written = pd.DataFrame(rows, columns=["seed", "repeat", "fold", "fitted", "clip_ids"])
    assert ledger(written, table.splits, [0]).status == "clean"


def test_a_scaler_on_all_clips_writes_itself_down(invented, scaler_on_all_clips):
    from mmer.training import folds

    table = invented()
    split = table.splits[0]
    seen = folds.fit_fold(table.task, split).seen
    rows = [(0, 0, split.fold, what, list(clips)) for what, clips in seen.items()]
    finding = ledger(pd.DataFrame(rows, columns=["seed", "repeat", "fold", "fitted", "clip_ids"]), [split], [0])
    assert finding.status == "leak"
    assert "scaler of fold 'casme2/sub01', seed 0 saw 4 of 4 test clips" in finding.summary


@pytest.mark.parametrize("what", ["weights", "scaler", "loss", "edge_weight"])
def test_a_test_clip_is_a_leak(invented, what):
    splits = invented().splits
    table = entries(splits, **{what: lambda split: (*split.train, split.test[-1])})
    finding = ledger(table, splits, SEEDS)
    assert finding.status == "leak"
    assert f"{what} of fold" in finding.summary
    assert splits[0].test[-1] in finding.summary
    assert len(finding.details["leaks"]) == 12


def test_other_clips_and_missing_ones_are_warnings(invented):
    splits = invented().splits
    for change, words in (
        (lambda split: (*split.train, "mmew/sub01/x"), "in neither part: mmew/sub01/x"),
        (lambda split: split.train[1:], "saw only 19 of 20 training clips"),
    ):
        finding = ledger(entries(splits, loss=change), splits, SEEDS)
        assert finding.status == "warning"
        assert words in finding.summary


def test_a_fold_without_entries_and_entries_without_a_fold_are_warnings(invented):
    splits = invented().splits
    table = entries(splits)
    finding = ledger(table[(table.fitted != "scaler") | (table.fold != splits[2].fold)], splits, SEEDS)
    assert finding.status == "warning"
    assert f"fold {splits[2].fold!r}, seed 1: no entry of scaler" in finding.details["warnings"]
    assert "no fold of this protocol" in ledger(table, splits[1:], SEEDS).summary
    assert "seed 2: no entry of weights, scaler, loss" in ledger(table, splits, (*SEEDS, 2)).summary


def test_a_fold_is_told_apart_by_its_repeat(invented):
    splits = invented().splits
    again = [*splits, *(replace(split, repeat=1) for split in splits)]
    assert ledger(entries(again), again, SEEDS).status == "clean"
    assert ledger(entries(splits), again, SEEDS).status == "warning"


def test_another_table_is_refused(invented):
    with pytest.raises(InputError, match=r"clip_ids.*dvc repro"):
        ledger(entries(invented().splits).drop(columns="clip_ids"), [], [])
