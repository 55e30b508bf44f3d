"""What every network makes of moments at which nothing was seen.

A frame without a face never comes to a network: node sources bridge it (test_nodes.py), motion interpolates the frames
it keeps, and clips that lack a stream are refused before anything trains (tests/training/test_folds.py). What may
come is a clip or a moment in which nothing moves, all zeros, and fewer moments than a kernel is long.
"""

import pytest
import torch
from model_inputs import CLASSES
from test_model import batch, make, weights

from conf_groups import readers

FRAMES = 3


def nothing(name: str, where: str) -> dict[str, torch.Tensor]:
    """Return clips of which some, or some moments of all, are zero."""
    clips = batch(name, 4, FRAMES)
    for stream, values in clips.items():
        if where == "everywhere":
            values.zero_()
        elif where == "in one clip":
            values[1] = 0
        elif stream == "flow":
            values[:, :, 6:] = 0  # it has no moments: a part of the face
        else:
            values[(slice(None),) * (1 if stream == "graph" else 2) + (slice(1, None),)] = 0  # but the first
    return clips


@pytest.mark.parametrize("where", ["everywhere", "in one clip", "at all moments but one"])
def test_where_nothing_moves_logits_and_gradients_are_finite(model_name, where):
    """Those of the input too, which the report draws."""
    model, clips = make(model_name, FRAMES).train(), nothing(model_name, where)
    clips = {stream: values.requires_grad_() for stream, values in clips.items()}
    logits = model(clips, weights(model_name))
    logits.square().sum().backward()
    assert torch.isfinite(logits).all()
    reached = [value.grad for value in (*model.parameters(), *clips.values()) if value.grad is not None]
    assert all(torch.isfinite(gradient).all() for gradient in reached)
    with torch.no_grad():
        assert torch.isfinite(model.eval()(clips, weights(model_name))).all()


@pytest.mark.parametrize("where", ["everywhere", "in one clip"])
def test_a_graph_without_edges_is_still_a_graph(model_name, where):
    """Every edge may have weight 0 where no two units were ever annotated together."""
    model, clips = make(model_name, FRAMES).train(), nothing(model_name, where)
    logits = model(clips, 0 * weights(model_name))
    logits.square().sum().backward()
    assert torch.isfinite(logits).all()
    assert all(torch.isfinite(value.grad).all() for value in model.parameters() if value.grad is not None)


@pytest.mark.parametrize("name", readers("graph"))
def test_any_number_of_moments_will_do(name):
    for frames in (2, 7):
        logits = make(name, frames).train()(batch(name, 3, frames), weights(name))
        assert logits.shape == (3, CLASSES)
        assert torch.isfinite(logits).all()
