"""Known answers of k folds of subjects, and how equal they are."""

import pandas as pd
import pytest
from published_tables import unequal

from fakes import clips_table
from mmer.protocols.draw import deal, shuffled
from mmer.protocols.subject_kfold import SubjectKFold
from mmer.types.errors import InputError

# If these change, published folds can no longer be made again.
SIX_IN_THREE = {
    "repeat 00 fold 00": ("casme2/sub03", "samm/sub03"),
    "repeat 00 fold 01": ("casme2/sub01", "samm/sub01"),
    "repeat 00 fold 02": ("casme2/sub02", "samm/sub02"),
}


def test_three_folds_of_six_subjects_are_what_they_were():
    splits = SubjectKFold(k=3).splits(clips_table())
    assert {split.fold: split.test_subjects for split in splits} == SIX_IN_THREE


def test_two_large_and_four_small_subjects_make_two_equal_folds():
    """9 + 1 + 1 and 8 + 2 + 1: the large ones never meet."""
    clips = unequal(sizes=(9, 8, 2, 1, 1, 1))
    for seed in range(10):
        sides = SubjectKFold(k=2, seed=seed).splits(clips)
        assert [len(split.test) for split in sides] == [11, 11]
        assert len({"casme2/s00", "casme2/s01"} & set(sides[0].test_subjects)) == 1


@pytest.mark.parametrize(("k", "most"), [(2, 3), (5, 4)])
def test_unequal_subjects_make_nearly_equal_folds(k, most):
    splits = SubjectKFold(k=k, repeats=20).splits(unequal())
    for repeat in range(20):
        sizes = [len(split.test) for split in splits if split.repeat == repeat]
        assert max(sizes) - min(sizes) <= most


def test_repeats_are_other_divisions_of_unequal_subjects_too():
    splits = SubjectKFold(k=5, repeats=20).splits(unequal())
    divisions = {frozenset(split.test_subjects for split in splits if split.repeat == repeat) for repeat in range(20)}
    assert len(divisions) == 20


def test_subject_kfold_with_as_many_folds_as_subjects_is_leave_one_subject_out():
    splits = SubjectKFold(k=6).splits(clips_table())
    assert sorted(split.test_subjects for split in splits) == sorted({(name,) for name in clips_table().subject})


def test_more_folds_than_subjects_are_refused():
    reason = SubjectKFold(k=7).refuses(clips_table())
    assert "the table has 6 for k = 7" in reason
    assert "`protocol.k`" in reason


@pytest.mark.parametrize(("settings", "says"), [({"k": 1}, "`k` must be at least 2"), ({"repeats": 0}, "`repeats`")])
def test_senseless_settings_are_refused(settings, says):
    with pytest.raises(InputError, match=f"subject_kfold: {says}"):
        SubjectKFold(**settings)


def test_the_order_of_two_names_does_not_depend_on_the_others():
    names = [f"samm/{number:03d}" for number in range(40)]
    few = names[::3]
    assert [name for name in shuffled(names, 0, 0) if name in few] == shuffled(few, 0, 0)
    assert shuffled(names, 0, 0) == shuffled(reversed(names), 0, 0) != shuffled(names, 0, 1)


def test_no_fold_is_empty_where_there_are_as_many_groups_as_folds():
    sizes = pd.Series({"a": 100, "b": 1, "c": 1, "d": 1})
    for seed in range(5):
        assert sorted(deal(sizes, 4, seed, 0)) == [0, 1, 2, 3]
