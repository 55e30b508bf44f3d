"""The flow networks: parameters layer by layer, and the papers' details that a contract cannot know."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mmer.models.dropout import set_step
from mmer.models.dssnet import Dssnet, local_response
from mmer.models.dual_inception import DualInception
from mmer.models.off_apexnet import OffApexnet
from mmer.models.rcn_a import RcnA
from mmer.models.resnet18 import Resnet18
from mmer.models.sssnet import ChannelDropout, Sssnet
from mmer.models.ststnet import FILTERS, Ststnet
from mmer.types.errors import InputError
from mmer.types.samples import Sizes

NETWORKS = (Ststnet, OffApexnet, Sssnet, Dssnet, DualInception, RcnA, Resnet18)
WEIGHTS = torch.zeros(0)


def sizes(classes=3, pixels=28):
    return Sizes(classes, {"flow": (3, pixels, pixels)}, (), np.zeros((2, 0), np.int64))


def clips(n=4, pixels=28, seed=0):
    return torch.randn(n, 3, pixels, pixels, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def conv(channels, filters, kernel, groups=1):
    return filters * (channels // groups * kernel**2 + 1)


def linear(inputs, outputs):
    return outputs * (inputs + 1)


def norm(channels):
    return 2 * channels


def inception(channels, filters):
    return 4 * conv(channels, filters, 1) + conv(filters, filters, 3) + conv(filters, filters, 5)


TRUNK = conv(3, 96, 11) + conv(96, 256, 5, groups=2)
PARAMETERS = [  # network, keys, classes, layers, sum, what was published and whether our layers explain it
    (Ststnet, {}, 3, [conv(3, 16, 3), norm(16), linear(400, 3)], 1683, 0.00167e6),
    (OffApexnet, {}, 3,
     [2 * conv(1, 6, 5), 2 * conv(6, 16, 5), linear(1568, 1024), linear(1024, 1024), linear(1024, 3)], 2664475, 2.66e6),
    (Sssnet, {}, 3,
     [conv(3, 32, 5), norm(32), conv(32, 64, 3), norm(64), linear(64 * 81, 256), linear(256, 3)], 1349251, None),
    (Dssnet, {}, 5, [2 * TRUNK, linear(256 * 13**2, 5)], 901125, None),
    (Dssnet, {"inputs": "magnitude"}, 5, [TRUNK, linear(256 * 13**2, 5)], 558725, None),
    (Dssnet, {}, 3, [2 * TRUNK, linear(256 * 13**2, 3)], 814595, None),
    (Dssnet, {"inputs": "strain"}, 3, [TRUNK, linear(256 * 13**2, 3)], 472195, None),
    (DualInception, {}, 3,
     [2 * inception(1, 6), 2 * inception(24, 16), linear(2 * 64 * 49, 1024), linear(1024, 3)], 6449867, 6.45e6),
    (RcnA, {}, 3,
     [conv(3, 64, 5), norm(64), conv(64, 64, 1), norm(64), conv(64, 64, 3), norm(64), linear(64 * 49, 3)], 55747, None),
    (RcnA, {"pool": 5}, 3,
     [conv(3, 64, 5), norm(64), conv(64, 64, 1), norm(64), conv(64, 64, 3), norm(64), linear(64 * 25, 3)], 51139, None),
    (Resnet18, {}, 1000, [11_689_512], 11689512, 11.69e6),
    (Resnet18, {}, 3, [11_689_512, -linear(512, 1000), linear(512, 3)], 11178051, None),
]  # fmt: skip


@pytest.mark.parametrize(("network", "keys", "classes", "layers", "total", "published"), PARAMETERS)
def test_parameters(network, keys, classes, layers, total, published):
    model = network(sizes(classes), **keys)
    assert sum(value.numel() for value in model.parameters()) == sum(layers) == total
    if published:
        assert total == pytest.approx(published, rel=0.01)


def test_surveys_dssn_and_sssn_count_weights_that_only_see_padding():
    """Supplement Table I: 0.97 and 0.63 million, for five classes, with features padded from 13 x 13 to 15 x 15."""
    assert 2 * TRUNK + linear(256 * 15**2, 5) == 972_805
    assert TRUNK + linear(256 * 15**2, 5) == 630_405


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("pixels", [28, 128])
def test_papers_size_gives_logits(network, pixels):
    with torch.no_grad():
        logits = network(sizes(pixels=pixels)).eval()({"flow": clips(2, pixels).float()}, WEIGHTS)
    assert logits.shape == (2, 3)
    assert torch.isfinite(logits).all()


class ThreeStreams(nn.Module):
    """STSTNet as it is drawn in the paper, with torch's layers; dropout only where told."""

    def __init__(self, padding):
        super().__init__()
        self.convolutions = nn.ModuleList(nn.Conv2d(3, n, 3, padding=padding) for n in FILTERS)
        self.norms = nn.ModuleList(nn.BatchNorm2d(n) for n in FILTERS)
        self.classifier = nn.Linear(400, 3)

    def forward(self, x):
        streams = [
            F.max_pool2d(norm(torch.relu(convolution(x))), 3, 3, padding=1)
            for convolution, norm in zip(self.convolutions, self.norms, strict=True)
        ]
        return self.classifier(F.avg_pool2d(torch.cat(streams, 1), 2).flatten(1))


