"""Neutrinospheres: where neutrinos last scatter, last exchange energy, are last made, and begin to stream.

"The" neutrinosphere is uncertain by several kilometres until its definition is stated; every radius here
carries one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from microphysics.opacity import OpacitySpectra
from microphysics.processes.helicity_flip import HELICITY_FLIPS
from microphysics.spectrum import occupation
from snsim.diagnostics._kernels import spheres as kernels
from snsim.diagnostics._labels import labelled
from snsim.transport.background import Background
from snsim.transport.solution import TransportSolution
from snsim.variable import Variable

Array = NDArray[np.float64]
Values = float | Array

DEPTH = 2.0 / 3.0
FLUX_FACTORS = {"quarter": 1.0 / 4.0, "third": 1.0 / 3.0, "half": 1.0 / 2.0}
WEIGHTS = {
    "energy_mean": "opacity averaged with E^3 f of the neutrinos",
    "number_mean": "opacity averaged with E^2 f of the neutrinos",
    "rosseland": "1/opacity averaged with E^4 f(1 - f), f = 1/(1 + exp(E/T_nu - eta)) of the neutrinos",
}
KINDS = {
    "transport": "absorption + scattering weighted with 1 - cos(theta)",
    "energy": "sqrt(a(a + s)), a = absorption + energy exchange with electrons, s = scattering",
    "number": "sqrt(a(a + s)), a = absorption (reactions that change the number), s = scattering",
}
REFERENCES = "Shapiro & Teukolsky 1983, ch. 18; Raffelt 2001, ApJ 561, 890 (energy and number spheres)"


def optical_depth(radius_interface: Array, gamma: Array, opacity: Array) -> Array:
    """Radial optical depth tau(r) = int_r^R kappa dr/Gamma from the outer edge R inwards.

    Parameters
    ----------
    radius_interface : ndarray, shape (interface,)
        cm, rising.
    gamma : ndarray, shape (zone,)
        Gamma = sqrt(1 - 2Gm/(rc^2)) of the zones: dr/Gamma is the proper length.
    opacity : ndarray, shape (..., zone)
        Constant in each zone, 1/cm.

    Returns
    -------
    ndarray, shape (..., interface)
        0 at the outer edge; nothing outside the grid is added.
    """
    steps = opacity * np.diff(radius_interface) / gamma
    depth = np.zeros((*steps.shape[:-1], radius_interface.size))
    depth[..., :-1] = np.cumsum(steps[..., ::-1], axis=-1)[..., ::-1]
    return depth


def radius_of_depth(radius_interface: Array, depth: Array, level: float = DEPTH) -> Array:
    """Radius where an optical depth that falls outwards equals `level`.

    Between edges ln r is linear in ln tau (exact for power laws), or r in tau where a logarithm does not
    exist: second order in the zone width either way.

    Parameters
    ----------
    radius_interface : ndarray, shape (interface,)
        cm.
    depth : ndarray, shape (..., interface)
        Optical depth, not rising with radius.
    level : float
        2/3 for neutrinospheres.

    Returns
    -------
    ndarray, shape (...)
        cm; NaN where the depth never reaches `level` or is undefined.

    Examples
    --------
    >>> round(float(radius_of_depth(np.array([1.0, 2.0, 4.0]), np.array([1.0, 0.25, 0.0625]), 0.5)), 6)
    1.414214
    """
    depth = np.ascontiguousarray(depth, dtype=np.float64)
    rows = depth.reshape(-1, depth.shape[-1])
    edges = np.ascontiguousarray(radius_interface, dtype=np.float64)
    return kernels.radii_of_depth(edges, rows, level).reshape(depth.shape[:-1])


class Crossing(NamedTuple):
    """Where optical depths reach a level, arrays of shape (species, energy).

    Attributes
    ----------
    radius : ndarray
        cm, interpolated as in `radius_of_depth`; NaN where the level is not reached.
    zone : ndarray of int
        In which it lies; -1 where it does not.
    share : ndarray
        Of that zone's optical depth, which lies further out.
    """

    radius: Array
    zone: NDArray[np.int64]
    share: Array


def crossing(background: Background, opacity: Array, level: float = DEPTH) -> Crossing:
    """Where the optical depth of every energy equals `level`.

    Parameters
    ----------
    background : Background
        Radii and Gamma.
    opacity : ndarray, shape (species, zone, energy)
        1/cm.
    level : float
        2/3 for neutrinospheres.
    """
    path = np.diff(background.radius_interface) / background.gamma
    return Crossing(*kernels.crossings(background.radius_interface, path, opacity, level))


def radius_of_flux_factor(radius_interface: Array, flux_factor: Array, level: float) -> Array:
    """Radius where the flux factor, going outward, first reaches `level`; linear in r between edges.

    Parameters
    ----------
    radius_interface : ndarray, shape (interface,)
        cm.
    flux_factor : ndarray, shape (..., interface)
        F/(cE); NaN (the centre) is passed over.
    level : float
        For instance 1/3.

    Returns
    -------
    ndarray, shape (...)
        cm; NaN where it is never reached, or from the first edge on.
    """
    flux_factor = np.asarray(flux_factor, dtype=np.float64)
    rows = flux_factor.reshape(-1, flux_factor.shape[-1])
    radii = np.full(rows.shape[0], np.nan)
    for k, row in enumerate(rows):
        known = np.flatnonzero(~np.isnan(row))
        reached = known[row[known] >= level]
        if reached.size == 0 or reached[0] == known[0]:
            continue
        j = int(reached[0])
        i = int(known[np.searchsorted(known, j) - 1])
        fraction = (level - row[i]) / (row[j] - row[i])
        radii[k] = radius_interface[i] + fraction * (radius_interface[j] - radius_interface[i])
    return radii.reshape(flux_factor.shape[:-1])


def effective_opacity(absorbing: Array, scattering: Array) -> Array:
    """Opacity of random walks that end in absorption, sqrt(a(a + s)), 1/cm.

    Parameters
    ----------
    absorbing, scattering : ndarray
        Opacity of what ends the walk and of what only turns it, 1/cm.
    """
    square = absorbing + scattering
    square *= absorbing
    return np.sqrt(square)


def spectral_mean(
    opacity: Array, energy: Array, temperature: Array, degeneracy: Values, weight: str = "energy_mean"
) -> Array:
    """Average of a spectral opacity over the neutrino spectrum f = 1/(1 + exp(E/T_nu - eta)).

    Parameters
    ----------
    opacity : ndarray, shape (..., energy)
        1/cm.
    energy : ndarray, shape (energy,)
        MeV; the integrals are trapezia in ln E on this grid, so it should cover the spectrum (about 48 points
        from 0.5 to 350 MeV leave errors of 1e-5 to 2e-4 at T_nu = 4 MeV).
    temperature, degeneracy : ndarray, shape (...)
        T_nu in MeV and eta of the neutrinos, not of the matter.
    weight : str
        ``energy_mean`` (E^3 f), ``number_mean`` (E^2 f) or ``rosseland`` (E^4 f(1 - f) on 1/opacity). The
        dilution factor A of f = A/(1 + exp(...)) drops out.

    Returns
    -------
    ndarray, shape (...)
        1/cm.
    """
    return _mean(opacity, _measure(energy, temperature, degeneracy, weight), weight)


def _measure(energy: Array, temperature: Values, degeneracy: Values, weight: str) -> Array:
    """Weights of the energies in a mean by name, not normalised, shape (..., energy)."""
    argument = energy / np.asarray(temperature)[..., None] - np.asarray(degeneracy)[..., None]
    power = {"energy_mean": 3, "number_mean": 2, "rosseland": 4}[weight]
    measure: Array = occupation(argument)
    if weight == "rosseland":
        measure *= occupation(-argument)
    measure *= energy ** (power + 1) * _log_steps(energy)
    return measure


def _mean(opacity: Array, measure: Array, weight: str) -> Array:
    """Mean of opacities with weights of `_measure`: of 1/opacity if `rosseland`."""
    total = measure.sum(axis=-1)
    if weight != "rosseland":
        return np.einsum("...e,...e->...", measure, opacity) / total
    with np.errstate(divide="ignore"):
        path = np.divide(measure, opacity, out=np.zeros(opacity.shape), where=measure != 0.0)
        return total / path.sum(axis=-1)


def walk_opacity(spectra: OpacitySpectra, kind: str, species: Sequence[str] | None = None) -> Array:
    """Spectral opacity whose optical depth 2/3 defines a sphere.

    Parameters
    ----------
    spectra : OpacitySpectra
        Stored opacities.
    kind : str
        ``transport``, ``energy`` or ``number``: see `KINDS`.
    species : sequence of str, optional
        Which, in this order (those of a solution may be fewer); None means all of `spectra`.

    Returns
    -------
    ndarray, shape (species, zone, energy)
        1/cm.
    """
    rows = [spectra.species.index(name) for name in species or spectra.species]
    absorption, scattering = spectra.total_absorption[rows], spectra.total_scattering[rows]
    if kind == "transport":
        absorption += scattering
        return absorption
    # what turns a Dirac neutrino sterile takes it out of the flux but brings nothing into equilibrium
    for process in (i for i, name in enumerate(spectra.processes) if name in HELICITY_FLIPS):
        lost = spectra.absorption[process, rows]
        absorption -= lost
        scattering += lost
    if kind == "energy":
        absorption += spectra.total_exchange[rows]
    return effective_opacity(absorption, scattering)


def gray_opacity(
    spectra: OpacitySpectra, solution: TransportSolution, kind: str = "transport", weight: str = "energy_mean"
) -> Array:
    """Mean of `walk_opacity` over the neutrinos' own spectrum, shape (species, zone), 1/cm."""
    opacity = walk_opacity(spectra, kind, solution.species)
    return spectral_mean(opacity, spectra.energy, solution.neutrino_temperature, solution.degeneracy, weight)


