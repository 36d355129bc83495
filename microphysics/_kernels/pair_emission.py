"""What electron pairs emit into one neutrino energy, whatever its partner does: a double integral, mostly in closed form.

With e, e' the energies of electron and positron and y = e + e' - x that of the partner (all over T), the kernel of
`pairs` makes of int y^2 Phi dy an integral over the quarter plane of e and e' without the triangle e + e' < x:

    e > x            the polynomial depends on e' alone: a product of two Fermi integrals;
    e < x < e'       a polynomial in e and e' - x: products of (incomplete) Fermi integrals;
    e < x, e' < x    the middle piece of the kernel, integrated over y numerically. It is smooth, as the kinks are gone.

(Bruenn 1985, ApJS 58, 771, C62-C74, reordered.) Results carry e^x, so that nothing underflows at high energy.
"""

import math

import numpy as np
from numpy.polynomial.legendre import leggauss

from microphysics._jit import njit
from microphysics._kernels.fermi import fermi_integral
from microphysics._kernels.pairs import ORDERS, edge, fermi_row, integral, scaled_row

__all__ = ["emission_grid", "emission_states"]

_CLOSED = 3.0  # neutrino energy above which closed forms keep 12 digits
_NODES, _WEIGHTS = leggauss(7)
_NODES, _WEIGHTS = 0.5 * (1.0 + _NODES), 0.5 * _WEIGHTS
# panels of the partner's energy: narrow against the distance pi of the nearest pole where e^-y y^5 is not small
_EDGES = np.array([0.0, 4.0, 9.0, 15.0, 23.0, 33.0, 46.0])
_HIGHEST = 6  # orders 0 to 5 occur
_SMEARING = np.pi**2 / 6.0  # 2 F_1(0)


@njit
def _filled(polynomial, x, a, edge_row, upper_row):
    """Int_0^x of a polynomial times f(e - a), in units of e^a where a < 0.

    `edge_row` holds the Fermi integrals at -|a| and `upper_row` those at -|x - a|; for a < 0 both in units of e^a.
    """
    above = a < x
    # power coefficients about the upper end by Taylor shift, times the Fermi integrals there
    upper, lower = 0.0, 0.0
    sign = 1.0
    for k in range(6):
        coefficient, binomial, power = 0.0, 1.0, 1.0
        for n in range(k, 6):
            coefficient += binomial * polynomial[n] * power
            power *= x
            binomial *= (n + 1.0) / (n + 1.0 - k)
        upper += (1.0 if above else sign) * coefficient * upper_row[k]
        lower += (1.0 if a < 0.0 else sign) * polynomial[k] * edge_row[k]
        sign = -sign
    if a < 0.0:
        return lower - upper
    if above:
        return integral(polynomial, a) + edge(polynomial, a) + lower - upper
    return integral(polynomial, x) + lower - upper


@njit
def _filled_by_quadrature(polynomial, x, a):
    """Quadrature in place of `_filled`, x < 3."""
    value = 0.0
    scale = math.exp(-abs(a))
    for k in range(_NODES.size):
        e = x * _NODES[k]
        power = 0.0
        for n in range(5, 2, -1):  # e^3 divides every polynomial here
            power = (power + polynomial[n]) * e
        grown = math.exp(e)
        occupied = 1.0 / (grown + scale) if a < 0.0 else 1.0 / (1.0 + grown * scale)
        value += x * _WEIGHTS[k] * power * e * e * occupied
    return value


@njit
def _tail(x, moments, polynomial):
    """Polynomial of e < x < e', its dependence on e' - x already integrated to `moments` (0 to 2)."""
    front = 1.0 / (15.0 * x * x)
    polynomial[5] = front * 24.0 * moments[0]
    polynomial[4] = front * 60.0 * moments[1]
    polynomial[3] = front * 40.0 * moments[2]


