"""Repeated random hold-out: 80 % of the clips train, 20 % test."""

from dataclasses import dataclass
from typing import ClassVar

from mmer.protocols.holdout import Holdout


@dataclass(frozen=True)
class Holdout8020(Holdout):
    """Ten draws of 20 % of the clips. Person-dependent: a person's clips fall on both sides.

    The 80:20 division of the survey's person-dependent evaluation (section III-C, its references [29] and [47]). The
    papers draw once and state no seed, so their division cannot be repeated; ten draws show how much it decides.
    """

    percent: ClassVar[int] = 20
