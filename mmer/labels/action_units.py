"""The action units that a clip shows, each a question of its own: detection instead of classification."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from mmer.types.errors import InputError, listing
from mmer.types.targets import FACS

ANNOTATED = "annotated"


@dataclass(frozen=True)
class ActionUnitScheme:
    """Which action units are detected; each is absent from or present in a clip.

    Clips whose action units nobody coded are left out; a clip in which none of these units was seen stays, with all of
    them absent. The truth itself is the column ``action_units`` of the Clips table.

    Parameters
    ----------
    name : str
    units : tuple of str
        ``AU01``-like names, in the order in which they are reported.

    Raises
    ------
    InputError
        No unit, a unit twice, or a name that is not ``AU`` and two digits.
    """

    name: str
    units: tuple[str, ...] = ()

    classes: ClassVar[tuple[str, ...]] = ("absent", "present")

    def __post_init__(self) -> None:
        if not self.units:
            raise InputError(f"labels {self.name}: `units` names no action unit, e.g. units: [AU01, AU04]")
        if strange := [unit for unit in self.units if unit not in FACS]:
            raise InputError(
                f"labels {self.name}: {listing(map(repr, strange))} is no action unit; write two digits, e.g. 'AU04'"
            )
        if len(set(self.units)) != len(self.units):
            raise InputError(f"labels {self.name}: `units` names a unit twice: {', '.join(self.units)}")

    @property
    def targets(self) -> tuple[str, ...]:
        """What is predicted: the units."""
        return self.units

    def assign(self, clips: pd.DataFrame) -> pd.Series:
        """Say which clips have coded action units.

        Parameters
        ----------
        clips : DataFrame
            A Clips table.

        Returns
        -------
        Series of string, indexed by ``clip_id`` in the order of ``clips``
            ``annotated``, or null where nobody coded the clip.
        """
        coded = [ANNOTATED if units is not None else None for units in clips.action_units]
        return pd.Series(coded, pd.Index(clips.clip_id.astype("str"), name="clip_id"), "string", self.name)

    def reason(self, clip: pd.Series) -> str:
        """Say why a clip is left out."""
        return f"its action units are not annotated, which {self.name} needs"

    def remarks(self, clips: pd.DataFrame, versions: Mapping[str, str] | None = None) -> list[str]:
        """Say what a person should know of the targets: nothing, for no counts of single files are published."""
        return []
