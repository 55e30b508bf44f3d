"""Objective classes give the counts of the first challenge, and a gap in a file is no reason to drop a clip."""

import pandas as pd
import pytest

from mmer.labels.objective import ObjectiveScheme
from mmer.stages.build import build, read_option
from mmer.types.errors import InputError

# Clips per objective class of the released files, I to VII.
CASME2 = (25, 15, 99, 26, 20, 1, 69)
SAMM = (24, 13, 20, 8, 3, 7, 84)
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII")


def invented(dataset, counts):
    words = [word for word, count in zip(ROMAN, counts, strict=True) for _ in range(count)]
    ids = [f"{dataset}/s/{place:03d}" for place in range(len(words))]
    return pd.DataFrame({"clip_id": ids, "dataset": dataset, "objective_class": pd.array(words, "string")})


@pytest.fixture
def scheme():
    return build(read_option("labels", "megc2018"))


@pytest.mark.parametrize(("dataset", "counts", "total"), [("casme2", CASME2, 185), ("samm", SAMM, 68)])
def test_each_corpus_of_megc2018(scheme, dataset, counts, total):
    classes = scheme.assign(invented(dataset, counts))
    assert classes.value_counts().to_dict() == dict(zip(ROMAN[:5], counts[:5], strict=True))
    assert classes.notna().sum() == total


def test_megc2018_is_253_clips(scheme):
    classes = scheme.assign(pd.concat([invented("casme2", CASME2), invented("samm", SAMM)]))
    assert classes.value_counts().to_dict() == {"I": 49, "II": 28, "III": 119, "IV": 34, "V": 23}
    assert classes.notna().sum() == 253


def test_a_clip_of_class_vii_is_left_out_and_says_so(scheme):
    table = invented("samm", (1, 0, 0, 0, 0, 0, 1))
    assert scheme.assign(table).isna().tolist() == [False, True]
    assert scheme.reason(table.iloc[1]) == "objective class VII is left out by megc2018"


def test_a_clip_without_a_class_stops_with_corpus_clip_and_way_out(scheme):
    table = invented("samm", SAMM)
    table.loc[[3, 7], "objective_class"] = pd.NA
    with pytest.raises(InputError, match=r"2 of 159 clip\(s\).*samm: samm/s/003, samm/s/007; .*`objective`.*`exclude`"):
        scheme.assign(table)


def test_a_corpus_without_objective_classes_stops_even_where_the_column_has_no_type(scheme):
    table = invented("smic", (2, 0, 0, 0, 0, 0, 0)).assign(objective_class=None)
    with pytest.raises(InputError, match=r"2 of 2 clip\(s\).*smic"):
        scheme.assign(table)


def test_another_word_stops(scheme):
    table = invented("samm", (2, 0, 0, 0, 0, 0, 0))
    table.loc[1, "objective_class"] = "3"
    with pytest.raises(InputError, match="samm/s/001 has the objective class '3'"):
        scheme.assign(table)


@pytest.mark.parametrize(
    ("classes", "dropped", "says"),
    [
        (("I", "II"), ("III", "IV", "V", "VI"), "VII stands neither"),
        (("I", "II", "III", "IV", "V"), ("V", "VI", "VII"), "V stands twice"),
        (("I", "IIX"), ("III", "IV", "V", "VI", "VII"), r"'IIX' is no objective class; did you mean"),
        (("I",), ("II", "III", "IV", "V", "VI", "VII"), "at least two"),
    ],
)
def test_a_scheme_that_contradicts_itself_is_refused(classes, dropped, says):
    with pytest.raises(InputError, match=says):
        ObjectiveScheme("mine", classes, dropped)
