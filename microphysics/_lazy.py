"""Names of a package that are loaded when first used, so that importing the package costs nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_names(
    package: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the functions ``__getattr__`` and ``__dir__`` of a package; what has ``__all__`` is listed.

    Parameters
    ----------
    package : str
        Its name.
    homes : mapping
        Names to the modules, below the package, that they come from.

    Returns
    -------
    tuple of callable
    """

    def load(name: str) -> Any:
        """Return what stands under a name in its module."""
        if name not in homes:
            raise AttributeError(f"module '{package}' has no attribute '{name}'")
        return getattr(import_module(f"{package}.{homes[name]}"), name)

    def listed() -> list[str]:
        """Return what the package offers."""
        return sorted(sys.modules[package].__all__)

    return load, listed
