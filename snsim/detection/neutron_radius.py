"""Radii of the neutron distribution from counts, and the skin that is left after the protons' radius is taken off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.errors import OutOfRangeError
from microphysics.weak.form_factors import Helm
from snsim.detection.intervals import Interval, confidence_interval
from snsim.detection.rates import Expectation
from snsim.detection.templates import AmplitudeTemplates

__all__ = ["CAESIUM_IODIDE", "RadiusFit", "radius_counts", "radius_fit"]

Array = NDArray[np.float64]
ChiSquare = Callable[[Array], Array]

CAESIUM_IODIDE: Mapping[str, float] = {"Cs133": 4.804, "I127": 4.749}
"""Charge radii, fm (Angeli & Marinova 2013, At. Data Nucl. Data Tables 99, 69)."""
PROTON_CHARGE_RADIUS = 0.84  # fm
_SKIN = 0.9  # fm, Helm's s
_SMALLEST, _LARGEST, _POINTS = 1.7, 10.0, 167


@dataclass(frozen=True)
class RadiusFit:
    """Radius of the neutrons, common to all nuclei of the target.

    Attributes
    ----------
    radius : Interval
        R_n, the root of <r^2>, fm.
    proton_radius : float
        R_p, fm, mean over the nuclei.
    """

    radius: Interval
    proton_radius: float

    @property
    def skin(self) -> tuple[float, float, float]:
        """R_n - R_p at its best, lowest and highest, fm."""
        return tuple(  # type: ignore[return-value]
            value - self.proton_radius for value in (self.radius.best, self.radius.low, self.radius.high)
        )


def radius_counts(
    expectation: Expectation,
    radius: ArrayLike,
    charge_radii: Mapping[str, float] = CAESIUM_IODIDE,
) -> Array:
    """Return the events for one radius of the neutrons of all nuclei, all bins together.

    Parameters
    ----------
    expectation : Expectation
        Of a source in a detector; couplings are those of its target.
    radius : array_like, shape (point,)
        Root of <r^2> of the neutrons, fm, above 1.56 (what the surface alone brings).
    charge_radii : mapping of str to float
        Of every nucleus, fm; that of the protons is sqrt(R_ch^2 - 0.84^2).

    Returns
    -------
    ndarray, shape (point,)

    Raises
    ------
    OutOfRangeError
        For a nucleus without a charge radius, or a radius that is too small.
    """
    rms = np.asarray(radius, dtype=np.float64)[..., None]
    made = AmplitudeTemplates.of(expectation)
    found = np.zeros(rms.shape[:-1])
    for one, q, weight in zip(made.scattering, made.wave_number, made.weight, strict=True):
        protons = Helm.from_rms_radius(_proton_radius(one.nucleus.name, charge_radii), _SKIN)(q)
        neutrons = Helm.from_rms_radius(rms, _SKIN)(q)
        for flavor, each in zip(made.flavors, weight.sum(axis=1), strict=True):
            g_p, g_n = one.couplings.vector_couplings(flavor)
            z, n = one.nucleus.charge_number, one.nucleus.neutron_number
            found += (z * g_p * protons + n * g_n * neutrons) ** 2 @ each
    return found


def radius_fit(
    expectation: Expectation,
    chi_square: ChiSquare,
    radius: ArrayLike | None = None,
    charge_radii: Mapping[str, float] = CAESIUM_IODIDE,
    confidence_level: float = 0.6827,
) -> RadiusFit:
    """Fit the radius of the neutrons.

    Parameters
    ----------
    expectation, charge_radii
        As of `radius_counts`.
    chi_square : callable
        Of predicted counts, such as `CoherentCount`.
    radius : array_like, optional
        Scanned values, fm; 1.7 to 10 by default.
    confidence_level : float
        Of one parameter.

    Examples
    --------
    >>> from snsim.detection.coherent_csi import CoherentCount, coherent_expectation
    >>> found = radius_fit(coherent_expectation(), CoherentCount())
    >>> f"R_n = {found.radius.best:.2f} fm, skin {found.skin[0]:.2f} fm"
    'R_n = 5.66 fm, skin 0.96 fm'
    """
    scan = (
        np.linspace(_SMALLEST, _LARGEST, _POINTS) if radius is None else np.asarray(radius, dtype=np.float64)
    )
    values = chi_square(radius_counts(expectation, scan, charge_radii))
    shares = [
        share * _proton_radius(nucleus.name, charge_radii)
        for nucleus, share in expectation.detector.target.composition
    ]
    return RadiusFit(confidence_interval(scan, values, confidence_level), float(sum(shares)))


def _proton_radius(name: str, charge_radii: Mapping[str, float]) -> float:
    """Root of <r^2> of the protons, fm."""
    if name not in charge_radii:
        raise OutOfRangeError(
            f"charge_radii: {name} is missing, known are {', '.join(charge_radii)}; give its measured charge radius"
        )
    return float(np.sqrt(charge_radii[name] ** 2 - PROTON_CHARGE_RADIUS**2))
