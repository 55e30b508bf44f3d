"""DFME (Zhao et al., IEEE Transactions on Affective Computing 15(3), 2024, doi 10.1109/TAFFC.2023.3341918)."""

import logging
from collections import Counter
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import ClassVar

import pandas as pd

from mmer.datasets.clip_folders import corpus_root
from mmer.datasets.coding import coded_clips, log_version
from mmer.datasets.table import Row, Table
from mmer.datasets.versions import Version, recognise, tables
from mmer.types.errors import InputError, listing, nearest

COLUMNS = {
    "subject": "Subject",
    "clip": "Filename",
    "onset": "OnsetFrame",
    "apex": "ApexFrame",
    "offset": "OffsetFrame",
    "emotion": "Emotion",
    "fps": "Fps",
    "action_units": "AU",
}
OPTIONAL = {"emotion_id": "EmotionId"}
IDS = ("anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")  # by EmotionId, from 0
PARTS = ("training", "test_a", "test_b")
VERSIONS = (
    Version(
        name="challenge, training",
        files=("training_full_with_AU.xlsx", "*train*full_with_AU*.xlsx"),
        sheet=None,
        columns=COLUMNS,
        optional=OPTIONAL,
        rows=1856,
        subjects=176,
        words=dict(zip(IDS, (161, 100, 548, 265, 206, 278, 298), strict=True)),
        note="the paper counts 7,526 clips; 2,629 of them are public, in three parts",
    ),
    Version(
        name="challenge, test A",
        files=("testA_full_with_AU.xlsx", "*test_A_full_with_AU*.xlsx", "*testA*full_with_AU*.xlsx"),
        sheet=None,
        columns=COLUMNS,
        optional=OPTIONAL,
        rows=474,
        subjects=42,
        words=dict(zip(IDS, (39, 34, 129, 62, 63, 46, 101), strict=True)),
    ),
    Version(
        name="challenge, test B",
        files=("testB_full_with_AU.xlsx", "*test_B_full_with_AU*.xlsx", "*testB*full_with_AU*.xlsx"),
        sheet=None,
        columns=COLUMNS,
        optional=OPTIONAL,
        rows=299,
        subjects=41,
        words=dict(zip(IDS, (41, 37, 58, 38, 42, 35, 48), strict=True)),
    ),
)

log = logging.getLogger("mmer")


