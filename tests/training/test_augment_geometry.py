"""Flip, rotation, change of size, shift, amplification: against fields and pictures whose answer is known."""

import math

import cv2
import numpy as np
import pytest
import torch

from mmer.graphs.edges.anatomical import Anatomical
from mmer.graphs.edges.nearest import Nearest
from mmer.graphs.nodes.action_units import ActionUnits
from mmer.graphs.nodes.eyebrow_mouth import EyebrowMouth
from mmer.graphs.nodes.landmarks import Landmarks
from mmer.motion.strain import optical_strain
from mmer.training.augment.affine import Affine, move
from mmer.training.augment.amplify import amplify, drawn_factor
from mmer.training.augment.augment import Augment
from mmer.training.augment.flip import flip
from mmer.training.augment.layout import layout_of
from mmer.training.augment.nodes import Nodes
from mmer.types.errors import InputError
from mmer.types.node_set import NodeSet
from mmer.types.samples import Samples

CPU = torch.device("cpu")
EVERY = Augment(flip=0.5, rotate=10, scale=0.1, translate=0.1, amplify=(0.5, 2.0))
YES = torch.ones(1, 1, dtype=torch.bool)


def of_flow(values, channels="u v strain", rules=EVERY):
    """(stream (1, 1, C, H, W) float64, its layout)."""
    samples = Samples(("c",), {"flow": values[None]}, {"flow": np.ones(1, bool)}, about={"channels": channels})
    return torch.from_numpy(values)[None, None].double(), layout_of("flow", samples, rules, None, CPU)


def of_graph(values, source, rules=EVERY, **facts):
    """(stream (1, 1, T, N, F) float64, its layout)."""
    names, nodes = source.feature_names(), Nodes(source.node_set(), **facts)
    samples = Samples(("c",), {"graph": values[None]}, {"graph": np.ones(1, bool)}, nodes.node_set.names, names)
    return torch.from_numpy(values)[None, None].double(), layout_of("graph", samples, rules, nodes, CPU)


def mirrored(stream, layout):
    return flip(stream, layout.order, layout.sign, YES)


def affine(degrees=0.0, zoom=1.0, right=0.0, down=0.0):
    parts = (torch.tensor([[value]], dtype=torch.float64) for value in (math.radians(degrees), zoom))
    return Affine(*parts, torch.tensor([[[right, down]]], dtype=torch.float64))


def random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def analytic(size=65):
    """A smooth motion over a picture: u, v and its strain (3, size, size), and a texture (size, size)."""
    y, x = np.mgrid[:size, :size].astype(np.float64)
    u = 1.5 * np.exp(-((x - 20) ** 2 + (y - 30) ** 2) / 150)
    v = -1.0 * np.exp(-((x - 45) ** 2 + (y - 20) ** 2) / 200)
    texture = cv2.GaussianBlur(np.random.default_rng(1).uniform(0, 1, (size, size)), (0, 0), 3)
    return np.stack([u, v, optical_strain(u, v)]).astype(np.float32), texture.astype(np.float32)


