"""What every protocol in conf/protocol/ must keep."""

import importlib
import json
import os
import subprocess
import sys
from hashlib import sha256

import pandas as pd
import pytest

from conf_groups import options
from fakes import clips_table
from mmer.stages.build import build, read_option
from mmer.types.clips import LABELS, without_labels
from mmer.types.errors import InputError

# One word per corpus at least, so that a protocol by culture has folds wherever there are two corpora.
CULTURES = {
    "casme": "Chinese",
    "casme2": "Chinese",
    "casme3": "Chinese",
    "fourdme": "Finnish",
    "mmew": "Han",
    "samm": "British",
    "smic": "Finnish",
}
CORPORA = (("casme2", "samm"), ("casme2", "samm", "smic"), ("casme", "casme2", "casme3", "fourdme", "mmew", "samm"))


def planted(corpora):
    """Return a table in which clips share events, frames and both, and the groups of clips that do."""
    clips = clips_table(corpora, subjects=4, clips=3, cultures=CULTURES).set_index("clip_id", drop=False)
    groups = []
    for name in corpora:
        mirrored, twice, chain = (
            [f"{name}/sub{subject:02d}/clip{clip:02d}" for clip in range(count)]
            for subject, count in ((1, 2), (2, 2), (3, 3))
        )
        clips.loc[mirrored, "event"] = f"{name} smile"
        clips.loc[twice, "frames"] = f"frames/{name}/one_video.mp4"
        clips.loc[chain[:2], "event"] = f"{name} frown"
        clips.loc[chain[1:], "frames"] = f"frames/{name}/another_video.mp4"
        groups += [mirrored, twice, chain]
    return clips.reset_index(drop=True), groups


def accepted(protocol):
    """Return the planted tables that a protocol accepts: its own requirement decides."""
    tables = [(clips, groups) for clips, groups in map(planted, CORPORA) if protocol.refuses(clips) is None]
    assert tables, "no table of this test is accepted; add one that is"
    return tables


def digests():
    """Hash the folds of every protocol on the first table that it accepts, by name."""
    made = {}
    for name in options("protocol"):
        protocol = build(read_option("protocol", name))
        clips, _ = accepted(protocol)[0]
        folds = [(split.repeat, split.fold, split.train, split.test) for split in protocol.splits(clips)]
        made[name] = sha256(json.dumps(folds).encode()).hexdigest()
    return made


@pytest.fixture
def protocol(protocol_name):
    return build(read_option("protocol", protocol_name))


@pytest.fixture
def tables(protocol):
    return [clips for clips, _ in accepted(protocol)]


@pytest.fixture(scope="module")
def elsewhere():
    """Hashes of another process, where Python's own hashes are salted otherwise."""
    code = "import json, test_protocol; print(json.dumps(test_protocol.digests()))"
    environment = os.environ | {"PYTHONPATH": "tests:tests/contracts", "PYTHONHASHSEED": "4711"}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


@pytest.fixture(scope="module")
def here():
    return digests()


def test_file_name_and_module_agree(protocol_name):
    node = read_option("protocol", protocol_name)
    assert node["name"] == protocol_name
    assert node["_target_"].split(".")[-2] == protocol_name
    importlib.import_module(node["_target_"].rpartition(".")[0])


def test_within_a_repeat_a_clip_is_tested_once_or_at_most_once(protocol, tables):
    for clips in tables:
        splits = protocol.splits(clips)
        repeats = sorted({split.repeat for split in splits})
        assert repeats == list(range(len(repeats)))
        for repeat in repeats:
            tested = [clip for split in splits if split.repeat == repeat for clip in split.test]
            assert len(set(tested)) == len(tested)
            assert set(tested) <= set(clips.clip_id)
            assert (set(tested) == set(clips.clip_id)) == protocol.tests_every_clip


def test_every_clip_of_a_folds_corpora_is_on_one_side(protocol, tables):
    for clips in tables:
        corpus = dict(zip(clips.clip_id, clips.dataset, strict=True))
        for split in protocol.splits(clips):
            taking_part = {corpus[clip] for clip in (*split.train, *split.test)}
            assert sorted((*split.train, *split.test)) == sorted(clips.clip_id[clips.dataset.isin(taking_part)])


def test_no_subject_is_on_both_sides_unless_the_class_says_person_dependent(protocol, tables):
    for clips in tables:
        subject = dict(zip(clips.clip_id, clips.subject, strict=True))
        shared = set()
        for split in protocol.splits(clips):
            train, test = ({subject[clip] for clip in side} for side in (split.train, split.test))
            shared |= train & test
            assert (tuple(sorted(train)), tuple(sorted(test))) == (split.train_subjects, split.test_subjects)
            assert split.person_independent == protocol.person_independent
        assert bool(shared) != protocol.person_independent


def test_clips_of_one_event_stay_together(protocol):
    for clips, groups in accepted(protocol):
        for split in protocol.splits(clips):
            for group in groups:
                assert len(set(group) & set(split.test)) in (0, len(group))
                assert len(set(group) & set(split.train)) in (0, len(group))


def test_an_event_of_two_subjects_is_kept_together_or_refused(protocol, tables):
    for clips in tables:
        both = ["casme2/sub04/clip00", "samm/sub04/clip00"]
        clips.loc[clips.clip_id.isin(both), "event"] = "one moment, two corpora"
        reason = protocol.refuses(clips)
        if not protocol.person_independent:
            assert reason is None
            assert all(len(set(both) & set(split.test)) in (0, 2) for split in protocol.splits(clips))
            continue
        assert "1 event(s)" in reason
        assert all(clip in reason for clip in both)
        with pytest.raises(InputError) as error:
            protocol.splits(clips)
        assert str(error.value) == reason


def test_fold_names_are_unique(protocol, tables):
    for clips in tables:
        names = [split.fold for split in protocol.splits(clips)]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("seed", range(3))
def test_row_order_and_index_do_not_matter(protocol, tables, seed):
    clips = tables[0]
    shuffled = clips.sample(frac=1, random_state=seed)
    assert protocol.splits(shuffled) == protocol.splits(clips)
    assert protocol.splits(shuffled.reset_index(drop=True)) == protocol.splits(clips)


def test_another_process_makes_the_same_folds(protocol_name, here, elsewhere):
    assert elsewhere[protocol_name] == here[protocol_name]


def test_labels_are_not_looked_at(protocol, tables):
    for clips in tables:
        splits = protocol.splits(clips)
        assert protocol.splits(without_labels(clips)) == splits
        turned = clips.assign(**{name: clips[name].to_numpy()[::-1] for name in LABELS})
        assert protocol.splits(turned) == splits


def test_the_table_is_not_changed(protocol, tables):
    for clips in tables:
        before = clips.copy(deep=True)
        protocol.refuses(clips)
        protocol.splits(clips)
        pd.testing.assert_frame_equal(clips, before)


def test_refusal_and_splits_agree(protocol, tables):
    for clips in tables:
        one_event = clips[clips.event.eq("casme2 smile").fillna(False)]
        refused = [one_event, clips.iloc[:0]]
        if protocol.person_independent:
            refused.append(clips[clips.subject == clips.subject.iloc[0]])
        for table in refused:
            reason = protocol.refuses(table)
            assert reason
            with pytest.raises(InputError) as error:
                protocol.splits(table)
            assert str(error.value) == reason
