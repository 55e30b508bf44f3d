#!/usr/bin/env python
"""Does every model learn? Train each, by its small recipe, on `easy` synthetic clips, and once more on shuffled labels.

    .venv/bin/python scripts/check_models.py                 # every model of a face: some ten minutes on two cores
    .venv/bin/python scripts/check_models.py gcn ststnet
    .venv/bin/python scripts/check_models.py --write-docs    # and write docs/learns.md

A model passes where the lower end of the 95 % interval of its UF1 (pooled over the folds of leave-one-subject-out, mean
over seeds, resamples of subjects) lies above the UF1 of the majority class, and above its own UF1 when the labels of
every fold's training clips were shuffled. Exit 1 if one does not. Networks that read a video have one seed.
"""

import argparse
import os
import shutil
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

warnings.filterwarnings("ignore", category=FutureWarning, module=r"torch\.jit\._script")
os.environ.setdefault("PYTHONWARNINGS", "ignore::FutureWarning:torch.jit._script")

import yaml  # noqa: E402

from mmer.__main__ import main as mmer  # noqa: E402
from mmer.audit.shuffle import with_shuffled_labels  # noqa: E402
from mmer.metrics.bootstrap import intervals  # noqa: E402
from mmer.metrics.scores import mean_scores  # noqa: E402
from mmer.report.wording import aligned  # noqa: E402
from mmer.stages.build import options, read_option  # noqa: E402
from mmer.stages.experiment import load_experiment  # noqa: E402
from mmer.stages.model_traits import model_traits  # noqa: E402
from mmer.training.baselines import majority  # noqa: E402
from mmer.training.folds import PRELOAD, train_fold  # noqa: E402
from mmer.training.tables import predictions_table  # noqa: E402
from mmer.types.workers import cores, in_processes  # noqa: E402

ROOT = Path(__file__).parents[1]
DOC = ROOT / "docs" / "learns.md"
SEEDS = (0, 1, 2)
HEAD = ("model", "recipe", "seeds", "UF1", "95 % interval", "majority", "shuffled labels", "learns")
INTRO = """\
# Every model learns

Each model, by its small recipe (`conf/experiment/NAME_demo.yaml`; `full` where it has none: the values of
`conf/model`), on `easy` synthetic clips ({subjects} subjects, {clips} of each; those of the three classes of
`megc3`), leave one subject out. UF1 is pooled over the folds and averaged over seeds; its interval is that of
resampled subjects. Its lower end must lie above what the majority class scores, and above what the same model scores
when the labels of every fold's training clips are shuffled. These are not results of micro-expression recognition.
Written by `scripts/check_models.py --write-docs`.

"""


def workspace(folder: Path, names: list[str], subjects: int, clips: int) -> None:
    """Write a release and a params.yaml, and run the stages before training; the folder becomes the working one."""
    shutil.rmtree(folder / "conf", ignore_errors=True)
    shutil.copytree(ROOT / "conf", folder / "conf")
    os.chdir(folder)
    own = {name: f"{name}_demo" for name in names if f"{name}_demo" in options("experiment")}
    experiments = {
        name: {"datasets": ["casme2"], "protocol": "loso", "labels": "megc3", "model": name, "seeds": seeds_of(name)}
        | ({"experiment": own[name]} if name in own else {})
        for name in names
    }
    params = {
        "datasets": {"casme2": {}},
        "use": {"faces": "shipped", "motion": "optical_flow"},
        "experiments": experiments,
        "set": {"datasets": {"casme2": {"motion": {"n_frames": 16}}}},
    }
    Path("params.yaml").write_text(yaml.safe_dump(params))
    if not Path("data/casme2").exists():
        size = ["--subjects", str(subjects), "--clips", str(clips), "--seed", "1", "--preset", "easy"]
        run("synthesize", "casme2", "--out", "data/casme2", *size)
    run("config")
    for stage in ("clips", "tracks", "motion", "graphs"):
        if stage == "graphs" or not list(Path("artifacts", stage).glob("casme2*")):
            run(stage, "casme2")


def run(*command: str) -> None:
    if code := mmer(list(command)):
        sys.exit(code)


