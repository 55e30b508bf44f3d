"""What a reader needs to check a report or to run it again: versions, digests, and what every stage took."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mmer.report.records import ExperimentRecord
from mmer.report.stage_cost import StageRecord
from mmer.report.wording import bytes_text, seconds_text

WHAT = {
    "config": "params.yaml and conf/ → choices",
    "clips": "annotations → clips",
    "tracks": "frames → landmarks, action units",
    "motion": "frames → flow, strain",
    "graphs": "→ nodes and edges",
    "signals": "recordings → windows, features",
    "inputs": "digests",
    "evaluate": "trainings and predictions of all folds",
}


@dataclass(frozen=True)
class Digests:
    """Of one experiment: sha256 of its folds, of its resolved choices and of the source that ran; its device."""

    experiment: str
    folds: str
    config: str
    code: str
    device: str


@dataclass(frozen=True)
class AboutBox:
    """The end of the page.

    Parameters
    ----------
    versions : tuple of (str, str)
        Of mmer and the libraries that compute; where experiments differ, all of them.
    files : tuple of (dataset, file, sha256)
        The annotation files.
    digests : tuple of Digests
    stages : tuple of (StageRecord, what the stage does)
    taken : str
        Of all stages together; empty where none was measured.
    """

    versions: tuple[tuple[str, str], ...]
    files: tuple[tuple[str, str, str], ...]
    digests: tuple[Digests, ...]
    stages: tuple[tuple[StageRecord, str], ...]
    taken: str


def about_box(records: Sequence[ExperimentRecord], stages: Sequence[StageRecord]) -> AboutBox:
    """Collect what fingerprints say, and what stages took."""
    known = [record.fingerprint for record in records if record.fingerprint is not None]
    costs = [stage.cost for stage in stages if stage.cost is not None]
    most = max((max(cost.memory, cost.worker) for cost in costs), default=0)
    return AboutBox(
        versions=tuple(
            (name, ", ".join(_each(one.versions[name] for one in known if name in one.versions)))
            for name in _each(name for one in known for name in one.versions)
        ),
        files=tuple(
            sorted(
                {
                    (dataset, file, digest)
                    for one in known
                    for dataset, about in one.corpora.items()
                    for file, digest in about["files"].items()
                }
            )
        ),
        digests=tuple(
            Digests(one.experiment, one.splits, one.config, one.code, f"{one.precision} on {one.device}")
            for one in known
        ),
        stages=tuple((stage, WHAT.get(stage.stage, "")) for stage in stages),
        taken=(
            f"{len(costs)} of {len(stages)} stages were measured: {seconds_text(sum(cost.seconds for cost in costs))} "
            f"in all, one after another; no process held more than {bytes_text(most)}."
            if costs
            else ""
        ),
    )


def _each(values: Iterable[str]) -> list[str]:
    """Return every value once, in the order of the first."""
    return list(dict.fromkeys(values))
