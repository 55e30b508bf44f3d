"""Known answers of the person-dependent protocols: k-fold, repeated hold-out, leave one video out."""

from hashlib import sha256

import pytest
from published_tables import published, unequal

from fakes import clips_table
from mmer.protocols.holdout_80_20 import Holdout8020
from mmer.protocols.holdout_90_10 import Holdout9010
from mmer.protocols.kfold import KFold
from mmer.protocols.leave_one_video_out import LeaveOneVideoOut
from mmer.types.errors import InputError

# Clip numbers of each fold's test clips. If these change, published folds can no longer be made again.
SEVEN_IN_THREE = {
    "repeat 00 fold 00": [0, 2, 4],
    "repeat 00 fold 01": [1, 5],
    "repeat 00 fold 02": [3, 6],
    "repeat 01 fold 00": [0, 2, 5],
    "repeat 01 fold 01": [1, 4],
    "repeat 01 fold 02": [3, 6],
}


def drawn(names, seed, repeat):
    """The order in which names are drawn, written down a second time."""
    return sorted(names, key=lambda name: sha256(f"{seed}/{repeat}/{name}".encode()).hexdigest())


@pytest.fixture
def seven():
    """Seven clips of one subject."""
    return clips_table(("samm",), subjects=1, clips=7)


def numbers(split):
    return [int(clip[-2:]) for clip in split.test]


def test_kfold_of_seven_clips_is_what_it_was(seven):
    splits = KFold(k=3, seed=0, repeats=2).splits(seven)
    assert {split.fold: numbers(split) for split in splits} == SEVEN_IN_THREE


@pytest.mark.parametrize(("seed", "repeat"), [(0, 0), (0, 1), (7, 0)])
def test_kfold_deals_single_clips_in_drawn_order(seven, seed, repeat):
    order = drawn(seven.clip_id, seed, repeat)
    splits = [split for split in KFold(k=3, seed=seed, repeats=2).splits(seven) if split.repeat == repeat]
    assert [set(split.test) for split in splits] == [set(order[fold::3]) for fold in range(3)]


def test_ten_folds_of_255_clips_have_25_or_26():
    splits = KFold(k=10).splits(unequal())
    assert sorted(len(split.test) for split in splits) == [25] * 5 + [26] * 5
    assert any(set(split.train_subjects) & set(split.test_subjects) for split in splits)


def test_an_event_of_three_clips_is_one_of_the_folds(seven):
    """Sizes 3, 1, 1, 1 in two folds are 3 and 1 + 1 + 1, whatever the draw."""
    clips = seven.iloc[:6].copy()
    clips.loc[[0, 2, 4], "event"] = "one smile, three cameras"
    for seed in range(5):
        first, second = KFold(k=2, seed=seed).splits(clips)
        assert numbers(first) == [0, 2, 4]
        assert numbers(second) == [1, 3, 5]


def test_more_repeats_leave_the_first_ones_as_they_are(seven):
    many = KFold(k=3, repeats=4).splits(seven)
    assert many[:3] == KFold(k=3).splits(seven)
    assert [split.repeat for split in many] == [0] * 3 + [1] * 3 + [2] * 3 + [3] * 3
    assert len({frozenset(split.test for split in many[at : at + 3]) for at in (0, 3, 6, 9)}) == 4


def test_another_seed_makes_other_folds(seven):
    assert KFold(k=3, seed=1).splits(seven) != KFold(k=3).splits(seven)


def test_kfold_refuses_more_folds_than_events(seven):
    assert KFold(k=7).refuses(seven) is None
    seven.loc[[0, 1], "event"] = "smile"
    reason = KFold(k=7).refuses(seven)
    assert "the table has 6 of 7 clips for k = 7" in reason
    assert "`protocol.k`" in reason


@pytest.mark.parametrize(("settings", "says"), [({"k": 1}, "`k` must be at least 2"), ({"repeats": 0}, "`repeats`")])
def test_kfold_refuses_senseless_settings(settings, says):
    with pytest.raises(InputError, match=f"kfold: {says}"):
        KFold(**settings)


@pytest.mark.parametrize(("protocol", "tested"), [(Holdout8020(), 51), (Holdout9010(), 26)])
def test_holdout_draws_its_share_ten_times(protocol, tested):
    clips = unequal()  # 255 clips: 20 % are 51, 10 % are 25.5
    splits = protocol.splits(clips)
    assert [split.fold for split in splits] == [f"repeat {repeat:02d}" for repeat in range(10)]
    assert [split.repeat for split in splits] == list(range(10))
    assert {(len(split.test), len(split.train)) for split in splits} == {(tested, 255 - tested)}
    assert len({split.test for split in splits}) == 10
    for split in splits:
        assert set(split.test) == set(drawn(clips.clip_id, 0, split.repeat)[:tested])


def test_holdout_passes_over_an_event_that_no_longer_fits(seven):
    """20 % of ten clips are two; the pair or two single clips, never one of the pair."""
    clips = clips_table(("samm",), subjects=1, clips=10)
    clips.loc[[3, 8], "event"] = "pair"
    tested = [numbers(split) for split in Holdout8020(repeats=60).splits(clips)]
    assert [3, 8] in tested
    assert all(len(found) == 2 and (3 in found) == (8 in found) for found in tested)


def test_holdout_never_tests_an_event_larger_than_its_share():
    """20 % of ten clips are two; three of them show one moment, which is trained on in every repeat."""
    clips = clips_table(("samm",), subjects=1, clips=10)
    clips.loc[[0, 4, 9], "event"] = "one smile, three cameras"
    assert Holdout8020().refuses(clips) is None
    tested = [numbers(split) for split in Holdout8020(repeats=30).splits(clips)]
    assert {len(found) for found in tested} == {2}
    assert set().union(*tested) == {1, 2, 3, 5, 6, 7, 8}


def test_holdout_refuses_a_share_below_one_clip_and_events_that_do_not_fit():
    reason = Holdout8020().refuses(clips_table(("samm",), subjects=1, clips=2))
    assert "20 % of 2 clips is less than one clip" in reason
    clips = clips_table(("samm",), subjects=2, clips=5)
    clips["frames"] = clips.subject.map(lambda name: f"{name}.mp4")  # two videos, five annotations each
    assert "10 % of 10 clips is 1, but every event has at least 5 clips" in Holdout9010().refuses(clips)
    with pytest.raises(InputError, match="holdout_80_20: `repeats` must be at least 1"):
        Holdout8020(repeats=0)


def test_leave_one_video_out_has_a_fold_per_event_named_after_its_first_clip(seven):
    seven.loc[[1, 5], "frames"] = "video.mp4"
    splits = LeaveOneVideoOut().splits(seven)
    assert [split.fold for split in splits] == [f"samm/sub01/clip0{clip}" for clip in (0, 1, 2, 3, 4, 6)]
    assert [numbers(split) for split in splits] == [[0], [1, 5], [2], [3], [4], [6]]


def test_leave_one_video_out_of_the_first_challenge_has_253_folds():
    assert len(LeaveOneVideoOut().splits(published({"casme2": (185, 26), "samm": (68, 21)}))) == 253


def test_leave_one_video_out_refuses_one_event(seven):
    seven["event"] = "all of one moment"
    assert "at least two events; the table has 1 of 7 clips" in LeaveOneVideoOut().refuses(seven)
