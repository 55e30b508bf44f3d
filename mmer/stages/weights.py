"""Fetch the weights of a face backend into our own folder."""

from pathlib import Path

from mmer.faces.weights import fetch
from mmer.stages.build import build, read_option


def main(action: str, backend: str, folder: str | None) -> None:
    """Fetch what conf/faces/BACKEND.yaml needs, and say where it lies."""
    component = build(read_option("faces", backend))
    for path in fetch(Path(folder or component.weights), component):
        print(path)
