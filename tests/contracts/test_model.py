"""What every model of conf/model/ keeps, whoever wrote it."""

import copy
import pickle
from functools import partial

import pytest
import torch
import yaml
from model_inputs import CLASSES, RECIPE_KEYS, sizes, small_node
from torch.func import functional_call, stack_module_state, vmap

from mmer.models.batch_norm import mask_names, set_mask
from mmer.models.dropout import seed_dropout, set_step
from mmer.stages.build import CONF, build, read_option
from mmer.types.errors import InputError
from mmer.types.samples import Sizes


def make(name: str, frames: int = 1, seed: int = 0) -> torch.nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = build(small_node(name), sizes(name, frames))
        seed_dropout(model, seed)
        for parameter in model.parameters():  # zero-initialised weights would pass too much
            parameter.data += 0.05 * torch.randn_like(parameter)
    return model.double()


def batch(name: str, n: int = 7, frames: int = 1, seed: int = 0) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    shapes = sizes(name, frames).streams
    return {key: torch.randn(n, *shape, generator=generator, dtype=torch.float64) for key, shape in shapes.items()}


def rows(clips: dict[str, torch.Tensor], which: slice | list[int]) -> dict[str, torch.Tensor]:
    return {name: values[which] for name, values in clips.items()}


def gradients(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.grad for name, value in model.named_parameters()}


