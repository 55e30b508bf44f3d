"""ChannelNames: what the channels of a recording are called, what they measure, and in which unit.

Every amplifier spells its channels in its own way. Here they get one name each: the electrodes those of the 10-20
system, as MNE's montages spell them, all others the name that the file gives them.
"""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import mne

from mmer.types.errors import InputError, nearest

KINDS = ("eeg", "eog", "ecg", "emg", "gsr", "resp", "bio", "temperature", "stim", "misc")
VOLTAGES = ("eeg", "eog", "ecg", "emg")  # kinds whose numbers mean nothing without a unit
UNKNOWN = "n/a"
Place = tuple[float, float, float]
NOWHERE: Place = (float("nan"),) * 3

# What the number 1 of a unit is, in the unit that is kept.
UNITS: dict[str, tuple[str, float]] = {
    **{"V": ("V", 1.0), "volt": ("V", 1.0), "volts": ("V", 1.0)},
    **{"mV": ("V", 1e-3), "millivolt": ("V", 1e-3), "millivolts": ("V", 1e-3)},
    **{"uV": ("V", 1e-6), "microvolt": ("V", 1e-6), "microvolts": ("V", 1e-6), "nV": ("V", 1e-9)},
    **{"S": ("S", 1.0), "mho": ("S", 1.0), "mS": ("S", 1e-3), "uS": ("S", 1e-6), "nS": ("S", 1e-9)},
    **{"siemens": ("S", 1.0), "microsiemens": ("S", 1e-6), "microsiemen": ("S", 1e-6)},
    **{"umho": ("S", 1e-6), "micromho": ("S", 1e-6), "microS": ("S", 1e-6)},
    **{"C": ("C", 1.0), "degC": ("C", 1.0), "deg C": ("C", 1.0), "celsius": ("C", 1.0), "degrees C": ("C", 1.0)},
    **{UNKNOWN: (UNKNOWN, 1.0), "": (UNKNOWN, 1.0)},
}
ANY_CASE = {unit.casefold(): kept for unit, kept in UNITS.items() if kept[0] == "V" or len(unit) > 2}  # ms: a time

# Words in the name of a channel that say what it measures; the first that fits counts.
WORDS: tuple[tuple[str, str], ...] = (
    (r"\brate\b|\bbpm\b", "misc"),  # a rate that the recorder computed is no signal: "ECG rate"
    (r"status|trig|\bsti|\bstp\b|marker|\bmrk\b|digital", "stim"),
    (r"ecg|ekg", "ecg"),
    (r"eog|\bveo\b|\bheo\b|\bveo[ul]\b|\bheo[lr]\b", "eog"),
    (r"emg", "emg"),
    (r"\beda|\bgsr|\bscr?\b|\bscl\b|skin ?cond", "gsr"),
    (r"\brsp|resp", "resp"),
    (r"\bskt|temp(?!or)", "temperature"),
    (r"\bppg|plet|\bbvp|pulse", "bio"),
)
OLD_NAMES = {"t3": "T7", "t4": "T8", "t5": "P7", "t6": "P8"}  # of the 10-20 system before 1991
# Montages under the names that everybody knows; MNE 1.13 calls them by the head that their places were measured on.
BY_OLD_NAME = {f"standard_{system}": f"colin27_{system}" for system in ("1005", "1020")}
PREFIX = re.compile(r"^(?:EEG|POL|E)[ _:-]+(?=\S)", re.IGNORECASE)
REFERENCE = re.compile(r"[ _-]+(?:REF|LE|AVG?|AR|CAR|LER|M1|M2|A1|A2|A1A2|M1M2)$", re.IGNORECASE)


