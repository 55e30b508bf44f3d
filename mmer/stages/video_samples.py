"""The video of an experiment's clips as the stream ``video``."""

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from mmer.types.errors import InputError
from mmer.types.motion import Motion
from mmer.types.samples import Samples


def video_samples(motions: Mapping[str, Motion], model: Mapping[str, Any]) -> list[Samples]:
    """Make samples with the stream ``video`` (n, 1, T, H, W), grey faces in 0..1, one per dataset.

    The pictures that the motion keeps are brought to ``size`` pixels (mean over the area where they get smaller, linear
    where larger) and, where they are not as many, to ``frames`` moments spread evenly from onset to offset, linear
    between those that there are.

    Parameters
    ----------
    motions : mapping of str to Motion
        By the name of the dataset.
    model : mapping
        The model's yaml: ``frames``, ``size``.

    Raises
    ------
    InputError
        The model does not say its ``frames`` and ``size``, or a dataset keeps no video.
    """
    name = model["name"]
    for key in ("frames", "size"):
        value = model.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise InputError(
                f"{name}: reads video, so its yaml needs {key}, a whole number of at least 1; got {value!r}"
            )
    samples = []
    for dataset, motion in motions.items():
        if motion.video is None:
            raise InputError(
                f"{name}: reads video, and the motion of dataset {dataset!r} keeps none; set "
                f"`set.datasets.{dataset}.motion.n_frames: {max(2, model['frames'])}` in params.yaml (with "
                "`motion: optical_flow`)"
            )
        shape = (len(motion.clip_ids), 1, model["frames"], model["size"], model["size"])
        values = np.empty(shape, np.float32)
        for row, (video, moments) in enumerate(zip(motion.video, motion.moments, strict=True)):
            values[row, 0] = _in_time(_in_space(video, model["size"]), moments, model["frames"])
        present = {"video": np.ones(len(values), bool)}
        samples.append(Samples(motion.clip_ids, {"video": values}, present, excluded=motion.excluded))
    return samples


def _in_space(video: np.ndarray, size: int) -> np.ndarray:
    """Resize the pictures: (T, h, w) uint8 -> (T, size, size) float32 in 0..1."""
    video = video.astype(np.float32) / 255
    if video.shape[1:] == (size, size):
        return video
    how = cv2.INTER_AREA if size < min(video.shape[1:]) else cv2.INTER_LINEAR
    return np.stack([cv2.resize(picture, (size, size), interpolation=how) for picture in video])


def _in_time(video: np.ndarray, moments: np.ndarray, frames: int) -> np.ndarray:
    """Return ``frames`` pictures: as they are where they are as many, else at moments spread evenly."""
    if len(video) == frames:
        return video
    place = np.interp(np.linspace(moments[0], moments[-1], frames), moments, np.arange(len(moments)))
    before = np.minimum(place.astype(int), len(video) - 2)
    share = (place - before).astype(np.float32)[:, None, None]
    return video[before] * (1 - share) + video[before + 1] * share
