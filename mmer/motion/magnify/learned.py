"""Learning-based magnification (Oh, Jaroensri et al., 2018, ECCV) with weights trained on synthetic motion."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmer.motion.magnify.clip import change, check_clip, check_settings, clipped
from mmer.types.errors import InputError, nearest

if TYPE_CHECKING:
    from torch import Tensor

    from mmer.motion.magnify.magnet import MagNet

FOLDER = Path(__file__).parent / "weights"
SHIPPED = {"magnet_16": "01329a2c8130f5546c24477649af26de89d2a2259c12d1177e9f969281fac96f"}  # name to sha256
AT_ONCE = 8  # pictures that are in memory with all their layers


@dataclass(frozen=True)
class Learned:
    """Encode pictures as texture and shape, multiply the change of shape since onset, and draw them again.

    The network is ``mmer.motion.magnify.magnet.MagNet``, trained by ``scripts/train_magnifier.py`` on photographs in
    the public domain that were moved by known displacements; json beside the weights has what was measured. Every
    picture is drawn anew, the onset too: what the network cannot draw is missing from all of them alike, and a still
    clip stays still, if a little softer.

    Measured on two portraits that it never saw, moved by .1 to .5 pixels and magnified 2 to 10 times: the motion is 14
    to 20 % off, with and without noise, that of ``eulerian_phase`` 6 to 12 %, which draws sharper pictures, too. What
    only this one has is ``shape``, the representation that Graph-TCN and FGRL read.

    Parameters
    ----------
    name : str
    alpha : float
        What the motion is multiplied by. The shipped weights saw 1 to 12, and at most 6 pixels after magnification.
    weights : str
        The name of weights that come with mmer, or the path of an npz that the script wrote.
    sha256 : str or None
        Digest of the file where ``weights`` is a path.
    temporal : str
        ``onset`` or ``band``, of the shapes (``mmer.motion.magnify.clip.change``).
    low, high : float or None
        The band, hertz; null under ``onset``.

    Raises
    ------
    InputError
        A value does not exist or is out of its range.
    """

    name: str = "learned"
    alpha: float = 2.0
    weights: str = "magnet_16"
    sha256: str | None = None
    temporal: str = "onset"
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        check_settings(self.name, self.alpha, self.temporal, self.low, self.high)
        path = self.weights.endswith(".npz")
        if not path and self.weights not in SHIPPED:
            raise InputError(
                f"{self.name}: weights {self.weights!r} do not come with mmer; {nearest(self.weights, SHIPPED)}, or "
                "the path of an .npz"
            )
        if path != (self.sha256 is not None):
            raise InputError(f"{self.name}: sha256 belongs to weights given as a path, and only to them")

    @property
    def whole_clip(self) -> bool:
        """Say whether the frames must be all of onset..offset."""
        return self.temporal == "band"

    def magnify(self, frames: np.ndarray, fps: float) -> np.ndarray:
        """Magnify the motion of frames (T, H, W) in 0..1 at ``fps`` frames per second."""
        import torch

        frames = check_clip(self.name, frames)
        network = self._network()
        textures, shapes = self._encoded(network, frames)
        since = change(shapes.numpy(), self.name, fps, self.temporal, self.low, self.high)
        drawn = []
        for at in range(0, len(frames), AT_ONCE):
            part = slice(at, at + AT_ONCE)
            magnified = self._magnified(network, shapes[part], torch.from_numpy(since[part]), self.alpha)
            drawn.append(network.decode(textures[part], magnified))
        height, width = frames.shape[1:]
        return clipped(torch.cat(drawn)[:, 0, :height, :width].numpy())

    def shape(self, onset: np.ndarray, frames: np.ndarray, alpha: float | None = None) -> np.ndarray:
        """Return the magnified shape representation: what Graph-TCN and FGRL cut their patches from.

        Parameters
        ----------
        onset : ndarray of shape (H, W), 0..1
        frames : ndarray of shape (T, H, W), 0..1
        alpha : float or None
            None: the component's own.

        Returns
        -------
        ndarray of shape (T, C, h, w), float32
            h and w are half of H and W, rounded up to a multiple of 2.
        """
        import torch

        onset = np.asarray(onset)
        if onset.shape != np.shape(frames)[1:]:
            raise InputError(f"{self.name}: onset {onset.shape} and frames {np.shape(frames)} differ in size")
        network = self._network()
        _, shapes = self._encoded(network, check_clip(self.name, np.concatenate([onset[None], frames])))
        since = shapes[1:] - shapes[:1]
        alpha = self.alpha if alpha is None else alpha
        parts = [slice(at, at + AT_ONCE) for at in range(0, len(since), AT_ONCE)]
        return torch.cat([self._magnified(network, shapes[1:][part], since[part], alpha) for part in parts]).numpy()

    def shape_map(self, onset: np.ndarray, frames: np.ndarray, alpha: float | None = None) -> np.ndarray:
        """Return the shape representation as one picture per frame, (T, H, W) in 0..1.

        Each channel of each frame is brought to 0..1 and their mean enlarged to the size of the frame (the public code
        that feeds FGRL); a channel that is the same everywhere counts as 0.
        """
        import cv2

        shapes = self.shape(onset, frames, alpha)
        low, high = (function(shapes, axis=(2, 3), keepdims=True) for function in (np.min, np.max))
        means = ((shapes - low) / np.where(high > low, high - low, 1)).mean(1)
        height, width = np.shape(frames)[1:]
        size = (2 * means.shape[2], 2 * means.shape[1])
        return np.stack([cv2.resize(mean, size, interpolation=cv2.INTER_LINEAR)[:height, :width] for mean in means])

    def _network(self) -> "MagNet":
        from mmer.motion.magnify.weight_file import load_network

        if self.sha256 is not None:
            return load_network(Path(self.weights), self.sha256)
        return load_network(FOLDER / f"{self.weights}.npz", SHIPPED[self.weights])

    @staticmethod
    def _encoded(network: "MagNet", frames: np.ndarray) -> "tuple[Tensor, Tensor]":
        """Return texture and shape of frames, whose sides are filled up to multiples of 4."""
        import torch

        height, width = frames.shape[1:]
        filled = torch.from_numpy(np.pad(frames, ((0, 0), (0, -height % 4), (0, -width % 4)), "edge"))[:, None]
        textures, shapes = zip(*(network.encode(part) for part in filled.split(AT_ONCE)), strict=True)
        return torch.cat(textures), torch.cat(shapes)

    @staticmethod
    def _magnified(network: "MagNet", shapes: "Tensor", since: "Tensor", alpha: float) -> "Tensor":
        return network.manipulate(shapes, since, shapes.new_full((len(shapes),), alpha))
