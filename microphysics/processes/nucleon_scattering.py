"""Isoenergetic scattering on free nucleons (Bruenn 1985, ApJS 58, 771, with weak magnetism of Horowitz 2002)."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray

from microphysics._registry import PROCESSES
from microphysics.matter import FLAVORS, MatterState
from microphysics.processes.contract import Rates
from microphysics.processes.nucleon_correlations import response_factors, scattering_targets, unblocked
from microphysics.processes.plasma_nuclei import tells_flavors
from microphysics.processes.settings import Settings
from microphysics.structure.plasma import electron_screening
from microphysics.weak.couplings import WeakCouplings, family

__all__ = [
    "NucleonScattering",
    "cross_section_parts",
    "total_cross_section",
    "transport_cross_section",
    "unblocked",
]

Array = NDArray[np.float64]


@cache
def _angles() -> tuple[Array, Array]:
    """Nodes and weights of the cosine: enough for factors of a nucleon's recoil and form."""
    return leggauss(48)


@PROCESSES.register("nucleon_scattering")
class NucleonScattering:
    """Neutral-current scattering on neutrons and protons.

    kappa_tr = sigma_tr(E) eta_NN, sigma_tr = (2 G_F^2 E^2/3 pi)(c_v^2 + 5 c_a^2) at level 0. Neutrinos and
    antineutrinos differ by weak magnetism. New physics that shifts the couplings of nuclei shifts c_v here; what couples
    like the photon is screened by the electrons, q^2/(q^2 + k_sc^2).

    Correlations (`nucleon_correlations`) act on two parts of the cross section. S_V = 1 goes with the charge, c_v^2. S_A
    goes with everything that holds the spin of the nucleon: c_a^2, weak magnetism, which is the spin's magnetic moment, and
    the interference of these two; the sum stays positive for every S_A in 0..1.
    """

    name = "nucleon_scattering"
    species = FLAVORS

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.couplings = settings.couplings
        self.weak_magnetism = settings.weak_magnetism
        self.references = ["Bruenn 1985, ApJS 58, 771"]
        if self.weak_magnetism:
            self.references.append("Horowitz 2002, PRD 65, 043001")
        if settings.many_body != "none":
            self.references.append("Horowitz et al. 2017, PRC 95, 025801")

    def __call__(self, energy: Array, matter: MatterState) -> Rates:
        """Return transport opacity and collisions, shape (species, zone, energy)."""
        constants = self.couplings.constants
        targets = scattering_targets(matter, constants, self.settings.scattering_blocking)
        factors = response_factors(matter, self.settings.many_body, self.couplings.axial_coupling)
        opacity = self._each_flavor if tells_flavors(self.settings) else self._all_alike
        both = opacity(energy, matter, targets, factors)
        return Rates(scattering=both[0], collision=both[1])

    def _all_alike(
        self, energy: Array, matter: MatterState, targets: tuple[Array, Array], factors: tuple[Any, Any]
    ) -> Array:
        """Opacities where neutrinos of all flavours scatter alike, shape (weight, species, zone, energy)."""
        # shape (nucleon, sign, part, weight, energy)
        sigma = np.stack(
            [
                [
                    cross_section_parts(energy, nucleon, sign, self.couplings, self.weak_magnetism)
                    for sign in (+1, -1)
                ]
                for nucleon in ("n", "p")
            ]
        )
        if self.settings.many_body == "none":  # one product for both parts
            strength = np.stack(targets, axis=1)
            sigma = sigma.sum(axis=2)
        else:
            strength = np.stack([n * factor for n in targets for factor in factors], axis=1)
            sigma = np.moveaxis(sigma, 2, 1).reshape(4, *sigma.shape[1:2], *sigma.shape[3:])
        result = np.empty((2, len(FLAVORS), strength.shape[0], energy.size), np.result_type(strength, sigma))
        for weight in range(2):
            for row in range(2):  # nue and anue, which the other flavours repeat
                np.matmul(strength, sigma[:, row, weight], out=result[weight, row])
        result[:, 2:4] = result[:, 4:6] = result[:, :2]
        return result

    def _each_flavor(
        self, energy: Array, matter: MatterState, targets: tuple[Array, Array], factors: tuple[Any, Any]
    ) -> Array:
        """Opacities where couplings depend on the flavour, and perhaps on angle and zone."""
        changes = {
            (nucleon, flavor): self._changes(energy, nucleon, flavor, matter)
            for nucleon in ("n", "p")
            for flavor in ("nue", "numu", "nutau")
        }

        def opacity(flavor: str) -> Array:
            sign = -1 if flavor.startswith("a") else +1
            total: Any = 0.0
            for nucleon, number in zip(("n", "p"), targets, strict=True):
                change = changes[nucleon, "nu" + family(flavor)]
                # shape (part, weight, ..., energy)
                sigma = cross_section_parts(
                    energy, nucleon, sign, self.couplings, self.weak_magnetism, *change
                )
                if sigma.ndim == 3:
                    sigma = sigma[:, :, None]
                for part, factor in zip(sigma, factors, strict=True):
                    total = total + (number * factor)[:, None] * part
            return total

        return np.stack([opacity(flavor) for flavor in FLAVORS], axis=1)

    def _changes(self, energy: Array, nucleon: str, flavor: str, matter: MatterState) -> tuple[Any, Any]:
        """Shift of c_v, and the sum of squared couplings into other flavours, shape (..., energy, angle) or 0."""
        which = ("p", "n").index(nucleon)
        tree = (self.couplings.vector_proton, self.couplings.vector_neutron)[which]
        squared = 2.0 * energy[:, None] ** 2 * (1.0 - _angles()[0])  # MeV^2
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


