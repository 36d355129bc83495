"""Newton's method for matter with nuclei, and where it starts.

The equations of `drop` have several roots, some spurious, and a small basin around each: starting values
decide. A neighbouring state is the best; without one, candidates come from the physics in three regimes.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from microphysics._jit import njit
from microphysics._kernels.fermi import fermi_half, inverse_fermi_half
from microphysics.eos.drop import (
    LARGEST_FILLING,
    TRANSLATION_NUMBER,
    drop_equations,
    finite_size,
    nucleus_radius,
    respond,
    surface_coulomb,
)
from microphysics.eos.skyrme import SATURATION_DENSITY, Force, bulk_nucleons, density_unit, potentials
from microphysics.eos.uniform import BARYONS, MU_N, MU_P, PRESSURE, boltzmann_unit, uniform_degeneracies

__all__ = ["cold_drop", "nuclei_are_absent", "warm_drop"]

Array = NDArray[np.float64]

_MOST_STEPS = 60
_SCAN = 40
_TRACE_SCAN = 20
_THINNEST_BUBBLES = 0.04  # 1/fm^3
_DENSEST_TRACE = 0.06  # 1/fm^3: in denser matter nuclei are not found where they are a trace,
_SMALLEST_IN_DENSE = 0.01  # hence they count only from this mass fraction on
SMALLEST_HEAVY_FRACTION = 1e-6
SMALLEST_MASS_NUMBER = 4.0
LARGEST_CONTRAST = 0.9  # of the density outside to that inside: more alike they are one phase


@njit
def newton_drop(
    force: Force,
    temperature: float,
    density: float,
    electron_fraction: float,
    root: Array,
    outside: Array,
    equations: Array,
) -> tuple[bool, float, float]:
    """Improve a start until the equations hold.

    Parameters
    ----------
    force, temperature, density, electron_fraction
        As in `drop_equations`.
    root : ndarray, shape (3,)
        Density inside (1/fm^3) and degeneracies of protons and neutrons outside; start, then answer.
    outside, equations : ndarray, shape (9, 4), (5, 6)
        Left as `drop_equations` fills them at the answer.

    Returns
    -------
    found : bool
    u, x : float
        Filled share and proton fraction inside.
    """
    step = np.empty(3)
    longest = 4.0 * max(1.0, 0.5 / temperature)  # in the degeneracies; in a cold gas they are large
    valid, u, x = drop_equations(
        force, temperature, density, electron_fraction, root[0], root[1], root[2], outside, equations
    )
    if not valid:
        return False, u, x
    for _ in range(_MOST_STEPS):
        if not respond(equations, 0, step):
            return False, u, x
        damping = min(1.0, 0.05 * root[0] / abs(step[0]) if step[0] != 0.0 else 1.0)
        largest = max(abs(step[1]), abs(step[2]))
        if largest * damping > longest:
            damping = longest / largest
        size = max(
            abs(step[0]) / root[0],
            abs(step[1]) / max(1.0, abs(root[1])),
            abs(step[2]) / max(1.0, abs(root[2])),
        )
        if not size < math.inf:
            return False, u, x
        n, eta_p, eta_n = root[0], root[1], root[2]
        for halving in range(30):
            valid, u, x = drop_equations(
                force,
                temperature,
                density,
                electron_fraction,
                n + damping * step[0],
                eta_p + damping * step[1],
                eta_n + damping * step[2],
                outside,
                equations,
            )
            if valid:
                break
            damping *= 0.5
            if halving == 29:
                return False, u, x
        root[0] = n + damping * step[0]
        root[1] = eta_p + damping * step[1]
        root[2] = eta_n + damping * step[2]
        if size < 1e-8 and damping == 1.0:  # the step just taken leaves its square
            return True, u, x
    return False, u, x


@njit
def _typical_density(x: float, t: float) -> float:
    """Density inside a nucleus of proton fraction x, 1/fm^3, good to some 10 %."""
    away = 0.5 - x
    thermal = max(1.0 - 0.0012 * t * t, 0.5)
    return SATURATION_DENSITY * max(1.0 - 4.5 * away * away, 0.3) * thermal


@njit
def _insertion(
    force: Force, t: float, n: float, x: float, mu_n: float, mu_p: float, pressure: float
) -> tuple[float, float]:
    """Free energy to insert matter of nuclei into a reservoir, MeV/fm^3, and their thermal factor h."""
    inside_n, inside_p, inside_pressure, _, _, _, _, _, _, _ = bulk_nucleons(force, t, (1.0 - x) * n, x * n)
    zeta, _, h = surface_coulomb(force, n, x, t)
    bulk = n * ((1.0 - x) * (inside_n - mu_n) + x * (inside_p - mu_p)) - inside_pressure + pressure
    return bulk + zeta, h


@njit
def _trace(force: Force, t: float, density: float, uniform: Array) -> tuple[float, float]:
    """Largest ln X_heavy of a trace of nuclei in uniform matter, and the proton fraction that has it."""
    best, best_x = -math.inf, 0.0
    for k in range(_TRACE_SCAN):
        x = 0.05 + 0.0225 * k
        if t >= 0.98 * force.critical * x * (1.0 - x):
            continue
        n = _typical_density(x, t)
        w, h = _insertion(force, t, n, x, uniform[MU_N, 0], uniform[MU_P, 0], uniform[PRESSURE, 0])
        if not h > 0.0:
            continue
        value = -TRANSLATION_NUMBER * w / (n * h * t) + math.log(
            boltzmann_unit(t) * TRANSLATION_NUMBER**2.5 / density
        )
        if value > best:
            best, best_x = value, x
    return best, best_x


@njit
def nuclei_are_absent(force: Force, t: float, density: float, uniform: Array) -> bool:
    """Whether nuclei are too rare to look for, judged from matter without them; only below 0.015/fm^3.

    Parameters
    ----------
    force, t, density
        T in MeV, baryons per fm^3.
    uniform : ndarray, shape (9, 4)
        `outside_matter` of matter without nuclei.
    """
    return _trace(force, t, density, uniform)[0] < -14.0 - 15.0 / t


@njit
def _proper(force: Force, t: float, density: float, n: float, u: float, x: float, around: float) -> bool:
    """Whether a root describes nuclei: more than a trace of them, denser than their surroundings, and big enough.

    Near the critical temperature the surface tension vanishes and with it the size of drops and bubbles.
    """
    rarest = SMALLEST_HEAVY_FRACTION if density < _DENSEST_TRACE else _SMALLEST_IN_DENSE
    if u * n < rarest * density or around > LARGEST_CONTRAST * n:
        return False
    radius = nucleus_radius(force, u, n, x, t)
    return 4.0 * math.pi / 3.0 * radius**3 * n >= SMALLEST_MASS_NUMBER


@njit
def _accept(
    force: Force,
    t: float,
    density: float,
    ye: float,
    root: Array,
    outside: Array,
    equations: Array,
    best: Array,
    lowest: float,
) -> float:
    """Run Newton from `root`; keep a proper root in `best` if its free energy per baryon is below `lowest`."""
    found, u, x = newton_drop(force, t, density, ye, root, outside, equations)
    if not (found and _proper(force, t, density, root[0], u, x, outside[BARYONS, 0])):
        return lowest
    free = (1.0 - ye) * outside[MU_N, 0] + ye * outside[MU_P, 0] - equations[3, 0] / density
    if free < lowest - 1e-12:
        best[0], best[1], best[2] = root[0], root[1], root[2]
        return free
    return lowest


@njit
def _drip_start(
    force: Force, t: float, density: float, ye: float, x: float, protons: bool, root: Array
) -> tuple[bool, float, float]:
    """Start with the other nucleons than those that drip inside nuclei of proton fraction x, and the rest outside.

    The density inside balances the pressures. Returns whether there is such matter, and the potentials of the
    dripping nucleon inside less outside and inside.
    """
    if t >= 0.99 * force.critical * x * (1.0 - x):
        return False, 0.0, 0.0
    y = 1.0 - x
    n = _typical_density(x, t)
    unit = density_unit(t)
    bound = density * (1.0 - ye) / y if protons else density * ye / x  # u n
    u = mu_n = mu_p = free = v_n = v_p = eta = 0.0
    for balancing in range(4):
        u = bound / n
        if u >= LARGEST_FILLING:
            return False, 0.0, 0.0
        inside_n, inside_p, pressure, _, nn, pp, np_, _, _, _ = bulk_nucleons(force, t, y * n, x * n)
        _, f_u, f_n, f_x, _, _, _, _, _, _, _, _, _, _, _ = finite_size(force, u, n, x, t)
        by_n, by_x = f_n / u, f_x / (u * n)
        mu_n, mu_p = inside_n + by_n - x * by_x, inside_p + by_n + y * by_x
        free = max((density - bound) / (1.0 - u), 0.0)
        v, v_n, v_p, _, _ = potentials(force, 0.0 if protons else free, free if protons else 0.0)
        if balancing == 3:
            break
        outward = pressure - (f_u - n * by_n)
        if free > 0.0:
            eta = inverse_fermi_half(free / unit)
            kinetic = 2.0 / 3.0 * unit * t * fermi_half(3, eta)
            outward -= kinetic + free * (v_p if protons else v_n) - v
        stiffness = n * (y * y * nn + 2.0 * x * y * np_ + x * x * pp)
        if stiffness <= 0.0:
            n *= 1.1
            continue
        step = -outward / stiffness
        n += min(max(step, -0.15 * n), 0.15 * n)
    root[0], root[1], root[2] = n, (mu_p - v_p) / t, (mu_n - v_n) / t
    inside, field = (mu_p, v_p) if protons else (mu_n, v_n)
    if free <= 0.0:
        return True, math.inf, inside
    dripping = 1 if protons else 2
    root[dripping] = min(eta, root[dripping])
    return True, inside - (t * eta + field), inside


@njit
def _make_valid(
    force: Force, t: float, density: float, ye: float, root: Array, outside: Array, equations: Array
) -> bool:
    """Thin out the matter outside until conservation leaves something for the nuclei."""
    for _ in range(60):
        valid, u, _ = drop_equations(force, t, density, ye, root[0], root[1], root[2], outside, equations)
        if valid:
            return True
        if u >= LARGEST_FILLING:
            root[0] *= 1.05
            continue
        root[1] -= 0.7
        if u <= 0.0:
            root[2] -= 0.35
    return False


@njit
def cold_drop(
    force: Force,
    temperature: float,
    density: float,
    electron_fraction: float,
    uniform: Array,
    root: Array,
    outside: Array,
    equations: Array,
) -> bool:
    """Find the root of lowest free energy without a neighbour to start from.

    Parameters
    ----------
    force, temperature, density, electron_fraction
        As in `drop_equations`.
    uniform : ndarray, shape (9, 4)
        `outside_matter` of matter without nuclei.
    root : ndarray, shape (3,)
        The answer.
    outside, equations : ndarray
        Work space.

    Returns
    -------
    bool
        Whether a root was found.
    """
    t, ye = temperature, electron_fraction
    trial, best = np.empty(3), np.empty(3)
    lowest = math.inf
    # nuclei and dripped nucleons: where the potentials inside and outside cross
    protons = ye > 0.5
    last, last_x = 0.0, 0.0
    far = 0.4 if protons else 0.49
    for k in range(_SCAN + 1):
        x = ye + (far - ye) * max(k / _SCAN, 1e-4)
        possible, difference, _ = _drip_start(force, t, density, ye, x, protons, trial)
        if not possible:
            last = 0.0
            continue
        if last * difference < 0.0:
            # in the first interval the answer is next to its start, wherever a line would cross
            share = last / (last - difference) if k > 1 else 0.0
            middle = last_x + share * (x - last_x)
            _drip_start(force, t, density, ye, middle, protons, trial)
            if _make_valid(force, t, density, ye, trial, outside, equations):
                lowest = _accept(force, t, density, ye, trial, outside, equations, best, lowest)
        last, last_x = difference, x
    # nuclei that hold nearly everything
    for k in range(10):
        if k == 0:
            x = ye
        elif k == 1:
            x = 0.5 * (ye + 0.42)
        else:
            x = 0.49 - 0.05 * (k - 2)
        if lowest < math.inf and k > 0:
            break
        possible, _, mu = _drip_start(force, t, density, ye, x, protons, trial)
        if not possible:
            continue
        _, v_n, _, _, _ = potentials(force, 0.5 * density, 0.0)
        if not protons:
            trial[2] = min(trial[2], (mu - v_n) / t)
        if _make_valid(force, t, density, ye, trial, outside, equations):
            lowest = _accept(force, t, density, ye, trial, outside, equations, best, lowest)
    # bubbles; the branch of nuclei may turn back where these go on
    if density > _THINNEST_BUBBLES and lowest == math.inf:
        for k in range(24):
            if not _bubble_start(force, t, density, ye, 0.55 + 0.0875 * (k // 4), k % 4, trial):
                continue
            lowest = _accept(force, t, density, ye, trial, outside, equations, best, lowest)
    # few nuclei in matter that is nearly uniform
    if density < _DENSEST_TRACE and lowest == math.inf:
        trace, x = _trace(force, t, density, uniform)
        expected = min(math.exp(min(trace, 0.0)), 0.5)
        for k in range(8 if trace > -math.inf else 0):
            heavy = 0.6 * 0.4**k if trace > -8.0 else expected * 0.25**k
            if _dilute_start(force, t, density, ye, _typical_density(x, t), x, heavy, trial):
                if _make_valid(force, t, density, ye, trial, outside, equations):
                    lowest = _accept(force, t, density, ye, trial, outside, equations, best, lowest)
            if lowest < math.inf:
                break
    if lowest == math.inf:
        return False
    root[0], root[1], root[2] = best[0], best[1], best[2]
    return True


@njit
def _bubble_start(
    force: Force, t: float, density: float, ye: float, u: float, thinness: int, root: Array
) -> bool:
    """Start with matter of nuclei around bubbles of neutrons, the thinner the higher `thinness` (0 to 3)."""
    thin = 0.6 * 0.37**thinness
    n = density / (u + (1.0 - u) * thin)
    x = density * ye / (u * n)
    if not 0.02 < x < 0.6 or t >= 0.99 * force.critical * x * (1.0 - x):
        return False
    _, mu_p, _, _, _, _, _, _, _, _ = bulk_nucleons(force, t, (1.0 - x) * n, x * n)
    _, _, v_p, _, _ = potentials(force, thin * n, 0.0)
    root[0] = n
    root[1] = (mu_p - v_p) / t
    root[2] = inverse_fermi_half(thin * n / density_unit(t))
    return True


@njit
def _dilute_start(
    force: Force, t: float, density: float, ye: float, n: float, x: float, heavy: float, root: Array
) -> bool:
    """Start with a share `heavy` of the mass in nuclei and the rest in equilibrium around them."""
    u = heavy * density / n
    if u >= 0.9:
        return False
    rest, charge = density - u * n, density * ye - x * u * n
    if not 1e-3 * density * ye < charge < 0.999 * rest:
        return False
    root[0] = n
    root[1], root[2] = uniform_degeneracies(force, t, rest / (1.0 - u), charge / rest)
    return True


@njit
def warm_drop(
    force: Force,
    temperature: float,
    density: float,
    electron_fraction: float,
    heavy: float,
    x: float,
    root: Array,
    outside: Array,
    equations: Array,
) -> bool:
    """Go from the root of a neighbouring state to that of this one.

    Parameters
    ----------
    force, temperature, density, electron_fraction
        As in `drop_equations`.
    heavy, x : float
        The neighbour's mass fraction of nuclei and their proton fraction. Where nuclei are a minority, these
        and not the degeneracies are what the two states share: conservation would leave no room for nuclei.
    root : ndarray, shape (3,)
        The neighbour's root, then the answer.
    outside, equations : ndarray
        Work space.
    """
    t, ye = temperature, electron_fraction
    if heavy < 0.5:
        _dilute_start(force, t, density, ye, root[0], x, heavy, root)
    found, u, x = newton_drop(force, t, density, ye, root, outside, equations)
    return found and _proper(force, t, density, root[0], u, x, outside[BARYONS, 0])
