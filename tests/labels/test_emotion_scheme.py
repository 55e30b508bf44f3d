"""The schemes give the class counts that the corpora's papers and released files are known for."""

import pandas as pd
import pytest

from mmer.labels.emotion import EmotionScheme
from mmer.stages.build import build, read_option
from mmer.types.errors import InputError

# Clips per emotion word of the released annotation files.
CASME2 = {"others": 99, "disgust": 63, "happiness": 32, "repression": 27, "surprise": 25, "sadness": 7, "fear": 2}
SAMM = {
    "Anger": 57,
    "Other": 26,
    "Happiness": 26,
    "Surprise": 15,
    "Contempt": 12,
    "Disgust": 9,
    "Fear": 8,
    "Sadness": 6,
}
CASME = {
    "tense": 68,
    "disgust": 45,
    "repression": 39,
    "surprise": 20,
    "happiness": 7,
    "sadness": 6,
    "contempt": 2,
    "fear": 2,
}
SMIC = {"negative": 70, "positive": 51, "surprise": 43}
CASME3 = {"disgust": 250, "surprise": 187, "others": 158, "Others": 3, "fear": 86, "anger": 64, "sad": 57, "happy": 55}


def invented(dataset, counts):
    words = [word for word, count in counts.items() for _ in range(count)]
    return pd.DataFrame(
        {"clip_id": [f"{dataset}/s/{i}" for i in range(len(words))], "dataset": dataset, "emotion": words}
    )


def counted(scheme, dataset, counts):
    classes = build(read_option("labels", scheme)).assign(invented(dataset, counts))
    return classes.value_counts().to_dict(), int(classes.notna().sum())


def test_megc3_on_casme2():
    assert counted("megc3", "casme2", CASME2) == ({"positive": 32, "negative": 90, "surprise": 25}, 147)


def test_megc3_on_samm():
    assert counted("megc3", "samm", SAMM) == ({"positive": 26, "negative": 92, "surprise": 15}, 133)


def test_casme2_5():
    expected = {"happiness": 32, "disgust": 63, "surprise": 25, "repression": 27, "others": 99}
    assert counted("casme2_5", "casme2", CASME2) == (expected, 246)


def test_samm_5():
    expected = {"happiness": 26, "anger": 57, "surprise": 15, "contempt": 12, "other": 26}
    assert counted("samm_5", "samm", SAMM) == (expected, 136)


def test_megc3_on_smic():
    assert counted("megc3", "smic", SMIC) == (SMIC, 164)


def test_megc3_on_casme3():
    assert counted("megc3", "casme3", CASME3) == ({"positive": 55, "negative": 457, "surprise": 187}, 699)


def test_casme2_7_and_samm_8_keep_every_clip_under_its_own_word():
    assert counted("casme2_7", "casme2", CASME2) == (CASME2, 255)
    assert counted("samm_8", "samm", SAMM) == ({word.lower(): count for word, count in SAMM.items()}, 159)


@pytest.mark.parametrize(
    ("dataset", "words", "counts"),
    [
        ("casme", CASME, (7, 55, 20, 107)),
        ("casme2", CASME2, (32, 72, 25, 126)),
        ("samm", SAMM, (26, 92, 15, 26)),
        ("casme3", CASME3, (55, 457, 187, 161)),
    ],
)
def test_polarity_4_keeps_every_clip(dataset, words, counts):
    named = dict(zip(("positive", "negative", "surprise", "others"), counts, strict=True))
    assert counted("polarity_4", dataset, words) == (named, sum(words.values()))


def test_the_reason_names_the_word_and_the_scheme():
    scheme = build(read_option("labels", "megc3"))
    table = invented("samm", {"Other": 1})
    assert scheme.reason(table.iloc[0]) == "emotion 'Other' has no class in megc3"


def test_megc3_takes_its_own_class_names_from_a_manifest():
    scheme = build(read_option("labels", "megc3"))
    table = invented("my_lab", {"positive": 1, "Negative": 1, "SURPRISE": 1, "unclear": 1})
    assert scheme.assign(table).tolist()[:3] == ["positive", "negative", "surprise"]
    assert scheme.assign(table).isna().tolist() == [False, False, False, True]


def test_classes_are_joined_by_clip_not_by_row():
    scheme = build(read_option("labels", "megc3"))
    table = invented("samm", SAMM)
    turned = table.iloc[::-1]
    assert scheme.assign(turned).reindex(table.clip_id).equals(scheme.assign(table))


def test_a_corpus_reads_its_own_rules():
    scheme = EmotionScheme("mine", ("a", "b"), {"one": {"x": "a", "y": "b"}, "two": {"x": "b"}}, {"two": ["y"]})
    table = pd.concat([invented("one", {"x": 1, "y": 1}), invented("two", {"x": 1, "y": 1})])
    assert [None if pd.isna(value) else value for value in scheme.assign(table)] == ["a", "b", "b", None]


def test_an_unknown_word_stops_with_word_clip_scheme_and_nearest():
    with pytest.raises(InputError, match=r"megc3.*casme2/s/0.*'happyness'.*did you mean 'happiness'"):
        build(read_option("labels", "megc3")).assign(invented("casme2", {"happyness": 1}))


def test_a_dataset_without_rules_stops():
    with pytest.raises(InputError, match=r"no rules for dataset 'samm'.*casme2"):
        build(read_option("labels", "casme2_5")).assign(invented("samm", SAMM))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"classes": ("a",), "words": {"d": {"x": "a"}}}, "at least two"),
        ({"classes": ("a", "a"), "words": {"d": {"x": "a"}}}, "different"),
        ({"classes": ("anger", "b"), "words": {"d": {"x": "angr", "y": "b"}}}, "did you mean 'anger'"),
        ({"classes": ("a", "b"), "words": {"d": {"x": "a", "X": "b"}}}, "twice"),
        ({"classes": ("a", "b"), "words": {"d": {"x": "a", "y": "b"}}, "dropped": {"d": ["Y"]}}, "twice"),
        ({"classes": ("a", "b"), "words": {"d": {"x": "a"}}}, "no word of any dataset maps to class b"),
        ({"classes": ("a", "b"), "words": {"d": {"x": "a", "y": "b"}}, "dropped": {"e": ["z"]}}, "add their words"),
    ],
)
def test_a_scheme_that_contradicts_itself_is_refused(fields, says):
    with pytest.raises(InputError, match=says):
        EmotionScheme("mine", **fields)


def test_a_wrong_type_in_yaml_names_the_key():
    node = read_option("labels", "samm_5") | {"words": {"samm": "anger"}}
    with pytest.raises(InputError, match=r"words\.samm"):
        build(node)
