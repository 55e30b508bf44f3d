"""Repeated random hold-out: 90 % of the clips train, 10 % test."""

from dataclasses import dataclass
from typing import ClassVar

from mmer.protocols.holdout import Holdout


@dataclass(frozen=True)
class Holdout9010(Holdout):
    """Ten draws of 10 % of the clips. Person-dependent: a person's clips fall on both sides.

    The 90:10 division of the survey's person-dependent evaluation (section III-C). Where a paper writes of ten folds
    that test every clip once (Thuseethan et al., reference [57]), use ``kfold`` with k = 10 instead.
    """

    percent: ClassVar[int] = 10
