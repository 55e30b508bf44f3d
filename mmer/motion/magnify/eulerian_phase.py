"""Phase-based Eulerian magnification.

Wadhwa et al., 2013, "Phase-based Video Motion Processing", ACM Trans. Graph. 32(4).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.fft import fft2, ifft2
from scipy.ndimage import gaussian_filter

from mmer.motion.magnify.clip import change, check_clip, check_settings, clipped
from mmer.motion.magnify.steerable_pyramid import SteerablePyramid
from mmer.types.errors import InputError


@dataclass(frozen=True)
class EulerianPhase:
    """Multiply the change of local phase since onset, in every band of a complex steerable pyramid.

    A motion shifts the phase of a band by 2 pi d / wavelength, so a larger motion is a larger shift, and noise is moved
    rather than made stronger. It fails where a motion passes half a wavelength of its band (the phase is ambiguous),
    and where alpha * d passes the reach of the band's filter: about a quarter of its wavelength for octave bands, half
    for half octaves (paper). The finest and the coarsest residual are left as they are (paper).

    Parameters
    ----------
    name : str
    alpha : float
        What the motion is multiplied by.
    per_octave : int
        Bands per octave: 2 (half octaves, the paper's results), or 1, twice as fast.
    orientations : int
        Directions of the filters (paper: 8).
    smooth : float
        Standard deviation, in pixels of each band, of the blur of the phase changes, weighted by amplitude, against
        noise (paper: for noisy videos; ours is off: it gained next to nothing on faces with noise of 2 grey levels).
    temporal : str
        ``onset`` or ``band`` (``mmer.motion.magnify.clip.change``).
    low, high : float or None
        The band, hertz; null under ``onset``.

    Raises
    ------
    InputError
        A value does not exist or is out of its range.
    """

    name: str = "eulerian_phase"
    alpha: float = 2.0
    per_octave: int = 2
    orientations: int = 8
    smooth: float = 0.0
    temporal: str = "onset"
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        check_settings(self.name, self.alpha, self.temporal, self.low, self.high)
        if self.per_octave not in (1, 2) or not 2 <= self.orientations <= 16:
            raise InputError(
                f"{self.name}: per_octave must be 1 or 2 and orientations in 2..16, got {self.per_octave} and "
                f"{self.orientations}"
            )
        if not 0 <= self.smooth <= 20:
            raise InputError(f"{self.name}: smooth must lie in 0..20 pixels, got {self.smooth}")

    @property
    def whole_clip(self) -> bool:
        """Say whether the frames must be all of onset..offset."""
        return self.temporal == "band"

    def magnify(self, frames: np.ndarray, fps: float) -> np.ndarray:
        """Magnify the motion of frames (T, H, W) in 0..1 at ``fps`` frames per second."""
        frames = check_clip(self.name, frames)
        height, width = frames.shape[1:]
        octaves = int(np.log2(min(height, width) / 4))  # the coarsest wave fits about once into the picture
        # The Fourier transform joins opposite edges; a mirrored rim keeps them apart, and halves well.
        around = [_rim(length, min(height, width) // 4, 2**octaves) for length in (height, width)]
        padded = np.pad(frames, [(0, 0), *around], "symmetric")
        pyramid = _pyramid(padded.shape[1:], octaves, self.per_octave, self.orientations)
        spectra = fft2(padded)
        out = spectra * pyramid.residual
        for band in pyramid.bands:
            band.add(fft2(self._shifted(ifft2(band.of(spectra)), fps)), out)
        top, left = around[0][0], around[1][0]
        return clipped(ifft2(out).real[:, top : top + height, left : left + width])

    def _shifted(self, coefficients: np.ndarray, fps: float) -> np.ndarray:
        """Turn the phases of a band (T, H, W) on, by alpha - 1 times their change."""
        phase = np.angle(coefficients * coefficients[:1].conj())
        if self.whole_clip:
            phase = np.unwrap(phase, axis=0)
        phase = change(phase, self.name, fps, self.temporal, self.low, self.high)
        if self.smooth:
            amplitude = np.abs(coefficients) + 1e-9
            sigma = (0, self.smooth, self.smooth)
            phase = gaussian_filter(phase * amplitude, sigma) / gaussian_filter(amplitude, sigma)
        return coefficients * np.exp(1j * (self.alpha - 1) * phase)


@lru_cache(maxsize=2)
def _pyramid(*kind: tuple) -> SteerablePyramid:
    """Return the filters, which many clips share."""
    return SteerablePyramid(*kind)


def _rim(length: int, least: int, multiple: int) -> tuple[int, int]:
    """Return how much to put before and after, so that the whole is a multiple."""
    more = -(-(length + 2 * least) // multiple) * multiple - length
    return more // 2, more - more // 2
