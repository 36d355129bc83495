"""Trajectories to files that nucleosynthesis networks read."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from snsim.ejecta.readers import MEAN_PER_TEMPERATURE, read_trajectory
from snsim.ejecta.trajectory import FIELDS, GIGAKELVIN, LIGHT, Array, Trajectory
from snsim.errors import TrajectoryError

__all__ = ["ROUND_TRIP", "write_csv", "write_winnet"]

ROUND_TRIP = 1e-10  # largest relative difference after reading back
_CM_PER_KM = 1e5


def write_winnet(
    trajectory: Trajectory,
    path: str | Path,
    electron_fraction: Array | None = None,
    *,
    check: bool = False,
) -> float:
    """Write the text that WinNet reads: time temp dens rad ye, and lnue lanue tnue tanue where there is light.

    Parameters
    ----------
    trajectory : Trajectory
        With radii.
    path : str or Path
        Replaced if it exists.
    electron_fraction : ndarray, shape (row,), optional
        What to write as ye, by default the trajectory's own, or its initial value in all rows.
    check : bool
        Whether to read the file back and compare.

    Returns
    -------
    float
        Largest relative difference of any number after reading back; NaN if that was not asked for.

    Raises
    ------
    TrajectoryError
        Without radii, if the file cannot be written, or if a number does not come back to 1e-10.

    Notes
    -----
    The neutrinos are written as tnue = <E>/3.1514, with the luminosities as they are: WinNet takes a Fermi-Dirac spectrum
    with eta = 0 and isotropic-equivalent luminosities at the place of the parcel.
    """
    if trajectory.radius is None:
        raise TrajectoryError(f"{trajectory.where}: radius is missing; WinNet's trajectory_format has rad")
    words = ["time", "temp", "dens", "rad", "ye"]
    columns = [
        trajectory.time,
        trajectory.temperature / GIGAKELVIN,
        trajectory.density,
        trajectory.radius / _CM_PER_KM,
        _electron_fraction(trajectory, electron_fraction),
    ]
    if trajectory.has_light:
        words += ["lnue", "lanue", "tnue", "tanue"]
        columns += [trajectory.luminosity_nue, trajectory.luminosity_anue]
        columns += [
            trajectory.mean_energy_nue / MEAN_PER_TEMPERATURE,
            trajectory.mean_energy_anue / MEAN_PER_TEMPERATURE,
        ]
    comments = [f"trajectory_format = {' '.join(words)}", "s, GK, g/cm3, km, -, erg/s, erg/s, MeV, MeV"]
    _write(Path(path), [*comments, *_mass(trajectory)], " ", "", columns)
    return _compare(trajectory, Path(path), "winnet", electron_fraction) if check else float("nan")


def write_csv(
    trajectory: Trajectory,
    path: str | Path,
    electron_fraction: Array | None = None,
    *,
    check: bool = False,
) -> float:
    """Write a table with a line of names and units, which `read_trajectory` reads; as `write_winnet`."""
    chosen = _electron_fraction(trajectory, electron_fraction)
    fields = {name: getattr(trajectory, name) for name in FIELDS} | {"electron_fraction": chosen}
    known = {name: values for name, values in fields.items() if values is not None}
    header = ",".join(name if FIELDS[name][0] == "1" else f"{name} [{FIELDS[name][0]}]" for name in known)
    _write(Path(path), _mass(trajectory), ",", header, list(known.values()))
    return _compare(trajectory, Path(path), "csv", electron_fraction) if check else float("nan")


def _electron_fraction(trajectory: Trajectory, given: Array | None) -> Array:
    if given is not None:
        return np.asarray(given, dtype=np.float64)
    if trajectory.electron_fraction is not None:
        own: Array = trajectory.electron_fraction
        return own
    return np.full(trajectory.rows, trajectory.initial_electron_fraction)


def _mass(trajectory: Trajectory) -> list[str]:
    return [] if np.isnan(trajectory.mass) else [f"mass = {trajectory.mass:.17g} g"]


def _write(path: Path, comments: list[str], between: str, header: str, columns: list[Array]) -> None:
    """Write the file at once, so that no half of it is left."""
    lines = [f"# {words}" for words in comments] + ([header] if header else [])
    lines += [between.join(f"{value:.16e}" for value in row) for row in np.stack(columns, axis=1)]
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
        os.replace(temporary, path)
    except OSError as error:
        raise TrajectoryError(f"{path}: cannot be written ({error.strerror or error})") from None


def _compare(trajectory: Trajectory, path: Path, format: str, electron_fraction: Array | None) -> float:
    """Return the largest relative difference between a trajectory and its file."""
    again = read_trajectory(path, format)
    wanted = {
        name: getattr(trajectory, name) for name in ("time", "temperature", "density", "radius", *LIGHT)
    }
    wanted["electron_fraction"] = _electron_fraction(trajectory, electron_fraction)
    largest = 0.0
    for name, values in wanted.items():
        if values is None:
            continue
        found = getattr(again, name)
        off = np.abs(found - values) / np.where(values == 0.0, 1.0, np.abs(values))
        row = int(np.argmax(off))
        if not off[row] <= ROUND_TRIP:
            raise TrajectoryError(
                f"{path}: {name} in row {row + 1} reads back as {found[row]:.17g}, not {values[row]:.17g}"
            )
        largest = max(largest, float(off[row]))
    return largest
