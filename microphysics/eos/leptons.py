"""Electrons, positrons and photons of given density, temperature and Y_e, with their derivatives.

What an equation of state adds to its baryons, and what a reader takes out of a table of totals. Kernels work
in MeV and fm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from microphysics._jit import njit
from microphysics.constants import CODATA
from microphysics.eos.electron_gas import (
    electron_chemical_potential_near,
    electron_density_unit,
    fermion_gas,
    photon_gas,
)

__all__ = ["Leptons", "lepton_gas", "leptons"]

Array = NDArray[np.float64]

_ELECTRON_MASS = CODATA.electron_mass


@njit
def lepton_gas(
    net_density: float, temperature: float, guess: float
) -> tuple[float, float, float, float, float, float, float]:
    """Electron-positron gas of a given net density, with derivatives.

    Parameters
    ----------
    net_density : float
        Electrons minus positrons, 1/fm^3.
    temperature : float
        MeV, > 0.
    guess : float
        Of the chemical potential, MeV; 0 for none.

    Returns
    -------
    mu : float
        With rest mass, MeV.
    pressure, energy, entropy : float
        MeV/fm^3, MeV/fm^3 with all rest masses, k_B/fm^3.
    heat_capacity : float
        T ds/dT at constant net density, k_B/fm^3.
    pressure_temperature : float
        dP/dT at constant net density, 1/fm^3.
    pressure_density : float
        dP/dn at constant T, MeV.

    Notes
    -----
    With <> the mean over f (1 - f) and the sign of a = (E - mu)/T turned for positrons, c_v is the variance of
    a, and dP/dT = s - n <a>/T over the mean. NaN if the input is not finite.
    """
    mu = electron_chemical_potential_near(net_density, temperature, guess)
    b = _ELECTRON_MASS / temperature
    unit = electron_density_unit(temperature)
    number, pressure, energy, entropy, zeroth, first, second = fermion_gas(mu / temperature - b, b)
    if mu < 40.0 * temperature:  # beyond, positrons are exp(-80) of the electrons
        n_plus, p_plus, e_plus, s_plus, m0, m1, m2 = fermion_gas(-mu / temperature - b, b)
        number += n_plus
        pressure += p_plus
        energy += e_plus
        entropy += s_plus
        zeroth += m0
        first -= m1
        second += m2
    mean = first / zeroth
    return (
        mu,
        unit * temperature * pressure / 3.0,
        unit * (temperature * energy + _ELECTRON_MASS * number),
        unit * entropy,
        unit * max(second - mean * first, 0.0),
        unit * entropy - net_density * mean,
        net_density * temperature / (unit * zeroth),
    )


@njit
def _fill(net_density: Array, temperature: Array, guess: Array, out: Array) -> None:
    for i in range(net_density.size):
        near = guess[i] if guess.size > 1 else guess[0]
        mu, pressure, energy, entropy, capacity, thermal, stiffness = lepton_gas(
            net_density[i], temperature[i], near
        )
        p_photon, e_photon, s_photon = photon_gas(temperature[i])
        out[0, i] = mu
        out[1, i] = pressure
        out[2, i] = energy
        out[3, i] = entropy
        out[4, i] = p_photon
        out[5, i] = e_photon
        out[6, i] = s_photon
        out[7, i] = capacity + 3.0 * s_photon
        out[8, i] = thermal + s_photon
        out[9, i] = stiffness


@dataclass(frozen=True)
class Leptons:
    """Electrons with positrons, and photons; all arrays have the shape of the input.

    Attributes
    ----------
    chemical_potential : ndarray
        Of the electrons with rest mass, MeV.
    pressure, energy, entropy : ndarray
        Electrons and positrons: MeV/fm^3, MeV/fm^3 with all rest masses, k_B/fm^3.
    pressure_photon, energy_photon, entropy_photon : ndarray
        The same of photons.
    heat_capacity : ndarray
        Of everything here at constant density, k_B/fm^3.
    pressure_temperature : ndarray
        dP/dT of everything here at constant density, 1/fm^3.
    pressure_density : ndarray
        dP/dn_e at constant temperature, MeV.
    """

    chemical_potential: Array
    pressure: Array
    energy: Array
    entropy: Array
    pressure_photon: Array
    energy_photon: Array
    entropy_photon: Array
    heat_capacity: Array
    pressure_temperature: Array
    pressure_density: Array


def leptons(net_density: Array, temperature: Array, guess: Array | None = None) -> Leptons:
    """Electrons, positrons and photons.

    Parameters
    ----------
    net_density : ndarray
        Electrons minus positrons, 1/fm^3, >= 0.
    temperature : ndarray
        MeV, > 0; of the same shape.
    guess : ndarray, optional
        Of the chemical potential, MeV; of the same shape. Halves the time if it is good.
    """
    shape = net_density.shape
    out = np.empty((10, net_density.size))
    near = np.zeros(1) if guess is None else np.ascontiguousarray(guess).ravel()
    _fill(np.ascontiguousarray(net_density).ravel(), np.ascontiguousarray(temperature).ravel(), near, out)
    return Leptons(*out.reshape((10, *shape)))
