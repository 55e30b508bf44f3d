"""Adjacencies that a model learns, or makes up for every clip; beside those that edge rules give.

All are dense, rows are targets and columns sources, as ``mmer.models.folded.dense_adjacency`` has them: a node collects
``adjacency @ x``. What comes out passes a ``Probe``, so that it can be drawn. They work under ``torch.func.vmap``; the
first two also where a stack is called with K folds at once (``mmer.models.folded``).
"""

import torch
from torch import Tensor, nn

from mmer.models.encoder_layer import EncoderLayer
from mmer.models.folded import Linear
from mmer.models.graph_input import check_choice, check_whole
from mmer.models.probe import Probe

FORMS = ("free", "softmax", "sigmoid")
FLOOR = 0.01  # an edge that is not there starts with this weight before the softmax, or it could not be learned


class LearnedAdjacency(nn.Module):
    """One adjacency for all clips, learned as a change of a given one; it starts as what is given.

    ======== ============================================ =========================================================
    form     adjacency from the given A and the change W  after
    ======== ============================================ =========================================================
    free     A + W                                        2s-AGCN (Shi et al., 2019, CVPR), its B; may become negative
    softmax  softmax over sources of log(A) + W           rows sum to 1; absent edges start with weight .01
    sigmoid  2 sigmoid(W) A                               ST-GCN (Yan et al., 2018, AAAI), its edge importance, here
                                                          kept in 0..2; absent edges stay absent
    ======== ============================================ =========================================================

    Where A is the complete graph (``edges: learned``), or none is given, it starts with every weight 1 / N.

    Parameters
    ----------
    nodes : int
        N.
    form : str
        ``free``, ``softmax`` or ``sigmoid``.
    names : tuple of str
        Of the nodes, where they are not those of the graph.

    Raises
    ------
    InputError
        There is no such form, or no node.
    """

    def __init__(self, nodes: int, form: str = "softmax", names: tuple[str, ...] = ()) -> None:
        super().__init__()
        check_whole("learned adjacency", nodes=nodes)
        check_choice("learned adjacency", "form", form, FORMS)
        self.nodes, self.form = nodes, form
        self.change = nn.Parameter(torch.zeros(nodes, nodes))
        self.seen = Probe("adjacency", "pairs", names)

    def forward(self, given: Tensor | None = None, clips: int = 1) -> Tensor:
        """Return the adjacency.

        Parameters
        ----------
        given : Tensor of shape (N, N), or (K, N, N), optional
            Where it starts; not negative, e.g. ``dense_adjacency``. None: 1 / N everywhere.
        clips : int
            For how many clips the probe shows it.

        Returns
        -------
        Tensor of shape (N, N), or (K, N, N)
        """
        if given is None:
            given = torch.full_like(self.change, 1 / self.nodes)
        if self.form == "free":
            adjacency = given + self.change
        elif self.form == "softmax":
            adjacency = torch.softmax(given.clamp_min(FLOOR).log() + self.change, -1)
        else:
            adjacency = 2 * torch.sigmoid(self.change) * given
        self.seen(adjacency.unsqueeze(-3).expand(*adjacency.shape[:-2], clips, self.nodes, self.nodes))
        return adjacency

    def extra_repr(self) -> str:
        """Show what it is when the model is printed."""
        return f"{self.nodes}, form={self.form}"


class AdaptiveAdjacency(nn.Module):
    """An adjacency for each clip from the likeness of its nodes' features.

    A node asks with one linear map of its features and is known by another: ``softmax(q k^T / sqrt(width))`` over
    sources. That is the data-dependent graph C of 2s-AGCN (Shi et al., 2019, CVPR), with the scale of Vaswani et al.
    (2017). There it is added to the given graph, which is left to the caller. The map that nodes are known by has no
    bias, for it would add the same to all sources.

    Parameters
    ----------
    channels : int
        Features of a node.
    width : int
        Numbers that are compared.
    names : tuple of str
        Of the nodes, where they are not those of the graph.
    """

    def __init__(self, channels: int, width: int = 16, names: tuple[str, ...] = ()) -> None:
        super().__init__()
        check_whole("adaptive adjacency", channels=channels, width=width)
        self.ask = Linear(channels, width)
        self.known = Linear(channels, width, bias=False)
        self.seen = Probe("adjacency", "pairs", names)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, N, N), rows summing to 1, of nodes ``x`` (B, N, C); or all with (K, ...)."""
        query, key = self.ask(x), self.known(x)
        return self.seen(torch.softmax(query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5, -1))


class ScoreAdjacency(nn.Module):
    """An adjacency of action units for each clip, from their detection scores alone.

    Encoder layers on the diagonal matrix of the scores: unit i is the i-th of A elements and starts as its score at
    place i. After Wang et al. (2024, ICASSP; released code: ini17), with its sizes as defaults. What comes out of the
    last layer norm is the adjacency as it is: of any sign, rows without a sum. No label is counted, so none can leak.

    ============================  ==============  ==========
    part, 9 units, each layer     output          parameters
    ============================  ==============  ==========
    attention, 8 heads of 16      (B, 9, 9)            4,608
    layer norm                    (B, 9, 9)               18
    9 -> 40 -> 9                  (B, 9, 9)              769
    layer norm                    (B, 9, 9)               18
    sum of 6 layers                                   32,478
    ============================  ==============  ==========

    Parameters
    ----------
    units : tuple of str
        Names of the A units.
    layers, heads, head_width, inner : int
        Of the encoder.
    dropout, attention_dropout : float
        In its layers, and on their attention.
    """

    def __init__(
        self,
        units: tuple[str, ...],
        layers: int = 6,
        heads: int = 8,
        head_width: int = 16,
        inner: int = 40,
        dropout: float = 0.1,
        attention_dropout: float = 0.1,
    ) -> None:
        super().__init__()
        check_whole("score adjacency", units=len(units), layers=layers, heads=heads, head_width=head_width, inner=inner)
        self.layers = nn.ModuleList(
            EncoderLayer(len(units), heads, head_width, inner, dropout, attention_dropout, tuple(units))
            for _ in range(layers)
        )
        self.seen = Probe("adjacency", "pairs", tuple(units))

    def forward(self, scores: Tensor) -> Tensor:
        """Return (B, A, A) of ``scores`` (B, A)."""
        x = scores.unsqueeze(-1) * torch.eye(scores.shape[-1], dtype=scores.dtype, device=scores.device)
        for layer in self.layers:
            x = layer(x)
        return self.seen(x)
