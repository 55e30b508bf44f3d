"""Targets: what a model is asked for, made after the split."""

from dataclasses import dataclass

import numpy as np

from mmer.types.errors import InputError, listing


@dataclass(frozen=True)
class Targets:
    """Class indices and action units of some clips. ``fit`` gets only those of the training clips.

    Parameters
    ----------
    clip_ids : tuple of str
        n ids, each once.
    classes : tuple of str
        K class names in the order the label scheme declares.
    index : ndarray of shape (n,), int64
        Class of each clip.
    au_names : tuple of str
        A action units, ``AU01``-like.
    action_units : ndarray of shape (n, A), float32
        1 where a person annotated the unit, 0 where not, NaN where the clip has no AU annotation.
    weight : ndarray of shape (n,), float32
        Weight of each clip in the loss.
    """

    clip_ids: tuple[str, ...]
    classes: tuple[str, ...]
    index: np.ndarray
    au_names: tuple[str, ...]
    action_units: np.ndarray
    weight: np.ndarray

    def __post_init__(self) -> None:
        n = len(self.clip_ids)
        if len(set(self.clip_ids)) != n:
            raise InputError("targets: a clip is named twice")
        for name, shape in (("index", (n,)), ("action_units", (n, len(self.au_names))), ("weight", (n,))):
            if getattr(self, name).shape != shape:
                raise InputError(f"targets: {name} must have shape {shape}, got {getattr(self, name).shape}")
        if n and not (self.index.min() >= 0 and self.index.max() < len(self.classes)):
            raise InputError(f"targets: class indices must lie in 0..{len(self.classes) - 1}")

    def subset(self, clip_ids: tuple[str, ...]) -> "Targets":
        """Return the targets of these clips, in this order."""
        place = {name: row for row, name in enumerate(self.clip_ids)}
        if missing := [name for name in clip_ids if name not in place]:
            raise InputError(f"targets: no target for {listing(missing)}")
        rows = [place[name] for name in clip_ids]
        return Targets(
            tuple(clip_ids), self.classes, self.index[rows], self.au_names, self.action_units[rows], self.weight[rows]
        )

    @property
    def class_counts(self) -> np.ndarray:
        """Number of clips of each class, (K,) int64."""
        return np.bincount(self.index, minlength=len(self.classes))