def warped(texture, flow):
    """The second picture of a pair: what lies at p + flow(p) in it lay at p before, nearly (small motion)."""
    size = len(texture)
    y, x = np.mgrid[:size, :size].astype(np.float32)
    return cv2.remap(texture, x - flow[0], y - flow[1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def test_flow_of_a_mirrored_pair_is_the_mirrored_flow():
    """The second picture, mirrored, is the first one mirrored and moved by the flipped field, and by no other."""
    flow, texture = analytic()
    flipped = mirrored(*of_flow(flow))[0, 0].float().numpy()
    second = warped(texture, flow)[:, ::-1]
    np.testing.assert_allclose(warped(texture[:, ::-1].copy(), flipped), second, atol=1e-5)
    wrong = flipped * np.array([-1, 1, 1], np.float32)[:, None, None]
    assert np.abs(warped(texture[:, ::-1].copy(), wrong) - second).max() > 0.02
    np.testing.assert_allclose(flipped[2], optical_strain(flipped[0], flipped[1]), atol=1e-6)


@pytest.mark.parametrize(
    ("degrees", "zoom", "right", "down"), [(30, 1, 0, 0), (0, 1.2, 0, 0), (0, 1, 0.1, -0.05), (-20, 0.9, -0.05, 0.1)]
)
def test_flow_of_a_moved_pair_is_the_moved_flow(degrees, zoom, right, down):
    """Moved by OpenCV, the second picture is the first one, moved, under the moved field; strain stays strain."""
    flow, texture = analytic()
    size = len(texture)
    matrix = cv2.getRotationMatrix2D(((size - 1) / 2, (size - 1) / 2), -degrees, zoom)  # cv2 turns the other way
    matrix[:, 2] += np.array([right, down]) * size
    options = {"flags": cv2.INTER_CUBIC, "borderMode": cv2.BORDER_REPLICATE}
    first, second = (cv2.warpAffine(item, matrix, (size, size), **options) for item in (texture, warped(texture, flow)))
    moved = move(*of_flow(flow), affine(degrees, zoom, right, down))[0, 0].float().numpy()
    inside = np.s_[16:-16, 16:-16]
    error = np.abs(warped(first, moved) - second)[inside]
    assert error.max() < 0.1 * np.abs(first - second)[inside].max()
    np.testing.assert_allclose(moved[2][inside], optical_strain(moved[0], moved[1])[inside], atol=0.01)


def test_flip_twice_is_the_identity():
    stream, layout = of_flow(random(3, 6, 7))
    assert torch.equal(mirrored(mirrored(stream, layout), layout), stream)
    once = mirrored(stream, layout)
    assert torch.equal(once[..., 2, :, :], stream[..., 2, :, :].flip(-1))
    assert torch.equal(once[..., 0, :, :], -stream[..., 0, :, :].flip(-1))
    features = ("displacement", "flow_patch", "position")
    for source in (Landmarks(features=features), EyebrowMouth(features=features)):
        stream, layout = of_graph(random(2, len(source.node_set().names), len(source.feature_names())), source)
        assert torch.equal(mirrored(mirrored(stream, layout), layout), stream)
        assert not torch.equal(mirrored(stream, layout), stream)


def test_only_the_drawn_clips_are_flipped():
    stream, layout = of_flow(random(3, 4, 4))
    both = stream.expand(1, 2, 3, 4, 4)
    some = flip(both, layout.order, layout.sign, torch.tensor([[False, True]]))
    assert torch.equal(some[:, 0], stream[:, 0])
    assert torch.equal(some[:, 1], mirrored(stream, layout)[:, 0])


@pytest.mark.parametrize("shape", [(3, 8, 8), (3, 7, 7)])
def test_a_quarter_turn_is_exact(shape):
    values = random(*shape)
    turned = move(*of_flow(values), affine(90))[0, 0].numpy()  # x to y: clockwise on the screen
    place = np.rot90(values.astype(np.float64), -1, axes=(1, 2))
    np.testing.assert_allclose(turned, np.stack([-place[1], place[0], place[2]]), atol=1e-6)
    back = move(torch.from_numpy(turned)[None, None], of_flow(values)[1], affine(-90))
    np.testing.assert_allclose(back[0, 0], values, atol=1e-12)


def test_a_rotation_field_is_the_same_from_every_side():
    y, x = np.mgrid[:41, :41] - 20.0
    field = np.stack([-0.1 * y, 0.1 * x, 0 * x]).astype(np.float32)
    inside = np.s_[:, 12:-12, 12:-12]
    for degrees in (10, 45, 137):
        turned = move(*of_flow(field), affine(degrees))[0, 0].numpy()
        np.testing.assert_allclose(turned[inside], field[inside], atol=1e-6)


def test_a_zoomed_stretch_is_the_same_stretch():
    y, x = np.mgrid[:41, :41] - 20.0
    field = np.stack([0.1 * x, 0.05 * y, 0 * x + 0.3]).astype(np.float32)
    for zoom in (1.3, 0.8):
        zoomed = move(*of_flow(field), affine(zoom=zoom))[0, 0].numpy()
        np.testing.assert_allclose(zoomed[:, 8:-8, 8:-8], field[:, 8:-8, 8:-8], atol=1e-6)


def test_a_shift_moves_by_a_share_of_the_width_and_repeats_the_border():
    values = random(3, 10, 10)
    moved = move(*of_flow(values), affine(right=0.2, down=-0.1))[0, 0].numpy()
    np.testing.assert_allclose(moved[:, :-1, 2:], values[:, 1:, :-2], atol=1e-12)
    np.testing.assert_allclose(moved[:, :-1, 0], values[:, 1:, 0], atol=1e-12)


def test_nothing_drawn_moves_nothing():
    stream, layout = of_flow(random(3, 9, 9))
    torch.testing.assert_close(move(stream, layout, affine()), stream, rtol=0, atol=1e-12)


def cut(flow, places, patch):
    """Patches (N, C * patch * patch) around places of whole pixels, as node sources lay them out."""
    half = patch // 2
    squares = [flow[:, y - half : y + half + 1, x - half : x + half + 1].reshape(-1) for x, y in places]
    return np.stack(squares).astype(np.float32)


def test_patches_of_a_changed_picture_are_the_changed_patches():
    """Flipped, and turned by a quarter: cut out of the whole field they are what is made of the patches alone."""
    source = EyebrowMouth(patch=3)
    nodes = Nodes(source.node_set())
    size, flow = 41, random(2, 41, 41).astype(np.float64)
    rng = np.random.default_rng(3)
    places = rng.integers(5, 36, (30, 2))
    stream, layout = of_graph(cut(flow, places, 3)[None], source)
    image = flow[..., ::-1] * np.array([-1, 1])[:, None, None]
    across = np.stack([size - 1 - places[:, 0], places[:, 1]], 1)[nodes.mirror()]  # each node on its new side
    np.testing.assert_array_equal(mirrored(stream, layout)[0, 0, 0], cut(image, across, 3))
    turned = np.rot90(flow, -1, axes=(1, 2))
    turned = np.stack([-turned[1], turned[0]])
    new = np.stack([size - 1 - places[:, 1], places[:, 0]], 1)
    np.testing.assert_allclose(move(stream, layout, affine(90))[0, 0, 0], cut(turned, new, 3), atol=1e-6)


def test_displacements_and_places_turn_and_keep_their_unit():
    source = Landmarks(features=("displacement", "position", "flow_mean"))
    stream, layout = of_graph(random(3, 68, 6), source)
    turned = move(stream, layout, affine(90, zoom=1.5))
    for column, factor in ((0, 1), (2, 1), (4, 1.5)):  # dx dy and x y are in outer eye distances, u and v in pixels
        torch.testing.assert_close(turned[..., column], -factor * stream[..., column + 1], rtol=0, atol=1e-12)
        torch.testing.assert_close(turned[..., column + 1], factor * stream[..., column], rtol=0, atol=1e-12)
    image = mirrored(stream, layout)
    for column, sign in ((0, -1), (1, 1), (2, -1), (3, 1), (4, -1), (5, 1)):
        assert torch.equal(image[..., 17, column], sign * stream[..., 26, column])
        assert torch.equal(image[..., 27, column], sign * stream[..., 27, column])


def test_nodes_of_both_sides_are_their_own_image():
    """Measured on the flipped picture they are the same, so nothing is negated; a turn is not known."""
    source = ActionUnits(features=("au_activation", "displacement"))
    stream, layout = of_graph(random(1, 12, 5), source, both_sides=True)
    assert torch.equal(mirrored(stream, layout), stream)
    assert torch.equal(move(stream, layout, affine(30)), stream)


def test_of_mixed_nodes_each_kind_goes_its_own_way():
    """Landmarks are mirrored and turned as if there were no units, and units stay as they are."""

    class Mixed(EyebrowMouth):
        def node_set(self):
            seen, units = super().node_set(), ActionUnits(action_units=("AU04", "AU12")).node_set()
            return NodeSet(*(getattr(seen, key) + getattr(units, key) for key in NodeSet.__dataclass_fields__))

    features = ("displacement", "flow_patch")
    both, layout = of_graph(random(1, 32, 20), Mixed(features=features, patch=3), both_sides=True)
    seen, alone = of_graph(both[0, 0, :, :30].float().numpy(), EyebrowMouth(features=features, patch=3))
    for change in (mirrored, lambda values, how: move(values, how, affine(25))):
        torch.testing.assert_close(change(both, layout)[..., :30, :], change(seen, alone), rtol=0, atol=1e-12)
        torch.testing.assert_close(change(both, layout)[..., 30:, :], both[..., 30:, :], rtol=0, atol=1e-12)


def test_amplification_multiplies_motion_and_nothing_else():
    factor = torch.tensor([[1.7]], dtype=torch.float64)
    stream, layout = of_flow(random(3, 5, 5))
    torch.testing.assert_close(amplify(stream, layout, factor), 1.7 * stream, rtol=0, atol=1e-12)
    source = Landmarks(features=("displacement", "position", "grey_patch"), patch=1, n_frames=4)
    stream, layout = of_graph(random(4, 68, 5), source)
    now = amplify(stream, layout, factor)
    torch.testing.assert_close(now[..., :2], 1.7 * stream[..., :2], rtol=0, atol=1e-12)
    place = stream[..., 2:4]
    torch.testing.assert_close(now[..., 2:4], place[:, :, :1] + 1.7 * (place - place[:, :, :1]), rtol=0, atol=1e-12)
    assert torch.equal(now[..., 4], stream[..., 4])
    single = Landmarks(features=("position",))
    stream, layout = of_graph(random(1, 68, 2), single)  # one moment: where the rest was is not known
    assert torch.equal(amplify(stream, layout, factor), stream)
    units = ActionUnits()
    stream, layout = of_graph(random(1, 12, 3), units, both_sides=True)
    torch.testing.assert_close(amplify(stream, layout, factor), 1.7 * stream, rtol=0, atol=1e-12)


def test_factors_are_even_on_a_logarithmic_scale():
    found = drawn_factor(torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64), 0.5, 2.0)
    torch.testing.assert_close(found, torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64))


