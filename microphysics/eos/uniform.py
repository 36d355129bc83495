"""Uniform matter: nucleons with an alpha gas in the volume they leave (LS91, sect. 2.3).

Both the matter around nuclei and matter without nuclei. Units: MeV, fm, k_B = 1; energies from neutrons.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from microphysics._jit import njit
from microphysics._kernels.fermi import fermi_half, fermi_half_entropy, inverse_fermi_half
from microphysics.eos.skyrme import Force, bulk_nucleons, density_unit, potentials

__all__ = [
    "ALPHA_VOLUME",
    "BARYONS",
    "CHARGE",
    "ENTROPY",
    "MU_N",
    "MU_P",
    "N_ALPHA",
    "N_N",
    "N_P",
    "OUTSIDE_ROWS",
    "PRESSURE",
    "boltzmann_unit",
    "outside_matter",
    "uniform_degeneracies",
]

Array = NDArray[np.float64]

ALPHA_VOLUME = 24.0  # fm^3
NO_ALPHAS_BELOW = 0.0999  # MeV: colder, all alphas are inside nuclei
_QUANTUM = 2.36e-4  # n_Q/T^1.5 of LS91, 1/(fm^3 MeV^1.5)
_LARGEST_SHARE = 0.999  # of the volume that alphas may fill
_MOST_STEPS = 200

# rows of `outside_matter`
BARYONS, CHARGE, MU_N, MU_P, PRESSURE, ENTROPY, N_N, N_P, N_ALPHA = range(9)
OUTSIDE_ROWS = 9


@njit
def boltzmann_unit(temperature: float) -> float:
    """Return n_Q = (m T/2 pi hbar^2)^(3/2), 1/fm^3."""
    return _QUANTUM * temperature * math.sqrt(temperature)


@njit
def outside_matter(force: Force, temperature: float, eta_p: float, eta_n: float, out: Array) -> bool:
    """Nucleons and alphas at given degeneracies, with derivatives.

    Parameters
    ----------
    force : Force
    temperature : float
        MeV.
    eta_p, eta_n : float
        Degeneracy parameters of the free nucleons, (mu - V)/T.
    out : ndarray, shape (9, 4)
        Filled with value and derivatives to eta_p, eta_n, T of: baryons and charges per fm^3, both chemical
        potentials (MeV), pressure (MeV/fm^3), entropy (1/fm^3), densities of free neutrons and protons in the
        volume left to them and of alphas (1/fm^3).

    Returns
    -------
    bool
        False if alphas would fill the volume.
    """
    t = temperature
    unit = density_unit(t)
    n_n, n_p = unit * fermi_half(1, eta_n), unit * fermi_half(1, eta_p)
    chi_n, chi_p = 0.5 * unit * fermi_half(-1, eta_n), 0.5 * unit * fermi_half(-1, eta_p)
    v, v_n, v_p, like, unlike = potentials(force, n_n, n_p)
    mu_n, mu_p = t * eta_n + v_n, t * eta_p + v_p
    kinetic = 2.0 / 3.0 * unit * t * (fermi_half(3, eta_n) + fermi_half(3, eta_p))
    pressure = kinetic + n_n * v_n + n_p * v_p - v
    entropy = unit * (fermi_half_entropy(eta_n) + fermi_half_entropy(eta_p))

    n_alpha, mu_alpha = 0.0, 0.0
    if t > NO_ALPHAS_BELOW:
        mu_alpha = 2.0 * (mu_n + mu_p) + force.alpha_binding - ALPHA_VOLUME * pressure
        exponent = mu_alpha / t
        if exponent > 50.0:
            return False
        n_alpha = 8.0 * boltzmann_unit(t) * math.exp(exponent)
    free = 1.0 - ALPHA_VOLUME * n_alpha
    if free < 1.0 - _LARGEST_SHARE:
        return False
    out[BARYONS, 0] = free * (n_n + n_p) + 4.0 * n_alpha
    out[CHARGE, 0] = free * n_p + 2.0 * n_alpha
    out[MU_N, 0] = mu_n
    out[MU_P, 0] = mu_p
    out[PRESSURE, 0] = pressure + t * n_alpha
    out[ENTROPY, 0] = free * entropy + n_alpha * (2.5 - mu_alpha / t)
    out[N_N, 0] = n_n
    out[N_P, 0] = n_p
    out[N_ALPHA, 0] = n_alpha

    for c in range(1, 4):
        hot = 1.0 if c == 3 else 0.0
        if c == 1:
            d_n, d_p, d_mu_n, d_mu_p, d_s = 0.0, chi_p, 0.0, t, 1.5 * n_p - eta_p * chi_p
        elif c == 2:
            d_n, d_p, d_mu_n, d_mu_p, d_s = chi_n, 0.0, t, 0.0, 1.5 * n_n - eta_n * chi_n
        else:
            d_n, d_p, d_mu_n, d_mu_p, d_s = 1.5 * n_n / t, 1.5 * n_p / t, eta_n, eta_p, 1.5 * entropy / t
        d_mu_n += like * d_n + unlike * d_p
        d_mu_p += unlike * d_n + like * d_p
        d_pressure = n_n * d_mu_n + n_p * d_mu_p + hot * entropy
        d_mu_alpha = 2.0 * (d_mu_n + d_mu_p) - ALPHA_VOLUME * d_pressure
        d_alpha = n_alpha / t * (d_mu_alpha + hot * (1.5 - mu_alpha / t))
        out[BARYONS, c] = free * (d_n + d_p) + (4.0 - ALPHA_VOLUME * (n_n + n_p)) * d_alpha
        out[CHARGE, c] = free * d_p + (2.0 - ALPHA_VOLUME * n_p) * d_alpha
        out[MU_N, c] = d_mu_n
        out[MU_P, c] = d_mu_p
        out[PRESSURE, c] = d_pressure + t * d_alpha + hot * n_alpha
        out[ENTROPY, c] = (
            free * d_s
            + (2.5 - mu_alpha / t - ALPHA_VOLUME * entropy) * d_alpha
            + n_alpha / t * (hot * mu_alpha / t - d_mu_alpha)
        )
        out[N_N, c] = d_n
        out[N_P, c] = d_p
        out[N_ALPHA, c] = d_alpha
    return True


@njit
def _alpha_excess(
    force: Force, t: float, scarce: float, other: float, n_alpha: float, protons_scarce: bool
) -> tuple[float, float, float]:
    """Return how far alphas lie above their equilibrium, and its slopes to the two nucleon densities.

    The excess is ln(n_alpha/8 n_Q) - mu_alpha/T.
    """
    n_n, n_p = (other, scarce) if protons_scarce else (scarce, other)
    mu_n, mu_p, pressure, _, nn, pp, np_, _, _, _ = bulk_nucleons(force, t, n_n, n_p)
    mu_alpha = 2.0 * (mu_n + mu_p) + force.alpha_binding - ALPHA_VOLUME * pressure
    factor_n, factor_p = 2.0 - ALPHA_VOLUME * n_n, 2.0 - ALPHA_VOLUME * n_p
    slope_n = factor_n * nn + factor_p * np_
    slope_p = factor_n * np_ + factor_p * pp
    excess = math.log(n_alpha / (8.0 * boltzmann_unit(t))) - mu_alpha / t
    if protons_scarce:
        return excess, -slope_p / t, -slope_n / t
    return excess, -slope_n / t, -slope_p / t


@njit
def uniform_degeneracies(
    force: Force, temperature: float, density: float, electron_fraction: float
) -> tuple[float, float]:
    """Degeneracy parameters of protons and neutrons in matter without nuclei.

    Parameters
    ----------
    force : Force
    temperature : float
        MeV.
    density : float
        Baryons, 1/fm^3.
    electron_fraction : float
        Between 0 and 1.

    Returns
    -------
    eta_p, eta_n : float

    Notes
    -----
    One unknown is left: conservation of baryons and charge gives both nucleons from the density of alphas. It
    is the logarithm of the alphas' density where they are a minority, that of the scarcer nucleon's where
    alphas hold nearly all of it, so that neither cancels. The excess rises from -inf to inf over the interval:
    Newton's method inside a bracket cannot fail.
    """
    t = temperature
    unit = density_unit(t)
    n_p, n_n = density * electron_fraction, density * (1.0 - electron_fraction)
    if t <= NO_ALPHAS_BELOW:
        return inverse_fermi_half(n_p / unit), inverse_fermi_half(n_n / unit)
    protons_scarce = n_p <= n_n
    scarce = min(n_p, n_n)  # in all forms, per volume
    surplus = abs(n_n - n_p)
    most = min(0.5 * scarce, _LARGEST_SHARE / ALPHA_VOLUME)
    # which of the two unknowns
    half = 0.5 * most
    free = 1.0 - ALPHA_VOLUME * half
    few = (scarce - 2.0 * half) / free
    excess, _, _ = _alpha_excess(force, t, few, few + surplus / free, half, protons_scarce)
    alphas_few = excess > 0.0 or most < 0.5 * scarce
    if alphas_few:
        low, high = -750.0, math.log(most * (1.0 - 1e-12))
        # the start: no alphas at all
        mu_n, mu_p, pressure, _, _, _, _, _, _, _ = bulk_nucleons(force, t, n_n, n_p)
        z = (2.0 * (mu_n + mu_p) + force.alpha_binding - ALPHA_VOLUME * pressure) / t
        z = min(max(z + math.log(8.0 * boltzmann_unit(t)), low + 1.0), high - 0.1)
    else:
        low, high = -1400.0, math.log(scarce)
        z = math.log(few) - max(-excess, 0.0) / 2.0
        z = max(z, low + 1.0)
    for _ in range(_MOST_STEPS):
        if alphas_few:
            n_alpha = math.exp(z)
            free = 1.0 - ALPHA_VOLUME * n_alpha
            few = (scarce - 2.0 * n_alpha) / free
            # d(density in the free volume)/d n_alpha
            d_few = (ALPHA_VOLUME * few - 2.0) / free
            more = few + surplus / free
            d_more = d_few + ALPHA_VOLUME * surplus / (free * free)
            excess, to_few, to_more = _alpha_excess(force, t, few, more, n_alpha, protons_scarce)
            slope = 1.0 + (to_few * d_few + to_more * d_more) * n_alpha
        else:
            few = math.exp(z)
            n_alpha = (scarce - few) / (2.0 - ALPHA_VOLUME * few)
            free = 1.0 - ALPHA_VOLUME * n_alpha
            d_alpha = (ALPHA_VOLUME * n_alpha - 1.0) / (2.0 - ALPHA_VOLUME * few)
            more = few + surplus / free
            d_more = 1.0 + ALPHA_VOLUME * surplus / (free * free) * d_alpha
            excess, to_few, to_more = _alpha_excess(force, t, few, more, n_alpha, protons_scarce)
            slope = (d_alpha / n_alpha + to_few + to_more * d_more) * few
            excess, slope = -excess, -slope
        if excess > 0.0:
            high = z
        else:
            low = z
        last = z
        z = z - excess / slope if slope > 0.0 else high + 1.0
        if not low < z < high:
            z = 0.5 * (low + high)
        if abs(z - last) < 1e-13 * max(1.0, abs(z)) or high - low < 1e-13 * max(1.0, abs(z)):
            break
    if alphas_few:
        n_alpha = math.exp(z)
        free = 1.0 - ALPHA_VOLUME * n_alpha
        few = (scarce - 2.0 * n_alpha) / free
    else:
        few = math.exp(z)
        free = 1.0 - ALPHA_VOLUME * (scarce - few) / (2.0 - ALPHA_VOLUME * few)
    more = few + surplus / free
    n_n, n_p = (more, few) if protons_scarce else (few, more)
    return inverse_fermi_half(n_p / unit), inverse_fermi_half(n_n / unit)
