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
from microphysics._kernels.fermi_rows import (
    ORDERS,
    fermi_row,
    fermi_triple,
    scaled_row,
    scaled_triple,
)

__all__ = ["emission_grid", "emission_states"]

_CLOSED = 3.0  # neutrino energy above which closed forms keep 12 digits
_NODES, _WEIGHTS = leggauss(8)
_NODES, _WEIGHTS = 0.5 * (1.0 + _NODES), 0.5 * _WEIGHTS
_FEW_NODES, _FEW_WEIGHTS = leggauss(6)  # of each of two variables below _CLOSED
_FEW_NODES, _FEW_WEIGHTS = 0.5 * (1.0 + _FEW_NODES), 0.5 * _FEW_WEIGHTS
# panels of the partner's energy, narrow against the distance pi of the nearest pole where e^-y y^5 is not small
_EDGES = np.array([0.0, 5.0, 11.0, 19.0, 36.0])
# 2 F_k(0), k = 1, 3, 5: the smearing of an edge (Sommerfeld)
_SMEARING = np.pi**2 / 6.0
_SMEARING_3 = 7.0 * np.pi**4 / 60.0
_SMEARING_5 = 31.0 * np.pi**6 / 126.0


@njit
def _filled(x, a, edge_row, upper_row):
    """Int_0^x of e^3, e^4 and e^5 times f(e - a), in units of e^a where a < 0.

    `edge_row` holds the Fermi integrals at -|a| and `upper_row` those at -|x - a|; for a < 0 both in units of e^a.
    """
    x2 = x * x
    x3 = x * x2
    odd_sign = -1.0 if a >= x else 1.0
    u0, u1, u2 = upper_row[0], odd_sign * upper_row[1], upper_row[2]
    u3, u4, u5 = odd_sign * upper_row[3], upper_row[4], odd_sign * upper_row[5]
    # powers about the upper end
    third = -(x3 * u0 + 3.0 * x2 * u1 + 3.0 * x * u2 + u3)
    fourth = -(x2 * x2 * u0 + 4.0 * x3 * u1 + 6.0 * x2 * u2 + 4.0 * x * u3 + u4)
    fifth = -(x2 * x3 * u0 + 5.0 * x2 * x2 * u1 + 10.0 * (x3 * u2 + x2 * u3) + 5.0 * x * u4 + u5)
    if a < 0.0:
        return third + edge_row[3], fourth + edge_row[4], fifth + edge_row[5]
    third -= edge_row[3]
    fourth += edge_row[4]
    fifth -= edge_row[5]
    full = min(a, x)
    f2 = full * full
    third += f2 * f2 / 4.0
    fourth += f2 * f2 * full / 5.0
    fifth += f2 * f2 * f2 / 6.0
    if a < x:
        third += 3.0 * f2 * _SMEARING + _SMEARING_3
        fourth += 4.0 * full * (f2 * _SMEARING + _SMEARING_3)
        fifth += 5.0 * f2 * (f2 * _SMEARING + 2.0 * _SMEARING_3) + _SMEARING_5
    return third, fourth, fifth


@njit
def _filled_by_quadrature(x, eta, electrons, positrons):
    """Quadrature in place of `_filled` at +eta and -eta, x < 3."""
    thin = math.exp(-eta)
    electrons[:3] = 0.0
    positrons[:3] = 0.0
    for k in range(_NODES.size):
        e = x * _NODES[k]
        grown = math.exp(e)
        power = x * _WEIGHTS[k] * e**3
        for j in range(3):
            electrons[j] += power / (1.0 + grown * thin)
            positrons[j] += power / (grown + thin)
            power *= e


