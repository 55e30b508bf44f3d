"""`magnify` among the choices of a dataset: composed, passed on, and refused where there are no faces."""

from pathlib import Path

import numpy as np
import pytest

from mmer.stages.config import resolve
from workspace import Workspace


def resolved(**choices):
    return resolve({"datasets": {"lab": {"dataset": "manifest", **choices}}, "use": {}, "experiments": {}, "set": {}})


def test_nothing_is_magnified_unless_it_is_asked_for():
    assert resolved()["datasets"]["lab"]["magnify"] == {
        "_target_": "mmer.motion.magnify.none.Unmagnified",
        "name": "none",
    }
    assert resolved(magnify="eulerian_phase")["datasets"]["lab"]["magnify"]["alpha"] == 2.0


def test_motion_without_faces_cannot_be_magnified(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    workspace = Workspace(tmp_path)
    workspace.params["datasets"] = {"lab": {"dataset": "manifest", "motion": "precomputed", "magnify": "learned"}}
    workspace.params["experiments"], workspace.params["set"] = {}, {}
    lab = Path("data/lab")
    lab.mkdir(parents=True)
    np.save(lab / "a.npy", np.ones((3, 8, 8), np.float32))
    (lab / "manifest.csv").write_text("clip,subject,emotion,motion\nc1,p1,happiness,a.npy\n")
    for stage in (("config",), ("clips", "lab"), ("tracks", "lab")):
        assert workspace.mmer(*stage) == 0
    assert workspace.mmer("motion", "lab") == 2
    assert "choose `magnify: none`" in capsys.readouterr().err


@pytest.mark.parametrize("key", ["magnfy", "magnifier"])
def test_a_misspelt_choice_is_named(key):
    with pytest.raises(ValueError, match="did you mean 'magnify'"):
        resolved(**{key: "none"})
