"""OpenFace output: one csv per clip, as its FeatureExtraction program writes it.

Baltrusaitis, Zadeh, Lim, Morency: OpenFace 2.0: Facial behavior analysis toolkit, FG 2018.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import ClassVar

import numpy as np
import pandas as pd

from mmer.faces import Failure
from mmer.types.errors import InputError, listing, nearest
from mmer.types.face_track import LANDMARKS, FaceTrack
from mmer.types.frames import Frames

PLACES = ("dataset", "subject", "clip")
UNITS = {"intensity": ("r", "0-5"), "presence": ("c", "0-1")}
ANGLES = ("pose_Rx", "pose_Ry", "pose_Rz")
EYES = ("gaze_angle_y", "gaze_angle_x")  # pitch, yaw


@dataclass(frozen=True)
class OpenfaceCsv:
    """Import the csv that OpenFace wrote for each clip.

    **Which row is which frame.** OpenFace counts 1, 2, 3 ... whatever the frames are called. So the csv must cover the
    clip's whole ``frames`` source (folder or video), and row i is the i-th frame of that source in ascending order of
    the corpus's own numbers. The rows of onset..offset are then taken. A csv of another length is refused: there is no
    safe guess where it starts.

    A row with ``success`` 0 becomes NaN with confidence 0. The box is the landmarks' bounding box (the csv has none).
    Pose is OpenFace's ``pose_R*``, gaze its ``gaze_angle_y`` (pitch) and ``gaze_angle_x`` (yaw), turned from radians
    into degrees; signs are OpenFace's. Where several faces were
    tracked (FaceLandmarkVidMulti) the clip is refused.

    Parameters
    ----------
    path : str
        Template of the csv's path, with ``{dataset}``, ``{subject}`` (both as in the Clips table, the subject without
        its corpus) and ``{clip}`` (last part of the clip_id, without ``@onset``). Empty: the clip's ``tracks`` cell;
        a clip whose cell is empty is not yielded.
    units : str
        ``intensity`` (``AUxx_r``, 0-5) or ``presence`` (``AUxx_c``, 0 or 1).
    """

    reads: ClassVar[tuple[str, ...]] = ("onset", "offset")
    path: str = ""
    units: str = "intensity"

    def __post_init__(self) -> None:
        if self.units not in UNITS:
            raise InputError(f"openface_csv: units {self.units!r}; {nearest(self.units, UNITS)}")
        try:
            names = [name for _, name, _, _ in Formatter().parse(self.path) if name is not None]
        except ValueError as error:
            raise InputError(f"openface_csv: path {self.path!r} is not a template ({error})") from error
        for name in names:
            if name not in PLACES:
                raise InputError(f"openface_csv: path has the place {{{name}}}; {nearest(name, PLACES)}")

    def missing(self) -> list[str]:
        """Name the folder of the template if it does not exist."""
        if not self.path:
            return []
        base = Path(self.path.partition("{")[0] or ".")
        base = base if self.path.partition("{")[0].endswith("/") else base.parent
        return [] if base.is_dir() else [f"folder {base} of openface_csv's path {self.path!r}"]

    def about(self) -> dict[str, str]:
        """Name the backend and which units are read."""
        return {"backend": "openface_csv", "version": "1", "units": self.units}

    def sources(self, clip: pd.Series) -> list[Path]:
        """Name the clip's csv, if it brings one."""
        path = self._path_of(clip)
        return [] if path is None else [path]

    def extract(self, clips: pd.DataFrame) -> Iterator[tuple[str, FaceTrack | Failure]]:
        """Yield each clip's track.

        Parameters
        ----------
        clips : DataFrame
            Rows of a Clips table.

        Yields
        ------
        clip_id : str
        result : FaceTrack or Failure
            A Failure where the csv is missing, lacks columns, or does not fit the frames.
        """
        for clip in clips.itertuples(index=False):
            try:
                if (path := self._path_of(clip)) is not None:
                    yield clip.clip_id, self._track(clip, path)
            except InputError as error:
                yield clip.clip_id, Failure(str(error))

    def _path_of(self, clip: object) -> Path | None:
        """Return where the clip's csv should lie, or None where it brings none."""
        if self.path:
            parts = clip.clip_id.split("/")
            return Path(
                self.path.format(
                    dataset=clip.dataset,
                    subject=clip.subject.partition("/")[2],
                    clip=parts[-1].partition("@")[0],
                )
            )
        return None if pd.isna(clip.tracks) else Path(clip.tracks)

    def _track(self, clip: object, path: Path) -> FaceTrack:
        """Read one csv and cut it to the clip."""
        if pd.isna(clip.frames) or pd.isna(clip.onset) or pd.isna(clip.offset) or pd.isna(clip.fps):
            raise InputError(f"{path}: {clip.clip_id} has no frames, onset, offset or fps; rows cannot be matched")
        suffix, scale = UNITS[self.units]
        rows = read_csv(path)
        frames = Frames.open(clip.frames)
        if len(rows) != len(frames.numbers):
            raise InputError(
                f"{path}: {len(rows)} rows, but {clip.frames} has {len(frames.numbers)} frames "
                f"({frames.numbers[0]}..{frames.numbers[-1]}); run OpenFace on the whole of it"
            )
        onset, offset = int(clip.onset), int(clip.offset)
        if absent := frames.missing(onset, offset):
            raise InputError(f"{clip.frames}: frame {listing(absent)} of {onset}..{offset} is missing")
        number = np.array(frames.numbers, dtype=np.int64)
        keep = (number >= onset) & (number <= offset)
        rows, number = rows[keep], number[keep]

        found = rows["success"].to_numpy() == 1
        names = sorted(name for name in rows if re.fullmatch(rf"AU\d\d_{suffix}", name))
        if not names:
            raise InputError(f"{path}: no column like AU01_{suffix}; run OpenFace with -aus, or set `units`")
        landmarks = np.stack([rows[[f"{axis}_{i}" for i in range(LANDMARKS)]].to_numpy() for axis in "xy"], axis=2)
        angles = rows[list(ANGLES)].to_numpy() if set(ANGLES) <= set(rows) else np.full((len(rows), 3), np.nan)
        return FaceTrack(
            clip_id=clip.clip_id,
            frame=number,
            time=(number - onset) / float(clip.fps),
            landmarks=_seen(landmarks, found),
            action_units=_seen(rows[names].to_numpy(), found),
            au_names=tuple(name[:4] for name in names),
            au_scale=scale,
            box=_seen(np.concatenate([landmarks.min(1), np.ptp(landmarks, axis=1)], axis=1), found),
            confidence=np.where(found, rows["confidence"].to_numpy(), 0).astype(np.float32),
            n_faces=found.astype(np.int16),
            pose=_seen(np.degrees(angles), found),
            image_size=frames.read(int(number[0])).shape[:2],
            provenance=self.about(),
            gaze=_seen(np.degrees(rows[list(EYES)].to_numpy()), found) if set(EYES) <= set(rows) else None,
        )