def weights(name: str, seed: int = 0) -> torch.Tensor:
    edges = sizes(name).edge_index.shape[1]
    return torch.rand(edges, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_name_file_and_yaml_agree(model_name):
    node = read_option("model", model_name)
    assert node["name"] == model_name
    *room, module, _ = node["_target_"].split(".")
    assert module == model_name
    assert room == ["mmer", "models"] or room[0] != "mmer"  # a package that params.yaml lists
    assert (CONF / "model" / f"{model_name}.yaml").is_file()


def test_yaml_holds_a_recipe(model_name):
    node = read_option("model", model_name)
    assert build({"_target_": "mmer.training.recipe.Recipe"} | {k: v for k, v in node.items() if k in RECIPE_KEYS})


def test_needs_known_streams(model_name):
    assert set(make(model_name).streams) <= set(sizes(model_name).streams)


def test_small_recipe_is_the_model_made_small(model_name):
    """Its keys are keys of the model, and it has the model's name."""
    demo = CONF / "experiment" / f"{model_name}_demo.yaml"
    if demo.is_file():
        text = yaml.safe_load(demo.read_text())
        assert {"override /model": model_name} in text["defaults"]
        assert set(text["model"]) <= set(read_option("model", model_name))
        assert sum(value.numel() for value in make(model_name).parameters()) < 250_000


@pytest.mark.parametrize("frames", [1, 4])
@pytest.mark.parametrize("n", [1, 5])
def test_logits_are_clips_by_classes(model_name, frames, n):
    logits = make(model_name, frames).eval()(batch(model_name, n, frames), weights(model_name))
    assert logits.shape == (n, CLASSES)
    assert torch.isfinite(logits).all()


def test_every_parameter_gets_a_gradient(model_name):
    """But those that the class lists as dead, by name or by how their names begin, and exactly those get none at all.

    A gradient that is only rounding error is none: such a parameter is to be listed, and kept from it.
    """
    model, units = make(model_name).train(), []
    if getattr(model, "unit_head", None) is not None:  # a loss of its own, see mmer.models.unit_detection
        model.unit_head.register_forward_hook(lambda _, given, logits: units.append(logits))
    logits = model(batch(model_name, 32), weights(model_name))
    sum(value.square().sum() for value in (logits, *units)).backward()
    dead = tuple(getattr(model, "dead_parameters", ()))
    size = {name: 0.0 if value is None else value.abs().max().item() for name, value in gradients(model).items()}
    rounding = 1e-10 * max(size.values())
    assert not [name for name, value in size.items() if 0 < value < rounding]
    idle = {name for name, value in size.items() if value == 0}
    assert idle == {name for name, _ in model.named_parameters() if dead and name.startswith(dead)}
    assert all(any(name.startswith(prefix) for name in idle) for prefix in dead)


def test_a_clip_does_not_depend_on_its_neighbours_in_the_batch(model_name):
    model, clips = make(model_name).eval(), batch(model_name, 6)
    together = model(clips, weights(model_name))
    turned = model(rows(clips, [5, 4, 3, 2, 1, 0]), weights(model_name)).flip(0)
    alone = torch.cat([model(rows(clips, [row]), weights(model_name)) for row in range(6)])
    torch.testing.assert_close(turned, together, rtol=0, atol=1e-12)
    torch.testing.assert_close(alone, together, rtol=0, atol=1e-12)


def test_pickles(model_name):
    model = make(model_name).eval()
    again = pickle.loads(pickle.dumps(model))
    assert torch.equal(again(batch(model_name), weights(model_name)), model(batch(model_name), weights(model_name)))


def test_construction_draws_from_torch_only(model_name):
    assert all(
        torch.equal(a, b)
        for a, b in zip(make(model_name).state_dict().values(), make(model_name).state_dict().values(), strict=True)
    )


def test_padding_changes_nothing(model_name):
    """Two rows of weight 0 behind five clips: same logits, same gradients, same running statistics."""
    clips = batch(model_name, 5)
    padded = {name: torch.cat([values, 100 * values[:2]]) for name, values in clips.items()}
    plain, masked = make(model_name).train(), make(model_name).train()
    for model in (plain, masked):
        set_step(model, 3)
    set_mask(masked, torch.tensor([1.0, 1, 1, 1, 1, 0, 0]))
    expected, logits = plain(clips, weights(model_name)), masked(padded, weights(model_name))[:5]
    torch.testing.assert_close(logits, expected, rtol=1e-9, atol=1e-9)
    expected.square().sum().backward()
    logits.square().sum().backward()
    torch.testing.assert_close(gradients(masked), gradients(plain), rtol=1e-7, atol=1e-9)
    torch.testing.assert_close(masked.state_dict(), plain.state_dict(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("ragged", [False, True])
def test_stacked_folds_equal_folds_alone(model_name, ragged):
    """Design section 6: three folds as one model with a leading dimension; gradients, dropout and weights per fold.

    Ragged: folds of 5, 4 and 3 clips, padded to 5.
    """
    models = [make(model_name, frames=2, seed=seed).train() for seed in range(3)]
    clips, edges = (
        [batch(model_name, 5, 2, seed) for seed in range(3)],
        [weights(model_name, seed) for seed in range(3)],
    )
    lengths = [5, 4, 3] if ragged else [5, 5, 5]
    masks = torch.stack([(torch.arange(5) < length).double() for length in lengths])
    for model in models:
        set_step(model, 4)
    parameters, buffers = stack_module_state(models)
    parameters = {name: value.detach().clone().requires_grad_() for name, value in parameters.items()}
    buffers = {name: value.clone() for name, value in buffers.items()}
    if ragged:
        buffers |= dict.fromkeys(mask_names(models[0]), masks)
    base = copy.deepcopy(models[0]).to("meta")

    alone = [m(rows(x, slice(n)), w) for m, x, w, n in zip(models, clips, edges, lengths, strict=True)]
    torch.cat(alone).square().sum().backward()

    def forward(own_parameters, own_buffers, x, w):
        return functional_call(base, (own_parameters, own_buffers), (x, w))

    together = {name: torch.stack([x[name] for x in clips]) for name in clips[0]}
    stacked = vmap(forward)(parameters, buffers, together, torch.stack(edges))
    stacked = torch.cat([fold[:length] for fold, length in zip(stacked, lengths, strict=True)])
    stacked.square().sum().backward()
    torch.testing.assert_close(stacked, torch.cat(alone), rtol=0, atol=1e-9)
    for name, value in parameters.items():
        if value.grad is None:  # which parameters may be so, another test says
            assert all(gradients(model)[name] is None for model in models), name
            continue
        expected = torch.stack([gradients(model)[name] for model in models])
        torch.testing.assert_close(value.grad, expected, rtol=1e-9, atol=1e-9, msg=name)
    for name, value in buffers.items():
        if name not in mask_names(base):
            expected = torch.stack([dict(model.named_buffers())[name] for model in models])
            torch.testing.assert_close(value, expected, rtol=1e-9, atol=1e-9, msg=name)


def test_misspelt_key_is_named(model_name):
    with pytest.raises(InputError, match="hiden"):
        partial(build, small_node(model_name) | {"hiden": 3})(sizes(model_name))


def test_lacking_stream_is_named(model_name):
    full = sizes(model_name)
    for stream in make(model_name).streams:
        others = {name: shape for name, shape in full.streams.items() if name != stream} | {"sound": (3,)}
        with pytest.raises(InputError, match=f"'{stream}'"):
            build(small_node(model_name), Sizes(CLASSES, others, full.node_names, full.edge_index))