def cross_section_parts(
    energy: Array,
    nucleon: str,
    sign: int,
    couplings: WeakCouplings,
    weak_magnetism: bool = True,
    shift: Any = 0.0,
    changing: Any = 0.0,
) -> Array:
    """Cross sections of the charge and of the spin of one nucleon, transport and total.

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
    ndarray, shape (part, weight, ..., energy)
        cm^2. Parts: c_v^2, then all the rest. Weights: 1 - cos(theta), then 1.
    """
    tree, axial, magnetism, mass = _couplings_of(nucleon, couplings)
    vector = tree + shift
    cosine, weight = _angles()
    e = (energy / mass)[:, None] if weak_magnetism else np.zeros((energy.size, 1))
    backward = 1.0 - cosine
    recoil = 1.0 / (1.0 + e * backward)  # outgoing over incoming energy
    scale = couplings.sigma0 / (8.0 * couplings.constants.electron_mass**2)
    # shape (weight, energy, angle)
    measure = scale * energy[:, None] ** 2 * recoil**2 * np.stack([weight * backward, weight])[:, None]
    # Horowitz 2002: d sigma/d Omega over its elastic form, times that form; by powers of c_v
    magnetic = 0.5 * recoil**2 * e**2 * backward * magnetism
    square = measure * (1.0 + recoil**2 - recoil * backward)
    linear = measure * (2.0 * sign * axial * (1.0 - recoil**2) + 4.0 * magnetic * backward)
    constant = measure * (
        axial**2 * (1.0 + recoil**2 + recoil * backward)
        + 2.0 * sign * axial * magnetism * (1.0 - recoil**2)
        + magnetic * magnetism * (3.0 - cosine)
    )
    charge = _over_angles(vector**2 + changing, square)
    spin = _over_angles(vector, linear)
    lone = constant.sum(axis=-1)
    spin = spin + lone.reshape(2, *(1,) * (spin.ndim - 2), energy.size)
    return np.stack(np.broadcast_arrays(charge, spin))


def _over_angles(values: Any, measure: Array) -> Array:
    """Integrate values of shape (..., energy, angle), or a constant, shape (weight, ..., energy)."""
    if np.ndim(values) == 0:
        return values * measure.sum(axis=-1)
    return np.einsum("...ea,wea->w...e", values, measure)


def transport_cross_section(
    energy: Array,
    nucleon: str,
    sign: int,
    couplings: WeakCouplings,
    weak_magnetism: bool = True,
    shift: Any = 0.0,
    changing: Any = 0.0,
) -> Array:
    """Cross section weighted with 1 - cos(theta), cm^2, shape (..., energy); parameters as `cross_section_parts`."""
    parts = cross_section_parts(energy, nucleon, sign, couplings, weak_magnetism, shift, changing)
    return parts[:, 0].sum(axis=0)


def total_cross_section(
    energy: Array,
    nucleon: str,
    sign: int,
    couplings: WeakCouplings,
    weak_magnetism: bool = True,
    shift: Any = 0.0,
    changing: Any = 0.0,
) -> Array:
    """Cross section, cm^2, shape (..., energy); parameters as `cross_section_parts`."""
    parts = cross_section_parts(energy, nucleon, sign, couplings, weak_magnetism, shift, changing)
    return parts[:, 1].sum(axis=0)


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
