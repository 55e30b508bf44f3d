"""Which corpus lies in a folder."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from mmer.stages.build import build, options, read_option
from mmer.types.errors import InputError, nearest


def corpus_of(path: Path, corpus: str | None, changes: Sequence[str]) -> Any:
    """Make the adapter of the corpus that lies in a folder.

    Parameters
    ----------
    path : Path
    corpus : str or None
        Its name in conf/dataset; None: the one whose annotation file is there.
    changes : sequence of str
        ``KEY=VALUE`` for keys of its yaml.

    Raises
    ------
    InputError
        The folder holds no corpus, or several; or a change is no ``KEY=VALUE``.
    """
    given = {}
    for change in changes:
        key, equals, value = change.partition("=")
        if not equals or not key:
            raise InputError(f"{change!r} is no KEY=VALUE; write variant=vis, for a key of the corpus's yaml")
        try:
            given[key] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise InputError(f"{change!r}: the value is no yaml") from error
    known = options("dataset")
    if corpus is not None:
        if corpus not in known:
            raise InputError(f"conf/dataset: there is no {corpus!r}; {nearest(corpus, known)}")
        return build(read_option("dataset", corpus) | given | {"root": str(path)})
    # A folder called as data/NAME is that corpus, whatever else its files could be.
    order = sorted(known, key=lambda name: (name != path.name.casefold(), name))
    found, without_file, refused = [], [], {}
    for name in order:
        try:
            dataset = build(read_option("dataset", name) | given | {"root": str(path)})
            files = dataset.annotations()
        except InputError as error:
            refused[name] = str(error)
            continue
        (found if files else without_file).append(dataset)
        if files and name == path.name.casefold():
            return dataset
    if not found:
        # The folders of such a corpus are its annotation; only reading them shows whether it is there.
        for dataset in without_file:
            try:
                dataset.clips()
            except InputError as error:
                refused[dataset.name] = str(error)
            else:
                found.append(dataset)
    if path.name.casefold() in known and not found:
        raise InputError(refused[path.name.casefold()])
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(
            f"{path} could be {' or '.join(dataset.name for dataset in found)}; say which with --corpus NAME"
        )
    there = sorted(item.name for item in path.iterdir())[:12]
    raise InputError(
        f"{path} holds no annotation file of a corpus that mmer knows ({', '.join(known)}); there is "
        f"{', '.join(there) or 'nothing'}. Is it the folder into which the release was unpacked? With --corpus NAME "
        "mmer says what it looked for"
    )
