"""Tables made of an equation of state once and kept: parallel, atomic, and keyed by everything they depend on."""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import json
import logging
import os
import re
import time
from collections.abc import Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics._jit import cache_directory
from microphysics.constants import CODATA
from microphysics.eos.formats.native import FORMAT_VERSION, read_table, write_table
from microphysics.eos.sampling import Progress, evaluate
from microphysics.eos.state import EquationOfState
from microphysics.eos.table import (
    AXES,
    OPTIONAL_FIELDS,
    REQUIRED_FIELDS,
    EosTable,
    EosTableError,
    TabulatedEOS,
)

__all__ = ["build_table", "default_axes", "table_directory", "table_key"]

Array = NDArray[np.float64]

# where the default axes end: what stars that do not form black holes reach
HIGHEST = {"density": 1e15, "temperature": 100.0, "electron_fraction": 1.0}
NODES = {"density": 181, "temperature": 67, "electron_fraction": 53}
_DAY = 86400.0  # s
_log = logging.getLogger(__name__)


def default_axes(eos: EquationOfState) -> tuple[Array, Array, Array]:
    """Axes over the domain of an equation of state, up to 1e15 g/cm^3 and 100 MeV.

    Returns
    -------
    density, temperature, electron_fraction : ndarray
        181 points uniform in the logarithm (g/cm^3), 67 likewise (MeV), 53 uniform (1): 15 points per decade of
        density and 17 of temperature for a domain of 12 and 4 decades.
    """
    axes: list[Array] = []
    for name in AXES:
        lowest, highest = getattr(eos, f"{name}_range")
        highest = min(highest, HIGHEST[name])
        space = np.linspace if name == "electron_fraction" else np.geomspace
        axis = space(lowest, highest, NODES[name])
        axis[0], axis[-1] = lowest, highest
        axes.append(axis)
    return axes[0], axes[1], axes[2]


def table_directory() -> Path:
    """Folder of kept tables: `eos` beside the compiled kernels, moved by SNSIM_CACHE or XDG_CACHE_HOME."""
    return cache_directory().parent / "eos"


def table_key(eos: EquationOfState, density: Array, temperature: Array, electron_fraction: Array) -> str:
    """Hash of all that the numbers of a table depend on.

    Parameters
    ----------
    eos : EquationOfState
        With a mapping `parameters` (or a dataclass): class and parameters go in.
    density, temperature, electron_fraction : ndarray
        Axes.

    Returns
    -------
    str
        64 hexadecimal digits, from class, parameters, axes, constants and the source code of this package's
        equations of state and kernels (and of the class, if it lives elsewhere).

    Raises
    ------
    TypeError
        If the equation of state does not say its parameters.
    """
    digest = hashlib.sha256()
    what = {
        "format": FORMAT_VERSION,
        "class": f"{type(eos).__module__}.{type(eos).__qualname__}",
        "parameters": _plain(_parameters(eos)),
        "baryon_mass": eos.baryon_mass,
        "constants": _plain(dataclasses.asdict(CODATA)),
        "code": _code_version(type(eos)),
    }
    digest.update(json.dumps(what, sort_keys=True).encode())
    for axis in (density, temperature, electron_fraction):
        digest.update(np.ascontiguousarray(axis, dtype=np.float64).tobytes())
        digest.update(b"|")
    return digest.hexdigest()


def _parameters(eos: EquationOfState) -> Mapping[str, Any]:
    parameters = getattr(eos, "parameters", None)
    if isinstance(parameters, Mapping):
        return parameters
    if dataclasses.is_dataclass(eos) and not isinstance(eos, type):
        return dataclasses.asdict(eos)
    raise TypeError(
        f"{eos.name}: has no mapping `parameters`, by which a kept table could be told from those of other "
        "parameters; give the object that attribute"
    )


