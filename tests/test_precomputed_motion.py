"""A manifest dataset that brings its motion, and no frames."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from mmer.types.motion import Motion
from mmer.types.samples import Samples
from workspace import Workspace

EMOTIONS = ("happiness", "disgust", "surprise")


def write_lab(suffix):
    """Three people, three clips each; only clip, subject, emotion and motion are given."""
    lab = Path("data/lab")
    lab.mkdir(parents=True)
    lines = ["clip,subject,emotion,motion"]
    rng = np.random.default_rng(0)
    for person in range(3):
        for number, emotion in enumerate(EMOTIONS):
            name = f"p{person}_{number}{suffix}"
            if suffix == ".npy":
                np.save(lab / name, rng.normal(size=(3, 32, 32)).astype(np.float32))
            else:
                picture = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
                cv2.imwrite(str(lab / name), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
            lines.append(f"c{number},p{person},{emotion},{name}")
    (lab / "manifest.csv").write_text("\n".join(lines) + "\n")
    return lab


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("mmer.stages.parallel.cores", lambda: 1)
    workspace = Workspace(tmp_path)
    workspace.params["datasets"] = {"lab": {"dataset": "manifest", "motion": "precomputed"}}
    workspace.params["experiments"]["points"]["datasets"] = ["lab"]
    return workspace


def test_npy_motion_needs_no_frames_apex_offset_or_fps(workspace):
    lab = write_lab(".npy")
    workspace.run("motion")
    motion = Motion.load("artifacts/motion/lab.npz")
    assert motion.channels == ("u", "v", "strain")
    assert np.array_equal(motion.of("lab/p1/c2").values, np.load(lab / "p1_2.npy"))
    assert set(motion.apex_source) == {"precomputed"}


def test_pictures_are_read_with_channels_scale_and_zero_from_config(workspace):
    lab = write_lab(".png")
    workspace.params["set"]["datasets"] = {
        "lab": {"motion": {"channels": ["u", "v", "strain"], "scale": [0.5], "zero": [100.0]}}
    }
    workspace.run("motion")
    picture = cv2.cvtColor(cv2.imread(str(lab / "p0_0.png")), cv2.COLOR_BGR2RGB)
    expected = (picture.transpose(2, 0, 1).astype(np.float64) - 100) * 0.5
    assert np.allclose(Motion.load("artifacts/motion/lab.npz").of("lab/p0/c0").values, expected)


def test_clips_without_tracks_have_no_graph_and_a_graph_model_refuses_with_the_count(workspace, capsys):
    write_lab(".npy")
    workspace.run("graphs")
    files = list(Path("artifacts/graphs/lab").glob("*.npz"))
    assert len(files) == 1
    samples = Samples.load(files[0])
    assert len(samples.clip_ids) == 9
    assert not samples.present["graph"].any()
    said = workspace.stops(capsys)
    assert said.startswith("mmer evaluate: ")
    assert "9 of 9 clips" in said
    assert "'graph'" in said


def test_motion_of_the_wrong_shape_names_clip_and_file(workspace, capsys):
    lab = write_lab(".npy")
    np.save(lab / "p2_1.npy", np.zeros((2, 32, 32), np.float32))
    said = workspace.stops(capsys)
    assert said.startswith("mmer motion: ")
    assert "lab/p2/c1" in said
    assert "p2_1.npy" in said
