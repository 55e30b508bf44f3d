"""How nouns show themselves in a notebook: small, and escaped."""

from mmer.types.fingerprint import Fingerprint
from mmer.types.split import Split
from mmer.types.view import MOST_LETTERS, MOST_ROWS, facts, number, table

HOSTILE = '<script>alert("x")</script>'


def test_everything_is_escaped():
    for view in (facts(HOSTILE, {HOSTILE: HOSTILE}), table(HOSTILE, [HOSTILE], [[HOSTILE]], 1)):
        assert "<script" not in view
        assert view.count("&lt;script&gt;") == 3


def test_nothing_grows_with_the_data():
    long = table("many", ["word"], (["x" * 1000] for _ in range(1000)), 1000)
    assert long.count("<tr") == MOST_ROWS + 2
    assert "x" * (MOST_LETTERS + 1) not in long
    assert f"and {1000 - MOST_ROWS} more rows" in long
    assert "absent" not in facts("some", {"absent": None, "there": 0})
    assert [number(1, "clip"), number(2, "clip"), number(2, "box", "boxes")] == ["1 clip", "2 clips", "2 boxes"]


def test_a_fingerprint_shows_itself():
    numbers = dict.fromkeys(("clips", "subjects", "folds", "repeats", "excluded"), 1)
    node = {"_target_": "lab.mine.Mine", "_code_": "abc", "name": "mine", "k": 3}
    words = dict.fromkeys(("device", "precision", "splits", "config", "code"), HOSTILE)
    made = Fingerprint("x", node, {"name": "y"}, {"a": 1}, {}, **numbers, seeds=[0], **words, versions={})
    assert "<script" not in made._repr_html_()
    assert "protocol mine (k 3)" in made.line()  # what names the code is no setting


def test_a_fold_shows_who_is_on_which_side():
    split = Split("s1", ("s2/a", "s2/b"), ("s1/a",), ("s2",), ("s1",))
    assert "2 clips of s2" in split._repr_html_()
    assert "1 clip of s1" in split._repr_html_()