@njit
def _closed_regions(x, eta, thin, centre, scaled_centre, near, scaled_far, work, out):
    """Everything but the triangle; (C_V + C_A)^2 and (C_V - C_A)^2, in units of e^-x.

    Parameters
    ----------
    x, eta : float
        Neutrino energy and degeneracy of the electrons, >= 0.
    thin : float
        e^-eta.
    centre, scaled_centre : ndarray, shape (ORDERS,)
        F_k(-eta) as it stands and times e^eta.
    near, scaled_far : ndarray, shape (ORDERS,)
        F_k(-|x - eta|), and F_k(-x - eta) times e^(x + eta).
    work : ndarray, shape (5, ORDERS)
        Scratch.
    out : ndarray, shape (structure,)
        Filled.
    """
    moments, scaled_moments, upper, electrons, positrons = work[0], work[1], work[2], work[3], work[4]
    # int_0^inf p^j f(p + x - eta) dp, and the same times e^(x - eta)/shift
    if x >= eta:
        shift = 1.0
        moments[:] = near
        scaled_triple(math.exp(eta - x), scaled_moments)
    else:
        depth = eta - x  # above zero by reflection
        shift = math.exp(-depth)
        moments[0] = depth + near[0]
        moments[1] = 0.5 * depth * depth + _SMEARING - near[1]
        moments[2] = depth * (depth * depth / 3.0 + 2.0 * _SMEARING) + near[2]
        scaled_moments[:3] = moments[:3]
    empty = math.exp(-x)
    for k in range(ORDERS):
        upper[k] = empty * scaled_far[k]
    # int_0^x e^n f, n = 3, 4, 5; positrons in units of e^-eta
    if x > _CLOSED:
        electrons[0], electrons[1], electrons[2] = _filled(x, eta, centre, near)
        positrons[0], positrons[1], positrons[2] = _filled(x, -eta, scaled_centre, upper)
    else:
        _filled_by_quadrature(x, eta, electrons, positrons)
    # e > x: what the other lepton gives; then e < x < e'
    third, fourth, fifth = 8.0 / 3.0, -4.0 / (3.0 * x), 4.0 / (15.0 * x * x)
    from_positrons = third * positrons[0] + fourth * positrons[1] + fifth * positrons[2]
    from_electrons = third * electrons[0] + fourth * electrons[1] + fifth * electrons[2]
    from_positrons += x * (1.6 * x * x * upper[0] + 4.0 * x * upper[1] + 8.0 / 3.0 * upper[2])
    from_electrons += x * (1.6 * x * x * moments[0] + 4.0 * x * moments[1] + 8.0 / 3.0 * moments[2])
    out[0] = shift * scaled_moments[0] * from_positrons
    out[1] = thin * scaled_far[0] * from_electrons
    front = 4.0 / (15.0 * x * x)
    tail = 10.0 * scaled_far[2] * electrons[0] + 15.0 * scaled_far[1] * electrons[1]
    out[0] += thin * front * (tail + 6.0 * scaled_far[0] * electrons[2])
    tail = 10.0 * scaled_moments[2] * positrons[0] + 15.0 * scaled_moments[1] * positrons[1]
    out[1] += shift * front * (tail + 6.0 * scaled_moments[0] * positrons[2])


@njit
def _middle_sums(y, x, eta, i, near, far, at_x):
    """Int of 8/5 y^2 + 4 y v + 8/3 v^2 over the middle piece, y < e < x, v = x - e; as it stands and mirrored.

    Row i of `near` and `far` has orders 0 to 2 at |y - eta| and y + eta, the rows of `at_x` at |x - eta| and x + eta. The
    same sums over the ends as in `pairs`.
    """
    a, b, c = 1.6 * y * y, 4.0 * y, 8.0 / 3.0
    width = x - y
    a0, b0 = a + width * (b + width * c), b + 2.0 * width * c
    everything = width * (a + width * (b / 2.0 + width * (c / 3.0)))
    sign_y, sign_x = (1.0 if y > eta else -1.0), (1.0 if x > eta else -1.0)
    first = second = everything
    if eta >= x:
        first = second = 0.0
    elif eta >= y:
        v, u = x - eta, eta - y
        first = v * (a + v * (b / 2.0 + v * (c / 3.0))) + _SMEARING * (b + 2.0 * c * v)
        second -= u * (a + u * (b / 2.0 + u * (c / 3.0))) + _SMEARING * (b + 2.0 * c * u)
    near_0, near_1, near_2 = near[i, 0], near[i, 1], c * near[i, 2]
    far_0, far_1, far_2 = far[i, 0], far[i, 1], c * far[i, 2]
    x_near_0, x_near_1, x_near_2 = at_x[0, 0], sign_x * at_x[0, 1], c * at_x[0, 2]
    x_far_0, x_far_1, x_far_2 = at_x[1, 0], at_x[1, 1], c * at_x[1, 2]
    near_1 = sign_y * near_1
    first += b0 * near_1 - a0 * near_0 - near_2 + (a * x_near_0 - b * x_near_1 + x_near_2)
    first += a0 * x_far_0 + b0 * x_far_1 + x_far_2 - (a * far_0 + b * far_1 + far_2)
    second += b0 * far_1 - a0 * far_0 - far_2 + (a * x_far_0 - b * x_far_1 + x_far_2)
    second += a0 * x_near_0 + b0 * x_near_1 + x_near_2 - (a * near_0 + b * near_1 + near_2)
    return first, second


