"""Names of processes, structure factors and form factors, built in or registered by other packages."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

# Names that are accepted without importing the (compiled) modules behind them; others are looked up there.
BUILT_IN: dict[str, tuple[str, ...]] = {
    "processes": (
        "charged_current",
        "nucleon_scattering",
        "nucleus_scattering",
        "alpha_scattering",
        "electron_scattering",
        "pair",
        "bremsstrahlung",
        "electron_capture",
        "neutron_decay",
        "light_cluster_scattering",
        "magnetic_scattering",
        "scalar_scattering",
    ),
    "structure-factors": (
        "none",
        "debye_huckel",
        "percus_yevick",
        "msa",
        "msa_eta",
        "horowitz1997",
        "hnc",
        "hncb",
        "mixture_hnc",
        "mixture_lmr",
        "table",
        "file",
    ),
    "form-factors": (
        "helm",
        "helm_a13",
        "klein_nystrand",
        "symmetrized_fermi",
        "burrows",
        "bruenn",
        "point",
    ),
}
STANDARD_PROCESSES = BUILT_IN["processes"][:7]  # some of the others act only with terms of new physics
_REGISTRIES = {
    "processes": "PROCESSES",
    "structure-factors": "STRUCTURE_FACTORS",
    "form-factors": "FORM_FACTORS",
}
_HOMES = {"processes": "processes", "structure-factors": "structure", "form-factors": "weak"}


def nearest(name: str, known: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the closest known name, or nothing."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" Did you mean '{close[0]}'?" if close else ""


def registry(kind: str) -> Any:
    """Return a registry of the microphysics, its built-in models registered.

    Parameters
    ----------
    kind : {"processes", "structure-factors", "form-factors"}

    Returns
    -------
    Registry
        Iterates over names, gives factories by name.
    """
    package = importlib.import_module(f"microphysics.{_HOMES[kind]}")
    for module in pkgutil.iter_modules(package.__path__):
        if not module.name.startswith("_"):
            importlib.import_module(f"{package.__name__}.{module.name}")
    return getattr(importlib.import_module("microphysics._registry"), _REGISTRIES[kind])


@dataclass(frozen=True)
class NameOf:
    """Accepts a built-in name at once, any other only if its registry has it.

    Attributes
    ----------
    kind : {"processes", "structure-factors", "form-factors"}
    """

    kind: str

    def __call__(self, name: str) -> str:
        """Return the name, or refuse it."""
        known = BUILT_IN[self.kind]
        if name in known:
            return name
        names = sorted({*registry(self.kind), *known})
        if name not in names:
            listed = ", ".join(f"'{each}'" for each in names)
            raise PydanticCustomError(
                "unknown_name",
                "expected one of {listed}.{hint}",
                {"listed": listed, "hint": nearest(name, names)},
            )
        return name


def known(kind: str) -> AfterValidator:
    """Return the check of a key that holds such a name."""
    return AfterValidator(NameOf(kind))
