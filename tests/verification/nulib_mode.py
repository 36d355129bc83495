"""NuLib's settings and constants, and the 20 points at which its numbers were computed (O'Connor 2015, ApJS 219, 24)."""

import numpy as np

from microphysics.constants import CODATA, NULIB
from microphysics.matter import MatterState
from microphysics.weak.couplings import nulib_couplings

COUPLINGS = nulib_couplings()
NULIB_MODE = {
    "couplings": COUPLINGS,
    "blocking": "raw",
    "form_factor": "burrows",
    "alpha_form_factor": False,
    "structure_factor": "horowitz1997",
    "structure_factor_options": {"clip": True},
    "electron_polarization": "brt06",
    "angle_nodes": 16,  # NuLib's: part of its answer where the electron cloud is narrow in angle
    "bremsstrahlung": "burrows2006",
}
SCATTERING = ("nucleon_scattering", "nucleus_scattering", "alpha_scattering")
# NuLib's reference mass in its own grams: number densities are rho X/(931.494061 MeV)
BARYON_MASS = NULIB.atomic_mass * NULIB.gram_per_mev / CODATA.gram_per_mev
_COLUMNS = (
    "rho_g_cm3",
    "T_MeV",
    "Ye",
    "Xn",
    "Xp",
    "Xalpha",
    "Xheavy",
    "Abar",
    "Zbar",
    "mu_e_MeV",
    "muhat_incl_dmnp_MeV",
)


def matter_state(rho, t, ye, x_n, x_p, x_alpha, x_heavy, a, z, mu_e, muhat):
    """Return the matter with a composition as it stands; muhat includes the mass difference."""
    zero = np.zeros_like(rho)
    return MatterState(
        density=rho,
        temperature=t,
        electron_fraction=ye,
        mass_fraction_neutron=x_n,
        mass_fraction_proton=x_p,
        mass_fraction_alpha=x_alpha,
        mass_fraction_heavy=x_heavy,
        mass_number_heavy=np.where(x_heavy > 0.0, a, 0.0),
        charge_number_heavy=np.where(x_heavy > 0.0, z, 0.0),
        chemical_potential_electron=mu_e,
        chemical_potential_neutron=muhat,
        chemical_potential_proton=zero,
        mean_field_neutron=zero,
        mean_field_proton=zero,
        pressure=zero,
        baryon_mass=BARYON_MASS,
    )


def matter_of(points):
    """Return the matter at the points of `points.csv`."""
    return matter_state(*(points[name] for name in _COLUMNS))
