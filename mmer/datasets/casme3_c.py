"""CAS(ME)^3, part C: a mock crime (Li et al., IEEE TPAMI 45(3), 2023, doi 10.1109/TPAMI.2022.3174895)."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import pandas as pd

from mmer.datasets.annotation_folder import annotation_folder
from mmer.datasets.clip_folders import Entries, corpus_root, listed
from mmer.datasets.coding import coded_clips
from mmer.datasets.table import Row, Table
from mmer.datasets.versions import Version, recognise
from mmer.types.errors import InputError, listing

VERSIONS = (
    Version(
        "ME",
        ("CAS(ME)3_part_C_ME.xlsx",),
        "mockCrimeME",
        {
            **{"subject": "sub", "clip": "count", "onset": "onset", "offset": "offset", "action_units": "au"},
            "emotion": "emotion",
        },
        rows=165,
        subjects=30,
        words={"negative": 99, "surprise": 30, "others": 20, "positive": 16},
        note="no apex and no objective class; the other file of part C, CAS(ME)3_part_C.xls, contradicts it and has "
        "neither emotions nor action units, and the owners say not to use it",
    ),
)
ANNOTATION = (".", "annotation/partC", "annotation", "partC", "part_C/annotation", "PartC_annotation", "part_C")
SIGNALS = (
    "partC_Physiological_data",
    "part_C/partC_Physiological_data",
    "part_C/Physiological_data",
    "Physiological_data",
)


@dataclass(frozen=True)
class Casme3C:
    """165 micro-expressions of 30 people in interviews of eight minutes, 30 frames per second, with physiology.

    The emotion is one of negative, positive, surprise, others. There is no apex and no objective class, so both are
    null. A clip is named by its number in the file: ``casme3_c/01/3``.

    Each person has one text file of physiological signals, 200 Hz: minutes, PPG, RSP, ECG100C, EDA and a marker, whose
    first 5 is the first picture of the film. Its path stands in the column ``ecg``; it is not opened here.

    Parameters
    ----------
    name : str
        Written in front of every id.
    root : str
        Folder of the corpus.
    fps : float
        Hertz.
    workbook : tuple of str
        Name of the annotation file, ``*`` allowed, where it is not one of ``versions``.
    annotation : tuple of str
        Folders that may hold the annotation file, in order of preference; found in any case.
    frames : tuple of str
        Folders that may hold the frames, in order of preference; found in any case.
    signals : tuple of str
        Folders that may hold the signals (``1.txt`` or ``01.txt``), in order of preference; not required.
    tracks : str
        Folder with tracks that come with the data, ``<tracks>/01/3.parquet``; not required.
    exclude : tuple of str
        Clip ids to leave out.
    errata : tuple of mappings
        Cells to correct: clip_id, column, was, now, source (see ``mmer.datasets.errata``).
    """

    versions: ClassVar[tuple[Version, ...]] = VERSIONS

    name: str = "casme3_c"
    root: str = "data/casme3_c"
    fps: float = 30.0
    workbook: tuple[str, ...] = ()
    annotation: tuple[str, ...] = ANNOTATION
    frames: tuple[str, ...] = ("part_C/RGB_Depth/part_C/part_C",)
    signals: tuple[str, ...] = SIGNALS
    tracks: str = "tracks"
    exclude: tuple[str, ...] = ()
    errata: tuple[dict[str, str], ...] = field(default=(), hash=False)  # compared, but a dict has no hash

    def annotations(self) -> list[Path]:
        """Name the workbook."""
        return [self._found(corpus_root(self.name, self.root))[1]]

    def clips(self) -> pd.DataFrame:
        """Read the workbook and find the frames.

        Raises
        ------
        InputError
            Something is missing or contradicts itself; the message names file and cell, or the clips concerned.
        """
        root = corpus_root(self.name, self.root)
        version, _, table = self._found(root)
        signals = self._signals(root)
        return coded_clips(
            table,
            self,
            subject_of=_subject,
            objective_of=lambda _: None,  # no column; where a scheme wants it, it is computed from the action units
            version=version,
            clip_of=lambda row: row.digits("clip", 1),
            # One film per person, called "a"; some copies lack that level.
            places_of=lambda row, subject, clip: (f"{subject}/a/color", f"{subject}/color", f"{subject}/a"),
            more_of=lambda row: {"ecg": signals.get(_subject(row))},
        )

    def _found(self, root: Path) -> tuple[Version, Path, Table]:
        patterns = self.workbook or [pattern for version in self.versions for pattern in version.files]
        return recognise(annotation_folder(root, self.annotation, patterns), self.name, self.versions, self.workbook)

    def _signals(self, root: Path) -> dict[str, str]:
        """Find every person's file of signals: subject -> path; empty where there is no such folder."""
        for candidate in self.signals:
            folder: Path | None = root
            for part in Path(candidate).parts:
                folder = Entries.of(folder).entry(part) if folder else None
                folder = folder if folder and folder.is_dir() else None
            found: dict[str, list[Path]] = {}
            for path in listed(folder) if folder else ():
                if number := re.fullmatch(r"(?:sub)?0*(\d{1,9})\.txt", path.name, re.ASCII | re.IGNORECASE):
                    found.setdefault(number[1].zfill(2), []).append(path)
            for subject, paths in found.items():
                if len(paths) > 1:
                    raise InputError(
                        f"dataset {self.name}: {listing(map(str, paths))} could all hold the signals of {subject}; "
                        "keep one"
                    )
            if found:
                return {subject: paths[0].as_posix() for subject, paths in found.items()}
        return {}


def _subject(row: Row) -> str:
    return row.digits("subject", 2, prefix="sub")
