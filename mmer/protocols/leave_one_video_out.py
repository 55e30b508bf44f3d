"""Leave one video out: as many folds as events. Person-dependent."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from mmer.types.errors import InputError
from mmer.types.events import events
from mmer.types.split import Split


@dataclass(frozen=True)
class LeaveOneVideoOut:
    """Test each event once, on a model trained on all others. Person-dependent.

    LOVO of the survey's person-dependent evaluation (section III-C). All other clips of the tested person are trained
    on, so the numbers stand above those of leave-one-subject-out. An event is one clip, or all clips that show the same
    moment (several cameras, several annotations of one video, edited copies), which are tested together.
    """

    person_independent: ClassVar[bool] = False
    tests_every_clip: ClassVar[bool] = True

    def refuses(self, clips: pd.DataFrame) -> str | None:
        """Say why there are no folds, or None: fewer than two events."""
        if (n := events(clips).nunique()) < 2:
            return f"leave-one-video-out needs at least two events; the table has {n} of {len(clips)} clips; add clips"
        return None

    def splits(self, clips: pd.DataFrame) -> list[Split]:
        """Return one fold per event, named after the smallest clip id in it and sorted by it.

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
        event = events(clips).to_numpy()
        return [
            Split.of(name, clips[event != name], clips[event == name], person_independent=False)
            for name in sorted(set(event))
        ]
