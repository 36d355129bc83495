"""An equation of state on a grid, evaluated by several processes."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from microphysics._workers import one_thread_each, processors, spawned_pool
from microphysics.eos.electron_gas import CM3_PER_FM3, ERG_CM3_PER_MEV_FM3, require_range
from microphysics.eos.leptons import leptons
from microphysics.eos.table import AXES, DERIVATIVE_FIELDS, UNITS, check_axis
from microphysics.errors import MicrophysicsError

if TYPE_CHECKING:
    from microphysics.eos.state import EosState, EquationOfState

__all__ = ["Axes", "Progress", "baryon_derivatives", "evaluate"]

Array = NDArray[np.float64]
Axes = tuple[Array, Array, Array]
Progress = Callable[[int, int], None]

_SMALL = 5000  # nodes that one process does before others have even started


def evaluate(
    eos: EquationOfState,
    axes: Axes,
    names: Sequence[str],
    *,
    executor: Executor | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Array]:
    """Evaluate an equation of state at the nodes of a grid.

    Parameters
    ----------
    eos : EquationOfState
        Picklable, if there is more than one process or an executor, to which it goes with every block.
    axes : tuple of three ndarrays
        Density (g/cm^3), temperature (MeV), electron fraction.
    names : sequence of str
        Attributes of `EosState`, and of `DERIVATIVE_FIELDS` (see `baryon_derivatives`).
    executor : concurrent.futures.Executor, optional
        What evaluates the blocks, such as that of a Dask cluster (``client.get_executor()``); it is not shut down. Spawned
        processes of this machine where not given.
    jobs : int, optional
        Processes, if there is no executor; as many as there are processors where not given. Fewer than 5000 nodes are done
        in this one.
    progress : callable, optional
        Called in this process with the number of nodes done and that of all.

    Returns
    -------
    dict of str to ndarray, shape (density, temperature, electron fraction)

    Raises
    ------
    EosTableError
        If an axis does not rise.
    OutOfRangeError
        If an axis leaves the domain.
    MicrophysicsError
        If a process died.

    Notes
    -----
    A block is all densities and electron fractions of one temperature, handed over as an array (electron fraction,
    density): one rising column of densities after another, as an iterative equation of state wants it.
    """
    for name, axis in zip(AXES, axes, strict=True):
        check_axis(name, axis, eos.name)
        require_range(name, UNITS[name], axis, *getattr(eos, f"{name}_range"), what=eos.name)
    shape = tuple(axis.size for axis in axes)
    total = math.prod(shape)
    if jobs is None:
        jobs = 1 if total < _SMALL else processors()
    result = {name: np.empty(shape) for name in names}
    done = 0
    # closed at once when somebody interrupts: what has not started is then given up
    with closing(_blocks(eos, axes, tuple(names), executor, min(jobs, axes[1].size))) as blocks:
        for j, values in blocks:
            for name, value in zip(names, values, strict=True):
                result[name][:, j, :] = value.T
            done += values[0].size
            if progress is not None:
                progress(done, total)
    return result


def _blocks(
    eos: EquationOfState, axes: Axes, names: tuple[str, ...], executor: Executor | None, jobs: int
) -> Generator[tuple[int, Array]]:
    """Yield the index of a temperature and its values, as they become ready."""
    density, temperature, electron_fraction = axes
    if executor is not None:
        work: Callable[..., Array] = partial(_block, eos)
        pool = executor
    elif jobs > 1:
        work, pool = _worker_block, spawned_pool(jobs, _prepare_worker, eos)
    else:
        for j, t in enumerate(temperature):
            yield j, _block(eos, density, float(t), electron_fraction, names)
        return
    waiting: dict[Future[Array], int] = {}
    try:
        with one_thread_each():
            # cold blocks take longest: first, so that no process is left alone with one at the end
            for j, t in enumerate(temperature):
                waiting[pool.submit(work, density, float(t), electron_fraction, names)] = j
            while waiting:
                ready, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in ready:
                    yield waiting.pop(future), future.result()
    except BrokenExecutor:
        raise MicrophysicsError(
            f"a process that evaluated {eos.name} died; if this is a script, its top level must stand under "
            '`if __name__ == "__main__":`, as every process imports it. jobs=1 does without processes'
        ) from None
    finally:
        for future in waiting:
            future.cancel()
        if executor is None:
            # one call: a second one without it, as `with` makes, would take the cancelling back
            pool.shutdown(cancel_futures=True)


_worker_eos: list[EquationOfState] = []  # of a worker process: sent once, not with every block


def _prepare_worker(eos: EquationOfState) -> None:
    _worker_eos[:] = [eos]


def _worker_block(density: Array, temperature: float, ye: Array, names: tuple[str, ...]) -> Array:
    return _block(_worker_eos[0], density, temperature, ye, names)


def _block(
    eos: EquationOfState, density: Array, temperature: float, ye: Array, names: tuple[str, ...]
) -> Array:
    """Return values of shape (name, electron fraction, density)."""
    state = eos(density[None, :], temperature, ye[:, None])
    derived = baryon_derivatives(state) if set(names) & set(DERIVATIVE_FIELDS) else {}
    return np.stack([derived[name] if name in derived else getattr(state, name) for name in names])


def baryon_derivatives(state: EosState) -> dict[str, Array]:
    """Take the baryons' part of the derivatives that a state has of everything together.

    Returns
    -------
    dict of str to ndarray
        `heat_capacity_baryon` (k_B/baryon), `pressure_temperature_derivative_baryon` (erg/cm^3/MeV) and
        `pressure_density_derivative_baryon` (dP_b/dn at constant T and Y_e, MeV), the last from Gamma_1.
    """
    n = state.baryon_density * CM3_PER_FM3
    gas = leptons(n * state.electron_fraction, np.broadcast_to(state.temperature, n.shape))
    thermal = state.pressure_temperature_derivative / ERG_CM3_PER_MEV_FM3
    pressure = state.pressure / ERG_CM3_PER_MEV_FM3
    slope = (
        state.adiabatic_index * pressure / n - state.temperature * (thermal / n) ** 2 / state.heat_capacity
    )
    return {
        "heat_capacity_baryon": state.heat_capacity - gas.heat_capacity / n,
        "pressure_temperature_derivative_baryon": (thermal - gas.pressure_temperature) * ERG_CM3_PER_MEV_FM3,
        "pressure_density_derivative_baryon": slope - state.electron_fraction * gas.pressure_density,
    }
