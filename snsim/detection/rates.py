"""Events in a detector: the flux, the cross section and the response, folded.

The recoil energies at which all three are needed are chosen once (`Expectation`): the moments of the flux and the response
stay, so that other couplings, form factors and new physics cost an evaluation of the cross section.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.errors import OutOfRangeError, PhysicsWarning
from microphysics.targets import Target
from microphysics.weak.cevns import CEvNS
from microphysics.weak.recoils import prepared_spectrum, recoil_spectrum, smallest_energy
from snsim.detection.detectors import Detector
from snsim.detection.panels import KEV, panel_nodes, recoil_cuts
from snsim.detection.sources.flux import Component, Flux

Array = NDArray[np.float64]

_UNSEEN = 1e-6  # response below which a recoil does not count
_MOST_EDGES = 400
_APART = 1e-3  # relative, of a flux and its detector, before somebody is told
_BEYOND = 1e-3  # of the events, what need not lie in bins that are chosen here


@dataclass(frozen=True, eq=False)
class RecoilNodes:
    """Where the integral over the recoils of one nucleus is made.

    Attributes
    ----------
    recoil : ndarray, shape (node,)
        MeV.
    kernel : ndarray, shape (bin, node)
        Nuclei times seconds (one for a fluence) times response times weight, MeV s.
    moments : ndarray, shape (component, 3, node)
        Of the flux above the smallest energy of each recoil.
    """

    recoil: Array
    kernel: Array
    moments: Array


@dataclass(frozen=True, eq=False)
class Expectation:
    """Flux and response of one detector at the nodes of the integral over recoils.

    Attributes
    ----------
    flux : Flux
        At the detector.
    detector : Detector
        With its own target's cross sections, which `counts` takes by default.
    edges : ndarray, shape (bin + 1,)
        Of what is measured: keV (nr, ee) or photoelectrons.
    nodes : tuple of RecoilNodes
        One for each nucleus of the target.

    Examples
    --------
    >>> from snsim.detection import detector_of, pion_decay_at_rest
    >>> flux = pion_decay_at_rest("19.3 m", protons=1.76e23)
    >>> f"{Expectation.of(flux, detector_of('coherent_csi')).total():.1f}"
    '178.1'
    """

    flux: Flux
    detector: Detector
    edges: Array
    nodes: tuple[RecoilNodes, ...]

    @classmethod
    def of(cls, flux: Flux, detector: Detector, edges: ArrayLike | None = None) -> Expectation:
        """Fold a flux with the response of a detector.

        Parameters
        ----------
        flux : Flux
            At the detector: nothing is done about distances.
        detector : Detector
            With a live time, unless the flux is a fluence.
        edges : array_like, shape (bin + 1,), optional
            Rising, within the range of the analysis (of counted photoelectrons half a number more, so that edges can lie
            between numbers); by default one bin, the whole range.

        Raises
        ------
        OutOfRangeError
            Without a live time, for a fluence where the exposure alone is known, for edges outside, or where the detector
            sees recoils of energies at which the flux is not known.

        Warns
        -----
        PhysicsWarning
            For a flux at another distance than the detector's baseline.
        """
        if flux.per_time and detector.live_time is None:
            raise OutOfRangeError(f"{detector.name}: a flux per second needs a live_time, such as '1 yr'")
        if not flux.per_time:
            detector.require_mass()
        _compare_distances(flux, detector)
        limits = _edges(detector, edges)
        seconds = (detector.live_time or 1.0) if flux.per_time else 1.0
        made = []
        for nucleus, share in detector.target.composition:
            mass = float(nucleus.mass)
            recoil, weight = _nodes(flux, detector, limits, mass)
            seen = detector.response.probabilities(recoil * KEV, limits)
            _refuse_unknown(flux, recoil, seen, mass)
            kernel = detector.nuclei * share * seconds * weight * seen
            least = smallest_energy(recoil, mass)
            moments = np.array([each.moments.at(least) for each in flux.components])
            made.append(RecoilNodes(recoil, kernel, moments))
        return cls(flux, detector, limits, tuple(made))

    def counts(self, target: Target | None = None) -> Array:
        """Return events in each bin, shape (bin,).

        Parameters
        ----------
        target : Target, optional
            Of the same nuclei with other couplings, form factors or new physics.
        """
        return self.by_component(target).sum(axis=0)

    def total(self, target: Target | None = None) -> float:
        """Return all events."""
        return float(self.counts(target).sum())

    def by_component(self, target: Target | None = None) -> Array:
        """Return the events of each component of the flux, shape (component, bin)."""
        found = np.zeros((len(self.flux.components), self.edges.size - 1))
        for one, nodes in self.pairs(target):
            by_flavor = {each: one.recoil_coefficients(nodes.recoil, each) for each in self.flux.flavors}
            for i, component in enumerate(self.flux.components):
                found[i] += nodes.kernel @ folded(by_flavor[component.flavor], nodes.moments[i])
        return found

    def pairs(self, target: Target | None = None) -> list[tuple[CEvNS, RecoilNodes]]:
        """Return the cross section of each nucleus with its nodes.

        Raises
        ------
        OutOfRangeError
            For a target of other nuclei.
        """
        chosen = self.detector.target if target is None else target
        ours, theirs = (
            [(nucleus.name, share) for nucleus, share in each.composition]
            for each in (self.detector.target, chosen)
        )
        if ours != theirs:
            raise OutOfRangeError(
                f"target: must have the nuclei of the detector, {', '.join(name for name, _ in ours)}"
            )
        return list(zip(chosen.scattering, self.nodes, strict=True))


def folded(coefficients: tuple[Any, Any, Any], moments: Array) -> Any:
    """Return c0 M_0 + c1 M_1 + c2 M_2."""
    return coefficients[0] * moments[0] + coefficients[1] * moments[1] + coefficients[2] * moments[2]


def events(flux: Flux, detector: Detector, edges: ArrayLike | None = None) -> Array:
    """Return the events of a flux in a detector, in bins of what is measured.

    Parameters
    ----------
    flux, detector, edges
        As of `Expectation.of`.

    Returns
    -------
    ndarray, shape (bin,)
        Mean numbers in the detector's live time (or of the fluence).
    """
    return Expectation.of(flux, detector, edges).counts()


def even_bins(flux: Flux, detector: Detector, count: int) -> Array:
    """Return edges of even bins over the range of the analysis, or over what holds all but 0.1 % of the events in it.

    Parameters
    ----------
    flux, detector
        What is folded.
    count : int
        Bins; of photoelectrons that are counted each has as many numbers, so that there may be fewer and the last narrower.

    Raises
    ------
    OutOfRangeError
        If no recoil reaches the threshold.
    """
    response = detector.response
    lightest = min(float(nucleus.mass) for nucleus, _ in detector.target.composition)
    most = largest_recoil(flux.highest, lightest) * KEV
    reach = float(response.visible(most))
    if response.smearing is not None:
        reach += 3.0 * math.sqrt(reach) if response.unit == "pe" else 0.1 * reach
    high = min(response.high, reach)
    if high <= response.low:
        unit = {"nr": "keV", "ee": "keVee", "pe": "pe"}[response.unit]
        seen = "" if response.unit == "nr" else f"is seen as {reach:.4g} {unit}, "
        raise OutOfRangeError(
            f"{flux.name} on {detector.name}: the largest recoil, {most:.4g} keV, {seen or 'is '}below the threshold of "
            f"{response.low:g} {unit}"
        )
    fine = np.linspace(response.low, high, _MOST_EDGES)
    below = np.cumsum(events(flux, detector, fine))
    if below[-1] > 0.0:
        high = float(fine[1:][np.searchsorted(below, (1.0 - _BEYOND) * below[-1])])
    if not response.counts:
        return np.linspace(response.low, high, count + 1)
    first, last = math.ceil(response.low) - 0.5, math.floor(high) + 0.5
    width = math.ceil((last - first) / count)
    return np.append(np.arange(first, last, width), last)


def recoil_rate(flux: Flux, target: Target, recoil_energy: ArrayLike) -> Array:
    """Return recoils per mass and energy, before any response.

    Parameters
    ----------
    flux : Flux
        At the target.
    target : Target
        What scatters.
    recoil_energy : array_like, shape (recoil,)
        MeV, > 0.

    Returns
    -------
    ndarray, shape (recoil,)
        1/(g s MeV), of a fluence 1/(g MeV).

    Raises
    ------
    OutOfRangeError
        For recoils that need neutrinos of energies at which the flux is not known.
    """
    recoil = np.asarray(recoil_energy, dtype=np.float64)
    found = np.zeros(recoil.shape)
    for (nucleus, share), one in zip(target.composition, target.scattering, strict=True):
        _refuse_unknown(flux, recoil, np.ones((1, recoil.size)), float(nucleus.mass))
        for each in flux.components:
            found += share * recoil_spectrum(one, each.moments, recoil, each.flavor)
    return found * target.composition.atoms_per_gram


@dataclass(frozen=True, eq=False)
class PreparedRecoils:
    """Cross sections at fixed recoils, for many fluxes: each then costs a look-up of its moments.

    Attributes
    ----------
    recoil : ndarray, shape (recoil,)
        MeV, > 0.
    masses : tuple of float
        Of the nuclei, MeV.
    coefficients : mapping of str to tuple
        For each flavour, of each nucleus: c0, c1, c2 times nuclei per gram.
    """

    recoil: Array
    masses: tuple[float, ...]
    coefficients: dict[str, tuple[tuple[Array, Array, Array], ...]]

    @classmethod
    def of(cls, target: Target, recoil_energy: ArrayLike, flavors: tuple[str, ...]) -> PreparedRecoils:
        """Evaluate the cross sections of some flavours."""
        recoil = np.ascontiguousarray(recoil_energy, dtype=np.float64)
        per_gram = target.composition.atoms_per_gram * target.composition.fractions
        made = {}
        for flavor in flavors:
            rows = zip(per_gram.tolist(), target.scattering, strict=True)
            made[flavor] = tuple(
                tuple(number * each for each in one.recoil_coefficients(recoil, flavor))
                for number, one in rows
            )
        masses = tuple(float(nucleus.mass) for nucleus, _ in target.composition)
        return cls(recoil, masses, made)

    def rate(self, components: tuple[Component, ...]) -> Array:
        """Return what `recoil_rate` does of a flux's components, without looking where they are known."""
        parts = [
            prepared_spectrum(each.moments, self.recoil, mass, values)
            for each in components
            for mass, values in zip(self.masses, self.coefficients[each.flavor], strict=True)
        ]
        return parts[0] if len(parts) == 1 else np.sum(parts, axis=0)


