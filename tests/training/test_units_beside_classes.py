"""A network that detects action units beside the class is trained for both."""

import pytest
import torch
from torch import nn

from mmer.losses.cross_entropy import CrossEntropy
from mmer.models.folded import Linear
from mmer.training.recipe import Recipe
from mmer.training.seeds import Key
from mmer.training.stack import Batch, Member, Stack
from mmer.training.train import train
from mmer.types.targets import FACS

CLIPS, UNITS = 6, ("AU04", "AU12")


class Both(nn.Module):
    unit_names = UNITS

    def __init__(self, unit_weight):
        super().__init__()
        self.unit_weight = unit_weight
        self.unit_head, self.classifier = Linear(5, len(UNITS)), Linear(5, 3)

    def forward(self, batch, edge_weight):
        self.unit_head(batch["graph"])
        return self.classifier(batch["graph"])


def member(number, unit_weight=0.5, annotated=True):
    torch.manual_seed(number)
    units = torch.full((CLIPS, len(FACS)), torch.nan)
    if annotated:
        units[:4] = 0
        units[:2, FACS.index("AU04")] = units[3, FACS.index("AU12")] = 1
    model = Both(unit_weight).double()
    x = torch.randn(CLIPS, 5, dtype=torch.float64)
    batch = Batch({"graph": x}, torch.tensor([0, 1, 2, 0, 1, 2]), torch.ones(CLIPS), units)
    return Member(Key("invented", number, "fold"), model, CrossEntropy(torch.ones(3)), batch, torch.ones(0))


def loss_of(one, way=None):
    stack = Stack([one], way)
    batch = one.clips.map(lambda values: values[None])
    return stack, stack.losses(*stack.logits(batch), batch)[0]


def test_the_loss_is_that_of_the_class_and_a_share_of_that_of_the_annotated_units():
    one = member(0)
    x, units = one.clips.streams["graph"], one.clips.units[:4, [FACS.index(name) for name in UNITS]].double()
    expected = nn.functional.cross_entropy(one.model.classifier(x), one.clips.answer)
    detection = nn.functional.binary_cross_entropy_with_logits(one.model.unit_head(x[:4]), units)
    torch.testing.assert_close(loss_of(one)[1], expected + 0.5 * detection)


@pytest.mark.parametrize("one", [member(0, unit_weight=0.0), member(0, annotated=False)], ids=["no weight", "no unit"])
def test_without_weight_or_annotation_it_is_that_of_the_class(one):
    stack, loss = loss_of(one)
    logits, _ = stack.logits(one.clips.map(lambda values: values[None]))
    torch.testing.assert_close(loss, nn.functional.cross_entropy(logits[0], one.clips.answer))
    loss.backward()
    gradient = dict(stack.model.named_parameters())["unit_head.weight"].grad
    assert gradient is None or not gradient.any()


def test_both_heads_learn_and_a_stack_equals_its_members_alone():
    recipe = Recipe(epochs=3, batch_size=4, lr=0.05)
    start = member(1).model.unit_head.weight.detach().clone()
    alone = [member(number) for number in (1, 2)]
    for one in alone:
        train([one], recipe)
    together = [member(number) for number in (1, 2)]
    train(together, recipe, "vmap")
    for one, other in zip(alone, together, strict=True):
        for name, value in one.model.state_dict().items():
            torch.testing.assert_close(other.model.state_dict()[name], value, rtol=0, atol=1e-12)
    assert (alone[0].model.unit_head.weight - start).abs().min() > 1e-4
