"""Profiles from text tables, by any named columns or by a ready-made mapping."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from microphysics.errors import unit_like, unit_named
from snsim.errors import ConfigError, ProfileError
from snsim.profiles.enclosed_mass import ENCLOSED_MASS, check_mass
from snsim.profiles.formats.hdf5 import is_hdf5, read_hdf5
from snsim.profiles.formats.text import Table, TextTable
from snsim.profiles.mappings import DERIVATION_UNITS, MAPPINGS, Derivation, TableColumn, TableMapping
from snsim.profiles.plausible import STORED, doubt_units, hint
from snsim.profiles.profile import (
    COMPOSITION,
    FIELDS,
    MASS_FRACTION_TOLERANCE,
    REQUIRED,
    Array,
    Profile,
)
from snsim.profiles.shock import with_shock

if TYPE_CHECKING:
    from microphysics.eos.state import EquationOfState

__all__ = ["MAPPINGS", "ColumnLike", "TableColumn", "TableMapping", "assemble", "load_profile", "read_table"]


# round-off that codes leave in mass fractions (Vertex: -3e-8); anything more negative is an error
_NEGATIVE_ROUND_OFF = 1e-6
_BARYONS = {"mass_fraction_neutron": 1.0, "mass_fraction_proton": 1.0, "mass_fraction_alpha": 4.0}


class ColumnLike(Protocol):
    """How one column is described: its name in the file, unit, place in the zone and kind of composition."""

    @property
    def column(self) -> str:
        """Name in the file."""

    @property
    def unit(self) -> str:
        """Anything astropy parses; "1" for none."""

    @property
    def centring(self) -> str:
        """`zone`, or `interface` for values at the zones' outer edges."""

    @property
    def kind(self) -> str:
        """`mass_fraction`, or `number_fraction` for numbers per baryon."""


def load_profile(parameters: Any, base_dir: str | Path = ".", eos: EquationOfState | None = None) -> Profile:
    """Build the profile that a run file's [profile] section asks for.

    Parameters
    ----------
    parameters : AnalyticProfile, HydrostaticProfile, CollapseProfile, TableProfile or FileProfile
        The section of the configuration, with its `format`.
    base_dir : str or Path
        What a relative `path` is relative to.
    eos : EquationOfState, optional
        Of the hydrostatic star and the collapsing core, `LattimerSwesty` by default; the others need none.

    Returns
    -------
    Profile
        With its shock radius, where there is a shock.

    Raises
    ------
    ConfigError
        Unknown mapping or field.
    ProfileError
        A star that cannot be, a file that cannot be read or describes no star.
    """
    if parameters.format == "analytic":
        from snsim.profiles.analytic import analytic_profile

        profile: Profile = analytic_profile(parameters)
        return profile
    if parameters.format in ("hydrostatic", "collapse"):
        return _of_equation_of_state(parameters, eos)
    if parameters.format != "table":
        from snsim.profiles.formats.registry import FORMATS

        return FORMATS[parameters.format].read(Path(base_dir) / parameters.path, parameters)
    columns, derive, origin, integral = parameters.columns, None, "", "none"
    for name in columns:
        if name not in FIELDS and name != ENCLOSED_MASS:
            raise ConfigError(f"profile.columns.{name}: {_unknown_field(name)}")
    if parameters.mapping is not None:
        mapping = _mapping(parameters.mapping)
        columns, derive, origin = mapping.columns, mapping.derive, mapping.references
        integral = mapping.mass_integral
    else:
        integral = parameters.mass_integral
    return read_table(
        Path(base_dir) / parameters.path,
        columns,
        delimiter=parameters.delimiter,
        comment=parameters.comment,
        shock_radius=parameters.shock_radius,
        derive=derive,
        origin=origin,
        mass_integral=integral,
    )


def _of_equation_of_state(parameters: Any, eos: EquationOfState | None) -> Profile:
    from microphysics.eos.lattimer_swesty import LattimerSwesty

    eos = eos or LattimerSwesty()
    if parameters.format == "hydrostatic":
        from snsim.profiles.hydrostatic import hydrostatic_profile

        return hydrostatic_profile(parameters, eos)
    from snsim.profiles.collapse import collapse_profile

    return collapse_profile(parameters, eos)


def _mapping(name: str) -> TableMapping:
    if name not in MAPPINGS:
        close = difflib.get_close_matches(name, MAPPINGS, n=1)
        hint = f" Did you mean '{close[0]}'?" if close else ""
        raise ConfigError(f'profile.mapping = "{name}": expected one of {", ".join(MAPPINGS)}.{hint}')
    return MAPPINGS[name]


