"""Cost: what it took to train an experiment on one machine."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from mmer.types.errors import InputError
from mmer.types.whole_file import whole_file


@dataclass(frozen=True)
class Cost:
    """Parameters and seconds of an experiment.

    Seconds are of a machine and of a day, so no artifact that is compared byte by byte holds them.

    Parameters
    ----------
    experiment : str
    parameters : int or None
        Of one network; None for a model that keeps training clips instead of weights.
    seconds : float
        Of all trainings together, each with the prediction of its test clips: what the processors worked, summed over
        the processes, whatever else the machine did meanwhile; on a GPU the time that went by.
    trainings : int
        How many there were: folds times seeds.
    seeds : int
    device : str
    predictions : str
        Digest of the predictions that came of it (``mmer.types.predictions.predictions_digest``).
    """

    experiment: str
    parameters: int | None
    seconds: float
    trainings: int
    seeds: int
    device: str
    predictions: str

    @property
    def seconds_per_run(self) -> float:
        """Seconds of all folds under one seed."""
        return self.seconds / self.seeds

    def save(self, path: str | Path) -> None:
        """Write one json."""
        with whole_file(path) as partial:
            partial.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> "Cost":
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
            raise InputError(f"{path}: not a cost of this version of mmer; train the experiment again") from error
