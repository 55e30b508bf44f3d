"""A study: one model under one protocol, all folds, in this process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import pandas as pd

from mmer.notebook.rooms import Choice, node_of, splits
from mmer.notebook.tables import Predictions, Splits
from mmer.stages.build import build
from mmer.stages.experiment import make_task, targets_of
from mmer.stages.model_traits import model_traits
from mmer.stages.select import select
from mmer.training.baselines import majority, prior
from mmer.training.fit import Fitted
from mmer.training.fold_result import FoldResult
from mmer.training.folds import fit_fold, run_folds
from mmer.training.recipe import Recipe
from mmer.training.tables import predictions_table
from mmer.training.task import Task
from mmer.types.errors import InputError, listing
from mmer.types.samples import Samples
from mmer.types.saw import Saw
from mmer.types.targets import Targets
from mmer.types.view import facts, number

OF_NETWORKS = ("loss", "sampling", "augment")
OF_GRAPHS = ("nodes", "edges")


@dataclass(frozen=True)
class Study:
    """One model under one protocol. Nothing is trained before it is asked for.

    Parameters
    ----------
    name : str
        Under which everything random derives, as for an experiment of params.yaml.
    config : dict
        The choices, as in a section of artifacts/config.yaml.
    clips : DataFrame
        The clips that take part.
    excluded : DataFrame
        ``clip_id`` and ``reason`` of the others.
    samples : Samples
    targets : Targets
    splits : Splits
    seeds : tuple of int
    """

    name: str
    config: dict[str, Any]
    clips: pd.DataFrame
    excluded: pd.DataFrame
    samples: Samples
    targets: Targets
    splits: Splits
    seeds: tuple[int, ...] = (0,)

    def task(self, seed: int = 0) -> Task:
        """Return what all folds share under one seed, see ``mmer.training.task``."""
        return replace(make_task(self.name, seed, self.config, self.samples, self.targets, self.clips), saw=True)

    def fit(self, fold: str, seed: int = 0) -> Fitted:
        """Fit one fold on the clips of its training side; it is given nothing of the others."""
        return fit_fold(self.task(seed), self.splits.of(fold))

    @cached_property
    def results(self) -> tuple[FoldResult, ...]:
        """Every fold under every seed: probabilities, curves, what was fitted on whom. Trained when first asked for."""
        task = self.task(self.seeds[0])
        # One process: workers would import a script that calls this, and run it again.
        return tuple(run_folds(task, self.splits, processes=1, seeds=self.seeds))

    def predict(self) -> Predictions:
        """Train all folds and return the predictions of their test clips."""
        return self._table(self.name, self.results)

    def baselines(self) -> dict[str, Predictions]:
        """Return predictions of what any model must beat: the majority class, and draws from the class frequencies."""
        made = {"majority": majority(self.splits, self.targets), "prior": prior(self.splits, self.targets)}
        return {name: self._table(name, results) for name, results in made.items()}

    @property
    def curves(self) -> pd.DataFrame:
        """Loss and accuracy on the training clips: ``epoch``, ``loss``, ``accuracy``, ``seed``, ``fold``."""
        parts = [result.curve.assign(seed=result.seed, fold=result.fold) for result in self.results]
        return pd.concat(parts, ignore_index=True)

    @property
    def saw(self) -> Saw:
        """What the models looked at in their test clips.

        Raises
        ------
        InputError
            The model shows nothing of itself: it is no network.
        """
        if not (parts := [result.saw for result in self.results if result.saw is not None]):
            raise InputError(f"{self.name}: the model {self.config['model']['name']} shows nothing of what it saw")
        return Saw.merge(parts)

    def _table(self, name: str, results: Sequence[FoldResult]) -> Predictions:
        return Predictions(predictions_table(name, results, self.targets, pd.DataFrame(self.clips)))

    def _repr_html_(self) -> str:
        chosen = {
            group: node["name"] for group, node in self.config.items() if isinstance(node, Mapping) and "name" in node
        }
        clips = f"{number(len(self.clips), 'clip')} of {number(self.clips.subject.nunique(), 'subject')}"
        left = f", {len(self.excluded)} excluded" if len(self.excluded) else ""
        trained = "trained" if "results" in self.__dict__ else "not trained yet"
        asked = f"{len(self.targets.units)} action units" if self.targets.units else ", ".join(self.targets.classes)
        rows = chosen | {"clips": clips + left, "asked for": asked, "folds": len(self.splits), "seeds": self.seeds}
        return facts(f"{self.name} ({trained})", rows)


def study(
    clips: pd.DataFrame,
    samples: Samples,
    model: Choice = "gcn",
    labels: Choice = "megc3",
    protocol: Choice = "loso",
    *,
    nodes: Choice = "action_units",
    edges: Choice = "au_probability",
    loss: Choice | None = None,
    sampling: Choice = "natural",
    augment: Choice = "none",
    seeds: Sequence[int] = (0,),
    name: str = "study",
    device: str = "auto",
    **keys: Any,
) -> Study:
    """Put a study together.

    Parameters
    ----------
    clips : DataFrame
        Clips table.
    samples : Samples
        Of the same clips, from ``graphs`` or ``flows``.
    model, labels, protocol : str or mapping
        Of conf/.
    nodes, edges : str or mapping
        Those of the graphs; the edges' weights are fitted in each fold. A model without a graph reads neither.
    loss : str or mapping, optional
        Weighted cross entropy when left out, of action units binary.
    sampling, augment : str or mapping
    seeds : sequence of int
    name : str
    device : str
        ``auto``, ``cpu`` or ``cuda``.
    **keys
        Of the model's yaml or of its training, e.g. ``hidden=64, epochs=20``.

    Returns
    -------
    Study

    Raises
    ------
    InputError
        A choice or key does not exist, or no clip is left.
    """
    nodes_of = {"model": model, "labels": labels, "protocol": protocol, "nodes": nodes, "edges": edges}
    nodes_of |= {"sampling": sampling, "augment": augment}
    config = {group: node_of(group, choice) for group, choice in nodes_of.items()}
    if made := [group for group, node in config.items() if node is None]:
        raise InputError(f"study: {listing(made)} must be a name of conf/ or the content of a yaml, not an object")
    # What only some recipes say need not be in the yaml to be set.
    own = set(config["model"]) | {field.name for field in fields(Recipe)}
    if strange := sorted(set(keys) - own):
        raise InputError(
            f"study: the model {config['model']['name']} has no key {strange[0]!r}; it has {listing(sorted(own), 30)}"
        )
    config["model"] |= keys
    scheme, traits = build(config["labels"]), model_traits(config["model"])
    units = tuple(scheme.targets) != ("emotion",)
    config["loss"] = node_of("loss", loss or ("weighted_bce" if units else "weighted_cross_entropy"))
    unread = (*(() if traits.reads_graph else OF_GRAPHS), *(OF_NETWORKS if traits.classical else ()))
    config = {group: node for group, node in config.items() if group not in unread} | {"device": device}
    kept, excluded = select(pd.DataFrame(clips), scheme, samples)
    return Study(
        name=name,
        config=config,
        clips=kept,
        excluded=excluded,
        samples=samples.subset(sorted(kept.clip_id)),
        targets=targets_of(scheme, kept),
        splits=splits(kept, config["protocol"]),
        seeds=tuple(seeds),
    )
