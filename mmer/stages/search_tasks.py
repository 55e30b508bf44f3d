"""Trials of a search -> trainings. Each study has samples, targets and inner folds of its own training clips only."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from mmer.stages.build import build
from mmer.stages.executor import executor
from mmer.stages.experiment import make_task, targets_of
from mmer.stages.search_config import Plan
from mmer.stages.search_inputs import trial_samples
from mmer.stages.searched import clips_digest, untouched
from mmer.stages.select import all_there, experiment_clips, samples_key, select
from mmer.training.checks import check_folds
from mmer.training.many import run_many
from mmer.training.task import Task
from mmer.tuning.analysis import DEVELOPMENT
from mmer.tuning.trial import Folds, TrialRequest
from mmer.types.clips import without_labels
from mmer.types.errors import InputError, nearest
from mmer.types.samples import Samples
from mmer.types.split import Split
from mmer.types.targets import Targets


@dataclass(frozen=True)
class StudyClips:
    """All that one study knows of.

    Parameters
    ----------
    name : str
        The outer fold, or ``development``.
    clips : DataFrame
        Clips table of the clips it may see.
    targets : Targets
        Of them.
    splits : tuple of Split
        The inner folds, named ``OUTER/INNER``.
    """

    name: str
    clips: pd.DataFrame
    targets: Targets
    splits: tuple[Split, ...]

    @property
    def seen(self) -> dict[str, Any]:
        """Say on whom its choices are made, in the words of conf/tuned."""
        return {
            "subjects_seen": sorted(set(self.clips.subject.astype(str))),
            "clips_seen": clips_digest(self.clips.clip_id),
        }


class SearchTasks:
    """The studies of a search, and what trains their trials; works inside ``paths.made_elsewhere``.

    Parameters
    ----------
    plan : Plan

    Raises
    ------
    InputError
        There are no clips, folds or inner folds as the search wants them, or an example of its space cannot be trained
        on them.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._all: dict[str, Samples] = {}
        self._own: dict[tuple[str, str], Samples] = {}
        self._clip_ids: list[str] = []
        base = plan.base
        scheme, samples = build(base["labels"]), self._samples(base)
        clips, _ = select(experiment_clips(base["datasets"]), scheme, samples)
        self._clip_ids = sorted(clips.clip_id)
        splits = build(base["protocol"]).splits(without_labels(clips))
        parts = self._parts(clips, splits)
        self.studies = {name: self._study(name, part, scheme) for name, part in parts.items()}
        self._check()

    def train(self, requests: Sequence[TrialRequest], place: int | None) -> Iterator[Folds]:
        """Train trials and yield the results of each one's inner folds; see ``mmer.tuning.trial.Train``."""
        trainings: list[tuple[Task, Split]] = []
        plans: list[int | InputError] = []
        for request in requests:
            try:
                found = self.trainings(request.study, request.overrides, place)
            except InputError as error:
                plans.append(error)
            else:
                plans.append(len(found))
                trainings += found
        results = iter(run_many(trainings, executor(), self.plan.search.stack) if trainings else ())
        for number in plans:
            yield (number,) if isinstance(number, InputError) else tuple(next(results) for _ in range(number))

    def trainings(self, study: str, overrides: Sequence[str], place: int | None) -> list[tuple[Task, Split]]:
        """Return the trainings of one trial: its inner folds (or the one at a place), each under every seed."""
        part, section = self.studies[study], self.plan.section(overrides)
        samples, search = self._samples_of(part, section), self.plan.search
        tasks = [make_task(search.name, seed, section, samples, part.targets, part.clips) for seed in search.seeds]
        splits = part.splits if place is None else part.splits[place : place + 1]
        return [(task, split) for split in splits for task in tasks]

    def _samples(self, section: dict[str, Any]) -> Samples:
        """Return the samples of all clips under a section."""
        key = samples_key(section)
        if key not in self._all:
            self._all[key] = trial_samples(section, self.plan.out["datasets"])
        return self._all[key]

    def _samples_of(self, part: StudyClips, section: dict[str, Any]) -> Samples:
        """Return those of one study's clips; equal ones are one object, which is sent to workers once."""
        key = (part.name, samples_key(section))
        if key not in self._own:
            who = f"{self.plan.file}: study {part.name}"
            whole = all_there(who, self._samples(section), self._clip_ids)  # of all clips: every study has the same
            self._own[key] = whole.subset(sorted(part.clips.clip_id))
        return self._own[key]

    def _parts(self, clips: pd.DataFrame, splits: Sequence[Split]) -> dict[str, pd.DataFrame]:
        """Cut out the clips of each study."""
        search, file = self.plan.search, self.plan.file
        if search.mode == "nested":
            if odd := [split.fold for split in splits if not split.person_independent]:
                raise InputError(
                    f"{file}: fold {odd[0]!r} tests people that it trains on; choose a protocol by subject"
                )
            return {split.fold: clips[clips.clip_id.isin(set(split.train))] for split in splits}
        there = set(clips.subject)
        for subject in search.development_subjects:
            if subject not in there:
                raise InputError(
                    f"{file}: development_subjects: no clip in use is of {subject!r}; {nearest(subject, there)}"
                )
        try:
            untouched(search.name, splits, {"search": search.name, "development_subjects": search.development_subjects})
        except InputError as error:
            raise InputError(f"{file}: {error}") from error
        return {DEVELOPMENT: clips[clips.subject.isin(search.development_subjects)]}

    def _study(self, name: str, clips: pd.DataFrame, scheme: Any) -> StudyClips:
        """Make the inner folds of a study."""
        clips = clips.sort_values("clip_id").reset_index(drop=True)
        who = f"{self.plan.file}: inner folds within {self._words(name)}"
        try:
            splits = self.plan.inner_protocol().splits(without_labels(clips))
        except InputError as error:
            raise InputError(f"{who}: {error}") from error
        if odd := [split.fold for split in splits if not split.person_independent]:
            raise InputError(f"{who}: {odd[0]!r} tests people that it trains on; choose a protocol by subject")
        if not splits:
            raise InputError(f"{who}: the protocol makes none")
        own = tuple(replace(split, fold=f"{name}/{split.fold}") for split in splits)
        return StudyClips(name, clips, targets_of(scheme, clips), own)

    def _check(self) -> None:
        """Try the base on every study's inner folds, and every example of the space on those of the first."""
        file = self.plan.file
        for part in self.studies.values():
            self._try(part, (), f"{file}: inner folds within {self._words(part.name)}")
        first = next(iter(self.studies.values()))
        for example in self.plan.search.space.examples():
            self._try(first, example, f"{file}: space: trial {' '.join(example)}")

    def _try(self, part: StudyClips, overrides: Sequence[str], where: str) -> None:
        try:
            check_folds(self.trainings(part.name, overrides, 0)[0][0], part.splits)
        except InputError as error:
            raise InputError(f"{where}: {error}") from error

    def _words(self, study: str) -> str:
        development = self.plan.search.mode == "development"
        return "the development subjects" if development else f"the training clips of fold {study!r}"


def tuned_found(
    plan: Plan, parts: Mapping[str, StudyClips], best: Mapping[str, tuple[Sequence[str], float]]
) -> dict[str, Any]:
    """Put together what conf/tuned says.

    Parameters
    ----------
    plan : Plan
    parts : mapping of str to StudyClips
        The studies.
    best : mapping of str to (sequence of str, float)
        Overrides and score of the best trial of each.
    """
    search = plan.search
    about = {"search": search.name, "mode": search.mode, "metric": search.metric, "trials": search.trials}
    found = {
        key: {"overrides": list(best[key][0]), "inner_score": float(best[key][1]), **part.seen}
        for key, part in parts.items()
    }
    if search.mode == "nested":
        return about | {"digest": plan.digest, "folds": found}
    one = found[DEVELOPMENT]
    subjects = one.pop("subjects_seen")
    return about | {"digest": plan.digest, "development_subjects": subjects, **one}
