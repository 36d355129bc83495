"""Nuclei in a plasma: the amplitude of `CEvNS` with the electrons that gather around each nucleus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.matter import FLAVORS, SPECIES, MatterState
from microphysics.nuclei import Nucleus
from microphysics.processes.angular import AngularQuadrature
from microphysics.processes.settings import Settings
from microphysics.structure.plasma import electron_screening
from microphysics.weak.cevns import CEvNS
from microphysics.weak.form_factors import FormFactor, OneShape

Array = NDArray[np.float64]

# of the transport opacity and of collisions, where spin plays no part
COHERENT = (lambda x: 1.0 - x * x, lambda x: 1.0 + x)


@dataclass(frozen=True)
class Evaluated:
    """A form factor whose values at given q are known: evaluated once for all flavours.

    Attributes
    ----------
    proton, neutron : ndarray
        Amplitudes of a unit weak charge of all protons and of all neutrons.
    charge : ndarray
        F of the electric charge.
    """

    proton: Array
    neutron: Array
    charge: Array

    name = "evaluated"
    references = ()

    @classmethod
    def at(cls, form_factor: FormFactor, q: Array) -> Evaluated:
        """Evaluate at q, 1/fm."""
        charge = form_factor(q)
        if isinstance(form_factor, OneShape):
            return cls(charge, charge, charge)
        return cls(form_factor.amplitude(q, 1.0, 0.0), form_factor.amplitude(q, 0.0, 1.0), charge)

    def of_charge(self, distribution: Array) -> Evaluated:
        """Return the form factor of another charge in place of the protons', such as that of the electrons."""
        return Evaluated(distribution, np.zeros(1), distribution)

    def less(self, cloud: Array) -> Evaluated:
        """Return the form factor of the charge that the electrons leave."""
        return Evaluated(self.proton - cloud, self.neutron, self.charge - cloud)

    def __call__(self, q: Array) -> Array:
        """Return F of the charge; `q` is that of the evaluation."""
        return self.charge

    def amplitude(self, q: Array, proton: Any, neutron: Any) -> Array:
        """Return proton F_p + neutron F_n; `q` is that of the evaluation."""
        return proton * self.proton + neutron * self.neutron


@dataclass(frozen=True)
class PlasmaNuclei:
    """Nuclei of one kind, one in each zone.

    Attributes
    ----------
    nucleus : Nucleus
        Shape (zone, 1).
    form_factor : Evaluated
        At `q`.
    q : ndarray, shape (node,)
        1/fm.
    cloud : ndarray, shape (zone, node), or None
        Electrons around a unit charge, k_sc^2/(q^2 + k_sc^2).
    settings : Settings
        Couplings, new physics and the sign of the electrons' amplitude.
    """

    nucleus: Nucleus
    form_factor: Evaluated
    q: Array
    cloud: Array | None
    settings: Settings

    def amplitudes(self, flavor: str, electrons: bool = True) -> list[Array]:
        """Amplitudes into the same flavour, then into others, shape (zone, node).

        What couples like the photon sees the charge of the cloud: dg Z F -> dg Z [F - k_sc^2/(q^2 + k_sc^2)]; the
        electrons' own weak charge adds Z C_V k_sc^2/(q^2 + k_sc^2), unless `electrons` is False.
        """
        settings, cloud = self.settings, self.cloud
        bare = CEvNS(self.nucleus, self.form_factor, settings.couplings, settings.new_physics)
        amplitude, others = bare.amplitude(self.q, flavor), list(bare.flavor_changing(self.q, flavor))
        if tells_flavors(settings) and cloud is not None and settings.electron_polarization != "brt06":
            hidden = replace(bare, form_factor=self.form_factor.of_charge(cloud))
            amplitude = amplitude - hidden.photon_amplitude(self.q, flavor)
            screened = hidden.photon_flavor_changing(self.q, flavor)
            others = [other - part for other, part in zip(others, screened, strict=True)]
        if electrons and cloud is not None:
            amplitude = amplitude + self._electron_coupling(flavor) * self.nucleus.charge_number * cloud
        return [amplitude, *others]

    def _electron_coupling(self, flavor: str) -> Any:
        """C_V of the cloud; ``brt06`` has that of nue with the opposite sign for all flavours."""
        settings, couplings = self.settings, self.settings.couplings
        if settings.electron_polarization == "brt06":
            return -couplings.electron_couplings("nue")[0]
        squared = (self.q * couplings.constants.hbar_c * 1e13) ** 2  # MeV^2
        shifts = [
            term.electron_shift(squared, flavor, couplings)
            for term in settings.new_physics
            if hasattr(term, "electron_shift")
        ]
        return couplings.electron_couplings(flavor)[0] + sum(shifts)


