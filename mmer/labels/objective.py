"""The objective class of a clip, which its action units decide, as the class of a scheme."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import pandas as pd

from mmer.labels.expected import SUBJECTS, differences
from mmer.labels.objective_class import OBJECTIVE, objective_class
from mmer.types.errors import InputError, listing, nearest


@dataclass(frozen=True)
class ObjectiveScheme:
    """Which objective classes are predicted, and which are left out.

    Davison, Merghani and Yap, "Objective Classes for Micro-Facial Expression Recognition", Journal of Imaging 4(10),
    2018 (arXiv 1708.07549): seven classes by sets of action units, so that corpora whose emotion words disagree can be
    taken together. The class is read as the corpus states it. A clip without one is an error, for it is a gap in the
    corpus's file; only for the corpora under ``computed``, whose files state no classes, it is computed from the
    annotated action units (``mmer.labels.objective_class``), and ``remarks`` says so; a clip of these whose units
    nobody coded is left out.

    Parameters
    ----------
    name : str
    classes : tuple of str
        Objective classes in their declared order.
    dropped : tuple of str
        Objective classes whose clips the scheme leaves out. Each of I to VII stands here or under ``classes``.
    computed : tuple of str
        Datasets that state no objective classes, whose are computed. A class that is stated even so is read.
    expected : dict of str to (dict of str to (dict of str to int))
        Dataset name -> version of its annotation file -> class -> clips, and ``subjects`` -> people that are left, of
        the released file. See ``mmer.labels.expected``.

    Raises
    ------
    InputError
        A class is not one of I to VII, or stands nowhere or twice, or fewer than two are predicted.
    """

    name: str
    classes: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    computed: tuple[str, ...] = ()
    expected: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict, hash=False)

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
        for dataset, versions in self.expected.items():
            if strange := sorted({name for counts in versions.values() for name in counts} - {*self.classes, SUBJECTS}):
                raise InputError(
                    f"labels {self.name}: expected.{dataset} counts {listing(strange)}, which is not among the classes"
                )

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
        uncoded = pd.Series(False, clips.index)
        for place in self._to_compute(clips):
            units = clips.action_units.iloc[place]
            uncoded.iloc[place] = not isinstance(units, list)  # pandas writes null as None or NaN
            found.iloc[place] = objective_class(units) if isinstance(units, list) else None
        if (without := found.isna() & ~uncoded).any():
            corpora = listing(sorted(set(clips.dataset[without])))
            raise InputError(
                f"labels {self.name}: {int(without.sum())} of {len(clips)} clip(s) have no objective class, of "
                f"{corpora}: {listing(clips.clip_id[without])}; add the corpus's file of objective classes (key "
                "`objective` of its yaml, where it has one); where it never had one, name the corpus under "
                f"`computed` of conf/labels/{self.name}.yaml, which needs annotated action units; or name the clips "
                "under `exclude`, or take the corpus from `datasets`"
            )
        if (strange := ~found.isin(OBJECTIVE) & ~uncoded).any():
            word = found[strange].iloc[0]
            raise InputError(
                f"labels {self.name}: {clips.clip_id[strange].iloc[0]} has the objective class {word!r}; "
                f"{nearest(word, OBJECTIVE)}"
            )
        assigned = found.where(found.isin(self.classes)).to_numpy()
        return pd.Series(assigned, pd.Index(clips.clip_id.astype("str"), name="clip_id"), "string", self.name)

    def reason(self, clip: pd.Series) -> str:
        """Say why a clip is left out."""
        stated = clip.objective_class
        if not pd.isna(stated):
            return f"objective class {stated} is left out by {self.name}"
        if not isinstance(clip.action_units, list):
            return f"its action units are not annotated, so {self.name} cannot compute its objective class"
        return f"objective class {objective_class(clip.action_units)} (computed) is left out by {self.name}"

    def remarks(self, clips: pd.DataFrame, versions: Mapping[str, str] | None = None) -> list[str]:
        """Say what a person should know of the classes of a Clips table.

        Parameters
        ----------
        clips : DataFrame
            A Clips table.
        versions : mapping of str to str, optional
            Dataset -> the version that its annotation file claims to be; otherwise the nearest one is meant.

        Returns
        -------
        list of str
            Counts that are not those of the release, and how many classes are computed, by dataset.
        """
        made = clips.dataset.iloc[self._to_compute(clips)].value_counts().sort_index()
        said = [f"{dataset} states none for {n} clip(s): computed from action units" for dataset, n in made.items()]
        return [*said, *differences(self.expected, clips, self.assign(clips), versions)]

    def computes(self, clips: pd.DataFrame) -> pd.Series:
        """Return for every clip whether its class is computed: bool, indexed by ``clip_id``."""
        places = set(self._to_compute(clips))
        return pd.Series(
            [place in places for place in range(len(clips))], clips.clip_id.to_list(), bool, name="computed"
        )

    def _to_compute(self, clips: pd.DataFrame) -> list[int]:
        """Return the places of the clips whose class is computed."""
        if not set(clips.dataset) & set(self.computed):
            return []
        rows = zip(clips.dataset, clips.objective_class, strict=True)
        return [place for place, (dataset, stated) in enumerate(rows) if dataset in self.computed and pd.isna(stated)]
