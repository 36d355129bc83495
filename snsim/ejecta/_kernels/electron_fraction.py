"""Y_e of ejecta: one equation along a trajectory, by an exponential Rosenbrock method of third order.

A step solves the linearised equation exactly, so stiffness sets no limit to it; the rest is one more evaluation at its end
(exprb32 of Hochbruck, Ostermann & Schweitzer 2009, SIAM J. Numer. Anal. 47, 786), whose size is the estimate of the error.
"""

import math

import numpy as np

from microphysics._jit import njit, prange
from snsim.ejecta._kernels.nucleon_rates import (
    alpha_fraction,
    baryon_density,
    electron_capture,
    electron_potential,
    nothing_to_capture,
    positron_capture,
    unpack,
)

__all__ = ["FAILED", "HISTORY", "ROWS", "evolve", "evolve_all"]

# rows of a trajectory: proper time s, ln MeV, ln g/cm^3, cm, and r^2 times the absorption rates, cm^2/s
ROWS = ("time", "ln_temperature", "ln_density", "radius", "strength_nue", "strength_anue")
# rows of a history: Y_e, X_alpha, and the four rates in 1/s
HISTORY = ("electron_fraction", "alpha", "nue", "anue", "positron", "electron")
FAILED = -1
_DIFFERENCE = 1e-6  # in Y_e, for the derivative to it
_LATER = 1e-5  # of a step, for the derivative to time
_SHRINK, _GROW, _SAFE = 0.2, 5.0, 0.9
_MOST_STEPS = 100000  # between two rows
_NOT_FROZEN = -1.0


@njit
def _rates(rows, i, share, ye, frozen, captures, alphas, weak, mu):
    """Return X_alpha, mu_e and the rates of nue, anue, e+ and e- at `share` of the way from row i to the next, 1/s.

    `mu` is a guess; `frozen` is the mass fraction of alphas that reactions no longer change, or -1.
    """
    j = min(i + 1, rows.shape[1] - 1)
    temperature = math.exp(rows[1, i] + share * (rows[1, j] - rows[1, i]))
    density = math.exp(rows[2, i] + share * (rows[2, j] - rows[2, i]))
    radius = rows[3, i] + share * (rows[3, j] - rows[3, i])
    nue = (rows[4, i] + share * (rows[4, j] - rows[4, i])) / (radius * radius)
    anue = (rows[5, i] + share * (rows[5, j] - rows[5, i])) / (radius * radius)
    alpha = positron = electron = 0.0
    if alphas:
        alpha = alpha_fraction(density, temperature, ye) if frozen < 0.0 else frozen
        alpha = min(alpha, 2.0 * min(ye, 1.0 - ye))
    if captures:
        charge = baryon_density(density) * ye
        if not nothing_to_capture(temperature, charge, weak):
            mu = electron_potential(charge, temperature, mu)
            electron = electron_capture(temperature, mu, weak)
            positron = positron_capture(temperature, mu, weak)
    return alpha, mu, nue, anue, positron, electron


@njit
def _change(rows, i, share, ye, frozen, captures, alphas, weak, mu):
    """Return dY_e/dt, 1/s, and mu_e."""
    y = min(max(ye, 0.0), 1.0)
    alpha, mu, nue, anue, positron, electron = _rates(rows, i, share, y, frozen, captures, alphas, weak, mu)
    neutrons = max(1.0 - y - 0.5 * alpha, 0.0)
    protons = max(y - 0.5 * alpha, 0.0)
    return (nue + positron) * neutrons - (anue + electron) * protons, mu


@njit
def _phi(z):
    """Return phi_1, phi_2, phi_3 of the exponential integrators: phi_{k+1} = (phi_k - 1/k!)/z, phi_0 = exp."""
    if abs(z) < 0.1:  # series, where the recursion cancels
        one = two = three = 0.0
        for k in range(10, -1, -1):
            one = 1.0 + z / (k + 2.0) * one
            two = 1.0 + z / (k + 3.0) * two
            three = 1.0 + z / (k + 4.0) * three
        return one, two / 2.0, three / 6.0
    one = math.expm1(z) / z
    two = (one - 1.0) / z
    return one, two, (two - 0.5) / z


