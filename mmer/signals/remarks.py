"""Remarks: what a reader should know of many recordings, in few sentences."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from mmer.signals.alignment import Alignment, drifts
from mmer.types.errors import listing
from mmer.types.signal_window import SignalWindow

# Numbers that differ from window to window, and what is said instead.
_MEASURED = ((re.compile(r",? [zr] [+-]?[\d.]+"), ""), (re.compile(r"\d+\.\d+ s "), "some seconds "))
MOST_FILES = 5


@dataclass
class Remarks:
    """Collects while recordings are read; the one object of this room that changes.

    Parameters
    ----------
    outside : int
        Windows that leave their recording.
    said : list of str
        Whole sentences.
    clocks : dict of str to set of Alignment
        By recording.
    windows : dict of str to Counter of str
        What was done to windows -> how many of each recording.
    """

    outside: int = 0
    said: list[str] = field(default_factory=list)
    clocks: dict[str, set[Alignment]] = field(default_factory=dict)
    windows: dict[str, Counter[str]] = field(default_factory=dict)

    def say(self, sentence: str) -> None:
        """Add a sentence, once."""
        self.say_all([sentence])

    def say_all(self, sentences: Iterable[str]) -> None:
        """Add sentences, each once."""
        self.said += [sentence for sentence in dict.fromkeys(sentences) if sentence not in self.said]

    def align(self, path: str, alignment: Alignment) -> None:
        """Remember a clock."""
        self.clocks.setdefault(path, set()).add(alignment)

    def drifting(self, path: str) -> list[str]:
        """Say so where a recording's clock drifts more than clocks usually do."""
        every = self.clocks.get(path, ())
        notes = {note for one in every if drifts(one.rate) for note in one.notes}
        return [f"{path}: {'; '.join(sorted(notes))}"] if notes else []

    def window(self, path: str, windows: Iterable[SignalWindow | None]) -> None:
        """Remember what was done to the window of a clip, and to its baseline."""
        notes = {_unmeasured(note) for one in windows if one is not None for note in one.notes}
        for note in sorted(notes):
            self.windows.setdefault(note, Counter())[path] += 1

    def sentences(self) -> tuple[str, ...]:
        """Return everything, summed up over recordings."""
        found = list(self.said)
        if self.outside:
            found.append(f"{self.outside} windows leave their recording; their clips lack the signal")
        plain = Counter(note for path in self.clocks for note in {n for one in self.clocks[path] for n in one.notes})
        moving = {
            path: [one for one in every if round((one.rate - 1) * 1e6)] for path, every in sorted(self.clocks.items())
        }
        moving = {path: every for path, every in moving.items() if every}
        if moving:
            rates = [(one.rate - 1) * 1e6 for every in moving.values() for one in every]
            worst = np.nanmax([0.0, *(one.residual for every in moving.values() for one in every)])
            found.append(
                f"clocks of {len(moving)} recordings drift by {min(rates):+.0f} to {max(rates):+.0f} ppm; markers lie "
                f"at most {worst * 1e3:.1f} ms beside the line"
            )
        found += [sentence for path in moving for sentence in self.drifting(path)]
        found += [
            f"{note} ({count} recordings)" for note, count in sorted(plain.items()) if not note.startswith("drift")
        ]
        for note, files in sorted(self.windows.items()):
            where = listing(sorted(files), MOST_FILES)
            found.append(f"{note} ({sum(files.values())} windows of {where})")
        return tuple(found)


def _unmeasured(note: str) -> str:
    """Leave out the numbers, so that the notes of windows are counted together."""
    for pattern, instead in _MEASURED:
        note = pattern.sub(instead, note)
    return note
