"""Nucleons that take part in charged currents, and what to do where densities and chemical potentials contradict.

In a gas in mean fields mu_0 = mu_n - mu_p - (Q + U_n - U_p) is T times the difference of the degeneracies that the densities
have. Files often break this: mean fields left out, light clusters counted as nucleons, tables interpolated. One rule
then holds at every level: the densities set the strength, the chemical potentials the balance between a reaction and its
inverse (f_eq is made of them), the mean fields the energy of the lepton.
"""

from __future__ import annotations

import math
import warnings

import numpy as np
from numpy.typing import NDArray

from microphysics.eos.nucleons import NEUTRON_GAS, NucleonGas
from microphysics.errors import ExtrapolationWarning, UnknownNameError
from microphysics.matter import MatterState
from microphysics.processes.contract import occupation
from microphysics.weak.couplings import WeakCouplings

Array = NDArray[np.float64]

# below this |mu_0/T| numerator and denominator of Bruenn C14 lose digits and the limit is good to its square
_EQUAL_POTENTIALS = 1e-6
_ONE_KIND = 500.0  # |mu_0/T| that stands for infinity

# what `contradictions` looks at
_FACTOR_OF_TWO = math.log(2.0)
_JUMPS = 0.01  # share of zones that may straddle one
_FEW = 1e-3  # mass fraction of free nucleons below which nothing hangs on them
# g/cm^3 of matter in nuclei: they fill a tenth of the volume, and nucleons per volume are no longer the gas outside
_CROWDED = 3e13


def energy_transfer(matter: MatterState, couplings: WeakCouplings) -> Array:
    """Q_eff = m_n - m_p + U_n - U_p, MeV, shape (zone,) (Reddy, Prakash & Lattimer 1998)."""
    return couplings.constants.nucleon_mass_difference + matter.mean_field_neutron - matter.mean_field_proton


def nucleon_blocking(
    matter: MatterState, couplings: WeakCouplings, blocking: str = "clipped"
) -> tuple[Array, Array]:
    """Nucleons that can take part, with final-state blocking (Bruenn 1985, eq. C14).

    Parameters
    ----------
    matter : MatterState
        Zones.
    couplings : WeakCouplings
        Supplies the mass difference.
    blocking : str
        ``clipped`` takes the numbers from the densities and only the balance from the potentials, and keeps
        0 <= eta_np <= n_n and 0 <= eta_pn <= n_p, which any Fermi gas obeys; ``raw`` is the bare formula.

    Returns
    -------
    eta_np, eta_pn : ndarray, shape (zone,)
        For n -> p and p -> n, 1/cm^3; always eta_pn = eta_np exp(-mu_0/T), mu_0 = mu_n - mu_p - Q_eff.

    Notes
    -----
    Bruenn's (n_n - n_p)/(1 - exp(-mu_0/T)) holds for nucleons of one mass. Potentials of the two real masses
    make mu_0 vanish 0.2 % away from n_n = n_p, so that the quotient is off by 5 % at Y_e = 0.49 and without
    bound closer to 1/2. ``clipped`` therefore forms it with mu_0 of two free gases of equal mass and the
    given densities. The logarithms of eta_np and eta_pn share what the given mu_0/T differs by, the rarer
    kind taking most of it.
    """
    if blocking not in ("clipped", "raw"):
        raise UnknownNameError("blocking", blocking, ("clipped", "raw"))
    x, present = _balance(matter, couplings)
    larger = _larger_number(matter, x) if blocking == "raw" else _consistent_number(matter, x)
    # the larger of the two, then the other by the Boltzmann factor: neither overflows
    larger = np.where(present, larger, 0.0)
    smaller = larger * np.exp(-np.abs(x))
    return np.where(x > 0.0, larger, smaller), np.where(x > 0.0, smaller, larger)


