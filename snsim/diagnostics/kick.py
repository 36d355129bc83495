"""Recoil of the star from asymmetric neutrino emission, as an observable of a run.

The asymmetry is given, not computed: a spherical star has none. Closed forms stand in `asymmetric_emission`, the hot
cap in `polar_cap`, the integral over time in `kick_history`.
"""

from __future__ import annotations

import math
import warnings

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import PhysicsWarning, require
from microphysics.matter import GROUPS, SPECIES
from microphysics.opacity import OpacitySpectra
from snsim.diagnostics._labels import labelled
from snsim.diagnostics.asymmetric_emission import (
    ASYMMETRIES,
    MAGNETIC_FIELD,
    REFERENCES,
    kick_velocity,
    magnetic_expansion,
    magnetic_kick,
    momentum_asymmetry,
)
from snsim.diagnostics.polar_cap import (
    cap_ratio_of_profile,
    diffusive_temperature_ratio,
    polar_cap_asymmetry,
    polar_cap_brightening,
)
from snsim.transport.background import Background
from snsim.transport.solution import TransportSolution
from snsim.variable import Variable

Array = NDArray[np.float64]

SPECIES_COUNT = {name: float(len(GROUPS[name])) for name in SPECIES}  # flavours that a species stands for
LARGEST_RELEASE = 0.5  # of a star's rest energy in neutrinos; a neutron star binds up to about 0.2
SAME_BUDGET = 0.1  # a cap that would brighten the star by more than this share warns
FAINT = "the luminosity at the outer edge, {:.3g} erg/s, is not positive"


def mass_inside_shock(background: Background) -> float:
    """Gravitational mass inside the shock, or on the whole grid if there is none, g."""
    if math.isnan(background.shock_radius):
        return float(background.gravitational_mass[-1])
    return float(
        np.interp(background.shock_radius, background.radius_interface, background.gravitational_mass)
    )


def total_luminosity_infinity(background: Background, solution: TransportSolution) -> float:
    """Total alpha^2 (L_nue + L_anue + 4 L_nux) at the outer edge, erg/s as counted at infinity."""
    return (
        float(_flavours(solution) @ solution.luminosity[:, -1]) * float(background.lapse_interface[-1]) ** 2
    )


