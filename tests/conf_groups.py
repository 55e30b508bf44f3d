"""The groups of conf/ whose yaml files are components."""

from pathlib import Path

from mmer.stages.build import read_option
from mmer.stages.model_traits import model_traits

CONF = Path(__file__).parent.parent / "conf"
GROUPS = (
    *("dataset", "faces", "motion", "magnify", "recordings", "signal"),
    *("labels", "protocol", "nodes", "edges", "motion_scaling", "model", "fusion", "loss", "sampling", "augment"),
    "experiment",
)


def options(group: str) -> list[str]:
    """Names of the yaml files in one group."""
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


def models(classical: bool) -> list[str]:
    """Names of the models that are fitted by their own solver, or of the networks."""
    return [name for name in options("model") if model_traits(read_option("model", name, CONF)).classical == classical]


def readers(stream: str) -> list[str]:
    """Names of the networks that need a stream."""
    return [
        name for name in models(classical=False) if stream in model_traits(read_option("model", name, CONF)).streams
    ]
