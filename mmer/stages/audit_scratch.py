"""A scratch copy of the workspace in which the test clips of one fold carry the labels of other clips."""

import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

from mmer.audit.poison import Trace, poisoned_clips, trace
from mmer.stages import paths
from mmer.stages.experiment import Experiment, load_experiment
from mmer.training.task import task_of
from mmer.types.clips import LABELS, load_clips, save_clips
from mmer.types.errors import InputError
from mmer.types.fingerprint import split_hash
from mmer.types.split import Split

# What comes after the split needs these artifacts. The others stay hidden, predictions above all, which hold the truth;
# so do the annotation files in data/.
SHARED = (paths.CONFIG, *(paths.ARTIFACTS / stage for stage in ("graphs", "motion", "signals")))
HIDDEN = (paths.ARTIFACTS.name, "data")


def poisoned_trace(experiment: Experiment, split: Split) -> Trace:
    """Train a fold in a scratch copy of the workspace, from clips tables with poisoned test clips.

    The folds are held fixed. Everything else is made anew from the tables on disk: selection, classes, training.

    Raises
    ------
    InputError
        The protocol makes other folds from the poisoned tables.
    """
    with poisoned_workspace(experiment, split):
        other = load_experiment(experiment.name)
        if split_hash(other.splits) != split_hash(experiment.splits):
            raise InputError("the protocol, or the choice of clips, makes other folds without it")
        return trace(task_of(other.tasks(experiment.config["seeds"][0]), split.fold), split)


@contextmanager
def poisoned_workspace(experiment: Experiment, split: Split) -> Iterator[Path]:
    """Work, inside, in a scratch folder that has everything that comes after the split but the truth of test clips."""
    poisoned = poisoned_clips(experiment.clips, split.test, experiment.targets).set_index("clip_id")
    root = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="mmer-audit-") as name:
        scratch = Path(name)
        for entry in root.iterdir():
            if entry.name not in HIDDEN:
                (scratch / entry.name).symlink_to(entry)
        for path in sorted({*SHARED, *(paths.here(path) for path in SHARED)}):
            if path.exists():
                (scratch / path).parent.mkdir(parents=True, exist_ok=True)
                (scratch / path).symlink_to(root / path)
        for dataset in experiment.config["datasets"]:
            clips = load_clips(paths.clips(dataset)).set_index("clip_id", drop=False)
            ours = [clip for clip in clips.index if clip in set(split.test)]
            for column in LABELS:
                clips[column] = clips[column].astype(object)
                clips.loc[ours, column] = poisoned.loc[ours, column].astype(object)
            save_clips(clips.reset_index(drop=True), scratch / paths.clips(dataset))
        with chdir(scratch):
            yield scratch
