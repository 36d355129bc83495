"""Heat that diffusing neutrinos carry through the star: conductivity of the total opacity, and where it stops being one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics import conductivity
from microphysics.constants import CODATA
from microphysics.opacity import OpacitySpectra
from snsim.diagnostics._labels import STATIC_FRAME, labelled
from snsim.diagnostics.kick import SPECIES_COUNT
from snsim.diagnostics.neutrinosphere import walk_opacity
from snsim.diagnostics.transport_sphere import radius_of_density
from snsim.transport.background import Background
from snsim.transport.solution import TransportSolution
from snsim.variable import Variable

Array = NDArray[np.float64]

REFERENCES = f"{conductivity.REFERENCES}; Levermore & Pomraning 1981, ApJ 248, 321 (flux limit)"
DIFFUSIVE = 1.0  # of the flux ratio: the heat flux is then a third of c times the energy density
DENSITY = 1e12  # g/cm3
_UNIT = "erg / (cm s K)"
_UNDEFINED = "no equilibrium degeneracy where there are no free nucleons"


def flux_ratio(background: Background, conducting: Array, temperature: Array, energy_density: Array) -> Array:
    """R = 3 kappa_nu |grad T|/(c u): 3 times the diffusive flux over the largest that there can be.

    Parameters
    ----------
    background : Background
        Radii, lapse and Gamma: grad T is (Gamma/alpha) d(alpha T)/dr, which vanishes in equilibrium.
    conducting : ndarray, shape (..., zone)
        kappa_nu, erg/(cm s K).
    temperature : ndarray, shape (zone,)
        MeV.
    energy_density : ndarray, shape (..., zone)
        u of the same neutrinos in equilibrium, MeV/cm^3.
    """
    redshifted = background.lapse * temperature
    gradient = background.gamma / background.lapse * np.gradient(redshifted, background.radius)
    flux = conducting * np.abs(gradient) / CODATA.boltzmann
    return 3.0 * flux / (CODATA.speed_of_light * CODATA.erg_per_mev * energy_density)


def flux_limit(ratio: Array) -> Array:
    """Factor 3 (coth R - 1/R)/R on the conductivity that keeps the flux below c u (Levermore & Pomraning 1981).

    Examples
    --------
    >>> [round(float(value), 4) for value in flux_limit(np.array([0.0, 0.1, 1.0, 30.0]))]
    [1.0, 0.9993, 0.9391, 0.0967]
    """
    small = ratio < 0.02
    safe = np.where(small, 1.0, ratio)
    closed = 3.0 * (1.0 / np.tanh(safe) - 1.0 / safe) / safe
    return np.where(small, 1.0 - ratio**2 / 15.0 + 2.0 * ratio**4 / 315.0, closed)


def observe(
    background: Background,
    spectra: OpacitySpectra,
    solution: TransportSolution | None = None,
    *,
    density: float = DENSITY,
) -> dict[str, Variable]:
    """Thermal conductivity of neutrinos in equilibrium with matter, per species and together.

    Parameters
    ----------
    background, spectra
        The stored run.
    solution : TransportSolution, optional
        Only its species are used, in its order, for what is given of each; diffusing neutrinos have matter's temperature.
    density : float
        g/cm^3: where numbers are given one by one.

    Returns
    -------
    dict of Variable
        (species, zone), of ONE species: ``conductivity``, ``limited_conductivity`` in erg/(cm s K), ``mean_free_path`` in
        cm, ``flux_ratio``; (zone), of all six in the diffusive regime: ``total``, ``total_without_lepton_flux``; at the
        density ``conductivity_there``, ``mean_free_path_there``, ``flux_ratio_there`` (species), ``total_there``,
        ``total_without_lepton_flux_there``; ``density_there``.
    """
    temperature = spectra.temperature
    opacity = walk_opacity(spectra, "transport")
    path = conductivity.rosseland_mean_path(opacity, spectra.energy, temperature, spectra.degeneracy)
    each = conductivity.conductivity_of_path(path, temperature, spectra.degeneracy)
    content = conductivity.equilibrium_energy_density(temperature, spectra.degeneracy)
    ratio = flux_ratio(background, each, temperature, content)
    limited = each * flux_limit(ratio)
    totals = _totals(spectra, opacity, each, ratio)
    where = radius_of_density(background, density)
    rows = [spectra.species.index(name) for name in (solution or spectra).species]
    found: dict[str, Variable] = {
        "density_there": labelled((), density, "g/cm3", "density at which numbers are given")
    }
    for name, values, unit, words, meaning in (
        ("conductivity", each, _UNIT, "thermal conductivity of one species", _DEFINITION),
        ("mean_free_path", path, "cm", "Rosseland mean free path", _MEAN),
        ("flux_ratio", ratio, "1", "diffusive flux over a third of c u", _RATIO),
        ("limited_conductivity", limited, _UNIT, "conductivity with the flux limited", _LIMITED),
        ("total", totals[0], _UNIT, "conductivity of all diffusing species", _TOTAL),
        ("total_without_lepton_flux", totals[1], _UNIT, "the same at zero lepton flux", _NO_LEPTONS),
    ):
        labels = {"definition": meaning, "references": REFERENCES, "frame": STATIC_FRAME}
        per_species = values.ndim == 2
        dims = ("species", "zone") if per_species else ("zone",)
        values = values[rows] if per_species else values
        found[name] = labelled(dims, values, unit, words, reason=_UNDEFINED, **labels)
        found[f"{name}_there"] = labelled(
            dims[:-1],
            _at(background, values, where),
            unit,
            f"{words} at {density:g} g/cm3",
            reason=f"no zone of {density:g} g/cm3, or {_UNDEFINED}",
            **labels,
        )
    return found


_DEFINITION = (
    "c/(6 pi^2 (hbar c)^3 T^2) int E^4 f(1 - f)/kappa dE with the total transport opacity of every process, neutrinos in "
    "equilibrium with matter, gradient of T at constant mu_nu/T; means nothing where the flux ratio is above 1"
)
_MEAN = "int lambda E^4 f(1 - f) dE / int E^4 f(1 - f) dE, lambda = 1/(total transport opacity)"
_RATIO = "R = 3 kappa_nu |grad T|/(c u), grad T = (Gamma/alpha) d(alpha T)/dr; neutrinos diffuse where R < 1"
_LIMITED = "conductivity times 3 (coth R - 1/R)/R: the flux stays below c u"
_TOTAL = "sum of the conductivity over those species, nux four times, that diffuse (R < 1); 0 where none does"
_NO_LEPTONS = (
    "as total, nue and anue with D_4 - D_3^2/D_2: a gradient of mu_nu/T that stops the flux of lepton number"
)


def _totals(spectra: OpacitySpectra, opacity: Array, each: Array, ratio: Array) -> tuple[Array, Array]:
    """Add up all six species that diffuse, at constant degeneracy and at zero lepton flux, shape (zone,)."""
    diffuse = ratio < DIFFUSIVE
    count = np.array([SPECIES_COUNT[name] for name in spectra.species])[:, None]
    parts = np.where(diffuse, each * count, 0.0)
    total = parts.sum(axis=0)
    pair = [spectra.species.index(name) for name in ("nue", "anue")]
    # a path of length 0 takes a species that does not diffuse out of the sums
    paths = np.where(diffuse[pair, :, None], opacity[pair], np.inf)
    with np.errstate(invalid="ignore"):
        tied = conductivity.conductivity_without_lepton_flux(
            paths, spectra.energy, spectra.temperature, spectra.degeneracy[pair[0]]
        )
    free = parts[pair].sum(axis=0)
    return total, total - free + np.where(diffuse[pair].any(axis=0), tied, 0.0)


def _at(background: Background, values: Array, radius: float) -> Any:
    """Values at a radius, linear in ln r; NaN without a radius."""
    if math.isnan(radius):
        return np.full(values.shape[:-1], math.nan)
    x = np.log(background.radius)
    rows = [np.interp(math.log(radius), x, row) for row in values.reshape(-1, values.shape[-1])]
    return np.array(rows).reshape(values.shape[:-1])
