"""Charged current on free nucleons: nue + n <-> e- + p and anue + p <-> e+ + n.

Level 0 is the elastic rate with nucleon blocking (Bruenn 1985, ApJS 58, 771, eqs. C13-C20); level 1 adds weak
magnetism, recoil and phase space (Horowitz 2002, PRD 65, 043001, eqs. 22).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from microphysics._registry import PROCESSES
from microphysics.eos.nucleons import NEUTRON_GAS
from microphysics.errors import UnknownNameError
from microphysics.matter import SPECIES, MatterState
from microphysics.processes.settings import Rates, Settings, occupation
from microphysics.weak.couplings import WeakCouplings

Array = NDArray[np.float64]

# below this |mu_0/T| both numerator and denominator of Bruenn C14 are round-off and the limit is exact
_EQUAL_POTENTIALS = 1e-8


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
        absorption = np.zeros((len(SPECIES), matter.density.size, energy.size))
        absorption[0] = self._capture(energy, energy + threshold, mu_e, beta, eta_np, eta_pn, +1)
        absorption[1] = self._capture(energy, energy - threshold, -mu_e, beta, eta_pn, eta_np, -1)
        return Rates(absorption=absorption)

    def _capture(
        self, energy: Array, lepton: Array, mu: Array, beta: Array, forward: Array, inverse: Array, sign: int
    ) -> Array:
        """Absorption and its inverse for one species, shape (zone, energy)."""
        mass = self.couplings.constants.electron_mass
        momentum = np.sqrt(np.maximum(lepton**2 - mass**2, 0.0))
        cross_section = self.couplings.charged_current_constant * np.where(lepton >= mass, lepton * momentum, 0.0)
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
        ``clipped`` keeps 0 <= eta_np <= n_n and 0 <= eta_pn <= n_p, which any Fermi gas obeys but the potentials of
        an inconsistent composition may not; ``raw`` is the bare formula.

    Returns
    -------
    eta_np, eta_pn : ndarray, shape (zone,)
        For n -> p and p -> n, 1/cm^3; always eta_pn = eta_np exp(-mu_0/T), mu_0 = mu_n - mu_p - Q_eff.
    """
    if blocking not in ("clipped", "raw"):
        raise UnknownNameError("blocking", blocking, ("clipped", "raw"))
    neutrons, protons = matter.number_density_neutron, matter.number_density_proton
    x = (matter.chemical_potential_difference - energy_transfer(matter, couplings)) / matter.temperature
    present = np.isfinite(x) & (neutrons + protons > 0.0)
    x = np.where(present, x, 1.0)
    small = np.abs(x) < _EQUAL_POTENTIALS
    # the larger of the two, then the other by the Boltzmann factor: neither overflows
    larger = (neutrons - protons) * np.sign(x) / -np.expm1(-np.abs(np.where(small, 1.0, x)))
    if small.any():
        t = matter.temperature[small]
        larger[small] = NEUTRON_GAS.state(t, NEUTRON_GAS.chemical_potential(neutrons[small], t)).compressibility
    factor = np.exp(-np.abs(x))
    if blocking == "clipped":
        many, few = np.where(x > 0.0, neutrons, protons), np.where(x > 0.0, protons, neutrons)
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            limit = np.minimum(many, np.where(factor > 0.0, few / np.where(factor > 0.0, factor, 1.0), np.inf))
        # a negative value: composition and potentials contradict each other; take all nucleons that balance allows
        larger = np.where(larger > 0.0, np.minimum(larger, limit), limit)
    larger = np.where(present, larger, 0.0)
    smaller = larger * factor
    return np.where(x > 0.0, larger, smaller), np.where(x > 0.0, smaller, larger)


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
    return weak_magnetism_factor(energy, mass, sign, 1.0, couplings.axial_coupling, couplings.magnetism_charged)
