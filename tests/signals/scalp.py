"""Windows for tests: noise that spreads over the head as real EEG does."""

import mne
import numpy as np

from mmer.types.signal_window import SignalWindow

# fmt: off
GENEVA = (
    "Fp1", "AF3", "F3", "F7", "FC5", "FC1", "C3", "T7", "CP5", "CP1", "P3", "P7", "PO3", "O1", "Oz", "Pz",
    "Fp2", "AF4", "Fz", "F4", "F8", "FC6", "FC2", "Cz", "C4", "T8", "CP6", "CP2", "P4", "P8", "PO4", "O2",
)
# fmt: on


def places(channels: tuple[str, ...]) -> tuple[tuple[float, float, float], ...]:
    """Positions of the standard 10-20 montage in MNE's head frame."""
    info = mne.create_info(list(channels), 100.0, "eeg", verbose="error")
    info.set_montage("standard_1020", verbose="error")
    return tuple(tuple(float(value) for value in channel["loc"][:3]) for channel in info["chs"])


def scalp_noise(
    seconds: float = 10.0, sfreq: float = 256.0, start: float = -5.0, channels: tuple[str, ...] = GENEVA, seed: int = 0
) -> SignalWindow:
    """White noise of some 20 microvolts, smooth over the head, with a little of each channel's own."""
    random = np.random.default_rng(seed)
    where = np.array(places(channels))
    apart = np.linalg.norm(where[:, None] - where[None], axis=2)
    spread = np.linalg.cholesky(np.exp(-((apart / 0.08) ** 2)) + 0.05 * np.eye(len(channels)))
    values = 20e-6 * spread @ random.normal(size=(len(channels), round(seconds * sfreq)))
    return SignalWindow(values, channels, ("eeg",) * len(channels), sfreq, start, positions=places(channels))