@dataclass(frozen=True)
class Dfme:
    """The public part of DFME: 2,629 clips of 259 subjects at 200, 300 or 500 frames per second.

    It comes in three parts with a workbook each: 1,856 clips of 176 subjects to train on, 474 of 42 and 299 of 41 to
    test on. No subject is in two of them. The frame rate stands in every row. Frames are numbered from 0, so an onset
    of 0 is a frame like any other. A clip's folder lies in that of its part (``DFME_train/sub0003_01/00109.png``).

    Parameters
    ----------
    name : str
        Written in front of every id.
    root : str
        Folder of the corpus.
    parts : tuple of str
        Some of ``training``, ``test_a``, ``test_b``; of these, the ones whose workbook is there are read. Two datasets
        with one part each keep the challenge's own split.
    fps : float or None
        Hertz, for rows that state none.
    workbook : tuple of str
        Names of annotation files, ``*`` allowed, one for each of ``parts``, where they have other names than released.
    training_frames, test_a_frames, test_b_frames : tuple of str
        Folders or archives that may hold the frames of a part, in order of preference; found in any case.
    tracks : str
        Folder with tracks that come with the data, ``<tracks>/sub0003/sub0003_01.parquet``; not required.
    errata : tuple of dict
        Cells to correct: clip_id, column, was, now, source (see ``mmer.datasets.errata``).
    exclude : tuple of str
        Clip ids to leave out.
    """

    name: str = "dfme"
    root: str = "data/dfme"
    parts: tuple[str, ...] = PARTS
    fps: float | None = None
    workbook: tuple[str, ...] = ()
    training_frames: tuple[str, ...] = ("DFME_train", "train_data/train_data", "train_data")
    test_a_frames: tuple[str, ...] = ("test_data_A", "test_data_A/test_data_A")
    test_b_frames: tuple[str, ...] = ("test_data_B/test_data_B", "test_data_B")
    tracks: str = "tracks"
    errata: tuple[dict[str, str], ...] = field(default=(), hash=False)  # compared, but a dict has no hash
    exclude: tuple[str, ...] = ()

    versions: ClassVar[tuple[Version, ...]] = VERSIONS

    def annotations(self) -> list[Path]:
        """Name the workbooks that are there."""
        return [table.path for _, table in self._tables(corpus_root(self.name, self.root)).values()]

    def recognised(self) -> list[tuple[Version, Table]]:
        """Say which versions the workbooks are that are there."""
        return list(self._tables(corpus_root(self.name, self.root)).values())

    def clips(self) -> pd.DataFrame:
        """Read the workbooks and find the frames.

        Raises
        ------
        InputError
            Something is missing or contradicts itself; the message names file and cell, or the clips concerned.
        """
        root = corpus_root(self.name, self.root)
        read = self._tables(root)
        rows = [
            replace(row, cells={**row.cells, "part": part}) for part, (_, table) in read.items() for row in table.rows
        ]
        _compare_ids(rows)
        people: dict[str, set[str]] = {part: set() for part in read}

        def places(row: Row, subject: str, clip: str) -> tuple[str, ...]:
            people[row.cells["part"]].add(subject)
            return self._places(row, subject, clip)

        first = next(iter(read.values()))[1]
        clips = coded_clips(
            Table(first.path if len(read) == 1 else root, first.header, first.columns, tuple(rows)),
            self,
            subject_of=_subject,
            objective_of=lambda _: None,  # no column; where a scheme wants it, it is computed from the action units
            frames=(".",),  # the folders of the parts are the first step of every clip's path
            places_of=places,
            more_of=lambda row: {"fps": self._fps(row)},
        )
        times = Counter(one for subjects in people.values() for one in subjects)
        if several := [one for one, parts in times.items() if parts > 1]:
            log.warning(
                "dataset %s: %d subject(s) are in several parts, which are meant to share none: %s",
                *(self.name, len(several), listing(sorted(several))),
            )
        for part, (version, table) in read.items():
            own = clips.subject.isin({f"{self.name}/{subject}" for subject in people[part]})
            log_version(self.name, table, version, clips[own])
        return clips

    def _tables(self, root: Path) -> dict[str, tuple[Version, Table]]:
        """Read the workbook of every wanted part that is there: part -> version and table."""
        for part in self.parts:
            if part not in PARTS:
                raise InputError(f"dataset {self.name}: there is no part {part!r}; {nearest(part, PARTS)}")
        if not self.parts or len(set(self.parts)) < len(self.parts):
            raise InputError(f"dataset {self.name}: `parts` names {listing(self.parts) or 'nothing'}; each part once")
        if self.workbook and len(self.workbook) != len(self.parts):
            raise InputError(
                f"dataset {self.name}: {len(self.workbook)} file(s) under `workbook` for {len(self.parts)} part(s); "
                "name one for each of `parts`, in that order"
            )
        found, absent = {}, {}
        for at, part in enumerate(self.parts):
            version = VERSIONS[PARTS.index(part)]
            chosen = self.workbook[at : at + 1]
            try:
                version, _, table = recognise(root, self.name, (version,), chosen)
            except InputError as error:
                # A file that is there and cannot be read is never taken for one that is not there.
                if chosen or _lies_in(root, version):
                    raise
                absent[part] = error
            else:
                found[part] = (version, table)
        if not found:
            raise absent[self.parts[0]]
        if absent:
            log.info("dataset %s: no annotation file of %s in %s", self.name, listing(absent), root)
        return found

    def _places(self, row: Row, subject: str, clip: str) -> tuple[str, ...]:
        """Say where a clip's frames may lie: in the folder of its part, or in its subject's archive there."""
        folders = {"training": self.training_frames, "test_a": self.test_a_frames, "test_b": self.test_b_frames}
        bases = [Path(folder) for folder in folders[row.cells["part"]]]
        return tuple((base / inner).as_posix() for base in bases for inner in (clip, f"{subject}/{clip}"))

    def _fps(self, row: Row) -> float:
        """Read the frame rate of a row."""
        if not (fps := row.decimal("fps") or self.fps):
            raise InputError(f"{row.place('fps')} is empty; fill it in, or set `fps` in the dataset's yaml")
        return fps


def _subject(row: Row) -> str:
    return "sub" + row.digits("subject", 4, prefix="sub")


def _lies_in(root: Path, version: Version) -> bool:
    """Say whether a file has one of the version's names, with any suffix of a table."""
    stems = [Path(pattern).stem.casefold() for pattern in version.files]
    return any(fnmatchcase(path.stem.casefold(), stem) for path in tables(root) for stem in stems)


def _compare_ids(rows: list[Row]) -> None:
    """Warn where word and number of an emotion differ; the word counts."""
    wrong = []
    for row in rows:
        clip, word, number = (row.text(column, required=False) for column in ("clip", "emotion", "emotion_id"))
        if word and number and (not number.isdecimal() or IDS[int(number) : int(number) + 1] != (word.casefold(),)):
            wrong.append(f"{clip} ({word}, {number})")
    if wrong:
        log.warning(
            "%s: EmotionId is not that of Emotion in %d row(s), and is not used: %s",
            *(rows[0].places["emotion"][0].rstrip(", "), len(wrong), listing(wrong)),
        )
