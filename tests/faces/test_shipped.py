"""Tracks that come with a dataset."""

import numpy as np
import pytest

from mmer.faces import Failure
from mmer.faces.shipped import Shipped
from mmer.types.face_track import FaceTrack


@pytest.fixture
def shipped(tmp_path):
    """A track of frames 40..59 on disk."""

    def make(clip_id="lab/s1/c1", name="c1.parquet"):
        length = 20
        FaceTrack(
            clip_id=clip_id,
            frame=np.arange(40, 60),
            time=np.arange(length) / 7,
            landmarks=np.zeros((length, 68, 2), np.float32) + np.arange(40, 60)[:, None, None],
            action_units=np.zeros((length, 0), np.float32),
            au_names=(),
            au_scale="none",
            box=np.zeros((length, 4), np.float32),
            confidence=np.ones(length, np.float32),
            n_faces=np.ones(length, np.int16),
            pose=np.zeros((length, 3), np.float32),
            image_size=(48, 64),
            provenance={"backend": "imitated detector"},
        ).save(tmp_path / name)
        return tmp_path / name

    return make


def only(clips):
    (result,) = Shipped().extract(clips)
    return result


def clip(**changes):
    return {"clip_id": "lab/s1/c1", "frames": "frames", "onset": 45, "offset": 50} | changes


def test_the_clip_s_frames_are_cut_out_and_timed_from_its_onset(shipped, table):
    name, track = only(table(clip(tracks=shipped())))
    assert name == "lab/s1/c1"
    assert track.frame.tolist() == list(range(45, 51))
    assert track.landmarks[:, 0, 0].tolist() == list(range(45, 51))
    np.testing.assert_allclose(track.time, np.arange(6) / 100)  # the table's fps, not the file's
    assert track.provenance["backend"] == "imitated detector"


def test_a_clip_without_a_track_is_not_yielded(shipped, table):
    clips = table(clip(tracks=shipped()), clip(clip_id="lab/s1/c2", tracks=None))
    assert [name for name, _ in Shipped().extract(clips)] == ["lab/s1/c1"]


def test_a_clip_without_frame_numbers_keeps_its_whole_track(shipped, table):
    clips = table({"clip_id": "lab/s1/c1", "motion": "m.npy", "tracks": shipped(), "fps": None})
    assert len(only(clips)[1].frame) == 20


def test_failures_name_the_file_and_the_others_go_on(shipped, table, tmp_path):
    (tmp_path / "broken.parquet").write_bytes(b"no parquet")
    clips = table(
        clip(clip_id="lab/s1/c0", tracks=shipped()),  # another clip's track
        clip(clip_id="lab/s1/c1", tracks=shipped()),
        clip(clip_id="lab/s1/c2", tracks=tmp_path / "absent.parquet"),
        clip(clip_id="lab/s1/c3", tracks=tmp_path / "broken.parquet"),
        clip(clip_id="lab/s1/c4", tracks=shipped("lab/s1/c4", "c4.parquet"), onset=38, offset=61),
    )
    results = dict(Shipped().extract(clips))
    assert isinstance(results.pop("lab/s1/c1"), FaceTrack)
    says = {
        "lab/s1/c0": "track of 'lab/s1/c1', the clips table wants 'lab/s1/c0'",
        "lab/s1/c2": "absent.parquet",
        "lab/s1/c3": "broken.parquet: not a readable parquet file",
        "lab/s1/c4": "frame 38, 39, 60, 61 of 38..61 is not in it; it has 40..59 (20 frames)",
    }
    assert set(results) == set(says)
    for name, failure in results.items():
        assert isinstance(failure, Failure)
        assert says[name] in failure.reason
