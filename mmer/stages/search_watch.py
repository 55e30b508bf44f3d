"""What happens at the end of every trial of a search: files for the dashboard, and a line for who waits."""

import logging
import time
from collections.abc import Iterator, Mapping
from shlex import quote
from typing import Any

import numpy as np
import yaml

from mmer.stages import paths
from mmer.stages.search_config import Plan
from mmer.stages.search_tasks import StudyClips
from mmer.tuning.artifacts import keep_files, open_artifacts, trial_files
from mmer.tuning.trial import TrialOutcome
from mmer.types.errors import InputError

SECONDS_BETWEEN_LINES = 15.0

log = logging.getLogger("mmer")


class Watch:
    """Keeps the files of every trial, and says how far the search is.

    Parameters
    ----------
    plan : Plan
    parts : mapping of str to StudyClips
    """

    def __init__(self, plan: Plan, parts: Mapping[str, StudyClips]) -> None:
        self.plan, self.parts = plan, parts
        self.store = open_artifacts(paths.optuna_files(plan.search.name))
        self.start = self.said = time.monotonic()
        self.done, self.best = 0, {}

    def __call__(self, study: Any, trial: Any, outcome: TrialOutcome) -> None:
        """Look at a trial of an Optuna study before it is closed."""
        search = self.plan.search
        key = study.study_name.removeprefix(f"{search.name}/")
        keep_files(self.store, study, trial, self._files(key, trial, outcome))
        self.done += 1
        if outcome.score is not None and not outcome.pruned:
            self.best[key] = max(outcome.score, self.best.get(key, outcome.score))
        now, total = time.monotonic(), search.trials * len(self.parts)
        if self.done == total or now - self.said > SECONDS_BETWEEN_LINES:
            self.said = now
            # The first trials come with the start of the workers; what is left is not known from them.
            known = self.done >= min(search.generation, total)
            left = f"{(now - self.start) / self.done * (total - self.done):.0f} s left" if known else "the first ones"
            inner = sum(self.best.values()) / len(self.best) if self.best else float("nan")
            words = (search.name, self.done, total, search.metric, inner, len(self.best), left)
            log.info("search %s: %d/%d trials here, best inner %s %.3f (mean of %d), %s", *words)

    def _files(self, key: str, trial: Any, outcome: TrialOutcome) -> dict[str, str]:
        """Write what the dashboard shows of a trial."""
        part, search = self.parts[key], self.plan.search
        folds = [fold for fold in outcome.folds if not isinstance(fold, InputError)]
        said = f"inner {search.metric} {outcome.score:.4f}" if outcome.score is not None else outcome.error or "failed"
        row = {clip: place for place, clip in enumerate(part.targets.clip_ids)}
        tested = [row[clip] for fold in folds for clip in fold.clip_ids]
        return trial_files(
            f"trial {trial.number}",
            outcome.overrides,
            command(self.plan),
            (f"search {search.name}, study {key}", said),
            part.targets.units or part.targets.classes,
            part.targets.answer[tested],
            np.concatenate([fold.probabilities for fold in folds]) if folds else np.empty(0),
            [fold.curve for fold in folds],
        )


def command(plan: Plan) -> str:
    """Write the command that runs the experiment of a search; a trial's overrides are pasted behind it."""
    words = [f"{key}={_flow(value)}" for key, value in plan.choices.items()]
    words += [f"{key}={_flow(value)}" for key, value in _flat(plan.leaves)]
    return " ".join(["mmer", "run", f"{plan.search.name}_trial", *map(quote, words)])


def _flat(node: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield single values with their whole key."""
    for key, value in node.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _flow(value: Any) -> str:
    """Write a value as yaml on one line."""
    return yaml.safe_dump(value, default_flow_style=True, width=10**6).removesuffix("\n").removesuffix("\n...")
