"""No scaling: motion as the corpus has it."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Unscaled:
    """Leave motion in its own unit.

    Right where all corpora of an experiment have motion in one unit, as ``optical_flow`` gives it (pixels of the
    aligned face): how far a face moves tells classes apart.

    Parameters
    ----------
    name : str
    """

    name: str = "none"

    def scale(self, values: np.ndarray, channels: tuple[str, ...]) -> np.ndarray:
        """Return motion (n, C, H, W) as it is."""
        return values
