"""A folder of py-feat weights for tests: the hub's shape, py-feat's real classes, seeded random numbers.

``build_hub(folder, models=("pfld",), onnx=None)``; with ``onnx`` the landmark network gets the true PFLD weights.
py-feat is imported by a child process, as in the product: its import changes a process for good.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

REVISION = "0123456789abcdef0123456789abcdef01234567"
FILES = {
    "pfld": ("pfld", "pfld_model_best.pth.tar"),
    "mobilefacenet": ("mobilefacenet", "mobilefacenet_model_best.pth.tar"),
    "retinaface": ("retinaface_r34", "model.safetensors"),
    "xgb": ("xgb_au", "xgb_au_classifier_v2.skops"),
    "pose": ("pose_mlp_v2", "pose_mlp_v2.safetensors"),
}


def place(folder, repo, name):
    """Where a file lies in a hub-shaped folder; makes the folders and the ref."""
    base = Path(folder) / f"models--py-feat--{repo}"
    (base / "refs").mkdir(parents=True, exist_ok=True)
    (base / "refs" / "main").write_text(REVISION)
    (base / "snapshots" / REVISION).mkdir(parents=True, exist_ok=True)
    return base / "snapshots" / REVISION / name


def build_hub(folder, models=("pfld",), onnx=None):
    """Write the weight files of some models; returns the folder as text."""
    job = {"folder": str(folder), "models": list(models), "onnx": None if onnx is None else str(onnx)}
    env = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    subprocess.run([sys.executable, __file__, json.dumps(job)], env=env, check=True, capture_output=True, text=True)
    return str(folder)


def _pfld(path, onnx):
    import torch
    from feat.landmark_detectors.pfld_compressed_test import PFLDInference

    network = PFLDInference()
    if onnx is not None:
        import onnx as library
        from onnx import numpy_helper

        given = {it.name: numpy_helper.to_array(it) for it in library.load(onnx).graph.initializer}
        state = network.state_dict()
        wanted = [name for name in state if not name.startswith("bn8.") and not name.endswith("num_batches_tracked")]
        assert not (absent := [name for name in wanted if name not in given]), f"{onnx} lacks {absent[:3]}"
        state |= {name: torch.from_numpy(given[name].copy()) for name in wanted}
        network.load_state_dict(state)
    torch.save({"state_dict": network.state_dict()}, path)


def _mobilefacenet(path):
    import torch
    from feat.landmark_detectors.mobilefacenet_test import MobileFaceNet

    torch.save({"state_dict": MobileFaceNet([112, 112], 136).state_dict()}, path)


def _retinaface(path):
    from feat.face_detectors.Retinaface.Retinaface_model import RETINAFACE_R34_CFG, RetinaFace
    from safetensors.torch import save_file

    save_file(RetinaFace(RETINAFACE_R34_CFG).state_dict(), path)


def _pose(path):
    from feat.utils.face_pose_mlp import PoseMLP
    from safetensors.torch import save_file

    save_file(PoseMLP().state_dict(), path)
    shape = {"hidden": [512, 256, 128], "dropout": 0.15}
    shape["output_normalization"] = {"mean": [0.0] * 6, "std": [0.1] * 6}
    path.with_suffix(".json").write_text(json.dumps({"architecture": shape}))


def _xgb(path):
    import numpy as np
    import skops.io
    import xgboost
    from feat.au_detectors.StatLearning.SL_test import XGBClassifier
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import StandardScaler

    random = np.random.default_rng(0)
    hog = random.random((12, 5408))  # 112 px: 13 x 13 blocks of 2 x 2 cells with 8 orientations
    scaler = StandardScaler().fit(hog)
    pca = PCA(4, random_state=0).fit(scaler.transform(hog))
    model = XGBClassifier()
    classifiers = {}
    for key in model.au_keys:
        features, truth = random.random((40, 4 + 136)), np.arange(40) % 2
        classifiers[key] = xgboost.XGBClassifier(n_estimators=3, max_depth=2, n_jobs=1).fit(features, truth)
    model.load_weights(scaler, pca, scaler, pca, scaler, pca, classifiers)
    skops.io.dump(model, path)


def main(job):
    import feat  # noqa: F401 - the whole package, as the worker has it
    import torch

    torch.manual_seed(0)
    makers = {"mobilefacenet": _mobilefacenet, "retinaface": _retinaface, "xgb": _xgb, "pose": _pose}
    for model in job["models"]:
        path = place(job["folder"], *FILES[model])
        if model == "pfld":
            _pfld(path, job["onnx"])
        else:
            makers[model](path)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
