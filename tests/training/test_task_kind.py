"""How logits are read: one class per clip, or each unit by itself."""

import pytest
import torch

from mmer.training.task_kind import probabilities, right

NAN = float("nan")


def test_classes_share_one_and_units_are_each_their_own():
    logits = torch.tensor([[0.0, 0.0], [3.0, -3.0]], dtype=torch.float64)
    classes, units = (probabilities(logits, detection) for detection in (False, True))
    torch.testing.assert_close(classes.sum(1), torch.ones(2, dtype=torch.float64))
    torch.testing.assert_close(units, 1 / (1 + torch.exp(-logits)))
    assert classes[0].tolist() == units[0].tolist() == [0.5, 0.5]


def test_the_class_of_the_largest_logit_is_the_answer():
    logits = torch.tensor([[0.1, 0.2, -1.0], [0.1, 0.2, -1.0]])
    assert right(logits, torch.tensor([1, 0]), False).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("logits", "answer", "share"),
    [
        ([0.2, -0.2], [1, 0], 1),  # present above a probability of one half, which is a logit of 0
        ([0.2, -0.2], [0, 0], 0.5),
        ([0.2, -0.2], [NAN, 1], 0),
        ([0.2, -0.2], [1, NAN], 1),
        ([0.2, -0.2], [NAN, NAN], 0),
    ],
)
def test_of_units_the_share_of_the_annotated_ones_counts(logits, answer, share):
    assert right(torch.tensor([logits]), torch.tensor([answer], dtype=torch.float32), True).tolist() == [share]
