import cv2
import numpy as np
import pytest
from moving_faces import clip_row, rendered, template_landmarks, track_of
from skimage.transform import SimilarityTransform

from mmer.motion import Excluded
from mmer.motion.alignment import aligned, aligning, rows_of_clip
from mmer.types.canonical_face import (
    MIRROR,
    OUTER_EYES,
    TEMPLATE,
    similarity,
    template_pixels,
    to_aligned,
    to_template,
    transform,
)
from mmer.types.errors import InputError


def test_the_canonical_face_is_its_own_mirror_image_and_measured_in_outer_eye_distances():
    assert np.allclose(TEMPLATE[list(MIRROR)], TEMPLATE * [-1, 1])
    assert [MIRROR[MIRROR[i]] for i in range(68)] == list(range(68))
    assert np.linalg.norm(TEMPLATE[OUTER_EYES[0]] - TEMPLATE[OUTER_EYES[1]]) == pytest.approx(1)
    assert np.abs(TEMPLATE[list(OUTER_EYES)].mean(0)).max() == 0


def test_the_whole_canonical_face_lies_in_the_aligned_picture():
    places = template_pixels(128)
    assert places.min() > 8
    assert places.max() < 120


def test_similarity_agrees_with_scikit_image_on_noisy_points():
    rng = np.random.default_rng(3)
    source = rng.normal(size=(9, 2)) * 30
    target = source @ np.array([[0.8, 0.3], [-0.3, 0.8]]) + [5, -7] + rng.normal(size=(9, 2))
    expected = SimilarityTransform.from_estimate(source, target).params[:2]
    assert np.allclose(similarity(source, target), expected, atol=1e-9)


def test_similarity_never_reflects():
    source = TEMPLATE[:20]
    matrix = similarity(source, source * [-1, 1])
    assert np.linalg.det(matrix[:, :2]) >= 0


def test_coinciding_points_are_refused():
    with pytest.raises(InputError, match="coincide"):
        similarity(np.ones((5, 2)), TEMPLATE[:5])


def test_a_turned_scaled_shifted_canonical_face_is_aligned_to_its_constants():
    turn = np.array([[1.3, -0.4], [0.4, 1.3]])
    landmarks = template_landmarks(5) @ turn.T + [40, 11]
    assert np.allclose(transform(to_aligned(landmarks, 96), landmarks), template_pixels(96), atol=1e-9)
    assert np.allclose(transform(to_template(landmarks), landmarks), TEMPLATE, atol=1e-9)


def test_one_wild_frame_and_missing_frames_do_not_move_the_alignment():
    landmarks = template_landmarks(9)
    wild = landmarks.copy()
    wild[2] += 50
    wild[5] = np.nan
    assert np.allclose(to_aligned(wild, 96), to_aligned(landmarks, 96))


def test_brows_mouth_and_jaw_do_not_move_the_alignment():
    landmarks = template_landmarks(5)
    moved = landmarks.copy()
    moved[:, [*range(27), *range(48, 68)]] += [4, -6]
    assert np.array_equal(to_aligned(moved, 96), to_aligned(landmarks, 96))
    assert np.array_equal(to_template(moved), to_template(landmarks))


def test_too_few_frames_with_a_face_exclude_the_clip_and_the_reason_has_the_numbers():
    landmarks = template_landmarks(10)
    landmarks[:4] = np.nan
    with pytest.raises(Excluded, match=r"6 of 10 frames \(60%\), fewer than min_valid 90%"):
        aligning(track_of(landmarks), 64, 0.9)
    with pytest.raises(Excluded, match="0 of 10"):
        aligning(track_of(landmarks * np.nan), 64, 0.0)
    aligning(track_of(landmarks), 64, 0.5)


def test_a_track_with_other_frame_numbers_is_refused():
    clip = clip_row(100, 105, 110)
    with pytest.raises(InputError, match=r"covers frames 1\.\.10.*100\.\.110"):
        rows_of_clip(track_of(template_landmarks(10)), int(clip.onset), int(clip.offset))


def test_the_eyes_land_on_the_canonical_eyes_at_any_resolution_of_the_source():
    made = rendered(0, "happiness")
    small = aligned(made.frames[0], to_aligned(made.landmarks, 64), 64)
    big = cv2.resize(made.frames[0], None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    matrix = to_aligned(made.landmarks * 3 + 1, 64)  # pixel centres: 3 (x + .5) - .5
    assert np.mean(np.abs(aligned(big, matrix, 64).astype(int) - small)) < 4
