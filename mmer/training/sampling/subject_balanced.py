"""Classes equally often, and within a class its subjects."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mmer.training.sampling.groups import even, groups
from mmer.types.targets import Targets


@dataclass(frozen=True)
class SubjectBalanced:
    """Draw a class, then a subject who has clips of it, then one of these clips; each step equally likely.

    In the corpora some subjects have thirty clips and others two: without this a network may learn the faces of the
    few. In action unit detection a unit takes the place of the class, and its presence or absence, as in ``balanced``.

    Parameters
    ----------
    name : str
    """

    name: str = "subject_balanced"

    def chances(self, targets: Targets, subjects: Mapping[str, str]) -> dict[str, float]:
        """Return the probability of each clip in each draw; they sum to 1."""
        names = np.array([subjects[clip] for clip in targets.clip_ids])
        own = names[:, None] == np.unique(names)
        member = groups(targets)
        # The chance within a group is even over its subjects, so groups are taken one by one, those with clips.
        within = [even(group[:, None] & own) for group in member.T if group.any()]
        return dict(zip(targets.clip_ids, np.mean(within, axis=0).tolist(), strict=True))
