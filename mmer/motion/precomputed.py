"""Motion that comes with a dataset: an npy array or an 8-bit picture per clip."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
from PIL import Image

from mmer.motion.alignment import aligning, rows_of_clip
from mmer.types.errors import InputError
from mmer.types.face_track import FaceTrack
from mmer.types.frames import MAX_PIXELS, Frames
from mmer.types.motion import ClipMotion

PICTURES = (".png", ".bmp", ".jpg", ".jpeg")
BANDS = {"L": 1, "RGB": 3}


@dataclass(frozen=True)
class Precomputed:
    """Read the file named in the clip's ``motion``; frames, onset, apex, offset and fps may be empty.

    Parameters
    ----------
    name : str
    channels : tuple of C str
        What the planes of the array, or the red, green and blue of the picture, are.
    scale, zero : tuple of float
        Of a picture: ``value = (pixel - zero) * scale``, one number per channel or one for all. An npy array is taken
        as it is.
    size : int or None
        Height and width that every file must have; None: what the first file has, the others must agree.
    template_aligned : bool
        Whether the motion lies on this project's canonical face (``mmer.types.canonical_face``), so that landmarks of a
        track can be placed on it. If not, nodes cannot be placed and ``to_crop`` is NaN.
    min_valid : float
        A clip that brings a track with a face in fewer of its frames is excluded, 0..1.

    Raises
    ------
    InputError
        A field has a value that does not fit the others.
    """

    name: str = "precomputed"
    channels: tuple[str, ...] = ("u", "v", "strain")
    scale: tuple[float, ...] = (1.0,)
    zero: tuple[float, ...] = (0.0,)
    size: int | None = None
    template_aligned: bool = False
    min_valid: float = 0.9

    needs_track: ClassVar[bool] = False
    reads: ClassVar[tuple[str, ...]] = ("onset", "apex", "offset")

    def __post_init__(self) -> None:
        if not self.channels or len(set(self.channels)) != len(self.channels):
            raise InputError(f"{self.name}: channels must be names that differ, got {list(self.channels)}")
        for key in ("scale", "zero"):
            if len(getattr(self, key)) not in (1, len(self.channels)):
                raise InputError(
                    f"{self.name}: {key} needs one number, or one for each of the channels {list(self.channels)}; "
                    f"got {list(getattr(self, key))}"
                )

    def describe(self, clip: pd.Series, track: FaceTrack | None, frames: Frames | None) -> ClipMotion:
        """Read the motion of one clip.

        Its ``apex`` is the annotated one, which such motion is usually made with, and the source ``given``; or -1 and
        ``precomputed`` where none is annotated.

        Raises
        ------
        Excluded
            The clip brings a track, and too few frames have a face.
        InputError
            The clip names no motion file, or the file is missing, unreadable, too large, or of another shape or type.
        """
        if pd.isna(clip.motion):
            raise InputError(f"{clip.clip_id}: `motion: precomputed`, but the clips table names no motion file for it")
        path, where = Path(clip.motion), f"{clip.clip_id}: {clip.motion}"
        if not path.is_file():
            raise InputError(f"{where}: no such motion file")
        if path.suffix.lower() == ".npy":
            values = self._array(path, where)
        elif path.suffix.lower() in PICTURES:
            values = self._picture(path, where)
        else:
            raise InputError(f"{where}: motion must be an npy file or a picture ({', '.join(PICTURES)})")
        height, width = values.shape[1:]
        if self.size is not None and (height, width) != (self.size, self.size):
            raise InputError(f"{where}: {height} x {width} pixels, but `size` says {self.size} x {self.size}")
        if not np.isfinite(values).all():
            raise InputError(f"{where}: {np.count_nonzero(~np.isfinite(values))} values are not finite")
        to_crop = self._to_crop(clip, track, height, width)
        apex, source = (-1, "precomputed") if pd.isna(clip.apex) else (int(clip.apex), "given")
        return ClipMotion(clip.clip_id, values, tuple(self.channels), to_crop, apex, source)

    def _array(self, path: Path, where: str) -> np.ndarray:
        """Read an npy file; type and shape are checked on the header, before a byte of the values is read."""
        try:
            array = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError, SyntaxError) as error:
            raise InputError(f"{where}: not a readable npy file ({error})") from error
        expected = f"expected float32 of shape ({len(self.channels)}, H, W) for the channels {list(self.channels)}"
        if array.dtype.newbyteorder("=") != np.float32 or array.ndim != 3 or len(array) != len(self.channels):
            raise InputError(f"{where}: {array.dtype} of shape {array.shape}; {expected}")
        if array[0].size > MAX_PIXELS or not array.size:
            raise InputError(f"{where}: {array[0].size} pixels, allowed are 1..{MAX_PIXELS}; refused")
        return np.array(array, np.float32)

    def _picture(self, path: Path, where: str) -> np.ndarray:
        """Read an 8-bit picture; size and mode are checked on the header, before it is decoded."""
        try:
            with Image.open(path) as image:
                width, height = image.size
                if width * height > MAX_PIXELS:
                    raise InputError(f"{where}: {width}x{height} pixels, more than the limit of {MAX_PIXELS}; refused")
                if BANDS.get(image.mode) != len(self.channels):
                    raise InputError(
                        f"{where}: a picture of mode {image.mode}; {len(self.channels)} channels "
                        f"{list(self.channels)} need an 8-bit picture that is grey (1 channel) or RGB (3 channels)"
                    )
                pixels = np.asarray(image, np.float32).reshape(height, width, -1).transpose(2, 0, 1)
        except InputError:
            raise
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Warning) as error:
            raise InputError(f"{where}: not a readable picture ({error})") from error
        zero, scale = (np.array(part, np.float32).reshape(-1, 1, 1) for part in (self.zero, self.scale))
        return np.ascontiguousarray((pixels - zero) * scale)

    def _to_crop(self, clip: pd.Series, track: FaceTrack | None, height: int, width: int) -> np.ndarray:
        """Fit the alignment from the track where the motion lies on the canonical face; NaN where unknown."""
        unknown = np.full((2, 3), np.nan)
        if track is None:
            return unknown
        known = not (pd.isna(clip.onset) or pd.isna(clip.offset))
        rows = rows_of_clip(track, int(clip.onset), int(clip.offset)) if known else track
        fitted = aligning(rows, width, self.min_valid)
        if not self.template_aligned:
            return unknown
        if height != width:
            raise InputError(f"{clip.clip_id}: `template_aligned` motion must be square, got {height} x {width}")
        return fitted