def test_faces_are_moved_and_not_amplified():
    faces = random(1, 3, 6, 6)
    samples = Samples(("c",), {"video": faces[None]}, {"video": np.ones(1, bool)})
    layout = layout_of("video", samples, EVERY, None, CPU)
    stream = torch.from_numpy(faces)[None, None].double()
    assert torch.equal(mirrored(stream, layout), stream.flip(-1))
    turned = move(stream, layout, affine(90))
    torch.testing.assert_close(turned, torch.rot90(stream, -1, (-2, -1)), rtol=0, atol=1e-12)
    assert torch.equal(amplify(stream, layout, torch.tensor([[2.0]])), stream)


def test_edge_rules_of_landmarks_are_their_own_image():
    for source in (Landmarks(), EyebrowMouth()):
        nodes = Nodes(source.node_set())
        for rule in (Anatomical(), Nearest()):
            edges = rule.edge_index(nodes.node_set)
            nodes.check_edges(edges, np.ones(edges.shape[1], np.float32))


def test_a_graph_that_is_not_its_own_image_is_named():
    nodes = Nodes(Landmarks().node_set())
    edges = np.array([[17, 26], [18, 25]])  # 17 to 18 and, across, 26 to 25
    nodes.check_edges(edges, np.array([2, 2], np.float32))
    with pytest.raises(InputError, match="lm17 to lm18 weighs 2 and its mirror image, lm26 to lm25, weighs 3"):
        nodes.check_edges(edges, np.array([2, 3], np.float32))
    with pytest.raises(InputError, match=r"lm26 to lm25, is not there; choose another edge rule.*flip: 0"):
        nodes.check_edges(edges[:, :1], np.array([2], np.float32))


