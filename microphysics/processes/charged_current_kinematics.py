"""Charged current on free nucleons with the full kinematics of non-relativistic nucleons in mean fields.

nue + n <-> e- + p, anue + p <-> e+ + n, and inverse neutron decay anue + e- + p <-> n, after Reddy, Prakash &
Lattimer 1998 (PRD 58, 013009). With 2 the nucleon before and 4 the one after, x the cosine between the leptons and v the
electron's velocity,

    kappa = N_cc/(1 + 3 g_A^2)/(4 pi) int dE_e p_e E_e [1 - f_e] int dx [(1 + v x) + g_A^2 (3 - v x)] S(q0, q),
    S(q0, q) = M^2 T/(pi q) L/(1 - exp(-z)),   z = (q0 + mu_2 - mu_4)/T,
    L = ln(1 + exp a) - ln(1 + exp b),  a = (mu_2 - U_2 - u^2/2M)/T,  b = (mu_4 - U_4 - (u + q)^2/2M)/T,

where u, the momentum of nucleon 2 along q, follows from energy conservation, M (q0 + U_2 - U_4) = u q + q^2/2. A heavy
or cold nucleon makes this 2 pi n delta(q0 + U_2 - U_4), which is the elastic rate (Bruenn 1985).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from microphysics._kernels.charged_current import fill_capture
from microphysics.eos.nucleons import NucleonGas
from microphysics.matter import MatterState
from microphysics.processes.nucleon_blocking import gas_potentials
from microphysics.weak.couplings import WeakCouplings

__all__ = [
    "antineutrino_absorption",
    "gas_arguments",
    "implied_mean_fields",
    "neutrino_absorption",
    "neutron_decay",
    "nucleon_mass",
]

Array = NDArray[np.float64]


def nucleon_mass(couplings: WeakCouplings) -> float:
    """Return the mean of the two nucleon masses, MeV, which the kinematics has for both."""
    return 0.5 * (couplings.constants.neutron_mass + couplings.constants.proton_mass)


def _absorption(
    energy: Array,
    temperature: Array,
    initial: Array,
    final: Array,
    shift: Array,
    lepton: Array,
    side: float,
    couplings: WeakCouplings,
    mass: float | None,
) -> Array:
    """kappa*, shape (zone, energy), from chemical potentials that count from each nucleon's mean field."""
    zones = np.broadcast_arrays(temperature, initial, final, shift, lepton)
    t, two, four, moved, mu = (np.ascontiguousarray(np.atleast_1d(v), dtype=np.float64) for v in zones)
    groups = np.ascontiguousarray(np.atleast_1d(energy), dtype=np.float64)
    integral = np.empty((2, t.size, groups.size))
    nucleon = nucleon_mass(couplings) if mass is None else mass
    fill_capture(
        groups, moved, t, two / t, four / t, mu, side, nucleon, couplings.constants.electron_mass, integral
    )
    square = couplings.axial_coupling**2
    strength = couplings.charged_current_constant / (4.0 * math.pi * couplings.constants.hbar_c**3)
    result: Array = strength * (integral[0] + (1.0 - square) / (1.0 + 3.0 * square) * integral[1])
    return result


def neutrino_absorption(
    energy: Array,
    temperature: Array,
    chemical_potential_neutron: Array,
    chemical_potential_proton: Array,
    mean_field_neutron: Array,
    mean_field_proton: Array,
    chemical_potential_electron: Array,
    couplings: WeakCouplings | None = None,
    mass: float | None = None,
) -> Array:
    """Opacity of nue + n -> e- + p, corrected for stimulated absorption.

    Parameters
    ----------
    energy : ndarray, shape (energy,)
        Neutrino energy, MeV, > 0.
    temperature : ndarray, shape (zone,)
        MeV, > 0.
    chemical_potential_neutron, chemical_potential_proton : ndarray, shape (zone,)
        Both from the free neutron's rest mass, MeV; where one is not finite the opacity is 0.
    mean_field_neutron, mean_field_proton : ndarray, shape (zone,)
        U_n, U_p without the mass difference, MeV.
    chemical_potential_electron : ndarray, shape (zone,)
        With rest mass, MeV.
    couplings : WeakCouplings, optional
        Couplings and constants.
    mass : float, optional
        Mass of both nucleons, MeV; the mean of the two by default.

    Returns
    -------
    ndarray, shape (zone, energy)
        kappa* = kappa/(1 - f_eq), 1/cm. No weak magnetism: multiply by `magnetism_ratio`.

    Notes
    -----
    The densities are those of free gases with the given chemical potentials over the mean fields
    (`implied_mean_fields` finds fields that go with given densities). kappa* f_eq is the emissivity over c identically:
    forward and reverse reaction differ by exp((mu_nu - E)/T) under the integral, and the smaller is never computed.

    Converged to 1e-6 above the threshold of nucleons at rest for Fermi energies up to 10 T (1e-7 as a rule), to 4e-3 up to
    100 T. Below the threshold, where kappa is exponentially small, several per cent may be missing: relative accuracy is
    not pursued below 1e-9 of what the threshold forbids, and where E < T/4 the integral has a second maximum, of
    nucleons near the speed of light, that a non-relativistic formula has no business with and that may or may not be
    summed.

    References
    ----------
    .. [1] Reddy, Prakash & Lattimer, PRD 58, 013009 (1998).
    """
    couplings = couplings or WeakCouplings()
    transfer = couplings.constants.nucleon_mass_difference + mean_field_neutron - mean_field_proton
    neutron = chemical_potential_neutron - mean_field_neutron
    proton = chemical_potential_proton - mean_field_proton + couplings.constants.nucleon_mass_difference
    mu = chemical_potential_electron
    return _absorption(energy, temperature, neutron, proton, transfer, mu, 1.0, couplings, mass)


