"""What every loss of conf/loss/ keeps, whoever wrote it."""

import copy
import inspect
import pickle

import numpy as np
import pytest
import torch
from torch.func import functional_call, stack_module_state, vmap

from mmer.losses.progress import set_progress
from mmer.stages.build import build, read_option, target_class
from mmer.types.errors import InputError
from mmer.types.targets import Targets

CLASS_COUNTS = torch.tensor([12, 3, 5])
UNIT_COUNTS = torch.tensor([[12, 3], [1, 9], [7, 8]])  # without and with each of three units
AU_NAMES = ("AU01", "AU04", "AU12", "AU17")  # that clips are annotated for, whatever is asked


def detects(name):
    return getattr(target_class(read_option("loss", name)), "detection", False)


def needs(name):
    return getattr(target_class(read_option("loss", name)), "needs", ())


def training_clips(counts):
    """Targets with these class counts, for losses that are fitted; every fourth clip is not annotated."""
    index = torch.repeat_interleave(torch.arange(3), counts).numpy()
    n = len(index)
    return Targets(
        clip_ids=tuple(f"clip{k:02d}" for k in range(n)),
        classes=("negative", "positive", "surprise"),
        index=index,
        au_names=AU_NAMES,
        action_units=some_units(n, seed=9).float().numpy(),
        weight=np.ones(n, np.float32),
    )


def some_units(n, seed):
    units = torch.rand(n, len(AU_NAMES), generator=torch.Generator().manual_seed(seed)).round().double()
    units[3::4] = torch.nan
    return units


def make(name, counts=None):
    if counts is None:
        counts = UNIT_COUNTS if detects(name) else CLASS_COUNTS
    loss = build(read_option("loss", name), counts)
    if hasattr(loss, "fit"):
        loss.fit(training_clips(counts))
    return loss.double()


