"""Write what each experiment's evaluation reads, as digests.

DVC takes no list into ``deps``. With this file an experiment is tracked against its own corpora and its own code only,
so that another corpus, or another model's file, re-runs nothing of it.
"""

import json
from pathlib import Path
from typing import Any

from mmer.stages import paths
from mmer.stages.code import code_digest, file_digest
from mmer.stages.read_config import read_all
from mmer.types.errors import InputError


def main() -> None:
    """Write artifacts/inputs.json, one section per experiment."""
    out = {}
    for name, needs in read_all()["inputs"].items():
        if missing := [path for path in needs["artifacts"] if not Path(path).is_file()]:
            raise InputError(f"experiment {name} needs {', '.join(missing)}; run `dvc repro`")
        out[name] = digests(needs)
    paths.here(paths.INPUTS).write_text(json.dumps(out, indent=1, sort_keys=True))


def digests(needs: dict[str, Any]) -> dict[str, Any]:
    """Digest what one experiment's evaluation reads: its artifacts, and the source of its modules."""
    return {
        "artifacts": {path: file_digest(path) for path in needs["artifacts"]},
        "code": code_digest(needs["modules"]),
    }
