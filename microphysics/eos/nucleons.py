"""Ideal non-relativistic Fermi gas of free nucleons, at any degeneracy.

With x = kinetic energy over T and F_k the Fermi-Dirac integrals, n = (2 m T)^(3/2)/(2 pi^2 (hbar c)^3)
F_1/2(eta), P = (2/3) T n F_3/2/F_1/2, s = n ((5/3) F_3/2/F_1/2 - eta). Chemical potentials mu = T eta count
from the particle's own rest mass. Kernels work in MeV and fm; the class `NucleonGas` in MeV, cm and erg.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics._jit import njit
from microphysics._kernels.fermi import fermi_half, fermi_half_entropy, inverse_fermi_half
from microphysics.constants import CODATA
from microphysics.eos.electron_gas import CM3_PER_FM3, ERG_CM3_PER_MEV_FM3, HBAR_C_FM, require_range

__all__ = [
    "NEUTRON_GAS",
    "PROTON_GAS",
    "NucleonGas",
    "NucleonGasState",
    "nucleon_degeneracy",
    "nucleon_density_unit",
    "nucleon_gas",
    "quantum_density",
]

Array = NDArray[np.float64]


@njit
def nucleon_density_unit(temperature: float, mass: float) -> float:
    """Density over F_1/2(eta) of spin-1/2 particles, 1/fm^3; temperature and mass in MeV."""
    k = math.sqrt(2.0 * mass * temperature) / HBAR_C_FM
    return k * k * k / (2.0 * math.pi * math.pi)


@njit
def quantum_density(temperature: float, mass: float) -> float:
    """(m T/(2 pi (hbar c)^2))^(3/2), 1/fm^3: density over exp(mu/T) of a spinless Boltzmann gas; MeV."""
    k = math.sqrt(mass * temperature / (2.0 * math.pi)) / HBAR_C_FM
    return k * k * k


@njit
def nucleon_degeneracy(density: float, temperature: float, mass: float) -> float:
    """Degeneracy parameter eta = mu/T.

    Parameters
    ----------
    density : float
        1/fm^3; 0 gives -inf.
    temperature, mass : float
        MeV.
    """
    return inverse_fermi_half(density / nucleon_density_unit(temperature, mass))


@njit
def nucleon_gas(temperature: float, eta: float, mass: float) -> tuple[float, float, float, float]:
    """Ideal gas of one kind of nucleon.

    Parameters
    ----------
    temperature, mass : float
        MeV.
    eta : float
        Degeneracy parameter, mu/T with mu from the rest mass.

    Returns
    -------
    density : float
        1/fm^3.
    compressibility : float
        T dn/dmu = dn/deta, 1/fm^3: n times the long-wavelength structure factor of the gas.
    pressure : float
        MeV/fm^3; the kinetic energy density is 3/2 of it.
    entropy : float
        k_B/fm^3.
    """
    unit = nucleon_density_unit(temperature, mass)
    return (
        unit * fermi_half(1, eta),
        0.5 * unit * fermi_half(-1, eta),
        2.0 / 3.0 * unit * temperature * fermi_half(3, eta),
        unit * fermi_half_entropy(eta),
    )


@njit
def _degeneracy_array(density: Array, temperature: Array, mass: float) -> Array:
    out = np.empty(density.size)
    for i in range(density.size):
        out[i] = nucleon_degeneracy(density[i], temperature[i], mass)
    return out


@njit
def _gas_array(temperature: Array, eta: Array, mass: float) -> Array:
    out = np.empty((4, eta.size))
    for i in range(eta.size):
        out[0, i], out[1, i], out[2, i], out[3, i] = nucleon_gas(temperature[i], eta[i], mass)
    return out


@dataclass(frozen=True)
class NucleonGasState:
    """Ideal gas of one kind of nucleon; all arrays have the shape of the input.

    Attributes
    ----------
    density : ndarray
        1/cm^3.
    compressibility : ndarray
        T dn/dmu, 1/cm^3.
    pressure, energy_density : ndarray
        erg/cm^3; the energy without the rest mass.
    entropy_density : ndarray
        k_B/cm^3.
    """

    density: Array
    compressibility: Array
    pressure: Array
    energy_density: Array
    entropy_density: Array


@dataclass(frozen=True)
class NucleonGas:
    """Ideal non-relativistic Fermi gas of one kind of nucleon, spin 1/2.

    Parameters
    ----------
    mass : float
        Rest energy, MeV.

    Notes
    -----
    Exact to rounding within its assumptions. Left out: interactions (they set in above 1e12 g/cm^3) and the
    relativistic part of the kinetic energy, of order T/m (5 % at T = 50 MeV).

    Examples
    --------
    >>> gas = NucleonGas(939.565)
    >>> mu = gas.chemical_potential(6e36, 10.0)
    >>> round(float(gas.state(10.0, mu).density / 6e36), 12)
    1.0
    """

    mass: float

    def __post_init__(self) -> None:
        require_range("mass", "MeV", np.array([self.mass]), 1e-3, 1e6, what="the nucleon gas")

    def chemical_potential(self, number_density: ArrayLike, temperature: ArrayLike) -> Array:
        """Chemical potential from this nucleon's own rest mass, MeV.

        Parameters
        ----------
        number_density : array_like
            1/cm^3, >= 0 (0 gives -inf); any shape that broadcasts.
        temperature : array_like
            MeV, > 0.

        Raises
        ------
        OutOfRangeError
            If a density is negative or a temperature is not positive.
        """
        n, t = np.broadcast_arrays(
            np.asarray(number_density, dtype=np.float64), np.asarray(temperature, dtype=np.float64)
        )
        require_range("number_density", "1/cm^3", n, 0.0, 1e60, what="the nucleon gas")
        require_range("temperature", "MeV", t, 1e-9, 1e6, what="the nucleon gas")
        eta = _degeneracy_array(n.ravel() * CM3_PER_FM3, np.ascontiguousarray(t).ravel(), self.mass)
        return eta.reshape(n.shape) * t

    def state(self, temperature: ArrayLike, chemical_potential: ArrayLike) -> NucleonGasState:
        """Density, compressibility, pressure, energy and entropy.

        Parameters
        ----------
        temperature : array_like
            MeV, > 0; any shape that broadcasts.
        chemical_potential : array_like
            From this nucleon's own rest mass, MeV.

        Raises
        ------
        OutOfRangeError
            If a temperature is not positive.
        """
        t, mu = np.broadcast_arrays(
            np.asarray(temperature, dtype=np.float64), np.asarray(chemical_potential, dtype=np.float64)
        )
        require_range("temperature", "MeV", t, 1e-9, 1e6, what="the nucleon gas")
        values = _gas_array(np.ascontiguousarray(t).ravel(), (mu / t).ravel(), self.mass).reshape(
            (4, *t.shape)
        )
        density, compressibility, pressure, entropy = values
        pressure *= ERG_CM3_PER_MEV_FM3
        return NucleonGasState(
            density / CM3_PER_FM3,
            compressibility / CM3_PER_FM3,
            pressure,
            1.5 * pressure,
            entropy / CM3_PER_FM3,
        )


NEUTRON_GAS = NucleonGas(CODATA.neutron_mass)
PROTON_GAS = NucleonGas(CODATA.proton_mass)
