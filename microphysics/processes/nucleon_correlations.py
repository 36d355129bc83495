"""Nucleons as targets of scattering: how many Pauli leaves, and how correlations of spin weaken each."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import Constants
from microphysics.eos.nucleons import NucleonGas
from microphysics.matter import MatterState

Array = NDArray[np.float64]

_CM3_PER_FM3 = 1e-39


def unblocked(number_density: Array, temperature: Array, nucleon_mass: float, hbar_c: float) -> Array:
    """Nucleons that can scatter in degenerate matter, n xi/sqrt(1 + xi^2), xi = 3T/(2 E_F) (Bruenn 1985, C37).

    Parameters
    ----------
    number_density : ndarray, shape (zone,)
        1/cm^3.
    temperature : ndarray, shape (zone,)
        MeV.
    nucleon_mass, hbar_c : float
        MeV, MeV cm.
    """
    fermi_energy = (hbar_c * np.cbrt(3.0 * math.pi**2 * number_density)) ** 2 / (2.0 * nucleon_mass)
    ratio = fermi_energy / (1.5 * temperature)
    return number_density / np.sqrt(1.0 + ratio**2)


def unblocked_exactly(number_density: Array, temperature: Array, nucleon_mass: float) -> Array:
    """Nucleons that can scatter in degenerate matter, T dn/dmu of a free Fermi gas.

    The limit of small energy and momentum transfer; Bruenn's interpolation has it within 8 %.

    Parameters
    ----------
    number_density : ndarray, shape (zone,)
        1/cm^3.
    temperature : ndarray, shape (zone,)
        MeV.
    nucleon_mass : float
        MeV.
    """
    present = number_density > 0.0
    gas = NucleonGas(nucleon_mass)
    potential = gas.chemical_potential(np.where(present, number_density, 1.0), temperature)
    # not above n, whatever the rounding
    found = np.minimum(gas.state(temperature, potential).compressibility, number_density)
    return np.where(present, found, 0.0)


def scattering_targets(matter: MatterState, constants: Constants, blocking: str) -> tuple[Array, Array]:
    """Neutrons and protons that can scatter, 1/cm^3, shape (zone,).

    Parameters
    ----------
    matter : MatterState
        Zones.
    constants : Constants
        Masses; `blocking_mass` where set.
    blocking : str
        ``bruenn`` or ``exact``.
    """
    mass_n = constants.blocking_mass or constants.neutron_mass
    mass_p = constants.blocking_mass or constants.proton_mass
    t = matter.temperature
    if blocking == "exact":
        return (
            unblocked_exactly(matter.number_density_neutron, t, mass_n),
            unblocked_exactly(matter.number_density_proton, t, mass_p),
        )
    return (
        unblocked(matter.number_density_neutron, t, mass_n, constants.hbar_c),
        unblocked(matter.number_density_proton, t, mass_p, constants.hbar_c),
    )


def axial_response(baryon_density: Array, temperature: Array, proton_fraction: Array) -> Array:
    """S_A of nucleon matter at long wavelengths (Horowitz et al. 2017, PRC 95, 025801).

        S_A = 1/[1 + A (1 + B e^-C)],  A = 920 n (1 - Y + Y^2)/T^1.22,  B = 3.05/T^0.75,
        C = 6140 n Y (1 - Y)/T^0.5 + 1.5e13 n^4/T^6

    A fit to the virial expansion below 1e12 to 1e13 g/cm^3 and to the random phase approximation of Burrows & Sawyer
    (1998) above it, between 5 and 50 MeV. Below 1 for every state, and 1 in dilute matter: where it is used outside it
    stays a reduction.

    Parameters
    ----------
    baryon_density : ndarray, shape (zone,)
        1/cm^3.
    temperature : ndarray, shape (zone,)
        MeV.
    proton_fraction : ndarray, shape (zone,)
        All protons over all baryons.
    """
    n, y, t = baryon_density * _CM3_PER_FM3, proton_fraction, temperature
    a = 920.0 * n * (1.0 - y + y**2) / t**1.22
    b = 3.05 / t**0.75
    c = 6140.0 * n * y * (1.0 - y) / np.sqrt(t) + 1.5e13 * n**4 / t**6
    return 1.0 / (1.0 + a * (1.0 + b * np.exp(-c)))


def response_factors(matter: MatterState, many_body: str, axial_coupling: Any) -> tuple[Any, Any]:
    """Return what correlations make of scattering by the charge of nucleons and by their spin.

    Parameters
    ----------
    matter : MatterState
        Zones; the proton fraction is Y_e, as charge neutrality has it.
    many_body : str
        ``none``; ``horowitz2017``: S_V = 1 and S_A; ``horowitz2017_mean``: for both
        (5 g_A^2 S_A + (1 - Y) S_V)/(5 g_A^2 + 1 - Y), the mean in transport opacities of free nucleons.
    axial_coupling : float
        g_A.

    Returns
    -------
    vector, spin : ndarray, shape (zone,), or float
        Factors S_V and S_A.
    """
    if many_body == "none":
        return 1.0, 1.0
    y = matter.electron_fraction
    axial = axial_response(matter.baryon_density, matter.temperature, y)
    if many_body == "horowitz2017":
        return 1.0, axial
    weight = 5.0 * axial_coupling**2
    mean = (weight * axial + (1.0 - y)) / (weight + 1.0 - y)
    return mean, mean
