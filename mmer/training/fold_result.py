"""FoldResult: what one fold gives back."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from mmer.types.arrays import load_arrays, save_arrays
from mmer.types.saw import Saw

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
        Of the classes, rows sum to 1; or of every unit's presence, (n, A).
    curve : DataFrame
        ``epoch``, ``loss``, ``accuracy`` of the training clips; empty where nothing was trained.
    repeat : int
        Of the split.
    seen : dict of str to tuple of str
        The ledger: what was fitted (``scaler``, ``loss``, ``edge_weight``, ``weights``) -> the clips it was fitted on.
    seconds : float
        What its training and prediction cost, see ``mmer.types.cost``; in a stack its even share. Part of no result.
    saw : Saw or None
        What the model looked at in the test clips; None where nobody asked.
    subsets : dict of str to ndarray of shape (n, K), float64
        ``face+eeg`` -> the probabilities if nothing else had been recorded of the test clips; every part of what is
        fused, of models that fuse (``mmer.training.presence``). Clips that have nothing of a part are predicted from
        nothing.
    """

    fold: str
    seed: int
    clip_ids: tuple[str, ...]
    probabilities: np.ndarray
    curve: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(CURVE)))
    repeat: int = 0
    seen: dict[str, tuple[str, ...]] = field(default_factory=dict)
    seconds: float = 0.0
    saw: Saw | None = None
    subsets: dict[str, np.ndarray] = field(default_factory=dict)

    def save(self, path: str | Path) -> None:
        """Write one npz; a kill leaves the whole file or none."""
        arrays = {"probabilities": self.probabilities} | {f"curve.{name}": self.curve[name] for name in CURVE}
        arrays |= {f"subset.{name}": values for name, values in self.subsets.items()}
        about = {name: getattr(self, name) for name in ("fold", "seed", "repeat", "clip_ids", "seen", "seconds")}
        if self.saw is not None:
            seen, about["saw"] = self.saw.parts()
            arrays |= {f"saw.{name}": values for name, values in seen.items()}
        save_arrays(path, arrays, about)

    @classmethod
    def load(cls, path: str | Path) -> "FoldResult":
        """Read one npz."""
        arrays, about = load_arrays(path)
        about["clip_ids"] = tuple(about["clip_ids"])
        about["seen"] = {what: tuple(clip_ids) for what, clip_ids in about["seen"].items()}
        curve = pd.DataFrame({name: arrays[f"curve.{name}"] for name in CURVE})
        saw = about.pop("saw", None)
        if saw is not None:
            saw = Saw.of_parts({name[4:]: values for name, values in arrays.items() if name[:4] == "saw."}, saw)
        subsets = {name[7:]: values for name, values in arrays.items() if name[:7] == "subset."}
        return cls(probabilities=arrays["probabilities"], curve=curve, saw=saw, subsets=subsets, **about)
