"""Space: what a search may vary. Keys are those of Hydra overrides; branches exist only under their conditions."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import optuna

from mmer.tuning.parameter import Parameter, Value, text
from mmer.types.errors import InputError, nearest

KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*")

_MEASURES = "it decides what is measured, so a trial could choose the easier test"
_NO_NUMBER = "it changes how fast a number is computed, not the number"
_CORPUS = (
    "it is computed once per corpus, before any experiment. Give the corpus one entry per choice under `datasets` in "
    "params.yaml, run one search on each, and compare them"
)
NOT_SEARCHED = {
    "protocol": _MEASURES,
    "labels": _MEASURES,
    "datasets": _MEASURES,
    "mix_backends": _MEASURES,
    "seeds": "the best seed is luck, not a setting; list the seeds of every trial under `seeds` of the search",
    "device": _NO_NUMBER,
    "stack": _NO_NUMBER,
    "processes": _NO_NUMBER,
    "executor": _NO_NUMBER,
    "saw": "what is kept beside the predictions changes no score",
    "tuned": "a tuned experiment is the result of a search; search its base",
    **dict.fromkeys(("dataset", "faces", "motion", "magnify", "recordings"), _CORPUS),
}


@dataclass(frozen=True)
class Space:
    """What a search may vary.

    Parameters
    ----------
    parameters : tuple of Parameter
        Each after those that its ``when`` names.
    """

    parameters: tuple[Parameter, ...]

    @classmethod
    def of(cls, mapping: Any, where: str) -> "Space":
        """Read and check a space.

        Parameters
        ----------
        mapping : dict of str to dict
            Key of an override -> its range, as in conf/search/NAME.yaml.
        where : str
            The file and key it stands in, for messages.

        Raises
        ------
        InputError
            A key may not be searched, an entry is wrong, or a ``when`` names what is not there, what has no choices,
            a value that is no choice, itself in a circle, or conditions that never hold together.
        """
        if not isinstance(mapping, Mapping) or not mapping:
            raise InputError(f"{where}: must map keys of overrides to ranges, got {mapping!r}")
        found = {}
        for key, entry in mapping.items():
            _check_key(key, where)
            found[key] = Parameter.of(key, entry, f"{where}: {key}")
        for parameter in found.values():
            _check_conditions(parameter, found, where)
        space = cls(tuple(_parents_first(found, where)))
        for parameter in space.parameters:
            space._requirements(parameter, where)
        return space

    def suggest(self, trial: optuna.Trial) -> tuple[str, ...]:
        """Draw a trial's values; returns its overrides, groups first, as a person would write them."""
        chosen: dict[str, Value] = {}
        for parameter in self.parameters:
            if parameter.active(chosen):
                chosen[parameter.key] = parameter.suggest(trial)
        return overrides(chosen)

    def groups(self) -> dict[str, tuple[str, ...]]:
        """Return the groups that are searched and their choices: ``{"loss": ("cross_entropy", "focal")}``."""
        return {parameter.key: parameter.choices for parameter in self.parameters if parameter.is_group}

    def examples(self) -> list[tuple[str, ...]]:
        """Return few trials that between them show every choice and both ends of every range.

        Composing them all before anything runs finds a misspelt key or a value that a component refuses.
        """
        lacking = {(parameter.key, value): parameter for parameter in self.parameters for value in parameter.ends()}
        examples = []
        while lacking:
            (key, value), parameter = next(iter(lacking.items()))
            wanted = {name: values[0] for name, values in self._requirements(parameter).items()} | {key: value}
            chosen: dict[str, Value] = {}
            for other in self.parameters:
                if other.active(chosen):
                    news = [value for value in other.ends() if (other.key, value) in lacking]
                    chosen[other.key] = wanted.get(other.key, (news or other.ends())[0])
            for shown in chosen.items():
                lacking.pop(shown, None)
            examples.append(overrides(chosen))
        return examples

    def to_dict(self) -> dict[str, Any]:
        """Return the space as plain yaml, sorted by key."""
        return {parameter.key: parameter.to_dict() for parameter in sorted(self.parameters, key=lambda each: each.key)}

    def difference(self, new: "Space") -> list[str]:
        """Say what a newer space has otherwise: ``["model.lr: high 0.1, now 0.2"]``; empty where nothing differs."""
        old, now = self.to_dict(), new.to_dict()
        said = [f"{key} is gone" for key in old if key not in now] + [f"{key} is new" for key in now if key not in old]
        for key in (key for key in old if key in now):
            for name in sorted({*old[key], *now[key]}):
                if repr(before := old[key].get(name)) != repr(after := now[key].get(name)):
                    said.append(f"{key}: {name} {before}, now {after}")
        return said

    def _requirements(self, parameter: Parameter, where: str = "") -> dict[str, list[Value]]:
        """Return what must hold for a parameter to exist, the conditions of its conditions included.

        All are conjunctions of "this key has one of these values", so they hold together if no key is left empty.
        """
        by_key = {each.key: each for each in self.parameters}
        needed: dict[str, list[Value]] = {}
        open_keys = [parameter.key]
        while open_keys:
            for key, values in by_key[open_keys.pop()].when.items():
                needed[key] = [value for value in needed.get(key, by_key[key].choices) if value in values]
                open_keys.append(key)
                if not needed[key]:
                    raise InputError(
                        f"{where}: {parameter.key}: is never reached: the conditions on {key} exclude each other"
                    )
        return needed


def overrides(chosen: Mapping[str, Value]) -> tuple[str, ...]:
    """Write values as Hydra overrides, groups before leaves."""
    return tuple(f"{key}={text(chosen[key])}" for key in sorted(chosen, key=lambda key: "." in key))


def _check_key(key: Any, where: str) -> None:
    if not isinstance(key, str) or not KEY.fullmatch(key):
        raise InputError(f"{where}: {key!r} is no key of an override, such as loss or model.lr")
    if reason := NOT_SEARCHED.get(key.split(".")[0]):
        raise InputError(f"{where}: {key} is not searched: {reason}")
    if key.split(".")[-1] == "name":
        raise InputError(f"{where}: {key} is not searched: choose the group itself, {key.removesuffix('.name')}")


def _check_conditions(parameter: Parameter, found: Mapping[str, Parameter], where: str) -> None:
    for key, values in parameter.when.items():
        place = f"{where}: {parameter.key}: when"
        if key not in found:
            raise InputError(f"{place}: {key!r} is not in this space; {nearest(str(key), found)}")
        if found[key].type != "categorical":
            raise InputError(f"{place}: {key} is a {found[key].type}; only a categorical one makes branches")
        for value in values:
            if not any(value == choice and isinstance(value, type(choice)) for choice in found[key].choices):
                raise InputError(f"{place}: {value!r} is no choice of {key}; {nearest(str(value), found[key].choices)}")


def _parents_first(found: Mapping[str, Parameter], where: str) -> list[Parameter]:
    """Order parameters so that each comes after those it depends on, otherwise as written."""
    done: dict[str, Parameter] = {}
    while len(done) < len(found):
        ready = [key for key in found if key not in done and all(parent in done for parent in found[key].when)]
        if not ready:
            circle = [key for key in found if key not in done]
            raise InputError(f"{where}: {', '.join(circle)}: their `when` depend on each other in a circle")
        done[ready[0]] = found[ready[0]]
    return list(done.values())
