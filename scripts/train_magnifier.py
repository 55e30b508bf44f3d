#!/usr/bin/env python
"""Train the network of mmer/motion/magnify/learned.py on synthetic motion, and measure it beside the other magnifiers.

    .venv/bin/python scripts/train_magnifier.py --out mmer/motion/magnify/weights   # about 15 minutes on one core
    .venv/bin/python scripts/train_magnifier.py --measure mmer/motion/magnify/weights/magnet_16.npz

The pictures are photographs in the public domain that come with scikit-image. The two portraits of which mmer's
synthetic persons are made are not among them: the network has seen no face that an experiment is tested on.
"""

import argparse
import hashlib
import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import skimage.data
import torch
from scipy.ndimage import map_coordinates, spline_filter

from mmer.motion.magnify.eulerian_linear import EulerianLinear
from mmer.motion.magnify.eulerian_phase import EulerianPhase
from mmer.motion.magnify.learned import Learned
from mmer.motion.magnify.magnet import MagNet, loss
from mmer.motion.magnify.measure import moved_by
from mmer.motion.magnify.weight_file import save_weights
from mmer.synthetic.photo import make_portrait

PHOTOS = ("brick", "camera", "chelsea", "coffee", "grass", "gravel", "retina", "rocket")
SCALES = (1.5, 2.0, 2.8, 4.0)  # pixels of the photograph to one of ours: it is blurred first, so steps are exact
SIZE = 48  # pixels of a training picture
BATCH = 4
STEPS = 5000
POOL = 2000  # samples; drawing new ones would take as long as a step
LARGEST = 6.0  # pixels that a magnified motion may be long, at most
FACTORS = (1.0, 12.0)
Sample = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, float]


def photographs() -> list[list[tuple[float, np.ndarray]]]:
    """Read the photographs, grey in 0..1, each blurred for every scale."""
    out = []
    for name in PHOTOS:
        image = getattr(skimage.data, name)()
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim == 3 else image
        if max(grey.shape) > 800:
            grey = cv2.resize(
                grey, None, fx=700 / max(grey.shape), fy=700 / max(grey.shape), interpolation=cv2.INTER_AREA
            )
        grey = grey.astype(np.float32) / 255
        fitting = [scale for scale in SCALES if min(grey.shape) > SIZE * scale + 40]
        out.append([(scale, smooth(grey, scale)) for scale in fitting])
    return out


def smooth(grey: np.ndarray, scale: float) -> np.ndarray:
    """Blur a picture that is to be sampled every ``scale`` pixels, and make it a spline: OpenCV's own interpolation
    rounds places to 1/32 pixel, which is no small part of the motions here."""
    return spline_filter(cv2.GaussianBlur(grey, (0, 0), 0.45 * scale), output=np.float32, mode="mirror")


class Scene:
    """A part of a photograph under a random similarity, to be drawn with any displacement."""

    def __init__(self, photos: list[list[tuple[float, np.ndarray]]], size: int, rng: np.random.Generator) -> None:
        scales = photos[rng.integers(len(photos))]
        scale, self.image = scales[rng.integers(len(scales))]
        turn = rng.uniform(-0.5, 0.5)
        flip = rng.choice([-1.0, 1.0])
        self.matrix = scale * np.array([[np.cos(turn) * flip, -np.sin(turn)], [np.sin(turn) * flip, np.cos(turn)]])
        height, width = self.image.shape
        room = scale * size / 2
        self.centre = np.array([rng.uniform(room, width - room), rng.uniform(room, height - room)])
        self.gain, self.offset = rng.uniform(0.4, 1.1), rng.uniform(-0.1, 0.3)

    def draw(self, displacement: np.ndarray) -> np.ndarray:
        """Draw the scene with every pixel taken from ``displacement`` (2, H, W) before it."""
        size = displacement.shape[1:]
        y, x = np.mgrid[: size[0], : size[1]]
        place = np.stack([x - displacement[0] - size[1] / 2, y - displacement[1] - size[0] / 2])
        where = np.einsum("ij,jhw->ihw", self.matrix, place) + self.centre[:, None, None]
        drawn = map_coordinates(self.image, where[::-1], prefilter=False, mode="mirror")
        return np.clip(self.offset + self.gain * drawn, 0, 1)