@njit
def _closed_regions(x, eta, centre, scaled_centre, near, scaled_far, work, out):
    """Everything but the triangle; (C_V + C_A)^2 and (C_V - C_A)^2, in units of e^-x.

    Parameters
    ----------
    x, eta : float
        Neutrino energy and degeneracy of the electrons, >= 0.
    centre, scaled_centre : ndarray, shape (ORDERS,)
        F_k(-eta) as it stands and times e^eta.
    near, scaled_far : ndarray, shape (ORDERS,)
        F_k(-|x - eta|), and F_k(-x - eta) times e^(x + eta).
    work : ndarray, shape (4, ORDERS)
        Scratch; the last row is the polynomial, 0 above order 5.
    out : ndarray, shape (structure,)
        Filled.
    """
    thin = math.exp(-eta)
    moments, scaled_moments, upper, polynomial = work[0], work[1], work[2], work[3]
    # int_0^inf p^j f(p + x - eta) dp, and the same times e^(x - eta)/shift
    if x >= eta:
        shift = 1.0
        moments[:] = near
        scaled_row(x - eta, 0, 3, scaled_moments)
    else:
        shift = math.exp(x - eta)
        for j in range(3):
            moments[j] = scaled_moments[j] = fermi_integral(j, eta - x)
    empty = math.exp(-x)
    for k in range(ORDERS):
        upper[k] = empty * scaled_far[k]
    # e > x: what the other lepton gives, positrons in units of e^-eta
    polynomial[3], polynomial[4], polynomial[5] = 8.0 / 3.0, -4.0 / (3.0 * x), 4.0 / (15.0 * x * x)
    if x > _CLOSED:
        positrons = _filled(polynomial, x, -eta, scaled_centre, upper)
        electrons = _filled(polynomial, x, eta, centre, near)
    else:
        positrons = _filled_by_quadrature(polynomial, x, -eta)
        electrons = _filled_by_quadrature(polynomial, x, eta)
    positrons += x * (1.6 * x * x * upper[0] + 4.0 * x * upper[1] + 8.0 / 3.0 * upper[2])
    electrons += x * (1.6 * x * x * moments[0] + 4.0 * x * moments[1] + 8.0 / 3.0 * moments[2])
    out[0] = shift * scaled_moments[0] * positrons
    out[1] = thin * scaled_far[0] * electrons
    # e < x < e'
    _tail(x, scaled_far, polynomial)
    if x > _CLOSED:
        out[0] += thin * _filled(polynomial, x, eta, centre, near)
    else:
        out[0] += thin * _filled_by_quadrature(polynomial, x, eta)
    _tail(x, scaled_moments, polynomial)
    if x > _CLOSED:
        out[1] += shift * _filled(polynomial, x, -eta, scaled_centre, upper)
    else:
        out[1] += shift * _filled_by_quadrature(polynomial, x, -eta)


@njit
def _middle_sums(y, x, eta, rows):
    """Int of 8/5 y^2 + 4 y v + 8/3 v^2 over the middle piece, y < e < x, v = x - e; as it stands and mirrored.

    `rows` has orders 0 to 2 at |y - eta|, |x - eta|, y + eta, x + eta. The same sums over the ends as in `pairs`.
    """
    a, b, c = 1.6 * y * y, 4.0 * y, 8.0 / 3.0
    width = x - y
    a0, b0 = a + width * (b + width * c), b + 2.0 * width * c
    low_near, high_near, low_far, high_far = rows[0], rows[1], rows[2], rows[3]
    sign_y, sign_x = (1.0 if y > eta else -1.0), (1.0 if x > eta else -1.0)
    everything = width * (a + width * (b / 2.0 + width * c / 3.0))
    first = second = everything
    if eta >= x:
        first = second = 0.0
    elif eta >= y:
        v, u = x - eta, eta - y
        first = v * (a + v * (b / 2.0 + v * c / 3.0)) + _SMEARING * (b + 2.0 * c * v)
        second -= u * (a + u * (b / 2.0 + u * c / 3.0)) + _SMEARING * (b + 2.0 * c * u)
    first += sign_y * b0 * low_near[1] - a0 * low_near[0] - c * low_near[2]
    first += a * high_near[0] - sign_x * b * high_near[1] + c * high_near[2]
    first += a0 * high_far[0] + b0 * high_far[1] + c * high_far[2]
    first -= a * low_far[0] + b * low_far[1] + c * low_far[2]
    second += b0 * low_far[1] - a0 * low_far[0] - c * low_far[2]
    second += a * high_far[0] - b * high_far[1] + c * high_far[2]
    second += a0 * high_near[0] + sign_x * b0 * high_near[1] + c * high_near[2]
    second -= a * low_near[0] + sign_y * b * low_near[1] + c * low_near[2]
    return first, second


