"""Pictures, drawings, and the choice of clips."""

import base64
import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from records_for_tests import samples_of

from fakes import clips_table, predictions_table
from mmer.report.charts import MOST_EDGES, arrow_steps, arrows, curve, graph_drawing, nice_end
from mmer.report.clip_choice import choose_clips
from mmer.report.pictures import FLOW_FLOOR, direction_colour, face_picture, flow_picture, strain_picture


def decoded(uri):
    assert uri.startswith("data:image/webp;base64,")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))).convert("RGB")).astype(int)


def test_opposite_directions_have_opposite_colours():
    right, left = (direction_colour(np.full((1, 1), sign), np.zeros((1, 1)))[0, 0] for sign in (1.0, -1.0))
    assert right[0] > right[1]
    assert right[0] > right[2]
    assert left[0] < left[1]
    assert left[0] < left[2]


def test_no_motion_shows_the_dimmed_face_alone():
    still = np.zeros((40, 40))
    uri, full = flow_picture(still, still, np.full((40, 40), 200, np.uint8))
    picture = decoded(uri)
    assert full == FLOW_FLOOR
    assert np.ptp(picture) < 12  # one grey, up to what the compression does


def test_motion_to_the_right_is_red_where_it_is():
    u = np.zeros((64, 64))
    u[:, 40:] = 2
    uri, full = flow_picture(u, np.zeros((64, 64)), None)
    picture = decoded(uri)
    assert full == 2
    assert picture[32, 52, 0] > picture[32, 52, 1] + 80
    assert np.ptp(picture[32, 12]) < 30


def test_strain_is_brightest_where_it_is_largest():
    strain = np.zeros((64, 64))
    strain[20:40, 20:40] = 0.1
    picture = decoded(strain_picture(strain, None)[0]).sum(2)
    assert picture[30, 30] > 2 * picture[5, 5]


def test_large_pictures_are_scaled_down():
    assert max(decoded(face_picture(np.zeros((600, 300), np.uint8))).shape) == 144


def test_arrows_point_along_the_motion_and_leave_short_ones_out():
    u, v = np.zeros((24, 24)), np.zeros((24, 24))
    assert arrow_steps(u, v, 1.0) == ()
    u[1, 1] = 1.0  # the first place of a grid with cells of 2
    assert arrow_steps(u, v, 1.0) == ((1, 1, 2.0, 0.0),)
    assert arrows(arrow_steps(u, v, 1.0)).startswith("M1.0 1.0L3.0 1.0")


def test_curve_is_the_median_over_folds():
    table = pd.DataFrame(
        {
            "seed": 0,
            "fold": ["a", "b", "c"] * 2,
            "epoch": [1] * 3 + [2] * 3,
            "accuracy": [0.0, 0.2, 0.9, 0.5, 0.6, 1.0],
        }
    )
    drawn = curve(table, "accuracy", "", top=1.0)
    assert drawn.line == f"M0.0 {0.8 * drawn.height:.1f}L{drawn.width:.1f} {0.4 * drawn.height:.1f}"
    assert drawn.last == 0.6
    assert curve(table.assign(accuracy=np.nan), "accuracy", "") is None


def test_long_curves_keep_their_ends_and_few_points():
    table = pd.DataFrame({"seed": 0, "fold": "a", "epoch": range(3000), "loss": np.linspace(2, 1, 3000)})
    drawn = curve(table, "loss", "")
    assert drawn.line.count("L") < 200
    assert drawn.x_ticks[-1][1] == "2999"


@pytest.mark.parametrize(("value", "end"), [(0, 1), (0.7, 0.8), (1, 1), (1.2, 1.5), (7.9, 8), (83, 100), (0.03, 0.03)])
def test_nice_end(value, end):
    assert nice_end(value) == pytest.approx(end)


def test_graph_counts_each_line_once_and_no_loops():
    samples = samples_of(clips_table(), nodes=5)
    drawn = graph_drawing(samples, samples.clip_ids[0], (48, 48))
    assert (drawn.drawn, drawn.total, drawn.missing) == (10, 10, 0)
    assert drawn.nodes.count("M") == 5
    assert [text for _, _, text in drawn.labels] == ["1", "2", "3", "4", "5"]


def test_complete_graphs_are_thinned():
    samples = samples_of(clips_table(), nodes=68)
    drawn = graph_drawing(samples, samples.clip_ids[0], (48, 48))
    assert (drawn.drawn, drawn.total) == (MOST_EDGES, 2278)


def test_nodes_without_place_lose_their_lines():
    samples = samples_of(clips_table(), nodes=5)
    samples.positions[0, 2] = np.nan
    drawn = graph_drawing(samples, samples.clip_ids[0], None)
    assert (drawn.total, drawn.missing) == (6, 1)
    assert np.isfinite(drawn.view).all()
    samples.positions[0] = np.nan
    assert graph_drawing(samples, samples.clip_ids[0], None) is None
    assert graph_drawing(samples, "unknown", None) is None


def test_chosen_clips_are_right_and_wrong_ones_of_every_class():
    predictions = predictions_table(clips_table(subjects=12), skill=0.5, seeds=(3, 4))
    chosen = choose_clips(predictions, lambda clip: True)
    assert list(chosen.truth) == ["disgust", "disgust", "happiness", "happiness", "surprise", "surprise"]
    assert list(chosen.truth == chosen.predicted) == [True, False] * 3
    assert set(chosen.seed) == {3}
    shuffled = choose_clips(predictions.sample(frac=1, random_state=0), lambda clip: True)
    pd.testing.assert_frame_equal(shuffled, chosen)


def test_clips_with_pictures_go_first():
    predictions = predictions_table(clips_table(subjects=12), skill=1)
    pictured = "samm/sub07/clip01"
    assert pictured in set(choose_clips(predictions, lambda clip: clip == pictured).clip_id)
