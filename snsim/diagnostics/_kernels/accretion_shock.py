"""Steady flow from a standing shock down to the neutrinosphere, integrated inwards in ln r.

Temperatures in MeV, everything else CGS. Velocities are positive inwards.
"""

import math
from typing import NamedTuple

import numpy as np

from microphysics._jit import njit

# of ln rho, ln T and ln r in a step: with the first the fourth-order rule errs by 1e-7 in critical luminosities, with the
# second by 1e-5, to see where they are to be looked for
FINE, COARSE = 0.04, 0.12
OVERSHOT = 50.0  # ln of a density or column that stands for "far more than asked for"
MOST_STEPS = 20000
ARRIVED, TOO_DENSE, LOST = 0, 1, 2
NARROWEST = 1e-7  # of the interval in ln r that holds a maximum
GOLDEN = 0.5 * (math.sqrt(5.0) - 1.0)


class Flow(NamedTuple):
    """What drives and resists the flow.

    `gravity` = GM, cm^3/s^2; `accretion_rate`, g/s; `heating` = H r^2, erg cm^2/g/s; `cooling` = C/T^6, erg/g/s/MeV^6;
    `radiation` = (11/12) a, erg/cm^3/MeV^4; `nucleon` = 1/m_u, erg/g/MeV; `inner_radius`, cm;
    `densest`, g/cm^3: flows that get there on the way are far denser than what is asked for; `largest_change` of ln rho,
    ln T and ln r in a step.
    """

    gravity: float
    accretion_rate: float
    heating: float
    cooling: float
    radiation: float
    nucleon: float
    inner_radius: float
    densest: float
    largest_change: float


@njit
def behind_shock(flow, radius):
    """Density and temperature where cold free fall is stopped: jump of mass, momentum and energy at a strong shock.

    Momentum and energy make the nucleons' share of the pressure (7 - compression)/3: from 0 at 7, where radiation and pairs
    have all of it, to 1 at 4. The temperatures of both parts agree for one share.
    """
    fall = math.sqrt(2.0 * flow.gravity / radius)
    ahead = flow.accretion_rate / (4.0 * math.pi * radius**2 * fall)
    low, high = 0.0, 1.0
    density = temperature = 0.0
    for _ in range(60):
        share = 0.5 * (low + high)
        density = ahead * (7.0 - 3.0 * share)
        pressure = ahead * fall**2 * (1.0 - ahead / density)
        temperature = share * pressure / (density * flow.nucleon)
        if flow.radiation * temperature**4 > (1.0 - share) * pressure:
            high = share
        else:
            low = share
        if high - low < 1e-15 * share:
            break
    return density, temperature


@njit
def slopes(flow, radius, density, temperature):
    """Return dln rho/dln r, dln T/dln r and c_s^2; the slopes are NaN where the flow is not subsonic."""
    per_radius, volume = 1.0 / radius, 1.0 / density
    speed = flow.accretion_rate / (4.0 * math.pi) * per_radius**2 * volume
    hot = flow.radiation * temperature**4
    gas = density * flow.nucleon * temperature
    net = flow.heating * per_radius**2 - flow.cooling * temperature**6
    stiff, per_capacity = 4.0 * hot + gas, 1.0 / (12.0 * hot + 1.5 * gas)
    heated = -density * net * per_capacity * radius / speed
    share = stiff * per_capacity
    sound = (stiff * share + gas) * volume
    if not sound > speed**2:
        return math.nan, math.nan, sound
    pull = 2.0 * speed**2 - flow.gravity * per_radius - stiff * heated * volume
    contraction = pull / (sound - speed**2)
    return contraction, heated + share * contraction, sound


