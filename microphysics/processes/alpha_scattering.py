"""Coherent scattering on alpha particles."""

from __future__ import annotations

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray

from microphysics._registry import PROCESSES
from microphysics.matter import SPECIES, MatterState
from microphysics.nuclei import Nucleus
from microphysics.processes.settings import Rates, Settings
from microphysics.weak.cevns import CEvNS
from microphysics.weak.form_factors import FormFactor, Gaussian, Point

Array = NDArray[np.float64]

# rms radius of the point-nucleon distribution folded with the nucleon, fm (Krauth et al. 2021, Nature 589, 527: 1.678)
ALPHA_RADIUS = 1.678


@PROCESSES.register("alpha_scattering")
class AlphaScattering:
    """Transport opacity of alphas, uncorrelated with each other and with the heavy nuclei.

    Without form factor sigma_tr = (8/3) sigma0 (E/m_e)^2 sin^4 theta_W (Burrows, Reddy & Thompson 2006).
    """

    name = "alpha_scattering"
    species = SPECIES
    references = ("Freedman 1974, PRD 9, 1389", "Burrows, Reddy & Thompson 2006, Nucl. Phys. A 777, 356")

    def __init__(self, settings: Settings) -> None:
        form_factor: FormFactor = (
            Gaussian(np.asarray(ALPHA_RADIUS)) if settings.alpha_form_factor else Point()
        )
        self.cross_section = CEvNS(Nucleus.named("He4"), form_factor, settings.couplings)
        self.angle_nodes = settings.angle_nodes

    def __call__(self, energy: Array, matter: MatterState) -> Rates:
        """Return the transport opacity, shape (species, zone, energy)."""
        cosine, weight = leggauss(self.angle_nodes)
        sigma = self.cross_section.dsigma_dcos(energy[:, None], cosine) @ (weight * (1.0 - cosine))
        one = matter.number_density_alpha[:, None] * sigma
        return Rates(scattering=np.broadcast_to(one, (len(SPECIES), *one.shape)))
