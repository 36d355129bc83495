"""Do neutrinos and gravitational waves fall alike? Delay in the Galaxy's potential, and the bound from two arrival times.

With the parametrised post-Newtonian gamma of each messenger its delay is (1 + gamma)/2 times that of light in general
relativity. Messengers that arrive within dt of each other after the same path then have
|gamma_1 - gamma_2| < 2 dt/Dt. Assumed: both left together up to what dt allows for; the same straight path; one point
mass, so that Dt counts from an infinity that the "delay" of a coordinate does not have (arXiv:1907.12453). A bound on
a difference, not on either gamma.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import require
from snsim.diagnostics.null_rays import schwarzschild_radius

Array = NDArray[np.float64]
Values = float | Array

ASSUMPTIONS = (
    "both messengers on one straight path, emitted together within dt; one point mass at the Galaxy's centre, weak field; "
    "a bound on the difference of the two gammas only"
)
REFERENCES = "Krauss & Tremaine 1988, PRL 60, 176; Longo 1988, PRL 60, 173; criticism: arXiv:1907.12453"


def galactic_delay(
    mass: float, distance: float, longitude: float, latitude: float, distance_to_centre: float
) -> float:
    """Gravitational delay of light by a point mass at the Galaxy's centre, (r_s/c) ln[(r_s + x_s)/(r_e + x_e)].

    Parameters
    ----------
    mass : float
        g; 6e11 solar masses stand for the Galaxy out to the Magellanic Clouds.
    distance : float
        Of the source, cm.
    longitude, latitude : float
        Galactic, rad.
    distance_to_centre : float
        Of the observer, cm.

    Returns
    -------
    float
        s; r and x are distances from the mass and along the path from its closest approach, of source and observer (earth).

    Raises
    ------
    OutOfRangeError
        For a mass or distance that is not positive, or a path through the centre.

    Examples
    --------
    >>> kpc = 3.0856775814913673e21
    >>> where = math.radians(279.7), math.radians(-31.9)
    >>> round(galactic_delay(6e11 * CODATA.solar_mass, 50 * kpc, *where, 8.2 * kpc) / 86400)
    180
    """
    for value, what, unit in (
        (mass, "mass of the galaxy", "g"),
        (distance, "distance", "cm"),
        (distance_to_centre, "distance to the centre", "cm"),
    ):
        require(value > 0.0, value, what, unit, "> 0")
    towards = math.cos(latitude) * math.cos(longitude)
    observer = -distance_to_centre * towards
    closest = distance_to_centre * math.sqrt(max(1.0 - towards**2, 0.0))
    radius = float(schwarzschild_radius(mass))
    require(closest > radius, closest, "closest approach to the galaxy's centre", "cm", "outside its horizon")
    source = observer + distance
    # r - |x| = b^2/(r + |x|) keeps digits on the far side
    span = [_along(x, closest) for x in (source, observer)]
    return radius / CODATA.speed_of_light * math.log(span[0] / span[1])


def _along(x: float, closest: float) -> float:
    """Return r + x without cancellation."""
    r = math.hypot(x, closest)
    return r + x if x >= 0.0 else closest**2 / (r - x)


def equivalence_bound(time_difference: Values, galactic: Values) -> Array:
    """Bound 2 dt/Dt on |gamma_1 - gamma_2| of two messengers.

    Parameters
    ----------
    time_difference : array_like
        Largest difference of travel times that the arrivals allow, s; its absolute value counts.
    galactic : array_like
        Dt of `galactic_delay`, s, > 0.

    Returns
    -------
    ndarray
        1.6e-9 for 10 ms and 0.4 years.

    Examples
    --------
    >>> f"{float(equivalence_bound(0.01, 0.4 * 3.15576e7)):.1e}"
    '1.6e-09'
    """
    require(np.asarray(galactic) > 0.0, galactic, "galactic delay", "s", "> 0")
    return 2.0 * np.abs(np.asarray(time_difference, dtype=np.float64)) / galactic
