"""FaceTrack: the face through one clip, one row per frame."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mmer.types.errors import InputError
from mmer.types.view import facts

SCHEMA_VERSION = "1"
LANDMARKS = 68
AU_SCALES = ("probability", "0-5", "0-1", "none")
POSE = ("pitch", "yaw", "roll")
GAZE = ("gaze_pitch", "gaze_yaw")


@dataclass(frozen=True)
class FaceTrack:
    """The face through one clip. NaN where there is no face; never interpolated.

    Parameters
    ----------
    clip_id : str
    frame : ndarray of shape (T,), int64
        The corpus's own frame numbers, ascending; every frame of onset..offset is present.
    time : ndarray of shape (T,), float64, seconds from onset
    landmarks : ndarray of shape (T, 68, 2), float32, pixels of the source frame
        dlib order, x right, y down.
    action_units : ndarray of shape (T, A), float32, on ``au_scale``
    au_names : tuple of A str, ``AU01``-like
    au_scale : str
        ``probability`` (detector), ``0-5`` (FACS intensity), ``0-1`` (activation), or ``none``.
    box : ndarray of shape (T, 4), float32, pixels
        Left, top, width, height.
    confidence : ndarray of shape (T,), float32, 0..1; 0 where no face
    n_faces : ndarray of shape (T,), int16
    pose : ndarray of shape (T, 3), float32, degrees
        Pitch, yaw, roll; NaN where the backend gives none.
    image_size : tuple of int
        Height and width of the source frames, pixels.
    provenance : dict of str to str
        Backend, version, weights, digests: what made this track.
    gaze : ndarray of shape (T, 2), float32, degrees, or None
        Pitch and yaw of the eyes; signs are the backend's. None where the backend gives none.
    """

    clip_id: str
    frame: np.ndarray
    time: np.ndarray
    landmarks: np.ndarray
    action_units: np.ndarray
    au_names: tuple[str, ...]
    au_scale: str
    box: np.ndarray
    confidence: np.ndarray
    n_faces: np.ndarray
    pose: np.ndarray
    image_size: tuple[int, int]
    provenance: dict[str, str] = field(default_factory=dict)
    gaze: np.ndarray | None = None

    def __post_init__(self) -> None:
        t, a = len(self.frame), len(self.au_names)
        shapes = {
            "frame": (t,),
            "time": (t,),
            "landmarks": (t, LANDMARKS, 2),
            "action_units": (t, a),
            "box": (t, 4),
            "confidence": (t,),
            "n_faces": (t,),
            "pose": (t, 3),
        }
        if self.gaze is not None:
            shapes["gaze"] = (t, 2)
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                raise InputError(
                    f"track of {self.clip_id}: {name} must have shape {shape}, got {getattr(self, name).shape}"
                )
        if t == 0:
            raise InputError(f"track of {self.clip_id}: no frame")
        if (np.diff(self.frame) <= 0).any():
            raise InputError(f"track of {self.clip_id}: frame numbers must ascend and not repeat")
        if self.au_scale not in AU_SCALES:
            raise InputError(f"track of {self.clip_id}: au_scale {self.au_scale!r} is not one of {AU_SCALES}")
        if len(set(self.au_names)) != a:
            raise InputError(f"track of {self.clip_id}: an action unit is named twice in {self.au_names}")

    @property
    def valid(self) -> np.ndarray:
        """Frames in which all landmarks are there, (T,) bool."""
        return np.isfinite(self.landmarks).all((1, 2))

    @property
    def coverage(self) -> float:
        """Fraction of valid frames, 0..1."""
        return float(self.valid.mean())

    def between(self, onset: int, offset: int) -> "FaceTrack":
        """Return the rows of frames onset..offset, both inclusive."""
        keep = (self.frame >= onset) & (self.frame <= offset)
        rows = ("frame", "time", "landmarks", "action_units", "box", "confidence", "n_faces", "pose")
        parts = {name: getattr(self, name)[keep] for name in rows}
        return FaceTrack(
            clip_id=self.clip_id,
            au_names=self.au_names,
            au_scale=self.au_scale,
            image_size=self.image_size,
            provenance=self.provenance,
            gaze=None if self.gaze is None else self.gaze[keep],
            **parts,
        )

    def _repr_html_(self) -> str:
        seconds = self.time[-1] - self.time[0]
        return facts(
            f"Face track of {self.clip_id}",
            {
                "frames": f"{len(self.frame)}, {self.frame[0]} to {self.frame[-1]}, {seconds:.2f} s",
                "with a face": f"{self.coverage:.0%}",
                "action units": f"{', '.join(self.au_names) or 'none'} ({self.au_scale})",
                "pictures": f"{self.image_size[1]} x {self.image_size[0]} pixels",
                "gaze": "none" if self.gaze is None else "pitch and yaw",
                "backend": self.provenance.get("backend", "unknown"),
            },
        )

    def save(self, path: str | Path) -> None:
        """Write one parquet file: a column per number, what made the track in the file's metadata."""
        columns = {
            "frame": self.frame.astype(np.int32),
            "time_s": self.time.astype(np.float32),
            "valid": self.valid,
            "n_faces": self.n_faces.astype(np.int16),
            "score": self.confidence.astype(np.float32),
        }
        numbers = {name: self.box[:, i] for i, name in enumerate(("box_x", "box_y", "box_w", "box_h"))}
        numbers |= {f"x_{i}": self.landmarks[:, i, 0] for i in range(LANDMARKS)}
        numbers |= {f"y_{i}": self.landmarks[:, i, 1] for i in range(LANDMARKS)}
        numbers |= {name: self.action_units[:, i] for i, name in enumerate(self.au_names)}
        numbers |= {name: self.pose[:, i] for i, name in enumerate(POSE)}
        if self.gaze is not None:  # else the file is what it was before tracks could have a gaze
            numbers |= {name: self.gaze[:, i] for i, name in enumerate(GAZE)}
        columns |= {name: values.astype(np.float32) for name, values in numbers.items()}
        about = {
            **self.provenance,
            "schema_version": SCHEMA_VERSION,
            "clip_id": self.clip_id,
            "au_scale": self.au_scale,
            "au_names": json.dumps(self.au_names),
            "image_size": json.dumps(self.image_size),
        }
        table = pa.table(columns)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        # 160 short columns: without dictionaries, statistics and a second copy of the schema, and with the bytes of
        # each number split, a file is a third of the size.
        with pq.ParquetWriter(
            path,
            table.schema,
            compression="snappy",
            use_dictionary=False,
            write_statistics=False,
            use_byte_stream_split=sorted(name for name, values in columns.items() if values.dtype == np.float32),
            store_schema=False,
        ) as writer:
            writer.write_table(table)
            # Sorted, so that the same track gives the same bytes however its provenance was put together.
            writer.add_key_value_metadata({key: str(about[key]) for key in sorted(about)})

    @classmethod
    def load(cls, path: str | Path) -> "FaceTrack":
        """Read a track.

        Raises
        ------
        InputError
            The file is not parquet, was not written by ``save``, lacks columns, or holds what is no track.
        """
        try:
            table = pq.read_table(path)
        except (OSError, pa.ArrowException) as error:
            raise InputError(f"{path}: not a readable parquet file ({error})") from error
        metadata = table.schema.metadata or {}
        about = {key.decode(errors="replace"): value.decode(errors="replace") for key, value in metadata.items()}
        if about.get("schema_version") != SCHEMA_VERSION:
            raise InputError(
                f"{path}: schema_version {about.get('schema_version')!r}, this mmer reads {SCHEMA_VERSION!r}"
            )
        try:
            return cls._from_table(table, about)
        except (KeyError, TypeError, ValueError, pa.ArrowException) as error:  # InputError is a ValueError
            raise InputError(f"{path}: not a track ({error})") from error

    @classmethod
    def _from_table(cls, table: pa.Table, about: dict[str, str]) -> "FaceTrack":
        """Make a track of the columns and metadata of one file."""
        names = tuple(json.loads(about["au_names"]))
        needed = ["frame", "time_s", "n_faces", "score", "box_x", "box_y", "box_w", "box_h", *POSE, *names]
        needed += [f"{axis}_{i}" for axis in "xy" for i in range(LANDMARKS)]
        if missing := sorted(set(needed) - set(table.column_names)):
            raise InputError(f"columns {missing[:5]} are missing")
        if empty := [name for name in ("frame", "time_s", "n_faces", "score") if table[name].null_count]:
            raise InputError(f"columns {empty} have empty cells")

        def columns(names: list[str] | tuple[str, ...]) -> np.ndarray:
            if not names:
                return np.zeros((table.num_rows, 0), np.float32)
            return np.stack([table[name].to_numpy() for name in names], axis=1).astype(np.float32)

        own = ("schema_version", "clip_id", "au_scale", "au_names", "image_size")
        return cls(
            clip_id=about["clip_id"],
            frame=table["frame"].to_numpy().astype(np.int64),
            time=table["time_s"].to_numpy().astype(np.float64),
            landmarks=np.stack([columns([f"{axis}_{i}" for i in range(LANDMARKS)]) for axis in "xy"], axis=2),
            action_units=columns(names),
            au_names=names,
            au_scale=about["au_scale"],
            box=columns(["box_x", "box_y", "box_w", "box_h"]),
            confidence=table["score"].to_numpy().astype(np.float32),
            n_faces=table["n_faces"].to_numpy().astype(np.int16),
            pose=columns(POSE),
            image_size=tuple(json.loads(about["image_size"])),
            provenance={key: value for key, value in about.items() if key not in own},
            gaze=columns(GAZE) if set(GAZE) <= set(table.column_names) else None,
        )
