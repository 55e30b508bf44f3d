from dataclasses import replace

import numpy as np
import pytest
from moving_faces import AU_NAMES, clip_row, still_motion, template_landmarks, track_of

from mmer.graphs.nodes.action_units import ActionUnits
from mmer.graphs.nodes.eyebrow_mouth import EyebrowMouth
from mmer.graphs.nodes.landmarks import Landmarks
from mmer.graphs.patches import flow_patch
from mmer.types.canonical_face import EYE_DISTANCE, MIRROR, template_pixels
from mmer.types.errors import InputError

EYES = EYE_DISTANCE * 64  # outer eye distance of template_landmarks, pixels


def ramp(shift, t=9, peak=4):
    """Landmarks (68, 2) times a triangle over time that is 1 at the row ``peak``: (t, 68, 2)."""
    size = np.minimum(np.arange(t) / peak, (t - 1 - np.arange(t)) / (t - 1 - peak))
    return template_landmarks(t) + size[:, None, None] * shift


def shift_of(**moves):
    out = np.zeros((68, 2))
    for name, move in moves.items():
        out[int(name[2:])] = move
    return out


def build(source, landmarks, motion=None, **track):
    return source.build(clip_row(1, 5, len(landmarks)), track_of(landmarks, **track), motion or still_motion(apex=5))


# displacement ---------------------------------------------------------------------------------------------------------


def test_displacement_is_onset_to_apex_in_outer_eye_distances():
    landmarks = ramp(shift_of(lm48=(-2.0, 1.0), lm54=(2.0, 1.0)))
    x = build(Landmarks(average=1), landmarks)
    assert x.shape == (1, 68, 2)
    assert x[0, 48] == pytest.approx(np.array([-2, 1]) / EYES, abs=1e-3)
    assert x[0, 54] == pytest.approx(np.array([2, 1]) / EYES, abs=1e-3)
    assert np.abs(np.delete(x[0], [48, 54], axis=0)).max() < 1e-3


def test_displacement_does_not_depend_on_the_resolution_or_the_pose_of_the_source():
    landmarks = ramp(shift_of(lm19=(0.0, -2.0)))
    turned = landmarks @ (2.5 * np.array([[0.9, -0.3], [0.3, 0.9]])).T + [33, -8]
    assert np.allclose(build(Landmarks(), turned), build(Landmarks(), landmarks), atol=1e-5)


def test_the_unit_is_the_outer_eye_distance_of_this_face_not_that_of_the_canonical_one():
    """Eyes wider apart than the canonical ones: the alignment is a compromise, the unit must not be."""
    wide = shift_of(lm36=(-6.0, 0.0), lm45=(6.0, 0.0))
    landmarks = ramp(shift_of(lm57=(0.0, 3.0))) + wide
    x = build(Landmarks(average=1), landmarks)
    assert x[0, 57] == pytest.approx(np.array([0, 3]) / (EYES + 12), abs=1e-4)


def test_head_motion_is_taken_out_of_displacement_only_when_asked():
    expression = ramp(shift_of(lm48=(-2.0, 0.0)))
    turn = np.array([[1, -0.02], [0.02, 1]])
    moved = expression.copy()
    moved[3:] = moved[3:] @ turn.T + [1.5, -1]
    assert np.allclose(build(Landmarks(average=1), moved), build(Landmarks(average=1), expression), atol=3e-3)
    assert np.abs(build(Landmarks(average=1, remove_rigid=False), moved)).mean() > 0.02


def test_over_time_the_first_moment_is_zero_and_the_rest_follow_the_motion():
    x = build(Landmarks(n_frames=9, average=1), ramp(shift_of(lm51=(0.0, -4.0))))
    assert x.shape == (9, 68, 2)
    assert np.abs(x[0]).max() < 1e-6
    assert x[:, 51, 1] * EYES == pytest.approx([0, -1, -2, -3, -4, -3, -2, -1, 0], abs=1e-2)


def test_missing_frames_are_interpolated_and_the_track_stays_as_it_is():
    landmarks = ramp(shift_of(lm51=(0.0, -4.0)))
    gappy = landmarks.copy()
    gappy[[2, 6]] = np.nan
    source = Landmarks(n_frames=9, average=1)
    track = track_of(gappy)
    x = source.build(clip_row(1, 5, 9), track, still_motion(apex=5))
    assert np.allclose(x, build(source, landmarks), atol=1e-3)
    assert np.isnan(track.landmarks[[2, 6]]).all()


def test_averaging_beats_jitter():
    rng = np.random.default_rng(0)
    noisy = template_landmarks(30) + rng.normal(0, 0.3, (30, 68, 2))
    single, averaged = (np.abs(build(Landmarks(average=n), noisy)).mean() for n in (1, 5))
    assert averaged < single * 0.7


def test_the_apex_that_the_motion_used_goes_before_the_annotated_one():
    """Landmarks and flow must describe the same moment, also where it is frame 0."""
    landmarks = ramp(shift_of(lm51=(0.0, -4.0)))
    x = build(Landmarks(average=1), landmarks, still_motion(apex=3))
    assert x[0, 51, 1] * EYES == pytest.approx(-2, abs=1e-2)
    first = Landmarks(average=1).build(clip_row(0, 4, 8), track_of(landmarks, first=0), still_motion(apex=0))
    assert np.abs(first).max() < 1e-6


