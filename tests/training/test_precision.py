"""Training in less than full precision, as far as a CPU can do it."""

import pytest
import torch
from torch import nn

from mmer.losses.cross_entropy import CrossEntropy
from mmer.models.batch_norm import BatchNorm1d
from mmer.training.precision import tensor_cores
from mmer.training.recipe import Recipe
from mmer.training.seeds import Key
from mmer.training.stack import Batch, Member
from mmer.training.train import train
from mmer.types.errors import InputError


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden, self.norm, self.classifier = nn.Linear(6, 16), BatchNorm1d(16), nn.Linear(16, 2)
        self.dtypes = []

    def forward(self, batch, edge_weight):
        hidden = self.hidden(batch["graph"])
        self.dtypes.append(hidden.dtype)
        return self.classifier(torch.relu(self.norm(hidden)))


def member(number):
    torch.manual_seed(number)
    x = torch.randn(20 + number, 6)  # ragged folds
    answer = (x[:, 0] > 0).long()
    batch = Batch({"graph": x}, answer, torch.ones(len(x)), torch.zeros(len(x), 0))
    return Member(Key("invented", number, "fold"), Net(), CrossEntropy(torch.ones(2)), batch, torch.ones(0))


def trained(numbers, precision):
    members = [member(number) for number in numbers]
    reports = train(members, Recipe(epochs=20, batch_size=32, lr=0.02, precision=precision))
    return members, [report.rows[-1][1] for report in reports]


@pytest.mark.parametrize("numbers", [[0], [0, 1, 2]])
def test_mixed_precision_runs_the_model_in_bfloat16_and_keeps_its_weights_in_float32(numbers):
    members, losses = trained(numbers, "bf16")
    assert all(value.dtype == torch.float32 for value in members[0].model.parameters())
    exact = trained(numbers, "float32")[1]
    assert losses == pytest.approx(exact, rel=0.1)
    assert losses != exact
    if len(numbers) == 1:
        assert set(members[0].model.dtypes) == {torch.bfloat16}


def test_tensor_cores_are_set_inside_and_what_was_set_comes_back():
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    with tensor_cores("tf32"):
        assert torch.backends.cuda.matmul.allow_tf32
        assert torch.backends.cudnn.allow_tf32
    with tensor_cores("float32"):
        assert not torch.backends.cuda.matmul.allow_tf32
    assert (torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32) == before


def test_another_precision_is_refused_with_the_nearest_name():
    with pytest.raises(InputError, match=r"precision is 'bf61'.*bf16"):
        Recipe(epochs=1, batch_size=1, lr=1, precision="bf61")
