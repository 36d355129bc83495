"""Bulk nucleons of the compressible liquid-drop model: a Skyrme force with the bare nucleon mass.

Lattimer & Swesty (1991, Nucl. Phys. A 535, 331, below LS91), sect. 2.1. Units: MeV, fm, k_B = 1; energies and
chemical potentials from the free neutron's rest mass. The numbers below are the model's own of 1991 and part
of its definition: with today's constants chemical potentials would move by 1e-4 MeV.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from microphysics._jit import njit
from microphysics._kernels.fermi import fermi_half, fermi_half_entropy, inverse_fermi_half
from microphysics.errors import OutOfRangeError, UnknownNameError

__all__ = [
    "ALPHA_BINDINGS",
    "KINETIC",
    "MASS_DIFFERENCE",
    "SATURATION_DENSITY",
    "Force",
    "bulk_nucleons",
    "density_unit",
    "skyrme_force",
]

KINETIC = 20.721  # hbar^2/2m, MeV fm^2
MASS_DIFFERENCE = 1.2935  # m_n - m_p, MeV
SATURATION_DENSITY = 0.155  # 1/fm^3
_BINDING = 16.0  # MeV per baryon of symmetric matter at saturation
_SYMMETRY = 29.3  # MeV, energy of neutron matter minus that of symmetric matter
_HBAR_C, _NUCLEON_MASS = 197.32859, 939.5731

ALPHA_BINDINGS = {
    # the alpha particle weighs two neutrons and two protons less 28.3 MeV
    "corrected": 28.3 + 2.0 * MASS_DIFFERENCE,
    # LS91 subtract 28.3 MeV from four neutrons
    "ls91": 28.3,
}


class Force(NamedTuple):
    """Parameters of the model, for kernels.

    Attributes
    ----------
    a, b, c, d : float
        Potential energy a n^2 + 4 b n_n n_p + c n^(1+d), MeV and fm.
    critical : float
        Critical temperature of a nucleus over x(1-x), MeV.
    alpha_binding : float
        Of the alpha particle against four free neutrons, MeV.
    densest : float
        Density above which cold matter has no nuclei, 1/fm^3: an upper bound, to save looking for them.
    """

    a: float
    b: float
    c: float
    d: float
    critical: float
    alpha_binding: float
    densest: float


def skyrme_force(incompressibility: float, alpha_binding: str) -> Force:
    """Force with a given incompressibility of symmetric matter.

    Parameters
    ----------
    incompressibility : float
        K, MeV, 150 to 500.
    alpha_binding : {"corrected", "ls91"}
        Binding of the alpha particle, see `ALPHA_BINDINGS`.

    Raises
    ------
    OutOfRangeError, UnknownNameError

    Notes
    -----
    LS91, eq. 2.20 and 2.21, from n_s = 0.155/fm^3, B = 16 MeV, S_v = 29.3 MeV.
    """
    if isinstance(incompressibility, str) or hasattr(incompressibility, "unit"):
        raise OutOfRangeError(
            f"incompressibility = {incompressibility}: expected a plain number in MeV, such as 220.0"
        )
    if not 150.0 <= incompressibility <= 500.0:
        raise OutOfRangeError(
            f"incompressibility = {incompressibility:g} MeV: allowed is 150 to 500 MeV (220 is common)"
        )
    if alpha_binding not in ALPHA_BINDINGS:
        raise UnknownNameError("alpha binding", alpha_binding, ALPHA_BINDINGS)
    n_s = SATURATION_DENSITY
    t = 0.3 * _HBAR_C**2 / _NUCLEON_MASS * (1.5 * math.pi**2 * n_s) ** (2.0 / 3.0)
    d = (incompressibility + 2.0 * t) / (3.0 * t + 9.0 * _BINDING)
    b = (t * (2.0 ** (2.0 / 3.0) - 1.0) - _SYMMETRY) / n_s
    c = (t / 3.0 + _BINDING) / (n_s**d * (d - 1.0))
    a = (2.0 * t / 3.0 - d * (t + _BINDING)) / (n_s * (d - 1.0)) - b
    critical = 87.76 * math.sqrt(incompressibility / 375.0) * (0.155 / n_s) ** (1.0 / 3.0)
    # nuclei are found up to 0.082, 0.092, 0.104, 0.116, 0.124, 0.132/fm^3 for K = 150, 180, 220, 300, 375, 500 MeV
    densest = 0.138 * (incompressibility / 500.0) ** 0.25 + 0.004
    return Force(a, b, c, d, critical, ALPHA_BINDINGS[alpha_binding], densest)


@njit
def density_unit(temperature: float) -> float:
    """Density over F_1/2(eta), 1/fm^3; temperature in MeV."""
    k = math.sqrt(temperature / KINETIC)
    return k * k * k / (2.0 * math.pi * math.pi)


@njit
def potentials(force: Force, n_n: float, n_p: float) -> tuple[float, float, float, float, float]:
    """Interaction of nucleons of given densities (1/fm^3).

    Returns
    -------
    v : float
        Energy density, MeV/fm^3, with -Delta n_p.
    v_n, v_p : float
        Its derivatives to n_n and n_p, MeV.
    like, unlike : float
        Its second derivatives, of like and of unlike nucleons, MeV fm^3.
    """
    n = n_n + n_p
    power = force.c * n**force.d
    v = force.a * n * n + 4.0 * force.b * n_n * n_p + power * n - MASS_DIFFERENCE * n_p
    common = 2.0 * force.a * n + power * (1.0 + force.d)
    like = 2.0 * force.a
    if n > 0.0:
        like += power * (1.0 + force.d) * force.d / n
    return (
        v,
        common + 4.0 * force.b * n_p,
        common + 4.0 * force.b * n_n - MASS_DIFFERENCE,
        like,
        like + 4.0 * force.b,
    )


@njit
def bulk_nucleons(
    force: Force, temperature: float, n_n: float, n_p: float
) -> tuple[float, float, float, float, float, float, float, float, float, float]:
    """Uniform matter of nucleons at given densities.

    Parameters
    ----------
    force : Force
    temperature : float
        MeV.
    n_n, n_p : float
        1/fm^3, positive.

    Returns
    -------
    mu_n, mu_p : float
        MeV.
    pressure : float
        MeV/fm^3.
    entropy : float
        1/fm^3.
    mu_n_n, mu_p_p, mu_n_p : float
        Derivatives of the potentials to the densities at constant T, MeV fm^3.
    mu_n_t, mu_p_t : float
        Derivatives to T at constant densities.
    entropy_t : float
        Derivative of the entropy to T at constant densities, 1/(MeV fm^3).
    """
    unit = density_unit(temperature)
    eta_n, eta_p = inverse_fermi_half(n_n / unit), inverse_fermi_half(n_p / unit)
    chi_n, chi_p = 0.5 * unit * fermi_half(-1, eta_n), 0.5 * unit * fermi_half(-1, eta_p)
    v, v_n, v_p, like, unlike = potentials(force, n_n, n_p)
    kinetic = 2.0 / 3.0 * unit * temperature * (fermi_half(3, eta_n) + fermi_half(3, eta_p))
    entropy = unit * (fermi_half_entropy(eta_n) + fermi_half_entropy(eta_p))
    # eta falls by 1.5 n/(chi T) per MeV at constant density
    fall_n, fall_p = 1.5 * n_n / chi_n, 1.5 * n_p / chi_p
    slope = (1.5 * n_n - eta_n * chi_n) * fall_n + (1.5 * n_p - eta_p * chi_p) * fall_p
    return (
        temperature * eta_n + v_n,
        temperature * eta_p + v_p,
        kinetic + n_n * v_n + n_p * v_p - v,
        entropy,
        temperature / chi_n + like,
        temperature / chi_p + like,
        unlike,
        eta_n - fall_n,
        eta_p - fall_p,
        (1.5 * entropy - slope) / temperature,
    )
