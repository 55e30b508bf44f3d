"""Pictures between the frames of a clip, and at other moments than its frames: a clip of T frames from any clip."""

import numpy as np

INTERPOLATIONS = ("linear", "tim", "nearest")


def interpolate(pictures: np.ndarray, places: np.ndarray, how: str) -> np.ndarray:
    """Return the pictures at given places of a sequence.

    Parameters
    ----------
    pictures : ndarray of shape (n, ...)
        n at least 1.
    places : ndarray of shape (T,)
        In units of pictures, 0 the first, n - 1 the last, and between them; those outside are moved to the ends.
    how : str
        One of ``INTERPOLATIONS``. ``linear``: the two neighbours, weighed. ``tim``: the smooth curve through all
        pictures, see ``tim_weights``. ``nearest``: one of the pictures, the earlier of two.

    Returns
    -------
    ndarray of shape (T, ...), float32
        At the place of a picture, the picture.
    """
    return weighed(pictures, weights(len(pictures), places, how))


def weights(n: int, places: np.ndarray, how: str) -> np.ndarray:
    """Return how much of each of n pictures there is at each place: (T, n) float64, rows sum to 1."""
    return {"linear": linear_weights, "tim": tim_weights, "nearest": nearest_weights}[how](n, places)


def weighed(pictures: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return sums of pictures (n, ...) with weights (T, n): (T, ...) float32."""
    flat = pictures.reshape(len(pictures), -1).astype(np.float32)
    return (weights.astype(np.float32) @ flat).reshape(len(weights), *pictures.shape[1:])


def linear_weights(n: int, places: np.ndarray) -> np.ndarray:
    """Return how much of each of n pictures there is at each place: (T, n) float64, rows sum to 1."""
    places = _inside(n, places)
    return np.maximum(0, 1 - np.abs(places[:, None] - np.arange(n)))


def nearest_weights(n: int, places: np.ndarray) -> np.ndarray:
    """Return which of n pictures is the nearest: (T, n) float64, one 1 a row."""
    return np.eye(n)[np.ceil(_inside(n, places) - 0.5).astype(int)]


def tim_weights(n: int, places: np.ndarray) -> np.ndarray:
    """Return how much of each of n pictures there is on the curve of the temporal interpolation model.

    Zhou, Zhao & Pietikäinen, Towards a Practical Lipreading System, CVPR 2011; for micro-expressions since Pfister et
    al., Recognising Spontaneous Facial Micro-expressions, ICCV 2011. The model takes the mean off the pictures, brings
    them to n - 1 principal components, and maps these onto the eigenvectors of the Laplacian of a path of n nodes,
    ``y_k(i) = sin(pi k i / n + pi (n - k) / (2 n))``, i = 1..n, which are samples of a curve that is known in between.

    All of it is linear. With every component kept, the map to the components and its inverse cancel, and what is left
    does not depend on the pictures: ``x(t) = mean + (2 / n) sum_k y_k(t) sum_i y_k(i) (x_i - mean)``. So a picture at
    t is a weighted sum of the n pictures, and neither more components than pictures nor pictures that depend on each
    other (where the published procedure has no solution) are a special case. Between pictures the curve may leave the
    range of their values.

    Parameters
    ----------
    n : int
    places : ndarray of shape (T,)
        0..n - 1, which are the published i = 1..n.

    Returns
    -------
    ndarray of shape (T, n), float64
        Rows sum to 1.
    """
    k = np.arange(1, n)

    def curve(i: np.ndarray) -> np.ndarray:
        return np.sin(np.pi * k * i[:, None] / n + np.pi * (n - k) / (2 * n))

    return 1 / n + 2 / n * curve(_inside(n, places) + 1) @ curve(np.arange(n) + 1.0).T


def _inside(n: int, places: np.ndarray) -> np.ndarray:
    return np.clip(np.asarray(places, np.float64), 0, n - 1)
