"""Mlp."""

import numpy as np
import pytest
import torch

from mmer.models.mlp import Mlp
from mmer.types.errors import InputError
from mmer.types.samples import Sizes


def sizes(frames=1):
    return Sizes(3, {"graph": (frames, 12, 3)}, tuple(f"n{i}" for i in range(12)), np.zeros((2, 0), np.int64))


def test_parameters_are_those_of_the_docstring():
    assert sum(value.numel() for value in Mlp(sizes()).parameters()) == 6723


def test_is_a_stack_of_linear_layers():
    model = Mlp(sizes(2), hidden=5, layers=1).eval()
    x = torch.randn(4, 2, 12, 3)
    first, last = model.layers[0], model.classifier
    hidden = (x.reshape(4, 72) @ first.weight.T + first.bias).clamp_min(0)
    torch.testing.assert_close(model({"graph": x}, torch.zeros(0)), hidden @ last.weight.T + last.bias)


@pytest.mark.parametrize(("values", "word"), [({"hidden": 0}, "hidden"), ({"layers": 0}, "layers")])
def test_nonsense_is_refused(values, word):
    with pytest.raises(InputError, match=word):
        Mlp(sizes(), **values)
