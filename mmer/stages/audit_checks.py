"""What each check of an audit needs of the workspace."""

from collections.abc import Iterator
from functools import partial

import pandas as pd

from mmer.audit.annotations import annotations
from mmer.audit.artifacts import artifacts
from mmer.audit.ledger import ledger
from mmer.audit.oracle_gap import oracle_gap
from mmer.audit.poison import largest, poison
from mmer.audit.search import search
from mmer.audit.shuffle import shuffle
from mmer.stages import paths
from mmer.stages.audit_duplicates import audit_duplicates
from mmer.stages.audit_scratch import poisoned_trace
from mmer.stages.build import build
from mmer.stages.experiment import Experiment
from mmer.stages.progress import progress
from mmer.stages.read_config import read_config
from mmer.stages.read_table import read_table
from mmer.training.baselines import majority
from mmer.training.tables import predictions_table
from mmer.types.audit import Finding
from mmer.types.fingerprint import Fingerprint
from mmer.types.motion import Motion

POISONED_FOLDS = 3


def findings(
    experiment: Experiment, stored: pd.DataFrame, now: Fingerprint, permutations: int, n_folds: int | None
) -> Iterator[Finding]:
    """Yield the finding of every check, cheap checks first.

    Parameters
    ----------
    experiment : Experiment
    stored : DataFrame
        Its stored Predictions table.
    now : Fingerprint
        Of the experiment as it stands.
    permutations : int
        Of the shuffle test; 0 skips it.
    n_folds : int or None
        How many folds the poison test trains; 3 when left out.
    """
    name, splits, seeds = experiment.name, experiment.splits, experiment.config["seeds"]
    tasks = experiment.tasks(seeds[0])
    # Whatever is predicted, the truth beside it is that of the annotation files.
    expected = predictions_table(name, majority(splits, experiment.targets), experiment.targets, experiment.clips)
    made = Fingerprint.load(paths.training(name) / "fingerprint.json")
    yield artifacts(stored, expected, splits, seeds, made, now)
    entries, tuned = read_table(paths.training(name) / "ledger.parquet"), experiment.config.get("tuned")
    yield ledger(entries, splits, seeds, searched=tuned is not None)
    yield search(entries, splits, seeds, tuned)
    motions = {dataset: Motion.load(paths.motion(dataset)) for dataset in experiment.config["datasets"]}
    yield _annotations(experiment, motions)
    yield audit_duplicates(experiment, motions)
    chosen = largest(splits, n_folds or POISONED_FOLDS)
    watch = partial(progress, label=f"audit {name} poison", unit="fold")
    yield poison(tasks, chosen, partial(poisoned_trace, experiment), watch)
    if permutations:
        corpora = dict(zip(experiment.clips.clip_id, experiment.clips.dataset.astype(str), strict=True))
        watch = partial(progress, label=f"audit {name} shuffle", unit="fold")
        yield shuffle(tasks, splits, corpora, permutations, watch=watch)
    else:
        yield Finding("shuffle", "skipped", "not asked for (--permutations 0)")
    yield oracle_gap(tasks, splits, stored, watch=partial(progress, label=f"audit {name} oracle gap", unit="fold"))


def _annotations(experiment: Experiment, motions: dict[str, Motion]) -> Finding:
    """Ask the components before the split what they read."""
    components = {}
    for dataset in experiment.config["datasets"]:
        section = read_config("datasets", dataset)
        components |= {(kind, section[kind]["name"]): section[kind] for kind in ("faces", "motion")}
    if "nodes" in experiment.config:  # a model that reads the flow itself has none
        components["nodes", experiment.config["nodes"]["name"]] = experiment.config["nodes"]
    components |= {("signal", name): node for name, node in experiment.config.get("signals", {}).items()}
    reads: dict[str, tuple[str, ...]] = {}
    for (kind, name), section in components.items():
        reads[f"{kind} {name}"] = tuple(build(section).reads)
    used = set(experiment.clips.clip_id)
    sources = {
        clip: source
        for motion in motions.values()
        for clip, source in zip(motion.clip_ids, motion.apex_source, strict=True)
        if clip in used
    }
    return annotations(reads, sources)
