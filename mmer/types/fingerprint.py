"""Fingerprint: what an experiment ran on, so exactly that a paper can cite it and another lab can check it."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from mmer.types.errors import InputError
from mmer.types.split import Split
from mmer.types.view import facts
from mmer.types.whole_file import whole_file

SHORT = 12  # digits of a sha256 in a line for people


def split_hash(splits: Sequence[Split]) -> str:
    """Return the sha256 of the folds: who is trained on and who is tested on, whatever the order of folds or rows.

    It depends on the names of folds and clips alone, so two machines with the same annotation files get the same.
    """
    folds = sorted((split.repeat, split.fold, sorted(split.train), sorted(split.test)) for split in splits)
    return hashlib.sha256(json.dumps(folds).encode()).hexdigest()


@dataclass(frozen=True)
class Fingerprint:
    """What was run.

    Parameters
    ----------
    experiment : str
    protocol, labels : dict
        The resolved choices, their ``name`` and every value.
    classes : dict of str to int
        Clips of every class in its declared order; of every unit, where units are detected, the clips that show it.
    corpora : dict of str to dict
        Per dataset ``files`` (annotation file -> sha256), ``clips`` and ``subjects`` that are used.
    clips, subjects, folds, repeats, excluded : int
    seeds : list of int
    device, precision : str
        E.g. ``cpu`` and ``float32``.
    splits : str
        See ``split_hash``.
    config, code : str
        sha256 of the experiment's resolved choices (all that belongs to no machine), and of the source they run.
    versions : dict of str to str
        Of mmer and the libraries that compute.
    """

    experiment: str
    protocol: dict[str, Any]
    labels: dict[str, Any]
    classes: dict[str, int]
    corpora: dict[str, dict[str, Any]]
    clips: int
    subjects: int
    folds: int
    repeats: int
    excluded: int
    seeds: list[int]
    device: str
    precision: str
    splits: str
    config: str
    code: str
    versions: dict[str, str]

    def line(self) -> str:
        """Write it in a line fit for a paper."""
        corpora = ", ".join(
            f"{name} [{', '.join(f'{file} sha256:{sha[:SHORT]}' for file, sha in sorted(about['files'].items()))}]"
            for name, about in sorted(self.corpora.items())
        )
        folds = "1 fold" if self.folds == 1 else f"{self.folds} folds"
        repeats = f", {self.repeats} repeats" if self.repeats > 1 else ""
        settings = ", ".join(
            f"{key} {_plain(value)}"
            for key, value in sorted(self.protocol.items())
            if key != "name" and not key.startswith("_")  # what names its code
        )
        parts = (
            f"mmer {self.versions.get('mmer', '')}".strip(),
            f"protocol {self.protocol['name']}{f' ({settings})' if settings else ''}, {folds}{repeats}",
            f"labels {self.labels['name']} ({', '.join(f'{name} {count}' for name, count in self.classes.items())})",
            corpora,
            f"{self.clips} clips of {self.subjects} subjects",
            f"seeds {' '.join(map(str, self.seeds))}",
            f"{self.precision} on {self.device}",
            f"splits sha256:{self.splits[:SHORT]}",
        )
        return "; ".join(parts)

    def _repr_html_(self) -> str:
        classes = ", ".join(f"{name} {count}" for name, count in self.classes.items())
        return facts(
            f"Fingerprint of {self.experiment}",
            {
                "protocol": f"{self.protocol['name']}, {self.folds} folds, {self.repeats} repeats",
                "labels": f"{self.labels['name']}: {classes}",
                "corpora": ", ".join(f"{name} ({about['clips']} clips)" for name, about in self.corpora.items()),
                "clips": f"{self.clips} of {self.subjects} subjects, {self.excluded} excluded",
                "seeds": ", ".join(map(str, self.seeds)),
                "device": f"{self.precision} on {self.device}",
                "folds, sha256": self.splits[:SHORT],
                "code, sha256": self.code[:SHORT],
                "versions": ", ".join(f"{name} {version}" for name, version in self.versions.items()),
            },
        )

    def save(self, path: str | Path) -> None:
        """Write one json."""
        with whole_file(path) as partial:
            partial.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")  # classes keep their order

    @classmethod
    def load(cls, path: str | Path) -> "Fingerprint":
        """Read one json.

        Raises
        ------
        InputError
            The file is missing, unreadable or of another version of mmer.
        """
        try:
            values = json.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: not a readable fingerprint; run `dvc repro` ({error})") from error
        if not isinstance(values, dict) or set(values) != {item.name for item in fields(cls)}:
            raise InputError(f"{path}: not a fingerprint of this version of mmer; run `dvc repro`")
        return cls(**values)


def _plain(value: Any) -> str:
    """Write a setting: lists without brackets and quotes."""
    return "+".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
