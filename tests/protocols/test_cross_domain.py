"""Known answers of the protocols that test on other corpora or cultures than they train on."""

import numpy as np
import pytest
from published_tables import CD6ME, MEGC2018, published

from fakes import clips_table
from mmer.protocols.cd6me import Cd6me
from mmer.protocols.cross_dataset import CrossDataset
from mmer.protocols.cross_dataset_pairs import CrossDatasetPairs
from mmer.protocols.leave_one_corpus_out import LeaveOneCorpusOut
from mmer.protocols.leave_one_culture_out import LeaveOneCultureOut
from mmer.protocols.megc2018_holdout import Megc2018Holdout
from mmer.types.errors import InputError

CULTURES = {"casme2": "Chinese", "mmew": "Chinese", "samm": "British"}


def corpora_of(clips):
    return sorted({clip.split("/")[0] for clip in clips})


def test_cross_dataset_is_one_fold():
    (split,) = CrossDataset(("casme2",), ("samm",)).splits(clips_table())
    assert split.fold == "casme2->samm"
    assert len(split.train) == len(split.test) == 9
    assert all(name.startswith("samm/") for name in split.test)


def test_cross_dataset_of_several_corpora_does_not_depend_on_their_order():
    clips = clips_table(("casme2", "samm", "smic"))
    first, second = (CrossDataset(train, ("samm",)).splits(clips) for train in (("smic", "casme2"), ("casme2", "smic")))
    assert first == second
    assert first[0].fold == "casme2+smic->samm"


@pytest.mark.parametrize(
    ("train", "test", "word"),
    [
        (("casme2",), ("casme2",), "both"),
        (("casme2",), (), "`test` names no corpus"),
        ((), ("samm",), "`train` names no corpus"),
        (("casme2", "casme2"), ("samm",), "twice"),
    ],
)
def test_cross_dataset_refuses_senseless_sides(train, test, word):
    with pytest.raises(InputError, match=word):
        CrossDataset(train, test)


def test_cross_dataset_names_an_unknown_corpus_and_those_present():
    reason = CrossDataset(("casme2",), ("sam",)).refuses(clips_table())
    assert "no clip of sam" in reason
    assert "casme2, samm" in reason


def test_cross_dataset_refuses_to_leave_a_corpus_out_silently():
    reason = CrossDataset(("casme2",), ("samm",)).refuses(clips_table(("casme2", "samm", "smic")))
    assert "smic" in reason
    assert "neither" in reason


def test_corpora_that_share_an_event_may_stand_on_one_side_only():
    """SAMM's clips are cut from SAMM Long Videos: the same moments under two names."""
    clips = clips_table(("casme2", "samm", "samm_long"))
    clips.loc[clips.clip_id.isin(["samm/sub01/clip00", "samm_long/sub01/clip00"]), "event"] = "006_1_2"
    assert CrossDataset(("samm", "samm_long"), ("casme2",)).refuses(clips) is None
    for protocol in (CrossDataset(("samm", "casme2"), ("samm_long",)), LeaveOneCorpusOut(), CrossDatasetPairs()):
        assert "samm/sub01/clip00" in protocol.refuses(clips)


def test_three_corpora_make_six_pairs_in_two_repeats():
    splits = CrossDatasetPairs().splits(clips_table(("smic", "samm", "casme2"), subjects=2, clips=1))
    assert [(split.repeat, split.fold) for split in splits] == [
        (0, "samm->casme2"),
        (0, "smic->samm"),
        (0, "casme2->smic"),
        (1, "smic->casme2"),
        (1, "casme2->samm"),
        (1, "samm->smic"),
    ]
    assert splits[0].train == ("samm/sub01/clip00", "samm/sub02/clip00")
    assert splits[0].test == ("casme2/sub01/clip00", "casme2/sub02/clip00")


def test_the_first_challenges_holdout_is_185_and_68_clips():
    splits = Megc2018Holdout().splits(published(MEGC2018))
    assert [(split.repeat, split.fold, len(split.train), len(split.test)) for split in splits] == [
        (0, "samm->casme2", 68, 185),
        (0, "casme2->samm", 185, 68),
    ]


def test_cd6me_is_six_folds_of_2031_clips():
    splits = Cd6me().splits(published(CD6ME))
    assert {split.fold: len(split.test) for split in splits} == {name: count for name, (count, _) in CD6ME.items()}
    assert {len(split.train) + len(split.test) for split in splits} == {2031}
    assert all(corpora_of(split.test) == [split.fold] for split in splits)


def test_cd6me_is_refused_to_fewer_or_other_corpora_and_names_the_general_protocol():
    names = tuple(name for name in CD6ME if name != "fourdme")
    reason = Cd6me().refuses(clips_table((*names, "casme3_c"), subjects=1, clips=1))
    assert "lacks fourdme and also has casme3_c" in reason
    assert "protocol=leave_one_corpus_out" in reason
    assert "at least two corpora" in LeaveOneCorpusOut().refuses(clips_table(("casme2",)))


def test_leave_one_corpus_out_of_three():
    splits = LeaveOneCorpusOut().splits(clips_table(("samm", "casme2", "smic")))
    assert [(split.fold, corpora_of(split.train), corpora_of(split.test)) for split in splits] == [
        ("casme2", ["samm", "smic"], ["casme2"]),
        ("samm", ["casme2", "smic"], ["samm"]),
        ("smic", ["casme2", "samm"], ["smic"]),
    ]


def test_a_culture_of_two_corpora_is_one_fold():
    splits = LeaveOneCultureOut().splits(clips_table(("casme2", "mmew", "samm"), cultures=CULTURES))
    assert [(split.fold, corpora_of(split.train), corpora_of(split.test)) for split in splits] == [
        ("British", ["casme2", "mmew"], ["samm"]),
        ("Chinese", ["samm"], ["casme2", "mmew"]),
    ]


def test_a_corpus_of_two_cultures_is_parted_by_its_subjects():
    clips = clips_table(("samm",))
    clips["culture"] = np.where(clips.subject == "samm/sub02", "Indian", "British")
    first, second = LeaveOneCultureOut().splits(clips)
    assert first.test_subjects == second.train_subjects == ("samm/sub01", "samm/sub03")
    assert first.train_subjects == second.test_subjects == ("samm/sub02",)


def test_clips_without_a_culture_are_named_with_their_corpora():
    clips = clips_table(("casme2", "samm", "smic"), cultures=CULTURES)
    reason = LeaveOneCultureOut().refuses(clips)
    assert "9 of 27 clip(s) have no culture, of smic: smic/sub01/clip00" in reason
    assert "and 4 more" in reason
    assert "27 of 27" in LeaveOneCultureOut().refuses(clips.drop(columns="culture"))


def test_one_culture_and_a_subject_of_two_are_refused():
    clips = clips_table(("casme2", "mmew"), cultures=CULTURES)
    assert "at least two cultures; the table has 1 (Chinese)" in LeaveOneCultureOut().refuses(clips)
    clips.loc[4, "culture"] = "Tibetan"
    reason = LeaveOneCultureOut().refuses(clips)
    assert "1 subject(s) have clips of more than one culture" in reason
    assert "casme2/sub02/clip01 (Tibetan)" in reason
