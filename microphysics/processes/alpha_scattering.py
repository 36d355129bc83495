"""Coherent scattering on alpha particles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from microphysics._registry import PROCESSES
from microphysics.matter import MatterState
from microphysics.nuclei import Nucleus
from microphysics.processes.angular import AngularQuadrature
from microphysics.processes.contract import Rates
from microphysics.processes.plasma_nuclei import (
    Evaluated,
    PlasmaNuclei,
    angular_integrals,
    by_species,
    coherent_rows,
    electron_cloud,
    tells_flavors,
)
from microphysics.processes.settings import Settings
from microphysics.weak.form_factors import FormFactor, Gaussian, Point

Array = NDArray[np.float64]

# rms radius of the point-nucleon distribution folded with the nucleon, fm (Krauth et al. 2021, Nature 589, 527: 1.678)
ALPHA_RADIUS = 1.678


@PROCESSES.register("alpha_scattering")
class AlphaScattering:
    """Transport opacity of alphas, uncorrelated with each other and with the heavy nuclei.

    Without form factor sigma_tr = (8/3) sigma0 (E/m_e)^2 sin^4 theta_W (Burrows, Reddy & Thompson 2006). Nothing where
    the structure factor is that of a mixture: `nucleus_scattering` holds the alphas then, with what they do together.
    """

    name = "alpha_scattering"
    references = ("Freedman 1974, PRD 9, 1389", "Burrows, Reddy & Thompson 2006, Nucl. Phys. A 777, 356")

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.species = coherent_rows(settings)
        self.elsewhere = hasattr(settings.structure(), "coherent_sum")

    def __call__(self, energy: Array, matter: MatterState) -> Rates:
        """Return transport opacity and collisions, shape (species, zone, energy)."""
        settings = self.settings
        if self.elsewhere:
            return Rates()
        quadrature = AngularQuadrature.of(energy, settings)
        operator = angular_integrals(quadrature, settings)
        # the electrons' charge matters to what couples like the photon; their own weak charge goes with S(q)
        cloud = electron_cloud(quadrature.q, matter, settings) if tells_flavors(settings) else None
        shape = Evaluated.at(alpha_form_factor(settings), quadrature.q)
        alphas = PlasmaNuclei(Nucleus.named("He4"), shape, quadrature.q, cloud, settings)
        density = matter.number_density_alpha[:, None]

        def opacity(flavor: str) -> Array:
            squared = sum(a**2 for a in alphas.amplitudes(flavor, electrons=False))
            return density * (np.atleast_2d(squared) @ operator)

        scattering, collision = np.split(np.stack(by_species(opacity, settings)), 2, axis=-1)
        return Rates(scattering=scattering, collision=collision)


def alpha_form_factor(settings: Settings) -> FormFactor:
    """Gaussian of the measured radius, or none."""
    return Gaussian(np.asarray(ALPHA_RADIUS)) if settings.alpha_form_factor else Point()
