"""Numbers of other codes, and our opacities set up as they have them; `opacity_deviations` and `opacity_figures` use it.

The numbers were computed for this project by running NuLib and bns_nurates and are not part of it; SNSIM_REFERENCE names the
folder that holds them.
"""

from __future__ import annotations

import csv
import math
import os
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from microphysics.constants import CODATA, NULIB
from microphysics.matter import MatterState
from microphysics.opacity import OpacitySet
from microphysics.processes.charged_current import charged_current_correction, nucleon_blocking
from microphysics.processes.contract import Rates
from microphysics.processes.settings import Settings
from microphysics.weak.couplings import WeakCouplings, nulib_couplings

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = Path(os.environ.get("SNSIM_REFERENCE", ROOT.parent / "shared" / "reference"))


@cache
def read(name: str) -> dict[str, np.ndarray]:
    """Columns of a file of the reference: floats where they parse, words elsewhere."""
    with (REFERENCE / name).open() as handle:
        rows = list(csv.reader(line for line in handle if not line.startswith("#")))
    columns = {}
    for column, values in zip(rows[0], zip(*rows[1:], strict=True), strict=True):
        try:
            columns[column] = np.array([float(value) if value else np.nan for value in values])
        except ValueError:
            columns[column] = np.array(values)
    return columns


def state(density, temperature, electron_fraction, neutrons, protons, mu_e, difference, mass, **more):
    """Matter from columns; mu_n - mu_p holds the mass difference, `mass` is that of a baryon, MeV."""
    zero = np.zeros_like(density)
    names = ("alpha", "heavy")
    return MatterState(
        density=density,
        temperature=temperature,
        electron_fraction=electron_fraction,
        mass_fraction_neutron=neutrons,
        mass_fraction_proton=protons,
        **{f"mass_fraction_{name}": more.get(name, zero) for name in names},
        mass_number_heavy=more.get("a", zero),
        charge_number_heavy=more.get("z", zero),
        chemical_potential_electron=mu_e,
        chemical_potential_neutron=difference,
        chemical_potential_proton=zero,
        mean_field_neutron=more.get("field", zero),
        mean_field_proton=zero,
        pressure=zero,
        baryon_mass=mass,
    )


@dataclass(frozen=True)
class Row:
    """One comparison: what, with whom, deviations, and why they are not smaller."""

    what: str
    whom: str
    deviations: np.ndarray
    why: str = ""

    @property
    def worst(self) -> float:
        """Largest deviation."""
        return float(np.max(self.deviations))


def apart(ours, theirs, where=True) -> np.ndarray:
    """|ours/theirs - 1| where both are wanted and theirs is not zero."""
    ours, where = np.broadcast_to(ours, theirs.shape), np.broadcast_to(where, theirs.shape)
    chosen = where & (theirs != 0.0)
    return np.abs(ours[chosen] / theirs[chosen] - 1.0)


def joined(*several) -> np.ndarray:
    """All deviations of several comparisons."""
    return np.concatenate([np.ravel(each) for each in several])


# ---------------------------------------------------------------------------------------------------------- NuLib

NULIB_COUPLINGS = nulib_couplings()
NULIB_MODE = {
    "couplings": NULIB_COUPLINGS,
    "blocking": "raw",
    "form_factor": "burrows",
    "alpha_form_factor": False,
    "structure_factor": "none",
    "electron_polarization": "none",
    "angle_nodes": 16,  # part of its answer where the electron cloud is narrow in angle
    "bremsstrahlung": "burrows2006",
}
NULIB_NUCLEI = {  # its default switches
    "structure_factor": "horowitz1997",
    "structure_factor_options": {"clip": True},
    "electron_polarization": "brt06",
}
SCATTERING = ("nucleon_scattering", "nucleus_scattering", "alpha_scattering")
DEGENERATE = 15.0  # mu_e/T beyond which NuLib's rule for pairs is worst


@dataclass(frozen=True)
class NuLib:
    """Its 20 points and what it says of single processes there.

    Attributes
    ----------
    matter : MatterState
    energy : ndarray, shape (energy,)
    columns : mapping of ndarray, shape (zone, energy)
    degenerate : ndarray of bool, shape (zone, 1)
    """

    matter: MatterState
    energy: np.ndarray
    columns: dict[str, np.ndarray]
    degenerate: np.ndarray


@cache
def nulib() -> NuLib:
    """Points, energies and cross sections of NuLib."""
    points, energy = read("nulib/points.csv"), read("nulib/energy_grid_24.csv")["energy_MeV"]
    names = ("rho_g_cm3", "T_MeV", "Ye", "Xn", "Xp", "mu_e_MeV", "muhat_incl_dmnp_MeV")
    heavy = points["Xheavy"] > 0.0
    matter = state(
        *(points[name] for name in names),
        NULIB.atomic_mass * NULIB.gram_per_mev / CODATA.gram_per_mev,  # in its own grams
        alpha=points["Xalpha"],
        heavy=points["Xheavy"],
        a=np.where(heavy, points["Abar"], 0.0),
        z=np.where(heavy, points["Zbar"], 0.0),
    )
    shape = (heavy.size, energy.size)
    columns = {name: values.reshape(shape) for name, values in read("nulib/processes.csv").items()}
    degenerate = (matter.chemical_potential_electron / matter.temperature >= DEGENERATE)[:, None]
    return NuLib(matter, energy, columns, degenerate)


