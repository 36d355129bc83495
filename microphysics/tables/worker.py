"""One block of an opacity table, evaluated in whatever process it lands in."""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.eos.state import EquationOfState
from microphysics.errors import ExtrapolationWarning, MicrophysicsError, PhysicsWarning
from microphysics.matter import GROUPS, MatterState
from microphysics.opacity import OpacitySet, anisotropy, blackbody, equilibrium
from microphysics.processes import electron_scattering_kernels, pair_kernels
from microphysics.tables.plan import Block, TablePlan

__all__ = ["BlockResult", "Caught", "evaluate_block", "evaluate_states", "gathered"]

Array = NDArray[np.float64]

_HEAVY_ONLY = GROUPS["nux"]
# "12 of 984 points", "3 zone(s)", "in 12 of 984 state(s)"
_COUNT = re.compile(r"\b(\d+)(?: of (\d+))?(?= (zone|point|state|nuclei))")
_NUMBER = re.compile(r"[-+]?\d[\d.]*(?:e[-+]?\d+)?")


@dataclass(frozen=True)
class Caught:
    """A warning, put together from all blocks that raised it.

    Attributes
    ----------
    category : str
        Name of its class.
    message : str
        Of the first block, with the numbers of all.
    count : int
        States that it is about; 0 where it does not say.
    blocks : int
        Blocks that raised it.
    """

    category: str
    message: str
    count: int = 0
    blocks: int = 1

    @property
    def kind(self) -> tuple[str, str]:
        """What tells it from others: everything but its numbers."""
        return self.category, _NUMBER.sub("#", self.message)

    @property
    def warning(self) -> Warning:
        """The warning, to be raised once."""
        kinds = {kind.__name__: kind for kind in (ExtrapolationWarning, PhysicsWarning)}
        return kinds.get(self.category, PhysicsWarning)(self.message)


@dataclass(frozen=True)
class BlockResult:
    """Values of one block.

    Attributes
    ----------
    block : Block
    values : dict of ndarray
        By role, shape (species, temperature, density, energy), or that of a kernel with all its degeneracies.
    caught : list of Caught
        Warnings.
    seconds : dict of float
        Of processor time spent on the equation of state and on opacities, or on kernels.
    """

    block: Block
    values: dict[str, Array]
    caught: list[Caught]
    seconds: dict[str, float] = field(default_factory=dict)


_worker_eos: dict[str, EquationOfState] = {}  # of a worker process: made once, not for every block


def evaluate_block(key: str, plan: TablePlan, block: Block) -> BlockResult:
    """Evaluate a block; what an executor is given.

    Parameters
    ----------
    key : str
        Of the plan: its equation of state is kept for the next block.
    plan : TablePlan
    block : Block

    Raises
    ------
    MicrophysicsError
        From the equation of state or a process, or where an opacity is negative or not finite.
    """
    if key not in _worker_eos:
        _worker_eos.clear()
        _worker_eos[key] = plan.eos()
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        result = _kernels(plan, block) if block.is_kernel else _opacities(plan, block, _worker_eos[key])
    loudest: dict[tuple[str, str], Caught] = {}  # processes may check the same zones one after another
    for each in heard:
        said = Caught(each.category.__name__, str(each.message), _counted(str(each.message)))
        if said.count >= loudest.setdefault(said.kind, said).count:
            loudest[said.kind] = said
    return BlockResult(result.block, result.values, list(loudest.values()), result.seconds)


def evaluate_states(plan: TablePlan, eos: EquationOfState, block: Block) -> MatterState:
    """Matter of a block, zones in the order (temperature, density): one rising column of densities after another."""
    return eos(
        plan.density[None, :],
        plan.temperature[block.start : block.stop, None],
        plan.electron_fraction[block.electron_fraction],
        on_out_of_range=plan.outside_eos,
    ).matter


def _opacities(plan: TablePlan, block: Block, eos: EquationOfState) -> BlockResult:
    began = time.process_time()
    matter = evaluate_states(plan, eos, block)
    between = time.process_time()
    # made anew for each block, so that what a process says only once it says in each
    chosen = OpacitySet.from_names(plan.in_opacities, plan.settings)
    energy = plan.energy
    rates = chosen.totals(matter, energy, plan.species)._asdict()  # sums hold every role
    occupied = equilibrium(energy, matter.temperature, matter.neutrino_degeneracy(plan.species))
    values: dict[str, Any] = {
        "emissivity": rates["absorption"] * (blackbody(energy) * occupied),
        "absorption": rates["absorption"],
        "scattering": rates["scattering"],
    }
    if plan.delta:
        values["delta"] = anisotropy(rates["scattering"], rates["collision"])
    for role, found in values.items():
        bad = ~(np.isfinite(found) & ((found >= 0.0) | (role == "delta")))
        if bad.any():
            raise MicrophysicsError(_bad_value(role, found, bad, plan, matter, chosen))
    shape = (len(plan.species), block.stop - block.start, plan.density.size, energy.size)
    seconds = {"equation of state": between - began, "opacities": time.process_time() - between}
    return BlockResult(block, {role: found.reshape(shape) for role, found in values.items()}, [], seconds)


