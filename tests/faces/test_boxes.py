"""Which face is meant, and one box for the whole clip."""

import cv2
import numpy as np
import pytest

from mmer.faces.boxes import CascadeFinder, checked_places, fix_box, largest_of_each
from mmer.types.frames import Frames

SIZE = (480, 640)


def boxes(*rows):
    return np.array(rows, dtype=float).reshape(-1, 5)


def face(x, y, side, score=1.0):
    return (x, y, x + side, y + side, score)


@pytest.mark.parametrize(
    ("length", "every", "places"),
    [(1, 0, [0]), (2, 0, [0, 1]), (9, 0, [0, 4, 8]), (9, 4, [0, 4, 8]), (10, 4, [0, 4, 8, 9]), (3, 50, [0, 2])],
)
def test_first_and_last_frame_are_always_checked(length, every, places):
    assert checked_places(length, every) == places


def test_the_box_is_the_median_and_does_not_move():
    found = {0: boxes(face(100, 100, 200)), 4: boxes(face(104, 90, 200)), 8: boxes(face(101, 130, 200))}
    fixed = fix_box(found, 9, SIZE)
    assert fixed.edges.tolist() == [101, 100, 301, 300]
    assert fixed.found.all()
    assert fixed.n_faces.tolist() == [1] * 9


def test_a_frame_is_what_its_nearest_checked_frame_says():
    found = {0: boxes(face(100, 100, 200, 0.8)), 4: boxes(), 8: boxes(face(100, 100, 200, 0.7))}
    fixed = fix_box(found, 9, SIZE)
    assert fixed.found.tolist() == [True] * 3 + [False] * 4 + [True] * 2
    assert fixed.score.tolist() == pytest.approx([0.8] * 3 + [0] * 4 + [0.7] * 2)
    assert fixed.n_faces.tolist() == [1] * 3 + [0] * 4 + [1] * 2


def test_no_face_anywhere():
    fixed = fix_box({0: boxes(), 1: boxes()}, 2, SIZE)
    assert not fixed.found.any()
    assert np.isnan(fixed.edges).all()


def test_the_largest_central_face_is_followed():
    middle, corner, small = face(220, 140, 200), face(0, 0, 220), face(400, 200, 60)
    assert fix_box({0: boxes(corner, small, middle)}, 1, SIZE).edges.tolist() == list(middle[:4])
    # Later another face is larger; the clip stays with the one it began with.
    later = boxes(face(0, 0, 300), face(225, 140, 200))
    fixed = fix_box({0: boxes(corner, middle), 4: later}, 5, SIZE)
    assert fixed.edges.tolist() == [222.5, 140, 422.5, 340]
    assert fixed.n_faces.tolist() == [2] * 5


def test_a_face_that_left_the_box_is_not_found():
    fixed = fix_box({0: boxes(face(200, 100, 200)), 4: boxes(face(450, 100, 180))}, 5, SIZE)
    assert fixed.found.tolist() == [True, True, True, False, False]
    assert fixed.edges.tolist() == [200, 100, 400, 300]


def test_answers_of_one_cascade_at_two_scales_are_one_face():
    assert largest_of_each(boxes(face(207, 101, 144), face(215, 81, 188))).tolist() == [list(face(215, 81, 188))]
    assert len(largest_of_each(boxes(face(0, 0, 100), face(300, 0, 100)))) == 2
    assert largest_of_each(boxes()).shape == (0, 5)


def test_the_cascade_finds_a_real_face_and_none_where_there_is_none(videos):
    find = CascadeFinder()
    (found,) = find(Frames.open(videos / "single_face.mp4").read(0))
    assert found[:4] == pytest.approx([198, 89, 392, 283], abs=15)
    assert len(find(Frames.open(videos / "no_face.mp4").read(0))) == 0
    assert len(find(cv2.cvtColor(np.full((40, 40), 128, np.uint8), cv2.COLOR_GRAY2RGB))) == 0
