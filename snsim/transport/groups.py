"""The matter as the energy groups of each species meet it: opacities and couplings at local energies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from microphysics.errors import OutOfRangeError
from microphysics.matter import GROUPS, SPECIES
from microphysics.opacity import OpacitySet, OpacitySpectra
from microphysics.processes.contract import Process
from snsim.transport._kernels.coupling import Coupling
from snsim.transport._kernels.local_energies import local_opacities
from snsim.transport.background import Background
from snsim.transport.coupling import Exchange, exchanges, uncoupled
from snsim.transport.energy_groups import EnergyGroups, local_equilibrium, local_grid, scaled_energies

__all__ = ["EnergyGroups", "GroupMedium", "group_media", "with_partner"]

Array = NDArray[np.float64]

REFINEMENT = 3
"""Energies per group at which opacities are evaluated."""
_BEYOND = 2.0  # local energies may lie outside given spectra by this factor


@dataclass(frozen=True)
class GroupMedium:
    """The matter as the groups of one species meet it.

    Attributes
    ----------
    absorption : ndarray, shape (zone, group)
        kappa*, 1/cm, of what acts on each group alone.
    scattering : ndarray, shape (zone, group)
        What else takes momentum, 1/cm, kernels included: kappa_t = absorption + scattering.
    equilibrium : ndarray, shape (zone, group)
        f_eq at the local energies; 0 where its chemical potential is undefined.
    coupling : Coupling
        What couples the groups.
    """

    absorption: Array
    scattering: Array
    equilibrium: Array
    coupling: Coupling


def group_media(
    background: Background,
    opacities: OpacitySet,
    groups: EnergyGroups,
    species: Sequence[str] = SPECIES,
    inelastic: bool = True,
    spectra: OpacitySpectra | None = None,
) -> dict[str, GroupMedium]:
    """Opacities, equilibrium and couplings of all groups in all zones.

    Parameters
    ----------
    background : Background
        Matter and lapse.
    opacities : OpacitySet
    groups : EnergyGroups
        At infinity.
    species : sequence of str
        Flavours, or groups of them.
    inelastic : bool
        Whether processes that have kernels act through them, which couples the groups; their opacities are left out then. A
        process whose kernel knows nothing of a species keeps its opacities.
    spectra : OpacitySpectra, optional
        All processes of `opacities` on this matter at energies of one's own; it is evaluated where the groups lie by default.
        Beyond its ends power laws go on.

    Returns
    -------
    dict
        By species.

    Raises
    ------
    OutOfRangeError
        If local energies lie outside `spectra` by more than a factor of 2.
    UnknownNameError
        For an unknown species, or one that `spectra` has not.
    """
    matter, lapse = background.matter, background.lapse
    kernels: dict[str, Exchange] = exchanges(matter, lapse, opacities, groups, species) if inelastic else {}
    through = {name: kernels[name].processes if inelastic else frozenset() for name in species}
    if spectra is None:
        left = (process for process in opacities.processes if _acts_alone(process, through))
        spectra = OpacitySet(tuple(left)).spectral(matter, local_grid(groups, lapse, REFINEMENT), species)
    else:
        _check_range(spectra, groups, lapse)
    absorption, scattering = _local(opacities, spectra, groups, background, through)
    scaled = scaled_energies(groups, lapse, matter.temperature)
    degeneracy = matter.neutrino_degeneracy(species)
    return {
        name: GroupMedium(
            absorption=absorption[i],
            scattering=scattering[i] + kernels[name].transport if inelastic else scattering[i],
            equilibrium=local_equilibrium(scaled, degeneracy[i]),
            coupling=kernels[name].coupling if inelastic else uncoupled(),
        )
        for i, name in enumerate(species)
    }


def with_partner(medium: GroupMedium, occupied: Array) -> GroupMedium:
    """Return the medium with the partner of pairs as it is: f of shape (zone, group). What is its own partner stays.

    The loss to the partner is part of the transport opacity as well: an equilibrium partner where nothing is in equilibrium
    would be a Fermi sea that is not there.
    """
    if medium.coupling.own_partner[0] == 1 or not medium.coupling.partner.size:
        return medium
    partner = np.ascontiguousarray(occupied, dtype=np.float64)
    if partner.shape != medium.equilibrium.shape:
        raise OutOfRangeError(
            f"occupied has shape {partner.shape}: zones and groups make {medium.equilibrium.shape}"
        )
    coupling = medium.coupling
    change = (coupling.annihilation - coupling.production) @ (partner - coupling.partner)[:, :, None]
    scattering = np.maximum(medium.scattering + change[:, :, 0], 0.0)
    return replace(medium, scattering=scattering, coupling=coupling._replace(partner=partner))


def _acts_alone(process: Process, through: dict[str, frozenset[str]]) -> bool:
    """Whether a process has opacities of a species for which it does not act through its kernels."""
    flavors = {flavor for row in process.species for flavor in GROUPS[row]}
    return any(process.name not in names and flavors & set(GROUPS[name]) for name, names in through.items())


def _local(
    opacities: OpacitySet,
    spectra: OpacitySpectra,
    groups: EnergyGroups,
    background: Background,
    through: dict[str, frozenset[str]],
) -> tuple[Array, Array]:
    """Absorption and scattering of what does not act through kernels, each of shape (species, zone, group)."""
    rows = [spectra.species.index(name) for name in through]
    kept = np.array([[float(p not in through[name]) for name in through] for p in spectra.processes])
    kept = kept.reshape(len(spectra.processes), len(rows))
    nodes, energy = np.log(spectra.energy), np.log(groups.energy)
    absorption, scattering = (
        np.einsum("ps,psze->sze", kept, parts[:, rows]) for parts in (spectra.absorption, spectra.scattering)
    )
    # reactions have thresholds, scattering goes on across them
    thresholds = np.log(opacities.thresholds(background.matter))
    return (
        local_opacities(nodes, absorption, energy, background.lapse, thresholds),
        local_opacities(nodes, scattering, energy, background.lapse, thresholds[:, :0]),
    )


def _check_range(spectra: OpacitySpectra, groups: EnergyGroups, lapse: Array) -> None:
    low, high = groups.energy[0] / lapse.max(), groups.energy[-1] / lapse.min()
    if low < spectra.energy[0] / _BEYOND or high > spectra.energy[-1] * _BEYOND:
        raise OutOfRangeError(
            f"spectra.energy = {spectra.energy[0]:.4g} ... {spectra.energy[-1]:.4g} MeV: the groups need {low:.4g} ... "
            f"{high:.4g} MeV, and at most a factor of {_BEYOND:g} is bridged"
        )