def gas_potentials(
    matter: MatterState, couplings: WeakCouplings, mass: float, blocking: str = "clipped"
) -> tuple[Array, Array, Array]:
    """Chemical potentials for the kinematics of moving nucleons, and a common factor of both directions.

    Parameters
    ----------
    matter : MatterState
        Zones.
    couplings : WeakCouplings
        Supplies the mass difference.
    mass : float
        Of both nucleons, MeV.
    blocking : str
        ``raw`` takes the potentials as they stand, whatever the densities; ``clipped`` those of gases of the given densities,
        moved until their difference is mu_0, the rarer kind taking most of it as in `nucleon_blocking`.

    Returns
    -------
    neutron, proton : ndarray, shape (zone,)
        From each nucleon's mean field and rest mass, MeV; neutron - proton = mu_0. NaN where there are no nucleons.
    factor : ndarray, shape (zone,)
        1, or what keeps both kinds from being more than there are.
    """
    x, present = _balance(matter, couplings)
    t = matter.temperature
    if blocking == "raw":
        neutron = matter.chemical_potential_neutron - matter.mean_field_neutron
        return np.where(present, neutron, np.nan), np.where(present, neutron - x * t, np.nan), np.ones_like(t)
    gas = NucleonGas(mass)
    numbers = matter.number_density_neutron, matter.number_density_proton
    own = [gas.chemical_potential(np.where(n > 0.0, n, 1.0), t) for n in numbers]
    both = (numbers[0] > 0.0) & (numbers[1] > 0.0)
    # a kind that is absent takes the whole difference
    share = np.where(both, occupation((own[0] - own[1]) / t), np.where(numbers[0] > 0.0, 0.0, 1.0))
    # made from the abundant kind, so that the difference is mu_0 to rounding
    shift = x * t - (own[0] - own[1])
    neutron = np.where(share < 0.5, own[0] + share * shift, own[1] - (1.0 - share) * shift + x * t)
    proton = np.where(share < 0.5, neutron - x * t, own[1] - (1.0 - share) * shift)
    factor = np.ones_like(t)
    for number, potential in zip(numbers, (neutron, proton), strict=True):
        there = np.where(number > 0.0, number, np.inf)  # a kind that is absent bounds nothing
        found = gas.state(t, potential).density
        bound = np.divide(there, found, out=np.ones_like(t), where=found > there)
        factor = np.minimum(factor, bound)
    return np.where(present, neutron, np.nan), np.where(present, proton, np.nan), factor


def contradictions(matter: MatterState, couplings: WeakCouplings) -> tuple[Array, Array]:
    """Distance of mu_n - mu_p from that of gases of the given densities in the given mean fields.

    Parameters
    ----------
    matter : MatterState
        Zones.
    couplings : WeakCouplings
        Supplies the mass difference.

    Returns
    -------
    difference : ndarray, shape (zone,)
        Given less expected, MeV.
    relative : ndarray, shape (zone,)
        Its size over T + E_F of the more abundant kind: ln 2 is a factor of two in the number of one kind. 0 where
        the comparison says nothing: a kind is absent, nucleons are below 1e-3 of the mass, or nuclei fill more than a
        tenth of the volume.
    """
    x, present = _balance(matter, couplings)
    neutron, proton, both = _free_degeneracies(matter)
    free = matter.mass_fraction_neutron + matter.mass_fraction_proton
    crowded = matter.mass_fraction_heavy * matter.density > _CROWDED
    difference = (x - (neutron - proton)) * matter.temperature
    relative = np.abs(x - (neutron - proton)) / (1.0 + np.maximum(np.maximum(neutron, proton), 0.0))
    seen = present & both & (free > _FEW) & ~crowded
    return np.where(seen, difference, 0.0), np.where(seen, relative, 0.0)


