"""Split a model's yaml into the architecture and the way it is trained."""

from dataclasses import fields
from typing import Any

from mmer.stages.build import checked
from mmer.stages.model_traits import model_traits
from mmer.training.recipe import Recipe
from mmer.types.errors import InputError

ONCE = {"epochs": 1, "batch_size": 1, "lr": 1.0}  # stands in where nothing is trained in steps
OF_CLASSICAL = {"standardise"}


def split_model(node: dict[str, Any]) -> tuple[dict[str, Any], Recipe]:
    """Return the model's own keys and the Recipe.

    conf/model/NAME.yaml holds both, because a learning rate belongs to its architecture; the fields of ``Recipe`` tell
    which is which. A classical model has a solver of its own, and of a recipe only ``standardise``.

    Raises
    ------
    InputError
        A value is missing or wrong, or a classical model is told how to be trained.
    """
    names = {item.name for item in fields(Recipe)}
    recipe = {key: value for key, value in node.items() if key in names}
    if model_traits(node).classical:
        if strange := sorted(set(recipe) - OF_CLASSICAL):
            raise InputError(
                f"{node['name']}: has no key {strange[0]!r}: it is fitted by its own solver, not trained in steps; "
                "take it out of `set` and conf/model"
            )
        recipe = ONCE | recipe
    return {key: value for key, value in node.items() if key not in names}, Recipe(**checked(Recipe, recipe))