@njit
def _tabulate_node(y, weight, eta, thin, i, nodes, near, far):
    """Fill row i: y, y^3 e^-y times the weight, e^-y, and the Fermi integrals that belong to it."""
    boltzmann = math.exp(-y)
    nodes[i, 0], nodes[i, 1], nodes[i, 2] = y, weight * y**3 * boltzmann, boltzmann
    fermi_triple(boltzmann / thin if y > eta else thin / boltzmann, near[i])
    fermi_triple(boltzmann * thin, far[i])


@njit
def _triangle(x, eta, thin, at_x, nodes, near, far, out):
    """Add the triangle by quadrature over y < x; x > 3. The last rows of `nodes`, `near` and `far` are scratch."""
    empty, first, second = math.exp(-x), 0.0, 0.0
    for panel in range(_EDGES.size - 1):
        left = _EDGES[panel]
        if left >= x:
            break
        start = panel * _NODES.size
        if _EDGES[panel + 1] > x:
            start, width = (_EDGES.size - 1) * _NODES.size, x - left
            for k in range(_NODES.size):
                y, weight = left + width * _NODES[k], width * _WEIGHTS[k]
                _tabulate_node(y, weight, eta, thin, start + k, nodes, near, far)
        for i in range(start, start + _NODES.size):
            direct, mirrored = _middle_sums(nodes[i, 0], x, eta, i, near, far, at_x)
            weight = nodes[i, 1] / (1.0 - empty * nodes[i, 2])
            first += weight * mirrored  # the neutrino has the larger energy
            second += weight * direct
    out[0] += first / (x * x)
    out[1] += second / (x * x)


@njit
def _small_triangle(x, thin, out):
    """Add the triangle by quadrature over y and e; x < 3."""
    grown, first, second = math.exp(x), 0.0, 0.0
    for i in range(_FEW_NODES.size):
        y = x * _FEW_NODES[i]
        width = x - y
        boltzmann = math.exp(-y)
        empty = boltzmann / grown
        direct, mirrored = 0.0, 0.0
        for k in range(_FEW_NODES.size):
            v = width * _FEW_NODES[k]
            u = width - v
            filled = math.exp(-v) * grown * thin
            weight = _FEW_WEIGHTS[k] * filled / ((1.0 + filled) * (1.0 + filled * empty))
            direct += weight * (1.6 * y * y + v * (4.0 * y + 8.0 / 3.0 * v))
            mirrored += weight * (1.6 * y * y + u * (4.0 * y + 8.0 / 3.0 * u))
        weight = _FEW_WEIGHTS[i] * width * y**3 * boltzmann / x
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
    thin = math.exp(-electrons)
    plus, minus = (0, 1) if eta >= 0.0 else (1, 0)
    panels, points = _EDGES.size - 1, _NODES.size
    size = (panels + 1) * points  # one panel more for one that ends at x
    nodes, near, far = np.empty((size, 3)), np.empty((size, 3)), np.empty((size, 3))
    highest = x.max()
    for panel in range(panels):
        if _EDGES[panel + 1] > highest:
            break
        width = _EDGES[panel + 1] - _EDGES[panel]
        for k in range(points):
            y = _EDGES[panel] + width * _NODES[k]
            weight, i = width * _WEIGHTS[k], panel * points + k
            _tabulate_node(y, weight, electrons, thin, i, nodes, near, far)
    at_x, pair, scratch = np.zeros((2, ORDERS)), np.zeros(2), np.zeros((5, ORDERS))
    centre, scaled_centre, scaled_far = np.zeros(ORDERS), np.zeros(ORDERS), np.zeros(ORDERS)
    fermi_row(electrons, centre)
    scaled_row(electrons, scaled_centre)
    for i in range(x.size):
        fermi_row(abs(x[i] - electrons), at_x[0])
        scaled_row(x[i] + electrons, scaled_far)
        beyond = math.exp(-x[i]) * thin
        for k in range(3):
            at_x[1, k] = scaled_far[k] * beyond
        _closed_regions(x[i], electrons, thin, centre, scaled_centre, at_x[0], scaled_far, scratch, pair)
        if x[i] > _CLOSED:
            _triangle(x[i], electrons, thin, at_x, nodes, near, far, pair)
        else:
            _small_triangle(x[i], thin, pair)
        out[plus, i] = pair[0]
        out[minus, i] = pair[1]


@njit
def emission_states(energy, temperature, eta, out):
    """`emission_grid` for many states, out of shape (state, structure, energy)."""
    for state in range(temperature.size):
        emission_grid(energy / temperature[state], eta[state], out[state])
