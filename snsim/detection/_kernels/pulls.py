"""Newton's method for the pulls of a Poisson likelihood, scan point by scan point."""

import math

import numpy as np

from microphysics._jit import njit

MOST_STEPS = 60
CONVERGED = 1e-11  # of the decrement, in units of chi-square; one more step is taken below it
TO_THE_EDGE = 0.95  # share of the way to a vanishing expectation that one step may go
TINY = 1e-300  # so that a free pull stays 0 where it moves nothing


@njit
def newton_system(slope, weight, value, shifts, prior, pulls, gradient, hessian):
    """Fill gradient (pull,) and the lower half of the Hessian (pull, pull) at rates `value` (row,)."""
    number, rows = shifts.shape
    for k in range(number):
        gradient[k] = slope[k] + prior[k] * pulls[k]
        for m in range(k + 1):
            hessian[k, m] = 0.0
        hessian[k, k] = prior[k] + TINY
    for r in range(rows):
        ratio = weight[r] / value[r]
        curvature = ratio / value[r]
        for k in range(number):
            gradient[k] -= shifts[k, r] * ratio
            curved = curvature * shifts[k, r]
            for m in range(k + 1):
                hessian[k, m] += curved * shifts[m, r]


@njit
def newton_step(gradient, hessian, step):
    """Solve hessian step = -gradient by Cholesky's method in place; return -gradient step, NaN if there is no solution."""
    number = gradient.size
    for k in range(number):
        for m in range(k + 1):
            total = hessian[k, m]
            for i in range(m):
                total -= hessian[k, i] * hessian[m, i]
            if m < k:
                hessian[k, m] = total / hessian[m, m]
            elif total > 0.0:
                hessian[k, k] = math.sqrt(total)
            else:
                return math.nan
    for k in range(number):
        total = -gradient[k]
        for i in range(k):
            total -= hessian[k, i] * step[i]
        step[k] = total / hessian[k, k]
    for k in range(number - 1, -1, -1):
        total = step[k]
        for i in range(k + 1, number):
            total -= hessian[i, k] * step[i]
        step[k] = total / hessian[k, k]
    decrement = 0.0
    for k in range(number):
        decrement -= gradient[k] * step[k]
    return decrement


@njit
def rise(share, slope, weight, value, change, prior, pulls, step):
    """Change of the function along a share of a step."""
    total = 0.0
    for k in range(slope.size):
        total += step[k] * (slope[k] + prior[k] * (pulls[k] + 0.5 * share * step[k]))
    total *= share
    for r in range(value.size):
        total -= weight[r] * math.log1p(share * change[r] / value[r])
    return total


@njit
def minimise_pulls(slope, weight, rate, shifts, prior, pulls):
    """Minimise slope xi - sum_r w_r ln(rate_r + sum_k xi_k D_kr) + prior xi^2/2 at every point, rates kept positive.

    Parameters
    ----------
    slope : ndarray, shape (1 or point, pull)
    weight, rate : ndarray, shape (1 or point, row)
        > 0.
    shifts : ndarray, shape (1 or point, pull, row)
    prior : ndarray, shape (pull,)
    pulls : ndarray, shape (point, pull)
        Start, zeros; receives the minimum.

    Returns
    -------
    int
        Points that have not converged.
    """
    number, rows = shifts.shape[1:]
    gradient, step = np.empty(number), np.empty(number)
    hessian = np.empty((number, number))
    value, change = np.empty(rows), np.empty(rows)
    unconverged = 0
    for p in range(pulls.shape[0]):
        a, w = slope[p % slope.shape[0]], weight[p % weight.shape[0]]
        d, xi = shifts[p % shifts.shape[0]], pulls[p]
        value[:] = rate[p % rate.shape[0]]
        done = False
        for _ in range(MOST_STEPS):
            newton_system(a, w, value, d, prior, xi, gradient, hessian)
            decrement = newton_step(gradient, hessian, step)
            if not decrement < math.inf:
                break
            steepest = 0.0
            for r in range(rows):
                change[r] = 0.0
                for k in range(number):
                    change[r] += step[k] * d[k, r]
                steepest = max(steepest, -change[r] / value[r])
            share = TO_THE_EDGE / max(steepest, TO_THE_EDGE)
            done = decrement <= CONVERGED
            # Armijo's rule
            while not done and rise(share, a, w, value, change, prior, xi, step) > -1e-4 * share * decrement:
                share *= 0.5
                if share < 1e-12:
                    break
            for k in range(number):
                xi[k] += share * step[k]
            for r in range(rows):
                value[r] += share * change[r]
            if done:
                break
        if not done:
            unconverged += 1
    return unconverged
