"""Convolutions in front of a batch normalisation: their bias is there, as published, and gets no gradient.

The normalisation takes the mean away, and with it whatever was added everywhere. What is left of the gradient is
rounding error, which Adam, dividing it by its own size, turns into full steps: the bias would wander, otherwise on
every machine that rounds otherwise, and the running means would follow late.
"""

from torch import Tensor, nn

REASON = "the batch normalisation behind it takes the mean away"


class Conv2d(nn.Conv2d):
    """``torch.nn.Conv2d`` whose bias gets no gradient."""

    def forward(self, x: Tensor) -> Tensor:
        """Return what the layer of torch returns."""
        return self._conv_forward(x, self.weight, self.bias.detach())


class Conv3d(nn.Conv3d):
    """``torch.nn.Conv3d`` whose bias gets no gradient."""

    def forward(self, x: Tensor) -> Tensor:
        """Return what the layer of torch returns."""
        return self._conv_forward(x, self.weight, self.bias.detach())


def idle_biases(model: nn.Module) -> dict[str, str]:
    """Return the names of these biases in a model, with the reason: entries of its ``dead_parameters``."""
    kinds = (Conv2d, Conv3d)
    return {f"{name}.bias": REASON for name, layer in model.named_modules() if isinstance(layer, kinds)}
