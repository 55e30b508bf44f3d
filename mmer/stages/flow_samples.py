"""The motion of an experiment's corpora as the stream ``flow``."""

from collections.abc import Mapping, Sequence

import numpy as np

from mmer.types.errors import InputError, nearest
from mmer.types.motion import Motion
from mmer.types.samples import Samples

ORDER = ("u", "v", "strain")  # the models' order; a corpus may have its planes in another


def flow_samples(motions: Mapping[str, Motion], wanted: Sequence[str] = ()) -> list[Samples]:
    """Make samples with the stream ``flow`` (n, C, H, W), one per dataset.

    Parameters
    ----------
    motions : mapping of str to Motion
        By the name of the dataset.
    wanted : sequence of C str
        The channels that the model needs, in its order. Empty: all, ``u``, ``v`` and ``strain`` first.

    Returns
    -------
    list of Samples
        Without nodes. ``about`` names the channels in the order of C, with spaces between. Siblings are the motion's
        neighbours, where it has any.

    Raises
    ------
    InputError
        A dataset lacks a channel, or the datasets differ in channels or size.
    """
    channels, size, first = tuple(wanted), None, ""
    samples = []
    for name, motion in motions.items():
        own = sorted(motion.channels, key=lambda item: (ORDER.index(item) if item in ORDER else len(ORDER), item))
        if lost := [item for item in wanted if item not in own]:
            raise InputError(
                f"the model needs the channel {lost[0]!r} of motion, and dataset {name!r} has none; "
                f"{nearest(lost[0], own)} (`channels` under its `motion`)"
            )
        own = tuple(wanted) or tuple(own)
        if size is None:
            channels, size, first = own, motion.values.shape[2:], name
        if (own, motion.values.shape[2:]) != (channels, size):
            raise InputError(
                f"corpora cannot be mixed: the motion of {first!r} is {_said(channels, size)}, that of {name!r} is "
                f"{_said(own, motion.values.shape[2:])}; give their `motion` the same channels and size, or make one "
                "experiment of each"
            )
        planes = [motion.channels.index(item) for item in own]
        samples.append(
            Samples(
                clip_ids=motion.clip_ids,
                streams={"flow": motion.values[:, planes]},
                present={"flow": np.ones(len(motion.clip_ids), bool)},
                excluded=motion.excluded,
                about={"channels": " ".join(own)},
                siblings={} if motion.neighbours is None else {"flow": motion.neighbours[:, :, planes]},
            )
        )
    return samples


def _said(channels: Sequence[str], size: tuple[int, int]) -> str:
    return f"{', '.join(channels)} of {size[0]} x {size[1]} pixels"
