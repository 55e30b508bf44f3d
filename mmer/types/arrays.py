"""Write and read several arrays in one npz file, the same bytes for the same content."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np

from mmer.types.errors import InputError
from mmer.types.whole_file import whole_file


def save_arrays(path: str | Path, arrays: dict[str, np.ndarray], about: dict) -> None:
    """Write named arrays and a json description to one npz; deflated, without time stamps."""
    parts = {**arrays, "about": np.array(json.dumps(about, sort_keys=True))}
    with whole_file(path) as partial, zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, array in parts.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.asarray(array, order="C"), allow_pickle=False)
            file.writestr(
                zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0)),
                buffer.getvalue(),
                compress_type=zipfile.ZIP_DEFLATED,
            )


def load_arrays(path: str | Path) -> tuple[dict[str, np.ndarray], dict]:
    """Read what ``save_arrays`` wrote. Pickled arrays are refused."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        return arrays, json.loads(str(arrays.pop("about")))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: not an npz file written by mmer ({error})") from error