@pytest.mark.parametrize("padding", [1, 2])
def test_merged_ststnet_is_three_streams(padding):
    """Same function, same gradients, same running statistics, over three steps of training."""
    torch.manual_seed(0)
    merged = Ststnet(sizes(), padding=padding, dropout=0.0).double().train()
    drawn = ThreeStreams(padding).double().train()
    for mine, parts in ((merged.convolution, drawn.convolutions), (merged.norm, drawn.norms)):
        for name in ("weight", "bias"):
            for part, piece in zip(parts, getattr(mine, name).split(FILTERS), strict=True):
                getattr(part, name).data = piece.data.clone()
    drawn.classifier.load_state_dict(merged.classifier.state_dict())
    optimizers = [torch.optim.SGD(model.parameters(), lr=1e-3) for model in (merged, drawn)]
    for step in range(3):
        x = clips(6, seed=step)
        outputs = merged({"flow": x}, WEIGHTS), drawn(x)
        torch.testing.assert_close(*outputs, rtol=0, atol=1e-11)
        for logits, optimizer in zip(outputs, optimizers, strict=True):
            optimizer.zero_grad()
            logits.square().sum().backward()
            optimizer.step()
    together = torch.cat([part.running_var for part in drawn.norms])
    torch.testing.assert_close(merged.norm.running_var, together, rtol=0, atol=1e-12)
    torch.testing.assert_close(merged.eval()({"flow": x}, WEIGHTS), drawn.eval()(x), rtol=0, atol=1e-10)


@pytest.mark.parametrize("network", [Ststnet, Sssnet, RcnA])
def test_channels_last_changes_nothing(network):
    model = network(sizes(), dropout=0.0).double()
    plain = model({"flow": clips()}, WEIGHTS)
    model = model.to(memory_format=torch.channels_last)
    last = model({"flow": clips().contiguous(memory_format=torch.channels_last)}, WEIGHTS)
    torch.testing.assert_close(last, plain, rtol=0, atol=1e-10)


def test_streams_of_off_apexnet_and_dual_inception_see_one_component_each():
    for network in (OffApexnet, DualInception):
        model = network(sizes(), width=8).double().eval()
        x, other = clips(), clips()
        other[:, 0] += 1
        seen = []
        for stream in (model.horizontal, model.vertical):
            stream.register_forward_pre_hook(lambda _, args, seen=seen: seen.append(args[0]))
        model({"flow": other}, WEIGHTS)
        assert torch.equal(seen[0], other[:, :1])
        assert torch.equal(seen[1], x[:, 1:2])
        other[:, 2] += 1
        assert torch.equal(model({"flow": other}, WEIGHTS), model({"flow": other[:, :2]}, WEIGHTS))


def test_local_response_is_torchs_with_its_sum_undivided():
    x = 20 * clips()[:, :1].expand(-1, 7, -1, -1) * torch.arange(1, 8)[:, None, None]
    theirs = nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)(x)
    torch.testing.assert_close(local_response(x), theirs, rtol=1e-12, atol=0)


def test_dssnet_multiplies_magnitude_and_strain():
    model = Dssnet(sizes(), size=67, width=12).double().eval()
    x = clips()
    turned = x.clone()
    turned[:, 0], turned[:, 1] = -x[:, 1], x[:, 0]  # a quarter turn keeps the magnitude
    expected = model({"flow": x}, WEIGHTS)
    torch.testing.assert_close(model({"flow": turned}, WEIGHTS), expected, rtol=0, atol=1e-10)
    still = x.clone()
    still[:, 2] = 0
    bias = model.classifier.bias.expand(4, -1)
    torch.testing.assert_close(model({"flow": still}, WEIGHTS), bias, rtol=0, atol=1e-12)  # zero times anything


