"""Rough stars by continuation: from an opaque star to the true one, then from edge values of first order to those asked for.

Newton's method finds the answer of a star that is opaque everywhere, and that of a star that differs a little from one
solved before. What differs is taken in steps, halved where Newton's method does not arrive and doubled where it does
(Allgower & Georg 1990, Numerical Continuation Methods, ch. 6).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from snsim.transport._kernels import gray_march as kernels
from snsim.transport.newton import CAREFUL, WATCHED, Marched, Problem, picard, scaled_norm

Array = NDArray[np.float64]
# (x, tolerance, most steps, pace) -> where the march ended
Onwards = Callable[[Array, float, int, float], Marched]

AT_REST = 1e-4  # of what is lagged: answers are then within 1e-4 of where they would come to rest
ROUGH = 1e-5  # residual on the way
_FILLING = ((4, 1.0), (6, 0.5))  # Picard sweeps and their damping
_STEPS = 60  # of Newton's method; more have not been seen to help where these do not
_OPAQUE, _TRUE = 3.0, -6.0  # decades of the least opacity, over 2 Gamma/(3 r), where the way begins and ends
_FIRST_STEPS = 1000  # in the opaque star, of which the guess knows nothing
_LEAST_DECADE = 1e-3
_HALF, _MOST, _LEAST = 0.5, 0.9, 1e-3  # parts of the way that what is lagged moves at once
_BOLDER, _CALMER = 1.2, 0.5  # of the largest part, where what is left to go shrinks and where not
_FINEST = 1e-10  # residual on the way, where little is left to go
_TURN = 2.0  # degeneracy that goes with all of the way
_MOVES = 300


def fill(problem: Problem, x: Array) -> Array:
    """Return x after the Picard sweeps that fill regions without sources of their own."""
    for sweeps, damping in _FILLING:
        x = picard(problem, x, sweeps, damping)
    return x


def cleared(problem: Problem, x: Array, onwards: Onwards, filled: bool) -> Marched:
    """Return the end of a march for the star made opaque, then less and less so; not converged where the way ends early.

    Nothing that is lagged moves. The opaque star is filled first if `filled`.
    """
    geometry, transport = problem.geometry, problem.medium.transport
    true = transport.copy()
    thinnest = 2.0 / 3.0 * geometry.gamma / np.maximum(geometry.edge, geometry.edge[1])

    def make_opaque(decade: float) -> None:
        """Raise the transport opacity to so many decades above that of a transparent star."""
        transport[:] = np.maximum(true, 10.0**decade * thinnest[:, None])

    decade, step = _OPAQUE, 1.0
    make_opaque(decade)
    end = onwards(fill(problem, x) if filled else x, ROUGH, _FIRST_STEPS, CAREFUL)
    arrived, x = end.converged, end.x
    while arrived and decade > _TRUE and step > _LEAST_DECADE:
        ahead = max(decade - step, _TRUE)
        make_opaque(ahead)
        end = onwards(x, ROUGH, _STEPS, WATCHED)
        if end.converged:
            x, decade, step = end.x, ahead, min(2.0 * step, 1.0)
        else:
            step /= 2.0
    transport[:] = true
    return end


def led(
    problem: Problem, end: Marched, onwards: Onwards, lagged: Callable[[float, float], kernels.Lagged]
) -> Marched:
    """Return the end of a march with what is lagged at rest, moved part by part with an answer after each.

    What goes round in a circle moves by smaller parts, and rests where the whole way leaves a residual below `AT_REST`. Not
    converged where it does not come to rest.

    Parameters
    ----------
    end : Marched
        With what is lagged as it is now.
    lagged : callable
        What moves for the part of the way that edge values go, and the most that the degeneracy turns.
    """
    system, part, most, left = problem.empty_system(), _HALF, _MOST, np.inf

    def follow(x: Array, part: float) -> float:
        """Move what is lagged by a part of the way, and return how far it has moved."""
        moving = lagged(part, _TURN * part)
        return float(
            kernels.follow(
                x, problem.geometry, problem.medium, problem.reach, problem.closure, moving, system
            )
        )

    for _ in range(_MOVES):
        kept = [values.copy() for values in _lagged_arrays(problem)]
        moved = follow(end.x, part)
        ahead = onwards(end.x, max(ROUGH * min(1.0, moved) ** 2, _FINEST), _STEPS, CAREFUL)
        if not ahead.converged:
            _put_back(problem, kept)
            part /= 2.0
            if part < _LEAST:
                break
            continue
        if moved <= AT_REST:
            return ahead
        circling = moved >= left
        if circling:
            kept = [values.copy() for values in _lagged_arrays(problem)]
            follow(ahead.x, _MOST)
            residual = scaled_norm(problem.at(ahead.x))
            _put_back(problem, kept)
            if residual <= AT_REST:
                return ahead
        most = min(most * (_CALMER if circling else _BOLDER), _MOST)
        end, part, left = ahead, min(1.5 * part, most), moved
    return replace(end, converged=False)


def _put_back(problem: Problem, kept: list[Array]) -> None:
    for values, before in zip(_lagged_arrays(problem), kept, strict=True):
        values[:] = before


def _lagged_arrays(problem: Problem) -> tuple[Array, ...]:
    return (*problem.reach, problem.medium.degeneracy, problem.medium.shape_ratio)
