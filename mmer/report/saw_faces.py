"""What a model saw of one clip, drawn on the face: nodes as discs, edges as lines, pixels as colours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mmer.report.charts import polyline
from mmer.report.pictures import heat_picture
from mmer.report.saw_groups import Group, even_share, shares
from mmer.types.motion import ClipMotion
from mmer.types.samples import Samples
from mmer.types.saw import Saw

MOST_LINES = 40  # of a picture; the weakest are left out
FEW = 14  # nodes; of more the discs are smaller
STEPS = 6  # sizes of discs and lines
NAMED = 3  # nodes that the caption names
DISC, LINE = 0.055, 0.022  # radius and width of the largest, as parts of the picture's width
LABELS = {"gradient": "gradient", "input x gradient": "input × gradient"}


@dataclass(frozen=True)
class SawTile:
    """One kind of what a model saw, in pixels of the aligned face.

    Parameters
    ----------
    title, note : str
        ``note`` names the largest.
    view : tuple of 4 float
        Left, top, width, height.
    strokes : tuple of (str, float, tuple of tuple of str)
        Class, width, and the nodes of each stroke: two of a ``line``, one of a ``disc``; ``minus`` where values are
        below zero, which a ``hole`` in the disc and dashes of the line tell as well as the colour.
    places : mapping of str to ndarray of shape (2,)
        Of the nodes.
    picture : str or None
        Data URI that takes the place of the face.
    """

    title: str
    note: str
    view: tuple[float, float, float, float]
    strokes: tuple[tuple[str, float, tuple[tuple[str, ...], ...]], ...]
    places: Mapping[str, np.ndarray]
    picture: str | None = None

    @property
    def marks(self) -> tuple[tuple[str, str, float], ...]:
        """Class, path data and width of the strokes; clips.js draws its own likewise."""
        return tuple(
            (kind, "".join(self._path(nodes) for nodes in every), width) for kind, width, every in self.strokes
        )

    def _path(self, nodes: tuple[str, ...]) -> str:
        points = np.stack([self.places[name] for name in nodes])
        return polyline(points) if len(points) > 1 else f"M{points[0, 0]:.1f} {points[0, 1]:.1f}h0"


def saw_tiles(
    saw: Saw, groups: Sequence[Group], samples: Samples | None, motion: ClipMotion | None, clip_id: str
) -> tuple[SawTile, ...]:
    """Draw what was seen of one clip: one picture per kind.

    Parameters
    ----------
    saw : Saw
    groups : sequence of Group
        Of ``saw``.
    samples : Samples or None
        Where the nodes lie; without it only pixels are drawn.
    motion : ClipMotion or None
        The face; without it nodes are drawn on nothing.
    clip_id : str
    """
    if clip_id not in saw.clip_ids:
        return ()
    row, places = saw.clip_ids.index(clip_id), _places(samples, clip_id)
    view = _view(motion, places)
    kinds: dict[tuple[str, str], list[Group]] = {}
    for group in groups:
        if np.isfinite(group.values[row]).any():
            kinds.setdefault((group.kind, group.over), []).append(group)
    tiles = []
    for (kind, over), parts in kinds.items():
        if over == "face":
            tiles += [_heat(group, row, motion) for group in parts if motion is not None]
        elif view is not None:
            tile = _nodes if over == "nodes" else _pairs
            tiles.append(tile(LABELS.get(kind, kind), parts, row, places, view))
    return tuple(tile for tile in tiles if tile is not None)


def _places(samples: Samples | None, clip_id: str) -> dict[str, np.ndarray]:
    """Return where the nodes of a clip lie; without those of which nobody knows."""
    if samples is None or samples.positions is None or clip_id not in samples.clip_ids:
        return {}
    places = samples.positions[samples.clip_ids.index(clip_id)].astype(float)
    return {name: place for name, place in zip(samples.node_names, places, strict=True) if np.isfinite(place).all()}


def _view(motion: ClipMotion | None, places: Mapping[str, np.ndarray]) -> tuple[float, float, float, float] | None:
    if motion is not None:
        height, width = motion.values.shape[1:]
        return (0.0, 0.0, float(width), float(height))
    if not places:
        return None
    points = np.array(list(places.values()))
    low, size = points.min(0), max(float(np.ptp(points, axis=0).max()), 1.0)
    return tuple(round(float(value), 1) for value in (*(low - 0.1 * size), 1.2 * size, 1.2 * size))


def _nodes(title: str, parts: Sequence[Group], row: int, places: Mapping, view: tuple) -> SawTile | None:
    """Draw discs whose area is the part of a node in the sum of magnitudes."""
    names = [name for part in parts for name in part.names]
    values = np.concatenate([part.values[row] for part in parts])
    share = np.abs(shares(values[None])[0])
    known = [i for i in range(len(names)) if _base(names[i]) in places and share[i] > 0]
    if not known:
        return None
    known.sort(key=lambda i: share[i])  # large ones last: they are seen where places are shared
    radius, groups = DISC * view[2] * min(1, (FEW / len(known)) ** 0.5), {}
    for i in known:
        step = max(np.ceil(STEPS * np.sqrt(share[i] / share[known[-1]])), 1)
        width, node = 2 * radius * step / STEPS, (_base(names[i]),)
        groups.setdefault(("disc minus" if values[i] < 0 else "disc", width), []).append(node)
        if values[i] < 0:
            groups.setdefault(("hole", width / 3), []).append(node)
    largest = sorted(range(len(names)), key=lambda i: -np.nan_to_num(share[i]))[:NAMED]
    told = [f"{names[i]}\N{NO-BREAK SPACE}{_signed_share(values[i], share[i])}" for i in largest if share[i] > 0]
    return SawTile(title, ", ".join(told), view, _strokes(groups), places)


def _pairs(title: str, parts: Sequence[Group], row: int, places: Mapping, view: tuple) -> SawTile | None:
    """Draw lines as wide as the stronger of their two directions."""
    lines = []
    for part in parts:
        for target, source, value in strongest(part.values[row], MOST_LINES):
            ends = [_base(part.names[node]) for node in (source, target)]
            if set(ends) <= set(places) and ends[0] != ends[1]:
                even = even_share(part.values[row])
                lines.append((value, part.names[source], part.names[target], tuple(ends), even))
    lines = sorted(lines, key=lambda line: abs(line[0]))[-MOST_LINES:]
    if not lines:
        return None
    groups: dict[tuple[str, float], list[tuple[str, ...]]] = {}
    for value, _, _, ends, _ in lines:
        step = max(np.ceil(STEPS * abs(value / lines[-1][0])), 1)
        key = ("line minus" if value < 0 else "line", LINE * view[2] * step / STEPS)
        groups.setdefault(key, []).append(ends)
    dots = ("dots", round(0.012 * view[2], 2), tuple((name,) for name in places))
    value, source, target, *_, even = lines[-1]
    note = f"{source} → {target} {value:.2f}".replace("-", "−") + (f" (even: {even:.2f})" if even else "")
    return SawTile(title, note, view, (*_strokes(groups), dots), places)


def strongest(matrix: np.ndarray, most: int) -> list[tuple[int, int, float]]:
    """Return the strongest pairs of nodes, in the stronger of their directions: (target, source, value).

    Parameters
    ----------
    matrix : ndarray of shape (N, N)
        Target before source; NaN where there is no edge, its diagonal is not looked at.
    most : int
    """
    size = np.abs(np.nan_to_num(matrix))
    np.fill_diagonal(size, 0)
    lower = np.tril(np.maximum(size, size.T), -1)
    order = np.argsort(-lower, axis=None, kind="stable")[:most]
    pairs = [tuple(map(int, np.unravel_index(place, lower.shape))) for place in order if lower.flat[place] > 0]
    pairs = [(a, b) if size[a, b] >= size[b, a] else (b, a) for a, b in pairs]
    return [(target, source, float(matrix[target, source])) for target, source in pairs]


def _heat(group: Group, row: int, motion: ClipMotion) -> SawTile:
    """Paint the gradient over the face."""
    height, width = motion.values.shape[1:]
    onset = None if motion.pictures is None else motion.pictures[0]
    title = f"{LABELS.get(group.kind, group.kind)} of {group.layers[0]}"
    picture = heat_picture(group.values[row], (height, width), onset)
    return SawTile(title, "bright: most", (0.0, 0.0, float(width), float(height)), (), {}, picture)


def _strokes(groups: Mapping[tuple[str, float], list[tuple[str, ...]]]) -> tuple:
    return tuple((kind, round(float(width), 2), tuple(every)) for (kind, width), every in groups.items())


def _signed_share(value: float, share: float) -> str:
    return f"{'−' if value < 0 else ''}{100 * share:.0f}\N{NARROW NO-BREAK SPACE}%"


def _base(name: str) -> str:
    """Return the node of a node at a moment: ``lm17`` of ``lm17@0``."""
    return name.partition("@")[0]
