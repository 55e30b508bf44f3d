"""An emotion word of a corpus -> class of a named scheme. Every scheme is a yaml of this one class."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import pandas as pd

from mmer.labels.expected import SUBJECTS, differences
from mmer.types.errors import InputError, listing, nearest

DEFAULT = "default"


@dataclass(frozen=True)
class EmotionScheme:
    """Which words of which corpus make which class.

    The same word means another thing in another corpus (``others`` of CASME II is a quarter of the corpus, ``Other`` of
    SAMM a remainder), and published schemes treat it differently, so the rules are written per corpus. A word that is
    neither mapped nor dropped is an error: no clip leaves an experiment because of a spelling.

    Parameters
    ----------
    name : str
    classes : tuple of str
        Class names in their declared order, which is the order of every probability column and confusion matrix.
    words : dict of str to dict of str to str
        Dataset name -> word -> class. ``default`` serves the datasets that are not named. Case does not matter.
    dropped : dict of str to list of str
        Dataset name -> words whose clips the scheme leaves out, with ``default`` as above.
    left_out : dict of str to str
        Clip id -> why a published composite does not have this clip. A table without the clip is served too.
    expected : dict of str to (dict of str to (dict of str to int))
        Dataset name -> version of its annotation file -> class -> clips, and ``subjects`` -> people that are left, of
        the released file. See ``mmer.labels.expected``.
    """

    name: str
    classes: tuple[str, ...] = ()
    words: dict[str, dict[str, str]] = field(default_factory=dict, hash=False)  # compared, but a dict has no hash
    dropped: dict[str, list[str]] = field(default_factory=dict, hash=False)
    left_out: dict[str, str] = field(default_factory=dict, hash=False)
    expected: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict, hash=False)

    targets: ClassVar[tuple[str, ...]] = ("emotion",)

    def __post_init__(self) -> None:
        if len(self.classes) < 2 or len(set(self.classes)) != len(self.classes):
            raise InputError(f"labels {self.name}: classes must be at least two different names, got {self.classes}")
        if without := sorted(set(self.dropped) - set(self.words)):
            raise InputError(f"labels {self.name}: dropped names {without}, words does not; add their words")
        for dataset in self.words:
            for word, label in self._rules(dataset).items():
                if label is not None and label not in self.classes:
                    raise InputError(
                        f"labels {self.name}: words.{dataset}.{word} is {label!r}, which is not among the classes; "
                        f"{nearest(label, self.classes)}"
                    )
        used = {label for rules in self.words.values() for label in rules.values()}
        for dataset, versions in self.expected.items():
            self._key(dataset)
            if strange := sorted({name for counts in versions.values() for name in counts} - {*self.classes, SUBJECTS}):
                raise InputError(
                    f"labels {self.name}: expected.{dataset} counts {listing(strange)}, which is not among the classes"
                )
        if unused := [name for name in self.classes if name not in used]:
            raise InputError(f"labels {self.name}: no word of any dataset maps to class {listing(unused)}")

    def assign(self, clips: pd.DataFrame) -> pd.Series:
        """Give every clip its class.

        Parameters
        ----------
        clips : DataFrame
            A Clips table.

        Returns
        -------
        Series of string, indexed by ``clip_id`` in the order of ``clips``
            Class name, or null where the scheme leaves the clip out.

        Raises
        ------
        InputError
            The scheme has no rules for a dataset, or a clip's word is neither mapped nor dropped.
        """
        assigned: dict[str, str | None] = {}
        rules_of: dict[str, Mapping[str, str | None]] = {}
        for clip_id, dataset, emotion in zip(clips.clip_id, clips.dataset, clips.emotion, strict=True):
            if dataset not in rules_of:
                rules_of[dataset] = self._rules(self._key(dataset))
            rules = rules_of[dataset]
            word = str(emotion).strip().casefold()
            if word not in rules:
                raise InputError(
                    f"labels {self.name}: {clip_id} has the emotion {emotion!r}, which is neither mapped nor dropped "
                    f"for {dataset}; {nearest(word, rules)}. Correct the annotation file, or add the word under "
                    f"words.{self._key(dataset)} or dropped.{self._key(dataset)} of conf/labels/{self.name}.yaml"
                )
            assigned[clip_id] = None if clip_id in self.left_out else rules[word]
        return pd.Series(assigned, dtype="string", name=self.name).rename_axis("clip_id")

    def reason(self, clip: pd.Series) -> str:
        """Say why a clip is left out."""
        if clip.clip_id in self.left_out:
            return f"{self.name} does not have this clip: {self.left_out[clip.clip_id]}"
        return f"emotion {clip.emotion!r} has no class in {self.name}"

    def remarks(self, clips: pd.DataFrame, versions: Mapping[str, str] | None = None) -> list[str]:
        """Say what a person should know of the classes of a Clips table: counts that are not those of the release.

        Parameters
        ----------
        clips : DataFrame
            A Clips table.
        versions : mapping of str to str, optional
            Dataset -> the version that its annotation file claims to be; otherwise the nearest one is meant.
        """
        return differences(self.expected, clips, self.assign(clips), versions)

    def _key(self, dataset: str) -> str:
        """Return the key under which a dataset's rules stand."""
        if dataset in self.words:
            return dataset
        if DEFAULT in self.words:
            return DEFAULT
        raise InputError(
            f"labels {self.name}: no rules for dataset {dataset!r}, only for {listing(sorted(self.words))}; "
            f"choose another scheme, or add words.{dataset} to conf/labels/{self.name}.yaml"
        )

    def _rules(self, key: str) -> dict[str, str | None]:
        """Return casefolded word -> class, or None where the word's clips are left out."""
        pairs = [*self.words[key].items(), *((word, None) for word in self.dropped.get(key, ()))]
        rules: dict[str, str | None] = {}
        for word, label in pairs:
            folded = str(word).strip().casefold()
            if folded in rules:
                raise InputError(f"labels {self.name}: the word {word!r} stands twice under {key}")
            rules[folded] = label
        return rules
