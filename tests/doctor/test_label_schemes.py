"""What the doctor says of the label schemes: those that fit, those that do not, and classes that are computed."""

import pandas as pd
import pytest

from mmer.stages import doctor_labels
from mmer.stages.build import read_option
from mmer.stages.doctor_labels import kept_by_labels


def corpus(dataset, words, units, stated=None):
    count = len(words)
    return pd.DataFrame(
        {
            "clip_id": [f"{dataset}/s/{number}" for number in range(count)],
            "dataset": dataset,
            "subject": f"{dataset}/s",
            "emotion": words,
            "objective_class": pd.array(stated or [None] * count, "string"),
            "action_units": pd.Series(units, dtype=object),
        }
    )


def test_classes_that_follow_from_action_units_are_flagged():
    kept, findings = kept_by_labels(corpus("casme", ["tense", "disgust", "fear"], [["AU12"], [], None]))
    assert kept["objective_7"]["computed"] == 2
    assert "computed" not in kept["casme_8"]
    [flag] = [one for one in findings if one.kind == "objective_class"]
    assert flag.text == "objective class computed from action units for 2 of 3 clips"
    assert (flag.level, flag.items) == ("note", ("labels objective_7",))


def test_stated_classes_are_not_flagged():
    kept, findings = kept_by_labels(corpus("samm", ["Anger", "Other"], [["AU04"], ["AU12"]], ["III", "I"]))
    assert kept["objective_7"]["classes"]["III"] == 1
    assert findings == []


def test_a_scheme_that_cannot_be_used_says_why():
    clips = corpus("casme2", ["happiness", "hapiness"], [["AU12"], ["AU12"]])
    kept, [finding] = kept_by_labels(clips)
    assert list(kept) == ["cd6me_aus"]
    said = dict(item.split(": ", 1) for item in finding.items)
    assert finding.level == "note"
    assert "casme2/s/1 has the emotion 'hapiness'" in said["casme2_5"]
    assert "2 of 2 clip(s) have no objective class" in said["objective_7"]
    assert not {"samm_5", "mmew_4"} & set(said)  # schemes of other corpora


def test_a_scheme_that_keeps_nothing_is_named():
    _, [finding] = kept_by_labels(corpus("smic", ["positive"], [None]))
    assert any(
        item.startswith("cd6me_aus: keeps no clip; its action units are not annotated") for item in finding.items
    )


@pytest.mark.parametrize("damage", [{"classes": ["one"]}, {"clases": []}, {"_target_": "os.system"}])
def test_a_scheme_that_cannot_be_built_is_a_warning(monkeypatch, damage):
    def read(group, name):
        return read_option(group, name) | (damage if name == "megc3" else {})

    monkeypatch.setattr(doctor_labels, "read_option", read)
    kept, findings = kept_by_labels(corpus("casme", ["tense"], [["AU12"]]))
    assert "megc3" not in kept
    [broken] = [one for one in findings if one.level == "warning"]
    assert broken.kind == "labels"
    assert [item.partition(":")[0] for item in broken.items] == ["megc3"]
