"""Electron-positron pairs e- e+ <-> nu nubar: opacity and kernels of `pair_kernels` as a process."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from microphysics._registry import PROCESSES
from microphysics.matter import GROUPS, MatterState
from microphysics.processes.contract import PairKernel, Rates
from microphysics.processes.pair_kernels import equilibrium_opacities, shortcut_opacities, structures
from microphysics.processes.partner import ROWS, degeneracies
from microphysics.processes.settings import Settings

Array = NDArray[np.float64]


@PROCESSES.register("pair")
class Pair:
    """Absorption by e- e+ pairs, and their kernels (Bruenn 1985, massless electrons).

    ``pair_species`` says for whom: heavy-lepton neutrinos, which have few other sources, or all. ``pair_partner``:

    ``unblocked``
        kappa* = j/B with the emission into empty space, as peers have it. Exact if the partner is in equilibrium and thinly
        populated; `partner.degeneracies` bounds it where the partner is a deep Fermi sea.
    ``equilibrium``
        The partner has the temperature of the matter and -mu_nu, kappa* = 2 pi/(c (2 pi hbar c)^3) int E'^2 [f' Phi_0^a +
        (1 - f') Phi_0^p] dE'. j = kappa* B is then the emission past a blocked partner.

    Zones without free nucleons have no mu_nu, and no opacity of nue and anue.
    """

    name = "pair"
    references = ("Bruenn 1985, ApJS 58, 771", "Pons, Miralles & Ibanez 1998, A&AS 129, 343")

    def __init__(self, settings: Settings) -> None:
        self.couplings = settings.couplings
        self.partner = settings.pair_partner
        self.species = ROWS[settings.pair_species]

    def __call__(self, energy: Array, matter: MatterState) -> Rates:
        """Return the absorption opacity, shape (species, zone, energy)."""
        eta, defined = degeneracies(self.name, matter, self.species, self.partner)
        electrons = matter.chemical_potential_electron / matter.temperature
        opacities = shortcut_opacities if self.partner == "unblocked" else equilibrium_opacities
        by_flavor = {GROUPS[row][0]: values for row, values in zip(self.species, eta, strict=True)}
        kappa = opacities(energy, matter.temperature, electrons, self.couplings, by_flavor)
        return Rates(absorption=kappa * defined[:, :, None])

    def kernels(self, energy: Array, matter: MatterState) -> PairKernel:
        """Return the annihilation kernels, shape (species, zone, energy, partner energy)."""
        electrons = matter.chemical_potential_electron / matter.temperature
        both = structures(energy, matter.temperature, electrons, self.couplings)
        moments = []
        for row in self.species:
            vector, axial = self.couplings.electron_couplings(GROUPS[row][0])
            moments.append((vector + axial) ** 2 * both.plus + (vector - axial) ** 2 * both.minus)
        annihilation = np.stack(moments, axis=1)
        return PairKernel(
            species=self.species,
            annihilation_0=annihilation[0],
            annihilation_1=annihilation[1],
            boltzmann=both.boltzmann,
        )
