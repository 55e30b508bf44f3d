"""The parent's side of py-feat: settings, one clip's logic, processes that die or hang. Without py-feat itself."""

import os
import re
import time
import tracemalloc
from pathlib import Path

import cv2
import numpy as np
import pytest

from faces_weights import place
from mmer.faces import Failure, worker_process
from mmer.faces.pyfeat import PyFeat
from mmer.faces.pyfeat_worker import _only_trusted, face_region, read_clip
from mmer.stages.build import build, read_option
from mmer.types.errors import InputError
from mmer.types.face_track import FaceTrack


@pytest.fixture
def hasty(tmp_path, monkeypatch):
    """PyFeat with the stand-in worker; one process unless told otherwise."""
    monkeypatch.setattr(worker_process, "MODULE", "hasty_worker")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    for repo, name in [
        ("pfld", "pfld_model_best.pth.tar"),
        ("mobilenet", "mobilenet_224_model_best_gdconv_external.pth.tar"),
        ("mobilefacenet", "mobilefacenet_model_best.pth.tar"),
    ]:
        place(tmp_path, repo, name).write_bytes(b"x")
    lean = {"landmark_model": "pfld", "au_model": "none", "box": "cascade", "pose": False, "workers": 1}
    return lambda **more: PyFeat(weights=str(tmp_path), **{**lean, **more})


def clips_of(table, *behaviours):
    return table(
        *({"clip_id": f"lab/s1/c{i}", "frames": it, "onset": 0, "offset": 1} for i, it in enumerate(behaviours))
    )


def test_one_process_serves_many_clips(hasty, table):
    results = dict(hasty().extract(clips_of(table, *["good"] * 5)))
    assert len(results) == 5
    assert len({track.provenance["process"] for track in results.values()}) == 1


def test_as_many_processes_as_asked_for(hasty, table):
    results = dict(hasty(workers=2).extract(clips_of(table, *["good"] * 8)))
    assert len(results) == 8
    assert len({track.provenance["process"] for track in results.values()}) <= 2


@pytest.mark.parametrize(("behaviour", "says"), [("die", "SIGKILL .out of memory"), ("exit", "status 3")])
def test_a_clip_that_takes_its_process_with_it_is_the_only_failure(hasty, table, behaviour, says):
    results = dict(hasty().extract(clips_of(table, "good", behaviour, "good")))
    assert [type(results[f"lab/s1/c{i}"]) for i in range(3)] == [FaceTrack, Failure, FaceTrack]
    reason = results["lab/s1/c1"].reason
    assert re.search(says, reason)
    assert "this goes to the log" in reason
    processes = {results[name].provenance["process"] for name in ("lab/s1/c0", "lab/s1/c2")}
    assert len(processes) == 2  # a new one took over


def test_a_hanging_process_is_ended(hasty, table):
    started = time.perf_counter()
    results = dict(hasty(patience=5).extract(clips_of(table, "hang", "good")))
    assert time.perf_counter() - started < 50  # it sleeps for a minute
    assert "no sign of life for 5 s" in results["lab/s1/c0"].reason
    assert isinstance(results["lab/s1/c1"], FaceTrack)


def test_a_bad_clip_is_a_failure_and_the_process_goes_on(hasty, table):
    results = dict(hasty().extract(clips_of(table, "bad", "good")))
    assert results["lab/s1/c0"] == Failure("the video ends or does not decode")
    assert isinstance(results["lab/s1/c1"], FaceTrack)


@pytest.mark.parametrize(
    ("model", "says"), [("mobilenet", "no such network"), ("mobilefacenet", "status 1; it last said: could not import")]
)
def test_a_detector_that_cannot_start_stops_the_run(hasty, table, model, says):
    with pytest.raises(InputError, match=f"could not be started: .*{says}"):
        list(hasty(landmark_model=model).extract(clips_of(table, "good", "good")))


def test_nobody_is_left_when_the_caller_stops_asking(hasty, table):
    results = hasty().extract(clips_of(table, "good", "hang", "good"))
    _, track = next(results)
    results.close()
    with pytest.raises(ProcessLookupError):
        os.kill(int(track.provenance["process"]), 0)


def test_clips_without_what_it_takes(hasty, table):
    clips = table(
        {"clip_id": "lab/s1/c0", "frames": "good", "onset": 0, "offset": 1, "fps": None},
        {"clip_id": "lab/s1/c1", "motion": "flow.npy"},  # nothing to look at
    )
    results = dict(hasty().extract(clips))
    assert list(results) == ["lab/s1/c0"]
    assert "fps" in results["lab/s1/c0"].reason


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"landmark_model": "mobilfacenet"}, "mobilefacenet"),
        ({"box": "retina"}, "retinaface"),
        ({"au_model": "xgboost"}, "xgb"),
        ({"device": "cuda:1"}, "Valid: auto, cpu, cuda"),
        ({"chunk": 0}, "chunk must be at least 1"),
        ({"chunks": 3}, "no key 'chunks'"),
    ],
)
def test_wrong_settings_stop_with_their_name(change, says):
    with pytest.raises(InputError, match=says):
        build({**read_option("faces", "pyfeat"), **change})


def test_about_holds_what_changes_numbers_and_nothing_else(hasty):
    base = hasty().about()
    assert base == hasty(chunk=7, threads=2, workers=3, patience=5).about()
    assert base != hasty(box_every=5).about()
    assert base != hasty(landmark_model="mobilenet").about()
    assert "2.1.5" in base["version"]


# One clip, with stand-ins for the networks.

