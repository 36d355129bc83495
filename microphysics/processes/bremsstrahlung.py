"""Nucleon-nucleon bremsstrahlung N N <-> N N nu nubar, simple form, for heavy-lepton neutrinos."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from microphysics._registry import PROCESSES
from microphysics.matter import MatterState
from microphysics.processes.settings import Rates, Settings

Array = NDArray[np.float64]

# The fit of Burrows, Reddy & Thompson 2006 (1.04e30 there) with its later correction by a factor of 2, as NuLib has it;
# erg/cm^3/s at rho_14 = T = 1 MeV
_EMISSIVITY = 2.0778e30
_SUPPRESSION = 0.5  # zeta of the same paper


@PROCESSES.register("bremsstrahlung")
class Bremsstrahlung:
    """Absorption of nux that balances the emission of nucleon pairs.

    One species emits j(E) = 0.234 Q x^2.4 e^(-1.1 x)/(4 pi T), x = E/T, with Q = 2.0778e30 zeta
    (X_n^2 + X_p^2 + 28/3 X_n X_p) rho_14^2 T^5.5 erg/cm^3/s (Burrows, Reddy & Thompson 2006, with the factor of 2 of
    NuLib, O'Connor 2015); kappa* = j/B with B = c E^3 f_eq/(2 pi hbar c)^3, the exponentials divided out so that nothing
    underflows. The partner neutrino is not blocked (NuLib's convention; blocking by an equilibrium partner lowers the
    luminosity by 2-3 %).
    """

    name = "bremsstrahlung"
    species = ("nux",)
    references = ("Burrows, Reddy & Thompson 2006, Nucl. Phys. A 777, 356", "O'Connor 2015, ApJS 219, 24")

    def __init__(self, settings: Settings) -> None:
        self.couplings = settings.couplings

    def __call__(self, energy: Array, matter: MatterState) -> Rates:
        """Return the absorption opacity, shape (species, zone, energy)."""
        c = self.couplings.constants
        t = matter.temperature[:, None]
        x = energy / t
        rate = (
            nucleon_pair_emission(matter)[:, None] * self.couplings.weak_scale / c.erg_per_mev
        )  # MeV/cm^3/s
        # (e^x + 1) x^2.4 e^-1.1x, without e^x
        shape = x**2.4 * (np.exp(-0.1 * x) + np.exp(-1.1 * x))
        blackbody = c.speed_of_light * energy**3 / (2.0 * np.pi * c.hbar_c) ** 3
        nux = 0.234 * rate * shape / (4.0 * np.pi * t) / blackbody
        return Rates(absorption=np.stack([np.zeros_like(nux), np.zeros_like(nux), nux]))


def nucleon_pair_emission(matter: MatterState) -> Array:
    """Energy Q that both neutrinos of the pairs of one flavour carry off, erg/cm^3/s, shape (zone,)."""
    n, p = matter.mass_fraction_neutron, matter.mass_fraction_proton
    pairs = n**2 + p**2 + 28.0 / 3.0 * n * p
    return _EMISSIVITY * _SUPPRESSION * pairs * (matter.density / 1e14) ** 2 * matter.temperature**5.5
