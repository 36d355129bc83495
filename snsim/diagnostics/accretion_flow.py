"""The flow behind the shock: accretion rate, crossing time, energies, sound speed and entropy."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.eos.electron_gas import ElectronGas
from microphysics.eos.nucleons import NEUTRON_GAS, PROTON_GAS
from microphysics.matter import MatterState
from snsim.transport.background import Background

Array = NDArray[np.float64]

ABSENT = 1e-30  # of a kind of nucleon that is not there, in its chemical potential


def path_time(path: Array, velocity: Array) -> float:
    """Time sum path/|v| along parts of the zones, s; NaN if there is none or matter stands still in one.

    Parameters
    ----------
    path, velocity : ndarray, shape (zone,)
        Radial length of the part of each zone that counts, cm, and cm/s.
    """
    crossed = path > 0.0
    if not crossed.any() or (velocity[crossed] == 0.0).any():
        return math.nan
    return float(np.sum(path[crossed] / np.abs(velocity[crossed])))


def accretion_rate(background: Background) -> float:
    """Rest-mass accretion rate 4 pi r^2 rho |v| in the first whole zone above the shock, g/s.

    Without a shock, or with none of the grid above it, the outermost zone is taken. NaN unless matter falls
    in.
    """
    i = accretion_zone(background)[0]
    speed = -float(background.velocity[i])
    if not speed > 0.0:
        return math.nan
    return 4.0 * math.pi * float(background.radius[i]) ** 2 * float(background.matter.density[i]) * speed


def accretion_zone(background: Background) -> tuple[int, str]:
    """Zone whose matter counts as falling in, and where it lies, in words."""
    edges, shock = background.radius_interface, background.shock_radius
    last = edges.size - 2
    if math.isnan(shock):
        return last, "in the outermost zone, without a shock"
    above = np.flatnonzero(edges[:-1] >= shock)
    if above.size:
        return int(above[0]), "just above the shock"
    behind = shock > edges[-1]
    return last, f"in the outermost zone, {'behind the shock' if behind else 'which the shock stands in'}"


def gas_pressure(matter: MatterState) -> Array:
    """Pressure n T of nucleons and nuclei as an ideal gas, erg/cm^3, shape (zone,)."""
    ions = (
        matter.number_density_neutron
        + matter.number_density_proton
        + matter.number_density_alpha
        + matter.number_density_heavy
    )
    return ions * matter.temperature * CODATA.erg_per_mev


def thermal_energy_density(background: Background) -> Array:
    """Thermal energy from the pressure, erg/cm^3, shape (zone,).

    Free nucleons and nuclei as an ideal gas, e = 3/2 n T; the rest of the pressure as a relativistic gas,
    e = 3 (P - n T). No rest mass and no nuclear binding.
    """
    return 3.0 * background.matter.pressure - 1.5 * gas_pressure(background.matter)


def total_energy_density(background: Background) -> Array:
    """Thermal, kinetic and gravitational energy: e_th + rho v^2/2 + rho c^2 (alpha - 1), erg/cm^3."""
    density = background.matter.density
    gravity = (background.lapse - 1.0) * CODATA.speed_of_light**2
    return thermal_energy_density(background) + density * (0.5 * background.velocity**2 + gravity)


def sound_speed_squared(matter: MatterState) -> Array:
    """Adiabatic c_s^2 of a relativistic gas R = P - nT beside an ideal one G = nT, (cm/s)^2, shape (zone,).

    c_s^2 rho = G + (4R + G)^2/(12R + 3G/2): 4/3 of the pressure where R dominates, 5/3 where G does. Composition is fixed.
    """
    ideal = gas_pressure(matter)
    relativistic = matter.pressure - ideal
    stiff = 4.0 * relativistic + ideal
    return (ideal + stiff**2 / (12.0 * relativistic + 1.5 * ideal)) / matter.density


def escape_speed_squared(background: Background) -> Array:
    """v_esc^2 = 2Gm/r at the zone centres, (cm/s)^2, m the mean of the edges' masses."""
    mass = 0.5 * (background.gravitational_mass[:-1] + background.gravitational_mass[1:])
    return 2.0 * CODATA.gravitational_constant * mass / background.radius


def antesonic_ratio(background: Background, inside: NDArray[np.bool_]) -> float:
    """Largest c_s^2/v_esc^2 of some zones; NaN if there is none or they have nothing to escape from.

    Parameters
    ----------
    background : Background
        The star.
    inside : ndarray of bool, shape (zone,)
        Which zones.
    """
    escape = escape_speed_squared(background)[inside]
    if escape.size == 0 or (escape <= 0.0).any():
        return math.nan
    return float(np.max(sound_speed_squared(background.matter)[inside] / escape))


def entropy_per_baryon(matter: MatterState) -> Array:
    """Entropy of ideal gases: nucleons, alphas, nuclei, electrons, positrons and photons, k_B/baryon, shape (zone,).

    Alphas and nuclei are Boltzmann gases without excited states; interactions, which matter above 1e12 g/cm^3, are left
    out.
    """
    t, baryons = matter.temperature, matter.baryon_density
    electrons = ElectronGas()
    mu = electrons.chemical_potential(matter.number_density_electron, t)
    total = electrons.state(t, mu).entropy_density + electrons.photons(t).entropy_density
    for gas, fraction in (
        (NEUTRON_GAS, matter.mass_fraction_neutron),
        (PROTON_GAS, matter.mass_fraction_proton),
    ):
        density = np.maximum(fraction, ABSENT) * baryons
        total = total + gas.state(t, gas.chemical_potential(density, t)).entropy_density
    alphas = np.full_like(t, 4.0)
    for density, number in (
        (matter.number_density_alpha, alphas),
        (matter.number_density_heavy, matter.mass_number_heavy),
    ):
        total = total + _boltzmann_entropy(density, t, np.maximum(number, 1.0) * CODATA.atomic_mass)
    return total / baryons


def _boltzmann_entropy(density: Array, temperature: Array, mass: Array) -> Array:
    """Sackur-Tetrode entropy of particles without spin, k_B/cm^3; 1/cm^3 and MeV; 0 where there are none."""
    cells = (mass * temperature / (2.0 * math.pi * CODATA.hbar_c**2)) ** 1.5
    there = density > 0.0
    return density * np.where(there, 2.5 + np.log(cells / np.where(there, density, 1.0)), 0.0)
