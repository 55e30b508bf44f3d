import cv2
import numpy as np
import pytest
from moving_faces import clip_row, frames_of, rendered, rendered_case, track_of

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


def pulled(picture, places, reach, down):
    """The picture with the skin around some places moved down, fading over ``reach`` pixels."""
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]].astype(np.float32)
    pull = sum(np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * reach**2)) for px, py in places) * down
    return cv2.remap(picture, x, y - pull.astype(np.float32), cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def test_a_blink_is_not_the_apex(tmp_path):
    """Lids that move farther than the mouth, five frames later, are not what is looked for."""
    made = rendered(0, "surprise")
    neutral, landmarks = made.frames[0], made.landmarks[0]
    mouth = landmarks[[48, 51, 54, 57]]
    eyes = [landmarks[36:42].mean(0), landmarks[42:48].mean(0)]
    smile, blink = pulled(neutral, mouth, 6, -1.5), pulled(neutral, eyes, 4, 4.0)
    pictures = [neutral] * 4 + [smile] * 3 + [neutral] * 2 + [blink] * 3 + [neutral] * 3
    frames = frames_of(pictures, tmp_path / "blink")
    track = track_of(np.repeat(landmarks[None], len(pictures), axis=0))
    assert peak_motion(1, len(pictures), track, frames) in (5, 6, 7)
