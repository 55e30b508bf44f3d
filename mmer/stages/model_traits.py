"""What a model's class says of itself, read from its source: the config stage must not wait for torch."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from mmer.stages.allowed import check_target
from mmer.stages.code import source
from mmer.types.errors import InputError

SIGNAL = "{stream}"  # in a class's streams: whichever signal its yaml names


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
    signals : tuple of str
        Those of the streams that come from recordings: a class says ``"{stream}"``, and the key ``stream`` which one.
    """

    streams: tuple[str, ...]
    channels: tuple[str, ...] = ()
    classical: bool = False
    signals: tuple[str, ...] = ()

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
        """Whether it needs the samples of the graphs stage: every other stream is there."""
        return not set(self.streams) <= {"flow", "video", *self.signals}


def model_traits(node: Mapping[str, Any]) -> ModelTraits:
    """Read the traits of the model that a yaml node names; those of a fused model are those of its branches together.

    Raises
    ------
    InputError
        There is no such class, its body does not say ``streams = (...)``, it reads a signal and the node does not say
        which, or a branch is fitted by a solver of its own.
    """
    if isinstance(node.get("branches"), Mapping):
        parts = [model_traits(branch) for branch in node["branches"].values()]
        if "fusion" in node:
            parts.append(_found(node["fusion"], needs_streams=False))
        return _together(parts, str(node.get("name")))
    found = _found(node)
    if SIGNAL not in found.streams:
        return found
    stream = node.get("stream")
    if not isinstance(stream, str) or not stream:
        raise InputError(
            f"{node.get('name')}: reads a signal, so its yaml needs `stream`, the name of one; got {stream!r}"
        )
    streams = tuple(stream if item == SIGNAL else item for item in found.streams)
    return replace(found, streams=streams, signals=(stream,))


def _found(node: Mapping[str, Any], needs_streams: bool = True) -> ModelTraits:
    """Read what the class of a node says; that of a fusion need not read a stream of its own."""
    target = str(node.get("_target_", ""))
    check_target(target, f"the model {node.get('name')!r}")
    module, _, name = target.rpartition(".")
    if (file := source(module)) is None:
        raise InputError(f"_target_ {target!r} does not exist: there is no module {module!r}")
    found = _read(file.read_text(encoding="utf-8"), name, f"{target} ({file.name})")
    if needs_streams and not found.streams:
        raise InputError(
            f"{target} ({file.name}): the class must say which streams it needs, e.g. `streams = ('graph',)`"
        )
    return found


def _together(parts: Sequence[ModelTraits], name: str) -> ModelTraits:
    """Return what a model needs whose branches need these."""
    if any(part.classical for part in parts):
        raise InputError(f"{name}: a model that is fitted by a solver of its own cannot be fused; choose a network")
    return ModelTraits(
        streams=tuple(dict.fromkeys(stream for part in parts for stream in part.streams)),
        channels=next((part.channels for part in parts if part.channels), ()),
        signals=tuple(dict.fromkeys(stream for part in parts for stream in part.signals)),
    )


@cache
def _read(source: str, name: str, where: str) -> ModelTraits:
    body = next(
        (item.body for item in ast.parse(source).body if isinstance(item, ast.ClassDef) and item.name == name), None
    )
    if body is None:
        raise InputError(f"{where}: the module has no class {name!r}")
    found: dict[str, Any] = {}
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
    return ModelTraits(**{"streams": (), **found})
