"""Fetch the weights of a face backend into our own folder."""

from mmer.stages.build import build, read_option


def main(action: str, backend: str, folder: str | None) -> None:
    """Fetch what conf/faces/BACKEND.yaml needs, and say where it lies (``action`` is ``fetch``, the only one)."""
    node = read_option("faces", backend)
    for path in build(node | ({"weights": folder} if folder else {})).fetch():
        print(path)
