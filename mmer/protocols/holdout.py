"""Repeated random hold-out, the common part: a share of the clips is drawn for testing, over and over."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from mmer.protocols.draw import check_settings, shuffled
from mmer.types.errors import InputError
from mmer.types.events import events
from mmer.types.split import Split


@dataclass(frozen=True)
class Holdout:
    """Draw a share of the clips, test them on a model of all others, and repeat. Person-dependent.

    Whole events are drawn, in hashed order, each that still fits into the share. Repeats are drawn independently: over
    all of them some clips are tested several times and some never.

    Parameters
    ----------
    repeats : int
        Number of draws.
    seed : int
        Of the draws; the seeds of the training are another matter.

    Raises
    ------
    InputError
        ``repeats`` is below 1.
    """

    repeats: int = 10
    seed: int = 0

    percent: ClassVar[int]  # tested, of the clips of the table
    person_independent: ClassVar[bool] = False
    tests_every_clip: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_settings(self._name, self.repeats)

    @property
    def _name(self) -> str:
        return f"holdout_{100 - self.percent}_{self.percent}"

    def _tested(self, clips: pd.DataFrame) -> int:
        """Return how many clips the share is, rounded half up."""
        return (len(clips) * self.percent + 50) // 100

    def refuses(self, clips: pd.DataFrame) -> str | None:
        """Say why there are no folds, or None: the share is not one clip, or no event is small enough for it."""
        wanted = self._tested(clips)
        if wanted < 1:
            return (
                f"{self._name}: {self.percent} % of {len(clips)} clips is less than one clip; add clips, or use "
                "protocol=leave_one_video_out"
            )
        if (smallest := events(clips).value_counts().min()) > wanted:
            return (
                f"{self._name}: {self.percent} % of {len(clips)} clips is {wanted}, but every event has at least "
                f"{smallest} clips, which stay together; add clips, or use protocol=leave_one_video_out"
            )
        return None

    def splits(self, clips: pd.DataFrame) -> list[Split]:
        """Return one fold per repeat, named ``repeat 00``.

        Parameters
        ----------
        clips : DataFrame
            Clips table that holds exactly the clips of the experiment.

        Returns
        -------
        list of Split

        Raises
        ------
        InputError
            The table is refused.
        """
        if reason := self.refuses(clips):
            raise InputError(reason)
        event = events(clips)
        sizes = event.value_counts()
        folds = []
        for repeat in range(self.repeats):
            drawn, room = set(), self._tested(clips)
            for name in shuffled(sizes.index, self.seed, repeat):
                if sizes[name] <= room:
                    drawn.add(name)
                    room -= sizes[name]
            test = event.isin(drawn).to_numpy()
            name = f"repeat {repeat:02d}"
            folds.append(Split.of(name, clips[~test], clips[test], person_independent=False, repeat=repeat))
        return folds
