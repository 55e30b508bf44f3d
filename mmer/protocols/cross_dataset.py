"""Train on some corpora, test on others."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from mmer.protocols.leave_out import torn
from mmer.types.errors import InputError, listing
from mmer.types.split import Split


@dataclass(frozen=True)
class CrossDataset:
    """One fold: train on all clips of some corpora, test on all clips of others.

    Only the clips of the test corpora are tested. Every ordered pair of the corpora at once is ``cross_dataset_pairs``;
    CASME II to SAMM and back, as in the challenge of 2018, is ``megc2018_holdout``.

    Parameters
    ----------
    train, test : tuple of str
        Names of corpora. Together they must be exactly those of the table: a corpus named in neither would be left out
        without a word.

    Raises
    ------
    InputError
        One side is empty, or a corpus is named on both sides or twice.
    """

    train: tuple[str, ...]
    test: tuple[str, ...]

    person_independent: ClassVar[bool] = True
    tests_every_clip: ClassVar[bool] = False

    def __post_init__(self) -> None:
        for side in ("train", "test"):
            names = getattr(self, side)
            if not names:
                raise InputError(f"cross_dataset: `{side}` names no corpus, e.g. {side}: [casme2]")
            if len(set(names)) != len(names):
                raise InputError(f"cross_dataset: `{side}` names a corpus twice: {listing(names)}")
        if both := sorted(set(self.train) & set(self.test)):
            raise InputError(
                f"cross_dataset: {listing(both)} is named under both `train` and `test`; keep it on one side"
            )

    def refuses(self, clips: pd.DataFrame) -> str | None:
        """Say why there is no fold, or None.

        The corpora of the table are not those of train and test, or an event or subject is on both sides.
        """
        present, named = sorted(set(clips.dataset)), {*self.train, *self.test}
        if absent := sorted(named - set(present)):
            return (
                f"cross_dataset: the table has no clip of {listing(absent)}; it has {listing(present) or 'none'}; "
                "correct `protocol.train` and `protocol.test`, or the experiment's `datasets`"
            )
        if unused := sorted(set(present) - named):
            return (
                f"cross_dataset: {listing(unused)} is in the table but neither in `protocol.train` nor in "
                "`protocol.test`; name it on one side, or take it from the experiment's `datasets`"
            )
        sides = clips.dataset.isin(self.test).map({True: "test", False: "train"})
        return torn(clips.assign(side=sides), "side", "cross_dataset")

    def splits(self, clips: pd.DataFrame) -> list[Split]:
        """Return the one fold, named ``casme2->samm`` (``casme2+smic->samm`` for several corpora on a side).

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
        name = f"{'+'.join(sorted(self.train))}->{'+'.join(sorted(self.test))}"
        return [Split.of(name, clips[clips.dataset.isin(self.train)], clips[clips.dataset.isin(self.test)])]
