"""Matter with nuclei: compressible liquid drops in a gas of nucleons and alphas (LS91, sect. 2.4 to 2.8).

The free energy per volume is u f_bulk(n_i, x) + phi(u, n_i, x, T) + (1 - u) f_out, where nuclei of density n_i
and proton fraction x fill the share u, and phi holds surface, Coulomb and translational energy. The equations
are its stationarity at given baryons and charge; they need the first derivatives of phi, their Jacobian and
the heat capacity the second. Units: MeV, fm, k_B = 1; energies from neutrons.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from microphysics._jit import njit
from microphysics.eos.skyrme import SATURATION_DENSITY, Force, bulk_nucleons
from microphysics.eos.uniform import (
    BARYONS,
    CHARGE,
    ENTROPY,
    MU_N,
    MU_P,
    PRESSURE,
    boltzmann_unit,
    outside_matter,
)

__all__ = [
    "LARGEST_FILLING",
    "TRANSLATION_NUMBER",
    "drop_equations",
    "finite_size",
    "nucleus_radius",
    "respond",
    "surface_coulomb",
]

Array = NDArray[np.float64]

SURFACE_TENSION = 1.15  # sigma_s, MeV/fm^2
SURFACE_SYMMETRY = 45.8  # S_s, MeV
SURFACE_COULOMB = 6.035204  # 9 (pi e^2/15)^(1/3) of LS91, MeV^(1/3) fm^(1/3)
TRANSLATION_NUMBER = 60.0  # A_0, mass number in the translational energy
LARGEST_FILLING = 0.998
_R0_SQUARED = (3.0 / (4.0 * math.pi * SATURATION_DENSITY)) ** (2.0 / 3.0)
_Q = 384.0 * math.pi * _R0_SQUARED * SURFACE_TENSION / SURFACE_SYMMETRY - 16.0
_LOG_A0 = 2.5 * math.log(TRANSLATION_NUMBER)


@njit
def _filling_function(u: float) -> tuple[float, float, float]:
    """D(u) of LS91, eq. 2.28, and its first two derivatives.

    d(u) = 1 - 3/2 a + a^3/2 with a = u^(1/3) is (1-a)^2 (2+a)/2, which does not cancel.
    """
    w = 1.0 - u
    a, b = u ** (1.0 / 3.0), w ** (1.0 / 3.0)
    one_a, one_b = -math.expm1(math.log(u) / 3.0), -math.expm1(math.log1p(-u) / 3.0)
    f = (0.5 * (2.0 + a) * one_a * one_a) ** (1.0 / 3.0)
    g = (0.5 * (2.0 + b) * one_b * one_b) ** (1.0 / 3.0)
    # logarithmic derivatives to u of f = d(u)^(1/3) and g = d(1-u)^(1/3)
    a1, b1 = a / (3.0 * u), b / (3.0 * w)
    ea, eb = (2.0 + a) * one_a, (2.0 + b) * one_b
    lf, lg = -a1 * (1.0 + a) / ea, b1 * (1.0 + b) / eb
    lf1 = 2.0 * a1 / (3.0 * u) * (1.0 + a) / ea - (a1 / ea) ** 2 * (3.0 + 2.0 * a + a * a)
    lg1 = 2.0 * b1 / (3.0 * w) * (1.0 + b) / eb - (b1 / eb) ** 2 * (3.0 + 2.0 * b + b * b)
    f1, f2 = f * lf, f * (lf * lf + lf1)
    g1, g2 = g * lg, g * (lg * lg + lg1)
    top, top1 = w * f + u * g, g - f + w * f1 + u * g1
    top2 = 2.0 * (g1 - f1) + w * f2 + u * g2
    p, p1 = u * w, w - u
    bottom = u * u + w * w + 0.6 * p * p
    bottom1 = -2.0 * p1 + 1.2 * p * p1
    bottom2 = 4.0 + 1.2 * (p1 * p1 - 2.0 * p)
    ratio = top / bottom
    ratio1 = (top1 - ratio * bottom1) / bottom
    ratio2 = (top2 - 2.0 * ratio1 * bottom1 - ratio * bottom2) / bottom
    return p * ratio, p1 * ratio + p * ratio1, -2.0 * ratio + 2.0 * p1 * ratio1 + p * ratio2


@njit
def _surface(force: Force, x: float, t: float) -> tuple[float, ...]:
    """Surface tension sigma and thermal factor h of LS91, eq. 2.24 to 2.26.

    Returns sigma, (ln sigma)', (ln sigma)'' in x; h, h_x, h_T, h_xx, h_xT, h_TT.
    """
    y = 1.0 - x
    x3, y3 = x**-3, y**-3
    q = _Q + x3 + y3
    q1 = 3.0 * (y3 / y - x3 / x)
    q2 = 12.0 * (x3 / (x * x) + y3 / (y * y))
    s1 = -q1 / q
    r, r1 = 1.0 / x - 1.0 / y, -1.0 / (x * x) - 1.0 / (y * y)
    ratio = t / (force.critical * x * y)
    tau = ratio * ratio
    tau_x, tau_t = -2.0 * tau * r, 2.0 * tau / t
    tau_xx, tau_xt, tau_tt = tau * (4.0 * r * r - 2.0 * r1), -4.0 * tau * r / t, 2.0 * tau / (t * t)
    rest = 1.0 - tau
    return (
        SURFACE_TENSION * (16.0 + _Q) / q,
        s1,
        s1 * s1 - q2 / q,
        rest * rest,
        -2.0 * rest * tau_x,
        -2.0 * rest * tau_t,
        2.0 * (tau_x * tau_x - rest * tau_xx),
        2.0 * (tau_x * tau_t - rest * tau_xt),
        2.0 * (tau_t * tau_t - rest * tau_tt),
    )


@njit
def finite_size(force: Force, u: float, n: float, x: float, t: float) -> tuple[float, ...]:
    """Surface, Coulomb and translational free energy per volume, phi = zeta D + W.

    Parameters
    ----------
    force : Force
    u, n, x : float
        Filled share, density (1/fm^3) and proton fraction of the nuclei.
    t : float
        Temperature below the critical one, MeV.

    Returns
    -------
    tuple of float
        phi (MeV/fm^3) and its derivatives u, n, x, T, uu, un, ux, uT, nn, nx, nT, xx, xT, TT.
    """
    sigma, s1, s2, h, h_x, h_t, h_xx, h_xt, h_tt = _surface(force, x, t)
    d, d1, d2 = _filling_function(u)
    # zeta D: L = ln zeta
    zeta = SURFACE_COULOMB * (h * sigma * x * n) ** (2.0 / 3.0)
    c = 2.0 / 3.0
    l_n, l_x, l_t = c / n, c * (h_x / h + s1 + 1.0 / x), c * h_t / h
    l_xx = c * (h_xx / h - (h_x / h) ** 2 + s2 - 1.0 / (x * x))
    l_xt = c * (h_xt / h - h_x * h_t / (h * h))
    l_tt = c * (h_tt / h - (h_t / h) ** 2)
    z = zeta * d
    # W = g h (m - T)/A_0 with g = u (1-u) n and m = T ln(g/(n_Q A_0^5/2)), so that dW/dg = h m/A_0
    w = 1.0 - u
    g, g_u, g_n, g_uu, g_un = u * w * n, (w - u) * n, u * w, -2.0 * n, w - u
    m = t * (math.log(g / boltzmann_unit(t)) - _LOG_A0)
    o = 1.0 / TRANSLATION_NUMBER
    k0, k1, k2 = m - t, m / t - 2.5, m / t - 1.5  # m - T, its derivative to T, that of m
    w_g, w_gg, w_gx, w_gt = o * h * m, o * h * t / g, o * h_x * m, o * (h_t * m + h * k2)
    w_x, w_t = o * g * h_x * k0, o * g * (h_t * k0 + h * k1)
    w_xx, w_xt = o * g * h_xx * k0, o * g * (h_xt * k0 + h_x * k1)
    w_tt = o * g * (h_tt * k0 + 2.0 * h_t * k1 - 1.5 * h / t)
    return (
        z + o * g * h * k0,
        zeta * d1 + w_g * g_u,
        z * l_n + w_g * g_n,
        z * l_x + w_x,
        z * l_t + w_t,
        zeta * d2 + w_gg * g_u * g_u + w_g * g_uu,
        zeta * d1 * l_n + w_gg * g_u * g_n + w_g * g_un,
        zeta * d1 * l_x + w_gx * g_u,
        zeta * d1 * l_t + w_gt * g_u,
        z * (l_n * l_n - c / (n * n)) + w_gg * g_n * g_n,
        z * l_n * l_x + w_gx * g_n,
        z * l_n * l_t + w_gt * g_n,
        z * (l_xx + l_x * l_x) + w_xx,
        z * (l_xt + l_x * l_t) + w_xt,
        z * (l_tt + l_t * l_t) + w_tt,
    )


@njit
def surface_coulomb(force: Force, n: float, x: float, t: float) -> tuple[float, float, float]:
    """Return zeta (MeV/fm^3), sigma (MeV/fm^2) and h of nuclei of density n (1/fm^3) and proton fraction x."""
    sigma, _, _, h, _, _, _, _, _ = _surface(force, x, t)
    return SURFACE_COULOMB * (h * sigma * x * n) ** (2.0 / 3.0), sigma, h


@njit
def nucleus_radius(force: Force, u: float, n: float, x: float, t: float) -> float:
    """Radius of the nucleus (of the bubble for u > 1/2), fm: r = 9 h sigma u (1-u)/(2 zeta D)."""
    zeta, sigma, h = surface_coulomb(force, n, x, t)
    return 4.5 * h * sigma * u * (1.0 - u) / (zeta * _filling_function(u)[0])


@njit
def drop_equations(
    force: Force,
    temperature: float,
    density: float,
    electron_fraction: float,
    n: float,
    eta_p: float,
    eta_n: float,
    outside: Array,
    equations: Array,
) -> tuple[bool, float, float]:
    """Equilibrium of nuclei with the matter around them, and its Jacobian.

    Parameters
    ----------
    force : Force
    temperature, density, electron_fraction : float
        MeV, baryons per fm^3, 1.
    n : float
        Density inside the nuclei, 1/fm^3.
    eta_p, eta_n : float
        Degeneracy parameters of the nucleons outside.
    outside : ndarray, shape (9, 4)
        Work space, left as `outside_matter` fills it.
    equations : ndarray, shape (5, 6)
        Filled with value and derivatives to n, eta_p, eta_n, T, density of: the differences inside less outside
        of pressure (MeV/fm^3), proton and neutron potential (MeV); total baryonic pressure (MeV/fm^3; value
        only) and entropy (1/fm^3).

    Returns
    -------
    valid : bool
        False where no such matter exists: conservation wants u or x outside their bounds, or T is supercritical.
    u, x : float
        Filled share and proton fraction inside.
    """
    t, ye = temperature, electron_fraction
    if not outside_matter(force, t, eta_p, eta_n, outside):
        return False, 0.0, 0.0
    gap = n - outside[BARYONS, 0]
    if gap <= 0.0:
        return False, 0.0, 0.0
    u = (density - outside[BARYONS, 0]) / gap
    if not 0.0 < u < LARGEST_FILLING:
        return False, u, 0.0
    w = 1.0 - u
    x = (density * ye - w * outside[CHARGE, 0]) / (u * n)
    if not 0.01 < x < 0.65:
        return False, u, x
    y = 1.0 - x
    if t >= 0.9999 * force.critical * x * y:
        return False, u, x
    mu_n, mu_p, pressure, entropy, nn, pp, np_, mu_n_t, mu_p_t, s_t = bulk_nucleons(force, t, y * n, x * n)
    f, f_u, f_n, f_x, f_t, f_uu, f_un, f_ux, f_ut, f_nn, f_nx, f_nt, f_xx, f_xt, f_tt = finite_size(
        force, u, n, x, t
    )
    by_n, by_x = f_n / u, f_x / (u * n)
    equations[0, 0] = pressure - (f_u - n * by_n) - outside[PRESSURE, 0]
    equations[1, 0] = mu_p + (by_n + y * by_x) - outside[MU_P, 0]
    equations[2, 0] = mu_n + (by_n - x * by_x) - outside[MU_N, 0]
    equations[3, 0] = outside[PRESSURE, 0] - f + u * f_u
    equations[4, 0] = u * entropy + w * outside[ENTROPY, 0] - f_t
    for c in range(1, 6):
        d_n = 1.0 if c == 1 else 0.0
        d_t = 1.0 if c == 4 else 0.0
        d_density = 1.0 if c == 5 else 0.0
        d_out = d_charge = d_mu_n = d_mu_p = d_pressure = d_entropy = 0.0
        if 2 <= c <= 4:
            d_out, d_charge = outside[BARYONS, c - 1], outside[CHARGE, c - 1]
            d_mu_n, d_mu_p = outside[MU_N, c - 1], outside[MU_P, c - 1]
            d_pressure, d_entropy = outside[PRESSURE, c - 1], outside[ENTROPY, c - 1]
        d_u = (d_density - w * d_out - u * d_n) / gap
        d_x = (ye * d_density + outside[CHARGE, 0] * d_u - w * d_charge) / (u * n) - x * (d_u / u + d_n / n)
        in_n, in_p = y * d_n - n * d_x, x * d_n + n * d_x
        in_mu_n = nn * in_n + np_ * in_p + mu_n_t * d_t
        in_mu_p = np_ * in_n + pp * in_p + mu_p_t * d_t
        in_pressure = n * (y * in_mu_n + x * in_mu_p) + entropy * d_t
        in_entropy = s_t * d_t - mu_n_t * in_n - mu_p_t * in_p
        d_f_u = f_uu * d_u + f_un * d_n + f_ux * d_x + f_ut * d_t
        d_f_n = f_un * d_u + f_nn * d_n + f_nx * d_x + f_nt * d_t
        d_f_x = f_ux * d_u + f_nx * d_n + f_xx * d_x + f_xt * d_t
        d_f_t = f_ut * d_u + f_nt * d_n + f_xt * d_x + f_tt * d_t
        d_by_n = d_f_n / u - by_n * d_u / u
        d_by_x = d_f_x / (u * n) - by_x * (d_u / u + d_n / n)
        equations[0, c] = in_pressure - d_f_u + d_n * by_n + n * d_by_n - d_pressure
        equations[1, c] = in_mu_p + d_by_n + y * d_by_x - by_x * d_x - d_mu_p
        equations[2, c] = in_mu_n + d_by_n - x * d_by_x - by_x * d_x - d_mu_n
        equations[4, c] = d_u * (entropy - outside[ENTROPY, 0]) + u * in_entropy + w * d_entropy - d_f_t
    return True, u, x


@njit
def respond(equations: Array, column: int, change: Array) -> bool:
    """Change of the three unknowns that cancels a column of the equations.

    Parameters
    ----------
    equations : ndarray, shape (5, 6)
        As `drop_equations` fills it.
    column : int
        0: a Newton step; 4 or 5: what the unknowns do per change of T or of the density.
    change : ndarray, shape (3,)
        Filled.

    Returns
    -------
    bool
        False if the equations are singular.
    """
    a, b, c = equations[0, 1], equations[0, 2], equations[0, 3]
    d, e, f = equations[1, 1], equations[1, 2], equations[1, 3]
    g, h, i = equations[2, 1], equations[2, 2], equations[2, 3]
    p, q, r = e * i - f * h, f * g - d * i, d * h - e * g
    determinant = a * p + b * q + c * r
    if not abs(determinant) > 0.0:
        return False
    x, y, z = -equations[0, column], -equations[1, column], -equations[2, column]
    change[0] = (x * p + y * (c * h - b * i) + z * (b * f - c * e)) / determinant
    change[1] = (x * q + y * (a * i - c * g) + z * (c * d - a * f)) / determinant
    change[2] = (x * r + y * (b * g - a * h) + z * (a * e - b * d)) / determinant
    return True
