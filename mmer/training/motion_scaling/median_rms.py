"""Motion without its unit and zero: every clip is centred on its median and divided by its root mean square."""

from dataclasses import dataclass

import numpy as np

VECTOR = ("u", "v")  # one vector in two channels: a common divisor keeps its direction


@dataclass(frozen=True)
class MedianRms:
    """Centre every channel on its median over the face, then divide it by its root mean square.

    An 8-bit flow picture rarely says which grey value stands for no motion and how many pixels a step is. Most of the
    face is still in a micro-expression, so the median is near that zero (a shift of the whole face goes with it), and
    the division takes the unit away: the result is the same for ``a * values + b`` with any a > 0 for ``u`` and ``v``
    together, any a > 0 for each other channel, and any b for each channel. What it costs: a strong expression and a
    weak one of the same pattern become the same, and the noise of a face that hardly moves becomes as strong as motion.

    ``u`` and ``v`` share one root mean square over both; every other channel, e.g. ``strain``, has its own. A channel
    that is constant becomes 0.

    Parameters
    ----------
    name : str
    """

    name: str = "median_rms"

    def scale(self, values: np.ndarray, channels: tuple[str, ...]) -> np.ndarray:
        """Return motion (n, C, H, W), float32, scaled clip by clip."""
        vector = [place for place, name in enumerate(channels) if name in VECTOR]
        groups = [vector] if vector else []
        groups += [[place] for place in range(len(channels)) if place not in vector]
        scaled = np.empty(values.shape, np.float32)
        for row, clip in enumerate(values):
            centred = clip - np.median(clip, axis=(1, 2), keepdims=True).astype(np.float64)
            for group in groups:
                spread = np.sqrt(np.mean(centred[group] ** 2))
                scaled[row, group] = centred[group] / (spread or 1.0)
        return scaled
