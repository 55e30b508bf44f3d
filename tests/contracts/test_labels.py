"""What every label scheme must do."""

import pandas as pd
import pytest

from mmer.stages.build import build, read_option
from mmer.types.errors import InputError


def every_word(node):
    rows = [
        (dataset, word)
        for dataset in node["words"]
        for word in (*node["words"][dataset], *node.get("dropped", {}).get(dataset, ()))
    ]
    table = pd.DataFrame(rows, columns=["dataset", "emotion"])
    return table.assign(clip_id=[f"{row.dataset}/s/{row.emotion}" for row in table.itertuples()])


def test_the_yaml_is_named_like_its_file(labels_name):
    assert read_option("labels", labels_name)["name"] == labels_name


def test_every_word_gets_a_declared_class_or_none(labels_name):
    node = read_option("labels", labels_name)
    scheme, table = build(node), every_word(node)
    classes = scheme.assign(table)
    assert classes.index.tolist() == table.clip_id.tolist()
    assert set(classes.dropna()) == set(scheme.classes)
    assert list(scheme.classes) == node["classes"]


def test_case_does_not_matter_and_order_does_not_matter(labels_name):
    node = read_option("labels", labels_name)
    scheme, table = build(node), every_word(node)
    shouted = table.assign(emotion=table.emotion.str.upper()).sample(frac=1, random_state=0)
    assert scheme.assign(shouted).reindex(table.clip_id).equals(scheme.assign(table))


def test_an_unknown_word_stops(labels_name):
    node = read_option("labels", labels_name)
    table = every_word(node).head(1).assign(emotion="xyzzy")
    with pytest.raises(InputError, match="xyzzy"):
        build(node).assign(table)
