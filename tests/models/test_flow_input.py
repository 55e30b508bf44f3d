"""Channels and size of the flow, against OpenCV's area and torch's bilinear interpolation."""

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mmer.models.flow_input import FlowInput, flow_shape, resize_matrix
from mmer.types.errors import InputError
from mmer.types.samples import Sizes

EDGES = np.zeros((2, 0), np.int64)
UVS = ("u", "v", "strain")


def sizes(*shape):
    return Sizes(3, {"flow": shape}, (), EDGES)


def flow(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def take(x, size, channels=UVS):
    return FlowInput("net", sizes(*x.shape[1:]), size, channels).double()(x)


@pytest.mark.parametrize(("source", "target"), [(128, 28), (128, 64), (30, 7), (12, 6), (5, 1)])
def test_shrinking_is_the_mean_over_the_covered_area(source, target):
    x = flow(2, 3, source, source)
    ours = take(x, target).numpy()
    for clip, image in zip(ours, x.numpy(), strict=True):
        theirs = cv2.resize(image.transpose(1, 2, 0), (target, target), interpolation=cv2.INTER_AREA)
        np.testing.assert_allclose(clip, theirs.reshape(target, target, 3).transpose(2, 0, 1), atol=1e-5)


@pytest.mark.parametrize(("source", "target"), [(28, 60), (128, 227), (4, 9), (1, 5)])
def test_enlarging_is_bilinear(source, target):
    x = flow(2, 3, source, source)
    theirs = F.interpolate(x, (target, target), mode="bilinear", align_corners=False)
    torch.testing.assert_close(take(x, target), theirs, rtol=0, atol=1e-5)


def test_rows_of_the_matrix_sum_to_one():
    for source, target in [(128, 28), (28, 128), (7, 5), (5, 7), (9, 9)]:
        np.testing.assert_allclose(resize_matrix(source, target).sum(1), 1, atol=1e-12)


def test_a_face_of_the_right_size_is_left_alone():
    x = flow(2, 3, 28, 28)
    assert take(x, 28) is x
    assert torch.equal(take(x, 28, ("u", "v")), x[:, :2])


def test_height_and_width_may_differ():
    x = flow(1, 3, 20, 10)
    smaller = take(x, 10)
    torch.testing.assert_close(smaller, F.avg_pool2d(x, (2, 1)), rtol=0, atol=1e-6)


def test_magnitude_is_derived_before_resizing():
    x = flow(2, 3, 8, 8)
    torch.testing.assert_close(
        take(x, 4, ("magnitude", "strain")),
        F.avg_pool2d(torch.stack([torch.hypot(x[:, 0], x[:, 1]), x[:, 2]], 1), 2),
        rtol=0, atol=1e-6,
    )  # fmt: skip


@pytest.mark.parametrize("channels", [UVS, ("u", "v"), ("magnitude", "strain"), ("strain",)])
def test_applied_twice_is_applied_once(channels):
    x = flow(2, 3, 20, 20)
    layer = FlowInput("net", sizes(3, 20, 20), 8, channels)
    once = layer(x)
    assert once.shape == (2, len(channels), 8, 8)
    assert layer(once) is once


def test_has_no_parameter_and_saves_nothing():
    layer = FlowInput("net", sizes(3, 20, 20), 8, UVS)
    assert not list(layer.parameters())
    assert not layer.state_dict()


def test_a_missing_channel_or_stream_is_named():
    with pytest.raises(InputError, match=r"u, v, strain.*has 2"):
        FlowInput("net", sizes(2, 20, 20), 8, UVS)
    with pytest.raises(InputError, match=r"channels u, v in this order.*has 1"):
        FlowInput("net", sizes(1, 20, 20), 8, ("u", "v"))
    with pytest.raises(InputError, match="needs the stream 'flow'"):
        flow_shape("net", Sizes(3, {"graph": (1, 2, 3)}, ("a", "b"), EDGES))
    with pytest.raises(InputError, match="no zero"):
        flow_shape("net", sizes(3, 0, 20))


def test_where_nothing_moves_magnitude_is_0_and_has_a_gradient():
    x = flow(2, 3, 8, 8)
    x[:, :, 2:4] = 0
    x.requires_grad_()
    magnitude = take(x, 8, ("magnitude",))
    torch.testing.assert_close(magnitude[:, 0], torch.hypot(x[:, 0], x[:, 1]))
    magnitude.sum().backward()
    assert torch.isfinite(x.grad).all()
    assert not x.grad[:, :, 2:4].any()
