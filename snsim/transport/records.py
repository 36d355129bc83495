"""Background, opacities and solution as labelled variables for results and files."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.opacity import OpacitySpectra
from snsim.transport import moments
from snsim.transport.background import Background
from snsim.transport.solution import SpectralField, TransportSolution
from snsim.transport.trust import Trust
from snsim.variable import Variable, scalar

Array = NDArray[np.float64]

UNBOUND = "no free nucleons, so no chemical potential of theirs"
STATIC = "static observers (local orthonormal frame at rest in the star)"
INFINITY = "observer at infinity"
FLUID = "observers moving with the fluid"
NO_SPHERE = "the transport depth never reaches 2/3"

_MATTER = {
    "density": ("g/cm3", "rest-mass density"),
    "temperature": ("MeV", "temperature"),
    "electron_fraction": ("1", "electrons per baryon"),
    "mass_fraction_neutron": ("1", "mass fraction of free neutrons"),
    "mass_fraction_proton": ("1", "mass fraction of free protons"),
    "mass_fraction_alpha": ("1", "mass fraction of alpha particles"),
    "mass_fraction_heavy": ("1", "mass fraction of heavy nuclei"),
    "mass_number_heavy": ("1", "mass number of the heavy nucleus"),
    "charge_number_heavy": ("1", "charge number of the heavy nucleus"),
    "chemical_potential_electron": ("MeV", "electron chemical potential with rest mass"),
    "chemical_potential_neutron": ("MeV", "neutron chemical potential from the neutron mass"),
    "chemical_potential_proton": ("MeV", "proton chemical potential from the neutron mass"),
    "mean_field_neutron": ("MeV", "mean-field potential of neutrons"),
    "mean_field_proton": ("MeV", "mean-field potential of protons"),
    "pressure": ("erg/cm3", "total pressure"),
    "mass_fraction_deuteron": ("1", "mass fraction of deuterons"),
    "mass_fraction_triton": ("1", "mass fraction of tritons"),
    "mass_fraction_helion": ("1", "mass fraction of 3He"),
}


def profile_group(background: Background) -> dict[str, Variable]:
    """Variables of `/profile`: coordinates, metric and matter."""
    zone, edge = ("zone",), ("interface",)
    group = {
        "radius": Variable(zone, background.radius, "cm", "areal radius of zone centres"),
        "radius_interface": Variable(edge, background.radius_interface, "cm", "areal radius of zone edges"),
        "lapse": Variable(zone, background.lapse, "1", "lapse"),
        "lapse_interface": Variable(edge, background.lapse_interface, "1", "lapse at zone edges"),
        "gamma": Variable(zone, background.gamma, "1", "metric function Gamma = sqrt(1 - 2Gm/(rc^2))"),
        "gamma_interface": Variable(edge, background.gamma_interface, "1", "Gamma at zone edges"),
        "gravitational_mass": Variable(edge, background.gravitational_mass, "g", "mass of the metric"),
        "rest_mass": Variable(edge, background.rest_mass, "g", "enclosed rest mass"),
        "velocity": Variable(zone, background.velocity, "cm/s", "fluid velocity dr/dtau"),
        "shock_radius": scalar(
            background.shock_radius,
            "cm",
            "shock radius",
            **_why(background.shock_radius, background.why_no_shock),
        ),
        "baryon_mass": scalar(background.matter.baryon_mass, "MeV", "reference mass per baryon"),
    }
    for name, (unit, long_name) in _MATTER.items():
        values = getattr(background.matter, name)
        if values is None:  # light clusters, where the equation of state has none
            continue
        group[name] = Variable(zone, values, unit, long_name, _why(values, UNBOUND))
    return group


def _why(values: Array | float, reason: str) -> dict[str, str]:
    """Return the attribute that says why some values are NaN; none where all are numbers."""
    return {"reason": reason} if np.isnan(values).any() else {}


def opacity_group(spectra: OpacitySpectra, references: tuple[str, ...]) -> dict[str, Variable]:
    """Variables of `/opacity`: every process apart."""
    dims = ("process", "species", "zone", "energy")
    cited = {"references": "; ".join(references)}
    return {
        "process": Variable(("process",), np.array(spectra.processes), "1", "process"),
        "species": Variable(("species",), np.array(spectra.species), "1", "neutrino species"),
        "energy": Variable(("energy",), spectra.energy, "MeV", "local neutrino energy"),
        "absorption": Variable(
            dims, spectra.absorption, "1/cm", "absorption opacity corrected for stimulated absorption", cited
        ),
        "scattering": Variable(dims, spectra.scattering, "1/cm", "transport scattering opacity", cited),
        "delta": Variable(
            dims,
            spectra.delta,
            "1",
            "anisotropy of scattering",
            cited
            | {
                "definition": "d kappa/d Omega = kappa_s/(4 pi) (1 + delta cos), kappa_s = scattering/(1 - delta/3)"
            },
        ),
        "exchange": Variable(
            dims, spectra.exchange, "1/cm", "strength of energy exchange with electrons", cited
        ),
        "degeneracy": Variable(
            ("species", "zone"),
            spectra.degeneracy,
            "1",
            "equilibrium neutrino chemical potential over temperature",
            _why(spectra.degeneracy, UNBOUND),
        ),
    }


def transport_group(
    background: Background, solution: TransportSolution, trust: Trust, references: Sequence[str] = ()
) -> dict[str, Variable]:
    """Variables of `/transport`; "nux" is one heavy-lepton species. `references`: papers of the scheme."""
    zone, edge = ("species", "zone"), ("species", "interface")
    fluid = moments.fluid_frame(background, solution)
    lapse = background.lapse_interface
    static = {"frame": STATIC}
    cited = {"references": "; ".join(references)} if references else {}
    boosted = {"references": "; ".join(_boost_references(solution))}
    outflow = solution.luminosity[:, -1] / CODATA.erg_per_mev / solution.number_luminosity[:, -1]
    group = {
        "species": Variable(("species",), np.array(solution.species), "1", "neutrino species; nux is one of four"),
        "luminosity": Variable(edge, solution.luminosity, "erg/s", "luminosity", static | cited),
        "luminosity_infinity": Variable(
            edge, solution.luminosity * lapse**2, "erg/s", "luminosity seen from infinity", {"frame": INFINITY}
        ),
        "luminosity_fluid": Variable(edge, fluid.luminosity, "erg/s", "luminosity in the fluid frame",
            {"frame": FLUID, "definition": "the static one where the flux factor is below 0.02", **boosted}),
        "number_luminosity": Variable(edge, solution.number_luminosity, "1/s", "neutrinos emitted per time", static),
        "mean_energy": Variable(
            zone, moments.mean_energy(solution), "MeV", "mean energy", {**static, "definition": "E/N of the density"}
        ),
        "mean_energy_infinity": Variable(
            ("species",),
            outflow * lapse[-1],
            "MeV",
            "mean energy at infinity",
            {"frame": INFINITY, "definition": "energy over number of the flux through the outer edge"},
        ),
        "mean_energy_fluid": Variable(
            edge, fluid.mean_energy, "MeV", "mean energy in the fluid frame", {"frame": FLUID}
        ),
        "rms_number": Variable(
            zone, moments.rms_number(solution), "MeV", "rms energy of the number spectrum",
            {**static, "definition": "sqrt(<E^2>)"},
        ),
        "rms_energy": Variable(
            zone, moments.rms_energy(solution), "MeV", "energy-weighted rms energy",
            {**static, "definition": "sqrt(<E^3>/<E>), what multiplies L in heating"},
        ),
        "rms_number_fluid": Variable(
            edge, fluid.rms_number, "MeV", "rms energy of the number spectrum in the fluid frame", {"frame": FLUID}
        ),
        "flux_factor": Variable(
            edge, np.nan_to_num(solution.flux_factor), "1", "flux factor",
            {**static, "definition": "F/(cE), energy-weighted; 0 at the centre, through which nothing flows"},
        ),
        "flux_factor_fluid": Variable(edge, fluid.flux_factor, "1", "flux factor in the fluid frame", {"frame": FLUID}),
    }  # fmt: skip
    simple = {
        "energy_density": (zone, "MeV/cm3", "neutrino energy density"),
        "number_density": (zone, "1/cm3", "neutrino number density"),
        "neutrino_temperature": (zone, "MeV", "temperature of the neutrinos' spectrum"),
        "degeneracy": (zone, "1", "degeneracy of the neutrinos' spectrum"),
        "absorption_energy": (zone, "1/cm", "energy-weighted mean absorption opacity"),
        "absorption_number": (zone, "1/cm", "number-weighted mean absorption opacity"),
        "transport_energy": (
            edge,
            "1/cm",
            "effective transport opacity of the energy flux (with groups: mean over the flux)",
        ),
        "transport_number": (edge, "1/cm", "effective transport opacity of the number flux"),
        "emission_energy": (zone, "MeV/(cm3 s)", "energy emission"),
        "emission_number": (zone, "1/(cm3 s)", "number emission"),
        "exchange_energy": (zone, "MeV/(cm3 s)", "energy gained from electrons by scattering"),
    }
    for name, (dims, unit, long_name) in simple.items():
        group[name] = Variable(dims, getattr(solution, name), unit, long_name, static)
    return group | _spectral(background, solution) | _trust(trust) | _statistics(solution)


def _boost_references(solution: TransportSolution) -> tuple[str, ...]:
    """Papers of the fluid frame: the boost and, where the scheme knows no Eddington factor, the closure that it takes."""
    boost = ("Mihalas & Mihalas 1984, Foundations of Radiation Hydrodynamics, section 91",)
    if solution.spectral is not None and solution.spectral.eddington_factor is not None:
        return boost
    return (*boost, "Levermore 1984, JQSRT 31, 149")


def _spectrum(background: Background, spectral: SpectralField) -> Array:
    """dL/dE at infinity through the outer edge, erg/s/MeV, shape (species, group)."""
    area = 4.0 * np.pi * (background.radius_interface[-1] / background.lapse_interface[-1]) ** 2
    energy_of_states = 4.0 * np.pi * spectral.energy**3 / (2.0 * np.pi * CODATA.hbar_c) ** 3  # 1/cm^3
    per_occupation = CODATA.speed_of_light * CODATA.erg_per_mev * area * energy_of_states
    return per_occupation * spectral.occupation_flux[:, -1]


def _spectral(background: Background, solution: TransportSolution) -> dict[str, Variable]:
    """Variables of groups, where the scheme has them."""
    spectral = solution.spectral
    if spectral is None:
        return {}
    static = {"frame": STATIC}
    found = {
        "group": Variable(("group",), spectral.energy, "MeV", "neutrino energy at infinity; locally energy/lapse"),
        "occupation": Variable(
            ("species", "zone", "group"), spectral.occupation, "1", "phase-space occupation, mean over angles", static
        ),
        "occupation_flux": Variable(
            ("species", "interface", "group"), spectral.occupation_flux, "1", "first angular moment of the occupation", static
        ),
        "luminosity_spectrum_infinity": Variable(
            ("species", "group"),
            _spectrum(background, spectral),
            "erg/(s MeV)",
            "luminosity per energy, seen from infinity",
            {"frame": INFINITY, "definition": "dL/dE through the outer edge, E at infinity"},
        ),
    }  # fmt: skip
    if spectral.eddington_factor is not None:
        found["eddington_factor"] = Variable(
            ("species", "zone"),
            spectral.eddington_factor,
            "1",
            "Eddington factor of the energy moments",
            static,
        )
    return found


def _trust(trust: Trust) -> dict[str, Variable]:
    """Variables of what the run says about itself."""
    by_species = ("species",)
    found = {
        "energy_defect": Variable(
            by_species, trust.energy_defect, "1", "(sources - outflow)/outflow of energy at infinity"
        ),
        "number_defect": Variable(by_species, trust.number_defect, "1", "(sources - outflow)/outflow of number"),
        "zones_per_depth": Variable(
            by_species, trust.zones_per_depth, "1", "zones per unit optical depth at the neutrinosphere",
            {"definition": "1/(kappa dr/Gamma) where the transport depth is 2/3", **_why(trust.zones_per_depth, NO_SPHERE)},
        ),
        "advection": Variable(
            by_species, trust.advection, "1", "what a steady state leaves out of the flux",
            {"definition": "|v|/(c h) at the neutrinosphere, h the flux factor", **_why(trust.advection, NO_SPHERE)},
        ),
        "outer_depth": Variable(
            by_species, trust.outer_depth, "1", "transport depth of what the outer edge cuts off",
            {"definition": "of opacities that go on as the power of the radius that they are in the last fifth of it"},
        ),
    }  # fmt: skip
    if trust.below is not None and trust.above is not None:
        found["number_below_energies"] = Variable(
            by_species, trust.below.value, "1", "largest share of number below the energies of the opacities"
        )
        found["energy_above_energies"] = Variable(
            by_species, trust.above.value, "1", "largest share of energy above the energies of the opacities"
        )
    if trust.edge is not None:
        found["fermi_surface_step"] = Variable(
            by_species, trust.edge.value, "1", "largest step in ln(energy) over T/mu of trapped neutrinos"
        )
    if not np.isnan(trust.end_groups).all():
        found["lowest_group_share"] = Variable(
            by_species, trust.end_groups[:, 0], "1", "largest share of number in the lowest group"
        )
        found["highest_group_share"] = Variable(
            by_species, trust.end_groups[:, 1], "1", "largest share of energy in the highest group"
        )
    return found


def _statistics(solution: TransportSolution) -> dict[str, Variable]:
    """Convergence: steps, and the residual after each; a species that is done keeps its last one."""
    longest = max((h.size for h in solution.residual_history), default=0)
    rows = [np.pad(h, (0, longest - h.size), mode="edge") for h in solution.residual_history]
    history = np.array(rows).reshape(len(solution.species), longest)
    return {
        "converged": Variable(
            (), np.array(int(solution.converged)), "1", "1 if every species met the tolerance"
        ),
        "iterations": Variable(("species",), solution.iterations, "1", "Newton steps"),
        "residual_history": Variable(
            ("species", "iteration"),
            history,
            "1",
            "scaled residual after each step",
            {"definition": "after its last step a species keeps its last residual"},
        ),
    }