def batch(name, n=10, seed=0):
    """What ``forward`` takes, of the kind that the loss is for; a fifth of the units to detect is not annotated."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(n, 3, generator=generator, dtype=torch.float64)
    weight = 0.5 + torch.rand(n, generator=generator, dtype=torch.float64)
    if detects(name):
        target = (torch.arange(3 * n).reshape(n, 3) % 4 < 2).double()
        target[torch.arange(3 * n).reshape(n, 3) % 5 == 1] = torch.nan
    else:
        target = torch.arange(n) % 3
    features = torch.randn(n, 6, generator=generator, dtype=torch.float64)
    more = {"features": features, "units": some_units(n, seed)}
    return logits, target, weight, *(more[need] for need in needs(name))


def empty_target(name, n):
    return torch.zeros(n, 3, dtype=torch.float64) if detects(name) else torch.zeros(n, dtype=torch.int64)


def test_name_file_and_yaml_agree(loss_name):
    node = read_option("loss", loss_name)
    assert node["name"] == loss_name
    *room, module, _ = node["_target_"].split(".")
    assert module == loss_name
    assert room == ["mmer", "losses"] or room[0] != "mmer"  # a package that params.yaml lists


def test_is_a_finite_positive_scalar(loss_name):
    value = make(loss_name)(*batch(loss_name))
    assert value.shape == ()
    assert 0 < value < 100


def test_gradient_is_right(loss_name):
    logits, target, weight, *more = batch(loss_name)
    leaves = [logits.requires_grad_()]
    if "features" in needs(loss_name):
        leaves.append(more.pop(0).requires_grad_())
    assert torch.autograd.gradcheck(lambda z, *f: make(loss_name)(z, target, weight, *f, *more), leaves)


def test_falls_when_the_logits_get_better(loss_name):
    logits, target, weight, *more = batch(loss_name)
    right = 2 * target.nan_to_num(0.5) - 1 if detects(loss_name) else torch.nn.functional.one_hot(target, 3)
    better = make(loss_name)(logits + 2 * right, target, weight, *more)
    assert better < make(loss_name)(logits, target, weight, *more)


def test_padding_changes_nothing(loss_name):
    logits, target, weight, *more = values = batch(loss_name)
    rest = torch.tensor([[0.0, 1, torch.nan]] * 4).double() if detects(loss_name) else torch.tensor([0, 1, 2, 0])
    padded = (
        torch.cat([logits, torch.full((4, 3), 50.0, dtype=torch.float64)]),
        torch.cat([target, rest]),
        torch.cat([weight, torch.zeros(4, dtype=torch.float64)]),
        *(torch.cat([value, value[:4].flip(1)]) for value in more),
    )
    torch.testing.assert_close(make(loss_name)(*padded), make(loss_name)(*values), rtol=0, atol=1e-12)


def test_order_of_the_batch_changes_nothing(loss_name):
    values = batch(loss_name)
    turned = [value.flip(0) for value in values]
    torch.testing.assert_close(make(loss_name)(*turned), make(loss_name)(*values), rtol=0, atol=1e-12)


def test_scale_of_the_weights_changes_nothing(loss_name):
    logits, target, weight, *more = values = batch(loss_name)
    loss = make(loss_name)
    torch.testing.assert_close(loss(logits, target, 7 * weight, *more), loss(*values), rtol=0, atol=1e-12)


@pytest.mark.parametrize("n", [0, 4])
def test_is_finite_where_nothing_counts(loss_name, n):
    """A fold that has run out of clips in a stacked step."""
    logits = torch.zeros(n, 3, dtype=torch.float64, requires_grad=True)
    more = [value[:n] for value in batch(loss_name)[3:]]
    value = make(loss_name)(logits, empty_target(loss_name, n), torch.zeros(n, dtype=torch.float64), *more)
    value.backward()
    assert value == 0
    assert not logits.grad.any()


@pytest.mark.parametrize("scale", [1, 1e4])
def test_is_finite_with_an_absent_class_and_extreme_logits(loss_name, scale):
    logits, target, weight, *more = batch(loss_name)
    counts = torch.tensor([[12, 0], [0, 9], [0, 0]]) if detects(loss_name) else torch.tensor([12, 0, 5])
    for dtype in (torch.float64, torch.float32):
        leaf = (scale * logits).to(dtype).requires_grad_()
        more = [value.to(dtype) for value in more]
        value = make(loss_name, counts).to(dtype)(leaf, target, weight.to(dtype), *more)
        value.backward()
        assert torch.isfinite(value)
        assert torch.isfinite(leaf.grad).all()


def test_is_finite_with_features_of_any_size(loss_name):
    if "features" not in needs(loss_name):
        pytest.skip("does not look at features")
    logits, target, weight, features, *more = batch(loss_name)
    for scale in (0, 1e-8, 1e8):
        leaf = (scale * features).requires_grad_()
        value = make(loss_name)(logits, target, weight, leaf, *more)
        value.backward()
        assert torch.isfinite(value)
        assert torch.isfinite(leaf.grad).all()


def test_pickles(loss_name):
    loss = make(loss_name)
    assert pickle.loads(pickle.dumps(loss))(*batch(loss_name)) == loss(*batch(loss_name))


def test_stacked_folds_equal_folds_alone(loss_name):
    """Folds of other counts, one half of the way through its training, and of other action units."""
    counts = UNIT_COUNTS if detects(loss_name) else CLASS_COUNTS
    losses = [make(loss_name, counts.roll(k, 0)) for k in range(3)]
    set_progress(losses[1], 0.5)
    set_progress(losses[2], 0.99)
    batches = [batch(loss_name, seed=k) for k in range(3)]
    parameters, buffers = stack_module_state(losses)
    base = copy.deepcopy(losses[0]).to("meta")
    stacked = vmap(lambda p, b, *values: functional_call(base, (p, b), values))(
        parameters, buffers, *(torch.stack(parts) for parts in zip(*batches, strict=True))
    )
    alone = torch.stack([loss(*values) for loss, values in zip(losses, batches, strict=True)])
    torch.testing.assert_close(stacked, alone, rtol=0, atol=1e-12)


def test_stacked_folds_have_the_gradients_of_folds_alone(loss_name):
    losses = [make(loss_name) for _ in range(2)]
    batches = [batch(loss_name, seed=k) for k in range(2)]
    parameters, buffers = stack_module_state(losses)
    base = copy.deepcopy(losses[0]).to("meta")
    logits, *rest = (torch.stack(parts) for parts in zip(*batches, strict=True))
    logits.requires_grad_()
    vmap(lambda p, b, *values: functional_call(base, (p, b), values))(
        parameters, buffers, logits, *rest
    ).sum().backward()
    for fold, (loss, (leaf, *others)) in enumerate(zip(losses, batches, strict=True)):
        loss(leaf.requires_grad_(), *others).backward()
        torch.testing.assert_close(logits.grad[fold], leaf.grad, rtol=0, atol=1e-12)


def test_says_whether_it_reweights(loss_name):
    assert isinstance(getattr(make(loss_name), "reweights", False), bool)


def test_needs_are_the_names_of_what_forward_takes(loss_name):
    assert set(needs(loss_name)) <= {"features", "units"}
    taken = list(inspect.signature(make(loss_name).forward).parameters)
    assert taken == ["logits", "target", "weight", *needs(loss_name)]


def test_progress_is_a_scalar_buffer_from_zero(loss_name):
    loss = make(loss_name)
    before = loss(*batch(loss_name))
    set_progress(loss, 0.0)
    assert loss(*batch(loss_name)) == before
    if "progress" in dict(loss.named_buffers()):
        assert loss.progress.shape == ()
        set_progress(loss, 0.25)
        assert loss.progress == 0.25


def test_decides_on_logits_row_by_row(loss_name):
    """What it does is a matter of the fold's training clips, not of the other test clips."""
    loss = make(loss_name)
    if not hasattr(loss, "decide"):
        pytest.skip("the logits are decided upon as they are")
    logits = batch(loss_name)[0]
    decided = loss.decide(logits)
    assert decided.shape == logits.shape
    assert torch.isfinite(decided).all()
    torch.testing.assert_close(torch.cat([loss.decide(row[None]) for row in logits]), decided, rtol=0, atol=0)


