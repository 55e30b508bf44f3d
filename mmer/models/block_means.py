"""Motion as a few numbers for classical recognisers: its means over the blocks of a grid."""

import numpy as np

from mmer.models.graph_input import check_whole
from mmer.types.errors import InputError
from mmer.types.samples import Sizes


class BlockMeans:
    """Means of every channel over grid x grid blocks of the face, centred and scaled.

    Where the face does not divide evenly, blocks differ by one pixel. The numbers are centred on the training clips and
    divided by one number, so that the mean squared distance of a training clip from their centre is 1. So C, alpha and
    gamma mean the same for any grid, number of channels and unit of motion; on these numbers, gamma 1 of an RBF kernel
    is what scikit-learn's ``gamma="scale"`` gives.

    Parameters
    ----------
    model : str
        Name of the model, for error messages.
    sizes : Sizes
        Needs the stream ``flow`` (C, H, W).
    grid : int
        Blocks along each axis.

    Raises
    ------
    InputError
        There is no motion, or fewer pixels than blocks.
    """

    def __init__(self, model: str, sizes: Sizes, grid: int) -> None:
        check_whole(model, grid=grid)
        shape = sizes.streams.get("flow", ())
        if len(shape) != 3 or 0 in shape:
            raise InputError(
                f"{model}: needs motion, a stream 'flow' of shape (C, H, W), but the samples have {sizes.streams}"
            )
        if grid > min(shape[1:]):
            raise InputError(f"{model}: grid is {grid}, but motion has {shape[1]} x {shape[2]} pixels")
        self.edges = [np.linspace(0, length, grid + 1).round().astype(int) for length in shape[1:]]
        self.centre: np.ndarray | None = None
        self.length = 1.0

    def fit(self, flow: np.ndarray) -> np.ndarray:
        """Take centre and length from training clips (n, C, H, W); return their numbers."""
        means = self._means(flow)
        self.centre = means.mean(0)
        self.length = float(np.sqrt(means.var(0).sum())) or 1.0
        return (means - self.centre) / self.length

    def __call__(self, flow: np.ndarray) -> np.ndarray:
        """Return the numbers (n, C * grid * grid), float64, of clips (n, C, H, W)."""
        return (self._means(flow) - self.centre) / self.length

    def state(self) -> dict[str, np.ndarray]:
        """Return what was fitted."""
        return {"centre": self.centre, "length": np.array(self.length)}

    def _means(self, flow: np.ndarray) -> np.ndarray:
        rows, columns = self.edges
        sums = np.add.reduceat(flow.astype(np.float64), rows[:-1], axis=2)
        sums = np.add.reduceat(sums, columns[:-1], axis=3)
        means = sums / np.outer(np.diff(rows), np.diff(columns))
        return means.reshape(len(means), -1)
