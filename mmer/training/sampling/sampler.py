"""What every way of sampling is to the trainer."""

from collections.abc import Mapping
from typing import Protocol

from mmer.types.targets import Targets


class Sampler(Protocol):
    """A way of sampling; see ``mmer.training.sampling``.

    Attributes
    ----------
    name : str
    """

    name: str

    def chances(self, targets: Targets, subjects: Mapping[str, str]) -> dict[str, float] | None:
        """Return with which probability each draw of an epoch shows each clip; None: every clip once per epoch.

        Parameters
        ----------
        targets : Targets
            Of the clips that are trained on, and of no other.
        subjects : mapping of str to str
            Subject of each of these clips.
        """
