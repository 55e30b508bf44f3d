"""The groups of conf/ whose yaml files are components."""

from pathlib import Path

CONF = Path(__file__).parent.parent / "conf"
GROUPS = ("dataset", "faces", "motion", "nodes", "edges", "labels", "protocol", "model", "loss", "experiment")


def options(group: str) -> list[str]:
    """Names of the yaml files in one group."""
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))
