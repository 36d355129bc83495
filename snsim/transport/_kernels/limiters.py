"""Flux limiters: the diffusion length Lambda(kappa, g) = lambda(g/kappa)/kappa and its derivative in g.

g = Gamma |d ln x/dr|. All have Lambda -> 1/(3 kappa) for g -> 0 and Lambda g -> 1 for kappa -> 0.
"""

import math

from microphysics._jit import njit

WILSON, LEVERMORE_POMRANING, RATIONAL, MINERBO, LARSEN = 0, 1, 2, 3, 4


@njit
def diffusion_length(limiter, power, kappa, g):
    """Lambda and dLambda/dg, cm and cm^2.

    Wilson (Bowers & Wilson 1982), Levermore & Pomraning 1981 (coth R - 1/R)/R, its rational form (2 + R)/(6 + 3R + R^2),
    Minerbo 1978, Larsen (3^n + R^n)^(-1/n) with n = `power`.
    """
    if limiter == WILSON:
        length = 1.0 / (3.0 * kappa + g)
        return length, -length * length
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
    if limiter == MINERBO:
        if r <= 1.5:
            root = math.sqrt(9.0 + 12.0 * r * r)
            length = 2.0 / (3.0 + root) / kappa
            return length, -length * 12.0 * r / (root * (3.0 + root)) / kappa
        root = math.sqrt(1.0 + 2.0 * r)
        length = 1.0 / (1.0 + r + root) / kappa
        return length, -length * (1.0 + 1.0 / root) / (1.0 + r + root) / kappa
    if r < 0.1:  # the closed form cancels: 3e-12 at 1e-2
        r2 = r * r
        value = 1.0 / 3.0 - r2 * (1.0 / 45.0 - r2 * (2.0 / 945.0 - r2 * (1.0 / 4725.0 - r2 * 2.0 / 93555.0)))
        slope = -r * (2.0 / 45.0 - r2 * (8.0 / 945.0 - r2 * (6.0 / 4725.0 - r2 * 16.0 / 93555.0)))
        return value / kappa, slope / (kappa * kappa)
    coth = 1.0 / math.tanh(r) if r < 20.0 else 1.0
    cosech2 = 1.0 / math.sinh(r) ** 2 if r < 20.0 else 0.0
    length = (coth - 1.0 / r) / g
    return length, ((1.0 / (r * r) - cosech2) / kappa - length) / g
