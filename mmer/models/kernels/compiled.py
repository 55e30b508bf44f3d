"""The loops themselves. They stand in one file because numba remakes a kept kernel only when its own file changes."""

import numba
import numpy as np

I32 = np.int32
SPREAD, FIRST, SECOND = I32(0x9E3779B1 - 2**32), I32(0x21F0AAAD), I32(0x735A2D97)  # see mmer.models.dropout
MANY = {"reassoc", "nsz"}  # sums of many numbers: eight or sixteen at a time
# A product with an adjacency passes by its zeros, columns in blocks that stay in the cache; BLAS is faster where more
# than this share of many nodes is not zero.
DENSE, FEW, BLOCK = 0.5, 32, 512


# numba widens int32 to int64 in every operation, so each is cut back; the compiler turns that into 32-bit operations.
@numba.njit(inline="always")
def _mix(word):
    word = I32(I32(word ^ (word >> I32(16))) * FIRST)
    return I32(I32(word ^ (word >> I32(15))) * SECOND)


@numba.njit(inline="always")
def keys(seed, step):
    """Return the two keys of the masks of a fold in a step."""
    first = _mix(I32(_mix(I32(I32(step) * SPREAD)) ^ I32(seed)))
    return first, _mix(I32(first ^ I32(seed >> 32)))


@numba.njit(inline="always")
def scrambled(element, first, second):
    """Return the word of an element, which decides whether it is kept."""
    word = I32(I32(element * SPREAD) + first)
    word = I32(I32(word ^ (word >> I32(16))) * FIRST)
    word = I32(word ^ second)
    return I32(I32(word ^ (word >> I32(15))) * SECOND)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def drop(x, seed, step, least, scale, relu, out):
    """Drop elements of x (K, what is before the clips, clips, what is behind them)."""
    scale = x.dtype.type(scale)
    for k in range(x.shape[0]):
        first, second = keys(seed[k], step[k])
        for o in range(x.shape[1]):
            for c in range(x.shape[2]):
                start = I32((c * x.shape[1] + o) * x.shape[3])
                row, into = x[k, o, c], out[k, o, c]
                for i in range(row.size):
                    kept = (scrambled(I32(start + I32(i)), first, second) >= least) & ((not relu) | (row[i] > 0))
                    into[i] = row[i] * scale if kept else row[i] * 0


@numba.njit(cache=True, nogil=True, error_model="numpy")
def gate(gradient, out, scale, found):
    """Pass the gradient where the output of ReLU and dropout is above zero; all of shape (n,)."""
    scale = gradient.dtype.type(scale)
    for i in range(out.size):
        found[i] = gradient[i] * scale if out[i] > 0 else gradient[i] * 0


@numba.njit(cache=True, nogil=True, error_model="numpy")
def collect(adjacency, x, turned, out):
    """Product of the adjacency (N, N), or of its transpose where ``turned``, with x (N, M): most graphs are sparse."""
    nodes, width = x.shape
    if np.count_nonzero(adjacency) > DENSE * adjacency.size and nodes > FEW:
        if turned:
            np.dot(adjacency.T, x, out)
        else:
            np.dot(adjacency, x, out)
        return
    for start in range(0, width, BLOCK):
        end = min(start + BLOCK, width)
        for i in range(nodes):
            into = out[i, start:end]
            into[:] = 0
            for j in range(nodes):
                factor = adjacency[j, i] if turned else adjacency[i, j]
                if factor != 0:
                    row = x[j, start:end]
                    for t in range(row.size):
                        into[t] += factor * row[t]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def graph_forward(x, adjacency, weight, bias, seed, step, least, scale, turned, first, collected, out):
    """Output of a graph layer; see ``mmer.models.kernels.graph_convolution``."""
    folds, nodes, clips, channels = x.shape
    width = weight.shape[1]
    scale = x.dtype.type(scale)
    mapped = np.empty((nodes * clips, width), x.dtype)
    spread = np.empty((nodes, clips * width), x.dtype)
    for k in range(folds):
        if first:
            shape = (nodes, clips * channels)
            collect(adjacency[k], x[k].reshape(shape), False, collected[k].reshape(shape))
            np.dot(collected[k].reshape(nodes * clips, channels), weight[k].T, mapped)
            found = mapped
        else:
            np.dot(x[k].reshape(nodes * clips, channels), weight[k].T, mapped)
            collect(adjacency[k], mapped.reshape(nodes, clips * width), False, spread)
            found = spread.reshape(nodes * clips, width)
        low, high = keys(seed[k], step[k])
        for n in range(nodes):
            for c in range(clips):
                start = I32((c * nodes + n) * width)  # see mmer.models.dropout: clips count first
                row, added = found[n * clips + c], bias[k]
                into = out[k, c, n] if turned else out[k, n, c]
                for i in range(width):
                    value = row[i] + added[i]
                    kept = (scrambled(I32(start + I32(i)), low, high) >= least) & (value > 0)
                    into[i] = value * scale if kept else value * 0


@numba.njit(cache=True, nogil=True, error_model="numpy")
def graph_backward(gradient, kept, adjacency, weight, out, scale, turned, first, found, of_weight, of_bias):
    """Gradients of x (where ``found`` is not empty), weight and bias of a graph layer."""
    folds, nodes, clips, channels = kept.shape
    width = weight.shape[1]
    scale = gradient.dtype.type(scale)
    inner = np.empty((nodes * clips, width), gradient.dtype)
    spread = np.empty((nodes * clips, channels if first else width), gradient.dtype)
    for k in range(folds):
        total = of_bias[k]
        total[:] = 0
        for n in range(nodes):
            for c in range(clips):
                row = inner[n * clips + c]
                above = gradient[k, c, n] if turned else gradient[k, n, c]
                value = out[k, c, n] if turned else out[k, n, c]
                for i in range(width):
                    row[i] = above[i] * scale if value[i] > 0 else above[i] * 0
                for i in range(width):
                    total[i] += row[i]
        own = kept[k].reshape(nodes * clips, channels)
        if first:
            np.dot(inner.T, own, of_weight[k])
            if len(found):
                np.dot(inner, weight[k], spread)
                shape = (nodes, clips * channels)
                collect(adjacency[k], spread.reshape(shape), True, found[k].reshape(shape))
        else:
            shape = (nodes, clips * width)
            collect(adjacency[k], inner.reshape(shape), True, spread.reshape(shape))
            np.dot(spread.T, own, of_weight[k])
            if len(found):
                np.dot(spread, weight[k], found[k].reshape(nodes * clips, channels))


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
