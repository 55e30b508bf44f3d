from dataclasses import replace

import cv2
import numpy as np
import pytest
from moving_faces import clip_row, frames_of, rendered, rendered_case, template_landmarks, track_of
from skimage.data import astronaut

from mmer.motion.dense_flow import ALGORITHMS, dense_flow
from mmer.motion.head_motion import without_head_motion
from mmer.motion.optical_flow import OpticalFlow
from mmer.types.canonical_face import template_pixels
from mmer.types.errors import InputError
from mmer.types.frames import Frames

SIZE = 128


@pytest.fixture(scope="module")
def face():
    grey = cv2.cvtColor(astronaut()[30:230, 150:350], cv2.COLOR_RGB2GRAY)
    return cv2.resize(grey, (SIZE, SIZE), interpolation=cv2.INTER_AREA)


def bump(strength=1.5, width=400):
    """A smooth known motion: (2, SIZE, SIZE) pixels."""
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    u = strength * np.exp(-((x - 60) ** 2 + (y - 70) ** 2) / width)
    return np.stack([u, -0.7 * u])


@pytest.mark.parametrize(("algorithm", "bound"), [("dis", 0.25), ("farneback", 0.25), ("tvl1", 0.2)])
def test_a_known_smooth_motion_is_found(face, algorithm, bound):
    truth = bump()
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    # The motion is given at the pixels of the first picture; for a field this smooth its inverse is one step away.
    back = np.stack([cv2.remap(plane, x - truth[0], y - truth[1], cv2.INTER_LINEAR) for plane in truth])
    moved = cv2.remap(face, x - back[0], y - back[1], cv2.INTER_CUBIC)
    error = np.hypot(*(dense_flow(face, moved, algorithm) - truth))
    assert error[np.hypot(*truth) > 0.3].mean() < bound
    assert np.median(error) < 0.05


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_identical_pictures_do_not_move(face, algorithm):
    length = np.hypot(*dense_flow(face, face.copy(), algorithm))
    if algorithm == "farneback":
        assert np.median(length) < 0.02
    else:
        assert length.max() == 0


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_right_is_u_and_down_is_v(face, algorithm):
    shifted = np.roll(face, (2, 3), axis=(0, 1))
    u, v = dense_flow(face, shifted, algorithm)[:, 30:100, 30:100]
    assert np.median(u) == pytest.approx(3, abs=0.2)
    assert np.median(v) == pytest.approx(2, abs=0.2)


@pytest.mark.parametrize(("algorithm", "bound"), [("dis", 0.2), ("farneback", 0.2), ("tvl1", 0.18)])
def test_endpoint_error_on_rendered_clips(tmp_path, algorithm, bound):
    errors, lengths = [], []
    for subject, emotion in ((0, "happiness"), (1, "surprise"), (2, "disgust"), (3, "happiness")):
        clip, track, frames = rendered_case(subject, emotion, tmp_path / f"{subject}", "default")
        motion = OpticalFlow(algorithm=algorithm, remove_rigid=False).describe(clip, track, frames)
        turn = motion.to_crop[:, :2]
        truth = np.moveaxis(rendered(subject, emotion, "default").flow @ turn.T, -1, 0).astype(np.float32)
        truth = np.stack([cv2.warpAffine(np.ascontiguousarray(t), motion.to_crop, (SIZE, SIZE)) for t in truth])
        inside = np.s_[25:115, 20:108]  # the canonical face
        errors.append(np.hypot(*(motion.values[:2] - truth))[inside].mean())
        lengths.append(np.hypot(*truth)[inside].mean())
    assert np.mean(errors) < bound
    assert np.mean(errors) < np.mean(lengths) / 2  # measured: about a quarter of the motion


def test_head_motion_is_taken_out_and_a_local_motion_stays():
    y, x = np.mgrid[:SIZE, :SIZE]
    head = np.stack([1.2 - 0.01 * (y - 60) + 0.004 * x, -0.8 + 0.01 * (x - 60) + 0.004 * y]).astype(np.float32)
    local = bump(width=100)  # about a mouth corner's worth of skin
    left = without_head_motion(head + local, template_pixels(SIZE))
    assert np.abs(left - local).max() < 0.06
    assert np.abs(without_head_motion(head, template_pixels(SIZE))).max() < 1e-4


def test_no_motion_stays_exactly_none():
    zero = np.zeros((2, SIZE, SIZE), np.float32)
    assert np.abs(without_head_motion(zero, template_pixels(SIZE))).max() == 0
    assert np.array_equal(without_head_motion(zero, template_pixels(SIZE) + 1000), zero)


@pytest.mark.parametrize("algorithm", ["dis", "tvl1"])
@pytest.mark.parametrize("remove_rigid", [True, False])
def test_a_clip_of_identical_frames_has_exactly_no_motion(tmp_path, algorithm, remove_rigid):
    made = rendered(0, "happiness")
    frames = frames_of([made.frames[0]] * 5, tmp_path / "still")
    track = track_of(np.repeat(made.landmarks[:1], 5, axis=0))
    component = OpticalFlow(algorithm=algorithm, remove_rigid=remove_rigid)
    motion = component.describe(clip_row(1, 3, 5), track, frames)
    assert np.abs(motion.values).max() == 0
    assert np.array_equal(motion.pictures[0], motion.pictures[1])


