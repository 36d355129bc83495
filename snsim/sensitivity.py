"""How neutrinospheres answer when a star is swapped for another: d ln R_nu/d ln of a scalar, from results that exist.

Whatever differs between the results counts towards the exponent, so that it is a derivative only where the scalar alone
was changed, or where everything else follows from it, as a whole star follows from its central density.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snsim.config.load import reconfigure
from snsim.errors import ConfigError, ResultFileError
from snsim.result import Result
from snsim.series import HISTORY

Array = NDArray[np.float64]

SPHERES = "diagnostics/neutrinosphere"
SPHERE = "transport_energy_mean"
FEWEST = 2  # stars that make a difference
SAME = 1e-9  # relative difference of scalars below which there is none


@dataclass(frozen=True)
class Sensitivity:
    """Exponents of the neutrinospheres, and the numbers that they come from.

    Attributes
    ----------
    scalar : str
        What was varied, in words with its unit.
    values : ndarray, shape (result,)
        Its value in each result.
    species : tuple of str
        Along the last axis of the following.
    radius : ndarray, shape (result, species)
        cm.
    exponent : ndarray, shape (species,)
        d ln R_nu/d ln(scalar); NaN where a result has no sphere.
    reason : str
        Why there are NaN; empty where there are none.
    """

    scalar: str
    values: Array
    species: tuple[str, ...]
    radius: Array
    exponent: Array
    reason: str


def logarithmic_slope(scalar: ArrayLike, values: ArrayLike) -> Array:
    """Return d ln(values)/d ln(scalar): the quotient of differences of two points, a least-squares line through more.

    Parameters
    ----------
    scalar : array_like, shape (point,)
        Positive, at least two of them different.
    values : array_like, shape (point, ...)
        Any quantity.

    Returns
    -------
    ndarray, shape (...)
        Exact for power laws; NaN where one of the values is not positive.

    Raises
    ------
    ConfigError
        For fewer than two points, scalars that are not positive, or all the same.

    Examples
    --------
    >>> round(float(logarithmic_slope([1.0, 2.0, 4.0], [3.0, 3.0 * 2.0**-0.4, 3.0 * 4.0**-0.4])), 12)
    -0.4
    """
    x, y = np.asarray(scalar, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if x.size < FEWEST:
        raise ConfigError(f"{x.size} value of the scalar: a slope needs at least {FEWEST} results")
    if not (x > 0.0).all():
        raise ConfigError(
            f"the scalar is {float(x[~(x > 0.0)][0]):.6g} in a result: its logarithm needs values above 0"
        )
    if x.max() - x.min() <= SAME * x.max():
        raise ConfigError(f"the scalar is {x[0]:.6g} in every result: there is nothing to divide by")
    known = (y > 0.0).all(axis=0)
    logs = np.log(np.where(y > 0.0, y, 1.0))
    along = np.log(x) - np.log(x).mean()
    slope = np.tensordot(along, logs, axes=(0, 0)) / np.dot(along, along)
    return np.asarray(np.where(known, slope, np.nan))


def neutrinosphere_sensitivity(
    results: Sequence[Result], over: str = "density", sphere: str = SPHERE
) -> Sensitivity:
    """Return d ln R_nu/d ln(scalar) between results of different stars or equations of state.

    Parameters
    ----------
    results : sequence of Result
        Two or more runs of single stars with the observable `neutrinosphere`; of a sequence take `snsim.series.moment`.
    over : str
        A variable of the profile, such as ``density``, ``temperature`` or ``pressure`` (of the innermost zone: the grid
        begins at `grid.r_inner`), or ``shock_radius``; or a key of the run files that is a number, such as
        ``profile.accretion_rate`` or ``microphysics.eos_incompressibility``.
    sphere : str
        Which radius, of those along species in the group `diagnostics/neutrinosphere`.

    Returns
    -------
    Sensitivity

    Raises
    ------
    ConfigError
        For a scalar that is not there, not a positive number, or the same in all results.
    ResultFileError
        For a result of a sequence, or one without neutrinospheres.
    """
    found = [_sphere(result, sphere) for result in results]
    species = [name for name in found[0] if all(name in each for each in found)] if found else []
    if found and not species:
        raise ResultFileError("the results have no species in common")
    told = [_scalar(result, over) for result in results]
    values = np.array([value for value, _ in told])
    radius = np.array([[each[name] for name in species] for each in found])
    slope = logarithmic_slope(values, radius)
    missing = [name for name, value in zip(species, slope, strict=True) if math.isnan(value)]
    reason = f"a result has no neutrinosphere of {', '.join(missing)}" if missing else ""
    return Sensitivity(told[0][1], values, tuple(species), radius, slope, reason)


def _sphere(result: Result, name: str) -> dict[str, float]:
    """Radius of every species, cm."""
    if HISTORY in result.groups:
        raise ResultFileError("a sequence has many stars: take one with snsim.series.moment(result, index)")
    group = result.groups.get(SPHERES, {})
    if name not in group or group[name].dims != ("species",):
        there = [key for key, variable in group.items() if variable.dims == ("species",)]
        words = (
            f"; there are {', '.join(there)}" if there else ': ask for diagnostics.names = ["neutrinosphere"]'
        )
        raise ResultFileError(f"the result has no neutrinosphere '{name}'{words}")
    species = result.groups["transport"]["species"].values
    return {str(who): float(radius) for who, radius in zip(species, group[name].values, strict=True)}


def _scalar(result: Result, over: str) -> tuple[float, str]:
    """Value of a scalar, and what it is."""
    variable = result.groups.get("profile", {}).get(over)
    if variable is not None and variable.dims in ((), ("zone",)):
        words = variable.long_name if not variable.dims else f"{variable.long_name} of the innermost zone"
        unit = "" if variable.unit == "1" else f" [{variable.unit}]"
        return float(np.ravel(variable.values)[0]), f"{words}{unit}"
    value: object = reconfigure(result.config_toml, (), "the result") if "." in over else None
    for key in over.split("."):
        value = getattr(value, key, None)
    if isinstance(value, bool) or not isinstance(value, int | float):
        names = [name for name, each in result.groups.get("profile", {}).items() if each.dims == ("zone",)]
        raise ConfigError(
            f"'{over}' is no number of the results: expected a variable of the profile ({', '.join(names)}, shock_radius) "
            "or a key of the run files with a number, such as profile.mass"
        )
    return float(value), f"{over} (CGS, MeV)"
