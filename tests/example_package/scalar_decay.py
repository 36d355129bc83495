"""Decay of heavy-lepton neutrinos to a lighter one and a massless scalar: a process of another package."""

import numpy as np

from microphysics.processes.contract import Rates

LIFETIME_OVER_MASS = 1e-6  # s/eV, the strength: of one's own choice


class ScalarDecay:
    """Inverse mean free path m/(tau E c) of relativistic neutrinos; what decays is lost and does not come back."""

    name = "scalar_decay"
    species = ("nux",)
    references = ("Chikashige, Mohapatra & Peccei 1981, Phys. Lett. B 98, 265",)

    def __init__(self, settings):
        self.speed_of_light = settings.couplings.constants.speed_of_light

    def __call__(self, energy, matter):
        """Return the absorption opacity, shape (species, zone, energy)."""
        opacity = 1.0 / (LIFETIME_OVER_MASS * 1e6 * energy * self.speed_of_light)  # E in MeV, tau/m in s/eV
        return Rates(absorption=np.broadcast_to(opacity, (1, matter.density.size, energy.size)))
