"""A person's recording for tests: scalp, eyes, heart, pulse, breath and skin in one FIF file."""

from pathlib import Path

import mne
import numpy as np
from scalp import GENEVA, scalp_noise

KINDS = {"VEOG": "eog", "ECG": "ecg", "Resp": "resp", "EDA": "gsr", "PPG": "bio"}


def record(path: Path, seconds: float = 90.0, sfreq: float = 500.0, seed: int = 0, rate: float = 75.0) -> Path:
    """Write one recording; its heart beats ``rate`` times a minute."""
    random = np.random.default_rng(seed)
    time = np.arange(round(seconds * sfreq)) / sfreq
    brain = scalp_noise(seconds, sfreq, 0.0, seed=seed).values
    beat = (time * rate / 60) % 1 * 60 / rate
    lines = {
        "VEOG": 100e-6 * (np.sin(2 * np.pi * 0.3 * time) > 0.98) + 5e-6 * random.normal(size=len(time)),
        "ECG": 1e-3 * np.exp(-(((beat - 0.3) / 0.012) ** 2)) - 2e-4 * np.exp(-(((beat - 0.34) / 0.02) ** 2)),
        "Resp": np.sin(2 * np.pi * 0.25 * time),
        "EDA": 5e-6 + 1e-6 * np.clip(np.sin(2 * np.pi * time / 12), 0, None),
        "PPG": np.exp(-(((beat - 0.4) / 0.1) ** 2)),
    }
    # No two moments are the same: slow wanderings, and a noise that is the smallest where a response is looked for.
    for name, noise in (("ECG", 1e-5), ("Resp", 0.02), ("PPG", 0.01), ("EDA", 1e-9)):
        knots = np.arange(0, seconds + 5, 5)
        slow = np.interp(time, knots, random.normal(size=len(knots)))
        lines[name] = (1 + 0.1 * slow) * lines[name] + noise * random.normal(size=len(time))
    info = mne.create_info([*GENEVA, *lines], sfreq, ["eeg"] * 32 + list(KINDS.values()), verbose="error")
    raw = mne.io.RawArray(np.concatenate([brain, np.stack(list(lines.values()))]), info, verbose="error")
    raw.set_montage("standard_1020", verbose="error", on_missing="ignore")
    raw.save(path, verbose="error")
    return path
