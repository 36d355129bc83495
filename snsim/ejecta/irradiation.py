"""Absorption of nue and anue along a trajectory: from luminosities and mean energies to r^2 times the rate."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError
from microphysics.spectrum import FermiDirac, Pinched, Spectrum
from microphysics.weak.couplings import WeakCouplings
from snsim.diagnostics.electron_fraction import redshift_factor
from snsim.diagnostics.nucleon_capture import SIGNS, mean_cross_section
from snsim.ejecta.geometry import anisotropy, disk_factor, sphere_factor
from snsim.ejecta.physics import EjectaPhysics, schwarzschild_radius
from snsim.ejecta.trajectory import Trajectory
from snsim.errors import TrajectoryError

Array = NDArray[np.float64]

__all__ = ["AT_PARCEL", "ENERGY_RANGE", "at_parcel", "lapse", "mean_capture", "proper_time", "strengths"]

ENERGY_RANGE = (0.3, 150.0)  # MeV of <E>; Horowitz' formula is good to about 100 MeV of E
# options of a trajectory of `at_parcel`, so that nothing is redshifted or diluted twice
AT_PARCEL: dict[str, Any] = {
    "luminosity_at": "tracer",
    "mass": 0.0,
    "time_frame": "proper",
    "geometry": "isotropic",
    "polar_excess": (0.0, 0.0),
}
_POINTS = 400
_HORIZON = "inside the horizon"


def lapse(radius: Array | float, mass: float) -> Array:
    """Return sqrt(1 - r_s/r) of a Schwarzschild metric; cm and g. NaN inside the horizon."""
    inside = 1.0 - schwarzschild_radius(mass) / np.asarray(radius, dtype=np.float64)
    return np.sqrt(np.where(inside > 0.0, inside, np.nan))


def mean_capture(
    mean_energy: Array, sign: int, kind: str, shape: float, couplings: WeakCouplings, magnetism: bool
) -> Array:
    """Mean cross section of ALL neutrinos of a spectrum, from a table made once.

    Parameters
    ----------
    mean_energy : ndarray
        <E>, MeV.
    sign : int
        +1 for nue n, -1 for anue p.
    kind : str
        ``fermi_dirac`` or ``pinched``.
    shape : float
        eta or alpha.
    couplings : WeakCouplings
        Of the cross section.
    magnetism : bool
        Whether weak magnetism and recoil are included.

    Returns
    -------
    ndarray
        cm^2; a cubic spline in ln <E> of ln <sigma>, to 1e-8.

    Raises
    ------
    OutOfRangeError
        For mean energies outside `ENERGY_RANGE`.
    """
    _require_energy(mean_energy, sign)
    table = _table(sign, kind, shape, couplings, magnetism)
    found: Array = np.exp(table(np.log(mean_energy)))
    return found


def _require_energy(mean_energy: Array, sign: int, trajectory: Trajectory | None = None) -> None:
    """Refuse mean energies outside `ENERGY_RANGE`, naming the row, of the file if that is known."""
    low, high = ENERGY_RANGE
    bad = np.flatnonzero(~((mean_energy >= low) & (mean_energy <= high)))
    if not bad.size:
        return
    row = int(bad[0])
    name = next(species for species, s in SIGNS.items() if s == sign)
    before, place = ("", f"row {row + 1}")
    if trajectory is not None:
        before, place = f"{trajectory.where}: ", trajectory.place(row)
    raise OutOfRangeError(
        f"{before}mean energy of {name} = {mean_energy[row]:.6g} MeV in {place}: must be {low:g} to {high:g} MeV"
    )


@lru_cache(maxsize=64)
def _table(sign: int, kind: str, shape: float, couplings: WeakCouplings, magnetism: bool) -> CubicSpline:
    energy = np.geomspace(0.99 * ENERGY_RANGE[0], 1.01 * ENERGY_RANGE[1], _POINTS)
    spectrum: Spectrum = (
        FermiDirac.from_mean_energy(energy, shape) if kind == "fermi_dirac" else Pinched(energy, shape)
    )
    return CubicSpline(
        np.log(energy), np.log(mean_cross_section(spectrum, sign, couplings, magnetism=magnetism))
    )


def proper_time(trajectory: Trajectory, physics: EjectaPhysics) -> Array:
    """Proper time since the first row, s; d tau = alpha dt where the trajectory has time at infinity.

    Raises
    ------
    TrajectoryError
        If that needs radii that are not there, or is asked for inside the horizon.
    """
    time: Array = trajectory.time - trajectory.time[0]
    if physics.time_frame == "proper":
        return time
    if trajectory.radius is None:
        raise TrajectoryError(f'{trajectory.where}: radius is missing, which time_frame = "coordinate" needs')
    alpha = lapse(trajectory.radius, physics.mass)
    _refuse(trajectory, np.isnan(alpha), _HORIZON)
    return np.concatenate([[0.0], np.cumsum(0.5 * (alpha[1:] + alpha[:-1]) * np.diff(time))])


def at_parcel(trajectory: Trajectory, physics: EjectaPhysics) -> Trajectory:
    """Return the trajectory in its own terms: proper time, and the light that an observer at rest beside it sees.

    Parameters
    ----------
    trajectory : Trajectory
        Any.
    physics : EjectaPhysics
        Redshift, geometry, clock.

    Returns
    -------
    Trajectory
        Isotropic-equivalent luminosities and mean energies at the parcel: what networks take, and what
        `physics.changed(**AT_PARCEL)` is for.

    Raises
    ------
    TrajectoryError
        If the parcel is inside a neutrinosphere or the horizon, or near the plane of a disk.
    """
    seen = {"time": trajectory.time[0] + proper_time(trajectory, physics)}
    for k, name in enumerate(SIGNS if trajectory.has_light else ()):
        z = _redshift(trajectory, physics, k)
        light, energy = f"luminosity_{name}", f"mean_energy_{name}"
        seen[light] = getattr(trajectory, light) * z**2 * _geometry(trajectory, physics, k)
        seen[energy] = getattr(trajectory, energy) * z
    return trajectory.changed(**seen)


def strengths(seen: Trajectory, physics: EjectaPhysics) -> tuple[Array, Array]:
    """r^2 times the rate of absorption per neutron (nue) and per proton (anue), in proper time of an observer at rest.

    Parameters
    ----------
    seen : Trajectory
        Of `at_parcel`; without luminosities both are zero.
    physics : EjectaPhysics
        Spectrum, couplings, weak magnetism.

    Returns
    -------
    tuple of ndarray, shape (row,)
        L <sigma>/(4 pi <E>), cm^2/s.
    """
    if not seen.has_light:
        return np.zeros(seen.rows), np.zeros(seen.rows)
    found = []
    for k, (name, sign) in enumerate(SIGNS.items()):
        light, energy = getattr(seen, f"luminosity_{name}"), getattr(seen, f"mean_energy_{name}")
        energy = np.where(light > 0.0, energy, 10.0)  # any where there is no light
        shape = (physics.degeneracy if physics.spectrum == "fermi_dirac" else physics.pinching)[k]
        magnetism = physics.weak_magnetism
        _require_energy(energy, sign, seen)
        sigma = mean_capture(energy, sign, physics.spectrum, shape, physics.couplings, magnetism)
        found.append(light / (energy * CODATA.erg_per_mev) * sigma / (4.0 * math.pi))
    return found[0], found[1]


def _redshift(trajectory: Trajectory, physics: EjectaPhysics, k: int) -> Array:
    """Return local energy over the one given, once: 1 where the luminosity is the parcel's own."""
    if physics.luminosity_at == "tracer":
        return np.ones(trajectory.rows)
    here = lapse(trajectory.radius, physics.mass)
    _refuse(trajectory, np.isnan(here), _HORIZON)
    if physics.luminosity_at == "infinity":
        return redshift_factor(1.0, here)
    assert physics.neutrinospheres is not None
    return redshift_factor(lapse(physics.neutrinospheres[k], physics.mass), here)


