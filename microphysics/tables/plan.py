"""What a table shall hold, how it is cut into blocks, and the hash by which a build that was stopped is known again."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics import processes as _builtin  # noqa: F401 - registers the built-in processes
from microphysics._registry import PROCESSES
from microphysics.constants import CODATA
from microphysics.eos.state import EquationOfState
from microphysics.processes.settings import Settings
from microphysics.tables.table import KERNEL_ROLES, ROLES, KernelTable, OpacityTable

__all__ = ["Block", "KernelAxes", "TablePlan", "code_version", "plan_key", "table_of"]

Array = NDArray[np.float64]

# processes that a kernel replaces, and the kernel's names in a table
_KERNEL_OF = {"electron_scattering": KERNEL_ROLES[:2], "pair": KERNEL_ROLES[2:]}


@dataclass(frozen=True)
class KernelAxes:
    """States of the electrons on which kernels are tabulated.

    Attributes
    ----------
    temperature : ndarray
        MeV.
    degeneracy : ndarray
        mu_e/T, positive.
    """

    temperature: Array
    degeneracy: Array


@dataclass(frozen=True)
class Block:
    """A piece of work: all densities (or degeneracies) of some neighbouring temperatures.

    Attributes
    ----------
    number : int
        Place in `TablePlan.blocks`.
    electron_fraction : int or None
        Index along that axis; None for a block of kernels, which do not depend on it.
    start, stop : int
        Range of indices along the temperatures.
    """

    number: int
    electron_fraction: int | None
    start: int
    stop: int

    @property
    def is_kernel(self) -> bool:
        """Whether it holds kernels."""
        return self.electron_fraction is None


@dataclass(frozen=True, eq=False)
class TablePlan:
    """A table to be built; it travels to other processes, so everything in it can be pickled.

    Attributes
    ----------
    eos : callable
        Makes the equation of state; called once in each process.
    processes : tuple of str
        Names of processes.
    settings : Settings
        Of the processes.
    density, temperature, electron_fraction : ndarray
        Axes: g/cm^3, MeV, 1.
    energy_edges : ndarray, shape (energy + 1,)
        Of the groups, MeV; opacities stand at their midpoints.
    species : tuple of str
        Flavours or groups of flavours.
    delta : bool
        Whether the anisotropy of scattering is stored as well.
    kernels : KernelAxes or None
        Whether to store kernels, in place of the opacities of the same processes.
    outside_eos : {"error", "clamp"}
        Whether states outside the equation of state are refused or moved to its edge.
    block_points : int
        States in a block, about: it bounds the memory.
    title : str
        Of the table.
    """

    eos: Callable[[], EquationOfState]
    processes: tuple[str, ...]
    settings: Settings
    density: Array
    temperature: Array
    electron_fraction: Array
    energy_edges: Array
    species: tuple[str, ...] = ("nue", "anue", "nux")
    delta: bool = False
    kernels: KernelAxes | None = None
    outside_eos: str = "error"
    block_points: int = 1000
    title: str = ""

    def __post_init__(self) -> None:
        for name in ("density", "temperature", "electron_fraction", "energy_edges"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=np.float64))

    @property
    def energy(self) -> Array:
        """Midpoints of the groups, MeV."""
        return 0.5 * (self.energy_edges[:-1] + self.energy_edges[1:])

    @property
    def shape(self) -> tuple[int, int, int, int, int]:
        """Points along species, electron fraction, temperature, density, energy."""
        states = self.electron_fraction.size, self.temperature.size, self.density.size
        return len(self.species), *states, self.energy_edges.size - 1

    @property
    def points(self) -> int:
        """States of matter."""
        return self.electron_fraction.size * self.temperature.size * self.density.size

    @property
    def kernel_points(self) -> int:
        """States of the electrons for which kernels are wanted."""
        if not self.kernel_roles or self.kernels is None:
            return 0
        return self.kernels.temperature.size * self.kernels.degeneracy.size

    @property
    def roles(self) -> tuple[str, ...]:
        """Arrays of the table."""
        return (*ROLES, "delta") if self.delta else ROLES

    @property
    def in_kernels(self) -> tuple[str, ...]:
        """Processes that the kernels hold."""
        if self.kernels is None:
            return ()
        return tuple(name for name in self.processes if name in _KERNEL_OF)

    @property
    def in_opacities(self) -> tuple[str, ...]:
        """Processes that absorption and scattering hold: none is counted twice."""
        return tuple(name for name in self.processes if name not in self.in_kernels)

    @property
    def kernel_roles(self) -> tuple[str, ...]:
        """Kernels of the table."""
        held = {role for name in self.in_kernels for role in _KERNEL_OF[name]}
        return tuple(role for role in KERNEL_ROLES if role in held)

    @property
    def kernel_shape(self) -> tuple[int, int, int, int, int]:
        """Points along species, temperature, degeneracy, energy, energy."""
        if self.kernels is None:
            return len(self.species), 0, 0, self.energy.size, self.energy.size
        states = self.kernels.temperature.size, self.kernels.degeneracy.size
        return len(self.species), *states, self.energy.size, self.energy.size

    @property
    def bytes(self) -> int:
        """Size of the arrays."""
        opacities = len(self.roles) * int(np.prod(self.shape))
        kernels = len(self.kernel_roles) * int(np.prod(self.kernel_shape))
        return 8 * (opacities + kernels)

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """Every piece of work once, in the order of the file."""
        return tuple(self._cut())

    def _cut(self) -> Iterator[Block]:
        number = 0
        for k in range(self.electron_fraction.size):
            for start, stop in _pieces(self.temperature.size, self.density.size, self.block_points):
                yield Block(number, k, start, stop)
                number += 1
        if self.kernels is None or not self.kernel_roles:
            return
        # a kernel takes the square of the energies
        states = self.kernels.degeneracy.size * self.energy.size
        for start, stop in _pieces(self.kernels.temperature.size, states, self.block_points):
            yield Block(number, None, start, stop)
            number += 1


def _pieces(length: int, each: int, wanted: int) -> Iterator[tuple[int, int]]:
    """Cut a range into nearly equal pieces of about `wanted` points, `each` of them for one index."""
    number = -(-length // max(1, round(wanted / each)))
    for i in range(number):
        yield i * length // number, (i + 1) * length // number


def table_of(
    plan: TablePlan, values: Callable[[str], Any], attributes: Mapping[str, Any] | None = None
) -> OpacityTable:
    """Return a table with the axes of a plan.

    Parameters
    ----------
    plan : TablePlan
        What the table holds.
    values : callable
        The array of each role, and of each kernel.
    attributes : mapping, optional
        Of the table.

    Raises
    ------
    OpacityTableError
        For axes that no table can have.
    """
    kernels = None
    if plan.kernels is not None and plan.kernel_roles:
        arrays = {role: values(role) for role in plan.kernel_roles}
        kernels = KernelTable(plan.kernels.temperature, plan.kernels.degeneracy, **arrays)
    return OpacityTable(
        density=plan.density,
        temperature=plan.temperature,
        electron_fraction=plan.electron_fraction,
        energy=plan.energy,
        energy_edges=plan.energy_edges,
        species=plan.species,
        **{role: values(role) for role in plan.roles},
        kernels=kernels,
        attributes=attributes or {},
    )


def plan_key(plan: TablePlan, eos: EquationOfState) -> str:
    """Hash of all that the numbers of a table depend on.

    Parameters
    ----------
    plan : TablePlan
    eos : EquationOfState
        That the plan makes.

    Returns
    -------
    str
        64 hexadecimal digits, from the plan, the parameters of the equation of state, the files that the settings name, and
        the source code of this package and of processes from elsewhere.

    Raises
    ------
    OSError
        For a file that cannot be read.
    """
    what = {
        "eos": [f"{type(eos).__module__}.{type(eos).__qualname__}", eos.name, eos.baryon_mass],
        "parameters": _plain(getattr(eos, "parameters", {})),
        "constants": _plain(CODATA),
        "processes": plan.processes,
        "settings": _plain(plan.settings),
        "species": plan.species,
        "delta": plan.delta,
        "outside_eos": plan.outside_eos,
        "blocks": [[block.electron_fraction, block.start, block.stop] for block in plan.blocks],
        "kernels": _plain(plan.kernels),
        "axes": [
            _plain(getattr(plan, name))
            for name in ("density", "temperature", "electron_fraction", "energy_edges")
        ],
        "code": code_version(plan.processes),
    }
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Something that JSON writes the same way every time, floats in full and files by their content."""
    if is_dataclass(value) and not isinstance(value, type):
        parts = {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
        return {"type": type(value).__name__, **parts}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return [list(value.shape), hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()]
    if isinstance(value, float | np.floating):
        return float(value).hex()
    if isinstance(value, str) and len(value) > 1 and Path(value).is_file():
        return hashlib.sha256(Path(value).read_bytes()).hexdigest()
    if value is None or isinstance(value, bool | int | str):
        return value
    return repr(value)


def code_version(processes: tuple[str, ...]) -> str:
    """Hash of the sources and data of this package, and of the modules of processes from elsewhere."""
    root = Path(__file__).resolve().parent.parent
    sources = {*root.rglob("*.py"), *root.rglob("*.npz")}
    for name in processes:
        try:
            own = inspect.getsourcefile(PROCESSES[name])
        except TypeError:  # defined in a shell
            own = None
        if own is not None:
            sources.add(Path(own).resolve())
    digest = hashlib.sha256()
    for path in sorted(sources):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
