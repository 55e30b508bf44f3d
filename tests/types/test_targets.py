"""Targets are found by clip id, never by row."""

import numpy as np
import pandas as pd
import pytest

from fakes import EMOTIONS, clips_table
from mmer.types.errors import InputError
from mmer.types.targets import FACS, Targets

GOOD = {
    "clip_ids": ("a", "b", "c"),
    "classes": ("negative", "positive"),
    "index": np.array([1, 0, 1]),
    "au_names": ("AU04", "AU12"),
    "action_units": np.array([[0, 1], [1, 0], [np.nan, np.nan]], np.float32),
    "weight": np.array([1, 2, 3], np.float32),
}


def test_subset_follows_the_ids_asked_for():
    part = Targets(**GOOD).subset(("c", "a"))
    assert part.clip_ids == ("c", "a")
    assert part.index.tolist() == [1, 1]
    assert part.weight.tolist() == [3, 1]
    np.testing.assert_array_equal(part.action_units, [[np.nan, np.nan], [0, 1]])
    with pytest.raises(InputError, match="no target for x"):
        Targets(**GOOD).subset(("a", "x"))


def test_class_counts_have_a_place_for_every_class():
    assert Targets(**GOOD).class_counts.tolist() == [1, 2]
    assert Targets(**GOOD).subset(("a",)).class_counts.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"clip_ids": ("a", "b", "b")}, "twice"),
        ({"index": np.array([0, 1])}, "index must have shape"),
        ({"index": np.array([0, 1, 2])}, r"0\.\.1"),
        ({"index": np.array([0, 1, -1])}, r"0\.\.1"),
        ({"index": np.array([0.0, 1.0, 1.0])}, "whole numbers"),
        ({"action_units": np.zeros((3, 1), np.float32)}, "action_units must have shape"),
        ({"weight": np.array([1, np.nan, 1])}, "finite"),
        ({"weight": np.array([1, -1, 1])}, "negative"),
    ],
)
def test_refused(change, word):
    with pytest.raises(InputError, match=word):
        Targets(**{**GOOD, **change})


def test_made_from_a_clips_table_in_any_order():
    clips = clips_table(("casme2",))
    clips.at[0, "action_units"] = None
    classes = pd.Series(list(clips.emotion), index=list(clips.clip_id))
    shuffled = clips.sample(frac=1, random_state=0)
    for table in (clips, shuffled):
        targets = Targets.of(table, classes.sample(frac=1, random_state=1), EMOTIONS)
        assert targets.clip_ids == tuple(sorted(clips.clip_id))
        assert [EMOTIONS[i] for i in targets.index] == list(classes[list(targets.clip_ids)])
        assert np.isnan(targets.action_units[0]).all()
        assert targets.action_units[1:].sum() == len(clips) - 1
        assert (targets.action_units[1:, FACS.index("AU04")] == 1).all()


def test_unknown_class_is_named():
    clips = clips_table(("casme2",))
    classes = pd.Series("joy", index=list(clips.clip_id))
    with pytest.raises(InputError, match="joy"):
        Targets.of(clips, classes, EMOTIONS)
