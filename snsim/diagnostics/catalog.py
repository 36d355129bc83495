"""Observables by name."""

from __future__ import annotations

from collections.abc import Callable

from microphysics.errors import UnknownNameError
from snsim.diagnostics import (
    burst,
    delay,
    electron_fraction,
    explosion,
    flavour,
    gain_region,
    higgs_vev,
    kick,
    neutrino_conductivity,
    neutrinosphere,
    recoil_heating,
    transport_sphere,
)
from snsim.variable import Variable

Observable = Callable[..., dict[str, Variable]]

OBSERVABLES: dict[str, Observable] = {
    "neutrinosphere": neutrinosphere.observe,
    "gain_region": gain_region.observe,
    "electron_fraction": electron_fraction.observe,
    "kick": kick.observe,
    "delay": delay.observe,
    "transport_sphere": transport_sphere.observe,
    "neutrino_conductivity": neutrino_conductivity.observe,
    "recoil_heating": recoil_heating.observe,
    "explosion": explosion.observe,
    "burst": burst.observe,
    "flavour": flavour.observe,
    "higgs_vev": higgs_vev.observe,
}
# those that ask where the transport spheres are, and take them as `spheres`
FROM_SPHERES = ("gain_region", "electron_fraction", "delay", "recoil_heating", "explosion", "burst")


def observable(name: str) -> Observable:
    """Return an observable: a function of (background, spectra, solution, **options).

    The solution is None where transport was not solved; only observables of opacities are asked for then.

    Parameters
    ----------
    name : str
        A key of `OBSERVABLES`.

    Raises
    ------
    UnknownNameError
        With the known names and the nearest one.
    """
    if name not in OBSERVABLES:
        raise UnknownNameError("observable", name, OBSERVABLES)
    return OBSERVABLES[name]
