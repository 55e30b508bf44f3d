"""The loops themselves. They stand in few files because numba remakes a kept kernel only when its own file changes."""

import numba
import numpy as np

I32 = np.int32
SPREAD, FIRST, SECOND = I32(0x9E3779B1 - 2**32), I32(0x21F0AAAD), I32(0x735A2D97)  # see mmer.models.dropout
MANY = {"reassoc", "nsz"}  # sums of many numbers: eight or sixteen at a time
# A product with an adjacency passes by its zeros, columns in blocks that stay in the cache; BLAS is faster where more
# than this share of many nodes is not zero.
DENSE, FEW, BLOCK = 0.5, 32, 1024


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
    """Drop elements of x (K, what is before the clips, clips, what is behind them); all else is (K,)."""
    for k in range(x.shape[0]):
        first, second = keys(seed[k], step[k])
        smallest, factor = I32(least[k]), x.dtype.type(scale[k])
        for o in range(x.shape[1]):
            for c in range(x.shape[2]):
                start = I32((c * x.shape[1] + o) * x.shape[3])
                row, into = x[k, o, c], out[k, o, c]
                for i in range(row.size):
                    kept = (scrambled(I32(start + I32(i)), first, second) >= smallest) & ((not relu) | (row[i] > 0))
                    into[i] = row[i] * factor if kept else row[i] * 0


@numba.njit(cache=True, nogil=True, error_model="numpy")
def gate(gradient, out, scale, found):
    """Pass the gradient where the output of ReLU and dropout is above zero; all (K, n), and scale (K,)."""
    for k in range(len(out)):
        factor, arrived, row, into = gradient.dtype.type(scale[k]), gradient[k], out[k], found[k]
        for i in range(row.size):
            into[i] = arrived[i] * factor if row[i] > 0 else arrived[i] * 0


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def collect(adjacency, x, turned, out):
    """Product of the adjacency (N, N), or of its transpose where ``turned``, with x (N, M): most graphs are sparse."""
    nodes, width = x.shape
    if np.count_nonzero(adjacency) > DENSE * adjacency.size and nodes > FEW:
        if turned:
            np.dot(adjacency.T, x, out)
        else:
            np.dot(adjacency, x, out)
        return
    source, factor = np.empty(nodes + 3, np.int64), np.empty(nodes + 3, x.dtype)
    for i in range(nodes):
        found = 0
        for j in range(nodes):
            value = adjacency[j, i] if turned else adjacency[i, j]
            if value != 0:
                source[found], factor[found] = j, value
                found += 1
        while found % 4:  # four rows are read for each time that the sum is read and written
            source[found], factor[found] = source[found - 1], 0
            found += 1
        for start in range(0, width, BLOCK):
            end = min(start + BLOCK, width)
            into = out[i, start:end]
            into[:] = 0
            for n in range(0, found, 4):
                a, b, c, d = factor[n], factor[n + 1], factor[n + 2], factor[n + 3]
                first, second = x[source[n], start:end], x[source[n + 1], start:end]
                third, fourth = x[source[n + 2], start:end], x[source[n + 3], start:end]
                for t in range(into.size):
                    into[t] += (a * first[t] + b * second[t]) + (c * third[t] + d * fourth[t])


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=MANY)
def classify(features, weight, bias, out):
    """Linear map of features (B, D) to few classes: weight (M, D), bias (M,), out (B, M)."""
    for c in range(features.shape[0]):
        row = features[c]
        for m in range(weight.shape[0]):
            factor, total = weight[m], bias[m] * 0
            for i in range(row.size):
                total += row[i] * factor[i]
            out[c, m] = total + bias[m]


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def classify_backward(gradient, features, of_weight, of_bias):
    """Gradients of the map's weight and bias, from those of its output (B, M)."""
    of_weight[:] = 0
    of_bias[:] = 0
    for c in range(features.shape[0]):
        row = features[c]
        for m in range(of_weight.shape[0]):
            into, factor = of_weight[m], gradient[c, m]
            of_bias[m] += factor
            for i in range(row.size):
                into[i] += factor * row[i]


