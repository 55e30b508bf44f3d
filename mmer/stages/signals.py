"""Cut the signals of one dataset, one file per signal that an experiment asks for."""

import json
from typing import Any

from mmer.stages import paths
from mmer.stages.build import build
from mmer.stages.read_config import read_config
from mmer.types.whole_file import whole_file


def main(name: str) -> None:
    """Write artifacts/signals/NAME/KEY.npz and KEY.json for every signal that an experiment asks for.

    The json says of every clip that lacks the signal why (``missing``), and what else a reader should know of the
    recordings (``notes``). The list of signals goes beside them, so that the folder is there without any.
    """
    config = read_config("datasets", name)
    index = paths.signals(name) / "index.json"
    index.parent.mkdir(parents=True, exist_ok=True)
    index.write_text(json.dumps({key: node["name"] for key, node in sorted(config["signals"].items())}) + "\n")
    for key, node in sorted(config["signals"].items()):
        cut_signal(name, config, key, node)


def cut_signal(name: str, config: dict[str, Any], key: str, node: dict[str, Any]) -> None:
    """Write one signal of a dataset.

    Parameters
    ----------
    name : str
        Of the dataset.
    config : dict
        Its resolved section.
    key : str
        Of the signal's artifact.
    node : dict
        The signal, see ``mmer.signals.signal.Signal``.
    """
    # Tables and MNE take seconds to import, and most datasets have no signals.
    from mmer.stages.signal_samples import as_samples, no_cut
    from mmer.types.clips import load_clips, visible

    clips, recordings = load_clips(paths.clips(name)), build(config["recordings"])
    files = {clip_id: paths.track(name, clip_id) for clip_id in clips.clip_id}
    tracks = {clip_id: path for clip_id, path in files.items() if path.is_file()}
    signal = build(node)
    column = getattr(signal, "recording", None)  # what the face itself gives needs none
    if column is not None and clips[column].isna().all():
        cut = no_cut(clips.clip_id, f"no recording: the column {column} of the clips is empty")
    else:
        cut = signal.cut(visible(clips, signal.reads), recordings, tracks)
    samples = as_samples(node["name"], cut, list(clips.clip_id))
    samples.save(paths.signal(name, key))
    about = {"missing": dict(sorted(cut.missing.items())), "notes": list(cut.notes)}
    with whole_file(paths.signal_notes(name, key)) as partial:
        partial.write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"signals {name}: {node['name']} of {len(cut.values)} of {len(clips)} clips")
