"""Electron antineutrinos of a nuclear reactor."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.constants import CODATA
from microphysics.errors import ExtrapolationWarning, OutOfRangeError, UnknownNameError
from snsim.detection._units import measured
from snsim.detection.sources.flux import Component, Flux

Array = NDArray[np.float64]

LOWEST, HIGHEST = 2.0, 8.0
"""Range in which the spectra of fission were converted from those of electrons, MeV."""
PRESSURIZED_WATER = {"U235": 0.58, "U238": 0.07, "Pu239": 0.30, "Pu241": 0.05}
"""Shares of fissions usual in the middle of a fuel cycle."""
REFERENCES = ("Huber 2011, PRC 84, 024617", "Mueller et al. 2011, PRC 83, 054615")
LOW_REFERENCE = "Vogel & Engel 1989, PRD 39, 3378"
_ENERGY_REFERENCE = "Ma et al. 2013, PRC 88, 014605"

# ln of antineutrinos per fission and MeV as a polynomial in E/MeV: Huber 2011, table III; U238 Mueller et al. 2011, table VI
_POLYNOMIALS = {
    "U235": (4.367, -4.577, 2.100, -5.294e-1, 6.186e-2, -2.777e-3),
    "U238": (4.833e-1, 1.927e-1, -1.283e-1, -6.762e-3, 2.233e-3, -1.536e-4),
    "Pu239": (4.757, -5.392, 2.563, -6.596e-1, 7.820e-2, -3.536e-3),
    "Pu241": (2.990, -2.882, 1.278, -3.343e-1, 3.905e-2, -1.754e-3),
}
# MeV released per fission and kept by the reactor: Ma et al. 2013, table IV
_RELEASED = {"U235": 202.36, "U238": 205.99, "Pu239": 211.12, "Pu241": 214.26}
# Vogel & Engel 1989, table II: antineutrinos per fission and MeV below 2 MeV
_LOW_ENERGY = (0.0, 7.813e-3, 1.563e-2, 3.12e-2, 6.25e-2, 0.125, 0.25, 0.50, 0.75, 1.0, 1.5, 2.0)
_LOW = {
    "U235": (0.0, 0.024, 0.092, 0.35, 0.61, 1.98, 2.16, 2.66, 2.66, 2.41, 1.69, 1.26),
    "U238": (0.0, 0.089, 0.35, 1.32, 0.65, 2.02, 2.18, 2.91, 2.96, 2.75, 1.97, 1.50),
    "Pu239": (0.0, 0.14, 0.56, 2.13, 0.64, 1.99, 2.08, 2.63, 2.58, 2.32, 1.48, 1.08),
    "Pu241": (0.0, 0.20, 0.79, 3.00, 0.59, 1.85, 2.14, 2.82, 2.90, 2.63, 1.75, 1.32),
}
_POINTS = 601
_LOW_PARTS = ("none", "vogel_engel")


def fission_spectrum(isotope: str, energy: ArrayLike) -> Array:
    """Return antineutrinos per fission and MeV above 2 MeV; the fit goes on above 8 MeV, where nothing supports it.

    Parameters
    ----------
    isotope : str
        U235, U238, Pu239 or Pu241.
    energy : array_like
        MeV, at least 2.

    Raises
    ------
    UnknownNameError
        For another isotope.
    OutOfRangeError
        Below 2 MeV.

    References
    ----------
    .. [1] Huber 2011, PRC 84, 024617, table III.
    .. [2] Mueller et al. 2011, PRC 83, 054615, table VI (U238).
    """
    if isotope not in _POLYNOMIALS:
        raise UnknownNameError("fissile isotope", isotope, _POLYNOMIALS)
    e = np.asarray(energy, dtype=np.float64)
    if not np.all(e >= LOWEST):
        raise OutOfRangeError(
            f"energy = {np.min(e):g} MeV: the spectra of Huber and Mueller begin at {LOWEST:g} MeV; below, choose a table"
        )
    return np.exp(np.polynomial.polynomial.polyval(e, _POLYNOMIALS[isotope]))


def reactor(
    power: Any,
    distance: Any,
    *,
    fractions: Mapping[str, float] | None = None,
    low: str = "none",
    highest: float = HIGHEST,
) -> Flux:
    """Return the antineutrinos of fission in a reactor.

    Parameters
    ----------
    power : Quantity or str
        Thermal: "3.6 GW".
    distance : Quantity or str
        To the centre of the core.
    fractions : mapping of str to float, optional
        Shares of fissions of U235, U238, Pu239, Pu241, in sum one; `PRESSURIZED_WATER` by default.
    low : str
        Below 2 MeV: ``none`` (unknown: what needs it is refused) or ``vogel_engel`` (their table).
    highest : float
        MeV; above 8 the fits are extrapolated.

    Returns
    -------
    Flux
        `total()` counts what is known. With ``low="vogel_engel"`` these are all energies up to `highest`, and
        `total(above=1.8)` are those that inverse beta decay can see; with ``low="none"`` both begin at 2 MeV, which leaves
        out a seventh of the latter. Above `highest` nothing is counted.

    Raises
    ------
    OutOfRangeError, UnknownNameError
        For what is not positive, unknown names, shares that do not add up.

    Warns
    -----
    ExtrapolationWarning
        Above 8 MeV.

    Notes
    -----
    Antineutrinos of neutron capture on U238 (below 1.3 MeV, some 1.2 per fission) are not included.

    Examples
    --------
    >>> core = reactor("3.6 GW", "20.7 m", low="vogel_engel")
    >>> f"{core.total():.2e} {core.total(above=2.0):.2e} /cm2/s"
    '1.14e+13 3.23e+12 /cm2/s'
    """
    shares = PRESSURIZED_WATER if fractions is None else _checked_shares(fractions)
    if low not in _LOW_PARTS:
        raise UnknownNameError("spectrum below 2 MeV", low, _LOW_PARTS)
    if not LOWEST < highest <= 12.0:
        raise OutOfRangeError(f"highest = {highest} MeV: must be above {LOWEST:g} and at most 12")
    if highest > HIGHEST:
        warnings.warn(
            f"reactor: spectra are extrapolated from {HIGHEST:g} to {highest:g} MeV",
            ExtrapolationWarning,
            stacklevel=2,
        )
    far = measured("distance", distance, "cm", "20.7 m")
    heat = measured("power", power, "erg / s", "3.6 GW") / CODATA.erg_per_mev
    fissions = heat / sum(share * _RELEASED[isotope] for isotope, share in shares.items())
    per_area = fissions / (4.0 * math.pi * far**2)
    e = np.linspace(LOWEST, highest, _POINTS)
    spectrum = np.sum([share * fission_spectrum(isotope, e) for isotope, share in shares.items()], axis=0)
    known = LOWEST if low == "none" else 0.0
    parts = [Component("anue", e, per_area * spectrum, name="fission", valid_from=known)]
    if low == "vogel_engel":
        table = np.sum([share * np.array(_LOW[isotope]) for isotope, share in shares.items()], axis=0)
        parts.append(Component("anue", np.array(_LOW_ENERGY), per_area * table, name="fission below 2 MeV"))
    references = (*REFERENCES, _ENERGY_REFERENCE, *((LOW_REFERENCE,) if low == "vogel_engel" else ()))
    return Flux(tuple(parts), True, far, "reactor", references)


def _checked_shares(fractions: Mapping[str, float]) -> Mapping[str, float]:
    for isotope, share in fractions.items():
        if isotope not in _POLYNOMIALS:
            raise UnknownNameError("fissile isotope", isotope, _POLYNOMIALS)
        if not 0.0 <= share <= 1.0:
            raise OutOfRangeError(f"fractions: {isotope} = {share}: must be between 0 and 1")
    if abs(math.fsum(fractions.values()) - 1.0) > 1e-3:
        raise OutOfRangeError(f"fractions: add up to {math.fsum(fractions.values()):g}, must be 1")
    return fractions