def read_table(
    path: str | Path,
    columns: Mapping[str, ColumnLike],
    *,
    delimiter: str | None = None,
    comment: str = "#",
    shock_radius: float | None = None,
    derive: Derivation | None = None,
    origin: str = "",
    mass_integral: str = "none",
) -> Profile:
    """Read a profile from a text table with a line of column names, or from the one-dimensional data sets of HDF5.

    The names stand in the first line without a comment sign, or in the last comment line before the numbers; those of
    data sets have their groups before them, as in ``mesh/rho``.

    Parameters
    ----------
    path : str or Path
        One zone a line, from the centre outwards.
    columns : mapping
        Profile field to the description of its column. Values at `interface` are those at the zones' outer
        edges: radii become the mean radius of each zone's volume, other values are interpolated to it.
    delimiter : str, optional
        None means commas where the first line of numbers has one, else white space.
    comment : str
        What starts a comment line.
    shock_radius : float, optional
        cm; None means found from the velocity. One far from a clear jump of the velocity is warned of.
    derive : callable, optional
        Completes the fields (see `TableMapping`).
    origin : str
        Reference, for `Profile.source`.
    mass_integral : {"none", "newtonian", "relativistic"}
        How a column `enclosed_mass` follows from the density: 4 pi r^2 rho dr, or that over
        Gamma = sqrt(1 + (v/c)^2 - 2Gm/(rc^2)). It must, to 1 %.

    Returns
    -------
    Profile
        Mass fractions whose sum misses 1 by less than the profile's tolerance are renormalised, as `source`
        then says.

    Raises
    ------
    ProfileError
        Names the file, and the line and column or the point, of the first mistake.
    """
    path = Path(path)
    _check_fields(columns, derive is not None, path)
    table: Table = read_hdf5(path) if is_hdf5(path) else TextTable.read(path, delimiter, comment)
    return assemble(
        table,
        columns,
        shock_radius=shock_radius,
        derive=derive,
        origin=origin,
        mass_integral=mass_integral,
    )


def assemble(
    table: Table,
    columns: Mapping[str, ColumnLike],
    *,
    shock_radius: float | None = None,
    derive: Derivation | None = None,
    origin: str = "",
    mass_integral: str = "none",
) -> Profile:
    """Make a profile of the columns of a table; parameters, result and errors as of `read_table`."""
    path = table.path
    if derive is not None and ENCLOSED_MASS in columns:  # of a mapping, which checks it where it is asked to
        if mass_integral == "none" or columns[ENCLOSED_MASS].column not in table.names:
            columns = {name: spec for name, spec in columns.items() if name != ENCLOSED_MASS}
    values = {
        name: table.column(spec.column, name) * _factor(name, spec, path) for name, spec in columns.items()
    }
    _check_edges(values, columns, table)
    edges = values["radius"] if "radius" in columns and columns["radius"].centring == "interface" else None
    mass = values.pop(ENCLOSED_MASS, None)
    _to_centres(values, columns)
    _to_mass_fractions(values, columns)
    notes = derive(values) if derive is not None else []
    if mass is not None:
        notes.append(check_mass(mass, columns[ENCLOSED_MASS].centring, values, edges, mass_integral, table))
    notes += _tidy_composition(values)
    source = "; ".join([f"{path.name} ({origin})" if origin else path.name, *notes])
    try:
        profile = Profile(**values, shock_radius=shock_radius, source=source)
    except (ProfileError, TypeError) as error:
        raise ProfileError(f"{path}: {_with_line(error, values, columns, table)}") from None
    doubt_units(path, values, columns)
    return with_shock(profile)


def _check_fields(columns: Mapping[str, ColumnLike], may_derive: bool, path: Path) -> None:
    unknown = [] if may_derive else [name for name in columns if name not in FIELDS and name != ENCLOSED_MASS]
    if unknown:
        raise ProfileError(f"{path}: {_unknown_field(unknown[0])}")
    missing = [] if may_derive else [name for name in REQUIRED if name not in columns]
    if missing:
        raise ProfileError(
            f"{path}: profile.columns names no {missing[0]}; needed are {', '.join(REQUIRED)}, each like "
            'density = { column = "rho", unit = "g/cm3" }'
        )


