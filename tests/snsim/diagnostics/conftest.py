"""A small star with closed-form answers: power laws in density, temperature and opacity."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from microphysics.constants import CODATA
from microphysics.matter import SPECIES, MatterState
from microphysics.opacity import OpacitySpectra
from microphysics.spectrum import FermiDirac
from snsim.transport.background import Background
from snsim.transport.solution import TransportSolution

C, G, ERG = CODATA.speed_of_light, CODATA.gravitational_constant, CODATA.erg_per_mev


@dataclass(frozen=True)
class Star:
    """Arguments of `star`; radii in cm."""

    zones: int = 200
    outer: float = 3e7
    mass: float = 0.0  # g, of a uniform sphere that makes the metric; 0 is flat space
    surface: float = 1.2e6
    shock: float = 1.5e7
    # kappa = opacity (E/10 MeV)^2 (r/3e6)^-slope, 1/cm, a tenth of it absorption
    opacity: tuple[float, float, float] = (2e-6, 1.5e-6, 1e-6)
    slope: float = 5.0
    # heating H (r/1e7)^-2 and cooling K (r/1e7)^-6, erg/g/s
    heating: float = 2e21
    cooling: float = 1e21
    luminosity: tuple[float, float, float] = (3e52, 3e52, 2e52)
    temperature: tuple[float, float, float] = (4.0, 5.0, 6.0)  # of the neutrinos, MeV


def lapse_and_gamma(r, star):
    """Interior Schwarzschild solution of a uniform star, and its exterior."""
    rs = 2.0 * G * star.mass / C**2
    inner = np.minimum(r, star.surface)
    gamma = np.sqrt(1.0 - rs * inner**2 / star.surface**3)
    inside = 0.5 * (3.0 * np.sqrt(1.0 - rs / star.surface) - gamma)
    outside = np.sqrt(1.0 - rs / np.maximum(r, star.surface))
    return np.where(r < star.surface, inside, outside), np.where(r < star.surface, gamma, outside)


def build(star: Star):
    """Background, opacities and radiation field."""
    low = np.linspace(0.0, star.surface, star.zones // 4 + 1)
    edges = np.concatenate(
        [low, np.geomspace(star.surface, star.outer, star.zones - star.zones // 4 + 1)[1:]]
    )
    r = 0.5 * (edges[1:] + edges[:-1])
    lapse, gamma = lapse_and_gamma(r, star)
    lapse_edge, gamma_edge = lapse_and_gamma(edges, star)
    density, temperature = 1e10 * (r / 1e7) ** -3, 2.0 * (r / 1e7) ** -1
    zero, half = np.zeros_like(r), np.full_like(r, 0.5)
    matter = MatterState(
        density=density,
        temperature=temperature,
        electron_fraction=half,
        mass_fraction_neutron=half,
        mass_fraction_proton=half,
        mass_fraction_alpha=zero,
        mass_fraction_heavy=zero,
        mass_number_heavy=zero,
        charge_number_heavy=zero,
        chemical_potential_electron=zero,
        chemical_potential_neutron=zero,
        chemical_potential_proton=zero,
        mean_field_neutron=zero,
        mean_field_proton=zero,
        pressure=1e28 * (r / 1e7) ** -4,
    )
    rest = np.concatenate([[0.0], np.cumsum(density * 4.0 * np.pi / 3.0 * np.diff(edges**3) / gamma)])
    background = Background(
        radius_interface=edges,
        radius=r,
        lapse=lapse,
        lapse_interface=lapse_edge,
        gamma=gamma,
        gamma_interface=gamma_edge,
        gravitational_mass=star.mass * np.minimum(edges / star.surface, 1.0) ** 3 if star.mass else rest,
        rest_mass=rest,
        velocity=-1e8 * (r / 1e7),
        matter=matter,
        shock_radius=star.shock,
    )
    return background, opacities(star, r, temperature), radiation(star, background)


def opacities(star, r, temperature):
    """One process, kappa ~ E^2."""
    energy = np.geomspace(0.5, 350.0, 48)
    total = np.array(star.opacity)[:, None, None] * (r[:, None] / 3e6) ** -star.slope * (energy / 10.0) ** 2
    return OpacitySpectra(
        species=SPECIES,
        processes=("toy",),
        energy=energy,
        absorption=0.1 * total[None],
        scattering=0.9 * total[None],
        exchange=0.0 * total[None],
        collision=0.9 * total[None],
        temperature=temperature,
        degeneracy=np.zeros((3, r.size)),
    )


def radiation(star, background):
    """Constant alpha^2 L, blackbody spectra with alpha T constant, h rising to 1."""
    r, edges = background.radius, background.radius_interface
    shape = (len(SPECIES), 1)
    light = np.array(star.luminosity).reshape(shape)
    temperature = np.array(star.temperature).reshape(shape) / background.lapse
    flux_factor = np.where(edges > 0.0, edges / (edges + 3e6), np.nan) * np.ones(shape)
    energy = light / background.lapse**2 / ERG / (4.0 * np.pi * r**2 * C * (r / (r + 3e6)))
    number = energy / FermiDirac(temperature).mean_energy
    density = background.matter.density
    heat = star.heating * (r / 1e7) ** -2 * density / ERG * np.array([0.6, 0.4, 0.0]).reshape(shape)
    cool = star.cooling * (r / 1e7) ** -6 * density / ERG * np.array([0.5, 0.5, 0.0]).reshape(shape)
    none, edge_opacity = 0.0 * energy, np.full((3, edges.size), 1e-6)
    edge_opacity[:, 0] = np.nan
    luminosity = light / background.lapse_interface**2
    return TransportSolution(
        species=SPECIES,
        energy_density=energy,
        number_density=number,
        neutrino_temperature=temperature,
        degeneracy=none,
        luminosity=luminosity,
        number_luminosity=luminosity,
        flux_factor=flux_factor,
        absorption_energy=heat / (C * energy),
        absorption_number=heat / (C * energy),
        transport_energy=edge_opacity,
        transport_number=edge_opacity,
        emission_energy=cool,
        emission_number=none,
        exchange_energy=none,
        converged=True,
        iterations=np.ones(3, dtype=np.int64),
    )


@pytest.fixture(scope="session")
def star():
    """Build a star from changes to `Star`: (background, spectra, solution)."""

    def make(**changes):
        return build(replace(Star(), **changes))

    return make
