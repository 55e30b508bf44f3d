"""What every corpus must do, on a small synthetic release in its own layout."""

import csv
import os
import re
from dataclasses import fields
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from mmer.datasets import clip_folders
from mmer.datasets.table import read_table
from mmer.datasets.versions import recognise
from mmer.stages.build import build, read_option, target_class
from mmer.stages.doctor import examine
from mmer.synthetic.release import write_release
from mmer.types.arrays import load_arrays
from mmer.types.clips import COLUMNS, load_clips, save_clips
from mmer.types.errors import InputError
from mmer.types.face_track import FaceTrack
from mmer.types.frames import Frames

SIZE = 48  # pixels; nothing here looks at the faces
UNWRITTEN = ("smic",)  # corpora without an annotation file: their folders are the annotation


@pytest.fixture(scope="module")
def releases(tmp_path_factory):
    """A function (corpus, archives) -> root of a release of 2 subjects with 3 clips each, written once."""
    written: dict[tuple[str, bool], Path] = {}

    def release(corpus, archives=False):
        if (corpus, archives) not in written:
            root = tmp_path_factory.mktemp("release") / corpus
            write_release(corpus, root, subjects=2, clips=3, seed=0, archives=archives, size=SIZE, processes=1)
            written[corpus, archives] = root
        return written[corpus, archives]

    return release


@pytest.fixture
def clips_of(releases):
    def read(corpus, archives=False, **changes):
        return build(read_option("dataset", corpus) | {"root": str(releases(corpus, archives))} | changes).clips()

    return read


def test_the_yaml_is_named_like_its_file_and_module(dataset_name):
    node = read_option("dataset", dataset_name)
    assert node["name"] == dataset_name
    assert target_class(node).__module__ == f"mmer.datasets.{dataset_name}"
    assert {"name", "root", "exclude"} <= {field.name for field in fields(target_class(node))}
    assert node["root"] == f"data/{dataset_name}"


def test_ids_are_unique_and_carry_their_corpus(dataset_name, clips_of):
    clips = clips_of(dataset_name)
    assert len(clips) == 6
    assert clips.clip_id.is_unique
    assert clips.clip_id.is_monotonic_increasing
    assert list(clips.columns) == list(COLUMNS)
    assert set(clips.dataset) == {dataset_name}
    assert clips.subject.nunique() == 2
    for clip in clips.itertuples():
        assert clip.subject.startswith(f"{dataset_name}/")
        assert clip.clip_id.startswith(f"{clip.subject}/")


def test_the_annotation_files_are_named_and_hold_every_clip(dataset_name, releases):
    root = releases(dataset_name)
    dataset = build(read_option("dataset", dataset_name) | {"root": str(root)})
    files = dataset.annotations()
    assert bool(files) == (dataset_name not in UNWRITTEN)
    assert all(path.is_file() and path.is_relative_to(root) for path in files)
    assert len(set(files)) == len(files)


def test_the_name_in_the_yaml_is_the_name_in_the_ids(dataset_name, clips_of):
    clips = clips_of(dataset_name, name="other")
    assert set(clips.dataset) == {"other"}
    assert clips.clip_id.str.startswith("other/").all()


def test_marks_are_in_order_and_their_frames_are_there(dataset_name, clips_of):
    clips = clips_of(dataset_name)
    assert (clips.onset <= clips.apex.fillna(clips.onset)).all()
    assert (clips.apex.fillna(clips.offset) <= clips.offset).all()
    assert (clips.apex.notna() == clips.apex_source.notna()).all()
    assert (clips.fps > 0).all()
    for clip in clips.itertuples():
        assert Frames.open(clip.frames).missing(clip.onset, clip.offset) == []


