"""The yaml of published results -> checked rows and corrections. ``published`` makes results of them."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mmer.types.errors import InputError, nearest

DATASETS = ("casme", "casme2", "casme3", "casme_sq", "dfme", "fourdme", "mmew", "samm", "smic")
POOLED = "pooled"  # the scores over all corpora of a composite together
# f1: the source does not say which F1. binary_f1: of action units, averaged over units, then over corpora.
SCORES = ("uf1", "uar", "accuracy", "weighted_f1", "f1", "binary_f1")
TAGS = ("survey", "L21", "code", "paper", "second-hand")
PROTOCOLS = (
    "cd6me",
    "composite_loso",
    "cross_dataset",
    "holdout_80_20",
    "holdout_90_10",
    "kfold",
    "leave_one_corpus_out",
    "leave_one_video_out",
    "loso",
    "megc2018_composite",
    "megc2018_holdout",
    "subject_kfold",
)
HEAD = ("source", "tag", "units", "defaults", "schemes", "corrections", "rows")
TEXT = ("input", "printed_protocol", "evidence", "note")
WHOLE = {"year": (1990, 2100), "reference": (1, 999), "parameters": (1, 10**12)}
ROW = (
    *("method", "ref", "tag", "protocol", "corpora", "classes", "labels", "scores", "seconds", "selects_on_test"),
    *TEXT,
    *WHOLE,
)
MAX_BYTES = 2**20  # of one file


@dataclass(frozen=True)
class Correction:
    """A misprint: what the source prints, what the row holds instead, and why.

    Parameters
    ----------
    file, ref : str
        Which row.
    field : str
        Path in the row, e.g. ``scores.casme2.f1``.
    printed : str
    holds : object
        None: the row holds nothing there.
    reason : str
    """

    file: str
    ref: str
    field: str
    printed: str
    holds: object
    reason: str


class _PlainLoader(yaml.SafeLoader):
    """Plain values only: no tags, no aliases (they can grow without end), and no key twice in one mapping."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Refuse an alias; yaml itself refuses tags that make objects."""
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.composer.ComposerError(None, None, "aliases are not read here", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        """Refuse a key that occurs twice; yaml would keep the last one without a word."""
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    message = f"the key {key.value!r} occurs twice"
                    raise yaml.constructor.ConstructorError(None, None, message, key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def files(folder: str | Path) -> list[Path]:
    """List the yaml files of a folder, sorted."""
    paths = sorted(Path(folder).glob("*.yaml"))
    if not paths:
        raise InputError(f"{folder}: no published results (*.yaml) lie here; install mmer with its package data")
    return paths


def read(path: Path) -> dict[str, Any]:
    """Read one file and check its top level: source, tag, units, defaults, schemes, corrections, rows."""
    try:
        data = path.read_bytes()
        if len(data) > MAX_BYTES:
            raise ValueError(f"{len(data)} bytes, more than {MAX_BYTES}")
        head = yaml.load(data.decode(), Loader=_PlainLoader)
    except (OSError, yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: not a yaml file of plain values ({' '.join(str(error).split())})") from error
    known(head, HEAD, str(path))
    for key in ("source", "units"):
        require(isinstance(head.get(key), str), f"{path}: `{key}` must say in words where the rows come from")
    for key, kind in (("rows", list), ("corrections", list), ("defaults", dict), ("schemes", dict)):
        require(isinstance(head.setdefault(key, kind()), kind), f"{path}: `{key}` must be a {kind.__name__}")
    for corpus, of in head["schemes"].items():
        check_corpus(corpus, f"{path} schemes")
        require(isinstance(of, dict), f"{path}: schemes of {corpus} must be a mapping: classes -> label scheme")
    return head


def rows(path: Path, head: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield where each row stands, and the row with every key (its own, the file's default, or None).

    `own` names the keys that the row states itself.
    """
    known(head["defaults"], ROW, f"{path} defaults")
    for number, own in enumerate(head["rows"], start=1):
        known(own, ROW, f"{path} row {number}")
        where = f"{path} row {number} ({own.get('method')})"
        row = {**dict.fromkeys(ROW), "tag": head.get("tag"), **head["defaults"], **own}
        for key in ("method", "ref"):
            require(isinstance(row[key], str) and row[key], f"{where}: `{key}` must be a text")
        for key in TEXT:
            require(row[key] is None or isinstance(row[key], str), f"{where}: `{key}` must be a text or null")
        for key, (low, high) in WHOLE.items():
            whole = type(row[key]) is int and low <= row[key] <= high
            require(row[key] is None or whole, f"{where}: `{key}` must be null or a whole number from {low} to {high}")
        require(row["seconds"] is None or _number(row["seconds"], 1e9), f"{where}: `seconds` must be a number or null")
        require(row["tag"] in TAGS, f"{where}: `tag` {row['tag']!r} is unknown; {nearest(row['tag'], TAGS)}")
        protocol, printed, flag = row["protocol"], row["printed_protocol"], row["selects_on_test"]
        require(
            protocol is None or protocol in PROTOCOLS,
            f"{where}: `protocol` {protocol!r} is none of ours; {nearest(protocol, PROTOCOLS)}; other words of the "
            "source go to `printed_protocol`",
        )
        require(protocol is None or printed is None, f"{where}: state `protocol` or `printed_protocol`, not both")
        require(flag is None or type(flag) is bool, f"{where}: `selects_on_test` must be true, false or null")
        require(
            (flag is None) == (row["evidence"] is None),
            f"{where}: `evidence` must say what shows `selects_on_test`; it stands where that is true or false only",
        )
        row |= {"scores": _scores(row["scores"], where), "own": tuple(own)}
        yield where, row


def corrections(path: Path, head: Mapping[str, Any]) -> Iterator[Correction]:
    """Yield the corrections of a file, each compared with the one row that it names."""
    wanted = ("ref", "field", "printed", "holds", "reason")
    for number, item in enumerate(head["corrections"], start=1):
        where = f"{path} correction {number}"
        known(item, wanted, where)
        if missing := [key for key in wanted if key not in item]:
            raise InputError(f"{where}: {missing} is missing")
        for key in ("ref", "field", "printed", "reason"):
            require(isinstance(item[key], str) and item[key], f"{where}: `{key}` must be a text")
        named = [row for row in head["rows"] if isinstance(row, dict) and row.get("ref") == item["ref"]]
        require(len(named) == 1, f"{where}: {len(named)} rows have the ref {item['ref']!r}; it must be exactly one")
        value: Any = {**head["defaults"], **named[0]}
        for word in item["field"].split("."):
            value = value.get(word) if isinstance(value, dict) else None
        require(value == item["holds"], f"{where}: the row holds {value!r} in {item['field']}, not {item['holds']!r}")
        yield Correction(path.stem, **item)


def direction(train: Iterable[str], test: Iterable[str]) -> str:
    """Write a direction between corpora as the folds of ``cross_dataset`` do: ``casme2+smic->samm``."""
    return f"{'+'.join(sorted(train))}->{'+'.join(sorted(test))}"


def check_corpus(name: object, where: str) -> None:
    """Refuse a name that none of our datasets has."""
    require(name in DATASETS, f"{where}: unknown corpus {name!r}; {nearest(str(name), DATASETS)}")


def check_direction(name: object, where: str) -> None:
    """Refuse what ``direction`` would not write."""
    train, _, test = str(name).partition("->")
    sides = train.split("+"), test.split("+")
    require(
        direction(*sides) == name and not set(sides[0]) & set(sides[1]),
        f"{where}: {name!r} is no direction; write e.g. casme2->samm, several corpora sorted and joined by +",
    )
    for part in (*sides[0], *sides[1]):
        check_corpus(part, where)


def known(mapping: object, keys: Sequence[str], where: str) -> None:
    """Refuse what is no mapping, and keys that nobody reads."""
    require(isinstance(mapping, dict), f"{where}: must be a mapping with keys of: {', '.join(keys)}")
    if unknown := [key for key in mapping if key not in keys]:
        raise InputError(f"{where}: unknown key {unknown[0]!r}; {nearest(unknown[0], keys)}")


def require(condition: object, message: str) -> None:
    """Raise InputError where a condition does not hold."""
    if not condition:
        raise InputError(message)


def _scores(scores: object, where: str) -> dict[str, dict[str, float]]:
    """Check the scores of a row: corpus -> score -> fraction."""
    if scores is None:
        return {}
    require(isinstance(scores, dict), f"{where}: `scores` must be a mapping: corpus -> score -> value")
    for name, values in scores.items():
        known(values, SCORES, f"{where}, scores of {name}")
        for score, value in values.items():
            require(
                _number(value, 1),
                f"{where}: {score} of {name} must be a fraction from 0 to 1, got {value!r}; divide percents by 100",
            )
    return {name: {score: float(value) for score, value in values.items()} for name, values in scores.items()}


def _number(value: object, most: float) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and 0 <= value <= most
