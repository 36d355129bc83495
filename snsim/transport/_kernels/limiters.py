"""Flux limiters: the diffusion length Lambda(kappa, g) = lambda(g/kappa)/kappa and its derivative in g.

g = Gamma |d ln x/dr|. All have Lambda -> 1/(3 kappa) for g -> 0 and Lambda g -> 1 for kappa -> 0.
"""

import math

from microphysics._jit import njit

WILSON, LEVERMORE_POMRANING, RATIONAL, MINERBO, LARSEN = 0, 1, 2, 3, 4

# (coth R - 1/R)/R = sum of c_n R^(2n), c_n = 2^(2n+2) B_(2n+2)/(2n+2)!; up to R = 1/2 the rest is below 1e-15. There the
# closed form has lost a few 1e-14 of its slope to cancellation.
_SERIES_END = 0.5
_C0, _C1, _C2, _C3, _C4 = 1.0 / 3.0, -1.0 / 45.0, 2.0 / 945.0, -1.0 / 4725.0, 2.0 / 93555.0
_C5, _C6, _C7 = -1382.0 / 638512875.0, 4.0 / 18243225.0, -3617.0 / 162820783125.0
_C8, _C9 = 87734.0 / 38979295480125.0, -349222.0 / 1531329465290625.0
_OPAQUE = 20.0  # R from which coth R is 1 to double precision


@njit
def _levermore_pomraning(kappa, g):
    """Return Lambda and dLambda/dg of (coth R - 1/R)/R: a series, or one exponential."""
    r = g / kappa
    if r < _SERIES_END:
        s = r * r
        value = _C0 + s * (
            _C1 + s * (_C2 + s * (_C3 + s * (_C4 + s * (_C5 + s * (_C6 + s * (_C7 + s * (_C8 + s * _C9)))))))
        )
        slope = (2.0 * r) * (
            _C1
            + s
            * (
                2.0 * _C2
                + s
                * (
                    3.0 * _C3
                    + s
                    * (
                        4.0 * _C4
                        + s
                        * (5.0 * _C5 + s * (6.0 * _C6 + s * (7.0 * _C7 + s * (8.0 * _C8 + s * 9.0 * _C9))))
                    )
                )
            )
        )
        return value / kappa, slope / (kappa * kappa)
    q = math.exp(-2.0 * r) if r < _OPAQUE else 0.0
    free = 1.0 / (1.0 - q)
    length = ((1.0 + q) * free - 1.0 / r) / g
    return length, ((1.0 / (r * r) - 4.0 * q * free * free) / kappa - length) / g


@njit
def diffusion_length(limiter, power, kappa, g):
    """Lambda and dLambda/dg, cm and cm^2.

    Wilson (Bowers & Wilson 1982), Levermore & Pomraning 1981 (coth R - 1/R)/R, its rational form (2 + R)/(6 + 3R + R^2),
    Minerbo 1978, Larsen (3^n + R^n)^(-1/n) with n = `power`.
    """
    if limiter == WILSON:
        length = 1.0 / (3.0 * kappa + g)
        return length, -length * length
    if limiter == LEVERMORE_POMRANING:
        return _levermore_pomraning(kappa, g)
    r = g / kappa
    if limiter == RATIONAL:
        denominator = kappa * (6.0 + r * (3.0 + r))
        length = (2.0 + r) / denominator
        return length, (1.0 / denominator - length * (3.0 + 2.0 * r) * kappa / denominator) / kappa
    if limiter == LARSEN:
        if r > 1.0:
            base = 1.0 + (3.0 / r) ** power
            length = base ** (-1.0 / power) / g
            return length, -length / (g * base)
        base = 3.0**power + r**power
        length = base ** (-1.0 / power) / kappa
        return length, -length * r ** (power - 1.0) / base / kappa
    if r <= 1.5:
        root = math.sqrt(9.0 + 12.0 * r * r)
        length = 2.0 / (3.0 + root) / kappa
        return length, -length * 12.0 * r / (root * (3.0 + root)) / kappa
    root = math.sqrt(1.0 + 2.0 * r)
    length = 1.0 / (1.0 + r + root) / kappa
    return length, -length * (1.0 + 1.0 / root) / (1.0 + r + root) / kappa


@njit
def diffusion_lengths(limiter, power, kappa, g, length, slope):
    """Fill `length` and `slope` for arrays of kappa and g."""
    if limiter == WILSON:
        for k in range(kappa.size):
            length[k] = 1.0 / (3.0 * kappa[k] + g[k])
            slope[k] = -length[k] * length[k]
    else:
        for k in range(kappa.size):
            length[k], slope[k] = diffusion_length(limiter, power, kappa[k], g[k])
