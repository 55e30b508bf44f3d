"""What is done to training clips: the keys of conf/augment/*.yaml."""

import math
from dataclasses import dataclass, field

from mmer.types.errors import InputError


@dataclass(frozen=True)
class Augment:
    """How training clips are changed; every clip draws its own values anew in every epoch.

    Parameters
    ----------
    name : str
    flip : float
        Probability of the mirror image, 0..1.
    rotate : float
        Largest turn to either side, degrees, 0..180; evenly drawn.
    translate : float
        Largest shift in each direction, as a share of the picture's width (an aligned picture is one face wide), below
        1; evenly drawn.
    scale : float
        Largest change of size, as a share, below 1: .1 is 0.9 to 1.1 times; evenly drawn.
    amplify : tuple of 2 float
        Smallest and largest factor of motion, above 0; evenly drawn on a logarithmic scale.
    neighbours : bool
        Whether a clip is shown as it would be with a frame beside the apex in its place; itself and every neighbour are
        equally likely. Needs ``neighbours`` of the corpora's motion.
    mixup : float
        alpha of the Beta distribution from which the shares of two clips are drawn; 0: none.

    Raises
    ------
    InputError
        A value is out of its range; the message names the key.
    """

    name: str = "none"
    flip: float = 0.0
    rotate: float = 0.0
    translate: float = 0.0
    scale: float = 0.0
    amplify: tuple[float, ...] = field(default=(1.0, 1.0))
    neighbours: bool = False
    mixup: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "amplify", tuple(self.amplify))
        for key, most in (("flip", 1.0), ("rotate", 180.0)):
            if not 0 <= getattr(self, key) <= most:
                raise InputError(f"augment: {key} must be in 0 <= {key} <= {most:g}, got {getattr(self, key)}")
        for key in ("translate", "scale"):
            if not 0 <= getattr(self, key) < 1:
                raise InputError(f"augment: {key} is a share, 0 <= {key} < 1, got {getattr(self, key)}")
        if len(self.amplify) != 2 or not 0 < self.amplify[0] <= self.amplify[1] < math.inf:
            raise InputError(
                f"augment: amplify must be the smallest and the largest factor, e.g. [0.7, 1.5]; got "
                f"{list(self.amplify)}"
            )
        if not 0 <= self.mixup < math.inf:
            raise InputError(f"augment: mixup must be a number of at least 0, got {self.mixup}")

    @property
    def moves(self) -> bool:
        """Whether places of the face are moved."""
        return bool(self.rotate or self.translate or self.scale)

    @property
    def amplifies(self) -> bool:
        """Whether motion is made stronger or weaker."""
        return self.amplify != (1.0, 1.0)

    @property
    def off(self) -> bool:
        """Whether clips are shown as they are."""
        return not (self.flip or self.moves or self.amplifies or self.neighbours or self.mixup)
