"""Write a whole synthetic release: render every person in a process of its own, then the annotation file."""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from mmer.synthetic.casme import CasmeLayout
from mmer.synthetic.casme2 import Casme2Layout
from mmer.synthetic.casme3 import Casme3Layout
from mmer.synthetic.casme3_c import Casme3CLayout
from mmer.synthetic.casme_sq import CasmeSqLayout
from mmer.synthetic.clip import presets, render_clip
from mmer.synthetic.coder import code_clip
from mmer.synthetic.detector import observe
from mmer.synthetic.dfme import DfmeLayout
from mmer.synthetic.fourdme import FourdmeLayout
from mmer.synthetic.full_table import write_full_table
from mmer.synthetic.layout import Layout, Recording, draw_word, first_number, spell_name
from mmer.synthetic.manifest import ManifestLayout
from mmer.synthetic.mmew import MmewLayout
from mmer.synthetic.mmme import MmmeLayout
from mmer.synthetic.samm import SammLayout
from mmer.synthetic.samm_long import SammLongLayout
from mmer.synthetic.seeds import generator
from mmer.synthetic.smic import SmicLayout, SmicLongLayout
from mmer.synthetic.truth import write_truth
from mmer.types.errors import InputError, listing, nearest
from mmer.types.workers import cores, in_processes

MARKER = "SYNTHETIC.txt"  # a report on this folder says that its clips are rendered
NOTICE = """\
These clips are rendered by mmer from two public-domain portraits. Nobody in them felt anything, and their annotations,
names, cultures, sexes and ages are invented. Scores on them say nothing about real micro-expression recognition.
"""
LAYOUTS: dict[str, Callable[[], Layout]] = {
    "casme": CasmeLayout,
    "casme2": Casme2Layout,
    "casme3": Casme3Layout,
    "casme3_c": Casme3CLayout,
    "casme_sq": CasmeSqLayout,
    "dfme": DfmeLayout,
    "fourdme": FourdmeLayout,
    "samm": SammLayout,
    "manifest": ManifestLayout,
    "mmme": MmmeLayout,
    "mmew": MmewLayout,
    "samm_long": SammLongLayout,
    "smic": SmicLayout,
    "smic_vis": partial(SmicLayout, "vis"),
    "smic_nir": partial(SmicLayout, "nir"),
    "smic_long": SmicLongLayout,
}


def write_release(
    corpus: str,
    out: Path,
    subjects: int,
    clips: int,
    seed: int,
    preset: str = "default",
    archives: bool = False,
    size: int = 128,
    processes: int | None = None,
    progress: Callable[[Iterable, int], Iterable] | None = None,
    name: str | None = None,
    physiology: bool = False,
) -> dict:
    """Write a synthetic release in a corpus's exact layout, with tracks and truth.

    The same arguments give the same bytes, whatever the number of processes, and a clip does not depend on how many
    others there are. Nothing half-written stays: the release is made beside ``out`` and renamed at the end.

    Parameters
    ----------
    corpus : str
        One of ``LAYOUTS``.
    out : Path
        Folder to make; may exist if it is empty.
    subjects, clips : int
        Number of people, and of clips of each.
    seed : int
    preset : str
        ``easy``, ``default`` or ``hard``.
    archives : bool
        Put the frames of each person into one zip, and keep the truth small: no dense flow, half precision.
    size : int
        Width and height of the frames, pixels.
    processes : int, optional
        One per core when left out.
    progress : callable, optional
        ``progress(iterable, total)`` passes on what the iterable yields, and shows it.
    name : str, optional
        Name of the dataset in clip ids; the corpus's name when left out.
    physiology : bool
        Write recordings of EEG and ECG too, for layouts that have them. There is one of a person, so that it does
        depend on how many clips the person has.

    Returns
    -------
    dict
        ``corpus``, ``out``, ``subjects``, ``clips``, ``emotions`` (word -> clips), ``frames``, ``bytes``.

    Raises
    ------
    InputError
        The corpus or preset does not exist, a number is not positive, ``out`` is not an empty folder, or the frames
        are too small for a face.
    """
    out = Path(out)
    name = name or corpus
    _check(corpus, name, out, subjects, clips, preset, size, processes)
    layout = LAYOUTS[corpus]()
    if physiology:
        if not hasattr(layout, "physiology"):
            having = listing([other for other in sorted(LAYOUTS) if hasattr(LAYOUTS[other](), "physiology")])
            raise InputError(f"synthesize: {corpus} has no EEG or ECG; --physiology goes with {having}")
        layout = replace(layout, physiology=True)
    with _whole_folder(out) as root:
        task = partial(
            _write_subject,
            layout=layout,
            name=name,
            root=root,
            clips=clips,
            seed=seed,
            preset=preset,
            archives=archives,
            size=size,
        )
        done = list(_run(task, subjects, processes, progress))
        recordings = [one for person, _ in done for one in person]
        layout.write_annotation(root, recordings, seed)
    return {
        "corpus": corpus,
        "out": str(out),
        "subjects": subjects,
        "clips": len(recordings),
        "emotions": dict(sorted(Counter(one.word for one in recordings).items())),
        "frames": sum(frames for _, frames in done),
        "bytes": _bytes(out),
    }


