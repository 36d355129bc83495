"""Ready-made column mappings for the profile files of known codes, and what has to be derived from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from microphysics.constants import CODATA
from snsim.profiles.profile import COMPOSITION, Array


@dataclass(frozen=True)
class TableColumn:
    """A column description of our own mappings; see `ColumnLike`."""

    column: str
    unit: str = "1"
    centring: Literal["zone", "interface"] = "zone"
    kind: Literal["mass_fraction", "number_fraction"] = "mass_fraction"


_PER_FM3 = 1e-39  # 1/cm^3 in 1/fm^3
_MERGER_BARYON_MASS = 922.293227699518  # MeV

Derivation = Callable[[dict[str, Array]], list[str]]


@dataclass(frozen=True)
class TableMapping:
    """How a known code's files become a profile.

    Attributes
    ----------
    columns : mapping of str to TableColumn
        Profile fields, and whatever else `derive` needs.
    references : str
        Where such files come from.
    derive : callable or None
        Completes the fields in place, removes what is none, and returns notes for `Profile.source`.
    mass_integral : str
        How the enclosed mass, where there is a column of it, follows from the density: see `read_table`.
    """

    columns: Mapping[str, TableColumn]
    references: str
    derive: Derivation | None = None
    mass_integral: str = "none"


def _gravitational_mass(values: dict[str, Array]) -> list[str]:
    """Set m(r) from Gamma^2 = 1 + (v/c)^2 - 2Gm/(rc^2), v = dr/dtau of the fluid.

    Both codes do: m is smooth to 2 % (Agile-Boltztran) and 0.1 % (Vertex) across the shock, where (v/c)^2
    jumps by half of 2Gm/(rc^2). Agile-Boltztran's Gamma of the innermost two zones is an average over their
    edges, hence m is -15 and +4 % off there.
    """
    gamma = 1.0 - values.pop("one_minus_gamma")
    c2 = CODATA.speed_of_light**2
    potential = 1.0 + values["velocity"] ** 2 / c2 - gamma**2
    values["gravitational_mass"] = 0.5 * potential * values["radius"] * c2 / CODATA.gravitational_constant
    return []


def _lattimer_swesty_fields(values: dict[str, Array]) -> list[str]:
    """Set U_n - U_p = 4 b (n_p - n_n) of the equation of state of both codes, Lattimer & Swesty 1991, sect. 2.1.

    4b = -428.25 MeV fm^3 follows from the model's symmetry energy of 29.3 MeV and is the same for every
    incompressibility. Without it mu_n - mu_p is that of free nucleons, and there are twice as many trapped nue in the core.
    Free nucleons count per volume of all matter, which is that outside nuclei where these fill little of it.
    """
    from microphysics.eos.skyrme import skyrme_force

    coupling = 4.0 * skyrme_force(220.0, "ls91").b
    baryons = values["density"] / (CODATA.atomic_mass * CODATA.gram_per_mev) * _PER_FM3
    excess = values["mass_fraction_proton"] - values["mass_fraction_neutron"]
    values["mean_field_difference"] = coupling * baryons * excess
    return ["U_n - U_p of Lattimer & Swesty 1991"]


def _boltzmann_model(values: dict[str, Array]) -> list[str]:
    """Metric and mean fields of the published Boltzmann models."""
    return _gravitational_mass(values) + _lattimer_swesty_fields(values)


def _merger_remnant(values: dict[str, Array]) -> list[str]:
    """Bring density and potentials of a merger simulation to our conventions; what it does not list are light clusters.

    Baryons of its density weigh 922.293 MeV: only so is mu_e that of the exact electron gas (within 0.15 %; 0.3 to 1 %
    with the atomic mass unit), and numbers per baryon come out right. Mass and charge that neutrons, protons and alphas
    leave over, up to a tenth below 1e14 g/cm^3, are taken as isotopes of hydrogen (Z = 1), the lightest nuclei that hold
    them: deuterons and tritons of the simulation's equation of state, which its files do not list.
    """
    values["density"] = values["density"] * (CODATA.atomic_mass / _MERGER_BARYON_MASS)
    for field in ("chemical_potential", "mean_field"):
        neutron, proton = values.pop(f"{field}_neutron"), values.pop(f"{field}_proton")
        values[f"{field}_difference"] = neutron - proton
    neutron, proton, alpha = (values[name] for name in COMPOSITION[:3])
    rest = 1.0 - neutron - proton - alpha
    charge = values["electron_fraction"] - proton - 0.5 * alpha
    # below this, ten printed digits do not determine the nucleus
    present = (rest > 1e-6) & (charge > 0.0)
    values["mass_fraction_heavy"] = np.where(present, rest, 0.0)
    values["mass_number_heavy"] = np.where(
        present, np.maximum(rest / np.where(present, charge, 1.0), 1.0), 0.0
    )
    values["charge_number_heavy"] = np.where(present, 1.0, 0.0)
    return ["density per baryon of the atomic mass unit", "unlisted baryons as light clusters with Z = 1"]


def _nuclei_of_number_fractions(values: dict[str, Array]) -> list[str]:
    """Set the nucleus of ccsn_1d from conservation of baryons and charge, and restore m_n - m_p."""
    y_heavy, ye = values.pop("number_fraction_heavy"), values["electron_fraction"]
    neutron, proton, alpha = (values[name] for name in COMPOSITION[:3])
    heavy = 1.0 - neutron - proton - alpha
    # below this, nine printed digits do not determine the nucleus
    present = (heavy > 1e-6) & (y_heavy > 0.0)
    safe = np.where(present, y_heavy, 1.0)
    values["mass_fraction_heavy"] = np.where(present, heavy, 0.0)
    values["mass_number_heavy"] = np.where(present, heavy / safe, 0.0)
    values["charge_number_heavy"] = np.where(present, (ye - proton - 0.5 * alpha) / safe, 0.0)
    values["chemical_potential_difference"] = (
        values["chemical_potential_difference"] + CODATA.nucleon_mass_difference
    )
    return ["representative nucleus from conservation of baryons and charge"]


# units of the columns that are no profile fields, as the derivations below want them
DERIVATION_UNITS = {
    "enclosed_mass": "g",
    "mean_mass_number": "1",
    "one_minus_gamma": "1",
    "number_fraction_heavy": "1",
    "chemical_potential_neutron": "MeV",
    "chemical_potential_proton": "MeV",
    "mean_field_neutron": "MeV",
    "mean_field_proton": "MeV",
}

_BOLTZMANN_COLUMNS = {
    "radius": TableColumn("radius_cm", "cm"),
    "velocity": TableColumn("velocity_cm_s", "cm / s"),
    "density": TableColumn("density_g_cm3", "g / cm3"),
    "temperature": TableColumn("temperature_MeV", "MeV"),
    "electron_fraction": TableColumn("ye"),
    "mass_fraction_neutron": TableColumn("xn"),
    "mass_fraction_proton": TableColumn("xp"),
    "mass_fraction_alpha": TableColumn("xa"),
    "mass_fraction_heavy": TableColumn("xh"),
    "mass_number_heavy": TableColumn("a_heavy"),
    "charge_number_heavy": TableColumn("z_heavy"),
    "one_minus_gamma": TableColumn("one_minus_Gamma"),
}

MAPPINGS: dict[str, TableMapping] = {
    "agile-boltztran": TableMapping(
        _BOLTZMANN_COLUMNS | {"enclosed_mass": TableColumn("enclosed_rest_mass_msun", "Msun")},
        "Agile-Boltztran, Liebendoerfer, Rampp, Janka & Mezzacappa 2005, ApJ 620, 840",
        _boltzmann_model,
        "relativistic",
    ),
    "vertex": TableMapping(
        # its masses include the zone's own, those of Agile-Boltztran half of it
        _BOLTZMANN_COLUMNS | {"enclosed_mass": TableColumn("enclosed_rest_mass_msun", "Msun", "interface")},
        "Vertex, Liebendoerfer, Rampp, Janka & Mezzacappa 2005, ApJ 620, 840",
        _boltzmann_model,
        "newtonian",
    ),
    # the radii are outer edges: only so do sums of 4 pi rho r^2 dr give the files' enclosed masses (1e-3)
    "chimera": TableMapping(
        {
            "radius": TableColumn("radius_cm", "cm", "interface"),
            "velocity": TableColumn("velocity_cm_s", "cm / s"),
            "density": TableColumn("density_g_cm3", "g / cm3"),
            "temperature": TableColumn("temperature_MeV", "MeV"),
            "electron_fraction": TableColumn("ye"),
        },
        "CHIMERA D15-WH07 in one dimension, starkiller-astro/weaklib",
    ),
    "ccsn-1d": TableMapping(
        {
            "radius": TableColumn("radius_cm", "cm"),
            "density": TableColumn("density_g_cm3", "g / cm3"),
            "temperature": TableColumn("temperature_MeV", "MeV"),
            "electron_fraction": TableColumn("ye"),
            "chemical_potential_electron": TableColumn("mu_e_MeV", "MeV"),
            "chemical_potential_difference": TableColumn("muhat_MeV", "MeV"),
            "mean_field_difference": TableColumn("delta_u_MeV", "MeV"),
            "mass_fraction_neutron": TableColumn("y_n", kind="number_fraction"),
            "mass_fraction_proton": TableColumn("y_p", kind="number_fraction"),
            "mass_fraction_alpha": TableColumn("y_alpha", kind="number_fraction"),
            "number_fraction_heavy": TableColumn("y_heavy"),
        },
        "bns_nurates, inputs/CCSN, Chiesa et al. 2025, PRD 111, 063053",
        _nuclei_of_number_fractions,
    ),
    "bns-1d": TableMapping(
        {
            "radius": TableColumn("radius_km", "km"),
            "density": TableColumn("density_g_cm3", "g / cm3"),
            "temperature": TableColumn("temperature_MeV", "MeV"),
            "electron_fraction": TableColumn("ye"),
            "mass_fraction_neutron": TableColumn("y_n", kind="number_fraction"),
            "mass_fraction_proton": TableColumn("y_p", kind="number_fraction"),
            "mass_fraction_alpha": TableColumn("y_alpha", kind="number_fraction"),
            "chemical_potential_electron": TableColumn("mu_e_MeV", "MeV"),
            "chemical_potential_neutron": TableColumn("mu_n_MeV", "MeV"),
            "chemical_potential_proton": TableColumn("mu_p_MeV", "MeV"),
            "mean_field_neutron": TableColumn("U_n_MeV", "MeV"),
            "mean_field_proton": TableColumn("U_p_MeV", "MeV"),
        },
        "axes of a merger remnant, bns_nurates, inputs/BNS/1d, Chiesa et al. 2025, PRD 111, 063053",
        _merger_remnant,
    ),
}
