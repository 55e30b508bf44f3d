"""What a signal of one experiment shares with that of another: the artifact of what is cut."""

import hashlib
import json
from typing import Any


def signal_key(node: dict[str, Any]) -> str:
    """Name the artifact of a signal by what it is cut to; which model reads it is of no matter to it."""
    digest = hashlib.sha256(json.dumps(without_encoder(node), sort_keys=True).encode()).hexdigest()
    return f"{node['name']}-{digest[:8]}"


def without_encoder(node: dict[str, Any]) -> dict[str, Any]:
    """Return a signal's node as the stage ``signals`` gets it."""
    return node | {"encoder": ""}
