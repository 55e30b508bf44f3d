"""Augmentation while training: neighbours, mixup, who is changed and who is not."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mmer.models.logreg import Logreg
from mmer.stages.build import read_option
from mmer.training.augment.augment import Augment
from mmer.training.augment.mixup import drawn_share, mix
from mmer.training.augment.neighbours import chosen
from mmer.training.augment.nodes import Nodes
from mmer.training.folds import check_folds, fit_fold, run_folds
from mmer.training.sampling.balanced import Balanced
from mmer.training.stack import Batch
from mmer.types.errors import InputError
from mmer.types.node_set import NodeSet

PLACES = (17, 18, 27, 25, 26)  # five landmarks that are their own mirror image
NODES = Nodes(NodeSet(tuple(f"lm{i}" for i in range(5)), tuple((i,) for i in PLACES), (None,) * 5))
ALL = Augment("all", flip=0.5, rotate=10, scale=0.1, translate=0.1, amplify=(0.5, 2.0), neighbours=True, mixup=0.4)


@pytest.fixture
def augmented(corpus, task):
    """(task with augmentation, splits) of the invented corpus, whose clips have three siblings each."""

    def make(rules, model="gcn", **options):
        samples, targets, clips, splits = corpus()
        own = samples.streams["graph"]
        noise = np.random.default_rng(5).normal(0, 0.1, (len(own), 3, *own.shape[1:]))
        samples = replace(samples, siblings={"graph": (own[:, None] + noise).astype(np.float32)})
        subjects = dict(zip(clips.clip_id, clips.subject, strict=True))
        made = replace(task(samples, targets, model, **options), augment=rules, nodes=NODES, subjects=subjects)
        return made, splits

    return make


def same(first, second):
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.probabilities, other.probabilities)
        np.testing.assert_array_equal(one.curve, other.curve)


def test_a_clip_is_itself_or_one_of_its_siblings_and_of_no_other():
    """Clip k is k.0 and its siblings k.1 .. k.3: each a quarter of the time, and the same one in all streams."""
    n = 4000
    own = torch.arange(n, dtype=torch.float64)[None, :, None]
    siblings = own[:, :, None] + torch.tensor([0.1, 0.2, 0.3], dtype=torch.float64)[:, None]
    draws = torch.rand(1, n, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = chosen(own, siblings, draws)
    assert torch.equal(found.floor(), own)
    share = torch.bincount(((found - own) * 10).round().long().flatten(), minlength=4) / n
    np.testing.assert_allclose(share, 0.25, atol=0.03)
    picture = chosen(own[..., None] * torch.ones(2, 2), siblings[..., None] * torch.ones(2, 2), draws)
    assert torch.equal(picture, found[..., None].expand(1, n, 2, 2))


def test_no_split_parts_siblings(augmented):
    made, splits = augmented(ALL)
    before = made.samples.siblings["graph"]
    place = {clip: row for row, clip in enumerate(made.samples.clip_ids)}
    for split in splits:
        for side in (split.train, split.test):
            rows = [place[clip] for clip in side]
            np.testing.assert_array_equal(made.samples.subset(side).siblings["graph"], before[rows])


def test_siblings_of_test_clips_reach_nothing(augmented):
    """With other siblings of the test clips, and of held-out ones, all is as before, bit by bit."""
    made, splits = augmented(ALL, patience=2, epochs=6)
    first = fit_fold(made, splits[0])
    siblings = made.samples.siblings["graph"].copy()
    unseen = set(splits[0].test) | set(first.seen["epochs"])
    siblings[[clip in unseen for clip in made.samples.clip_ids]] = 1e6
    again = fit_fold(replace(made, samples=replace(made.samples, siblings={"graph": siblings})), splits[0])
    for name, value in first.model.state_dict().items():
        assert torch.equal(value, again.model.state_dict()[name]), name
    siblings[:] = 1e6  # and those of training clips do
    other = fit_fold(replace(made, samples=replace(made.samples, siblings={"graph": siblings})), splits[0])
    assert not np.allclose(first.curve.loss, other.curve.loss)


@pytest.mark.parametrize("name", ["flip", "geometric", "amplify", "mixup"])
def test_it_changes_the_training_and_a_run_is_repeatable(augmented, name):
    node = {key: value for key, value in read_option("augment", name).items() if key != "_target_"}
    made, splits = augmented(Augment(**node), epochs=2)
    plain = [fit_fold(replace(made, augment=Augment()), splits[0])]
    one, other = ([fit_fold(made, splits[0])] for _ in range(2))
    assert torch.equal(one[0].model.state_dict()["classifier.weight"], other[0].model.state_dict()["classifier.weight"])
    assert not np.allclose(one[0].curve.loss, plain[0].curve.loss)
    assert one[0].scaler.mean.keys() == plain[0].scaler.mean.keys()
    np.testing.assert_array_equal(one[0].scaler.mean["graph"], plain[0].scaler.mean["graph"])
    assert one[0].seen == plain[0].seen


def test_clips_as_they_are_pass_no_augmentation(augmented, monkeypatch):
    made, splits = augmented(Augment())
    monkeypatch.setattr("mmer.training.train.Augmentation.__init__", pytest.fail)
    same(run_folds(made, splits[:2], 1), run_folds(replace(made, nodes=None), splits[:2], 1))


def test_stacks_leave_results_as_they_are(augmented):
    made, splits = augmented(ALL, epochs=2)
    alone, two = (list(run_folds(made, splits[:4], 1, stack=k)) for k in (1, 4))
    for one, other in zip(alone, two, strict=True):
        np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-4)


def test_shares_are_of_the_beta_distribution():
    draws = torch.rand(20000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for alpha in (0.2, 1.0, 4.0):
        share = drawn_share(draws, alpha)
        assert float(share.mean()) == pytest.approx(0.5, abs=0.01)
        assert float(share.var()) == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.03)


def test_a_mixed_clip_is_the_mean_of_two_of_its_member_and_padding_of_none():
    x = torch.tensor([[1.0, 10, 100, 1000], [2, 20, 200, 0]], dtype=torch.float64)[..., None]
    answer = torch.tensor([[0, 1, 2, 0], [2, 1, 0, 0]])
    weight = torch.tensor([[1.0, 1, 1, 1], [1, 1, 1, 0]])
    share = torch.tensor([0.25, 0.9], dtype=torch.float64)
    for turn in (0.0, 0.4, 0.99):
        turns = torch.full((2,), turn, dtype=torch.float64)
        batch = Batch({"graph": x}, answer, weight, torch.zeros(2, 4, 0))
        mixed = mix(batch, share, turns, torch.tensor([4, 3]))
        for k, size in ((0, 4), (1, 3)):
            partner = (mixed.streams["graph"][k] - share[k] * x[k]) / (1 - share[k])
            rows = [int(torch.argmin((x[k] - value).abs())) for value in partner[:size]]
            assert sorted(rows) == list(range(size))  # everybody is somebody's partner
            assert all(row != own for own, row in enumerate(rows))
            assert torch.equal(mixed.partner.answer[k, :size], answer[k, rows])
        assert mixed.streams["graph"][1, 3] == 0
        assert mixed.partner.weight[1].tolist() == [1, 1, 1, 0]
        assert torch.equal(mixed.answer, answer)
    alone = mix(batch, share, turns, torch.tensor([1, 1]))
    torch.testing.assert_close(alone.streams["graph"], x)


def test_the_loss_of_a_mixed_clip_is_that_of_both_answers(augmented):
    from mmer.losses.cross_entropy import CrossEntropy
    from mmer.training.seeds import Key
    from mmer.training.stack import Member, Stack

    answer = torch.tensor([[0, 1, 2, 1]])
    samples = augmented(Augment())[0].samples
    model = Logreg(samples.sizes(3))
    batch = Batch({"graph": torch.randn(1, 4, 1, 5, 2)}, answer, torch.ones(1, 4), torch.zeros(1, 4, 0))
    key = Key("invented", 0, "fold")
    stack = Stack([Member(key, model, CrossEntropy(torch.ones(3)), batch, torch.ones(8))])
    logits = torch.randn(1, 4, 3)
    mixed = mix(batch, torch.tensor([0.3]), torch.tensor([0.5]), torch.tensor([4]))
    both = [torch.nn.functional.cross_entropy(logits[0], item.answer[0]) for item in (mixed, mixed.partner)]
    torch.testing.assert_close(stack.losses(logits, {}, mixed)[0], 0.3 * both[0] + 0.7 * both[1])


def test_neighbours_need_siblings(augmented):
    made, splits = augmented(ALL)
    check_folds(made, splits)
    bare = replace(made, samples=replace(made.samples, siblings={}))
    with pytest.raises(InputError, match=r"invented.*'graph' has none.*motion: \{neighbours: 2\}"):
        check_folds(bare, splits)


def test_what_cannot_be_flipped_is_refused_before_training(augmented):
    made, splits = augmented(Augment("flip", flip=0.5))
    one_sided = Nodes(replace(NODES.node_set, landmarks=((0,), (1,), (2,), (3,), (4,))))
    with pytest.raises(InputError, match="experiment 'invented': augment: flip needs the mirror image"):
        check_folds(replace(made, nodes=one_sided), splits)


class Solver:
    """Enough of a classical model to be refused."""

    streams = ("graph",)

    def __init__(self, sizes):
        pass


@pytest.mark.parametrize("group", ["sampling", "augment"])
def test_a_model_that_is_fitted_in_one_go_has_neither(augmented, group):
    made, splits = augmented(Augment())
    made = replace(made, classical=True, make_loss=None, make_model=Solver)
    check_folds(made, splits)
    choice = {"sampling": Balanced(), "augment": Augment("flip", flip=0.5)}[group]
    with pytest.raises(InputError, match=f"{group} '{choice.name}' is for networks.*Solver is fitted"):
        check_folds(replace(made, **{group: choice}), splits)
