"""What the schemes expect of the released files is what the adapters know of these, and a difference is said."""

import pandas as pd
import pytest

from conf_groups import options
from mmer.datasets.smic import FOLDERS
from mmer.datasets.versions import known_versions
from mmer.labels.emotion import EmotionScheme
from mmer.labels.expected import differences
from mmer.labels.objective import ObjectiveScheme
from mmer.stages.build import build, read_option
from mmer.types.errors import InputError

NODES = {name: read_option("labels", name) for name in options("labels")}
EXPECTED = [
    (name, dataset, version)
    for name, node in NODES.items()
    for dataset, versions in node.get("expected", {}).items()
    for version in versions
]
POOLED = {"all three", "challenge, both tests"}  # made of several files
LEFT_OUT = {("megc2019", "casme2")}  # the challenge leaves out two clips by name, both negative


def invented(dataset, column, counts):
    words = [word for word, count in counts.items() for _ in range(count)]
    table = {"clip_id": [f"{dataset}/s/{i}" for i in range(len(words))], "dataset": dataset, column: words}
    blank = {"emotion": "x", "objective_class": pd.NA, "action_units": None}
    return pd.DataFrame(blank | table)


def test_every_scheme_by_words_expects_something_unless_nobody_counted():
    silent = {name for name, node in NODES.items() if not node.get("expected")}
    assert silent == {"cd6me_aus", "fourdme_5"}


@pytest.mark.parametrize(("name", "dataset", "version"), EXPECTED)
def test_the_version_is_one_the_adapter_knows_and_its_words_give_the_counts(name, dataset, version):
    expected = {key: number for key, number in NODES[name]["expected"][dataset][version].items() if key != "subjects"}
    if dataset == "mmme" or version in POOLED:
        return
    known = (*known_versions()[dataset], *(FOLDERS.values() if dataset == "smic" else ()))
    found = [one for one in known if one.name == version]
    assert found, [one.name for one in known]
    scheme = build(NODES[name])
    column, counts = "emotion", found[0].words
    if isinstance(scheme, ObjectiveScheme):
        column, counts = "objective_class", found[0].objective
    if not counts:
        return
    classes = scheme.assign(invented(dataset, column, counts)).value_counts().to_dict()
    if (name, dataset) in LEFT_OUT:
        classes["negative"] -= {"2014-05-08": 2, "updated": 3}[version]
        expected["negative"] -= {"2014-05-08": 0, "updated": 1}[version]
    assert classes == expected


COUNTS = {"corpus": {"1": {"a": 60, "b": 40, "subjects": 2}, "2": {"a": 60, "b": 50, "subjects": 2}}}


def table(a, b, people=2):
    words = ["a"] * a + ["b"] * b
    ids = [f"corpus/{place % people}/{place}" for place in range(len(words))]
    clips = pd.DataFrame({"clip_id": ids, "dataset": "corpus", "subject": [name[:8] for name in ids]})
    return clips, pd.Series(words, ids)


@pytest.mark.parametrize(
    ("a", "b", "people", "claims", "says"),
    [
        (60, 40, 2, None, []),
        (60, 50, 2, None, []),
        (60, 50, 2, {"corpus": "2"}, []),
        (60, 50, 2, {"corpus": "1"}, ["corpus has 50 b; version 1 has 40"]),
        (61, 39, 2, None, ["corpus has 61 a, 39 b; version 1, the nearest, has 60, 40"]),
        (60, 50, 3, None, ["corpus has 3 subjects; version 2, the nearest, has 2"]),
        (60, 50, 2, {"corpus": "unknown"}, []),
        (30, 20, 2, None, []),  # a sample, no release
        (30, 20, 2, {"corpus": "1"}, []),
        (0, 0, 2, None, []),
    ],
)
def test_only_a_table_as_large_as_a_release_is_compared(a, b, people, claims, says):
    assert differences(COUNTS, *table(a, b, people), claims) == says


def test_a_swap_that_keeps_the_total_is_seen():
    """One library leaves out a surprise in place of a negative clip: 145 clips too, and 6 of that person."""
    scheme = build(NODES["megc3"] | {"expected": {"casme2": {"x": {"negative": 88, "positive": 32, "surprise": 25}}}})
    words = {"disgust": 89, "happiness": 32, "surprise": 24}
    assert scheme.remarks(invented("casme2", "emotion", words)) == [
        "casme2 has 89 negative, 24 surprise; version x, the nearest, has 88, 25"
    ]


def test_a_small_synthetic_release_is_not_warned_of():
    small = invented("casme2", "emotion", {"happiness": 20, "disgust": 25, "surprise": 27})
    for name in ("megc3", "megc2019", "casme2_5", "casme2_7", "polarity_4"):
        assert build(NODES[name]).remarks(small) == []


def test_the_two_clips_are_left_out_by_name_in_any_order():
    scheme = build(NODES["megc2019"])
    clips = invented("casme2", "emotion", {"disgust": 3, "surprise": 1})
    clips.loc[1, "clip_id"], clips.loc[2, "clip_id"] = "casme2/sub05/EP09_05f", "casme2/sub04/EP12_01f"
    assert scheme.assign(clips).isna().tolist() == [False, True, True, False]
    assert scheme.reason(clips.loc[2]) == "megc2019 does not have this clip: its apex is not marked"
    assert scheme.assign(clips.iloc[::-1]).isna().tolist() == [False, True, True, False]


def test_a_class_that_does_not_exist_cannot_be_expected():
    wrong = {"d": {"1": {"a": 1, "c": 2}}}
    with pytest.raises(InputError, match=r"expected\.d counts c, which is not among the classes"):
        EmotionScheme("mine", ("a", "b"), {"d": {"x": "a", "y": "b"}}, expected=wrong)
    with pytest.raises(InputError, match=r"expected\.d counts VIII"):
        ObjectiveScheme("mine", ("I", "II", "III"), ("IV", "V", "VI", "VII"), expected={"d": {"1": {"VIII": 1}}})
    with pytest.raises(InputError, match="no rules for dataset 'e'"):
        EmotionScheme("mine", ("a", "b"), {"d": {"x": "a", "y": "b"}}, expected={"e": {"1": {"a": 1}}})
