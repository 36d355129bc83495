"""Names to models: built-in ones register by decorator, others through entry points."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from microphysics.errors import MicrophysicsError, UnknownNameError


class PlugInError(MicrophysicsError):
    """A model of another package that cannot be loaded."""


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
            return self._load(external[name])
        raise UnknownNameError(self.kind, name, [*self._factories, *external])

    def _load(self, point: EntryPoint) -> Callable[..., Any]:
        """Load what another package offers; whatever goes wrong in it becomes one sentence."""
        try:
            return point.load()
        except Exception as error:  # somebody else's code, which may raise anything
            raise PlugInError(
                f"{self.kind} '{point.name}': its entry point cannot be loaded, {_origin(self.group, point)} "
                f"({type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'})"
            ) from error

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*self._factories, *(point.name for point in entry_points(group=self.group))}))


def _origin(group: str, point: EntryPoint) -> str:
    """Name the distribution and the entry point: where to look for the mistake."""
    owner = getattr(point, "dist", None)
    package = f"{owner.name} {owner.version}" if owner is not None else "an unnamed distribution"
    return f'{point.name} = "{getattr(point, "value", "?")}" in [{group}] of {package}'


PROCESSES = Registry("opacity process", "microphysics.processes")
STRUCTURE_FACTORS = Registry("structure factor", "microphysics.structure_factors")
FORM_FACTORS = Registry("form factor", "microphysics.form_factors")
