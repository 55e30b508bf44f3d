"""What a search reads, as digests; and the samples that its trials need, made when a trial first asks for them."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from mmer.stages import paths
from mmer.stages.build import build
from mmer.stages.code import code_digest, file_digest
from mmer.stages.graphs import graph_samples, read_tracks
from mmer.stages.model_traits import model_traits
from mmer.stages.select import experiment_samples
from mmer.stages.signal_key import signal_key, without_encoder
from mmer.stages.signals import cut_signal
from mmer.types.clips import load_clips
from mmer.types.errors import InputError
from mmer.types.motion import Motion
from mmer.types.samples import Samples
from mmer.types.whole_file import whole_file

MAKERS = ("mmer.stages.graphs", "mmer.stages.signals")


def main(name: str) -> None:
    """Write artifacts/tune/NAME/inputs.json: digests of the data and the code of a search, for DVC."""
    config = json.loads((paths.tune(name) / "config.json").read_text(encoding="utf-8"))
    sections = [config["base"], *config["examples"]]
    found = {
        "data": {dataset: data_digest(dataset, sections) for dataset in config["datasets"]},
        "code": search_code(config["modules"]),
    }
    with whole_file(paths.tune(name) / "inputs.json") as partial:
        partial.write_text(json.dumps(found, indent=1, sort_keys=True), encoding="utf-8")


def search_code(modules: Sequence[str]) -> str:
    """Digest the source of everything that trials run."""
    return code_digest({"mmer.stages.search", "mmer.tuning.worker", *MAKERS, *modules})


def data_digest(dataset: str, sections: Sequence[dict[str, Any]]) -> str:
    """Digest what samples of a dataset are made of: clips, tracks, motion and, where they are read, recordings.

    Raises
    ------
    InputError
        Something is missing.
    """
    files = [paths.clips(dataset), paths.motion(dataset)]
    if missing := [path for path in files if not path.is_file()]:
        raise InputError(f"the search needs {missing[0]}; run `dvc repro motion@{dataset}`")
    files += sorted(paths.tracks(dataset).rglob("*.parquet"))
    columns = {getattr(build(node), "recording", None) for one in sections for node in one.get("signals", {}).values()}
    files += _recordings(load_clips(paths.clips(dataset)), columns - {None})
    total = hashlib.sha256()
    for path in files:
        total.update(f"{path}\0{file_digest(path)}\0".encode())
    return total.hexdigest()


def _recordings(clips: pd.DataFrame, columns: Iterable[str]) -> list[Path]:
    """List the files of recordings, those in folders too."""
    named = {Path(path) for column in columns for path in clips[column].dropna()}
    files = {file for path in named for file in (path.rglob("*") if path.is_dir() else (path,))}
    return sorted(file for file in files if file.is_file())


def made_folders(
    datasets: dict[str, dict[str, Any]], digests: dict[str, str], modules: Sequence[str]
) -> dict[str, Path]:
    """Say where the graphs and signals of each dataset lie; what they are made of is in the name of the folder.

    Parameters
    ----------
    datasets : dict of str to dict
        Resolved sections.
    digests : dict of str to str
        Of ``data_digest``.
    modules : sequence of str
        What trials run.
    """
    folders, code = {}, code_digest({*MAKERS, *modules})
    for name, config in datasets.items():
        own = {key: value for key, value in config.items() if key not in ("graphs", "signals")}
        digest = hashlib.sha256(json.dumps([own, digests[name], code], sort_keys=True).encode()).hexdigest()
        folders[name] = paths.CACHE / "tune" / name / digest[:32]
    return folders


def trial_samples(config: dict[str, Any], datasets: dict[str, dict[str, Any]]) -> Samples:
    """Return the samples of a section, made where they are not there yet; inside ``paths.made_elsewhere``."""
    for name in config["datasets"]:
        if model_traits(config["model"]).reads_graph and not paths.graph(name, config["graph"]).is_file():
            recipe = {"nodes": config["nodes"], "edges": config["edges"]}
            clips = load_clips(paths.clips(name))
            motion, tracks = Motion.load(paths.motion(name)), read_tracks(name, clips)
            made = graph_samples(name, datasets[name], config["graph"], recipe, clips, tracks, motion)
            with whole_file(paths.graph(name, config["graph"])) as partial:
                made.save(partial)
        for node in config.get("signals", {}).values():
            if not paths.signal_notes(name, signal_key(node)).is_file():  # written last
                paths.signals(name).mkdir(parents=True, exist_ok=True)
                cut_signal(name, datasets[name], signal_key(node), without_encoder(node))
    return experiment_samples(config)