def _bad_value(
    role: str, found: Array, bad: NDArray[np.bool_], plan: TablePlan, matter: MatterState, chosen: OpacitySet
) -> str:
    """Say which process made a value that no table can hold, and where."""
    s, i, e = (int(index[0]) for index in np.nonzero(bad))
    spectra = chosen.spectral(matter.select(slice(i, i + 1)), plan.energy, plan.species)
    parts = spectra.absorption if role in ("emissivity", "absorption") else spectra.scattering
    guilty = [
        f"'{name}' gives {part[s, 0, e]:.6g}"
        for name, part in zip(spectra.processes, parts, strict=True)
        if not (np.isfinite(part[s, 0, e]) and part[s, 0, e] >= 0.0)
    ]
    return (
        f"{role} of {plan.species[s]} is {found[s, i, e]:.6g} at density = {matter.density[i]:.9g} g/cm^3, temperature = "
        f"{matter.temperature[i]:.9g} MeV, electron_fraction = {matter.electron_fraction[i]:.9g}, energy = "
        f"{plan.energy[e]:.6g} MeV{': ' * bool(guilty)}{', '.join(guilty)}; a table needs values that are finite and >= 0; "
        "please report these numbers, or leave that process out"
    )


def _kernels(plan: TablePlan, block: Block) -> BlockResult:
    if plan.kernels is None:
        raise MicrophysicsError("a block of kernels, but the plan has no axes for them")
    began = time.process_time()
    temperature = plan.kernels.temperature[block.start : block.stop]
    degeneracy = plan.kernels.degeneracy
    t, eta = (grid.ravel() for grid in np.meshgrid(temperature, degeneracy, indexing="ij"))
    couplings, energy = plan.settings.couplings, plan.energy
    values: dict[str, Array] = {}
    shape = (len(plan.species), temperature.size, degeneracy.size, energy.size, energy.size)
    if "electron_scattering" in plan.in_kernels:
        both = electron_scattering_kernels.coupling_structures(energy, t, eta, couplings)
        for moment in range(2):
            phi = _weighted(plan, both[0, moment], both[1, moment])
            values[f"scattering_{moment}"] = phi.reshape(shape)
    if "pair" in plan.in_kernels:
        pair = pair_kernels.structures(energy, t, eta, couplings)
        for moment in range(2):
            phi = _weighted(plan, pair.plus[moment], pair.minus[moment], plan.settings.pair_species)
            values[f"annihilation_{moment}"] = phi.reshape(shape)
    return BlockResult(block, values, [], {"kernels": time.process_time() - began})


def _weighted(plan: TablePlan, plus: Array, minus: Array, whose: str = "all") -> Array:
    """Mean over the flavours of each species of (C_V + C_A)^2 and (C_V - C_A)^2 times their structures."""
    result = np.zeros((len(plan.species), *plus.shape))
    for row, name in zip(result, plan.species, strict=True):
        members = [flavor for flavor in GROUPS[name] if whose == "all" or flavor in _HEAVY_ONLY]
        squares: Any = [
            electron_scattering_kernels.coupling_weights(plan.settings.couplings, f) for f in members
        ]
        for plus_square, minus_square in squares:
            row += (plus_square * plus + minus_square * minus) / len(GROUPS[name])
    return result


def _counted(message: str) -> int:
    found = _COUNT.search(message)
    return int(found[1]) if found else 0


def gathered(caught: Iterable[Caught], points: int, blocks: int) -> list[Caught]:
    """Put warnings together that differ in numbers only.

    Parameters
    ----------
    caught : iterable of Caught
    points : int
        States of the whole table, for "12 of 984 points".
    blocks : int
        Of the whole table.
    """
    groups: dict[tuple[str, str], list[Caught]] = {}
    for each in caught:
        groups.setdefault(each.kind, []).append(each)
    result = []
    for members in groups.values():
        count = sum(each.count for each in members)

        def whole(found: re.Match[str], count: int = count) -> str:
            return f"{count} of {points}" if found[2] and found[3] != "nuclei" else f"{count}"

        message = _COUNT.sub(whole, members[0].message, count=1)
        if len({_COUNT.sub("", each.message, count=1) for each in members}) > 1:
            of_all = sum(each.blocks for each in members)
            message += (
                f" (the count is of the table, other numbers of one block; so in {of_all} of {blocks} blocks)"
            )
        result.append(Caught(members[0].category, message, count, sum(each.blocks for each in members)))
    return result
