"""Known answers of each protocol."""

import pandas as pd
import pytest

from fakes import clips_table
from mmer.protocols.composite_loso import CompositeLoso
from mmer.protocols.cross_dataset import CrossDataset
from mmer.protocols.loso import Loso
from mmer.types.errors import InputError

# clips and subjects of the MEGC2019 composite: CASME II 145 / 24, SAMM 133 / 28, SMIC-HS 164 / 16
MEGC2019 = {"casme2": (145, 24), "samm": (133, 28), "smic": (164, 16)}


def megc2019() -> pd.DataFrame:
    rows = [
        {"clip_id": f"{name}/s{i % people:02d}/c{i:03d}", "dataset": name, "subject": f"{name}/s{i % people:02d}"}
        for name, (count, people) in MEGC2019.items()
        for i in range(count)
    ]
    return pd.DataFrame(rows)


def test_megc2019_makes_68_folds_of_442_clips():
    splits = CompositeLoso().splits(megc2019())
    assert len(splits) == 68
    assert sum(len(split.test) for split in splits) == 442
    assert {len(split.train) + len(split.test) for split in splits} == {442}


def test_six_subjects_of_two_corpora_with_equal_numbers_make_six_folds():
    splits = Loso().splits(clips_table())
    assert [split.fold for split in splits] == [f"{name}/sub0{i}" for name in ("casme2", "samm") for i in (1, 2, 3)]
    assert [split.test_subjects for split in splits] == [(split.fold,) for split in splits]


def test_loso_refuses_one_subject():
    reason = Loso().refuses(clips_table(("casme2",), subjects=1))
    assert "at least two subjects" in reason
    assert "casme2/sub01" in reason


def test_composite_refuses_one_corpus():
    reason = CompositeLoso().refuses(clips_table(("casme2",)))
    assert "at least two corpora" in reason
    assert "casme2" in reason
    assert "protocol=loso" in reason


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
