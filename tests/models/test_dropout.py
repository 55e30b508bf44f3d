"""Our dropout layer."""

import copy

import pytest
import torch
from torch import nn
from torch.func import functional_call, stack_module_state, vmap

from mmer.models.dropout import Dropout, seed_dropout, set_step
from mmer.types.errors import InputError


def layer(p=0.3, seed=0, step=0):
    made = Dropout(p).train()
    made.seed.fill_(seed)
    made.step.fill_(step)
    return made


def mask(shape=(40, 50), **values):
    return layer(**values)(torch.ones(shape)) > 0


@pytest.mark.parametrize("p", [0.1, 0.3, 0.5, 0.9])
def test_keeps_the_share_it_says(p):
    n = 200_000
    assert mask((n,), p=p).float().mean() == pytest.approx(1 - p, abs=4 * (p * (1 - p) / n) ** 0.5)


def test_expectation_is_kept():
    kept = layer(p=0.25)(torch.ones(1000))
    assert sorted(set(kept.tolist())) == pytest.approx([0, 4 / 3])
    assert kept.mean() == pytest.approx(1, abs=0.08)


def test_does_nothing_when_evaluating_or_at_zero():
    x = torch.randn(5, 5)
    assert layer(p=0.5).eval()(x) is x
    assert layer(p=0)(x) is x


def test_same_seed_and_step_same_mask():
    torch.manual_seed(1)
    first = mask(seed=7, step=3)
    torch.manual_seed(2)
    assert torch.equal(first, mask(seed=7, step=3))


def test_masks_of_near_seeds_and_steps_are_independent():
    """Two independent masks with p = .5 agree in half of their elements; also when one is shifted."""
    near = [(0, 0), (1, 0), (0, 1), (1, 1), (2, 0), (2**32, 0), (2**62 + 1, 0)]
    masks = [mask((20_000,), p=0.5, seed=seed, step=step) for seed, step in near]
    for i, first in enumerate(masks):
        for second in masks[:i]:
            for shift in (0, 1, 2, 64):
                assert (first == second.roll(shift)).float().mean() == pytest.approx(0.5, abs=0.02)


def test_elements_are_independent_of_their_neighbours():
    one = mask((100_000,), p=0.5)
    for shift in (1, 2, 3, 4, 8, 16, 32, 50, 1024):
        assert (one == one.roll(shift)).float().mean() == pytest.approx(0.5, abs=0.01)


def test_padding_behind_the_batch_changes_no_mask():
    assert torch.equal(mask((4, 30)), mask((9, 30))[:4])


def test_gradient_passes_through_the_mask_only():
    x = torch.ones(100, requires_grad=True)
    y = layer(p=0.4)(x)
    y.sum().backward()
    assert torch.equal(x.grad, y.detach())


def test_fold_alone_is_fold_in_a_stack():
    folds = [layer(seed=seed, step=5) for seed in (3, 2**40 + 9, 11)]
    x = torch.randn(3, 6, 8, generator=torch.Generator().manual_seed(0))
    parameters, buffers = stack_module_state(folds)
    base = copy.deepcopy(folds[0]).to("meta")
    stacked = vmap(lambda p, b, v: functional_call(base, (p, b), (v,)))(parameters, buffers, x)
    assert torch.equal(stacked, torch.stack([fold(v) for fold, v in zip(folds, x, strict=True)]))


def test_layers_of_a_model_have_masks_of_their_own():
    model = nn.Sequential(Dropout(0.5), nn.Sequential(Dropout(0.5)))
    seed_dropout(model, 4)
    set_step(model, 9)
    assert model[0].seed != model[1][0].seed
    assert model[0].step == model[1][0].step == 9
    again = nn.Sequential(Dropout(0.5), nn.Sequential(Dropout(0.5)))
    seed_dropout(again, 4)
    assert again[1][0].seed == model[1][0].seed


@pytest.mark.parametrize("p", [-0.1, 1, 1.5, "much", True])
def test_nonsense_is_refused(p):
    with pytest.raises(InputError, match="dropout"):
        Dropout(p)