def write_full_release(corpus: str, out: Path, seed: int) -> dict:
    """Write a table with the real release's number of rows, subjects and clips per class, all values invented.

    The frames are blank; see ``mmer.synthetic.full_table``.

    Parameters
    ----------
    corpus : str
        One whose layout has a census.
    out : Path
        Folder to make; may exist if it is empty.
    seed : int

    Returns
    -------
    dict
        ``corpus``, ``out``, ``bytes``.

    Raises
    ------
    InputError
        The corpus does not exist or its numbers are not known, or ``out`` is not an empty folder.
    """
    out = Path(out)
    _check(corpus, corpus, out, 1, 1, "default", 128, None)
    layout = LAYOUTS[corpus]()
    own = getattr(layout, "write_full_table", None)
    if own is None and not hasattr(layout, "census"):
        counted = listing([name for name in sorted(LAYOUTS) if hasattr(LAYOUTS[name](), "census")], 20)
        raise InputError(f"synthesize: nobody has counted {corpus}; --full-table writes {counted}")
    with _whole_folder(out) as root:
        if own is None:
            write_full_table(layout, root, seed)
        else:
            own(root, seed)
    return {"corpus": corpus, "out": str(out), "bytes": _bytes(out)}


@contextmanager
def _whole_folder(out: Path) -> Iterator[Path]:
    """Make a folder beside ``out`` and rename it when all of it is written; nothing half-written stays."""
    partial_out = out.absolute().with_name(f".{out.absolute().name}.{os.getpid()}.partial")
    shutil.rmtree(partial_out, ignore_errors=True)
    partial_out.mkdir(parents=True)
    try:
        yield partial_out
        (partial_out / MARKER).write_text(NOTICE)
        if out.is_dir():
            out.rmdir()
        partial_out.rename(out)
    finally:
        shutil.rmtree(partial_out, ignore_errors=True)


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _check(
    corpus: str, name: str, out: Path, subjects: int, clips: int, preset: str, size: int, processes: int | None
) -> None:
    """Refuse what cannot be written, before anything is."""
    if corpus not in LAYOUTS:
        raise InputError(f"synthesize: there is no corpus {corpus!r}; {nearest(corpus, LAYOUTS)}")
    if preset not in presets():
        raise InputError(f"synthesize: there is no preset {preset!r}; {nearest(preset, presets())}")
    for what, number in (("subjects", subjects), ("clips", clips), ("processes", processes)):
        if number is not None and number < 1:
            raise InputError(f"synthesize: {what} must be at least 1, got {number}")
    if "/" in name:
        raise InputError(f"synthesize: name {name!r} may hold no '/': ids are NAME/subject/clip")
    if not 48 <= size <= 1024:
        raise InputError(f"synthesize: size must be 48 to 1024 pixels, got {size}")
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise InputError(f"{out}: exists and is not an empty folder; remove it or name another")


def _run(
    task: Callable[[int], tuple[list[Recording], int]],
    subjects: int,
    processes: int | None,
    progress: Callable[[Iterable, int], Iterable] | None,
) -> Iterable[tuple[list[Recording], int]]:
    """Run one task per person, in this process or in several; results come in the order of the people."""
    show = progress or (lambda results, total: results)
    count = min(processes or cores(), subjects)
    if count == 1:
        yield from show(map(task, range(subjects)), subjects)
    else:
        yield from show(in_processes(_single_threaded, task, range(subjects), count), subjects)


def _single_threaded(task: Callable[[int], tuple[list[Recording], int]], subject: int) -> tuple[list[Recording], int]:
    """Run one task in a worker; the other cores have workers of their own."""
    cv2.setNumThreads(1)
    return task(subject)


def _write_subject(
    subject: int,
    layout: Layout,
    name: str,
    root: Path,
    clips: int,
    seed: int,
    preset: str,
    archives: bool,
    size: int,
) -> tuple[list[Recording], int]:
    """Render and write all clips of one person; returns what the annotation file needs, and the number of frames."""
    written: list[tuple[Recording, np.ndarray, np.random.Generator]] = []
    for clip in range(clips):
        word = draw_word(layout, seed, subject, clip)
        rendered = render_clip(
            subject, clip, layout.words[word][0], seed, preset, size, layout.lead, layout.tail, layout.corpus
        )
        rng = generator(seed, layout.corpus, "subject", subject, "clip", clip, "annotation")
        subject_name, clip_name = layout.subject_name(subject), spell_name(layout, subject, clip, word, rng)
        first = first_number(layout, subject, clip, rng)
        code = code_clip(rendered, rng)
        recording = Recording(
            *(subject, clip, subject_name, clip_name, word),
            *(first + rendered.onset, first + code.apex, first + rendered.offset, code),
        )
        clip_id, place = layout.ids(name, subject_name, clip_name)
        person = (seed, layout.corpus, "subject", subject)
        observe(rendered, clip_id, person, clip, first, layout.fps).save(root / f"tracks/{place}.parquet")
        write_truth(root / f"truth/{place}.npz", rendered, clip_id, first, small=archives)
        written.append((recording, rendered.frames, rng))
    layout.write_frames(root, written, archives)
    if getattr(layout, "physiology", False):
        layout.write_signals(root, [recording for recording, _, _ in written], seed)
    return [recording for recording, _, _ in written], sum(len(frames) for _, frames, _ in written)
