"""Coherent elastic neutrino-nucleus scattering: one cross section for the star and the detector."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.polynomial.legendre import leggauss, legval
from numpy.typing import ArrayLike, NDArray

from microphysics.errors import OutOfRangeError
from microphysics.nuclei import Nucleus
from microphysics.weak.couplings import WeakCouplings
from microphysics.weak.form_factors import FormFactor, helm
from microphysics.weak.mediators import checked_terms

Array = NDArray[np.float64]
Coefficients = tuple[Array, Array, Array]

_NODES = 96
_LARGEST_ENERGY = 2000.0  # MeV; the integral over Pb208 is good to 1e-9 at 1 GeV, to 0.3 % at 3 GeV


@dataclass(frozen=True)
class CEvNS:
    """Cross section of neutrinos on one nucleus: vector part (Freedman 1974, PRD 9, 1389), axial part, new physics.

    Every result follows from `amplitude` and `recoil_coefficients`, so that a changed coupling, form factor or new
    interaction reaches the opacity of a star and the recoils in a detector together. All methods accept complex
    couplings and strengths (derivatives by a complex step).

    Attributes
    ----------
    nucleus : Nucleus
        Target; arrays broadcast against energies and angles.
    form_factor : FormFactor
        Shapes of protons and neutrons; Helm by default.
    couplings : WeakCouplings
        g_p, g_n and G_F.
    new_physics : tuple
        Changes of the couplings and added terms, see `microphysics.weak.new_physics`.
    axial : object, optional
        Axial part of a nucleus with spin; has `coefficients(recoil_energy, mass, flavor, couplings, vector_charge)`.

    Notes
    -----
    Neutrinos and antineutrinos scatter alike unless the axial part interferes with the vector part.

    Examples
    --------
    >>> argon = CEvNS(Nucleus.named("Ar40"))
    >>> float(argon.total(np.array([10.0]))[0])  # cm^2  # doctest: +ELLIPSIS
    1.86...e-40
    """

    nucleus: Nucleus
    form_factor: FormFactor = None  # type: ignore[assignment]
    couplings: WeakCouplings = field(default_factory=WeakCouplings)
    new_physics: tuple[Any, ...] = ()
    axial: Any = None

    def __post_init__(self) -> None:
        if self.form_factor is None:
            object.__setattr__(self, "form_factor", helm(self.nucleus))
        object.__setattr__(self, "new_physics", checked_terms(self.new_physics))

    @property
    def strength(self) -> float:
        """G_F^2 (hbar c)^2/pi, cm^2/MeV^2."""
        return self.couplings.sigma0 / (4.0 * self.couplings.constants.electron_mass**2)

    # ---------------------------------------------------------------------------------------- amplitudes

    def amplitude(self, q: ArrayLike, flavor: str = "nue") -> Array:
        """Signed coherent amplitude Z g_p F_p + N g_n F_n with all changes of g_p and g_n.

        Parameters
        ----------
        q : array_like
            Momentum transfer, 1/fm.
        flavor : str
            nue, anue, numu, anumu, nutau, anutau.

        Returns
        -------
        ndarray
            Dimensionless; the weak charge is Q_W = -2 times it.
        """
        q = np.asarray(q, dtype=np.float64)
        proton, neutron = self.couplings.vector_couplings(flavor)
        for term in self._shifts():
            more_proton, more_neutron = term.shifts(self._invariant(q), flavor, self.couplings)
            proton, neutron = proton + more_proton, neutron + more_neutron
        return self._coherent(q, proton, neutron)

    def photon_amplitude(self, q: ArrayLike, flavor: str = "nue") -> Array:
        """Part of `amplitude` that couples like the photon, which charges around the nucleus screen.

        Charge radius, millicharge, mixing with the photon, and the flavour-dependent radiative corrections.
        """
        q = np.asarray(q, dtype=np.float64)
        proton: Any = self.couplings.charge_radius_coupling(flavor)
        for term in self._shifts():
            if term.photon_like:
                proton = proton + term.shifts(self._invariant(q), flavor, self.couplings)[0]
        return self._coherent(q, proton, 0.0)

    def flavor_changing(self, q: ArrayLike, flavor: str = "nue") -> tuple[Array, ...]:
        """Amplitudes into other flavours, which add squared; empty where flavour is conserved.

        All terms give theirs in one order (`new_physics.transitions`), so that what leads to the same final state
        adds before it is squared.
        """
        return self._flavor_changing(q, flavor, photon_like=False)

    def photon_flavor_changing(self, q: ArrayLike, flavor: str = "nue") -> tuple[Array, ...]:
        """Parts of `flavor_changing`, in its order, that couple like the photon."""
        return self._flavor_changing(q, flavor, photon_like=True)

    def _flavor_changing(self, q: ArrayLike, flavor: str, *, photon_like: bool) -> tuple[Array, ...]:
        q = np.asarray(q, dtype=np.float64)
        sums: list[tuple[Any, Any]] = []
        for term in self._shifts():
            counted = 1.0 if term.photon_like or not photon_like else 0.0
            given = term.flavor_changing(self._invariant(q), flavor, self.couplings)
            if given and not sums:
                sums = [(0.0, 0.0)] * len(given)
            if given:
                pairs = zip(sums, given, strict=True)
                sums = [(p + counted * dp, n + counted * dn) for (p, n), (dp, dn) in pairs]
        return tuple(self._coherent(q, proton, neutron) for proton, neutron in sums)

    def _coherent(self, q: Array, proton: Any, neutron: Any) -> Array:
        """Sum over nucleons of given couplings."""
        z, n = self.nucleus.charge_number, self.nucleus.neutron_number
        return self.form_factor.amplitude(q, z * proton, n * neutron)

    def _shifts(self) -> list[Any]:
        return [term for term in self.new_physics if hasattr(term, "shifts")]

    def _invariant(self, q: Array) -> Array:
        """Q^2 = 2MT of a momentum transfer q in 1/fm, MeV^2."""
        return 2.0 * self.nucleus.mass * self._recoil(q)

    def _recoil(self, q: Array) -> Array:
        """T = sqrt(M^2 + q^2) - M, MeV."""
        mass, squared = self.nucleus.mass, (q * self._hbar_c) ** 2
        return squared / (mass + np.sqrt(mass**2 + squared))

    @property
    def _hbar_c(self) -> float:
        """In MeV fm."""
        return self.couplings.constants.hbar_c * 1e13

    # ---------------------------------------------------------------------------------- cross sections

    def recoil_coefficients(self, recoil_energy: ArrayLike, flavor: str = "nue") -> Coefficients:
        """Coefficients of dsigma/dT = c0 + c1/E + c2/E^2, all terms included.

        Parameters
        ----------
        recoil_energy : array_like
            Kinetic energy T of the nucleus, MeV, >= 0.
        flavor : str
            Of the incoming neutrino.

        Returns
        -------
        c0, c1, c2 : ndarray
            cm^2/MeV, cm^2, cm^2 MeV; they hold for T below 2E^2/(M + 2E) only.

        Notes
        -----
        Vector part: (G_F^2 M/pi) A^2 (1 - T/E - M T/(2E^2)) of a spin-0 nucleus, q^2 = 2MT + T^2. Flavour-changing
        amplitudes add squared, the axial part and the added terms of `new_physics` with their own kinematics.
        """
        t = np.asarray(recoil_energy, dtype=np.float64)
        if not np.all(t >= 0.0):
            raise OutOfRangeError(f"recoil_energy = {np.min(t)} MeV: must not be negative")
        q = np.sqrt(2.0 * self.nucleus.mass * t + t**2) / self._hbar_c
        return self._coefficients(q, t, flavor)

    def _coefficients(self, q: Array, t: Array, flavor: str) -> Coefficients:
        mass = self.nucleus.mass
        amplitude = self.amplitude(q, flavor)
        squared = amplitude**2
        for other in self.flavor_changing(q, flavor):
            squared = squared + other**2
        c0 = self.strength * mass * squared
        c1, c2 = -t * c0, -0.5 * mass * t * c0
        added = [
            term.coefficients(t, self.nucleus, self.form_factor, flavor, self.couplings)
            for term in self.new_physics
            if hasattr(term, "coefficients")
        ]
        if self.axial is not None:
            added.append(self.axial.coefficients(t, mass, flavor, self.couplings, amplitude))
        for a0, a1, a2 in added:
            c0, c1, c2 = c0 + a0, c1 + a1, c2 + a2
        return c0, c1, c2

    def dsigma_dT(self, energy: ArrayLike, recoil_energy: ArrayLike, flavor: str = "nue") -> Array:
        """Differential cross section in the recoil energy, exact kinematics.

        Parameters
        ----------
        energy, recoil_energy : array_like
            Neutrino energy and nuclear kinetic energy, MeV; they broadcast.
        flavor : str
            Of the incoming neutrino.

        Returns
        -------
        ndarray
            cm^2/MeV; zero above the largest recoil 2E^2/(M + 2E).
        """
        e, t = _positive(energy), np.asarray(recoil_energy, dtype=np.float64)
        c0, c1, c2 = self.recoil_coefficients(t, flavor)
        return np.where(t <= self.largest_recoil(e), c0 + c1 / e + c2 / e**2, 0.0)

    def largest_recoil(self, energy: ArrayLike) -> Array:
        """T_max = 2E^2/(M + 2E), MeV."""
        e = _positive(energy)
        return 2.0 * e**2 / (self.nucleus.mass + 2.0 * e)

    def dsigma_dcos(self, energy: ArrayLike, cosine: ArrayLike, flavor: str = "nue") -> Array:
        """Differential cross section in the scattering angle for an infinitely heavy nucleus, cm^2.

        (E^2/M) (c0 + c2/E^2) at T = q^2/2M, q^2 = 2 E^2 (1 - cos); (G_F^2 E^2/2 pi) A(q)^2 (1 + cos) where nothing is
        added.
        """
        return self._angular(_positive(energy), 1.0 - np.asarray(cosine, dtype=np.float64), flavor)

    def _angular(self, e: Array, versine: Array, flavor: str) -> Array:
        """dsigma/dcos of 1 - cos, which keeps its digits at small angles."""
        mass = self.nucleus.mass
        q = e * np.sqrt(2.0 * versine) / self._hbar_c
        c0, _, c2 = self._coefficients(q, e**2 * versine / mass, flavor)
        return (e**2 * c0 + c2) / mass

    def total(self, energy: ArrayLike, flavor: str = "nue", recoil_min: float = 0.0) -> Array:
        """Total cross section with exact kinematics, cm^2.

        Parameters
        ----------
        energy : array_like
            Neutrino energy, MeV, > 0.
        flavor : str
            Of the incoming neutrino.
        recoil_min : float
            Threshold, MeV: only larger recoils count.

        Returns
        -------
        ndarray
            Shape of `energy`, broadcast with the nuclei.

        Raises
        ------
        OutOfRangeError
            Without a threshold where a term diverges at zero recoil (magnetic moment, massless mediator).
        """
        return self._integrate(energy, flavor, recoil_min, transport=False)

    def transport(self, energy: ArrayLike, flavor: str = "nue", recoil_min: float = 0.0) -> Array:
        """Cross section weighted with 1 - cos(theta) = M T/[E (E - T)], exact kinematics, cm^2; else as `total`."""
        return self._integrate(energy, flavor, recoil_min, transport=True)

    def _integrate(self, energy: ArrayLike, flavor: str, recoil_min: float, *, transport: bool) -> Array:
        """Integrate over recoils above a threshold."""
        e, mass = _integrable(energy), self.nucleus.mass
        if not recoil_min >= 0.0:
            raise OutOfRangeError(f"recoil_min = {recoil_min} MeV: must not be negative")
        if recoil_min == 0.0:
            self._refuse_divergence("recoil_min", 1.0 if transport else 0.0)
        largest = self.largest_recoil(e)
        offset = self._softest(largest, 2.0 * mass, massless=recoil_min > 0.0)
        t, weight = _graded(recoil_min, np.maximum(largest, recoil_min), offset)
        # rounding may put the last node above the edge, where a magnetic term has not vanished yet
        t = np.minimum(t, largest)
        if transport:
            weight = weight * mass * t / (e * (e - t))
        return np.sum(self.dsigma_dT(e, t, flavor) * weight, axis=0)

    def legendre(self, energy: ArrayLike, order: int, flavor: str = "nue") -> Array:
        """Moment int P_l(cos) dsigma/dcos dcos for an infinitely heavy nucleus, cm^2.

        Parameters
        ----------
        energy : array_like
            Neutrino energy, MeV, > 0.
        order : int
            l; the difference of orders 0 and 1 is the transport cross section.
        flavor : str
            Of the incoming neutrino.
        """
        if order < 0:
            raise OutOfRangeError(f"order = {order}: must not be negative")
        e = _integrable(energy)
        self._refuse_divergence("cosine", 0.0)
        backward = np.full(np.broadcast_shapes(e.shape, np.shape(self.nucleus.mass)), 2.0)
        versine, weight = _graded(0.0, backward, self._softest(backward, 2.0 * e**2, massless=False))
        polynomial = legval(1.0 - versine, [0.0] * order + [1.0])
        return np.sum(self._angular(e, versine, flavor) * polynomial * weight, axis=0)

    def _refuse_divergence(self, name: str, weight_power: float) -> None:
        """Raise where massless exchange, 1/T to some power, makes an integral down to zero recoil infinite."""
        for term in self.new_physics:
            power = getattr(term, "forward_power", 0) - weight_power
            if power >= 1.0 and getattr(term, "mediator_mass", np.inf) == 0.0:
                what = (
                    "a threshold > 0 MeV is needed"
                    if name == "recoil_min"
                    else "the forward direction is infinite"
                )
                raise OutOfRangeError(
                    f"{name}: the cross section of {type(term).__name__} diverges at zero recoil; {what}"
                )

    def _softest(self, largest: Any, per_mass_squared: Any, *, massless: bool) -> Array:
        """Scale below which the integrand is smooth: m^2/2M of the lightest mediator, at most the whole range."""
        scale = np.asarray(largest, dtype=np.float64)
        for term in self.new_physics:
            mass = np.real(getattr(term, "mediator_mass", np.inf))
            if mass > 0.0 or massless:
                scale = np.minimum(scale, mass**2 / per_mass_squared)
        return scale


def _positive(energy: ArrayLike) -> Array:
    """Return energies as an array, all > 0."""
    e = np.asarray(energy, dtype=np.float64)
    if not np.all(e > 0.0):
        raise OutOfRangeError(f"energy = {np.min(e)} MeV: must be positive")
    return e


def _integrable(energy: ArrayLike) -> Array:
    """Return energies as an array, all > 0 and not so large that the points miss where the form factor lives."""
    e = _positive(energy)
    if not np.all(e <= _LARGEST_ENERGY):
        raise OutOfRangeError(
            f"energy = {np.max(e):g} MeV: integrals over recoils are made up to {_LARGEST_ENERGY:g} MeV, above coherent "
            "scattering is a vanishing part of what a nucleus does"
        )
    return e


def _graded(low: float, high: Array, offset: Array) -> tuple[Array, Array]:
    """Gauss-Legendre points and weights in ln(t + offset), on a new first axis.

    Propagators 1/(t + offset)^n become exponentials of that variable, which the rule integrates as well as the smooth
    rest; an offset as large as the range is nearly the plain rule.
    """
    high, offset = np.broadcast_arrays(high, offset)
    rule = np.array(leggauss(_NODES)).reshape((2, _NODES) + (1,) * high.ndim)
    node, weight = rule[0], rule[1]
    length = np.log((high + offset) / (low + offset))
    s = 0.5 * length * (1.0 + node)
    start = low + offset
    return low + start * np.expm1(s), 0.5 * length * weight * start * np.exp(s)
