"""Coherent elastic neutrino-nucleus scattering: one cross section for the star and the detector."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import ArrayLike, NDArray

from microphysics.nuclei import Nucleus
from microphysics.weak.couplings import WeakCouplings
from microphysics.weak.form_factors import FormFactor, helm

Array = NDArray[np.float64]

_NODES = 64


@dataclass(frozen=True)
class CEvNS:
    """Cross section of neutrinos on one nucleus, standard-model vector part (Freedman 1974, PRD 9, 1389).

    Every result follows from `amplitude`, so that a changed coupling or form factor reaches the opacity of a star
    and the recoils in a detector together. Neutrinos and antineutrinos scatter alike.

    Attributes
    ----------
    nucleus : Nucleus
        Target; arrays broadcast against energies and angles.
    form_factor : FormFactor
        F(q); Helm by default.
    couplings : WeakCouplings
        g_p, g_n and G_F.

    Examples
    --------
    >>> argon = CEvNS(Nucleus.named("Ar40"))
    >>> float(argon.total(np.array([10.0]))[0])  # cm^2  # doctest: +ELLIPSIS
    1.86...e-40
    """

    nucleus: Nucleus
    form_factor: FormFactor = None  # type: ignore[assignment]
    couplings: WeakCouplings = field(default_factory=WeakCouplings)

    def __post_init__(self) -> None:
        if self.form_factor is None:
            object.__setattr__(self, "form_factor", helm(self.nucleus))

    def amplitude(self, q: ArrayLike) -> Array:
        """Signed coherent amplitude Z g_p F_p + N g_n F_n.

        Parameters
        ----------
        q : array_like
            Momentum transfer, 1/fm.

        Returns
        -------
        ndarray
            Dimensionless; the weak charge is Q_W = -2 times it.
        """
        q = np.asarray(q, dtype=np.float64)
        charge = self.couplings.vector_proton * self.nucleus.charge_number
        charge = charge + self.couplings.vector_neutron * self.nucleus.neutron_number
        return charge * self.form_factor(q)

    def amplitude_squared(self, q: ArrayLike) -> Array:
        """Square of the amplitude, dimensionless."""
        return self.amplitude(q) ** 2

    @property
    def _strength(self) -> float:
        """G_F^2 (hbar c)^2/pi, cm^2/MeV^2."""
        return self.couplings.sigma0 / (4.0 * self.couplings.constants.electron_mass**2)

    def dsigma_dT(self, energy: ArrayLike, recoil_energy: ArrayLike) -> Array:
        """Differential cross section in the recoil energy, exact kinematics.

        Parameters
        ----------
        energy, recoil_energy : array_like
            Neutrino energy and nuclear kinetic energy, MeV; they broadcast.

        Returns
        -------
        ndarray
            cm^2/MeV; zero above the largest recoil 2E^2/(M + 2E).

        Notes
        -----
        (G_F^2 M/pi) A(q)^2 (1 - T/E - M T/(2E^2)), q^2 = 2MT + T^2, for a spin-0 nucleus.
        """
        e, t = np.asarray(energy, dtype=np.float64), np.asarray(recoil_energy, dtype=np.float64)
        mass = self.nucleus.mass
        q = np.sqrt(2.0 * mass * t + t**2) / (self.couplings.constants.hbar_c * 1e13)
        kinematic = 1.0 - t / e - mass * t / (2.0 * e**2)
        return np.where(kinematic > 0.0, self._strength * mass * self.amplitude_squared(q) * kinematic, 0.0)

    def dsigma_dcos(self, energy: ArrayLike, cosine: ArrayLike) -> Array:
        """Differential cross section in the scattering angle for an infinitely heavy nucleus, cm^2.

        (G_F^2 E^2/2 pi) A(q)^2 (1 + cos), q^2 = 2 E^2 (1 - cos).
        """
        e, x = np.asarray(energy, dtype=np.float64), np.asarray(cosine, dtype=np.float64)
        q = momentum_transfer(e, x, self.couplings.constants.hbar_c)
        return 0.5 * self._strength * e**2 * (1.0 + x) * self.amplitude_squared(q)

    def total(self, energy: ArrayLike) -> Array:
        """Total cross section with exact kinematics, shape of `energy`, cm^2."""
        return self._integrate(energy, transport=False)

    def transport(self, energy: ArrayLike) -> Array:
        """Cross section weighted with 1 - cos(theta), exact kinematics, shape of `energy`, cm^2."""
        return self._integrate(energy, transport=True)

    def _integrate(self, energy: ArrayLike, transport: bool) -> Array:
        """Integrate over recoils; 1 - cos = M T/[E (E - T)] in the weight."""
        e = np.asarray(energy, dtype=np.float64)[..., None]
        node, weight = leggauss(_NODES)
        mass = self.nucleus.mass
        largest = 2.0 * e**2 / (mass + 2.0 * e)
        t = 0.5 * largest * (1.0 + node)
        factor = mass * t / (e * (e - t)) if transport else 1.0
        return 0.5 * largest[..., 0] * ((self.dsigma_dT(e, t) * factor) @ weight)


def momentum_transfer(energy: ArrayLike, cosine: ArrayLike, hbar_c: float) -> Array:
    """Return q = E sqrt(2 (1 - cos))/(hbar c) of elastic scattering off a heavy target, 1/fm (energy in MeV)."""
    e, x = np.asarray(energy, dtype=np.float64), np.asarray(cosine, dtype=np.float64)
    return e * np.sqrt(2.0 * (1.0 - x)) / (hbar_c * 1e13)