@numba.njit(inline="always")
def _of_features(gradient, weight, start, into):
    """Gradient of a stretch of a clip's features, from that of its classes (M,)."""
    into[:] = 0
    for m in range(weight.shape[0]):
        factor, row = gradient[m], weight[m, start : start + into.size]
        for i in range(into.size):
            into[i] += factor * row[i]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def graph_forward(x, adjacency, weights, biases, seeds, steps, least, scale, head, collected, outs, logits):
    """Outputs of graph layers, fold after fold; see ``mmer.models.kernels.graph_convolution``."""
    folds, nodes, clips, _ = x.shape
    most = 0
    for weight in weights:
        most = max(most, weight.shape[1])
    room, other = np.empty(nodes * clips * most, x.dtype), np.empty(nodes * clips * most, x.dtype)
    for k in range(folds):
        for layer in range(len(weights)):
            weight, added = weights[layer][k], biases[layer][k]
            width, channels = weight.shape
            given = x[k] if layer == 0 else outs[layer - 1][k]
            mapped = room[: nodes * clips * width].reshape(nodes * clips, width)
            if channels < width:
                whole, shape = collected[layer][k], (nodes, clips * channels)
                collect(adjacency[k], given.reshape(shape), False, whole.reshape(shape))
                np.dot(whole.reshape(nodes * clips, channels), weight.T, mapped)
                found = mapped
            else:
                np.dot(given.reshape(nodes * clips, channels), weight.T, mapped)
                spread, shape = other[: nodes * clips * width], (nodes, clips * width)
                collect(adjacency[k], mapped.reshape(shape), False, spread.reshape(shape))
                found = spread.reshape(nodes * clips, width)
            low, high = keys(seeds[layer][k], steps[layer][k])
            factor, smallest = x.dtype.type(scale[layer, k]), I32(least[layer, k])
            last = layer == len(weights) - 1
            for n in range(nodes):
                for c in range(clips):
                    start = I32((c * nodes + n) * width)  # see mmer.models.dropout: clips count first
                    row = found[n * clips + c]
                    into = outs[layer][k, c, n] if last else outs[layer][k, n, c]
                    for i in range(width):
                        value = row[i] + added[i]
                        kept = (scrambled(I32(start + I32(i)), low, high) >= smallest) & (value > 0)
                        into[i] = value * factor if kept else value * 0
        if len(logits):
            classify(outs[len(weights) - 1][k].reshape(clips, head[0].shape[2]), head[0][k], head[1][k], logits[k])


@numba.njit(cache=True, nogil=True, error_model="numpy")
def graph_backward(
    gradient, of_logits, x, adjacency, weights, scale, head, collected, outs, found, of_weights, of_biases, of_head
):
    """Gradients of x (where ``found`` is not empty), weights and biases of graph layers, and of the head."""
    folds, nodes, clips, _ = x.shape
    most = 0
    for weight in weights:
        most = max(most, weight.shape[1], weight.shape[2])
    size = nodes * clips * most
    room, other, above = np.empty(size, x.dtype), np.empty(size, x.dtype), np.empty(size, x.dtype)
    for k in range(folds):
        for layer in range(len(weights) - 1, -1, -1):
            weight, total = weights[layer][k], of_biases[layer][k]
            width, channels = weight.shape
            last = layer == len(weights) - 1
            factor = x.dtype.type(scale[layer, k])
            inner = room[: nodes * clips * width].reshape(nodes * clips, width)
            upper = above[: nodes * clips * width].reshape(nodes * clips, width)
            if last and len(of_logits):
                features = outs[layer][k].reshape(clips, nodes * width)
                classify_backward(of_logits[k], features, of_head[0][k], of_head[1][k])
            total[:] = 0
            for n in range(nodes):
                for c in range(clips):
                    row, arrived = inner[n * clips + c], upper[n * clips + c]
                    if last and len(of_logits):
                        _of_features(of_logits[k, c], head[0][k], n * width, arrived)
                    elif last:
                        arrived = gradient[k, c, n]
                    value = outs[layer][k, c, n] if last else outs[layer][k, n, c]
                    for i in range(width):
                        row[i] = arrived[i] * factor if value[i] > 0 else arrived[i] * 0
                    for i in range(width):
                        total[i] += row[i]
            deeper = layer > 0 or len(found) > 0
            below = above[: nodes * clips * channels].reshape(nodes * clips, channels)
            if channels < width:
                np.dot(inner.T, collected[layer][k].reshape(nodes * clips, channels), of_weights[layer][k])
                if deeper:
                    spread = other[: nodes * clips * channels].reshape(nodes * clips, channels)
                    shape = (nodes, clips * channels)
                    np.dot(inner, weight, spread)
                    collect(adjacency[k], spread.reshape(shape), True, below.reshape(shape))
            else:
                given, shape = x[k] if layer == 0 else outs[layer - 1][k], (nodes, clips * width)
                spread = other[: nodes * clips * width].reshape(nodes * clips, width)
                collect(adjacency[k], inner.reshape(shape), True, spread.reshape(shape))
                np.dot(spread.T, given.reshape(nodes * clips, channels), of_weights[layer][k])
                if deeper:
                    np.dot(spread, weight, below)
        if len(found):
            found[k] = above[: found[k].size].reshape(found[k].shape)
