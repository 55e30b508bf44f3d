"""The composites of several corpora, by rule, on synthetic tables in the full size of the releases.

The hashes pin the clip ids of these synthetic tables and nothing of a corpus: they change only with a layout.
"""

import hashlib

import pandas as pd
import pytest

from mmer.stages.build import build, read_option
from mmer.synthetic.release import write_full_release
from mmer.types.clips import without_labels

MEGC2019 = {
    "casme2": (145, 24, {"negative": 88, "positive": 32, "surprise": 25}),
    "samm": (133, 28, {"negative": 92, "positive": 26, "surprise": 15}),
    "smic": (164, 16, {"negative": 70, "positive": 51, "surprise": 43}),
}
MEGC2018 = {
    "casme2": (185, 26, {"I": 25, "II": 15, "III": 99, "IV": 26, "V": 20}),
    "samm": (68, 21, {"I": 24, "II": 13, "III": 20, "IV": 8, "V": 3}),
}
# CASME II has one clip less than the 256 of the authors' own copy, so the six corpora have 2,030 clips and not 2,031.
CD6ME = {"casme": 189, "casme2": 255, "samm": 159, "fourdme": 267, "mmew": 300, "casme3": 860}


@pytest.fixture(scope="module")
def full_size(tmp_path_factory):
    """Return a function: corpora -> one Clips table of their full-size synthetic releases, each written once."""
    base, read = tmp_path_factory.mktemp("full"), {}

    def tables(names):
        for name in names:
            if name not in read:
                write_full_release(name, base / name, 0)
                read[name] = build(read_option("dataset", name) | {"root": str(base / name)}).clips()
        return pd.concat([read[name] for name in names], ignore_index=True)

    return tables


def kept(clips, scheme):
    """Return the clips that a scheme keeps, their classes, and what it remarks."""
    scheme = build(read_option("labels", scheme))
    classes = scheme.assign(clips)
    table = clips[classes.notna().to_numpy()].reset_index(drop=True)
    return table, classes.dropna(), scheme.remarks(clips)


def sizes(table, classes):
    """Return corpus -> clips, subjects, clips per class."""
    return {
        name: (len(part), part.subject.nunique(), classes[part.clip_id].value_counts().to_dict())
        for name, part in table.groupby("dataset")
    }


def digest(table):
    return hashlib.sha256("\n".join(sorted(table.clip_id)).encode()).hexdigest()[:16]


def folds(protocol, table):
    return build(read_option("protocol", protocol)).splits(without_labels(table))


def test_megc2019(full_size):
    table, classes, remarks = kept(full_size(MEGC2019), "megc2019")
    assert remarks == []
    assert sizes(table, classes) == MEGC2019
    assert classes.value_counts().to_dict() == {"negative": 250, "positive": 109, "surprise": 83}
    assert (len(table), table.subject.nunique()) == (442, 68)
    assert len(folds("composite_loso", table)) == 68
    assert digest(table) == "9d695eab4f836614"


def test_megc2019_is_megc3_without_two_clips(full_size):
    clips = full_size(MEGC2019)
    challenge, all_of_them = kept(clips, "megc2019")[0], kept(clips, "megc3")[0]
    assert set(all_of_them.clip_id) - set(challenge.clip_id) == {"casme2/sub04/EP12_01f", "casme2/sub05/EP09_05f"}
    assert set(challenge.clip_id) < set(all_of_them.clip_id)
    left = clips.set_index("clip_id").loc[["casme2/sub04/EP12_01f", "casme2/sub05/EP09_05f"]]
    assert left.apex.isna().tolist() == [True, False]
    assert left.apex.iloc[1] == left.onset.iloc[1]


def test_megc2018(full_size):
    table, classes, remarks = kept(full_size(MEGC2018), "megc2018")
    assert remarks == []
    assert sizes(table, classes) == MEGC2018
    assert classes.value_counts().to_dict() == {"I": 49, "II": 28, "III": 119, "IV": 34, "V": 23}
    assert (len(table), table.subject.nunique()) == (253, 47)
    assert len(folds("megc2018_composite", table)) == 47
    assert [len(split.test) for split in folds("megc2018_holdout", table)] in ([68, 185], [185, 68])
    assert digest(table) == "e63907ae569d1b1b"


def test_cd6me(full_size):
    clips = full_size(CD6ME)
    assert clips.dataset.value_counts().to_dict() == CD6ME
    table, classes, _ = kept(clips, "cd6me_aus")
    assert set(classes) == {"annotated"}
    uncoded = clips[~clips.clip_id.isin(table.clip_id)].dataset.value_counts().to_dict()
    assert uncoded == {"casme2": 5, "casme": 1}  # action units '?'
    assert len(folds("cd6me", table)) == 6
    assert digest(clips) == "763769aafc7e83de"
