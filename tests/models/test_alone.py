"""A model of one signal, where some clips have no recording."""

import numpy as np
import pytest
import torch
from torch import nn

from mmer.models.alone import Alone
from mmer.models.batch_norm import BatchNorm1d
from mmer.types.errors import InputError
from mmer.types.samples import Sizes

SIZES = Sizes(3, {"eeg": (4, 5)}, (), np.zeros((2, 0), np.int64))


class Small(nn.Module):
    streams = ("eeg",)

    def __init__(self, sizes):
        super().__init__()
        self.norm = BatchNorm1d(20)
        self.classifier = nn.Linear(20, sizes.n_classes)

    def forward(self, batch, edge_weight):
        return self.classifier(self.norm(batch["eeg"].flatten(1)))


def inputs(there, seed=0):
    random = torch.Generator().manual_seed(seed)
    return {"eeg": torch.randn(len(there), 4, 5, generator=random), "present.eeg": torch.tensor(there)}


def test_it_is_the_model_where_every_clip_has_the_signal():
    torch.manual_seed(0)
    alone, batch = Alone(SIZES, {"eeg": Small}).eval(), inputs([1.0, 1.0])
    assert torch.equal(alone(batch, torch.ones(0)), alone.model(batch, torch.ones(0)))
    assert alone.classifier is alone.model.classifier
    assert (alone.streams, alone.modalities) == (("eeg",), {"eeg": ("eeg",)})


@pytest.mark.parametrize("training", [False, True])
def test_what_stands_in_an_absent_clip_changes_nothing(training):
    torch.manual_seed(0)
    alone, first, second = (
        Alone(SIZES, {"eeg": Small}).train(training),
        inputs([1.0, 0.0, 1.0]),
        inputs([1.0, 0.0, 1.0]),
    )
    second["eeg"] = second["eeg"].clone()
    second["eeg"][1] = torch.nan
    found = [alone(batch, torch.ones(0)) for batch in (first, second)]
    assert torch.equal(*found)
    assert torch.equal(found[0][1], alone.nothing)
    found[0][1].sum().backward()
    assert alone.nothing.grad.eq(1).all()
    assert all(value.grad is None or not value.grad.any() for value in alone.model.parameters())


def test_several_models_are_not_one():
    with pytest.raises(InputError, match="need a `fusion`"):
        Alone(SIZES, {"eeg": Small, "ecg": Small})
