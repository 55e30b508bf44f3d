"""Every clip once per epoch."""

from collections.abc import Mapping
from dataclasses import dataclass

from mmer.types.targets import Targets


@dataclass(frozen=True)
class Natural:
    """Every clip once per epoch, in an order drawn anew: classes are as frequent as in the corpus.

    Parameters
    ----------
    name : str
    """

    name: str = "natural"

    def chances(self, targets: Targets, subjects: Mapping[str, str]) -> None:
        """Return None: nothing is drawn by chance but the order."""
