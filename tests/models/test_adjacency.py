"""Adjacencies that a model learns or makes up."""

import copy

import pytest
import torch
from torch.func import functional_call, stack_module_state, vmap

from mmer.models.adjacency import FORMS, AdaptiveAdjacency, LearnedAdjacency, ScoreAdjacency
from mmer.models.probe import Probe
from mmer.types.errors import InputError

N, B, C, K = 5, 4, 3, 3
UNITS = ("AU01", "AU02", "AU04", "AU12", "AU15")


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def given(seed=0):
    """Not negative, some of it zero, rows of any sum."""
    return draw(N, N, seed=seed).clamp_min(0) + torch.eye(N, dtype=torch.float64)


def shaken(module, seed=0):
    for place, parameter in enumerate(module.parameters()):
        parameter.data = parameter.data + 0.3 * draw(*parameter.shape, seed=100 * seed + place)
    return module.double().eval()


def probed(module, *inputs):
    """Return what the module's own probe saw."""
    (probe,) = [part for name, part in module.named_modules() if isinstance(part, Probe) and name == "seen"]
    found = []
    hook = probe.register_forward_hook(lambda _, inputs, __: found.append(inputs[0]))
    module(*inputs)
    hook.remove()
    return probe, found


# learned --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["free", "sigmoid"])
def test_it_starts_as_what_is_given(form):
    assert torch.equal(LearnedAdjacency(N, form).double()(given()), given())


def test_softmax_starts_as_shares_and_an_absent_edge_with_a_small_one():
    rows = given() / given().sum(1, keepdim=True)
    found = LearnedAdjacency(N, "softmax").double()(rows)
    torch.testing.assert_close(found.sum(1), torch.ones(N, dtype=torch.float64))
    whole = rows.clamp_min(0.01)
    torch.testing.assert_close(found, whole / whole.sum(1, keepdim=True))


@pytest.mark.parametrize("form", FORMS)
def test_with_nothing_given_it_starts_uniform(form):
    torch.testing.assert_close(LearnedAdjacency(N, form)(), torch.full((N, N), 1 / N))


def test_what_was_learned_changes_it_as_its_form_says():
    free, softmax, sigmoid = (shaken(LearnedAdjacency(N, form)) for form in FORMS)
    torch.testing.assert_close(free(given()), given() + free.change)
    found = softmax(given())
    assert (found > 0).all()
    torch.testing.assert_close(found.sum(1), torch.ones(N, dtype=torch.float64))
    assert ((sigmoid(given()) == 0) == (given() == 0)).all()
    assert (sigmoid(given()) <= 2 * given()).all()


@pytest.mark.parametrize("form", FORMS)
def test_every_entry_of_a_whole_graph_gets_a_gradient(form):
    learned = shaken(LearnedAdjacency(N, form))
    (learned(given() + 0.1) * draw(N, N, seed=3)).sum().backward()
    assert (learned.change.grad != 0).all()


# adaptive -------------------------------------------------------------------------------------------------------------


def test_adaptive_is_the_attention_of_torch():
    adaptive, x = shaken(AdaptiveAdjacency(C, width=6)), draw(B, N, C)
    adjacency = adaptive(x)
    assert adjacency.shape == (B, N, N)
    expected = torch.nn.functional.scaled_dot_product_attention(adaptive.ask(x), adaptive.known(x), x)
    torch.testing.assert_close(adjacency @ x, expected)


def test_nodes_in_another_order_are_joined_the_same():
    adaptive, x, order = shaken(AdaptiveAdjacency(C)), draw(B, N, C), [3, 0, 4, 1, 2]
    torch.testing.assert_close(adaptive(x[:, order]), adaptive(x)[:, order][:, :, order])


def test_every_parameter_of_the_others_gets_a_gradient():
    for module, x in ((AdaptiveAdjacency(C), draw(B, N, C)), (ScoreAdjacency(UNITS, layers=2), draw(B, N))):
        (shaken(module)(x) * draw(B, N, N, seed=5)).sum().backward()
        assert all((value.grad != 0).any() for value in module.parameters())


# scores ---------------------------------------------------------------------------------------------------------------


def test_scores_make_an_adjacency_per_clip_with_the_published_sizes():
    nine = ScoreAdjacency(tuple(f"AU{i:02}" for i in range(1, 10)))
    assert sum(value.numel() for value in nine.parameters()) == 32_478
    score = shaken(ScoreAdjacency(UNITS, layers=2))
    x = draw(B, N)
    whole = score(x)
    assert whole.shape == (B, N, N)
    torch.testing.assert_close(score(x[2:3]), whole[2:3])
    assert not torch.allclose(whole[0], whole[1])
    assert torch.isfinite(score(torch.zeros(1, N, dtype=torch.float64))).all()


# all ------------------------------------------------------------------------------------------------------------------


FOLDED = [
    *((LearnedAdjacency, (N, form), given) for form in FORMS),
    (AdaptiveAdjacency, (C,), lambda seed: draw(B, N, C, seed=seed)),
]
SCORES = (ScoreAdjacency, (UNITS, 2), lambda seed: draw(B, N, seed=seed))  # its layer norms take one fold


@pytest.mark.parametrize(
    ("make", "values", "input_of", "way"),
    [(*case, way) for case in FOLDED for way in ("vmap", "folded")] + [(*SCORES, "vmap")],
)
def test_folds_in_a_stack_are_folds_alone(make, values, input_of, way):
    modules = [shaken(make(*values), seed) for seed in range(K)]
    parameters, buffers = stack_module_state(modules)
    base = copy.deepcopy(modules[0])
    inputs = [input_of(seed) for seed in range(K)]

    def call(own, other, x):
        return functional_call(base, (own, other), (x,))

    together = (vmap(call) if way == "vmap" else call)(parameters, buffers, torch.stack(inputs))
    alone = torch.stack([module(x) for module, x in zip(modules, inputs, strict=True)])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-12)


def test_all_can_be_seen_with_clips_and_names():
    probe, found = probed(LearnedAdjacency(N, names=UNITS).double(), given(), B)
    assert (probe.kind, probe.over, probe.names) == ("adjacency", "pairs", UNITS)
    assert found[0].shape == (B, N, N)
    assert torch.equal(found[0][0], found[0][B - 1])
    for module, x in ((AdaptiveAdjacency(C), draw(B, N, C)), (ScoreAdjacency(UNITS, layers=1), draw(B, N))):
        probe, found = probed(module.double().eval(), x)
        assert torch.equal(found[0], module(x))
    assert probe.names == UNITS


def test_nonsense_is_refused():
    for make, words in (
        (lambda: LearnedAdjacency(N, "soft"), "did you mean 'softmax'"),
        (lambda: LearnedAdjacency(0), "nodes"),
        (lambda: AdaptiveAdjacency(C, width=0), "width"),
        (lambda: ScoreAdjacency(()), "units"),
    ):
        with pytest.raises(InputError, match=words):
            make()
