"""A table as large as the real release: its number of rows, subjects and clips per class, every value invented.

With it the counts that papers state, and the composites made of several corpora, can be tested at full size before a
licence arrives. Nothing is rendered: the frames are few, small and blank, there so that folders and numbers are whole.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from mmer.synthetic.coder import OBJECTIVE, Code
from mmer.synthetic.layout import Layout, Recording, first_number, spell_name
from mmer.synthetic.seeds import generator

SHORTEST, LONGEST = 5, 12  # frames from onset to offset; the invented clips are short to keep the folders small
PIXELS = 8
# Sets of action units that are none of the classes I to VI (Davison et al., arXiv 1708.07549).
REST = ("14", "12+14", "17", "2+5", "14+17", "4+14", "7+10+17", "1+2+4+5")
SETS = OBJECTIVE | {"VII": REST}
ONE_SIDED = ("10", "12", "14", "15")
COMMON = {"I": 0.12, "II": 0.1, "III": 0.35, "IV": 0.1, "V": 0.08, "VI": 0.01, "VII": 0.24}  # where no class is stated


@dataclass(frozen=True)
class Named:
    """A clip of which more is known than that it counts.

    Parameters
    ----------
    subject : int
        Number of the person, from 0.
    word : str
    quirk : str
        What the layout writes into the row instead of an ordinary value.
    clip_name : str
        The clip's name where a challenge leaves it out by name; otherwise one is drawn.
    """

    subject: int
    word: str
    quirk: str
    clip_name: str = ""


@dataclass(frozen=True)
class Census:
    """What is publicly known of a released annotation file: numbers, no rows.

    Parameters
    ----------
    subjects : int
        People with at least one clip.
    words : dict of str to int
        The corpus's emotion word -> clips.
    objective : dict of str to int
        Objective class -> clips; empty where the file states none.
    per_subject : tuple of int, optional
        Clips of each person.
    joint : dict of str to (dict of str to int)
        Word -> objective class -> clips, where the table of both is known; otherwise they are paired at random.
    reach : tuple of (tuple of str, int)
        For some words, or some objective classes: how many people have a clip of one of them.
    named : tuple of Named
    """

    subjects: int
    words: dict[str, int]
    objective: dict[str, int] = field(default_factory=dict)
    per_subject: tuple[int, ...] | None = None
    joint: dict[str, dict[str, int]] = field(default_factory=dict)
    reach: tuple[tuple[tuple[str, ...], int], ...] = ()
    named: tuple[Named, ...] = ()

    def __post_init__(self) -> None:
        clips = sum(self.words.values())
        if self.objective and sum(self.objective.values()) != clips:
            raise ValueError(f"{clips} clips by word, {sum(self.objective.values())} by objective class")
        if self.per_subject and (len(self.per_subject), sum(self.per_subject)) != (self.subjects, clips):
            raise ValueError(f"per_subject is not {clips} clips of {self.subjects} people")
        for word, classes in self.joint.items():
            if sum(classes.values()) != self.words[word]:
                raise ValueError(f"joint.{word} is not {self.words[word]} clips")


def write_full_table(layout: Layout, root: Path, seed: int, frames: bool = True) -> list[Recording]:
    """Write the annotation file of a release in its full size, and blank frames.

    Parameters
    ----------
    layout : Layout
        With a ``census``.
    root : Path
        An empty folder.
    seed : int
    frames : bool
        Write onset to offset of every clip as blank pictures, one archive per person; otherwise the annotation only.

    Returns
    -------
    list of Recording
        What was written.
    """
    recordings = draw_recordings(layout, layout.census, seed)
    if frames:
        for subject in range(layout.census.subjects):
            own = [one for one in recordings if one.subject == subject]
            layout.write_frames(root, [_blank(layout, one, seed) for one in own], archives=True)
    layout.write_annotation(root, recordings, seed)
    return recordings


def draw_recordings(layout: Layout, census: Census, seed: int) -> list[Recording]:
    """Invent as many clips as the census counts, by person and number.

    Parameters
    ----------
    layout : Layout
        Spells the names and draws the frame numbers, in the order in which a rendered release asks for them.
    census : Census
    seed : int

    Returns
    -------
    list of Recording
    """
    recordings = []
    for subject, kinds in enumerate(_deal(census, generator(seed, layout.corpus, "full table"))):
        for clip, kind in enumerate(kinds):
            rng = generator(seed, layout.corpus, "full table", subject, clip)
            subject_name, clip_name = layout.subject_name(subject), spell_name(layout, subject, clip, kind.word, rng)
            onset = first_number(layout, subject, clip, rng) + layout.lead
            length = int(rng.integers(SHORTEST, LONGEST + 1))
            apex = int(rng.integers(1, length - 1))
            code = Code(_units(kind.objective, rng), layout.lead + apex, "")
            recordings.append(
                Recording(
                    *(subject, clip, subject_name, kind.clip_name or clip_name, kind.word),
                    *(onset, onset + apex, onset + length - 1, code, kind.quirk),
                )
            )
    return recordings


@dataclass(frozen=True)
class _Kind:
    """What a clip is counted as; ``subject`` only where the census names the clip."""

    word: str
    objective: str
    quirk: str = ""
    clip_name: str = ""
    subject: int | None = None


def _deal(census: Census, rng: np.random.Generator) -> list[list[_Kind]]:
    """Deal the clips out to the people: what the census names, one clip that shows what a person reaches, the rest."""
    kinds = _kinds(census, rng)
    needs, lacks = _reach(census, {kind.subject for kind in kinds}, rng)
    hands: list[list[_Kind]] = [[] for _ in range(census.subjects)]
    room = list(census.per_subject or [len(kinds)] * census.subjects)
    share = np.array(census.per_subject or rng.dirichlet(np.full(census.subjects, 3.0)) + 0.2 / census.subjects)

    def allowed(kind: _Kind, subject: int) -> bool:
        return room[subject] > 0 and not any(kind.word in seen or kind.objective in seen for seen in lacks[subject])

    def give(kind: _Kind, subject: int) -> None:
        if not allowed(kind, subject):
            raise ValueError(f"census: person {subject} cannot have a clip of {kind.word} {kind.objective}")
        hands[subject].append(kind)
        room[subject] -= 1

    for kind in (kind for kind in kinds if kind.subject is not None):
        give(kind, kind.subject)
    rest = [kind for kind in kinds if kind.subject is None]
    for subject in sorted(range(census.subjects), key=lambda one: -len(lacks[one])):  # the narrowest choose first
        for wanted in needs[subject] or [()]:
            if any(not wanted or kind.word in wanted or kind.objective in wanted for kind in hands[subject]):
                continue
            fits = [kind for kind in rest if allowed(kind, subject)]
            fits = [kind for kind in fits if not wanted or kind.word in wanted or kind.objective in wanted]
            best = max(fits, key=lambda kind: sum(kind.word in w or kind.objective in w for w in needs[subject]))
            rest.remove(best)
            give(best, subject)
    for kind in sorted(rest, key=lambda one: sum(allowed(one, subject) for subject in range(census.subjects))):
        open_to = [subject for subject in range(census.subjects) if allowed(kind, subject)]
        weight = np.array([room[subject] if census.per_subject else share[subject] for subject in open_to], float)
        give(kind, open_to[int(rng.choice(len(open_to), p=weight / weight.sum()))])
    return [[hand[place] for place in rng.permutation(len(hand))] for hand in hands]


def _kinds(census: Census, rng: np.random.Generator) -> list[_Kind]:
    """Return one kind per clip in random order, words paired with objective classes."""
    words = [word for word, clips in census.words.items() for _ in range(clips)]
    if census.joint:
        pairs = [(word, name) for word in census.words for name, n in census.joint[word].items() for _ in range(n)]
    elif census.objective:
        classes = [name for name, clips in census.objective.items() for _ in range(clips)]
        pairs = [(words[place], name) for place, name in zip(rng.permutation(len(words)), classes, strict=True)]
    else:
        pairs = list(zip(words, rng.choice(list(COMMON), len(words), p=list(COMMON.values())).tolist(), strict=True))
    kinds = [_Kind(*pairs[place]) for place in rng.permutation(len(pairs))]
    for named in census.named:
        place = next(i for i, kind in enumerate(kinds) if kind.word == named.word and kind.subject is None)
        kinds[place] = replace(kinds[place], quirk=named.quirk, clip_name=named.clip_name, subject=named.subject)
    return kinds


def _reach(
    census: Census, busy: set[int | None], rng: np.random.Generator
) -> tuple[list[list[tuple[str, ...]]], list[list[tuple[str, ...]]]]:
    """Say for every person which sets of words or classes it reaches, and which it lacks: one at most."""
    free = [int(subject) for subject in rng.permutation(census.subjects) if subject not in busy]
    needs: list[list[tuple[str, ...]]] = [[] for _ in range(census.subjects)]
    lacks: list[list[tuple[str, ...]]] = [[] for _ in range(census.subjects)]
    for wanted, people in census.reach:
        without = [free.pop() for _ in range(census.subjects - people)]
        for subject in range(census.subjects):
            (lacks if subject in without else needs)[subject].append(wanted)
    return needs, lacks


def _units(objective: str, rng: np.random.Generator) -> tuple[tuple[str, int], ...]:
    """Draw action units of an objective class, now and then on one side of the face."""
    numbers = str(rng.choice(SETS[objective])).split("+")
    sides = [str(rng.choice(("", "", "", "L", "R"))) if number in ONE_SIDED else "" for number in numbers]
    return tuple((side, int(number)) for side, number in zip(sides, numbers, strict=True))


def _blank(layout: Layout, one: Recording, seed: int) -> tuple[Recording, np.ndarray, np.random.Generator]:
    """Return what a layout is given to write a clip's frames, all of them grey."""
    frames = np.full((layout.lead + one.offset - one.onset + 1 + layout.tail, PIXELS, PIXELS, 3), 128, np.uint8)
    return one, frames, generator(seed, layout.corpus, "full table", one.subject, one.clip, "frames")
