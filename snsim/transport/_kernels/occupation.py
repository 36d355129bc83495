"""The Fermi function on a row of energies, without branches or library calls, so that the compiler makes vectors of it."""

import math

import numpy as np

from microphysics._jit import njit

LARGEST = 600.0  # of eps/T - eta: beyond, f = e^-600, far from underflow in a product
_LOG2_E = 1.4426950408889634
# ln 2 in two pieces: n times the first is exact for |n| < 2^11
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
# a double with biased exponent n + 1023 in its upper bits is 2^n
_BIAS, _MANTISSA = 1023, 52


@njit
def fill_occupation(energy, temperature, eta, occupation, slope):
    """Fill f = 1/(1 + exp(eps/T - eta)) and d ln f/d ln T = (eps/T)(1 - f); |eta| below 600.

    The exponential is 2^n times a Taylor polynomial on |x| < ln(2)/2, right to 4e-16.
    """
    inverse = 1.0 / temperature
    powers = slope.view(np.int64)
    for k in range(energy.size):
        y = -min(energy[k] * inverse - eta, LARGEST)
        n = math.floor(y * _LOG2_E + 0.5)
        r = (y - n * _LN2_HIGH) - n * _LN2_LOW
        p = 1.0 / 3628800.0 + r * (1.0 / 39916800.0 + r * (1.0 / 479001600.0 + r / 6227020800.0))
        p = 1.0 / 720.0 + r * (1.0 / 5040.0 + r * (1.0 / 40320.0 + r * (1.0 / 362880.0 + r * p)))
        occupation[k] = 1.0 + r * (
            1.0 + r * (0.5 + r * (1.0 / 6.0 + r * (1.0 / 24.0 + r * (1.0 / 120.0 + r * p))))
        )
        powers[k] = np.int64(np.int32(n) + _BIAS) << _MANTISSA
    for k in range(energy.size):
        boltzmann = occupation[k] * slope[k]
        empty = 1.0 / (1.0 + boltzmann)
        occupation[k] = boltzmann * empty
        slope[k] = energy[k] * inverse * empty
