"""The Tolman-Oppenheimer-Volkoff equations of a barotrope.

Matter is a table, uniform in x = ln density, of ln pressure, ln energy density and their slopes in x. Lengths are in
cm; pressure and energy density are multiplied by G/c^4, densities of mass by G/c^2: 1/cm^2.
"""

import math

import numpy as np

from microphysics._jit import njit

# columns of a table of matter
LN_PRESSURE, PRESSURE_SLOPE, LN_ENERGY, ENERGY_SLOPE = 0, 1, 2, 3
# columns of an integrated star: x, u = r^2, v = Gm/(rc^2), G m_b/c^2 and the slopes du/dx, dv/du
X, U, V, B, DU, DV = 0, 1, 2, 3, 4, 5
STAR = 6
FIRST_STEP = 1e-3  # of a step: so close to the centre the first term of the series is enough
_SHIFTS = (0.0, 0.5, 0.5, 1.0)  # Runge and Kutta's rule of fourth order
_WEIGHTS = (1.0 / 6.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 6.0)


@njit
def matter(first: float, spacing: float, table: np.ndarray, x: float) -> tuple[float, float, float]:
    """Return pressure, energy density and dh/dx of the enthalpy, dh = dP/(e + P): cubic Hermite in the logarithms."""
    place = (x - first) / spacing
    i = min(max(int(place), 0), table.shape[0] - 2)
    t = place - i
    s = 1.0 - t
    h00, h01, h10, h11 = s * s * (1.0 + 2.0 * t), t * t * (3.0 - 2.0 * t), s * s * t, -s * t * t
    p0, p1 = table[i, LN_PRESSURE], table[i + 1, LN_PRESSURE]
    dp0, dp1 = table[i, PRESSURE_SLOPE], table[i + 1, PRESSURE_SLOPE]
    e0, e1 = table[i, LN_ENERGY], table[i + 1, LN_ENERGY]
    de0, de1 = table[i, ENERGY_SLOPE], table[i + 1, ENERGY_SLOPE]
    pressure = math.exp(h00 * p0 + h01 * p1 + spacing * (h10 * dp0 + h11 * dp1))
    energy = math.exp(h00 * e0 + h01 * e1 + spacing * (h10 * de0 + h11 * de1))
    slope = 6.0 * s * t * (p1 - p0) / spacing + s * (1.0 - 3.0 * t) * dp0 + t * (3.0 * t - 2.0) * dp1
    return pressure, energy, pressure * slope / (energy + pressure)


@njit
def slopes(u: float, v: float, density: float, pressure: float, energy: float) -> tuple[float, float, float]:
    """Return du/dh, dv/dh and d(G m_b/c^2)/dh, regular at the centre, where u and v vanish together.

    Lindblom & Indik 2012, Phys. Rev. D 86, 084003, section II; the rest mass fills the proper volume.
    """
    weight = 4.0 * math.pi * u * pressure + v
    du = -2.0 * u * (1.0 - 2.0 * v) / weight
    dv = -(1.0 - 2.0 * v) * (4.0 * math.pi * u * energy - v) / weight
    return du, dv, 2.0 * math.pi * math.sqrt(u) * density * du / math.sqrt(1.0 - 2.0 * v)


@njit
def integrate(
    first: float,
    spacing: float,
    table: np.ndarray,
    g_over_c2: float,
    begin: float,
    end: float,
    u: float,
    v: float,
    out: np.ndarray,
) -> int:
    """Integrate from x = `begin` to `end`, equal steps, one row of `out` a step; u = 0 starts at a centre.

    Returns how many rows are good: fewer than asked for where the mass falls to zero or into its horizon.
    """
    steps = out.shape[0] - 1
    x, b = begin, 0.0
    for i in range(steps + 1):
        p, e, dh = matter(first, spacing, table, x)
        out[i, X], out[i, U], out[i, V], out[i, B] = x, u, v, b
        following = begin + (i + 1) * (end - begin) / steps
        if u == 0.0:
            out[i, DU] = -1.5 / (math.pi * (e + 3.0 * p)) * dh
            out[i, DV] = 4.0 * math.pi / 3.0 * e
            small = FIRST_STEP * (following - x)
            x, u = x + small, small * out[i, DU]
            v = u * out[i, DV]
            b = 4.0 * math.pi / 3.0 * math.exp(x) * g_over_c2 * u**1.5
        else:
            d = slopes(u, v, math.exp(x) * g_over_c2, p, e)
            out[i, DU], out[i, DV] = d[0] * dh, d[1] / d[0]
        if i == steps:
            break
        step = following - x
        du = dv = db = sum_u = sum_v = sum_b = 0.0
        for stage in range(4):
            shift, weight = _SHIFTS[stage], _WEIGHTS[stage]
            u_here, v_here, x_here = u + shift * du, v + shift * dv, x + shift * step
            if not (u_here > 0.0 and 0.0 < v_here < 0.5):
                return i + 1
            p, e, dh = matter(first, spacing, table, x_here)
            d = slopes(u_here, v_here, math.exp(x_here) * g_over_c2, p, e)
            du, dv, db = step * dh * d[0], step * dh * d[1], step * dh * d[2]
            sum_u, sum_v, sum_b = sum_u + weight * du, sum_v + weight * dv, sum_b + weight * db
        x, u, v, b = following, u + sum_u, v + sum_v, b + sum_b
        if not (u > 0.0 and 0.0 < v < 0.5):
            return i + 1
    return steps + 1
