"""Positions, and what nodes see of maps at one moment and at several: planted values, names, mirrored sides."""

from dataclasses import replace

import numpy as np
import pytest
from moving_faces import clip_row, still_motion, template_landmarks, track_of

from mmer.graphs.node_source import FROM_FLOW
from mmer.graphs.nodes.action_units import ActionUnits
from mmer.graphs.nodes.auw_rois import AuwRois
from mmer.graphs.nodes.eyebrow_mouth import EyebrowMouth
from mmer.graphs.nodes.landmarks import Landmarks
from mmer.types.canonical_face import EYE_DISTANCE, MIRROR, OUTER_EYES, TEMPLATE, template_pixels

EYES = EYE_DISTANCE * 64
CLIP = clip_row(1, 5, 9)


def moved(node, shift, t=9, peak=4):
    """Landmarks of which one moves to ``shift`` and back: (t, 68, 2)."""
    landmarks = template_landmarks(t)
    size = np.minimum(np.arange(t) / peak, (t - 1 - np.arange(t)) / (t - 1 - peak))
    landmarks[:, node] += size[:, None] * np.array(shift)
    return landmarks


def counting(t, channels=1, size=64):
    """Maps that say moment, channel, row and column: (t, channels, size, size)."""
    row, column = np.mgrid[:size, :size]
    moment, channel = np.arange(t)[:, None, None, None], np.arange(channels)[:, None, None]
    return (1000 * moment + 100 * channel + row + column / 100).astype(np.float32)


def pixel(node):
    return np.floor(template_pixels(64)[node] + 0.5).astype(int)


# position -------------------------------------------------------------------------------------------------------------


def test_position_is_measured_from_between_the_eyes_in_their_distance():
    x = Landmarks(features=("position",)).build(CLIP, track_of(template_landmarks(9)), still_motion(apex=5))
    assert np.allclose(x[0], TEMPLATE, atol=1e-5)
    assert np.allclose(x[0, list(OUTER_EYES)], [[-0.5, 0], [0.5, 0]], atol=1e-5)


