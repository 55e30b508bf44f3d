"""Fused: several models of conf/model, one for each stream, and a fusion of their features; streams may be absent."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from mmer.models.dropout import Dropout
from mmer.models.fusion.branch import Branch
from mmer.types.errors import InputError, listing
from mmer.types.samples import Sizes

MOST = 5  # streams: every subset of them is scored


class Fused(nn.Module):
    """Models side by side, the features of their streams fused.

    Three classes; the face by ``gcn`` (12 nodes of 3 numbers: 384 features of 1,184 parameters), two signals by
    ``signal_mlp``: 32 features each of ``eeg`` (32 channels, 5 bands: 5,152 parameters) and ``heart`` (1 channel, 6
    features: 224). The fusions as their yaml has them, and their own parameters:

    ===============  =====================================================  ===========  ==========
    fusion           what its classifier sees of a clip                     null tokens  parameters
    ===============  =====================================================  ===========  ==========
    late             448: the features of each stream, classified apart                        1356
    concatenation    64, of all 448                                                 448       28931
    gated            32, of each stream by its share                                448       20739
    low_rank         16, products of all streams'                                   448       28935
    cross_attention  96: 6 pairs of streams, 16 each                                448       42403
    graph_fusion     32: nodes of the face, nodes of the streams                               7987
    ===============  =====================================================  ===========  ==========

    A stream is absent where a clip lacks what its model reads, and where ``modality_dropout`` takes it away. Then its
    numbers are zeros before anything is computed of them, no batch normalisation counts them, and its features are
    replaced by a learned null token, or masked (``mmer.models.fusion``): whatever stood there, no bit of any output
    changes, and the branch gets no gradient from that clip.

    Parameters
    ----------
    sizes : Sizes
    branches : dict of str to callable
        Name of a stream (``face``, or that of a signal) -> maker of its model from sizes.
    fusion : callable
        (sizes, widths of the features by name) -> fusion, see ``mmer.models.fusion``.
    modality_dropout : float
        With which probability a stream of a clip is taken away while training, each on its own; where that would leave
        a clip nothing it keeps all it has. Drawn by ``mmer.models.dropout``'s hash. Our choice among those of Neverova
        et al. (ModDrop, 2016, IEEE TPAMI 38(8)), who drop with one probability per stream.

    Attributes
    ----------
    streams : tuple of str
        Everything that is read of a clip.
    modalities : dict of str to tuple of str
        What of it each of the ``branches`` stands for: absent together.

    Raises
    ------
    InputError
        There is no branch or there are too many, a model cannot be one, or two read the same.
    """

    streams: tuple[str, ...] = ()
    reads_presence = True

    def __init__(
        self,
        sizes: Sizes,
        branches: dict[str, Callable[[Sizes], nn.Module]],
        fusion: Callable[..., nn.Module],
        modality_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if not 1 <= len(branches) <= MOST:
            raise InputError(f"a fusion takes 1 to {MOST} streams, as every subset of them is scored: {list(branches)}")
        self.branches = nn.ModuleDict({name: Branch(name, make(sizes), sizes) for name, make in branches.items()})
        widths = {name: branch.width for name, branch in self.branches.items()}
        self.fusion = fusion(sizes, widths)
        self.modalities = self._streams_of()
        read = [stream for streams in self.modalities.values() for stream in streams]
        if twice := sorted({stream for stream in read if read.count(stream) > 1}):
            raise InputError(f"the stream(s) {listing(twice)} would be read by two models that are fused; choose one")
        self.streams = tuple(read)
        self.drop = Dropout(modality_dropout)
        self.nulls = nn.ParameterDict()
        if self.fusion.reads_nulls:
            self.nulls = nn.ParameterDict({name: nn.Parameter(torch.zeros(width)) for name, width in widths.items()})
        # The detection of action units beside the class, of the one branch that has it.
        self.detector = next((name for name, branch in self.branches.items() if _detects(branch)), None)
        if self.detector is not None:
            model = self.branches[self.detector].model
            self.unit_weight, self.unit_names = model.unit_weight, model.unit_names

    def _streams_of(self) -> dict[str, tuple[str, ...]]:
        """Name what each branch reads; to the face belongs what the fusion reads of it."""
        found = {name: branch.streams for name, branch in self.branches.items()}
        if "face" in found:
            found["face"] += tuple(name for name in getattr(self.fusion, "streams", ()) if name not in found["face"])
        return found

    @property
    def classifier(self) -> nn.Module:
        """The last layer."""
        return self.fusion.classifier

    @property
    def unit_head(self) -> nn.Module | None:
        """Where the logits of action units come from, if any are detected."""
        return None if self.detector is None else self.branches[self.detector].model.unit_head

    @property
    def classes_only(self) -> bool:
        """Whether the logits are those of one class per clip."""
        return getattr(self.fusion, "classes_only", False)

    @property
    def dead_parameters(self) -> dict[str, str]:
        """Return what gets no gradient, by the start of its name, and why."""
        return {
            f"branches.{name}.{parameter}": why
            for name, branch in self.branches.items()
            for parameter, why in branch.dead_parameters.items()
        }

    def forward(self, batch: dict[str, Tensor], edge_weight: Tensor) -> Tensor:
        """Return logits (B, C) of the streams and, of each, ``present.STREAM`` (B,), 1 or 0."""
        there = self._there(batch)
        batch = {
            stream: torch.where(there[name].view(-1, *[1] * (batch[stream].ndim - 1)) > 0, batch[stream], 0)
            for name, streams in self.modalities.items()
            for stream in streams
        }
        features = {}
        for name, branch in self.branches.items():
            found = branch(batch, edge_weight, there[name])
            null = self.nulls[name].to(found.dtype) if self.fusion.reads_nulls else 0
            features[name] = torch.where(there[name][:, None] > 0, found, null)
        return self.fusion(features, there, batch, edge_weight)

    def _there(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Say of every branch which clips have what it reads, and keep it: (B,), 1 or 0."""
        present = torch.stack(
            [
                torch.stack([batch[f"present.{stream}"] for stream in streams]).amin(0)
                for streams in self.modalities.values()
            ],
            1,
        )
        if self.drop.active:
            kept = present * (self.drop(torch.ones_like(present)) > 0)
            present = torch.where(kept.amax(1, keepdim=True) > 0, kept, present)
        return dict(zip(self.modalities, present.unbind(1), strict=True))


def _detects(branch: nn.Module) -> bool:
    return getattr(branch.model, "unit_weight", 0) > 0