@njit
def _step(rows, i, share, size, ye, frozen, captures, alphas, weak, mu):
    """Return Y_e at the end of a step from `share` on, the size of the last correction, and mu_e.

    `size` is the length of the step as a share of the interval.
    """
    span = rows[0, i + 1] - rows[0, i]
    h = size * span
    here, mu = _change(rows, i, share, ye, frozen, captures, alphas, weak, mu)
    shift = _DIFFERENCE if ye < 0.5 else -_DIFFERENCE
    beside, mu_beside = _change(rows, i, share, ye + shift, frozen, captures, alphas, weak, mu)
    jacobian = (beside - here) / shift
    later = min(_LATER * size, 1.0 - share)
    after, mu_after = _change(rows, i, share + later, ye, frozen, captures, alphas, weak, mu)
    drift = (after - here) / (later * span)
    one, two, three = _phi(h * jacobian)
    first = h * one * here + h * h * two * drift
    mu += (mu_after - mu) / later * size + (mu_beside - mu) / shift * first  # where it will be
    there, mu = _change(rows, i, share + size, ye + first, frozen, captures, alphas, weak, mu)
    rest = 2.0 * h * three * (there - here - jacobian * first - drift * h)
    return ye + first + rest, abs(rest), mu


@njit
def _cross(rows, i, ye, frozen, captures, alphas, weak, mu, tolerance, size):
    """Go from row i to the next; return Y_e, mu_e, the number of steps (FAILED if there is no end), and the last size."""
    share = 0.0
    for steps in range(_MOST_STEPS):
        last = share + size >= 1.0 - 1e-12
        used = 1.0 - share if last else size
        after, error, guess = _step(rows, i, share, used, ye, frozen, captures, alphas, weak, mu)
        if not abs(after) < math.inf:
            return ye, mu, FAILED, size
        factor = _SAFE * (tolerance / max(error, 1e-300)) ** (1.0 / 3.0)
        if error <= tolerance:
            ye, mu = min(max(after, 0.0), 1.0), guess
            share += used
            size = (
                max(size, used * min(max(factor, _SHRINK), _GROW))
                if last
                else used * min(max(factor, _SHRINK), _GROW)
            )
            if last:
                return ye, mu, steps + 1, min(size, 1.0)
        else:
            size = used * max(factor, _SHRINK)
            if size < 1e-12:
                return ye, mu, FAILED, size
    return ye, mu, FAILED, size


@njit
def evolve(rows, initial, captures, alphas, ln_freeze, numbers, tolerance, history):
    """Fill the history of one trajectory.

    Parameters
    ----------
    rows : ndarray, shape (6, row)
        `ROWS`; linear in time between them.
    initial : float
        Y_e in the first row.
    captures, alphas : bool
        Whether electrons and positrons are captured, and whether nucleons form alphas.
    ln_freeze : float
        ln of the temperature (MeV) below which the mass of alphas stays what it is; crossings have to be rows.
    numbers : ndarray, shape (13,)
        The `Weak` of the capture rates, flat.
    tolerance : float
        Largest error of a step in Y_e.
    history : ndarray, shape (6, row)
        `HISTORY`, written here.

    Returns
    -------
    int
        Steps taken, or `FAILED`.
    """
    weak = unpack(numbers)
    count = rows.shape[1]
    ye, mu, frozen, size, total = initial, 0.0, _NOT_FROZEN, 1.0, 0
    for i in range(count):
        alpha, mu, nue, anue, positron, electron = _rates(
            rows, i, 0.0, ye, frozen, captures, alphas, weak, mu
        )
        history[0, i], history[1, i] = ye, alpha
        history[2, i], history[3, i], history[4, i], history[5, i] = nue, anue, positron, electron
        if i == count - 1:
            break
        cold = max(rows[1, i], rows[1, i + 1]) <= ln_freeze + 1e-9
        if not cold:
            frozen = _NOT_FROZEN
        elif frozen < 0.0:
            frozen = alpha
        ye, mu, steps, size = _cross(rows, i, ye, frozen, captures, alphas, weak, mu, tolerance, size)
        if steps == FAILED:
            return FAILED
        total += steps
    return total


@njit(parallel=True)
def evolve_all(rows, starts, initial, captures, alphas, ln_freeze, numbers, tolerance, history, steps):
    """Fill the histories of many trajectories, each as `evolve`, on all cores.

    Parameters
    ----------
    rows, history : ndarray, shape (6, row) and (7, row)
        All trajectories, one after the other.
    starts : ndarray of int, shape (trajectory + 1,)
        First row of each, and the end.
    initial : ndarray, shape (trajectory,)
        Y_e in the first rows.
    captures, alphas, ln_freeze, numbers, tolerance
        As of `evolve`.
    steps : ndarray of int, shape (trajectory,)
        Steps taken, or `FAILED`; written here.
    """
    for k in prange(starts.size - 1):
        first, end = starts[k], starts[k + 1]
        steps[k] = evolve(
            np.ascontiguousarray(rows[:, first:end]),
            initial[k],
            captures,
            alphas,
            ln_freeze,
            numbers,
            tolerance,
            history[:, first:end],
        )
