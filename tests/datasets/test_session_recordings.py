"""Whose recording a file is, by the names of files and folders."""

import pytest

from mmer.datasets.session_recordings import find_recordings
from mmer.types.errors import InputError


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def test_a_file_or_its_folder_is_called_after_the_person(tmp_path):
    touch(tmp_path, "anna.CDT", "anna.cdt.dpa", "Bo/day 1/Acquisition 03.cdt", "Bo/day 1/Acquisition 03.cdt.dpa")
    touch(tmp_path, "Bodo.cdt", "notes.txt", "Cy/photo.png")
    found = find_recordings("mmme", tmp_path, ["Anna", "Bo", "Cy"])
    assert found == {
        "Anna": (tmp_path / "anna.CDT").as_posix(),
        "Bo": (tmp_path / "Bo/day 1/Acquisition 03.cdt").as_posix(),
    }


def test_no_folder_no_recordings(tmp_path):
    assert find_recordings("mmme", tmp_path / "eeg", ["Anna"]) == {}


def test_two_recordings_of_one_person_stop(tmp_path):
    touch(tmp_path, "Anna.cdt", "Anna/second.edf")
    with pytest.raises(InputError, match=r"2 recordings of Anna lie below .*Anna.cdt, .*second.edf; keep one"):
        find_recordings("mmme", tmp_path, ["Anna"])
