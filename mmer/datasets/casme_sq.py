"""CAS(ME)^2 (Qu et al., IEEE Transactions on Affective Computing 9(4), 2018, doi 10.1109/TAFFC.2017.2654440)."""

import logging
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import pandas as pd

from mmer.datasets.casme_sq_names import Names, film_folders, read_names
from mmer.datasets.clip_folders import corpus_root, frames_folder
from mmer.datasets.coding import coded_clips, marks
from mmer.datasets.table import Row, Table
from mmer.datasets.versions import Version, recognise
from mmer.types.errors import InputError, listing, nearest
from mmer.types.gathering import separable

# The coding sheet has no header.
COLUMNS = {
    "subject": "A",
    "clip": "B",
    "onset": "C",
    "apex": "D",
    "offset": "E",
    "action_units": "F",
    "emotion": "G",
    "expression": "H",
}
OPTIONAL = {"reported": "I"}
MICRO_WORDS = {"positive": 8, "negative": 21, "surprise": 9, "others": 19}
# Which clips are read -> what column H says of them, and how many the release has.
EXPRESSIONS = {"micro": (("micro",), 57), "macro": (("macro",), 300), "both": (("micro", "macro"), 357)}
NOT_SEEN = ("", "/", "?", "-")

log = logging.getLogger("mmer")


@dataclass(frozen=True)
class CasmeSq:
    """57 micro- and 300 macro-expressions of 22 subjects, 30 frames per second, 640x480 pixels.

    The coding sheet calls subjects by a running number; two more sheets of the workbook say in which folder a subject's
    frames lie (``s15``), and which film a clip's name means. The emotion is the coded category (positive, negative,
    surprise, others), not what the person reported, which only the workbook's last column knows.

    Where the offset is 0, nobody saw the end: the clip ends at its apex then, as the readers of the spotting challenges
    (MEGC) have it, and a warning names it. An apex of 0 is null.

    Parameters
    ----------
    name : str
        Written in front of every id.
    root : str
        Folder of the corpus.
    fps : float
        Hertz.
    expression : str
        ``micro``, ``macro`` or ``both``.
    workbook : tuple of str
        Names of the annotation file, ``*`` allowed, in order of preference; empty: the known versions.
    frames : tuple of str
        Folders that may hold the frames, in order of preference; found in any case. In ``selectedpic`` every clip has a
        folder (``s15/anger1_1``), in ``cropped`` too (``15/anger1_1``), in ``rawpic`` every film
        (``s15/15_0401...``).
    tracks : str
        Folder with tracks that come with the data, ``<tracks>/s15/anger1_1.parquet``; not required.
    errata : tuple of dict
        Corrections of single cells, see ``mmer.datasets.errata``.
    exclude : tuple of str
        Clip ids to leave out.
    """

    name: str = "casme_sq"
    root: str = "data/casme_sq"
    fps: float = 30.0
    expression: str = "micro"
    workbook: tuple[str, ...] = ()
    frames: tuple[str, ...] = ("selectedpic", "rawpic", "cropped")
    tracks: str = "tracks"
    errata: tuple[dict[str, str], ...] = field(default=(), hash=False)  # compared, but a dict has no hash
    exclude: tuple[str, ...] = ()

    versions: ClassVar[tuple[Version, ...]] = tuple(
        Version(
            name=name,
            files=files,
            sheet=None,  # CASFEcode_final or CASMEcode_final: always the first
            columns=COLUMNS,
            optional=OPTIONAL,
            top=0,
            rows=357,
            subjects=22,
            note="57 of the 357 rows are micro-expressions; no header",
        )
        for name, files in (
            ("updated", ("CAS(ME)^2code_final(Updated).xlsx", "CAS(ME)*2*code*final*Updated*.xlsx")),
            (
                "final",
                ("CAS(ME)^2code_final.xlsx", "CAS(ME)*2*code*final.xlsx", "code_final.xlsx", "CAS?Ecode_final.csv"),
            ),
        )
    )

    def __post_init__(self) -> None:
        """Refuse a kind of expression that does not exist."""
        if self.expression not in EXPRESSIONS:
            raise InputError(
                f"dataset {self.name}: there is no expression {self.expression!r}; "
                f"{nearest(self.expression, EXPRESSIONS)}"
            )

    def annotations(self) -> list[Path]:
        """Name the workbook, or a csv export of its sheets."""
        root = corpus_root(self.name, self.root)
        path = recognise(root, self.name, self.versions, self.workbook)[1]
        return [path, *read_names(root, path).files]

    def clips(self) -> pd.DataFrame:
        """Read the workbook and find the frames.

        Raises
        ------
        InputError
            Something is missing or contradicts itself; the message names file and cell, or the clips concerned.
        """
        root = corpus_root(self.name, self.root)
        version, path, table = recognise(root, self.name, self.versions, self.workbook)
        names = read_names(root, path)
        table = self._wanted(table)
        base = frames_folder(self.name, root, self.frames, names.folders())
        films = film_folders(base, names)
        open_ended: list[str] = []
        clips = coded_clips(
            table,
            self,
            subject_of=names.subject,
            objective_of=lambda _: None,  # no column; where a scheme wants it, it is computed from the action units
            version=replace(
                version,
                rows=EXPRESSIONS[self.expression][1],
                subjects=None if self.expression == "micro" else version.subjects,
                words=MICRO_WORDS if self.expression == "micro" else {},
            ),
            places_of=lambda row, subject, clip: _places(names, films, row, subject, clip),
            marks_of=lambda row, clip_id: _marks(row, clip_id, open_ended),
        )
        if open_ended:
            log.warning(
                "dataset %s: %d clip(s) have no offset and end at their apex: %s",
                *(self.name, len(open_ended), listing(open_ended)),
            )
        return clips

    def _wanted(self, table: Table) -> Table:
        """Keep the rows of the wanted kind of expression."""
        kinds, _ = EXPRESSIONS[self.expression]
        read = []
        for row in table.rows:
            with separable("row"):
                read.append((_kind(row), row))
        rows = [row for kind, row in read if kind in kinds]
        if not rows:
            raise InputError(
                f"dataset {self.name}: {table.path} has no {self.expression}-expression; set `expression` in the "
                "dataset's yaml to another kind"
            )
        if left_out := len(read) - len(rows):
            log.info("dataset %s: %d row(s) of another kind than %s left out", self.name, left_out, self.expression)
        return replace(table, rows=tuple(rows))


