"""Linear support vector machine on block means of motion: a baseline that a network has to beat."""

from mmer.models.support_vectors import SupportVectors
from mmer.types.samples import Sizes


class SvmLinear(SupportVectors):
    """Support vector machine (Cortes & Vapnik, Machine Learning 20, 1995) with a linear kernel, fitted by LIBSVM.

    Parameters
    ----------
    sizes : Sizes
        Needs the stream ``flow`` (C, H, W).
    grid : int
        Motion is averaged over grid x grid blocks.
    C : float
        Cost of a clip on the wrong side of its margin.
    class_weight : str
        ``balanced``: every class of the fold's training clips counts the same; ``none``: every clip does.

    Raises
    ------
    InputError
        There is no motion, or a value is out of its range.
    """

    streams = ("flow",)
    classical = True

    def __init__(self, sizes: Sizes, grid: int = 8, C: float = 10.0, class_weight: str = "balanced") -> None:
        super().__init__("svm_linear", sizes, grid, C, class_weight, kernel="linear")
