"""Fgrl and its parts."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from moving_faces import clip_row, still_motion, template_landmarks, track_of
from torch import nn

from mmer.models.encoder_layer import EncoderLayer
from mmer.models.fgrl import Fgrl
from mmer.models.unit_words import UnitWords
from mmer.stages.build import build, read_option
from mmer.types.errors import InputError
from mmer.types.samples import Sizes
from mmer.types.targets import Targets

NODES = build(read_option("nodes", "fgrl")).node_set()
EDGES = build(read_option("edges", "au_probability")).edge_index(NODES)
SMALL = {
    "layers": 2,
    "heads": 2,
    "head_width": 4,
    "inner": 8,
    "hidden": 12,
    "features": 6,
    "words": 5,
    "unit_hidden": 7,
}


def sizes(maps=1, names=NODES.names, edges=EDGES, classes=3):
    return Sizes(classes, {"graph": (1, len(names), 49 * maps)}, tuple(names), edges)


def model(seed=0, given=None, **options):
    torch.manual_seed(seed)
    made = Fgrl(given or sizes(), **SMALL | options).double().eval()
    nn.init.normal_(made.units.words)  # they start so small that the layer norm behind them sees rounding
    return made


def clips(n=4, maps=1):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(n, 1, len(NODES.names), 49 * maps, generator=generator, dtype=torch.float64)


def weights(seed=0):
    return torch.rand(EDGES.shape[1], generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_as_many_parameters_as_the_released_code():
    made = Fgrl(sizes())
    parts = {name: sum(value.numel() for value in part.parameters()) for name, part in made.named_children()}
    assert parts["eyebrows"] == parts["mouth"] == 228_030
    assert (parts["eyebrow_vector"], parts["mouth_vector"]) == (208_480, 365_280)
    assert sum(parts.values()) == sum(value.numel() for value in made.parameters()) == 1_046_669
    assert sum(value.numel() for value in Fgrl(sizes(maps=2)).parameters()) == 1_046_669 + 270


def test_as_released_only_the_last_layers_have_an_effect():
    made = Fgrl(sizes(), faithful_to="code")
    dead = tuple(made.dead_parameters)
    encoders = {name: value for name, value in made.named_parameters() if name.startswith(("eyebrows.", "mouth."))}
    layers = [value.numel() for name, value in encoders.items() if name.startswith(dead)]
    assert sum(layers) == 1_046_669 - 666_619
    one, two = model(faithful_to="code", layers=3), model(faithful_to="code", layers=3)
    for part in (two.eyebrows, two.mouth):
        for layer in part[:2]:
            for parameter in layer.parameters():
                parameter.data += 1
    x = {"graph": clips()}
    assert torch.equal(one(x, weights()), two(x, weights()))
    chained = model(layers=3)
    assert not torch.allclose(chained(x, weights()), one(x, weights()))


@pytest.mark.parametrize(
    "options", [{}, {"faithful_to": "code"}, {"learn_adjacency": True}, {"degree": "count"}], ids=str
)
def test_exactly_the_dead_parameters_get_no_gradient(options):
    made = model(**options).train()
    made({"graph": clips(16)}, weights()).square().sum().backward()
    idle = {name for name, value in made.named_parameters() if value.grad is None or not value.grad.any()}
    dead = tuple(made.dead_parameters)
    assert idle == {name for name, _ in made.named_parameters() if dead and name.startswith(dead)}
    assert ("units.change" in idle) == (not options.get("learn_adjacency", False))


def test_encoder_layer_is_that_of_torch():
    ours = EncoderLayer(12, heads=3, head_width=4, inner=20, dropout=0.0).double()
    x = torch.randn(2, 5, 12, dtype=torch.float64)
    parts = (layer(x).view(2, 5, 3, 4).transpose(1, 2) for layer in (ours.queries, ours.keys, ours.values))
    mixed = nn.functional.scaled_dot_product_attention(*parts).transpose(1, 2).reshape(2, 5, 12)
    middle = nn.functional.layer_norm(x + ours.merge(mixed), (12,), eps=1e-6)
    expected = nn.functional.layer_norm(middle + ours.narrow(torch.relu(ours.widen(middle))), (12,), eps=1e-6)
    torch.testing.assert_close(ours(x), expected, rtol=0, atol=1e-12)


def test_attention_is_seen_by_name_and_sums_to_one():
    made, seen = model(), []
    made.eyebrows[0].attention.register_forward_hook(lambda probe, _, values: seen.append((probe, values)))
    made.units.adjacency.register_forward_hook(lambda probe, _, values: seen.append((probe, values)))
    made({"graph": clips()}, weights())
    (attention, share), (adjacency, joined) = seen
    assert attention.names == tuple(f"lm{i}" for i in range(17, 27))
    assert share.shape == (4, 10, 10)
    torch.testing.assert_close(share.sum(2), torch.ones(4, 10, dtype=torch.float64))
    assert adjacency.names == ("AU01", "AU02", "AU04", "AU10", "AU12", "AU14", "AU15", "AU17", "AU25")
    assert joined.shape == (4, 9, 9)


def annotated():
    """Invented annotations of the nine units, none of the tenth clip."""
    shows = (np.random.default_rng(0).random((30, 9)) < 0.4).astype(np.float32)
    shows[9] = np.nan
    units = tuple(name for name in NODES.names if name.startswith("AU"))
    names = tuple(f"made/s1/{i:02}" for i in range(30))
    return Targets(names, ("a", "b"), np.arange(30) % 2, units, shows, np.ones(30, np.float32)), shows


@pytest.mark.parametrize("degree", ["sum", "count"])
def test_adjacency_is_that_of_the_released_code_and_of_the_re_implementation(degree):
    """(A D)^T D + its self loops, with P(i | j) in A[i, j] and sums; or P(j | i), and how many are not zero."""
    targets, shows = annotated()
    shows = np.delete(shows, 9, axis=0).astype(np.float64)
    together, alone = shows.T @ shows, shows.sum(0)
    given = together / alone if degree == "sum" else together / alone[:, None]
    given = given * (1 - np.eye(9)) + np.eye(9)
    scale = np.diag((given.sum(1) if degree == "sum" else (given > 0).sum(1)) ** -0.5)
    direction = "column" if degree == "sum" else "row"
    rule = build(read_option("edges", "au_probability") | {"kappa": 0.0, "direction": direction})
    words = UnitWords("x", sizes(), NODES.names[30:], (4, 3), degree, learn=False).double()
    ours = words.normalised(torch.from_numpy(rule.fit(NODES, targets)).double())
    torch.testing.assert_close(ours, torch.from_numpy((given @ scale).T @ scale), rtol=0, atol=1e-6)


def test_unit_words_by_hand():
    words = UnitWords("x", sizes(), NODES.names[30:], (4, 3, 2), "sum", learn=False).double()
    adjacency = words.normalised(weights())
    x = words.words
    for layer in words.convolutions:
        x = adjacency @ x @ layer.weight.T
        x = torch.where(x > 0, x, 0.2 * x)
    torch.testing.assert_close(words(weights(), 3), x, rtol=0, atol=1e-14)
    assert [
        layer.weight.abs().max() <= bound for layer, bound in zip(words.convolutions, (3**-0.5, 2**-0.5), strict=True)
    ]


def test_renaming_nodes_changes_nothing_and_other_edges_do_not_count():
    order = np.random.default_rng(1).permutation(39)  # new node i is old node order[i]
    place = np.argsort(order)
    extra = np.array([[0, 5, 30], [5, 30, 7]])  # between landmarks, and landmark and unit
    names = tuple(NODES.names[i] for i in order)
    renamed = model(given=sizes(names=names, edges=place[np.concatenate([EDGES, extra], 1)]))
    made = model()
    renamed.load_state_dict(made.state_dict())
    x, more = clips(), torch.cat([weights(), torch.rand(3)])
    torch.testing.assert_close(
        renamed({"graph": x[:, :, order]}, more), made({"graph": x}, weights()), rtol=0, atol=1e-12
    )


def test_landmarks_and_the_folds_weights_matter_and_features_of_units_do_not():
    made, x = model(), clips()
    expected = made({"graph": x}, weights())
    units, landmark = x.clone(), x.clone()
    units[:, :, 30:] += 1
    landmark[:, :, 29] *= 2
    assert torch.equal(made({"graph": units}, weights()), expected)
    assert not torch.allclose(made({"graph": landmark}, weights()), expected)
    assert not torch.allclose(made({"graph": x}, weights(1)), expected)


def test_a_clip_without_a_graph_is_finite_with_gradients():
    made = model().train()
    logits = made({"graph": 0 * clips()}, 0 * weights())
    logits.sum().backward()
    assert torch.isfinite(logits).all()
    assert all(torch.isfinite(value.grad).all() for value in made.parameters() if value.grad is not None)


def test_nodes_are_eyebrow_mouth_with_zeros_for_the_units():
    clip, track = clip_row(2, 6, 11), track_of(template_landmarks(12))
    values = np.random.default_rng(0).normal(size=(3, 64, 64)).astype(np.float32)
    motion = replace(still_motion(apex=6), values=values)
    x = build(read_option("nodes", "fgrl")).build(clip, track, motion)
    assert np.array_equal(x[:, :30], build(read_option("nodes", "eyebrow_mouth")).build(clip, track, motion))
    assert x.shape == (1, 39, 98)
    assert not x[:, 30:].any()


def test_edges_of_the_units_are_those_of_action_units():
    alone = build(read_option("nodes", "action_units") | {"action_units": NODES.names[30:]}).node_set()
    targets, _ = annotated()
    rule = build(read_option("edges", "au_probability"))
    assert np.array_equal(rule.edge_index(alone) + 30, EDGES)
    assert np.array_equal(rule.fit(alone, targets), rule.fit(NODES, targets))


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"layers": 0}, "layers"),
        ({"faithful_to": "text"}, "Valid: code, paper"),
        ({"degree": "mean"}, "Valid: count, sum"),
        ({"learn_adjacency": 1}, "learn_adjacency must be true or false"),
        ({"patch": 5}, "5 x 5 = 25 numbers, but it has 49"),
        ({"eyebrow_units": ("AU06",)}, "choose `nodes: fgrl`"),
        ({"given": sizes(names=[f"lm{i}" for i in range(39)])}, "choose `nodes: fgrl`"),
        (
            {"patch": 5, "given": sizes(names=[f"n{i}" for i in range(39)])},
            "choose `nodes: fgrl`",
        ),  # it has the patches too
        ({"given": sizes(edges=np.array([[0, 1], [1, 0]]))}, "no edge joins two action units"),
    ],
)
def test_nonsense_is_refused(values, word):
    with pytest.raises(InputError, match=word):
        model(**values)
