"""Pictures of one clip: the face with its landmarks, how it moved, and the graph made of that."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mmer.types.errors import InputError
from mmer.types.face_track import FaceTrack
from mmer.types.frames import Frames
from mmer.types.motion import Motion
from mmer.types.samples import Samples

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_EDGES = 400  # more are a blot


def plot_face(clips: pd.DataFrame, tracks: Mapping[str, FaceTrack], clip_id: str) -> "Figure":
    """Draw the landmarks on the frames at onset and apex (at offset, where no apex is annotated)."""
    from matplotlib import pyplot

    clip, track = _row(clips, clip_id), tracks[clip_id]
    last = clip.offset if pd.isna(clip.apex) else clip.apex
    frames = Frames.open(clip.frames)
    figure, axes = pyplot.subplots(1, 2, figsize=(7, 3.6), layout="constrained")
    for axis, number, word in zip(axes, (int(clip.onset), int(last)), ("onset", "apex"), strict=True):
        axis.imshow(frames.read(number))
        place = np.flatnonzero(track.frame == number)
        if len(place):
            axis.scatter(*track.landmarks[place[0]].T, s=4, color="tab:cyan")
        axis.set_title(f"{'offset' if word == 'apex' and pd.isna(clip.apex) else word}, frame {number}", fontsize=9)
        axis.set_axis_off()
    figure.suptitle(clip_id, fontsize=10)
    return figure


def plot_motion(motion: Motion, clip_id: str) -> "Figure":
    """Draw the aligned face at onset and apex, the flow between them as arrows, and every other channel."""
    from matplotlib import pyplot

    one = motion.of(clip_id)
    planes = dict(zip(one.channels, one.values, strict=True))
    others = [name for name in planes if name not in ("u", "v")]
    pictures = (
        [] if one.pictures is None else list(zip(("onset", f"apex, frame {one.apex}"), one.pictures, strict=True))
    )
    has_flow = {"u", "v"} <= set(planes)
    figure, axes = pyplot.subplots(
        1, len(pictures) + has_flow + len(others), figsize=(2.6 * (len(pictures) + has_flow + len(others)), 2.9),
        layout="constrained", squeeze=False,
    )  # fmt: skip
    free = iter(axes[0])
    for title, picture in pictures:
        axis = next(free)
        axis.imshow(picture, cmap="gray", vmin=0, vmax=255)
        axis.set_title(title, fontsize=9)
    if has_flow:
        axis, step = next(free), max(1, one.values.shape[1] // 16)
        y, x = np.mgrid[0 : one.values.shape[1] : step, 0 : one.values.shape[2] : step]
        if pictures:
            axis.imshow(pictures[0][1], cmap="gray", vmin=0, vmax=255, alpha=0.5)
        # Pixels point down, arrows of matplotlib up.
        axis.quiver(x, y, planes["u"][y, x], planes["v"][y, x], color="tab:red", angles="xy")
        axis.set_ylim(one.values.shape[1], 0)
        axis.set_aspect("equal")
        largest = float(np.hypot(planes["u"], planes["v"]).max())
        axis.set_title(f"flow, at most {largest:.2f} pixels", fontsize=9)
    for name in others:
        axis = next(free)
        axis.imshow(planes[name], cmap="magma")
        axis.set_title(name, fontsize=9)
    for axis in axes[0]:
        axis.set_xticks([])
        axis.set_yticks([])
    figure.suptitle(clip_id, fontsize=10)
    return figure


def plot_graph(
    samples: Samples, clip_id: str, motion: Motion | None = None, weights: Any = None, ax: "Axes | None" = None
) -> "Axes":
    """Draw the nodes of a clip where they lie on the face, and the edges between them.

    Parameters
    ----------
    samples : Samples
        With a graph.
    clip_id : str
    motion : Motion, optional
        Its onset picture is drawn below.
    weights : ndarray of shape (E,), optional
        Of the edges, e.g. ``Fitted.edge_weight``: heavier ones are drawn darker, those of 0 not at all.
    ax : Axes, optional

    Raises
    ------
    InputError
        The clip has no graph, or nobody knows where its nodes lie.
    """
    from matplotlib import pyplot

    one = samples.subset([clip_id])
    if "graph" not in one.streams or one.positions is None or not np.isfinite(one.positions).all():
        raise InputError(f"{clip_id}: there is no graph whose nodes have a place on the face")
    ax = pyplot.subplots(figsize=(4, 4), layout="constrained")[1] if ax is None else ax
    if motion is not None and (picture := motion.of(clip_id).pictures) is not None:
        ax.imshow(picture[0], cmap="gray", vmin=0, vmax=255, alpha=0.7)
    place = one.positions[0]
    weight = np.ones(one.edge_index.shape[1]) if weights is None else np.abs(np.asarray(weights, float))
    largest = weight.max(initial=0) or 1.0
    for edge in np.argsort(-weight, kind="stable")[:MOST_EDGES]:
        source, target = one.edge_index[:, edge]
        if source != target and weight[edge] > 0:
            ax.plot(*place[[source, target]].T, color="tab:blue", alpha=0.1 + 0.6 * weight[edge] / largest, linewidth=1)
    ax.scatter(*place.T, s=16, color="tab:orange", zorder=3)
    # Two nodes may share a place, e.g. two action units of one brow.
    for spot in {tuple(row) for row in place.tolist()}:
        names = [name for name, row in zip(one.node_names, place.tolist(), strict=True) if tuple(row) == spot]
        if len(one.node_names) <= 30:
            ax.annotate(" ".join(names), spot, fontsize=6, xytext=(3, 3), textcoords="offset points")
    ax.set_ylim(*sorted(ax.get_ylim(), reverse=True))
    ax.set_aspect("equal")
    ax.set_axis_off()
    ax.set_title(f"{len(one.node_names)} nodes, {one.edge_index.shape[1]} edges", fontsize=9)
    return ax


def _row(clips: pd.DataFrame, clip_id: str) -> pd.Series:
    """Return one clip."""
    found = clips[clips.clip_id == clip_id]
    if not len(found):
        raise InputError(f"there is no clip {clip_id!r}; the first is {clips.clip_id.iloc[0]!r}")
    return found.iloc[0]
