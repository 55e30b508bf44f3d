"""What a process runs: a worker that computes with other code would give other results, and nobody would see it."""

import hashlib
import platform
import socket
import threading
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
COUNTS = (".py", ".csv", ".json", ".npz", ".yaml")  # what results depend on; a page's template is not
LIBRARIES = (
    *("numpy", "scipy", "pandas", "scikit-learn", "scikit-image", "opencv-python-headless", "numba"),
    *("torch", "torchvision", "torch-geometric", "timm", "mne", "neurokit2", "braindecode", "dask", "distributed"),
)


def digest_now() -> str:
    """Return one sha256 over all source of the package, as it lies on the disk now."""
    total = hashlib.sha256()
    for path in sorted(ROOT.rglob("*")):
        if path.suffix in COUNTS and "__pycache__" not in path.parts:
            total.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


# Taken when this module is imported, before anything that computes: a worker lives for days, and holds modules that
# the disk has no longer.
AT_START = digest_now()
# Set once a worker has imported what it computes with: from then on an edit cannot reach it.
imported = threading.Event()


def own_version() -> dict[str, str]:
    """Return what this process runs: ``code``, ``python``, and every library that numbers depend on."""
    return {"code": AT_START, "python": platform.python_version(), **{name: _version(name) for name in LIBRARIES}}


def describe() -> dict[str, Any]:
    """Return who this process is and what it runs, in plain types: whoever asks may run another version."""
    edited = not imported.is_set() and digest_now() != AT_START
    return {"host": socket.gethostname(), "version": own_version(), "edited": edited}


def difference(theirs: dict[str, Any], ours: dict[str, str]) -> str:
    """Say how a worker differs from what is expected; empty where it does not.

    Parameters
    ----------
    theirs : dict
        What ``describe`` returned there.
    ours : dict
        What ``own_version`` returned here.
    """
    if theirs["edited"]:
        return "files of mmer were edited since it started: restart it"
    found = theirs["version"]
    said = []
    if found["code"] != ours["code"]:
        said.append(f"its code of mmer is another version ({found['code'][:12]}, here {ours['code'][:12]})")
    said += [
        f"{name} {found.get(name, 'unknown')}, here {ours[name]}"
        for name in ours
        if name != "code" and found.get(name) != ours[name]
    ]
    return "; ".join(said)


def _version(library: str) -> str:
    """Return the version of a library; not every worker needs all of them."""
    try:
        return version(library)
    except PackageNotFoundError:
        return "none"
