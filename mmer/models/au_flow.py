"""Detected action units that weigh flow over time at landmarks (Wang, Huang, Cai et al., 2024, ICASSP, IEEE 10446702).

Its program is ini17/Micro-expression-recognition-by-fusing-Action-Unit-detection-and-spatio-temporal-features.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmer.models.adjacency import ScoreAdjacency
from mmer.models.batch_norm import BatchNorm3d
from mmer.models.dropout import Dropout
from mmer.models.encoder_layer import EncoderLayer
from mmer.models.fgrl import EYEBROWS, MOUTH, PartVector, part_landmarks
from mmer.models.graph_input import check_flag, check_whole, graph_shape
from mmer.models.idle_bias import Conv3d, idle_biases
from mmer.models.p3d import P3d
from mmer.models.unit_detection import check_unit_weight, check_units
from mmer.models.video_input import VideoInput
from mmer.types.errors import InputError, listing
from mmer.types.samples import Sizes

SLOPE = 0.2


class AuFlow(nn.Module):
    """Scores of action units from the video make their own graph; flow at landmarks over time is weighed by it.

    P3D-63 scores the units. Encoder layers over the diagonal matrix of the scores give the clip its adjacency, and
    graph convolutions on the scores give every unit a vector. Beside it, each landmark has a patch of flow at every
    moment: one convolution joins the directions, one joins the moments; then it goes on as in FGRL
    (``mmer.models.fgrl``): encoders over eyebrows and mouth, a vector of each, whose products with the units' vectors
    are what the classifier sees. No label is counted for a graph, and the graph's edges are not used.

    The abstract and the program were read. The program looks for words among numbers when it makes the targets of its
    detection, so that no unit is ever present in them; here they are the annotated units. It keeps the epoch that was
    best on the training clips; here epochs are fixed. Its frames have colour; here they are grey, with 6,272 parameters
    fewer in the first convolution, and 600 of words that it never uses are not here.

    =====================================  ===============  ==========
    part (9 maps of u and v, 16 frames,    output           parameters
    144 px, 9 units, C = 3)
    =====================================  ===============  ==========
    P3D-63, see ``mmer.models.p3d``        (B, 2048)        24,919,360
    linear: scores of the units            (B, 9)               18,441
    6 encoder layers: adjacency            (B, 9, 9)            32,478
    graph convolutions 1, 40, 80, 160      (B, 9, 160)          16,040
    convolution 2 x 3 x 3, norm, 9 times   (B, 30, 9, 7, 7)        630
    convolution 9 x 3 x 3, norm            (B, 30, 7, 7)         2,520
    encoder of the eyebrows, 6 layers      (B, 10, 49)         228,030
    encoder of the mouth, 6 layers         (B, 20, 49)         228,030
    490 -> 320 -> 160                      (B, 160)            208,480
    980 -> 320 -> 160                      (B, 160)            365,280
    answers, layer norm                    (B, 9)                   18
    classifier                             (B, 3)                   30
    sum                                                     26,019,337
    =====================================  ===============  ==========

    The paper's number is not known; the program's model has 6,872 more, for the two reasons above.

    Parameters
    ----------
    sizes : Sizes
        Needs ``video`` (1, frames, size, size) and ``graph`` (T, N, F): flow at T moments, F a multiple of ``patch``
        squared, at landmarks of eyebrows (lm17-26) and mouth (lm48-67).
    action_units : tuple of str
        Units that are scored.
    eyebrow_units : tuple of str
        Those among them that weigh the vector of the eyebrows; the others weigh that of the mouth.
    frames, size : int
        Of the video.
    width : int
    stages : tuple of int
        Of P3D, see ``mmer.models.p3d``.
    patch : int
        Edge of a patch.
    shared_maps : bool
        Whether the maps of all moments have one convolution and norm, as in the program, which lists the same one nine
        times. False: each has its own.
    layers, heads, head_width, inner : int
        Of the encoders over landmarks.
    hidden, features : int
        Of the two parts' vectors: between, and behind, two linear layers.
    unit_layers, unit_inner : int
        Of the encoder that makes the adjacency; its heads are those of the others.
    unit_hidden : tuple of int
        Lengths of a unit's vector between the graph convolutions.
    unit_weight : float
        Weight of the loss of detected units.
    onset_off : bool
        See ``mmer.models.video_input``.
    dropout, encoder_dropout : float
        On P3D's features and behind the first linear layers; in the encoders, on attention too.

    Raises
    ------
    InputError
        There is no such stream, nodes or features do not fit, or a value is out of its range.
    """

    streams = ("graph", "video")
    permutation_invariant = False

    def __init__(
        self,
        sizes: Sizes,
        action_units: tuple[str, ...] = ("AU01", "AU02", "AU04", "AU10", "AU12", "AU14", "AU15", "AU17", "AU25"),
        eyebrow_units: tuple[str, ...] = ("AU01", "AU02", "AU04"),
        frames: int = 16,
        size: int = 144,
        width: int = 64,
        stages: tuple[int, ...] = (3, 4, 6, 3),
        patch: int = 7,
        shared_maps: bool = True,
        layers: int = 6,
        heads: int = 8,
        head_width: int = 16,
        inner: int = 128,
        hidden: int = 320,
        features: int = 160,
        unit_layers: int = 6,
        unit_inner: int = 40,
        unit_hidden: tuple[int, ...] = (40, 80),
        unit_weight: float = 1.0,
        onset_off: bool = False,
        dropout: float = 0.5,
        encoder_dropout: float = 0.1,
    ) -> None:
        super().__init__()
        check_whole("au_flow", patch=patch, layers=layers, heads=heads, head_width=head_width, inner=inner)
        check_whole("au_flow", hidden=hidden, features=features, unit_layers=unit_layers, unit_inner=unit_inner)
        for length in unit_hidden:
            check_whole("au_flow", unit_hidden=length)
        check_flag("au_flow", shared_maps=shared_maps)
        check_unit_weight("au_flow", unit_weight)
        self.unit_weight, self.patch = float(unit_weight), patch
        self.unit_names = _units(action_units, eyebrow_units)
        self.n_above = sum(unit in eyebrow_units for unit in self.unit_names)
        moments, _, numbers = graph_shape("au_flow", sizes)
        if numbers % patch**2:
            raise InputError(
                f"au_flow: a node must have patches of {patch} x {patch} = {patch**2} numbers, but it has {numbers} "
                "features; set `nodes.features: [flow_patch]`, and the same `patch` for nodes and model"
            )
        brows, mouth = (part_landmarks(sizes.node_names, part) for part in (EYEBROWS, MOUTH))
        if not (brows and mouth):
            raise InputError(
                "au_flow: needs landmarks of eyebrows (lm17-26) and mouth (lm48-67); the nodes are "
                f"{listing(sizes.node_names)}; choose `nodes: eyebrow_mouth`"
            )
        places = [sizes.node_names.index(name) for name in brows + mouth]
        self.register_buffer("seen", torch.tensor(places), persistent=False)
        self.n_brows, nodes, directions = len(brows), len(places), numbers // patch**2

        self.input = VideoInput("au_flow", sizes, frames, size, onset_off)
        self.backbone, self.dropout = P3d("au_flow", width, stages), Dropout(dropout)
        self.unit_head = nn.Linear(self.backbone.channels, len(self.unit_names))
        self.adjacency = ScoreAdjacency(
            self.unit_names, unit_layers, heads, head_width, unit_inner, encoder_dropout, encoder_dropout
        )
        self.convolutions = nn.ModuleList(nn.Linear(a, b, bias=False) for a, b in pairwise((1, *unit_hidden, features)))
        for layer in self.convolutions:
            nn.init.uniform_(layer.weight, -(layer.out_features**-0.5), layer.out_features**-0.5)

        self.maps = nn.ModuleList(_Join(nodes, directions) for _ in range(1 if shared_maps else moments))
        self.moments = _Join(nodes, moments)
        settings = (patch**2, heads, head_width, inner, encoder_dropout, encoder_dropout)
        self.brows = nn.Sequential(*(EncoderLayer(*settings, brows) for _ in range(layers)))
        self.mouth = nn.Sequential(*(EncoderLayer(*settings, mouth) for _ in range(layers)))
        self.brows_vector = PartVector(len(brows) * patch**2, hidden, features, dropout)
        self.mouth_vector = PartVector(len(mouth) * patch**2, hidden, features, dropout)
        self.answers = nn.LayerNorm(len(self.unit_names), eps=1e-6)
        self.classifier = nn.Linear(len(self.unit_names), sizes.n_classes)

    @property
    def dead_parameters(self) -> dict[str, str]:
        """Return what gets no gradient, by the start of its name, and why."""
        return idle_biases(self)

    def forward(self, batch: dict[str, Tensor], edge_weight: Tensor) -> Tensor:
        """Return logits (B, C) of ``batch["video"]`` (B, 1, T', H, W) and ``batch["graph"]`` (B, T, N, F)."""
        units = self._units(self.unit_head(self.dropout(self.backbone(self.input(batch["video"])))))
        x = self._patches(batch["graph"].index_select(2, self.seen))
        brows, mouth = self.brows(x[:, : self.n_brows]), self.mouth(x[:, self.n_brows :])
        above = units[:, : self.n_above] @ self.brows_vector(brows)[..., None]
        below = units[:, self.n_above :] @ self.mouth_vector(mouth)[..., None]
        return self.classifier(self.answers(torch.cat([above, below], 1).squeeze(2)))

    def _units(self, scores: Tensor) -> Tensor:
        """Return a vector of each unit, (B, A, features), from ``scores`` (B, A)."""
        adjacency, x = self.adjacency(scores), scores[..., None]
        for layer in self.convolutions:
            x = F.leaky_relu(adjacency @ layer(x), SLOPE)
        return x

    def _patches(self, x: Tensor) -> Tensor:
        """Return one patch of each landmark, (B, L, patch * patch), of flow ``x`` (B, T, L, F)."""
        x = x.unflatten(3, (-1, self.patch, self.patch))
        maps = [self.maps[t % len(self.maps)](x[:, t]) for t in range(x.shape[1])]
        return self.moments(torch.stack(maps, 2)).flatten(2)


class _Join(nn.Module):
    """Join the maps of each landmark by a 3 x 3 convolution of its own over all of them; norm and ReLU."""

    def __init__(self, nodes: int, maps: int) -> None:
        super().__init__()
        self.convolution = Conv3d(nodes, nodes, (maps, 3, 3), padding=(0, 1, 1), groups=nodes)
        self.norm = BatchNorm3d(nodes)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, L, H, W) of ``x`` (B, L, maps, H, W)."""
        return torch.relu(self.norm(self.convolution(x))).squeeze(2)


def _units(action_units: tuple[str, ...], eyebrow_units: tuple[str, ...]) -> tuple[str, ...]:
    """Return the units, those of the eyebrows first."""
    units = check_units("au_flow", action_units, "see its key `action_units`")
    above = [unit for unit in units if unit in eyebrow_units]
    below = [unit for unit in units if unit not in eyebrow_units]
    if not (above and below):
        raise InputError(
            f"au_flow: eyebrow_units {list(eyebrow_units)} must name some, not all, of action_units {list(units)}"
        )
    return (*above, *below)
