"""Releases read back with other libraries: the layouts, the quirks, and the same bytes every time."""

import csv
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from openpyxl import load_workbook

from mmer.synthetic.release import LAYOUTS, write_release
from mmer.types.arrays import load_arrays
from mmer.types.errors import InputError
from mmer.types.face_track import FaceTrack
from mmer.types.frames import Frames

TINY = {"subjects": 2, "clips": 2, "seed": 0, "size": 64}


@pytest.fixture(scope="module")
def releases(tmp_path_factory):
    base = tmp_path_factory.mktemp("releases")
    return {name: write_release(name, base / name, **TINY, processes=1) for name in sorted(LAYOUTS)}


@pytest.fixture(scope="module")
def archived(tmp_path_factory):
    base = tmp_path_factory.mktemp("archived")
    return {name: write_release(name, base / name, **TINY, processes=1, archives=True) for name in ("casme2", "samm")}


def content(root):
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(Path(root).rglob("*")) if path.is_file()
    }


def sheet(release, file, title):
    book = load_workbook(Path(release["out"]) / file)
    return [[cell.value for cell in row] for row in book[title].iter_rows()], book


def test_casme2_workbook(releases):
    rows, book = sheet(releases["casme2"], "CASME2-coding-20140508.xlsx", "Sheet1")
    assert book.sheetnames == ["Sheet1", "Sheet2", "Sheet3"]
    assert book["Sheet2"].dimensions == "A1:A1"
    assert rows[0] == [
        *("Subject", "Filename", None, "OnsetFrame", "ApexFrame", "OffsetFrame", None),
        *("Action Units", "Estimated Emotion"),
    ]
    assert [row[0] for row in rows[1:]] == ["01", "01", "02", "02"]
    for row in rows[1:]:
        assert isinstance(row[3], int)
        assert isinstance(row[5], int)
        assert row[2] is row[6] is None
        assert row[3] > 1
        assert row[8] == row[8].lower()
        assert row[1].startswith("EP")
    assert rows[2][4] == "/"
    assert rows[3][7] == "?"
    assert isinstance(rows[1][4], int)


def test_casme2_action_units_are_number_and_text_cells(tmp_path):
    release = write_release("casme2", tmp_path / "c", 4, 5, 0, size=48, processes=1)
    rows, _ = sheet(release, "CASME2-coding-20140508.xlsx", "Sheet1")
    units = [row[7] for row in rows[1:]]
    assert {type(unit) for unit in units} == {int, str}
    assert any("+" in str(unit) for unit in units)
    assert sum(row[3] == row[4] for row in rows[1:]) == 1  # one apex at onset, as the real file has some
    assert len({row[8] for row in rows[1:]}) >= 4
    assert len({(row[0], row[1]) for row in rows[1:]}) == 20


def test_casme2_frames(releases):
    rows, _ = sheet(releases["casme2"], "CASME2-coding-20140508.xlsx", "Sheet1")
    root = Path(releases["casme2"]["out"])
    for row in rows[1:]:
        folder = root / "CASME2_RAW_selected" / f"sub{row[0]}" / row[1]
        names = {path.name for path in folder.iterdir()}
        assert names == {f"img{number}.jpg" for number in range(row[3], row[5] + 1)}
        image = cv2.imread(str(folder / f"img{row[3]}.jpg"), cv2.IMREAD_UNCHANGED)
        assert image.shape == (64, 64, 3)
        track = FaceTrack.load(root / "tracks" / f"sub{row[0]}" / f"{row[1]}.parquet")
        assert track.clip_id == f"casme2/sub{row[0]}/{row[1]}"
        assert track.frame.tolist() == list(range(row[3], row[5] + 1))
        assert track.image_size == (64, 64)


def test_samm_workbook(releases):
    rows, book = sheet(releases["samm"], "SAMM_Micro_FACS_Codes_v2.xlsx", "MICRO_ONLY")
    assert book.sheetnames == ["MICRO_ONLY"]
    assert rows[13] == [
        *("Subject", "Filename", "Inducement Code", "Onset Frame", "Apex Frame", "Offset Frame", "Duration"),
        *("Micro", "Action Units", "Estimated Emotion", "Objective Classes", "Notes"),
    ]
    assert all(row[0] != "Subject" for row in rows[:13])
    for row in rows[14:]:
        assert row[0] in ("006", "007")
        subject, inducement, _ = row[1].split("_")
        assert (subject, int(inducement)) == (row[0], row[2])
        assert row[6] == row[5] - row[3] + 1
        assert row[3] < row[4] < row[5]
        assert row[7] == "Micro - 1/2"
        assert row[9] == row[9].capitalize()
        assert row[10] in ("I", "II", "III", "IV", "V", "VI", "VII")


def test_samm_frames_are_grey_and_padded_differently(tmp_path):
    release = write_release("samm", tmp_path / "s", 2, 6, 0, size=48, processes=1)
    rows, _ = sheet(release, "SAMM_Micro_FACS_Codes_v2.xlsx", "MICRO_ONLY")
    lengths = set()
    for row in rows[14:]:
        folder = tmp_path / "s" / row[0] / row[1]
        frames = Frames.open(folder)
        assert frames.numbers == tuple(range(row[3], row[5] + 1))
        assert cv2.imread(str(folder / frames.names[0]), cv2.IMREAD_UNCHANGED).ndim == 2
        assert all(name.startswith(f"{row[0]}_") for name in frames.names)
        digits = frames.names[0].removesuffix(".jpg").split("_")[1]
        lengths.add(("padded" if digits.startswith("0") else "plain", len(digits)))
    assert {kind for kind, _ in lengths} == {"padded", "plain"}


