"""The Predictions table checks itself: every reported number comes from it."""

import numpy as np
import pandas as pd
import pytest

from fakes import EMOTIONS, clips_table, predictions_table
from mmer.types.errors import InputError
from mmer.types.predictions import (
    class_names,
    load_predictions,
    predictions_digest,
    save_predictions,
    validate_predictions,
)


@pytest.fixture
def table():
    return predictions_table(clips_table(), seeds=(0, 1))


def changed(table, column, value, row=0):
    table = table.copy()
    table[column] = table[column].astype(object)
    table.at[row, column] = value
    return table


def test_round_trip_keeps_everything_and_any_order_gives_the_same_bytes(table, tmp_path):
    save_predictions(table, tmp_path / "a" / "one.parquet")
    save_predictions(table.sample(frac=1, random_state=0), tmp_path / "two.parquet")
    assert (tmp_path / "a" / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()
    pd.testing.assert_frame_equal(load_predictions(tmp_path / "two.parquet"), table)


def test_classes_keep_their_declared_order():
    classes = ("surprise", "disgust", "happiness")
    assert class_names(predictions_table(clips_table(), classes=classes)) == classes
    assert set(classes) == set(EMOTIONS)


def test_a_clip_may_be_tested_once_per_seed(table):
    with pytest.raises(InputError, match="more than once"):
        validate_predictions(pd.concat([table, table.iloc[[3]]]))
    moved = table.iloc[[3]].assign(fold="another")  # another fold does not make it another test
    with pytest.raises(InputError, match="more than once"):
        validate_predictions(pd.concat([table, moved]))


def test_a_clip_may_be_tested_again_in_another_repeat_and_for_another_unit(table):
    again = validate_predictions(pd.concat([table.assign(repeat=1), table]))
    assert again.repeat.tolist() == ([0] * 18 + [1] * 18) * 2
    assert again.seed.tolist() == [0] * 36 + [1] * 36
    units = validate_predictions(pd.concat([table.assign(target=unit) for unit in ("AU12", "AU04")]))
    assert units.target.tolist() == ["AU04", "AU12"] * 36
    with pytest.raises(InputError, match="more than once"):
        validate_predictions(pd.concat([units, units.iloc[[7]]]))


@pytest.mark.parametrize("column", ["truth", "predicted"])
def test_words_that_are_no_class(table, column):
    with pytest.raises(InputError, match="joy"):
        validate_predictions(changed(table, column, "joy"))


@pytest.mark.parametrize("column", ["truth", "subject", "fold"])
@pytest.mark.parametrize("nothing", [None, np.nan])
def test_empty_cells(table, column, nothing):
    with pytest.raises(InputError, match=f"{column}.*empty cells"):
        validate_predictions(changed(table, column, nothing))


def test_the_truth_does_not_depend_on_the_seed(table):
    other = next(word for word in EMOTIONS if word != table.truth[0])
    with pytest.raises(InputError, match="differs between seeds"):
        validate_predictions(changed(table, "truth", other))


@pytest.mark.parametrize("column", ["subject", "dataset"])
def test_a_clip_is_of_one_subject_and_one_corpus(table, column):
    """Resamples of subjects and scores per corpus rest on it."""
    moved = changed(table, column, f"{table[column][0]}x")
    with pytest.raises(InputError, match=f"the {column} differs between seeds.*{table.clip_id[0]}"):
        validate_predictions(moved)


@pytest.mark.parametrize("column", ["seed", "repeat"])
@pytest.mark.parametrize("value", [-1, 0.5, "first"])
def test_seeds_and_repeats_are_whole_numbers(table, column, value):
    with pytest.raises(InputError, match=f"{column} must be whole numbers from 0.*{value}"):
        validate_predictions(table.assign(**{column: value}))


def test_emotions_and_action_units_keep_to_tables_of_their_own(table):
    with pytest.raises(InputError, match="AU04, emotion"):
        validate_predictions(pd.concat([table, table.assign(target="AU04")]))


def test_probabilities_are_numbers(table):
    with pytest.raises(InputError, match=rf"p_{EMOTIONS[0]}.*must be numbers, got 'much'"):
        validate_predictions(table.assign(**{f"p_{EMOTIONS[0]}": "much"}))


def test_missing_columns_and_empty_tables(table):
    with pytest.raises(InputError, match="subject"):
        validate_predictions(table.drop(columns="subject"))
    with pytest.raises(InputError, match="p_CLASS"):
        validate_predictions(table[[name for name in table if not name.startswith("p_")]])
    with pytest.raises(InputError, match="empty"):
        validate_predictions(table.iloc[:0])


@pytest.mark.parametrize("p", [(np.nan, 0.5, 0.5), (1.2, -0.1, -0.1), (0.999, 0.0, 0.0)])
def test_probabilities_that_are_none(table, p):
    bad = table.copy()
    bad.loc[0, [f"p_{name}" for name in EMOTIONS]] = p
    with pytest.raises(InputError, match=r"do not sum|NaN"):
        validate_predictions(bad)


def test_predicted_is_the_most_probable_class(table):
    bad = table.copy()
    bad.loc[0, [f"p_{name}" for name in EMOTIONS]] = [0.2 + 0.4 * (name != table.predicted[0]) for name in EMOTIONS]
    bad.loc[0, [f"p_{name}" for name in EMOTIONS]] /= bad.loc[0, [f"p_{name}" for name in EMOTIONS]].sum()
    with pytest.raises(InputError, match="most probable"):
        validate_predictions(bad)


def test_what_a_file_holds_is_refused_with_its_name(table, tmp_path):
    path = tmp_path / "experiment.parquet"
    with pytest.raises(InputError, match=r"experiment\.parquet: there are no predictions yet.*dvc repro"):
        load_predictions(path)
    table.assign(seed=-1).to_parquet(path)
    with pytest.raises(InputError, match=r"experiment\.parquet: seed must be whole numbers.*dvc repro"):
        load_predictions(path)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match=r"experiment\.parquet: not a readable.*dvc repro"):
        load_predictions(path)


def test_the_digest_is_of_the_content(table, tmp_path):
    digest = predictions_digest(table)
    save_predictions(table, tmp_path / "x.parquet")
    assert predictions_digest(load_predictions(tmp_path / "x.parquet")) == digest
    assert predictions_digest(table.sample(frac=1, random_state=0)) == digest
    clip = table.clip_id == table.clip_id[0]
    word = next(name for name in EMOTIONS if name != table.truth[0])
    assert predictions_digest(table.assign(truth=table.truth.where(~clip, word))) != digest
    column = f"p_{table.predicted[0]}"
    assert predictions_digest(table.assign(**{column: table[column].astype(float) + 1e-9})) != digest
