"""What a transport scheme returns."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class SpectralField:
    """What a scheme with energy groups knows beyond the moments.

    Attributes
    ----------
    energy : ndarray, shape (group,)
        At infinity, MeV; the local energy is energy/lapse.
    occupation : ndarray, shape (species, zone, group)
        f, averaged over angles.
    occupation_flux : ndarray, shape (species, interface, group)
        First angular moment of f.
    rms_number, rms_energy : ndarray, shape (species, zone)
        sqrt(<E^2>) and sqrt(<E^3>/<E>), MeV.
    eddington_factor : ndarray, shape (species, zone), or None
        P/E where the scheme computes it.
    worst : tuple of tuple of int
        Zone and group of the largest scaled residual of every species.
    """

    energy: Array
    occupation: Array
    occupation_flux: Array
    rms_number: Array
    rms_energy: Array
    eddington_factor: Array | None
    worst: tuple[tuple[int, int], ...]


@dataclass(frozen=True, repr=False)
class TransportSolution:
    """A steady radiation field of every species, in the frame of static observers unless a name says otherwise.

    Arrays have shape (species, zone) or (species, interface); "nux" is ONE heavy-lepton species.

    Attributes
    ----------
    species : tuple of str
        Names along the first axis.
    energy_density, number_density : ndarray, shape (species, zone)
        MeV/cm^3 and 1/cm^3.
    neutrino_temperature, degeneracy : ndarray, shape (species, zone)
        T_nu in MeV and eta of the Fermi-Dirac shape f = A/(1 + exp(E/T_nu - eta)) that closes the gray moments, or has
        <E> and <E^2> of the groups.
    luminosity, number_luminosity : ndarray, shape (species, interface)
        Local, 4 pi r^2 F: erg/s and 1/s, per proper time of a static observer there.
    flux_factor : ndarray, shape (species, interface)
        F_E/(cE), energy-weighted; NaN at the centre.
    absorption_energy, absorption_number : ndarray, shape (species, zone)
        Spectral means of the absorption opacity weighted with the neutrinos' energy and number, 1/cm.
    transport_energy, transport_number : ndarray, shape (species, interface)
        Effective transport opacity of the limited flux, 1/cm; with groups, the mean over the flux.
    emission_energy, emission_number : ndarray, shape (species, zone)
        MeV/cm^3/s and 1/cm^3/s, per proper time.
    exchange_energy : ndarray, shape (species, zone)
        Net energy gain from electrons by scattering, MeV/cm^3/s.
    converged : bool
        Whether every species met the tolerance.
    iterations : ndarray of int, shape (species,)
        Newton steps taken.
    residual_history : tuple of ndarray
        Scaled residual after each step, per species.
    spectral : SpectralField, optional
        Groups, where the scheme has them.
    worst_zone : ndarray of int, shape (species,), optional
        Zone of the largest scaled residual.
    """

    species: tuple[str, ...]
    energy_density: Array
    number_density: Array
    neutrino_temperature: Array
    degeneracy: Array
    luminosity: Array
    number_luminosity: Array
    flux_factor: Array
    absorption_energy: Array
    absorption_number: Array
    transport_energy: Array
    transport_number: Array
    emission_energy: Array
    emission_number: Array
    exchange_energy: Array
    converged: bool
    iterations: NDArray[np.int64]
    residual_history: tuple[Array, ...] = field(default=())
    spectral: SpectralField | None = None
    worst_zone: NDArray[np.int64] | None = field(default=None, kw_only=True)

    def __repr__(self) -> str:
        energies = "gray" if self.spectral is None else f"{self.spectral.energy.size} groups"
        luminosities = ", ".join(
            f"{name} {value:.3g}" for name, value in zip(self.species, self.luminosity[:, -1], strict=True)
        )
        state = "converged" if self.converged else "not converged"
        zones = self.energy_density.shape[1]
        return (
            f"TransportSolution({energies}, {zones} zones, {state}; erg/s at the outer edge: {luminosities})"
        )
