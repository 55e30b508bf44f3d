"""A fold that leaks cannot be made."""

import pytest

from fakes import clips_table
from mmer.types.errors import InputError
from mmer.types.split import Split

GOOD = {
    "fold": "casme2/sub02",
    "train": ("casme2/sub01/a", "casme2/sub01/b"),
    "test": ("casme2/sub02/a",),
    "train_subjects": ("casme2/sub01",),
    "test_subjects": ("casme2/sub02",),
}


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"test": ("casme2/sub02/a", "casme2/sub01/b")}, "both train and test: casme2/sub01/b"),
        ({"test_subjects": ("casme2/sub02", "casme2/sub01")}, r"1 subject\(s\) are in both .*: casme2/sub01"),
        ({"train": ()}, "no train clip"),
        ({"test": ()}, "no test clip"),
        ({"train": ("casme2/sub01/a", "casme2/sub01/a")}, "named twice"),
        ({"test_subjects": ()}, "test subjects are not named"),
    ],
)
def test_refused(change, word):
    with pytest.raises(InputError, match=word) as error:
        Split(**{**GOOD, **change})
    assert "casme2/sub02" in str(error.value)  # the fold is named


def test_person_dependent_folds_may_share_subjects_but_no_clip():
    shared = {**GOOD, "test_subjects": ("casme2/sub01",), "person_independent": False}
    assert Split(**shared).test_subjects == ("casme2/sub01",)
    with pytest.raises(InputError, match="clip"):
        Split(**{**shared, "test": GOOD["train"]})


def test_made_from_tables_in_any_order():
    clips = clips_table(("casme2",))
    out = clips.subject == "casme2/sub02"
    split = Split.of("casme2/sub02", clips[~out], clips[out])
    assert split == Split.of("casme2/sub02", clips[~out].iloc[::-1], clips[out].iloc[::-1])
    assert split.train_subjects == ("casme2/sub01", "casme2/sub03")
    assert len(split.train) == 6
    with pytest.raises(InputError, match="both"):
        Split.of("all", clips, clips[out])
