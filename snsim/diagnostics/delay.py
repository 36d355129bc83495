"""Travel times of radial null rays through the star's own metric, and what else delays neutrinos.

The part owed to gravity is tens of microseconds: it is measurable only if the times of emission are known
better than that. Neutrinos also diffuse (milliseconds to seconds) and have mass. The "Shapiro delay" itself
depends on the radial coordinate (here the areal radius) and is not an observable alone (arXiv:1907.12453).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.opacity import OpacitySpectra
from snsim.diagnostics._labels import labelled
from snsim.diagnostics.neutrinosphere import transport_radius
from snsim.transport.background import Background
from snsim.transport.solution import TransportSolution
from snsim.variable import Variable

Array = NDArray[np.float64]
Values = float | Array

MEV_PER_EV = 1e-6
FRAME = "coordinate time, proper time of an observer at infinity"
REFERENCES = "Shapiro 1964, PRL 13, 789; Krauss & Tremaine 1988, PRL 60, 176"
NO_SPHERE = "optical depth never reaches 2/3"


def exterior_travel_time(mass: Values, inner: Values, outer: Values) -> Array:
    """Time of a radial null ray outside a mass, (r2 - r1)/c + (r_s/c) ln[(r2 - r_s)/(r1 - r_s)].

    Parameters
    ----------
    mass : array_like
        Gravitational mass, g.
    inner, outer : array_like
        Areal radii r1 and r2, cm, above r_s = 2GM/c^2.

    Returns
    -------
    ndarray
        Coordinate time, s.

    Examples
    --------
    >>> round(float(exterior_travel_time(1.4 * CODATA.solar_mass, 1e6, 3e6)) * 1e6, 5)
    87.17686
    """
    c = CODATA.speed_of_light
    radius = 2.0 * CODATA.gravitational_constant * np.asarray(mass, dtype=np.float64) / c**2
    inner, outer = np.asarray(inner, dtype=np.float64), np.asarray(outer, dtype=np.float64)
    return (outer - inner) / c + radius / c * np.log((outer - radius) / (inner - radius))


def travel_time(
    radius_interface: Array,
    radius: Array,
    slowness_interface: Array,
    slowness: Array,
    inner: float,
    outer: float,
) -> float:
    """Integral int dr s(r)/c between two radii, s = 1/(alpha Gamma), by the parabola of each zone.

    Parameters
    ----------
    radius_interface, radius : ndarray, shape (interface,), (zone,)
        Edges and centres, cm.
    slowness_interface, slowness : ndarray, shape (interface,), (zone,)
        1/(alpha Gamma) there.
    inner, outer : float
        cm; cut zones are integrated in part.

    Returns
    -------
    float
        s; NaN if a radius is NaN or off the grid.

    Notes
    -----
    Simpson's rule (centre in the middle) or its generalisation: fourth order with exact metric functions,
    second order if these were themselves integrated to second order.
    """
    if not radius_interface[0] <= inner <= outer <= radius_interface[-1]:
        return math.nan
    left, right = radius_interface[:-1], radius_interface[1:]
    first = (slowness - slowness_interface[:-1]) / (radius - left)
    second = (slowness_interface[1:] - slowness) / (right - radius)
    curvature = (second - first) / (right - left)
    slope = first + curvature * (radius - left)
    low, high = np.clip(left, inner, outer) - radius, np.clip(right, inner, outer) - radius
    primitive = [x * (slowness + x * (0.5 * slope + x * curvature / 3.0)) for x in (low, high)]
    return float(np.sum(primitive[1] - primitive[0])) / CODATA.speed_of_light


def null_ray_time(background: Background, inner: float, outer: float) -> float:
    """Coordinate time of a radial null ray through the profile's metric, int dr/(alpha Gamma c), s.

    Parameters
    ----------
    background : Background
        Lapse and Gamma on edges and centres.
    inner, outer : float
        cm.
    """
    return travel_time(
        background.radius_interface,
        background.radius,
        1.0 / (background.lapse_interface * background.gamma_interface),
        1.0 / (background.lapse * background.gamma),
        inner,
        outer,
    )


def mass_delay(distance: Values, mass: Values, energy: Values) -> Array:
    """Delay of a massive neutrino against light, D/(2c) (m c^2/E)^2: 5.146 ms at 10 kpc for 1 eV and 10 MeV.

    Parameters
    ----------
    distance : array_like
        cm.
    mass : array_like
        m c^2, eV.
    energy : array_like
        MeV.

    Returns
    -------
    ndarray
        s.
    """
    ratio = np.asarray(mass, dtype=np.float64) * MEV_PER_EV / energy
    return np.asarray(distance) / (2.0 * CODATA.speed_of_light) * ratio**2


def diffusion_delay(background: Background, solution: TransportSolution, spheres: Array) -> Array:
    """Generous estimate 3 R^2/(lambda c) of the time that neutrinos diffuse before they reach their neutrinosphere.

    Parameters
    ----------
    background, solution
        The stored run.
    spheres : ndarray, shape (species,)
        R, cm.

    Returns
    -------
    ndarray, shape (species,)
        s, with 1/lambda = (2/R^2) int_0^R kappa r dr/Gamma, kappa being the solver's effective transport
        opacity (energy): good to a factor of a few. The mean exit time of a random walk from the centre is a
        sixth of it.
    """
    edges = background.radius_interface
    times = np.full(len(spheres), np.nan)
    for i, sphere in enumerate(spheres):
        if math.isnan(sphere):
            continue
        opacity = solution.transport_energy[i]
        # no flux at the centre, so its opacity may be undefined: the first zone takes that of its outer edge
        zones = 0.5 * (np.concatenate([opacity[1:2], opacity[1:-1]]) + opacity[1:])
        area = np.diff(np.clip(edges, 0.0, sphere) ** 2) / background.gamma
        times[i] = 3.0 / CODATA.speed_of_light * float(np.sum(zones * area))
    return times


def trapping_time(background: Background, solution: TransportSolution, spheres: Array) -> Array:
    """Neutrino energy inside each neutrinosphere over the luminosity that leaves it, s, shape (species,)."""
    times = np.full(len(spheres), np.nan)
    for i, sphere in enumerate(spheres):
        if math.isnan(sphere):
            continue
        edges = np.clip(background.radius_interface, 0.0, sphere)
        volume = 4.0 * math.pi / 3.0 * np.diff(edges**3) / background.gamma
        luminosity = float(np.interp(sphere, background.radius_interface, solution.luminosity[i]))
        if luminosity > 0.0:
            energy = float(np.sum(solution.energy_density[i] * volume)) * CODATA.erg_per_mev
            times[i] = energy / luminosity
    return times


def observe(
    background: Background,
    spectra: OpacitySpectra,
    solution: TransportSolution,
    *,
    distance: float | None = None,
    neutrino_mass: float | None = None,
) -> dict[str, Variable]:
    """Travel times from the centre (gravitational waves) and each neutrinosphere (neutrinos) to the edge.

    Parameters
    ----------
    background, spectra, solution
        The stored run.
    distance : float, optional
        Of the star, cm; only for the delay by mass.
    neutrino_mass : float, optional
        eV; only for the delay by mass.

    Returns
    -------
    dict of Variable
        Scalars ``centre_travel_time``, ``centre_geometric``, ``centre_excess``; (species,):
        ``sphere_radius`` (cm), ``sphere_travel_time``, ``sphere_geometric``, ``sphere_excess``,
        ``gw_minus_neutrino`` and its parts with ``_geometric`` and ``_excess``, ``diffusion_delay``,
        ``trapping_time``, ``mass_delay``; in s.
    """
    edge = float(background.radius_interface[-1])
    spheres = transport_radius(background, spectra, solution)
    centre = null_ray_time(background, 0.0, edge)
    rays = np.array([null_ray_time(background, float(r), edge) for r in spheres])
    flat, flats = edge / CODATA.speed_of_light, (edge - spheres) / CODATA.speed_of_light
    found = {
        "sphere_radius": labelled(
            ("species",),
            spheres,
            "cm",
            "neutrinosphere the rays start from",
            reason=NO_SPHERE,
            definition="gray transport sphere, energy mean, tau = 2/3",
        ),
    }
    found |= _parts("centre", (), centre, flat, "from the centre to the outer edge")
    found |= _parts("sphere", ("species",), rays, flats, "from the neutrinosphere to the outer edge")
    lag = "lag of gravitational waves from the centre behind neutrinos from the neutrinosphere"
    return (
        found
        | _parts("gw_minus_neutrino", ("species",), centre - rays, flat - flats, f"{lag}, left at one time")
        | _other_delays(background, solution, spheres, distance, neutrino_mass)
    )


def _parts(name: str, dims: tuple[str, ...], total: Values, flat: Values, words: str) -> dict[str, Variable]:
    """Label a travel time and its two parts."""
    labels = {"frame": FRAME, "references": REFERENCES, "reason": NO_SPHERE}
    whole = "gw_minus_neutrino" if name == "gw_minus_neutrino" else f"{name}_travel_time"
    excess = np.asarray(total) - flat
    return {
        whole: labelled(
            dims, total, "s", f"radial null ray, {words}", definition="int dr/(alpha Gamma c)", **labels
        ),
        f"{name}_geometric": labelled(
            dims, flat, "s", f"geometric path, {words}", definition="(r2 - r1)/c, areal radii", **labels
        ),
        f"{name}_excess": labelled(
            dims,
            excess,
            "s",
            f"excess over flat space, {words}",
            definition="Shapiro part: total - geometric; depends on the radial coordinate (areal radius)",
            **labels,
        ),
    }


def _other_delays(
    background: Background,
    solution: TransportSolution,
    spheres: Array,
    distance: float | None,
    neutrino_mass: float | None,
) -> dict[str, Variable]:
    """Label diffusion and rest mass, which usually dominate."""
    mean = solution.energy_density[:, -1] / solution.number_density[:, -1] * background.lapse[-1]
    massive = np.full(len(spheres), np.nan)
    if distance is not None and neutrino_mass is not None:
        massive = mass_delay(distance, neutrino_mass, mean)
    return {
        "diffusion_delay": labelled(
            ("species",),
            diffusion_delay(background, solution, spheres),
            "s",
            "generous estimate of the diffusion time, 3R^2/(lambda c)",
            definition="3 R^2/(lambda c), 1/lambda = (2/R^2) int kappa_t r dr/Gamma; to a factor of a few",
            reason=NO_SPHERE,
        ),
        "trapping_time": labelled(
            ("species",),
            trapping_time(background, solution, spheres),
            "s",
            "trapping time",
            definition="neutrino energy inside the neutrinosphere/luminosity there, local proper time",
            reason=f"{NO_SPHERE}, or no luminosity leaves",
        ),
        "mass_delay": labelled(
            ("species",),
            massive,
            "s",
            "delay by neutrino mass at the mean energy at infinity",
            definition="D/(2c) (m c^2/E)^2, E = alpha <E> of the outermost zone",
            reason="no distance and neutrino_mass were given",
        ),
    }