@pytest.mark.parametrize("n_frames", [1, 5])
def test_position_is_that_of_onset_and_the_displacement(n_frames):
    source = Landmarks(features=("position", "displacement"), n_frames=n_frames, average=1)
    x = source.build(CLIP, track_of(moved(57, (1.0, 3.0))), still_motion(apex=5))
    assert source.feature_names() == ("x", "y", "dx", "dy")
    assert np.allclose(x[..., :2] - x[..., 2:], TEMPLATE, atol=1e-3)
    assert x[n_frames // 2, 57, :2] == pytest.approx(TEMPLATE[57] + np.array([1, 3]) / EYES, abs=1e-3)


def test_place_size_and_tilt_of_the_head_do_not_enter_the_position():
    landmarks = moved(57, (1.0, 3.0))
    turned = landmarks @ (2.5 * np.array([[0.9, -0.3], [0.3, 0.9]])).T + [33, -8]
    source = Landmarks(features=("position",), n_frames=3)
    made = [source.build(CLIP, track_of(points), still_motion(apex=5)) for points in (landmarks, turned)]
    assert np.allclose(*made, atol=1e-4)


def test_the_triplet_is_onset_apex_and_offset():
    source = Landmarks(n_frames=3, moments="triplet", average=1)
    x = source.build(CLIP, track_of(moved(51, (0.0, -4.0))), still_motion(apex=3))
    assert x[:, 51, 1] * EYES == pytest.approx([0, -2, 0], abs=1e-2)
    units = np.zeros((9, 12), np.float32)
    units[:, 8] = np.arange(9) / 10
    au = ActionUnits(n_frames=3, moments="triplet", average=1)
    assert au.feature_names() == ("au",)
    assert au.build(CLIP, track_of(template_landmarks(9), units=units), still_motion(apex=3))[:, 8, 0] == pytest.approx(
        [0, 0.2, 0.8]
    )


# maps -----------------------------------------------------------------------------------------------------------------


def test_what_is_needed_is_said():
    assert Landmarks(features=("displacement", "position", "flow_patch", "strain_patch", "flow_mean")).needs == ()
    for feature in FROM_FLOW:
        assert Landmarks(features=(feature,), n_frames=3).needs == ("flows",)
    assert Landmarks(features=("shape_patch", "grey_patch", "flow_mean")).needs == ("faces", "shape")
    assert ActionUnits(n_frames=3).needs == ()


def test_flow_strain_and_their_mean_over_time_are_cut_at_each_moment():
    source = EyebrowMouth(features=("strain_patch", "flow_patch", "flow_mean"), n_frames=3, patch=3)
    motion, flows = still_motion(apex=5), counting(3, 3)
    x = source.build(CLIP, track_of(template_landmarks(9)), motion, {"flows": flows})
    names = source.feature_names()
    assert len(names) == x.shape[2] == 9 + 18 + 2
    for node, landmark in ((0, 17), (12, 50)):
        column, row = pixel(landmark)
        for t in range(3):
            for name, value in (
                ("strain[-1,+1]", flows[t, 2, row - 1, column + 1]),
                ("u[+0,+0]", flows[t, 0, row, column]),
                ("v[+1,-1]", flows[t, 1, row + 1, column - 1]),
                ("u_mean", flows[t, 0, row, column]),  # of a plane: the value in the middle
                ("v_mean", flows[t, 1, row, column]),
            ):
                assert x[t, node, names.index(name)] == pytest.approx(value, rel=1e-6)


def test_faces_and_shapes_are_cut_where_the_node_lay_at_onset():
    source = Landmarks(features=("grey_patch", "shape_patch"), n_frames=2, patch=3, average=1)
    faces, shape = counting(2)[:, 0], 7 + counting(2)
    given = {"faces": faces, "shape": shape}
    x = source.build(CLIP, track_of(moved(51, (0.0, -9.0))), still_motion(apex=5), given)
    names = source.feature_names()
    assert names[0] == "grey[-1,-1]"
    assert names[-1] == "shape0[+1,+1]"
    column, row = pixel(51)
    assert x[:, 51, names.index("grey[+0,+1]")].tolist() == faces[:, row, column + 1].tolist()
    assert x[:, 51, names.index("shape0[-1,+0]")].tolist() == shape[:, 0, row - 1, column].tolist()


def test_one_moment_of_flow_is_the_motion_itself():
    motion = replace(still_motion(apex=5), values=counting(1, 3)[0])
    x = AuwRois(patch=1).build(CLIP, track_of(template_landmarks(9)), motion)
    assert x.shape == (1, 12, 2)
    for node, landmark in enumerate((18, 19, 20, 23, 24, 25, 28, 30, 48, 51, 54, 57)):
        column, row = pixel(landmark)
        assert x[0, node].tolist() == [motion.values[0, row, column], motion.values[1, row, column]]


def test_the_region_of_a_node_is_averaged():
    values = np.zeros((3, 64, 64), np.float32)
    column, row = pixel(30)
    values[0, row - 2 : row + 3, column - 2 : column + 3] = np.arange(25).reshape(5, 5)
    values[1, row, column + 3] = 50  # outside
    x = AuwRois(patch=5).build(CLIP, track_of(template_landmarks(9)), replace(still_motion(apex=5), values=values))
    assert x[0, 7].tolist() == [12, 0]


@pytest.mark.parametrize("feature", ["position", "flow_mean", "strain_patch", "grey_patch", "shape_patch"])
def test_the_two_sides_of_a_mirrored_face_change_places(feature):
    """Seen from both sides, a face and its mirror image have the same features."""
    rng = np.random.default_rng(3)
    landmarks = template_landmarks(9) + rng.normal(0, 1, (68, 2))
    mirrored = landmarks[:, list(MIRROR)] * [-1, 1] + [63, 0]
    flows, face, shape = rng.random((2, 3, 64, 64)), rng.random((2, 64, 64)), rng.random((2, 1, 64, 64))
    sign = np.array([-1, 1, 1])[:, None, None]
    given = {"flows": flows, "faces": face, "shape": shape}
    flipped = {"flows": flows[..., ::-1] * sign, "faces": face[..., ::-1], "shape": shape[..., ::-1]}
    source = ActionUnits(features=(feature,), n_frames=2, patch=3)
    here = source.build(CLIP, track_of(landmarks), still_motion(apex=5), given)
    there = source.build(CLIP, track_of(mirrored), still_motion(apex=5), flipped)
    assert np.allclose(here, there, atol=1e-4)
    one_sided = replace(source, both_sides=False)
    assert not np.allclose(here, one_sided.build(CLIP, track_of(landmarks), still_motion(apex=5), given), atol=1e-3)
