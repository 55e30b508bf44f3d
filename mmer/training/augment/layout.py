"""What the numbers of a stream mean, as far as a transformation must know: pictures, vectors, places, amounts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mmer.training.augment.augment import Augment
from mmer.training.augment.nodes import Nodes
from mmer.types.errors import InputError
from mmer.types.samples import Samples

CHANNELS = ("u", "v", "strain")  # of motion that does not name its own
MOTION = ("u", "v", "strain", "magnitude")
# Vectors of a graph: their names, and whether they are in pixels (of the picture) or in outer eye distances.
VECTORS = {("dx", "dy"): False, ("x", "y"): False, ("u", "v"): True, ("u_mean", "v_mean"): True}
ACTIVATIONS = ("au", "au_mean", "au_max", "au_apex")
IN_PATCH = re.compile(r"([a-z_]+\d*)\[([+-]\d+),([+-]\d+)\]")
PICTURES = re.compile(r"grey|shape\d*")


@dataclass(frozen=True)
class Layout:
    """What the numbers of one clip mean in one stream.

    Parameters
    ----------
    stream : str
        ``flow``, ``graph`` or ``video``.
    order, sign : Tensor of shape (E,) or None
        The mirror image: which of the clip's E numbers comes to each place, and its sign. None without ``flip``.
    channels : tuple of C str
        Of the pictures in it.
    planes : Tensor of shape (C, S, S), int64, or None
        Of a graph: the features that are the pixels of a node's patch.
    vectors : tuple of (int, int, bool)
        Of a graph: features that are the components of a vector, and whether it is in pixels.
    turns : bool
        Whether a turn of the face is known to turn these numbers, of any node.
    still : Tensor of shape (N, 1), bool, or None
        Of a graph: the nodes that are not turned, where some are and others are not.
    motion : Tensor or None
        1 for numbers that are proportional to motion, else 0; in a shape that broadcasts to a clip.
    since_start : tuple of int
        Of a graph: features whose change since the first moment is proportional to motion.
    """

    stream: str
    order: Tensor | None = None
    sign: Tensor | None = None
    channels: tuple[str, ...] = ()
    planes: Tensor | None = None
    vectors: tuple[tuple[int, int, bool], ...] = ()
    turns: bool = True
    still: Tensor | None = None
    motion: Tensor | None = None
    since_start: tuple[int, ...] = ()

    def pictures(self, values: Tensor) -> Tensor:
        """Return the pictures in a stream (K, B, ...): (K, B, X, C, H, W), X of each clip."""
        if self.stream == "graph":
            patches = values.index_select(-1, self.planes.flatten()).unflatten(-1, self.planes.shape)
            return patches.flatten(2, 3)  # frames and nodes
        return values.transpose(2, 3) if self.stream == "video" else values.unsqueeze(2)

    def with_pictures(self, values: Tensor, pictures: Tensor) -> Tensor:
        """Return a stream with other pictures in their places."""
        if self.stream == "graph":
            patches = pictures.unflatten(2, values.shape[2:4]).flatten(4)
            return values.index_copy(4, self.planes.flatten(), patches)
        return pictures.transpose(2, 3) if self.stream == "video" else pictures.squeeze(2)


def layout_of(
    stream: str, samples: Samples, rules: Augment, nodes: Nodes | None, device: torch.device
) -> Layout | None:
    """Describe a stream of samples; None if no rule changes it.

    Raises
    ------
    InputError
        A rule does not know what a channel or a feature becomes, or a node has no mirror image.
    """
    if not (rules.flip or rules.moves or rules.amplifies) or stream not in ("flow", "graph", "video"):
        return None
    shape = samples.streams[stream].shape[1:]
    if stream == "video":
        order, sign = _mirrored_columns(shape, np.ones(shape[0]))
        made = Layout(stream, order, sign, ("grey",) * shape[0])
    elif stream == "flow":
        made = _flow(shape, samples, rules)
    elif nodes is None:
        raise ValueError("augmentation of a graph needs its nodes")
    else:
        made = _graph(shape, samples.feature_names, rules, nodes)
    return Layout(
        **{
            name: value.to(device) if isinstance(value, Tensor) else value
            for name, value in vars(made).items()
            if rules.flip or name not in ("order", "sign")
        }
    )


def _flow(shape: tuple[int, ...], samples: Samples, rules: Augment) -> Layout:
    """Describe motion (C, H, W)."""
    channels = tuple(samples.about.get("channels", " ".join(CHANNELS[: shape[0]])).split())
    if strange := [name for name in channels if name not in MOTION]:
        raise InputError(
            f"augment: it is not known what becomes of the motion channel {strange[0]!r} ({', '.join(MOTION)} are); "
            "take it out of the `channels` of the motion, or choose `augment: none` or mixup"
        )
    _check_pair(channels, rules)
    order, sign = _mirrored_columns(shape, np.array([-1.0 if name == "u" else 1.0 for name in channels]))
    return Layout("flow", order, sign, channels, motion=torch.ones(()))


def _check_pair(channels: Sequence[str], rules: Augment) -> None:
    """Refuse to turn half a vector."""
    if (rules.rotate or rules.scale) and ("u" in channels) != ("v" in channels):
        raise InputError(
            "augment: rotate and scale need both channels u and v of the motion, or neither; add the other to "
            "`channels`, or set `augment.rotate: 0` and `augment.scale: 0`"
        )


def _mirrored_columns(shape: tuple[int, ...], sign: np.ndarray) -> tuple[Tensor, Tensor]:
    """Return order and sign of pictures (C, ..., W) with a sign for every channel."""
    order = np.arange(np.prod(shape)).reshape(shape)[..., ::-1]
    signs = np.broadcast_to(sign.reshape(-1, *[1] * (len(shape) - 1)), shape)
    return torch.from_numpy(order.flatten()), torch.from_numpy(signs.flatten().astype(np.float32))


def _graph(shape: tuple[int, ...], features: tuple[str, ...], rules: Augment, nodes: Nodes) -> Layout:
    """Describe node features (T, N, F)."""
    place = {name: column for column, name in enumerate(features)}
    inside = {name: match.groups() for name in features if (match := IN_PATCH.fullmatch(name))}
    single = {name for pair in VECTORS for name in pair} | {"strain", *ACTIVATIONS}
    for name in features:
        kind = inside[name][0] if name in inside else name
        if not (kind in MOTION or PICTURES.fullmatch(kind) if name in inside else kind in single):
            raise InputError(
                f"augment: it is not known what becomes of the node feature {name!r}; take it out of the `features` of "
                "the nodes, or choose `augment: none` or mixup"
            )
    if rules.amplifies and not nodes.since_onset and any(name in place for name in ACTIVATIONS):
        raise InputError(
            "augment: amplify needs activations relative to onset, or a resting face would be amplified too; set "
            "`nodes.au_baseline: onset`, or `augment.amplify: [1, 1]`"
        )
    channels = tuple(dict.fromkeys(kind for kind, _, _ in inside.values()))
    _check_pair([*channels, *(name for name in features if name in ("u", "v"))], rules)
    grid = sorted({(int(row), int(column)) for _, row, column in inside.values()})
    edge = round(len(grid) ** 0.5)
    planes = [[place[f"{channel}[{row:+d},{column:+d}]"] for row, column in grid] for channel in channels]
    own = nodes.own_image
    moved = [inside[name][0] in MOTION if name in inside else name not in ("x", "y") for name in features]
    order = sign = None
    if rules.flip:
        order, sign = _mirrored_nodes(shape, features, inside, nodes)
    return Layout(
        "graph",
        order,
        sign,
        channels,
        torch.tensor(planes).view(len(channels), edge, edge) if planes else None,
        tuple((place[a], place[b], pixels) for (a, b), pixels in VECTORS.items() if a in place and b in place),
        not own.all(),
        torch.from_numpy(own[:, None]) if own.any() and not own.all() else None,
        torch.tensor(moved, dtype=torch.float32),
        tuple(place[name] for name in ("x", "y") if name in place and shape[0] > 1),
    )


def _mirrored_nodes(
    shape: tuple[int, ...], features: tuple[str, ...], inside: dict[str, tuple[str, str, str]], nodes: Nodes
) -> tuple[Tensor, Tensor]:
    """Return order and sign of the mirror image of a graph (T, N, F)."""
    place = {name: column for column, name in enumerate(features)}
    across = [
        place[f"{inside[name][0]}[{inside[name][1]},{-int(inside[name][2]):+d}]"] if name in inside else column
        for name, column in place.items()
    ]
    sideways = [(inside[name][0] if name in inside else name) in ("u", "dx", "x", "u_mean") for name in features]
    own = nodes.own_image[:, None]
    columns = np.where(own, np.arange(len(features)), across)  # (N, F)
    one = nodes.mirror()[:, None] * len(features) + columns
    order = np.arange(shape[0])[:, None, None] * one.size + one
    sign = np.broadcast_to(np.where(~own & sideways, -1.0, 1.0), shape)
    return torch.from_numpy(order.flatten()), torch.from_numpy(sign.flatten().astype(np.float32))
