"""Which corpus lies in a folder."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from mmer.doctor.reading import read
from mmer.stages.build import build, options, read_option, target_class
from mmer.types.errors import InputError, nearest


def corpus_of(path: Path, corpus: str | None, changes: Sequence[str]) -> tuple[Any, dict[str, Any], list[str]]:
    """Make the adapter of the corpus that lies in a folder.

    Parameters
    ----------
    path : Path
    corpus : str or None
        Its name in conf/dataset; None: the one whose annotation file is there.
    changes : sequence of str
        ``KEY=VALUE`` for keys of its yaml.

    Returns
    -------
    dataset : component of mmer.datasets
    settings : dict
        Keys that differ from its yaml.
    others : list of str
        Settings with which something is found there too (SMIC has three cameras in one folder).

    Raises
    ------
    InputError
        The folder holds no corpus, or several; or a change is no ``KEY=VALUE``.
    """
    known, given = options("dataset"), dict(map(_change, changes))
    if corpus is not None and corpus not in known:
        raise InputError(f"conf/dataset: there is no {corpus!r}; {nearest(corpus, known)}")
    named = corpus or (path.name.casefold() if path.name.casefold() in known else None)
    found: dict[str, list[tuple[Any, dict]]] = {}
    refused: dict[str, str] = {}
    for name in [named] if named else known:
        node = read_option("dataset", name) | {"root": str(path)}
        # What a person sets is not varied.
        for setting in [given] if given else [{}, *getattr(target_class(node), "alternatives", ())]:
            try:
                dataset = build(node | setting)
                if dataset.annotations() or _has_clips(dataset):
                    found.setdefault(name, []).append((dataset, setting))
            except InputError as error:
                refused.setdefault(name, str(error))
    if len(found) == 1:
        (dataset, setting), *rest = next(iter(found.values()))
        return dataset, setting, [" ".join(f"{key}={value}" for key, value in other.items()) for _, other in rest]
    if found:
        raise InputError(f"{path} could be {' or '.join(found)}; say which with --corpus NAME")
    if named:
        raise InputError(refused.get(named, f"{path}: no clip of {named} is there"))
    there = sorted(item.name for item in path.iterdir())[:12]
    raise InputError(
        f"{path} holds no annotation file of a corpus that mmer knows ({', '.join(known)}); there is "
        f"{', '.join(there) or 'nothing'}. Is it the folder into which the release was unpacked? With --corpus NAME "
        "mmer says what it looked for"
    )


def _has_clips(dataset: Any) -> bool:
    """Say whether folders that are the annotation themselves are there; only reading them shows that."""
    clips, _, problems = read(dataset)
    if any(problem.kind == "reading" for problem in problems):
        raise InputError(problems[0].message)
    return clips is not None or bool(problems)


def _change(text: str) -> tuple[str, Any]:
    """Read one ``KEY=VALUE``."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise InputError(f"{text!r} is no KEY=VALUE; write variant=vis, for a key of the corpus's yaml")
    try:
        return key, yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise InputError(f"{text!r}: the value is no yaml") from error
