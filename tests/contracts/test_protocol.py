"""What every protocol in conf/protocol/ must keep."""

import importlib

import pandas as pd
import pytest

from fakes import clips_table
from mmer.stages.build import build, read_option
from mmer.types.errors import InputError


@pytest.fixture
def protocol(protocol_name):
    return build(read_option("protocol", protocol_name))


@pytest.fixture
def clips():
    return clips_table()


def promised(protocol, clips):
    """Clips that a protocol promises to test: all, or those of the corpora it names under `test`."""
    corpora = getattr(protocol, "test", tuple(set(clips.dataset)))
    return sorted(clips.clip_id[clips.dataset.isin(corpora)])


def test_file_name_and_module_agree(protocol_name):
    node = read_option("protocol", protocol_name)
    assert node["name"] == protocol_name
    assert node["_target_"].split(".")[-2] == protocol_name
    importlib.import_module(node["_target_"].rpartition(".")[0])


def test_every_promised_clip_is_tested_exactly_once(protocol, clips):
    tested = [clip for split in protocol.splits(clips) for clip in split.test]
    assert sorted(tested) == promised(protocol, clips)


def test_every_clip_is_on_one_side_of_every_fold(protocol, clips):
    for split in protocol.splits(clips):
        assert sorted((*split.train, *split.test)) == sorted(clips.clip_id)


def test_no_subject_is_on_both_sides(protocol, clips):
    subject = dict(zip(clips.clip_id, clips.subject, strict=True))
    for split in protocol.splits(clips):
        train, test = ({subject[clip] for clip in side} for side in (split.train, split.test))
        assert not train & test
        assert (tuple(sorted(train)), tuple(sorted(test))) == (split.train_subjects, split.test_subjects)


def test_fold_names_are_unique(protocol, clips):
    names = [split.fold for split in protocol.splits(clips)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("seed", range(3))
def test_row_order_and_index_do_not_matter(protocol, clips, seed):
    shuffled = clips.sample(frac=1, random_state=seed)
    assert protocol.splits(shuffled) == protocol.splits(clips)
    assert protocol.splits(shuffled.reset_index(drop=True)) == protocol.splits(clips)


def test_labels_are_not_looked_at(protocol, clips):
    blind = clips.drop(columns=["emotion", "objective_class", "action_units"])
    assert protocol.splits(blind) == protocol.splits(clips)


def test_the_table_is_not_changed(protocol, clips):
    before = clips.copy(deep=True)
    protocol.splits(clips)
    pd.testing.assert_frame_equal(clips, before)


def test_refusal_and_splits_agree(protocol, clips):
    assert protocol.refuses(clips) is None
    alone = clips[clips.subject == clips.subject.iloc[0]]
    for table in (alone, clips.iloc[:0]):
        reason = protocol.refuses(table)
        assert reason
        with pytest.raises(InputError) as error:
            protocol.splits(table)
        assert str(error.value) == reason
