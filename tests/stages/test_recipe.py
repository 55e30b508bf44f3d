"""A model's yaml holds its architecture and its training; each part is checked."""

import pytest

from mmer.stages.recipe import split_model
from mmer.types.errors import InputError

NODE = {"_target_": "mmer.models.gcn.Gcn", "name": "gcn", "hidden": 8, "epochs": 3, "batch_size": 4, "lr": 0.1}


def test_keys_are_told_apart():
    model, recipe = split_model(NODE)
    assert model == {"_target_": "mmer.models.gcn.Gcn", "name": "gcn", "hidden": 8}
    assert (recipe.epochs, recipe.batch_size, recipe.lr) == (3, 4, 0.1)


@pytest.mark.parametrize(
    ("change", "word"),
    [({"lr": "fast"}, "lr"), ({"epochs": 0}, "epochs"), ({"epochs": 2.5}, "epochs"), ({"optimizer": "adm"}, "adam")],
)
def test_a_wrong_value_is_named(change, word):
    with pytest.raises(InputError, match=word):
        split_model(NODE | change)


def test_a_missing_value_is_named():
    with pytest.raises(InputError, match="lr"):
        split_model({key: value for key, value in NODE.items() if key != "lr"})
