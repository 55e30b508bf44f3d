"""Where a corpus states no objective classes they follow from its action units, and that is said."""

import pandas as pd
import pytest

from mmer.labels.objective import ObjectiveScheme
from mmer.labels.objective_class import objective_class
from mmer.stages.build import build, read_option
from mmer.types.errors import InputError


@pytest.mark.parametrize(
    ("units", "name"),
    [
        (["AU06", "AU12"], "I"),
        (["AU12", "AU06"], "I"),
        (["AU01", "AU02"], "II"),
        (["AU04"], "III"),
        (["AU04", "AD38"], "III"),  # the table of classes writes the nostril dilator as 38
        (["AU04", "AU09"], "IV"),
        (["AU01"], "V"),
        (["AU01", "AU02", "AU04"], "VI"),
        (["AU20"], "VI"),
        (["AU04", "AU10"], "VII"),  # CASME II's coders say IV; the paper's table does not have it
        (["AU12", "M57"], "VII"),
        ([], "VII"),
    ],
)
def test_the_table_of_the_paper(units, name):
    assert objective_class(units) == name


@pytest.fixture
def clips():
    return pd.DataFrame(
        {
            "clip_id": ["casme/s/0", "casme/s/1", "casme/s/2", "casme/s/3", "samm/s/0"],
            "dataset": ["casme"] * 4 + ["samm"],
            "objective_class": pd.array([None, None, "II", None, "III"], "string"),
            "action_units": pd.Series([["AU12"], ["AU14"], ["AU12"], None, ["AU12"]], dtype=object),
        }
    )


def test_only_the_named_corpora_are_computed_and_what_is_stated_is_read(clips):
    scheme = ObjectiveScheme("mine", ("I", "II", "III"), ("IV", "V", "VI", "VII"), ("casme",))
    assert scheme.assign(clips).fillna("-").tolist() == ["I", "-", "II", "-", "III"]
    assert scheme.computes(clips).tolist() == [True, True, False, True, False]
    assert scheme.remarks(clips) == ["casme states none for 3 clip(s): computed from action units"]
    rows = [scheme.reason(clip) for _, clip in clips.iterrows()]
    assert rows[1] == "objective class VII (computed) is left out by mine"
    assert rows[3] == "its action units are not annotated, so mine cannot compute its objective class"


def test_the_row_index_does_not_matter(clips):
    scheme = ObjectiveScheme("mine", ("I", "II", "III"), ("IV", "V", "VI", "VII"), ("casme",))
    turned = clips.set_index(pd.Index([4, 9, 9, 1, 0]))
    assert scheme.assign(turned).equals(scheme.assign(clips))


def test_a_gap_in_a_corpus_that_states_classes_is_not_filled(clips):
    clips.loc[4, "objective_class"] = pd.NA
    with pytest.raises(InputError, match=r"1 of 5 clip\(s\).*samm: samm/s/0.*`computed`"):
        build(read_option("labels", "objective_7")).assign(clips)


def test_no_corpus_that_states_its_classes_is_computed():
    assert not {"casme2", "samm", "casme3"} & set(build(read_option("labels", "objective_7")).computed)
    assert build(read_option("labels", "megc2018")).computed == ()
