"""Targets: what a model is asked for, made after the split: the class of a clip, or which action units it shows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

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
    units : tuple of str
        The action units that are asked for (action unit detection), some of ``au_names``; empty where the class is.
        Then ``classes`` are ``absent`` and ``present``, and ``index`` says nothing.
    """

    clip_ids: tuple[str, ...]
    classes: tuple[str, ...]
    index: np.ndarray
    au_names: tuple[str, ...]
    action_units: np.ndarray
    weight: np.ndarray
    units: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n = len(self.clip_ids)
        if len(set(self.clip_ids)) != n:
            raise InputError("targets: a clip is named twice")
        for name, shape in (("index", (n,)), ("action_units", (n, len(self.au_names))), ("weight", (n,))):
            if getattr(self, name).shape != shape:
                raise InputError(f"targets: {name} must have shape {shape}, got {getattr(self, name).shape}")
        if strange := sorted(set(self.units) - set(self.au_names)):
            raise InputError(f"targets: units {strange} are not among the annotated ones")
        if not np.issubdtype(self.index.dtype, np.integer):
            raise InputError(f"targets: class indices must be whole numbers, got {self.index.dtype}")
        if not (np.isfinite(self.weight).all() and (self.weight >= 0).all()):
            raise InputError("targets: weights must be finite and not negative")
        if n and not (self.index.min() >= 0 and self.index.max() < len(self.classes)):
            raise InputError(f"targets: class indices must lie in 0..{len(self.classes) - 1}")

    @classmethod
    def of(cls, clips: pd.DataFrame, classes: pd.Series, names: Sequence[str], units: Sequence[str] = ()) -> "Targets":
        """Make the targets of a Clips table.

        Parameters
        ----------
        clips : DataFrame
            Clips table of n clips.
        classes : Series
            Class name, indexed by clip id; every clip has one. Not read where units are asked for.
        names : sequence of K str
            All classes in their declared order.
        units : sequence of str
            Action units to detect; empty where the class is asked for.

        Returns
        -------
        Targets
            Sorted by clip id. ``au_names`` are all of ``FACS``, whether they occur or not, so that the names say
            nothing about any clip; other codes (action descriptors, head movements) are no targets.
        """
        clips = clips.sort_values("clip_id")
        clip_ids = tuple(clips.clip_id)
        place = {name: row for row, name in enumerate(names)}
        if not units and (strange := sorted({str(classes[clip]) for clip in clip_ids} - set(place))):
            raise InputError(f"targets: {strange} are not among the classes {list(names)}")
        coded = {clip: row for clip, row in zip(clips.clip_id, clips.action_units, strict=True) if row is not None}
        matrix = np.full((len(clip_ids), len(FACS)), np.nan, np.float32)
        for row, clip in enumerate(clip_ids):
            if clip in coded:
                matrix[row] = [unit in coded[clip] for unit in FACS]
        index = np.array([0 if units else place[classes[clip]] for clip in clip_ids], np.int64)
        return cls(clip_ids, tuple(names), index, FACS, matrix, np.ones(len(clip_ids), np.float32), tuple(units))

    def subset(self, clip_ids: tuple[str, ...]) -> "Targets":
        """Return the targets of these clips, in this order."""
        place = {name: row for row, name in enumerate(self.clip_ids)}
        if missing := [name for name in clip_ids if name not in place]:
            raise InputError(f"targets: no target for {listing(missing)}")
        rows = [place[name] for name in clip_ids]
        return replace(
            self,
            clip_ids=tuple(clip_ids),
            index=self.index[rows],
            action_units=self.action_units[rows],
            weight=self.weight[rows],
        )

    @property
    def n_outputs(self) -> int:
        """Number of logits: one per class, or one per unit."""
        return len(self.units) or len(self.classes)

    @property
    def answer(self) -> np.ndarray:
        """What a loss is given: classes (n,) int64, or units (n, A) float32 with NaN where not annotated."""
        if not self.units:
            return self.index
        return self.action_units[:, [self.au_names.index(name) for name in self.units]]

    @property
    def class_counts(self) -> np.ndarray:
        """Number of clips of each class, (K,) int64; of each unit without and with it, (A, 2) int64."""
        if not self.units:
            return np.bincount(self.index, minlength=len(self.classes))
        return np.stack([(self.answer == 0).sum(0), (self.answer == 1).sum(0)], 1)
