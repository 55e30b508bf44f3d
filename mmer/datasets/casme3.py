"""CAS(ME)^3, part A (Li et al., IEEE TPAMI 45(3), 2023, doi 10.1109/TPAMI.2022.3174895)."""

import logging
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import pandas as pd

from mmer.datasets.annotation_folder import annotation_folder
from mmer.datasets.clip_folders import corpus_root
from mmer.datasets.coding import coded_clips, objective_class
from mmer.datasets.errata import apply_errata, read_errata
from mmer.datasets.table import Row, Table
from mmer.datasets.versions import Version, recognise
from mmer.types.errors import InputError, listing

COLUMNS = {
    "subject": "Subject",
    "clip": "Filename",
    "onset": "Onset",
    "apex": "Apex",
    "offset": "Offset",
    "action_units": "AU",
    "emotion": "emotion",
    "objective_class": "Objective class",
}
VERSIONS = (
    Version(
        "v2",
        ("cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx",),
        "label",
        COLUMNS,
        rows=860,
        subjects=94,
        words={
            **{"disgust": 250, "surprise": 187, "others": 158, "Others": 3, "fear": 86, "anger": 64, "sad": 57},
            "happy": 55,
        },
        objective={"I": 15, "II": 151, "III": 234, "IV": 37, "V": 47, "VI": 3, "VII": 373},
        note="four of its rows contradict themselves, two more have a wrong frame; see `errata` of the yaml",
    ),
    Version(
        "v1",
        ("cas(me)3_part_A_ME_label_JpgIndex_v1.xls",),
        "Sheet1",
        COLUMNS,
        rows=921,
        subjects=95,
        words={
            **{"disgust": 275, "surprise": 199, "others": 163, "Others": 3, "fear": 91, "anger": 67, "sad": 63},
            "happy": 60,
        },
        objective={"I": 15, "II": 152, "III": 235, "IV": 37, "V": 48, "VI": 4, "VII": 430},
        note="has 65 clips that v2 dropped and lacks 4 that v2 has; two more columns without a header",
    ),
)
# Where people unpack the repository of the annotations, or the corpus itself.
ANNOTATION = (".", "annotation/partA", "annotation", "partA", "part_A/annotation", "PartA_annotation", "part_A")

log = logging.getLogger("mmer")


@dataclass(frozen=True)
class Casme3:
    """860 micro-expressions of 94 subjects in RGB and depth, 30 frames per second, 1280x720 pixels.

    Nearly half of the rows share a film with another row, so the onset stands in every id: ``casme3/spNO.1/a@355``, as
    the file states it, before errata. Only the colour pictures are read; those of the depth lie in folders of their own
    and have the same numbers. The frames are found in the release of clips (``Part_A_ME_clip/frame/spNo.1_a_355``) and
    in the whole films (``part_A/spNO.1/a/color``).

    A row whose onset lies after its offset (an offset of 0 is one that nobody entered) is left out, with a warning that
    names it. The errata of the yaml mend those of the released file.

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
    tracks : str
        Folder with tracks that come with the data, ``<tracks>/spNO.1/a@355.parquet``; not required.
    exclude : tuple of str
        Clip ids to leave out.
    errata : tuple of mappings
        Cells to correct: clip_id, column, was, now, source (see ``mmer.datasets.errata``).
    """

    versions: ClassVar[tuple[Version, ...]] = VERSIONS

    name: str = "casme3"
    root: str = "data/casme3"
    fps: float = 30.0
    workbook: tuple[str, ...] = ()
    annotation: tuple[str, ...] = ANNOTATION
    frames: tuple[str, ...] = ("Part_A_ME_clip/frame", "part_A/data/part_A_split/part_A")
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
        return coded_clips(
            self._in_order(table),
            self,
            subject_of=_subject,
            objective_of=objective_class,
            version=version,
            clip_of=_clip,
            places_of=_places,
        )

    def _found(self, root: Path) -> tuple[Version, Path, Table]:
        patterns = self.workbook or [pattern for version in self.versions for pattern in version.files]
        return recognise(annotation_folder(root, self.annotation, patterns), self.name, self.versions, self.workbook)

    def _in_order(self, table: Table) -> Table:
        """Leave out the rows whose onset lies after their offset even with the errata; never a row in silence."""
        named: dict[str, Row] = {}
        for row in table.rows:
            with suppress(InputError):  # a cell that cannot be read is reported with its clip, further on
                named[f"{self.name}/{_subject(row)}/{_clip(row)}"] = row
        out = {}
        for clip_id, row in apply_errata(named, read_errata(self.name, self.errata))[0].items():
            with suppress(InputError):
                onset, offset = row.whole("onset", missing=()), row.whole("offset", missing=())
                if onset > offset and clip_id not in self.exclude:
                    out[clip_id] = f"{clip_id} ({onset}..{offset}, {row.place('offset')})"
        if out:
            log.warning(
                "dataset %s: %d clip(s) are left out because their onset lies after their offset; add an erratum to "
                "the dataset's yaml: %s",
                *(self.name, len(out), listing(list(out.values()))),
            )
        without = {id(named[clip_id]) for clip_id in out}
        rows = tuple(row for row in table.rows if id(row) not in without)
        if out and not rows:
            raise InputError(f"dataset {self.name}: {table.path} has no clip whose onset lies before its offset")
        return replace(table, rows=rows)


def _subject(row: Row) -> str:
    return "spNO." + row.digits("subject", 1, prefix=r"spNO\.?")


def _clip(row: Row) -> str:
    """Name a clip by film and onset: ``a@355``."""
    return f"{row.filename('clip')}@{row.whole('onset', missing=())}"


def _places(row: Row, subject: str, clip: str) -> tuple[str, ...]:
    """Say where a clip's frames may lie: in a whole film, in a folder of its own, or that in a person's folder."""
    film, _, stated = clip.partition("@")
    onsets = dict.fromkeys((stated, row.text("onset")))  # an erratum may have changed it
    own = [f"{subject}_{film}_{onset}" for onset in onsets]
    return (*own, *(f"{subject}/{name}" for name in own), f"{subject}/{film}/color", f"{subject}/{film}")
