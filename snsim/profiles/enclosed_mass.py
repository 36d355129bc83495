"""Whether a density and the enclosed mass beside it belong together: wrong units, centring and metric show here first."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from snsim.errors import ProfileError
from snsim.profiles.formats.text import Table

Array = NDArray[np.float64]

ENCLOSED_MASS = "enclosed_mass"  # a column that is checked and not kept, g
TOLERANCE = 0.01
INTEGRALS = ("newtonian", "relativistic")
_SMALL = 0.01  # of the whole mass, inside which a file's digits and its innermost zone decide


def check_mass(
    mass: Array,
    centring: str,
    values: Mapping[str, Array],
    edges: Array | None,
    integral: str,
    table: Table,
    weight: Array | None = None,
) -> str:
    """Compare the integral of the density with the enclosed mass of the file.

    Parameters
    ----------
    mass : ndarray, shape (point,)
        g, at zone centres or at the zones' outer edges.
    centring : {"zone", "interface"}
        Where.
    values : mapping
        `radius` at centres (cm), `density` (g/cm^3), and where they are known `velocity` and `gravitational_mass`.
    edges : ndarray or None
        Outer edges of the zones, cm, where the file has them.
    integral : {"newtonian", "relativistic"}
        Without or with Gamma, see `snsim.profiles.readers.read_table`.
    table : Table
        For messages.
    weight : ndarray, optional
        In place of 1/Gamma.

    Returns
    -------
    str
        A note on how well they agree.

    Raises
    ------
    ProfileError
        Beyond 1 %, with what would fit instead, if anything would.
    """
    if integral not in INTEGRALS:
        raise ProfileError(
            f"{table.path}: enclosed_mass is given, so mass_integral must say how it follows from the density: "
            f"{' or '.join(INTEGRALS)}"
        )
    steps = np.diff(mass)
    if (steps < 0.0).any():
        point = int(np.argmax(steps < 0.0)) + 1
        raise ProfileError(f"{table.path}: enclosed_mass falls at point {point} ({table.place(point)})")
    error, point = _misfit(mass, centring, values, edges, integral, weight)
    if error <= TOLERANCE:
        return f"enclosed mass is the {integral} integral of the density within {error:.1e}"
    others = [
        words
        for words, other in (
            ('with mass_integral = "newtonian"', (centring, edges, "newtonian")),
            ('with mass_integral = "relativistic"', (centring, edges, "relativistic")),
            ("if mass stood at zones' outer edges", ("interface", edges, integral)),
            ("if mass stood at zone centres", ("zone", edges, integral)),
            (
                "if radii were outer edges",
                ("zone", values["radius"].copy() if edges is None else None, integral),
            ),
        )
        if _misfit(mass, other[0], values, other[1], other[2], weight)[0] <= TOLERANCE
    ]
    hint = (
        f"; it would agree {others[0]}"
        if others
        else "; are unit and centring of radius, mass and density right?"
    )
    raise ProfileError(
        f"{table.path}: the {integral} integral of the density is off enclosed_mass by {100.0 * error:.3g} % at point "
        f"{point} ({values['radius'][point] / 1e5:.4g} km, {table.place(point)}); allowed is {100.0 * TOLERANCE:g} %{hint}"
    )


def _misfit(
    mass: Array,
    centring: str,
    values: Mapping[str, Array],
    edges: Array | None,
    integral: str,
    weight: Array | None,
) -> tuple[float, int]:
    """Largest relative difference from the first point on, and where."""
    radius = values["radius"]
    if edges is None:
        middles = 0.5 * (radius[1:] + radius[:-1])
        outer = np.concatenate([middles, [1.5 * radius[-1] - 0.5 * radius[-2]]])
    else:
        outer = edges
    inner = np.concatenate([[0.0], outer[:-1]])
    per_volume = values["density"] * (_per_gamma(mass, values) if integral == "relativistic" else 1.0)
    if weight is not None:
        per_volume = values["density"] * weight
    left = 4.0 * np.pi / 3.0 * (radius**3 - inner**3) * per_volume
    right = 4.0 * np.pi / 3.0 * (outer**3 - radius**3) * per_volume
    # from point to point, so that a hollow or ill-known centre does not count
    parts = left[1:] + right[:-1] if centring == "zone" else left[1:] + right[1:]
    found = mass[0] + np.concatenate([[0.0], np.cumsum(parts)])
    difference = np.abs(found - mass) / np.maximum(mass, _SMALL * mass[-1])
    point = int(np.argmax(difference))
    return float(difference[point]), point


def _per_gamma(mass: Array, values: Mapping[str, Array]) -> Array:
    """1/Gamma of zones that move with the fluid."""
    c2 = CODATA.speed_of_light**2
    weighs = values.get("gravitational_mass", mass)
    speed = values.get("velocity", np.zeros_like(mass))
    square = 1.0 + speed**2 / c2 - 2.0 * CODATA.gravitational_constant * weighs / (values["radius"] * c2)
    return 1.0 / np.sqrt(np.maximum(square, 1e-3))
