"""What every fusion of conf/fusion/ keeps, whoever wrote it."""

import copy
import pickle

import pytest
import torch
from fused_inputs import CLASSES, SIZES, STREAMS, branches, clips, edge_weights, fused, fusion_node, seeded
from torch.func import functional_call, stack_module_state, vmap

from mmer.models.batch_norm import mask_names, set_mask
from mmer.models.dropout import set_step
from mmer.models.fused import Fused
from mmer.stages.build import CONF, build, read_option, target_class
from mmer.types.errors import InputError

OWNERS = {"graph": "face", "eeg": "eeg", "ecg": "ecg"}
SUBSETS = [("eeg",), ("face", "ecg"), ("face", "eeg", "ecg")]


def gradients(model):
    return {name: value.grad for name, value in model.named_parameters()}


def rows(batch, which):
    return {name: values[which] for name, values in batch.items()}


def test_name_file_and_yaml_agree(fusion_name):
    node = read_option("fusion", fusion_name, CONF)
    assert node["name"] == fusion_name
    assert node["_target_"].split(".")[:4] == ["mmer", "models", "fusion", fusion_name]
    assert isinstance(target_class(node).reads_nulls, bool)
    assert 0 <= node["modality_dropout"] < 1


def test_misspelt_key_is_named(fusion_name):
    with pytest.raises(InputError, match="no key 'nonsense'"):
        build(fusion_node(fusion_name) | {"nonsense": 1}, SIZES, {"face": 3, "eeg": 4})


@pytest.mark.parametrize("streams", [("face", "eeg"), ("eeg", "ecg"), ("face", "eeg", "ecg")])
def test_logits_are_clips_by_classes(fusion_name, streams):
    model = seeded(fusion_name, streams=streams).eval()
    for n in (2, 7):
        logits = model(clips(n), edge_weights())
        assert logits.shape == (n, CLASSES)
        assert torch.isfinite(logits).all()
    assert set(model.streams) == {stream for stream, owner in OWNERS.items() if owner in streams}


@pytest.mark.parametrize("training", [True, False])
def test_what_stands_in_the_place_of_an_absent_stream_changes_no_bit(fusion_name, training):
    """Neither of any output, nor of a gradient, nor of what batch normalisations remember: not even no numbers."""
    batch = clips(9)
    other = {
        name: torch.where((batch[f"present.{name}"] > 0).view(-1, *[1] * len(shape)), batch[name], torch.nan)
        for name, shape in STREAMS.items()
    }
    models = [seeded(fusion_name).train(training) for _ in range(2)]
    for model, given in zip(models, (batch, batch | other), strict=True):
        set_step(model, 2)
        logits = model(given, edge_weights())
        logits[:, 0].square().sum().backward()
        model.logits = logits
    first, second = models
    assert torch.equal(first.logits, second.logits)
    assert all(torch.equal(a, b) for a, b in zip(first.buffers(), second.buffers(), strict=True))
    for name, value in gradients(first).items():
        assert (value is None) == (gradients(second)[name] is None)
        assert value is None or torch.equal(value, gradients(second)[name]), name


def test_clips_without_a_stream_do_not_train_its_model(fusion_name):
    """As if they were not there: same gradients of the branch, same running statistics."""
    model = seeded(fusion_name, modality_dropout=0.0).train()
    for layer in model.modules():
        layer.p = 0.0
    model.branches["ecg"].eval()  # its batch normalisation counts others
    alone = copy.deepcopy(model)
    batch = clips(9)
    has = batch["present.eeg"] > 0
    model(batch, edge_weights())[has].square().sum().backward()
    alone(rows(batch, has), edge_weights()).square().sum().backward()
    for name, value in model.branches["eeg"].named_parameters():
        expected = dict(alone.branches["eeg"].named_parameters())[name].grad
        torch.testing.assert_close(value.grad, expected, rtol=1e-9, atol=1e-12, msg=name)
    torch.testing.assert_close(
        model.branches["eeg"].state_dict(), alone.branches["eeg"].state_dict(), rtol=1e-9, atol=1e-12
    )


def test_every_parameter_gets_a_gradient(fusion_name):
    model = seeded(fusion_name).train()
    model(clips(24), edge_weights()).square().sum().backward()
    found = gradients(model)
    assert not [name for name, value in found.items() if value is None or not value.abs().max() > 0]


