"""A component's resolved section -> what a methods section calls it, with all its settings."""

from collections.abc import Mapping
from string import Formatter
from typing import Any

import numpy as np

from mmer.report.methods_words import WORDS

HIDDEN = ("_target_", "_code_", "name")


def describe(group: str, section: Any) -> str:
    """Say what a component is: its words, with every setting that the words do not hold behind them.

    Parameters
    ----------
    group : str
        Of conf/.
    section : mapping
        Its resolved yaml, or only its name.
    """
    section = section if isinstance(section, Mapping) else {"name": section}
    name = str(section.get("name", "-"))
    words = WORDS.get(group, {}).get(name)
    if words is None:
        place = str(section.get("_target_", ""))
        words = f"{group.replace('_', ' ')} {name}" + (f" (class {place})" if place else "")
        words = words.replace("{", "{{").replace("}", "}}")
    said = {key for _, key, _, _ in Formatter().parse(words) if key}
    if missing := said - set(section):  # a yaml of another version
        words, said = words.format_map({key: section.get(key, "?") for key in said}), said - missing
        words = words.replace("{", "{{").replace("}", "}}")
    text = words.format_map({key: value_text(value) for key, value in section.items()})
    rest = {key: value for key, value in section.items() if key not in (*HIDDEN, *said)}
    settings = [f"{key.replace('_', ' ')} {value_text(value)}" for key, value in sorted(rest.items()) if _is_set(value)]
    return " ".join(part for part in (text, f"({', '.join(settings)})" if settings else "") if part)


def value_text(value: Any) -> str:
    """Write a value: numbers with all their digits, lists with commas, truth values as yes and no."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return np.format_float_positional(value, trim="-")
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {value_text(item)}" for key, item in value.items() if key != "_target_")
    if isinstance(value, list | tuple):
        texts = [value_text(item) for item in value]
        return f"{', '.join(texts[:-1])} and {texts[-1]}" if len(texts) > 1 else "".join(texts)
    return "none" if value is None else str(value)


def _is_set(value: Any) -> bool:
    return value is not None and value != "" and value != [] and value != {}
