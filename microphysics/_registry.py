"""Names to models: built-in ones register by decorator, others through entry points."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from typing import Any

from microphysics.errors import UnknownNameError


class Registry:
    """Factories by name.

    Parameters
    ----------
    kind : str
        What is registered, for messages ("opacity process").
    group : str
        Entry-point group in which other packages offer theirs.
    """

    def __init__(self, kind: str, group: str) -> None:
        self.kind = kind
        self.group = group
        self._factories: dict[str, Callable[..., Any]] = {}

    def register(self, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Return a decorator that registers a class or function under `name`."""

        def decorate(factory: Callable[..., Any]) -> Callable[..., Any]:
            if name in self._factories:
                raise ValueError(f"{self.kind} '{name}' is registered twice")
            self._factories[name] = factory
            return factory

        return decorate

    def __getitem__(self, name: str) -> Callable[..., Any]:
        if name in self._factories:
            return self._factories[name]
        external = {point.name: point for point in entry_points(group=self.group)}
        if name in external:
            return external[name].load()
        raise UnknownNameError(self.kind, name, [*self._factories, *external])

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*self._factories, *(point.name for point in entry_points(group=self.group))}))


PROCESSES = Registry("opacity process", "microphysics.processes")
STRUCTURE_FACTORS = Registry("structure factor", "microphysics.structure_factors")
FORM_FACTORS = Registry("form factor", "microphysics.form_factors")