def heavy_nucleus(matter: MatterState) -> Nucleus:
    """Return the representative nucleus of every zone, shape (zone, 1); iron, of density 0, where there is none."""
    absent = (matter.mass_number_heavy <= 0.0)[:, None]
    return Nucleus.of(
        np.where(absent, 56.0, matter.mass_number_heavy[:, None]),
        np.where(absent, 26.0, matter.charge_number_heavy[:, None]),
    )


def electron_cloud(q: Array, matter: MatterState, settings: Settings) -> Array | None:
    """Electrons gathered around a unit charge, k_sc^2/(q^2 + k_sc^2), shape (zone, node); None without.

    Parameters
    ----------
    q : ndarray, shape (node,)
        1/fm.
    matter : MatterState
        Zones.
    settings : Settings
        ``brt06`` takes degenerate electrons of the zone's chemical potential, as NuLib does.
    """
    constants = settings.couplings.constants
    if settings.electron_polarization == "none":
        return None
    if settings.electron_polarization == "brt06":
        fermi_energy = np.maximum(matter.chemical_potential_electron, constants.electron_mass)
        momentum = np.sqrt(fermi_energy**2 - constants.electron_mass**2)
        hbar_c = constants.hbar_c * 1e13
        screening = 4.0 * constants.fine_structure / np.pi * momentum * fermi_energy / hbar_c**2
    else:
        screening = electron_screening(matter)
    k2 = screening[:, None]
    return k2 / (q**2 + k2 + 1e-300)


def vector_strength(settings: Settings) -> Any:
    """G_F^2 (hbar c)^2/pi, cm^2/MeV^2: d sigma/dx = this E^2 A^2 (1 + x)/2."""
    return settings.couplings.sigma0 / (4.0 * settings.couplings.constants.electron_mass**2)


def angular_integrals(
    quadrature: AngularQuadrature, settings: Settings, weights: Sequence[Callable[[Array], Array]] = COHERENT
) -> Array:
    """Matrix of G_F^2 E^2/(2 pi) int weight(x) G dx, the weights side by side, so that one product gives all."""
    strength = 0.5 * vector_strength(settings) * quadrature.energy**2
    return np.hstack([strength * quadrature.operator(weight) for weight in weights])


def tells_flavors(settings: Settings) -> bool:
    """Whether nuclei and nucleons scatter neutrinos of different flavours differently, the electrons apart."""
    return bool(settings.new_physics) or settings.couplings.radiative


def coherent_rows(settings: Settings) -> tuple[str, ...]:
    """Rows of a process on spin-0 nuclei, where neutrinos and antineutrinos scatter alike."""
    return FLAVORS if tells_flavors(settings) else SPECIES


def by_species(rate: Callable[[str], Array], settings: Settings) -> list[Array]:
    """`rate` of every flavour of `coherent_rows`, evaluated once for those that are alike."""
    electron, muon = rate("nue"), rate("numu")
    if not tells_flavors(settings):
        return [electron, electron, muon]
    tau = rate("nutau")
    return [electron, electron, muon, muon, tau, tau]
