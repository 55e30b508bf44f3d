"""The groups of conf/ whose yaml files are components."""

from functools import cache
from pathlib import Path

from mmer.stages.build import read_option
from mmer.stages.model_traits import ModelTraits, model_traits

ROOT = Path(__file__).parent.parent
CONF = ROOT / "conf"
GROUPS = (
    *("dataset", "faces", "motion", "magnify", "recordings", "signal"),
    *("labels", "protocol", "nodes", "edges", "motion_scaling", "model", "fusion", "loss", "sampling", "augment"),
    "executor",
    "experiment",
)


@cache  # asked for once per test function
def options(group: str) -> tuple[str, ...]:
    """Names of the yaml files in one group."""
    return tuple(sorted(path.stem for path in (CONF / group).glob("*.yaml")))


@cache
def _traits() -> dict[str, ModelTraits]:
    """Read what every model's class says of itself."""
    return {name: model_traits(read_option("model", name, CONF)) for name in options("model")}


def models(classical: bool) -> list[str]:
    """Names of the models that are fitted by their own solver, or of the networks."""
    return [name for name, traits in _traits().items() if traits.classical == classical]


def corpora(synthetic: bool) -> list[str]:
    """Names of the corpora that mmer writes synthetic releases of; or of others, and one of the sample, in data/."""
    made = [name for name in options("dataset") if (ROOT / "mmer" / "synthetic" / f"{name}.py").is_file()]
    if synthetic:
        return made
    others = {"casme2", *options("dataset")} - ({*made} - {"casme2"})
    return sorted(name for name in others if (ROOT / "data" / name).is_dir())


def readers(stream: str) -> list[str]:
    """Names of the networks that need a stream."""
    return [name for name in models(classical=False) if stream in _traits()[name].streams]
