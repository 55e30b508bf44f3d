"""FGRL: facial graph representation learning and action unit fusion (Lei, Chen, Li & Li, 2021, CVPRW, p. 1571)."""

import re

import torch
from torch import Tensor, nn

from mmer.models.batch_norm import BatchNorm2d
from mmer.models.dropout import Dropout
from mmer.models.encoder_layer import EncoderLayer
from mmer.models.graph_input import check_choice, check_flag, check_whole, graph_shape
from mmer.models.idle_bias import Conv2d, idle_biases
from mmer.models.unit_words import UnitWords
from mmer.types.errors import InputError, listing
from mmer.types.samples import Sizes

FAITHFUL = ("paper", "code")
EYEBROWS, MOUTH = range(17, 27), range(48, 68)


class Fgrl(nn.Module):
    """Patches at eyebrow and mouth landmarks through transformer encoders, weighed by words of action units.

    Every landmark has a patch, filtered by a convolution of its own. The patches of the eyebrows are one sequence,
    those of the mouth another; each goes through an encoder and becomes one vector. Every action unit has a learned
    word. A graph convolution over the fold's conditional probabilities turns words into weights, and a unit answers
    with the product of its weights and the vector of its part of the face. The classifier sees these answers.

    The nodes are those of ``nodes: fgrl``, in any order: landmarks of eyebrows (lm17-26) and mouth (lm48-67), and
    action units. Only edges that join units count; ``edges: au_probability`` makes them.

    The architecture is that of the released code (raying777/FGRMER). The paper's text was not at hand: ``paper`` stands
    for a transformer encoder as the paper names it, and as the re-implementation (Justin900429) has it.

    =====================================  ==============  ==========
    part, 30 landmarks, 9 units, C = 3     output          parameters
    =====================================  ==============  ==========
    convolution 3 x 3 of each landmark     (B, 30, 7, 7)          300
    batch norm, ReLU                       (B, 30, 7, 7)           60
    encoder of the eyebrows, 6 layers      (B, 10, 49)        228,030
    encoder of the mouth, 6 layers         (B, 20, 49)        228,030
    490 -> 320 -> 160                      (B, 160)           208,480
    980 -> 320 -> 160                      (B, 160)           365,280
    words                                  (9, 40)                360
    graph convolutions 40 -> 80 -> 160     (9, 160)            16,000
    change of the adjacency                (9, 9)                  81
    answers, layer norm                    (B, 9)                  18
    classifier                             (B, 3)                  30
    sum                                                     1,046,669
    =====================================  ==============  ==========

    That is the number of the released code for one map per patch. A patch of flow has two, u and v: 270 more in the
    convolution.

    Parameters
    ----------
    sizes : Sizes
        Needs the stream ``graph`` (T, N, F), F a multiple of ``patch`` squared. Maps of all moments are channels.
    faithful_to : str
        ``paper``: the layers of an encoder follow each other. ``code``: in the released code every layer reads the
        first one's input, so that only the last has an effect, and 380,050 parameters have none; they are in
        ``dead_parameters``.
    patch : int
        Edge of a patch; 7 in the paper.
    layers, heads, head_width, inner : int
        Of the encoders.
    hidden, features : int
        Of the vectors of the two parts: between, and behind, two linear layers.
    words, unit_hidden : int
        Length of a unit's word, and of what is between the two graph convolutions.
    eyebrow_units : tuple of str
        The units that weigh the vector of the eyebrows; all others weigh that of the mouth.
    degree : str
        Of the normalisation: ``sum`` of the weights (released code), or ``count`` of edges (re-implementation).
    learn_adjacency : bool
        Whether the probabilities are a start that is learned on. The released code declares the adjacency as a
        parameter, but cuts its gradient off: false, and the 81 numbers stay zero.
    dropout, encoder_dropout, attention_dropout : float
        Behind the first linear layers; in the encoders; on their attention. Code: .5, .5, .1; the re-implementation has
        .1 in the encoders.

    Raises
    ------
    InputError
        There is no graph, its nodes, features or edges do not fit, or a value is out of its range.
    """

    streams = ("graph",)
    permutation_invariant = False

    def __init__(
        self,
        sizes: Sizes,
        faithful_to: str = "paper",
        patch: int = 7,
        layers: int = 6,
        heads: int = 8,
        head_width: int = 16,
        inner: int = 128,
        hidden: int = 320,
        features: int = 160,
        words: int = 40,
        unit_hidden: int = 80,
        eyebrow_units: tuple[str, ...] = ("AU01", "AU02", "AU04"),
        degree: str = "sum",
        learn_adjacency: bool = False,
        dropout: float = 0.5,
        encoder_dropout: float = 0.5,
        attention_dropout: float = 0.1,
    ) -> None:
        super().__init__()
        check_whole("fgrl", patch=patch, layers=layers, heads=heads, head_width=head_width, inner=inner)
        check_whole("fgrl", hidden=hidden, features=features, words=words, unit_hidden=unit_hidden)
        check_choice("fgrl", "faithful_to", faithful_to, FAITHFUL)
        check_flag("fgrl", learn_adjacency=learn_adjacency)
        frames, _, width = graph_shape("fgrl", sizes)
        self.patch, self.faithful_to, self.learn_adjacency = patch, faithful_to, learn_adjacency
        eyebrows, mouth = part_landmarks(sizes.node_names, EYEBROWS), part_landmarks(sizes.node_names, MOUTH)
        units = [name for name in sizes.node_names if name.startswith("AU")]
        chosen = [[unit for unit in sorted(units) if (unit in eyebrow_units) == brow] for brow in (True, False)]
        if not (eyebrows and mouth and all(chosen)):
            raise InputError(
                "fgrl: needs landmarks of eyebrows (lm17-26) and mouth (lm48-67), and action units of both parts; the "
                f"nodes are {listing(sizes.node_names)}; choose `nodes: fgrl`"
            )
        if width % patch**2:
            raise InputError(
                f"fgrl: a node must have patches of {patch} x {patch} = {patch**2} numbers, but it has {width} "
                "features; set `nodes.features: [flow_patch]`, and the same `patch` for nodes and model"
            )
        place = {name: i for i, name in enumerate(sizes.node_names)}
        self.register_buffer("seen", torch.tensor([place[name] for name in eyebrows + mouth]), persistent=False)
        self.n_eyebrows, self.n_eyebrow_units = len(eyebrows), len(chosen[0])
        nodes, channels = len(self.seen), frames * width // patch**2
        self.convolution = Conv2d(nodes * channels, nodes, 3, padding=1, groups=nodes)
        self.norm = BatchNorm2d(nodes)
        settings = (patch**2, heads, head_width, inner, encoder_dropout, attention_dropout)
        self.eyebrows = nn.ModuleList(EncoderLayer(*settings, eyebrows) for _ in range(layers))
        self.mouth = nn.ModuleList(EncoderLayer(*settings, mouth) for _ in range(layers))
        self.eyebrow_vector = PartVector(len(eyebrows) * patch**2, hidden, features, dropout)
        self.mouth_vector = PartVector(len(mouth) * patch**2, hidden, features, dropout)
        names = tuple(chosen[0] + chosen[1])
        self.units = UnitWords("fgrl", sizes, names, (words, unit_hidden, features), degree, learn_adjacency)
        self.answers = nn.LayerNorm(len(names), eps=1e-6)
        self.classifier = nn.Linear(len(names), sizes.n_classes)

    @property
    def dead_parameters(self) -> dict[str, str]:
        """Return what gets no gradient, by the start of its name, and why."""
        dead = idle_biases(self)
        if self.faithful_to == "code":
            reason = "the layers of the released code do not follow each other: only the last has an effect"
            last = len(self.eyebrows) - 1
            dead |= {f"{part}.{layer}.": reason for part in ("eyebrows", "mouth") for layer in range(last)}
        if not self.learn_adjacency:
            dead["units.change"] = "the adjacency is fitted on the annotations of the fold and not learned"
        return dead

    def forward(self, batch: dict[str, Tensor], edge_weight: Tensor) -> Tensor:
        """Return logits (B, C) of ``batch["graph"]`` (B, T, N, F) with ``edge_weight`` (E,)."""
        x = batch["graph"].index_select(2, self.seen).transpose(1, 2)  # (B, landmarks, T, F)
        x = self.convolution(x.unflatten(3, (-1, self.patch, self.patch)).flatten(1, 3))
        x = torch.relu(self.norm(x)).flatten(2)
        eyebrows = self.eyebrow_vector(self._encode(self.eyebrows, x[:, : self.n_eyebrows]))
        mouth = self.mouth_vector(self._encode(self.mouth, x[:, self.n_eyebrows :]))
        weights = self.units(edge_weight.to(x.dtype), len(x))
        above, below = weights[: self.n_eyebrow_units], weights[self.n_eyebrow_units :]
        return self.classifier(self.answers(torch.cat([eyebrows @ above.T, mouth @ below.T], 1)))

    def _encode(self, layers: nn.ModuleList, x: Tensor) -> Tensor:
        """Return (B, L, patch * patch) of ``x`` of that shape."""
        for layer in layers if self.faithful_to == "paper" else layers[-1:]:
            x = layer(x)
        return x


class PartVector(nn.Module):
    """A sequence as one vector: two linear layers with ReLU, dropout behind the first."""

    def __init__(self, width: int, hidden: int, features: int, dropout: float) -> None:
        super().__init__()
        self.first, self.second, self.dropout = nn.Linear(width, hidden), nn.Linear(hidden, features), Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, features) of ``x`` (B, L, width)."""
        return torch.relu(self.second(self.dropout(torch.relu(self.first(x.flatten(1))))))


def part_landmarks(names: tuple[str, ...], wanted: range) -> tuple[str, ...]:
    """Return the landmarks among the nodes that are wanted, in the order of dlib."""
    found = (re.fullmatch(r"lm(\d+)", name) for name in names)
    return tuple(f"lm{i}" for i in sorted(int(match[1]) for match in found if match) if i in wanted)