def test_the_pictures_are_the_aligned_onset_and_apex(tmp_path):
    clip, track, frames = rendered_case(0, "surprise", tmp_path / "clip", first=37)
    motion = OpticalFlow().describe(clip, track, frames)
    assert motion.pictures.shape == (2, SIZE, SIZE)
    assert motion.pictures.dtype == np.uint8
    assert motion.channels == ("u", "v", "strain")
    assert (motion.apex, motion.apex_source) == (clip.apex, "given")
    grey = cv2.cvtColor(frames.read(int(clip.onset)), cv2.COLOR_RGB2GRAY)
    warped = cv2.warpAffine(grey, motion.to_crop, (SIZE, SIZE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    assert np.array_equal(motion.pictures[0], warped)


def test_neighbours_are_the_motion_with_that_frame_as_the_apex(tmp_path):
    clip, track, frames = rendered_case(0, "surprise", tmp_path / "clip")
    apex = int(clip.apex)
    plain = OpticalFlow().describe(clip, track, frames)
    motion = OpticalFlow(neighbours=2).describe(clip, track, frames)
    assert plain.neighbours is None
    assert np.array_equal(motion.values, plain.values)
    assert np.array_equal(motion.pictures, plain.pictures)
    assert motion.neighbour_frames.tolist() == [apex - 2, apex - 1, apex + 1, apex + 2]
    for seen in motion.siblings():
        moved = OpticalFlow().describe(clip_row(clip.onset, seen.apex, clip.offset), track, frames)
        assert np.array_equal(seen.values, moved.values)


@pytest.mark.parametrize(
    ("onset", "apex", "offset", "gone", "expected"),
    [
        (1, 2, 9, [], [2, 2, 3, 4]),  # the onset is no neighbour
        (1, 8, 8, [], [6, 7, 8, 8]),
        (1, 4, 9, [5], [2, 3, 4, 6]),  # the nearest frame there is, the earlier of two
        (3, 3, 3, [], [3, 3, 3, 3]),  # one frame
    ],
)
def test_neighbours_stay_inside_the_clip(tmp_path, onset, apex, offset, gone, expected):
    made = rendered(0, "surprise")
    frames = frames_of(made.frames[:9], tmp_path / "clip")
    for number in gone:
        (tmp_path / "clip" / f"img{number}.png").unlink()
        frames = Frames.open(tmp_path / "clip")
    component = OpticalFlow(size=64, neighbours=2)
    motion = component.describe(clip_row(onset, apex, offset), track_of(made.landmarks[:9]), frames)
    assert motion.neighbour_frames.tolist() == expected
    values = dict(zip(expected, motion.neighbours, strict=True)) | {apex: motion.values}
    for frame, value in zip(expected, motion.neighbours, strict=True):
        assert np.array_equal(value, values[frame])


def test_what_is_missing_is_named_with_the_way_out(tmp_path):
    frames = frames_of([np.zeros((64, 64, 3), np.uint8)] * 3, tmp_path / "black")
    track = track_of(template_landmarks(3))
    with pytest.raises(InputError, match=r"made/s1/c1: optical flow needs a face track.*precomputed"):
        OpticalFlow().describe(clip_row(1, 2, 3), None, frames)
    with pytest.raises(InputError, match="needs frames, onset and offset"):
        OpticalFlow().describe(clip_row(1, 2, 3), track, None)
    with pytest.raises(InputError, match="no frame 4"):
        OpticalFlow().describe(clip_row(1, 4, 4), track_of(template_landmarks(4)), frames)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"algorithm": "tv-l1"}, "did you mean 'tvl1'"),
        ({"apex": "midle"}, "did you mean 'middle'"),
        ({"apex_missing": "given"}, "Valid: error, middle, peak_motion"),
        ({"size": 8}, "32..1024"),
        ({"min_valid": 1.5}, "fraction"),
        ({"neighbours": -1}, "neighbours must lie in 0..50"),
    ],
)
def test_fields_that_do_not_exist_are_refused_at_construction(fields, words):
    with pytest.raises(InputError, match=words):
        OpticalFlow(**fields)


def test_a_track_of_other_pictures_is_refused(tmp_path):
    clip, track, frames = rendered_case(0, "happiness", tmp_path / "a")
    with pytest.raises(InputError, match="128 x 128 pixels, but the track was made on pictures of 640 x 480"):
        OpticalFlow().describe(clip, replace(track, image_size=(480, 640)), frames)
    for far in (track.landmarks + 5000, track.landmarks * 1e30):
        with pytest.raises(InputError, match="outside the 128 x 128 pixels of frame"):
            OpticalFlow().describe(clip, replace(track, landmarks=far), frames)
