"""Support vector machine with an RBF kernel on block means of motion: a baseline that a network has to beat."""

from mmer.models.positive import check_positive
from mmer.models.support_vectors import SupportVectors
from mmer.types.samples import Sizes


class SvmRbf(SupportVectors):
    """Support vector machine (Cortes & Vapnik, Machine Learning 20, 1995) with the kernel exp(-gamma d^2).

    Parameters
    ----------
    sizes : Sizes
        Needs the stream ``flow`` (C, H, W).
    grid : int
        Motion is averaged over grid x grid blocks.
    C : float
        Cost of a clip on the wrong side of its margin.
    gamma : float
        Of the kernel; d^2 of two training clips is 2 in the mean.
    class_weight : str
        ``balanced``: every class of the fold's training clips counts the same; ``none``: every clip does.

    Raises
    ------
    InputError
        There is no motion, or a value is out of its range.
    """

    streams = ("flow",)
    classical = True

    def __init__(
        self, sizes: Sizes, grid: int = 8, C: float = 10.0, gamma: float = 1.0, class_weight: str = "balanced"
    ) -> None:
        check_positive("svm_rbf", gamma=gamma)
        super().__init__("svm_rbf", sizes, grid, C, class_weight, kernel="rbf", gamma=gamma)
