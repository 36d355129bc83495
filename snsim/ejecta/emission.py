"""Neutrinos from a stored run, put on trajectories."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.errors import PhysicsWarning
from microphysics.spectrum import pinching
from snsim.diagnostics.nucleon_capture import SIGNS
from snsim.ejecta.trajectory import Trajectory
from snsim.errors import ConfigError, TrajectoryError
from snsim.result import Result
from snsim.series import HISTORY, TIME
from snsim.variable import Group

Array = NDArray[np.float64]

__all__ = ["Emission", "emission_of", "with_emission"]


@dataclass(frozen=True, eq=False)
class Emission:
    """What a star shines with, seen from infinity; species nue, anue.

    Attributes
    ----------
    time : ndarray, shape (time,)
        s; one time means a steady star.
    luminosity : ndarray, shape (2, time)
        erg/s.
    mean_energy : ndarray, shape (2, time)
        MeV.
    pinching : (float, float)
        Of the spectra at the outer edge; of a sequence, that of the mean <E^2>/<E>^2 over the energy radiated.
    mass : float
        Of the metric outside, g; 0 in flat space; of a sequence, the mean over the energy radiated.
    neutrinospheres : ndarray, shape (2, time), optional
        Radii of the transport spheres, cm, where the run has them; NaN where a species has none.
    """

    time: Array
    luminosity: Array
    mean_energy: Array
    pinching: tuple[float, float]
    mass: float
    neutrinospheres: Array | None = None

    @property
    def options(self) -> dict[str, Any]:
        """What `EjectaPhysics` has to be told: pinched spectra, and luminosities at infinity."""
        return {
            "spectrum": "pinched",
            "pinching": self.pinching,
            "luminosity_at": "infinity",
            "mass": self.mass,
        }


def emission_of(result: Result) -> Emission:
    """Return what a run shines with: its light curve or its sequence of stars, else its steady luminosities.

    Parameters
    ----------
    result : Result
        With a transport solution.

    Raises
    ------
    ConfigError
        Without one, or without nue and anue.
    """
    transport: Group | None = result.groups.get("transport")
    if transport is None:
        raise ConfigError("luminosity-from: this result has no transport solution")
    names = [str(name) for name in transport["species"].values]
    missing = [name for name in SIGNS if name not in names]
    if missing:
        raise ConfigError(f"luminosity-from: this result has no {' and no '.join(missing)}")
    which = [names.index(name) for name in SIGNS]
    profile: Mapping[str, Any] = result.groups.get("profile", {})
    curved = "lapse" in profile and bool((profile["lapse"].values < 1.0).any())
    mass = profile["gravitational_mass"].values[..., -1] if curved else np.zeros(())
    if HISTORY in result.groups:
        return _of_sequence(result[HISTORY], which, mass)
    spheres = result.groups.get("diagnostics/neutrinosphere", {}).get("transport_energy_mean")
    mean, rms = (transport[name].values[which, -1] for name in ("mean_energy", "rms_number"))
    shape = pinching(mean, rms**2)
    light = result.groups.get("evolution")
    if light is not None:
        time = light["time"].values
        luminosity, energy = (
            light[name].values[:, which].T for name in ("luminosity_infinity", "mean_energy_infinity")
        )
    else:
        time = np.zeros(1)
        luminosity = transport["luminosity_infinity"].values[which, -1][:, None]
        energy = transport["mean_energy_infinity"].values[which][:, None]
    return Emission(
        np.asarray(time, dtype=np.float64),
        np.asarray(luminosity, dtype=np.float64),
        np.asarray(energy, dtype=np.float64),
        (float(shape[0]), float(shape[1])),
        float(mass),
        None if spheres is None else np.repeat(spheres.values[which, None], len(time), axis=1),
    )


def _of_sequence(history: Group, which: list[int], mass: Array) -> Emission:
    """Light of several stars; shape and mass, which a parcel has only one of, weighted with the energy radiated."""
    time = np.asarray(history[TIME].values, dtype=np.float64)
    luminosity, mean, square = (
        np.ascontiguousarray(history[name].values[:, which].T)
        for name in ("luminosity_infinity", "mean_energy_infinity", "mean_energy_squared_infinity")
    )
    half = 0.5 * np.diff(time)
    interval = np.append(half, 0.0) + np.append(0.0, half) if time.size > 1 else np.ones(1)  # trapezium
    energy = luminosity * interval
    shape = pinching(1.0, (energy * square / mean**2).sum(axis=1) / energy.sum(axis=1))
    total = energy.sum(axis=0)
    return Emission(
        time,
        luminosity,
        mean,
        (float(shape[0]), float(shape[1])),
        float((total * mass).sum() / total.sum()),
        history["neutrinosphere_radius"].values[:, which].T if "neutrinosphere_radius" in history else None,
    )


def with_emission(trajectory: Trajectory, emission: Emission) -> Trajectory:
    """Return a trajectory in the light of a star, in place of its own.

    Parameters
    ----------
    trajectory : Trajectory
        With radii; its times are those of the star.
    emission : Emission
        Linear between its times.

    Raises
    ------
    TrajectoryError
        Without radii, or if the star's light ends earlier than the trajectory or begins later.

    Warns
    -----
    PhysicsWarning
        For rows inside a neutrinosphere, where neutrinos do not stream out of the star yet.
    """
    if trajectory.radius is None:
        raise TrajectoryError(f"{trajectory.where}: radius is missing, which neutrinos need")
    first, last = emission.time[0], emission.time[-1]
    steady = emission.time.size == 1
    for row in (0, -1):
        time = trajectory.time[row]
        if not steady and not first <= time <= last:
            raise TrajectoryError(
                f"{trajectory.where}: time = {time:.6g} s: the light curve has {first:.6g} to {last:.6g} s"
            )
    _warn_inside(trajectory, emission)
    lines = [
        np.interp(trajectory.time, emission.time, line)
        for line in (*emission.luminosity, *emission.mean_energy)
    ]
    return trajectory.changed(
        luminosity_nue=lines[0],
        luminosity_anue=lines[1],
        mean_energy_nue=lines[2],
        mean_energy_anue=lines[3],
    )


def _warn_inside(trajectory: Trajectory, emission: Emission) -> None:
    """Say which rows lie inside a neutrinosphere of the star, if that is known."""
    if emission.neutrinospheres is None:
        return
    radii = np.array([np.interp(trajectory.time, emission.time, each) for each in emission.neutrinospheres])
    inside = (trajectory.radius < radii).any(axis=0)
    if inside.any():
        row = int(np.argmax(inside))
        spheres = " and ".join(
            f"{radius / 1e5:.4g} km ({name})"
            for name, radius in zip(SIGNS, radii[:, row], strict=True)
            if np.isfinite(radius)
        )
        warnings.warn(
            f"{trajectory.where}: {int(inside.sum())} of {trajectory.rows} rows lie inside the star's neutrinospheres: "
            f"radius = {trajectory.radius[row] / 1e5:.4g} km in {trajectory.place(row)}, the spheres at {spheres}; "
            "neutrinos do not stream freely there, as this Y_e assumes",
            PhysicsWarning,
            stacklevel=3,
        )