@njit
def _triangle(x, eta, rows, node_rows, out):
    """Add the triangle by quadrature over y < x; x > 3."""
    empty, first, second = math.exp(-x), 0.0, 0.0
    for panel in range(_EDGES.size - 1):
        left = _EDGES[panel]
        if left >= x:
            break
        whole = _EDGES[panel + 1] <= x
        width = (_EDGES[panel + 1] if whole else x) - left
        for k in range(_NODES.size):
            y = left + width * _NODES[k]
            if whole:
                for j in range(3):
                    rows[0, j], rows[2, j] = node_rows[0, panel, k, j], node_rows[1, panel, k, j]
            else:
                fermi_row(abs(y - eta), 0, 3, rows[0])
                fermi_row(y + eta, 0, 3, rows[2])
            boltzmann = math.exp(-y)
            weight = width * _WEIGHTS[k] * y**3 * boltzmann / (x * x * (1.0 - empty * boltzmann))
            direct, mirrored = _middle_sums(y, x, eta, rows)
            first += weight * mirrored  # the neutrino has the larger energy
            second += weight * direct
    out[0] += first
    out[1] += second


@njit
def _small_triangle(x, eta, out):
    """Add the triangle by quadrature over y and e; x < 3."""
    thin, first, second = math.exp(-eta), 0.0, 0.0
    for i in range(_NODES.size):
        y = x * _NODES[i]
        width = x - y
        boltzmann = math.exp(-y)
        empty = math.exp(-x) * boltzmann
        direct, mirrored = 0.0, 0.0
        for k in range(_NODES.size):
            v = width * _NODES[k]
            u = width - v
            filled = math.exp(x - v) * thin
            weight = _WEIGHTS[k] * filled / ((1.0 + filled) * (1.0 + filled * empty))
            direct += weight * (1.6 * y * y + v * (4.0 * y + 8.0 / 3.0 * v))
            mirrored += weight * (1.6 * y * y + u * (4.0 * y + 8.0 / 3.0 * u))
        weight = _WEIGHTS[i] * width * y**3 * boltzmann / x
        first += weight * mirrored
        second += weight * direct
    out[0] += first
    out[1] += second


@njit
def emission_grid(x, eta, out):
    """Int_0^inf y^2 e^-y Phi(x, y) dy of the annihilation kernel in the units of `pairs`, both structures.

    Parameters
    ----------
    x : ndarray, shape (energy,)
        Neutrino energy over T, > 0.
    eta : float
        Degeneracy of the electrons, any sign.
    out : ndarray, shape (structure, energy)
        Filled.
    """
    electrons = abs(eta)
    plus, minus = (0, 1) if eta >= 0.0 else (1, 0)
    panels = _EDGES.size - 1
    node_rows = np.empty((2, panels, _NODES.size, 3))
    highest = x.max()
    for panel in range(panels):
        if _EDGES[panel + 1] > highest:
            break
        for k in range(_NODES.size):
            y = _EDGES[panel] + (_EDGES[panel + 1] - _EDGES[panel]) * _NODES[k]
            fermi_row(abs(y - electrons), 0, 3, node_rows[0, panel, k])
            fermi_row(y + electrons, 0, 3, node_rows[1, panel, k])
    rows, pair = np.zeros((4, ORDERS)), np.zeros(2)
    centre, scaled_centre, scaled_far = np.zeros(ORDERS), np.zeros(ORDERS), np.zeros(ORDERS)
    scratch = np.zeros((4, ORDERS))
    fermi_row(electrons, 0, _HIGHEST, centre)
    scaled_row(electrons, 0, _HIGHEST, scaled_centre)
    for i in range(x.size):
        orders = _HIGHEST if x[i] > _CLOSED else 3
        fermi_row(abs(x[i] - electrons), 0, orders, rows[1])
        scaled_row(x[i] + electrons, 0, orders, scaled_far)
        beyond = math.exp(-x[i] - electrons)
        for k in range(3):
            rows[3, k] = scaled_far[k] * beyond
        _closed_regions(x[i], electrons, centre, scaled_centre, rows[1], scaled_far, scratch, pair)
        if x[i] > _CLOSED:
            _triangle(x[i], electrons, rows, node_rows, pair)
        else:
            _small_triangle(x[i], electrons, pair)
        out[plus, i] = pair[0]
        out[minus, i] = pair[1]


@njit
def emission_states(energy, temperature, eta, out):
    """`emission_grid` for many states, out of shape (state, structure, energy)."""
    for state in range(temperature.size):
        emission_grid(energy / temperature[state], eta[state], out[state])