def motion(size: int, largest: float, rng: np.random.Generator) -> np.ndarray:
    """Draw a field (2, size, size) whose longest arrow has ``largest`` pixels: one translation, or some bumps."""
    if rng.random() < 0.3:
        angle = rng.uniform(0, 2 * np.pi)
        return np.broadcast_to(largest * np.array([np.cos(angle), np.sin(angle)])[:, None, None], (2, size, size))
    y, x = np.mgrid[:size, :size]
    field = np.zeros((2, size, size))
    for _ in range(rng.integers(1, 4)):
        # Narrower bumps of this length would fold the picture.
        width = rng.uniform(max(5.0, 1.5 * largest), 24.0)
        angle, column, row = rng.uniform(0, 2 * np.pi), rng.uniform(0, size), rng.uniform(0, size)
        bump = np.exp(-((x - column) ** 2 + (y - row) ** 2) / (2 * width**2))
        field += np.array([np.cos(angle), np.sin(angle)])[:, None, None] * bump
    return field * largest / np.hypot(*field).max()


def make_sample(photos: list[list[tuple[float, np.ndarray]]], size: int, rng: np.random.Generator) -> Sample:
    """Draw first, second, recoloured second and magnified recoloured picture, and alpha."""
    alpha = float(np.exp(rng.uniform(*np.log(FACTORS))))
    still = rng.random() < 0.1
    field = motion(size, rng.uniform(0.2, LARGEST), rng) / alpha * (not still)
    scene = Scene(photos, size, rng)
    moments = [scene.draw(step * field) for step in (0, 1, alpha)]
    if rng.random() < 0.25:  # something else moves in front, by its own
        front = Scene(photos, size, rng)
        field = motion(size, rng.uniform(0.2, LARGEST), rng) / alpha * (not still)
        y, x = np.mgrid[:size, :size]
        centre, radius = rng.uniform(0, size, 2), rng.uniform(0.15, 0.5) * size
        for number, step in enumerate((0, 1, alpha)):
            u, v = step * field
            inside = np.clip(radius - np.hypot(x - u - centre[0], y - v - centre[1]) + 0.5, 0, 1)
            moments[number] = inside * front.draw(step * field) + (1 - inside) * moments[number]
    first, second, target = moments
    gain, gamma = rng.uniform(0.7, 1.3), rng.uniform(0.8, 1.25)
    recoloured, target = (np.clip(gain * picture**gamma, 0, 1) for picture in (second, target))
    noise = rng.choice([0.0, rng.uniform(0, 2 / 255)])
    seen = [
        np.rint(255 * np.clip(one + rng.normal(0, noise + 1e-9, one.shape), 0, 1)) / 255
        for one in (first, second, recoloured)
    ]
    return (*seen, target, alpha)


def batches(seed: int) -> Iterator[tuple[torch.Tensor, ...]]:
    """Draw batches without end from a pool of samples, each turned by quarters and mirrored as it comes."""
    rng, photos = np.random.default_rng(seed), photographs()
    *pictures, alphas = zip(*(make_sample(photos, SIZE, rng) for _ in range(POOL)), strict=True)
    pool = torch.tensor(np.array(pictures), dtype=torch.float32)  # (4, POOL, SIZE, SIZE)
    alphas = torch.tensor(alphas, dtype=torch.float32)
    while True:
        chosen = torch.from_numpy(rng.integers(POOL, size=BATCH))
        turned = torch.rot90(pool[:, chosen], int(rng.integers(4)), (2, 3))
        if rng.random() < 0.5:
            turned = turned.flip(3)
        yield (*turned.unsqueeze(2), alphas[chosen])


def train(width: int, decoder_blocks: int, steps: int, seed: int, rate: float) -> MagNet:
    """Train a network; prints its loss now and then."""
    torch.manual_seed(seed)
    network = MagNet(width, decoder_blocks).to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(network.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps, pct_start=0.1)
    begin, mean = time.time(), None
    for step, batch in zip(range(steps), batches(seed), strict=False):
        optimizer.zero_grad()
        value = loss(network, *batch)
        value.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        mean = value.item() if mean is None else 0.99 * mean + 0.01 * value.item()
        if step % 200 == 199:
            print(f"step {step + 1}: loss {mean:.4f}, {time.time() - begin:.0f} s", flush=True)
    return network.eval()


def portrait(number: int) -> np.ndarray:
    """Read a portrait that no training saw, as a spline to be sampled every 3 pixels."""
    image = make_portrait(number, 512, np.random.default_rng(number)).image
    grey = cv2.cvtColor(np.clip(image, 0, 255).astype(np.uint8), cv2.COLOR_RGB2GRAY)
    return smooth(grey.astype(np.float32) / 255, 3.0)


