"""Examine the folder of a corpus: what is in it, what is wrong with it, and what to do."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from mmer.doctor.findings import Examination, Finding
from mmer.doctor.folders import folder_findings
from mmer.doctor.frames import check_frames, frame_findings
from mmer.doctor.reading import read, versions_of
from mmer.stages.doctor_corpus import corpus_of
from mmer.stages.doctor_labels import kept_by_labels
from mmer.stages.progress import progress
from mmer.types.errors import InputError


def main(
    path: str, changes: Sequence[str] = (), corpus: str | None = None, decode: bool = False, json: bool = False
) -> int:
    """Print what was found; nothing is written.

    Parameters
    ----------
    path : str
        Folder of a corpus.
    changes : sequence of str
        ``KEY=VALUE`` for keys of the corpus's yaml.
    corpus : str or None
        Its name in conf/dataset; None: the one whose annotation file is there.
    decode : bool
        Decode every frame.
    json : bool
        Print json.

    Returns
    -------
    int
        0 fine, 1 usable with warnings, 2 not usable.
    """
    try:
        found = examine(Path(path), changes, corpus, decode)
    except InputError as error:
        # A program that asked for json gets json whatever is wrong.
        found = Examination(path, corpus, findings=(Finding("corpus", "error", str(error)),))
    print(found.to_json() if json else found.to_text())
    return found.exit_code


def examine(path: Path, changes: Sequence[str], corpus: str | None, decode: bool) -> Examination:
    """Examine a folder; see ``main``."""
    if not path.is_dir():
        raise InputError(f"{path}: there is no such folder")
    dataset, settings, others = corpus_of(path, corpus, changes)
    clips, read_findings, problems = read(dataset)
    versions, findings = versions_of(dataset, clips)
    if others:
        text = "the folder holds more of this corpus; each is looked at alone, with its KEY=VALUE behind the folder"
        findings.append(Finding("also", "note", text, tuple(others)))
    findings += read_findings
    facts, labels = {"settings": settings} if settings else {}, {}
    if clips is not None:
        sources = check_frames(clips, decode, lambda items, total: progress(items, total, "doctor", "folder"))
        named = {clip.clip_id: clip.frames for clip in clips[clips.frames.notna()].itertuples()}
        lost = [problem.clip_id for problem in problems if problem.kind == "frames"]
        unread = [problem.clip_id for problem in problems if problem.kind == "row"]
        findings += [*frame_findings(sources), *folder_findings(path, named, lost, unread)]
        labels, label_findings = kept_by_labels(clips)
        findings += label_findings
        facts |= _facts(clips) | {"frames": sum(one.frames for one in sources)}
    files = tuple(file.as_posix() for file in dataset.annotations())
    version = "; ".join(one.name for one in versions) or None
    return Examination(str(path), dataset.name, version, files, tuple(findings), facts, labels)


def _facts(clips: pd.DataFrame) -> dict[str, Any]:
    """Count clips, subjects, classes and frame rates."""
    return {
        "clips": len(clips),
        "subjects": int(clips.subject.nunique()),
        "emotions": _counts(clips.emotion),
        "objective_classes": _counts(clips.objective_class),
        "fps": sorted(float(fps) for fps in clips.fps.dropna().unique()),
    }


def _counts(words: pd.Series) -> dict[str, int]:
    return {word: int(count) for word, count in words.value_counts().sort_index().items()}
