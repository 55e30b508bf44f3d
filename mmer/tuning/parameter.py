"""One entry of a search space, and how its values are written so that everybody reads the same value back."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import optuna
import yaml

from mmer.types.errors import InputError, nearest

Value = str | int | float | bool | None

DIGITS = 6  # of a drawn number: nobody reproduces or means more
KEYS = {
    "float": ("type", "low", "high", "log", "step", "when"),
    "int": ("type", "low", "high", "log", "step", "when"),
    "categorical": ("type", "choices", "when"),
}
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
NO_WORDS = ("nan", "inf", "infinity", "null", "true", "false")  # Hydra reads them as values, in any case


@dataclass(frozen=True)
class Parameter:
    """One hyperparameter.

    Parameters
    ----------
    key : str
        Of the override: a group (``loss``) or a leaf (``model.lr``).
    type : str
        float, int or categorical.
    low, high : float or int
        Ends of the range, both inside. Categorical: None.
    log : bool
        Whether the logarithm is drawn evenly.
    step : float or int or None
        Distance of two neighbouring values from ``low``.
    choices : tuple
        Of a categorical one.
    when : dict of str to tuple
        The parameter exists only in trials in which each of these has one of these values.
    """

    key: str
    type: str
    low: float | int | None = None
    high: float | int | None = None
    log: bool = False
    step: float | int | None = None
    choices: tuple[Value, ...] = ()
    when: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, key: str, entry: Any, where: str) -> "Parameter":
        """Read and check one entry of a yaml; ``where`` names it in messages.

        Raises
        ------
        InputError
            A key is unknown, missing or of the wrong kind, or the range holds nothing to search.
        """
        if not isinstance(entry, Mapping):
            raise InputError(f"{where}: must be a mapping such as {{type: float, low: 0.1, high: 1.0}}, got {entry!r}")
        kind = entry.get("type")
        if kind not in KEYS:
            raise InputError(f"{where}: type {kind!r}: {nearest(str(kind), KEYS)}")
        if unknown := [name for name in entry if name not in KEYS[kind]]:
            raise InputError(f"{where}: unknown key {unknown[0]!r} of type {kind}; {nearest(unknown[0], KEYS[kind])}")
        when = _conditions(entry.get("when"), where)
        if kind == "categorical":
            return cls(key, kind, choices=_choices(entry.get("choices"), f"{where}: choices"), when=when)
        low, high = (_number(entry.get(name), kind, f"{where}: {name}") for name in ("low", "high"))
        step = None if entry.get("step") is None else _number(entry["step"], kind, f"{where}: step")
        log = entry.get("log", False)
        if not isinstance(log, bool):
            raise InputError(f"{where}: log must be true or false, got {log!r}")
        _check_range(low, high, log, step, where)
        return cls(key, kind, low, high, log, step, when=when)

    @property
    def is_group(self) -> bool:
        """Whether it chooses among the files of a group."""
        return bool(self.choices) and "." not in self.key and all(isinstance(value, str) for value in self.choices)

    def active(self, chosen: Mapping[str, Value]) -> bool:
        """Say whether the parameter exists beside these values of others."""
        return all(key in chosen and chosen[key] in values for key, values in self.when.items())

    def suggest(self, trial: optuna.Trial) -> Value:
        """Draw a value; it is the one that is written and trained."""
        if self.type == "categorical":
            return trial.suggest_categorical(self.key, self.choices)
        if self.type == "int":
            return trial.suggest_int(self.key, self.low, self.high, step=self.step or 1, log=self.log)
        return self.rounded(trial.suggest_float(self.key, self.low, self.high, step=self.step, log=self.log))

    def rounded(self, value: float) -> float:
        """Drop digits that mean nothing, without leaving the range; values on a grid keep theirs."""
        return min(max(float(f"{value:.{12 if self.step else DIGITS}g}"), self.low), self.high)

    def ends(self) -> tuple[Value, ...]:
        """Return the values that between them show the whole range: every choice, or both ends."""
        return self.choices or (self.low, self.high)

    def to_dict(self) -> dict[str, Any]:
        """Return the entry as plain yaml."""
        if self.type == "categorical":
            entry = {"type": self.type, "choices": list(self.choices)}
        else:
            entry = {"type": self.type, "low": self.low, "high": self.high, "log": self.log, "step": self.step}
        return entry | ({"when": {key: list(values) for key, values in self.when.items()}} if self.when else {})


def text(value: Value) -> str:
    """Write a value so that yaml 1.1, Hydra and a shell read the same one.

    Python's ``1e-05`` is a word to yaml 1.1, which wants a point: ``1.0e-05``.
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    written = value if isinstance(value, str) else repr(value)
    if isinstance(value, float) and "e" in written and "." not in written:
        written = written.replace("e", ".0e")
    return written


def _check_range(low: float, high: float, log: bool, step: float | None, where: str) -> None:
    if low >= high:
        raise InputError(f"{where}: low must be below high, got {low} and {high}; a fixed value belongs under `set`")
    if log and low <= 0:
        raise InputError(f"{where}: a log range must start above 0, got low: {low}")
    if log and step is not None:
        raise InputError(f"{where}: log and step exclude each other; drop one")
    if step is not None:
        steps = (Decimal(str(high)) - Decimal(str(low))) / Decimal(str(step)) if step > 0 else Decimal(0)
        if steps < 1 or steps % 1:
            last = Decimal(str(low)) + int(steps) * Decimal(str(step))
            raise InputError(f"{where}: step {step} does not lead from low {low} to high {high}; e.g. high: {last}")


def _number(value: Any, kind: str, where: str) -> float | int:
    if isinstance(value, str):
        raise InputError(f"{where}: {value!r} is a word; write numbers as 1.0e-4, without quotes")
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError(f"{where}: must be a number, got {value!r}")
    if kind == "int" and value != int(value):
        raise InputError(f"{where}: must be a whole number, got {value!r}; or take type: float")
    return int(value) if kind == "int" else float(value)


def _choices(values: Any, where: str) -> tuple[Value, ...]:
    if not isinstance(values, list | tuple) or len(values) < 2:
        raise InputError(f"{where}: must list at least two values, got {values!r}; a fixed value belongs under `set`")
    for place, value in enumerate(values):
        _check_choice(value, where)
        if value in values[:place]:  # 1, 1.0 and true are one value to Python, and to Optuna
            raise InputError(f"{where}: {value!r} is listed twice (1, 1.0 and true are the same)")
    return tuple(values)


def _check_choice(value: Any, where: str) -> None:
    if not isinstance(value, str | int | float | bool | None):
        raise InputError(f"{where}: {value!r} is no single value: a word, a number, true, false or null")
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"{where}: {value!r} is no number")
    if not isinstance(value, str):
        return
    if not WORD.fullmatch(value) or value.lower() in NO_WORDS or yaml.safe_load(value) != value:
        raise InputError(
            f"{where}: the word {value!r} would not be read back as it is written in an override; use a word of "
            "letters, digits and _ . / - that is no number, boolean or null"
        )


def _conditions(entry: Any, where: str) -> dict[str, tuple[Value, ...]]:
    if entry is None:
        return {}
    if not isinstance(entry, Mapping) or not entry:
        raise InputError(f"{where}: when must be a mapping such as {{loss: focal}}, got {entry!r}")
    return {key: tuple(values) if isinstance(values, list | tuple) else (values,) for key, values in entry.items()}
