"""Make a model from its yaml node; one for streams that may be absent from the nodes of its branches and fusion."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from mmer.stages.build import build

if TYPE_CHECKING:
    from torch import nn

    from mmer.types.samples import Sizes

FUSED = "mmer.models.fused.Fused"
ALONE = "mmer.models.alone.Alone"  # one branch and no fusion
FACE = "face"  # the name of the face's branch


def build_model(node: Mapping[str, Any], sizes: "Sizes") -> "nn.Module":
    """Make the network a node describes.

    Parameters
    ----------
    node : mapping
        ``_target_``, ``name`` and the model's keys, none of its training. Of a fused model ``branches``, a node by
        name of each, and ``fusion``, a node: its class gets what makes each of them. One branch needs no fusion.
    sizes : Sizes
    """
    if not is_fused(node):
        return build(node, sizes)
    own = {key: value for key, value in node.items() if key not in ("branches", "fusion")}
    branches = {name: partial(build, branch) for name, branch in node["branches"].items()}
    fusion = {"fusion": partial(build, node["fusion"])} if "fusion" in node else {}
    return build(own, sizes, branches=branches, **fusion)


def is_fused(node: Mapping[str, Any]) -> bool:
    """Say whether a model's node has branches."""
    return isinstance(node.get("branches"), Mapping)


def face_of(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the node of the model that reads the face: the node itself where nothing is fused."""
    return node["branches"].get(FACE, {}) if is_fused(node) else node


def modules_of(node: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the modules of a model, of its branches and of its fusion, sorted."""
    nodes = [node]
    if is_fused(node):
        nodes += [*node["branches"].values(), *([node["fusion"]] if "fusion" in node else [])]
    return tuple(sorted({str(one["_target_"]).rpartition(".")[0] for one in nodes}))
