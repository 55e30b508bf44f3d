"""Modules of several members as one: parameters, buffers, and the numbers in which members differ.

A module may name attributes that are used in arithmetic only (``numbers``, see ``mmer.models`` and ``mmer.losses``):
the probability of dropout, the gamma of a focal loss. Where members differ in one, it becomes a buffer (K,) of the
stack; where they do not, it stays the number that it is, and so does every bit of the result.
"""

import copy
import pickle
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from mmer.models.dropout import Dropout

OF_TORCH = frozenset(vars(nn.Module()))  # what every module has: parameters, hooks, ...


def stacked(modules: Sequence[nn.Module], copied: bool) -> tuple[nn.Module, frozenset[str]]:
    """Put modules of one ``signature`` together.

    Parameters
    ----------
    modules : sequence of K nn.Module
    copied : bool
        Whether the first module is left as it is.

    Returns
    -------
    Module
        The first module, or a copy, in which every parameter and buffer is that of all modules, (K, ...).
    frozenset of str
        The buffers among them that are numbers of the members' own modules.
    """
    whole, lifted = copy.deepcopy(modules[0]) if copied else modules[0], set()
    kind = next((value.dtype for value in modules[0].parameters() if value.is_floating_point()), None)
    for path, part in whole.named_modules():
        others = [module.get_submodule(path) for module in modules]
        for leaf, value in list(part._parameters.items()):
            if value is not None:
                values = torch.stack([other._parameters[leaf].detach() for other in others])
                part._parameters[leaf] = nn.Parameter(values, requires_grad=value.requires_grad)
        for leaf, value in list(part._buffers.items()):
            if value is not None:
                part._buffers[leaf] = torch.stack([other._buffers[leaf] for other in others])
        for leaf in _numbers(part):
            numbers = [getattr(other, leaf) for other in others]
            if len(set(numbers)) > 1:
                # Which elements a dropout drops hangs on the last bit of its p.
                exact = torch.float64 if isinstance(part, Dropout) else kind
                del part.__dict__[leaf]
                part.register_buffer(leaf, torch.tensor(numbers, dtype=exact, device=_device(modules[0])))
                lifted.add(f"{path}.{leaf}" if path else leaf)
    return whole, frozenset(lifted)


def signature(module: nn.Module) -> str | None:
    """Say what modules must have in common to be put together: all but the values of tensors and of ``numbers``.

    Returns
    -------
    str or None
        None where something in a module cannot be compared: it is put together with its likes by their maker only.
    """
    parts = []
    for path, part in module.named_modules():
        own = {name: value for name, value in vars(part).items() if name not in OF_TORCH}
        own |= dict.fromkeys(_numbers(part))
        tensors = [
            (name, None if value is None else (tuple(value.shape), str(value.dtype), value.requires_grad))
            for group in (part._parameters, part._buffers)
            for name, value in group.items()
        ]
        hooks = len(part._forward_hooks) + len(part._forward_pre_hooks)
        kind = f"{type(part).__module__}.{type(part).__qualname__}"
        try:
            parts.append((path, kind, _plain(own), tensors, part.training, hooks))
        except (pickle.PicklingError, TypeError, AttributeError):
            return None
    return repr(parts)


def _plain(value: Any) -> Any:
    """Return something whose text says what a value is."""
    if isinstance(value, dict):
        return [(_plain(key), _plain(value[key])) for key in sorted(value, key=repr)]
    if isinstance(value, list | tuple):
        return [type(value).__name__, *(_plain(item) for item in value)]
    if value is None or isinstance(value, str | int | float):
        return value
    return pickle.dumps(value)


def _numbers(part: nn.Module) -> tuple[str, ...]:
    """Name the attributes of a module that may become tensors, and are none yet."""
    return tuple(name for name in getattr(type(part), "numbers", ()) if _is_number(vars(part).get(name)))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _device(module: nn.Module) -> torch.device | None:
    """Return where the tensors of a module are."""
    return next((value.device for group in (module.parameters(), module.buffers()) for value in group), None)
