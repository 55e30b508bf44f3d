"""Split a model's yaml into the architecture and the way it is trained."""

from dataclasses import fields
from typing import Any

from mmer.stages.build import checked
from mmer.training.recipe import Recipe


def split_model(node: dict[str, Any]) -> tuple[dict[str, Any], Recipe]:
    """Return the model's own keys and the Recipe.

    conf/model/NAME.yaml holds both, because a learning rate belongs to its architecture; the fields of ``Recipe`` tell
    which is which.
    """
    names = {item.name for item in fields(Recipe)}
    recipe = {key: value for key, value in node.items() if key in names}
    return {key: value for key, value in node.items() if key not in names}, Recipe(**checked(Recipe, recipe))
