"""Classes equally often."""

from collections.abc import Mapping
from dataclasses import dataclass

from mmer.training.sampling.groups import even, groups
from mmer.types.targets import Targets


@dataclass(frozen=True)
class Balanced:
    """Draw a class, each equally likely, then one of its clips: with replacement, as many clips as there are.

    In action unit detection a unit is drawn, then its presence or its absence, then a clip that is annotated so; with
    one unit this is the same as above. Clips without any of the annotations are never drawn.

    A class of few clips is shown often, each time with the same few faces: more training clips it is not. A loss that
    weighs classes corrects for the same a second time.

    Parameters
    ----------
    name : str
    """

    name: str = "balanced"

    def chances(self, targets: Targets, subjects: Mapping[str, str]) -> dict[str, float]:
        """Return the probability of each clip in each draw; they sum to 1."""
        return dict(zip(targets.clip_ids, even(groups(targets)).tolist(), strict=True))
