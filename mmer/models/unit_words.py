"""Words of action units through a graph convolution over how they occur together."""

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmer.models.graph_input import check_choice
from mmer.models.probe import Probe
from mmer.types.errors import InputError
from mmer.types.samples import Sizes

DEGREES = ("sum", "count")
SLOPE = 0.2


class UnitWords(nn.Module):
    """A learned word for each action unit, turned into a vector by graph convolutions; no clip enters.

    After ML-GCN (Chen et al., 2019, CVPR): ``H' = LeakyReLU(D W D H)``. ``W[t, s]`` is the weight of the edge from unit
    s to unit t, 1 on the diagonal; ``D`` is the degree of the sources to the power of -1/2. The released code of FGRL
    keeps ``A[i, j] = P(i | j)`` and normalises ``(A D)^T D``, which is this with ``W[t, s] = P(s | t)``, that is with
    ``edges.direction: column``; the re-implementation divides the other way, which is ``row``. The two differ, since
    the matrix is not symmetric.

    Parameters
    ----------
    model : str
        For messages.
    sizes : Sizes
    names : tuple of A str
        The nodes that are units. Edges of other nodes do not count.
    widths : tuple of int
        Length of a word, of every layer in between, and of the vectors.
    degree : str
        ``sum`` of the weights of a source, or ``count`` of those above 0.
    learn : bool
        Whether ``change``, added to the weights before they are normalised, is trained.

    Raises
    ------
    InputError
        No edge joins two of the units.
    """

    def __init__(
        self, model: str, sizes: Sizes, names: tuple[str, ...], widths: tuple[int, ...], degree: str, learn: bool
    ) -> None:
        super().__init__()
        check_choice(model, "degree", degree, DEGREES)
        unit = {sizes.node_names.index(name): i for i, name in enumerate(names)}
        edges = [(i, unit[s], unit[t]) for i, (s, t) in enumerate(sizes.edge_index.T.tolist()) if {s, t} <= set(unit)]
        if not edges:
            raise InputError(f"{model}: no edge joins two action units; choose `edges: au_probability`, or complete")
        self.n, self.degree, self.learn = len(names), degree, learn
        between, source, target = torch.tensor(edges).T
        self.register_buffer("between", between.contiguous(), persistent=False)
        self.register_buffer("place", (target * self.n + source).contiguous(), persistent=False)
        self.words = nn.Parameter(0.01 * torch.randn(self.n, widths[0]))
        self.change = nn.Parameter(torch.zeros(self.n, self.n))
        self.convolutions = nn.ModuleList(nn.Linear(a, b, bias=False) for a, b in pairwise(widths))
        for layer in self.convolutions:
            bound = 1 / math.sqrt(layer.out_features)
            nn.init.uniform_(layer.weight, -bound, bound)
        self.adjacency = Probe("adjacency", "pairs", names)

    def forward(self, edge_weight: Tensor, clips: int) -> Tensor:
        """Return a vector of each unit (A, widths[-1]) under ``edge_weight`` (E,); ``clips`` is for the probe."""
        adjacency = self.normalised(edge_weight)
        self.adjacency(adjacency.expand(clips, self.n, self.n))
        x = self.words
        for layer in self.convolutions:
            x = F.leaky_relu(adjacency @ layer(x), SLOPE)
        return x

    def normalised(self, edge_weight: Tensor) -> Tensor:
        """Return the normalised adjacency (A, A), target before source."""
        flat = edge_weight.new_zeros(self.n**2).scatter_add(0, self.place, edge_weight.index_select(0, self.between))
        weights = flat.view(self.n, self.n)
        if self.learn:
            weights = torch.relu(weights + self.change)
        loops = torch.eye(self.n, dtype=weights.dtype, device=weights.device)
        weights = weights * (1 - loops) + loops
        counted = weights if self.degree == "sum" else (weights > 0).to(weights.dtype)
        scale = counted.sum(0).rsqrt()
        return scale[:, None] * weights * scale
