"""Heating and cooling of matter by nue and anue, as a solution stores them.

The rates come from the stored opacities and radiation field, so that heating and transport cannot disagree; the closed
forms of `heating_rates` stand beside them as a check.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.opacity import OpacitySpectra
from snsim.diagnostics._labels import STATIC_FRAME, labelled
from snsim.diagnostics.heating_rates import RateCoefficients, cooling_closed_form, heating_from_energy_density
from snsim.diagnostics.neutrinosphere import transport_radius
from snsim.transport.background import Background
from snsim.transport.moments import rms_energy
from snsim.transport.solution import TransportSolution
from snsim.variable import Variable

Array = NDArray[np.float64]

HEATING_SPECIES = ("nue", "anue")
REFERENCES = "Janka 2001, A&A 368, 527"

__all__ = [
    "HEATING_SPECIES",
    "heating_and_cooling",
    "heating_names",
    "heating_rows",
    "label_rates",
    "opaque_radius",
    "pair_luminosity",
]


def opaque_radius(
    background: Background,
    spectra: OpacitySpectra,
    solution: TransportSolution,
    spheres: Array | None = None,
) -> float:
    """Smaller gray transport neutrinosphere of nue and anue, cm; NaN where either has none.

    `spheres` are those of all species, where they are known already.
    """
    if spheres is None:
        spheres = transport_radius(background, spectra, solution)
    radii = spheres[heating_rows(solution)]
    return float(np.min(radii)) if radii.size else float(np.nan)


def heating_rows(solution: TransportSolution) -> NDArray[np.intp]:
    """Rows of nue and anue in a solution, as far as they are there."""
    return np.array([i for i, name in enumerate(solution.species) if name in HEATING_SPECIES], dtype=np.intp)


def heating_names(solution: TransportSolution) -> str:
    """Which species heat and cool here, in words: runs with others are not to be compared."""
    names = [solution.species[i] for i in heating_rows(solution)]
    return f"{names[0]} alone" if len(names) == 1 else " + ".join(names) or "no species"


def heating_and_cooling(solution: TransportSolution) -> tuple[Array, Array]:
    """Gross rates of nue and anue from the stored means, erg/cm^3/s, shape (zone,).

    heating = c kappa_E E with the solver's own energy density (no flux factor enters), cooling = emission.
    """
    pair = heating_rows(solution)
    absorbed = solution.absorption_energy[pair] * solution.energy_density[pair] * CODATA.speed_of_light
    return (
        absorbed.sum(axis=0) * CODATA.erg_per_mev,
        solution.emission_energy[pair].sum(axis=0) * CODATA.erg_per_mev,
    )


def pair_luminosity(
    background: Background, solution: TransportSolution, radius: float
) -> tuple[float, float]:
    """L_nue + L_anue at a radius: local and alpha^2 times that (at infinity), erg/s; linear between edges."""
    total = solution.luminosity[heating_rows(solution)].sum(axis=0)
    local = float(np.interp(radius, background.radius_interface, total))
    return local, local * float(
        np.interp(radius, background.radius_interface, background.lapse_interface)
    ) ** 2


def label_rates(
    background: Background,
    solution: TransportSolution,
    heating: Array,
    cooling: Array,
    coefficients: RateCoefficients,
) -> dict[str, Variable]:
    """Label the rates of every zone per gram, full and closed-form.

    Parameters
    ----------
    background, solution
        The stored run.
    heating, cooling : ndarray, shape (zone,)
        From `heating_and_cooling`, erg/cm^3/s.
    coefficients : RateCoefficients
        Of the closed forms.
    """
    matter = background.matter
    neutrons, protons = matter.mass_fraction_neutron, matter.mass_fraction_proton
    simple, known = np.zeros_like(heating), rms_energy(solution)
    for i in heating_rows(solution):
        square = known[i] ** 2
        share = (1.0, 0.0) if solution.species[i] == "nue" else (0.0, 1.0)
        one, other = (solution.energy_density[i] * part for part in share)
        simple += heating_from_energy_density(one, other, square, square, neutrons, protons, coefficients)
    degeneracy = matter.chemical_potential_electron / matter.temperature
    cooled = cooling_closed_form(matter.temperature, degeneracy, neutrons, protons, coefficients)
    names = heating_names(solution)
    means = f"c kappa_E E of {names} from the stored means; nux and scattering on electrons left out"
    rates = (
        ("heating_rate", heating / matter.density, "neutrino heating rate", means),
        ("cooling_rate", cooling / matter.density, "neutrino cooling rate", f"stored emission of {names}"),
        ("net_rate", (heating - cooling) / matter.density, "net neutrino heating rate", "heating - cooling"),
        ("heating_closed_form", simple, "heating, closed form", f"c K E <E^3>/<E> X; {coefficients.name}"),
        ("cooling_closed_form", cooled, "cooling, closed form", f"T^6 F_5(eta_e); {coefficients.name}"),
    )
    labels = {
        "frame": STATIC_FRAME,
        "references": REFERENCES,
        "reason": "undefined input in this zone",
        "heating_species": names,
    }
    return {
        name: labelled(("zone",), values, "erg / (g s)", words, definition=definition, **labels)
        for name, values, words, definition in rates
    }
