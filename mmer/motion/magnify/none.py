"""No magnification."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mmer.motion.magnify.clip import check_clip


@dataclass(frozen=True)
class Unmagnified:
    """Leave the frames as they are.

    Parameters
    ----------
    name : str
    """

    name: str = "none"

    alpha: ClassVar[float] = 1.0
    whole_clip: ClassVar[bool] = False

    def magnify(self, frames: np.ndarray, fps: float) -> np.ndarray:
        """Return the frames (T, H, W)."""
        return check_clip(self.name, frames)