def drawn(spline: np.ndarray, field: np.ndarray, size: int = 128) -> np.ndarray:
    """Draw a portrait, 128 pixels wide, with every pixel taken from ``field`` (2, H, W) before it."""
    y, x = np.mgrid[:size, :size]
    rim = (len(spline) - 3 * size) / 2
    where = np.stack([3 * (y - field[1]) + rim, 3 * (x - field[0]) + rim])
    return np.clip(map_coordinates(spline, where, prefilter=False, mode="mirror"), 0, 1)


def measure(weights: Path, sha256: str) -> list[dict]:
    """Compare the magnifiers on portraits that no training saw.

    ``motion_error``: how far the magnified translation is from alpha times the given one, as part of it.
    ``picture_error``: root mean square difference from the portrait that was really moved that far, in 1/255.
    ``bump_error``: the same where only a part of the face moves, as in an expression. Means over two portraits and the
    given lengths; the last two in a window that leaves out 16 pixels of the border.
    """
    methods = {
        "eulerian_linear, cutoff 0": lambda alpha: EulerianLinear(alpha=alpha, cutoff=0.0),
        "eulerian_linear": lambda alpha: EulerianLinear(alpha=alpha),
        "eulerian_phase": lambda alpha: EulerianPhase(alpha=alpha),
        "eulerian_phase, per_octave 1": lambda alpha: EulerianPhase(alpha=alpha, per_octave=1),
        "learned": lambda alpha: Learned(alpha=alpha, weights=str(weights), sha256=sha256),
    }
    portraits = [portrait(number) for number in range(2)]
    rows, direction = [], np.array([np.cos(0.5), np.sin(0.5)])
    y, x = np.mgrid[:128, :128]
    bump = np.exp(-((x - 64) ** 2 + (y - 80) ** 2) / (2 * 14.0**2))
    window = slice(16, -16)
    for (name, make), noise, alpha in itertools.product(methods.items(), (0.0, 2.0), (1.0, 2.0, 4.0, 7.0, 10.0)):
        moved, pictures, bumps = [], [], []
        for (number, spline), length in itertools.product(enumerate(portraits), (0.1, 0.3, 0.5)):
            rng = np.random.default_rng([number, round(10 * length)])
            for shape in (np.ones((128, 128)), bump):
                field = direction[:, None, None] * length * shape
                seen = np.stack([drawn(spline, step * field) for step in (0, 1)])
                seen = np.rint(255 * np.clip(seen + rng.normal(0, noise / 255 + 1e-9, seen.shape), 0, 1)) / 255
                out = make(alpha).magnify(seen.astype(np.float32), 30.0)
                error = 255 * np.sqrt(np.mean((out[1] - drawn(spline, alpha * field))[window, window] ** 2))
                (bumps if shape is bump else pictures).append(error)
                if shape is not bump:
                    away = moved_by(out[0], out[1]) - alpha * length * direction
                    moved.append(np.linalg.norm(away) / (alpha * length))
        errors = {"motion_error": np.mean(moved), "picture_error": np.mean(pictures), "bump_error": np.mean(bumps)}
        row = {"method": name, "noise": noise, "alpha": alpha, **{key: round(float(e), 3) for key, e in errors.items()}}
        print(", ".join(f"{key} {value}" for key, value in row.items()), flush=True)
        rows.append(row)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder for the weights and the json beside them")
    parser.add_argument("--measure", type=Path, help="weights to measure instead of training any")
    parser.add_argument("--width", type=int, default=16, help="channels of the encoder (paper: 32)")
    parser.add_argument("--decoder-blocks", type=int, default=3, help="residual blocks of the decoder (code: 9)")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--rate", type=float, default=2e-3, help="largest learning rate (paper: 1e-4, far more steps)")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.measure:
        measure(given.measure, hashlib.sha256(given.measure.read_bytes()).hexdigest())
        return
    if given.out is None:
        parser.error("--out or --measure is needed")
    network = train(given.width, given.decoder_blocks, given.steps, given.seed, given.rate)
    path = given.out / f"magnet_{given.width}.npz"
    digest = save_weights(path, network, {"width": given.width, "decoder_blocks": given.decoder_blocks})
    print(f"{path}: sha256 {digest}")
    keys = ("width", "decoder_blocks", "steps", "rate", "seed")
    about = {"sha256": digest, "training": {key: getattr(given, key) for key in keys}, "photographs": PHOTOS}
    about["measured"] = measure(path, digest)
    path.with_suffix(".json").write_text(json.dumps(about, indent=1) + "\n")


if __name__ == "__main__":
    main()
