"""What the layouts of all corpora share: a recorded clip, and what a layout must be able to write."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from mmer.synthetic.coder import Code
from mmer.synthetic.seeds import generator


@dataclass(frozen=True)
class Recording:
    """One clip of a release, as its annotation file knows it.

    Parameters
    ----------
    subject, clip : int
        Numbers from 0, of the person and of the clip of that person.
    subject_name, clip_name : str
        As the corpus spells them, e.g. ``01`` and ``EP02_01f``.
    word : str
        The corpus's own emotion word.
    onset, apex, offset : int
        The corpus's own frame numbers; ``apex`` is the annotated one.
    code : Code
        Annotated units and remark.
    quirk : str, optional
        What is odd about its row, ``""`` for nothing. None in a rendered release: there the layout has its own places.
    """

    subject: int
    clip: int
    subject_name: str
    clip_name: str
    word: str
    onset: int
    apex: int
    offset: int
    code: Code
    quirk: str | None = None


class Layout(Protocol):
    """How one corpus names and stores things.

    Attributes
    ----------
    corpus : str
    words : dict of str to (str, float)
        The corpus's own emotion word -> the rendered emotion and how common it is.
    anchors : tuple of str
        Words dealt out first, so that every class occurs in several subjects.
    lead, tail : int
        Neutral frames before onset and after offset.
    fps : float

    A layout has a ``census`` (``mmer.synthetic.full_table.Census``) where a table of the release's full size can be
    written, and a method ``write_full_table(root, seed)`` where that is not one recording per clip.
    """

    corpus: str
    words: dict[str, tuple[str, float]]
    anchors: tuple[str, ...]
    lead: int
    tail: int
    fps: float

    def subject_name(self, subject: int) -> str:
        """Spell a person's name."""

    def clip_name(self, subject: int, clip: int, rng: np.random.Generator) -> str:
        """Spell a clip's name; unique within the person."""

    def first_frame(self, rng: np.random.Generator) -> int:
        """Draw the number of a clip's first frame."""

    def ids(self, name: str, subject_name: str, clip_name: str) -> tuple[str, str]:
        """Return the clip's id in the Clips table, and its path under ``tracks/`` and ``truth/``."""

    def write_frames(
        self, root: Path, recordings: list[tuple[Recording, np.ndarray, np.random.Generator]], archives: bool
    ) -> None:
        """Write the frames (T, W, W, 3) of all clips of one person."""

    def write_annotation(self, root: Path, recordings: list[Recording], seed: int) -> None:
        """Write the annotation file of the release."""


def first_number(layout: Layout, subject: int, clip: int, rng: np.random.Generator) -> int:
    """Return the number of a clip's first frame.

    It is drawn, unless the clips are intervals of longer videos: then the layout has a method ``starts(subject, clip)``
    so that intervals of one video do not overlap.
    """
    starts = getattr(layout, "starts", None)
    return layout.first_frame(rng) if starts is None else starts(subject, clip)


def spell_name(layout: Layout, subject: int, clip: int, word: str, rng: np.random.Generator) -> str:
    """Spell a clip's name; where names tell the emotion, the layout has ``worded_name(subject, clip, word, rng)``."""
    worded = getattr(layout, "worded_name", None)
    return layout.clip_name(subject, clip, rng) if worded is None else worded(subject, clip, word, rng)


def draw_word(layout: Layout, seed: int, subject: int, clip: int) -> str:
    """Draw the emotion of a clip: two anchors first, then by what this person tends to show."""
    anchors = layout.anchors
    if clip < 2:
        return anchors[(subject + clip) % len(anchors)]
    share = np.array([share for _, share in layout.words.values()])
    taste = generator(seed, layout.corpus, "subject", subject, "taste").dirichlet(6 * share / share.sum())
    draw = generator(seed, layout.corpus, "subject", subject, "clip", clip, "emotion")
    return list(layout.words)[int(draw.choice(len(share), p=taste))]
