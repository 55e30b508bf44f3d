"""MLP: a multilayer perceptron on the flattened graph, which a graph network has to beat."""

from itertools import pairwise

from torch import Tensor, nn

from mmer.models.dropout import ReluDropout
from mmer.models.folded import Linear
from mmer.models.graph_input import check_whole, graph_shape
from mmer.types.samples import Sizes


class Mlp(nn.Module):
    """Hidden layers over all T * N * F numbers of a clip; edges are not used.

    ==============================================  ======  ==========
    layer (12 action units, 3 features, 3 classes)  output  parameters
    ==============================================  ======  ==========
    linear, ReLU, dropout                           64            2368
    linear, ReLU, dropout                           64            4160
    linear                                          3              195
    **all**                                                       6723
    ==============================================  ======  ==========

    From no paper: with ``logreg`` it is the baseline on the same numbers. What a graph network scores above it, it
    owes to the graph.

    Parameters
    ----------
    sizes : Sizes
        Needs the stream ``graph`` (T, N, F).
    hidden : int
        Units of every hidden layer.
    layers : int
        Number of hidden layers.
    dropout : float
        After every hidden layer.

    Raises
    ------
    InputError
        There is no graph, or a value is out of its range.
    """

    streams = ("graph",)
    folded = True
    permutation_invariant = False

    def __init__(self, sizes: Sizes, hidden: int = 64, layers: int = 2, dropout: float = 0.3) -> None:
        super().__init__()
        check_whole("mlp", hidden=hidden, layers=layers)
        frames, nodes, features = graph_shape("mlp", sizes)
        widths = [frames * nodes * features, *[hidden] * layers]
        self.layers = nn.ModuleList(Linear(width, next_width) for width, next_width in pairwise(widths))
        self.dropouts = nn.ModuleList(ReluDropout(dropout) for _ in range(layers))
        self.classifier = Linear(hidden, sizes.n_classes)

    def forward(self, batch: dict[str, Tensor], edge_weight: Tensor) -> Tensor:
        """Return logits (B, C) of ``batch["graph"]`` (B, T, N, F); or all with (K, ...)."""
        x = batch["graph"].flatten(-3)
        for layer, dropout in zip(self.layers, self.dropouts, strict=True):
            x = dropout(layer(x))
        return self.classifier(x)
