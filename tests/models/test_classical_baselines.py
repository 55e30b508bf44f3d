"""Support vector machines and kernel ridge: block means, weights and answers against formulas and scikit-learn."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.svm import SVC

from mmer.models.block_means import BlockMeans
from mmer.models.class_balance import clip_weight
from mmer.models.kernel_ridge import KernelRidge
from mmer.models.svm_linear import SvmLinear
from mmer.models.svm_rbf import SvmRbf
from mmer.types.samples import Sizes

N = 40


def sizes(shape=(2, 12, 12), n_classes=3):
    return Sizes(n_classes, {"flow": shape}, (), np.zeros((2, 0), np.int64))


@pytest.fixture
def clips():
    """Flow of clips in classes of 24, 10 and 6, and of 200 others, that are hard to tell apart."""
    rng = np.random.default_rng(3)
    classes = np.repeat([0, 1, 2], [24, 10, 6])
    flow = rng.normal(size=(N, 2, 12, 12)) + 0.3 * rng.normal(size=(3, 2, 12, 12))[classes]
    return flow, classes, rng.normal(size=(200, 2, 12, 12))


def numbers(flow, other, grid=4):
    """Block means, centred and scaled on the first."""
    size = flow.shape[2] // grid
    one, two = (x.reshape(len(x), 2, grid, size, grid, size).mean((3, 5)).reshape(len(x), -1) for x in (flow, other))
    length = np.sqrt(((one - one.mean(0)) ** 2).sum(1).mean())
    return (one - one.mean(0)) / length, (two - one.mean(0)) / length


def test_block_means_of_a_face_that_does_not_divide_evenly():
    flow = np.random.default_rng(0).normal(size=(5, 3, 11, 14))
    blocks = BlockMeans("m", sizes((3, 11, 14)), 4)
    out = blocks.fit(flow) * blocks.length + blocks.centre
    rows, columns = ([0, 3, 6, 8, 11], [0, 4, 7, 10, 14])  # 2.75, 5.5 (to even), 8.25; 3.5 (to even), 7, 10.5 (to even)
    for i in range(4):
        for j in range(4):
            part = flow[:, :, rows[i] : rows[i + 1], columns[j] : columns[j + 1]].mean((2, 3))
            np.testing.assert_allclose(out.reshape(5, 3, 4, 4)[:, :, i, j], part, rtol=0, atol=1e-12)


def test_a_grid_of_one_block_and_of_every_pixel():
    flow = np.random.default_rng(0).normal(size=(4, 2, 6, 6))
    for grid, expected in ((1, flow.mean((2, 3))), (6, flow.reshape(4, -1))):
        blocks = BlockMeans("m", sizes((2, 6, 6)), grid)
        np.testing.assert_allclose(blocks.fit(flow) * blocks.length + blocks.centre, expected, rtol=0, atol=1e-12)


def test_training_clips_lie_one_from_their_centre_whatever_the_unit(clips):
    flow, _, other = clips
    blocks, large = BlockMeans("m", sizes(), 4), BlockMeans("m", sizes(), 4)
    x = blocks.fit(flow)
    np.testing.assert_allclose((x**2).sum(1).mean(), 1)
    np.testing.assert_allclose(x.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(large.fit(flow * 40 + 7), x, atol=1e-9)
    np.testing.assert_allclose(large(other * 40 + 7), blocks(other), atol=1e-9)


def test_balanced_weights_are_those_of_scikit_learn(clips):
    from sklearn.utils.class_weight import compute_sample_weight

    _, classes, _ = clips
    ours = clip_weight(classes, np.ones(N, np.float32), "balanced")
    np.testing.assert_allclose(ours, compute_sample_weight("balanced", classes))
    weight = np.random.default_rng(0).random(N)
    per_class = np.bincount(classes, clip_weight(classes, weight, "balanced"))
    np.testing.assert_allclose(per_class, weight.sum() / 3)
    np.testing.assert_array_equal(clip_weight(classes, weight, "none"), weight)


@pytest.mark.parametrize("class_weight", ["balanced", "none"])
@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_the_machine_is_scikit_learns(clips, kernel, class_weight):
    flow, classes, other = clips
    options = {"grid": 4, "C": 3.0, "class_weight": class_weight}
    model = SvmLinear(sizes(), **options) if kernel == "linear" else SvmRbf(sizes(), gamma=1.0, **options)
    model.fit({"flow": flow}, classes, np.ones(N, np.float32), 0)
    p = model.probabilities({"flow": other})
    x, y = numbers(flow, other)
    weights = "balanced" if class_weight == "balanced" else None
    svc = SVC(kernel=kernel, C=3.0, gamma="scale", class_weight=weights, break_ties=True).fit(x, classes)
    np.testing.assert_array_equal(p.argmax(1), svc.predict(y))
    np.testing.assert_allclose(p, softmax(svc.decision_function(y), 1), rtol=0, atol=1e-6)
    assert len(set(p.argmax(1))) > 1


@pytest.mark.parametrize("make", [SvmLinear, SvmRbf])
def test_two_classes(clips, make):
    flow, classes, other = clips
    model = make(sizes(n_classes=2), grid=4)
    model.fit({"flow": flow}, (classes > 0).astype(int), np.ones(N, np.float32), 0)
    p = model.probabilities({"flow": other})
    np.testing.assert_array_equal(p.argmax(1), model.machine.predict(model.blocks(other)))
    decision = model.machine.decision_function(model.blocks(other))
    np.testing.assert_allclose(p[:, 1], 1 / (1 + np.exp(-decision)), rtol=0, atol=1e-12)


@pytest.mark.parametrize("class_weight", ["balanced", "none"])
@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_kernel_ridge_is_its_formula(clips, kernel, class_weight):
    flow, classes, other = clips
    model = KernelRidge(sizes(), grid=4, alpha=0.3, kernel=kernel, gamma=0.7, class_weight=class_weight)
    model.fit({"flow": flow}, classes, np.ones(N, np.float32), 0)
    x, y = numbers(flow, other)

    def gram(a, b):
        return a @ b.T if kernel == "linear" else np.exp(-0.7 * ((a[:, None] - b[None]) ** 2).sum(2))

    weight = N / (3 * np.bincount(classes)[classes]) if class_weight == "balanced" else np.ones(N)
    member = np.eye(3)[classes]
    share = (weight[:, None] * member).sum(0) / weight.sum()
    # minimises sum w (f(x) - t)^2 + alpha |f|^2: (K + alpha W^-1) dual = t
    dual = np.linalg.solve(gram(x, x) + 0.3 * np.diag(1 / weight), member - share)
    values = share + gram(y, x) @ dual
    np.testing.assert_allclose(values.sum(1), 1)
    p = model.probabilities({"flow": other})
    np.testing.assert_allclose(p, values.clip(0) / values.clip(0).sum(1, keepdims=True), rtol=0, atol=1e-9)
    np.testing.assert_array_equal(p.argmax(1), values.argmax(1))
    if class_weight == "balanced":
        np.testing.assert_allclose(share, 1 / 3)
