"""The one compiler decorator of both packages.

numba's on-disk cache does not notice a change in a function that lives in another file (numba issue 1833):
a cached caller would go on returning the old number. The cache folder is therefore named after a hash of all
sources that hold kernels, so that any edit starts a fresh one.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import Any

import numba
from numba import prange

__all__ = ["cache_directory", "cache_is_cold", "njit", "prange"]

_ROOT = Path(__file__).resolve().parent.parent


def _source_hash() -> str:
    """Hash of every source file with kernels, in both packages, and of the constants that are frozen into them."""
    digest = hashlib.sha256()
    digest.update(f"{numba.__version__} {sys.version_info[:2]}".encode())
    for package in ("microphysics", "snsim"):
        for path in sorted((_ROOT / package).rglob("*.py")):
            source = path.read_bytes()
            if b"njit" in source or path.name == "constants.py":
                digest.update(str(path.relative_to(_ROOT)).encode())
                digest.update(source)
    return digest.hexdigest()[:16]


def cache_directory() -> Path:
    """Folder of the compiled kernels of exactly this version of the sources.

    ``SNSIM_CACHE`` moves it; otherwise it follows ``XDG_CACHE_HOME``.
    """
    base = os.environ.get("SNSIM_CACHE")
    root = Path(base) if base else Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "snsim"
    return root / f"kernels-{_source_hash()}"


def cache_is_cold(module: str = "") -> bool:
    """Whether kernels must be compiled first.

    The folder alone says nothing: numba makes it as soon as a module with kernels is imported.

    Parameters
    ----------
    module : str
        Last name of a module whose kernels are meant, such as "gray"; any kernel by default.
    """
    folder = Path(os.environ.get("NUMBA_CACHE_DIR") or cache_directory())
    return next(folder.rglob(f"{module}{'.' if module else ''}*.nbi"), None) is None


if "NUMBA_CACHE_DIR" not in os.environ:
    numba.config.CACHE_DIR = str(cache_directory())  # type: ignore[attr-defined]


def njit(function: Any = None, *, parallel: bool = False, reorder: bool = False) -> Any:
    """Compile a kernel: cached, numpy error model, no fast-math.

    Parameters
    ----------
    function : callable, optional
        Given when used without parentheses.
    parallel : bool
        Only for the opacity build (zone loops); never inside a sweep, where processes are the parallelism.
    reorder : bool
        Whether sums may be added up in another order, which makes vectors of them; nothing else is relaxed.
    """
    relaxed = {"reassoc", "contract"} if reorder else False
    decorate = numba.njit(cache=True, error_model="numpy", parallel=parallel, fastmath=relaxed)
    return decorate if function is None else decorate(function)
