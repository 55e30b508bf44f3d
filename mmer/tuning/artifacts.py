"""Files beside each trial, for the dashboard: confusion matrix, learning curves, and the overrides as text.

Optuna keeps the bytes in a folder and a note of each file with the trial. It takes such notes of running trials only,
so files are kept before a trial is told.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote
from tempfile import TemporaryDirectory

import numpy as np
import optuna
import pandas as pd
from optuna.artifacts import FileSystemArtifactStore, upload_artifact

from mmer.tuning.pictures import counts_picture, curves_picture

CONFUSION, CURVES, OVERRIDES = "confusion.svg", "curves.svg", "overrides.txt"
OUTCOMES = ("present, found", "present, missed", "absent, said present", "absent, said absent")


def open_artifacts(folder: Path) -> FileSystemArtifactStore:
    """Open the store of a folder, which is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    return FileSystemArtifactStore(folder)


def keep_files(
    store: FileSystemArtifactStore,
    study: optuna.Study,
    trial: optuna.Trial | optuna.trial.FrozenTrial,
    files: Mapping[str, str],
) -> None:
    """Put files beside a trial that is still running.

    Parameters
    ----------
    store : FileSystemArtifactStore
    study : Study
        Of the trial.
    trial : Trial or FrozenTrial
    files : mapping of str to str
        Name -> text.
    """
    with TemporaryDirectory(prefix="mmer-trial-") as folder:
        for name, text in files.items():
            path = Path(folder) / name
            path.write_text(text, encoding="utf-8")
            upload_artifact(artifact_store=store, file_path=str(path), study_or_trial=trial, storage=study._storage)


def trial_files(
    title: str,
    overrides: Sequence[str],
    command: str,
    remarks: Sequence[str],
    classes: Sequence[str],
    truth: np.ndarray,
    probabilities: np.ndarray,
    curves: Sequence[pd.DataFrame],
) -> dict[str, str]:
    """Write what the dashboard shows of a trial.

    Parameters
    ----------
    title : str
        Of the pictures: ``trial 7``.
    overrides : sequence of str
    command : str
        What the overrides are pasted behind: ``mmer run NAME model=gcn``.
    remarks : sequence of str
        Lines above the command: what search, which score.
    classes : sequence of K str
        Or of A action units.
    truth : ndarray of shape (n,) or (n, A)
        Class index of each inner test clip; or which units it shows, NaN where not annotated. Empty where every
        training failed: then there is no matrix.
    probabilities : ndarray of shape (n, K) or (n, A)
        In the order of ``truth``.
    curves : sequence of DataFrame
        Of the trainings (``epoch``, ``loss``, ``accuracy``).

    Returns
    -------
    dict of str to str
        File name -> text.
    """
    line = " ".join([command, *(quote(one) for one in overrides)])
    files = {OVERRIDES: "\n".join([*(f"# {text}" for text in remarks), line, "", *overrides, ""])}
    if len(truth):
        if truth.ndim == 1:
            counts = np.zeros((len(classes), len(classes)), int)
            np.add.at(counts, (truth.astype(int), probabilities.argmax(1)), 1)
            files[CONFUSION] = counts_picture(f"{title}: truth (rows) and prediction", classes, classes, counts)
        else:
            files[CONFUSION] = counts_picture(
                f"{title}: action units", classes, OUTCOMES, _outcomes(truth, probabilities > 0.5)
            )
    files[CURVES] = curves_picture(f"{title}: {len(curves)} trainings, median thick", curves)
    return files


def _outcomes(truth: np.ndarray, said: np.ndarray) -> np.ndarray:
    """Count, for each unit, the four outcomes; clips that are not annotated count nowhere."""
    shown, not_shown = truth > 0.5, truth < 0.5  # NaN is neither
    return np.stack(
        [(shown & said).sum(0), (shown & ~said).sum(0), (not_shown & said).sum(0), (not_shown & ~said).sum(0)], 1
    )