def _plain(value: Any) -> Any:
    """Something that JSON writes the same way every time, and floats in full."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
    if isinstance(value, float | np.floating):
        return float(value).hex()
    if value is None or isinstance(value, bool | int | str):
        return value
    return repr(value)


def _code_version(kind: type) -> str:
    """Hash of the sources that decide the numbers."""
    root = Path(__file__).resolve().parent.parent
    sources = [
        root / "constants.py",
        *sorted((root / "_kernels").glob("*.py")),
        *sorted((root / "eos").glob("*.py")),
    ]
    digest = hashlib.sha256()
    for path in sources:
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    try:
        own = inspect.getsourcefile(kind)
    except TypeError:  # defined in a shell
        own = None
    if own is not None and Path(own).resolve() not in sources:
        digest.update(Path(own).read_bytes())
    return digest.hexdigest()


def build_table(
    eos: EquationOfState,
    density: ArrayLike | None = None,
    temperature: ArrayLike | None = None,
    electron_fraction: ArrayLike | None = None,
    *,
    executor: Executor | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
    directory: str | Path | None = None,
) -> TabulatedEOS:
    """Tabulate an equation of state, or read the table if it was made before.

    Parameters
    ----------
    eos : EquationOfState
        Picklable, with a mapping `parameters`.
    density, temperature, electron_fraction : array_like, optional
        Axes, g/cm^3, MeV, 1; those of `default_axes` where not given.
    executor : concurrent.futures.Executor, optional
        What evaluates the nodes, such as that of a Dask cluster; see `microphysics.eos.sampling.evaluate`.
    jobs : int, optional
        Processes, if there is no executor; as many as there are processors where not given.
    progress : callable, optional
        Called with the number of nodes done and that of all; not at all if the table was there.
    directory : str or Path, optional
        Where tables are kept; `table_directory()` where not given.

    Returns
    -------
    TabulatedEOS

    Raises
    ------
    EosTableError
        If an axis does not rise or the folder cannot be written; before anything is computed.
    OutOfRangeError
        If an axis leaves the domain.
    MicrophysicsError
        If a process died.

    Notes
    -----
    The file gets its name in one step when it is complete, carries its key and a checksum of every chunk, and is
    made anew if any of them is not right: a build that is killed leaves nothing that is later read.
    """
    given = (density, temperature, electron_fraction)
    chosen = [
        default if axis is None else np.array(axis, dtype=np.float64)
        for axis, default in zip(given, default_axes(eos), strict=True)
    ]
    axes = (chosen[0], chosen[1], chosen[2])
    folder = table_directory() if directory is None else Path(directory)
    key = table_key(eos, *axes)
    path = folder / f"{_slug(eos.name)}-{key[:16]}.h5"
    if path.exists():
        try:
            return TabulatedEOS(read_table(path, key=key))
        except EosTableError as error:
            _log.warning("making the table again: %s", error)
    _prepare(folder)
    names = (*REQUIRED_FIELDS, *OPTIONAL_FIELDS)
    start = time.perf_counter()
    fields = evaluate(eos, axes, names, executor=executor, jobs=jobs, progress=progress)
    seconds = time.perf_counter() - start
    table = EosTable(
        density=axes[0],
        temperature=axes[1],
        electron_fraction=axes[2],
        baryon_mass=eos.baryon_mass,
        fields=fields,
        valid=np.ones(fields["pressure_baryon"].shape, dtype=bool),
        name=f"{eos.name}, tabulated",
        references=tuple(eos.references),
        notes=(f"tabulated from {eos.name}: {' x '.join(str(axis.size) for axis in axes)} nodes",),
    )
    attributes = {
        "parameters": json.dumps({str(key): str(value) for key, value in _parameters(eos).items()}),
        "code_version": _code_version(type(eos)),
        "build_seconds": seconds,
    }
    write_table(path, table, key=key, attributes=attributes)
    _log.info("%s: %d nodes in %.1f s, kept in %s", eos.name, table.valid.size, seconds, path)
    return TabulatedEOS(table)


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "eos"


def _prepare(folder: Path) -> None:
    """Make sure that the table can be kept before it is computed, and clear away what killed builds left."""
    probe = folder / f".probe-{os.getpid()}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
        for left in folder.glob(".*.tmp"):
            if time.time() - left.stat().st_mtime > _DAY:  # younger ones may be another process's, at work
                left.unlink(missing_ok=True)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise EosTableError(
            f"{folder}: tables cannot be kept there ({reason}); give another directory, or set SNSIM_CACHE"
        ) from None