def _flavours(solution: TransportSolution) -> Array:
    """How many flavours each species stands for."""
    return np.array([SPECIES_COUNT[name] for name in solution.species])


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
    magnetic_field: float = MAGNETIC_FIELD,
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
        s: T_cap/T then follows from the profile for each species, and an upper bound from a flux of 1/s.
    polar_cap_beaming : str
        ``lambert`` or ``radial``.
    magnetic_field : float
        G, for the perturbative estimate: what a field of 1e15 G does by the physics that is known.

    Returns
    -------
    dict of Variable
        Scalars ``asymmetry``, ``mass``, ``luminosity_infinity``, ``acceleration``, ``kick``, ``magnetic_kick``,
        and for the cap ``polar_cap_asymmetry``, ``polar_cap_brightening``, ``polar_cap_acceleration``,
        ``polar_cap_kick`` and the same with ``polar_cap_bound_``; (species,): ``polar_cap_temperature_ratio``,
        ``magnetic_expansion``.

    Raises
    ------
    OutOfRangeError
        For a mass, energy, ratio or factor that is not positive.
    """
    alpha = float(momentum_asymmetry(asymmetry, asymmetry_definition))
    if mass is not None:
        require(mass > 0.0, mass, "mass that recoils", "g", "> 0")
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
    }
    found |= _recoil("", alpha, light, energy, star) | _magnetic(magnetic_field, solution)
    ratios = _cap_ratios(background, spectra, solution, polar_cap_temperature_ratio, polar_cap_opacity_factor)
    bound = np.full(len(solution.species), math.nan)
    if polar_cap_opacity_factor is not None:
        bound[:] = diffusive_temperature_ratio(polar_cap_opacity_factor)
    weight = _shares(solution)
    for prefix, each, words in (
        ("polar_cap_", ratios, "surface flux ~ T^4"),
        ("polar_cap_bound_", bound, "flux of the cap 1/s of the rest's at the same gradient: an upper bound"),
    ):
        found |= _cap(prefix, words, each, weight, polar_cap_angle, polar_cap_beaming, light, energy, star)
    _warn_of_budget(float(found["polar_cap_brightening"].values))
    return found


def _magnetic(magnetic_field: float, solution: TransportSolution) -> dict[str, Variable]:
    """Label what is known to follow from a magnetic field."""
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = solution.energy_density[:, -1] / solution.number_density[:, -1]
        expansion = magnetic_expansion(magnetic_field, mean)
    return {
        "magnetic_kick": labelled(
            (),
            float(magnetic_kick(magnetic_field)),
            "cm / s",
            "kick from parity violation in a magnetic field",
            definition=f"50 km/s per 1e15 G (a recalled order of magnitude) for {magnetic_field:.3g} G",
            references=REFERENCES,
        ),
        "magnetic_expansion": labelled(
            ("species",),
            np.where(np.isfinite(expansion), expansion, np.nan),
            "1",
            "expansion parameter of cross sections in the magnetic field",
            reason="no neutrinos reach the outer edge",
            definition=f"e B hbar c/<E>^2 for {magnetic_field:.3g} G: where it is small, a strong suppression of the "
            "opacity is an assumption",
            references=REFERENCES,
        ),
    }


def _recoil(
    prefix: str, alpha: float, light: float, energy: float | None, mass: float
) -> dict[str, Variable]:
    """Label acceleration and, where an energy is given, velocity."""
    velocity = math.nan if energy is None else float(kick_velocity(energy, mass, alpha))
    dark = FAINT.format(light) if not light > 0.0 else ""
    no_cap = "no polar cap was given" if math.isnan(alpha) else ""
    missing = no_cap or "a static run knows the luminosity only: give energy"
    if energy is not None and energy > LARGEST_RELEASE * mass * CODATA.speed_of_light**2:
        velocity = math.nan
        missing = f"energy = {energy:.3g} erg is more than {LARGEST_RELEASE:g} of the rest energy of the mass {mass:.3g} g"
    return {
        f"{prefix}acceleration": labelled(
            (),
            float(kick_velocity(light, mass, alpha)) if light > 0.0 else math.nan,
            "cm / s2",
            "present acceleration of the star",
            definition="alpha L/(M c), L at infinity",
            frame="observer at infinity",
            references=REFERENCES,
            reason=dark or no_cap,
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


def _shares(solution: TransportSolution) -> Array:
    """Share of each species in the luminosity at the outer edge; NaN where there is none."""
    weight = _flavours(solution) * solution.luminosity[:, -1]
    total = weight.sum()
    return weight / total if total > 0.0 else np.full(weight.shape, math.nan)


def _cap(
    prefix: str,
    words: str,
    ratios: Array,
    weight: Array,
    angle: float | None,
    beaming: str,
    light: float,
    energy: float | None,
    mass: float,
) -> dict[str, Variable]:
    """Label what a hot cap does; species add with their luminosities."""
    theta = math.nan if angle is None else angle
    alpha = float(weight @ polar_cap_asymmetry(theta, ratios, beaming))
    given = "no polar cap was given, or a neutrinosphere is not on the grid"
    labels = {
        "reason": given if light > 0.0 else FAINT.format(light),
        "references": REFERENCES,
        "definition": f"{words}, one cap, {beaming} emission, total energy held fixed; "
        "species weighted with their luminosities",
    }
    return {
        f"{prefix}temperature_ratio": labelled(
            ("species",), ratios, "1", "temperature of the cap over the rest", **labels
        ),
        f"{prefix}asymmetry": labelled((), alpha, "1", "momentum asymmetry of the cap", **labels),
        f"{prefix}brightening": labelled(
            (),
            float(weight @ polar_cap_brightening(theta, ratios)),
            "1",
            "luminosity with the cap over without: how far the cap is from the same energy budget",
            **labels,
        ),
    } | _recoil(prefix, alpha, light, energy, mass)


def _warn_of_budget(brightening: float) -> None:
    """Say where a cap could not be heated without changing what the star radiates."""
    if abs(brightening - 1.0) > SAME_BUDGET:
        warnings.warn(
            f"kick: the polar cap multiplies the luminosity by {brightening:.3g}; a star that radiates the same energy "
            "must be cooler elsewhere, so the temperature ratio is not that of a cap on the star of this run",
            PhysicsWarning,
            stacklevel=3,
        )
