"""What every model of conf/model/ keeps, whoever wrote it."""

import copy
import pickle
from dataclasses import fields
from functools import partial

import numpy as np
import pytest
import torch
from torch.func import functional_call, stack_module_state, vmap

from mmer.models.dropout import seed_dropout, set_step
from mmer.stages.build import CONF, build, read_option
from mmer.training.recipe import Recipe
from mmer.types.samples import Sizes

NODES, FEATURES, CLASSES = 6, 2, 3
EDGES = np.array([[a, b] for a in range(NODES) for b in range(NODES) if abs(a - b) in (1, 2)]).T.copy()
RECIPE_KEYS = {field.name for field in fields(Recipe)}


def sizes(frames: int = 1) -> Sizes:
    names = tuple(f"node{i}" for i in range(NODES))
    return Sizes(CLASSES, {"graph": (frames, NODES, FEATURES)}, names, EDGES)


def model_node(name: str) -> dict:
    return {key: value for key, value in read_option("model", name).items() if key not in RECIPE_KEYS}


def make(name: str, frames: int = 1, seed: int = 0) -> torch.nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = build(model_node(name), sizes(frames))
        seed_dropout(model, seed)
        for parameter in model.parameters():  # zero-initialised weights would pass too much
            parameter.data += 0.05 * torch.randn_like(parameter)
    return model.double()


def batch(n: int = 7, frames: int = 1, seed: int = 0) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {"graph": torch.randn(n, frames, NODES, FEATURES, generator=generator, dtype=torch.float64)}


def weights(seed: int = 0) -> torch.Tensor:
    return torch.rand(EDGES.shape[1], generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_name_file_and_yaml_agree(model_name):
    node = read_option("model", model_name)
    assert node["name"] == model_name
    assert node["_target_"].split(".")[:3] == ["mmer", "models", model_name]
    assert (CONF / "model" / f"{model_name}.yaml").is_file()


def test_yaml_holds_a_recipe(model_name):
    node = read_option("model", model_name)
    assert build({"_target_": "mmer.training.recipe.Recipe"} | {k: v for k, v in node.items() if k in RECIPE_KEYS})


def test_needs_known_streams(model_name):
    assert set(make(model_name).streams) <= set(sizes().streams)


@pytest.mark.parametrize("frames", [1, 4])
@pytest.mark.parametrize("n", [1, 5])
def test_logits_are_clips_by_classes(model_name, frames, n):
    logits = make(model_name, frames).eval()(batch(n, frames), weights())
    assert logits.shape == (n, CLASSES)
    assert torch.isfinite(logits).all()


def test_every_parameter_gets_a_gradient(model_name):
    model = make(model_name).train()
    model(batch(32), weights()).square().sum().backward()
    dead = set(getattr(model, "dead_parameters", ()))
    idle = {name for name, value in model.named_parameters() if value.grad is None or not value.grad.abs().sum() > 0}
    assert idle == dead


def test_a_clip_does_not_depend_on_its_neighbours_in_the_batch(model_name):
    model, clips = make(model_name).eval(), batch(6)
    together = model(clips, weights())
    turned = model({"graph": clips["graph"].flip(0)}, weights()).flip(0)
    alone = torch.cat([model({"graph": one[None]}, weights()) for one in clips["graph"]])
    torch.testing.assert_close(turned, together, rtol=0, atol=1e-12)
    torch.testing.assert_close(alone, together, rtol=0, atol=1e-12)


def test_pickles(model_name):
    model = make(model_name).eval()
    again = pickle.loads(pickle.dumps(model))
    assert torch.equal(again(batch(), weights()), model(batch(), weights()))


def test_construction_draws_from_torch_only(model_name):
    assert all(
        torch.equal(a, b)
        for a, b in zip(make(model_name).state_dict().values(), make(model_name).state_dict().values(), strict=True)
    )


def test_learns_sixteen_separable_clips(model_name):
    recipe = {key: value for key, value in read_option("model", model_name).items() if key in RECIPE_KEYS}
    model = make(model_name).train()
    truth = torch.arange(16) % CLASSES
    clips = batch(16)["graph"]
    clips[torch.arange(16), 0, truth, 0] += 3
    optimizer = torch.optim.Adam(model.parameters(), lr=max(recipe["lr"], 0.01))
    for step in range(200):
        set_step(model, step)
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model({"graph": clips}, weights()), truth).backward()
        optimizer.step()
    assert (model.eval()({"graph": clips}, weights()).argmax(1) == truth).all()


def test_stacked_folds_equal_folds_alone(model_name):
    """Design section 6: three folds as one model with a leading dimension; gradients, dropout and weights per fold."""
    models = [make(model_name, frames=2, seed=seed).train() for seed in range(3)]
    clips, edges = [batch(5, 2, seed)["graph"] for seed in range(3)], [weights(seed) for seed in range(3)]
    for model in models:
        set_step(model, 4)
    alone = [model({"graph": x}, w) for model, x, w in zip(models, clips, edges, strict=True)]
    torch.stack(alone).square().sum().backward()

    parameters, buffers = stack_module_state(models)
    parameters = {name: value.detach().clone().requires_grad_() for name, value in parameters.items()}
    base = copy.deepcopy(models[0]).to("meta")

    def forward(own_parameters, own_buffers, x, w):
        return functional_call(base, (own_parameters, own_buffers), ({"graph": x}, w))

    stacked = vmap(forward)(parameters, buffers, torch.stack(clips), torch.stack(edges))
    stacked.square().sum().backward()
    torch.testing.assert_close(stacked, torch.stack(alone), rtol=0, atol=1e-9)
    for name, value in parameters.items():
        expected = torch.stack([dict(model.named_parameters())[name].grad for model in models])
        torch.testing.assert_close(value.grad, expected, rtol=1e-9, atol=1e-9, msg=name)


def test_misspelt_key_is_named(model_name):
    from mmer.types.errors import InputError

    with pytest.raises(InputError, match="hiden"):
        partial(build, model_node(model_name) | {"hiden": 3})(sizes())


def test_lacking_stream_is_named(model_name):
    from mmer.types.errors import InputError

    with pytest.raises(InputError, match="graph"):
        build(model_node(model_name), Sizes(CLASSES, {"sound": (3,)}, (), np.zeros((2, 0), np.int64)))
