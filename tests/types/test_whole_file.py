"""A file is written whole or not at all."""

import pytest

from mmer.types.whole_file import whole_file


def test_a_file_appears_when_it_is_whole(tmp_path):
    path = tmp_path / "deep" / "a.txt"
    with whole_file(path) as partial:
        partial.write_text("one")
        assert not path.exists()
    assert path.read_text() == "one"
    assert [item.name for item in path.parent.iterdir()] == ["a.txt"]


def test_a_failure_leaves_what_was_there(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("before")

    def write():
        with whole_file(path) as partial:
            partial.write_text("half")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write()
    assert path.read_text() == "before"
    assert [item.name for item in tmp_path.iterdir()] == ["a.txt"]