def _kind(row: Row) -> str:
    """Read whether a row is a micro- or a macro-expression."""
    kind = row.text("expression").casefold().partition("-")[0].strip()
    if kind not in EXPRESSIONS["both"][0]:
        raise InputError(
            f"{row.place('expression')} is {row.text('expression')!r}; it says micro-expression or macro-expression. "
            "Is it the right file? The sheet has no header and nine columns, of which the last is what the person "
            "reported"
        )
    return kind


def _places(names: Names, films: dict[tuple[str, str], str], row: Row, subject: str, clip: str) -> tuple[str, ...]:
    """Say where a clip may lie: in a folder of its own or, where whole films have folders, in that of its film."""
    number = subject.removeprefix("s")
    places = (f"{subject}/{clip}", f"{number}/{clip}")
    if not films:
        return places
    code = names.film(row)
    return (*places, f"{subject}/{films.get((subject, code), f'{number}_{code}')}")


def _marks(row: Row, clip_id: str, open_ended: list[str]) -> tuple[int, int | None, int]:
    """Read onset, apex and offset; where the offset was not seen, the apex is the last frame that is sure."""
    if row.whole("offset", missing=NOT_SEEN):
        return marks(row, clip_id)
    apex = row.whole("apex", missing=NOT_SEEN)
    if not apex:
        raise InputError(
            f"{clip_id}: neither apex nor offset is known ({row.place('offset')}); name the clip under `exclude` of "
            "the dataset's yaml"
        )
    open_ended.append(clip_id)
    return marks(replace(row, cells={**row.cells, "offset": apex}), clip_id)
