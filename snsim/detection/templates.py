"""Events as polynomials of couplings, for scans: what a point of a fit costs is then a few products."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.errors import OutOfRangeError
from microphysics.targets import Target
from microphysics.weak.cevns import CEvNS
from snsim.detection.rates import Expectation, folded

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AmplitudeTemplates:
    """Events per squared amplitude at every momentum transfer: any amplitude that interferes is then one product.

    Attributes
    ----------
    flavors : tuple of str
        Of the flux.
    scattering : tuple of CEvNS
        One for each nucleus.
    wave_number : tuple of ndarray, shape (node,)
        q of each nucleus, 1/fm.
    weight : tuple of ndarray, shape (flavor, bin, node)
        Of each nucleus.
    """

    flavors: tuple[str, ...]
    scattering: tuple[CEvNS, ...]
    wave_number: tuple[Array, ...]
    weight: tuple[Array, ...]

    @classmethod
    def of(cls, expectation: Expectation, target: Target | None = None) -> AmplitudeTemplates:
        """Return the weights of an expectation, for vector scattering on the nuclei of a target."""
        flavors = expectation.flux.flavors
        scattering, wave_number, weights = [], [], []
        for one, nodes in expectation.pairs(target):
            mass, t = one.nucleus.mass, nodes.recoil
            unit = one.strength * mass * np.ones(t.size)
            weight = np.zeros((len(flavors), expectation.edges.size - 1, t.size))
            for component, moments in zip(expectation.flux.components, nodes.moments, strict=True):
                per_square = folded((unit, -t * unit, -0.5 * mass * t * unit), moments)
                weight[flavors.index(component.flavor)] += nodes.kernel * per_square
            scattering.append(one)
            wave_number.append(np.sqrt(2.0 * mass * t + t**2) / (one.couplings.constants.hbar_c * 1e13))
            weights.append(weight)
        return cls(flavors, tuple(scattering), tuple(wave_number), tuple(weights))


@dataclass(frozen=True, eq=False)
class CouplingTemplates:
    """Events of coherent vector scattering over g_p and g_n, apart for each flavour.

    Attributes
    ----------
    flavors : tuple of str
        Of the flux.
    proton, mixed, neutron : ndarray, shape (flavor, bin)
        Coefficients of g_p^2, g_p g_n and g_n^2.

    Examples
    --------
    >>> from snsim.detection import detector_of, pion_decay_at_rest
    >>> found = Expectation.of(pion_decay_at_rest("19.3 m", protons=1.76e23), detector_of("coherent_csi"))
    >>> templates = CouplingTemplates.of(found)
    >>> bool(abs(templates.counts(0.5 - 2 * 0.23863, -0.5).sum() / found.total() - 1) < 1e-12)
    True
    """

    flavors: tuple[str, ...]
    proton: Array
    mixed: Array
    neutron: Array

    @classmethod
    def of(cls, expectation: Expectation, target: Target | None = None) -> CouplingTemplates:
        """Return the templates of an expectation.

        Parameters
        ----------
        expectation : Expectation
            Flux and detector.
        target : Target, optional
            Whose form factors count; its couplings, axial part and new physics do not.
        """
        made = AmplitudeTemplates.of(expectation, target)
        shape = (len(made.flavors), expectation.edges.size - 1)
        proton, mixed, neutron = (np.zeros(shape) for _ in range(3))
        for one, q, weight in zip(made.scattering, made.wave_number, made.weight, strict=True):
            z, n = one.nucleus.charge_number, one.nucleus.neutron_number
            protons = one.form_factor.amplitude(q, z * 1.0, n * 0.0)
            neutrons = one.form_factor.amplitude(q, z * 0.0, n * 1.0)
            proton += weight @ protons**2
            mixed += weight @ (2.0 * protons * neutrons)
            neutron += weight @ neutrons**2
        return cls(made.flavors, proton, mixed, neutron)

    def counts(self, g_p: ArrayLike, g_n: ArrayLike) -> Array:
        """Return events for couplings of any shape.

        Parameters
        ----------
        g_p, g_n : float, or array_like of shape (..., flavor) or (..., 1)
            A number and a last axis of one hold for all flavours.

        Returns
        -------
        ndarray, shape (..., bin)
        """
        p, n = (self._by_flavor(name, value) for name, value in (("g_p", g_p), ("g_n", g_n)))
        return (p**2) @ self.proton + (p * n) @ self.mixed + (n**2) @ self.neutron

    def _by_flavor(self, name: str, value: ArrayLike) -> Array:
        given = np.asarray(value, dtype=np.float64)
        if given.ndim and given.shape[-1] not in (1, len(self.flavors)):
            raise OutOfRangeError(
                f"{name} has shape {given.shape}: the last axis is that of the flavours {', '.join(self.flavors)}, or 1"
            )
        return np.broadcast_to(given, (*given.shape[:-1], len(self.flavors)))


def term_counts(expectation: Expectation, term: Any) -> Array:
    """Return the events that a term of new physics adds without interfering, shape (bin,).

    Parameters
    ----------
    expectation : Expectation
        Flux and detector.
    term : object
        With `coefficients`: a magnetic moment, a scalar. Its events go with the square of the moment, or with the fourth
        power of the coupling; those of one strength are a template for all.

    Raises
    ------
    OutOfRangeError
        For a term that interferes: change g_p and g_n of `CouplingTemplates`, or the target.
    """
    return term_counts_by_component(expectation, term).sum(axis=0)


def term_counts_by_component(expectation: Expectation, term: Any) -> Array:
    """Return the same for each component of the flux, shape (component, bin)."""
    if not hasattr(term, "coefficients"):
        raise OutOfRangeError(
            f"{type(term).__name__}: interferes with the standard amplitude, so its events are no template; use "
            "Expectation.counts with a target that has it, or CouplingTemplates"
        )
    components = expectation.flux.components
    found = np.zeros((len(components), expectation.edges.size - 1))
    for one, nodes in expectation.pairs():
        by_flavor = {
            flavor: term.coefficients(nodes.recoil, one.nucleus, one.form_factor, flavor, one.couplings)
            for flavor in expectation.flux.flavors
        }
        for i, (component, moments) in enumerate(zip(components, nodes.moments, strict=True)):
            found[i] += nodes.kernel @ folded(by_flavor[component.flavor], moments)
    return found