def totals(name: str, species: int) -> dict[str, np.ndarray]:
    """Opacities of all processes together, (species, zone, energy)."""
    found, shape = read(f"nulib/totals_{name}.csv"), (20, species, 24)
    return {
        key: values.reshape(shape).swapaxes(0, 1) for key, values in found.items() if values.dtype.kind == "f"
    }


def as_nulib(names, matter=None, energy=None, species=("nue", "anue", "nux"), **changes):
    """Spectra of some processes in NuLib's mode."""
    chosen = OpacitySet.from_names(names, Settings(**{**NULIB_MODE, **changes}))
    own = nulib()
    return chosen.spectral(matter or own.matter, own.energy if energy is None else energy, species)


def blackbody(energy, temperature):
    """B of nux in erg/(cm^2 s MeV sr), with NuLib's constants."""
    occupation = 1.0 / (np.exp(np.minimum(energy / temperature, 700.0)) + 1.0)
    flux = NULIB.speed_of_light * energy**3 / (2.0 * np.pi * NULIB.hbar_c) ** 3
    return flux * occupation * NULIB.erg_per_mev


class ChargedCurrentOfNuLib:
    """Its formula as it stands: positrons have at least 2 m_e, and below 1e11 g/cm^3 all nucleons take part."""

    name = "charged_current"
    references = ()
    species = ("nue", "anue")

    def __call__(self, energy, matter):
        """Absorption of nue and anue."""
        every = matter.number_density_neutron, matter.number_density_proton
        blocked = nucleon_blocking(matter, NULIB_COUPLINGS, "raw")
        t, mass, q = matter.temperature[:, None], NULIB.electron_mass, NULIB.nucleon_mass_difference
        rows = []
        for sign, some, all_, eta in zip(
            (1, -1), blocked, every, matter.neutrino_degeneracy()[:2], strict=True
        ):
            target = np.where(matter.density >= 1e11, some, all_)[:, None]
            lepton = np.maximum(energy + sign * q, 2.0 * mass)
            sigma = NULIB_COUPLINGS.charged_current_constant * lepton * np.sqrt(lepton**2 - mass**2)
            sigma = sigma * charged_current_correction(energy, sign, NULIB_COUPLINGS)
            # (1 - f_e)/(1 - f_nu) by way of f_e/f_nu: the same where E_e = E +- Q, as it is not at the floor
            mu, eta = sign * matter.chemical_potential_electron[:, None], eta[:, None]
            factor = np.logaddexp(0.0, energy / t - eta) - np.logaddexp(0.0, (lepton - mu) / t)
            rows.append(target * sigma * np.exp(factor + (sign * q - mu) / t + eta))
        return Rates(absorption=np.stack(rows))

    def thresholds(self, matter):
        """Where the positron's energy leaves the floor."""
        return np.full((matter.density.size, 1), NULIB.nucleon_mass_difference + 2.0 * NULIB.electron_mass)


# ---------------------------------------------------------------------------------------------------- bns_nurates

_THEIRS = replace(CODATA, fermi_constant=1.1663787e-11, nucleon_mass_difference=1.29333251)
BNS_CONSTANTS = replace(
    _THEIRS,
    blocking_mass=1.6737747e-24 / CODATA.gram_per_mev,
    sigma0=4.0 * (_THEIRS.fermi_constant * _THEIRS.electron_mass * _THEIRS.hbar_c) ** 2 / math.pi,
)
BNS = WeakCouplings(
    sin2_theta_w=0.2325, axial_coupling=1.23, v_ud=1.0, charged_current_norm="tree", constants=BNS_CONSTANTS
)
BNS_SPECIES = {"nue": "nue", "anue": "anue", "nux": "numu", "anux": "anumu"}
BNS_ENERGY = np.array([10.079454858851342])


def star(columns=None, mean_field: bool = True) -> MatterState:
    """Zones of the core-collapse profile that comes with bns_nurates, without its nuclei."""
    columns = columns or read("bns_nurates/ccsn_profile.csv")
    names = ("rho_g_cm3", "T_MeV", "Ye", "Yn", "Yp", "mu_e_MeV")
    return state(
        *(columns[name] for name in names),
        columns["muhat_norest_MeV"] + BNS_CONSTANTS.nucleon_mass_difference,
        1.66053906892e-24 / CODATA.gram_per_mev,
        field=columns["dU_MeV"] * mean_field,
    )


def bns_rows(process: str, kind: str = "spectral", species: str | None = None, zone: int | None = None):
    """Rows of what bns_nurates was run for here."""
    table = read(f"bns_nurates/computed_{kind}_equilibrium.csv")
    chosen = table["process"] == process
    if species is not None:
        chosen = chosen & (table["species"] == species)
    if zone is not None:
        chosen = chosen & (table["zone"] == zone)
    return {name: values[chosen] for name, values in table.items()}


def unstimulated(process, energy, matter, species: str, row: int):
    """Absorption as it counts it, 1/cm, and emission, 1/s, (zone, energy)."""
    kappa = process(energy, matter).absorption[row]
    x = energy / matter.temperature[:, None] - matter.neutrino_degeneracy([species])[0][:, None]
    return (
        kappa * np.exp(-np.logaddexp(0.0, -x)),
        kappa * np.exp(-np.logaddexp(0.0, x)) * CODATA.speed_of_light,
    )