def seeds_of(name: str) -> list[int]:
    """Return the seeds of a model; three-dimensional convolutions take too long for several."""
    return [SEEDS[0]] if model_traits(read_option("model", name)).reads_video else list(SEEDS)


def trained(tasks: dict, item: tuple):
    """Train one fold of one model, on the labels as they are or shuffled, and predict its test clips."""
    name, shuffled, seed, place = item
    task, splits, corpora = tasks[name]
    task = replace(task, seed=seed)
    if shuffled:
        task = with_shuffled_labels(task, splits[place], corpora, seed)
    return train_fold(task, splits[place])


def check(names: list[str], jobs: int) -> list[tuple[str, ...]]:
    """Train everything; return a row per model, in words."""
    experiments = {name: load_experiment(name) for name in names}
    tasks, items = {}, []
    for name, one in experiments.items():
        corpora = dict(zip(one.clips.clip_id, one.clips.dataset, strict=True))
        tasks[name] = (one.task(0), one.splits, corpora)
        items += [
            (name, shuffled, seed, place)
            for shuffled in (False, True)
            for seed in one.config["seeds"]
            for place in range(len(one.splits))
        ]
    results = in_processes(trained, tasks, items, jobs, PRELOAD)
    found: dict[tuple[str, bool], list] = {}
    rows = []
    for (name, shuffled, *_), result in zip(items, results, strict=True):
        one = experiments[name]
        part = found.setdefault((name, shuffled), [])
        part.append(result)
        if shuffled and len(part) == len(one.splits) * len(one.config["seeds"]):
            rows.append(judged(one, found[name, False], part))
            print(" | ".join(rows[-1]), flush=True)
    return rows


def judged(one, straight: list, shuffled: list) -> tuple[str, ...]:
    """Put one model's scores in words."""
    tables = [
        predictions_table(one.name, results, one.targets, one.clips)
        for results in (straight, shuffled, majority(one.splits, one.targets))
    ]
    score, chance, floor = (float(mean_scores(table)["uf1"]) for table in tables)
    low, high = (float(value) for value in intervals(tables[0]).loc["uf1", ["low", "high"]])
    recipe = "demo" if f"{one.name}_demo" in options("experiment") else "full"
    words = (f"{score:.3f}", f"{low:.3f} – {high:.3f}", f"{floor:.3f}", f"{chance:.3f}")
    return (one.name, recipe, str(len(one.config["seeds"])), *words, "yes" if low > max(floor, chance) else "NO")


def reads_recordings(name: str) -> bool:
    """Say whether a model reads EEG, ECG or other recordings instead of the face."""
    return bool(model_traits(read_option("model", name)).signals)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="MODEL", help="of conf/model; all when left out")
    parser.add_argument("--subjects", type=int, default=12)
    parser.add_argument("--clips", type=int, default=6, help="clips per subject")
    parser.add_argument("--jobs", type=int, default=cores(), help="processes of one thread each")
    parser.add_argument("--folder", type=Path, help="kept, and used again if it is there; else a temporary one")
    parser.add_argument("--write-docs", action="store_true", help="write docs/learns.md; of all models only")
    given = parser.parse_args()
    os.chdir(ROOT)
    if unknown := sorted(set(given.names) - set(options("model"))):
        parser.error(f"conf/model has no {', '.join(unknown)}")
    if recorded := sorted(name for name in given.names if reads_recordings(name)):
        parser.error(f"{', '.join(recorded)} read recordings, which these clips have none of: `mmer table multimodal`")
    if given.names and given.write_docs:
        parser.error("--write-docs is for all models; name none")
    names = given.names or [name for name in options("model") if not reads_recordings(name)]
    with TemporaryDirectory() as scratch:
        folder = (given.folder or Path(scratch)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        workspace(folder, names, given.subjects, given.clips)
        rows = check(names, given.jobs)
        os.chdir(ROOT)
    table = aligned([HEAD, *rows])
    print(f"\n{table}")
    if given.write_docs:
        DOC.write_text(INTRO.format(subjects=given.subjects, clips=given.clips) + table)
    failed = [row[0] for row in rows if row[-1] != "yes"]
    if failed:
        print(f"do not learn: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
