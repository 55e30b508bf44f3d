"""Digest the files of one package that params.yaml lists, so that DVC sees an edit of it."""

import json

from mmer.stages import paths
from mmer.stages.allowed import packages
from mmer.stages.code import file_digest, files_of
from mmer.types.errors import InputError, nearest
from mmer.types.whole_file import whole_file


def main(name: str) -> None:
    """Write artifacts/packages/NAME.json: the sha256 of every file on which results may depend.

    The config stage depends on it, and says there who uses which file (``mmer.stages.stamp``).
    """
    if name not in (listed := packages()):
        raise InputError(f"{paths.PARAMS}: `packages` has no {name!r}; {nearest(name, listed)}")
    digests = {file: file_digest(path) for file, path in files_of(name).items()}
    with whole_file(paths.package(name)) as partial:
        partial.write_text(json.dumps(digests, indent=1), encoding="utf-8")
