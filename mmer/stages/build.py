"""Make a component from its yaml node. The component's own dataclass or signature is the schema."""

import inspect
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mmer.stages.allowed import check_target
from mmer.stages.stamp import CODE, check_code, is_own
from mmer.types.errors import InputError, nearest

CONF = Path("conf")


def options(group: str, conf: Path | None = None) -> list[str]:
    """Return the names that exist in a group: the yaml files of ``conf/<group>/`` are the registry."""
    return sorted(path.stem for path in ((conf or CONF) / group).glob("*.yaml"))


def read_option(group: str, name: str, conf: Path | None = None) -> dict[str, Any]:
    """Read ``conf/<group>/<name>.yaml`` as it stands (for tests and notebooks; pipelines use the composed config)."""
    path = (conf or CONF) / group / f"{name}.yaml"
    if not path.is_file():
        raise InputError(f"conf/{group}: there is no {name!r}; {nearest(name, options(group, conf))}")
    return OmegaConf.to_container(OmegaConf.load(path), resolve=True)


def target_class(node: Mapping[str, Any]) -> type:
    """Import the class a node names: one of mmer, or of a package that params.yaml lists.

    Raises
    ------
    InputError
        It is of other code, there is no such class, or it is a class that the module only imports.
    """
    target = str(node.get("_target_", ""))
    check_target(target)
    check_code(node)
    module, _, name = target.rpartition(".")
    try:
        cls = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise InputError(f"_target_ {target!r} does not exist ({error})") from error
    if not isinstance(cls, type) or cls.__module__ != module:
        raise InputError(f"_target_ {target!r} is no class that the module {module} defines")
    return cls


def build(node: Mapping[str, Any], *args: Any, **extra: Any) -> Any:
    """Make the component a yaml node describes.

    Parameters
    ----------
    node : mapping
        ``_target_``, ``name`` and the component's fields.
    *args, **extra
        What only the caller knows, e.g. a model's ``sizes``. Not allowed in the yaml.

    Returns
    -------
    object
        A frozen dataclass, or an nn.Module.

    Raises
    ------
    InputError
        A key is unknown or has the wrong type; the message names the key, the class and the nearest valid keys.
    """
    cls = target_class(node)
    given = {key: value for key, value in node.items() if key != "_target_"}
    if not is_own(node):
        given.pop(CODE, None)
    if is_dataclass(cls):
        valid = {item.name for item in fields(cls)}
    else:
        skipped = 1 + len(args)  # self, and what the caller passes by position
        valid = set(list(inspect.signature(cls.__init__).parameters)[skipped:]) - set(extra)
    if "name" not in valid:
        given.pop("name", None)
    for key in given:
        if key not in valid:
            raise InputError(
                f"{node.get('name', cls.__name__)}: {cls.__name__} has no key {key!r}; {nearest(key, valid)}"
            )
    if is_dataclass(cls) and not args:
        given = checked(cls, {**given, **extra})
        extra = {}
    return cls(*args, **{key: _frozen(value) for key, value in given.items()}, **extra)


def checked(cls: type, given: dict[str, Any]) -> dict[str, Any]:
    """Check keys and types against a dataclass: OmegaConf converts what is convertible and refuses the rest."""
    try:
        checked = OmegaConf.merge(OmegaConf.structured(cls), given)
        return OmegaConf.to_container(checked, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise InputError(f"{cls.__name__}: {str(error).splitlines()[0]} (key {error.full_key!r})") from error


def _frozen(value: Any) -> Any:
    """Turn lists into tuples, so that a dataclass stays hashable."""
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
