"""The weights of a magnifying network: one npz of half-precision arrays, pinned by a digest, loaded without pickles."""

import hashlib
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from mmer.motion.magnify.magnet import MagNet
from mmer.types.arrays import load_arrays, save_arrays
from mmer.types.errors import InputError


def save_weights(path: str | Path, network: MagNet, kind: dict) -> str:
    """Write the weights of a network and the arguments it was made with; returns the sha256 of the file."""
    arrays = {name: value.detach().numpy().astype(np.float16) for name, value in network.state_dict().items()}
    save_arrays(path, arrays, {"network": "MagNet", **kind})
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


@lru_cache(maxsize=4)
def load_network(path: Path, sha256: str) -> MagNet:
    """Read a network.

    Raises
    ------
    InputError
        The file is missing, differs from its digest, or holds no such network.
    """
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"{path}: weights of a magnifier cannot be read ({error})") from error
    if found != sha256.lower():
        raise InputError(
            f"{path}: its sha256 is {found}, not {sha256}; take the file that was meant, or correct the pin"
        )
    arrays, about = load_arrays(path)
    try:
        if about.pop("network") != "MagNet":
            raise KeyError("network")
        network = MagNet(**about)
        network.load_state_dict({name: torch.from_numpy(value.astype(np.float32)) for name, value in arrays.items()})
    except (KeyError, TypeError, RuntimeError) as error:
        raise InputError(f"{path}: holds no weights of this MagNet ({error})") from error
    return network.eval().requires_grad_(False)
