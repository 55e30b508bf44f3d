"""Faces over time: the stream ``video``, and what nodes see of pictures and of motion at several moments."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from moving_faces import clip_row, still_motion, template_landmarks, track_of

from mmer.graphs.nodes.eyebrow_mouth import EyebrowMouth
from mmer.motion.optical_flow import OpticalFlow
from mmer.motion.precomputed import Precomputed
from mmer.stages.clip_pictures import ClipPictures
from mmer.stages.experiment import load_experiment
from mmer.stages.model_traits import ModelTraits
from mmer.stages.select import experiment_samples
from mmer.stages.video_samples import video_samples
from mmer.synthetic.release import write_release
from mmer.types.errors import InputError
from mmer.types.motion import Motion
from workspace import Workspace

# stream ---------------------------------------------------------------------------------------------------------------

MODEL = {"name": "eyes", "frames": 3, "size": 4}


def kept(t=3, size=4, name="c/a", seed=0):
    video = np.random.default_rng(seed).integers(0, 256, (t, size, size)).astype(np.uint8)
    return replace(still_motion(clip_id=name), video=video, moments=np.linspace(5, 25, t))


def stream(motion, **more):
    (samples,) = video_samples({"lab": Motion.stack([motion], {"c/z": "no face"})}, MODEL | more)
    assert samples.excluded == {"c/z": "no face"}
    assert samples.present["video"].all()
    assert samples.streams["video"].dtype == np.float32
    return samples.streams["video"][0, 0]


def test_pictures_of_the_right_number_and_size_are_taken_as_they_are():
    motion = kept()
    assert np.allclose(stream(motion), motion.video / 255, atol=1e-6)


def test_clips_stand_in_the_order_of_the_motion():
    motion = Motion.stack([kept(name="c/b", seed=1), kept(name="c/a")], {})
    (samples,) = video_samples({"lab": motion}, MODEL)
    assert samples.clip_ids == ("c/a", "c/b")
    assert samples.streams["video"].shape == (2, 1, 3, 4, 4)
    assert np.allclose(samples.streams["video"][1, 0], motion.of("c/b").video / 255, atol=1e-6)


def test_smaller_pictures_are_means_over_their_area_and_larger_ones_lie_between():
    motion = kept()
    blocks = motion.video.reshape(3, 2, 2, 2, 2).mean((2, 4)) / 255
    assert np.allclose(stream(motion, size=2), blocks, atol=1e-5)
    large = stream(motion, size=8)
    assert large.shape == (3, 8, 8)
    assert large.min() >= motion.video.min() / 255 - 1e-6
    assert large.max() <= motion.video.max() / 255 + 1e-6


def test_other_moments_are_linear_between_those_there_are():
    motion = kept(t=5)
    video = motion.video / 255
    assert np.allclose(stream(motion, frames=3), video[[0, 2, 4]], atol=1e-6)
    assert np.allclose(stream(motion, frames=9)[1::2], (video[:-1] + video[1:]) / 2, atol=1e-6)


def test_between_the_pictures_of_a_triplet_time_counts_not_their_number():
    motion = replace(kept(), moments=np.array([0.0, 2.0, 10.0]))
    video = motion.video / 255
    made = stream(motion, frames=6)  # at 0, 2, 4 .. 10
    assert np.allclose(made[:2], video[:2], atol=1e-6)
    assert np.allclose(made[2], video[1] * 0.75 + video[2] * 0.25, atol=1e-6)
    assert np.allclose(stream(motion, frames=3), video, atol=1e-6)


def test_a_clip_of_one_frame_shows_it_all_the_time():
    motion = replace(kept(), video=np.repeat(kept().video[:1], 3, axis=0), moments=np.full(3, 7.0))
    assert np.allclose(stream(motion, frames=5), motion.video[0] / 255, atol=1e-6)


def test_what_is_missing_is_named_with_the_key_to_set():
    with pytest.raises(InputError, match=r"dataset 'lab' keeps none; set `set\.datasets\.lab\.motion\.n_frames: 3`"):
        stream(still_motion(clip_id="c/a"))
    for key in ("frames", "size"):
        with pytest.raises(InputError, match=f"eyes: reads video, so its yaml needs {key}"):
            stream(kept(), **{key: None})


# pictures of nodes ----------------------------------------------------------------------------------------------------

SIZE = 96
CLIP = clip_row(1, 5, 9)
TRACK = track_of(template_landmarks(9, SIZE))
PLAIN = OpticalFlow(size=SIZE, remove_rigid=False)


def texture():
    return cv2.GaussianBlur(np.random.default_rng(1).integers(0, 256, (SIZE, SIZE)).astype(np.float32), (0, 0), 2)


def shifted(amount):
    """The texture moved to the right, uint8; its contrast is raised first."""
    picture = np.clip((texture() - 128) * 4 + 128, 0, 255)
    matrix = np.array([[1, 0, amount], [0, 1, 0]], float)
    moved = cv2.warpAffine(picture, matrix, (SIZE, SIZE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.clip(np.rint(moved), 0, 255).astype(np.uint8)


def sliding(t=5, apex=5):
    """A face that slides by .4 pixels a frame, the motion of whose apex is marked by a 7."""
    moments = np.linspace(1, 9, t)
    video = np.stack([shifted(0.4 * (moment - 1)) for moment in moments])
    pictures = np.stack([shifted(0), shifted(0.4 * (apex - 1))])
    plain = still_motion(SIZE, apex=apex)
    return replace(plain, values=plain.values + 7, pictures=pictures, video=video, moments=moments)


def test_motion_at_every_moment_is_that_since_onset():
    made = ClipPictures("lab", PLAIN, EyebrowMouth(n_frames=5))(CLIP, TRACK, sliding(apex=6))
    assert set(made) == {"flows"}
    inside = made["flows"][:, :, 20:-20, 20:-20]
    assert np.abs(inside[0]).max() == 0
    assert np.median(inside[:, 0], (1, 2)) == pytest.approx([0, 0.8, 1.6, 2.4, 3.2], abs=0.15)
    assert np.median(inside[:, 1], (1, 2)) == pytest.approx(np.zeros(5), abs=0.1)


def test_motion_at_the_apex_is_the_motion_of_the_clip():
    motion = sliding()
    for source, place in ((EyebrowMouth(n_frames=5), 2), (EyebrowMouth(n_frames=3, moments="triplet"), 1)):
        flows = ClipPictures("lab", PLAIN, source)(CLIP, TRACK, motion)["flows"]
        assert np.array_equal(flows[place], motion.values)
        assert flows[place + 1].max() < 7


def test_head_motion_is_taken_out_where_the_motion_takes_it_out():
    still = OpticalFlow(size=SIZE, remove_rigid=True)
    flows = ClipPictures("lab", still, EyebrowMouth(n_frames=5))(CLIP, TRACK, sliding(apex=6))["flows"]
    assert np.abs(np.median(flows[:, 0, 20:-20, 20:-20], (1, 2))).max() < 0.1


def test_faces_at_onset_and_apex_need_no_video():
    motion = replace(sliding(apex=4), video=None, moments=None)
    source = EyebrowMouth(features=("grey_patch",))
    made = ClipPictures("lab", PLAIN, source)(CLIP, TRACK, motion)
    assert np.allclose(made["faces"], motion.pictures[1:] / 255, atol=1e-6)
    assert source.build(CLIP, TRACK, motion, made).shape == (1, 30, 49)


def test_faces_at_other_moments_are_linear_between_those_of_the_video():
    motion = sliding()
    made = ClipPictures("lab", PLAIN, EyebrowMouth(features=("grey_patch",), n_frames=3))(CLIP, TRACK, motion)
    assert np.allclose(made["faces"] * 255, motion.video[[0, 2, 4]], atol=1e-3)
    made = ClipPictures("lab", PLAIN, EyebrowMouth(features=("grey_patch",), n_frames=9))(CLIP, TRACK, motion)
    between = (motion.video[0].astype(float) + motion.video[1]) / 2
    assert np.allclose(made["faces"][1] * 255, between, atol=0.51)


def test_a_sibling_is_seen_at_its_own_frame():
    values = np.zeros((1, 3, SIZE, SIZE), np.float32)
    (sibling,) = replace(sliding(), neighbours=values, neighbour_frames=np.array([7])).siblings()
    made = ClipPictures("lab", PLAIN, EyebrowMouth(features=("grey_patch",)))(CLIP, TRACK, sibling)
    assert np.allclose(made["faces"] * 255, sibling.video[[3]], atol=1e-3)


@pytest.mark.parametrize(("n_frames", "places"), [(1, [2]), (5, [0, 1, 2, 3, 4])])
def test_shapes_are_asked_for_with_the_onset_the_moments_and_the_magnification(monkeypatch, n_frames, places):
    asked = {}

    class Magnifier:
        def __init__(self, alpha):
            asked["alpha"] = alpha

        def shape_map(self, onset, frames):
            asked.update(onset=onset, frames=frames)
            return frames / 2

    monkeypatch.setattr("mmer.stages.clip_pictures.Learned", Magnifier)
    motion, source = sliding(), EyebrowMouth(features=("shape_patch",), n_frames=n_frames, magnification=3.5)
    made = ClipPictures("lab", PLAIN, source)(CLIP, TRACK, motion)
    assert asked["alpha"] == 3.5
    assert np.allclose(asked["onset"] * 255, motion.video[0], atol=1e-3)
    assert np.allclose(asked["frames"] * 255, motion.video[places], atol=1e-3)
    assert np.array_equal(made["shape"], asked["frames"][:, None] / 2)
    assert source.build(CLIP, TRACK, motion, made).shape == (n_frames, 30, 49)


def test_nothing_is_made_where_nothing_is_needed():
    assert ClipPictures("lab", PLAIN, EyebrowMouth())(CLIP, TRACK, still_motion(apex=5)) == {}


def test_pictures_that_are_not_kept_are_asked_for_by_key():
    pictures = ClipPictures("lab", PLAIN, EyebrowMouth(n_frames=8))
    with pytest.raises(InputError, match=r"made/s1/c1: .*set `set\.datasets\.lab\.motion\.n_frames: 8`"):
        pictures(CLIP, TRACK, replace(sliding(), video=None, moments=None))
    with pytest.raises(InputError, match=r"pictures of 32 pixels, its motion 96.*motion\.video_size: null"):
        pictures(CLIP, TRACK, replace(sliding(), video=np.zeros((5, 32, 32), np.uint8)))
    with pytest.raises(InputError, match=r"`motion: precomputed` has only that of the apex; set n_frames"):
        ClipPictures("lab", Precomputed(), EyebrowMouth(n_frames=5))(CLIP, TRACK, sliding())


# pipeline -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    folder = tmp_path_factory.mktemp("release") / "casme2"
    write_release("casme2", folder, subjects=2, clips=3, seed=3, preset="easy", size=64, processes=1)
    return folder


@pytest.fixture
def workspace(tmp_path, monkeypatch, release):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("mmer.stages.parallel.cores", lambda: 1)
    workspace = Workspace(tmp_path)
    workspace.add("casme2", release)
    nodes = {"features": ["flow_mean", "grey_patch", "position"], "n_frames": 3, "moments": "triplet", "patch": 3}
    workspace.params["experiments"]["points"]["nodes"] = "eyebrow_mouth"
    workspace.params["set"] = {
        "datasets": {"casme2": {"motion": {"n_frames": 6, "size": 64, "interpolation": "linear"}}},
        "experiments": {"points": {"model": {"epochs": 2}, "nodes": nodes}},
    }
    return workspace


def test_nodes_over_time_and_video_from_frames_to_samples(workspace, monkeypatch):
    workspace.run("inputs")
    experiment = load_experiment("points")
    assert experiment.samples.streams["graph"].shape[1:] == (3, 30, 2 + 9 + 2)
    assert experiment.samples.present["graph"].all()
    both = ModelTraits(("graph", "video"))
    monkeypatch.setattr("mmer.stages.select.model_traits", lambda node: both)
    config = experiment.config | {"model": {"name": "eyes", "frames": 4, "size": 16}}
    samples = experiment_samples(config)
    assert samples.streams["video"].shape[1:] == (1, 4, 16, 16)
    assert set(samples.streams) == {"graph", "video"}
    motion = Motion.load("artifacts/motion/casme2.npz")
    assert samples.clip_ids == motion.clip_ids
    monkeypatch.setattr("mmer.stages.select.model_traits", lambda node: ModelTraits(("video",)))
    alone = experiment_samples({key: value for key, value in config.items() if key not in ("nodes", "edges", "graph")})
    assert np.array_equal(alone.streams["video"], samples.streams["video"])
    assert set(alone.streams) == {"video"}


def test_a_corpus_without_video_says_which_key_to_set(workspace, capsys):
    workspace.params["set"]["datasets"]["casme2"]["motion"]["n_frames"] = 0
    said = workspace.stops(capsys)
    assert said.startswith("mmer graphs: ")
    assert "set `set.datasets.casme2.motion.n_frames: 3` in params.yaml" in said
