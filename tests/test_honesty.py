"""What must not matter does not: the rendered truth, the order of rows, the labels of a fold's test clips."""

import random
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from mmer.synthetic.release import write_release
from workspace import Workspace

BOOK = Path("data/casme2/CASME2-coding-20140508.xlsx")


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    folder = tmp_path_factory.mktemp("release") / "casme2"
    write_release("casme2", folder, subjects=4, clips=4, seed=3, preset="easy", size=64, processes=1)
    return folder


@pytest.fixture
def workspace(tmp_path, monkeypatch, release):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("mmer.stages.parallel.cores", lambda: 1)
    workspace = Workspace(tmp_path)
    workspace.add("casme2", release)
    workspace.params["experiments"] = {
        "aus": {"datasets": ["casme2"], "model": "gcn", "nodes": "action_units", "edges": "au_probability"}
    }
    workspace.params["set"] = {"experiments": {"aus": {"model": {"epochs": 3}}}}
    workspace.run("evaluate")
    return workspace


def predictions():
    return pd.read_parquet("artifacts/predictions/aus.parquet")


def again(workspace):
    """Evaluate once more after another choice; what was extracted stays."""
    for command in (("config",), ("inputs",), ("evaluate", "aus")):
        assert workspace.mmer(*command) == 0


def rewrite(change):
    """Apply ``change`` to the rows of the annotation sheet."""
    book = openpyxl.load_workbook(BOOK)
    sheet = book["Sheet1"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    sheet.delete_rows(2, len(rows))
    for row in change([cell.value for cell in sheet[1]], rows):
        sheet.append(row)
    book.save(BOOK)


def test_poisoned_truth_changes_nothing(workspace):
    before = {path: path.read_bytes() for path in Path("artifacts").rglob("*") if path.is_file()}
    truth = [path for path in Path("data/casme2/truth").rglob("*") if path.is_file()]
    assert truth
    for path in truth:
        path.write_bytes(b"poison")
    workspace.run("evaluate")
    after = {path: path.read_bytes() for path in Path("artifacts").rglob("*") if path.is_file()}
    assert after == before


def test_the_same_seed_gives_the_same_predictions_in_any_row_order(workspace):
    before = predictions()

    def shuffle(_, rows):
        random.Random(5).shuffle(rows)
        return rows

    rewrite(shuffle)
    workspace.run("evaluate")
    pd.testing.assert_frame_equal(predictions(), before)


def test_another_seed_gives_other_predictions(workspace):
    before = predictions()
    workspace.params["experiments"]["aus"]["seeds"] = [0, 1]
    again(workspace)
    first, second = (predictions().query(f"seed == {seed}").reset_index(drop=True) for seed in (0, 1))
    pd.testing.assert_frame_equal(first, before)
    assert not np.allclose(second.filter(regex="^p_"), before.filter(regex="^p_"))


@pytest.mark.parametrize("choice", ["loss", "decay"])
def test_what_the_config_chooses_for_training_reaches_it(workspace, choice):
    before = predictions()
    if choice == "loss":
        workspace.params["experiments"]["aus"]["loss"] = "cross_entropy"
    else:
        workspace.params["set"]["experiments"]["aus"]["model"]["weight_decay"] = 30.0
    again(workspace)
    assert not np.allclose(predictions().filter(regex="^p_"), before.filter(regex="^p_"))


def test_classes_stand_in_their_declared_order_not_that_of_the_alphabet_or_the_rows(workspace):
    declared = ["positive", "surprise", "negative"]
    first_seen = list(dict.fromkeys(predictions().truth))
    assert declared not in (first_seen, sorted(first_seen), sorted(first_seen, reverse=True))
    before = predictions()
    workspace.params["set"]["experiments"]["aus"]["labels"] = {"classes": declared}
    again(workspace)
    assert [name for name in predictions() if name.startswith("p_")] == [f"p_{name}" for name in declared]
    assert predictions().truth.equals(before.truth)


def test_labels_and_units_of_the_tested_subject_do_not_reach_its_predictions(workspace):
    """Other classes and action units for one subject: its fold's probabilities keep every bit."""
    before = predictions()
    held_out = before.fold == "casme2/sub01"

    def poison(heads, rows):
        subject, emotion, units = (heads.index(name) for name in ("Subject", "Estimated Emotion", "Action Units"))
        words = ("surprise", "happiness", "disgust")
        for number, row in enumerate(row for row in rows if row[subject] == "01"):
            if row[emotion] in (*words, "repression"):
                row[emotion] = words[number % 3]
            row[units] = "1+2+12"
        return rows

    rewrite(poison)
    workspace.run("evaluate")
    after = predictions()
    columns = [name for name in before if name.startswith("p_")]
    assert (after.truth[held_out] != before.truth[held_out]).any()
    assert np.array_equal(after.loc[held_out, columns], before.loc[held_out, columns])
    assert not np.array_equal(after.loc[~held_out, columns], before.loc[~held_out, columns])
