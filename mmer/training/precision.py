"""The precision of a training's arithmetic: full, or what tensor cores do faster."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

PRECISIONS = ("float32", "tf32", "bf16")


@contextmanager
def tensor_cores(precision: str) -> Iterator[None]:
    """Let products and convolutions on a GPU round their factors to TF32 (10 bits), inside, if ``precision`` says so.

    On a CPU it changes nothing. What was set before is set again after.
    """
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


def forward_cast(device: torch.device, precision: str) -> torch.autocast:
    """Return the context of a forward pass: under ``bf16`` torch's automatic mixed precision, with bfloat16.

    Parameters and optimiser stay float32; bfloat16 has their range, so gradients need no scaling.
    """
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")
