"""The objective class of a clip, which its action units decide, as the class of a scheme."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from mmer.types.errors import InputError, listing, nearest

OBJECTIVE = ("I", "II", "III", "IV", "V", "VI", "VII")


@dataclass(frozen=True)
class ObjectiveScheme:
    """Which objective classes are predicted, and which are left out.

    Davison, Merghani and Yap, "Objective Classes for Micro-Facial Expression Recognition", Journal of Imaging 4(10),
    2018 (arXiv 1708.07549): seven classes by sets of action units, so that corpora whose emotion words disagree can be
    taken together. The class is read as the corpus states it and never computed here. A clip without one is an error:
    a corpus that has no objective classes cannot take part, and one clip that lacks it is a gap in its file.

    Parameters
    ----------
    name : str
    classes : tuple of str
        Objective classes in their declared order.
    dropped : tuple of str
        Objective classes whose clips the scheme leaves out. Each of I to VII stands here or under ``classes``.

    Raises
    ------
    InputError
        A class is not one of I to VII, or stands nowhere or twice, or fewer than two are predicted.
    """

    name: str
    classes: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()

    targets: ClassVar[tuple[str, ...]] = ("emotion",)

    def __post_init__(self) -> None:
        named = (*self.classes, *self.dropped)
        for word in named:
            if word not in OBJECTIVE:
                raise InputError(f"labels {self.name}: {word!r} is no objective class; {nearest(word, OBJECTIVE)}")
        if twice := sorted({word for word in named if named.count(word) > 1}):
            raise InputError(f"labels {self.name}: {listing(twice)} stands twice in `classes` and `dropped`")
        if absent := [word for word in OBJECTIVE if word not in named]:
            raise InputError(
                f"labels {self.name}: {listing(absent, 7)} stands neither in `classes` nor in `dropped`; name it"
            )
        if len(self.classes) < 2:
            raise InputError(f"labels {self.name}: classes must be at least two, got {self.classes}")

    def assign(self, clips: pd.DataFrame) -> pd.Series:
        """Give every clip its class.

        Parameters
        ----------
        clips : DataFrame
            A Clips table.

        Returns
        -------
        Series of string, indexed by ``clip_id`` in the order of ``clips``
            Objective class, or null where the scheme leaves the clip out.

        Raises
        ------
        InputError
            A clip has no objective class, or another word stands in its place.
        """
        found = clips.objective_class.astype("string")
        if (without := found.isna()).any():
            corpora = listing(sorted(set(clips.dataset[without])))
            raise InputError(
                f"labels {self.name}: {int(without.sum())} of {len(clips)} clip(s) have no objective class, of "
                f"{corpora}: {listing(clips.clip_id[without])}; add the corpus's file of objective classes (key "
                "`objective` of its yaml, where it has one), name the clips under `exclude`, or take the corpus from "
                "`datasets`"
            )
        if (strange := ~found.isin(OBJECTIVE)).any():
            word = found[strange].iloc[0]
            raise InputError(
                f"labels {self.name}: {clips.clip_id[strange].iloc[0]} has the objective class {word!r}; "
                f"{nearest(word, OBJECTIVE)}"
            )
        assigned = found.where(found.isin(self.classes)).to_numpy()
        return pd.Series(assigned, pd.Index(clips.clip_id.astype("str"), name="clip_id"), "string", self.name)

    def reason(self, clip: pd.Series) -> str:
        """Say why a clip is left out."""
        return f"objective class {clip.objective_class} is left out by {self.name}"
