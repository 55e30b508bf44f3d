"""Targets: what a model is asked for, made after the split."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmer.types.errors import InputError, listing

FACS = tuple(f"AU{number:02d}" for number in range(1, 100))


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
        if not np.issubdtype(self.index.dtype, np.integer):
            raise InputError(f"targets: class indices must be whole numbers, got {self.index.dtype}")
        if not (np.isfinite(self.weight).all() and (self.weight >= 0).all()):
            raise InputError("targets: weights must be finite and not negative")
        if n and not (self.index.min() >= 0 and self.index.max() < len(self.classes)):
            raise InputError(f"targets: class indices must lie in 0..{len(self.classes) - 1}")

    @classmethod
    def of(cls, clips: pd.DataFrame, classes: pd.Series, names: Sequence[str]) -> "Targets":
        """Make the targets of a Clips table.

        Parameters
        ----------
        clips : DataFrame
            Clips table of n clips.
        classes : Series
            Class name, indexed by clip id; every clip has one.
        names : sequence of K str
            All classes in their declared order.

        Returns
        -------
        Targets
            Sorted by clip id. ``au_names`` are all of ``FACS``, whether they occur or not, so that the names say
            nothing about any clip; other codes (action descriptors, head movements) are no targets.
        """
        clips = clips.sort_values("clip_id")
        clip_ids = tuple(clips.clip_id)
        place = {name: row for row, name in enumerate(names)}
        if strange := sorted({str(classes[clip]) for clip in clip_ids} - set(place)):
            raise InputError(f"targets: {strange} are not among the classes {list(names)}")
        units = {clip: row for clip, row in zip(clips.clip_id, clips.action_units, strict=True) if row is not None}
        matrix = np.full((len(clip_ids), len(FACS)), np.nan, np.float32)
        for row, clip in enumerate(clip_ids):
            if clip in units:
                matrix[row] = [unit in units[clip] for unit in FACS]
        index = np.array([place[classes[clip]] for clip in clip_ids], np.int64)
        return cls(clip_ids, tuple(names), index, FACS, matrix, np.ones(len(clip_ids), np.float32))

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