SETTINGS = {
    **{"box_every": 0, "chunk": 4, "min_score": 0.5, "au_names": (), "au_scale": "none", "gaze": False},
    "about": {"backend": "t"},
}


def still(image):
    return np.array([[16.0, 8.0, 48.0, 40.0, 0.9]])


def brightness(seen):
    """A reader whose landmarks are the brightness of the picture; notes how many pictures it got."""

    def read(pictures, box):
        seen.append(len(pictures))
        values = pictures.reshape(len(pictures), -1).max(1).astype(np.float32)
        return {
            "landmarks": np.tile(values[:, None, None], (1, 68, 2)),
            "action_units": np.zeros((len(pictures), 0)),
            "pose": np.zeros((len(pictures), 3)),
            "gaze": np.tile(values[:, None], (1, 2)),
        }

    return read


def test_gaze_is_kept_where_it_is_asked_for(tmp_path, pictures):
    frames = pictures(tmp_path / "f", range(8, 14), name="img{}.png")
    for wanted in (False, True):
        track = read_clip(job(frames, 9, 13), SETTINGS | {"gaze": wanted}, still, brightness([]), lambda: None)
        if wanted:
            assert track.gaze.tolist() == [[number, number] for number in range(9, 14)]
        else:
            assert track.gaze is None


def job(frames, onset, offset):
    return {"clip_id": "lab/s1/c1", "frames": str(frames), "onset": onset, "offset": offset, "fps": 200.0}


def test_frames_keep_the_corpus_s_numbers_and_their_natural_order(tmp_path, pictures):
    frames = pictures(tmp_path / "f", range(8, 14), name="reg_img{}.png")  # as text, 10 comes before 8
    seen = []
    track = read_clip(job(frames, 9, 13), SETTINGS, still, brightness(seen), lambda: None)
    assert track.frame.tolist() == [9, 10, 11, 12, 13]
    corner = face_region(np.array([16.0, 8, 48, 40]), (48, 64))[0]
    assert (track.landmarks[:, 0, 0] - corner[0]).tolist() == [9, 10, 11, 12, 13]
    np.testing.assert_allclose(track.time, np.arange(5) / 200)
    assert seen == [4, 1]
    assert track.box[0].tolist() == [16, 8, 32, 32]
    assert track.image_size == (48, 64)


def test_faces_below_the_score_are_none(tmp_path, pictures):
    frames = pictures(tmp_path / "f", range(1, 5))
    strict = SETTINGS | {"min_score": 0.95}
    track = read_clip(job(frames, 1, 4), strict, still, brightness([]), lambda: None)
    assert track.coverage == 0
    assert track.frame.tolist() == [1, 2, 3, 4]
    assert track.confidence.tolist() == [0] * 4
    assert np.isnan(track.box).all()


def test_a_frame_that_the_corpus_lacks_has_a_row_without_a_face(tmp_path, pictures):
    frames = pictures(tmp_path / "f", [1, 2, 4])
    track = read_clip(job(frames, 1, 4), SETTINGS, still, brightness([]), lambda: None)
    assert track.frame.tolist() == [1, 2, 3, 4]
    assert track.valid.tolist() == [True, True, False, True]
    assert track.n_faces.tolist() == [1, 1, 0, 1]
    assert np.isnan(track.box[2]).all()


def test_a_missing_onset_or_offset_and_mixed_sizes_are_refused(tmp_path, pictures):
    frames = pictures(tmp_path / "f", [1, 2, 4])
    for onset, offset, message in ((0, 4, "frame 0, 3 of 0..4 is missing, 0 among"), (1, 5, "5 among them")):
        with pytest.raises(InputError, match=message):
            read_clip(job(frames, onset, offset), SETTINGS, still, brightness([]), lambda: None)
    cv2.imwrite(str(frames / "img3.png"), np.zeros((20, 64, 3), np.uint8))
    with pytest.raises(InputError, match=r"frame 3 has \(20, 64\) pixels"):
        read_clip(job(frames, 1, 4), SETTINGS | {"box_every": 3}, still, brightness([]), lambda: None)


def test_memory_does_not_grow_with_the_clip(tmp_path, pictures):
    frames = pictures(tmp_path / "f", range(240), size=(180, 240))

    def peak(length):
        read_clip(job(frames, 0, length - 1), SETTINGS, still, brightness([]), lambda: None)  # caches filled
        tracemalloc.start()
        read_clip(job(frames, 0, length - 1), SETTINGS, still, brightness([]), lambda: None)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    picture = 180 * 240 * 3
    assert peak(240) - peak(24) < 5 * picture  # the numbers themselves grow, by about .7 kB a frame


def test_the_face_region_holds_the_widened_box_and_stays_in_the_picture():
    corner, (down, across) = face_region(np.array([101.0, 51, 201, 151]), (480, 640))
    assert (corner % 2 == 0).all()
    assert corner[0] <= 91 <= 211 <= across.stop
    assert corner[1] <= 41 <= 161 <= down.stop
    corner, (down, across) = face_region(np.array([-5.0, -5, 60, 60]), (50, 50))
    assert (corner.tolist(), down, across) == ([0, 0], slice(0, 50), slice(0, 50))


def test_a_skops_file_may_rebuild_an_au_model_and_nothing_else():
    good = ["feat.au_detectors.StatLearning.SL_test.XGBClassifier", "xgboost.core.Booster", "builtins.bytearray"]
    assert _only_trusted(good, "x.skops") == good
    with pytest.raises(InputError, match=r"x\.skops: would load os\.system"):
        _only_trusted([*good, "os.system"], "x.skops")
    with pytest.raises(InputError, match="sklearnish"):
        _only_trusted(["sklearnish.evil"], "x.skops")