def test_archives_hold_the_same_pictures(releases, archived):
    for name, place in (("casme2", "CASME2_RAW_selected/sub01"), ("samm", "006")):
        root = Path(archived[name]["out"])
        assert not (root / place).exists()
        with zipfile.ZipFile(root / f"{place}.zip") as file:
            assert {item.compress_type for item in file.infolist()} == {zipfile.ZIP_STORED}
            assert {item.date_time for item in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            packed = {item: file.read(item) for item in file.namelist()}
        assert packed == content(Path(releases[name]["out"]) / place)
        loose, small = content(releases[name]["out"]), content(root)
        same = [path for path in loose if path.startswith("tracks/") or path.endswith(".xlsx")]
        assert all(small[path] == loose[path] for path in same)


def test_manifest(releases):
    root = Path(releases["manifest"]["out"])
    with (root / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        *("clip", "subject", "emotion", "video", "onset", "apex", "offset", "fps", "action_units", "tracks"),
        *("culture", "sex", "age"),
    ]
    for row in rows:
        onset, apex, offset = (int(row[name]) for name in ("onset", "apex", "offset"))
        video = Frames.open(root / row["video"])
        assert 0 == video.numbers[0] < onset < apex < offset < video.numbers[-1]
        assert video.read(onset).shape == (64, 64, 3)
        capture = cv2.VideoCapture(str(root / row["video"]))
        assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(float(row["fps"]))
        capture.release()
        track = FaceTrack.load(root / row["tracks"])
        assert track.clip_id == f"manifest/{row['subject']}/{row['clip']}"
        assert (track.frame[0], track.frame[-1]) == (onset, offset)
        assert all(unit.startswith("AU") and len(unit) == 4 for unit in row["action_units"].split("+"))
    assert len({row["clip"] for row in rows}) == len(rows) == 4


def test_another_name_for_a_manifest_changes_only_the_ids(releases, tmp_path):
    write_release("manifest", tmp_path / "lab", **TINY, processes=1, name="ourlab")
    here, there = content(tmp_path / "lab"), content(releases["manifest"]["out"])
    assert here["videos/p01_c01.mp4"] == there["videos/p01_c01.mp4"]
    assert here["manifest.csv"] == there["manifest.csv"]
    assert FaceTrack.load(tmp_path / "lab/tracks/p01_c01.parquet").clip_id == "ourlab/p01/p01_c01"


def test_truth_lies_apart(releases, archived):
    rows, _ = sheet(releases["casme2"], "CASME2-coding-20140508.xlsx", "Sheet1")
    for release, small in ((releases["casme2"], False), (archived["casme2"], True)):
        arrays, about = load_arrays(Path(release["out"]) / "truth" / "sub01" / f"{rows[1][1]}.npz")
        assert (about["onset"], about["offset"]) == (rows[1][3], rows[1][5])
        assert abs(about["apex"] - rows[1][4]) <= 1
        assert about["emotion"] == rows[1][8]
        assert arrays["landmarks"].shape == (about["offset"] - about["onset"] + 1, 68, 2)
        assert ("flow" in arrays) is not small
        assert arrays["landmarks"].dtype == (np.float16 if small else np.float32)


def test_same_bytes_whatever_the_number_of_processes(releases, tmp_path):
    seen = []

    def progress(results, total):
        for result in results:
            seen.append(total)
            yield result

    again = write_release("casme2", tmp_path / "again", **TINY, processes=2, progress=progress)
    assert content(again["out"]) == content(releases["casme2"]["out"])
    assert {**again, "out": ""} == {**releases["casme2"], "out": ""}
    assert seen == [2, 2]
    once_more = write_release("manifest", tmp_path / "videos", **TINY, processes=1)
    assert content(once_more["out"]) == content(releases["manifest"]["out"])


def test_a_clip_does_not_depend_on_how_many_others_there_are(releases, tmp_path):
    one = write_release("samm", tmp_path / "one", 1, 1, 0, size=64, processes=1)
    few, many = content(one["out"]), content(releases["samm"]["out"])
    assert all(many[path] == data for path, data in few.items() if not path.endswith(".xlsx"))


def test_summary(releases):
    for name, release in releases.items():
        assert release["corpus"] == name
        assert release["clips"] == 4 == sum(release["emotions"].values())
        assert release["subjects"] == 2
        assert release["bytes"] == sum(map(len, content(release["out"]).values()))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"corpus": "casme_2"}, "did you mean 'casme2'"),
        ({"preset": "defautl"}, "did you mean 'default'"),
        ({"subjects": 0}, "subjects must be at least 1"),
        ({"clips": -1}, "clips must be at least 1"),
        ({"processes": 0}, "processes must be at least 1"),
        ({"size": 10}, "size must be 48"),
        ({"name": "a/b"}, "may hold no '/'"),
    ],
)
def test_refusals_leave_nothing_behind(tmp_path, change, message):
    with pytest.raises(InputError, match=message):
        write_release(**{"corpus": "casme2", "out": tmp_path / "out", **TINY, **change})
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_in_it_is_refused_and_kept(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(InputError, match="not an empty folder"):
        write_release("casme2", tmp_path, **TINY)
    with pytest.raises(InputError, match="not an empty folder"):
        write_release("casme2", tmp_path / "mine.txt", **TINY)
    assert (tmp_path / "mine.txt").read_text() == "keep"


def test_a_stopped_release_leaves_nothing_behind(tmp_path):
    def stop(results, total):
        yield next(iter(results))
        raise KeyboardInterrupt

    (tmp_path / "out").mkdir()
    with pytest.raises(KeyboardInterrupt):
        write_release("casme2", tmp_path / "out", **TINY, processes=1, progress=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert list((tmp_path / "out").iterdir()) == []