def test_the_apex_is_the_motions_and_its_absence_is_said():
    landmarks = ramp(shift_of(lm51=(0.0, -4.0)))
    unknown = replace(still_motion(), apex=-1, apex_source="precomputed", to_crop=np.full((2, 3), np.nan))
    x = build(Landmarks(average=1), landmarks, replace(unknown, apex=5))
    assert x[0, 51, 1] * EYES == pytest.approx(-4, abs=1e-2)
    row = clip_row(None, None, None, motion="there.npy")
    with pytest.raises(InputError, match="made/s1/c1: its motion names no apex frame"):
        Landmarks().build(row, track_of(landmarks), unknown)
    assert Landmarks(n_frames=3).build(row, track_of(landmarks), unknown).shape == (3, 68, 2)


def test_a_track_without_a_face_or_of_other_frames_is_refused():
    with pytest.raises(InputError, match="no face in any frame"):
        build(Landmarks(), template_landmarks(5) * np.nan)
    with pytest.raises(InputError, match=r"covers frames 1\.\.5.*90\.\.99"):
        Landmarks().build(clip_row(90, 95, 99), track_of(template_landmarks(5)), still_motion())


# flow patch -----------------------------------------------------------------------------------------------------------


def planted(size=64):
    """u counts columns and v counts rows, so that every value says where it was cut: (3, size, size)."""
    row, column = np.mgrid[:size, :size].astype(np.float32)
    return replace(still_motion(size), values=np.stack([column, 1000 + row, 0 * row]))


def test_a_patch_is_cut_at_row_y_and_column_x_in_the_order_channel_row_column():
    x = flow_patch(planted(), np.array([[20.4, 41.6]]), 3, ("v", "u"))
    assert x.shape == (1, 1, 18)
    assert x[0, 0, :9].tolist() == [1041, 1041, 1041, 1042, 1042, 1042, 1043, 1043, 1043]
    assert x[0, 0, 9:].tolist() == [19, 20, 21] * 3


def test_patches_at_and_beyond_the_border_repeat_the_edge():
    x = flow_patch(planted(), np.array([[0.0, 63.0], [-30.0, 200.0]]), 3, ("u", "v"))
    assert x[0, 0].tolist() == [0, 0, 1] * 3 + [1062] * 3 + [1063] * 6
    assert np.array_equal(x[0, 0], x[0, 1])


def test_motion_that_is_not_square_has_its_own_border_on_each_side():
    wide = replace(planted(), values=planted().values[:, :40])
    assert flow_patch(wide, np.array([[60.0, 5.0], [9.0, 90.0]]), 1, ("u", "v"))[0].tolist() == [[60, 1005], [9, 1039]]


def test_a_flipped_patch_is_the_patch_of_the_mirrored_face():
    motion = planted()
    mirror = replace(motion, values=motion.values[:, :, ::-1] * np.array([-1, 1, 1], np.float32)[:, None, None])
    here = flow_patch(motion, np.array([[20.0, 30.0]]), 5, ("u", "v", "strain"), flip=True)
    assert np.array_equal(here, flow_patch(mirror, np.array([[43.0, 30.0]]), 5, ("u", "v", "strain")))


def test_node_patches_follow_the_names_of_the_features():
    source = Landmarks(features=("flow_patch",), patch=5, channels=("u", "v"))
    x = build(source, template_landmarks(9), planted())
    names = source.feature_names()
    assert x.shape == (1, 68, len(names)) == (1, 68, 50)
    column, row = np.floor(template_pixels(64)[30] + 0.5)
    assert x[0, 30, names.index("u[+0,+0]")] == column
    assert x[0, 30, names.index("u[-1,+2]")] == column + 2
    assert x[0, 30, names.index("v[-1,+2]")] == 1000 + row - 1


def test_patches_go_through_the_alignment_of_the_clip():
    motion = replace(planted(), to_crop=np.array([[0.5, 0, 1.0], [0, 0.5, 2.0]]))
    source = EyebrowMouth(patch=1)
    x = build(source, template_landmarks(9, size=64) * 2, motion)
    places = np.floor(template_pixels(64)[[*range(17, 27), *range(48, 68)]] + [1, 2] + 0.5)
    assert np.array_equal(x[0], places + np.array([0, 1000]))


def test_a_patch_that_cannot_be_placed_or_has_no_such_channel_is_refused():
    lost = replace(planted(), to_crop=np.full((2, 3), np.nan))
    with pytest.raises(InputError, match="set `template_aligned: true`"):
        build(EyebrowMouth(), template_landmarks(9), lost)
    with pytest.raises(InputError, match="no channel 'strian'; did you mean 'strain'"):
        build(EyebrowMouth(channels=("u", "strian")), template_landmarks(9), planted())


# action units ---------------------------------------------------------------------------------------------------------


