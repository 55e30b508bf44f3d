"""What every label scheme must do."""

import pandas as pd
import pytest

from mmer.stages.build import build, read_option
from mmer.types.errors import InputError
from mmer.types.targets import FACS


def everything(node):
    """Return clips with all that a scheme knows: every word, every objective class, clips with and without units."""
    if "words" in node:
        rows = [
            {"dataset": dataset, "emotion": word}
            for dataset in node["words"]
            for word in (*node["words"][dataset], *node.get("dropped", {}).get(dataset, ()))
        ]
    elif "units" in node:
        rows = [{"action_units": units} for units in ([], ["AU04"], node["units"], ["AU99"], None)]
    else:
        rows = [{"objective_class": word} for word in (*node["classes"], *node["dropped"])]
    blank = {"dataset": "samm", "emotion": "xyzzy", "objective_class": "I", "action_units": None}
    rows = [blank | row for row in rows]
    return pd.DataFrame(rows).assign(clip_id=[f"{row['dataset']}/s/{place}" for place, row in enumerate(rows)])


@pytest.fixture
def node(labels_name):
    return read_option("labels", labels_name)


@pytest.fixture
def scheme(node):
    return build(node)


def test_the_yaml_is_named_like_its_file(node, labels_name):
    assert node["name"] == labels_name


def test_classes_are_declared_and_targets_named(node, scheme):
    assert list(scheme.classes) == node.get("classes", ["absent", "present"])
    assert len(set(scheme.classes)) == len(scheme.classes) >= 2
    if "units" in node:
        assert list(scheme.targets) == node["units"]
        assert set(scheme.targets) <= set(FACS)
        assert scheme.classes == ("absent", "present")
    else:
        assert scheme.targets == ("emotion",)


def test_every_clip_gets_a_declared_class_or_none(node, scheme):
    table = everything(node)
    classes = scheme.assign(table)
    assert classes.index.tolist() == table.clip_id.tolist()
    assert classes.index.name == "clip_id"
    assert set(classes.dropna()) == (set(scheme.classes) if scheme.targets == ("emotion",) else {"annotated"})


def test_a_clip_that_is_left_out_has_a_reason_that_names_the_scheme(node, scheme):
    table = everything(node).set_index("clip_id", drop=False)
    for clip in scheme.assign(table)[lambda classes: classes.isna()].index:
        assert scheme.name in scheme.reason(table.loc[clip])


def test_row_order_does_not_matter_and_the_table_is_not_changed(node, scheme):
    table = everything(node)
    before = table.copy(deep=True)
    turned = table.sample(frac=1, random_state=0)
    assert scheme.assign(turned).reindex(table.clip_id).equals(scheme.assign(table))
    pd.testing.assert_frame_equal(table, before)


def test_case_does_not_matter(node, scheme):
    table = everything(node)
    assert scheme.assign(table.assign(emotion=table.emotion.str.upper())).equals(scheme.assign(table))


def test_an_unknown_word_stops_where_words_are_read(node, scheme):
    table = everything(node).head(1).assign(emotion="xyzzy", objective_class="VIII")
    if "units" in node:
        assert scheme.assign(table).tolist() == ["annotated"]
        return
    with pytest.raises(InputError, match="xyzzy" if "words" in node else "'VIII'"):
        scheme.assign(table)


def test_nothing_but_what_the_scheme_reads_decides(node, scheme):
    """A scheme by objective class is not moved by emotion words, and so on."""
    table = everything(node)
    read = "emotion" if "words" in node else "action_units" if "units" in node else "objective_class"
    other = {"emotion": "joy", "objective_class": "V", "action_units": [["AU12"]] * len(table)}
    del other[read]
    assert scheme.assign(table.assign(**other)).equals(scheme.assign(table))
