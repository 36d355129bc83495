"""Recoil of the star from asymmetric neutrino emission.

The asymmetry is given, not computed: a spherical star has none. Every formula says which asymmetry it means.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import UnknownNameError
from microphysics.opacity import OpacitySpectra
from snsim.diagnostics._labels import labelled
from snsim.diagnostics.neutrinosphere import gray_opacity, optical_depth, radius_of_depth
from snsim.transport.background import Background
from snsim.transport.solution import TransportSolution
from snsim.variable import Variable

Array = NDArray[np.float64]
Values = float | Array

# momentum asymmetry alpha = c|P|/E of a unit of each given asymmetry
LARGEST_RELEASE = 0.5  # of a star's rest energy in neutrinos; a neutron star binds up to about 0.2
ASYMMETRIES = {
    "momentum": (1.0, "asymmetry is alpha = c|P|/E itself"),
    "emitted": (1.0 / 3.0, "luminosity per solid angle at infinity ~ 1 + a cos(theta): alpha = a/3"),
    "surface": (2.0 / 9.0, "surface flux ~ 1 + a cos(theta), Lambert emission: alpha = (2/3) a/3"),
}
BEAMING = {"lambert": 2.0 / 3.0, "radial": 1.0}
MAGNETIC_KICK = 5e6  # cm/s at 1e15 G: perturbative estimate, Arras & Lai 1999, PRD 60, 043001 (recalled)
MAGNETIC_FIELD = 1e15  # G
SPECIES_COUNT = {"nue": 1.0, "anue": 1.0, "nux": 4.0}
REFERENCES = "Arras & Lai 1999, PRD 60, 043001; Janka & Kresse 2024, Ap&SS 369, 80"


def momentum_asymmetry(asymmetry: Values, definition: str = "momentum") -> Array:
    """Momentum asymmetry alpha = c|P|/E from an asymmetry stated in another way.

    Parameters
    ----------
    asymmetry : array_like
        Dipole amplitude.
    definition : str
        ``momentum`` (alpha itself), ``emitted`` (of the luminosity per solid angle at infinity: alpha = a/3)
        or ``surface`` (of the surface flux with Lambert emission: alpha = 2a/9).

    Returns
    -------
    ndarray
        alpha.

    Examples
    --------
    >>> round(float(momentum_asymmetry(0.03, "emitted")), 12)
    0.01
    """
    if definition not in ASYMMETRIES:
        raise UnknownNameError("definition of an asymmetry", definition, ASYMMETRIES)
    return np.asarray(asymmetry, dtype=np.float64) * ASYMMETRIES[definition][0]


def kick_velocity(energy: Values, mass: Values, asymmetry: Values) -> Array:
    """Recoil v = alpha E/(M c).

    Parameters
    ----------
    energy : array_like
        Radiated in all neutrinos, erg (or a luminosity in erg/s: the answer is then an acceleration, cm/s^2).
    mass : array_like
        g.
    asymmetry : array_like
        alpha = c|P|/E.

    Returns
    -------
    ndarray
        cm/s, not relativistic.

    Examples
    --------
    >>> round(float(kick_velocity(3e53, 1.4 * CODATA.solar_mass, 0.01)) / 1e5, 4)
    359.4733
    """
    return np.asarray(asymmetry) * energy / (np.asarray(mass) * CODATA.speed_of_light)


def kick_history(time: Array, luminosity: Array, mass: Array, asymmetry: Array) -> Array:
    """Velocity v(t) = int alpha L/(M c) dt by trapezia.

    Parameters
    ----------
    time : ndarray, shape (time,)
        s.
    luminosity, mass : ndarray, shape (time,)
        Total, erg/s, and g.
    asymmetry : ndarray, shape (time,) or (time, 3)
        Along an axis, or as a vector.

    Returns
    -------
    ndarray
        cm/s, of the shape of `asymmetry`; 0 at the first time.
    """
    rate = (luminosity / (mass * CODATA.speed_of_light) * np.asarray(asymmetry, dtype=np.float64).T).T
    steps = (0.5 * (rate[1:] + rate[:-1]).T * np.diff(time)).T
    return np.concatenate([np.zeros_like(rate[:1]), np.cumsum(steps, axis=0)])


def polar_cap_asymmetry(half_angle: Values, temperature_ratio: Values, beaming: str = "lambert") -> Array:
    """Momentum asymmetry of a sphere with one hot polar cap, surface flux ~ T^4.

    Parameters
    ----------
    half_angle : array_like
        Of the cap, rad, 0 to pi.
    temperature_ratio : array_like
        x = T_cap/T.
    beaming : str
        ``lambert`` (k = 2/3) or ``radial`` (k = 1).

    Returns
    -------
    ndarray
        alpha = (k/4) sin^2(theta) (x^4 - 1)/[((1 - cos theta) x^4 + 1 + cos theta)/2], energy held fixed.
    """
    if beaming not in BEAMING:
        raise UnknownNameError("beaming of the surface", beaming, BEAMING)
    bright = np.asarray(temperature_ratio, dtype=np.float64) ** 4
    dipole = 0.25 * BEAMING[beaming] * np.sin(half_angle) ** 2 * (bright - 1.0)
    return dipole / polar_cap_brightening(half_angle, temperature_ratio)


def polar_cap_brightening(half_angle: Values, temperature_ratio: Values) -> Array:
    """Luminosity of the sphere with its cap over the one without, [(1 - cos) x^4 + 1 + cos]/2."""
    cosine = np.cos(half_angle)
    return 0.5 * ((1.0 - cosine) * np.asarray(temperature_ratio, dtype=np.float64) ** 4 + 1.0 + cosine)


def cap_temperature_ratio(opacity_factor: Values, density_slope: float, temperature_slope: float) -> Array:
    """T_cap/T where the opacity of a cap is multiplied by s, in a power-law atmosphere.

    Parameters
    ----------
    opacity_factor : array_like
        s < 1: the neutrinosphere of the cap lies deeper and hotter.
    density_slope, temperature_slope : float
        n and p of rho ~ r^-n, T ~ r^-p, with an opacity ~ rho T^2.

    Returns
    -------
    ndarray
        s^(-p/(n + 2p - 1)).

    Examples
    --------
    >>> round(float(cap_temperature_ratio(0.5, 5.0, 1.0)), 3)
    1.122
    """
    exponent = -temperature_slope / (density_slope + 2.0 * temperature_slope - 1.0)
    return np.asarray(opacity_factor, dtype=np.float64) ** exponent


def magnetic_kick(magnetic_field: Values) -> Array:
    """Perturbative estimate from parity violation in a magnetic field (G), cm/s: 50 km/s at 1e15 G.

    At 1e15 G the expansion parameter eB/E^2 is a few per cent; a strong suppression of the opacity there is
    an assumption.

    References
    ----------
    .. [1] Arras & Lai 1999, PRD 60, 043001 (recalled order of magnitude).
    """
    return MAGNETIC_KICK * np.asarray(magnetic_field, dtype=np.float64) / MAGNETIC_FIELD


def mass_inside_shock(background: Background) -> float:
    """Gravitational mass inside the shock, or on the whole grid if there is none, g."""
    if math.isnan(background.shock_radius):
        return float(background.gravitational_mass[-1])
    return float(
        np.interp(background.shock_radius, background.radius_interface, background.gravitational_mass)
    )


def total_luminosity_infinity(background: Background, solution: TransportSolution) -> float:
    """Total alpha^2 (L_nue + L_anue + 4 L_nux) at the outer edge, erg/s as counted at infinity."""
    count = np.array([SPECIES_COUNT[name] for name in solution.species])
    return float(count @ solution.luminosity[:, -1]) * float(background.lapse_interface[-1]) ** 2


def cap_ratio_of_profile(
    background: Background, spectra: OpacitySpectra, solution: TransportSolution, opacity_factor: float
) -> Array:
    """T_cap/T of each species from the profile: matter at tau = 2/3 with the opacity times s, over without.

    Parameters
    ----------
    background, spectra, solution
        The stored run.
    opacity_factor : float
        s.

    Returns
    -------
    ndarray, shape (species,)
        NaN where a neutrinosphere is not on the grid.
    """
    depth = optical_depth(background.radius_interface, background.gamma, gray_opacity(spectra, solution))
    spheres = [radius_of_depth(background.radius_interface, s * depth) for s in (opacity_factor, 1.0)]
    logarithm = np.log(background.matter.temperature)
    cap, rest = (np.interp(np.log(r), np.log(background.radius), logarithm) for r in spheres)
    return np.exp(cap - rest)


def observe(
    background: Background,
    spectra: OpacitySpectra,
    solution: TransportSolution,
    *,
    asymmetry: float = 0.01,
    asymmetry_definition: str = "momentum",
    energy: float | None = None,
    mass: float | None = None,
    polar_cap_angle: float | None = None,
    polar_cap_temperature_ratio: float | None = None,
    polar_cap_opacity_factor: float | None = None,
    polar_cap_beaming: str = "lambert",
    magnetic_field: float | None = None,
) -> dict[str, Variable]:
    """Kick and present acceleration of the star for a given asymmetry.

    Parameters
    ----------
    background, spectra, solution
        The stored run.
    asymmetry, asymmetry_definition
        As of `momentum_asymmetry`.
    energy : float, optional
        Total energy radiated, erg; a static run knows only the luminosity.
    mass : float, optional
        g; None means the gravitational mass inside the shock, the inertia of the remnant.
    polar_cap_angle : float, optional
        Half angle of a hot cap, rad.
    polar_cap_temperature_ratio : float, optional
        T_cap/T; or give the next.
    polar_cap_opacity_factor : float, optional
        s: T_cap/T then follows from the profile for each species.
    polar_cap_beaming : str
        ``lambert`` or ``radial``.
    magnetic_field : float, optional
        G, for the perturbative estimate.

    Returns
    -------
    dict of Variable
        Scalars ``asymmetry``, ``mass``, ``luminosity_infinity``, ``acceleration``, ``kick``,
        ``magnetic_kick``, and for the cap ``polar_cap_asymmetry``, ``polar_cap_brightening``,
        ``polar_cap_acceleration``, ``polar_cap_kick``, with ``polar_cap_temperature_ratio`` (species).
    """
    alpha = float(momentum_asymmetry(asymmetry, asymmetry_definition))
    star = mass_inside_shock(background) if mass is None else mass
    light = total_luminosity_infinity(background, solution)
    inside = (
        "whole grid: the profile has no shock" if math.isnan(background.shock_radius) else "inside the shock"
    )
    found = {
        "asymmetry": labelled(
            (),
            alpha,
            "1",
            "momentum asymmetry c|P|/E",
            definition=ASYMMETRIES[asymmetry_definition][1],
            references=REFERENCES,
        ),
        "mass": labelled(
            (),
            star,
            "g",
            "mass that recoils",
            definition=f"gravitational mass, {inside}" if mass is None else "given",
        ),
        "luminosity_infinity": labelled(
            (),
            light,
            "erg / s",
            "total neutrino luminosity at infinity",
            frame="observer at infinity",
            definition=f"alpha^2 L at the outer edge, {', '.join(solution.species)}; nux counts four times",
        ),
        "magnetic_kick": labelled(
            (),
            math.nan if magnetic_field is None else float(magnetic_kick(magnetic_field)),
            "cm / s",
            "kick from parity violation in a magnetic field",
            reason="no magnetic_field was given",
            definition="50 km/s per 1e15 G: a recalled order of magnitude",
            references=REFERENCES,
        ),
    }
    found |= _recoil("", alpha, light, energy, star)
    ratios = _cap_ratios(background, spectra, solution, polar_cap_temperature_ratio, polar_cap_opacity_factor)
    return found | _cap(solution, ratios, polar_cap_angle, polar_cap_beaming, light, energy, star)


def _recoil(
    prefix: str, alpha: float, light: float, energy: float | None, mass: float
) -> dict[str, Variable]:
    """Label acceleration and, where an energy is given, velocity."""
    velocity = math.nan if energy is None else float(kick_velocity(energy, mass, alpha))
    missing = (
        "no polar cap was given"
        if math.isnan(alpha)
        else "a static run knows the luminosity only: give energy"
    )
    if energy is not None and energy > LARGEST_RELEASE * mass * CODATA.speed_of_light**2:
        velocity = math.nan
        missing = f"energy = {energy:.3g} erg is more than {LARGEST_RELEASE:g} of the rest energy of the mass {mass:.3g} g"
    return {
        f"{prefix}acceleration": labelled(
            (),
            float(kick_velocity(light, mass, alpha)),
            "cm / s2",
            "present acceleration of the star",
            definition="alpha L/(M c), L at infinity",
            frame="observer at infinity",
            references=REFERENCES,
            reason=missing,
        ),
        f"{prefix}kick": labelled(
            (),
            velocity,
            "cm / s",
            "kick velocity",
            definition="alpha E/(M c), E as given",
            frame="observer at infinity",
            references=REFERENCES,
            reason=missing,
        ),
    }


def _cap_ratios(
    background: Background,
    spectra: OpacitySpectra,
    solution: TransportSolution,
    ratio: float | None,
    factor: float | None,
) -> Array:
    """T_cap/T of each species, as given or from the profile; NaN if neither was asked for."""
    if ratio is not None or factor is None:
        return np.full(len(solution.species), math.nan if ratio is None else ratio)
    return cap_ratio_of_profile(background, spectra, solution, factor)


def _cap(
    solution: TransportSolution,
    ratios: Array,
    angle: float | None,
    beaming: str,
    light: float,
    energy: float | None,
    mass: float,
) -> dict[str, Variable]:
    """Label what a hot cap does; species add with their luminosities."""
    theta = math.nan if angle is None else angle
    count = np.array([SPECIES_COUNT[name] for name in solution.species])
    weight = count * solution.luminosity[:, -1]
    weight = weight / weight.sum()
    alpha = float(weight @ polar_cap_asymmetry(theta, ratios, beaming))
    labels = {
        "reason": "no polar cap was given, or a neutrinosphere is not on the grid",
        "references": REFERENCES,
        "definition": f"surface flux ~ T^4, one cap, {beaming} emission, total energy held fixed; "
        "species weighted with their luminosities",
    }
    return {
        "polar_cap_temperature_ratio": labelled(
            ("species",), ratios, "1", "temperature of the cap over the rest", **labels
        ),
        "polar_cap_asymmetry": labelled((), alpha, "1", "momentum asymmetry of the cap", **labels),
        "polar_cap_brightening": labelled(
            (),
            float(weight @ polar_cap_brightening(theta, ratios)),
            "1",
            "luminosity with the cap over without: how far the cap is from the same energy budget",
            **labels,
        ),
    } | _recoil("polar_cap_", alpha, light, energy, mass)
