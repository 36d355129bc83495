"""Gray view of scattering that changes the energy: what its kernels do to a spectrum near equilibrium.

To first order in the flux, in a spectrum in equilibrium, detailed balance turns the collision integral into the transport
opacity (`snsim.transport.coupling`)

    kappa_tr(E) = 2 pi/(c (2 pi hbar c)^3) int E'^2 (Phi_0 - Phi_1)(E, E') (1 - f_eq')/(1 - f_eq) dE'.

The exchange of energy is diffusion in E (Kompaneets 1957 for photons): with D = (1/2) int (E - E')^2 (1 - f_eq') d kappa a
spectrum of T_nu in matter of T loses energy at the rate c D/(T E) (1 - T/T_nu) per energy, so D/(T E) is the `exchange`.
Unlike the elastic form both know final-state blocking, positrons and how much energy one collision moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from microphysics.matter import SPECIES, MatterState
from microphysics.opacity import OpacitySet, OpacitySpectra
from microphysics.processes.contract import ScatteringKernel
from snsim.transport._kernels.local_energies import local_opacities
from snsim.transport.coupling import exchanges
from snsim.transport.energy_groups import EnergyGroups, log_vacancy

Array = NDArray[np.float64]

NODES = 20  # energies of the kernels


def gray_spectra(
    opacities: OpacitySet,
    matter: MatterState,
    energy: Array,
    species: Sequence[str] = SPECIES,
    inelastic: bool = True,
) -> OpacitySpectra:
    """Opacities for the gray scheme: those of the set, scattering on electrons from its kernels if `inelastic`."""
    spectra = opacities.spectral(matter, energy, species)
    return with_kernels(spectra, opacities, matter) if inelastic else spectra


def with_kernels(spectra: OpacitySpectra, opacities: OpacitySet, matter: MatterState) -> OpacitySpectra:
    """Replace transport opacity and exchange of processes with scattering kernels by what the kernels give.

    Parameters
    ----------
    spectra : OpacitySpectra
        Of `opacities` in `matter`, on energies uniform in the logarithm.
    opacities : OpacitySet
    matter : MatterState

    Returns
    -------
    OpacitySpectra
        A process whose kernel knows nothing of a species, or less than its opacities, keeps these.

    Warns
    -----
    PhysicsWarning
        As `snsim.transport.coupling.exchanges`.
    """
    scattering, exchange, collision = (
        values.copy() for values in (spectra.scattering, spectra.exchange, spectra.collision)
    )
    flat = np.ones_like(matter.density)
    groups = _nodes(spectra.energy)
    for row, process in enumerate(opacities.processes):
        if not _scatters(process, matter):
            continue
        found = exchanges(matter, flat, OpacitySet((process,)), groups, spectra.species)
        known = [i for i, name in enumerate(spectra.species) if process.name in found[name].processes]
        if not known:
            continue
        names = [spectra.species[i] for i in known]
        transport = np.stack([found[name].transport for name in names])
        strength = np.stack(
            [
                _exchange(found[name].coupling.scatter, groups, matter.temperature, spectra.degeneracy[i])
                for i, name in zip(known, names, strict=True)
            ]
        )
        scattering[row, known] = _onto(spectra.energy, groups, transport, flat)
        exchange[row, known] = _onto(spectra.energy, groups, strength, flat)
        collision[row, known] = scattering[row, known]
    return replace(spectra, scattering=scattering, exchange=exchange, collision=collision)


def _nodes(energy: Array) -> EnergyGroups:
    """Return groups whose centres reach from the first to the last energy."""
    half = 0.5 * np.log(energy[-1] / energy[0]) / (NODES - 1)
    return EnergyGroups.logarithmic(NODES, energy[0] * np.exp(-half), energy[-1] * np.exp(half))


def _scatters(process: object, matter: MatterState) -> bool:
    """Whether the kernel of a process is one of scattering."""
    if not hasattr(process, "kernels"):
        return False
    one = matter.select(np.array([0]))
    return isinstance(process.kernels(np.array([5.0, 10.0]), one), ScatteringKernel)


def _exchange(scatter: Array, groups: EnergyGroups, temperature: Array, degeneracy: Array) -> Array:
    """D/(T E), 1/cm, from rates into empty states, shape (zone, group)."""
    energy = groups.energy
    vacant = np.exp(log_vacancy(energy / temperature[:, None], degeneracy))
    squared = (energy[:, None] - energy) ** 2
    return 0.5 * np.einsum("zij,zj,ij->zi", scatter, vacant, squared) / (temperature[:, None] * energy)


def _onto(energy: Array, groups: EnergyGroups, values: Array, flat: Array) -> Array:
    """Values at the groups, shape (species, zone, group), at other energies."""
    none = np.empty((flat.size, 0))
    return local_opacities(np.log(groups.energy), values, np.log(energy), flat, none)