def _unknown_field(name: str) -> str:
    close = difflib.get_close_matches(name, FIELDS, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    return f"unknown profile field '{name}'; known are {', '.join(FIELDS)}.{hint}"


def _factor(field: str, spec: ColumnLike, path: Path) -> float:
    """Factor from the column's unit to the stored one."""
    wanted = DERIVATION_UNITS.get(field) or FIELDS[field][0]
    if spec.unit.replace(" ", "") == wanted.replace(" ", ""):
        return 1.0
    from astropy import units

    equivalencies = units.temperature_energy() if field == "temperature" else []
    try:
        return float(units.Unit(spec.unit).to(units.Unit(wanted), equivalencies=equivalencies))
    except units.UnitConversionError:
        raise ProfileError(
            f"{path}: column '{spec.column}' ({field}): expected {unit_like(wanted)}, got {unit_named(spec.unit)}"
        ) from None
    except (ValueError, TypeError):
        raise ProfileError(f"{path}: column '{spec.column}' ({field}): unknown unit '{spec.unit}'") from None


def _check_edges(values: dict[str, Array], columns: Mapping[str, ColumnLike], table: Table) -> None:
    """Refuse zones without width; of centres, the profile itself checks that they rise."""
    if "radius" not in values or columns["radius"].centring != "interface":
        return
    widths = np.diff(values["radius"], prepend=0.0)
    if (widths <= 0.0).any():
        point = int(np.argmax(widths <= 0.0))
        raise ProfileError(
            f"{table.path}: radius must rise from point to point: point {point} "
            f"({values['radius'][point] / 1e5:.6g} km, {table.place(point)}) is no further out"
        )


def _to_centres(values: dict[str, Array], columns: Mapping[str, ColumnLike]) -> None:
    """Bring what stands at outer zone edges to zone centres."""
    if "radius" not in values:
        return
    radius = values["radius"]
    if columns["radius"].centring == "interface":
        edges = np.concatenate([[0.0], radius])
        # mean radius of the zone's volume: there a linear function equals its average over the zone
        values["radius"] = 0.75 * np.diff(edges**4) / np.diff(edges**3)
    else:
        middles = 0.5 * (radius[1:] + radius[:-1])
        edges = np.concatenate(
            [[0.0], middles, [1.5 * radius[-1] - 0.5 * radius[-2]] if radius.size > 1 else radius]
        )
    for name, spec in columns.items():
        if spec.centring == "interface" and name != "radius" and name in values:
            centre = 0.0 if name in ("velocity", "gravitational_mass") else values[name][0]
            values[name] = np.interp(values["radius"], edges, np.concatenate([[centre], values[name]]))


def _to_mass_fractions(values: dict[str, Array], columns: Mapping[str, ColumnLike]) -> None:
    """Turn numbers per baryon into mass fractions."""
    for name, spec in columns.items():
        if spec.kind == "number_fraction":
            if name == "mass_fraction_heavy" and "mass_number_heavy" in values:
                values[name] = values[name] * values["mass_number_heavy"]
            elif name in _BARYONS:
                values[name] = values[name] * _BARYONS[name]


def _tidy_composition(values: dict[str, Array]) -> list[str]:
    """Remove round-off from mass fractions and the nucleus of zones without nuclei; returns notes."""
    fractions = COMPOSITION[:4]
    if not all(name in values for name in COMPOSITION):
        return []
    for name in fractions:
        values[name] = np.where(
            (values[name] < 0.0) & (values[name] >= -_NEGATIVE_ROUND_OFF), 0.0, values[name]
        )
    absent = values["mass_fraction_heavy"] == 0.0
    for name in ("mass_number_heavy", "charge_number_heavy"):
        values[name] = np.where(absent, 0.0, values[name])
    total = np.sum([values[name] for name in fractions], axis=0)
    defect = float(np.max(np.abs(total - 1.0)))
    if not 0.0 < defect <= MASS_FRACTION_TOLERANCE:
        return []
    for name in fractions:
        values[name] = np.minimum(values[name] / total, 1.0)
    return [f"mass fractions renormalised by at most {defect:.1e}"] if defect > 1e-12 else []


def _with_line(
    error: Exception, values: dict[str, Array], columns: Mapping[str, ColumnLike], table: Table
) -> str:
    """Add the line to a message about a point, and the unit that numbers outside their range rather are in."""
    text = str(error)
    point = re.search(r"point (\d+)", text)
    if point is not None and (place := table.place(int(point[1]))):
        text += f" ({place})"
    field = text.partition(" ")[0]
    return text + hint(field, values, columns) if field in STORED and "is it in" not in text else text
