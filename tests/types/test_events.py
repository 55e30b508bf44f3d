"""Clips that show one event are found, and no fold may tear them apart."""

import pandas as pd
import pytest

from fakes import clips_table
from mmer.types.clips import LABELS, validate_clips, without_labels
from mmer.types.errors import InputError
from mmer.types.events import events
from mmer.types.split import Split


@pytest.fixture
def clips():
    return clips_table(("casme2",), subjects=2, clips=3)


def test_every_clip_is_its_own_event_where_nothing_is_shared(clips):
    assert events(clips).to_dict() == {name: name for name in clips.clip_id}


@pytest.mark.parametrize("column", ["event", "frames", "motion"])
def test_a_shared_value_makes_one_event(clips, column):
    clips.loc[[1, 4], column] = "shared"
    found = events(clips)
    assert found[clips.clip_id[4]] == found[clips.clip_id[1]] == clips.clip_id[1]
    assert found.nunique() == len(clips) - 1


def test_it_is_transitive_over_columns_and_any_row_order(clips):
    clips.loc[[0, 1], "event"] = "smile"
    clips.loc[[1, 2], "frames"] = "one.mp4"
    clips.loc[[2, 5], "motion"] = "flow.npy"
    found = events(clips)
    assert set(found[clips.clip_id[[0, 1, 2, 5]]]) == {clips.clip_id[0]}
    assert events(clips.iloc[::-1]).sort_index().equals(found.sort_index())
    assert found.nunique() == 3


def test_equal_words_of_different_columns_are_different_things(clips):
    clips.loc[0, "event"] = "x"
    clips.loc[1, "motion"] = "x"
    assert events(clips).nunique() == len(clips)


def test_columns_may_be_missing_or_empty(clips):
    assert events(clips[["clip_id"]]).nunique() == len(clips)
    assert events(clips.iloc[:0]).empty


def test_a_split_that_tears_an_event_is_refused(clips):
    clips.loc[[0, 5], "event"] = "mirrored copy"
    test = clips.subject == clips.subject[0]
    with pytest.raises(InputError, match=r"fold 'a': 1 event\(s\) have clips in both train and test") as error:
        Split.of("a", clips[~test], clips[test])
    assert clips.clip_id[0] in str(error.value)
    assert clips.clip_id[5] in str(error.value)
    clips.loc[5, "event"] = pd.NA
    assert len(Split.of("a", clips[~test], clips[test]).test) == 3


def test_without_labels_nothing_is_left_to_look_at(clips):
    blind = without_labels(validate_clips(clips))
    assert not set(LABELS) & set(blind)
    assert set(blind) | set(LABELS) == set(clips)
