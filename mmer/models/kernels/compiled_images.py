"""The loops over images. See ``mmer.models.kernels.compiled``."""

import numba
import numpy as np

MANY = {"reassoc", "nsz"}  # sums of many numbers: eight or sixteen at a time

# Images come as (B, H, W * C), the channels of a pixel side by side: a loop over a line of the picture is long enough
# to be done many numbers at a time, one over the few channels of a pixel is not.


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=MANY)
def channel_moments(x, real, mean, variance):
    """Mean and variance of max(x, 0) per channel over the real rows of x (B, H, W * C).

    Return how many numbers of a channel there are.
    """
    rows, height, line = x.shape
    channels = mean.size
    some, squares = np.empty(line, x.dtype), np.empty(line, x.dtype)
    total, all_squares = np.zeros(channels, np.float64), np.zeros(channels, np.float64)
    n = 0
    for b in range(rows):
        if real[b] == 0:
            continue
        n += height * (line // channels)
        some[:] = 0
        squares[:] = 0
        for h in range(height):
            row = x[b, h]
            for t in range(line):
                value = max(row[t], x.dtype.type(0))
                some[t] += value
                squares[t] += value * value
        for start in range(0, line, channels):
            for c in range(channels):
                total[c] += some[start + c]
                all_squares[c] += squares[start + c]
    for c in range(channels):
        middle = total[c] / max(n, 1)
        mean[c] = middle
        variance[c] = max(all_squares[c] / max(n, 1) - middle * middle, 0.0)
    return n


@numba.njit(cache=True, nogil=True, error_model="numpy")
def pool_normalised(x, scale, shift, size, padding, out, chosen, picked):
    """Greatest scale * max(x, 0) + shift of every window of x (B, H, W * C), into ``out`` (B, h, w, C).

    Also its place in H * W, and its max(x, 0).
    """
    rows, height, line = x.shape
    channels = scale.size
    width = line // channels
    border = padding * channels
    zero = x.dtype.type(0)
    sign = np.sign(scale)
    signs, column = np.empty(line, x.dtype), np.empty(line, np.int32)
    for t in range(line):
        signs[t], column[t] = sign[t % channels], t // channels
    # The greatest number of each column of a line of windows, with nothing beside the picture; then of whole windows,
    # wherever one might begin.
    upright, upright_at = np.full(line + 2 * border, -np.inf, x.dtype), np.zeros(line + 2 * border, np.int32)
    best, best_at = np.empty_like(upright), np.empty_like(upright_at)
    inside, inside_at = upright[border : border + line], upright_at[border : border + line]
    for b in range(rows):
        for i in range(out.shape[1]):
            top = i * size - padding
            inside[:] = -np.inf
            for h in range(max(top, 0), min(top + size, height)):
                row, first = x[b, h], np.int32(h * width)
                for t in range(line):
                    value = signs[t] * max(row[t], zero)
                    greater = value > inside[t]
                    inside_at[t] = np.int32(first + column[t]) if greater else inside_at[t]
                    inside[t] = value if greater else inside[t]
            best[:] = upright
            best_at[:] = upright_at
            for k in range(1, size):
                other, other_at = upright[k * channels :], upright_at[k * channels :]
                for t in range(other.size):
                    # Of equal numbers the first in reading order is taken, as torch does.
                    greater = (other[t] > best[t]) | ((other[t] == best[t]) & (other_at[t] < best_at[t]))
                    best_at[t] = other_at[t] if greater else best_at[t]
                    best[t] = other[t] if greater else best[t]
            for j in range(out.shape[2]):
                start = j * size * channels
                for c in range(channels):
                    value = best[start + c]
                    out[b, i, j, c] = value * abs(scale[c]) + shift[c]
                    chosen[b, i, j, c] = best_at[start + c]
                    picked[b, i, j, c] = value * sign[c]


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=MANY)
def pooled_sums(above, picked, mean, inverse, of_weight, of_bias):
    """Gradients of a normalisation's weight and bias, from ``above`` and the chosen numbers (B, Q, C)."""
    rows, places, channels = above.shape
    total, projected = np.zeros(channels, np.float64), np.zeros(channels, np.float64)
    for b in range(rows):
        for q in range(places):
            for c in range(channels):
                total[c] += above[b, q, c]
                projected[c] += above[b, q, c] * ((picked[b, q, c] - mean[c]) * inverse[c])
    for c in range(channels):
        of_weight[c] = projected[c]
        of_bias[c] = total[c]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def pool_normalised_backward(above, x, chosen, real, mean, scale, n, size, padding, inverse, of_weight, of_bias, found):
    """Gradient of x (B, H, W * C) from ``above`` (B, h, w, C) of the pooled, normalised numbers."""
    rows, height, line = x.shape
    channels = scale.size
    width = line // channels
    zero = x.dtype.type(0)
    constant, slope = np.empty(line, x.dtype), np.empty(line, x.dtype)
    given, where, column = np.empty(line, x.dtype), np.empty(line, np.int32), np.empty(line, np.int32)
    for t in range(line):
        c = t % channels
        # Every number moved mean and variance: by (of_bias + of_weight * (value - mean) * inverse) * scale / n.
        slope[t] = scale[c] * of_weight[c] * inverse[c] / max(n, 1)
        constant[t] = scale[c] * of_bias[c] / max(n, 1) - slope[t] * mean[c]
        column[t] = t // channels
    for b in range(rows):
        if real[b] == 0:
            found[b] = 0
            continue
        last = -1
        for h in range(height):
            i = (h + padding) // size
            if i != last:  # spread the gradients of a line of windows over its pixels
                last = i
                for w in range(width):
                    j = (w + padding) // size
                    if i < above.shape[1] and j < above.shape[2]:
                        for c in range(channels):
                            given[w * channels + c] = above[b, i, j, c] * scale[c]
                            where[w * channels + c] = chosen[b, i, j, c]
                    else:
                        where[w * channels : (w + 1) * channels] = -1
            row, into, first = x[b, h], found[b, h], np.int32(h * width)
            for t in range(line):
                value = given[t] if where[t] == np.int32(first + column[t]) else zero
                value -= constant[t] + slope[t] * row[t]
                into[t] = value if row[t] > 0 else row[t] * zero
