"""Folders of clips as people unpack them, and folders and archives that cannot be used."""

import functools
import os
import tarfile
import unicodedata
import zipfile

import pytest
from miniature_corpora import CASME2_ROWS, write_casme2, write_pictures, zip_subject

from mmer.datasets import clip_folders
from mmer.datasets.casme2 import Casme2
from mmer.datasets.clip_folders import Entries, clip_source, corpus_root, frames_folder
from mmer.types.archives import archive_folders
from mmer.types.errors import InputError
from mmer.types.frames import Frames


def read(root, **fields):
    return Casme2(root=str(root), **fields).clips().set_index("clip_id")


def make(root, *folders):
    for folder in folders:
        (root / folder).mkdir(parents=True)
    return root


def tar_subject(folder):
    """Put a subject's folder into a tar beside it, and remove it."""
    with tarfile.open(folder.with_suffix(".tar"), "w") as archive:
        archive.add(folder, folder.name)
    for path in sorted(folder.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    folder.rmdir()


def test_raw_is_preferred_to_cropped_whatever_their_case(tmp_path):
    make(tmp_path, "CROPPED/sub01/a", "casme2_raw_selected/sub01/a")
    assert frames_folder("x", tmp_path, ("CASME2_RAW_selected", "Cropped"), ("sub01",)).name == "casme2_raw_selected"
    assert frames_folder("x", tmp_path, ("Cropped", "CASME2_RAW_selected"), ("sub01",)).name == "CROPPED"


@pytest.mark.parametrize("nested", ["Cropped", "cropped/Cropped", "Cropped/新建文件夹/Cropped-updated"])
def test_a_folder_in_a_folder_is_gone_through(tmp_path, nested):
    make(tmp_path, f"{nested}/sub01/a", "tracks/sub01")
    assert frames_folder("x", tmp_path, ("Cropped",), ("sub01",)) == tmp_path / nested


def test_a_folder_with_two_folders_is_not_gone_through(tmp_path):
    make(tmp_path, "Cropped/first/sub01/a", "Cropped/second/sub01/a")
    with pytest.raises(InputError, match=r"none of Cropped .*sub01.*folders there: Cropped"):
        frames_folder("x", tmp_path, ("Cropped",), ("sub01",))


def test_a_folder_of_tracks_is_not_one_of_frames(tmp_path):
    make(tmp_path, "tracks/sub01")
    with pytest.raises(InputError, match=r"folders there: tracks"):
        frames_folder("x", tmp_path, (".",), ("sub01",))


@pytest.mark.parametrize(
    ("there", "wanted"),
    [
        ("s2/a", "s02/a"),
        ("S002/a", "s2/a"),
        ("spNo.1/b/color", "spNO.1/B/Color"),
        (unicodedata.normalize("NFD", "张é/片é"), unicodedata.normalize("NFC", "张é/片é")),
        ("others/S03-01-002", "others/s03-01-002"),
    ],
)
def test_a_clip_is_found_whatever_its_spelling(tmp_path, there, wanted):
    make(tmp_path, there)
    assert clip_source(tmp_path, [wanted]) == tmp_path / there


def test_two_clips_of_different_padding_are_two_clips(tmp_path):
    make(tmp_path, "sub01/EP01_02")
    assert clip_source(tmp_path, ["sub01/EP01_2"]) == tmp_path / "sub01/EP01_2"
    with pytest.raises(InputError, match="no such folder"):
        Frames.open(clip_source(tmp_path, ["sub01/EP01_2"]))


def test_of_several_places_the_first_that_is_there_is_taken(tmp_path):
    make(tmp_path, "repression/S03-01-002")
    places = ["others/S03-01-002", "repression/S03-01-002", "S03/repression/S03-01-002"]
    assert clip_source(tmp_path, places) == tmp_path / "repression/S03-01-002"
    assert clip_source(tmp_path, places[:1]) == tmp_path / "others/S03-01-002"


def test_names_that_differ_only_in_case_are_not_chosen_between(tmp_path):
    make(tmp_path, "sub01/ep01", "sub01/eP01", "sub01/EP02", "sub01/ep02")
    with pytest.raises(InputError, match="eP01, ep01 differ only in case; keep one"):
        clip_source(tmp_path, ["sub01/EP01"])
    assert clip_source(tmp_path, ["sub01/EP02"]).name == "EP02"


@pytest.mark.parametrize("level", ["subject", "clip"])
def test_any_level_may_be_an_archive(tmp_path, level):
    folder = tmp_path / "sub01" / "EP02_01f"
    write_pictures(folder, 1, 3)
    zip_subject(folder.parent) if level == "subject" else zip_subject_of_pictures(folder)
    assert Frames.open(clip_source(tmp_path, ["sub01/EP02_01f"])).numbers == (1, 2, 3)


def zip_subject_of_pictures(folder):
    with zipfile.ZipFile(folder.with_suffix(".zip"), "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
            path.unlink()
    folder.rmdir()


def test_a_tar_per_subject_serves_as_well(tmp_path):
    root = write_casme2(tmp_path)
    expected = {name: Frames.open(path).digest() for name, path in read(root).frames.items()}
    for subject in ("sub01", "sub02"):
        tar_subject(root / "CASME2_RAW_selected" / subject)
    assert {name: Frames.open(path).digest() for name, path in read(root).frames.items()} == expected


def test_an_archive_below_a_chinese_folder_of_an_old_windows_is_read(tmp_path):
    """Its names are in the code of that system and read as other letters; the name of the clip is plain."""
    write_pictures(tmp_path / "sub01" / "EP02_01f", 1, 3)
    zip_subject(tmp_path / "sub01", "数据".encode("gbk").decode("cp437") + "/")
    assert Frames.open(clip_source(tmp_path, ["sub01/EP02_01f"])).numbers == (1, 2, 3)


def test_a_corpus_below_a_chinese_folder_is_read(tmp_path):
    root = make(tmp_path, "微表情 数据集") / "微表情 数据集"
    assert len(read(write_casme2(root))) == len(CASME2_ROWS)


def test_frames_are_ordered_by_the_number_at_the_end_of_their_name(tmp_path):
    write_pictures(tmp_path / "a", 98, 102, "reg_img{}.png")
    write_pictures(tmp_path / "b", 98, 102, "EP01_12-{:03d}.PNG")
    write_pictures(tmp_path / "c", 17581039, 17581042, "图{}.png")
    for folder, first in (("a", 98), ("b", 98), ("c", 17581039)):
        frames = Frames.open(tmp_path / folder)
        assert frames.numbers == tuple(range(first, first + len(frames.numbers)))


def test_each_folder_is_listed_once(tmp_path, monkeypatch):
    rows = [("01", f"EP02_{number}", None, 1, 2, 3, None, 4, "disgust") for number in range(8)]
    root, listed, real = write_casme2(tmp_path, rows), [], os.scandir
    monkeypatch.setattr(clip_folders.os, "scandir", lambda path: listed.append(str(path)) or real(path))
    read(root)
    for folder in ("CASME2_RAW_selected", "CASME2_RAW_selected/sub01"):
        assert listed.count(str(root / folder)) <= 2  # to choose the folder of frames, and to find the clips


def test_many_clips_in_one_folder_are_found_in_one_listing(tmp_path):
    make(tmp_path, *(f"sub{number:04d}_01" for number in range(300)))
    calls = []
    entries_of = functools.cache(lambda folder: calls.append(folder) or Entries.of(folder))
    for number in range(300):
        assert clip_source(tmp_path, [f"sub{number:04d}_01"], archive_folders, entries_of).is_dir()
    assert calls == [tmp_path]


@pytest.mark.parametrize("denied", [".", "CASME2_RAW_selected", "CASME2_RAW_selected/sub01"])
def test_a_folder_without_permission_is_named(tmp_path, monkeypatch, denied):
    root, real = write_casme2(tmp_path), os.scandir

    def scandir(path):
        if str(path) == str(root / denied):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(clip_folders.os, "scandir", scandir)  # tests may run as a user who may read everything
    with pytest.raises(InputError, match=r"cannot be listed \(Permission denied\); check its permissions") as error:
        read(root)
    assert str(error.value).startswith(str(root / denied))


def test_a_root_that_is_a_file_is_no_folder(tmp_path):
    (tmp_path / "casme2").write_text("x")
    with pytest.raises(InputError, match="there is no folder"):
        corpus_root("casme2", str(tmp_path / "casme2"))


def archived(root, write):
    """Replace subject 1's folder by an archive that ``write`` fills."""
    folder = root / "CASME2_RAW_selected" / "sub01"
    for path in sorted(folder.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    folder.rmdir()
    write(folder)


def not_a_zip(folder):
    folder.with_suffix(".zip").write_text("<html>You need to log in to download this file</html>")


def cut_zip(folder):
    with zipfile.ZipFile(folder.with_suffix(".zip"), "w") as archive:
        archive.writestr("EP02_01f/img46.jpg", bytes(1000))
    data = folder.with_suffix(".zip").read_bytes()
    folder.with_suffix(".zip").write_bytes(data[: len(data) // 2])


def leaving_zip(folder):
    with zipfile.ZipFile(folder.with_suffix(".zip"), "w") as archive:
        archive.writestr("../../EP02_01f/img46.jpg", b"x")


def leaving_tar(folder):
    with tarfile.open(folder.with_suffix(".tar"), "w") as archive:
        member = tarfile.TarInfo("EP02_01f")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc"
        archive.addfile(member)


@pytest.mark.parametrize(
    ("write", "says"),
    [
        (not_a_zip, r"sub01\.zip: not a readable zip archive"),
        (cut_zip, r"sub01\.zip: not a readable zip archive"),
        (leaving_zip, r"sub01\.zip: member '\.\./\.\./EP02_01f/img46\.jpg' is a link or leaves the archive; refused"),
        (leaving_tar, r"sub01\.tar: member 'EP02_01f' is a link or leaves the archive; refused"),
    ],
)
def test_an_archive_that_is_none_or_means_harm_is_refused(tmp_path, write, says):
    root = write_casme2(tmp_path)
    archived(root, write)
    with pytest.raises(InputError, match=says):
        read(root)


def test_two_folders_of_a_clip_in_an_archive_are_not_chosen_between(tmp_path):
    root = write_casme2(tmp_path)

    def write(folder):
        with zipfile.ZipFile(folder.with_suffix(".zip"), "w") as archive:
            for above in ("raw", "cropped"):
                archive.writestr(f"{above}/EP02_01f/img46.jpg", b"x")

    archived(root, write)
    with pytest.raises(InputError, match="cropped/EP02_01f, raw/EP02_01f could all be clip EP02_01f; keep one"):
        read(root)
