"""Processes beside this one: how many, how they start, and that none outlives the one that started it."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import connection
from typing import Any

__all__ = ["one_thread_each", "processors", "spawned_pool"]


def processors() -> int:
    """Count the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Let processes started inside use one compiled thread: they are the parallelism."""
    before = os.environ.get("NUMBA_NUM_THREADS")
    os.environ["NUMBA_NUM_THREADS"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["NUMBA_NUM_THREADS"]
        else:
            os.environ["NUMBA_NUM_THREADS"] = before


def spawned_pool(
    jobs: int, prepare: Callable[..., None] | None = None, *arguments: Any
) -> ProcessPoolExecutor:
    """Start a pool; forking a process that has run compiled threads kills the child, so they are spawned.

    Parameters
    ----------
    jobs : int
        Processes.
    prepare : callable, optional
        Called once in each, with `arguments`.
    """
    return ProcessPoolExecutor(
        jobs,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start,
        initargs=(prepare, *arguments),
    )


def _start(prepare: Callable[..., None] | None, *arguments: Any) -> None:
    if prepare is not None:
        prepare(*arguments)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    """End this process when its parent is gone: killed, it can tell nobody."""
    connection.wait([sentinel])
    os._exit(1)
