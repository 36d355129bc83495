"""Where neutrinos change flavour in the matter of the star: potential, resonances, adiabaticity, survival.

Resonances usually lie far outside of a grid made for transport: the density may be continued beyond it by a power law.
For more than adiabatic survival export the profile and use a code made for flavour.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from microphysics.errors import OutOfRangeError, require
from microphysics.opacity import OpacitySpectra
from microphysics.weak.refraction import matter_potential
from snsim.diagnostics._labels import labelled
from snsim.diagnostics.mixing import (
    ORDERINGS,
    PARAMETERS,
    REFERENCES,
    RESONANCES,
    Mixing,
    adiabatic_survival,
    adiabaticity,
    crossing_probability,
    resonance_density,
)
from snsim.transport.background import Background
from snsim.transport.solution import TransportSolution
from snsim.variable import Variable

Array = NDArray[np.float64]

OUT_OF_SCOPE = "collective effects (neutrinos on neutrinos) and regeneration in the Earth are out of scope"
STANDARD = Mixing()
WHO = {"high": "nue in the normal ordering, anue in the inverted one", "low": "nue in both orderings"}
SHOCK_WIDTH = 0.05  # a resonance within this share of the shock's radius is crossed by the shock
ENVELOPE_POINTS = 200
ENVELOPE_LAST = 1e13  # cm: the envelope of a supergiant
FRAME = "local energy; far out where resonances lie it is that at infinity"


@dataclass(frozen=True)
class Crossings:
    """Where an electron density that may rise and fall again meets resonances, outermost first.

    Attributes
    ----------
    radius : ndarray, shape (energy, crossing)
        cm; NaN beyond the last crossing of an energy.
    scale_height : ndarray, shape (energy, crossing)
        1/|d ln n_e/dr| there, cm.
    """

    radius: Array
    scale_height: Array

    @property
    def count(self) -> Array:
        """How often each energy meets its resonance, shape (energy,)."""
        return np.sum(~np.isnan(self.radius), axis=1).astype(np.float64)


def crossings(radius: Array, electrons: Array, levels: Array) -> Crossings:
    """All radii where an electron density, a power law between points, equals each of some levels.

    Parameters
    ----------
    radius : ndarray, shape (point,)
        cm, rising.
    electrons : ndarray, shape (point,)
        rho Y_e, g/cm^3, > 0.
    levels : ndarray, shape (energy,)
        Resonance densities, g/cm^3.

    Returns
    -------
    Crossings
        At least one column.

    Raises
    ------
    OutOfRangeError
        For radii that do not rise or densities that are not positive.

    Examples
    --------
    >>> found = crossings(np.array([1.0, 10.0]), np.array([1e3, 1.0]), np.array([8.0]))
    >>> round(float(found.radius[0, 0]), 12)
    5.0
    """
    radius, electrons = np.asarray(radius, dtype=np.float64), np.asarray(electrons, dtype=np.float64)
    if radius.ndim != 1 or radius.size < 2 or electrons.shape != radius.shape:
        raise OutOfRangeError(
            f"a profile needs at least 2 radii and a density for each, got shapes {radius.shape} and {electrons.shape}"
        )
    require(np.diff(radius) > 0.0, radius[1:], "radius", "cm", "above the one before it")
    require(electrons > 0.0, electrons, "rho Y_e", "g/cm3", "> 0")
    x, y, level = np.log(radius), np.log(electrons), np.log(np.asarray(levels, dtype=np.float64))[:, None]
    # half-open intervals, so that a level met at a point counts once
    met = (y[:-1] >= level) != (y[1:] >= level)
    slope = np.diff(y) / np.diff(x)
    steep = np.where(slope != 0.0, slope, 1.0)  # where it is 0 nothing is met
    place = np.where(met, np.exp(np.where(met, x[:-1] + (level - y[:-1]) / steep, 0.0)), np.nan)
    height = place / np.abs(steep)
    widest = max(int(met.sum(axis=1).max(initial=0)), 1)
    order = np.argsort(np.where(met, -place, np.inf), axis=1)[:, :widest]
    return Crossings(np.take_along_axis(place, order, axis=1), np.take_along_axis(height, order, axis=1))


def with_envelope(radius: Array, electrons: Array, slope: float) -> tuple[Array, Array]:
    """Continue a profile beyond its last point as rho Y_e ~ r^-slope, out to 1e13 cm.

    Parameters
    ----------
    radius, electrons : ndarray, shape (point,)
        cm and g/cm^3.
    slope : float
        3 is typical of red supergiants' mantles.
    """
    require(slope > 0.0, slope, "envelope slope", "", "> 0")
    further = np.geomspace(radius[-1], max(ENVELOPE_LAST, 10.0 * radius[-1]), ENVELOPE_POINTS)[1:]
    beyond = electrons[-1] * (further / radius[-1]) ** -slope
    return np.concatenate([radius, further]), np.concatenate([electrons, beyond])


def observe(
    background: Background,
    spectra: OpacitySpectra,
    solution: TransportSolution | None = None,
    *,
    theta_12: float = STANDARD.theta_12,
    theta_13: float = STANDARD.theta_13,
    splitting_21: float = STANDARD.splitting_21,
    splitting_31: float = STANDARD.splitting_31,
    envelope_slope: float | None = None,
) -> dict[str, Variable]:
    """Matter potential, resonances at the energies of the opacities, and adiabatic survival.

    Parameters
    ----------
    background : Background
        Density and electron fraction.
    spectra : OpacitySpectra
        Gives the energies.
    solution : TransportSolution, optional
        Not used: matter alone decides.
    theta_12, theta_13 : float
        Mixing angles, rad; those of NuFIT 6.0 by default.
    splitting_21, splitting_31 : float
        eV^2.
    envelope_slope : float, optional
        n of rho Y_e ~ r^-n beyond the grid; None means that nothing is assumed there.

    Returns
    -------
    dict of Variable
        ``potential`` (zone), eV; for each of ``high`` and ``low``: ``resonance_density_*``, ``resonance_radius_*`` (the
        outermost), ``crossings_*``, ``adiabaticity_*``, ``jump_probability_*``, ``shock_crosses_*`` (energy) and
        ``crossing_radius_*`` (energy, crossing_*); ``survival_nue``, ``survival_anue`` (ordering).
    """
    chosen = Mixing(theta_12, theta_13, splitting_21, splitting_31)
    matter = background.matter
    radius, electrons = background.radius, matter.density * matter.electron_fraction
    beyond = "nothing is assumed beyond the grid"
    if envelope_slope is not None:
        radius, electrons = with_envelope(radius, electrons, envelope_slope)
        beyond = f"beyond the grid rho Y_e ~ r^-{envelope_slope:g} is assumed, not known"
    found = {
        "potential": labelled(
            ("zone",),
            matter_potential(matter.density, matter.electron_fraction),
            "eV",
            "matter potential of electron neutrinos",
            definition=f"sqrt(2) G_F n_e; {OUT_OF_SCOPE}",
            references=REFERENCES,
        )
    }
    for name in RESONANCES:
        found |= _resonance(name, spectra.energy, radius, electrons, background, chosen, beyond)
    survival = np.array([adiabatic_survival(ordering, chosen) for ordering in ORDERINGS])
    for column, species in enumerate(("nue", "anue")):
        found[f"survival_{species}"] = labelled(
            ("ordering",),
            survival[:, column],
            "1",
            f"probability that {species} born in dense matter arrive as {species}",
            definition=f"adiabatic, orderings {' and '.join(ORDERINGS)}; {OUT_OF_SCOPE}",
            references=f"{REFERENCES}; {PARAMETERS}",
        )
    return found


def _resonance(
    name: str,
    energy: Array,
    radius: Array,
    electrons: Array,
    background: Background,
    mixing: Mixing,
    beyond: str,
) -> dict[str, Variable]:
    """Label what is known of one resonance."""
    level = resonance_density(energy, name, mixing)
    met = crossings(radius, electrons, level)
    outer, height = met.radius[:, 0], met.scale_height[:, 0]
    gamma = adiabaticity(energy, height, name, mixing)
    shock = background.shock_radius
    near = np.abs(met.radius / shock - 1.0) < SHOCK_WIDTH
    last = float(electrons[-1])
    labels = {
        "frame": FRAME,
        "references": f"{REFERENCES}; {PARAMETERS}",
        "reason": f"rho Y_e does not pass the resonance density between {electrons.max():.3g} and {last:.3g} g/cm3; {beyond}",
    }
    where = f"met by {WHO[name]}; {beyond}; {OUT_OF_SCOPE}"
    dims = ("energy",)
    return {
        f"resonance_density_{name}": labelled(
            dims, level, "g / cm3", f"rho Y_e of the {name} resonance", references=labels["references"]
        ),
        f"resonance_radius_{name}": labelled(
            dims, outer, "cm", f"outermost {name} resonance", definition=where, **labels
        ),
        f"crossings_{name}": labelled(
            dims, met.count, "1", f"how often rho Y_e passes the {name} resonance", definition=where
        ),
        f"crossing_radius_{name}": labelled(
            ("energy", f"crossing_{name}"),
            met.radius,
            "cm",
            f"all {name} resonances, outermost first",
            definition=where,
            **labels | {"reason": f"fewer crossings at this energy, or none: {labels['reason']}"},
        ),
        f"adiabaticity_{name}": labelled(
            dims,
            gamma,
            "1",
            f"adiabaticity of the outermost {name} resonance",
            definition="dm^2 sin^2(2 theta)/(2 E cos(2 theta) |d ln n_e/dr|); far above 1: adiabatic",
            **labels,
        ),
        f"jump_probability_{name}": labelled(
            dims,
            crossing_probability(gamma),
            "1",
            f"probability to jump at the outermost {name} resonance",
            definition="exp(-pi gamma/2), Landau-Zener",
            **labels,
        ),
        f"shock_crosses_{name}": labelled(
            dims,
            near.any(axis=1).astype(np.float64) if not math.isnan(shock) else np.zeros(energy.size),
            "1",
            f"1 where the shock stands at a {name} resonance",
            definition=f"a crossing within {SHOCK_WIDTH:g} of the shock's radius: its width on the grid is not the "
            "physical one, so the adiabaticity there is not either",
        ),
    }