def test_channel_dropout_drops_whole_channels():
    layer = ChannelDropout(0.5).train()
    set_step(layer, 1)
    x = torch.ones(50, 40, 3, 3)
    y = layer(x)
    assert set(y.unique().tolist()) == {0.0, 2.0}
    assert (y.amax((2, 3)) == y.amin((2, 3))).all()
    assert y.mean() == pytest.approx(1, abs=0.1)
    assert layer.eval()(x) is x


def test_rcn_attention_is_in_zero_to_one_and_finite_for_a_constant_map():
    model = RcnA(sizes(), size=28, width=8, pool=3).double()
    nn.init.normal_(model.classifier.weight)
    attention = model._attention(torch.rand(5, 8, 3, 3, dtype=torch.float64))
    assert attention.shape == (5, 1, 3, 3)
    assert (attention >= 0).all()
    assert (attention <= 1).all()
    nothing = torch.zeros(5, 8, 3, 3, dtype=torch.float64, requires_grad=True)
    attention = model._attention(nothing)
    attention.sum().backward()
    assert not attention.any()
    assert torch.isfinite(nothing.grad).all()
    assert torch.isfinite(model.classifier.weight.grad).all()


def test_rcn_attention_is_the_mean_of_class_activations():
    """Place by place: weights of the class times features, mean over channels, stretched to 0..1, mean over classes."""
    model = RcnA(sizes(), size=28, width=8, pool=3).double()
    features = torch.rand(1, 8, 3, 3, dtype=torch.float64)
    maps = []
    for row in model.classifier.weight.detach().view(3, 8, 3, 3):
        one = (row * features[0]).mean(0)
        maps.append((one - one.min()) / (one - one.min()).max())
    torch.testing.assert_close(model._attention(features)[0, 0], torch.stack(maps).mean(0), rtol=0, atol=1e-12)


def test_rcn_recurrent_layer_is_one_set_of_weights():
    model = RcnA(sizes(), size=28, width=8, pool=3)
    model({"flow": clips().float()}, WEIGHTS)
    assert model.recurrent[1].num_batches_tracked == 2


def test_resnet18_is_timms():
    """The same weights in timm's own network, with torch's normalisation, say the same."""
    import timm

    ours = Resnet18(sizes(), size=28).double().eval()
    theirs = timm.create_model("resnet18", pretrained=False, num_classes=3).double().eval()
    last = {f"fc.{name}": value for name, value in ours.classifier.state_dict().items()}
    theirs.load_state_dict(ours.network.state_dict() | last)
    torch.testing.assert_close(ours({"flow": clips()}, WEIGHTS), theirs(clips()), rtol=0, atol=1e-12)
    assert not any(type(layer) is nn.BatchNorm2d for layer in ours.modules())


@pytest.mark.parametrize(
    ("network", "values", "word"),
    [
        (Ststnet, {"size": 0}, "size"),
        (Ststnet, {"size": 2}, "nothing after the pooling"),
        (Ststnet, {"padding": -1}, "padding"),
        (Ststnet, {"dropout": 1.0}, "dropout"),
        (OffApexnet, {"size": 3}, "at least 4"),
        (Sssnet, {"size": 12}, "nothing after the pooling"),
        (Sssnet, {"width": 0.5}, "width"),
        (Dssnet, {"size": 34}, "nothing after the pooling"),
        (Dssnet, {"inputs": "both"}, "Valid: magnitude"),
        (Dssnet, {"width": 10}, "multiple of 6"),
        (DualInception, {"size": 2}, "at least 4"),
        (RcnA, {"pool": 0}, "pool"),
        (RcnA, {"size": 7}, "at least 8"),
        (Resnet18, {"width": "wide"}, "width"),
    ],
)
def test_nonsense_is_refused(network, values, word):
    with pytest.raises(InputError, match=word):
        network(sizes(), **values)


@pytest.mark.parametrize(
    ("network", "least"), [(Ststnet, 3), (OffApexnet, 4), (Sssnet, 16), (Dssnet, 35), (DualInception, 4), (RcnA, 8)]
)
def test_smallest_size_works(network, least):
    while True:  # the first size that is accepted must also run
        try:
            model = network(sizes(), size=least).eval()
            break
        except InputError:
            least += 1
    with torch.no_grad():
        assert torch.isfinite(model({"flow": clips().float()}, WEIGHTS)).all()
