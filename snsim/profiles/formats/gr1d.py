"""GR1D (O'Connor & Ott 2010, CQG 27, 114103; O'Connor 2015, ApJS 219, 24): progenitors in, profiles and scalars out.

A progenitor, `.short`, has its number of zones in the first line and then, a zone a line: number, enclosed mass (g), radius
(cm), temperature (K), density, velocity (cm/s), electrons per baryon, angular velocity. GR1D takes the radii for zone centres
unless its parameter WHW02 says that they are outer edges; so must whoever reads one. Masses below 1e10 are in solar masses.

A run writes one `.xg` file for each variable: for every output a line ``"Time = t`` and then radius of the zone centre (cm;
with its parameter vs_mass the enclosed mass, which is refused) and value, with ghost zones at both ends, those inside at
negative radii. Times are the simulation's, not after bounce. Temperatures are in MeV and written with a nuclear equation of
state only; masses (`mass_grav`, `mass_bary`) are in g and interior to zone centres. `v` is measured by observers at rest, so
dr/dtau = W v/X with X = 1/sqrt(1 - 2Gm/(rc^2)), and baryons weigh 4 pi r^2 X W rho dr. Scalars over time are of all four
heavy species; rms energies are roots of <E^2>, weighted with the flux of number.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from snsim.errors import ProfileError
from snsim.profiles.enclosed_mass import ENCLOSED_MASS, check_mass
from snsim.profiles.formats.text import ArrayTable, TextTable, is_number, lines_of, to_float
from snsim.profiles.mappings import TableColumn
from snsim.profiles.profile import Profile
from snsim.profiles.readers import assemble
from snsim.variable import Variable

Array = NDArray[np.float64]

REFERENCES = "GR1D, O'Connor & Ott 2010, CQG 27, 114103; O'Connor 2015, ApJS 219, 24"
SHORT_COLUMNS = ["zone", "mass", "radius", "temperature", "density", "velocity", "ye", "omega"]
LEAST_GRAMS = 1e10  # below it GR1D takes masses of a progenitor for solar ones
SMALLEST = 1e5  # cm: an outermost radius below it is none
NEAREST = 1e-3  # s, how far from an output of the run the time asked for may be
SPECIES = ("nue", "anue", "nux")
HEAVY = 4.0  # species that GR1D sums in its third luminosity

# our name: file, unit; what is not required may be missing (GR1D's small_output)
_REQUIRED = {
    "density": ("rho", "g / cm3"),
    "temperature": ("temperature", "MeV"),
    "electron_fraction": ("ye", "1"),
}
_OPTIONAL = {
    "mass_fraction_neutron": ("xn", "1"),
    "mass_fraction_proton": ("xp", "1"),
    "mass_fraction_alpha": ("xa", "1"),
    "mass_fraction_heavy": ("xh", "1"),
    "mass_number_heavy": ("xabar", "1"),
    "charge_number_heavy": ("xzbar", "1"),
    "pressure": ("press", "erg / cm3"),
    "gravitational_mass": ("mass_grav", "g"),
}


def read_short(path: Path, options: Any) -> Profile:
    """Read a progenitor; `options.radius_centring` says where its radii stand.

    Raises
    ------
    ProfileError
        Naming the line.
    """
    rows, numbers = [], []
    lines = [(number, line.split()) for number, line in enumerate(lines_of(path), start=1) if line.strip()]
    if not lines or len(lines[0][1]) != 1 or not lines[0][1][0].isdigit():
        raise ProfileError(f"{path}, line 1: expected the number of zones alone, as in GR1D's .short files")
    count = int(lines[0][1][0])
    for number, tokens in lines[1:]:
        if len(tokens) != len(SHORT_COLUMNS):
            raise ProfileError(
                f"{path}, line {number}: {len(tokens)} values, expected {len(SHORT_COLUMNS)} "
                f"({', '.join(SHORT_COLUMNS)}); is the file cut?"
            )
        rows.append(tokens)
        numbers.append(number)
    in_grams = bool(rows) and is_number(rows[-1][1]) and to_float(rows[-1][1]) >= LEAST_GRAMS
    if len(rows) != count:
        raise ProfileError(f"{path}: {len(rows)} zones, line 1 announces {count}; is the file cut?")
    where = options.radius_centring
    columns = {
        "radius": TableColumn("radius", "cm", where),
        ENCLOSED_MASS: TableColumn("mass", "g" if in_grams else "Msun", where),
        "density": TableColumn("density", "g / cm3"),
        "temperature": TableColumn("temperature", "K"),
        "electron_fraction": TableColumn("ye"),
        "velocity": TableColumn("velocity", "cm / s", where),
    }
    return assemble(
        TextTable(path, SHORT_COLUMNS, rows, numbers),
        columns,
        shock_radius=options.shock_radius,
        origin=f"progenitor of GR1D, radii at {'outer edges' if where == 'interface' else 'zone centres'}",
        mass_integral="newtonian",
    )


def read_run(path: Path, options: Any) -> Profile:
    """Read the profile of a run at `options.time` after `options.bounce_time`, from the folder of its output.

    Raises
    ------
    ProfileError
        Naming the file, and the row where there is one.
    """
    if options.time is None:
        raise ProfileError(f"{path}: profile.time is not given; which of the run's outputs is wanted?")
    when = options.time + (options.bounce_time or 0.0)
    time: float | None = None
    arrays: dict[str, Array] = {}
    for name, (file, _) in (_REQUIRED | _OPTIONAL).items():
        if name in _REQUIRED or (path / f"{file}.xg").exists():
            time, arrays["radius"], arrays[name] = _at(path / f"{file}.xg", when, time, arrays.get("radius"))
    assert time is not None
    radius = arrays["radius"]
    relativistic = "gravitational_mass" in arrays
    speed = "v" if (path / "v.xg").exists() else "v1"
    if relativistic and speed == "v1" and (path / "v1.xg").exists():
        raise ProfileError(
            f"{path / 'v.xg'}: is missing; beside mass_grav.xg the velocity is that of observers at rest, which v1.xg is not"
        )
    if (path / f"{speed}.xg").exists():
        velocity = _at(path / f"{speed}.xg", when, time, radius)[2]
        arrays["velocity"] = velocity
    factors = _metric(arrays) if relativistic else None
    if factors is not None and "velocity" in arrays:
        arrays["velocity"] = arrays["velocity"] * factors[1] / factors[0]  # W v/X
    inner = int(np.sum(radius < 0.0))  # as many ghost zones outside
    inside = slice(inner, radius.size - inner)
    table = ArrayTable(path, {name: values[inside] for name, values in arrays.items()})
    mass = path / "mass_bary.xg"
    notes = [f"t = {time:.9g} s of the simulation", "lapse of our own from the mass of the metric"]
    if mass.exists() and (relativistic or not (path / "alpha.xg").exists()):
        # an effective potential makes it another mass; then there is alpha but no mass_grav
        enclosed = _at(mass, when, time, radius)[2][inside]
        weight = None if factors is None else (factors[0] * factors[1])[inside]
        words = "relativistic" if relativistic else "newtonian"
        notes.append(check_mass(enclosed, "zone", table.arrays, _edges(radius)[inside], words, table, weight))
    units = {"radius": "cm", "velocity": "cm / s"} | {
        name: unit for name, (_, unit) in (_REQUIRED | _OPTIONAL).items()
    }
    columns = {name: TableColumn(name, units[name]) for name in arrays}
    profile = assemble(table, columns, shock_radius=options.shock_radius, origin="output of GR1D")
    return replace(profile, source="; ".join([profile.source, *notes]))


def _metric(arrays: dict[str, Array]) -> tuple[Array, Array]:
    """X and W, from the mass of the metric and the velocity."""
    c = CODATA.speed_of_light
    potential = 2.0 * CODATA.gravitational_constant * arrays["gravitational_mass"] / (arrays["radius"] * c**2)
    speed = arrays.get("velocity", np.zeros_like(potential)) / c
    return 1.0 / np.sqrt(np.maximum(1.0 - potential, 1e-3)), 1.0 / np.sqrt(1.0 - np.minimum(speed**2, 0.99))


def _edges(radius: Array) -> Array:
    """Outer edges of zones, midway between their centres."""
    return np.concatenate([0.5 * (radius[1:] + radius[:-1]), [1.5 * radius[-1] - 0.5 * radius[-2]]])


def _at(path: Path, when: float, exactly: float | None, radius: Array | None) -> tuple[float, Array, Array]:
    """Time, radii and values of the output nearest to a time, or of the very output of another variable."""
    lines = lines_of(path)
    outputs = _outputs(path, lines)
    times = np.array([time for time, _ in outputs])
    index = int(np.argmin(np.abs(times - (when if exactly is None else exactly))))
    time, first = outputs[index]
    if exactly is not None and time != exactly:
        raise ProfileError(
            f"{path}: no output at t = {exactly:.9g} s, which the run's other files have; is it cut?"
        )
    if abs(time - when) > NEAREST:
        raise ProfileError(
            f"{path}: no output within {1e3 * NEAREST:g} ms of t = {when:.9g} s of the simulation; it has {times.size} from "
            f"{times[0]:.9g} to {times[-1]:.9g} s, the nearest at {time:.9g} s"
        )
    last = outputs[index + 1][1] - 1 if index + 1 < len(outputs) else len(lines)
    rows = [(number + 1, lines[number].split()) for number in range(first, last) if lines[number].strip()]
    for number, tokens in rows:
        if len(tokens) != 2 or not all(is_number(token) for token in tokens):
            raise ProfileError(f"{path}, line {number}: expected radius and value, got '{' '.join(tokens)}'")
    values = np.array([[to_float(token) for token in tokens] for _, tokens in rows]).reshape(-1, 2)
    if values.size and float(np.nanmax(values[:, 0])) < SMALLEST:
        raise ProfileError(
            f"{path}: values stand against numbers up to {np.nanmax(values[:, 0]):.4g}, which are no radii in cm; was it "
            "written with vs_mass = 1, over the enclosed mass?"
        )
    if not np.isfinite(values).all():
        number, tokens = rows[int(np.argmax(~np.isfinite(values).all(axis=1)))]
        raise ProfileError(f"{path}, line {number}: {' '.join(tokens)} is no value, expected finite numbers")
    if radius is not None and not np.array_equal(values[:, 0], radius):
        raise ProfileError(
            f"{path}: its {values.shape[0]} radii at t = {time:.9g} s are not the {radius.size} of rho.xg; is the file cut?"
        )
    return time, values[:, 0], values[:, 1]


def _outputs(path: Path, lines: list[str]) -> list[tuple[float, int]]:
    """Return the times of a file, and the index of the line after each."""
    found = []
    for index, line in enumerate(lines):
        if "Time" in line:
            text = line.partition("=")[2].strip()
            if not is_number(text):
                raise ProfileError(f"{path}, line {index + 1}: '{text}' is no time")
            found.append((to_float(text), index + 1))
        elif line.strip() and not found:
            raise ProfileError(
                f"{path}, line {index + 1}: expected a line \"Time = t first, as in GR1D's .xg files"
            )
    if not found:
        raise ProfileError(f"{path}: no output in it")
    return found


def read_scalars(path: str | Path, bounce_time: float = 0.0) -> dict[str, Variable]:
    """Read luminosities and energies over time from the folder of a run's output.

    Parameters
    ----------
    path : str or Path
        With ``M1_flux_lum.dat``, ``M1_flux_aveenergy_lab.dat`` and ``M1_flux_rmsenergy_lab.dat``.
    bounce_time : float
        s of the simulation; times are counted from there.

    Returns
    -------
    dict of str to Variable
        `time`, `species`, and along both `luminosity` (of ONE heavy species: GR1D sums four), `mean_energy`, `rms_number` =
        sqrt(<E^2>), measured by observers at rest at the run's radius of extraction.

    Raises
    ------
    ProfileError
        For a missing or cut file, files of different times, or times that do not rise (a restarted run appends again).
    """
    folder = Path(path)
    time, luminosity = _series(folder / "M1_flux_lum.dat")
    energies = []
    for name in ("ave", "rms"):
        file = folder / f"M1_flux_{name}energy_lab.dat"
        own, values = _series(file)
        if not np.array_equal(own, time):
            raise ProfileError(
                f"{file}: {own.size} times that are not the {time.size} of M1_flux_lum.dat; is it cut?"
            )
        energies.append(values)
    along, frame = ("time", "species"), {"frame": "observers at rest at the radius of extraction"}
    one = luminosity / np.array([1.0, 1.0, HEAVY])
    return {
        "time": Variable(("time",), time - bounce_time, "s", "time"),
        "species": Variable(("species",), np.array(SPECIES), "1", "neutrino species; nux is one of four"),
        "luminosity": Variable(along, one, "erg/s", "luminosity", frame),
        "mean_energy": Variable(along, energies[0], "MeV", "mean energy", frame),
        "rms_number": Variable(
            along,
            energies[1],
            "MeV",
            "rms energy of the number spectrum",
            frame | {"definition": "sqrt(<E^2>)"},
        ),
    }


def _series(path: Path) -> tuple[Array, Array]:
    """Return times and three values each."""
    rows: list[list[float]] = []
    for number, line in enumerate(lines_of(path), start=1):
        tokens = line.split()
        if not tokens:
            continue
        try:
            row = [to_float(token) for token in tokens]
        except ValueError:
            row = []
        if len(row) != 1 + len(SPECIES) or not np.isfinite(row).all():
            raise ProfileError(
                f"{path}, line {number}: expected time and {len(SPECIES)} finite numbers, got '{line.strip()}'"
            )
        if rows and row[0] <= rows[-1][0]:
            raise ProfileError(
                f"{path}, line {number}: t = {row[0]:.9g} s follows {rows[-1][0]:.9g} s; a restarted run writes again: "
                "remove the older lines"
            )
        rows.append(row)
    if not rows:
        raise ProfileError(f"{path}: no rows of numbers")
    values = np.array(rows)
    return values[:, 0], values[:, 1:]