def au_track(landmarks, **units):
    values = np.full((len(landmarks), len(AU_NAMES)), 0.1, np.float32)
    for name, series in units.items():
        values[:, AU_NAMES.index(name)] = series
    return {"units": values}


SERIES = np.array([0.2, 0.3, 0.4, 0.5, 0.9, 0.5, 0.4, 0.3, 0.2])
ANNOTATED = (None, ["AU04"], ["AU12", "AU17"])


def test_activation_at_one_moment_is_mean_peak_and_apex_relative_to_onset():
    still = template_landmarks(9)
    x = build(ActionUnits(average=1), still, **au_track(still, AU12=SERIES))
    assert x.shape == (1, 12, 3)
    node = ActionUnits().node_set().names.index("AU12")
    assert x[0, node] == pytest.approx([SERIES.mean() - 0.2, 0.7, 0.7], abs=1e-6)
    assert np.abs(np.delete(x, node, axis=1)).max() < 1e-6
    raw = build(ActionUnits(average=1, au_baseline="none"), still, **au_track(still, AU12=SERIES))
    assert raw[0, node] == pytest.approx([SERIES.mean(), 0.9, 0.9], abs=1e-6)


def test_activation_over_time_is_one_number_a_moment_and_gaps_are_interpolated():
    still, gappy = template_landmarks(9), SERIES.copy()
    gappy[[1, 6]] = np.nan
    x = build(ActionUnits(n_frames=9, average=1, au_baseline="none"), still, **au_track(still, AU04=gappy))
    assert x.shape == (9, 12, 1)
    assert x[:, 2, 0] == pytest.approx(SERIES, abs=1e-6)


def test_the_order_of_the_nodes_is_that_of_the_yaml_not_that_of_the_track():
    still = template_landmarks(9)
    source = ActionUnits(action_units=("AU17", "AU01"), average=1)
    x = build(source, still, **au_track(still, AU01=SERIES))
    assert np.abs(x[0, 0]).max() < 1e-6
    assert x[0, 1, 1] == pytest.approx(0.7, abs=1e-6)


@pytest.mark.parametrize("baseline", ["onset", "none"])
@pytest.mark.parametrize("n_frames", [1, 4])
def test_annotated_units_are_not_read(baseline, n_frames):
    """A constant added to annotated units would vanish against the onset, so both baselines are looked at."""
    still = template_landmarks(9)
    source = ActionUnits(au_baseline=baseline, n_frames=n_frames)
    track = track_of(still, **au_track(still, AU12=SERIES))
    given = [source.build(clip_row(1, 5, 9, action_units=units), track, still_motion(apex=5)) for units in ANNOTATED]
    assert given[0].tobytes() == given[1].tobytes() == given[2].tobytes()


def test_activation_that_the_track_does_not_have_is_refused_by_name():
    still = template_landmarks(9)
    with pytest.raises(InputError, match=r"made/s1/c1: its track has no action units \(au_scale none\)"):
        build(ActionUnits(), still, au_scale="none", au_names=())
    with pytest.raises(InputError, match="its track has no AU25; did you mean"):
        build(ActionUnits(action_units=("AU25",)), still)
    with pytest.raises(InputError, match="no value of AU09 in any frame"):
        build(ActionUnits(), still, **au_track(still, AU09=np.nan))


def test_both_sides_of_the_face_count_alike_for_an_action_unit():
    """A smile on one side is half a smile, whichever side it is; a mirrored face gives the same features."""
    source = ActionUnits(features=("displacement",), action_units=("AU12",), average=1)
    left = build(source, ramp(shift_of(lm48=(-2.0, -1.0), lm49=(-2.0, -1.0))))
    right = build(source, ramp(shift_of(lm54=(2.0, -1.0), lm53=(2.0, -1.0))))
    both = build(source, ramp(shift_of(lm48=(-2, -1), lm49=(-2, -1), lm54=(2, -1), lm53=(2, -1))))
    assert np.allclose(left, right, atol=1e-3)
    assert np.allclose(left + right, both, atol=2e-3)
    assert both[0, 0] * EYES == pytest.approx([2, -1], abs=0.05)  # outward, as named on the image-right side
    one_side = build(replace(source, both_sides=False), ramp(shift_of(lm48=(-2.0, -1.0), lm49=(-2.0, -1.0))))
    assert np.abs(one_side).max() < 1e-3


def test_flow_patches_of_action_units_on_a_mirrored_face_are_the_same():
    source = ActionUnits(features=("flow_patch",), patch=3, channels=("u", "v"))
    rng = np.random.default_rng(0)
    motion = replace(still_motion(65), values=rng.normal(size=(3, 65, 65)).astype(np.float32))
    mirror = replace(motion, values=motion.values[:, :, ::-1] * np.array([-1, 1, 1], np.float32)[:, None, None])
    places = template_landmarks(9, 65) + 0.13  # off the half pixels, which are rounded up on both sides
    flipped = (np.array([64, 0]) + places * [-1, 1])[:, list(MIRROR)]
    assert np.allclose(build(source, places, motion), build(source, flipped, mirror), atol=1e-6)
