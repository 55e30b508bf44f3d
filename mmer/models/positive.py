"""A check of yaml values that several models share."""

import math
from typing import Any

from mmer.types.errors import InputError


def check_positive(model: str, **values: Any) -> None:
    """Refuse a yaml value that is not a finite number above 0."""
    for key, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not (math.isfinite(value) and value > 0):
            raise InputError(f"{model}: {key} must be a number above 0, got {value!r}")
