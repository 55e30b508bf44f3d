"""``mmer search NAME``: run a search, or join it as one more worker; leaves all trials and what was found."""

import json
import os
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from mmer.stages import paths
from mmer.stages.search_config import Plan
from mmer.stages.search_inputs import data_digest, made_folders, search_code
from mmer.stages.search_tasks import SearchTasks, StudyClips, tuned_found
from mmer.stages.search_watch import Watch
from mmer.stages.tuned import tuned_text
from mmer.tuning.analysis import summarise
from mmer.tuning.judge import Pooled
from mmer.tuning.results import best, trials_table
from mmer.tuning.storage import open_storage
from mmer.tuning.study import open_study
from mmer.tuning.worker import work
from mmer.types.whole_file import whole_file

STORAGE = "MMER_OPTUNA_STORAGE"  # environment variable: a URL that is in no file, for it may hold a password
LIBRARIES = ("torch", "torch-geometric", "numpy", "scikit-learn", "optuna")


def main(name: str, worker: bool = False, fresh: bool = False) -> None:
    """Advance all studies of a search until each has its trials.

    Parameters
    ----------
    name : str
        Stem of a file in conf/search.
    worker : bool
        Join a search that runs elsewhere, and write nothing in artifacts/.
    fresh : bool
        Put studies that were made before aside, under another name, and start anew.

    Raises
    ------
    InputError
        The search is wrong, or its storage holds trials of another space, code or data. Or no trial of a study
        finished.
    """
    plan = Plan.read(name)
    sections = [plan.section(example) for example in ((), *plan.search.space.examples())]
    datasets = {dataset: plan.out["datasets"][dataset] for dataset in plan.base["datasets"]}
    modules = plan.out["inputs"][name]["modules"]
    digests = {dataset: data_digest(dataset, sections) for dataset in datasets}
    with paths.made_elsewhere(made_folders(datasets, digests, modules)):
        tasks = SearchTasks(plan)
        url = os.environ.get(STORAGE, plan.search.storage.url)
        storage = open_storage(url, paths.OPTUNA, name, plan.search.storage)
        identity = {"base": plan.base_digest, "data": _joined(digests), "code": search_code(modules), **_versions()}
        studies = {
            key: open_study(plan.search, storage, f"{name}/{key}", identity | {"clips": part.seen["clips_seen"]}, fresh)
            for key, part in tasks.studies.items()
        }
        judges = {key: Pooled(key, plan.search.metric, part.targets, part.clips) for key, part in tasks.studies.items()}
        watch = Watch(plan, tasks.studies)
        work(studies, plan.search, tasks.train, judges, watch)
    if not worker:
        _write(plan, tasks.studies, studies)


def _joined(digests: Mapping[str, str]) -> str:
    return " ".join(f"{name}:{digest}" for name, digest in sorted(digests.items()))


def _versions() -> dict[str, str]:
    return {library: version(library) for library in LIBRARIES}


def _write(plan: Plan, parts: Mapping[str, StudyClips], studies: Mapping[str, Any]) -> None:
    """Write all trials, what was found, and a summary."""
    folder, trials = paths.tune(plan.search.name), trials_table(studies)
    best_of = {key: best(study) for key, study in studies.items()}
    chosen = {key: (trial.user_attrs["overrides"], trial.value) for key, trial in best_of.items()}
    found = tuned_found(plan, parts, chosen)
    summary = summarise(plan.search.name, plan.search, studies, trials, plan.digest)
    with whole_file(folder / "trials.parquet") as partial:
        trials.to_parquet(partial, index=False)
    for name, text in (
        ("trials.csv", trials.to_csv(index=False)),
        ("best.yaml", tuned_text(found)),
        ("summary.json", json.dumps(summary, indent=1) + "\n"),
    ):
        with whole_file(folder / name) as partial:
            partial.write_text(text, encoding="utf-8")
    print(
        f"search {plan.search.name}: {len(trials)} trials, {summary['seconds']:.0f} s of training, best inner "
        f"{plan.search.metric} {summary['inner_mean']:.3f} (mean of {len(studies)} studies); "
        f"`mmer adopt {plan.search.name}` takes what was found"
    )
