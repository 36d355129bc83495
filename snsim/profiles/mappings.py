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
    """

    columns: Mapping[str, TableColumn]
    references: str
    derive: Derivation | None = None


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
DERIVATION_UNITS = {"one_minus_gamma": "1", "number_fraction_heavy": "1"}

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
        _BOLTZMANN_COLUMNS,
        "Agile-Boltztran, Liebendoerfer, Rampp, Janka & Mezzacappa 2005, ApJ 620, 840",
        _gravitational_mass,
    ),
    "vertex": TableMapping(
        _BOLTZMANN_COLUMNS,
        "Vertex, Liebendoerfer, Rampp, Janka & Mezzacappa 2005, ApJ 620, 840",
        _gravitational_mass,
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
}
