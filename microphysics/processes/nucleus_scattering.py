"""Coherent scattering on the representative heavy nucleus: CEvNS, ion correlations and the electron cloud."""

from __future__ import annotations

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray

from microphysics._registry import FORM_FACTORS, PROCESSES, STRUCTURE_FACTORS
from microphysics.constants import CODATA
from microphysics.eos.electron_gas import ElectronGas
from microphysics.errors import UnknownNameError
from microphysics.matter import SPECIES, MatterState
from microphysics.nuclei import Nucleus
from microphysics.processes.settings import Rates, Settings
from microphysics.structure import models as _models  # noqa: F401 - registers the built-in structure factors
from microphysics.weak.cevns import CEvNS, momentum_transfer

Array = NDArray[np.float64]

ELECTRON_POLARIZATIONS = ("physical", "brt06", "none")
_BLOCK = 256  # zones worked on at once, to bound memory on long profiles


@PROCESSES.register("nucleus_scattering")
class NucleusScattering:
    """Transport opacity of the heavy nuclei.

    kappa_tr = n (G_F^2 E^2/2 pi) int (1 - x^2) [A(q) + Z C_V k_sc^2/(q^2 + k_sc^2)]^2 S(q) dx, with the amplitude A of
    `CEvNS` and q^2 = 2 E^2 (1 - x): form factor, electron cloud and S(q) stand inside one angular integral. A model
    that knows only the average <S> multiplies it from outside.

    Notes
    -----
    The electrons that screen a nucleus carry weak vector charge, C_V = 1/2 + 2 s^2 for nue and anue, -1/2 + 2 s^2 for
    the others (Leinson, Oraevsky & Semikoz 1988). ``physical`` takes the sign for which the forward amplitude is that
    of neutral matter, n_e - n_n/2 for nue and -n_n/2 for nux; ``brt06`` is the opposite sign for all flavours, as
    printed by Burrows, Reddy & Thompson 2006 (eq. 29) and used by NuLib.
    """

    name = "nucleus_scattering"
    species = SPECIES

    def __init__(self, settings: Settings) -> None:
        if settings.electron_polarization not in ELECTRON_POLARIZATIONS:
            raise UnknownNameError(
                "electron polarization", settings.electron_polarization, ELECTRON_POLARIZATIONS
            )
        self.couplings = settings.couplings
        self.electron_polarization = settings.electron_polarization
        self.form_factor = FORM_FACTORS[settings.form_factor]
        self.structure = STRUCTURE_FACTORS[settings.structure_factor](settings.on_out_of_range)
        self.angle_nodes = settings.angle_nodes
        self.references = [
            "Freedman 1974, PRD 9, 1389",
            *self.form_factor(Nucleus.named("Fe56")).references,
            *self.structure.references,
        ]
        if self.electron_polarization != "none":
            self.references.append("Leinson, Oraevsky & Semikoz 1988, Phys. Lett. B 209, 80")
        if self.electron_polarization == "brt06":
            self.references.append("Burrows, Reddy & Thompson 2006, Nucl. Phys. A 777, 356")

    def __call__(self, energy: Array, matter: MatterState) -> Rates:
        """Return the transport opacity, shape (species, zone, energy)."""
        # a complex coupling (its derivative by a complex step) makes a complex opacity
        kind = np.result_type(float, self.couplings.sigma0 * self.couplings.vector_proton)
        scattering = np.zeros((len(SPECIES), matter.density.size, energy.size), kind)
        present = np.flatnonzero(matter.number_density_heavy > 0.0)
        for start in range(0, present.size, _BLOCK):
            zones = present[start : start + _BLOCK]
            some = matter.select(zones)
            electron, other = self._cross_sections(energy, some)
            density = some.number_density_heavy[:, None]
            scattering[0, zones] = scattering[1, zones] = density * electron
            scattering[2, zones] = density * other
        return Rates(scattering=scattering)

    def _cross_sections(self, energy: Array, matter: MatterState) -> tuple[Array, Array]:
        """Transport cross section for nue and for nux, cm^2, shape (zone, energy)."""
        cosine, weight = leggauss(self.angle_nodes)
        q = momentum_transfer(energy[:, None], cosine, self.couplings.constants.hbar_c)  # (energy, angle)
        nucleus = Nucleus.of(
            matter.mass_number_heavy[:, None, None], matter.charge_number_heavy[:, None, None]
        )
        amplitude = CEvNS(nucleus, self.form_factor(nucleus), self.couplings).amplitude(q)
        weight = weight * (1.0 - cosine**2)
        average: Array | float = 1.0
        if hasattr(self.structure, "transport_average"):
            average = self.structure.transport_average(energy, matter)
        else:
            weight = weight * self.structure(np.broadcast_to(q, amplitude.shape), matter)
        strength = 0.5 * self.couplings.sigma0 / (4.0 * self.couplings.constants.electron_mass**2) * energy**2
        factor = strength * average
        if self.electron_polarization == "none":
            both = factor * _integrate(amplitude, weight)
            return both, both
        cloud = matter.charge_number_heavy[:, None, None] * self._cloud(q, matter)
        for_nue, _ = self.couplings.electron_couplings("nue")
        for_nux, _ = self.couplings.electron_couplings("numu")
        if self.electron_polarization == "brt06":
            for_nue = for_nux = -for_nue
        return (
            factor * _integrate(amplitude + for_nue * cloud, weight),
            factor * _integrate(amplitude + for_nux * cloud, weight),
        )

    def _cloud(self, q: Array, matter: MatterState) -> Array:
        """Electrons gathered around a unit charge, k_sc^2/(q^2 + k_sc^2), shape (zone, energy, angle)."""
        constants = self.couplings.constants
        if self.electron_polarization == "brt06":
            fermi_energy = np.maximum(matter.chemical_potential_electron, constants.electron_mass)
            momentum = np.sqrt(fermi_energy**2 - constants.electron_mass**2)
            hbar_c = constants.hbar_c * 1e13
            screening = 4.0 * constants.fine_structure / np.pi * momentum * fermi_energy / hbar_c**2
        else:
            screening = electron_screening(matter)
        k2 = screening[:, None, None]
        return k2 / (q**2 + k2 + 1e-300)


def electron_screening(matter: MatterState) -> Array:
    """k_sc^2 = 4 pi e^2 dn_e/dmu_e of the electron-positron gas, 1/fm^2, shape (zone,)."""
    derivative = (
        ElectronGas().state(matter.temperature, matter.chemical_potential_electron).density_derivative
    )
    return 4.0 * np.pi * CODATA.coulomb_squared * derivative * 1e-26


def _integrate(amplitude: Array, weight: Array) -> Array:
    """Sum over angles of the squared amplitude."""
    if weight.ndim == 1:
        return (amplitude**2) @ weight
    return np.einsum("zea,zea->ze", amplitude**2, weight)
