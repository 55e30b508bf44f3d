"""Graph attention and self-attention pooling over the same few nodes in every clip, dense, so that folds can stack.

torch_geometric's layers count nodes and edges while they run, and keep their attention for themselves. On a graph that
all clips share, a dense form is exact; tests/models/test_video_networks.py compares them.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch_geometric.nn import DenseGraphConv

from mmer.models.probe import Probe

SLOPE = 0.2


def adjacency_matrix(edge_index: Tensor, edge_weight: Tensor, nodes: int) -> Tensor:
    """Return (N, N), target before source, of edges (2, E) and weights (E,); 0 where there is no edge."""
    source, target = edge_index
    flat = edge_weight.new_zeros(nodes**2).scatter_add(0, target * nodes + source, edge_weight)
    return flat.view(nodes, nodes)


class DenseGat(nn.Module):
    """Graph attention (Velickovic et al., 2018, ICLR) in which an edge's weight multiplies its share.

    ``share(t, s) = w(t, s) exp(e(t, s)) / sum over r of w(t, r) exp(e(t, r))``, ``e`` as published. With weights
    of 0 and 1 it is ``torch_geometric.nn.GATConv``. Every node is its own neighbour, with weight 1.

    Parameters
    ----------
    channels, width : int
        Features in, and out of each head.
    heads : int
        Put side by side.
    names : tuple of str
        Of the nodes, for the probe ``attention`` (mean over heads), where they are not those of the graph.
    """

    def __init__(self, channels: int, width: int, heads: int, names: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.heads = heads
        self.map = nn.Linear(channels, heads * width, bias=False)
        self.source, self.target = (nn.Parameter(torch.empty(heads, width)) for _ in range(2))
        self.bias = nn.Parameter(torch.zeros(heads * width))
        for value in (self.map.weight, self.source, self.target):
            nn.init.xavier_uniform_(value)
        self.attention = Probe("attention", "pairs", names)

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        """Return (B, N, heads * width) of nodes ``x`` (B, N, channels); ``adjacency`` (N, N), target before source.

        Or (B, N, N): one for each clip.
        """
        h = self.map(x).unflatten(2, (self.heads, -1))
        to_target, from_source = (h * self.target).sum(3), (h * self.source).sum(3)
        score = F.leaky_relu(to_target[:, :, None] + from_source[:, None], SLOPE)  # (B, target, source, heads)
        loops = torch.eye(adjacency.shape[-1], dtype=adjacency.dtype, device=adjacency.device)
        weight = adjacency * (1 - loops) + loops
        # Finite instead of -inf: a weight of 0 must not make the gradient NaN.
        prior = torch.where(weight > 0, weight.clamp_min(torch.finfo(weight.dtype).tiny).log(), -1e9)
        share = torch.softmax(score + prior[..., None], 2)
        self.attention(share.mean(3))
        return torch.einsum("btsk,bskw->btkw", share, h).flatten(2) + self.bias


class DenseSagPool(nn.Module):
    """Self-attention graph pooling (Lee, Lee & Kang, 2019, ICML): the nodes of the highest scores, times their scores.

    A score is the tanh of a graph convolution with one output. How many nodes are kept is fixed.

    Parameters
    ----------
    channels : int
    nodes : int
    share : float
        Of the nodes that is kept, above 0 and at most 1; rounded up.
    names : tuple of str
        Of the nodes, for the probe ``kept``: the scores (B, N), 0 where a node is dropped.
    """

    def __init__(self, channels: int, nodes: int, share: float, names: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.score = DenseGraphConv(channels, 1)
        self.kept = math.ceil(share * nodes)
        self.probe = Probe("kept", "nodes", names)

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        """Return (B, kept, channels), best first, of ``x`` (B, N, channels) and ``adjacency`` (N, N)."""
        score = torch.tanh(self.score(x, adjacency).squeeze(2))
        best, place = score.topk(self.kept, 1)
        self.probe(torch.zeros_like(score).scatter(1, place, best))
        return x.gather(1, place[..., None].expand(-1, -1, x.shape[2])) * best[..., None]
