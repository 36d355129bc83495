"""Inversions of any equation of state: temperature from energy or entropy, Y_e of beta equilibrium."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.eos.state import EosState, EquationOfState
from microphysics.errors import OutOfRangeError

__all__ = ["beta_equilibrium", "temperature_from_energy", "temperature_from_entropy"]

Array = NDArray[np.float64]

_MOST_STEPS = 200
_TOLERANCE = 1e-11


def temperature_from_entropy(
    eos: EquationOfState, density: ArrayLike, entropy: ArrayLike, electron_fraction: ArrayLike
) -> Array:
    """Temperature at which the total entropy has a given value.

    Parameters
    ----------
    eos : EquationOfState
    density, entropy, electron_fraction : array_like
        g/cm^3, k_B/baryon, 1; any shapes that broadcast.

    Returns
    -------
    ndarray
        MeV.

    Raises
    ------
    OutOfRangeError
        For a point outside the domain, or an entropy that belongs to no temperature inside it.

    Examples
    --------
    >>> from microphysics.eos.lattimer_swesty import LattimerSwesty
    >>> eos = LattimerSwesty()
    >>> round(float(temperature_from_entropy(eos, 1e10, eos(1e10, 3.0, 0.2).entropy, 0.2)), 9)
    3.0
    """
    return _temperature(eos, "entropy", "k_B/baryon", density, entropy, electron_fraction)


def temperature_from_energy(
    eos: EquationOfState, density: ArrayLike, energy: ArrayLike, electron_fraction: ArrayLike
) -> Array:
    """Temperature (MeV) at which the total energy (MeV/baryon, as `EosState.energy`) has a given value.

    Everything else as in `temperature_from_entropy`.
    """
    return _temperature(eos, "energy", "MeV/baryon", density, energy, electron_fraction)


def beta_equilibrium(eos: EquationOfState, density: ArrayLike, temperature: ArrayLike) -> Array:
    """Electron fraction at which mu_e + mu_p = mu_n: matter from which all neutrinos have escaped.

    Parameters
    ----------
    eos : EquationOfState
    density, temperature : array_like
        g/cm^3, MeV; any shapes that broadcast.

    Returns
    -------
    ndarray
        Y_e.

    Raises
    ------
    OutOfRangeError
        For a point outside the domain, or whose equilibrium lies outside the range of Y_e.
    """
    from scipy.optimize import elementwise

    rho, t = np.broadcast_arrays(
        np.asarray(density, dtype=np.float64), np.asarray(temperature, dtype=np.float64)
    )
    lowest, highest = eos.electron_fraction_range

    def excess(ye: Array, rho: Array, t: Array) -> Array:
        return eos(rho, t, ye).chemical_potential_neutrino

    found = elementwise.find_root(
        excess,
        (np.full(rho.shape, lowest), np.full(rho.shape, highest)),
        args=(rho, t),
        tolerances={"xatol": 1e-13, "xrtol": 1e-12},
    )
    if not np.all(found.success):
        first = int(np.argmax(~np.ravel(found.success)))
        raise OutOfRangeError(
            f"beta equilibrium in zone {first} (density = {rho.flat[first]:.6g} g/cm^3, temperature = "
            f"{t.flat[first]:.6g} MeV) lies outside {lowest:g} <= electron_fraction <= {highest:g} of {eos.name}"
        )
    answer: Array = found.x
    return answer


def _temperature(
    eos: EquationOfState,
    name: str,
    unit: str,
    density: ArrayLike,
    target: ArrayLike,
    electron_fraction: ArrayLike,
) -> Array:
    """Newton's method in ln T inside a bracket, for all points at once; both quantities rise with T."""
    arrays = np.broadcast_arrays(
        *(np.asarray(value, dtype=np.float64) for value in (density, target, electron_fraction))
    )
    shape = arrays[0].shape
    rho, wanted, ye = (np.array(array).ravel() for array in arrays)
    coldest, hottest = eos.temperature_range
    low, high = np.full(rho.size, np.log(coldest)), np.full(rho.size, np.log(hottest))
    _refuse_outside(eos, name, unit, rho, wanted, ye)
    x = np.full(rho.size, np.log(np.clip(2.0, coldest, hottest)))
    active = np.arange(rho.size)
    for _ in range(_MOST_STEPS):
        t = np.exp(x[active])
        state = eos(rho[active], t, ye[active])
        value = getattr(state, name)
        goal = wanted[active]
        if name == "entropy":  # nearly a power of T
            step = np.log(goal / value) * value / state.heat_capacity
        else:
            step = (goal - value) / (state.heat_capacity * t)
        above = value > goal
        high[active] = np.where(above, x[active], high[active])
        low[active] = np.where(above, low[active], x[active])
        new = x[active] + step
        lost = ~((new > low[active]) & (new < high[active]))
        new = np.where(lost, 0.5 * (low[active] + high[active]), new)
        done = (np.abs(step) < _TOLERANCE) & ~lost | (high[active] - low[active] < 1e-14)
        done |= np.abs(step) < 1e-15  # an answer on the edge of the bracket
        x[active] = np.where(done & lost, x[active], new)
        active = active[~done]
        if active.size == 0:
            break
    return np.exp(x).reshape(shape)


def _refuse_outside(
    eos: EquationOfState, name: str, unit: str, density: Array, wanted: Array, electron_fraction: Array
) -> None:
    """Check the targets against their values at both ends of the temperature range."""
    coldest, hottest = eos.temperature_range
    quantity: Callable[[EosState], Array] = lambda state: getattr(state, name)  # noqa: E731
    lowest = quantity(eos(density, coldest, electron_fraction))
    highest = quantity(eos(density, hottest, electron_fraction))
    bad = ~((wanted >= lowest) & (wanted <= highest))
    if bad.any():
        i = int(np.argmax(bad))
        raise OutOfRangeError(
            f"{name} = {wanted[i]:.6g} {unit} in zone {i} (density = {density[i]:.6g} g/cm^3, electron_fraction = "
            f"{electron_fraction[i]:.6g}): {eos.name} is valid there for {lowest[i]:.6g} <= {name} <= "
            f"{highest[i]:.6g} {unit}, that is {coldest:g} <= temperature <= {hottest:g} MeV"
        )
