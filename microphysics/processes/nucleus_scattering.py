"""Coherent scattering on heavy nuclei: CEvNS, ion correlations and the electron cloud in one angular integral."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from microphysics._registry import FORM_FACTORS, PROCESSES
from microphysics.errors import (
    ExtrapolationWarning,
    MicrophysicsError,
    PhysicsWarning,
    UnknownNameError,
)
from microphysics.matter import SPECIES, MatterState
from microphysics.nuclei import Nucleus
from microphysics.processes.alpha_scattering import alpha_form_factor
from microphysics.processes.angular import AngularQuadrature
from microphysics.processes.plasma_nuclei import (
    Evaluated,
    PlasmaNuclei,
    by_species,
    electron_cloud,
    heavy_nucleus,
    vector_strength,
)
from microphysics.processes.settings import Rates, Settings
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
    species = SPECIES

    def __init__(self, settings: Settings) -> None:
        if settings.electron_polarization not in ELECTRON_POLARIZATIONS:
            raise UnknownNameError(
                "electron polarization", settings.electron_polarization, ELECTRON_POLARIZATIONS
            )
        self.settings = settings
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
        """Return the transport opacity, shape (species, zone, energy)."""
        _warn_of_pasta(matter)
        (scattering,) = self._integrals(energy, matter, lambda x: 1.0 - x * x)
        if hasattr(self.structure, "transport_average"):
            present = np.flatnonzero(matter.number_density_heavy > 0.0)
            scattering[:, present] *= self.structure.transport_average(energy, matter.select(present))
        return Rates(scattering=scattering)

    def legendre(self, energy: Array, matter: MatterState) -> tuple[Array, Array]:
        """Moments of the scattering, int (d kappa/dx) dx and int x (d kappa/dx) dx.

        Their difference is the transport opacity; (2/3) n sigma_0 times the average of S F^2.

        Parameters
        ----------
        energy : ndarray, shape (energy,)
            MeV.
        matter : MatterState
            Zones.

        Returns
        -------
        tuple of ndarray, shape (species, zone, energy)
            1/cm. Correlated nuclei scatter backwards: the second is negative where forward angles are suppressed.

        Raises
        ------
        MicrophysicsError
            For a fit of the transport average: it has no moments.
        """
        if hasattr(self.structure, "transport_average"):
            raise MicrophysicsError(
                f"structure factor '{self.structure.name}' is a fit of the transport average and has no angular "
                "moments: choose one that gives S(q), such as 'table'"
            )
        zeroth, first = self._integrals(energy, matter, lambda x: 1.0 + x, lambda x: x * (1.0 + x))
        return zeroth, first

    def _integrals(
        self, energy: Array, matter: MatterState, *weights: Callable[[Array], Array]
    ) -> list[Array]:
        """Integrate the squared amplitude over angles, with each weight; shape (species, zone, energy), 1/cm."""
        settings = self.settings
        quadrature = AngularQuadrature.of(energy, settings)
        strength = 0.5 * vector_strength(settings) * energy**2
        operators = [strength * quadrature.operator(weight) for weight in weights]
        found: list[Array] = []
        heavy = matter.number_density_heavy > 0.0
        mixture = hasattr(self.structure, "coherent_sum")
        present = np.flatnonzero(heavy | (matter.number_density_alpha > 0.0) if mixture else heavy)
        for start in range(0, present.size, _BLOCK):
            zones = present[start : start + _BLOCK]
            electron, heavy_leptons = self._coherent_density(quadrature.q, matter.select(zones))
            if not found:  # a complex coupling (its derivative by a complex step) makes a complex opacity
                kind = np.result_type(electron, *operators)
                found = [np.zeros((len(SPECIES), heavy.size, energy.size), kind) for _ in operators]
            for target, operator in zip(found, operators, strict=True):
                target[0, zones] = target[1, zones] = electron @ operator
                target[2, zones] = heavy_leptons @ operator
        return found or [np.zeros((len(SPECIES), heavy.size, energy.size)) for _ in operators]

    def _coherent_density(self, q: Array, matter: MatterState) -> tuple[Array, Array]:
        """Return n [A + cloud]^2 S for nue and nux, 1/cm^3, shape (zone, node)."""
        settings = self.settings
        cloud = electron_cloud(q, matter, settings)
        nucleus = heavy_nucleus(matter)
        heavy = PlasmaNuclei(nucleus, Evaluated.at(self.form_factor(nucleus), q), q, cloud, settings)
        if hasattr(self.structure, "coherent_sum"):
            shape = Evaluated.at(alpha_form_factor(settings), q)
            alpha = PlasmaNuclei(Nucleus.named("He4"), shape, q, cloud, settings)
            both = (heavy, alpha)

            def squared(flavor: str) -> Array:
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