def test_marks_are_those_that_happened_or_a_message_names_the_clip(dataset_name, clips_of, caplog):
    """A corpus's rows may be wrong, and then somebody is told; only the apex may be missing without a word."""
    clips = clips_of(dataset_name)
    for clip in clips.itertuples():
        _, truth = load_arrays(clip.tracks.replace("/tracks/", "/truth/").replace(".parquet", ".npz"))
        assert truth["clip_id"] == clip.clip_id
        if (clip.onset, clip.offset) != (truth["onset"], truth["offset"]):
            assert clip.clip_id in caplog.text


def test_the_version_of_the_file_is_known(dataset_name, releases):
    root = releases(dataset_name)
    dataset = build(read_option("dataset", dataset_name) | {"root": str(root)})
    versions = getattr(dataset, "versions", ())
    assert len({version.name for version in versions}) == len(versions)
    for path in dataset.annotations()[:1] if versions else ():
        version, found, table = recognise(path.parent, dataset_name, versions)
        assert found == path
        assert version in versions
        assert table.rows


def test_shipped_tracks_belong_to_their_clip(dataset_name, clips_of):
    clips = clips_of(dataset_name)
    assert clips.tracks.notna().all()
    for clip in clips.itertuples():
        track = FaceTrack.load(clip.tracks)
        assert track.clip_id == clip.clip_id
        assert track.frame.tolist() == list(range(clip.onset, clip.offset + 1))


def test_the_same_table_twice_and_through_a_file(dataset_name, clips_of, tmp_path):
    clips = clips_of(dataset_name)
    pd.testing.assert_frame_equal(clips_of(dataset_name), clips)
    save_clips(clips, tmp_path / "clips.parquet")
    pd.testing.assert_frame_equal(load_clips(tmp_path / "clips.parquet"), clips)


def test_archives_hold_what_folders_hold(dataset_name, clips_of):
    clips, packed = clips_of(dataset_name), clips_of(dataset_name, archives=True)
    paths = ["frames", "tracks"]
    pd.testing.assert_frame_equal(packed.drop(columns=paths), clips.drop(columns=paths))
    for one, other in zip(clips.frames, packed.frames, strict=True):
        assert Frames.open(one).digest() == Frames.open(other).digest()


def test_the_order_of_the_rows_does_not_matter(dataset_name, releases, clips_of):
    expected = clips_of(dataset_name)
    changed = 0
    dataset = build(read_option("dataset", dataset_name) | {"root": str(releases(dataset_name))})
    for path in dataset.annotations():
        original = path.read_bytes()
        if path.suffix == ".xlsx":
            turn_workbook(path)
        elif path.suffix == ".csv":
            header, *lines = path.read_text().splitlines()
            path.write_text("\n".join([header, *lines[::-1]]))
        else:
            continue
        try:
            pd.testing.assert_frame_equal(clips_of(dataset_name), expected)
        finally:
            path.write_bytes(original)
        changed += 1
    assert bool(changed) == (dataset_name not in UNWRITTEN)


