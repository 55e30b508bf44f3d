"""Sampler: Optuna's, seeded anew for every trial by (seed, study, place of the trial).

Optuna's samplers draw from one running generator. A second run with the same seed would then repeat the first trials,
as would a second worker; and what is drawn would depend on how often the search was stopped. Here the draws of a trial
depend on its place and on the trials before it only.
"""

import warnings
from hashlib import sha256
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, GPSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

from mmer.tuning.ledger import Ledger


class PlaceSeeded(BaseSampler):
    """Hand every trial to a fresh sampler.

    Parameters
    ----------
    kind : str
        tpe (Bergstra et al., "Algorithms for hyper-parameter optimization", 2011; values are drawn together, and
        running trials count as bad ones, so that those of a generation keep apart), random, or gp (a Gaussian process;
        about a second per trial).
    seed : int
    branches : bool
        Whether the space has conditions. TPE then draws the values of each branch together.
    """

    def __init__(self, kind: str, seed: int, branches: bool) -> None:
        self.kind, self.seed, self.branches = kind, seed, branches
        self._sampler: BaseSampler = RandomSampler(seed=seed)

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Seed the draws of a trial."""
        place = Ledger(study.get_trials(deepcopy=False)).slot(trial)
        digest = sha256(f"{self.seed}/{study.study_name}/{place}".encode()).digest()
        self._sampler = self._make(int.from_bytes(digest[:4], "big"))
        self._sampler.before_trial(study, trial)

    def _make(self, seed: int) -> BaseSampler:
        if self.kind == "random":
            return RandomSampler(seed=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            if self.kind == "gp":
                return GPSampler(seed=seed)
            return TPESampler(seed=seed, multivariate=True, group=self.branches, constant_liar=True)

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Say which values are drawn together."""
        return self._sampler.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Draw values together."""
        return self._sampler.sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Draw one value."""
        return self._sampler.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self, study: optuna.Study, trial: FrozenTrial, state: TrialState, values: list[float] | None
    ) -> None:
        """Do nothing: the sampler of this trial is gone."""

    def reseed_rng(self) -> None:
        """Do nothing: every trial has its own seed."""
