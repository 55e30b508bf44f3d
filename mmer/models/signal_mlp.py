"""Signal MLP: a multilayer perceptron on features of recordings, which any other encoder of them has to beat."""

from itertools import pairwise

from torch import Tensor, nn

from mmer.models.dropout import ReluDropout
from mmer.models.folded import Linear
from mmer.models.graph_input import check_whole
from mmer.models.signal_input import feature_shape
from mmer.types.samples import Sizes


class SignalMlp(nn.Module):
    """Hidden layers over all C * F numbers of a clip.

    ===========================================  ======  ==========
    layer (1 channel, 5 features, 3 classes)     output  parameters
    ===========================================  ======  ==========
    linear, ReLU, dropout                        32             192
    linear                                       3               99
    **all**                                                     291
    ===========================================  ======  ==========

    From no paper; sizes are our choice.

    Parameters
    ----------
    sizes : Sizes
        Needs the stream, of features.
    stream : str
        Its name.
    hidden : int
        Units of every hidden layer.
    layers : int
        Number of hidden layers.
    dropout : float
        After every hidden layer.

    Raises
    ------
    InputError
        There is no such stream, or a value is out of its range.
    """

    streams: tuple[str, ...] = ("{stream}",)
    folded = True

    def __init__(
        self, sizes: Sizes, stream: str = "heart", hidden: int = 32, layers: int = 1, dropout: float = 0.3
    ) -> None:
        super().__init__()
        check_whole("signal_mlp", hidden=hidden, layers=layers)
        channels, features = feature_shape("signal_mlp", sizes, stream)
        self.stream, self.streams = stream, (stream,)
        widths = [channels * features, *[hidden] * layers]
        self.layers = nn.ModuleList(Linear(width, next_width) for width, next_width in pairwise(widths))
        self.dropouts = nn.ModuleList(ReluDropout(dropout) for _ in range(layers))
        self.classifier = Linear(hidden, sizes.n_classes)

    def forward(self, batch: dict[str, Tensor], edge_weight: Tensor) -> Tensor:
        """Return logits (B, K) of the stream (B, C, F); or all with (N folds, ...)."""
        x = batch[self.stream].flatten(-2)
        for layer, dropout in zip(self.layers, self.dropouts, strict=True):
            x = dropout(layer(x))
        return self.classifier(x)
