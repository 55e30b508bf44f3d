"""ST-GCN: spatial temporal graph convolutions (Yan, Xiong & Lin, 2018, AAAI, arXiv 1801.07455) on facial nodes."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from mmer.models.batch_norm import BatchNorm1d, BatchNorm2d
from mmer.models.dropout import Dropout
from mmer.models.graph_input import check_choice, check_whole, graph_shape
from mmer.models.idle_bias import Conv2d, idle_biases
from mmer.models.neighbour_mean import neighbour_mean
from mmer.models.partition import STRATEGIES, partition
from mmer.models.probe import Probe
from mmer.types.errors import InputError
from mmer.types.samples import Sizes

FAITHFUL = ("paper", "code")


class Unit(nn.Module):
    """Graph convolution within moments, convolution over time of each node, beside a skip connection.

    Parameters
    ----------
    channels_in, channels_out, parts : int
        One weight matrix for each part of the neighbourhood.
    kernel, stride : int
        Of the convolution over time.
    skip : bool
    dropout : float
    """

    def __init__(
        self, channels_in: int, channels_out: int, parts: int, kernel: int, stride: int, skip: bool, dropout: float
    ) -> None:
        super().__init__()
        self.parts = parts
        self.graph = nn.Conv2d(channels_in, channels_out * parts, 1)
        self.graph_norm = BatchNorm2d(channels_out)
        self.time = Conv2d(channels_out, channels_out, (kernel, 1), (stride, 1), (kernel // 2, 0))
        self.time_norm = BatchNorm2d(channels_out)
        self.dropout = Dropout(dropout)
        self.skip = skip
        self.reshape = None
        if skip and (channels_in != channels_out or stride != 1):
            self.reshape = nn.Sequential(Conv2d(channels_in, channels_out, 1, (stride, 1)), BatchNorm2d(channels_out))

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        """Return (B, D, T', N) of ``x`` (B, C, T, N) and ``adjacency`` (P, N, N), row = target."""
        parts = self.graph(x).unflatten(1, (self.parts, -1))  # (B, P, D, T, N)
        y = torch.matmul(parts, adjacency.transpose(1, 2)[:, None]).sum(1)
        y = self.dropout(self.time_norm(self.time(torch.relu(self.graph_norm(y)))))
        if self.skip:
            y = y + (x if self.reshape is None else self.reshape(x))
        return torch.relu(y)


class StGcn(nn.Module):
    """ST-GCN units, averaged over time and nodes, and a linear classifier.

    ==========================================================  ============  ==========
    layer (68 nodes, 368 edges, 16 frames, 4 features,          output        parameters
    3 classes, spatial)
    ==========================================================  ============  ==========
    batch normalisation of each feature of each node            4 x 16 x 68          544
    unit 1, without skip connection                             64 x 16 x 68       38580
    units 2, 3, each                                            64 x 16 x 68       50100
    unit 4, stride 2                                            128 x 8 x 68      182068
    units 5, 6, each                                            128 x 8 x 68      198068
    unit 7, stride 2                                            256 x 4 x 68      724148
    units 8, 9, each                                            256 x 4 x 68      788916
    mean, linear                                                3                    771
    **all**                                                                      3020279
    ==========================================================  ============  ==========

    Of the parameters of a unit 436 are edge importance (368 edges, 68 self loops). Published is a network for
    skeletons: the authors' program has 3098832 parameters on NTU RGB+D (3 features, 25 joints, 60 classes; 3.1
    million are often cited). It has ten units, one more of 64 channels than the paper, and an importance for every
    pair of nodes in every part, of which only those of edges count; ours are these.

    From the paper: three partition strategies, nine units, kernel 9, stride 2 in units 4 and 7, skip connections,
    dropout .5, importance starting at 1. From the code: batch normalisation of the input, where dropout is, no skip
    connection in unit 1, adjacency normalised as a mean over all neighbours before it is parted. ``spatial`` differs:
    ``faithful_to`` paper parts by the distance from the centre of gravity; the program counts hops no further than 1,
    so that almost all neighbours are equally far, and puts those to the farther ones. Ours: the fold's edge weights
    in the mean, and stride 2 wherever channels grow.

    Parameters
    ----------
    sizes : Sizes
        Needs the stream ``graph`` (T, N, F), for instance positions and displacements of landmarks.
    channels : tuple of int
        Of each unit.
    kernel : int
        Moments that a convolution over time sees, odd.
    partition : str
        ``uniform``, ``distance`` or ``spatial``, see ``mmer.models.partition``.
    centre : str
        Of ``spatial``: ``face``, ``middle`` or the name of a node, see ``mmer.models.partition.centre_distance``.
    faithful_to : str
        ``paper`` or ``code``; matters to ``spatial`` only.
    dropout : float
        After every unit but the first.

    Raises
    ------
    InputError
        There is no graph, or a value is out of its range.
    """

    streams = ("graph",)
    permutation_invariant = False  # the first normalisation and the importance are of single nodes and edges

    def __init__(
        self,
        sizes: Sizes,
        channels: tuple[int, ...] = (64, 64, 64, 128, 128, 128, 256, 256, 256),
        kernel: int = 9,
        partition: str = "spatial",
        centre: str = "middle",
        faithful_to: str = "paper",
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        if not isinstance(channels, tuple) or not channels:
            raise InputError(f"st_gcn: channels must list whole numbers, one for each unit, got {channels!r}")
        for number, width in enumerate(channels, 1):
            check_whole("st_gcn", **{f"channels of unit {number}": width})
        check_whole("st_gcn", kernel=kernel)
        if kernel % 2 == 0:
            raise InputError(f"st_gcn: kernel must be odd, got {kernel}")
        check_choice("st_gcn", "partition", partition, STRATEGIES)
        check_choice("st_gcn", "faithful_to", faithful_to, FAITHFUL)
        _, self.nodes, features = graph_shape("st_gcn", sizes)
        self._place_edges(sizes, partition, centre, as_coded=faithful_to == "code")
        self.input_norm = BatchNorm1d(self.nodes * features)
        steps = list(pairwise((features, *channels)))
        self.units = nn.ModuleList(
            Unit(a, b, self.parts, kernel, 2 if i and b > a else 1, skip=i > 0, dropout=dropout if i else 0.0)
            for i, (a, b) in enumerate(steps)
        )
        self.importance = nn.ParameterList(nn.Parameter(torch.ones(len(self.part_place))) for _ in channels)
        self.probes = nn.ModuleList(Probe("edge importance", "edges") for _ in channels)
        self.classifier = nn.Linear(channels[-1], sizes.n_classes)

    @property
    def dead_parameters(self) -> dict[str, str]:
        """Return what gets no gradient, by the start of its name, and why."""
        return idle_biases(self)

    def _place_edges(self, sizes: Sizes, strategy: str, centre: str, as_coded: bool) -> None:
        """Say where edges and self loops stand in the adjacency, and in that of the parts."""
        source, target = torch.from_numpy(sizes.edge_index.copy())
        loops = torch.arange(self.nodes)
        place = torch.cat([target * self.nodes + source, loops * self.nodes + loops])
        part = torch.from_numpy(partition(strategy, sizes.edge_index, sizes.node_names, centre, as_coded))
        self.parts = STRATEGIES.index(strategy) + 1
        self.register_buffer("place", place, persistent=False)
        self.register_buffer("part_place", part * self.nodes**2 + place, persistent=False)

    def forward(self, batch: dict[str, Tensor], edge_weight: Tensor) -> Tensor:
        """Return logits (B, C) of ``batch["graph"]`` (B, T, N, F) with ``edge_weight`` (E,)."""
        x = batch["graph"]
        clips, _, nodes, features = x.shape
        edges = edge_weight.shape[-1]
        mean = neighbour_mean(self.place[:edges], edge_weight.to(x.dtype), nodes, own="loop").flatten()[self.place]
        x = self.input_norm(x.flatten(2).transpose(1, 2))  # (B, N * F, T)
        x = x.unflatten(1, (nodes, features)).permute(0, 2, 3, 1)  # (B, F, T, N)
        for unit, importance, probe in zip(self.units, self.importance, self.probes, strict=True):
            shown = probe(importance[:edges].expand(clips, edges))
            weight = mean * torch.cat([shown[0], importance[edges:]])  # the same in all clips
            flat = weight.new_zeros(self.parts * nodes**2).scatter_add(0, self.part_place, weight)
            x = unit(x, flat.view(self.parts, nodes, nodes))
        return self.classifier(x.mean((2, 3)))
