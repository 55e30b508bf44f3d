"""What really happened in a rendered clip."""

from pathlib import Path

import numpy as np

from mmer.synthetic.clip import RenderedClip
from mmer.types.arrays import save_arrays


def write_truth(path: Path, clip: RenderedClip, clip_id: str, first: int, small: bool) -> None:
    """Write what really happened, for tests and for checking methods. No stage reads it."""
    kind = np.float16 if small else np.float32
    arrays = {"landmarks": clip.landmarks.astype(kind), "action_units": clip.action_units.astype(kind)}
    if not small:
        arrays["flow"] = clip.flow
    about = {
        "clip_id": clip_id,
        "emotion": clip.emotion,
        "intensity": clip.intensity,
        "au_names": clip.au_names,
        "expressed": clip.expressed.tolist(),
        "first": first,
        "onset": first + clip.onset,
        "apex": first + clip.apex,
        "offset": first + clip.offset,
    }
    save_arrays(path, arrays, about)
