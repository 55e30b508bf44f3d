"""One function per room: from a corpus on disk to what a model is given."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from mmer.faces import Failure
from mmer.graphs.assemble import assemble
from mmer.motion import Excluded
from mmer.notebook.tables import Clips, Splits, Tracks
from mmer.stages.allowed import ROOT
from mmer.stages.build import build, options, read_option
from mmer.stages.clip_pictures import ClipPictures
from mmer.stages.flow_samples import flow_samples
from mmer.stages.model_traits import model_traits
from mmer.types.clips import visible, without_labels
from mmer.types.errors import InputError, listing
from mmer.types.face_track import FaceTrack
from mmer.types.frames import Frames
from mmer.types.motion import Motion
from mmer.types.samples import Samples

Choice = str | Mapping[str, Any] | object


def home() -> Path:
    """Return the folder with conf/: the working directory, one above it, or else the one beside mmer."""
    for folder in (Path.cwd(), *Path.cwd().parents, ROOT):
        if (folder / "conf" / "model").is_dir():
            return folder
    raise InputError(f"there is no folder conf/ in {Path.cwd()} or above it; start the notebook inside the repository")


def choices(group: str) -> list[str]:
    """Name what there is to choose of a group of conf/, e.g. ``choices("model")``."""
    if found := options(group, home() / "conf"):
        return found
    groups = sorted(path.name for path in (home() / "conf").iterdir() if path.is_dir())
    raise InputError(f"conf/ has no group {group!r}; valid: {', '.join(groups)}")


def component(group: str, choice: Choice, **keys: Any) -> Any:
    """Make a component.

    Parameters
    ----------
    group : str
        Folder of conf/.
    choice : str, mapping or object
        Name of a yaml there, the content of one, or a component that was made already.
    **keys
        Values of its yaml to change.

    Raises
    ------
    InputError
        There is no such name or key; the message names the nearest ones.
    """
    node = node_of(group, choice, **keys)
    return choice if node is None else build(node)


def node_of(group: str, choice: Choice, **keys: Any) -> dict[str, Any] | None:
    """Return the yaml of a choice with some values changed; None where it is a component already."""
    if isinstance(choice, str):
        return read_option(group, choice, home() / "conf") | keys
    if isinstance(choice, Mapping):
        return {**choice, **keys}
    if keys:
        raise InputError(f"{group}: {type(choice).__name__} is made already; give it {listing(keys)} when it is made")
    return None


def clips(corpus: Choice, root: str | Path | None = None, **keys: Any) -> Clips:
    """Read the annotation of a corpus.

    Parameters
    ----------
    corpus : str, mapping or object
        Name of conf/dataset, e.g. ``casme2``; ``manifest`` is a folder of one's own with a manifest.csv.
    root : str or Path, optional
        Its folder; what the yaml says when left out. A manifest takes its name from the folder.
    **keys
        Of its yaml, e.g. ``exclude=["casme2/sub01/EP02_01f"]``.
    """
    node = node_of("dataset", corpus, **keys)
    if node is None:
        return Clips(corpus.clips())
    folder = Path(root if root is not None else home() / str(node["root"]))
    if node["name"] == "manifest" and root is not None and "name" not in keys:
        node["name"] = folder.name
    return Clips(build(node | {"root": str(folder)}).clips())


def tracks(clips: pd.DataFrame, faces: Choice = "shipped", **keys: Any) -> Tracks:
    """Find the face in every clip.

    Returns
    -------
    Tracks
        By clip; ``missing`` says of others why they have none.

    Raises
    ------
    InputError
        The backend lacks something, e.g. its weights.
    """
    extractor = component("faces", faces, **keys)
    if lacks := extractor.missing():
        raise InputError("\n".join(lacks))
    found, missing = {}, {}
    for clip_id, result in extractor.extract(visible(pd.DataFrame(clips), extractor.reads)):
        if isinstance(result, Failure):
            missing[clip_id] = result.reason
        else:
            found[clip_id] = result
    missing |= {
        clip_id: "the corpus brings no track" for clip_id in clips.clip_id if clip_id not in {**found, **missing}
    }
    return Tracks(found, missing)


def motion(
    clips: pd.DataFrame,
    tracks: Mapping[str, FaceTrack],
    motion: Choice = "optical_flow",
    magnify: Choice | None = None,
    **keys: Any,
) -> Motion:
    """Measure how every face moved between onset and apex.

    Parameters
    ----------
    clips : DataFrame
    tracks : mapping of str to FaceTrack
    motion : str, mapping or object
        Of conf/motion.
    magnify : str, mapping or object, optional
        Of conf/magnify.
    **keys
        Of the motion's yaml, e.g. ``n_frames=16``.
    """
    described = component("motion", motion, **keys)
    magnifiers = () if magnify in (None, "none") else (component("magnify", magnify),)
    done, excluded = [], {}
    for _, clip in visible(pd.DataFrame(clips), described.reads).iterrows():
        frames = None if pd.isna(clip.frames) else Frames.open(clip.frames)
        try:
            done.append(described.describe(clip, tracks.get(clip.clip_id), frames, *magnifiers))
        except Excluded as reason:
            excluded[clip.clip_id] = str(reason)
    return Motion.stack(done, excluded)


def graphs(
    clips: pd.DataFrame,
    tracks: Mapping[str, FaceTrack],
    motion: Motion,
    nodes: Choice = "action_units",
    edges: Choice = "au_probability",
    measured: Choice = "optical_flow",
) -> Samples:
    """Make the graph of every clip; the weights of its edges are fitted later, in each fold.

    Parameters
    ----------
    clips : DataFrame
    tracks : mapping of str to FaceTrack
    motion : Motion
        Of the same clips. Nodes that look at several moments need its ``n_frames``.
    nodes, edges : str, mapping or object
        Of conf/nodes and conf/edges.
    measured : str, mapping or object
        Of conf/motion: what measured the motion, and measures it for nodes that look at further moments.

    Raises
    ------
    InputError
        Nodes and edges do not fit each other, or the motion keeps no pictures of the moments that the nodes look at.
    """
    source, names = component("nodes", nodes), sorted(set(clips.dataset))
    pictures = ClipPictures(names[0] if len(names) == 1 else "NAME", component("motion", measured), source)
    seen = visible(pd.DataFrame(clips), source.reads)
    return assemble(source, component("edges", edges), seen, dict(tracks), motion, extras=pictures)


def flows(motion: Motion, model: str = "") -> Samples:
    """Make samples of the motion itself, for models that read pictures of it.

    Parameters
    ----------
    motion : Motion
    model : str
        Of conf/model: its channels alone, in its order; all channels when left out.
    """
    wanted = model_traits(node_of("model", model)).channels if model else ()
    (samples,) = flow_samples({"the corpus": motion}, wanted)
    return replace(samples, siblings={})


def splits(clips: pd.DataFrame, protocol: Choice = "loso", **keys: Any) -> Splits:
    """Make the folds of a protocol, which sees no label.

    Raises
    ------
    InputError
        The protocol cannot serve these clips; the message says why.
    """
    return Splits(component("protocol", protocol, **keys).splits(without_labels(pd.DataFrame(clips))))
