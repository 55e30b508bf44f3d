"""Networks of braindecode by name: the library's function, trainable in a stack of folds; others are refused."""

import copy
import pickle
import sys

import numpy as np
import pytest
import torch
from torch import version
from torch.func import functional_call, stack_module_state, vmap

from mmer.models.batch_norm import set_mask
from mmer.models.braindecode_import import networks
from mmer.models.braindecode_names import BROKEN, NETWORKS
from mmer.models.braindecode_net import BraindecodeNet
from mmer.models.dropout import Dropout, seed_dropout, set_step
from mmer.models.eegnet import Eegnet
from mmer.models.shallow_fbcsp import ShallowFbcsp
from mmer.types.errors import InputError
from mmer.types.samples import Sizes
from mmer.types.signal_window import SignalLayout

CHANNELS, SAMPLES = 4, 256
NAMES = tuple(f"c{i}" for i in range(CHANNELS))
SMALL = {  # as small as they can be told to be
    "CTNet": {"embed_dim": 8, "num_layers": 1, "depth_multiplier": 2, "n_filters_time": 4},
    "Deep4Net": {"n_filters_time": 4, "n_filters_spat": 4, "n_filters_2": 4, "n_filters_3": 4, "n_filters_4": 4},
    "EEGConformer": {"n_filters_time": 8, "num_layers": 1, "num_heads": 2},
    "EEGInceptionMI": {"n_filters": 4},
    "EEGSimpleConv": {"feature_maps": 8},
    "MEDFormer": {"embed_dim": 8, "num_heads": 2, "num_layers": 1, "dim_feedforward": 8},
}


LONGER = {"Deep4Net": 448}  # samples that its kernels need


def sizes(samples=SAMPLES, **layout):
    stream = SignalLayout(NAMES, **({"sfreq": 128.0} | layout))
    return Sizes(3, {"eeg": (CHANNELS, samples)}, (), np.zeros((2, 0), np.int64), {"eeg": stream})


def dropout_of(name):
    """Some call it otherwise, or have several, or none."""
    many = ("AttentionBaseNet", "CTNet", "EEGInceptionMI", "EEGSimpleConv", "FBCNet", "FBMSNet", "SCCNet")
    return None if name in many else 0.3


