"""AUW-GCN: regions of interest over time (Yin, Wu, Xu, Liu, Zhao & Chen, 2023, IEEE ICME, arXiv 2303.09114)."""

import torch
from torch import Tensor, nn

from mmer.models.batch_norm import BatchNorm1d
from mmer.models.graph_input import check_choice, check_whole, graph_shape
from mmer.models.idle_bias import REASON
from mmer.models.neighbour_mean import OWN, neighbour_mean
from mmer.types.samples import Sizes

DILATION = 2  # of the last convolution and of the head, whose kernels are 3


class AuwGcn(nn.Module):
    """One graph convolution per frame, then convolutions over time.

    ==================================================  ============  ==========
    layer (16 frames, 12 nodes, 2 features, 3 classes)  output        parameters
    ==================================================  ============  ==========
    graph convolution                                   16 x 12 x 16          48
    batch normalisation, ReLU                           16 x 12 x 16          32
    convolution 1, batch normalisation, ReLU            64 x 16            12416
    convolution 3, batch normalisation, ReLU            64 x 16            12416
    convolution 3, dilation 2, the same                 64 x 16            12416
    convolution 3, dilation 2, mean over time           3                    576
    **all**                                                                37904
    ==================================================  ============  ==========

    The paper is about spotting: its head gives ten scores for every frame, has 1920 parameters, and the whole 39248
    (the authors' code). Ours recognises: the head gives a score per class for every frame, and a clip's logits are
    their mean over time. That is one linear map of three means over time, which is how it is computed: ``classifier``
    sees one vector per clip.

    The adjacency is the experiment's edges. The paper's are ``au_regions`` on the nodes ``auw_rois``, with rows that
    sum to 1, and what a node has of itself is the rest (``own``). In the code the table is counted on the whole
    corpus, here on the training clips. Its regions of the nose belong to no unit and so see nothing, not even
    themselves; here they keep their own motion. Layers start as in the code.

    Parameters
    ----------
    sizes : Sizes
        Needs the stream ``graph`` (T, N, F); in the paper 12 regions with their mean flow.
    hidden : int
        Channels of a node.
    width : int
        Channels of the convolutions over time.
    own : str
        What a node has of itself, see ``mmer.models.neighbour_mean``: ``rest``, ``loop`` (for edges whose weights
        into a node sum to more than 1, as those of fixed rules), ``none``.

    Raises
    ------
    InputError
        There is no graph, or a value is out of its range.
    """

    streams = ("graph",)
    permutation_invariant = False

    def __init__(self, sizes: Sizes, hidden: int = 16, width: int = 64, own: str = "rest") -> None:
        super().__init__()
        check_whole("auw_gcn", hidden=hidden, width=width)
        check_choice("auw_gcn", "own", own, OWN)
        self.frames, self.nodes, features = graph_shape("auw_gcn", sizes)
        self.own = own
        self.node = nn.Linear(features, hidden)
        self.node_norm = BatchNorm1d(hidden)
        channels = [self.nodes * hidden, width, width, width]
        kernels = [(1, 1), (3, 1), (3, DILATION)]
        self.time = nn.ModuleList(
            nn.Conv1d(channels[i], width, kernel, padding="same", dilation=dilation, bias=False)
            for i, (kernel, dilation) in enumerate(kernels)
        )
        self.time_norms = nn.ModuleList(BatchNorm1d(width) for _ in kernels)
        self.classifier = nn.Linear(3 * width, sizes.n_classes, bias=False)
        self._start(hidden, width)
        source, target = torch.from_numpy(sizes.edge_index.copy())
        self.register_buffer("place", target * self.nodes + source, persistent=False)

    @property
    def dead_parameters(self) -> dict[str, str]:
        """Return what gets no gradient, by the start of its name, and why."""
        return {"node.bias": REASON}

    def _start(self, hidden: int, width: int) -> None:
        """Draw the first weights as the authors' code does."""
        for parameter in self.node.parameters():
            nn.init.uniform_(parameter, -(hidden**-0.5), hidden**-0.5)
        for layer in self.time:
            nn.init.kaiming_normal_(layer.weight)
        nn.init.normal_(self.classifier.weight, std=(2 / (3 * width)) ** 0.5)

    def forward(self, batch: dict[str, Tensor], edge_weight: Tensor) -> Tensor:
        """Return logits (B, C) of ``batch["graph"]`` (B, T, N, F) with ``edge_weight`` (E,)."""
        x = batch["graph"]
        adjacency = neighbour_mean(self.place, edge_weight.to(x.dtype), self.nodes, self.own)
        # The bias comes after the sum over neighbours, as rows sum to 1 only where a node has any; see dead_parameters.
        x = torch.matmul(adjacency, torch.matmul(x, self.node.weight.T)) + self.node.bias.detach()
        x = torch.relu(self.node_norm(x.flatten(1, 2).transpose(1, 2)))  # (B, hidden, T * N)
        x = x.unflatten(2, (self.frames, self.nodes)).permute(0, 3, 1, 2).flatten(1, 2)  # (B, N * hidden, T)
        for layer, norm in zip(self.time, self.time_norms, strict=True):
            x = torch.relu(norm(layer(x)))
        return self.classifier(self._means(x))

    def _means(self, x: Tensor) -> Tensor:
        """Return what each tap of the head sees on average: (B, 3 * width) of ``x`` (B, width, T), zero outside."""
        reach = min(DILATION, self.frames)
        before, after = x[:, :, : self.frames - reach], x[:, :, reach:]
        return torch.cat([part.sum(2) for part in (before, x, after)], 1) / self.frames
