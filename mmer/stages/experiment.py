"""An experiment put together from its config and artifacts: what ``evaluate`` trains and ``audit`` checks."""

from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pandas as pd

from mmer.stages import paths
from mmer.stages.build import build
from mmer.stages.fused import build_model, modules_of
from mmer.stages.model_traits import model_traits
from mmer.stages.read_config import read_config
from mmer.stages.recipe import split_model
from mmer.stages.searched import seen_by_search, untouched
from mmer.stages.select import all_there, experiment_clips, experiment_samples, samples_key, select
from mmer.stages.tuned import searched_folds, section_of
from mmer.training.augment.nodes import Nodes
from mmer.training.task import Task, Tasks, task_of
from mmer.types.clips import without_labels
from mmer.types.samples import Samples
from mmer.types.split import Split
from mmer.types.targets import Targets


@dataclass(frozen=True)
class Experiment:
    """Everything of one experiment that all its seeds share.

    Parameters
    ----------
    name : str
    config : dict
        Its resolved section.
    scheme : object
        The label scheme.
    clips : DataFrame
        Clips table of the clips that take part.
    excluded : DataFrame
        Columns ``clip_id``, ``reason``.
    samples : Samples
    targets : Targets
    splits : list of Split
    searched : dict of str to tuple of str
        Fold -> the clips on which a search chose its settings; empty where nothing was searched.
    samples_of : dict of str to Samples
        Of the folds for which a nested search chose another way to make them.
    """

    name: str
    config: dict[str, Any]
    scheme: Any
    clips: pd.DataFrame
    excluded: pd.DataFrame
    samples: Samples
    targets: Targets
    splits: list[Split]
    searched: dict[str, tuple[str, ...]] = field(default_factory=dict)
    samples_of: dict[str, Samples] = field(default_factory=dict)

    def task(self, seed: int, fold: str | None = None) -> Task:
        """Return what the training of all folds under one seed needs; of a nested search, what one fold needs."""
        section = self.config if fold is None else section_of(self.config, fold)
        samples = self.samples if fold is None else self.samples_of.get(fold, self.samples)
        return make_task(self.name, seed, section, samples, self.targets, self.clips)

    def tasks(self, seed: int) -> Tasks:
        """Return the task of all folds, or of a nested search fold -> its own."""
        folds = searched_folds(self.config)
        return {fold: self.task(seed, fold) for fold in folds} if folds else self.task(seed)

    def trainings(self) -> list[tuple[Task, Split]]:
        """Return every training, by seed and then by fold; what models saw is kept if asked."""
        found = []
        for seed in self.config["seeds"]:
            tasks = self.tasks(seed)
            found += [(replace(task_of(tasks, split.fold), saw=self.config["saw"]), split) for split in self.splits]
        return found

    def relabelled(self, clips: pd.DataFrame) -> "Experiment":
        """Return the same experiment on the same folds with other labels: what comes after the split is made anew.

        Parameters
        ----------
        clips : DataFrame
            A Clips table of the same clips.
        """
        return replace(self, clips=clips, targets=targets_of(self.scheme, clips))

    def detected(self) -> pd.DataFrame:
        """Return the action units that the tracks show: index ``clip_id``, one column per unit."""
        tables = [pd.read_parquet(paths.detected(name)) for name in self.config["datasets"]]
        return pd.concat(tables, ignore_index=True).set_index("clip_id")


def make_task(
    name: str, seed: int, config: dict[str, Any], samples: Samples, targets: Targets, clips: pd.DataFrame
) -> Task:
    """Put together what trainings need.

    Parameters
    ----------
    name : str
        Under which everything random derives.
    seed : int
    config : dict
        A resolved section of an experiment.
    samples : Samples
    targets : Targets
        Of the same clips.
    clips : DataFrame
        Clips table of them.
    """
    model, recipe = split_model(config["model"])
    fit_edges = nodes = None
    if "nodes" in config:  # a model may read no graph, or have its own loss
        source = build(config["nodes"])
        fit_edges = partial(build(config["edges"]).fit, source.node_set())
        both_sides = getattr(source, "both_sides", True)  # without the key, units are not measured at a place
        nodes = Nodes(source.node_set(), both_sides, getattr(source, "au_baseline", "onset") == "onset")
    signals = {signal: build(node) for signal, node in config.get("signals", {}).items()}
    fits = {signal: made.fit for signal, made in signals.items() if made.fits}
    return Task(
        experiment=name,
        seed=seed,
        samples=samples,
        targets=targets,
        make_model=partial(build_model, model),
        make_loss=partial(build, config["loss"]) if "loss" in config else None,
        fit_edges=fit_edges,
        recipe=recipe,
        device=config["device"],
        preload=modules_of(model),
        classical=model_traits(model).classical,
        subjects=dict(zip(clips.clip_id, clips.subject, strict=True)),
        nodes=nodes,
        **({"fit_signals": fits} if fits else {}),
        **{group: build(config[group]) for group in ("sampling", "augment") if group in config},
    )


def targets_of(scheme: Any, clips: pd.DataFrame) -> Targets:
    """Ask what a label scheme asks of these clips."""
    units = () if scheme.targets == ("emotion",) else scheme.targets
    return Targets.of(clips, scheme.assign(clips), scheme.classes, units)


def load_experiment(name: str) -> Experiment:
    """Read what experiment ``name`` needs, choose its clips and make its folds.

    Raises
    ------
    InputError
        An artifact is missing, or the experiment takes the result of a search that saw what it tests.
    """
    config = read_config("experiments", name)
    clips = experiment_clips(config["datasets"])
    samples = experiment_samples(config)
    scheme = build(config["labels"])
    clips, excluded = select(clips, scheme, samples)
    splits = build(config["protocol"]).splits(without_labels(clips))
    tuned, searched = config.get("tuned"), {}
    if tuned is not None:
        splits = untouched(name, splits, tuned)
        searched = seen_by_search(name, splits, tuned, clips)
    return Experiment(
        name=name,
        config=config,
        scheme=scheme,
        clips=clips,
        excluded=excluded,
        samples=samples.subset(sorted(clips.clip_id)),
        targets=targets_of(scheme, clips),
        splits=splits,
        searched=searched,
        samples_of=_samples_of_folds(name, config, sorted(clips.clip_id)),
    )


def _samples_of_folds(name: str, config: dict[str, Any], clip_ids: list[str]) -> dict[str, Samples]:
    """Read the samples of the folds whose own settings make them otherwise; equal ones are one object."""
    own, made = {}, {samples_key(config): None}
    for fold in searched_folds(config):
        section = section_of(config, fold)
        if (key := samples_key(section)) not in made:
            made[key] = all_there(f"experiment {name!r}, fold {fold!r}", experiment_samples(section), clip_ids)
        if made[key] is not None:
            own[fold] = made[key]
    return own


def how_to_run(config: dict[str, Any]) -> tuple[int | None, int | None]:
    """Return ``stack`` and ``processes`` of an experiment's section; None stands for ``auto``."""
    stack, processes = (None if config[key] == "auto" else config[key] for key in ("stack", "processes"))
    return stack, processes
