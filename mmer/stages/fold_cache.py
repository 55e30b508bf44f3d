"""Trained folds under .mmer/cache: after a kill the next run goes on where this one was."""

import hashlib
import json
import logging
import shutil
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mmer.stages import paths
from mmer.stages.experiment import Experiment
from mmer.stages.inputs import digests
from mmer.stages.read_config import read_all
from mmer.training.fold_result import FoldResult
from mmer.types.errors import InputError
from mmer.types.whole_file import whole_file

log = logging.getLogger("mmer")
LIBRARIES = ("torch", "torch-geometric", "numpy", "scikit-learn", "pandas")
OF_SIGNALS = ("braindecode", "mne")  # what else a fold runs where recordings are read
# A seed is a part of each fold's name, and processes change no bit.
NOT_IN_KEY = ("seeds", "processes")


@dataclass(frozen=True)
class FoldCache:
    """Results of folds by seed, repeat and name; see ``mmer.training.cache.Cache``.

    Parameters
    ----------
    folder : Path
        Its name is the digest of everything else that a result depends on. Absolute: workers are sent the cache.
    make : bool
        Whether ``put`` makes the folder where there is none.
    """

    folder: Path
    make: bool = True

    @classmethod
    def of(cls, experiment: Experiment, device: str) -> "FoldCache":
        """Return the cache of an experiment as it is now.

        The digest is over its section of the config, the bytes of its artifacts, the source of all modules that it
        runs, library versions and the device. All are read now, not from artifacts/inputs.json, which may be of
        another state if the stage is run by hand.
        """
        parts = (
            {key: value for key, value in experiment.config.items() if key not in NOT_IN_KEY},
            digests(read_all()["inputs"][experiment.name]),
            {library: version(library) for library in _libraries(experiment.config)},
            device,
        )
        digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
        return cls((paths.CACHE / "folds" / experiment.name / digest[:32]).absolute())

    def path(self, seed: int, repeat: int, fold: str) -> Path:
        """Return where a result lies; a fold's name may hold what a file's must not."""
        name = hashlib.sha256(fold.encode()).hexdigest()[:16]
        return self.folder / f"{seed}-{repeat}-{name}.npz"

    def get(self, seed: int, repeat: int, fold: str) -> FoldResult | None:
        """Return a result that is there, or None."""
        path = self.path(seed, repeat, fold)
        if not path.is_file():
            return None
        try:
            return FoldResult.load(path)
        except InputError as error:
            log.warning("%s; the fold is trained again", error)
            return None

    def put(self, result: FoldResult) -> None:
        """Keep a result."""
        if self.make:
            self.folder.mkdir(parents=True, exist_ok=True)
        elif not self.folder.is_dir():
            return
        result.save(self.path(result.seed, result.repeat, result.fold))

    def elsewhere(self) -> "FoldCache":
        """Return the cache for a worker of another machine: on another disk it keeps nothing."""
        return replace(self, make=False)

    def get_note(self, name: str) -> Any:
        """Return a note, or None."""
        path = self.folder / f"{name}.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None

    def put_note(self, name: str, value: Any) -> None:
        """Keep a note."""
        with whole_file(self.folder / f"{name}.json") as partial:
            partial.write_text(json.dumps(value), encoding="utf-8")

    def forget_others(self) -> None:
        """Delete what this experiment left in other states; called when it is done, so that disk use stays bounded."""
        for folder in self.folder.parent.iterdir():
            if folder != self.folder:
                shutil.rmtree(folder)


def _libraries(config: dict[str, Any]) -> tuple[str, ...]:
    return (*LIBRARIES, *OF_SIGNALS) if "signals" in config else LIBRARIES
