"""Graph attention over a sparse graph that all clips share."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmer.models.edge_attention import PADDING, SharedEdges

SLOPE = 0.2


class GraphAttention(nn.Module):
    """Graph attention (Velickovic et al., 2018, ICLR) in which the weight of an edge multiplies its share.

    ``share(t, s) = w(t, s) exp(e(t, s)) / sum over r of w(t, r) exp(e(t, r))``, ``e`` as published. Where all weights
    are 1 it is ``torch_geometric.nn.GATConv``, which can neither be weighted nor be stacked. Every node is its own
    neighbour.

    Parameters
    ----------
    channels, width : int
        Features in, and out of each head.
    heads : int
        Put side by side.
    """

    def __init__(self, channels: int, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.map = nn.Linear(channels, heads * width, bias=False)
        self.source, self.target = (nn.Parameter(torch.empty(heads, width)) for _ in range(2))
        self.bias = nn.Parameter(torch.zeros(heads * width))
        for value in (self.map.weight, self.source, self.target):
            nn.init.xavier_uniform_(value)

    def forward(self, x: Tensor, weight: Tensor, graph: SharedEdges) -> tuple[Tensor, Tensor]:
        """Return nodes (B, N, heads * width), and the share of every edge and self loop, mean over heads, (B, E + N).

        Parameters
        ----------
        x : Tensor of shape (B, N, channels)
        weight : Tensor of shape (E + N,)
            At least 0; 0 takes an edge out. Those of the self loops, which come last, are above 0.
        graph : SharedEdges
        """
        sent = self.map(x)
        heads = sent.unflatten(2, (self.heads, -1))
        from_source, to_target = (heads * self.source).sum(3), (heads * self.target).sum(3)
        # The edges into a node side by side, (N, places): the few that are padding have no share.
        sources = graph.source[graph.into]
        score = F.leaky_relu(from_source[:, sources] + to_target[:, :, None], SLOPE)
        prior = torch.where(weight > 0, weight.clamp_min(torch.finfo(weight.dtype).tiny).log(), PADDING)[graph.into]
        share = torch.softmax(score + torch.where(graph.filled, prior, PADDING)[..., None], 2)
        message = sent[:, sources].unflatten(3, (self.heads, -1))
        out = (share[..., None] * message).sum(2).flatten(2) + self.bias
        return out, share.mean(3).flatten(1)[:, graph.slot]
