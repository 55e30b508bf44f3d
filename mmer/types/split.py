"""Split: who is trained on and who is tested on in one fold."""

from dataclasses import dataclass

import pandas as pd

from mmer.types.errors import InputError, listing
from mmer.types.events import SHARED
from mmer.types.view import facts, number


@dataclass(frozen=True)
class Split:
    """One fold of a protocol. Refuses an overlap when it is made.

    Parameters
    ----------
    fold : str
        Name of the fold, e.g. the held-out subject.
    train, test : tuple of str
        Clip ids.
    train_subjects, test_subjects : tuple of str
        The subjects of those clips, each once.
    person_independent : bool
        Whether a subject on both sides is refused. Only person-dependent protocols set this to False.
    repeat : int
        From 0. A clip is tested at most once within a repeat; protocols that test it again (repeated hold-out, every
        ordered pair of corpora) number their repeats.

    Raises
    ------
    InputError
        One side is empty or lacks its subjects, a clip occurs twice or on both sides, or a subject is on both sides.
    """

    fold: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    train_subjects: tuple[str, ...]
    test_subjects: tuple[str, ...]
    person_independent: bool = True
    repeat: int = 0

    def __post_init__(self) -> None:
        for side in ("train", "test"):
            ids = getattr(self, side)
            if not ids:
                raise InputError(f"fold {self.fold!r}: no {side} clip; a fold needs clips on both sides")
            if len(set(ids)) != len(ids):
                raise InputError(f"fold {self.fold!r}: a {side} clip is named twice")
            if not getattr(self, f"{side}_subjects"):
                raise InputError(f"fold {self.fold!r}: the {side} subjects are not named, so overlap cannot be checked")
        if both := sorted(set(self.train) & set(self.test)):
            raise InputError(f"fold {self.fold!r}: {len(both)} clip(s) are in both train and test: {listing(both)}")
        both = sorted(set(self.train_subjects) & set(self.test_subjects))
        if self.person_independent and both:
            raise InputError(f"fold {self.fold!r}: {len(both)} subject(s) are in both train and test: {listing(both)}")

    def _repr_html_(self) -> str:
        sides = {
            side: f"{number(len(getattr(self, side)), 'clip')} of {', '.join(getattr(self, f'{side}_subjects'))}"
            for side in ("train", "test")
        }
        return facts(f"Fold {self.fold}", sides | {"repeat": self.repeat})

    @classmethod
    def of(
        cls, fold: str, train: pd.DataFrame, test: pd.DataFrame, person_independent: bool = True, repeat: int = 0
    ) -> "Split":
        """Make a split from two parts of a Clips table; ids and subjects are sorted, so row order does not matter.

        Raises
        ------
        InputError
            What the class refuses, or clips of one event (see ``mmer.types.events``) are on both sides.
        """
        split = cls(
            fold=str(fold),
            train=tuple(sorted(train.clip_id)),
            test=tuple(sorted(test.clip_id)),
            train_subjects=tuple(sorted(set(train.subject))),
            test_subjects=tuple(sorted(set(test.subject))),
            person_independent=person_independent,
            repeat=repeat,
        )
        _check_events(split.fold, train, test)
        return split


def _check_events(fold: str, train: pd.DataFrame, test: pd.DataFrame) -> None:
    """Refuse two clips of one event on two sides: a model would be tested on what it was trained on.

    An event is torn exactly where one of the shared values stands on both sides, so no event has to be traced.
    """
    for name in (name for name in SHARED if name in train and name in test):
        if both := sorted(set(train[name].dropna()) & set(test[name].dropna())):
            torn = pd.concat([part.clip_id[part[name] == both[0]] for part in (train, test)])
            raise InputError(
                f"fold {fold!r}: {len(both)} event(s) have clips in both train and test, e.g. {listing(sorted(torn))} "
                f"(same `{name}`: {both[0]}); clips that share `event`, `frames` or `motion` belong on one side"
            )
