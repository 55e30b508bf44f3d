"""What a report is made of: one record per experiment, one per dataset."""

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from mmer.types.audit import Audit
from mmer.types.cost import Cost
from mmer.types.errors import InputError, listing
from mmer.types.fingerprint import Fingerprint
from mmer.types.motion import Motion
from mmer.types.samples import Samples
from mmer.types.saw import Saw

CURVES = ("seed", "fold", "epoch", "loss", "accuracy")
EXCLUDED = ("clip_id", "reason")


@dataclass(frozen=True)
class SignalRecord:
    """Which clips of one dataset have a signal.

    Parameters
    ----------
    dataset, name : str
        Of the entry, and of the signal.
    clips : int
        Of the dataset, that take part.
    missing : dict of str to str
        Those of them that lack it -> why.
    notes : tuple of str
        What a reader should know of the recordings: clocks, bad channels; a sentence each.
    """

    dataset: str
    name: str
    clips: int
    missing: dict[str, str]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TuningRecord:
    """What a search chose for an experiment, and its trials where they are at hand.

    Parameters
    ----------
    search, mode, metric : str
        Name of the search; ``nested`` or ``development``; the score that it maximised.
    trials : int
        Per study.
    chosen : dict of str to (float, tuple of str)
        Outer fold -> best inner score, and the overrides that have it; of mode development one, whatever it is called.
    subjects : tuple of str
        The development subjects; empty where it is nested.
    summary : dict or None
        What ``mmer.tuning.analysis.summarise`` returned of the same search; None where it is not at hand.
    table : DataFrame or None
        Its trials: columns ``study``, ``number``, ``state``, ``value`` and one per parameter.
    missing : str
        Why there is no summary; empty where there is one.
    """

    search: str
    mode: str
    metric: str
    trials: int
    chosen: dict[str, tuple[float, tuple[str, ...]]]
    subjects: tuple[str, ...] = ()
    summary: dict[str, Any] | None = None
    table: pd.DataFrame | None = None
    missing: str = ""


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
        Predictions table of this experiment: of emotions, or of action units.
    baselines : dict of str to DataFrame
        Predictions tables on the same test clips: ``majority``, ``prior`` (many seeds: its spread is the chance level)
        and what else there is.
    curves : DataFrame
        Columns ``seed``, ``fold``, ``epoch``, ``loss``, ``accuracy``, of the training clips; may be empty.
    excluded : DataFrame
        Columns ``clip_id``, ``reason``: clips of its datasets that were left out; may be empty.
    samples : Samples or None
        For the graph drawn on the face: node positions, names and edges.
    fingerprint : Fingerprint or None
        What it ran on.
    audit : Audit or None
        What the last audit found, of this or of an earlier state.
    audit_command : str
        The command that audits it; empty: ``mmer audit NAME``.
    clips : DataFrame or None
        Clips table of the clips that take part, trained on or tested: for the groups of people.
    synthetic : bool
        Whether any of its corpora is a synthetic release: then no published number may stand beside it.
    cost : Cost or None
        What its training cost here; None where it is not known.
    saw : Saw or None
        What its models saw of their test clips.
    subsets : dict of str to DataFrame
        Predictions tables of the same models and clips with some of the streams masked: ``face+eeg`` -> what they say
        from these two.
    signals : tuple of SignalRecord
        Of every dataset and signal.
    tuning : TuningRecord or None
        The search that its settings come from; None where nobody tuned.

    Raises
    ------
    InputError
        A column is missing, a baseline or a subset was not scored on the clips of the experiment or against another
        truth, the Clips table lacks some of them or knows them as of another subject or corpus, or the audit or the
        fingerprint is of another experiment.
    """

    name: str
    config: dict[str, Any]
    predictions: pd.DataFrame
    baselines: dict[str, pd.DataFrame] = field(default_factory=dict)
    curves: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(CURVES)))
    excluded: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(EXCLUDED)))
    samples: Samples | None = None
    fingerprint: Fingerprint | None = None
    audit: Audit | None = None
    audit_command: str = ""
    clips: pd.DataFrame | None = None
    synthetic: bool = False
    cost: Cost | None = None
    saw: Saw | None = None
    subsets: dict[str, pd.DataFrame] = field(default_factory=dict)
    signals: tuple[SignalRecord, ...] = ()
    tuning: TuningRecord | None = None

    def __post_init__(self) -> None:
        for what, table, columns in (("curves", self.curves, CURVES), ("excluded", self.excluded, EXCLUDED)):
            if missing := [name for name in columns if name not in table]:
                raise InputError(f"report of {self.name}: {what} lacks the columns {missing}")
        tested = set(self.predictions.clip_id)
        beside = {f"baseline {name!r}": table for name, table in self.baselines.items()}
        beside |= {f"subset {name!r}": table for name, table in self.subsets.items()}
        for what, table in beside.items():
            if other := sorted(tested ^ set(table.clip_id)):
                raise InputError(
                    f"report of {self.name}: {what} was not scored on the same clips; "
                    f"different: {listing(other)}; run `dvc repro`"
                )
            if other := _differing(self.predictions, table, ["clip_id", "target"], "truth"):
                raise InputError(
                    f"report of {self.name}: {what} was scored against another truth of {listing(other)}; "
                    "run `dvc repro`"
                )
        if self.clips is not None and (missing := sorted(tested - set(self.clips.clip_id))):
            raise InputError(f"report of {self.name}: the clips table lacks predicted clips: {listing(missing)}")
        for fact in () if self.clips is None else ("subject", "dataset"):
            if other := _differing(self.predictions, self.clips, ["clip_id"], fact):
                raise InputError(
                    f"report of {self.name}: predictions and clips table name another {fact} of {listing(other)}; "
                    "run `dvc repro`"
                )
        for what, other in (("audit", self.audit), ("fingerprint", self.fingerprint)):
            if other is not None and other.experiment != self.name:
                raise InputError(f"report of {self.name}: the {what} is of {other.experiment!r}; run `dvc repro`")

    @property
    def corpora(self) -> tuple[str, ...]:
        """Corpora whose clips take part; only those tested where there is no Clips table."""
        table = self.predictions if self.clips is None else self.clips
        return tuple(sorted({str(name) for name in table.dataset}))

    def choice(self, group: str) -> str:
        """Read the name of a chosen component: a section with ``name``, or the bare name; ``-`` where there is none."""
        section = self.config.get(group)
        name = section.get("name") if isinstance(section, dict) else section
        return str(name) if name else "-"


def _differing(one: pd.DataFrame, other: pd.DataFrame, keys: list[str], fact: str) -> list[str]:
    """Name the clips of which two tables say different things."""
    first, second = (
        table.drop_duplicates(keys).astype(dict.fromkeys((*keys, fact), str)).set_index(keys)[fact]
        for table in (one, other)
    )
    first, second = first.align(second, join="inner")
    return sorted(set(first.index.get_level_values("clip_id")[first != second]))


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
    computed : int
        Clips whose objective class an experiment computes from their action units, because the corpus states none.
    """

    name: str
    config: dict[str, Any]
    clips: pd.DataFrame
    motion: Motion | None = None
    computed: int = 0

    @property
    def synthetic(self) -> bool:
        """Whether the config calls it synthetic."""
        inner = self.config.get("dataset")
        return bool(self.config.get("synthetic") or (isinstance(inner, dict) and inner.get("synthetic")))
