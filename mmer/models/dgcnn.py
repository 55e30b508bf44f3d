"""DGCNN: electrodes as a graph whose edges are learned (Song, Zheng, Song & Cui, 2020, IEEE TAFFC 11, 532)."""

import torch
from torch import Tensor, nn

from mmer.models.dropout import Dropout
from mmer.models.graph_input import check_choice, check_whole
from mmer.models.signal_input import feature_shape
from mmer.types.errors import InputError
from mmer.types.samples import Sizes

INITIAL = ("positions", "complete")
ALONE = 1e-6  # degree of an electrode without edges


class ChebyshevFilter(nn.Module):
    """Chebyshev polynomials of a graph's Laplacian (Defferrard et al., 2016, NeurIPS), one dense graph for all clips.

    Equal to ``torch_geometric.nn.ChebConv`` with ``lambda_max = 2``, and started like it. That layer takes self loops
    out of a list of edges by truth values, which cannot be done under ``torch.func.vmap``, and here every pair of
    electrodes has an edge.

    Parameters
    ----------
    in_channels, out_channels : int
    order : int
        Number of polynomials: 1 sees an electrode alone, 2 its neighbours too.
    """

    def __init__(self, in_channels: int, out_channels: int, order: int) -> None:
        super().__init__()
        self.maps = nn.ModuleList(nn.Linear(in_channels, out_channels, bias=False) for _ in range(order))
        for part in self.maps:
            nn.init.xavier_uniform_(part.weight)
        self.bias = nn.Parameter(torch.zeros(out_channels))

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        """Return (B, N, D) of ``x`` (B, N, C); ``adjacency`` (N, N) is symmetric, >= 0, with a diagonal of 0."""
        scale = (adjacency.sum(-1) + ALONE).rsqrt()
        laplacian = -scale[:, None] * adjacency * scale  # of eigenvalues -1 to 1: L - I
        terms = [x]
        if len(self.maps) > 1:
            terms.append(laplacian @ x)
        while len(terms) < len(self.maps):
            terms.append(2 * laplacian @ terms[-1] - terms[-2])
        return sum(part(term) for part, term in zip(self.maps, terms, strict=True)) + self.bias


class Dgcnn(nn.Module):
    """Band features of electrodes -> filters on a learned graph -> a hidden layer -> classes.

    ===============================================  ========  ==========
    layer (32 electrodes, 4 bands, 3 classes)        output    parameters
    ===============================================  ========  ==========
    adjacency                                        (32, 32)        1024
    Chebyshev filters of order 2, ReLU, dropout      (32, 32)         288
    linear over all electrodes, ReLU, dropout        64             65600
    linear                                           3                195
    **all**                                                         67107
    ===============================================  ========  ==========

    The adjacency is ReLU of the mean of a learned matrix and its transpose, without its diagonal: an edge that has
    fallen to 0 stays gone, as in the paper. The paper's 1 x 1 convolution behind the filters is part of their maps
    here, as two linear maps in a row are one.

    Parameters
    ----------
    sizes : Sizes
        Needs the stream, of features.
    stream : str
        Its name.
    initial : str
        Where the adjacency starts. ``positions``: exp(-d^2 / 2 reach^2) of the distance of two electrodes, the paper's;
        ``complete``: 1 everywhere, for channels without places.
    reach : float
        Metres.
    order : int
        Of the filters.
    width : int
        Features of an electrode behind the filters.
    hidden : int
        Units of the hidden layer.
    dropout : float

    Raises
    ------
    InputError
        There is no such stream, or no positions where they are asked for; or a value is out of its range.
    """

    streams: tuple[str, ...] = ("{stream}",)

    def __init__(
        self,
        sizes: Sizes,
        stream: str = "eeg_bands",
        initial: str = "positions",
        reach: float = 0.05,
        order: int = 2,
        width: int = 32,
        hidden: int = 64,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        check_whole("dgcnn", order=order, width=width, hidden=hidden)
        check_choice("dgcnn", "initial", initial, INITIAL)
        channels, features = feature_shape("dgcnn", sizes, stream)
        if channels < 2:
            raise InputError(f"dgcnn: a graph needs 2 electrodes or more, the stream {stream!r} has {channels}")
        self.stream, self.streams = stream, (stream,)
        if initial == "positions":
            start = _nearness(torch.tensor(sizes.signals[stream].positions), stream, reach)
        else:
            start = torch.ones(channels, channels)
        self.edges = nn.Parameter(start)
        self.register_buffer("others", 1 - torch.eye(channels), persistent=False)
        self.filters = ChebyshevFilter(features, width, order)
        self.hidden = nn.Linear(channels * width, hidden)
        self.dropouts = nn.ModuleList(Dropout(dropout) for _ in range(2))
        self.classifier = nn.Linear(hidden, sizes.n_classes)

    def adjacency(self) -> Tensor:
        """Return the learned graph (C, C): symmetric, not negative, without loops."""
        return torch.relu(self.edges + self.edges.transpose(-1, -2)) / 2 * self.others

    def forward(self, batch: dict[str, Tensor], edge_weight: Tensor) -> Tensor:
        """Return logits (B, K) of the stream (B, C, F)."""
        x = torch.relu(self.filters(batch[self.stream], self.adjacency()))
        x = torch.relu(self.hidden(self.dropouts[0](x).flatten(1)))
        return self.classifier(self.dropouts[1](x))


def _nearness(places: Tensor, stream: str, reach: float) -> Tensor:
    """Return how near electrodes are to each other, (C, C), 1 where they touch."""
    if not places.numel() or not torch.isfinite(places).all():
        raise InputError(
            f"dgcnn: the places of the channels of {stream!r} are not known; give the dataset's `recordings` a "
            "montage, or set initial: complete"
        )
    if isinstance(reach, bool) or not isinstance(reach, int | float) or not reach > 0:
        raise InputError(f"dgcnn: reach must be a number of metres above 0, got {reach!r}")
    return torch.exp(-torch.cdist(places, places).square() / (2 * reach**2)).float()
