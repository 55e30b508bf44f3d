"""Tables with the published numbers of clips and subjects, and not one licensed row."""

import pandas as pd

from mmer.types.clips import validate_clips

# Corpus: clips and subjects.
MEGC2019 = {"casme2": (145, 24), "samm": (133, 28), "smic": (164, 16)}
MEGC2018 = {"casme2": (185, 26), "samm": (68, 21)}
# Clips as MEB counts them (2,031, with the 256 rows of its CASME II file); the subjects of 4DME are the paper's.
CD6ME = {
    "casme": (189, 18),
    "casme2": (256, 26),
    "samm": (159, 29),
    "fourdme": (267, 41),
    "mmew": (300, 36),
    "casme3": (860, 94),
}
# Clips of each subject, as unequal as corpora are: 26 subjects, 255 clips.
UNEQUAL = (36, 19, 17, 16, 14, 14, 13, 12, 12, 11, 11, 10, 9, 9, 8, 7, 6, 5, 5, 4, 4, 3, 3, 3, 2, 2)


def published(corpora: dict[str, tuple[int, int]]) -> pd.DataFrame:
    """Return a Clips table with these numbers of clips and subjects."""
    rows = [
        row(name, f"{place % people:02d}", place) for name, (count, people) in corpora.items() for place in range(count)
    ]
    return validate_clips(pd.DataFrame(rows))


def unequal(name: str = "casme2", sizes: tuple[int, ...] = UNEQUAL) -> pd.DataFrame:
    """Return a Clips table of one corpus whose subjects have these numbers of clips."""
    rows = [row(name, f"{person:02d}", place) for person, count in enumerate(sizes) for place in range(count)]
    return validate_clips(pd.DataFrame(rows))


def row(corpus: str, person: str, clip: int) -> dict:
    """One clip."""
    clip_id = f"{corpus}/s{person}/c{clip:03d}"
    return {
        "clip_id": clip_id,
        "dataset": corpus,
        "subject": f"{corpus}/s{person}",
        "emotion": "unread",
        "motion": f"{clip_id}.npy",
    }
