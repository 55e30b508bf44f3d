"""Recordings of whole sessions, one file per person, found by the person's name."""

import os
from collections.abc import Iterable
from pathlib import Path

from mmer.types.errors import InputError, listing

# What `signals` opens; of Curry and BrainVision the file that stands for the others.
ENDINGS = (".cdt", ".cnt", ".edf", ".bdf", ".vhdr", ".set", ".fif", ".mat", ".txt")


def find_recordings(corpus: str, folder: Path, people: Iterable[str]) -> dict[str, str]:
    """Find the recording of every person who has one.

    A person's file is called as the annotation file calls the person (``NAME.cdt``, whatever the case), or is the only
    recording in a folder of that name, however deep.

    Parameters
    ----------
    corpus : str
        For messages.
    folder : Path
        Need not exist.
    people : iterable of str
        As the annotation file spells them.

    Returns
    -------
    dict of str to str
        Person -> path.

    Raises
    ------
    InputError
        Two files belong to one person.
    """
    wanted = {person.casefold(): person for person in people}
    found: dict[str, list[Path]] = {}
    for place, inner, names in os.walk(folder):
        inner.sort()
        for name in sorted(names):
            path = Path(place) / name
            if path.suffix.lower() in ENDINGS:
                called = [path.stem, *reversed(path.relative_to(folder).parts[:-1])]
                person = next((wanted[one.casefold()] for one in called if one.casefold() in wanted), None)
                if person:
                    found.setdefault(person, []).append(path)
    for person, paths in found.items():
        if len(paths) > 1:
            raise InputError(
                f"dataset {corpus}: {len(paths)} recordings of {person} lie below {folder}: {listing(paths)}; keep one "
                "there, as a rule the one with the trigger channel, or name another folder in the dataset's yaml"
            )
    return {person: paths[0].as_posix() for person, paths in found.items()}
