"""CASME (Yan, Wu, Liu, Wang and Fu, Automatic Face and Gesture Recognition 2013, doi 10.1109/FG.2013.6553799)."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import pandas as pd

from mmer.datasets.clip_folders import corpus_root
from mmer.datasets.coding import coded_clips
from mmer.datasets.table import Row
from mmer.datasets.versions import Version, recognise

COLUMNS = {
    "subject": "Subject",
    "clip": "Filename",
    "onset": "OnsetF",
    "apex": "ApexF1",
    "offset": "OffsetF",
    "action_units": "AU",
    "emotion": "Emotion",
}
WORDS = {
    "tense": 68,
    "disgust": 45,
    "repression": 39,
    "surprise": 20,
    "happiness": 7,
    "sadness": 6,
    "contempt": 2,
    "fear": 2,
}


@dataclass(frozen=True)
class Casme:
    """189 clips of 18 subjects, 60 frames per second, as the coding sheet lists them.

    Section A was recorded in daylight at 1280x720 pixels, section B under two lamps at 640x480: a clip's pictures tell
    which, for the sheet does not. Frame numbers are those of the recordings; they stand without padding in the file
    names of one section and with three digits in those of the other (``EP01_12-46.jpg``, ``EP01_12-046.jpg``), so they
    are read as numbers.

    One film holds up to six expressions, all with the same Subject and Filename: the onset is a part of their ids
    (``casme/sub01/EP01_12@118``). Of a plateau the first apex is taken.

    Parameters
    ----------
    name : str
        Written in front of every id.
    root : str
        Folder of the corpus.
    fps : float
        Hertz.
    workbook : tuple of str
        Names of the annotation file, ``*`` allowed, in order of preference; empty: the known versions.
    frames : tuple of str
        Folders that may hold the frames, in order of preference; found in any case.
    tracks : str
        Folder with tracks that come with the data, ``<tracks>/sub01/EP21_1.parquet``; not required.
    errata : tuple of dict
        Corrections of single cells, see ``mmer.datasets.errata``.
    exclude : tuple of str
        Clip ids to leave out.
    """

    name: str = "casme"
    root: str = "data/casme"
    fps: float = 60.0
    workbook: tuple[str, ...] = ()
    frames: tuple[str, ...] = ("CASME_raw_selected", "Cropped")
    tracks: str = "tracks"
    errata: tuple[dict[str, str], ...] = field(default=(), hash=False)  # compared, but a dict has no hash
    exclude: tuple[str, ...] = ()

    versions: ClassVar[tuple[Version, ...]] = (
        Version(
            name="189",
            files=("casme.xlsx", "casme.xls", "casme*cod*.xlsx"),
            sheet=None,  # the only sheet, or the first of three of which two are empty
            columns=COLUMNS,
            optional={"second_apex": "ApexF2"},
            rows=189,
            subjects=18,
            words=WORDS,
            note="the paper counts 195: disgust and tense were coded again after it",
        ),
    )

    def annotations(self) -> list[Path]:
        """Name the workbook."""
        return [recognise(corpus_root(self.name, self.root), self.name, self.versions, self.workbook)[1]]

    def clips(self) -> pd.DataFrame:
        """Read the workbook and find the frames.

        Raises
        ------
        InputError
            Something is missing or contradicts itself; the message names file and cell, or the clips concerned.
        """
        root = corpus_root(self.name, self.root)
        version, _, table = recognise(root, self.name, self.versions, self.workbook)
        return coded_clips(
            table,
            self,
            subject_of=_subject,
            objective_of=lambda _: None,  # no column; where a scheme wants it, it is computed from the action units
            version=version,
        )


def _subject(row: Row) -> str:
    return "sub" + row.digits("subject", 2, prefix="sub")
