"""Magnetic scattering of neutrinos on electrons where a plasma of electrons and positrons screens the photon."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.constants import CODATA
from microphysics.errors import require

__all__ = ["screened_magnetic_cross_section", "softest_recoil"]

Array = NDArray[np.float64]

REFERENCES = (
    "Vogel & Engel 1989, PRD 39, 3378 (cross section in vacuum)",
    "Vassh, Grohs, Balantekin & Fuller 2015, PRD 92, 125020 (Debye length of electrons and positrons as the cut)",
)


def softest_recoil(debye_length: ArrayLike) -> Array:
    """Kinetic energy of an electron at rest that took the momentum hbar/lambda_D, MeV: -t_max/(2 m_e).

    Parameters
    ----------
    debye_length : array_like
        fm, > 0; infinite for vacuum. From `microphysics.structure.plasma.debye_length`.
    """
    length = np.asarray(debye_length, dtype=np.float64)
    require(length > 0.0, length, "Debye length", "fm", "> 0")
    momentum = CODATA.hbar_c * 1e13 / length
    # sqrt(m^2 + k^2) - m without its cancellation
    return momentum**2 / (np.sqrt(CODATA.electron_mass**2 + momentum**2) + CODATA.electron_mass)


def screened_magnetic_cross_section(
    energy: ArrayLike, magnetic_moment: ArrayLike, debye_length: ArrayLike
) -> Array:
    """Cross section of neutrinos on electrons at rest by a magnetic moment, cut where the plasma screens, cm^2.

    pi alpha^2 (hbar c)^2 mu^2/m_e^2 [ln(T_max/T_min) - (T_max - T_min)/E] with T_max = 2E^2/(m_e + 2E) and T_min at t_max =
    -2 m_e [sqrt(m_e^2 + 1/lambda_D^2) - m_e]. It grows without bound, as 2 ln(lambda_D), where the screening vanishes.

    Parameters
    ----------
    energy : array_like
        Of the neutrino, MeV, > 0.
    magnetic_moment : array_like
        mu, Bohr magnetons, >= 0.
    debye_length : array_like
        fm, > 0.

    Returns
    -------
    ndarray
        0 where all recoils are screened; infinite in vacuum.

    Raises
    ------
    OutOfRangeError
        For values that are not allowed.

    Examples
    --------
    >>> f"{float(screened_magnetic_cross_section(10.0, 1e-10, 1128.7)):.3e}"
    '1.208e-44'
    """
    e, moment = np.asarray(energy, dtype=np.float64), np.asarray(magnetic_moment, dtype=np.float64)
    require(e > 0.0, e, "neutrino energy", "MeV", "> 0")
    require(moment >= 0.0, moment, "magnetic moment", "Bohr magnetons", ">= 0")
    largest = 2.0 * e**2 / (CODATA.electron_mass + 2.0 * e)
    smallest = np.minimum(softest_recoil(debye_length), largest)
    unit = np.pi * (CODATA.fine_structure * CODATA.hbar_c * moment / CODATA.electron_mass) ** 2
    with np.errstate(divide="ignore"):
        return unit * (np.log(largest / smallest) - (largest - smallest) / e)
