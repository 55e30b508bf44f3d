"""Logistic regression on the flattened graph: the baseline that a graph has to beat."""

from torch import Tensor, nn

from mmer.models.folded import Linear
from mmer.models.graph_input import graph_shape
from mmer.types.samples import Sizes


class Logreg(nn.Module):
    """Multinomial logistic regression on all T * N * F numbers of a clip; edges are not used.

    ==============================================  ======  ==========
    layer (12 action units, 3 features, 3 classes)  output  parameters
    ==============================================  ======  ==========
    linear                                          3              111
    **all**                                                        111
    ==============================================  ======  ==========

    From no paper. Weights start at zero: the loss is convex and the start carries no chance.

    Parameters
    ----------
    sizes : Sizes
        Needs the stream ``graph`` (T, N, F).

    Raises
    ------
    InputError
        There is no graph.
    """

    streams = ("graph",)
    folded = True

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        frames, nodes, features = graph_shape("logreg", sizes)
        self.classifier = Linear(frames * nodes * features, sizes.n_classes)
        nn.init.zeros_(self.classifier.weight)
        nn.init.zeros_(self.classifier.bias)

    def forward(self, batch: dict[str, Tensor], edge_weight: Tensor) -> Tensor:
        """Return logits (B, K) of ``batch["graph"]`` (B, T, N, F); or all with (K, ...)."""
        return self.classifier(batch["graph"].flatten(-3))
