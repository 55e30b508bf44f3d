"""The one place where braindecode is imported.

braindecode imports torchaudio, whose last release, 2.11, refuses to be imported beside a torch that was built with
another version of CUDA than its own kernels (13.0 there, 13.2 in torch 2.15). Nothing here calls those kernels:
braindecode takes filters of torchaudio that are written in Python. So ``torch.version.cuda`` is hidden while torchaudio
is first imported, and only then.

The import takes seconds, so it waits until a network of braindecode is made, or until one is unpickled.
"""

import importlib
import sys
import warnings
from types import ModuleType

import torch

# Harmless, all said while it is imported: of torch to the libraries that braindecode imports, of pandas and MNE to it.
SAID = (
    (FutureWarning, r"`torch\.jit\.script` is deprecated"),
    (DeprecationWarning, r"`torch\.jit\.script` is deprecated"),
    (FutureWarning, r"Montage name 'standard_1020' is deprecated"),
    (DeprecationWarning, r"The inplace keyword in DataFrame\.set_index is deprecated"),
)


def networks() -> ModuleType:
    """Return the module ``braindecode.models``."""
    with warnings.catch_warnings():
        for category, message in SAID:
            warnings.filterwarnings("ignore", message, category)
        if "torchaudio" not in sys.modules:
            cuda, torch.version.cuda = torch.version.cuda, None
            try:
                importlib.import_module("torchaudio")
            finally:
                torch.version.cuda = cuda
        return importlib.import_module("braindecode.models")