def _compare_distances(flux: Flux, detector: Detector) -> None:
    """Warn of a flux that is not the one at the detector."""
    here, there = detector.baseline, flux.distance
    if here is not None and there is not None and abs(here - there) > _APART * here:
        warnings.warn(
            f"{flux.name}: is the flux at {there / 1e2:.6g} m, {detector.name} stands at {here / 1e2:.6g} m; use "
            "Flux.at_distance",
            PhysicsWarning,
            stacklevel=4,
        )


def _edges(detector: Detector, edges: ArrayLike | None) -> Array:
    """Bins, the whole range by default."""
    response = detector.response
    if edges is None:
        return np.array([response.low, response.high])
    limits = np.asarray(edges, dtype=np.float64)
    if limits.ndim != 1 or not 2 <= limits.size <= _MOST_EDGES or not (np.diff(limits) > 0.0).all():
        raise OutOfRangeError(f"edges: expected 2 to {_MOST_EDGES} rising values, got shape {limits.shape}")
    margin = 0.5 if response.counts else 0.0
    if limits[0] < response.low - margin or limits[-1] > response.high + margin:
        raise OutOfRangeError(
            f"edges from {limits[0]:g} to {limits[-1]:g} {response.unit}: the analysis goes from {response.low:g} to "
            f"{response.high:g}"
        )
    return limits


