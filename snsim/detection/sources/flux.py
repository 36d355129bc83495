"""Neutrinos that arrive at a detector: spectra by flavour, of which everything else in this room is made."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.errors import OutOfRangeError, PhysicsWarning
from microphysics.weak.couplings import family
from microphysics.weak.recoils import FluxMoments
from snsim.detection._units import measured

Array = NDArray[np.float64]
Timing = Callable[[Array], Array]

_NONE: Any = ()
_SUM = 1e-9  # by how much shares of flavours may miss one
_CUT = 1e-3  # of its largest value, what a spectrum ends with that is taken for cut


@dataclass(frozen=True, eq=False)
class Component:
    """Neutrinos of one flavour from one process: a spectrum on a grid, straight between its points, and lines.

    Attributes
    ----------
    flavor : str
        nue, anue, numu, anumu, nutau, anutau.
    energy : ndarray, shape (energy,)
        MeV, rising; empty if there are lines alone.
    density : ndarray, shape (energy,)
        1/(cm^2 s MeV), or 1/(cm^2 MeV) of a fluence; zero outside the grid.
    line_energy, line_flux : ndarray, shape (line,)
        MeV, and 1/(cm^2 s) or 1/cm^2.
    name : str
        Of the process: "8B", "prompt", "U235".
    valid_from : float
        MeV. Below this energy the spectrum is not zero but unknown: what needs it is refused.
    timing : callable, optional
        Share of the neutrinos that have arrived until a time (s after the beam).
    moments : FluxMoments
        Integrals of f, f/E and f/E^2 from above.

    Raises
    ------
    UnknownNameError
        For an unknown flavour.
    OutOfRangeError
        For energies that do not rise, negative or undefined values.
    """

    flavor: str
    energy: Array
    density: Array
    line_energy: Array = field(default_factory=lambda: np.empty(0))
    line_flux: Array = field(default_factory=lambda: np.empty(0))
    name: str = ""
    valid_from: float = 0.0
    timing: Timing | None = None
    moments: FluxMoments = field(init=False, repr=False)

    def __post_init__(self) -> None:
        family(self.flavor)
        for name in ("energy", "density", "line_energy", "line_flux"):
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), dtype=np.float64))
        try:
            made = FluxMoments.of(self.energy, self.density, self.line_energy, self.line_flux)
        except OutOfRangeError as error:
            raise OutOfRangeError(f"{self.label}: {error}") from None
        object.__setattr__(self, "moments", made)

    @property
    def label(self) -> str:
        """Name and flavour."""
        return f"{self.name} {self.flavor}".strip()

    @property
    def highest(self) -> float:
        """Largest energy with neutrinos, MeV."""
        return float(max(self.energy[-1:].max(initial=0.0), self.line_energy.max(initial=0.0)))

    def total(self, above: float = 0.0) -> float:
        """Return the integral over energies above a value (MeV), 1/(cm^2 s) or 1/cm^2."""
        return float(self.moments.at(max(above, np.finfo(float).tiny))[0])

    def scaled(self, factor: float) -> Component:
        """Return as many times the neutrinos."""
        return replace(self, density=self.density * factor, line_flux=self.line_flux * factor)


@dataclass(frozen=True, eq=False)
class Flux:
    """All neutrinos of a source at a place; sums, multiples and other distances are fluxes again.

    Attributes
    ----------
    components : tuple of Component
        Any number for each flavour.
    per_time : bool
        Whether the numbers are per second (a flux) or of the whole exposure (a fluence).
    distance : float, optional
        cm from a source that is a point; None where there is no one point.
    name : str
        One phrase.
    references : tuple of str
        Papers.

    Raises
    ------
    OutOfRangeError
        Without components.

    Examples
    --------
    >>> line = monochromatic("numu", 30.0, 1e7)
    >>> twice = line + line
    >>> twice.total(), (0.5 * twice).total()
    (20000000.0, 10000000.0)
    """

    components: tuple[Component, ...]
    per_time: bool = True
    distance: float | None = None
    name: str = "flux"
    references: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.components:
            raise OutOfRangeError(f"{self.name}: a flux needs at least one component")

    def __mul__(self, factor: float) -> Flux:
        if not (np.isfinite(factor) and factor >= 0.0):
            raise OutOfRangeError(f"factor = {factor}: a flux is multiplied by a finite number >= 0")
        return replace(self, components=tuple(each.scaled(float(factor)) for each in self.components))

    __rmul__ = __mul__

    def __add__(self, other: Flux) -> Flux:
        if not isinstance(other, Flux):
            return NotImplemented
        if self.per_time != other.per_time:
            raise OutOfRangeError(
                f"{self.name} + {other.name}: one is per second and the other a fluence; use `Flux.during` first"
            )
        known = {reference: None for reference in (*self.references, *other.references)}
        return Flux(
            self.components + other.components,
            self.per_time,
            self.distance if self.distance == other.distance else None,
            self.name if self.name == other.name else f"{self.name} + {other.name}",
            tuple(known),
        )

    @property
    def flavors(self) -> tuple[str, ...]:
        """Flavours that occur, each once."""
        return tuple(dict.fromkeys(each.flavor for each in self.components))

    @property
    def highest(self) -> float:
        """Largest energy with neutrinos, MeV."""
        return max(each.highest for each in self.components)

    @property
    def valid_from(self) -> float:
        """Energy from which on all components are known, MeV."""
        return max(each.valid_from for each in self.components)

    @property
    def unit(self) -> str:
        """Unit of `spectrum`."""
        return "1 / (cm2 s MeV)" if self.per_time else "1 / (cm2 MeV)"

    def of(self, *names: str) -> Flux:
        """Return the components with these names, or of these flavours.

        Raises
        ------
        OutOfRangeError
            If there are none.
        """
        chosen = tuple(each for each in self.components if each.name in names or each.flavor in names)
        if not chosen:
            known = dict.fromkeys(word for each in self.components for word in (each.name, each.flavor))
            raise OutOfRangeError(f"{', '.join(names)}: {self.name} has {', '.join(filter(None, known))}")
        return replace(self, components=chosen)

    def at_distance(self, distance: Any) -> Flux:
        """Return the flux at another distance from the source.

        Parameters
        ----------
        distance : Quantity or str
            Such as "20 m".

        Raises
        ------
        OutOfRangeError
            If the source has no distance.
        """
        if self.distance is None:
            raise OutOfRangeError(f"{self.name}: comes from no one point, its flux is the same everywhere")
        new = measured("distance", distance, "cm", "20 m")
        return replace(self * (self.distance / new) ** 2, distance=new)

    def during(self, time: Any) -> Flux:
        """Return the fluence of a time.

        Parameters
        ----------
        time : Quantity or str
            Such as "1 yr".
        """
        if not self.per_time:
            raise OutOfRangeError(f"{self.name}: is the fluence of the whole exposure already")
        return replace(self * measured("time", time, "s", "1 yr"), per_time=False)

    def spectrum(self, energy: ArrayLike, flavor: str | None = None) -> Array:
        """Return the continuous part at energies (MeV), of one flavour or the sum; lines are not in it."""
        at = np.asarray(energy, dtype=np.float64)
        chosen = [each for each in self.components if flavor in (None, each.flavor) and each.energy.size]
        found = [np.interp(at, each.energy, each.density, left=0.0, right=0.0) for each in chosen]
        return np.sum(found, axis=0) if found else np.zeros(at.shape)

    def total(self, flavor: str | None = None, above: float = 0.0) -> float:
        """Return the neutrinos of a flavour (or of all) above an energy in MeV, 1/(cm^2 s) or 1/cm^2."""
        return sum(each.total(above) for each in self.components if flavor in (None, each.flavor))

    def converted(self, shares: Mapping[str, Mapping[str, float]]) -> Flux:
        """Return the flux after flavours have changed, the same share at all energies.

        Parameters
        ----------
        shares : mapping of str to mapping
            Of each flavour that changes: which part arrives as which flavour, in sum one. Others stay.

        Raises
        ------
        UnknownNameError
            For an unknown flavour, such as nux: it stands for four.
        OutOfRangeError
            For shares outside 0 and 1, or that do not add up to one.
        """
        for flavor, parts in shares.items():
            for each in (flavor, *parts):
                family(each)
            total = math.fsum(parts.values())
            if min(parts.values(), default=0.0) < 0.0 or not abs(total - 1.0) <= _SUM:
                raise OutOfRangeError(
                    f"shares of {flavor}: must be between 0 and 1 and add up to 1, got {total:g}"
                )
        made = [
            replace(each.scaled(share), flavor=arrives)
            for each in self.components
            for arrives, share in shares.get(each.flavor, {each.flavor: 1.0}).items()
            if share > 0.0
        ]
        return replace(self, components=tuple(made))


def monochromatic(flavor: str, energy: float, flux: float, *, per_time: bool = True) -> Flux:
    """Return neutrinos of one energy.

    Parameters
    ----------
    flavor : str
        One of the six.
    energy : float
        MeV.
    flux : float
        1/(cm^2 s), or 1/cm^2 of a fluence.
    per_time : bool
        Whether it is per second.
    """
    line = Component(flavor, _NONE, _NONE, np.atleast_1d(float(energy)), np.atleast_1d(float(flux)), "line")
    return Flux((line,), per_time, name=f"{energy:g} MeV {flavor}")


def tabulated(
    energy: ArrayLike,
    density: Mapping[str, ArrayLike],
    *,
    per_time: bool = True,
    name: str = "table",
    reference: str = "",
    valid_from: float | None = None,
    distance: Any = None,
) -> Flux:
    """Return a flux of the user's own numbers.

    Parameters
    ----------
    energy : array_like, shape (energy,)
        MeV, rising, at least two.
    density : mapping of str to array_like, shape (energy,)
        Of each flavour: 1/(cm^2 s MeV), or 1/(cm^2 MeV) of a fluence. There is nothing above the last energy.
    per_time : bool
        Whether it is per second.
    name, reference : str
        For listings.
    valid_from : float, optional
        Energy from which on the spectrum is known, MeV. By default the first of the grid where the spectrum does not begin
        with zero there, so that a table that was cut is not taken for one that ends.
    distance : Quantity or str, optional
        Of a source that is a point.

    Raises
    ------
    OutOfRangeError, UnknownNameError
        As of `Component`; for less than two energies, or a density of another shape.

    Warns
    -----
    PhysicsWarning
        If a spectrum is largest at an end of its grid, which may then miss the peak, or does not fall to a thousandth of its
        largest value at the last energy, above which nothing is counted.
    """
    e = np.asarray(energy, dtype=np.float64)
    if e.ndim != 1 or e.size < 2:
        raise OutOfRangeError(
            f"{name}: energy has shape {e.shape}, expected at least two values in one dimension"
        )
    parts = []
    for flavor, values in density.items():
        f = np.asarray(values, dtype=np.float64)
        if f.shape != e.shape:
            raise OutOfRangeError(f"{name} {flavor}: density has shape {f.shape}, the energies {e.shape}")
        begins = 0.0 if f[0] == 0.0 or e[0] == 0.0 else float(e[0])
        part = Component(flavor, e, f, name=name, valid_from=begins if valid_from is None else valid_from)
        if f.max() > 0.0 and int(f.argmax()) in (0, f.size - 1):
            warnings.warn(
                f"{part.label}: the spectrum is largest at {e[int(f.argmax())]:g} MeV, an end of its grid, which may "
                "miss the peak",
                PhysicsWarning,
                stacklevel=2,
            )
        elif f[-1] > _CUT * f.max():
            warnings.warn(
                f"{part.label}: the spectrum ends with {f[-1]:g} at {e[-1]:g} MeV, the end of its grid; nothing above is "
                "counted",
                PhysicsWarning,
                stacklevel=2,
            )
        parts.append(part)
    far = None if distance is None else measured("distance", distance, "cm", "20 m")
    return Flux(tuple(parts), per_time, far, name, (reference,) if reference else ())
