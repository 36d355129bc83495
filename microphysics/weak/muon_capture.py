"""Capture of muons from the 1s orbit, mu- + (Z, N) -> nu_mu + (Z - 1, N + 1), by a nucleus of given strength functions."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.constants import CODATA
from microphysics.errors import require
from microphysics.nuclei import Nucleus
from microphysics.weak.couplings import WeakCouplings
from microphysics.weak.ikeda import StrengthFunction

__all__ = ["MuonCouplings", "capture_rate", "muon_binding", "muon_density", "neutrino_energy"]

Array = NDArray[np.float64]

REFERENCES = (
    "Primakoff 1959, Rev. Mod. Phys. 31, 802 (effective couplings)",
    "Goulard & Primakoff 1974, PRC 10, 2034",
    "Czarnecki, Marciano & Sirlin 2007, PRL 99, 032003 (form factors at the momentum transfer of capture)",
    "Suzuki, Measday & Roalsvig 1987, PRC 35, 2212 (effective charges, measured rates)",
)


@dataclass(frozen=True)
class MuonCouplings:
    """Couplings of the charged current at the momentum transfer of capture, Q^2 = 0.88 m_mu^2.

    Attributes
    ----------
    vector, magnetic : float
        g_V and g_M, isovector form factors there.
    axial_ratio : float
        g_A(Q^2)/g_A(0).
    pseudoscalar : float
        g_P in the usual units, 8.2 from the pion's pole.
    weak : WeakCouplings
        G_F, V_ud and g_A.
    """

    vector: float = 0.976
    magnetic: float = 3.583
    axial_ratio: float = 0.981
    pseudoscalar: float = 8.2
    weak: WeakCouplings = field(default_factory=WeakCouplings)

    def effective(self, energy: ArrayLike) -> tuple[Array, Array, Array]:
        """Return G_V, G_A, G_P of Primakoff, all positive, for neutrinos of some energy (MeV), to first order in E/m_N."""
        ratio = np.asarray(energy, dtype=np.float64) / (CODATA.neutron_mass + CODATA.proton_mass)
        axial = self.weak.axial_coupling * self.axial_ratio
        magnetic = self.vector + self.magnetic
        return (
            self.vector * (1.0 + ratio),
            axial + magnetic * ratio,
            (self.pseudoscalar - axial + magnetic) * ratio,
        )


def _reduced_mass(nucleus: Nucleus) -> float:
    return CODATA.muon_mass / (1.0 + CODATA.muon_mass / float(nucleus.mass))


def muon_binding(nucleus: Nucleus, effective_charge: float | None = None) -> float:
    """Binding of the muon in 1s, (alpha Z)^2 m/2 with the reduced mass, MeV; with an effective charge in place of Z."""
    charge = float(nucleus.charge_number) if effective_charge is None else effective_charge
    return 0.5 * (CODATA.fine_structure * charge) ** 2 * _reduced_mass(nucleus)


def muon_density(nucleus: Nucleus, effective_charge: float | None = None) -> float:
    """Density of the muon in 1s, averaged over the protons, 1/cm^3: (alpha m/hbar c)^3 Z_eff^4/(pi Z), m the reduced mass.

    Parameters
    ----------
    nucleus : Nucleus
        Its charge and mass.
    effective_charge : float, optional
        Z_eff, which measures the overlap with the protons of a nucleus of finite size (11.2 of Z = 12, 34.2 of 82: Suzuki et
        al. 1987); None means Z, a point.
    """
    charge = float(nucleus.charge_number)
    seen = charge if effective_charge is None else effective_charge
    require(0.0 < seen <= charge, seen, "effective charge", "", f"above 0 and at most Z = {charge:g}")
    momentum = CODATA.fine_structure * _reduced_mass(nucleus) / CODATA.hbar_c
    return momentum**3 * seen**4 / (math.pi * charge)


def neutrino_energy(nucleus: Nucleus, excitation: ArrayLike, effective_charge: float | None = None) -> Array:
    """Energy of the neutrino, recoil included, MeV; negative where a state cannot be reached.

    Parameters
    ----------
    nucleus : Nucleus
        The parent.
    excitation : array_like
        M_daughter* - M_parent, MeV.
    effective_charge : float, optional
        For the binding of the muon.
    """
    initial = CODATA.muon_mass - muon_binding(nucleus, effective_charge) + float(nucleus.mass)
    final = float(nucleus.mass) + np.asarray(excitation, dtype=np.float64)
    return (initial - final) * (initial + final) / (2.0 * initial)


def capture_rate(
    nucleus: Nucleus,
    gamow_teller: StrengthFunction,
    fermi: StrengthFunction | None = None,
    effective_charge: float | None = None,
    couplings: MuonCouplings | None = None,
) -> float:
    """Rate of capture, averaged over the hyperfine states, 1/s.

    Lambda = G_F^2 V_ud^2/(2 pi) |phi|^2 sum_f E^2 (1 - E/(m_mu + M)) {G_V^2 B_F + [G_A^2 + (G_P^2 - 2 G_P G_A)/3] B_GT}.

    The strengths are those at the momentum transfer E of capture, with exp(i q r) in their operators: q R is not small, and
    most of the rate of a heavy nucleus is dipole. Strengths at q = 0 give allowed transitions only.

    Parameters
    ----------
    nucleus : Nucleus
        The parent.
    gamow_teller : StrengthFunction
        Plus direction (p to n), 3 for the free proton; energies M_daughter* - M_parent.
    fermi : StrengthFunction, optional
        1 for the free proton; None for none.
    effective_charge : float, optional
        See `muon_density`. The orbit's average is over all Z protons.
    couplings : MuonCouplings, optional
        None means the default. Radiative corrections, +2.8 % in hydrogen, are left out.

    Examples
    --------
    >>> delta = CODATA.nucleon_mass_difference
    >>> spin, charge = StrengthFunction([delta], [3.0]), StrengthFunction([delta], [1.0])
    >>> round(capture_rate(Nucleus.named("H1"), spin, charge))
    185
    """
    chosen = couplings or MuonCouplings()
    weak = chosen.weak
    total = 0.0
    for strength, kind in ((gamow_teller, "spin"), (fermi, "charge")):
        if strength is None:
            continue
        energy = np.maximum(neutrino_energy(nucleus, strength.energy, effective_charge), 0.0)
        vector, axial, pseudoscalar = chosen.effective(energy)
        coupling = (
            axial**2 + (pseudoscalar**2 - 2.0 * pseudoscalar * axial) / 3.0 if kind == "spin" else vector**2
        )
        recoil = 1.0 - energy / (CODATA.muon_mass + float(nucleus.mass))
        total += float(np.sum(energy**2 * recoil * coupling * strength.strength))
    constant = (weak.fermi_constant * CODATA.hbar_c * weak.v_ud) ** 2 / (2.0 * math.pi)  # cm^2/MeV^2
    return constant * muon_density(nucleus, effective_charge) * CODATA.speed_of_light * total
