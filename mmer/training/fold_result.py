"""FoldResult: what one fold gives back."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

CURVE = ("epoch", "loss", "accuracy")


@dataclass(frozen=True)
class FoldResult:
    """Probabilities of the test clips of one fold.

    Parameters
    ----------
    fold : str
    seed : int
    clip_ids : tuple of n str
        The test clips.
    probabilities : ndarray of shape (n, K), float64
    curve : DataFrame
        ``epoch``, ``loss``, ``accuracy`` of the training clips; empty where nothing was trained.
    """

    fold: str
    seed: int
    clip_ids: tuple[str, ...]
    probabilities: np.ndarray
    curve: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(CURVE)))