def warn_of_contradictions(matter: MatterState, couplings: WeakCouplings, name: str) -> None:
    """Say once how many zones contradict themselves by more than a factor of two, and by how much the worst.

    Below a factor of two the rates are no worse than what level 0 leaves out; the built-in equation of state stays
    below 0.7 of that over its whole domain. Less than one zone in a hundred is what interpolation makes of a jump in the
    composition of a star, and is not said.
    """
    difference, relative = contradictions(matter, couplings)
    wrong = np.flatnonzero(relative > _FACTOR_OF_TWO)
    if wrong.size <= _JUMPS * relative.size:
        return
    first, worst = wrong[0], int(np.argmax(relative))
    warnings.warn(
        f"{name}: composition and chemical potentials contradict each other in {wrong.size} of {relative.size} zones, the "
        f"first is zone {first}: mu_n - mu_p is {difference[first]:+.3g} MeV from that of free nucleons of its densities "
        f"in its mean fields (zone {worst}, the worst: {difference[worst]:+.3g} MeV at T = {matter.temperature[worst]:.3g} "
        "MeV); the densities set the strength, the potentials the balance, the mean fields the energies",
        ExtrapolationWarning,
        stacklevel=3,
    )


def _balance(matter: MatterState, couplings: WeakCouplings) -> tuple[Array, NDArray[np.bool_]]:
    """mu_0/T, 1 where undefined, and where it is defined."""
    x = (matter.chemical_potential_difference - energy_transfer(matter, couplings)) / matter.temperature
    present = np.isfinite(x) & (matter.number_density_neutron + matter.number_density_proton > 0.0)
    return np.where(present, x, 1.0), present


def _free_degeneracies(matter: MatterState) -> tuple[Array, Array, NDArray[np.bool_]]:
    """mu/T of both nucleons as free gases of equal mass (of one per cm^3 where one is absent), and where neither is."""
    neutrons, protons, t = matter.number_density_neutron, matter.number_density_proton, matter.temperature
    both = (neutrons > 0.0) & (protons > 0.0)
    neutron, proton = (
        NEUTRON_GAS.chemical_potential(np.where(both, n, 1.0), t) / t for n in (neutrons, protons)
    )
    return neutron, proton, both


def _larger_number(matter: MatterState, x: Array) -> Array:
    """Bruenn's quotient: eta_np where x = mu_0/T > 0, eta_pn elsewhere; T dn/dmu where x = 0."""
    neutrons, protons = matter.number_density_neutron, matter.number_density_proton
    small = np.abs(x) < _EQUAL_POTENTIALS
    larger = (neutrons - protons) * np.sign(x) / -np.expm1(-np.abs(np.where(small, 1.0, x)))
    if small.any():
        t, mean = matter.temperature[small], 0.5 * (neutrons + protons)[small]
        larger[small] = NEUTRON_GAS.state(t, NEUTRON_GAS.chemical_potential(mean, t)).compressibility
    return larger


def _consistent_number(matter: MatterState, x: Array) -> Array:
    """Return eta_np where x > 0, eta_pn elsewhere, from the densities and bounded by them."""
    neutrons, protons = matter.number_density_neutron, matter.number_density_proton
    neutron, proton, both = _free_degeneracies(matter)
    # with one kind alone nothing is blocked
    free = np.where(both, neutron - proton, np.where(neutrons > protons, _ONE_KIND, -_ONE_KIND))
    share = occupation(free)  # of eta_np in the shift: 0 where neutrons are the many
    shift = np.where(both, x - free, 0.0)
    for_np, for_pn = np.minimum(free, 0.0) + share * shift, np.minimum(-free, 0.0) - (1.0 - share) * shift
    exponent = np.clip(np.where(x > 0.0, for_np, for_pn), -_ONE_KIND, _ONE_KIND)
    larger = _larger_number(matter, free) * np.exp(exponent)
    many, few = np.where(x > 0.0, neutrons, protons), np.where(x > 0.0, protons, neutrons)
    # the bound on the rarer kind, carried over by the balance; a kind that is absent bounds nothing
    balanced = np.where(few > 0.0, few * np.exp(np.minimum(np.abs(x), _ONE_KIND)), np.inf)
    return np.minimum(larger, np.minimum(many, balanced))
