"""Parameters of the plasma of nuclei: ion-sphere radius, Coulomb coupling, screening by electrons."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.constants import CODATA
from microphysics.matter import MatterState

__all__ = [
    "coulomb_coupling",
    "debye_length",
    "electron_screening",
    "ion_sphere_radius",
    "screening_parameter",
]

Array = NDArray[np.float64]


def ion_sphere_radius(matter: MatterState) -> Array:
    """Return a = (3/(4 pi n))^(1/3) of the heavy nuclei's own density, fm, shape (zone,); infinite without nuclei."""
    density = matter.number_density_heavy
    with np.errstate(divide="ignore"):
        return 1e13 * np.cbrt(3.0 / (4.0 * np.pi * density))


def coulomb_coupling(matter: MatterState) -> Array:
    """Return Gamma = Z^2 e^2/(a T), shape (zone,); 0 without nuclei."""
    squared = CODATA.coulomb_squared * 1e13
    return matter.charge_number_heavy**2 * squared / (ion_sphere_radius(matter) * matter.temperature)


def electron_screening(matter: MatterState) -> Array:
    """k_sc^2 = 4 pi e^2 dn_e/dmu_e of the electron-positron gas, 1/fm^2, shape (zone,)."""
    return _screening(matter.temperature, matter.chemical_potential_electron)


def debye_length(temperature: ArrayLike, chemical_potential: ArrayLike = 0.0) -> Array:
    """Debye length of electrons and positrons, 1/k_sc, fm.

    Exact at any degeneracy; ultra-relativistic 1/lambda_D^2 = (4 alpha/pi) (mu^2 + pi^2 T^2/3)/(hbar c)^2.

    Parameters
    ----------
    temperature : array_like
        MeV, > 0.
    chemical_potential : array_like
        Of the electrons with rest mass, MeV; 0 for as many positrons.

    Returns
    -------
    ndarray
        Infinite where no electrons are left.

    Raises
    ------
    OutOfRangeError
        If a temperature is not positive.

    Examples
    --------
    >>> round(float(debye_length(100.0)), 3)  # 1128.7 fm at 1 MeV would be 11.287, were electrons massless
    11.287
    """
    with np.errstate(divide="ignore"):
        return 1.0 / np.sqrt(_screening(temperature, chemical_potential))


def _screening(temperature: ArrayLike, chemical_potential: ArrayLike) -> Array:
    """4 pi e^2 d(n_- - n_+)/dmu, 1/fm^2."""
    from microphysics.eos.electron_gas import ElectronGas  # compiled: only where it is used

    derivative = ElectronGas().state(temperature, chemical_potential).density_derivative
    return 4.0 * np.pi * CODATA.coulomb_squared * derivative * 1e-26


def screening_parameter(matter: MatterState) -> Array:
    """Return kappa = k_sc a, shape (zone,); 0 without nuclei, where nothing is screened.

    Degenerate ultra-relativistic electrons that neutralise the nuclei give 2 (alpha/pi)^(1/2) (9 pi Z/4)^(1/3) =
    0.185 Z^(1/3), whatever the density and the temperature.
    """
    radius = ion_sphere_radius(matter)
    present = np.isfinite(radius)
    return np.where(present, np.sqrt(electron_screening(matter)) * np.where(present, radius, 0.0), 0.0)
