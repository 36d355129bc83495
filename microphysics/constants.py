"""Physical constants: CODATA 2022 and PDG 2024 by default, NuLib's own for regression.

Energies and masses in MeV, everything else CGS. No other file holds a physical constant.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Constants:
    """One consistent set of constants.

    Attributes
    ----------
    fermi_constant : float
        G_F/(hbar c)^3, MeV^-2 (PDG 2024).
    hbar_c : float
        MeV cm (CODATA 2022, exact in SI).
    electron_mass, neutron_mass, proton_mass, muon_mass : float
        Rest energies, MeV (CODATA 2022).
    pion_mass : float
        Rest energy of the charged pion, MeV (PDG 2024).
    pion_lifetime, muon_lifetime : float
        Of the charged pion and of the muon, s (PDG 2024).
    nucleon_mass_difference : float
        Q = m_n - m_p, MeV.
    atomic_mass : float
        Rest energy of the unified atomic mass unit, MeV (CODATA 2022).
    fine_structure : float
        CODATA 2022.
    speed_of_light : float
        cm/s, exact.
    erg_per_mev : float
        Exact in SI.
    gram_per_mev : float
        Mass of one MeV/c^2, g.
    gravitational_constant : float
        cm^3 g^-1 s^-2 (CODATA 2022).
    solar_mass : float
        g; nominal GM_sun of IAU 2015 resolution B3 over the CODATA G.
    boltzmann : float
        MeV/K, exact in SI.
    coulomb_squared : float
        e^2 = alpha hbar c, MeV cm.
    sigma0 : float
        4 G_F^2 m_e^2 (hbar c)^2/pi, cm^2: the unit in which supernova cross sections are written.
    blocking_mass : float or None
        Nucleon mass in the degeneracy of scattering targets, MeV; None means each nucleon's own.
    """

    fermi_constant: float = 1.1663788e-11
    hbar_c: float = 1.973269804593025e-11
    electron_mass: float = 0.51099895069
    neutron_mass: float = 939.56542194
    proton_mass: float = 938.27208943
    nucleon_mass_difference: float = 939.56542194 - 938.27208943
    muon_mass: float = 105.6583755
    pion_mass: float = 139.57039
    pion_lifetime: float = 2.6033e-8
    muon_lifetime: float = 2.1969811e-6
    atomic_mass: float = 931.49410372
    fine_structure: float = 7.2973525643e-3
    speed_of_light: float = 2.99792458e10
    erg_per_mev: float = 1.602176634e-6
    gram_per_mev: float = 1.602176634e-6 / 2.99792458e10**2
    gravitational_constant: float = 6.67430e-8
    solar_mass: float = 1.3271244e26 / 6.67430e-8
    boltzmann: float = 8.617333262145179e-11
    coulomb_squared: float = 7.2973525643e-3 * 1.973269804593025e-11
    sigma0: float = 4.0 * 1.1663788e-11**2 * 0.51099895069**2 * 1.973269804593025e-11**2 / math.pi

    blocking_mass: float | None = None


CODATA = Constants()

# O'Connor 2015, ApJS 219, 24: the values compiled into NuLib, rounded sigma0 included. Only for comparisons.
NULIB = Constants(
    fermi_constant=1.16637e-11,
    hbar_c=1.97326966e-11,
    electron_mass=0.510998910,
    neutron_mass=939.565346,
    proton_mass=938.272013,
    nucleon_mass_difference=1.293332,
    atomic_mass=931.494061,
    fine_structure=7.2973525376e-3,
    erg_per_mev=1.60217733e-6,
    gram_per_mev=1.782661758e-27,
    coulomb_squared=1.43996439e-13,
    sigma0=1.761e-44,
    blocking_mass=931.4924,
)
