"""Kick of a star that radiates for a while: v(t) = int alpha L/(M c) dt, added as a vector."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError, require
from microphysics.matter import GROUPS
from snsim.variable import Group

Array = NDArray[np.float64]
Values = float | Array


@dataclass(frozen=True)
class KickHistory:
    """Velocity of a star over time.

    Attributes
    ----------
    time : ndarray, shape (time,)
        s.
    velocity : ndarray, shape (time,) or (time, 3)
        cm/s; 0 at the first time.
    energy : ndarray, shape (time,)
        Radiated until then, erg.
    mean_asymmetry : float or ndarray, shape () or (3,)
        Average of alpha over the energy radiated; NaN where none was.
    reason : str
        Why the mean is NaN; empty where it is not.
    """

    time: Array
    velocity: Array
    energy: Array
    mean_asymmetry: Array
    reason: str = ""

    @property
    def speed(self) -> Array:
        """Length of the velocity, cm/s, shape (time,)."""
        return np.abs(self.velocity) if self.velocity.ndim == 1 else np.linalg.norm(self.velocity, axis=1)


def kick_history(time: Array, luminosity: Array, mass: Values, asymmetry: Values) -> KickHistory:
    """Velocity v(t) = int alpha L/(M c) dt by trapezia.

    Parameters
    ----------
    time : ndarray, shape (time,)
        s, rising.
    luminosity : ndarray, shape (time,)
        Of all neutrinos at infinity, erg/s, >= 0.
    mass : float or ndarray, shape (time,)
        That recoils, g.
    asymmetry : float, or ndarray of shape (time,) or (time, 3)
        alpha along an axis, or as a vector.

    Returns
    -------
    KickHistory
        With the mean asymmetry int alpha L dt/int L dt.

    Raises
    ------
    OutOfRangeError
        For times that do not rise, a negative luminosity, a mass that is not positive.

    Examples
    --------
    >>> time = np.array([0.0, 10.0])
    >>> found = kick_history(time, np.full(2, 3e52), 1.4 * CODATA.solar_mass, 0.01)
    >>> round(float(found.velocity[-1]) / 1e5, 4), round(float(found.mean_asymmetry), 12)
    (359.4733, 0.01)
    """
    time, luminosity = np.asarray(time, dtype=np.float64), np.asarray(luminosity, dtype=np.float64)
    if time.ndim != 1 or time.size < 2 or luminosity.shape != time.shape:
        raise OutOfRangeError(
            f"a history needs at least 2 times and a luminosity for each, got shapes {time.shape} and {luminosity.shape}"
        )
    require(np.diff(time) > 0.0, time[1:], "time", "s", "above the one before it")
    require(luminosity >= 0.0, luminosity, "luminosity", "erg/s", ">= 0")
    require(np.asarray(mass) > 0.0, mass, "mass that recoils", "g", "> 0")
    alpha = np.asarray(asymmetry, dtype=np.float64)
    alpha = alpha if alpha.ndim else np.full(time.shape, alpha)
    momentum = (luminosity * alpha.T).T
    velocity = _summed(time, (momentum.T / (np.broadcast_to(mass, time.shape) * CODATA.speed_of_light)).T)
    energy = _summed(time, luminosity)
    if energy[-1] > 0.0:
        return KickHistory(time, velocity, energy, _summed(time, momentum)[-1] / energy[-1])
    undefined = np.full(momentum.shape[1:], math.nan)
    return KickHistory(
        time, velocity, energy, undefined, "no energy was radiated: luminosity = 0 at all times"
    )


def kick_of_light_curve(evolution: Group, mass: Values, asymmetry: Values) -> KickHistory:
    """Kick from the light curve of an evolution, a species counted once for each flavour it stands for.

    Parameters
    ----------
    evolution : mapping of str to Variable
        With ``time``, ``species`` and ``luminosity_infinity`` (time, species): the group `evolution` of a result.
    mass, asymmetry
        As of `kick_history`.

    Raises
    ------
    OutOfRangeError
        If a variable is missing, or as `kick_history` does.
    """
    missing = [name for name in ("time", "species", "luminosity_infinity") if name not in evolution]
    if missing:
        raise OutOfRangeError(f"light curve without {', '.join(missing)}: expected the group of an evolution")
    count = np.array([float(len(GROUPS[str(name)])) for name in evolution["species"].values])
    return kick_history(
        evolution["time"].values, evolution["luminosity_infinity"].values @ count, mass, asymmetry
    )


def _summed(time: Array, rate: Array) -> Array:
    """Integral from the first time on, trapezia along the first axis."""
    steps = (0.5 * (rate[1:] + rate[:-1]).T * np.diff(time)).T
    return np.concatenate([np.zeros_like(rate[:1]), np.cumsum(steps, axis=0)])
