"""Saha equilibrium of nucleons, alphas and one nucleus: kernels for composition, entropy, and T from entropy.

The two public kernels serve `nse.py`; units are MeV and fm.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from microphysics._jit import njit
from microphysics._kernels.fermi import fermi_half, inverse_fermi_half
from microphysics.constants import CODATA
from microphysics.eos.electron_gas import (
    electron_chemical_potential,
    electron_chemical_potential_near,
    electron_gas,
    photon_gas,
)
from microphysics.eos.nucleons import nucleon_density_unit, nucleon_gas, quantum_density

__all__ = [
    "ALPHA_BINDING",
    "NUCLEI",
    "NUCLEONS",
    "OUTSIDE",
    "SAHA",
    "SOLVED",
    "fill_state",
    "fill_temperature",
    "saha_equilibrium",
    "total_entropy",
]

Array = NDArray[np.float64]

ALPHA_BINDING = 28.296  # MeV (AME2020, Wang et al. 2021, Chin. Phys. C 45, 030003, to 1e-5)

# what the baryons may be
SAHA, NUCLEONS, NUCLEI = 0, 1, 2
# how a solution ended
SOLVED, FAILED, OUTSIDE = 0, 1, 2

_NEUTRON_MASS = CODATA.neutron_mass
_PROTON_MASS = CODATA.proton_mass
_ATOMIC_MASS = CODATA.atomic_mass


@njit
def _nuclear_mass(a: float, z: float, binding: float) -> float:
    """Z m_p + (A - Z) m_n - B, MeV."""
    return z * _PROTON_MASS + (a - z) * _NEUTRON_MASS - binding


@njit
def _abundances(
    eta_n: float,
    delta: float,
    unit_n: float,
    unit_p: float,
    ln_alpha: float,
    ln_heavy: float,
    a: float,
    z: float,
) -> tuple[float, float, float, float, float, float]:
    """Numbers per baryon of n, p, alpha, nucleus, then d/deta of the first two; eta_p = eta_n - delta."""
    eta_p = eta_n - delta
    return (
        unit_n * fermi_half(1, eta_n),
        unit_p * fermi_half(1, eta_p),
        math.exp(ln_alpha + 4.0 * eta_n - 2.0 * delta),
        math.exp(ln_heavy + a * eta_n - z * delta),
        0.5 * unit_n * fermi_half(-1, eta_n),
        0.5 * unit_p * fermi_half(-1, eta_p),
    )


@njit
def _fill_with_baryons(
    delta: float,
    unit_n: float,
    unit_p: float,
    ln_alpha: float,
    ln_heavy: float,
    a: float,
    z: float,
    caps: Array,
) -> float:
    """Return eta_n at which all species together hold one baryon per baryon, at fixed delta = eta_n - eta_p.

    The logarithm of the sum rises with a slope between (about) 1 and A and is convex but for the degeneracy
    of the nucleons. The root lies between where the first species alone would hold a quarter, and where it
    would hold all. `caps` are eta_n, eta_p of pure neutrons and protons, full and quarter.
    """
    highest = min(caps[0], caps[1] + delta)
    highest = min(highest, (-math.log(4.0) - ln_alpha + 2.0 * delta) / 4.0)
    highest = min(highest, (-math.log(a) - ln_heavy + z * delta) / a)
    lowest = min(caps[2], caps[3] + delta)
    lowest = min(lowest, (-math.log(16.0) - ln_alpha + 2.0 * delta) / 4.0)
    lowest = min(lowest, (-math.log(4.0 * a) - ln_heavy + z * delta) / a)
    eta_n = highest
    for _ in range(60):
        n, p, alpha, heavy, dn, dp = _abundances(eta_n, delta, unit_n, unit_p, ln_alpha, ln_heavy, a, z)
        total = n + p + 4.0 * alpha + a * heavy
        residual = math.log(total)
        if residual > 0.0:
            highest = eta_n
        else:
            lowest = eta_n
        last = eta_n
        eta_n -= residual * total / (dn + dp + 16.0 * alpha + a * a * heavy)
        if abs(residual) < 1e-9:  # the step just taken leaves about A^2 times the square of this
            break
        if not lowest < eta_n < highest:
            eta_n = 0.5 * (lowest + highest)
            if eta_n == last or eta_n == lowest or eta_n == highest:
                break
    return eta_n


@njit
def saha_equilibrium(
    density: float,
    temperature: float,
    electron_fraction: float,
    mass_number: float,
    charge_number: float,
    binding: float,
    alpha_binding: float,
    guess: float,
) -> tuple[int, float, float, float, float, float, float]:
    """Composition in equilibrium: Fermi-gas nucleons, Boltzmann alphas and nuclei.

    Parameters
    ----------
    density : float
        Baryons per fm^3.
    temperature : float
        MeV.
    electron_fraction : float
        Protons, bound ones included, per baryon.
    mass_number, charge_number, binding : float
        A, Z and binding energy (MeV) of the nucleus, A > Z > 0.
    alpha_binding : float
        Binding energy of the alpha particle, MeV.
    guess : float
        eta_n - eta_p near the answer; NaN means none is known.

    Returns
    -------
    status : int
        0 when solved.
    eta_n, eta_p : float
        Degeneracy parameters, each from its own rest mass.
    x_n, x_p, x_alpha, x_heavy : float
        Mass fractions, sum 1.

    Notes
    -----
    Two nested monotone problems, so that no start can be too poor. Inside, baryon number fixes eta_n at given
    delta = eta_n - eta_p. Outside, delta follows from the combination of charge and baryon number that the
    nucleus drops out of, with N = A - Z and Y numbers per baryon,

        Z Y_n - N Y_p + 2 (Z - N) Y_alpha = Z - A Y_e,

    which keeps traces of free nucleons exact however few they are. Its left side rises with delta at fixed
    baryon number because the pressure is convex in the chemical potentials. It is solved as the logarithm of
    the ratio of its positive to its negative terms, which is nearly linear in delta, by Newton's method
    inside a bracket.
    """
    a, z = mass_number, charge_number
    n_minus_z = a - 2.0 * z
    t = temperature
    unit_n = nucleon_density_unit(t, _NEUTRON_MASS) / density
    unit_p = nucleon_density_unit(t, _PROTON_MASS) / density
    n_q_alpha = quantum_density(t, _nuclear_mass(4.0, 2.0, alpha_binding))
    ln_alpha = math.log(n_q_alpha / density) + alpha_binding / t
    ln_heavy = math.log(quantum_density(t, _nuclear_mass(a, z, binding)) / density) + binding / t
    caps = np.array(
        [
            inverse_fermi_half(1.0 / unit_n),
            inverse_fermi_half(1.0 / unit_p),
            inverse_fermi_half(0.25 / unit_n),
            inverse_fermi_half(0.25 / unit_p),
        ]
    )
    excess = z - a * electron_fraction
    delta = guess
    if not abs(delta) < math.inf:
        delta = _initial_delta(unit_n, unit_p, ln_alpha, ln_heavy, a, z, electron_fraction)
    lowest, highest = -math.inf, math.inf
    reach = 1.0
    status = FAILED
    settled = False
    eta_n = caps[0]
    for _ in range(200):
        eta_n = _fill_with_baryons(delta, unit_n, unit_p, ln_alpha, ln_heavy, a, z, caps)
        n, p, alpha, heavy, dn, dp = _abundances(eta_n, delta, unit_n, unit_p, ln_alpha, ln_heavy, a, z)
        # d eta_n / d delta at fixed baryon number
        slope = (dp + 8.0 * alpha + a * z * heavy) / (dn + dp + 16.0 * alpha + a * a * heavy)
        alpha_slope = alpha * (4.0 * slope - 2.0)
        positive, d_positive = z * n, z * dn * slope
        negative, d_negative = (a - z) * p, (a - z) * dp * (slope - 1.0)
        if n_minus_z > 0.0:
            negative += 2.0 * n_minus_z * alpha
            d_negative += 2.0 * n_minus_z * alpha_slope
        else:
            positive -= 2.0 * n_minus_z * alpha
            d_positive -= 2.0 * n_minus_z * alpha_slope
        if excess > 0.0:
            negative += excess
        else:
            positive -= excess
        if positive < negative:
            lowest = delta
        else:
            highest = delta
        step = math.nan
        if positive > 0.0 and negative > 0.0:
            rate = d_positive / positive - d_negative / negative
            if rate > 0.0:
                step = math.log(negative / positive) / rate
        if settled:
            status = SOLVED
            break
        if abs(step) < 1e-7:  # Newton leaves about A times the square of this; then evaluate once more
            settled = True
            delta += step
            continue
        if not abs(step) < math.inf:
            step = math.inf if positive < negative else -math.inf
        if highest - lowest == math.inf:  # no bracket yet: go on, in growing strides
            delta += max(-reach, min(reach, step))
            reach *= 2.0
        elif lowest < delta + step < highest:
            delta += step
        else:
            delta = 0.5 * (lowest + highest)
            if delta == lowest or delta == highest:  # closed to rounding
                status = SOLVED
                break
    total = n + p + 4.0 * alpha + a * heavy
    return status, eta_n, eta_n - delta, n / total, p / total, 4.0 * alpha / total, a * heavy / total


@njit
def _initial_delta(
    unit_n: float, unit_p: float, ln_alpha: float, ln_heavy: float, a: float, z: float, ye: float
) -> float:
    """Guess eta_n - eta_p: free nucleons or, where these would make too many nuclei, nuclei and the rest."""
    eta_n = inverse_fermi_half((1.0 - ye) / unit_n)
    eta_p = inverse_fermi_half(ye / unit_p)
    ln_y = ln_heavy + (a - z) * eta_n + z * eta_p
    if ln_y < 0.0 and ln_alpha + 2.0 * (eta_n + eta_p) < 0.0:
        return eta_n - eta_p
    excess = z - a * ye
    if excess > 0.0:  # all protons in nuclei, neutrons left over
        eta_n = inverse_fermi_half(excess / z / unit_n)
        eta_p = (math.log(ye / z) - ln_heavy - (a - z) * eta_n) / z
    elif excess < 0.0:
        eta_p = inverse_fermi_half(-excess / (a - z) / unit_p)
        eta_n = (math.log((1.0 - ye) / (a - z)) - ln_heavy - z * eta_p) / (a - z)
    return eta_n - eta_p


@njit
def _boltzmann_entropy(density: float, temperature: float, mass: float) -> float:
    """Entropy of a spinless ideal gas, k_B/fm^3 (Sackur-Tetrode)."""
    if density <= 0.0:
        return 0.0
    # in two logarithms: the ratio of a trace would overflow
    return density * (2.5 + math.log(quantum_density(temperature, mass)) - math.log(density))


@njit
def _baryons(
    kind: int,
    density: float,
    temperature: float,
    electron_fraction: float,
    nucleus: tuple[float, float, float, float],
    guess: float,
) -> tuple[int, float, float, float, float, float, float, float, float]:
    """Composition, pressure (MeV/fm^3) and entropy (k_B/fm^3) of the baryons.

    Returns status, eta_n, eta_p, x_n, x_p, x_alpha, x_heavy, pressure, entropy. `nucleus` as in
    `total_entropy`.
    """
    a, z, binding, alpha_binding = nucleus
    if kind == NUCLEI:
        n = density / a
        entropy = _boltzmann_entropy(n, temperature, a * _ATOMIC_MASS)
        return SOLVED, math.nan, math.nan, 0.0, 0.0, 0.0, 1.0, n * temperature, entropy
    if kind == NUCLEONS:
        status, x_alpha, x_heavy = SOLVED, 0.0, 0.0
        x_n, x_p = 1.0 - electron_fraction, electron_fraction
        eta_n = inverse_fermi_half(density * x_n / nucleon_density_unit(temperature, _NEUTRON_MASS))
        eta_p = inverse_fermi_half(density * x_p / nucleon_density_unit(temperature, _PROTON_MASS))
    else:
        status, eta_n, eta_p, x_n, x_p, x_alpha, x_heavy = saha_equilibrium(
            density, temperature, electron_fraction, a, z, binding, alpha_binding, guess
        )
    _, _, pressure_n, entropy_n = nucleon_gas(temperature, eta_n, _NEUTRON_MASS)
    _, _, pressure_p, entropy_p = nucleon_gas(temperature, eta_p, _PROTON_MASS)
    n_alpha, n_heavy = density * x_alpha / 4.0, density * x_heavy / a
    pressure = pressure_n + pressure_p + (n_alpha + n_heavy) * temperature
    entropy = entropy_n + entropy_p + _boltzmann_entropy(n_heavy, temperature, _nuclear_mass(a, z, binding))
    entropy += _boltzmann_entropy(n_alpha, temperature, _nuclear_mass(4.0, 2.0, alpha_binding))
    return status, eta_n, eta_p, x_n, x_p, x_alpha, x_heavy, pressure, entropy


@njit
def total_entropy(
    kind: int,
    density: float,
    temperature: float,
    electron_fraction: float,
    nucleus: tuple[float, float, float, float],
    guess_mu: float,
    guess_delta: float,
) -> tuple[int, float, float, float]:
    """Entropy of baryons, electrons, positrons and photons, k_B per baryon.

    Parameters
    ----------
    kind : int
        0 Saha equilibrium, 1 free nucleons only, 2 nuclei only.
    density : float
        Baryons per fm^3.
    temperature, electron_fraction : float
        MeV, 1.
    nucleus : tuple of float
        A, Z and binding energy (MeV) of the nucleus, binding energy of the alpha particle.
    guess_mu, guess_delta : float
        mu_e (MeV, 0 where unknown) and (mu_n - mu_p)/T (NaN where unknown) near the answer.

    Returns
    -------
    status : int
    entropy, mu_e, delta : float
        The last two serve as the next guesses.
    """
    mu = electron_chemical_potential_near(density * electron_fraction, temperature, guess_mu)
    electrons = electron_gas(temperature, mu)[5]
    photons = photon_gas(temperature)[2]
    status, eta_n, eta_p, _, _, _, _, _, baryons = _baryons(
        kind, density, temperature, electron_fraction, nucleus, guess_delta
    )
    return status, (electrons + photons + baryons) / density, mu, eta_n - eta_p


@njit
def _initial_temperature(density: float, entropy: float) -> float:
    """Guess T: what radiation with relativistic pairs, or nucleons, need alone; the lower of the two."""
    unit = nucleon_density_unit(1.0, _NEUTRON_MASS)
    radiation = (entropy * density / (photon_gas(1.0)[2] * 2.75)) ** (1.0 / 3.0)
    # of nucleons s = 2.5 + ln(2 n_Q/n), or pi^2 T/(2 E_F) where they are degenerate
    boltzmann = (density / (unit * 0.886)) ** (2.0 / 3.0) * math.exp(min((entropy - 2.5) / 1.5, 50.0))
    fermi = (1.5 * density / unit) ** (2.0 / 3.0)
    return min(radiation, max(boltzmann, 2.0 * fermi * entropy / math.pi**2))


@njit
def _temperature(
    kind: int,
    density: float,
    entropy: float,
    electron_fraction: float,
    nucleus: tuple[float, float, float, float],
    coldest: float,
    hottest: float,
) -> tuple[int, float]:
    """Temperature (MeV) at which the entropy per baryon has a given value; status and T.

    The entropy rises with T. A bracket is opened around the guess in steps that follow S ~ T^(1..3), then
    closed by Chandrupatla's method (1997, Adv. Eng. Softw. 28, 145) in ln T.
    """
    low, high = math.log(coldest), math.log(hottest)
    x1 = max(low, min(high, math.log(_initial_temperature(density, entropy))))
    mu, delta, t1 = 0.0, math.nan, math.exp(x1)
    status, s, mu, delta = total_entropy(kind, density, t1, electron_fraction, nucleus, mu, delta)
    if status != SOLVED:
        return status, t1
    f1 = s / entropy - 1.0
    stride = 0.1
    x2, f2 = x1, f1
    while f1 * f2 > 0.0:
        if (f2 > 0.0 and x2 == low) or (f2 < 0.0 and x2 == high):
            edge_t = coldest if f2 > 0.0 else hottest
            # the entropy of the edge itself has to come back
            return (SOLVED if abs(f2) < 1e-8 else OUTSIDE), edge_t
        x1, f1 = x2, f2
        # a little beyond where S ~ T would put the root
        stride = max(2.0 * stride, 1.1 * abs(math.log(max(s, 1e-3 * entropy) / entropy)))
        x2 = max(low, x2 - stride) if f2 > 0.0 else min(high, x2 + stride)
        t2 = math.exp(x2)
        status, s, mu, delta = total_entropy(
            kind, density, t2, electron_fraction, nucleus, mu, delta * math.exp(x1 - x2)
        )
        if status != SOLVED:
            return status, t2
        f2 = s / entropy - 1.0
    if f1 == 0.0:
        return SOLVED, math.exp(x1)
    if f2 == 0.0:
        return SOLVED, math.exp(x2)
    # secant first, then bisection or inverse quadratic interpolation
    share = f2 / (f2 - f1)
    last = x2
    for _ in range(100):
        x = x2 + share * (x1 - x2)
        status, s, mu, delta = total_entropy(
            kind, density, math.exp(x), electron_fraction, nucleus, mu, delta * math.exp(last - x)
        )
        last = x
        if status != SOLVED:
            return status, math.exp(x)
        f = s / entropy - 1.0
        if (f > 0.0) == (f2 > 0.0):
            x3, f3 = x2, f2
        else:
            x3, f3 = x1, f1
            x1, f1 = x2, f2
        x2, f2 = x, f
        if abs(f) < 1e-13 or abs(x1 - x2) < 1e-13:
            break
        xi, phi = (x2 - x1) / (x3 - x1), (f2 - f1) / (f3 - f1)
        share = 0.5
        if phi * phi < xi and (1.0 - phi) * (1.0 - phi) < 1.0 - xi:
            share = f2 / (f1 - f2) * f3 / (f1 - f3) + (x3 - x2) / (x1 - x2) * f2 / (f3 - f2) * f1 / (f3 - f1)
        # keep off the ends by less than the tolerance, so that the bracket can close from both sides
        edge = 5e-14 / abs(x1 - x2)
        share = max(edge, min(1.0 - edge, share))
    return SOLVED, math.exp(x2)


@njit
def fill_state(
    kinds: NDArray[np.int64],
    density: Array,
    temperature: Array,
    electron_fraction: Array,
    mass_number: Array,
    charge_number: Array,
    binding: float,
    alpha_binding: float,
    out: Array,
) -> int:
    """Fill the rows of `out`; index of a zone without solution, or -1.

    Rows: mu_e, mu_n, mu_p (each from its own mass), x_n, x_p, x_alpha, x_heavy, pressure, entropy per baryon.
    """
    for i in range(density.size):
        t = temperature[i]
        mu = electron_chemical_potential(density[i] * electron_fraction[i], t)
        _, _, _, pressure, _, entropy = electron_gas(t, mu)
        photon_pressure, _, photon_entropy = photon_gas(t)
        nucleus = (mass_number[i], charge_number[i], binding, alpha_binding)
        status, eta_n, eta_p, x_n, x_p, x_alpha, x_heavy, baryon_pressure, baryon_entropy = _baryons(
            kinds[i], density[i], t, electron_fraction[i], nucleus, math.nan
        )
        if status != SOLVED:
            return i
        out[0, i], out[1, i], out[2, i] = mu, t * eta_n, t * eta_p
        out[3, i], out[4, i], out[5, i], out[6, i] = x_n, x_p, x_alpha, x_heavy
        out[7, i] = pressure + photon_pressure + baryon_pressure
        out[8, i] = (entropy + photon_entropy + baryon_entropy) / density[i]
    return -1


@njit
def fill_temperature(
    kinds: NDArray[np.int64],
    density: Array,
    entropy: Array,
    electron_fraction: Array,
    mass_number: Array,
    charge_number: Array,
    binding: float,
    alpha_binding: float,
    coldest: float,
    hottest: float,
    out: Array,
) -> tuple[int, int]:
    """Temperature from entropy; status and index of the zone that has it."""
    for i in range(density.size):
        nucleus = (mass_number[i], charge_number[i], binding, alpha_binding)
        status, t = _temperature(
            kinds[i], density[i], entropy[i], electron_fraction[i], nucleus, coldest, hottest
        )
        out[i] = max(coldest, min(hottest, t))  # exp(ln T) may round to just outside
        if status != SOLVED:
            return status, i
    return SOLVED, -1
