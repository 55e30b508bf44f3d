"""The part of an experiment's config that is about signals: which recordings it reads, and how they are fused.

``signals: [eeg, ecg]`` names files of conf/signal. Without ``fusion`` the model itself reads the signal (``model:
eegnet``). With ``fusion: gated`` the model becomes ``mmer.models.fused.Fused``: one branch for the face, which is the
model chosen, and one for each signal, which is the file of conf/model that the signal names as its ``encoder``. How the
whole is trained is what the model of the face says; with ``face: false`` there is none, and the first signal's encoder
says it.
"""

from dataclasses import fields
from typing import Any

from omegaconf import DictConfig, OmegaConf

from mmer.stages.allowed import check_target
from mmer.stages.build import CONF, options, read_option
from mmer.stages.fused import ALONE, FACE, FUSED
from mmer.stages.leaves import merge_leaves
from mmer.stages.model_traits import model_traits
from mmer.training.recipe import Recipe
from mmer.types.errors import InputError, listing, nearest

RECIPE = frozenset(field.name for field in fields(Recipe))


def open_signals(config: DictConfig, leaves: dict, where: str, where_set: str) -> None:
    """Put the files of conf/signal in the place of their names, and those of the encoders beside them.

    Parameters
    ----------
    config : DictConfig
        An experiment as composed; changed in place. ``signals`` becomes a mapping, and where they are fused there is
        ``encoders``, a mapping too, so that ``set`` reaches their keys.
    leaves : dict
        What stands for the experiment under ``set``; of it only ``signals`` is set here, for it chooses the encoders.
    where, where_set : str
        Where the entry, and the values set for it, stand.

    Raises
    ------
    InputError
        A signal or an encoder does not exist, one is named twice, or there is something to fuse and no signal.
    """
    names = OmegaConf.to_container(config)["signals"]
    there = options("signal")
    if not isinstance(names, list) or len(set(map(str, names))) < len(names):
        raise InputError(f"{where}.signals must list files of conf/signal, each once, e.g. [eeg, ecg]; got {names!r}")
    for name in names:
        if name not in there:
            raise InputError(f"{where}.signals: conf/signal has no {name!r}; {nearest(str(name), there)}")
    own = leaves.get("signals") if isinstance(leaves, dict) else None
    if own and not names:
        raise InputError(f"{where_set}.signals: the experiment has no signals; add `signals: [...]` to it")
    config.signals = {name: _node(read_option("signal", name), f"conf/signal/{name}.yaml") for name in names}
    if own:
        merge_leaves(config, {"signals": own}, where_set)
    _only_stream(config, leaves)
    if (config.get("fusion") or {}).get("name", "none") == "none":
        config.fusion = None
        if config.face is False:
            raise InputError(f"{where}.face: false leaves the face out of what is fused; choose a `fusion` too")
        return
    if not names:
        raise InputError(f"{where}: fusion {config.fusion.name!r} needs `signals: [...]`; {nearest('', there)}")
    if "stream" in config.model and config.face is not False:
        raise InputError(
            f"{where}.model: {config.model.name!r} reads a signal, and in a fusion the model is that of the face; "
            "choose another, or `face: false`"
        )
    if FACE in names:
        raise InputError(f"{where}.signals: a signal cannot be called {FACE!r}, for that is the branch of the face")
    config.encoders = {name: _encoder(name, str(config.signals[name].get("encoder") or ""), where) for name in names}
    if config.face is False:
        first = OmegaConf.to_container(config.signals)[names[0]]["encoder"]
        config.model = {"_target_": FUSED, "name": first} | {
            key: value for key, value in read_option("model", first).items() if key in RECIPE
        }


def fuse(experiment: dict[str, Any]) -> None:
    """Write the fused model in the place of the model, and take out what says nothing more.

    A model that reads a signal by itself is put into one that knows which clips lack it. An experiment without signals
    is left without a trace of them.
    """
    fusion, face = experiment.pop("fusion", None), experiment.pop("face")
    encoders, signals, model = experiment.pop("encoders", {}), experiment["signals"], experiment["model"]
    if not signals:
        del experiment["signals"]
    if not fusion:
        if model.get("stream") in signals:
            experiment["model"] = _alone(model)
        return
    branches = {FACE: {key: value for key, value in model.items() if key not in RECIPE}} if face else {}
    branches |= encoders
    names = " + ".join(node["name"] for node in branches.values())
    modality_dropout = {key: fusion.pop(key) for key in ("modality_dropout",) if key in fusion}
    recipe = {key: value for key, value in model.items() if key in RECIPE}
    experiment["model"] = {
        "_target_": FUSED,
        "name": f"{fusion['name']}: {names}",
        "branches": branches,
        "fusion": fusion,
        **modality_dropout,
        **recipe,
    }


def _alone(model: dict[str, Any]) -> dict[str, Any]:
    """Write a model of one signal as the only branch."""
    own = {key: value for key, value in model.items() if key not in RECIPE}
    recipe = {key: value for key, value in model.items() if key in RECIPE}
    return {"_target_": ALONE, "name": model["name"], "branches": {model["stream"]: own}, **recipe}


def check_signals(where: str, experiment: dict[str, Any]) -> None:
    """Refuse signals that nothing reads, and a model whose signal is not there."""
    signals, model = experiment.get("signals", {}), experiment["model"]
    read = model_traits(model).signals
    if lost := [name for name in read if name not in signals]:
        raise InputError(
            f"{where}: the model {model['name']!r} reads the signal {lost[0]!r}, and `signals` has "
            f"{listing(signals) or 'none'}; list it there, or set `model.stream`"
        )
    if unread := [name for name in signals if name not in read]:
        raise InputError(
            f"{where}: nothing reads the signal {unread[0]!r}: the model {model['name']!r} reads "
            f"{listing(read) or 'none'}; choose a `fusion` ({listing(_fusions())}), or a model for signals"
        )


def _fusions() -> list[str]:
    return [name for name in options("fusion") if name != "none"]


def _only_stream(config: DictConfig, leaves: dict) -> None:
    """Let a model for signals read the only one there is, where nobody says which."""
    model = leaves.get("model") if isinstance(leaves, dict) else None
    if len(config.signals) == 1 and "stream" in config.model and "stream" not in (model or {}):
        (config.model.stream,) = config.signals


def _encoder(stream: str, name: str, where: str) -> dict[str, Any]:
    """Read the model of one signal: its own keys without those of its training."""
    there = options("model")
    if name not in there:
        raise InputError(f"{where}.signals.{stream}.encoder: conf/model has no {name!r}; {nearest(name, there)}")
    node = {key: value for key, value in read_option("model", name).items() if key not in RECIPE}
    if "stream" not in node:
        takes = [other for other in there if "stream" in read_option("model", other)]
        raise InputError(
            f"{where}.signals.{stream}.encoder: the model {name!r} reads no signal; {nearest(name, takes)}"
        )
    return _node(node | {"stream": stream}, f"{CONF}/model/{name}.yaml")


def _node(node: Any, file: str) -> dict[str, Any]:
    """Refuse a file that is no component of mmer."""
    if not isinstance(node, dict) or not {"_target_", "name"} <= set(node):
        raise InputError(f"{file} must hold `_target_` and `name`")
    check_target(node["_target_"], file)
    return node