def _seen(values: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Return the values as float32, NaN in frames without a face."""
    return np.where(found.reshape(-1, *[1] * (values.ndim - 1)), values, np.nan).astype(np.float32)


def read_csv(path: Path) -> pd.DataFrame:
    """Read OpenFace's csv: spaces in the header stripped, needed columns checked, numbers only.

    Raises
    ------
    InputError
        The file does not exist or is no csv, columns are missing, a cell is no number, or ``frame`` does not count up
        by one.
    """
    try:
        rows = pd.read_csv(path, skipinitialspace=True)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; is openface_csv's `path` right?") from error
    except (OSError, ValueError) as error:  # pandas' parser errors and broken text are ValueErrors
        raise InputError(f"{path}: not a readable csv ({error})") from error
    rows.columns = [str(name).strip() for name in rows.columns]
    needed = ["frame", "confidence", "success", *(f"{axis}_{i}" for axis in "xy" for i in range(LANDMARKS))]
    if absent := [name for name in needed if name not in rows]:
        raise InputError(
            f"{path}: columns {listing(absent)} are missing; run OpenFace's FeatureExtraction with -2Dfp -pose -aus"
        )
    used = [name for name in rows if name in (*needed, *ANGLES, *EYES) or re.fullmatch(r"AU\d\d_[rc]", name)]
    try:
        rows = rows[used].astype(np.float64)
    except ValueError as error:
        raise InputError(f"{path}: a cell is not a number ({error})") from error
    if not len(rows):
        raise InputError(f"{path}: no row; OpenFace read no frame")
    steps = np.diff(rows["frame"].to_numpy())
    if (steps == 0).any():
        raise InputError(f"{path}: several rows per frame; use FeatureExtraction (one face), not FaceLandmarkVidMulti")
    if (steps != 1).any():
        place = int(np.flatnonzero(steps != 1)[0])
        raise InputError(
            f"{path}: `frame` must count up by one; row {place + 2} of the table does not follow the one above"
        )
    return rows
