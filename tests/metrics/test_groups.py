"""Scores per corpus and per group of people."""

import numpy as np
import pandas as pd
import pytest
from invented_predictions import emotion_table, unit_table

from mmer.metrics.groups import per_corpus, per_group
from mmer.metrics.multilabel import mean_unit_scores
from mmer.metrics.scores import mean_scores
from mmer.types.clips import validate_clips
from mmer.types.errors import InputError


def clips_of(predictions, facts):
    """Return a Clips table of predicted clips; ``facts``: subject -> value of ``culture``."""
    rows = predictions.drop_duplicates("clip_id")[["clip_id", "dataset", "subject"]]
    return validate_clips(rows.assign(emotion="x", motion="there", culture=rows.subject.map(facts)))


@pytest.fixture
def table():
    return emotion_table(seeds=(0, 1))


@pytest.fixture
def subjects(table):
    return sorted(set(table.subject))


@pytest.mark.parametrize("make", [emotion_table, unit_table])
def test_each_corpus_is_scored_as_if_alone(make):
    table = make(seeds=(0, 1))
    mean = mean_unit_scores if make is unit_table else mean_scores
    apart = per_corpus(table)
    assert list(apart.index) == sorted(set(table.dataset))
    for dataset, part in table.groupby("dataset"):
        expected = mean(part)
        assert apart.loc[dataset, list(expected.index)].tolist() == pytest.approx(expected.tolist(), abs=1e-12)
        assert apart.clips[dataset] == part.clip_id.nunique()
        assert apart.subjects[dataset] == part.subject.nunique()


def test_what_a_corpus_lacks_is_named(table):
    part = table[(table.dataset != "samm") | (table.truth != "surprise")]
    assert per_corpus(part).absent.to_dict() == {"casme2": (), "samm": ("surprise",)}
    units = unit_table()
    units.loc[(units.dataset == "samm") & (units.target == "AU12"), "truth"] = "absent"
    units.loc[(units.dataset == "mmew") & (units.target == "AU01"), "truth"] = "present"
    apart = per_corpus(units)
    assert apart.without_f1["samm"] == ("AU12",)
    assert apart.without_auc.to_dict() == {"casme2": (), "mmew": ("AU01",), "samm": ("AU12",)}


def test_groups_clips_without_the_fact_and_the_smallest_group(table, subjects):
    facts = dict.fromkeys(subjects[:2], "Asian") | dict.fromkeys(subjects[2:9], "European")
    groups = per_group(table, clips_of(table, facts), "culture")
    assert list(groups.table.index) == ["Asian", "European"]
    for name, people in (("Asian", subjects[:2]), ("European", subjects[2:9])):
        part = table[table.subject.isin(people)]
        assert groups.table.uf1[name] == pytest.approx(mean_scores(part).uf1, abs=1e-12)
    asian, unknown = (table[table.subject.isin(people)].clip_id.nunique() for people in (subjects[:2], subjects[9:]))
    assert (groups.smallest, groups.smallest_clips, groups.smallest_subjects) == ("Asian", asian, 2)
    assert (groups.clips_without, groups.subjects_without) == (unknown, len(subjects) - 9)
    assert groups.table.clips.sum() + unknown == table.clip_id.nunique()
    assert f"the smallest group is Asian ({asian} clips of 2 subjects)" in str(groups)
    assert f"{unknown} clips" in str(groups)


@pytest.mark.parametrize(
    ("sizes", "smallest"),
    [
        ({"a": [4], "b": [2, 1]}, "b"),  # fewer clips, of more people
        ({"a": [2, 2], "b": [4]}, "b"),  # as many clips, of fewer people
        ({"b": [3], "a": [3]}, "a"),  # as many of both
    ],
)
def test_the_smallest_group_is_decided_by_clips_then_people_then_name(sizes, smallest):
    table = emotion_table(subjects=30, clips=8)
    large = iter(table.subject.value_counts().loc[lambda counts: counts >= 4].index)
    facts, parts = {}, []
    for name, people in sizes.items():
        for clips in people:
            subject = next(large)
            facts[subject] = name
            parts.append(table[table.subject == subject].head(clips))
    table = pd.concat(parts)
    groups = per_group(table, clips_of(table, facts), "culture")
    found = (groups.smallest, groups.smallest_clips, groups.smallest_subjects)
    assert found == (smallest, sum(sizes[smallest]), len(sizes[smallest]))


def test_groups_of_action_units():
    table = unit_table()
    facts = {name: ("a", "b")[number % 2] for number, name in enumerate(sorted(set(table.subject)))}
    groups = per_group(table, clips_of(table, facts), "culture")
    part = table[table.subject.map(facts) == "b"]
    assert groups.table.macro_auc["b"] == pytest.approx(mean_unit_scores(part).macro_auc, abs=1e-12)


def test_nobody_has_the_fact(table):
    groups = per_group(table, clips_of(table, {}), "sex")
    assert len(groups.table) == 0
    assert groups.smallest is None
    assert groups.clips_without == table.clip_id.nunique()
    assert str(groups).startswith("sex: no group")


def test_the_join_is_by_clip_not_by_row(table, subjects):
    facts = {name: f"group {number % 3}" for number, name in enumerate(subjects)}
    clips = clips_of(table, facts)
    more = pd.concat([clips, clips.iloc[:1].assign(clip_id="casme2/other/clip")])
    expected = per_group(table, clips, "culture").table
    found = per_group(table.sample(frac=1, random_state=0), more.sample(frac=1, random_state=1), "culture").table
    pd.testing.assert_frame_equal(found, expected)


def test_bad_facts_and_tables(table):
    clips = clips_of(table, {})
    with pytest.raises(InputError, match="did you mean 'culture'"):
        per_group(table, clips, "cultur")
    with pytest.raises(InputError, match="no column 'sex'"):
        per_group(table, clips.drop(columns="sex"), "sex")
    with pytest.raises(InputError, match=clips.clip_id[0]):
        per_group(table, clips.iloc[1:], "sex")
    with pytest.raises(InputError, match="twice"):
        per_group(table, pd.concat([clips, clips]), "sex")
    for function in (per_corpus, lambda empty: per_group(empty, clips, "sex")):
        with pytest.raises(InputError, match="empty"):
            function(table.iloc[:0])


def test_nan_where_no_class_is_defined():
    table = unit_table(rate=0)
    assert np.isnan(per_corpus(table).macro_f1).all()
