"""The tracks stage: finished work is kept, failures are named, nothing is done twice."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from mmer.__main__ import main
from mmer.faces import Failure
from mmer.faces.openface_csv import OpenfaceCsv
from mmer.faces.shipped import Shipped
from mmer.stages.build import read_option
from mmer.stages.executor import executor
from mmer.stages.track_cache import TrackCache
from mmer.synthetic.release import write_release
from mmer.types.clips import load_clips
from mmer.types.face_track import FaceTrack

REPOSITORY = Path(__file__).resolve().parents[2]
CALLS: list[list[str]] = []
BROKEN: set[str] = set()


@dataclass(frozen=True)
class Counting:
    """A backend that counts what it is asked for, and fails where it is told to."""

    reads = ("onset", "offset")
    name: str = "counting"
    level: int = 0

    def missing(self):
        return []

    def about(self):
        return {"backend": "counting", "level": str(self.level)}

    def sources(self, clip):
        return []

    def extract(self, clips):
        CALLS.append(list(clips.clip_id))
        for _, clip in clips.iterrows():
            if clip.clip_id in BROKEN:
                yield clip.clip_id, Failure("the camera fell over")
            else:
                yield clip.clip_id, _track(clip)


def _track(clip):
    frame = np.arange(clip.onset, clip.offset + 1)
    n = len(frame)
    return FaceTrack(
        clip_id=clip.clip_id,
        frame=frame,
        time=(frame - clip.onset) / clip.fps,
        landmarks=np.ones((n, 68, 2), np.float32),
        action_units=np.zeros((n, 0), np.float32),
        au_names=(),
        au_scale="none",
        box=np.zeros((n, 4), np.float32),
        confidence=np.ones(n, np.float32),
        n_faces=np.ones(n, np.int16),
        pose=np.full((n, 3), np.nan, np.float32),
        image_size=(64, 64),
        provenance={"backend": "counting"},
    )


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_release("casme2", Path("data/casme2"), subjects=2, clips=2, seed=1, size=64, processes=1)
    CALLS.clear()
    BROKEN.clear()
    monkeypatch.setattr("mmer.stages.tracks.build", lambda node: Counting(level=node["level"]))
    configure(0)
    assert main(["clips", "casme2"]) == 0
    return load_clips("artifacts/clips/casme2.parquet")


def configure(level):
    root = {"_target_": "mmer.datasets.casme2.Casme2", "name": "casme2", "root": "data/casme2"}
    faces = {"_target_": "mmer.faces.shipped.Shipped", "name": "counting", "level": level}
    Path("artifacts").mkdir(exist_ok=True)
    Path("artifacts/config.yaml").write_text(
        yaml.safe_dump({"datasets": {"casme2": {"dataset": root, "faces": faces}}})
    )


def test_every_clip_has_its_parquet(workspace):
    assert main(["tracks", "casme2"]) == 0
    for clip_id in workspace.clip_id:
        track = FaceTrack.load(f"artifacts/tracks/{clip_id}.parquet")
        assert track.clip_id == clip_id


def test_a_failure_is_named_the_rest_is_kept_and_only_it_is_tried_again(workspace, capsys):
    bad = workspace.clip_id[1]
    BROKEN.add(bad)
    assert main(["tracks", "casme2"]) == 2
    said = capsys.readouterr().err
    assert f"{bad}: the camera fell over" in said
    assert "1 of 4" in said
    assert not Path("artifacts/tracks").exists()
    record = json.loads(Path(f".mmer/failures/tracks/casme2/{bad}.error.json").read_text())
    assert record == {"clip_id": bad, "reason": "the camera fell over"}
    BROKEN.clear()
    assert main(["tracks", "casme2"]) == 0
    assert [list(workspace.clip_id), [bad]] == CALLS
    assert not list(Path(".mmer/failures/tracks/casme2").rglob("*.json"))


def test_nothing_is_done_twice_until_something_it_depends_on_changes(workspace):
    for _ in range(2):
        assert main(["tracks", "casme2"]) == 0
    assert CALLS[1] == []
    configure(1)  # another setting of the backend
    assert main(["tracks", "casme2"]) == 0
    assert CALLS[2] == list(workspace.clip_id)
    picture = sorted(Path(workspace.frames[0]).iterdir())[0]
    picture.write_bytes(picture.read_bytes() + b"\0")
    assert main(["tracks", "casme2"]) == 0
    assert CALLS[3] == [workspace.clip_id[0]]


def test_a_kill_loses_at_most_the_clip_at_hand(workspace, monkeypatch):
    class Killed(BaseException):
        pass

    def extract(self, clips):
        for number, (_, clip) in enumerate(clips.iterrows()):
            if number == 2:
                raise Killed
            yield clip.clip_id, _track(clip)

    with monkeypatch.context() as patch:
        patch.setattr(Counting, "extract", extract)
        with pytest.raises(Killed):
            main(["tracks", "casme2"])
    assert main(["tracks", "casme2"]) == 0
    assert [list(workspace.clip_id[2:])] == CALLS


@pytest.mark.parametrize("path", ["data/casme2/openface/{subject}/{clip}.csv", ""])
def test_another_csv_is_another_track(workspace, path):
    clip = workspace.iloc[0].copy()
    csv = Path("data/casme2/openface") / clip.clip_id.split("/", 1)[1]
    csv = csv.with_name(f"{csv.name}.csv")
    csv.parent.mkdir(parents=True)
    clip["tracks"] = str(csv)

    def key(text):
        csv.write_text(text)
        section = {"_target_": "mmer.faces.openface_csv.OpenfaceCsv", "path": path}
        return TrackCache(section, OpenfaceCsv(path=path)).key(clip)

    first = key("frame, x_0")
    assert key("frame, x_1") != first
    assert key("frame, x_0") == first


def test_another_picture_before_the_clip_shifts_the_rows_of_openface(workspace):
    clip = workspace.iloc[0]
    cache = TrackCache({"_target_": "mmer.faces.openface_csv.OpenfaceCsv"}, OpenfaceCsv())
    before = cache.key(clip)
    first = Path(clip.frames) / f"img{clip.onset}.jpg"
    first.with_name(f"img{clip.onset - 1}.jpg").write_bytes(first.read_bytes())
    assert cache.key(clip) != before


def test_a_clip_that_brings_its_motion_may_lack_onset_and_offset(workspace):
    clip = workspace.iloc[0].copy()
    clip["onset"] = clip["offset"] = pd.NA
    assert len(TrackCache({"_target_": "mmer.faces.shipped.Shipped"}, Shipped()).key(clip)) == 64


@pytest.mark.all  # a worker imports torch
def test_another_machine_leaves_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_release("casme2", Path("data/casme2"), subjects=5, clips=2, seed=1, size=64, processes=1)
    configure(0)
    Path("conf").symlink_to(REPOSITORY / "conf")
    config = Path("artifacts/config.yaml")
    section = yaml.safe_load(config.read_text())
    section["datasets"]["casme2"]["faces"] = read_option("faces", "shipped", REPOSITORY / "conf")
    config.write_text(yaml.safe_dump(section))
    assert main(["clips", "casme2"]) == 0
    left = []
    for where in ("serial", "{name: dask_local, processes: 1}"):
        monkeypatch.setenv("MMER_EXECUTOR", where)
        shutil.rmtree(".mmer", ignore_errors=True)
        assert main(["tracks", "casme2"]) == 0
        left.append({path: path.read_bytes() for path in sorted(Path("artifacts/tracks").rglob("*.parquet"))})
        shutil.rmtree("artifacts/tracks")
    executor().close()
    assert len(left[0]) == 10  # more than one item of work
    assert left[1] == left[0]
