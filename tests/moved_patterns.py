"""Pictures that are formulas, so that they can be drawn moved by any part of a pixel."""

import numpy as np

SIZE = 96


def waves(number=12, shortest=9.0, longest=40.0, seed=0):
    """Draw wave vectors, amplitudes and phases of a smooth texture."""
    rng = np.random.default_rng(seed)
    length, angle = np.exp(rng.uniform(np.log(shortest), np.log(longest), number)), rng.uniform(0, np.pi, number)
    vectors = 2 * np.pi / length[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    return vectors, np.full(number, 0.35 / np.sqrt(number)), rng.uniform(0, 2 * np.pi, number)


def texture(shift=(0.0, 0.0), size=SIZE, **kind):
    """Draw the texture moved by ``shift`` (x, y) pixels: (size, size) float32 in 0..1."""
    vectors, amplitudes, phases = waves(**kind)
    y, x = np.mgrid[:size, :size]
    place = np.stack([x - shift[0], y - shift[1]])
    turns = np.einsum("kc,chw->khw", vectors, place) + phases[:, None, None]
    return np.clip(0.5 + np.einsum("k,khw->hw", amplitudes, np.cos(turns)), 0, 1).astype(np.float32)


def moving(shifts, **kind):
    """Draw frames, one per shift: (T, size, size)."""
    return np.stack([texture(shift, **kind) for shift in shifts])
