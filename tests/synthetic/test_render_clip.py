"""One rendered clip: what is known about it must be true of its pixels."""

import cv2
import numpy as np
import pytest

from mmer.synthetic.action_units import MIDLINE, PARTNER, table
from mmer.synthetic.clip import emotions, presets, render_clip
from mmer.synthetic.photo import MIRRORED, pixel_grid
from mmer.types.errors import InputError

LEFT_CORNER, RIGHT_CORNER, INNER_BROW, NOSE = 48, 54, 21, slice(27, 31)


@pytest.fixture(scope="module")
def smile():
    return render_clip(0, 0, "happiness", seed=3, preset="easy", size=96)


def moved(clip):
    """Landmark displacement onset -> apex, without what the nose bridge does: no unit of these emotions moves it."""
    change = clip.landmarks[clip.apex] - clip.landmarks[clip.onset]
    return change - change[NOSE].mean(0)


def test_shapes_and_order(smile):
    count = len(smile.frames)
    assert smile.frames.shape == (count, 96, 96, 3)
    assert smile.frames.dtype == np.uint8
    assert smile.landmarks.shape == (count, 68, 2)
    assert smile.action_units.shape == (count, len(smile.au_names))
    assert smile.flow.shape == (96, 96, 2)
    assert 6 == smile.onset < smile.apex < smile.offset == count - 1 - 4
    assert 24 <= smile.offset - smile.onset + 1 <= 32


@pytest.mark.parametrize("emotion", sorted(emotions()))
def test_onset_is_neutral_and_the_apex_is_the_peak(emotion):
    clip = render_clip(1, 2, emotion, seed=0, size=48)
    assert (clip.action_units[clip.onset] == 0).all()
    assert clip.expressed.max() > 0
    assert {name for name, peak in zip(clip.au_names, clip.expressed, strict=True) if peak} <= set(emotions()[emotion])
    low, high = presets()["default"].intensity
    assert low <= clip.intensity <= high


def test_a_smile_moves_the_mouth_corners_outward_and_up(smile):
    change = moved(smile)
    assert change[LEFT_CORNER, 0] < -0.3 < 0.3 < change[RIGHT_CORNER, 0]
    assert change[LEFT_CORNER, 1] < -0.3
    assert change[RIGHT_CORNER, 1] < -0.3


def test_surprise_lifts_the_brows_and_disgust_lowers_them():
    assert moved(render_clip(0, 0, "surprise", 3, "easy", 96))[INNER_BROW, 1] < -1
    assert moved(render_clip(0, 0, "disgust", 3, "easy", 96))[INNER_BROW, 1] > 0.3


def test_flow_is_where_the_content_went(smile):
    onset, apex = (smile.frames[i].astype(np.float32) for i in (smile.onset, smile.apex))

    def difference(flow):
        where = (pixel_grid(96) + flow).astype(np.float32)
        back = cv2.remap(apex, where, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return np.abs(back - onset)[6:-6, 6:-6].mean()

    # Two pictures with independent noise of 2 grey levels differ by 2 * 2 / sqrt(pi) on average.
    assert difference(smile.flow) < 1.1 * 2 * 2 / np.sqrt(np.pi)
    assert difference(0) > 1.3 * difference(smile.flow)
    assert difference(-smile.flow) > difference(0)


def test_flow_agrees_with_the_landmarks(smile):
    at = smile.landmarks[smile.onset].astype(np.float32)
    flow = cv2.remap(smile.flow, at[None], None, cv2.INTER_LINEAR)[0]
    change = smile.landmarks[smile.apex] - smile.landmarks[smile.onset]
    assert np.linalg.norm(flow - change, axis=1).max() < 0.06


def test_a_clip_depends_on_its_own_arguments_only(smile):
    render_clip(5, 1, "disgust", seed=9, size=48)
    again = render_clip(0, 0, "happiness", seed=3, preset="easy", size=96)
    assert (again.frames == smile.frames).all()
    assert (again.flow == smile.flow).all()
    for other in (
        render_clip(0, 0, "happiness", seed=4, preset="easy", size=96),
        render_clip(0, 1, "happiness", seed=3, preset="easy", size=96),
        render_clip(0, 0, "happiness", seed=3, preset="easy", size=96, corpus="samm"),
    ):
        assert other.frames.shape != smile.frames.shape or (other.frames != smile.frames).mean() > 0.5


def test_the_truth_scales_with_the_frame():
    small, large = (render_clip(2, 0, "surprise", 1, size=size) for size in (64, 128))
    assert (small.action_units == large.action_units).all()
    assert np.allclose(small.landmarks / 64, large.landmarks / 128, atol=0.02)


def test_presets_order_the_size_of_the_motion():
    size = {
        preset: np.mean([np.abs(moved(render_clip(s, 0, "surprise", 0, preset, 48))).max() for s in range(3)])
        for preset in presets()
    }
    assert size["easy"] > size["default"] > size["hard"] > 0


def test_refusals():
    with pytest.raises(InputError, match="did you mean 'happiness'"):
        render_clip(0, 0, "hapiness", 0)
    with pytest.raises(InputError, match="did you mean 'hard'"):
        render_clip(0, 0, "happiness", 0, preset="hardest")
    with pytest.raises(InputError, match="too small"):
        render_clip(0, 0, "happiness", 0, size=20)


def test_the_table_is_symmetric():
    units = table()
    assert len(units) == 16
    assert sum(map(len, units.values())) == 162
    for moves in units.values():
        for point, (dx, dy) in moves.items():
            if point not in MIDLINE:
                assert moves[PARTNER[point]] == (-dx, dy)


def test_mirroring_is_its_own_inverse():
    assert sorted(MIRRORED) == list(range(68))
    assert all(MIRRORED[MIRRORED[i]] == i for i in range(68))
