"""What a report is made of: one record per experiment, one per dataset."""

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from mmer.types.errors import InputError, listing
from mmer.types.motion import Motion
from mmer.types.samples import Samples

CURVES = ("seed", "fold", "epoch", "loss", "accuracy")
EXCLUDED = ("clip_id", "reason")


@dataclass(frozen=True)
class ExperimentRecord:
    """All that a report shows of one experiment.

    Parameters
    ----------
    name : str
        Unique among the experiments of a report.
    config : dict
        Its section of the resolved config; ``protocol``, ``labels``, ``model`` and ``loss`` are read for the table.
    predictions : DataFrame
        Predictions table of this experiment and one target.
    baselines : dict of str to DataFrame
        Predictions tables on the same test clips: ``majority``, ``prior`` (many seeds: its spread is the chance level)
        and what else there is.
    curves : DataFrame
        Columns ``seed``, ``fold``, ``epoch``, ``loss``, ``accuracy``, of the training clips; may be empty.
    excluded : DataFrame
        Columns ``clip_id``, ``reason``: clips of its datasets that were left out; may be empty.
    samples : Samples or None
        For the graph drawn on the face: node positions, names and edges.

    Raises
    ------
    InputError
        A column is missing, or a baseline was not scored on the clips of the experiment.
    """

    name: str
    config: dict[str, Any]
    predictions: pd.DataFrame
    baselines: dict[str, pd.DataFrame] = field(default_factory=dict)
    curves: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(CURVES)))
    excluded: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(EXCLUDED)))
    samples: Samples | None = None

    def __post_init__(self) -> None:
        for what, table, columns in (("curves", self.curves, CURVES), ("excluded", self.excluded, EXCLUDED)):
            if missing := [name for name in columns if name not in table]:
                raise InputError(f"report of {self.name}: {what} lacks the columns {missing}")
        clips = set(self.predictions.clip_id)
        for baseline, table in self.baselines.items():
            if other := sorted(clips ^ set(table.clip_id)):
                raise InputError(
                    f"report of {self.name}: baseline {baseline!r} was not scored on the same clips; "
                    f"different: {listing(other)}"
                )


@dataclass(frozen=True)
class DatasetRecord:
    """All that a report shows of one dataset.

    Parameters
    ----------
    name : str
        As in the column ``dataset`` of the tables.
    config : dict
        Its section of the resolved config. ``synthetic: true`` in it, or in its part ``dataset``, puts a sentence on
        synthetic data at the top of the page.
    clips : DataFrame
        Clips table.
    motion : Motion or None
        For the pictures; without it clips have none.
    """

    name: str
    config: dict[str, Any]
    clips: pd.DataFrame
    motion: Motion | None = None