def turn_workbook(path):
    """Turn the last six rows of the first sheet upside down."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    first = len(cells) - 6
    for number, values in enumerate(cells[:first] + cells[first:][::-1], 1):
        for column, value in enumerate(values, 1):
            sheet.cell(number, column).value = value
    book.save(path)


def test_an_excluded_clip_is_gone_and_nothing_else(dataset_name, clips_of):
    clips = clips_of(dataset_name)
    rest = clips_of(dataset_name, exclude=[clips.clip_id[2]])
    pd.testing.assert_frame_equal(rest, clips.drop(index=2).reset_index(drop=True))


def test_an_erratum_of_another_file_changes_nothing(dataset_name, clips_of):
    node = read_option("dataset", dataset_name)
    if "errata" not in {field.name for field in fields(target_class(node))} or dataset_name in UNWRITTEN:
        return
    clips = clips_of(dataset_name)
    erratum = {"clip_id": clips.clip_id[0], "column": "onset", "was": "987654", "now": "1", "source": "nobody"}
    pd.testing.assert_frame_equal(clips_of(dataset_name, errata=[erratum]), clips)
    with pytest.raises(InputError, match="an erratum has no key 'cell'"):
        clips_of(dataset_name, errata=[erratum | {"cell": "A1"}])


@pytest.mark.parametrize("damage", ["cut", "page", "empty"])
def test_a_damaged_annotation_file_is_named(dataset_name, releases, clips_of, damage):
    dataset = build(read_option("dataset", dataset_name) | {"root": str(releases(dataset_name))})
    for path in dataset.annotations()[:1]:
        data = path.read_bytes()
        path.write_bytes({"cut": data[: len(data) // 2], "page": b"<html>Please log in</html>", "empty": b""}[damage])
        try:
            if damage == "cut" and path.suffix == ".csv":
                continue  # half a csv file may be a good one
            with pytest.raises(InputError, match=path.name.translate({ord(sign): "." for sign in "()^[]+"})):
                clips_of(dataset_name)
        finally:
            path.write_bytes(data)


def test_the_doctor_names_every_bad_row(dataset_name, releases):
    """Reading stops at the first bad cell; somebody who asks what is wrong hears of all of them."""
    if dataset_name in UNWRITTEN:
        return
    root = releases(dataset_name)
    dataset = build(read_option("dataset", dataset_name) | {"root": str(root)})
    path = dataset.annotations()[0]
    before = path.read_bytes()
    broken = break_cells(path, dataset)
    try:
        found = [one for one in examine(root, (), dataset_name, False).findings if one.kind == "row"]
        items = [item for one in found for item in one.items]
        assert len(items) == len(broken) == 2
        for place, item in zip(broken, sorted(items), strict=True):
            assert f"{place} is 'soon'" in item
        with pytest.raises(InputError, match="is 'soon'"):
            dataset.clips()
    finally:
        path.write_bytes(before)


def break_cells(path, dataset):
    """Write a word into the offsets of two rows, and say where."""
    if path.suffix == ".csv":
        table = read_table(path, "", {"clip": "clip", "offset": "offset"}, header_on_top=True)
        with path.open(newline="") as file:
            lines = list(csv.reader(file))
        rows = table.rows[1:5:3]
        for row in rows:
            lines[row.number - 1][lines[0].index("offset")] = "soon"
        with path.open("w", newline="") as file:
            csv.writer(file).writerows(lines)
        return sorted(row.place("offset") for row in rows)
    _, _, table = recognise(path.parent, dataset.name, dataset.versions)
    # Macro-expressions stand in some of the files too, and are not read.
    ids = [row for row in table.rows if "macro" not in row.text("kind", False) + row.text("expression", False)]
    rows = ids[1], ids[4]
    book = openpyxl.load_workbook(path)
    name = next(name for name in book.sheetnames if f"sheet {name}, " in rows[0].place("offset"))
    for row in rows:
        book[name][re.search(r"cell ([A-Z]+\d+)", row.place("offset"))[1]].value = "soon"
    book.save(path)
    return sorted(row.place("offset") for row in rows)


def test_a_folder_without_permission_is_named(dataset_name, releases, clips_of, monkeypatch):
    root, real = releases(dataset_name), os.scandir

    def scandir(path):
        if os.path.abspath(path) == os.path.abspath(root):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    if dataset_name == "manifest":
        return  # its csv says where everything is, and no folder is searched
    monkeypatch.setattr(clip_folders.os, "scandir", scandir)
    with pytest.raises(InputError, match=r"cannot be listed \(Permission denied\)"):
        clips_of(dataset_name)


def test_a_missing_folder_stops(dataset_name, tmp_path):
    with pytest.raises(InputError, match=f"dataset {dataset_name}: there is no folder"):
        build(read_option("dataset", dataset_name) | {"root": str(tmp_path / "nowhere")}).clips()


def test_a_misspelt_key_stops(dataset_name):
    with pytest.raises(InputError, match="did you mean 'exclude'"):
        build(read_option("dataset", dataset_name) | {"exclud": []})
