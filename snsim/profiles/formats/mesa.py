"""Profiles of MESA (Paxton et al. 2011, ApJS 192, 3): names of columns in the sixth line, the surface first.

Mass (Msun), radius (Rsun, or its logarithm) and velocity stand at the zones' outer faces; density, temperature (K) and
electrons per baryon in the zone. Columns are what the user of MESA asked for; of logarithm and number either will do.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from microphysics.constants import CODATA
from snsim.errors import ProfileError
from snsim.profiles.enclosed_mass import ENCLOSED_MASS
from snsim.profiles.formats.text import ArrayTable, TextTable, lines_of, require_column
from snsim.profiles.mappings import TableColumn
from snsim.profiles.profile import Profile
from snsim.profiles.readers import assemble

REFERENCES = "MESA, Paxton et al. 2011, ApJS 192, 3"
SOLAR_RADIUS = 6.957e10  # cm, nominal, IAU 2015 resolution B3
_NAMES, _FIRST = 6, 7  # lines of the names and of the outermost zone
# our name: number, logarithm of it to base 10, factor to our unit, our unit, where it stands
_COLUMNS = {
    ENCLOSED_MASS: ("mass", "logM", CODATA.solar_mass, "g", "interface"),
    "radius": ("radius", "logR", SOLAR_RADIUS, "cm", "interface"),
    "density": ("rho", "logRho", 1.0, "g / cm3", "zone"),
    "temperature": ("temperature", "logT", 1.0, "K", "zone"),
    "electron_fraction": ("ye", "log_ye", 1.0, "1", "zone"),
    "velocity": ("velocity", "", 1.0, "cm / s", "interface"),
    "pressure": ("pressure", "logP", 1.0, "erg / cm3", "zone"),
}
_OPTIONAL = ("velocity", "pressure")


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
    for ours, (number_name, log_name, factor, unit, centring) in _COLUMNS.items():
        if number_name in names:
            arrays[ours] = factor * text.column(number_name, ours)
        elif log_name in names:
            arrays[ours] = factor * 10.0 ** text.column(log_name, ours)
        elif ours not in _OPTIONAL:
            require_column(path, number_name, ours, names)
        if ours in arrays:
            columns[ours] = TableColumn(ours, unit, centring)  # type: ignore[arg-type]
    return assemble(
        ArrayTable(path, arrays, numbers),
        columns,
        shock_radius=options.shock_radius,
        origin=REFERENCES,
        mass_integral="newtonian",
    )
