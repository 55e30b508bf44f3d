"""Groups of clips that are to be equally likely: the classes; in detection each unit's presence and its absence."""

import numpy as np

from mmer.types.targets import Targets


def groups(targets: Targets) -> np.ndarray:
    """Say which clip is in which group: (n, G) bool.

    A class is a group. Where action units are asked for, the clips annotated with a unit are a group and those
    annotated without it are another: a clip is then in as many groups as it has annotations, and a clip without any is
    in none.
    """
    if not targets.units:
        return targets.index[:, None] == np.arange(len(targets.classes))
    return np.concatenate([targets.answer == 0, targets.answer == 1], axis=1)


def even(member: np.ndarray) -> np.ndarray:
    """Return the chance of each clip where a group is drawn first, then one of its clips: (n,) float64, sums to 1.

    Groups are equally likely, and so are the clips of one. Groups without a clip are not drawn.

    Parameters
    ----------
    member : ndarray of shape (n, G), bool
        Which clip is in which group; at least one is in some.
    """
    size = member.sum(0)
    return (member / np.maximum(size, 1)).sum(1) / np.count_nonzero(size)
