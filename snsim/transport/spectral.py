"""From the fields of spectral schemes to the moments that diagnostics and files know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.spectrum import fermi
from snsim.transport._kernels.geometry import extend
from snsim.transport.background import Background
from snsim.transport.group_newton import GroupField
from snsim.transport.groups import EnergyGroups, GroupMedium
from snsim.transport.mesh import diluted_reach, geometry_of
from snsim.transport.solution import SpectralField, TransportSolution

Array = NDArray[np.float64]

_DEGENERACIES = np.linspace(-8.0, 50.0, 581)


def assemble(
    background: Background,
    groups: EnergyGroups,
    media: Mapping[str, GroupMedium],
    fields: Mapping[str, GroupField],
    names: Sequence[str],
) -> TransportSolution:
    """Moments of every species.

    Parameters
    ----------
    background : Background
    groups : EnergyGroups
        At infinity; the local energy is energy/lapse.
    media, fields : mapping of str to GroupMedium, GroupField
        By species.
    names : sequence of str
        Order of the species.

    Returns
    -------
    TransportSolution
        With the spectral fields. `neutrino_temperature` and `degeneracy` are those of the Fermi-Dirac spectrum with the same
        <E> and <E^2>, as near as such a spectrum comes (-8 <= eta <= 50).
    """
    every = [fields[name] for name in names]
    columns = [_moments(background, groups, media[name], fields[name]) for name in names]
    stacked = {key: np.stack([column[key] for column in columns]) for key in columns[0]}
    factors = [_energy_mean(field, groups) for field in every if field.eddington_factor is not None]
    spectral = SpectralField(
        energy=groups.energy,
        occupation=np.stack([field.occupation for field in every]),
        occupation_flux=np.stack([field.flux for field in every]),
        rms_number=stacked.pop("rms_number"),
        rms_energy=stacked.pop("rms_energy"),
        eddington_factor=np.stack(factors) if factors else None,
        worst=tuple(field.worst for field in every),
    )
    return TransportSolution(
        species=tuple(names),
        **stacked,
        converged=all(field.converged for field in every),
        iterations=np.array([field.steps for field in every]),
        residual_history=tuple(field.history for field in every),
        spectral=spectral,
        worst_zone=np.array([field.worst[0] for field in every]),
    )


def _moments(
    background: Background, groups: EnergyGroups, medium: GroupMedium, field: GroupField
) -> dict[str, Array]:
    """Moments of one species, by name of `TransportSolution`."""
    c, area = CODATA.speed_of_light, 4.0 * np.pi * background.radius_interface**2
    lapse, edge_lapse = background.lapse, background.lapse_interface
    f, weight_energy, weight_number = field.occupation, groups.energy_weight, groups.number_weight
    energy, number = f @ weight_energy / lapse**4, f @ weight_number / lapse**3
    flux_energy = field.flux @ weight_energy / edge_lapse**4
    flux_number = field.flux @ weight_number / edge_lapse**3
    square = f @ (weight_number * groups.energy**2) / lapse**5 / number
    cube = f @ (weight_energy * groups.energy**2) / lapse**6 / number
    temperature, degeneracy = equivalent_spectrum(energy / number, square)
    at_edge = edge_occupation(background, field) @ weight_energy / edge_lapse**4
    absorption, emission, exchange = _sources(medium, f)
    total = medium.absorption + medium.scattering
    transport = np.concatenate([total[:1], np.sqrt(total[1:] * total[:-1]), total[-1:]])
    with np.errstate(invalid="ignore", divide="ignore"):
        flux_factor = np.where(background.radius_interface > 0.0, flux_energy / at_edge, np.nan)
    return {
        "energy_density": energy,
        "number_density": number,
        "neutrino_temperature": temperature,
        "degeneracy": degeneracy,
        "rms_number": np.sqrt(square),
        "rms_energy": np.sqrt(cube * number / energy),
        "luminosity": c * area * flux_energy * CODATA.erg_per_mev,
        "number_luminosity": c * area * flux_number,
        "flux_factor": flux_factor,
        "absorption_energy": (absorption * f) @ weight_energy / (f @ weight_energy),
        "absorption_number": (absorption * f) @ weight_number / (f @ weight_number),
        "transport_energy": _flux_mean(transport, field.flux, weight_energy),
        "transport_number": _flux_mean(transport, field.flux, weight_number),
        "emission_energy": c * emission @ weight_energy / lapse**4,
        "emission_number": c * emission @ weight_number / lapse**3,
        "exchange_energy": c * exchange @ weight_energy / lapse**4,
    }


def _sources(medium: GroupMedium, f: Array) -> tuple[Array, Array, Array]:
    """kappa*, emission without own blocking and net gain by scattering of every zone and group, 1/cm."""
    absorption, emission = medium.absorption, medium.absorption * medium.equilibrium
    coupling = medium.coupling
    exchange = np.zeros_like(f)
    if coupling.annihilation.shape[0]:
        partner = f if coupling.own_partner[0] else coupling.partner
        made = (coupling.production @ (1.0 - partner)[:, :, None])[:, :, 0]
        lost = (coupling.annihilation @ partner[:, :, None])[:, :, 0]
        absorption, emission = absorption + made + lost, emission + made
    if coupling.scatter.shape[0]:
        into = (coupling.gain @ f[:, :, None])[:, :, 0]
        out = (coupling.scatter @ (1.0 - f)[:, :, None])[:, :, 0]
        exchange = (1.0 - f) * into - f * out
    return absorption, emission, exchange


def edge_occupation(background: Background, field: GroupField) -> Array:
    """Occupation at edges, continued from upstream to second order, shape (interface, group)."""
    geometry = geometry_of(background)
    f = field.occupation
    reach = diluted_reach(geometry, f.shape[1])
    extend(np.maximum(f, np.finfo(float).tiny), geometry, reach, 1.0)
    outward = np.ones_like(reach.left, dtype=bool)
    outward[1:-1] = f[:-1] >= f[1:]
    return np.where(
        outward, np.concatenate([f[:1], f]) * reach.left, np.concatenate([f, f[-1:]]) * reach.right
    )


def equivalent_spectrum(mean_energy: Array, mean_square: Array) -> tuple[Array, Array]:
    """T (MeV) and eta of the Fermi-Dirac spectrum of given <E> and <E^2>, the nearest eta where there is none."""
    f2, f3, f4 = (fermi(k, _DEGENERACIES) for k in (2, 3, 4))
    ratio = f4 * f2 / f3**2  # falls with eta
    eta = np.interp(-mean_square / mean_energy**2, -ratio, _DEGENERACIES)
    return mean_energy * fermi(2, eta) / fermi(3, eta), eta


def _flux_mean(opacity: Array, flux: Array, weight: Array) -> Array:
    """Mean over the flux of each group, shape (interface,); over the weights alone where nothing flows."""
    carried = np.abs(flux) * weight
    carried = np.where(carried.sum(axis=1, keepdims=True) > 0.0, carried, weight)
    return (opacity * carried).sum(axis=1) / carried.sum(axis=1)


def _energy_mean(field: GroupField, groups: EnergyGroups) -> Array:
    """Eddington factor of the energy moments, shape (zone,)."""
    assert field.eddington_factor is not None
    carried = field.occupation * groups.energy_weight
    return (field.eddington_factor * carried).sum(axis=1) / carried.sum(axis=1)
