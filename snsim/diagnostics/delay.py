"""Travel times through the star's own metric, what else delays neutrinos, and whether a detector could tell.

The part owed to gravity is tens of microseconds: it is measurable only if the times of emission are known
better than that. Neutrinos also diffuse (milliseconds to seconds) and have mass. The "Shapiro delay" itself
depends on the radial coordinate (here the areal radius) and is not an observable alone (arXiv:1907.12453).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import require
from microphysics.opacity import OpacitySpectra
from snsim.diagnostics import equivalence
from snsim.diagnostics._labels import labelled
from snsim.diagnostics.equivalence import equivalence_bound
from snsim.diagnostics.neutrino_delays import diffusion_delay, mass_delay, trapping_time
from snsim.diagnostics.neutrinosphere import transport_radius
from snsim.diagnostics.null_rays import null_ray_time, ray_times
from snsim.transport.background import Background
from snsim.transport.solution import TransportSolution
from snsim.variable import Variable

Array = NDArray[np.float64]
Values = float | Array

FRAME = "coordinate time, proper time of an observer at infinity"
REFERENCES = "Shapiro 1964, PRL 13, 789; Krauss & Tremaine 1988, PRL 60, 176"
NO_SPHERE = "optical depth never reaches 2/3"
OFF_GRID = "the radius is not on the grid"


def observe(
    background: Background,
    spectra: OpacitySpectra,
    solution: TransportSolution,
    *,
    distance: float | None = None,
    neutrino_mass: float | None = None,
    emission_radii: Sequence[float] = (1e6, 2e6, 3e6, 5e6, 1e7),
    clock_uncertainty: float = 1e-3,
    galactic_delay: float | None = None,
    spheres: Array | None = None,
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
    emission_radii : sequence of float
        cm; a row of the table each.
    clock_uncertainty : float
        Of the difference of arrival times, detector clocks and the start of the signal together, s.
    galactic_delay : float, optional
        Delay of light in the Galaxy's potential, s (`equivalence.galactic_delay`): gives the bound on the
        equivalence principle.
    spheres : ndarray, shape (species,), optional
        Of `neutrinosphere.transport_radius`, where they are known already; cm.

    Returns
    -------
    dict of Variable
        Scalars ``centre_travel_time``, ``centre_geometric``, ``centre_excess``; (species,):
        ``sphere_radius`` (cm), ``sphere_travel_time``, ``sphere_geometric``, ``sphere_excess``,
        ``gw_minus_neutrino`` and its parts with ``_geometric`` and ``_excess``, ``diffusion_delay``,
        ``trapping_time``, ``mass_delay``; (emission,): ``emission_radius`` (cm), ``emission_travel_time``,
        ``emission_geometric``, ``emission_excess``; in s. Scalars ``clock_uncertainty``,
        ``emission_time_uncertainty``, ``shapiro_over_uncertainty`` and ``equivalence_bound``.

    Raises
    ------
    OutOfRangeError
        If the metric has a horizon, or for a clock, distance or delay that is not positive.
    """
    require(clock_uncertainty > 0.0, clock_uncertainty, "clock uncertainty", "s", "> 0")
    edge = float(background.radius_interface[-1])
    if spheres is None:
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
    found |= _parts(
        "gw_minus_neutrino", ("species",), centre - rays, flat - flats, f"{lag}, left at one time"
    )
    found |= _other_delays(background, solution, spheres, distance, neutrino_mass)
    found |= _table(background, emission_radii)
    excess, trapped = found["gw_minus_neutrino_excess"].values, found["trapping_time"].values
    return found | _measurable(excess, trapped, clock_uncertainty, galactic_delay)


def _table(background: Background, radii: Sequence[float]) -> dict[str, Variable]:
    """Label the travel times from a list of radii."""
    times = ray_times(background, radii)
    labels = {"frame": FRAME, "references": REFERENCES, "reason": OFF_GRID}
    dims = ("emission",)
    return {
        "emission_radius": labelled(dims, times.radius, "cm", "radius of emission"),
        "emission_travel_time": labelled(
            dims, times.total, "s", "radial null ray to the outer edge", **labels
        ),
        "emission_geometric": labelled(dims, times.path, "s", "geometric path to the outer edge", **labels),
        "emission_excess": labelled(
            dims, times.excess, "s", "excess over flat space to the outer edge", **labels
        ),
    }


def _measurable(
    excess: Array, trapped: Array, clock: float, galactic_delay: float | None
) -> dict[str, Variable]:
    """Label how well a time of emission can be known, and what two arrival times say at best."""
    known = trapped[~np.isnan(trapped)]
    spread = math.hypot(clock, float(known.min())) if known.size else math.nan
    ratio = (
        float(np.nanmax(np.abs(excess))) / spread if known.size and not np.isnan(excess).all() else math.nan
    )
    bound = math.nan if galactic_delay is None else float(equivalence_bound(spread, galactic_delay))
    no_time = f"{NO_SPHERE}, or no luminosity leaves: no trapping time"
    return {
        "clock_uncertainty": labelled(
            (), clock, "s", "uncertainty of the detectors' clocks", definition="as given"
        ),
        "emission_time_uncertainty": labelled(
            (),
            spread,
            "s",
            "uncertainty of the time of emission",
            definition="clock and shortest trapping time of a species, in quadrature",
            frame=FRAME,
            reason=no_time,
        ),
        "shapiro_over_uncertainty": labelled(
            (),
            ratio,
            "1",
            "gravitational excess over the uncertainty of the time of emission",
            definition="largest |gw_minus_neutrino_excess| over emission_time_uncertainty; measurable only above 1",
            reason=no_time,
        ),
        "equivalence_bound": labelled(
            (),
            bound,
            "1",
            "reach of a test |gamma_nu - gamma_GW| < 2 dt/Dt",
            definition=f"dt = emission_time_uncertainty, Dt as given; {equivalence.ASSUMPTIONS}",
            references=equivalence.REFERENCES,
            reason="no galactic_delay was given" if galactic_delay is None else no_time,
        ),
    }


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
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = solution.energy_density[:, -1] / solution.number_density[:, -1] * background.lapse[-1]
    massive = np.full(len(spheres), np.nan)
    if distance is not None and neutrino_mass is not None:
        require(distance > 0.0, distance, "distance", "cm", "> 0")
        massive = mass_delay(distance, neutrino_mass, np.where(mean > 0.0, mean, np.nan))
    return {
        "diffusion_delay": labelled(
            ("species",),
            diffusion_delay(background, solution, spheres),
            "s",
            "generous estimate of the diffusion time, 3R^2/(lambda c)",
            definition="3 R^2/(lambda c), 1/lambda = (2/R^2) int kappa_t r dr/Gamma; to a factor of a few",
            frame="static observers, local proper times added up without redshift",
            reason=NO_SPHERE,
        ),
        "trapping_time": labelled(
            ("species",),
            trapping_time(background, solution, spheres),
            "s",
            "trapping time",
            definition="int alpha E dV/(alpha^2 L): neutrino energy inside the neutrinosphere over the luminosity "
            "through it, both as counted at infinity",
            frame=FRAME,
            reason=f"{NO_SPHERE}, or no luminosity leaves",
        ),
        "mass_delay": labelled(
            ("species",),
            massive,
            "s",
            "delay by neutrino mass at the mean energy at infinity",
            definition="D/(2c) (m c^2/E)^2, E = alpha <E> of the outermost zone",
            reason="no distance and neutrino_mass were given, or no neutrinos reach the outer edge",
        ),
    }
