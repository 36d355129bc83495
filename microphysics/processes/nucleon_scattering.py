"""Isoenergetic scattering on free nucleons (Bruenn 1985, ApJS 58, 771, with weak magnetism of Horowitz 2002)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray

from microphysics._registry import PROCESSES
from microphysics.matter import SPECIES, MatterState
from microphysics.processes.plasma_nuclei import tells_flavors
from microphysics.processes.settings import Rates, Settings
from microphysics.structure.plasma import electron_screening
from microphysics.weak.couplings import WeakCouplings

Array = NDArray[np.float64]

_NODES = 48


@PROCESSES.register("nucleon_scattering")
class NucleonScattering:
    """Neutral-current scattering on neutrons and protons.

    kappa_tr = sigma_tr(E) eta_NN, sigma_tr = (2 G_F^2 E^2/3 pi)(c_v^2 + 5 c_a^2) at level 0. Neutrinos and
    antineutrinos differ by weak magnetism; nux is their mean. New physics that shifts the couplings of nuclei shifts
    c_v here; what couples like the photon is screened by the electrons, q^2/(q^2 + k_sc^2).
    """

    name = "nucleon_scattering"
    species = SPECIES

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.couplings = settings.couplings
        self.weak_magnetism = settings.weak_magnetism
        self.references = ["Bruenn 1985, ApJS 58, 771"]
        if self.weak_magnetism:
            self.references.append("Horowitz 2002, PRD 65, 043001")

    def __call__(self, energy: Array, matter: MatterState) -> Rates:
        """Return the transport opacity, shape (species, zone, energy)."""
        constants = self.couplings.constants
        mass_n = constants.blocking_mass or constants.neutron_mass
        mass_p = constants.blocking_mass or constants.proton_mass
        neutrons = unblocked(matter.number_density_neutron, matter.temperature, mass_n, constants.hbar_c)
        protons = unblocked(matter.number_density_proton, matter.temperature, mass_p, constants.hbar_c)

        def opacity(flavor: str) -> Array:
            sign = -1 if flavor.startswith("a") else +1
            sigma = [
                transport_cross_section(
                    energy,
                    nucleon,
                    sign,
                    self.couplings,
                    self.weak_magnetism,
                    *self._changes(energy, nucleon, flavor, matter),
                )
                for nucleon in ("n", "p")
            ]
            return neutrons[:, None] * sigma[0] + protons[:, None] * sigma[1]

        heavy = ("numu", "anumu", "nutau", "anutau") if tells_flavors(self.settings) else ("numu", "anumu")
        mean = sum(opacity(flavor) for flavor in heavy) / len(heavy)
        return Rates(scattering=np.stack([opacity("nue"), opacity("anue"), mean]))

    def _changes(self, energy: Array, nucleon: str, flavor: str, matter: MatterState) -> tuple[Any, Any]:
        """Shift of c_v, and the sum of squared couplings into other flavours, shape (..., energy, angle) or 0."""
        if not tells_flavors(self.settings):
            return 0.0, 0.0
        which = ("p", "n").index(nucleon)
        tree = (self.couplings.vector_proton, self.couplings.vector_neutron)[which]
        squared = 2.0 * energy[:, None] ** 2 * (1.0 - leggauss(_NODES)[0])  # MeV^2
        screened: Any = 1.0  # what the electrons leave of a proton's charge
        if nucleon == "p":
            screening = electron_screening(matter)[:, None, None]
            screened = squared / (squared + screening * (self.couplings.constants.hbar_c * 1e13) ** 2)
        charge = self.couplings.charge_radius_coupling(flavor) if nucleon == "p" else 0.0
        shift: Any = self.couplings.vector_couplings(flavor)[which] - tree - (1.0 - screened) * charge
        changing: Any = 0.0
        for term in self.settings.new_physics:
            if not hasattr(term, "shifts"):
                continue
            seen = screened if term.photon_like else 1.0
            shift = shift + seen * term.shifts(squared, flavor, self.couplings)[which]
            for into in term.flavor_changing(squared, flavor, self.couplings):
                changing = changing + (seen * into[which]) ** 2
        return shift, changing


def unblocked(number_density: Array, temperature: Array, nucleon_mass: float, hbar_c: float) -> Array:
    """Nucleons that can scatter in degenerate matter, n xi/sqrt(1 + xi^2), xi = 3T/(2 E_F) (Bruenn 1985, C37).

    Parameters
    ----------
    number_density : ndarray, shape (zone,)
        1/cm^3.
    temperature : ndarray, shape (zone,)
        MeV.
    nucleon_mass, hbar_c : float
        MeV, MeV cm.
    """
    fermi_energy = (hbar_c * np.cbrt(3.0 * math.pi**2 * number_density)) ** 2 / (2.0 * nucleon_mass)
    ratio = fermi_energy / (1.5 * temperature)
    return number_density / np.sqrt(1.0 + ratio**2)


def transport_cross_section(
    energy: Array,
    nucleon: str,
    sign: int,
    couplings: WeakCouplings,
    weak_magnetism: bool = True,
    shift: Any = 0.0,
    changing: Any = 0.0,
) -> Array:
    """Cross section weighted with 1 - cos(theta).

    Parameters
    ----------
    energy : ndarray, shape (energy,)
        MeV.
    nucleon : str
        ``n`` or ``p``.
    sign : int
        +1 for neutrinos, -1 for antineutrinos.
    couplings : WeakCouplings
        Couplings.
    weak_magnetism : bool
        Level 1 (Horowitz 2002); False is level 0.
    shift, changing : ndarray, shape (..., energy, angle), or 0
        Change of c_v, and what is added to c_v^2 by scattering into other flavours, at the nodes of the cosine.

    Returns
    -------
    ndarray, shape (..., energy)
        cm^2.
    """
    vector, axial, magnetism, mass = _couplings_of(nucleon, couplings)
    vector = vector + shift
    cosine, weight = leggauss(_NODES)
    e = (energy / mass)[:, None] if weak_magnetism else np.zeros((energy.size, 1))
    backward = 1.0 - cosine
    recoil = 1.0 / (1.0 + e * backward)  # outgoing over incoming energy
    # Horowitz 2002: d sigma/d Omega over its elastic form, times that form
    shape = recoil**2 * (
        (vector**2 + changing) * (1.0 + recoil**2 - recoil * backward)
        + axial**2 * (1.0 + recoil**2 + recoil * backward)
        + 2.0 * sign * axial * (vector + magnetism) * (1.0 - recoil**2)
        + 0.5
        * recoil**2
        * e**2
        * backward
        * (magnetism**2 * (3.0 - cosine) + 4.0 * vector * magnetism * backward)
    )
    scale = couplings.sigma0 / (4.0 * couplings.constants.electron_mass**2)
    return 0.5 * scale * energy**2 * ((shape * backward) @ weight)


def _couplings_of(nucleon: str, couplings: WeakCouplings) -> tuple[float, float, float, float]:
    """c_v, c_a, F_2 and mass of one nucleon."""
    if nucleon == "n":
        return (
            couplings.vector_neutron, couplings.axial_neutron, couplings.magnetism_neutron,
            couplings.constants.neutron_mass,
        )  # fmt: skip
    return (
        couplings.vector_proton, couplings.axial_proton, couplings.magnetism_proton, couplings.constants.proton_mass,
    )  # fmt: skip
