"""Spectral moments of a gray solution, and what an observer moving with the fluid sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.spectrum import FermiDirac
from snsim.transport.background import Background
from snsim.transport.solution import TransportSolution

Array = NDArray[np.float64]

ADVECTED = 0.02  # below this flux factor the fluid-frame luminosity is advection of trapped neutrinos


def mean_energy(solution: TransportSolution) -> Array:
    """<E> = E/N, MeV, shape (species, zone)."""
    return solution.energy_density / solution.number_density


def rms_number(solution: TransportSolution) -> Array:
    """sqrt(<E^2>) of the number spectrum, MeV, shape (species, zone)."""
    return _shape(solution).rms_number if solution.spectral is None else solution.spectral.rms_number


def rms_energy(solution: TransportSolution) -> Array:
    """sqrt(<E^3>/<E>), the energy-weighted rms that heating needs, MeV, shape (species, zone)."""
    return _shape(solution).rms_energy if solution.spectral is None else solution.spectral.rms_energy


def _shape(solution: TransportSolution) -> FermiDirac:
    return FermiDirac(solution.neutrino_temperature, solution.degeneracy)


@dataclass(frozen=True)
class FluidFrame:
    """Quantities at zone edges for observers moving with the fluid, shape (species, interface).

    Attributes
    ----------
    luminosity : ndarray
        4 pi r^2 F', erg/s; the static one where the flux factor is below `ADVECTED`.
    mean_energy, rms_number : ndarray
        MeV.
    flux_factor : ndarray
        F'/(cE'); 0 at the centre.
    """

    luminosity: Array
    mean_energy: Array
    rms_number: Array
    flux_factor: Array


def eddington_factor(flux_factor: Array) -> Array:
    """Closure of Levermore 1984, k = (3 + 4h^2)/(5 + 2 sqrt(4 - 3h^2))."""
    h = np.clip(flux_factor, -1.0, 1.0)
    return (3.0 + 4.0 * h**2) / (5.0 + 2.0 * np.sqrt(4.0 - 3.0 * h**2))


def fluid_frame(background: Background, solution: TransportSolution) -> FluidFrame:
    """Boost the radial moments to the fluid's rest frame.

    Notes
    -----
    L' = L g^2 [(1 + b^2) - b(1 + k)/h], E' = g^2 E [1 - 2bh + b^2 k], N' = g N (1 - b h_N) with b = v/c measured by a
    static observer, v = (dr/dtau)/sqrt(Gamma^2 + (dr/dtau)^2/c^2), exact for the moments; k from the solution where it
    has one, else from a closure; the rms energy takes the factor of the mean one, g (1 - b h_N), right to first order in b.
    """
    c = CODATA.speed_of_light
    edges = background.radius_interface
    proper = np.interp(edges, background.radius, background.velocity) / c
    b = proper / np.sqrt(background.gamma_interface**2 + proper**2)
    g = 1.0 / np.sqrt(1.0 - b**2)
    h = np.nan_to_num(solution.flux_factor)  # nothing flows at the centre
    k = eddington_factor(h)
    if solution.spectral is not None and solution.spectral.eddington_factor is not None:
        k = _at_edges(solution.spectral.eddington_factor)
    energy = _at_edges(mean_energy(solution))
    carried = np.zeros_like(h)  # numbers per energy of the flux, 1/MeV
    np.divide(
        solution.number_luminosity * CODATA.erg_per_mev,
        solution.luminosity,
        out=carried,
        where=solution.luminosity != 0.0,
    )
    h_number = h * energy * carried
    streaming = np.abs(h) > ADVECTED
    with np.errstate(invalid="ignore", divide="ignore"):
        boost = np.where(streaming, g**2 * ((1.0 + b**2) - b * (1.0 + k) / h), 1.0)
    density = g**2 * (1.0 - 2.0 * b * h + b**2 * k)
    number = g * (1.0 - b * h_number)
    return FluidFrame(
        luminosity=solution.luminosity * boost,
        mean_energy=energy * density / number,
        rms_number=_at_edges(rms_number(solution)) * number,
        flux_factor=h * boost / density,
    )


def _at_edges(zones: Array) -> Array:
    """Geometric mean of neighbouring zones; the outermost and innermost zone at the ends."""
    inner = np.sqrt(zones[:, 1:] * zones[:, :-1])
    return np.concatenate([zones[:, :1], inner, zones[:, -1:]], axis=1)
