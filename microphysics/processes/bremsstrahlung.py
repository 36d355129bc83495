"""Nucleon-nucleon bremsstrahlung N N <-> N N nu nubar as a process, with its alternatives."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics._registry import PROCESSES
from microphysics.errors import MicrophysicsError
from microphysics.matter import MatterState
from microphysics.processes.bremsstrahlung_kernels import (
    HannestadRaffelt,
    StructureFunction,
    equilibrium_integral,
    kernels,
    medium_factor,
    opacity_front,
    unblocked_integral,
)
from microphysics.processes.bremsstrahlung_table import read_structure_table
from microphysics.processes.contract import PairKernel, Rates
from microphysics.processes.partner import degeneracies
from microphysics.processes.settings import Settings

__all__ = ["Bremsstrahlung", "SimpleBremsstrahlung", "bremsstrahlung", "nucleon_pair_emission"]

Array = NDArray[np.float64]

# every flavour couples alike; they differ by their mu_nu alone
_ROWS = {"heavy": ("nux",), "all": ("nue", "anue", "nux")}
_FISCHER = "Fischer 2016, A&A 593, A103"

# The fit of Burrows, Reddy & Thompson 2006 (1.04e30 there) with its later correction by a factor of 2, as NuLib has it;
# erg/cm^3/s at rho_14 = T = 1 MeV
_EMISSIVITY = 2.0778e30
_SUPPRESSION = 0.5  # zeta of the same paper


class _NucleonPairs:
    """What all forms share: species, medium, and the partner."""

    name = "bremsstrahlung"

    def __init__(self, settings: Settings) -> None:
        self.couplings = settings.couplings
        self.partner = settings.pair_partner
        self.species = _ROWS[settings.pair_species]
        self.in_medium = settings.bremsstrahlung_medium == "fischer2016"

    def _medium(self, matter: MatterState) -> Any:
        return medium_factor(matter) if self.in_medium else 1.0

    def _references(self, *papers: str) -> tuple[str, ...]:
        return (*papers, _FISCHER) if self.in_medium else papers


class Bremsstrahlung(_NucleonPairs):
    """Absorption of pairs by nucleons and their kernels, from a structure function.

    R^a = K (3 - cos theta) sum_ch w_ch n_ch S_ch(E + E'), `bremsstrahlung_kernels`. The neutrinos couple to the spin of free
    nucleons, each of which meets another one; nuclei take no part. ``pair_partner = "unblocked"`` is kappa* = j/B with the
    emission into empty space; with ``equilibrium`` the partner has the temperature of the matter and -mu_nu (as in `pairs`).
    ``bremsstrahlung_medium = "fischer2016"`` multiplies by (1 + (n_b/n_0)^(1/3)/3)^-6. Zones without mu_nu have no opacity of
    nue and anue.

    The fit of Hannestad & Raffelt stays finite and positive over all states of matter, beyond where it was compared with
    its integral too.

    Parameters
    ----------
    settings : Settings
    structure : StructureFunction, optional
        By default what `settings` names: the fit of Hannestad & Raffelt 1998 or a table.
    """

    def __init__(self, settings: Settings, structure: StructureFunction | None = None) -> None:
        super().__init__(settings)
        self.structure = structure if structure is not None else _structure(settings)
        self.references = self._references(*self.structure.references)

    def __call__(self, energy: Array, matter: MatterState) -> Rates:
        """Return the absorption opacity, shape (species, zone, energy)."""
        eta, defined = degeneracies(self.name, matter, self.species, self.partner)
        front = (opacity_front(matter, self.couplings) * self._medium(matter))[:, None]
        if self.partner == "equilibrium":
            integrals = [equilibrium_integral(energy, matter, self.structure, one) for one in eta]
        else:
            x = energy / matter.temperature[:, None]
            whole = unblocked_integral(energy, matter, self.structure)
            # e^-x/f_eq
            integrals = [np.exp(np.logaddexp(-x, -one[:, None])) * whole for one in eta]
        return Rates(absorption=front * np.stack(integrals) * defined[:, :, None])

    def kernels(self, energy: Array, matter: MatterState) -> PairKernel:
        """Return the annihilation kernels, shape (species, zone, energy, partner energy), one array for all species."""
        factor = np.broadcast_to(self._medium(matter), matter.density.shape)[:, None, None]
        phi_0, phi_1 = (factor * phi for phi in kernels(energy, matter, self.couplings, self.structure))
        shape = (len(self.species), *phi_0.shape)
        return PairKernel(
            species=self.species,
            annihilation_0=np.broadcast_to(phi_0, shape),
            annihilation_1=np.broadcast_to(phi_1, shape),
            boltzmann=np.exp(-(energy[:, None] + energy) / matter.temperature[:, None, None]),
        )


class SimpleBremsstrahlung(_NucleonPairs):
    """Absorption that balances a fitted emission; there is no kernel behind it.

    One species emits j(E) = 0.234 Q x^2.4 e^(-1.1 x)/(4 pi T), x = E/T, with Q = 2.0778e30 zeta
    (X_n^2 + X_p^2 + 28/3 X_n X_p) rho_14^2 T^5.5 erg/cm^3/s (Burrows, Reddy & Thompson 2006, with the factor of 2 of
    NuLib, O'Connor 2015); kappa* = j/B with B = c E^3 f_eq/(2 pi hbar c)^3, the exponentials divided out so that nothing
    underflows. The partner neutrino is not blocked.

    Raises
    ------
    MicrophysicsError
        With ``pair_partner = "equilibrium"``, for which an emission is not enough.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        if self.partner == "equilibrium":
            raise MicrophysicsError(
                'bremsstrahlung = "burrows2006" is a fit of the emission past no partner: pair_partner = "equilibrium" needs '
                'bremsstrahlung = "hannestad1998" or "table"'
            )
        self.references = self._references(
            "Burrows, Reddy & Thompson 2006, Nucl. Phys. A 777, 356", "O'Connor 2015, ApJS 219, 24"
        )

    def __call__(self, energy: Array, matter: MatterState) -> Rates:
        """Return the absorption opacity, shape (species, zone, energy)."""
        c = self.couplings.constants
        eta, defined = degeneracies(self.name, matter, self.species, self.partner)
        t = matter.temperature[:, None]
        x = energy / t
        rate = (
            nucleon_pair_emission(matter) * self._medium(matter) * self.couplings.weak_scale / c.erg_per_mev
        )
        blackbody = c.speed_of_light * energy**3 / (2.0 * np.pi * c.hbar_c) ** 3
        # x^2.4 e^-1.1x/f_eq, without e^x
        shape = x**2.4 * np.exp(np.logaddexp(-0.1 * x - eta[:, :, None], -1.1 * x))
        absorption = 0.234 * rate[:, None] * shape / (4.0 * np.pi * t) / blackbody
        return Rates(absorption=absorption * defined[:, :, None])


@PROCESSES.register("bremsstrahlung")
def bremsstrahlung(settings: Settings) -> Bremsstrahlung | SimpleBremsstrahlung:
    """Return the form that `settings` names."""
    return (
        SimpleBremsstrahlung(settings)
        if settings.bremsstrahlung == "burrows2006"
        else Bremsstrahlung(settings)
    )


def nucleon_pair_emission(matter: MatterState) -> Array:
    """Energy Q that both neutrinos of the pairs of one flavour carry off, erg/cm^3/s, shape (zone,)."""
    n, p = matter.mass_fraction_neutron, matter.mass_fraction_proton
    pairs = n**2 + p**2 + 28.0 / 3.0 * n * p
    return _EMISSIVITY * _SUPPRESSION * pairs * (matter.density / 1e14) ** 2 * matter.temperature**5.5


def _structure(settings: Settings) -> StructureFunction:
    if settings.bremsstrahlung == "hannestad1998":
        return HannestadRaffelt(settings.couplings.constants)
    if settings.bremsstrahlung_table is None:
        raise MicrophysicsError(
            'bremsstrahlung = "table" needs bremsstrahlung_table, the path of a table of the structure function'
        )
    return read_structure_table(settings.bremsstrahlung_table, settings.on_out_of_range)
