"""An experiment put together from its config and artifacts: what ``evaluate`` trains and ``audit`` checks."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pandas as pd

from mmer.stages import paths
from mmer.stages.build import build
from mmer.stages.fused import build_model, modules_of
from mmer.stages.model_traits import model_traits
from mmer.stages.read_config import read_config
from mmer.stages.recipe import split_model
from mmer.stages.select import experiment_clips, experiment_samples, select
from mmer.training.augment.nodes import Nodes
from mmer.training.folds import Task
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
    """

    name: str
    config: dict[str, Any]
    scheme: Any
    clips: pd.DataFrame
    excluded: pd.DataFrame
    samples: Samples
    targets: Targets
    splits: list[Split]

    def task(self, seed: int) -> Task:
        """Return what the training of all folds under one seed needs."""
        model, recipe = split_model(self.config["model"])
        fit_edges = nodes = None
        if "nodes" in self.config:  # a model may read no graph, or have its own loss
            source = build(self.config["nodes"])
            fit_edges = partial(build(self.config["edges"]).fit, source.node_set())
            both_sides = getattr(source, "both_sides", True)  # without the key, units are not measured at a place
            nodes = Nodes(source.node_set(), both_sides, getattr(source, "au_baseline", "onset") == "onset")
        return Task(
            experiment=self.name,
            seed=seed,
            samples=self.samples,
            targets=self.targets,
            make_model=partial(build_model, model),
            make_loss=partial(build, self.config["loss"]) if "loss" in self.config else None,
            fit_edges=fit_edges,
            recipe=recipe,
            device=self.config["device"],
            preload=modules_of(model),
            classical=model_traits(model).classical,
            subjects=dict(zip(self.clips.clip_id, self.clips.subject, strict=True)),
            nodes=nodes,
            **self._fits(),
            **{group: build(self.config[group]) for group in ("sampling", "augment") if group in self.config},
        )

    def _fits(self) -> dict[str, Any]:
        """Return what is fitted in every fold for a signal, by its name."""
        signals = {name: build(node) for name, node in self.config.get("signals", {}).items()}
        fits = {name: signal.fit for name, signal in signals.items() if signal.fits}
        return {"fit_signals": fits} if fits else {}

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


def targets_of(scheme: Any, clips: pd.DataFrame) -> Targets:
    """Ask what a label scheme asks of these clips."""
    units = () if scheme.targets == ("emotion",) else scheme.targets
    return Targets.of(clips, scheme.assign(clips), scheme.classes, units)


def load_experiment(name: str) -> Experiment:
    """Read what experiment ``name`` needs, choose its clips and make its folds."""
    config = read_config("experiments", name)
    clips = experiment_clips(config["datasets"])
    samples = experiment_samples(config)
    scheme = build(config["labels"])
    clips, excluded = select(clips, scheme, samples)
    splits = build(config["protocol"]).splits(without_labels(clips))
    return Experiment(
        name=name,
        config=config,
        scheme=scheme,
        clips=clips,
        excluded=excluded,
        samples=samples.subset(sorted(clips.clip_id)),
        targets=targets_of(scheme, clips),
        splits=splits,
    )


def how_to_run(config: dict[str, Any]) -> tuple[int | None, int | None]:
    """Return ``stack`` and ``processes`` of an experiment's section; None stands for ``auto``."""
    stack, processes = (None if config[key] == "auto" else config[key] for key in ("stack", "processes"))
    return stack, processes