def _nodes(flux: Flux, detector: Detector, edges: Array, mass: float) -> tuple[Array, Array]:
    """Points and weights (MeV) in panels that end at the largest recoils of lines and of the ends of spectra too."""
    kinks = [
        energy
        for each in flux.components
        for energy in (*each.energy[:1], *each.energy[-1:], *each.line_energy)
    ]
    bends = [largest_recoil(energy, mass) for energy in kinks if energy > 0.0]
    cuts = recoil_cuts(detector.response, edges, largest_recoil(flux.highest, mass), bends=bends)
    recoil, weight = panel_nodes(cuts[:-1], cuts[1:])
    return recoil.ravel(), weight.ravel()


def largest_recoil(energy: float, mass: float) -> float:
    """Return T_max = 2E^2/(M + 2E), MeV."""
    return 2.0 * energy**2 / (mass + 2.0 * energy)


def _refuse_unknown(flux: Flux, recoil: Array, seen: Array, mass: float) -> None:
    """Raise where recoils are seen whose neutrinos have energies at which the flux is not known."""
    if flux.valid_from == 0.0 or not recoil.size:
        return
    missing = smallest_energy(recoil, mass) < flux.valid_from * (1.0 - 1e-12)
    if (seen.sum(axis=0)[missing] > _UNSEEN).any():
        needed = largest_recoil(flux.valid_from, mass) * KEV
        raise OutOfRangeError(
            f"{flux.name}: is known from {flux.valid_from:g} MeV on, but recoils below {needed:.4g} keV are asked for, which "
            "neutrinos of less energy make too: raise the threshold or complete the flux"
        )
