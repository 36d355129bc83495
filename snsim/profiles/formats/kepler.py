"""KEPLER progenitors, files named like ``s15_presn`` or ``s15@presn`` (Woosley & Heger 2007, Phys. Rep. 442, 269).

Two lines of heading, the second with names in columns of 25 characters that contain blanks; then a zone a line, its number
with a colon first. Enclosed mass (g), radius (cm) and velocity stand at the zones' outer edges, all else in the zone;
temperatures are in K, and ``---`` means that there is no value. A last line may be a comment or the wind. Between Y_e and
the nuclei stand ``stability``, in most files ``NETWORK``, and in those of magnetic stars ``B_r`` and ``B_phi``.

Newer link files (kepdata) have many lines of heading, all of which, the names, their units and the wind begin with ``#``;
zones have no colon, that of the centre is number 0, and ``-`` means that there is no value.

In quasi-equilibrium the columns of nuclei are sums (``He4`` of 1 < A < 6, ``Fe54`` of part of the iron peak). The nucleus
of a zone follows from its mean mass number and its electron fraction, so that baryons and charge are exactly those of the
file, whatever network it used; neutrons, protons and alphas are its own.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snsim.errors import ProfileError
from snsim.profiles.enclosed_mass import ENCLOSED_MASS
from snsim.profiles.formats.text import TextTable, lines_of
from snsim.profiles.mappings import TableColumn
from snsim.profiles.profile import Profile
from snsim.profiles.readers import assemble

Array = NDArray[np.float64]

REFERENCES = "KEPLER, Woosley & Heger 2007, Phys. Rep. 442, 269"
MISSING = ("---", "-")
SUM_TOLERANCE = 1e-3
_COLUMNS = {
    ENCLOSED_MASS: TableColumn("cell outer total mass", "g", "interface"),
    "radius": TableColumn("cell outer radius", "cm", "interface"),
    "velocity": TableColumn("cell outer velocity", "cm / s", "interface"),
    "density": TableColumn("cell density", "g / cm3"),
    "temperature": TableColumn("cell temperature", "K"),
    "electron_fraction": TableColumn("cell Y_e"),
}
_PRESSURE = TableColumn("cell pressure", "erg / cm3")
_MEAN_MASS = "cell A_bar"
_LIGHT = {
    "mass_fraction_neutron": ("neutrons", "nt1", "n"),
    "mass_fraction_proton": ("H1", "h1", "p"),
    "mass_fraction_alpha": ("He4", "he4"),
}
_NUCLEUS = re.compile(r"neutrons|nt1|[npdt]|'?fe'?|[a-z]{1,2}\d{1,3}", re.IGNORECASE)
_HEADING = 80  # lines in which the names must stand
_TRACE = 1e-6  # mass fraction below which printed digits do not determine a nucleus


def read(path: Path, options: Any) -> Profile:
    """Read a progenitor.

    Raises
    ------
    ProfileError
        Naming line and column.
    """
    table = _table(path)
    _check_sum(table)
    columns = dict(_COLUMNS)
    if _PRESSURE.column in table.names:
        columns["pressure"] = _PRESSURE
    light = {ours: next((n for n in names if n in table.names), None) for ours, names in _LIGHT.items()}
    whole = _MEAN_MASS in table.names and None not in light.values()
    if whole:
        columns |= {ours: TableColumn(str(name)) for ours, name in light.items()}
        columns["mean_mass_number"] = TableColumn(_MEAN_MASS)
    return assemble(
        table,
        columns,
        shock_radius=options.shock_radius,
        derive=_nucleus if whole else None,
        origin=REFERENCES,
        mass_integral="newtonian",
    )


def _table(path: Path) -> TextTable:
    """Names and rows; what is missing in a column of nuclei is none of them."""
    lines = lines_of(path)
    at = next((i for i, line in enumerate(lines[:_HEADING]) if "cell outer radius" in line), None)
    if at is None:
        raise ProfileError(
            f"{path}: no line of its first {_HEADING} has the names of KEPLER's columns, such as 'cell outer radius'"
        )
    names = _names(lines[at])
    nuclei = {i for i, name in enumerate(names) if _NUCLEUS.fullmatch(name)}
    rows, numbers = [], []
    last = max(number for number, line in enumerate(lines, start=1) if line.strip())
    for number, line in enumerate(lines[at + 1 :], start=at + 2):
        tokens = line.split()
        if not tokens or tokens[0].startswith("#"):
            continue
        if re.fullmatch(r"\d+:?", tokens[0]) is None:
            if number == last:
                continue
            raise ProfileError(
                f"{path}, line {number}: expected the number of a zone first, got '{tokens[0]}'"
            )
        if len(tokens) != len(names):
            raise ProfileError(
                f"{path}, line {number}: {len(tokens)} values for {len(names)} columns; is the file cut?"
            )
        if int(tokens[0].rstrip(":")) > 0:
            kept = ("0" if i in nuclei and token in MISSING else token for i, token in enumerate(tokens))
            rows.append(list(kept))
            numbers.append(number)
    return TextTable(path, names, rows, numbers)


def _names(line: str) -> list[str]:
    """Names of the columns; those that begin with "cell" contain blanks, and the zones' may be missing."""
    names: list[str] = []
    for part in re.split(r"\s{2,}", line.lstrip("# ").strip()):
        names += [part] if part.startswith("cell ") else part.split()
    return names if names[0] == "grid" else ["grid", *names]


def _check_sum(table: TextTable) -> None:
    """Hold the mass fractions of every zone to 1."""
    nuclei = [name for name in table.names if _NUCLEUS.fullmatch(name)]
    if not nuclei:
        return
    total = np.sum([table.column(name, "a mass fraction") for name in nuclei], axis=0)
    point = int(np.argmax(np.abs(total - 1.0)))
    if abs(total[point] - 1.0) > SUM_TOLERANCE:
        raise ProfileError(
            f"{table.path}, {table.place(point)}: the mass fractions of its {len(nuclei)} nuclei sum to {total[point]:.6g}: "
            f"allowed is 1 within {SUM_TOLERANCE:g}"
        )


def _nucleus(values: dict[str, Array]) -> list[str]:
    """Set the representative nucleus from conservation of nuclei and charge."""
    neutron, proton, alpha = (values[name] for name in _LIGHT)
    heavy = 1.0 - neutron - proton - alpha
    # nuclei per baryon that are neither nucleons nor alphas; 1/A_bar counts all of them
    count = 1.0 / values.pop("mean_mass_number") - neutron - proton - 0.25 * alpha
    charge = values["electron_fraction"] - proton - 0.5 * alpha
    present = (heavy > _TRACE) & (count > _TRACE * heavy) & (charge > 0.0)
    safe = np.where(present, count, 1.0)
    values["mass_fraction_heavy"] = np.where(heavy > _TRACE, heavy, 0.0)
    values["mass_number_heavy"] = np.where(present, heavy / safe, 0.0)
    values["charge_number_heavy"] = np.where(present, charge / safe, 0.0)
    lost = (heavy > _TRACE) & ~present
    if lost.any():
        point = int(np.argmax(lost))
        raise ProfileError(
            f"A_bar, Y_e and the mass fractions of point {point} belong to no nucleus: A_bar = "
            f"{1.0 / (count[point] + neutron[point] + proton[point] + 0.25 * alpha[point]):.4g}"
        )
    return ["representative nucleus from A_bar and Y_e"]
