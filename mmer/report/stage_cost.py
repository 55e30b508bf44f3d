"""What a stage of the pipeline took on this machine: seconds and memory."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from mmer.types.errors import InputError
from mmer.types.whole_file import whole_file


@dataclass(frozen=True)
class StageCost:
    """Seconds and memory of one run of a stage.

    They are of a machine and of a day, so they lie beside the artifacts, never in one that others depend on.

    Parameters
    ----------
    stage, name : str
        E.g. ``tracks`` of ``casme2``; the name is empty for a stage of the whole.
    seconds : float
        That went by, imports included. What a cache kept from an earlier run took no time.
    memory : int
        Most bytes that its process held at once.
    worker : int
        Most bytes that any one process below it held at once, 0 where it started none. A process that was split off
        counts what it shares with its parent as its own.
    output : str
        Digest of what it left, by which a cost is known to be of the artifacts at hand.
    """

    stage: str
    name: str
    seconds: float
    memory: int
    worker: int
    output: str

    def save(self, path: str | Path) -> None:
        """Write one json."""
        with whole_file(path) as partial:
            partial.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> "StageCost":
        """Read one json.

        Raises
        ------
        InputError
            The file is missing, unreadable or of another version of mmer.
        """
        try:
            values = json.loads(Path(path).read_text(encoding="utf-8"))
            return cls(**{field.name: values[field.name] for field in fields(cls)})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path}: not what a stage of this version of mmer took; run it again") from error


@dataclass(frozen=True)
class StageRecord:
    """One stage of the pipeline and what it took; None where it did not run here, or for other artifacts."""

    stage: str
    name: str
    cost: StageCost | None
