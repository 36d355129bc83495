"""Neutrinos of allowed beta decays: the shape that phase space and the Coulomb field give."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.constants import CODATA

Array = NDArray[np.float64]


def coulomb_factor(charge: float, mass_number: float, momentum: Array, total_energy: Array) -> Array:
    """Fermi function of an electron in the field of a nucleus of finite size.

    Parameters
    ----------
    charge : float
        Of the daughter; negative for positrons.
    mass_number : float
        Sets the radius at which the wave function counts, 1.2 A^(1/3) fm.
    momentum, total_energy : ndarray
        Of the electron, MeV.

    Returns
    -------
    ndarray
        2 (1 + g) (2 p R)^(2g - 2) exp(pi y) |Gamma(g + i y)|^2 / Gamma(2g + 1)^2, g = sqrt(1 - (alpha Z)^2), y = alpha Z W/p.

    References
    ----------
    .. [1] Behrens & Buehring 1982, Electron Radial Wave Functions and Nuclear Beta-decay, eq. 4.2.
    """
    from scipy.special import loggamma

    strength = CODATA.fine_structure * charge
    g = math.sqrt(1.0 - strength**2)
    p = np.maximum(momentum, 1e-9)
    y = strength * total_energy / p
    radius = 1.2 * mass_number ** (1.0 / 3.0) / (CODATA.hbar_c * 1e13)
    log = 2.0 * np.real(loggamma(g + 1j * y)) + math.pi * y + 2.0 * (g - 1.0) * np.log(2.0 * p * radius)
    return 2.0 * (1.0 + g) * np.exp(log) / math.gamma(2.0 * g + 1.0) ** 2


def allowed_shape(energy: ArrayLike, endpoint: ArrayLike, charge: float, mass_number: float) -> Array:
    """Neutrinos per energy of an allowed decay, not normalised.

    Parameters
    ----------
    energy : array_like
        Of the neutrino, MeV.
    endpoint : array_like
        Its largest energy, MeV; broadcasts with the energy.
    charge, mass_number : float
        As of `coulomb_factor`.

    Returns
    -------
    ndarray
        E^2 p W F(Z, W), W = endpoint + m_e - E the total energy of the electron; zero beyond the endpoint.
    """
    e, end = np.broadcast_arrays(np.asarray(energy, dtype=np.float64), endpoint)
    kinetic = np.maximum(end - e, 0.0)
    total = kinetic + CODATA.electron_mass
    momentum = np.sqrt(kinetic * (kinetic + 2.0 * CODATA.electron_mass))
    shape = e**2 * momentum * total * coulomb_factor(charge, mass_number, momentum, total)
    return np.where(kinetic > 0.0, shape, 0.0)
