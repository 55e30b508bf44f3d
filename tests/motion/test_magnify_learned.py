import hashlib
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from moved_patterns import moving, texture

from mmer.motion.magnify.learned import Learned
from mmer.motion.magnify.magnet import MagNet, loss
from mmer.motion.magnify.weight_file import load_network, save_weights
from mmer.types.arrays import save_arrays
from mmer.types.errors import InputError


@pytest.fixture(scope="module")
def pictures():
    return torch.rand(2, 4, 1, 32, 32, generator=torch.Generator().manual_seed(0))


def close(one, other):
    np.testing.assert_allclose(one.detach(), other.detach(), atol=1e-5)


def small(**keys):
    torch.manual_seed(0)
    return MagNet(width=4, decoder_blocks=1, **keys)


@pytest.mark.parametrize(("kind", "parameters"), [((16, 3), 118552), ((32, 9), 914224)])
def test_parameters_are_those_of_the_table(kind, parameters):
    parts = MagNet(*kind)
    assert sum(value.numel() for value in parts.parameters()) == parameters
    assert f" {parameters}" in MagNet.__doc__


def test_texture_is_a_quarter_and_shape_half_as_large(pictures):
    texture_of, shape_of = small().encode(pictures[0])
    assert texture_of.shape == (4, 4, 8, 8)
    assert shape_of.shape == (4, 4, 16, 16)
    assert small().decode(texture_of, shape_of).shape == (4, 1, 32, 32)


@pytest.mark.parametrize("manipulator", ["linear", "nonlinear"])
def test_the_manipulator_changes_nothing_without_motion_or_with_alpha_one(pictures, manipulator):
    network = small(manipulator=manipulator)
    shape = network.encode(pictures[0])[1]
    other = network.encode(pictures[1])[1]
    alpha = torch.tensor([1.0, 2.0, 5.0, 10.0])
    close(network.manipulate(shape, torch.zeros_like(shape), alpha), shape)
    close(network.manipulate(shape, shape - other, torch.ones(4)), shape)


def test_the_linear_manipulator_multiplies_the_change(pictures):
    network = small(manipulator="linear")
    shape, other = (network.encode(one)[1] for one in pictures)
    magnified = network.manipulate(shape, shape - other, torch.full((4,), 3.0))
    close(magnified, other + 3 * (shape - other))


def test_the_loss_is_the_sum_of_its_four_terms(pictures):
    network, alpha = small(), torch.full((4,), 2.0)
    first, second = pictures
    recoloured, target = 0.5 * second, 0.5 * first
    mean = lambda a, b: (a - b).abs().mean()  # noqa: E731
    textures, shapes = zip(*map(network.encode, (first, second, recoloured, target)), strict=True)
    same = mean(textures[0], textures[1]) + mean(textures[2], textures[3]) + mean(shapes[1], shapes[2])
    expected = mean(network(first, recoloured, alpha), target) + 0.1 * same
    close(loss(network, first, second, recoloured, target, alpha), expected)


def test_every_weight_gets_a_gradient(pictures):
    network, (first, second) = small(), pictures
    loss(network, first, second, 0.5 * second, first, torch.full((4,), 2.0)).backward()
    assert [name for name, value in network.named_parameters() if not value.grad.abs().sum() > 0] == []


@pytest.mark.parametrize("keys", [{"width": 5}, {"width": 0}, {"decoder_blocks": 0}, {"manipulator": "squared"}])
def test_a_network_that_cannot_be(keys):
    with pytest.raises(InputError, match="MagNet"):
        MagNet(**keys)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "small.npz"
    return path, save_weights(path, small(), {"width": 4, "decoder_blocks": 1})


def test_weights_come_back(written):
    path, digest = written
    for one, other in zip(load_network(path, digest).parameters(), small().parameters(), strict=True):
        np.testing.assert_allclose(one, other.detach(), rtol=1e-3, atol=1e-4)  # half precision
    out = Learned(weights=str(path), sha256=digest).magnify(moving([(0, 0), (0.3, 0)], size=32), 30.0)
    assert out.shape == (2, 32, 32)


def test_other_weights_than_were_meant_are_refused(written, tmp_path):
    path, digest = written
    with pytest.raises(InputError, match="sha256"):
        Learned(weights=str(path), sha256="0" * 64).magnify(moving([(0, 0)], size=32), 30.0)
    with pytest.raises(InputError, match="cannot be read"):
        load_network(tmp_path / "none.npz", digest)
    changed = tmp_path / "changed.npz"
    changed.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(InputError, match="sha256"):
        load_network(changed, digest)


def test_hostile_weights_are_data_never_code(tmp_path):
    path = tmp_path / "pickled.npz"
    np.savez(path, about=np.array([object()], dtype=object))
    with pytest.raises(InputError, match="npz"):
        load_network(path, hashlib.sha256(path.read_bytes()).hexdigest())
    save_arrays(path, {"other": np.zeros(3)}, {"network": "MagNet", "width": 4, "decoder_blocks": 1})
    with pytest.raises(InputError, match="no weights of this MagNet"):
        load_network(path, hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"weights": "magnet_17"}, "did you mean 'magnet_16'"),
        ({"weights": "mine.npz"}, "sha256"),
        ({"sha256": "0" * 64}, "sha256"),
    ],
)
def test_wrong_settings(keys, message):
    with pytest.raises(InputError, match=message):
        Learned(**keys)


def test_the_shape_representation_has_half_the_size_and_moves_with_alpha():
    frames, learned = moving([(0.1, 0), (0.4, 0)]), Learned()
    shapes = {alpha: learned.shape(texture(), frames, alpha) for alpha in (1.0, 2.0, 6.0)}
    assert shapes[2.0].shape == (2, 16, 48, 48)
    assert shapes[2.0].dtype == np.float32
    np.testing.assert_array_equal(learned.shape(texture(), frames), shapes[2.0])
    near, far = (np.abs(shapes[alpha] - shapes[1.0]).mean((1, 2, 3)) for alpha in (2.0, 6.0))
    assert (far > near).all()
    assert far[1] > far[0]


def test_the_shape_map_is_a_picture_as_large_as_the_face():
    frames = moving([(0.1, 0), (0.4, 0)], size=50)
    maps = Learned().shape_map(texture(size=50), frames)
    assert maps.shape == (2, 50, 50)
    assert maps.min() >= 0
    assert maps.max() <= 1


def test_onset_and_frames_must_have_one_size():
    with pytest.raises(InputError, match="differ in size"):
        Learned().shape(texture(size=48), moving([(0, 0)], size=50))


def test_a_band_in_time_keeps_the_onset():
    frames = moving([(0.02 * step, 0) for step in range(9)], size=32)
    banded = replace(Learned(), temporal="band", low=1.0, high=20.0)
    assert banded.whole_clip
    plain = Learned().magnify(frames, 100.0)
    np.testing.assert_allclose(banded.magnify(frames, 100.0)[0], plain[0], atol=1e-5)


def test_torch_is_imported_when_it_is_needed_only():
    code = "import sys, mmer.motion.magnify.learned as one; one.Learned(); sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