def test_a_class_without_training_clips_is_not_decided_for(loss_name):
    loss = make(loss_name, UNIT_COUNTS if detects(loss_name) else torch.tensor([12, 0, 5]))
    if not hasattr(loss, "decide") or detects(loss_name):
        pytest.skip("the logits are decided upon as they are")
    p = torch.softmax(loss.decide(torch.tensor([[0.0, 30.0, 0.0]], dtype=torch.float64)), 1)
    assert p[0, 1] == 0


def test_misspelt_key_is_named(loss_name):
    with pytest.raises(InputError, match="gama"):
        build(read_option("loss", loss_name) | {"gama": 2}, UNIT_COUNTS if detects(loss_name) else CLASS_COUNTS)


def test_what_is_not_annotated_takes_no_part(loss_name):
    """Neither the value nor the gradient knows the logit of such a unit."""
    if not detects(loss_name):
        pytest.skip("for one class per clip, which every clip has")
    logits, target, weight = batch(loss_name)
    unknown = target.isnan()
    leaf = logits.clone().requires_grad_()
    value = make(loss_name)(leaf, target, weight)
    value.backward()
    assert not leaf.grad[unknown].any()
    assert leaf.grad[~unknown].all()
    torch.testing.assert_close(make(loss_name)(torch.where(unknown, 30.0, logits), target, weight), value)
    nobody = make(loss_name)(leaf, torch.full_like(target, torch.nan), weight)
    assert nobody == 0
    assert not torch.autograd.grad(nobody, leaf)[0].any()
