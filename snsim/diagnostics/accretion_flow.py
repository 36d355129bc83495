"""The flow behind the shock: accretion rate, crossing time, energies and sound speed."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from snsim.transport.background import Background

Array = NDArray[np.float64]

ADIABATIC_INDEX = 4.0 / 3.0  # relativistic electrons and photons dominate the pressure of the gain region


def crossing_time(radius_interface: Array, velocity: Array, inner: float, outer: float) -> float:
    """Time int dr/|v| that matter needs from one radius to another, s; NaN if it stands still somewhere.

    Parameters
    ----------
    radius_interface : ndarray, shape (interface,)
        cm.
    velocity : ndarray, shape (zone,)
        dr/dtau, cm/s: the answer is proper time of the fluid.
    inner, outer : float
        cm.
    """
    if math.isnan(inner) or math.isnan(outer):
        return math.nan
    path = np.diff(np.clip(radius_interface, inner, outer))
    crossed = path > 0.0
    if not crossed.any() or (velocity[crossed] == 0.0).any():
        return math.nan
    return float(np.sum(path[crossed] / np.abs(velocity[crossed])))


def accretion_rate(background: Background) -> float:
    """Rest-mass accretion rate 4 pi r^2 rho |v| in the first whole zone above the shock, g/s.

    Without a shock, or with none of the grid above it, the outermost zone is taken. NaN unless matter falls
    in.
    """
    edges = background.radius_interface[:-1]
    above = np.flatnonzero(edges >= background.shock_radius)
    i = int(above[0]) if above.size else edges.size - 1
    speed = -float(background.velocity[i])
    if not speed > 0.0:
        return math.nan
    return 4.0 * math.pi * float(background.radius[i]) ** 2 * float(background.matter.density[i]) * speed


def thermal_energy_density(background: Background) -> Array:
    """Thermal energy from the pressure, erg/cm^3, shape (zone,).

    Free nucleons and nuclei as an ideal gas, e = 3/2 n T; the rest of the pressure as a relativistic gas,
    e = 3 (P - n T). No rest mass and no nuclear binding.
    """
    m = background.matter
    ions = (
        m.number_density_neutron + m.number_density_proton + m.number_density_alpha + m.number_density_heavy
    )
    ideal = ions * m.temperature * CODATA.erg_per_mev
    return 3.0 * m.pressure - 1.5 * ideal


def total_energy_density(background: Background) -> Array:
    """Thermal, kinetic and gravitational energy: e_th + rho v^2/2 + rho c^2 (alpha - 1), erg/cm^3."""
    density = background.matter.density
    gravity = (background.lapse - 1.0) * CODATA.speed_of_light**2
    return thermal_energy_density(background) + density * (0.5 * background.velocity**2 + gravity)


def antesonic_ratio(background: Background, inner: float, outer: float) -> float:
    """Largest c_s^2/v_esc^2 between two radii, c_s^2 = (4/3) P/rho, v_esc^2 = 2Gm/r; NaN if undefined."""
    inside = (background.radius > inner) & (background.radius < outer)
    mass = 0.5 * (background.gravitational_mass[:-1] + background.gravitational_mass[1:])
    escape = 2.0 * CODATA.gravitational_constant * mass / background.radius
    if not inside.any() or (escape[inside] <= 0.0).any():
        return math.nan
    sound = ADIABATIC_INDEX * background.matter.pressure / background.matter.density
    return float(np.max(sound[inside] / escape[inside]))