@njit
def advance(flow, place, end, state):
    """Integrate `state` = (ln rho, ln T, column, largest c_s^2/v_esc^2) from ln r = `place` inwards to `end`.

    Returns what became of it: `ARRIVED`, `TOO_DENSE` on the way, or `LOST` where it does not stay subsonic. Steps run out
    only in dense matter where cooling balances heating, so that counts as too dense.
    """
    radius, density, temperature = math.exp(place), math.exp(state[0]), math.exp(state[1])
    for _ in range(MOST_STEPS):
        d1, t1, sound = slopes(flow, radius, density, temperature)
        if density > flow.densest:
            return TOO_DENSE
        if math.isnan(d1):
            return LOST
        state[3] = max(state[3], 0.5 * sound * radius / flow.gravity)
        if place <= end:
            return ARRIVED
        step = -min(flow.largest_change / max(abs(d1), abs(t1), 1.0), place - end)
        shrink = math.exp(0.5 * step)
        half, last = radius * shrink, radius * shrink**2
        d2, t2, _ = slopes(
            flow, half, density * math.exp(0.5 * step * d1), temperature * math.exp(0.5 * step * t1)
        )
        middle = density * math.exp(0.5 * step * d2)
        d3, t3, _ = slopes(flow, half, middle, temperature * math.exp(0.5 * step * t2))
        d4, t4, _ = slopes(flow, last, density * math.exp(step * d3), temperature * math.exp(step * t3))
        compression = (d1 + 2.0 * d2 + 2.0 * d3 + d4) / 6.0
        if math.isnan(compression):
            return LOST  # a stage lies beyond the sonic point
        state[0] += step * compression
        state[1] += step * (t1 + 2.0 * t2 + 2.0 * t3 + t4) / 6.0
        before = density * radius
        radius, density, temperature = last, math.exp(state[0]), math.exp(state[1])
        state[2] -= step * (before + 4.0 * middle * half + density * radius) / 6.0
        place = end if place + step <= end else place + step
    return TOO_DENSE


@njit
def settle(flow, shock):
    """Return (ln rho, ln T, column, largest c_s^2/v_esc^2) at the inner radius, and what became of the flow."""
    density, temperature = behind_shock(flow, shock)
    state = np.array([math.log(density), math.log(temperature), 0.0, 0.0])
    fate = advance(flow, math.log(shock), math.log(flow.inner_radius), state)
    return state, fate


@njit
def excess(flow, shock, column, wanted):
    """Logarithm of density (or `column` of matter, g/cm^2) at the inner radius over the `wanted` one."""
    state, fate = settle(flow, shock)
    if fate != ARRIVED:
        return OVERSHOT if fate == TOO_DENSE else -OVERSHOT
    return (math.log(state[2]) if column else state[0]) - math.log(wanted)


@njit
def excesses(flow, shocks, column, wanted):
    """Return `excess` for an array of shock radii."""
    found = np.empty(shocks.size)
    for i in range(shocks.size):
        found[i] = excess(flow, shocks[i], column, wanted)
    return found


@njit
def largest_excess(flow, smallest, largest, points, column, wanted):
    """Largest `excess` for shocks between two radii, and the radius of that shock: a scan, then golden sections."""
    low, width = math.log(smallest), math.log(largest / smallest) / (points - 1)
    best, value = 0, -1e300
    for i in range(points):
        found = excess(flow, math.exp(low + i * width), column, wanted)
        if found >= OVERSHOT:
            return found, math.exp(low + i * width)
        if found > value:
            best, value = i, found
    a, b = low + max(best - 1, 0) * width, low + min(best + 1, points - 1) * width
    c, d = b - GOLDEN * (b - a), a + GOLDEN * (b - a)
    at_c, at_d = excess(flow, math.exp(c), column, wanted), excess(flow, math.exp(d), column, wanted)
    while b - a > NARROWEST:
        if at_c > at_d:
            b, d, at_d = d, c, at_c
            c = b - GOLDEN * (b - a)
            at_c = excess(flow, math.exp(c), column, wanted)
        else:
            a, c, at_c = c, d, at_d
            d = a + GOLDEN * (b - a)
            at_d = excess(flow, math.exp(d), column, wanted)
    refined = max(at_c, at_d)
    if refined < value:  # beside the maximum lie flows that do not stay subsonic
        return value, math.exp(low + best * width)
    return refined, math.exp(0.5 * (a + b))


@njit
def structure(flow, radii):
    """Density and temperature at radii that fall from the shock, shape (2, point); NaN beyond where the flow ends."""
    found = np.full((2, radii.size), np.nan)
    density, temperature = behind_shock(flow, radii[0])
    state = np.array([math.log(density), math.log(temperature), 0.0, 0.0])
    found[:, 0] = density, temperature
    for i in range(1, radii.size):
        if advance(flow, math.log(radii[i - 1]), math.log(radii[i]), state) != ARRIVED:
            break
        found[0, i], found[1, i] = math.exp(state[0]), math.exp(state[1])
    return found
