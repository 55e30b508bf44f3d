"""The loops over the parameters of a stack whose members have learning rates of their own.

All tensors are (K, n), numbers of members are (K,). See ``mmer.training.member_optimizer``.
"""

import numba
import numpy as np

# numba decides the type of a number by what it is written as, so numbers are cast to that of the tensors.


@numba.njit(cache=True, nogil=True, error_model="numpy")
def adam_step(values, gradient, mean, square, rate, decay, shrink, betas, root, eps):
    """One step of Adam: ``rate`` divided by the bias of the mean, ``root`` of the bias of the squares."""
    kind = values.dtype.type
    one, two = kind(1 - betas[0]), kind(1 - betas[1])
    keep, divisor, least = kind(betas[1]), kind(root), kind(eps)
    for k in range(len(values)):
        step, penalty, factor = kind(rate[k]), kind(decay[k]), kind(shrink[k])
        into, given, first, second = values[k], gradient[k], mean[k], square[k]
        for i in range(into.size):
            g = given[i] + penalty * into[i]
            m = first[i] + (g - first[i]) * one
            s = second[i] * keep + two * g * g
            first[i], second[i] = m, s
            into[i] = into[i] * factor - step * m / (np.sqrt(s) / divisor + least)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def sgd_step(values, gradient, speed, rate, decay, momentum):
    """One step of gradient descent with momentum; ``speed`` is 0 before the first."""
    kind = values.dtype.type
    for k in range(len(values)):
        step, penalty, keep = kind(rate[k]), kind(decay[k]), kind(momentum[k])
        into, given, running = values[k], gradient[k], speed[k]
        for i in range(into.size):
            running[i] = running[i] * keep + (given[i] + penalty * into[i])
            into[i] -= step * running[i]
