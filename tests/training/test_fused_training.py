"""Training of fused models: absent streams, subsets of streams, signals fitted in the fold."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from fused_inputs import Encoder, fusion_node

from mmer.losses.au_contrastive import AuContrastive
from mmer.models.fused import Fused
from mmer.models.gcn import Gcn
from mmer.stages.build import build
from mmer.training.augment.augment import Augment
from mmer.training.augment.mixup import mix
from mmer.training.augment.nodes import Nodes
from mmer.training.early_stopping import held_out_clips
from mmer.training.fit import predict
from mmer.training.fold_result import FoldResult
from mmer.training.folds import check_folds, fit_fold, run_folds, train_fold
from mmer.training.look import look
from mmer.training.presence import hide, subsets
from mmer.training.scaler import Scaler
from mmer.training.stack import Batch
from mmer.types.errors import InputError
from mmer.types.node_set import NodeSet
from mmer.types.signal_window import SignalLayout

LAYOUTS = {"eeg": SignalLayout(("F3", "F4"), ("alpha", "beta", "gamma")), "ecg": SignalLayout(("ECG",), sfreq=8.0)}
NODES = Nodes(NodeSet(tuple(f"lm{i}" for i in range(5)), tuple((i,) for i in (17, 18, 27, 25, 26)), (None,) * 5))


def make_fused(sizes, fusion="concatenation", streams=("face", "eeg", "ecg"), modality_dropout=0.3, **keys):
    makers = {"face": partial(Gcn, hidden=4, layers=1)}
    branches = {name: makers.get(name) or partial(Encoder, name) for name in streams}
    return Fused(sizes, branches, partial(build, fusion_node(fusion) | keys), modality_dropout)


@pytest.fixture
def beside(corpus, task):
    """(task, splits) of clips with a face and two signals, of which some are lacking; each signal shows one class."""

    def make(fusion="concatenation", streams=("face", "eeg", "ecg"), modality_dropout=0.3, lacking=0.2, **options):
        samples, targets, clips, splits = corpus(signal=0.5)
        rng = np.random.default_rng(7)
        values = {
            "eeg": 1e-6 * (rng.normal(size=(24, 2, 3)) + 3 * (targets.index == 0)[:, None, None]),
            "ecg": 1e-3 * (rng.normal(size=(24, 1, 16)) + 3 * (targets.index == 1)[:, None, None]),
        }
        present = {name: rng.random(24) >= lacking for name in values}
        samples = replace(
            samples,
            streams=samples.streams
            | {name: (x * present[name][:, None, None]).astype(np.float32) for name, x in values.items()},
            present=samples.present | present,
            signals=LAYOUTS,
        )
        made = task(samples, targets, "gcn", **options)
        makes = partial(make_fused, fusion=fusion, streams=streams, modality_dropout=modality_dropout)
        subjects = dict(zip(clips.clip_id, clips.subject, strict=True))
        return replace(made, make_model=makes, subjects=subjects, nodes=NODES), splits

    return make


def with_values(task, change):
    """A task in which ``change(name, values, samples)`` is what its streams are."""
    samples = task.samples
    streams = {name: change(name, values.copy(), samples) for name, values in samples.streams.items()}
    return replace(task, samples=replace(samples, streams=streams))


def weights(fitted):
    return {name: value.numpy() for name, value in fitted.model.state_dict().items()}


@pytest.mark.parametrize("fusion", ["cross_attention", "graph_fusion"])
def test_a_stack_is_its_folds_alone(beside, fusion):
    """Plain and by vmap; in float32, so after few steps."""
    task, splits = beside(fusion, epochs=2)
    check_folds(task, splits)
    alone = list(run_folds(task, splits[:3], 1, stack=1))
    together = list(run_folds(task, splits[:3], 1, stack=3))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-4)
        for name, values in one.subsets.items():
            np.testing.assert_allclose(values, other.subsets[name], atol=1e-4)


def test_every_part_of_the_streams_is_scored_and_kept(beside, tmp_path):
    task, splits = beside(epochs=1)
    result = train_fold(task, splits[0])
    assert list(result.subsets) == ["face", "eeg", "ecg", "face+eeg", "face+ecg", "eeg+ecg"]
    result.save(tmp_path / "fold.npz")
    again = FoldResult.load(tmp_path / "fold.npz")
    assert list(again.subsets) == list(result.subsets)
    for name, values in result.subsets.items():
        np.testing.assert_array_equal(again.subsets[name], values)
        np.testing.assert_allclose(values.sum(1), 1)


def test_a_subset_is_what_is_predicted_where_the_rest_was_never_recorded(beside):
    task, splits = beside(epochs=1)
    fitted, test = fit_fold(task, splits[0]), task.samples.subset(splits[0].test)
    hidden = subsets(fitted.model)["face+ecg"]
    assert hidden == ("eeg",)
    alone = replace(test, streams=test.streams | {"eeg": 1e9 + test.streams["eeg"]})
    alone = replace(alone, present=alone.present | {"eeg": np.zeros(len(test.clip_ids), bool)})
    np.testing.assert_array_equal(train_fold(task, splits[0]).subsets["face+ecg"], predict(fitted, alone))
    np.testing.assert_array_equal(predict(fitted, hide(test, hidden)), predict(fitted, alone))


def test_neither_absent_signals_nor_those_of_test_clips_change_a_weight(beside):
    task, splits = beside(epochs=2)

    def poison(name, values, samples):
        rows = np.isin(samples.clip_ids, splits[0].test) | ~samples.present[name]
        values[rows] = 5 * np.random.default_rng(1).normal(size=values[rows].shape)
        return values

    first, second = fit_fold(task, splits[0]), fit_fold(with_values(task, poison), splits[0])
    for name, value in weights(first).items():
        np.testing.assert_array_equal(value, weights(second)[name])
    np.testing.assert_array_equal(first.scaler.mean["eeg"], second.scaler.mean["eeg"])


class Halved:
    """Fits the mean, keeps the first channel; remembers what it was given."""

    def __init__(self):
        self.given = []

    def fit(self, samples):
        assert samples.present["eeg"].all()
        self.given.append(samples.clip_ids)
        mean = samples.streams["eeg"].mean(0)
        layout = replace(samples.signals["eeg"], channels=samples.signals["eeg"].channels[:1])
        return lambda values: (values - mean)[:, :1], layout


def test_signals_are_fitted_on_training_clips_that_have_them(beside):
    """Not on those that are held out to decide when to stop; and what is predicted is transformed too."""
    task, splits = beside(epochs=2, patience=1, validation_subjects=1)
    signal = Halved()
    task = replace(task, fit_signals={"eeg": signal.fit})
    check_folds(task, splits)
    assert set(signal.given[0]) <= set(splits[0].train)
    signal.given.clear()
    fitted = fit_fold(task, splits[0])
    held_out = held_out_clips(task, splits[0], 0)
    there = dict(zip(task.samples.clip_ids, task.samples.present["eeg"], strict=True))
    expected = {clip for clip in splits[0].train if clip not in held_out and there[clip]}
    assert [set(clips) for clips in signal.given] == [expected]
    assert set(fitted.seen["signal eeg"]) == expected
    test = task.samples.subset(splits[0].test)
    assert fitted.streams(test)["eeg"].shape == (4, 1, 3)
    assert not fitted.streams(test)["eeg"][~test.present["eeg"]].any()
    assert predict(fitted, hide(test, ("eeg",))).shape == (4, 3)


def test_signals_are_scaled_by_feature_or_by_channel_whatever_the_recipe(beside):
    task, _ = beside(lacking=0.0)
    for how in ("feature", "none"):
        scaler = Scaler.fit(task.samples, ("graph", "eeg", "ecg"), how)
        scaled = scaler.transform(task.samples)
        np.testing.assert_allclose(scaled["eeg"].std(0), 1, atol=1e-5)
        np.testing.assert_allclose(scaled["eeg"].mean(0), 0, atol=1e-5)
        assert scaler.mean["ecg"].shape == (1, 1)
        np.testing.assert_allclose(scaled["ecg"].std(), 1, atol=1e-5)
    np.testing.assert_array_equal(scaled["graph"], task.samples.streams["graph"])


def test_a_mixed_clip_has_what_either_has():
    values = torch.tensor([[[1.0], [3.0], [0.0], [0.0]]])
    there = torch.tensor([[1.0, 1.0, 0.0, 0.0]])
    one = torch.ones(1, 4)
    batch = Batch({"eeg": values, "present.eeg": there}, torch.zeros(1, 4).long(), one, one[..., None])
    turn = torch.tensor([0.0])  # the partner is the next
    mixed = mix(batch, torch.tensor([0.75]), turn, torch.tensor([4])).streams
    assert mixed["eeg"].flatten().tolist() == [1.5, 3.0, 0.0, 1.0]
    assert mixed["present.eeg"].tolist() == [[1.0, 1.0, 0.0, 1.0]]


def test_changed_clips_train_as_in_a_stack(beside):
    task, splits = beside(epochs=2)
    task = replace(task, augment=Augment("all", flip=0.5, rotate=10, amplify=(0.5, 2.0), mixup=0.4))
    check_folds(task, splits)
    alone, together = (list(run_folds(task, splits[:2], 1, stack=k)) for k in (1, 2))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-4)
    plain = train_fold(replace(task, augment=Augment()), splits[0])
    assert not np.array_equal(plain.probabilities, alone[0].probabilities)


def test_losses_get_the_features_of_a_fusion(beside):
    task, splits = beside("late", epochs=1)
    task = replace(task, make_loss=partial(AuContrastive))
    assert np.isfinite(train_fold(task, splits[0]).probabilities).all()


def test_together_the_streams_tell_what_none_tells_alone(beside):
    """Each signal knows one class of three."""
    task, splits = beside("gated", ("eeg", "ecg"), lacking=0.0, epochs=20, batch_size=16, lr=0.01)
    results = list(run_folds(task, splits, 1))
    truth = dict(zip(task.targets.clip_ids, task.targets.index, strict=True))

    def right(values):
        return np.mean([values(one).argmax(1) == [truth[clip] for clip in one.clip_ids] for one in results])

    assert right(lambda one: one.probabilities) > 0.9
    assert max(right(lambda one, name=name: one.subsets[name]) for name in ("eeg", "ecg")) < 0.8


def test_one_signal_keeps_the_clips_that_lack_it(beside, caplog):
    task, splits = beside("late", streams=("eeg",), epochs=2)
    check_folds(task, splits)
    assert "have none of the streams eeg" in caplog.text
    assert not train_fold(task, splits[0]).subsets
    plain = replace(task, make_model=partial(Encoder, "eeg"))
    with pytest.raises(InputError, match=r"clips lack it.*choose a `fusion`"):
        check_folds(plain, splits)


def test_a_stream_that_no_training_clip_has_is_named(beside):
    task, splits = beside()
    bare = replace(task, samples=hide(task.samples, ("ecg",)))
    with pytest.raises(InputError, match=r"no training clip has the stream 'ecg'; take it out of `signals`"):
        check_folds(bare, splits)


def test_votes_on_classes_detect_no_units(beside):
    task, splits = beside()
    over = partial(make_fused, fusion="late", over="probabilities")
    units = replace(task, targets=replace(task.targets, units=("AU04",)), make_model=over)
    with pytest.raises(InputError, match="the fusion averages probabilities of classes"):
        check_folds(units, splits)


def test_looking_at_a_fused_model_blanks_what_is_absent(beside):
    task, splits = beside("graph_fusion", epochs=1)
    test = task.samples.subset(splits[0].test)
    test = replace(test, present=test.present | {"graph": np.array([True, True, False, True])})
    saw = look(fit_fold(task, splits[0]), test, (0, 0, "fold"), 3)
    kinds = {(view.kind, view.over) for view in saw.views}
    assert {("gradient", "nodes"), ("attention", "pairs")} <= kinds
    for view in saw.views:
        assert np.isnan(view.values[2]).all()
        assert np.isfinite(view.values[[0, 1, 3]]).all()
