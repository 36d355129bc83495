"""The neutrino floor and fog of a target: fluxes of `sources` with their errors, recoils of dark matter as the signal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.errors import OutOfRangeError
from microphysics.nuclei import Composition
from microphysics.targets import Target
from snsim.detection.detectors import Detector
from snsim.detection.neutrino_fog import Discovery, discovery_limit, fog_boundary, one_event_contour
from snsim.detection.rates import events
from snsim.detection.response import Response
from snsim.detection.sources.atmospheric import ERROR as ATMOSPHERIC_ERROR
from snsim.detection.sources.atmospheric import atmospheric
from snsim.detection.sources.flux import Flux
from snsim.detection.sources.solar import solar
from snsim.detection.sources.supernova import diffuse_background
from snsim.detection.wimps import StandardHalo, recoil_spectrum

__all__ = ["Fog", "neutrino_backgrounds", "neutrino_fog_of"]

Array = NDArray[np.float64]

TONNE_YEAR = 1e6 * 3.15576e7  # g s
NUCLEON_CROSS_SECTION = 1e-45  # cm^2, unit of the signal
# relative: solar models of Vinyoles et al. 2017, ApJ 835, 202; 8B as measured, Aharmim et al. 2013, PRC 88, 025501
SOLAR_ERRORS: Mapping[str, float] = {
    "pp": 0.006,
    "pep": 0.01,
    "hep": 0.3,
    "7Be": 0.06,
    "8B": 0.04,
    "13N": 0.15,
    "15O": 0.17,
    "17F": 0.2,
}
DIFFUSE_ERROR = 0.5  # Beacom 2010, Annu. Rev. Nucl. Part. Sci. 60, 439
_BINS, _INNER = 60, 8
_HIGHEST = 100.0  # keV


@dataclass(frozen=True)
class Fog:
    """What neutrinos leave of the discovery of dark matter.

    Attributes
    ----------
    mass : ndarray, shape (mass,)
        Of the particle, GeV.
    exposure : ndarray, shape (exposure,)
        t yr.
    discovery : Discovery
        Cross sections on a nucleon in cm^2, shape (exposure, mass), with their index.
    boundary : ndarray, shape (mass,)
        Where the index first passes 2, cm^2; NaN where it does not within the exposures.
    one_event : ndarray, shape (mass,)
        The floor of one neutrino, over all thresholds of the bins, cm^2.
    events : mapping of str to float
        Neutrinos per tonne and year in all bins, of each flux.
    """

    mass: Array
    exposure: Array
    discovery: Discovery
    boundary: Array
    one_event: Array
    events: Mapping[str, float]


def neutrino_backgrounds() -> dict[str, tuple[Flux, float]]:
    """Return the fluxes that make recoils like dark matter's, with relative errors: Sun, past supernovae, atmosphere."""
    found = {name: (solar([name]), error) for name, error in SOLAR_ERRORS.items()}
    found["diffuse supernovae"] = (diffuse_background(), DIFFUSE_ERROR)
    found["atmosphere"] = (atmospheric(), ATMOSPHERIC_ERROR)
    return found


def neutrino_fog_of(
    target: str | Target,
    mass: ArrayLike,
    exposure: ArrayLike,
    threshold: float = 1e-3,
    backgrounds: Mapping[str, tuple[Flux, float]] | None = None,
    halo: StandardHalo | None = None,
    significance: float = 3.0,
) -> Fog:
    """Floor and fog of a target that measures recoil energies.

    Parameters
    ----------
    target : str or Target
        "Xe", "Ar"; couplings, form factors and new physics of a `Target` act on the neutrinos.
    mass : array_like, shape (mass,)
        Of the particle, GeV.
    exposure : array_like, shape (exposure,)
        t yr, rising.
    threshold : float
        keV of the recoil, > 0; 60 bins even in the logarithm from there to 100 keV.
    backgrounds : mapping of str to (Flux, float), optional
        Fluxes with relative errors; those of `neutrino_backgrounds` by default.
    halo : StandardHalo, optional
        None means the default.
    significance : float
        In standard deviations, of discovery.

    Returns
    -------
    Fog
        Cross sections NaN (with the reason in `discovery`) where no recoil reaches the threshold.

    Raises
    ------
    OutOfRangeError
        For a threshold that is not between 0 and 100 keV, or without a flux.
    """
    if not 0.0 < threshold < _HIGHEST:
        raise OutOfRangeError(f"threshold = {threshold} keV: must be above 0 and below {_HIGHEST:g}")
    fluxes = neutrino_backgrounds() if backgrounds is None else backgrounds
    if not fluxes:
        raise OutOfRangeError("backgrounds: expected at least one flux")
    m, scale = np.asarray(mass, dtype=np.float64), np.asarray(exposure, dtype=np.float64)
    edges = np.geomspace(threshold, _HIGHEST, _BINS + 1)
    made = target if isinstance(target, Target) else Target.of(target)
    detector = Detector(made, 1e6, Response(threshold, _HIGHEST), 3.15576e7, name="a tonne for a year")
    neutrinos = np.array([events(flux, detector, edges) for flux, _ in fluxes.values()])
    signal = _signal(made.composition, m, edges, halo)
    total = neutrinos.sum(axis=0)
    seen = total > 0.0
    # without a neutrino in a bin one event would be a discovery
    padded = np.where(seen, neutrinos, 1e-9 * total[seen].min(initial=np.inf) / len(fluxes))
    found = discovery_limit(signal, padded, [error for _, error in fluxes.values()], scale, significance)
    above_signal, above = (
        np.cumsum(values[..., ::-1], axis=-1)[..., ::-1] for values in (signal, padded.sum(axis=0))
    )
    floor = one_event_contour(above_signal, above)
    unit = NUCLEON_CROSS_SECTION
    discovery = Discovery(unit * found.cross_section, found.index, found.pulls, found.reason)
    return Fog(
        m,
        scale,
        discovery,
        fog_boundary(discovery.cross_section, discovery.index),
        unit * floor,
        dict(zip(fluxes, neutrinos.sum(axis=1).tolist(), strict=True)),
    )


def _signal(composition: Composition, mass: Array, edges: Array, halo: StandardHalo | None) -> Array:
    """Events per tonne and year in bins of the recoil energy, keV, at the unit of the cross section; shape (mass, bin)."""
    cuts = np.geomspace(edges[0], edges[-1], (edges.size - 1) * _INNER + 1)
    middle = np.sqrt(cuts[1:] * cuts[:-1])
    rate = recoil_spectrum(1e-3 * middle, mass, composition, NUCLEON_CROSS_SECTION, halo)
    each = rate * 1e-3 * np.diff(cuts) * TONNE_YEAR
    return each.reshape((mass.size, edges.size - 1, _INNER)).sum(axis=-1)
