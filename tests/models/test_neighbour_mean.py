"""neighbour_mean: the matrix of means over neighbours."""

import numpy as np
import torch

from mmer.models.neighbour_mean import neighbour_mean

# 0 -> 1 (weight .5), 2 -> 1 (.25), 1 -> 2 (3); nothing leads to 0. place = target * 3 + source
PLACE = torch.tensor([3, 5, 7])
WEIGHT = torch.tensor([0.5, 0.25, 3.0])


def test_rows_by_hand():
    expected = {
        "none": [[0, 0, 0], [2 / 3, 0, 1 / 3], [0, 1, 0]],
        "loop": [[1, 0, 0], [0.5 / 1.75, 1 / 1.75, 0.25 / 1.75], [0, 0.75, 0.25]],
        "rest": [[1, 0, 0], [0.5, 0.25, 0.25], [0, 1, 0]],
    }
    for own, rows in expected.items():
        np.testing.assert_allclose(neighbour_mean(PLACE, WEIGHT, 3, own), rows, rtol=1e-6)


def test_folds_at_once():
    weights = torch.stack([WEIGHT, 2 * WEIGHT.flip(0)])
    together = neighbour_mean(PLACE.expand(2, 3), weights, 3, "rest")
    assert torch.equal(together[1], neighbour_mean(PLACE, weights[1], 3, "rest"))
