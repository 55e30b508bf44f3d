"""Every motion component: shape, channels, no motion in a still face, no label read, same output twice."""

from dataclasses import replace

import numpy as np
import pytest
from moving_faces import clip_row, frames_of, rendered, rendered_case, track_of

from mmer.stages.build import build, read_option, target_class
from mmer.types.clips import visible
from mmer.types.motion import ClipMotion, Motion


@pytest.fixture
def component(motion_name):
    return build(read_option("motion", motion_name))


@pytest.fixture
def case(component, tmp_path):
    """A clip that moves, with everything that any component may ask for."""
    clip, track, frames = rendered_case(0, "surprise", tmp_path / "frames")
    return clip_with_motion(clip, tmp_path / "given.npy", 1.5), track, frames


def clip_with_motion(clip, path, amount):
    values = np.full((3, 128, 128), amount, np.float32)
    np.save(path, values)
    clip = clip.copy()
    clip["motion"] = str(path)
    return clip


def test_file_yaml_and_name_agree(motion_name, component):
    assert component.name == motion_name
    assert target_class(read_option("motion", motion_name)).__module__ == f"mmer.motion.{motion_name}"


def test_it_describes_a_clip(motion_name, component, case):
    motion = component.describe(*case)
    assert isinstance(motion, ClipMotion)
    assert motion.clip_id == case[0].clip_id
    assert motion.values.dtype == np.float32
    assert motion.values.shape[0] == len(motion.channels)
    assert np.isfinite(motion.values).all()
    assert np.abs(motion.values).max() > 0.1
    assert motion.apex_source in ("given", "middle", "peak_motion", "precomputed")
    assert motion.to_crop.shape == (2, 3)
    assert np.array_equal(Motion.stack([motion], {}).of(motion.clip_id).values, motion.values)


def test_a_still_face_has_no_motion(motion_name, component, tmp_path):
    made = rendered(0, "surprise")
    frames = frames_of([made.frames[0]] * 6, tmp_path / "still")
    clip = clip_with_motion(clip_row(1, 3, 6), tmp_path / "still.npy", 0.0)
    motion = component.describe(clip, track_of(np.repeat(made.landmarks[:1], 6, axis=0)), frames)
    assert np.abs(motion.values).max() == 0


def test_missing_faces_under_the_limit_do_no_harm(motion_name, component, case):
    clip, track, frames = case
    landmarks = track.landmarks.copy()
    landmarks[int(clip.onset)] = np.nan
    motion = component.describe(clip, replace(track, landmarks=landmarks), frames)
    assert np.abs(motion.values - component.describe(*case).values).mean() < 0.1


def test_no_label_is_read_and_the_same_input_gives_the_same_bytes(motion_name, component, case):
    clip, track, frames = case
    other = visible(clip.to_frame().T, component.reads).iloc[0]  # what the stage hands over: no label is there
    assert not {"emotion", "objective_class", "action_units"} & set(other.index)
    first, second = component.describe(clip, track, frames), component.describe(other, track, frames)
    assert first.values.tobytes() == second.values.tobytes()
    assert first.to_crop.tobytes() == second.to_crop.tobytes()
    assert (first.apex, first.apex_source) == (second.apex, second.apex_source)


def test_it_says_whether_it_needs_a_track(motion_name, component, case):
    clip, _, frames = case
    if component.needs_track:
        with pytest.raises(ValueError, match="face track"):
            component.describe(clip, None, frames)
    else:
        component.describe(clip, None, None)
