"""Charged current on free nucleons: nue + n <-> e- + p and anue + p <-> e+ + n.

Level 0 is the elastic rate with nucleon blocking (Bruenn 1985, ApJS 58, 771, eqs. C13-C20); level 1 adds weak
magnetism, recoil and phase space (Horowitz 2002, PRD 65, 043001, eq. 22). Inverse neutron decay is left out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from microphysics._registry import PROCESSES
from microphysics.eos.nucleons import NEUTRON_GAS
from microphysics.errors import UnknownNameError
from microphysics.matter import MatterState
from microphysics.processes.settings import Rates, Settings, occupation
from microphysics.weak.couplings import WeakCouplings

Array = NDArray[np.float64]

# below this |mu_0/T| numerator and denominator of Bruenn C14 lose digits and the limit is good to its square
_EQUAL_POTENTIALS = 1e-6
_ONE_KIND = 500.0  # |mu_0/T| that stands for infinity


@PROCESSES.register("charged_current")
class ChargedCurrent:
    """Absorption of nue on neutrons and of anue on protons.

    With kappa* the opacity corrected for stimulated absorption,

        kappa*_nue  = N_cc W E_e p_e [eta_np (1 - f_e) + eta_pn f_e],   E_e = E + Q + U_n - U_p,
        kappa*_anue = N_cc W E_e p_e [eta_pn (1 - f_e+) + eta_np f_e+], E_e = E - Q - U_n + U_p,

    the second term being the inverse reaction. Because eta_pn = eta_np exp(-mu_0/T), kappa* f_eq is the emissivity
    over c identically, with no division by 1 - f_eq.
    """

    name = "charged_current"
    species = ("nue", "anue")

    def __init__(self, settings: Settings) -> None:
        self.couplings = settings.couplings
        self.weak_magnetism = settings.weak_magnetism
        self.blocking = settings.blocking
        self.references = ["Bruenn 1985, ApJS 58, 771"]
        if self.weak_magnetism:
            self.references.append("Horowitz 2002, PRD 65, 043001")

    def __call__(self, energy: Array, matter: MatterState) -> Rates:
        """Return the absorption opacity, shape (species, zone, energy)."""
        eta_np, eta_pn = nucleon_blocking(matter, self.couplings, self.blocking)
        threshold = energy_transfer(matter, self.couplings)[:, None]
        beta = 1.0 / matter.temperature[:, None]
        mu_e = matter.chemical_potential_electron[:, None]
        nue = self._capture(energy, energy + threshold, mu_e, beta, eta_np, eta_pn, +1)
        anue = self._capture(energy, energy - threshold, -mu_e, beta, eta_pn, eta_np, -1)
        return Rates(absorption=np.stack([nue, anue, np.zeros_like(nue)]))

    def _capture(
        self, energy: Array, lepton: Array, mu: Array, beta: Array, forward: Array, inverse: Array, sign: int
    ) -> Array:
        """Absorption and its inverse for one species, shape (zone, energy)."""
        mass = self.couplings.constants.electron_mass
        momentum = np.sqrt(np.maximum(lepton**2 - mass**2, 0.0))
        cross_section = self.couplings.charged_current_constant * np.where(
            lepton >= mass, lepton * momentum, 0.0
        )
        if self.weak_magnetism:
            cross_section = cross_section * charged_current_correction(energy, sign, self.couplings)
        x = (lepton - mu) * beta
        return cross_section * (forward[:, None] * occupation(-x) + inverse[:, None] * occupation(x))


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
    x = (matter.chemical_potential_difference - energy_transfer(matter, couplings)) / matter.temperature
    present = np.isfinite(x) & (matter.number_density_neutron + matter.number_density_proton > 0.0)
    x = np.where(present, x, 1.0)
    larger = _larger_number(matter, x) if blocking == "raw" else _consistent_number(matter, x)
    # the larger of the two, then the other by the Boltzmann factor: neither overflows
    larger = np.where(present, larger, 0.0)
    smaller = larger * np.exp(-np.abs(x))
    return np.where(x > 0.0, larger, smaller), np.where(x > 0.0, smaller, larger)


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
    neutrons, protons, t = matter.number_density_neutron, matter.number_density_proton, matter.temperature
    both = (neutrons > 0.0) & (protons > 0.0)
    safe_n, safe_p = np.where(both, neutrons, 1.0), np.where(both, protons, 1.0)
    free = (NEUTRON_GAS.chemical_potential(safe_n, t) - NEUTRON_GAS.chemical_potential(safe_p, t)) / t
    # with one kind alone nothing is blocked
    free = np.where(both, free, np.where(neutrons > protons, _ONE_KIND, -_ONE_KIND))
    share = occupation(free)  # of eta_np in the shift: 0 where neutrons are the many
    shift = np.where(both, x - free, 0.0)
    for_np, for_pn = np.minimum(free, 0.0) + share * shift, np.minimum(-free, 0.0) - (1.0 - share) * shift
    exponent = np.clip(np.where(x > 0.0, for_np, for_pn), -_ONE_KIND, _ONE_KIND)
    larger = _larger_number(matter, free) * np.exp(exponent)
    many, few = np.where(x > 0.0, neutrons, protons), np.where(x > 0.0, protons, neutrons)
    # the bound on the rarer kind, carried over by the balance; a kind that is absent bounds nothing
    balanced = np.where(few > 0.0, few * np.exp(np.minimum(np.abs(x), _ONE_KIND)), np.inf)
    return np.minimum(larger, np.minimum(many, balanced))


def weak_magnetism_factor(
    energy: Array, target_mass: float, sign: int, vector: float, axial: float, magnetism: float
) -> Array:
    """Total cross section with weak magnetism and recoil over the elastic one (Horowitz 2002, eq. 22).

    Parameters
    ----------
    energy : ndarray
        Neutrino energy, MeV; good to about 100 MeV.
    target_mass : float
        Nucleon mass, MeV.
    sign : int
        +1 for neutrinos, -1 for antineutrinos.
    vector, axial, magnetism : float
        c_v, c_a and F_2 of the current.

    Returns
    -------
    ndarray
        Factor of the shape of `energy`, 1 at zero energy.
    """
    e = energy / target_mass
    total = (
        vector**2 * (1.0 + 4.0 * e + 16.0 / 3.0 * e**2)
        + 3.0 * axial**2 * (1.0 + 4.0 / 3.0 * e) ** 2
        + sign * 4.0 * (vector + magnetism) * axial * e * (1.0 + 4.0 / 3.0 * e)
        + 8.0 / 3.0 * vector * magnetism * e**2
        + 5.0 / 3.0 * e**2 * (1.0 + 0.4 * e) * magnetism**2
    )
    return total / ((vector**2 + 3.0 * axial**2) * (1.0 + 2.0 * e) ** 3)


def charged_current_correction(energy: Array, sign: int, couplings: WeakCouplings) -> Array:
    """Weak magnetism and recoil of nue n (sign +1) or anue p (sign -1), same shape as `energy`."""
    mass = couplings.constants.neutron_mass if sign > 0 else couplings.constants.proton_mass
    return weak_magnetism_factor(
        energy, mass, sign, 1.0, couplings.axial_coupling, couplings.magnetism_charged
    )
