"""SMIC (Li et al., IEEE FG 2013, doi 10.1109/FG.2013.6553717) and its long videos, SMIC-E."""

import functools
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import pandas as pd

from mmer.datasets.clip_folders import Entries, corpus_root, frames_folder
from mmer.datasets.coding import clip_ids, marks
from mmer.datasets.errata import apply_errata, read_errata
from mmer.datasets.frame_check import with_frames
from mmer.datasets.smic_folders import ClipFolder, clip_folders
from mmer.datasets.smic_long import SPELLINGS, VERSIONS, expressions, videos
from mmer.datasets.table import Row, Table
from mmer.datasets.versions import Version, differences, recognise, tables
from mmer.types.archives import archive_folders
from mmer.types.clips import validate_clips
from mmer.types.errors import InputError, listing, nearest
from mmer.types.frames import Frames
from mmer.types.gathering import is_gathering, refuse, separable

log = logging.getLogger("mmer")

FPS = {"hs": 100.0, "vis": 25.0, "nir": 25.0}
RELEASES = ("clips", "long")
SUBJECTS = (*range(1, 7), 8, 9, *range(11, 16), *range(18, 21))  # the numbers that have clips
# The short release has no annotation file; these are the counts of its folders.
FOLDERS = {
    "hs": Version("HS", (), None, {}, 164, 16, {"negative": 70, "positive": 51, "surprise": 43}),
    "vis": Version("VIS", (), None, {}, 71, 8, {"negative": 23, "positive": 28, "surprise": 20}),
    "nir": Version("NIR", (), None, {}, 71, 8, {"negative": 23, "positive": 28, "surprise": 20}),
}