def make(name, seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = BraindecodeNet(sizes(LONGER.get(name, SAMPLES)), "eeg", name, dropout_of(name), SMALL.get(name))
    seed_dropout(model, seed)
    set_step(model, 4)
    return model


def logits(model, clips):
    return model({"eeg": clips}, torch.zeros(0))


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_is_the_librarys_and_trains_in_a_stack_as_alone(name):
    clips = torch.randn(4, CHANNELS, LONGER.get(name, SAMPLES), generator=torch.Generator().manual_seed(0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mmer.models.braindecode_net.make_stackable", lambda *_: None)
        patch.setattr("mmer.models.braindecode_net._take_head", lambda *_: torch.nn.Identity())
        patch.setattr("mmer.models.braindecode_net.idle_parameters", lambda *_: ())
        patch.setattr("mmer.models.braindecode_net._idle", {})
        whole = make(name).eval()
    torch.testing.assert_close(logits(make(name).eval(), clips), logits(whole, clips), rtol=1e-4, atol=1e-4)

    models = [make(name, seed).double().train() for seed in range(3)]
    many = torch.stack([clips.double(), clips.double() + 1, 2 * clips.double()])
    single = copy.deepcopy(models[0])
    one, padded = copy.deepcopy(single), copy.deepcopy(single)
    set_mask(padded, torch.tensor([1.0, 0, 0, 0]))
    torch.testing.assert_close(logits(padded, many[0])[:1], logits(one, many[0][:1]), rtol=0, atol=1e-8)

    parameters, buffers = stack_module_state(models)
    parameters = {key: value.detach().clone().requires_grad_() for key, value in parameters.items()}
    base = copy.deepcopy(models[0]).to("meta")
    alone = torch.stack([logits(model, part) for model, part in zip(models, many, strict=True)])
    alone.square().sum().backward()
    stacked = vmap(lambda own, kept, part: functional_call(base, (own, kept), ({"eeg": part}, torch.zeros(0))))(
        parameters, buffers, many
    )
    stacked.square().sum().backward()
    torch.testing.assert_close(stacked, alone, rtol=0, atol=1e-9)
    for key, value in parameters.items():
        expected = torch.stack([dict(model.named_parameters())[key].grad for model in models])
        torch.testing.assert_close(value.grad, expected, rtol=1e-7, atol=1e-9, msg=key)


def test_every_network_of_the_library_is_known_by_name():
    networks()
    from braindecode.models.util import models_dict

    assert sorted({*NETWORKS, *BROKEN}) == sorted(models_dict)
    assert not {*NETWORKS} & {*BROKEN}


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_a_network_that_cannot_be_stacked_is_refused_with_the_reason(name):
    with pytest.raises(InputError, match=f"{name} of braindecode cannot be trained here: ..."):
        BraindecodeNet(sizes(), network=name)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"network": "EEGNett"}, ["EEGNett", "did you mean 'EEGNet'"]),
        ({"options": {"F3": 4}}, ["no option 'F3'", "'F1'"]),
        ({"options": {"F1": [4]}}, ["'F1' must be a word, a number"]),
        ({"options": {"pool_mode": "median"}}, ["4 channels and 256 samples (2 s at 128 Hz)", "'median'"]),
        ({"network": "FBCNet"}, ["no `drop_prob`", "dropout: null"]),
        ({"dropout": 1.0}, ["dropout must be", "1.0"]),
        ({"stream": "ecg"}, ["'ecg'", "['eeg']", "`signals`"]),
        ({"network": "Deep4Net"}, ["Deep4Net cannot be made", "256", "minimum required (441)"]),
        ({"network": "ShallowFBCSPNet", "sizes": sizes(90)}, ["90 samples (0.703125 s at 128 Hz)", "longer window"]),
        ({"sizes": sizes(2, features=("theta", "alpha"))}, ["samples over time", "theta, alpha", "dgcnn"]),
    ],
)
def test_what_does_not_fit_is_said(keys, words):
    keys = {"sizes": sizes()} | keys
    with pytest.raises(InputError) as caught:
        BraindecodeNet(**keys)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "keys", "words"),
    [
        (Eegnet, {"sizes": sizes(40)}, ["kernel of 64 samples at 128 Hz", "has 40", "at least 64", "`sfreq`"]),
        (Eegnet, {"sizes": sizes(256, sfreq=2.0)}, ["kernel of 1 samples", "2 or more"]),
        (Eegnet, {"channel_norm": 0}, ["channel_norm", "above 0"]),
        (ShallowFbcsp, {"sizes": sizes(40)}, ["13, 38 and 8 samples at 128 Hz", "at least 50"]),
        (ShallowFbcsp, {"stride_seconds": 0.0}, ["13, 38 and 0 samples", "1 or more"]),
    ],
)
def test_a_window_or_rate_that_does_not_fit_the_kernels_is_said(kind, keys, words):
    with pytest.raises(InputError) as caught:
        kind(**({"sizes": sizes()} | keys))
    for word in words:
        assert word in str(caught.value)


def test_norms_of_eegnet_stay_within_their_limits():
    """Lawhern et al.: 1 for the filters over channels, .25 for the weights of a class, however far they are pushed."""
    model = Eegnet(sizes())
    with torch.no_grad():
        for part in (model.network.conv_spatial, model.classifier):
            part.parts[0].mul_(100)
    assert torch.linalg.vector_norm(model.network.conv_spatial.weight.flatten(1), dim=1).max() <= 1 + 1e-6
    assert torch.linalg.vector_norm(model.classifier.weight, dim=1).max() <= 0.25 + 1e-6


def test_all_chance_is_our_dropout_and_idle_parameters_lie_still():
    model = make("ShallowFBCSPNet")
    assert [layer.p for layer in model.modules() if isinstance(layer, Dropout)] == [0.3]
    assert "network.conv_time_spat.conv_time.bias" in dict(model.named_buffers())
    assert "network.conv_time_spat.conv_time.bias" in model.state_dict()
    assert "network.bnorm.bias" in dict(model.named_parameters())


def test_where_a_network_is_unpickled_braindecode_is_imported_by_us_first():
    """A worker that is given a network has imported nothing yet; torchaudio would refuse."""
    written = pickle.dumps(make("ShallowFBCSPNet"))
    assert 0 < written.index(b"_empty") < written.index(b"braindecode.")
    assert torch.equal(pickle.loads(written).classifier.weight, make("ShallowFBCSPNet").classifier.weight)


def test_the_import_leaves_torch_as_it_was(monkeypatch):
    seen = []
    monkeypatch.delitem(sys.modules, "torchaudio", raising=False)
    monkeypatch.setattr("mmer.models.braindecode_import.importlib.import_module", lambda _: seen.append(version.cuda))
    monkeypatch.setattr(version, "cuda", "13.2")
    networks()
    assert seen == [None, "13.2"]
    assert version.cuda == "13.2"
