"""Reactions that couple energy groups: kernels of the opacity set at the local energies of every zone.

With P = 2 pi/(c (2 pi hbar c)^3) and the local measure w' = E'^2 dE', neutrinos of E are lost by scattering at the rate
sum P w' Phi_0(E, E') (1 - f') and by pairs at sum P w' [Phi_0^a f' + Phi_0^p (1 - f')], per length (Bruenn 1985, ApJS 58,
771). The moment l = 1 of scattering enters the transport opacity, that of pairs is left out.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import PhysicsWarning
from microphysics.matter import GROUPS, MatterState
from microphysics.opacity import OpacitySet
from microphysics.processes.contract import PairKernel, ScatteringKernel
from snsim.transport._kernels.coupling import Coupling
from snsim.transport._kernels.local_energies import pair_groups, scattering_groups
from snsim.transport.energy_groups import (
    EnergyGroups,
    local_equilibrium,
    local_grid,
    log_vacancy,
    scaled_energies,
)

Array = NDArray[np.float64]

PARTNERS = {
    "nue": "anue",
    "anue": "nue",
    "numu": "anumu",
    "anumu": "numu",
    "nutau": "anutau",
    "anutau": "nutau",
    "numutau": "anumutau",
    "anumutau": "numutau",
    "nux": "nux",
}
"""Who annihilates with whom; nux with itself, as the mean of four."""
_BLOCK = 500  # zones whose kernels are held at a time


Kernels = dict[str, ScatteringKernel | PairKernel]


@dataclass(frozen=True)
class Exchange:
    """What kernels make of one species.

    Attributes
    ----------
    processes : frozenset of str
        Names of the processes that act through kernels; their opacities must not be counted again.
    coupling : Coupling
        What couples the groups.
    transport : ndarray, shape (zone, group)
        Their part of the transport opacity, 1/cm.
    """

    processes: frozenset[str]
    coupling: Coupling
    transport: Array


def uncoupled() -> Coupling:
    """No group knows of another."""
    none = np.empty((0, 0, 0))
    return Coupling(none, none, none, none, np.empty((0, 0)), np.zeros(1, dtype=np.int64))


def exchanges(
    matter: MatterState,
    lapse: Array,
    opacities: OpacitySet,
    groups: EnergyGroups,
    species: Sequence[str],
) -> dict[str, Exchange]:
    """Couplings of every species by the processes that have kernels.

    The transport opacity of scattering holds for a flux proportional to f (1 - f) in a spectrum in equilibrium, where
    detailed balance turns the linearised collision integral into

        kappa_tr(E) = P sum w' (Phi_0 - Phi_1)(E, E') (1 - f_eq')/(1 - f_eq),

    which is positive; without blocking it is the plain transport opacity. That of pairs is the loss to a partner in
    equilibrium.

    Parameters
    ----------
    matter : MatterState
    lapse : ndarray, shape (zone,)
    opacities : OpacitySet
    groups : EnergyGroups
    species : sequence of str
        Flavours, or groups of them.

    Returns
    -------
    dict
        By species. A partner that is not the species itself is in equilibrium.

    Warns
    -----
    PhysicsWarning
        If a process tells flavours apart that its kernel takes for alike, as with new physics; it has no exchange then.
    """
    grid = local_grid(groups, lapse)
    found: dict[str, list[Exchange]] = {name: [] for name in species}
    for start in range(0, lapse.size, _BLOCK):
        zones = slice(start, start + _BLOCK)
        part = matter.select(zones)
        kernels: Kernels = {
            process.name: process.kernels(grid, part)
            for process in opacities.processes
            if hasattr(process, "kernels")
        }
        if start == 0:
            ignorant = _ignorant(opacities, kernels)
        # nodes of the grid below the first group, without the first of them
        position = np.log(lapse.max() / lapse[zones]) / groups.step
        for name in species:
            chosen = {
                key: kernel
                for key, kernel in kernels.items()
                if key not in ignorant and _covers(kernel.species, name)
            }
            found[name].append(_exchange(name, chosen, part, lapse[zones], groups, position))
    return {name: _joined(found.pop(name)) for name in species}


def _ignorant(opacities: OpacitySet, kernels: Kernels) -> set[str]:
    """Find processes that tell flavours apart which share a row of their kernel, and warn of each."""
    ignorant = set()
    for process in opacities.processes:
        if process.name not in kernels:
            continue
        place = {flavor: row for row, name in enumerate(process.species) for flavor in GROUPS[name]}
        rows = kernels[process.name].species
        if any(len({place.get(flavor) for flavor in GROUPS[row]}) > 1 for row in rows):
            ignorant.add(process.name)
            warnings.warn(
                f"{process.name}: its kernels know nothing of what tells flavours apart in its opacities (new physics): "
                "these are used, without exchange of energy",
                PhysicsWarning,
                stacklevel=4,
            )
    return ignorant


def _covers(rows: Sequence[str], name: str) -> bool:
    """Whether every member of a group of species has a row."""
    return {flavor for row in rows for flavor in GROUPS[row]} >= set(GROUPS[name])


def _exchange(
    name: str, kernels: Kernels, matter: MatterState, lapse: Array, groups: EnergyGroups, position: Array
) -> Exchange:
    """Couplings of one species in some zones."""
    scaled = scaled_energies(groups, lapse, matter.temperature)
    phase_space = 2.0 * np.pi / (CODATA.speed_of_light * (2.0 * np.pi * CODATA.hbar_c) ** 3)
    # local E^2 dE
    weight = phase_space * groups.energy**2 * groups.width / lapse[:, None] ** 3
    own, other = matter.neutrino_degeneracy((name, PARTNERS[name]))
    coupling = uncoupled()
    transport = np.zeros_like(weight)
    shape = (*weight.shape, groups.energy.size)
    of_species = [kernel.of((name,)) for kernel in kernels.values()]
    scattering = [kernel for kernel in of_species if isinstance(kernel, ScatteringKernel)]
    if scattering:
        phi_0 = sum(kernel.phi_0[0] for kernel in scattering)
        turning = phi_0 - sum(kernel.phi_1[0] for kernel in scattering)
        scatter, gain = np.empty(shape), np.empty(shape)
        vacancy = log_vacancy(scaled, own)
        scattering_groups(position, phi_0, turning, scaled, weight, vacancy, scatter, gain, transport)
        coupling = coupling._replace(scatter=scatter, gain=gain)
    pairs = [kernel for kernel in of_species if isinstance(kernel, PairKernel)]
    if pairs:
        annihilated = np.stack([kernel.annihilation_0[0] for kernel in pairs])
        production, annihilation, loss = np.empty(shape), np.empty(shape), np.empty_like(weight)
        partner = local_equilibrium(scaled, other)
        pair_groups(position, annihilated, scaled, weight, partner, production, annihilation, loss)
        transport += loss
        itself = np.full(1, PARTNERS[name] == name, dtype=np.int64)
        coupling = coupling._replace(
            production=production, annihilation=annihilation, partner=partner, own_partner=itself
        )
    return Exchange(frozenset(kernels), coupling, transport)


def _joined(parts: list[Exchange]) -> Exchange:
    """Zones of all `parts` in one."""
    if len(parts) == 1:
        return parts[0]
    couplings = [part.coupling for part in parts]
    arrays = {
        field: np.concatenate([getattr(coupling, field) for coupling in couplings])
        for field in Coupling._fields
        if field != "own_partner"
    }
    return Exchange(
        parts[0].processes,
        couplings[0]._replace(**arrays),
        np.concatenate([part.transport for part in parts]),
    )
