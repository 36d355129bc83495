"""Coherent scattering on heavy nuclei: CEvNS, ion correlations and the electron cloud in one angular integral."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from microphysics._registry import FORM_FACTORS, PROCESSES
from microphysics.errors import (
    ExtrapolationWarning,
    PhysicsWarning,
    UnknownNameError,
)
from microphysics.matter import MatterState
from microphysics.nuclei import Nucleus
from microphysics.processes.alpha_scattering import alpha_form_factor
from microphysics.processes.angular import AngularQuadrature
from microphysics.processes.contract import Rates
from microphysics.processes.plasma_nuclei import (
    Evaluated,
    PlasmaNuclei,
    angular_integrals,
    by_species,
    coherent_rows,
    electron_cloud,
    heavy_nucleus,
)
from microphysics.processes.settings import Settings
from microphysics.weak.form_factors import form_factor_of

Array = NDArray[np.float64]

ELECTRON_POLARIZATIONS = ("physical", "brt06", "none")
_PASTA = 3e13  # g/cm^3
_BLOCK = 1024  # zones worked on at once, to bound memory; a model counts what leaves its range for each block


@PROCESSES.register("nucleus_scattering")
class NucleusScattering:
    """Transport opacity of the heavy nuclei, and of alphas where the structure factor is that of a mixture.

    kappa_tr = n (G_F^2 E^2/2 pi) int (1 - x^2) [A(q) + Z C_V k_sc^2/(q^2 + k_sc^2)]^2 S(q) dx, with the amplitude A of
    `CEvNS` and q^2 = 2 E^2 (1 - x): form factor, electron cloud and S(q) stand inside one angular integral. A model
    that knows only the average <S> multiplies it from outside; one of a mixture takes sum_ij sqrt(n_i n_j) A_i A_j S_ij
    in place of n A^2 S. Spins are uncorrelated and few: the axial part is left out (about 1/A^2).

    Notes
    -----
    The electrons that screen a nucleus carry weak vector charge, C_V = 1/2 + 2 s^2 for nue and anue, -1/2 + 2 s^2 for
    the others (Leinson, Oraevsky & Semikoz 1988). ``physical`` takes the sign for which the forward amplitude is that
    of neutral matter, n_e - n_n/2 for nue and -n_n/2 for nux; ``brt06`` is the opposite sign for all flavours, as
    printed by Burrows, Reddy & Thompson 2006 (eq. 29) and used by NuLib.
    """

    name = "nucleus_scattering"

    def __init__(self, settings: Settings) -> None:
        if settings.electron_polarization not in ELECTRON_POLARIZATIONS:
            raise UnknownNameError(
                "electron polarization", settings.electron_polarization, ELECTRON_POLARIZATIONS
            )
        self.settings = settings
        self.species = coherent_rows(settings)
        self.form_factor = FORM_FACTORS[settings.form_factor]
        self.structure = settings.structure()
        iron = form_factor_of(settings.form_factor, Nucleus.named("Fe56"))  # refused if F(0) is not 1
        if settings.electron_polarization == "physical" and getattr(
            self.structure, "rigid_background", False
        ):
            self._warn_of_rigid_background()
        self.references = [
            "Freedman 1974, PRD 9, 1389",
            *iron.references,
            *self.structure.references,
        ]
        if settings.electron_polarization != "none":
            self.references.append("Leinson, Oraevsky & Semikoz 1988, Phys. Lett. B 209, 80")
        if settings.electron_polarization == "brt06":
            self.references.append("Burrows, Reddy & Thompson 2006, Nucl. Phys. A 777, 356")

    def _warn_of_rigid_background(self) -> None:
        if self.structure.name != "none":
            warnings.warn(
                f"structure factor '{self.structure.name}' is that of a rigid background, which does not go with "
                "electrons around each nucleus where q < k_sc; take 'table', or electron_polarization = \"none\"",
                PhysicsWarning,
                stacklevel=4,
            )

    def __call__(self, energy: Array, matter: MatterState) -> Rates:
        """Return transport opacity and collisions, shape (species, zone, energy).

        Correlated nuclei scatter backwards: collisions are less than the transport opacity where forward angles are
        suppressed. A fit of the transport average multiplies both, which leaves the anisotropy that of free nuclei.
        """
        _warn_of_pasta(matter)
        scattering, collision = self._integrals(energy, matter)
        if hasattr(self.structure, "transport_average"):
            present = np.flatnonzero(matter.number_density_heavy > 0.0)
            average = self.structure.transport_average(energy, matter.select(present))
            scattering[:, present] *= average
            collision[:, present] *= average
        return Rates(scattering=scattering, collision=collision)

    def _integrals(self, energy: Array, matter: MatterState) -> tuple[Array, Array]:
        """Integrate the squared amplitude over angles with (1 - x)(1 + x) and 1 + x; (species, zone, energy), 1/cm."""
        quadrature = AngularQuadrature.of(energy, self.settings)
        operator = angular_integrals(quadrature, self.settings)
        found: Array | None = None
        heavy = matter.number_density_heavy > 0.0
        mixture = hasattr(self.structure, "coherent_sum")
        present = np.flatnonzero(heavy | (matter.number_density_alpha > 0.0) if mixture else heavy)
        for start in range(0, present.size, _BLOCK):
            zones = present[start : start + _BLOCK]
            densities = self._coherent_densities(quadrature.q, matter.select(zones))
            if found is None:  # a complex coupling (its derivative by a complex step) makes a complex opacity
                kind = np.result_type(densities[0], operator)
                found = np.zeros((len(self.species), heavy.size, 2 * energy.size), kind)
            products = {id(values): values @ operator for values in densities}
            for target, values in zip(found, densities, strict=True):
                target[zones] = products[id(values)]
        if found is None:
            found = np.zeros((len(self.species), heavy.size, 2 * energy.size))
        return found[..., : energy.size], found[..., energy.size :]

    def _coherent_densities(self, q: Array, matter: MatterState) -> list[Array]:
        """Return n [A + cloud]^2 S of every row, 1/cm^3, shape (zone, node); the same array for rows that are alike."""
        settings = self.settings
        cloud = electron_cloud(q, matter, settings)
        nucleus = heavy_nucleus(matter)
        heavy = PlasmaNuclei(nucleus, Evaluated.at(self.form_factor(nucleus), q), q, cloud, settings)
        if hasattr(self.structure, "coherent_sum"):
            shape = Evaluated.at(alpha_form_factor(settings), q)
            alpha = PlasmaNuclei(Nucleus.named("He4"), shape, q, cloud, settings)
            both = (heavy, alpha)

            def squared(flavor: str) -> Array:
                """Return the squared amplitude of the mixture of both kinds, summed over couplings."""
                every = zip(*(kind.amplitudes(flavor) for kind in both), strict=True)
                sums = [self._mixed(pair, q, matter) for pair in every]
                return np.sum(sums, axis=0)

            return by_species(squared, settings)
        weight = np.broadcast_to(matter.number_density_heavy[:, None], (matter.density.size, q.size))
        if not hasattr(self.structure, "transport_average"):
            weight = weight * self.structure(np.broadcast_to(q, weight.shape), matter)
        return by_species(lambda flavor: weight * sum(a**2 for a in heavy.amplitudes(flavor)), settings)

    def _mixed(self, amplitudes: tuple[Array, ...], q: Array, matter: MatterState) -> Array:
        shape = (matter.density.size, q.size)
        return self.structure.coherent_sum(
            np.stack([np.broadcast_to(a, shape) for a in amplitudes]), q, matter
        )


def _warn_of_pasta(matter: MatterState) -> None:
    """Count zones in which nuclei are no longer spheres apart (Horowitz, Perez-Garcia & Piekarewicz 2004, PRC 69, 045804)."""
    dense = (matter.density > _PASTA) & (matter.mass_fraction_heavy > 0.01)
    if dense.any():
        warnings.warn(
            f"{int(dense.sum())} zone(s) above {_PASTA:.0e} g/cm3 hold nuclei, which touch and change their shape there: "
            "scattering on them is that of spheres, and too strong",
            ExtrapolationWarning,
            stacklevel=3,
        )