@dataclass(frozen=True)
class Smic:
    """Spontaneous micro-expressions of 16 subjects (HS) or 8 (VIS, NIR) in three classes, 640x480 pixels.

    The short release has no annotation file. A clip is a folder, its first picture the onset and its last the offset,
    and its class is both the folder around it and the letters in its name (``s3/micro/positive/s3_po_08``), which must
    agree. The long release, SMIC-E, has whole videos, and a workbook with up to three expressions per video. Frame
    numbers are counters of the camera, up to eight digits. Neither release has action units, and an apex is marked only
    in the workbook of 2019; elsewhere it is null.

    Ids have padded numbers, as the list of MEGC2019: ``smic/s03/s03_po_08``; where a video has several expressions,
    ``smic/s09/s09_sur_01@ONSET``.

    Parameters
    ----------
    name : str
        Written in front of every id.
    root : str
        Folder of the corpus.
    variant : str
        Camera: ``hs``, ``vis`` or ``nir``. Two of them show the same people: list only one in an experiment.
    release : str
        ``clips`` or ``long``.
    fps : float or None
        Hertz; None: the camera's.
    frames : tuple of str
        Folders that may hold the subjects, in order of preference; ``{variant}`` stands for HS, VIS or NIR. For
        ``clips``.
    long : tuple of str
        Folders that may hold the workbook of SMIC-E. For ``long``.
    long_frames : tuple of str
        Folders below it that may hold the subjects.
    workbook : tuple of str
        Name of the workbook where it is another than those known.
    tracks : str
        Folder with tracks that come with the data, ``<tracks>/s03/s03_po_08.parquet``; not required.
    errata : tuple of dict
        Corrections of the workbook, see ``mmer.datasets.errata``.
    exclude : tuple of str
        Clip ids to leave out.
    """

    name: str = "smic"
    root: str = "data/smic"
    variant: str = "hs"
    release: str = "clips"
    fps: float | None = None
    frames: tuple[str, ...] = ("SMIC_all_raw/{variant}", "SMIC_all_cropped/{variant}")
    long: tuple[str, ...] = ("SMIC-E_raw image/{variant}_long", "{variant}_long")
    long_frames: tuple[str, ...] = ("SMIC-{variant}-E", ".")
    workbook: tuple[str, ...] = ()
    tracks: str = "tracks"
    errata: tuple[dict[str, str], ...] = field(default=(), hash=False)  # compared, but a dict has no hash
    exclude: tuple[str, ...] = ()

    versions: ClassVar[tuple[Version, ...]] = tuple(version for some in VERSIONS.values() for version in some)
    # What else a folder of SMIC may hold, for who is asked what lies in a folder.
    alternatives: ClassVar[tuple[dict[str, str], ...]] = (
        *({"variant": variant} for variant in ("vis", "nir")),
        *({"release": "long", "variant": variant} for variant in ("hs", "vis", "nir")),
    )

    def __post_init__(self) -> None:
        """Refuse a camera or a release that does not exist."""
        for key, valid in (("variant", FPS), ("release", RELEASES)):
            if (value := getattr(self, key)) not in valid:
                raise InputError(f"dataset {self.name}: there is no {key} {value!r}; {nearest(value, valid)}")

    def annotations(self) -> list[Path]:
        """Name the workbook; the short release has none, its folders are the annotation."""
        root = corpus_root(self.name, self.root)
        return [] if self.release == "clips" else [self._workbook(root)[1]]

    def recognised(self) -> list[tuple[Version, Table | None]]:
        """Say which version is there; the short release has no table."""
        if self.release == "clips":
            return [(FOLDERS[self.variant], None)]
        version, _, table = self._workbook(corpus_root(self.name, self.root))
        return [(version, table)]

    def clips(self) -> pd.DataFrame:
        """Find the clips and their frames.

        Raises
        ------
        InputError
            Something is missing or contradicts itself; the message names file and cell, or the clips concerned.
        """
        root = corpus_root(self.name, self.root)
        listing_of = functools.cache(archive_folders)  # a dozen clips lie in one archive per subject
        if self.release == "clips":
            folders = self._folders(root, self.frames, listing_of)
            named = clip_ids(
                self.name, [(Row(0, {}, {}), one.subject, one.clip) for one in folders.values()], self.exclude
            )
            found = self._with_right_names({clip_id: folders[clip] for clip_id, _, _, clip in named})
            records = [self._record(clip_id, root, folder) for clip_id, folder in found.items()]
        else:
            version, path, table = self._workbook(root)
            rows_of = self._corrected(videos(self.name, table))
            self._compare(version, rows_of.values(), path.name)
            rows = expressions(rows_of)
            named = clip_ids(self.name, rows, self.exclude)
            folders = self._folders(path.parent, self.long_frames, listing_of)
            records = []
            for clip_id, row, subject, clip in named:
                with separable("row", clip_id):
                    onset, apex, offset = marks(row, clip_id)
                    absent = ClipFolder(subject, clip, row.text("emotion"), (), subject, path.parent / subject / clip)
                    source = "annotated" if apex is not None else None
                    given = {"onset": onset, "apex": apex, "offset": offset, "apex_source": source}
                    records.append(self._record(clip_id, root, folders.get(clip, absent)) | given)
        if not records:
            raise InputError(f"dataset {self.name}: {root} has no clip that is not under `exclude`")
        if not any(record["apex"] for record in records):
            log.info("dataset %s: SMIC marks no apex and no action unit; both are null", self.name)
        records = with_frames(self.name, records, functools.partial(Frames.open, listing_of=listing_of))
        clips = validate_clips(pd.DataFrame(records))
        if self.release == "clips":
            self._compare(FOLDERS[self.variant], clips, "the release")
        return clips

    def _record(self, clip_id: str, root: Path, folder: ClipFolder) -> dict:
        """Describe a clip; without marks of its own it has those of its folder."""
        track = root / self.tracks / folder.subject / f"{clip_id.rpartition('/')[2]}.parquet"
        return {
            "clip_id": clip_id,
            "dataset": self.name,
            "subject": f"{self.name}/{folder.subject}",
            "emotion": folder.word,
            "onset": None,
            "apex": None,
            "offset": None,
            "apex_source": None,
            "fps": self.fps or FPS[self.variant],
            "frames": folder.source.as_posix(),
            "tracks": track.as_posix() if track.is_file() else None,
        }

    def _folders(
        self, base: Path, candidates: tuple[str, ...], listing_of: Callable[[Path], Mapping[str, list[str]]]
    ) -> dict[str, ClipFolder]:
        """Find the folders of all clips, by name."""
        subjects = tuple(f"s{number}" for number in SUBJECTS)
        place = frames_folder(self.name, base, self._spelt(candidates), subjects)
        folders, strays = clip_folders(place, listing_of)
        if strays:
            log.warning(
                "dataset %s: %d folder(s) with pictures are not read, because a clip is named like s3_po_08: %s",
                *(self.name, len(strays), listing(strays)),
            )
        return {folder.clip: folder for folder in folders}

    def _spelt(self, candidates: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(candidate.replace("{variant}", self.variant.upper()) for candidate in candidates)

    def _workbook(self, root: Path) -> tuple[Version, Path, Table]:
        """Find the workbook of the camera."""
        for candidate in self._spelt(self.long):
            folder = root
            for part in Path(candidate).parts:
                folder = Entries.of(folder).entry(part) if folder and folder.is_dir() else None
            if folder and folder.is_dir() and tables(folder):
                return recognise(folder, self.name, VERSIONS[self.variant], self.workbook)
        raise InputError(
            f"dataset {self.name}: none of the folders {', '.join(self._spelt(self.long))} in {root} holds a "
            "workbook; put SMIC-E there, or name its folder under `long` of the dataset's yaml"
        )

    def _corrected(self, rows: dict[str, Row]) -> dict[str, Row]:
        """Apply the errata to the rows of the videos, whose ids have no ``@onset``."""
        rows, applied, stale = apply_errata(rows, read_errata(self.name, self.errata))
        for what, errata in (("applied", applied), ("stale, not applied", stale)):
            if errata:
                told = listing([f"{one.clip_id} {one.column} {one.was!r} -> {one.now!r}" for one in errata])
                log.info("dataset %s: %d erratum(s) %s: %s", self.name, len(errata), what, told)
        return rows

    def _compare(self, version: Version, found: pd.DataFrame | Collection[Row], where: str) -> None:
        """Say which version it is and, where it is about as large as the release, what differs from that."""
        log.info("dataset %s: %s is version %s%s", self.name, where, version.name, version.note and f": {version.note}")
        counted = found if isinstance(found, pd.DataFrame) else list(found)
        if len(found) >= (version.rows or 1) * 9 // 10 and (told := differences(version, counted)):
            log.warning("dataset %s: differs from version %s: %s", self.name, version.name, "; ".join(told))

    def _with_right_names(self, folders: dict[str, ClipFolder]) -> dict[str, ClipFolder]:
        """Compare the folder around a clip, the folder's subject and the clip's name; refuse what differs."""
        problems = []
        for clip_id, folder in folders.items():
            above = folder.above[-1].strip().casefold() if folder.above else ""
            if above not in SPELLINGS:
                problems.append((clip_id, f"{folder.source} lies in no folder negative, positive or surprise"))
            elif SPELLINGS[above] != folder.word:
                problems.append((clip_id, f"{folder.source} is {folder.word} by its name, {above} by its folder"))
            if folder.owner != folder.subject:
                problems.append((clip_id, f"{folder.source} lies in the folder of subject {folder.owner}"))
        if problems and not is_gathering():
            told = [f"{clip_id}: {problem}" for clip_id, problem in problems[:5]]
            raise InputError(
                f"dataset {self.name}: {len(problems)} folder(s) contradict the names of their clips:\n  "
                + "\n  ".join([*told, *([f"and {len(problems) - 5} more"] if len(problems) > 5 else [])])
                + "\nMove them to where they were released, or name the clips under `exclude` of the dataset's yaml"
            )
        for clip_id, problem in problems:
            refuse("names", f"{clip_id}: {problem}", clip_id)
        wrong = dict(problems)
        return {clip_id: folder for clip_id, folder in folders.items() if clip_id not in wrong}
