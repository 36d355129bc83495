"""Weak couplings: one object that every process takes, so that a change reaches all of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

from microphysics.constants import CODATA, NULIB, Constants
from microphysics.errors import OutOfRangeError, UnknownNameError
from microphysics.matter import FLAVORS

# Phase-space integral of neutron decay with Coulomb and outer radiative corrections, Vogel & Beacom 1999 (PRD 60, 053003).
# Wilkinson 1982 (Nucl. Phys. A 377, 474) has 1.7146: 0.03 %, small against the 1 % between bottle and beam lifetimes.
NEUTRON_PHASE_SPACE = 1.7152

FAMILIES = ("e", "mu", "tau")

# Vector couplings with one-loop corrections at low momentum transfer (Erler & Su 2013, Prog. Part. Nucl. Phys. 71, 119),
# at the reference mixing angle: g_n, the part of g_p that all flavours share, and the neutrino's charge radius in g_p.
_RADIATIVE_SIN2 = 0.23863
_RADIATIVE_NEUTRON = -0.5117
_RADIATIVE_PROTON = 0.01836
_RADIATIVE_FLAVOR = {"e": 0.0197, "mu": 0.0114, "tau": 0.0071}


def family(flavor: str) -> str:
    """Return the charged lepton that belongs to a neutrino: e, mu or tau.

    Parameters
    ----------
    flavor : str
        One of `FLAVORS`.

    Raises
    ------
    UnknownNameError
        For any other name.
    """
    if flavor not in FLAVORS:
        raise UnknownNameError("neutrino flavor", flavor, FLAVORS)
    return flavor[flavor.index("nu") + 2 :]


@dataclass(frozen=True)
class WeakCouplings:
    """Couplings of neutrinos to nucleons, nuclei and electrons at low momentum transfer.

    Attributes
    ----------
    sin2_theta_w : float
        Weak mixing angle, MS-bar at q = 0 (PDG 2024: 0.23863); in every neutral-current formula.
    axial_coupling : float
        g_A > 0 (PDG 2024: 1.2754).
    strange_axial_coupling : float
        g_s; 0 by default.
    v_ud : float
        CKM element, used by the ``tree`` normalisation.
    neutron_lifetime : float
        s, used by the ``lifetime`` normalisation.
    vev_ratio : float
        Higgs vacuum expectation value over today's; every weak rate scales with its -4th power.
    charged_current_norm : str
        ``lifetime`` (from the measured neutron lifetime, inner radiative corrections included) or ``tree``
        (G_F^2 V_ud^2 (1 + 3 g_A^2)/pi).
    radiative : bool
        Whether g_p and g_n of coherent scattering include radiative corrections, which depend on the flavour.
    z_mass : float
        Mass of the Z boson, MeV (PDG 2024: 91188.0); only where another vector boson mixes with it.
    nucleon_magnetism : tuple of float or None
        F2 of neutron and proton in neutral currents and of charged currents as fixed numbers, as other codes have them; None
        means derived from the anomalous moments and the mixing angle.
    constants : Constants
        CODATA, or NULIB for regression.

    Examples
    --------
    >>> couplings = WeakCouplings()
    >>> round(couplings.charged_current_constant * 1e44, 3)
    9.637
    """

    sin2_theta_w: float = 0.23863
    axial_coupling: float = 1.2754
    strange_axial_coupling: float = 0.0
    v_ud: float = 0.97373
    neutron_lifetime: float = 878.4
    vev_ratio: float = 1.0
    charged_current_norm: str = "lifetime"
    radiative: bool = False
    z_mass: float = 91188.0
    nucleon_magnetism: tuple[float, float, float] | None = None
    constants: Constants = field(default=CODATA)

    # CODATA 2022 magnetic moments: anomalous moments of proton and neutron in nuclear magnetons
    anomalous_moment_proton: float = 1.79284734463
    anomalous_moment_neutron: float = -1.91304276

    def __post_init__(self) -> None:
        if self.charged_current_norm not in ("lifetime", "tree"):
            raise UnknownNameError(
                "charged-current normalisation", self.charged_current_norm, ("lifetime", "tree")
            )
        for name, low, high in (
            ("sin2_theta_w", 0.0, 1.0),
            ("neutron_lifetime", 0.0, math.inf),
            ("v_ud", 0.0, math.inf),
        ):
            value = getattr(self, name)
            if not low < value.real < high:
                raise OutOfRangeError(f"{name} = {value}: must lie between {low:g} and {high:g}")
        if not self.vev_ratio.real > 0.0:
            raise OutOfRangeError(f"vev_ratio = {self.vev_ratio}: must be positive")

    @property
    def weak_scale(self) -> float:
        """(v/v0)^-4, the factor that G_F^2 carries."""
        return self.vev_ratio**-4

    @property
    def fermi_constant(self) -> float:
        """G_F/(hbar c)^3 scaled with the vacuum expectation value, MeV^-2."""
        return self.constants.fermi_constant * self.vev_ratio**-2

    @property
    def sigma0(self) -> float:
        """4 G_F^2 m_e^2 (hbar c)^2/pi scaled with the vacuum expectation value, cm^2."""
        return self.constants.sigma0 * self.weak_scale

    @property
    def charged_current_constant(self) -> float:
        """N_cc = sigma/(E_e p_e) of nu + N -> e + N', cm^2/MeV^2.

        ``lifetime``: 2 pi^2 (hbar c)^2 hbar c/(m_e^5 f_R c tau_n); ``tree``: sigma0 V_ud^2 (1 + 3 g_A^2)/(4 m_e^2).
        """
        c = self.constants
        if self.charged_current_norm == "lifetime":
            length = c.speed_of_light * self.neutron_lifetime
            norm = 2.0 * math.pi**2 * c.hbar_c**3 / (c.electron_mass**5 * NEUTRON_PHASE_SPACE * length)
            return norm * self.weak_scale
        return self.sigma0 * self.v_ud**2 * (1.0 + 3.0 * self.axial_coupling**2) / (4.0 * c.electron_mass**2)

    @property
    def vector_proton(self) -> float:
        """g_p = 1/2 - 2 sin^2 theta_W."""
        return 0.5 - 2.0 * self.sin2_theta_w

    @property
    def vector_neutron(self) -> float:
        """g_n = -1/2."""
        return -0.5

    def vector_couplings(self, flavor: str) -> tuple[float, float]:
        """g_p and g_n of coherent scattering on nuclei, the same for neutrinos and antineutrinos.

        At tree level `vector_proton` and `vector_neutron` for every flavour; with `radiative` the one-loop values, on
        which a change of the mixing angle acts as -2 (s^2 - 0.23863) in g_p.

        Parameters
        ----------
        flavor : str
            nue, anue, numu, anumu, nutau, anutau.

        Returns
        -------
        tuple of float
            g_p, g_n.

        Raises
        ------
        UnknownNameError
            If there is no such flavour.

        Examples
        --------
        >>> g_p, g_n = WeakCouplings(radiative=True).vector_couplings("numu")
        >>> round(g_p, 5), g_n
        (0.02976, -0.5117)
        """
        charge_radius = self.charge_radius_coupling(flavor)
        if not self.radiative:
            return self.vector_proton, self.vector_neutron
        shift = -2.0 * (self.sin2_theta_w - _RADIATIVE_SIN2)
        return _RADIATIVE_PROTON + charge_radius + shift, _RADIATIVE_NEUTRON

    def charge_radius_coupling(self, flavor: str) -> float:
        """Part of g_p that is the neutrino's own charge radius, 0 at tree level.

        It is the flavour-dependent part of the radiative corrections and couples through the photon: electrons around
        a nucleus screen it, as no other part of g_p.
        """
        radius = _RADIATIVE_FLAVOR[family(flavor)]
        return radius if self.radiative else 0.0

    @property
    def axial_proton(self) -> float:
        """Neutral-current axial coupling of the proton, (g_A - g_s)/2."""
        return 0.5 * (self.axial_coupling - self.strange_axial_coupling)

    @property
    def axial_neutron(self) -> float:
        """Neutral-current axial coupling of the neutron, -(g_A + g_s)/2."""
        return -0.5 * (self.axial_coupling + self.strange_axial_coupling)

    @property
    def magnetism_neutron(self) -> float:
        """Neutral-current F2 of the neutron, -(mu_p' - mu_n)/2 - 2 s^2 mu_n (Horowitz 2002)."""
        if self.nucleon_magnetism is not None:
            return self.nucleon_magnetism[0]
        isovector = self.anomalous_moment_proton - self.anomalous_moment_neutron
        return -0.5 * isovector - 2.0 * self.sin2_theta_w * self.anomalous_moment_neutron

    @property
    def magnetism_proton(self) -> float:
        """Neutral-current F2 of the proton, (mu_p' - mu_n)/2 - 2 s^2 mu_p' (Horowitz 2002)."""
        if self.nucleon_magnetism is not None:
            return self.nucleon_magnetism[1]
        isovector = self.anomalous_moment_proton - self.anomalous_moment_neutron
        return 0.5 * isovector - 2.0 * self.sin2_theta_w * self.anomalous_moment_proton

    @property
    def magnetism_charged(self) -> float:
        """Charged-current F2 = mu_p' - mu_n, anomalous moments."""
        if self.nucleon_magnetism is not None:
            return self.nucleon_magnetism[2]
        return self.anomalous_moment_proton - self.anomalous_moment_neutron

    def electron_couplings(self, species: str) -> tuple[float, float]:
        """C_V and C_A of a neutrino with electrons.

        Parameters
        ----------
        species : str
            nue, anue, numu, anumu, nutau, anutau.
        """
        vector, axial = 0.5 + 2.0 * self.sin2_theta_w, 0.5
        if species not in ("nue", "anue"):
            vector, axial = vector - 1.0, axial - 1.0
        return vector, -axial if species.startswith("a") else axial

    def changed(self, **values: Any) -> WeakCouplings:
        """Return a copy with some values replaced."""
        return replace(self, **values)


def nulib_couplings() -> WeakCouplings:
    """Return the couplings compiled into NuLib (O'Connor 2015, ApJS 219, 24), for regression only."""
    return WeakCouplings(
        sin2_theta_w=0.23,
        axial_coupling=1.254,
        v_ud=1.0,
        charged_current_norm="tree",
        nucleon_magnetism=(-0.963, 1.019, 3.706),
        constants=NULIB,
    )
