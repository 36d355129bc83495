"""Nucleon-nucleon bremsstrahlung N N <-> N N nu nubar: kernels with l = 0 and 1 and opacities from a structure function.

With w the energy of both neutrinos and theta the angle between them, annihilation of the pair has
R^a = K (3 - cos theta) sum_ch w_ch n_ch S_ch(w), K = (g_A/2)^2 G_F^2 (hbar c)^6/hbar, and production R^p = e^(-w/T) R^a, so
that Phi_0 = 6 K sum and Phi_1 = -(2/3) K sum in R = Phi_0/2 + 3/2 Phi_1 cos(theta) (Hannestad & Raffelt 1998, ApJ 507, 339).
What supplies the sum is a `StructureFunction`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from microphysics._kernels.bremsstrahlung import (
    GRID,
    emission_integrals,
    hannestad_raffelt,
    pair_energies,
    partner_integrals,
    points_between,
)
from microphysics._kernels.partner import REACH
from microphysics.constants import CODATA, Constants
from microphysics.matter import MatterState
from microphysics.weak.couplings import WeakCouplings

__all__ = [
    "CHANNELS",
    "HannestadRaffelt",
    "StructureFunction",
    "equilibrium_integral",
    "kernels",
    "medium_factor",
    "opacity_front",
    "unblocked_integral",
]

Array = NDArray[np.float64]
Points = NDArray[np.int64]

CHANNELS = (1.0, 1.0, 28.0 / 3.0)
"""w_ch of nn, pp and np pairs."""
_SATURATION = 0.15e39  # baryons per cm^3 (Fischer 2016)


class StructureFunction(Protocol):
    """Supplies the structure function of nucleon pairs."""

    @property
    def references(self) -> tuple[str, ...]:
        """Papers."""
        ...

    def logarithm(self, matter: MatterState, first: Points, last: Points) -> Array:
        """Ln of T sum_ch w_ch n_ch S_ch at w/T = `GRID`, n in 1/cm^3, shape (zone, point).

        Only points from `first` to `last` of each zone are asked for; -inf at all of them means no nucleons.
        """
        ...


@dataclass(frozen=True)
class HannestadRaffelt:
    """Fit to one-pion exchange with multiple scattering, for any degeneracy (Hannestad & Raffelt 1998, sect. 4).

    Attributes
    ----------
    constants : Constants
        Masses of the nucleons.
    """

    constants: Constants = CODATA
    references: tuple[str, ...] = ("Hannestad & Raffelt 1998, ApJ 507, 339",)

    def logarithm(self, matter: MatterState, first: Points, last: Points) -> Array:
        """As in `StructureFunction`."""
        c = self.constants
        n, p = matter.number_density_neutron, matter.number_density_proton
        density = np.stack([n, p, np.sqrt(n * p)], axis=1)
        mass = np.array([c.neutron_mass, c.proton_mass, 0.5 * (c.neutron_mass + c.proton_mass)])
        momentum = c.hbar_c * np.cbrt(3.0 * np.pi**2 * density)
        degeneracy = momentum**2 / (2.0 * mass * matter.temperature[:, None])
        out = np.empty((matter.density.size, GRID.size))
        hannestad_raffelt(matter.temperature / 10.0, degeneracy, density * CHANNELS, first, last, out)
        return out


def medium_factor(matter: MatterState) -> Array:
    """Suppression in a dense medium, (1 + (n_b/n_0)^(1/3)/3)^-6 (Fischer 2016, A&A 593, A103), shape (zone,)."""
    return (1.0 + np.cbrt(matter.baryon_density / _SATURATION) / 3.0) ** -6.0


def kernels(
    energy: Array, matter: MatterState, couplings: WeakCouplings, structure: StructureFunction
) -> tuple[Array, Array]:
    """Annihilation kernels Phi_0 and Phi_1 of one flavour with its antiparticle.

    Parameters
    ----------
    energy : ndarray, shape (energy,)
        MeV, > 0.
    matter : MatterState
    couplings : WeakCouplings
        Fermi constant and g_A, which may be complex for a complex step.
    structure : StructureFunction

    Returns
    -------
    tuple of ndarray
        cm^3/s, shape (zone, energy, partner energy); production is e^(-(E + E')/T) times that.
    """
    scaled, first = _scaled(matter, structure, 2.0 * energy.min(), 2.0 * energy.max(), 0.0)
    total = np.empty((matter.density.size, energy.size, energy.size))
    pair_energies(energy, matter.temperature, scaled, first, total)
    total /= matter.temperature[:, None, None]
    strength = _strength(couplings)
    return 6.0 * strength * total, -2.0 / 3.0 * strength * total


def unblocked_integral(energy: Array, matter: MatterState, structure: StructureFunction) -> Array:
    """Int y^2 e^-y T sum_ch w_ch n_ch S_ch(x + y) dy with x = E/T, y = E'/T; shape (zone, energy), 1/cm^3.

    Parameters
    ----------
    energy : ndarray, shape (energy,)
        MeV, rising.
    matter : MatterState
    structure : StructureFunction

    Returns
    -------
    ndarray, shape (zone, energy)
        To 1e-5 of an integral over the structure function itself.
    """
    scaled, first = _scaled(matter, structure, energy[0], energy[-1], REACH)
    out = np.empty((matter.density.size, energy.size))
    emission_integrals(energy, matter.temperature, scaled, first, out)
    return out


def equilibrium_integral(
    energy: Array, matter: MatterState, structure: StructureFunction, degeneracy: Array
) -> Array:
    """As `unblocked_integral`, with the partner in equilibrium.

    Int y^2 (1 + e^(eta - x)) f'(y) T sum_ch w_ch n_ch S_ch(x + y) dy, f' = 1/(1 + e^(y + eta)).

    Parameters
    ----------
    energy, matter, structure
        As in `unblocked_integral`.
    degeneracy : ndarray, shape (zone,)
        eta = mu_nu/T of the neutrino whose opacity is wanted.
    """
    reach = REACH + np.maximum(-degeneracy, 0.0)
    scaled, first = _scaled(matter, structure, energy[0], energy[-1], reach)
    out = np.empty((matter.density.size, energy.size))
    partner_integrals(energy, matter.temperature, np.ascontiguousarray(degeneracy), scaled, first, out)
    return out


def opacity_front(matter: MatterState, couplings: WeakCouplings) -> Any:
    """Return the factor of the integrals in kappa*, 2 pi 6 K T^2/(c (2 pi hbar c)^3), cm^2; shape (zone,)."""
    c = couplings.constants
    volume = c.speed_of_light * (2.0 * math.pi * c.hbar_c) ** 3
    return 12.0 * math.pi * _strength(couplings) / volume * matter.temperature**2


def _strength(couplings: WeakCouplings) -> Any:
    """K = (g_A/2)^2 G_F^2 (hbar c)^6/hbar, MeV cm^6/s, from sigma0, so that one number sets every rate."""
    c = couplings.constants
    squared = couplings.sigma0 * math.pi / (4.0 * c.electron_mass**2) * c.hbar_c**3 * c.speed_of_light
    return (0.5 * couplings.axial_coupling) ** 2 * squared


def _scaled(
    matter: MatterState, structure: StructureFunction, low: float, high: float, reach: Any
) -> tuple[Array, Points]:
    """Logarithm of the structure function for w from `low` to `high` MeV and `reach` T beyond; its first points."""
    t = matter.temperature
    first, last = points_between(low / t, high / t + reach)
    return structure.logarithm(matter, first, last), first
