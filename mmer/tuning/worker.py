"""Worker: advances the studies of a search, generation by generation, over all of them together.

A generation of one study is asked for at once, and trained together with the generations of all other studies. Several
workers may do this on one storage: each takes what is lacking, and takes over what another lost when it died. With one
worker a search draws the same trials whether or not it was stopped on the way.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from mmer.training.fold_result import FoldResult
from mmer.tuning.beat import Beat, Watch
from mmer.tuning.judge import Judge
from mmer.tuning.ledger import Ledger
from mmer.tuning.search import Search
from mmer.tuning.storage import refusals
from mmer.tuning.trial import Folds, OnTrial, Train, TrialOutcome, TrialRequest
from mmer.types.errors import InputError

MOST_SECONDS_BETWEEN_LOOKS = 5.0

log = logging.getLogger("mmer")


def work(
    studies: Mapping[str, optuna.Study],
    search: Search,
    train: Train,
    judges: Mapping[str, Judge],
    on_trial: OnTrial | None = None,
) -> None:
    """Work on a search until every study has its trials, whoever trained them.

    Parameters
    ----------
    studies : dict of str to Study
        All studies of the search, by the name that requests carry. Every worker names the same ones.
    search : Search
    train : callable
        Trains some trials, see ``mmer.tuning.trial.Train``.
    judges : dict of str to callable
        Scores the results, by study.
    on_trial : callable, optional
        Sees every trial before it is closed.

    Raises
    ------
    InputError
        The storage went away, or ``train`` cannot go on. What was told is kept, and the next run trains the rest.
    """
    roll = studies[min(studies)]
    with refusals("of the search"), Beat(roll, search.storage.heartbeat) as me:
        worker = _Worker(studies, search, train, judges, on_trial, me)
        watch = Watch(roll, me, search.storage.grace)
        pause = min(search.storage.heartbeat, MOST_SECONDS_BETWEEN_LOOKS)
        waits = False
        while lacking := worker.unfinished(watch):
            if jobs := worker.last_chance(lacking) or [job for key in lacking for job in worker.take(key)]:
                waits = False
                worker.do(jobs)
                continue
            if not waits:
                log.info("search %s: waits for trials of other workers", search.name)
            waits = True
            time.sleep(pause)


@dataclass
class _Job:
    """A trial in the hands of this worker."""

    key: str
    trial: optuna.Trial
    overrides: tuple[str, ...]
    folds: Folds = ()


@dataclass(frozen=True)
class _Worker:
    studies: Mapping[str, optuna.Study]
    search: Search
    train: Train
    judges: Mapping[str, Judge]
    on_trial: OnTrial | None
    me: dict[str, Any]

    def unfinished(self, watch: Watch) -> list[str]:
        """Name the studies that lack finished trials; what was lost with a worker is put up for training again."""
        retries, names = self.search.storage.retries, []
        watch.look()
        for key, study in self.studies.items():
            trials = study.get_trials(deepcopy=False)
            lost = [trial for trial in trials if trial.state == TrialState.RUNNING and self._lost(watch, study, trial)]
            for trial in lost:
                who = trial.user_attrs.get("worker", {})
                log.info("%s: trial %d: its worker is gone %s", study.study_name, trial.number, who.get("host", ""))
                _close(study, trial, {"lost": self.me["id"]}, state=TrialState.FAIL)
            ledger = Ledger(study.get_trials(deepcopy=False) if lost else trials)
            for first, line in ledger.to_retry(retries).items():
                study.enqueue_trial(line.params, user_attrs={"retry_of": first})
            if ledger.finished(retries) < self.search.trials:
                names.append(key)
        return names

    def last_chance(self, keys: list[str]) -> list[_Job]:
        """Take one trial that would be given up if it were lost once more: alone, for another may be what kills."""
        for key in keys:
            ledger = Ledger(self.studies[key].get_trials(deepcopy=False))
            if ledger.waiting(lost=max(self.search.storage.retries, 1)) and (jobs := self._ask_for(key, 1)):
                return jobs
        return []

    def take(self, key: str) -> list[_Job]:
        """Take a generation of a study: trials that wait for another attempt, and new ones that fill it up."""
        search, ledger = self.search, Ledger(self.studies[key].get_trials(deepcopy=False))
        there, waiting = len(ledger.lines), ledger.waiting()
        # A generation that was cut short while it was asked for is filled up to where it would have ended; one that
        # was cut short while it trained is ended first. So stopping a search changes none of its trials.
        rest = -there % search.generation
        new = min(rest if waiting else rest or search.generation, max(search.trials - there, 0))
        return self._ask_for(key, min(waiting + new, search.generation))

    def _ask_for(self, key: str, number: int) -> list[_Job]:
        """Ask for some trials, and drop those that another worker asked for at the same moment."""
        study, kept = self.studies[key], []
        jobs = [self._ask(key) for _ in range(number)]
        trials = study.get_trials(deepcopy=False) if jobs else []
        ledger = Ledger(trials)
        for job in jobs:
            if ledger.superfluous(trials[job.trial.number], self.search.trials):
                _close(study, job.trial, {"withdrawn": True}, state=TrialState.FAIL)
            else:
                kept.append(job)
        return kept

    def do(self, jobs: list[_Job]) -> None:
        """Train trials and close each as soon as it is done."""
        if self.search.pruner.name == "none":
            for job, folds in zip(jobs, self.train(_requests(jobs), None), strict=True):
                job.folds = folds
                self._finish(job)
            return
        place = 0
        while jobs:
            going = []
            for job, folds in zip(jobs, self.train(_requests(jobs), place), strict=True):
                job.folds += folds
                if folds and self._report(job, folds, place):
                    going.append(job)
                else:
                    self._finish(job)
            jobs = []
            for job in going:  # all of a round have been reported: none is pruned for being first
                if job.trial.should_prune():
                    self._finish(job, pruned=True)
                else:
                    jobs.append(job)
            place += 1

    def _ask(self, key: str) -> _Job:
        trial = self.studies[key].ask()
        trial.set_user_attr("worker", self.me)
        overrides = self.search.space.suggest(trial)
        trial.set_user_attr("overrides", list(overrides))
        return _Job(key, trial, overrides)

    def _lost(self, watch: Watch, study: optuna.Study, trial: FrozenTrial) -> bool:
        return watch.gone(trial.user_attrs.get("worker"), f"{study.study_name} {trial.number}")

    def _report(self, job: _Job, folds: Folds, place: int) -> bool:
        """Tell the pruner about a fold; False where the trial failed."""
        if any(isinstance(fold, InputError) for fold in folds):
            return False
        judge = self.judges[job.key]
        try:
            score = judge(job.folds)[0]
        except InputError:
            return False
        if self.search.pruner.name == "wilcoxon":  # pairs of one fold under two trials
            try:
                score = judge(folds)[0]
            except InputError:
                return True  # the fold alone does not define the score, under no trial
        job.trial.report(score, place)
        return True

    def _finish(self, job: _Job, pruned: bool = False) -> None:
        """Score a trial and close it."""
        outcome = self._outcome(job, pruned)
        about = {"seconds": outcome.seconds}
        if outcome.error is not None:
            about["error"] = outcome.error
            log.warning("%s: trial %d (%s): %s", job.key, job.trial.number, " ".join(job.overrides), outcome.error)
        study = self.studies[job.key]
        try:
            if self.on_trial:
                self.on_trial(study, job.trial, outcome)
        except UpdateFinishedTrialError:
            pass  # closed by another worker; the next line says so
        if outcome.error is not None:
            closed = _close(study, job.trial, about, state=TrialState.FAIL)
        elif pruned:
            closed = _close(study, job.trial, about, state=TrialState.PRUNED)
        else:
            closed = _close(study, job.trial, about, outcome.score)
        if not closed:
            log.warning("%s: trial %d was taken over by another worker", job.key, job.trial.number)

    def _outcome(self, job: _Job, pruned: bool) -> TrialOutcome:
        errors = [fold for fold in job.folds if isinstance(fold, InputError)]
        results = [fold for fold in job.folds if isinstance(fold, FoldResult)]
        score = predictions = None
        try:
            if errors:
                raise errors[0]
            if not results:
                raise InputError("it has no inner fold")
            score, predictions = self.judges[job.key](results)
        except InputError as failure:
            error = str(failure) + (f" (and {len(errors) - 1} more folds)" if len(errors) > 1 else "")
        else:
            error = None
        seconds = float(sum(fold.seconds for fold in results))
        return TrialOutcome(job.overrides, job.folds, predictions, score, seconds, pruned, error)


def _requests(jobs: list[_Job]) -> list[TrialRequest]:
    return [TrialRequest(job.key, job.trial.number, job.overrides) for job in jobs]


def _close(
    study: optuna.Study,
    trial: optuna.Trial | FrozenTrial,
    about: Mapping[str, Any],
    value: float | None = None,
    state: TrialState | None = None,
) -> bool:
    """Write attributes of a trial and close it; False where another worker has closed it before."""
    try:
        for key, said in about.items():
            # Of trials of other workers there is no handle: making one would draw values.
            study._storage.set_trial_user_attr(trial._trial_id, key, said)
        study.tell(trial.number, value, state=state)
    except (UpdateFinishedTrialError, ValueError):
        if study.get_trials(deepcopy=False)[trial.number].state.is_finished():
            return False
        raise
    return True
