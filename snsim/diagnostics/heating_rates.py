"""Closed forms of charged-current heating and cooling on free nucleons.

Ultra-relativistic leptons, no blocking, no mass difference; exact in those limits. With non-degenerate
electrons the cooling is good to 5 % near 70-90 km but 2-4 times too small near 110-130 km: give eta_e.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import UnknownNameError
from microphysics.spectrum import FermiDirac, fermi
from microphysics.weak.couplings import WeakCouplings

Array = NDArray[np.float64]
Values = float | Array

# the state that published coefficients are quoted at
_LUMINOSITY, _RADIUS, _NEUTRINO_TEMPERATURE, _TEMPERATURE = 1e52, 1e7, 4.0, 2.0
# Janka 2001, A&A 368, 527: MeV/s per nucleon at that state
_JANKA_HEATING, _JANKA_COOLING = 160.0, 145.0


@dataclass(frozen=True)
class RateCoefficients:
    """What the closed forms are multiplied with.

    Attributes
    ----------
    name : str
        Of the set.
    absorption : float
        K of sigma = K E^2, cm^2/MeV^2.
    emission : float
        Of T^6 [X_p F_5(eta_e) + X_n F_5(-eta_e)], MeV^-5/s per nucleon.
    erg_per_gram : float
        One MeV per nucleon, in erg/g.
    """

    name: str
    absorption: float
    emission: float
    erg_per_gram: float


def first_principles(couplings: WeakCouplings | None = None) -> RateCoefficients:
    """Coefficients from the weak couplings: K = N_cc and K c/(2 pi^2 (hbar c)^3).

    Parameters
    ----------
    couplings : WeakCouplings, optional
        The same object that the opacities were made with; None means the default.
    """
    weak = couplings or WeakCouplings()
    c = weak.constants
    absorption = weak.charged_current_constant
    emission = 0.5 * absorption * c.speed_of_light / (math.pi**2 * c.hbar_c**3)
    return RateCoefficients(
        "first_principles", absorption, emission, c.erg_per_mev / (c.atomic_mass * c.gram_per_mev)
    )


def janka2001(couplings: WeakCouplings | None = None) -> RateCoefficients:
    """Coefficients 160 and 145 MeV/s of Janka 2001; `couplings` are not used."""
    square = float(FermiDirac(_NEUTRINO_TEMPERATURE).rms_energy ** 2)
    flux = _LUMINOSITY / CODATA.erg_per_mev / (4.0 * math.pi * _RADIUS**2)
    return RateCoefficients(
        "janka2001",
        _JANKA_HEATING / (flux * square),
        _JANKA_COOLING / (_TEMPERATURE**6 * float(fermi(5, 0.0))),
        CODATA.erg_per_mev / (CODATA.atomic_mass * CODATA.gram_per_mev),
    )


COEFFICIENTS: dict[str, Callable[[WeakCouplings | None], RateCoefficients]] = {
    "first_principles": first_principles,
    "janka2001": janka2001,
}


def coefficients(name: str, couplings: WeakCouplings | None = None) -> RateCoefficients:
    """Return a set of coefficients by name.

    Raises
    ------
    UnknownNameError
        With the known names.
    """
    if name not in COEFFICIENTS:
        raise UnknownNameError("set of heating coefficients", name, COEFFICIENTS)
    return COEFFICIENTS[name](couplings)


def heating_closed_form(
    luminosity_nue: Values,
    luminosity_anue: Values,
    square_energy_nue: Values,
    square_energy_anue: Values,
    neutron_fraction: Values,
    proton_fraction: Values,
    radius: Values,
    flux_factor: Values,
    rates: RateCoefficients,
    *,
    per: str = "gram",
) -> Array:
    """Heating by nue n and anue p from luminosities.

    Parameters
    ----------
    luminosity_nue, luminosity_anue : array_like
        Local, erg/s.
    square_energy_nue, square_energy_anue : array_like
        <E^3>/<E> (`Spectrum.rms_energy` squared), MeV^2; never <E^2>, which is 1.5-1.7 times smaller.
    neutron_fraction, proton_fraction : array_like
        Mass fractions of free nucleons.
    radius : array_like
        cm.
    flux_factor : array_like
        F/(cE) of both: 1 far out.
    rates : RateCoefficients
        From `coefficients`.
    per : str
        ``gram`` (erg/g/s) or ``nucleon`` (MeV/s).

    Returns
    -------
    ndarray
        All arguments broadcast.

    References
    ----------
    .. [1] Janka 2001, A&A 368, 527.

    Examples
    --------
    160 MeV/s at 100 km for L = 1e52 erg/s and T_nu = 4 MeV:

    >>> square = FermiDirac(4.0).rms_energy ** 2
    >>> rate = heating_closed_form(1e52, 1e52, square, square, 0.4, 0.6, 1e7, 1.0, janka2001(), per="nucleon")
    >>> round(float(rate), 6)
    160.0
    """
    dilution = (
        4.0 * math.pi * np.asarray(radius) ** 2 * flux_factor * CODATA.speed_of_light * CODATA.erg_per_mev
    )
    return heating_from_energy_density(
        luminosity_nue / dilution,
        luminosity_anue / dilution,
        square_energy_nue,
        square_energy_anue,
        neutron_fraction,
        proton_fraction,
        rates,
        per=per,
    )


def heating_from_energy_density(
    energy_density_nue: Values,
    energy_density_anue: Values,
    square_energy_nue: Values,
    square_energy_anue: Values,
    neutron_fraction: Values,
    proton_fraction: Values,
    rates: RateCoefficients,
    *,
    per: str = "gram",
) -> Array:
    """Heating c K E_nu (<E^3>/<E>) X of nue n and anue p from energy densities; no flux factor enters.

    Parameters
    ----------
    energy_density_nue, energy_density_anue : array_like
        MeV/cm^3.
    square_energy_nue, square_energy_anue, neutron_fraction, proton_fraction, rates, per
        As of `heating_closed_form`.

    Returns
    -------
    ndarray
        erg/g/s, or MeV/s per nucleon.
    """
    absorbed = np.asarray(energy_density_nue) * square_energy_nue * neutron_fraction
    absorbed = absorbed + np.asarray(energy_density_anue) * square_energy_anue * proton_fraction
    return CODATA.speed_of_light * rates.absorption * absorbed * _unit(rates, per)


def cooling_closed_form(
    temperature: Values,
    electron_degeneracy: Values,
    neutron_fraction: Values,
    proton_fraction: Values,
    rates: RateCoefficients,
    *,
    per: str = "gram",
) -> Array:
    """Cooling by capture of electrons on protons and positrons on neutrons.

    Parameters
    ----------
    temperature : array_like
        Of the matter, MeV.
    electron_degeneracy : array_like
        mu_e/T of the electrons.
    neutron_fraction, proton_fraction, rates, per
        As of `heating_closed_form`.

    Returns
    -------
    ndarray
        erg/g/s, or MeV/s per nucleon.

    References
    ----------
    .. [1] Janka 2001, A&A 368, 527.

    Examples
    --------
    >>> round(float(cooling_closed_form(2.0, 0.0, 0.5, 0.5, janka2001(), per="nucleon")), 6)
    145.0
    """
    eta = np.asarray(electron_degeneracy, dtype=np.float64)
    captures = proton_fraction * fermi(5, eta) + neutron_fraction * fermi(5, -eta)
    return rates.emission * np.asarray(temperature) ** 6 * captures * _unit(rates, per)


def _unit(rates: RateCoefficients, per: str) -> float:
    """Conversion from MeV/s per nucleon."""
    units = {"nucleon": 1.0, "gram": rates.erg_per_gram}
    if per not in units:
        raise UnknownNameError("unit of a heating rate", per, units)
    return units[per]
