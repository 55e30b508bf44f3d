"""An imitated human coder: what an annotation file says about a clip, which is never quite what happened.

The table of objective classes is that of Davison, Merghani and Yap, "Objective Classes for Micro-Facial Expression
Recognition", Journal of Imaging 2018 (arXiv 1708.07549).
"""

from dataclasses import dataclass

import numpy as np

from mmer.synthetic.clip import RenderedClip

SEEN = 0.03  # weaker activation than this no coder sees
MISSED = 0.12  # probability that a visible unit is not written down
ADDED = 0.08  # probability that a unit is written down that did not move
PLAUSIBLE = (4, 5, 7, 14, 17, 25)  # what coders see where nothing was
ONE_SIDED = (10, 12, 14, 15, 20)  # units that are often coded for one side of the face
OBJECTIVE = {
    "I": ("6", "12", "6+12", "6+7+12", "7+12"),
    "II": ("1+2", "5", "25", "1+2+25", "25+26", "5+24"),
    "III": ("23", "4", "4+7", "4+5", "4+5+7", "17+24", "4+6+7", "4+38"),
    "IV": ("10", "9", "4+9", "4+40", "4+5+40", "4+7+9", "4+9+17", "4+7+10", "4+5+7+9", "7+10"),
    "V": ("1", "15", "1+4", "6+15", "15+17"),
    "VI": ("1+2+4", "20"),
}


@dataclass(frozen=True)
class Code:
    """One annotated clip.

    Parameters
    ----------
    units : tuple of (str, int)
        Side (``L``, ``R`` or nothing) and number of each unit, numbers ascending.
    apex : int
        Index of the apex frame as the coder saw it: up to one frame off.
    note : str
        A remark, or nothing.
    """

    units: tuple[tuple[str, int], ...]
    apex: int
    note: str

    @property
    def terms(self) -> tuple[str, ...]:
        """Units as a workbook spells them: ``4``, ``L12``."""
        return tuple(f"{side}{number}" for side, number in self.units)

    @property
    def objective_class(self) -> str:
        """Objective class of the coded units, sides ignored; VII is everything else."""
        key = "+".join(str(number) for _, number in self.units)
        return next((name for name, sets in OBJECTIVE.items() if key in sets), "VII")


def code_clip(clip: RenderedClip, rng: np.random.Generator) -> Code:
    """Annotate a clip; at least one unit is written down."""
    numbers = np.array([int(name[2:]) for name in clip.au_names])
    visible = (clip.expressed >= SEEN) & (rng.random(len(numbers)) >= MISSED)
    visible[np.argmax(clip.expressed)] = True
    found = set(numbers[visible].tolist())
    if rng.random() < ADDED:
        found.add(int(rng.choice(PLAUSIBLE)))
    sides = ("", "", "", "", "", "", "", "", "L", "R")
    units = tuple((str(rng.choice(sides)) if number in ONE_SIDED else "", number) for number in sorted(found))
    apex = int(np.clip(clip.apex + rng.integers(-1, 2), clip.onset + 1, clip.offset - 1))
    blinked = clip.action_units[:, clip.au_names.index("AU43")].max() > 0.5
    return Code(units, apex, "Blink" if blinked else "")
