import numpy as np
import pytest

from mmer.motion.strain import optical_strain

Y, X = np.mgrid[:40, :50].astype(np.float64)


def test_a_shift_does_not_strain():
    assert optical_strain(np.full_like(X, 3.5), np.full_like(X, -2.0)).max() == 0


def test_a_small_rotation_strains_only_in_second_order():
    angle = 0.02
    u, v = (np.cos(angle) - 1) * X - np.sin(angle) * Y, np.sin(angle) * X + (np.cos(angle) - 1) * Y
    assert optical_strain(u, v).max() < angle**2


@pytest.mark.parametrize(
    ("u", "v", "expected"),
    [
        (0.03 * X, 0 * X, 0.03),  # stretched along one axis
        (0 * X, -0.02 * Y, 0.02),  # compressed
        (0.03 * X, 0.03 * Y, 0.03 * np.sqrt(2)),  # both
        (0.04 * Y, 0 * X, 0.02 * np.sqrt(2)),  # simple shear: e_xy is half of it
        (0.01 * X + 0.02 * Y, 0.03 * Y, np.sqrt(0.01**2 + 0.03**2 + 2 * 0.01**2)),
    ],
)
def test_a_linear_motion_strains_alike_everywhere(u, v, expected):
    strain = optical_strain(u.astype(np.float32), v.astype(np.float32))
    assert strain.dtype == np.float32
    assert np.allclose(strain, expected, atol=1e-5)


def test_turning_the_picture_turns_the_strain():
    rng = np.random.default_rng(0)
    u, v = np.cumsum(rng.normal(size=(2, 40, 50)), axis=2) * 0.01
    turned = optical_strain(np.rot90(v), np.rot90(-u))
    assert np.allclose(turned, np.rot90(optical_strain(u, v)), atol=1e-6)