def transport_radius(background: Background, spectra: OpacitySpectra, solution: TransportSolution) -> Array:
    """Gray energy-mean transport sphere, shape (species,), cm: the one that other observables use."""
    depth = optical_depth(background.radius_interface, background.gamma, gray_opacity(spectra, solution))
    return radius_of_depth(background.radius_interface, depth)


def observe(
    background: Background, spectra: OpacitySpectra, solution: TransportSolution
) -> dict[str, Variable]:
    """All neutrinospheres of a solution, each with its definition.

    Parameters
    ----------
    background, spectra, solution
        The stored run.

    Returns
    -------
    dict of Variable
        ``spectral_transport``, ``spectral_energy``, ``spectral_number`` (species, energy);
        ``transport_energy_mean``, ``transport_number_mean``, ``transport_rosseland``, ``energy_sphere``,
        ``number_sphere``, ``flux_factor_quarter``, ``flux_factor_third``, ``flux_factor_half`` (species), all
        in cm; ``optical_depth`` (species, interface) of the gray energy-mean transport opacity.
    """
    edges, gamma, species = background.radius_interface, background.gamma, solution.species
    measures = {
        weight: _measure(spectra.energy, solution.neutrino_temperature, solution.degeneracy, weight)
        for weight in WEIGHTS
    }
    found: dict[str, Variable] = {}
    for kind, meaning in KINDS.items():
        opacity = walk_opacity(spectra, kind, species)
        undefined = bool(np.isnan(opacity).any())
        found[f"spectral_{kind}"] = _sphere(
            ("species", "energy"),
            crossing(background, opacity).radius,
            undefined,
            f"{kind} sphere at each energy",
            meaning,
            species,
        )
        for weight in WEIGHTS if kind == "transport" else ("energy_mean",):
            depth = optical_depth(edges, gamma, _mean(opacity, measures[weight], weight))
            name = f"transport_{weight}" if kind == "transport" else f"{kind}_sphere"
            found[name] = _sphere(
                ("species",),
                radius_of_depth(edges, depth),
                bool(np.isnan(depth).any()),
                f"gray {kind} sphere, {weight.replace('_', ' ')}",
                f"{meaning}; {WEIGHTS[weight]}",
                species,
            )
            if name == "transport_energy_mean":
                found["optical_depth"] = labelled(
                    ("species", "interface"),
                    depth,
                    "1",
                    "optical depth of the energy-mean transport opacity",
                    definition=f"int_r^R kappa dr/Gamma to the outer edge; {meaning}; {WEIGHTS[weight]}",
                    references=REFERENCES,
                )
    for name, level in FLUX_FACTORS.items():
        radii = radius_of_flux_factor(edges, solution.flux_factor, level)
        found[f"flux_factor_{name}"] = labelled(
            ("species",),
            radii,
            "cm",
            f"radius of flux factor {level:.3g}",
            reason=f"flux factor never rises to {level:.3g} for {_names(solution.species, radii)}",
            definition=f"F/(cE) = {level:.3g}, first reached going outward; independent of opacities",
            frame="static observer",
            references=REFERENCES,
        )
    return found


def _sphere(
    dims: tuple[str, ...], radii: Array, undefined: bool, words: str, meaning: str, species: Iterable[str]
) -> Variable:
    """Label radii of optical depth 2/3 with their definition; `undefined`: whether an opacity is."""
    why = "opacity is undefined" if undefined else "optical depth never reaches 2/3"
    return labelled(
        dims,
        radii,
        "cm",
        words,
        reason=f"{why} for {_names(species, radii)}",
        definition=f"int_r^R kappa dr/Gamma = 2/3 to the outer edge, kappa = {meaning}",
        frame="areal radius; local energies of static observers",
        references=REFERENCES,
    )


def _names(species: Iterable[str], radii: Array) -> str:
    """Species that have an undefined radius, with the number of energies where there are several."""
    words = []
    for name, values in zip(species, radii, strict=True):
        missing = int(np.isnan(values).sum())
        if missing:
            words.append(f"{name} ({missing} of {values.size} energies)" if values.ndim else name)
    return ", ".join(words)


def _log_steps(energy: Array) -> Array:
    """Trapezium weights in ln E."""
    steps = np.diff(np.log(energy))
    return 0.5 * (np.append(steps, 0.0) + np.append(0.0, steps))
