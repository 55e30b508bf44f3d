"""Known answers of the protocols that test subjects one by one."""

import pytest
from published_tables import MEGC2018, MEGC2019, published

from fakes import clips_table
from mmer.protocols.composite_loso import CompositeLoso
from mmer.protocols.loso import Loso
from mmer.protocols.megc2018_composite import Megc2018Composite
from mmer.types.errors import InputError


@pytest.mark.parametrize(
    ("protocol", "corpora", "folds", "clips"),
    [(CompositeLoso(), MEGC2019, 68, 442), (Megc2018Composite(), MEGC2018, 47, 253)],
)
def test_the_challenges_have_their_published_numbers_of_folds_and_clips(protocol, corpora, folds, clips):
    splits = protocol.splits(published(corpora))
    assert len(splits) == folds
    assert sum(len(split.test) for split in splits) == clips
    assert {len(split.train) + len(split.test) for split in splits} == {clips}


def test_six_subjects_of_two_corpora_with_equal_numbers_make_six_folds():
    splits = Loso().splits(clips_table())
    assert [split.fold for split in splits] == [f"{name}/sub0{i}" for name in ("casme2", "samm") for i in (1, 2, 3)]
    assert [split.test_subjects for split in splits] == [(split.fold,) for split in splits]
    assert splits[1].test == tuple(f"casme2/sub02/clip0{clip}" for clip in range(3))


def test_loso_refuses_one_subject():
    reason = Loso().refuses(clips_table(("casme2",), subjects=1))
    assert "at least two subjects" in reason
    assert "casme2/sub01" in reason


def test_composite_refuses_one_corpus():
    reason = CompositeLoso().refuses(clips_table(("casme2",)))
    assert "at least two corpora" in reason
    assert "casme2" in reason
    assert "protocol=loso" in reason


def test_a_corpus_of_one_subject_is_served_among_others():
    """Its fold is trained on the other corpora alone."""
    clips = clips_table()
    clips = clips[(clips.dataset == "casme2") | (clips.subject == "samm/sub01")]
    splits = {split.fold: split for split in CompositeLoso().splits(clips)}
    assert set(splits["samm/sub01"].train_subjects) == {f"casme2/sub0{i}" for i in (1, 2, 3)}
    assert len(splits) == 4


def test_an_event_of_two_subjects_is_named_with_its_clips_and_subjects():
    clips = clips_table(("casme2",))
    clips.loc[[0, 4], "event"] = "1"  # a lab that numbers the events of each person from 1
    with pytest.raises(
        InputError,
        match=r"1 event\(s\) have clips of more than one subject.*"
        r"casme2/sub01/clip00 \(casme2/sub01\), casme2/sub02/clip01 \(casme2/sub02\)",
    ):
        Loso().splits(clips)
    assert "share the `event` 1;" in Loso().refuses(clips)
    assert "correct their `subject` or their `event`" in Loso().refuses(clips)


def test_what_ties_an_event_is_named_though_other_clips_are_tied_otherwise():
    clips = clips_table(("casme2",))
    clips.loc[[0, 1], "event"] = "a"  # two clips of one person
    clips.loc[[1, 4], "frames"] = "videos/long.mp4"  # and one file that two persons are said to be in
    reason = Loso().refuses(clips)
    assert "casme2/sub01/clip01 (casme2/sub01), casme2/sub02/clip01 (casme2/sub02)" in reason
    assert "share the `frames` videos/long.mp4" in reason


@pytest.mark.parametrize(
    ("corpora", "says"),
    [
        (("casme2",), "the table lacks samm;"),
        (("casme2", "samm", "smic"), "the table also has smic;"),
        (("casme2", "smic"), "the table lacks samm and also has smic;"),
    ],
)
def test_megc2018_is_refused_to_other_corpora(corpora, says):
    reason = Megc2018Composite().refuses(clips_table(corpora))
    assert says in reason
    assert "exactly casme2, samm" in reason
    assert "composite_loso" in reason
