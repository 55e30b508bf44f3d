import cv2
import numpy as np
import pytest
from moving_faces import clip_row, rendered_case

from mmer.motion.apex import peak_motion
from mmer.motion.optical_flow import OpticalFlow
from mmer.types.errors import InputError


def test_the_source_of_the_apex_is_recorded_truthfully(tmp_path):
    clip, track, frames = rendered_case(0, "surprise", tmp_path / "clip")
    blank = clip_row(clip.onset, None, clip.offset)
    middle = (clip.onset + clip.offset) // 2

    def chosen(row, **fields):
        motion = OpticalFlow(size=64, **fields).describe(row, track, frames)
        return motion.apex, motion.apex_source

    assert chosen(clip) == (clip.apex, "given")
    assert chosen(clip, apex="middle") == (middle, "middle")
    assert chosen(blank) == (middle, "middle")
    assert chosen(blank, apex_missing="peak_motion")[1] == "peak_motion"
    with pytest.raises(InputError, match="made/s1/c1: the annotation has no apex"):
        chosen(blank, apex_missing="error")


def test_peak_motion_finds_the_apex_of_rendered_clips(tmp_path):
    off = []
    for subject in range(4):
        for emotion in ("happiness", "surprise"):
            clip, track, frames = rendered_case(subject, emotion, tmp_path / f"{subject}{emotion}", "easy")
            rows = track.between(int(clip.onset), int(clip.offset))
            found = peak_motion(int(clip.onset), int(clip.offset), rows, frames)
            assert found == peak_motion(int(clip.onset), int(clip.offset), rows, frames)
            off.append(abs(found - clip.apex))
    assert np.median(off) <= 3


def test_a_blink_is_not_the_apex(tmp_path):
    """Closing eyes far from the true apex do not draw the choice to them."""
    clip, track, frames = rendered_case(0, "surprise", tmp_path / "clip", "easy")
    rows = track.between(int(clip.onset), int(clip.offset))
    before = peak_motion(int(clip.onset), int(clip.offset), rows, frames)
    shut = int(clip.offset) - 1
    path = tmp_path / "clip" / f"img{shut}.png"
    image = cv2.imread(str(path))
    for eye in (range(36, 42), range(42, 48)):
        points = np.rint(track.landmarks[shut - 1][eye]).astype(int)
        (left, top), (right, bottom) = points.min(0), points.max(0)
        image[top : bottom + 1, left : right + 1] = image[bottom + 1, left : right + 1]
    cv2.imwrite(str(path), image)
    assert abs(peak_motion(int(clip.onset), int(clip.offset), rows, frames) - before) <= 1
