"""AuwGcn."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from mmer.models.auw_gcn import AuwGcn
from mmer.types.errors import InputError
from mmer.types.samples import Sizes

N = 5
EDGES = np.array([[0, 1, 2, 4, 3], [1, 0, 3, 3, 2]])  # nothing leads to node 4


def sizes(frames=6, nodes=N, edges=EDGES):
    return Sizes(3, {"graph": (frames, nodes, 2)}, tuple(f"n{i}" for i in range(nodes)), edges)


def made(frames=6, **values):
    torch.manual_seed(0)
    model = AuwGcn(sizes(frames), hidden=4, width=8, **values).double().eval()
    for layer in (model.node_norm, *model.time_norms):
        layer.running_mean.uniform_(-1, 1)
        layer.running_var.uniform_(0.5, 2)
    return model


def test_parameters_are_those_of_the_docstring():
    model = AuwGcn(sizes(16, 12))
    assert sum(value.numel() for value in model.parameters()) == 37904
    published = 37904 - model.classifier.weight.numel() + 10 * 64 * 3  # ten scores for every frame instead of three
    assert published == 39248


@pytest.mark.parametrize("frames", [1, 2, 3, 6])
def test_layer_by_layer_as_published_with_a_head_that_is_averaged_over_time(frames):
    model = made(frames)
    x = torch.randn(3, frames, N, 2, dtype=torch.float64)
    weight = torch.tensor([0.5, 0.25, 0.3, 0.7, 1.0], dtype=torch.float64)
    adjacency = torch.zeros(N, N, dtype=torch.float64)
    adjacency[EDGES[1], EDGES[0]] = weight
    adjacency += torch.diag(1 - adjacency.sum(1))  # node 4 keeps to itself, 2 and 3 have nothing of themselves
    support = x @ model.node.weight.T
    hidden = torch.einsum("ts,bfsc->bftc", adjacency, support) + model.node.bias
    norm = model.node_norm
    hidden = F.batch_norm(
        hidden.permute(0, 3, 1, 2), norm.running_mean, norm.running_var, norm.weight, norm.bias
    ).relu()  # (B, 4, T, N)
    sequence = hidden.permute(0, 3, 1, 2).reshape(3, N * 4, frames)
    for layer, norm, (padding, dilation) in zip(model.time, model.time_norms, [(0, 1), (1, 1), (2, 2)], strict=True):
        sequence = F.conv1d(sequence, layer.weight, padding=padding, dilation=dilation)
        sequence = F.batch_norm(sequence, norm.running_mean, norm.running_var, norm.weight, norm.bias).relu()
    head = model.classifier.weight.view(3, 3, 8).transpose(1, 2)  # classes, width, taps
    scores = F.conv1d(sequence, head, padding=2, dilation=2)
    torch.testing.assert_close(model({"graph": x}, weight), scores.mean(2), rtol=0, atol=1e-12)


def test_what_a_node_has_of_itself_is_an_option():
    x = torch.randn(2, 6, N, 2, dtype=torch.float64)
    weight = torch.full((5,), 0.4, dtype=torch.float64)
    logits = [made(own=own)({"graph": x}, weight) for own in ("rest", "loop", "none")]
    assert not torch.allclose(logits[0], logits[1])
    assert not torch.allclose(logits[0], logits[2])


def test_absent_frames_are_finite():
    assert torch.isfinite(made()({"graph": torch.zeros(2, 6, N, 2, dtype=torch.float64)}, torch.zeros(5))).all()


@pytest.mark.parametrize(
    ("values", "word"), [({"hidden": 0}, "hidden"), ({"width": 2.5}, "width"), ({"own": "self"}, "Valid: loop, none")]
)
def test_nonsense_is_refused(values, word):
    with pytest.raises(InputError, match=word):
        AuwGcn(sizes(), **values)