@dataclass(frozen=True)
class ChannelNames:
    """How the channels of a corpus are named; matched without regard to case.

    Parameters
    ----------
    rename : dict of str to str
        Name in the file -> name wanted.
    kinds : dict of str to str
        Name or pattern with ``*`` -> kind, one of ``KINDS``; for channels whose file or name says nothing or something
        wrong. The first pattern that fits counts.
    units : dict of str to str
        Name or pattern -> unit of the numbers in the file (``uV``, ``mV``, ``V``, ``uS``, ``C``, ``n/a``), where the
        file states none or a wrong one.
    montage : str
        Montage of MNE that says where the electrodes are, and how they are spelt; ``""``: names and places as the file
        has them.
    drop : tuple of str
        Names or patterns of channels to leave out.

    Raises
    ------
    InputError
        A kind, a unit or the montage does not exist.
    """

    rename: dict[str, str] = field(default_factory=dict, hash=False)
    kinds: dict[str, str] = field(default_factory=dict, hash=False)
    units: dict[str, str] = field(default_factory=dict, hash=False)
    montage: str = "standard_1020"
    drop: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, kind in self.kinds.items():
            if kind not in KINDS:
                raise InputError(f"kinds: {name!r} is to be {kind!r}; {nearest(kind, KINDS)}")
        for name, unit in self.units.items():
            try:
                unit_of(unit)
            except KeyError:
                raise InputError(f"units: {name!r} is to be in {unit!r}; {nearest(unit, UNITS)}") from None
        montage_places(self.montage)

    def names(self, file_names: Sequence[str]) -> list[str]:
        """Name the channels of a file.

        A name under ``rename`` becomes what is written there. Of all others, what amplifiers add to the name of an
        electrode is taken off (``EEG Fp1-Ref``, ``Fc5.``), its case becomes the montage's, and the older names T3, T4,
        T5, T6 become T7, T8, P7, P8, if this gives the name of an electrode of the montage that no other channel has.

        Parameters
        ----------
        file_names : sequence of C str

        Returns
        -------
        list of C str

        Raises
        ------
        InputError
            Two channels get one name.
        """
        renamed = {old.strip().casefold(): new for old, new in self.rename.items()}
        plain = [name.strip() for name in file_names]
        electrodes = {name.casefold(): name for name in montage_places(self.montage)}
        taken = {electrodes.get(name.casefold(), name) for name in plain if name.casefold() not in renamed}
        names = []
        for name in plain:
            if name.casefold() in renamed:
                names.append(renamed[name.casefold()])
            else:
                names.append(_spelt(name, electrodes, taken))
        if twice := sorted({name for name in names if names.count(name) > 1}):
            both = [old for old, new in zip(plain, names, strict=True) if new == twice[0]]
            raise InputError(
                f"the channels {' and '.join(map(repr, both))} are both called {twice[0]!r}; give one of them another "
                "name under `rename` of the recordings, or leave it out with `drop`"
            )
        return names

    def dropped(self, name: str, file_name: str) -> bool:
        """Say whether a channel is left out."""
        return any(_fits(one, pattern) for pattern in self.drop for one in (name, file_name))

    def kind(self, name: str, file_name: str, stated: str) -> str:
        """Say what a channel measures.

        Parameters
        ----------
        name, file_name : str
            The channel's name here and in the file.
        stated : str
            What the file says: one of ``KINDS``, or ``""`` where its format does not tell.
        """
        for pattern, kind in self.kinds.items():
            if _fits(name, pattern) or _fits(file_name, pattern):
                return kind
        if stated:
            return stated
        for one in dict.fromkeys((name, file_name)):
            text = one.replace("_", " ").casefold()
            if kind := next((kind for word, kind in WORDS if re.search(word, text)), ""):
                return kind
        return ""

    def unit(self, name: str, file_name: str, stated: str) -> tuple[str, float]:
        """Return the unit that is kept for a channel, and the factor from the file's numbers to it."""
        for pattern, unit in self.units.items():
            if _fits(name, pattern) or _fits(file_name, pattern):
                return unit_of(unit)
        try:
            return unit_of(stated)
        except KeyError:
            return (UNKNOWN, 1.0)

    def states_unit(self, name: str, file_name: str) -> bool:
        """Say whether ``units`` names a channel."""
        return any(_fits(one, pattern) for pattern in self.units for one in (name, file_name))

    def places(self, names: Sequence[str], kinds: Sequence[str], own: Sequence[Place]) -> tuple[Place, ...]:
        """Say where the channels are.

        Electrodes that the montage knows have its places, so that all people of a corpus share them; others those of
        the file.

        Parameters
        ----------
        names, kinds : sequence of C str
        own : sequence of C triples of float
            Places in the file, metres in MNE's head frame, NaN where unknown.

        Returns
        -------
        tuple of C triples of float
            NaN where a channel is no electrode, or its place unknown; empty where that is so of all.
        """
        known = montage_places(self.montage)
        found = [
            known.get(name, place) if kind == "eeg" else NOWHERE
            for name, kind, place in zip(names, kinds, own, strict=True)
        ]
        return tuple(found) if any(place[0] == place[0] for place in found) else ()


@functools.lru_cache(maxsize=8)
def montage_places(montage: str) -> dict[str, Place]:
    """Return where the electrodes of one of MNE's montages are.

    Returns
    -------
    dict of str to triple of float
        Metres in MNE's head frame; of electrodes with two names in the montage (T3 and T7), the newer one alone.

    Raises
    ------
    InputError
        MNE has no such montage.
    """
    if not montage:
        return {}
    known = mne.channels.get_builtin_montages()
    if (name := BY_OLD_NAME.get(montage, montage)) not in known:
        raise InputError(f"montage {montage!r}: MNE has none of this name; {nearest(montage, [*BY_OLD_NAME, *known])}")
    template = mne.channels.make_standard_montage(name)
    names = set(template.ch_names)
    kept = [name for name in template.ch_names if OLD_NAMES.get(name.casefold(), "") not in names]
    info = mne.create_info(kept, 1000.0, "eeg", verbose="error")
    info.set_montage(template, verbose="error")
    return {name: tuple(float(x) for x in ch["loc"][:3]) for name, ch in zip(kept, info["chs"], strict=True)}


def unit_of(text: str) -> tuple[str, float]:
    """Return the unit that is kept for a unit as files write it, and the factor to it.

    Raises
    ------
    KeyError
        The unit is none of ``UNITS``.
    """
    text = text.strip().replace("µ", "u").replace("μ", "u").replace("°", "deg")
    return UNITS[text] if text in UNITS else ANY_CASE[text.casefold()]


def _spelt(name: str, electrodes: dict[str, str], taken: set[str]) -> str:
    """Bring the name of an electrode to the montage's spelling; return other names as they are."""
    if name.casefold() in electrodes:
        return electrodes[name.casefold()]
    bare = REFERENCE.sub("", PREFIX.sub("", name)).strip(" .")
    for candidate in (bare, OLD_NAMES.get(bare.casefold(), "")):
        found = electrodes.get(candidate.casefold())
        if found and found not in taken:
            return found
    return name


def _fits(name: str, pattern: str) -> bool:
    return fnmatchcase(name.casefold(), pattern.strip().casefold())
