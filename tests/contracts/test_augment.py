"""What every yaml of conf/augment/ keeps: clips stay clips, and a fold of a stack is the fold alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mmer.graphs.nodes.eyebrow_mouth import EyebrowMouth
from mmer.stages.build import build, read_option
from mmer.training.augment.augmentation import Augmentation
from mmer.training.augment.nodes import Nodes
from mmer.training.augment.raw import Raw
from mmer.training.scaler import Scaler
from mmer.training.seeds import Key
from mmer.training.stack import Batch, Clips, Member
from mmer.types.errors import InputError
from mmer.types.samples import Samples

SOURCE = EyebrowMouth(features=("displacement", "flow_patch"), patch=3)
SHAPES = {"graph": (1, 30, len(SOURCE.feature_names())), "flow": (3, 8, 8), "video": (1, 2, 8, 8), "eeg": (2, 5)}
SIZES = (5, 8, 6)  # clips of the members: two steps of four, four or three rows
CPU = torch.device("cpu")


def samples(n, seed):
    rng = np.random.default_rng(seed)
    streams = {name: rng.normal(3, 2, (n, *shape)).astype(np.float32) for name, shape in SHAPES.items()}
    return Samples(
        clip_ids=tuple(f"c{k}" for k in range(n)),
        streams=streams,
        present={name: np.ones(n, bool) for name in streams},
        node_names=SOURCE.node_set().names,
        feature_names=SOURCE.feature_names(),
        siblings={name: rng.normal(3, 2, (n, 2, *SHAPES[name])).astype(np.float32) for name in ("graph", "flow")},
    )


def member(rules, place, how="feature"):
    """A training of float64 clips that nothing is trained of; the rules are all that is asked of it."""
    ours = samples(SIZES[place], place)
    scaler = Scaler.fit(ours, tuple(SHAPES), how)
    raw = Raw.of(rules, ours, Nodes(SOURCE.node_set()), scaler, CPU)
    doubled = (
        {name: torch.from_numpy(values) for name, values in part.items()} for part in (scaler.mean, scaler.deviation)
    )
    raw = Raw(rules, raw.layouts, *doubled)
    streams, siblings = (
        {name: torch.from_numpy(values).double() for name, values in part.items()}
        for part in (ours.streams, ours.siblings if rules.neighbours else {})
    )
    n = SIZES[place]
    batch = Batch(streams, torch.arange(n), torch.ones(n).double(), torch.zeros(n, 0), siblings)
    key = Key("invented", 0, f"fold{place}")
    return Member(key, torch.nn.Identity(), torch.nn.Identity(), batch, torch.ones(0), raw=raw), scaler, ours


def shown(members, epoch=1, steps=2):
    """The batches of an epoch, clips in their order."""
    clips = Clips([item.clips for item in members])
    augment = Augmentation.of(members, clips.sizes, steps, epoch)
    parts = zip(*(torch.arange(n).tensor_split(steps) for n in clips.sizes), strict=True)
    for step, rows in enumerate(parts):
        padded = torch.nn.utils.rnn.pad_sequence(list(rows), batch_first=True, padding_value=clips.pad)
        yield augment(clips.take(padded), step), padded, [len(part) for part in rows]


@pytest.fixture
def rules(augment_name):
    return build(read_option("augment", augment_name))


def with_neighbours(rules):
    return replace(rules, neighbours=True)


@pytest.mark.parametrize("also", [lambda rules: rules, with_neighbours], ids=["as it is", "neighbours"])
def test_a_fold_of_a_stack_is_the_fold_alone_and_padding_is_harmless(rules, also):
    members = [member(also(rules), place)[0] for place in range(3)]
    together = list(shown(members))
    for place, one in enumerate(members):
        for (whole, _, sizes), (alone, _, _) in zip(together, shown([one]), strict=True):
            n = sizes[place]
            for name, values in whole.streams.items():
                assert torch.isfinite(values).all()
                torch.testing.assert_close(values[place, :n], alone.streams[name][0], rtol=0, atol=1e-14)
                assert values.dtype == torch.float64
            if rules.mixup:
                assert torch.equal(whole.partner.answer[place, :n], alone.partner.answer[0])
                assert not whole.partner.weight[place, n:].any()
                assert whole.share[place] == alone.share[0]


def test_epochs_and_folds_differ_unless_nothing_is_done(rules):
    members = [member(rules, place)[0] for place in range(3)]
    first, again, later = (next(shown(members, epoch))[0].streams["flow"] for epoch in (1, 1, 2))
    assert torch.equal(first, again)
    assert torch.equal(first, later) == rules.off


def test_what_is_given_stays_as_it_was(rules):
    one = member(with_neighbours(rules), 0)[0]
    before = {name: values.clone() for name, values in one.clips.streams.items()}
    list(shown([one]))
    assert all(torch.equal(before[name], values) for name, values in one.clips.streams.items())


@pytest.mark.parametrize("how", ["feature", "node", "none"])
def test_clips_that_are_not_changed_are_scaled_as_ever(how):
    rules = build(read_option("augment", "none"))
    one, scaler, ours = member(rules, 1, how)
    double = {name: values.astype(np.float64) for name, values in ours.streams.items()}
    for batch, rows, _ in shown([one]):
        for name, values in batch.streams.items():
            expected = (double[name] - scaler.mean[name]) / scaler.deviation[name]
            np.testing.assert_allclose(values[0], expected[rows[0]], rtol=0, atol=1e-12)


def test_a_value_out_of_its_range_is_named(augment_name):
    node = read_option("augment", augment_name)
    wrong = {
        "flip": 1.5, "rotate": -1.0, "translate": 1.0, "scale": 1.0, "mixup": -0.1, "amplify": [2.0, 1.0]
    }  # fmt: skip
    for key, value in (*wrong.items(), ("amplify", [1.0]), ("amplify", [0.0, 1.0])):
        with pytest.raises(InputError, match=key):
            build(node | {key: value})


def test_only_none_is_off(rules, augment_name):
    assert rules.off == (augment_name == "none")
