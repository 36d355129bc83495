"""Profiles of MESA (Paxton et al. 2011, ApJS 192, 3): names of columns in the sixth line, the surface first.

Mass, radius and velocity stand at the zones' outer faces; density, temperature (K) and electrons per baryon in the zone.
Columns are what the user of MESA asked for in ``profile_columns.list``: of several forms of a quantity any will do. By
default there is no ``ye``; of ``abar`` and ``zbar``, means by number, it is the ratio.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from snsim.errors import ProfileError
from snsim.profiles.enclosed_mass import ENCLOSED_MASS
from snsim.profiles.formats.text import ArrayTable, TextTable, lines_of, require_column
from snsim.profiles.mappings import TableColumn
from snsim.profiles.profile import Profile
from snsim.profiles.readers import assemble

Array = NDArray[np.float64]

REFERENCES = "MESA, Paxton et al. 2011, ApJS 192, 3"
SOLAR_RADIUS = 6.957e10  # cm, nominal, IAU 2015 resolution B3
_NAMES, _FIRST = 6, 7  # lines of the names and of the outermost zone
# our name: names in MESA with factors to our unit, where "log" means that the column is a logarithm to base 10
_FORMS: dict[str, dict[str, float]] = {
    ENCLOSED_MASS: {
        "mass": CODATA.solar_mass,
        "mass_grams": 1.0,
        "logM": CODATA.solar_mass,
        "log_mass": CODATA.solar_mass,
    },
    "radius": {
        "radius": SOLAR_RADIUS,
        "radius_cm": 1.0,
        "radius_km": 1e5,
        "logR": SOLAR_RADIUS,
        "logR_cm": 1.0,
    },
    "density": {"rho": 1.0, "density": 1.0, "logRho": 1.0},
    "temperature": {"temperature": 1.0, "logT": 1.0},
    "electron_fraction": {"ye": 1.0},
    "velocity": {"velocity": 1.0, "vel_km_per_s": 1e5},
    "pressure": {"pressure": 1.0, "logP": 1.0},
}
_UNITS = {  # and where a quantity stands
    ENCLOSED_MASS: ("g", "interface"),
    "radius": ("cm", "interface"),
    "density": ("g / cm3", "zone"),
    "temperature": ("K", "zone"),
    "electron_fraction": ("1", "zone"),
    "velocity": ("cm / s", "interface"),
    "pressure": ("erg / cm3", "zone"),
}
_OPTIONAL = ("velocity", "pressure")
_MEANS = ("zbar", "abar")  # charge over mass number is the electron fraction


def read(path: Path, options: Any) -> Profile:
    """Read a profile, centre first.

    Raises
    ------
    ProfileError
        Naming line and column.
    """
    lines = lines_of(path)
    if len(lines) < _FIRST or not lines[_NAMES - 1].split():
        raise ProfileError(f"{path}: no columns in line {_NAMES}; is it a profile of MESA, and whole?")
    names = lines[_NAMES - 1].split()
    rows, numbers = [], []
    for number, line in reversed(list(enumerate(lines[_FIRST - 1 :], start=_FIRST))):
        if line.strip():
            rows.append(line.split())
            numbers.append(number)
            if len(rows[-1]) != len(names):
                raise ProfileError(
                    f"{path}, line {number}: {len(rows[-1])} values for {len(names)} columns; is the file cut?"
                )
    text = TextTable(path, names, rows, numbers)
    arrays, columns = {}, {}
    for ours, (unit, centring) in _UNITS.items():
        values = _values(text, ours)
        if values is not None:
            arrays[ours] = values
            columns[ours] = TableColumn(ours, unit, centring)  # type: ignore[arg-type]
    return assemble(
        ArrayTable(path, arrays, numbers),
        columns,
        shock_radius=options.shock_radius,
        origin=REFERENCES,
        mass_integral="newtonian",
    )


def _values(text: TextTable, ours: str) -> Array | None:
    """Return a quantity in our unit from the first of its forms that the file has; None where it may be missing."""
    for name, factor in _FORMS[ours].items():
        if name in text.names:
            column = text.column(name, ours)
            return factor * (10.0**column if name.startswith("log") else column)
    if ours == "electron_fraction" and all(name in text.names for name in _MEANS):
        charge, mass = (text.column(name, ours) for name in _MEANS)
        return charge / mass
    if ours not in _OPTIONAL:
        require_column(text.path, next(iter(_FORMS[ours])), ours, text.names)
    return None
