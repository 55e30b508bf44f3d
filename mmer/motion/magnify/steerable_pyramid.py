"""A complex steerable pyramid in the frequency domain (Simoncelli et al., 1992; Portilla & Simoncelli, 2000).

``pyrtools`` and ``plenoptic`` have such pyramids, of octave bands and for one picture or for torch tensors;
magnification wants half octaves (Wadhwa et al., 2013) of many pictures in numpy, so the filters are written here.
"""

from dataclasses import dataclass
from functools import cached_property
from math import factorial, sqrt

import numpy as np


@dataclass(frozen=True)
class Band:
    """One band: the frequencies that it may hold, and its response there.

    Parameters
    ----------
    rows, columns : ndarray of int
        Which rows and columns of the whole spectrum, the lowest frequencies, in the order of a smaller transform.
    response : ndarray of shape (len(rows), len(columns)), float32
        Zero over the half of the plane that is the mirror image of the other.
    """

    rows: np.ndarray
    columns: np.ndarray
    response: np.ndarray

    def of(self, spectra: np.ndarray) -> np.ndarray:
        """Return the part (T, h, w) of whole spectra (T, H, W) that the band takes."""
        return spectra[:, self.rows[:, None], self.columns] * self.response

    def add(self, part: np.ndarray, spectra: np.ndarray) -> None:
        """Add what the band gives back for its part (T, h, w) to whole spectra (T, H, W), in place.

        The real part of the transformed spectra is the picture; the band's mirror image, of which a real picture has
        no need, doubles it.
        """
        spectra[:, self.rows[:, None], self.columns] += 2 * self.response * part


@dataclass(frozen=True)
class SteerablePyramid:
    """The filters for pictures of one size.

    Their squares, each with its mirror image, and the residual add up to one, so that a spectrum that is taken apart
    and put together is unchanged.

    Parameters
    ----------
    shape : (H, W)
        Multiples of 2 ** ``octaves``.
    octaves : int
    per_octave : int
        Bands per octave: 1, or 2 for half octaves.
    orientations : int
    """

    shape: tuple[int, int]
    octaves: int
    per_octave: int
    orientations: int

    @cached_property
    def bands(self) -> tuple[Band, ...]:
        """All bands from fine to coarse, every orientation of one scale after the other.

        A band is sampled twice as densely as it must be, because its phases are to be changed.
        """
        order = self.orientations - 1
        scale = 2**order * factorial(order) / sqrt(self.orientations * factorial(2 * order))
        out = []
        for number in range(self.octaves * self.per_octave):
            octave = max(0, number // self.per_octave - 1)
            rows, columns = (_lowest(length, length >> octave) for length in self.shape)
            radius, angle = self._polar(rows, columns)
            upper, lower = (self._low_pass(radius, cut) for cut in (number, number + 1))
            radial = scale * upper * np.sqrt(1 - lower**2)
            for direction in range(self.orientations):
                cosine = np.maximum(np.cos(angle - np.pi * direction / self.orientations), 0)
                out.append(Band(rows, columns, (radial * cosine**order).astype(np.float32)))
        return tuple(out)

    @cached_property
    def residual(self) -> np.ndarray:
        """The response (H, W), to be applied once, of what no band holds: the finest and the coarsest."""
        radius, _ = self._polar(*(np.arange(length) for length in self.shape))
        finest, coarsest = (self._low_pass(radius, cut) for cut in (0, self.octaves * self.per_octave))
        return (1 - finest**2 + coarsest**2).astype(np.float32)

    def _polar(self, rows: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return radius in radians per pixel, and angle, of the frequencies of these rows and columns."""
        y, x = (
            2 * np.pi * np.fft.fftfreq(length)[places]
            for length, places in zip(self.shape, (rows, columns), strict=True)
        )
        return np.maximum(np.hypot(y[:, None], x), 1e-9), np.arctan2(y[:, None], x)

    def _low_pass(self, radius: np.ndarray, cut: int) -> np.ndarray:
        """Fall from 1 to 0 over one band's width, down to the cut; cut 0 is at the finest wave, of 2 pixels."""
        end = np.pi * 2.0 ** (-cut / self.per_octave)
        return np.cos(np.pi / 2 * np.clip(self.per_octave * np.log2(radius / end) + 1, 0, 1))


def _lowest(length: int, kept: int) -> np.ndarray:
    """Return the places of the ``kept`` lowest frequencies, in the order of a transform of that length."""
    return np.r_[: (kept + 1) // 2, length - kept // 2 : length]
