"""Engines: spawned processes of this machine, or the workers of a Dask cluster."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

from microphysics._workers import one_thread_each, processors, spawned_pool
from snsim.errors import ConfigError, EngineError
from snsim.study.execute import Engine

BATCH_SYSTEMS = ("slurm", "pbs", "lsf", "sge")
PATIENCE = 60.0  # s for which a scheduler that has gone may come back
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@contextmanager
def open_engine(jobs: int | None = None, dask: str | None = None) -> Iterator[Engine]:
    """Open the engine that a user asked for.

    Parameters
    ----------
    jobs : int, optional
        Processes of this machine, or jobs of a batch system at most; as many as there are processors where not given.
    dask : str, optional
        Address of a scheduler, or one of `BATCH_SYSTEMS`.

    Raises
    ------
    ConfigError
        If Dask is not installed, or the batch system not known.
    EngineError
        If the scheduler does not answer.
    """
    with _threads():
        if dask is None:
            yield local(jobs or processors())
        elif dask in BATCH_SYSTEMS:
            with _batch_system(dask, jobs) as address:
                yield cluster(address)
        else:
            _require("distributed")
            yield cluster(dask)


@contextmanager
def dask_executor(dask: str | None, jobs: int | None) -> Iterator[tuple[Executor | None, int | None]]:
    """Yield the executor of a Dask cluster and how many jobs run in it at once; None and `jobs` where none is asked for.

    Parameters
    ----------
    dask, jobs
        As in `open_engine`.
    """
    if dask is None:
        yield None, jobs
        return
    with open_engine(jobs, dask) as engine, executor_of(engine) as found:
        yield found


@contextmanager
def executor_of(engine: Engine) -> Iterator[tuple[Executor, int]]:
    """Yield an executor of an engine and how many jobs run in it at once, for what takes one: tables."""
    executor = engine.start()
    try:
        yield executor, max(engine.width(executor), 1)
    finally:
        engine.stop(executor)


def local(jobs: int, modules: tuple[str, ...] = ("snsim.pipeline",)) -> Engine:
    """Return the engine of spawned processes: each imports these modules and loads its kernels once."""
    return Engine(
        f"{jobs} process{'es' * (jobs > 1)}",
        lambda: spawned_pool(jobs, _prepare, modules),
        _end_pool,
        lambda _: jobs,
        (BrokenExecutor,),
    )


@contextmanager
def _threads() -> Iterator[None]:
    """One thread in every library: processes are the parallelism."""
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    try:
        with one_thread_each():
            yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _prepare(modules: tuple[str, ...]) -> None:
    """Import what every point needs; let an interrupt end the process at once, the claims tell the rest."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    for module in modules:
        import_module(module)


def _end_pool(pool: Executor) -> None:
    """End a pool with what it is doing: `shutdown` alone would wait for the points in flight."""
    processes = list((getattr(pool, "_processes", None) or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
    for process in processes:
        process.join()


def cluster(address: str) -> Engine:
    """Return the engine of a Dask scheduler that runs, known by its address."""
    from distributed import KilledWorker

    clients: dict[Executor, Any] = {}
    seen = {"width": 0, "when": -1.0}

    def start() -> Executor:
        """Connect; wait longer for a scheduler that has answered before."""
        client = _connected(address, PATIENCE if clients else 10.0)
        executor: Executor = client.get_executor(pure=False)
        clients[executor] = client
        return executor

    def stop(executor: Executor) -> None:
        """Close the connection; the scheduler goes on."""
        with suppress(Exception):  # whatever a client says whose scheduler has gone
            clients[executor].close(timeout=2)

    def width(executor: Executor) -> int:
        """Count the workers, at most once a second."""
        if time.monotonic() - seen["when"] > 1.0:
            threads = clients[executor].nthreads()
            if any(count > 1 for count in threads.values()):
                raise ConfigError(
                    f"{address}: workers have several threads; start them with one each: dask worker ADDRESS --nthreads 1 "
                    "--nworkers NUMBER"
                )
            seen.update(width=len(threads), when=time.monotonic())
        return int(seen["width"])

    return Engine(f"Dask at {address}", start, stop, width, (KilledWorker, OSError, RuntimeError, TypeError))


def _connected(address: str, patience: float) -> Any:
    """Return a client; a scheduler that is being restarted is waited for."""
    from distributed import Client

    until = time.monotonic() + patience
    while True:
        try:
            return Client(address, timeout=5, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            if isinstance(error, ValueError) or time.monotonic() > until:
                raise EngineError(
                    f"no Dask scheduler answers at {address} ({error}); what is finished is kept, and the same command goes "
                    "on when there is one"
                ) from None
            time.sleep(1.0)


@contextmanager
def _batch_system(kind: str, jobs: int | None) -> Iterator[str]:
    """Start a scheduler here, with workers that are jobs as the user's file for dask-jobqueue describes them."""
    _require("dask_jobqueue")
    import dask_jobqueue

    name = {"slurm": "SLURMCluster", "pbs": "PBSCluster", "lsf": "LSFCluster", "sge": "SGECluster"}[kind]
    try:
        made = getattr(dask_jobqueue, name)()
    except (ValueError, TypeError) as error:  # what a job is like stands in that file
        raise ConfigError(
            f"--dask {kind}: {error}; say what a job is like in ~/.config/dask/jobqueue.yaml, with cores equal to processes"
        ) from None
    with made:
        made.adapt(minimum_jobs=0, maximum_jobs=jobs or 10)
        yield made.scheduler_address


def _require(module: str) -> None:
    try:
        __import__(module)
    except ImportError:
        raise ConfigError(
            f"--dask needs {module.replace('_', '-')}, which is not installed: pip install 'snsim[dask]'"
        ) from None