def test_what_has_no_mirror_image_is_named():
    half = NodeSet(("lm17", "lm18", "lm30"), ((17,), (18,), (30,)), (None,) * 3)
    with pytest.raises(InputError, match="no node is that of lm17, lm18; choose other nodes"):
        Nodes(half).mirror()
    with pytest.raises(InputError, match="both_sides: true"):
        Nodes(ActionUnits(both_sides=False).node_set()).mirror()
    assert Nodes(ActionUnits().node_set(), both_sides=True).mirror().tolist() == list(range(12))


@pytest.mark.parametrize(
    ("channels", "rules", "word"),
    [("u v depth", EVERY, "'depth'"), ("u strain", Augment(rotate=5), "both channels u and v")],
)
def test_motion_that_is_not_known_is_named(channels, rules, word):
    with pytest.raises(InputError, match=word):
        of_flow(random(len(channels.split()), 4, 4), channels, rules)


def test_activations_of_a_resting_face_are_not_amplified():
    with pytest.raises(InputError, match="au_baseline: onset"):
        of_graph(random(1, 12, 3), ActionUnits(), both_sides=True, since_onset=False)
    of_graph(random(1, 12, 3), ActionUnits(), Augment(flip=0.5), both_sides=True, since_onset=False)


def test_an_unknown_feature_is_named():
    class Odd(Landmarks):
        def feature_names(self):
            return ("dx", "dy", "warmth")

    with pytest.raises(InputError, match="'warmth'"):
        of_graph(random(1, 68, 3), Odd())
