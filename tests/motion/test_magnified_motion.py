"""The choice `magnify` of a dataset: motion is measured on magnified faces."""

import numpy as np
import pytest
from moving_faces import rendered_case

from mmer.motion.magnify.eulerian_linear import EulerianLinear
from mmer.motion.magnify.eulerian_phase import EulerianPhase
from mmer.motion.magnify.none import Unmagnified
from mmer.motion.optical_flow import OpticalFlow
from mmer.types.errors import InputError

PHASE = EulerianPhase(alpha=2.0, per_octave=1, orientations=4)
BAND = {"temporal": "band", "low": 0.5, "high": 20.0}


@pytest.fixture
def case(tmp_path):
    clip, track, frames = rendered_case(0, "surprise", tmp_path / "frames")
    clip = clip.copy()
    clip["fps"] = 100.0
    return clip, track, frames


def strength(motion):
    return float(np.linalg.norm(motion.values[:2]))


def test_magnified_faces_move_further_and_the_same_way(case):
    plain, larger = OpticalFlow().describe(*case), OpticalFlow().describe(*case, PHASE)
    assert 1.5 < strength(larger) / strength(plain) < 2.3
    flows = [motion.values[:2].ravel() for motion in (plain, larger)]
    assert np.corrcoef(*flows)[0, 1] > 0.9
    assert (larger.apex, larger.apex_source) == (plain.apex, plain.apex_source)
    assert np.array_equal(larger.to_crop, plain.to_crop)
    np.testing.assert_allclose(larger.pictures[0].astype(int), plain.pictures[0], atol=1)  # the onset


def test_no_magnification_changes_no_byte(case):
    flow = OpticalFlow(n_frames=3, neighbours=1)
    plain, same = flow.describe(*case), flow.describe(*case, Unmagnified())
    for name in ("values", "pictures", "neighbours", "video"):
        assert getattr(plain, name).tobytes() == getattr(same, name).tobytes()


def test_neighbours_and_video_are_magnified_too(case):
    flow = OpticalFlow(n_frames=3, moments="triplet", interpolation="nearest", neighbours=1)
    plain, larger = flow.describe(*case), flow.describe(*case, PHASE)
    assert np.linalg.norm(larger.neighbours[:, :2]) > 1.5 * np.linalg.norm(plain.neighbours[:, :2])
    np.testing.assert_allclose(larger.video[0].astype(int), plain.video[0], atol=1)
    np.testing.assert_allclose(larger.video[1].astype(int), larger.pictures[1], atol=2)


def test_a_band_sees_the_whole_clip(case):
    clip, track, frames = case
    banded = EulerianLinear(cutoff=0.0, **BAND)
    larger = OpticalFlow(n_frames=5).describe(clip, track, frames, banded)
    assert strength(larger) > strength(OpticalFlow().describe(*case))
    clip["fps"] = np.nan
    with pytest.raises(InputError, match="frames per second"):
        OpticalFlow().describe(clip, track, frames, banded)
