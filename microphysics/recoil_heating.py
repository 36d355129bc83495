"""Energy that coherent scattering leaves in dilute nuclei: recoils, which are small.

A nucleus takes 2E^2/(3M) of a neutrino's energy E on average, about 1e-4 of it, where capture on a nucleon takes all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import ArrayLike, NDArray

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError
from microphysics.spectrum import Spectrum
from microphysics.weak.cevns import CEvNS

Array = NDArray[np.float64]

REFERENCES = "Freedman 1974, PRD 9, 1389"
_NODES = 64
_NODE, _WEIGHT = leggauss(_NODES)


def recoil_cross_section(scattering: CEvNS, energy: ArrayLike, flavor: str = "nue") -> Array:
    """Return sigma <T> = int T (dsigma/dT) dT, the energy left per neutrino and nucleus.

    Parameters
    ----------
    scattering : CEvNS
        Cross section of one nucleus: form factor, couplings and all further terms count.
    energy : array_like
        Neutrino energy, MeV, > 0.
    flavor : str
        Of the neutrino, as `CEvNS` takes it.

    Returns
    -------
    ndarray
        MeV cm^2, of the shape of `energy`; for a point nucleus and E << M, sigma times 2 E^2/(3 M).

    Raises
    ------
    OutOfRangeError
        If an energy is not positive.
    """
    e = np.asarray(energy, dtype=np.float64)
    if not (e > 0.0).all():
        raise OutOfRangeError(f"energy = {e.min():g} MeV: a neutrino that scatters needs an energy above 0")
    node, weight = 0.5 * (1.0 + _NODE), 0.5 * _WEIGHT
    largest = scattering.largest_recoil(e)[..., None]
    recoil = largest * node**2  # even steps of momentum resolve the form factor
    values = scattering.dsigma_dT(e[..., None], recoil, flavor)
    return (values * recoil * (2.0 * largest * node * weight)).sum(axis=-1)


def recoil_heating(
    scattering: CEvNS, spectrum: Spectrum, number_flux: ArrayLike, flavor: str = "nue"
) -> Array:
    """Return the power left in matter that is made of one nucleus, per baryon.

    Parameters
    ----------
    scattering : CEvNS
        Cross section of the nucleus.
    spectrum : Spectrum
        Of the neutrinos of one species; for E << 1/R the answer goes with its <E^4>, not with <E>^4.
    number_flux : array_like
        c times the number density of that species, or L/(4 pi r^2 <E> f), 1/(cm^2 s).
    flavor : str
        As of `recoil_cross_section`.

    Returns
    -------
    ndarray
        MeV/s per baryon, of the shape of spectrum and flux.
    """
    mean = spectrum.average(lambda energy: recoil_cross_section(scattering, energy, flavor))
    return np.asarray(number_flux) * mean / scattering.nucleus.mass_number


def per_gram(power: ArrayLike) -> Any:
    """Return erg/(g s) of MeV/s per baryon."""
    baryon = CODATA.atomic_mass * CODATA.gram_per_mev
    return np.asarray(power) * (CODATA.erg_per_mev / baryon)
