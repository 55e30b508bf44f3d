"""Read one of the tables that an evaluation leaves."""

from pathlib import Path

import pandas as pd
import pyarrow as pa

from mmer.types.errors import InputError


def read_table(path: Path) -> pd.DataFrame:
    """Return a parquet file of artifacts/training.

    Raises
    ------
    InputError
        It is missing or damaged.
    """
    if not path.is_file():
        raise InputError(f"{path} is missing; run `dvc repro`")
    try:
        return pd.read_parquet(path)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{path}: not a readable table; run `dvc repro` ({error})") from error
