"""The video that motion keeps: which frames it shows, when, how large; and nothing where it is not asked for."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from moving_faces import clip_row, frames_of, rendered_case, template_landmarks, track_of

from mmer.motion.alignment import aligned
from mmer.motion.optical_flow import OpticalFlow
from mmer.motion.video import aligned_video
from mmer.types.errors import InputError
from mmer.types.frames import Frames

SIZE = 128


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    return rendered_case(0, "surprise", tmp_path_factory.mktemp("video") / "frames")


def brightening(n, folder):
    """Frames 1..n whose grey value is ten times their number, and a face that stands still."""
    pictures = [np.full((SIZE, SIZE, 3), 10 * number, np.uint8) for number in range(1, n + 1)]
    return track_of(template_landmarks(n, SIZE)), frames_of(pictures, folder)


def greys(motion):
    assert (motion.video == motion.video[:, :1, :1]).all()
    return motion.video[:, 0, 0].tolist()


@pytest.mark.parametrize("how", ["linear", "tim", "nearest"])
def test_from_onset_to_offset_as_they_are(case, how):
    clip, track, frames = case
    n = int(clip.offset - clip.onset) + 1
    motion = OpticalFlow(n_frames=n, interpolation=how).describe(clip, track, frames)
    assert motion.video.shape == (n, SIZE, SIZE)
    assert motion.video.dtype == np.uint8
    assert motion.moments.tolist() == list(range(int(clip.onset), int(clip.offset) + 1))
    assert np.array_equal(motion.video[0], motion.pictures[0])
    assert np.array_equal(motion.video[int(clip.apex - clip.onset)], motion.pictures[1])
    assert np.array_equal(motion.video[-1], aligned(frames.read(int(clip.offset)), motion.to_crop, SIZE))


def test_the_triplet_is_onset_apex_and_offset(case):
    clip, track, frames = case
    motion = OpticalFlow(n_frames=3, moments="triplet").describe(clip, track, frames)
    assert motion.moments.tolist() == [clip.onset, clip.apex, clip.offset]
    assert np.array_equal(motion.video[:2], motion.pictures)


def test_motion_itself_is_what_it_is_without_a_video(case):
    plain = OpticalFlow().describe(*case)
    assert plain.video is None
    assert plain.moments is None
    seen = OpticalFlow(n_frames=5).describe(*case)
    assert seen.values.tobytes() == plain.values.tobytes()
    assert seen.pictures.tobytes() == plain.pictures.tobytes()


def test_moments_between_frames_are_interpolated(tmp_path):
    track, frames = brightening(9, tmp_path)
    clip = clip_row(2, 5, 8)
    for how, expected in (("linear", [20, 35, 50, 65, 80]), ("nearest", [20, 30, 50, 60, 80])):
        motion = OpticalFlow(n_frames=5, interpolation=how).describe(clip, track, frames)
        assert motion.moments.tolist() == [2, 3.5, 5, 6.5, 8]
        assert greys(motion) == expected
    assert greys(OpticalFlow(n_frames=5).describe(clip, track, frames)) == pytest.approx([20, 35, 50, 65, 80], abs=1)


def test_a_corpus_may_lack_frames_and_faces_inside_a_clip(tmp_path):
    track, frames = brightening(20, tmp_path)
    landmarks = track.landmarks.copy()
    landmarks[5] = np.nan
    clip, track = clip_row(1, 4, 20), replace(track, landmarks=landmarks)
    gappy = replace(
        frames, names=frames.names[:9] + frames.names[14:19], numbers=frames.numbers[:9] + frames.numbers[14:19]
    )
    motion = OpticalFlow(n_frames=20, interpolation="linear", apex="given").describe(clip, track, gappy)
    assert motion.moments.tolist() == list(range(1, 21))
    assert greys(motion) == [*range(10, 200, 10), 190]  # frame 20 is not there: the last one that is


def test_the_video_may_have_another_size_than_the_motion(case):
    clip, track, frames = case
    motion = OpticalFlow(n_frames=2, video_size=64).describe(clip, track, frames)
    assert motion.video.shape == (2, 64, 64)
    assert motion.values.shape == (3, SIZE, SIZE)
    small = cv2.warpAffine(motion.pictures[0], np.array([[0.5, 0, 0], [0, 0.5, 0]]), (64, 64), flags=cv2.INTER_AREA)
    assert np.abs(motion.video[0].astype(float) - small).mean() < 4


def test_only_what_is_shown_is_decoded():
    asked = []

    def decode(numbers):
        asked.extend(numbers)
        return ((number, np.full((8, 8, 3), number, np.uint8)) for number in numbers)

    video = aligned_video(decode, tuple(range(1, 101)), np.array([1, 50.5, 100]), "linear", np.eye(2, 3), 8)
    assert asked == [1, 50, 51, 100]
    assert video[:, 0, 0].tolist() == [1, 50, 100]


def test_a_clip_of_one_frame_is_that_frame_all_the_time(tmp_path):
    track, frames = brightening(3, tmp_path)
    for how in ("linear", "tim", "nearest"):
        motion = OpticalFlow(n_frames=4, interpolation=how).describe(clip_row(2, 2, 2), track, frames)
        assert greys(motion) == [20] * 4


def test_frames_of_another_size_than_the_track_are_refused_in_the_video_too(tmp_path):
    track, _ = brightening(6, tmp_path)
    cv2.imwrite(str(tmp_path / "img3.png"), np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(InputError, match="frame 3 has 64 x 64 pixels"):
        OpticalFlow(n_frames=6).describe(clip_row(1, 4, 6), track, Frames.open(tmp_path))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"n_frames": 1}, "n_frames must be 0 or lie in 2"),
        ({"n_frames": -3}, "n_frames must be 0 or lie in 2"),
        ({"n_frames": 4, "moments": "triplet"}, "set n_frames to 3; it is 4"),
        ({"moments": "evenly"}, "did you mean 'even'"),
        ({"interpolation": "cubic"}, "Valid: linear, nearest, tim"),
        ({"video_size": 8}, r"video_size must lie in 32\.\.1024"),
    ],
)
def test_settings_that_cannot_be_are_refused(fields, words):
    with pytest.raises(InputError, match=words):
        OpticalFlow(**fields)
