"""Duplicates: one recording on both sides of a fold.

Identical decoded frames are a leak, whatever file format or folder they come from. Clips that are alike in every moment
are a warning: they are one recording encoded twice, as far as pictures can tell. One similar frame is neither, for the
clips of one person all start from the same face at rest.

Near duplicates are judged by two distances, each 1 - the cosine of two signatures (``mmer.audit.signature``): both must
be small. ``scripts/calibrate_duplicates.py`` measured them on rendered releases in the layouts of CASME II and SAMM, of
24 to 28 frames of 64, 128 or 256 pixels, with three strengths of expression:

====================================================================  ======  ================  ==============
pairs                                                                 number  look              movement
====================================================================  ======  ================  ==============
a clip and its copy: JPEG 70-95, size x0.5-2, brightness +-10 %,        1188  0 to .0022        0 to .158
mirrored, or one frame later
other clips of one person                                               4050  0 to .022         .396 and more
clips of two persons made of one photograph                            28488  .0069 and more    .323 and more
====================================================================  ======  ================  ==============

No pair of the last two rows comes nearer than 1.29 times the thresholds, no copy is farther than .63 of them. Copies
turned by 2 degrees, with magnified movement, and nine in ten of those without every second frame are found as well;
those cropped by 2.5 %, or moved by two frames or more in a clip of this length, are not. Of real corpora this knows
nothing: a person who repeats one movement exactly may be flagged, which is why these are warnings.

Motion without frames has a threshold of its own: copies of the motion itself (8 or 16 bits, other units, half or twice
the size, mirrored; 648 pairs) lie within .001, other clips of one person (3972) from .0097, persons of one photograph
(28320) from .0265. Motion that was computed again from a copied film is mostly not found.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from mmer.audit.distance import look_distances, movement_distances
from mmer.audit.signature import FRAMES, UNSEEN, ClipPicture
from mmer.types.errors import InputError, listing
from mmer.types.split import Split

SAME_LOOK = 0.02
SAME_MOVEMENT = 0.25
SAME_MOTION = 0.005
SAME_FACE = 0.005  # look; most pairs of clips of one person are as near
WAY_OUT = (
    "leave one of them out (`exclude` in the dataset's yaml), give both one `event` if they show one event, or correct "
    "the subject if they show one person"
)


@dataclass(frozen=True)
class DuplicateFinding:
    """One thing that the search for duplicates found.

    Parameters
    ----------
    level : str
        ``leak``, ``warning`` or ``note``.
    message : str
        What, where, and the way out.
    clips : tuple of str
        The two clips, or those that the message is about.
    folds : tuple of str
        Folds that have these two clips on different sides; empty where no fold is meant.
    frames : int
        Number of identical frames.
    look, movement : float
        Distances of a near duplicate, 0 is the same; NaN where there is none. Of clips that are known by their motion
        alone, the distance of the motions is ``movement``.
    mirrored : bool
        Whether one clip is the mirror image of the other.
    """

    level: str
    message: str
    clips: tuple[str, ...] = ()
    folds: tuple[str, ...] = ()
    frames: int = 0
    look: float = float("nan")
    movement: float = float("nan")
    mirrored: bool = False


def duplicates(pictures: Iterable[ClipPicture], splits: Sequence[Split]) -> tuple[DuplicateFinding, ...]:
    """Find clips that occur, identical or nearly so, on both sides of a fold.

    Parameters
    ----------
    pictures : iterable of ClipPicture
        One per clip, in any order. Clips that no split names are ignored.
    splits : sequence of Split

    Returns
    -------
    tuple of DuplicateFinding
        Leaks, then warnings, then notes; one per pair of clips, sorted by clip. None: every clip was seen whole and
        nothing occurs twice.

    Raises
    ------
    InputError
        A clip has two pictures, or there is no split.
    """
    if not splits:
        raise InputError("duplicates: there is no split, so there are no two sides to compare")
    splits = sorted(splits, key=lambda split: split.fold)
    named = sorted({clip_id for split in splits for clip_id in (*split.train, *split.test)})
    known: dict[str, ClipPicture] = {}
    for picture in pictures:
        if picture.clip_id in known:
            raise InputError(f"duplicates: there are two pictures of clip {picture.clip_id}; describe each clip once")
        known[picture.clip_id] = picture
    unknown = [clip_id for clip_id in named if clip_id not in known]
    seen = [known[clip_id] for clip_id in named if clip_id in known]
    sides = _sides(seen, splits)
    across = _across(sides)
    leaks, shared = _identical(seen, sides, across, splits)
    near, alike = _near(seen, sides, across & ~shared, splits)
    findings = [*leaks, *near]
    if unknown:
        message = f"not looked at, so that duplicates of them are not found: {listing(unknown)}"
        findings.append(DuplicateFinding("warning", message, tuple(unknown)))
    findings += [*_problems(seen), *_remarks(seen, alike)]
    order = {"leak": 0, "warning": 1, "note": 2}
    return tuple(sorted(findings, key=lambda finding: order[finding.level]))


def _sides(seen: list[ClipPicture], splits: Sequence[Split]) -> np.ndarray:
    """Return the side of every clip in every fold, (folds, n) int8: 1 train, 2 test, 0 neither."""
    place = {picture.clip_id: number for number, picture in enumerate(seen)}
    sides = np.zeros((len(splits), len(seen)), np.int8)
    for row, split in zip(sides, splits, strict=True):
        for side, ids in ((1, split.train), (2, split.test)):
            row[[place[clip_id] for clip_id in ids if clip_id in place]] = side
    return sides


def _across(sides: np.ndarray) -> np.ndarray:
    """Return which pairs lie on different sides of some fold, (n, n) bool, upper triangle."""
    across = np.zeros((sides.shape[1], sides.shape[1]), bool)
    for row in sides:
        across[np.ix_(row == 2, row == 1)] = True
    return np.triu(across | across.T, 1)


def _folds(sides: np.ndarray, splits: Sequence[Split], one: int, other: int) -> tuple[str, ...]:
    """Return the folds that have these two clips on different sides."""
    apart = sides[:, one].astype(int) * sides[:, other] == 2
    return tuple(splits[number].fold for number in np.flatnonzero(apart))


def _identical(
    seen: list[ClipPicture], sides: np.ndarray, across: np.ndarray, splits: Sequence[Split]
) -> tuple[list[DuplicateFinding], np.ndarray]:
    """Find pairs that share decoded frames; also returns which pairs those are, (n, n) bool."""
    common = _common(seen, [picture.digests for picture in seen])
    oriented = [tuple(zip(picture.digests, picture.mirrored, strict=True)) for picture in seen]
    straight = _common(seen, oriented)
    shared = np.zeros(across.shape, bool)
    findings = []
    pairs = common.tocoo()
    wanted = across[pairs.coords]
    for one, other, count in sorted(zip(*(part[wanted].tolist() for part in (*pairs.coords, pairs.data)), strict=True)):
        shared[one, other] = True
        a, b, folds = seen[one], seen[other], _folds(sides, splits, one, other)
        mirrored = int(straight[one, other]) < count
        what = f"{count} identical frames (of {len(set(a.digests))} and {len(set(b.digests))})"
        if a.kind != FRAMES:
            what = "identical motion"
        how = ", mirrored," if mirrored else ""
        message = f"{a.clip_id} and {b.clip_id} have {what}{how} and lie on both sides of {_named(folds)}; {WAY_OUT}"
        clips = (a.clip_id, b.clip_id)
        findings.append(DuplicateFinding("leak", message, clips, folds, frames=count, mirrored=mirrored))
    return findings, shared


def _common(seen: list[ClipPicture], contents: Sequence[Sequence[object]]) -> csr_array:
    """Count what each two clips have in common, (n, n): a join of the clips by their digests."""
    column = {item: number for number, item in enumerate(dict.fromkeys(item for items in contents for item in items))}
    rows = [(clip, column[item]) for clip, items in enumerate(contents) for item in set(items)]
    where = np.array(rows, np.int64).reshape(-1, 2).T
    table = csr_array((np.ones(len(rows), np.int64), tuple(where)), shape=(len(seen), max(len(column), 1)))
    return csr_array(table @ table.T)


def _near(
    seen: list[ClipPicture], sides: np.ndarray, across: np.ndarray, splits: Sequence[Split]
) -> tuple[list[DuplicateFinding], list[tuple[int, int]]]:
    """Find pairs that are alike in every moment; also returns the pairs that show one face in different movements."""
    findings, alike = [], []
    for kind in sorted({picture.kind for picture in seen} - {UNSEEN}):
        members = np.array([number for number, picture in enumerate(seen) if picture.kind == kind])
        for one, other, look, movement, mirrored in _close_pairs(seen, members, across, kind):
            if not movement <= (SAME_MOVEMENT if kind == FRAMES else SAME_MOTION):
                if look <= SAME_FACE:
                    alike.append((one, other))
                continue
            folds = _folds(sides, splits, one, other)
            a, b = seen[one].clip_id, seen[other].clip_id
            measured = f"distance of their movements {movement:.3f}, near duplicates have up to {SAME_MOVEMENT}"
            if kind != FRAMES:
                measured = f"distance of their motions {movement:.4f}, near duplicates have up to {SAME_MOTION}"
            message = (
                f"{a} and {b} are alike in every moment{' when mirrored' if mirrored else ''} and lie on both sides of "
                f"{_named(folds)}: most likely one recording, stored twice ({measured}); look at both, and {WAY_OUT}"
            )
            look = look if kind == FRAMES else float("nan")
            findings.append(DuplicateFinding("warning", message, (a, b), folds, 0, look, movement, mirrored))
    return sorted(findings, key=lambda finding: finding.clips), sorted(alike)


def _close_pairs(
    seen: list[ClipPicture], members: np.ndarray, across: np.ndarray, kind: str
) -> list[tuple[int, int, float, float, bool]]:
    """Return the pairs across sides that look alike: places, distances of look and movement, whether mirrored."""
    pictures = [seen[number] for number in members]
    found: dict[tuple[int, int], tuple[float, float, bool]] = {}
    for mirrored in (False, True):
        look = look_distances(pictures, pictures, mirrored)
        limit = SAME_LOOK if kind == FRAMES else SAME_MOTION
        pairs = np.argwhere((look <= limit) & across[np.ix_(members, members)])
        look = look[tuple(pairs.T)]
        movement = look
        if kind == FRAMES:
            first, second = ([pictures[place] for place in side] for side in pairs.T)
            movement = movement_distances(first, second, mirrored)
        for (one, other), *new in zip(members[pairs].tolist(), look.tolist(), movement.tolist(), strict=True):
            # A pair may be close both ways; NaN, of a clip that does not move, is the same both ways.
            if (one, other) not in found or new[1] < found[one, other][1]:
                found[one, other] = (*new, mirrored)
    return [(*pair, *found[pair]) for pair in sorted(found)]


def _problems(seen: list[ClipPicture]) -> list[DuplicateFinding]:
    """Name the clips that were not seen, or not whole."""
    findings = []
    for picture in seen:
        if picture.problems:
            unseen = picture.kind == UNSEEN
            effect = "duplicates of it are not found" if unseen else "the frames that were read are compared"
            message = f"{picture.clip_id}: {'; '.join(picture.problems)}; {effect}"
            findings.append(DuplicateFinding("warning" if unseen else "note", message, (picture.clip_id,)))
    return findings


def _remarks(seen: list[ClipPicture], alike: list[tuple[int, int]]) -> list[DuplicateFinding]:
    """Say what was seen and does not count, and what cannot be told."""
    findings = []
    moving = [pair for pair in alike if all(seen[number].movement.size for number in pair)]
    if moving:
        names = listing(f"{seen[one].clip_id} and {seen[other].clip_id}" for one, other in moving)
        message = (
            "clips that look alike across a fold but move differently, as other clips of one person do, are no "
            "duplicates; where no person may be on both sides, see whether one has two names "
            f"({len(moving)} pair{'s' if len(moving) > 1 else ''}): {names}"
        )
        findings.append(
            DuplicateFinding("note", message, tuple(sorted({seen[n].clip_id for pair in moving for n in pair})))
        )
    if still := [picture.clip_id for picture in seen if picture.kind == FRAMES and not picture.movement.size]:
        message = (
            "single pictures, and clips in which nothing moves: only identical frames of them are found, "
            f"not near duplicates: {listing(still)}"
        )
        findings.append(DuplicateFinding("note", message, tuple(still)))
    if blank := [picture.clip_id for picture in seen if picture.blank and picture.kind == FRAMES]:
        count = sum(picture.blank for picture in seen if picture.kind == FRAMES)
        message = f"blank frames ({count}) do not count, for they show nothing; they are in {listing(blank)}"
        findings.append(DuplicateFinding("note", message, tuple(blank)))
    kinds = {picture.kind: number for number, picture in enumerate(seen) if picture.kind != UNSEEN}
    if len(kinds) > 1:
        message = (
            f"clips known by {' and by '.join(sorted(kinds))} cannot be compared with each other, only among themselves"
        )
        findings.append(DuplicateFinding("note", message))
    return findings


def _named(folds: tuple[str, ...]) -> str:
    return f"fold{'s' if len(folds) > 1 else ''} {listing(folds)}"