def _geometry(trajectory: Trajectory, physics: EjectaPhysics, k: int) -> Array:
    """Return how many more neutrinos pass than from an isotropic point source."""
    factor = np.ones(trajectory.rows)
    if physics.geometry == "sphere":
        assert physics.neutrinospheres is not None
        factor = sphere_factor(trajectory.radius, physics.neutrinospheres[k])
        _refuse(trajectory, np.isnan(factor), "inside a neutrinosphere")
    elif physics.geometry == "disk":
        assert physics.disk is not None
        x = trajectory.radius * math.sin(physics.polar_angle)
        z = trajectory.radius * abs(math.cos(physics.polar_angle))
        near = (z < 0.02 * physics.disk[1]) & (x < 1.02 * physics.disk[1])
        _refuse(trajectory, near, "less than 2 % of the outer radius above the disk")
        factor = disk_factor(trajectory.radius, physics.polar_angle, *physics.disk)
    return factor * anisotropy(physics.polar_angle, physics.polar_excess[k])


def _refuse(trajectory: Trajectory, bad: NDArray[np.bool_], words: str) -> None:
    if bad.any():
        row = int(np.argmax(bad))
        raise TrajectoryError(
            f"{trajectory.where}: radius = {trajectory.radius[row]:.6g} cm in {trajectory.place(row)}: {words}"
        )
