"""Plasmas of nuclei by hand."""

import numpy as np

from microphysics.constants import CODATA
from microphysics.eos.composition import from_composition
from microphysics.structure.plasma import ion_sphere_radius

HBAR_C = CODATA.hbar_c * 1e13  # MeV fm


def ions(rho, t, a, z, x_heavy=1.0, x_alpha=0.0, mu_e=10.0):
    """Nuclei, alphas and as many electrons as there are protons; mu_e = None takes that of the exact gas."""
    rho, t = np.atleast_1d(rho).astype(float), np.atleast_1d(t).astype(float)
    electrons = np.asarray(z) / np.asarray(a) if np.all(x_alpha == 0.0) else x_heavy * z / a + 0.5 * x_alpha
    given = {} if mu_e is None else {"chemical_potential_electron": mu_e, "pressure": 1.0}
    return from_composition(rho, t, electrons, 0.0, 0.0, x_alpha, x_heavy, a, z, **given)


def matter_of_coupling(gamma, a=60.0, z=27.0, t=1.0, mu_e=10.0):
    """Nuclei with the given Gamma at temperature t."""
    gamma = np.atleast_1d(gamma).astype(float)
    radius = z**2 * CODATA.coulomb_squared / (gamma * t)
    density = 3.0 / (4.0 * np.pi * radius**3) * a * CODATA.atomic_mass * CODATA.gram_per_mev
    return ions(density, np.full_like(density, t), a, z, mu_e=mu_e)


def energy_of(reduced, matter):
    """Neutrino energies of the given E a/(hbar c) in the first zone, MeV."""
    return np.atleast_1d(reduced) * HBAR_C / ion_sphere_radius(matter)[0]