def antineutrino_absorption(
    energy: Array,
    temperature: Array,
    chemical_potential_neutron: Array,
    chemical_potential_proton: Array,
    mean_field_neutron: Array,
    mean_field_proton: Array,
    chemical_potential_electron: Array,
    couplings: WeakCouplings | None = None,
    mass: float | None = None,
) -> Array:
    """Opacity of anue + p -> e+ + n, corrected for stimulated absorption.

    Parameters and result as `neutrino_absorption`. Moving nucleons soften the threshold E = Q + U_n - U_p + m_e.
    """
    return _antineutrino(
        energy,
        temperature,
        chemical_potential_neutron,
        chemical_potential_proton,
        mean_field_neutron,
        mean_field_proton,
        chemical_potential_electron,
        1.0,
        couplings,
        mass,
    )


def neutron_decay(
    energy: Array,
    temperature: Array,
    chemical_potential_neutron: Array,
    chemical_potential_proton: Array,
    mean_field_neutron: Array,
    mean_field_proton: Array,
    chemical_potential_electron: Array,
    couplings: WeakCouplings | None = None,
    mass: float | None = None,
) -> Array:
    """Opacity of anue + e- + p -> n, corrected for stimulated absorption.

    Parameters and result as `neutrino_absorption`. It adds to `antineutrino_absorption`: the same integral over the
    positrons of negative energy, and large at E < Q + U_n - U_p - m_e.
    """
    return _antineutrino(
        energy,
        temperature,
        chemical_potential_neutron,
        chemical_potential_proton,
        mean_field_neutron,
        mean_field_proton,
        chemical_potential_electron,
        -1.0,
        couplings,
        mass,
    )


def _antineutrino(
    energy: Array,
    temperature: Array,
    chemical_potential_neutron: Array,
    chemical_potential_proton: Array,
    mean_field_neutron: Array,
    mean_field_proton: Array,
    chemical_potential_electron: Array,
    side: float,
    couplings: WeakCouplings | None,
    mass: float | None,
) -> Array:
    """Capture (side +1) or inverse decay (-1) of an antineutrino on a proton."""
    couplings = couplings or WeakCouplings()
    transfer = couplings.constants.nucleon_mass_difference + mean_field_neutron - mean_field_proton
    neutron = chemical_potential_neutron - mean_field_neutron
    proton = chemical_potential_proton - mean_field_proton + couplings.constants.nucleon_mass_difference
    mu = -chemical_potential_electron
    return _absorption(energy, temperature, proton, neutron, -transfer, mu, side, couplings, mass)


def gas_arguments(
    matter: MatterState, couplings: WeakCouplings, blocking: str = "clipped"
) -> tuple[tuple[Array, Array, Array, Array, Array, Array], Array]:
    """Return the arguments after the energy for a state of matter, and a factor for the result, shape (zone,).

    The potentials are those of gases of the given densities with the given mu_n - mu_p, see
    `nucleon_blocking.gas_potentials`; in consistent matter they are the state's own, and the factor is
    1 but for the two masses (1e-3), and less where nuclei fill part of the volume: nucleons outside have that density
    only between them.
    """
    neutron, proton, factor = gas_potentials(matter, couplings, nucleon_mass(couplings), blocking)
    u_n, u_p = matter.mean_field_neutron, matter.mean_field_proton
    return (
        matter.temperature,
        neutron + u_n,
        proton + u_p - couplings.constants.nucleon_mass_difference,
        u_n,
        u_p,
        matter.chemical_potential_electron,
    ), factor


def implied_mean_fields(matter: MatterState, couplings: WeakCouplings) -> tuple[Array, Array]:
    """Mean fields with which free gases have the densities and the chemical potentials of a state.

    Parameters
    ----------
    matter : MatterState
        Zones; uses temperature, free nucleons and their chemical potentials.
    couplings : WeakCouplings
        Supplies the masses.

    Returns
    -------
    mean_field_neutron, mean_field_proton : ndarray, shape (zone,)
        U_n, U_p without the mass difference, MeV. Infinite or NaN where a kind of nucleon is absent.

    Notes
    -----
    For a profile whose chemical potentials interact but that has no mean fields: put these into its `MatterState`, and the
    energy of the lepton is what densities and potentials imply. The processes do not do so by themselves, because the
    same difference comes from nuclei that fill part of the volume, or from light clusters.
    """
    gas = NucleonGas(nucleon_mass(couplings))
    neutron = gas.chemical_potential(matter.number_density_neutron, matter.temperature)
    proton = gas.chemical_potential(matter.number_density_proton, matter.temperature)
    q = couplings.constants.nucleon_mass_difference
    return matter.chemical_potential_neutron - neutron, matter.chemical_potential_proton + q - proton
