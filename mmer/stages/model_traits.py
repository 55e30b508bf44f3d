"""What a model's class says of itself, read from its source: the config stage must not wait for torch."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from mmer.stages.code import ROOT
from mmer.types.errors import InputError


@dataclass(frozen=True)
class ModelTraits:
    """Class attributes of a model.

    Parameters
    ----------
    streams : tuple of str
        The streams it needs.
    channels : tuple of str
        The channels of motion that it needs, in the order in which it wants them; empty: all that there are.
    classical : bool
        Whether it is fitted by a solver of its own instead of being trained in steps (``mmer.training.classical``).
    """

    streams: tuple[str, ...]
    channels: tuple[str, ...] = ()
    classical: bool = False

    @property
    def reads_flow(self) -> bool:
        """Whether it needs the motion of the clips."""
        return "flow" in self.streams

    @property
    def reads_video(self) -> bool:
        """Whether it needs the aligned faces of the clips."""
        return "video" in self.streams

    @property
    def reads_motion(self) -> bool:
        """Whether it needs the artifacts of the motion stage."""
        return self.reads_flow or self.reads_video

    @property
    def reads_graph(self) -> bool:
        """Whether it needs the samples of the graphs stage: every stream but ``flow`` and ``video`` is there."""
        return not set(self.streams) <= {"flow", "video"}


def model_traits(node: Mapping[str, Any]) -> ModelTraits:
    """Read the traits of the model that a yaml node names.

    Raises
    ------
    InputError
        There is no such class, or its body does not say ``streams = (...)``.
    """
    target = str(node.get("_target_", ""))
    module, _, name = target.rpartition(".")
    file = ROOT.joinpath(*module.split(".")).with_suffix(".py")
    if not (module.startswith("mmer.") and file.is_file()):
        raise InputError(f"_target_ {target!r} does not exist: there is no module {module!r}")
    return _read(file.read_text(encoding="utf-8"), name, f"{target} ({file.name})")


@cache
def _read(source: str, name: str, where: str) -> ModelTraits:
    body = next(
        (item.body for item in ast.parse(source).body if isinstance(item, ast.ClassDef) and item.name == name), None
    )
    if body is None:
        raise InputError(f"{where}: the module has no class {name!r}")
    found = {}
    for item in body:
        if isinstance(item, ast.Assign) and len(item.targets) == 1 and isinstance(item.targets[0], ast.Name):
            key, value = item.targets[0].id, item.value
        elif isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name) and item.value is not None:
            key, value = item.target.id, item.value
        else:
            continue
        if key in ModelTraits.__dataclass_fields__:
            try:
                found[key] = ast.literal_eval(value)
            except ValueError as error:
                raise InputError(f"{where}: write `{key}` out as a literal, it is read without running code") from error
    if not found.get("streams"):
        raise InputError(f"{where}: the class must say which streams it needs, e.g. `streams = ('graph',)`")
    return ModelTraits(**found)