def test_a_clip_does_not_depend_on_its_neighbours_in_the_batch(fusion_name):
    model, batch = seeded(fusion_name).eval(), clips(7)
    together = model(batch, edge_weights())
    alone = torch.cat([model(rows(batch, [row]), edge_weights()) for row in range(7)])
    torch.testing.assert_close(alone, together, rtol=0, atol=1e-12)


def test_pickles(fusion_name):
    model = seeded(fusion_name).train()
    model(clips(), edge_weights())
    again = pickle.loads(pickle.dumps(model.eval()))
    assert torch.equal(again(clips(), edge_weights()), model(clips(), edge_weights()))


def test_padding_changes_nothing(fusion_name):
    batch = clips(6)
    padded = {name: torch.cat([values, torch.ones_like(values[:2])]) for name, values in batch.items()}
    plain, masked = seeded(fusion_name).train(), seeded(fusion_name).train()
    for model in (plain, masked):
        set_step(model, 3)
    set_mask(masked, torch.tensor([1.0] * 6 + [0] * 2))
    expected, logits = plain(batch, edge_weights()), masked(padded, edge_weights())[:6]
    torch.testing.assert_close(logits, expected, rtol=1e-9, atol=1e-9)
    expected.square().sum().backward()
    logits.square().sum().backward()
    torch.testing.assert_close(gradients(masked), gradients(plain), rtol=1e-7, atol=1e-9)
    torch.testing.assert_close(masked.state_dict(), plain.state_dict(), rtol=1e-9, atol=1e-9)


def test_stacked_folds_equal_folds_alone(fusion_name):
    """Three folds of 6, 5 and 4 clips, padded to 6; modality dropout and absent streams in all of them."""
    models = [seeded(fusion_name, seed).train() for seed in range(3)]
    lengths, edges = [6, 5, 4], [edge_weights(seed) for seed in range(3)]
    batches = [clips(6, seed) for seed in range(3)]
    masks = torch.stack([(torch.arange(6) < length).double() for length in lengths])
    for model in models:
        set_step(model, 4)
    parameters, buffers = stack_module_state(models)
    parameters = {name: value.detach().clone().requires_grad_() for name, value in parameters.items()}
    buffers = {name: value.clone() for name, value in buffers.items()} | dict.fromkeys(mask_names(models[0]), masks)
    base = copy.deepcopy(models[0]).to("meta")
    alone = [m(rows(x, slice(n)), w) for m, x, w, n in zip(models, batches, edges, lengths, strict=True)]
    torch.cat(alone).square().sum().backward()

    def forward(own_parameters, own_buffers, x, w):
        return functional_call(base, (own_parameters, own_buffers), (x, w))

    together = {name: torch.stack([x[name] for x in batches]) for name in batches[0]}
    stacked = vmap(forward)(parameters, buffers, together, torch.stack(edges))
    stacked = torch.cat([fold[:length] for fold, length in zip(stacked, lengths, strict=True)])
    stacked.square().sum().backward()
    torch.testing.assert_close(stacked, torch.cat(alone), rtol=0, atol=1e-9)
    for name, value in parameters.items():
        expected = torch.stack([gradients(model)[name] for model in models])
        torch.testing.assert_close(value.grad, expected, rtol=1e-9, atol=1e-9, msg=name)
    for name, value in buffers.items():
        if name not in mask_names(base):
            expected = torch.stack([dict(model.named_buffers())[name] for model in models])
            torch.testing.assert_close(value, expected, rtol=1e-9, atol=1e-9, msg=name)


def test_one_stream_alone_is_taken_or_refused_with_the_way_out(fusion_name):
    try:
        model = fused(fusion_name, streams=("eeg",))
    except InputError as error:
        assert "fusion: late" in str(error)  # noqa: PT017 (either is right)
    else:
        assert model.double().eval()(clips(), edge_weights()).shape == (8, CLASSES)


def test_too_many_streams_are_refused(fusion_name):
    with pytest.raises(InputError, match="1 to 5 streams"):
        Fused(SIZES, {f"s{place}": branches("eeg")["eeg"] for place in range(6)}, None)
