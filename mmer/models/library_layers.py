"""Make a network of a library fit to be trained in a stack of folds: our layers in the place of those that would not.

Batch normalisation must not see padded rows (``mmer.models.batch_norm``), dropout must not draw from a generator that
runs on (``mmer.models.dropout``), and a parametrised weight cannot be pickled (``mmer.models.constrained``). Weights
stay as they were made.
"""

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from mmer.models.batch_norm import BatchNorm1d, BatchNorm2d, BatchNorm3d
from mmer.models.constrained import written_out
from mmer.models.dropout import Dropout
from mmer.types.errors import InputError

NORMS = {nn.BatchNorm1d: BatchNorm1d, nn.BatchNorm2d: BatchNorm2d, nn.BatchNorm3d: BatchNorm3d}
WHOLE_MAPS = (nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)
REFUSED = {
    nn.LSTM: "torch.func.vmap has no rule for an LSTM",
    nn.GRU: "torch.func.vmap has no rule for a GRU",
    nn.MultiheadAttention: "torch's attention has no gradient when evaluating, which the report draws",
    nn.TransformerEncoderLayer: "torch's attention has no gradient when evaluating, which the report draws",
    nn.AlphaDropout: "alpha dropout has no counterpart here",
    nn.SyncBatchNorm: "a normalisation over processes has no counterpart here",
}
# A gradient that is so much smaller than the largest is rounding error.
ROUNDING = 1e-10


class MapDropout(Dropout):
    """Drop whole maps, as ``torch.nn.Dropout1d``, ``2d`` and ``3d`` do: (B, C, ...) by (B, C)."""

    def forward(self, x: Tensor, clips: int = 0) -> Tensor:
        """Return ``x`` (B, C, ...) with maps dropped."""
        if not self.active:
            return x
        return x * self._drop(torch.ones_like(x[(slice(None), slice(None), *[slice(1)] * (x.ndim - 2))]), clips)


class PathDropout(Dropout):
    """Drop a clip's whole path beside a shortcut (stochastic depth; Huang et al., 2016, ECCV)."""

    def forward(self, x: Tensor, clips: int = 0) -> Tensor:
        """Return ``x`` (B, ...) with clips dropped."""
        if not self.active:
            return x
        return x * self._drop(torch.ones_like(x[(slice(None), *[slice(1)] * (x.ndim - 1))]), clips)


class WrittenOutAttention(nn.Module):
    """Attention of several heads (Vaswani et al., 2017) by the linear maps of a layer of braindecode.

    That layer calls torch's fused attention, whose dropout is drawn from a generator.

    Parameters
    ----------
    layer : nn.Module
        ``braindecode.modules.MultiHeadAttention``.
    """

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.heads = layer.num_heads
        self.keys, self.queries, self.values = layer.keys, layer.queries, layer.values
        self.projection = layer.projection
        self.dropout = Dropout(layer.att_drop)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, L, D) of ``x`` (B, L, D)."""
        query, key, value = (
            part(x).unflatten(-1, (self.heads, -1)).transpose(-3, -2) for part in (self.queries, self.keys, self.values)
        )
        weight = torch.softmax(query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5, -1)
        return self.projection((self.dropout(weight) @ value).transpose(-3, -2).flatten(-2))


def make_stackable(name: str, network: nn.Module) -> None:
    """Replace layers of a network in place.

    Parameters
    ----------
    name : str
        Of the network, for the messages.
    network : nn.Module

    Raises
    ------
    InputError
        It has a layer that cannot be trained in a stack of folds; the message says which and why.
    """
    for child_name, child in list(network.named_children()):
        for kind, reason in REFUSED.items():
            if isinstance(child, kind):
                raise InputError(f"{name}: its {type(child).__name__} cannot be trained in a stack of folds: {reason}")
        new = _ours(child)
        if new is not child:
            setattr(network, child_name, new.train(child.training))
        else:
            make_stackable(name, child)


def _ours(layer: nn.Module) -> nn.Module:
    """Return our layer of the same weights, or the layer itself where it is fine."""
    if is_parametrized(layer):
        return written_out(layer)
    if type(layer) in NORMS and layer.affine and layer.track_running_stats and layer.momentum is not None:
        own = NORMS[type(layer)](layer.num_features, layer.eps, layer.momentum)
        own.load_state_dict(layer.state_dict())
        return own
    if isinstance(layer, WHOLE_MAPS):
        return MapDropout(layer.p)
    if isinstance(layer, nn.Dropout):
        return Dropout(layer.p)
    if type(layer).__name__ == "MultiHeadAttention" and hasattr(layer, "att_drop"):
        return WrittenOutAttention(layer)
    if type(layer).__name__ == "DropPath":
        return PathDropout(layer.drop_prob or 0.0)
    return layer


def idle_parameters(network: nn.Module, shape: tuple[int, ...]) -> tuple[str, ...]:
    """Name the parameters that change nothing or are not learned.

    A bias in front of a batch normalisation changes nothing, nor does a layer that is never called. A library may also
    keep fixed filters as parameters without a gradient.

    Found by a gradient in double precision, of noise of a fixed seed; the network is put back as it was.

    Parameters
    ----------
    network : nn.Module
        In training mode.
    shape : tuple of int
        Of what it takes, with 8 clips or more.
    """
    generator = torch.Generator().manual_seed(0)
    state = {name: value.clone() for name, value in network.state_dict().items()}
    kind = next(network.parameters()).dtype
    network.double()
    with torch.enable_grad():
        answer = network(torch.randn(shape, generator=generator, dtype=torch.float64))
        pull = torch.randn(answer.shape, generator=generator, dtype=torch.float64)
        every = dict(network.named_parameters())
        names, values = zip(*((name, value) for name, value in every.items() if value.requires_grad), strict=True)
        found = torch.autograd.grad((answer * pull).sum(), values, allow_unused=True)
    sizes = [0.0 if value is None else float(value.abs().max()) for value in found]
    network.to(kind).load_state_dict(state)
    moved = {name for name, size in zip(names, sizes, strict=True) if size > ROUNDING * max(sizes)}
    return tuple(name for name in every if name not in moved)


def lay_still(network: nn.Module, names: tuple[str, ...]) -> None:
    """Make buffers of parameters that change nothing, or an optimiser would let them wander on rounding errors."""
    for name in names:
        module, _, leaf = name.rpartition(".")
        owner = network.get_submodule(module)
        value = owner._parameters.pop(leaf)
        owner.register_buffer(leaf, value.detach().clone())
