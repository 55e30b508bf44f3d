"""The cache of trained folds: what it is keyed by, and what it gives back."""

import shutil
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from mmer.stages import code, fold_cache
from mmer.stages.fold_cache import FoldCache
from mmer.training.fold_result import FoldResult

CONFIG = {"model": {"hidden": 3}, "seeds": [0], "processes": "auto", "stack": "auto"}
LOSS = "mmer.losses.focal"


@pytest.fixture
def digest(tmp_path, monkeypatch):
    """Name of the cache's folder for a config and a device, with one artifact and one module."""
    artifact = tmp_path / "graph.npz"
    artifact.write_bytes(b"clips")
    needs = {"artifacts": [str(artifact)], "modules": [LOSS]}
    monkeypatch.setattr(fold_cache, "read_all", lambda: {"inputs": {"a": needs}})

    def make(device="cpu", **change):
        return FoldCache.of(SimpleNamespace(name="a", config=CONFIG | change), device).folder.name

    make.artifact = artifact
    return make


def test_seeds_and_processes_share_a_cache_and_nothing_else_does(digest):
    first = digest()
    assert first == digest(seeds=[0, 1]) == digest(processes=3)
    others = {digest(model={"hidden": 4}), digest(stack=4), digest(device="a GPU")}
    digest.artifact.write_bytes(b"other clips")
    assert len({first, *others, digest()}) == 5


def test_an_edit_of_the_losss_source_leads_to_another_cache(digest, tmp_path, monkeypatch):
    first = digest()
    shutil.copytree(code.ROOT / "mmer", tmp_path / "mmer", ignore=shutil.ignore_patterns("__pycache__", "*.csv"))
    monkeypatch.setattr(code, "ROOT", tmp_path)
    assert digest() == first
    source = tmp_path / "mmer/losses/focal.py"
    source.write_text(source.read_text() + "\n# edited\n")
    assert digest() != first


def result(fold="casme2/sub01"):
    return FoldResult(
        fold=fold,
        seed=2,
        clip_ids=("casme2/sub01/a", "casme2/sub01/b"),
        probabilities=np.array([[0.1, 0.9], [1 / 3, 2 / 3]]),
        curve=pd.DataFrame({"epoch": [1, 2], "loss": [0.5, 0.25], "accuracy": [0.0, 1.0]}),
        repeat=1,
        seen={"scaler": ("casme2/sub02/c",)},
    )


def test_gives_back_what_was_put(tmp_path):
    cache, put = FoldCache(tmp_path), result()
    assert cache.get(2, 1, put.fold) is None
    cache.put(put)
    found = cache.get(2, 1, put.fold)
    np.testing.assert_array_equal(found.probabilities, put.probabilities)
    pd.testing.assert_frame_equal(found.curve, put.curve)
    for name in ("fold", "seed", "repeat", "clip_ids", "seen"):
        assert getattr(found, name) == getattr(put, name)
    assert cache.get(2, 0, put.fold) is None


def test_a_broken_file_is_said_and_not_used(tmp_path, caplog):
    cache = FoldCache(tmp_path)
    cache.put(result())
    cache.path(2, 1, "casme2/sub01").write_bytes(b"half a fi")
    assert cache.get(2, 1, "casme2/sub01") is None
    assert "trained again" in caplog.text


def test_notes_and_forgetting(tmp_path):
    old, new = FoldCache(tmp_path / "old"), FoldCache(tmp_path / "new")
    assert new.get_note("plan") is None
    for cache in (old, new):
        cache.put_note("plan", {"stack": 4})
    new.forget_others()
    assert new.get_note("plan") == {"stack": 4}
    assert not old.folder.exists()
