"""Kernels of scattering on electrons and positrons: the squared matrix element, limits in closed form, identities."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError, UnknownNameError
from microphysics.processes.electron_scattering_kernels import (
    collision_rate,
    coupling_structures,
    coupling_weights,
    energy_exchange,
    kernels,
    scattering_opacity,
    structures_of_pairs,
    thermal_opacity,
    transport_opacity,
)
from microphysics.spectrum import fermi
from microphysics.weak.couplings import FLAVORS, WeakCouplings

COUPLINGS = WeakCouplings()
# G_F^2 c (hbar c)^2/pi, cm^3/s/MeV^2
FRONT = (CODATA.fermi_constant * CODATA.hbar_c) ** 2 * CODATA.speed_of_light / math.pi
GRID = np.array([0.1, 0.7, 2.0, 5.0, 11.0, 25.0, 60.0, 140.0, 300.0])


def fermi_function(z):
    return 1.0 / (1.0 + np.exp(np.clip(z, -700.0, 700.0)))


def traced(x, y, eta, electron_nodes=40, angle_nodes=60):
    """Phi_0^I, Phi_1^I, Phi_0^II, Phi_1^II over `FRONT` T^2 from the squared matrix element, no polynomial of anybody's.

        R = FRONT/(x y q) int_{(q-d)/2} dY f(Y) [1 - f(Y + d)] P,   P_k = x^2 [(Y - m mu_k)^2 + (Y^2 - m^2)(1 - mu_k^2)/2],

    m and mu_k the cosines of electron and neutrino with the momentum transfer q times Y and 1, P_k' with y and mu_k'. The
    order is turned around: for every Y the integral over ln q (where q begins at d > 0) with dcos = -q dq/(x y).
    """
    d, top = x - y, max(eta, y) + 60.0
    steps = (-60.0, -30.0, -8.0, -2.0, 0.0, 2.0, 8.0, 30.0, 60.0)
    edges = [0.0, 0.25 * y, y, y + 4.0, y + 15.0, top, *(c + s for c in (eta, eta - d) for s in steps)]
    edges = np.unique(np.clip(edges, 0.0, top))
    node, weight = np.polynomial.legendre.leggauss(electron_nodes)
    half = 0.5 * np.diff(edges)[:, None]
    electron, per_electron = (
        (edges[:-1, None] + half * (1.0 + node)).ravel()[:, None],
        (half * weight).ravel(),
    )
    node, weight = np.polynomial.legendre.leggauss(angle_nodes)
    largest = np.minimum(2.0 * electron + d, x + y)
    if d > 0.0:
        span = 0.5 * np.log(largest / d)
        q = d * np.exp(span * (1.0 + node))
        per_q = span * weight * q
    else:
        q, per_q = 0.5 * largest * (1.0 + node), 0.5 * largest * weight
    m = (d * d - q * q + 2.0 * electron * d) / (2.0 * q)
    cosine = (x * x + y * y - q * q) / (2.0 * x * y)
    blocked = fermi_function(electron[:, 0] - eta) * fermi_function(eta - d - electron[:, 0])
    moments = []
    for k, mu in ((x, (d * (x + y) + q * q) / (2.0 * x * q)), (y, (d * (x + y) - q * q) / (2.0 * y * q))):
        p = k * k * ((electron - m * mu) ** 2 + 0.5 * (electron**2 - m * m) * (1.0 - mu * mu))
        for legendre in (1.0, cosine):
            moments.append(((p * legendre * per_q).sum(axis=1) * blocked) @ per_electron / (x * y) ** 2)
    return np.array(moments).reshape(2, 2)


def assert_close(phi, expected, tolerance):
    """Both moments to a tolerance in units of the isotropic one: Phi_1 goes through zero."""
    assert (np.abs(phi - expected) <= tolerance * expected[:, :1]).all(), np.abs(phi / expected - 1.0)


# ------------------------------------------------------------------------------------------------------------
# limits in closed form


@pytest.mark.parametrize("flavor", FLAVORS)
@pytest.mark.parametrize("energy", [3.0, 40.0])
def test_rare_electrons_scatter_with_the_cross_section_in_vacuum(flavor, energy):
    # sigma = G_F^2 s/(4 pi) [(C_V + C_A)^2 + (C_V - C_A)^2/3] and s (1 - cos) averages to 8/3 E Y over an isotropic gas of
    # massless electrons, whose density times mean energy is T^4 F_3/(pi^2 (hbar c)^3)
    t, eta = 4.0, -30.0
    plus, minus = coupling_weights(COUPLINGS, flavor)
    energy_density = t**4 * float(fermi(3, eta)) / (math.pi**2 * CODATA.hbar_c**3)
    front = (CODATA.fermi_constant * CODATA.hbar_c) ** 2 / (4.0 * math.pi)
    expected = front * 8.0 / 3.0 * energy * (plus + minus / 3.0) * energy_density
    opacity, _ = thermal_opacity([energy], t, eta, COUPLINGS, flavor, positrons=False)
    assert opacity[0, 0] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("x", "y", "eta"), [(150.0, 60.0, 290.0), (40.0, 39.0, 200.0), (9.0, 0.3, 120.0)])
def test_degenerate_electrons_in_closed_form(x, y, eta):
    # all of [eta - d, eta] lies above y: H is a quadratic and Sommerfeld's expansion ends, up to e^-(eta - x)
    d = x - y
    averages = d, (eta**2 - (eta - d) ** 2) / 2.0, (eta**3 - (eta - d) ** 3 + math.pi**2 * d) / 3.0
    coefficients = (
        (8 / 3 * x**2 * y**3 - 4 * x * y**4 + 8 / 5 * y**5, 16 / 3 * x * y**3 - 4 * y**4, 8 / 3 * y**3),
        (4 / 15 * y**5, -4 / 3 * y**4, 8 / 3 * y**3),
    )
    phi = structures_of_pairs(x, y, 1.0, eta, COUPLINGS, positrons=False)
    for structure in (0, 1):
        expected = sum(c * a for c, a in zip(coefficients[structure], averages, strict=True))
        expected *= FRONT / (x * y) ** 2 / -math.expm1(-d)
        assert phi[structure, 0] == pytest.approx(expected, rel=1e-12)


def test_soft_outgoing_neutrinos():
    # E' -> 0: phase space gives Phi ~ E', and all electrons lie above it: y H/(x y)^2 with H/y^3 = 8/3 (x + Y)^2 for the one
    # structure, 8/3 Y^2 for the other
    x, y, eta = 7.0, 1e-7, 3.0

    def electrons(power):
        def integrand(z):
            return power(z) * fermi_function(z - eta) * fermi_function(eta - x - z)

        return quad(integrand, 0.0, 60.0, points=[eta])[0]

    phi = structures_of_pairs(x, y, 1.0, eta, COUPLINGS, positrons=False)[:, 0]
    for structure, power in enumerate((lambda z: (x + z) ** 2, lambda z: z * z)):
        expected = FRONT * 8.0 / 3.0 * y / x**2 * electrons(power)
        assert phi[structure] == pytest.approx(expected, rel=1e-6)


# ------------------------------------------------------------------------------------------------------------
# the squared matrix element

STATES = [
    (1.0, 0.5, 0.0),
    (10.0, 7.0, 3.0),
    (0.01, 0.004, 1.0),  # soft neutrinos
    (5.0, 5.0, 2.0),  # elastic
    (8.0, 7.95, 4.0),  # nearly elastic
    (1.5, 1.499, 0.3),
    (30.0, 4.0, 25.0),  # eta - d above y, eta too
    (30.0, 10.0, 25.0),  # holes at eta, electrons at eta - d
    (30.0, 29.0, 28.95),  # edge of the occupied states at y
    (30.0, 29.95, 29.97),
    (60.0, 1.0, 300.0),
    (400.0, 120.0, 300.0),
    (6000.0, 0.002, 80.0),  # 300 MeV to 0.1 MeV at 0.05 MeV
    (6000.0, 5999.0, -5.0),
    (2000.0, 1500.0, 250.0),
    (0.002, 0.0007, 300.0),
    (25.0, 12.0, -5.0),
    (2.5, 2.2, 2.1),
]


@pytest.mark.parametrize(("x", "y", "eta"), STATES)
def test_kernels_against_the_squared_matrix_element(x, y, eta):
    # 1e-10 is the rounding of the trace itself, where neutrino energies differ by 1e6
    t = 3.0
    phi = structures_of_pairs(x * t, y * t, t, eta, COUPLINGS, positrons=False)
    assert_close(phi, FRONT * t**2 * traced(x, y, eta), 1e-9)


def test_trace_is_converged():
    for x, y, eta in STATES[1::4]:
        assert_close(traced(x, y, eta), traced(x, y, eta, electron_nodes=64, angle_nodes=100), 1e-10)


def test_random_pairs_against_the_squared_matrix_element():
    # where the seams of the algorithm are: d near eta, y near eta - d, elastic, soft
    random = np.random.default_rng(20)
    for i in range(60):
        eta = random.choice(
            [random.uniform(-5.0, 5.0), random.uniform(0.0, 40.0), random.uniform(40.0, 300.0)]
        )
        y, d = 10.0 ** random.uniform(-3.0, 3.0), 10.0 ** random.uniform(-4.0, 3.0)
        if i % 3 == 0:
            d = abs(random.normal(eta, 2.0))
        if i % 5 == 0:
            y = max(abs(eta - d + random.normal()), 1e-3)
        phi = structures_of_pairs(y + d, y, 1.0, eta, COUPLINGS, positrons=False)
        assert_close(phi, FRONT * traced(y + d, y, eta), 1e-9)


@pytest.mark.parametrize("flavor", FLAVORS)
def test_six_species_with_positrons(flavor):
    # positrons: C_A -> -C_A and mu -> -mu
    t, eta, x, y = 6.0, 2.5, 4.0, 1.5
    s2 = COUPLINGS.sin2_theta_w
    vector, axial = (0.5 + 2.0 * s2, 0.5) if flavor in ("nue", "anue") else (-0.5 + 2.0 * s2, -0.5)
    axial = -axial if flavor.startswith("a") else axial
    phi_0, phi_1 = kernels([x * t, y * t], t, eta, COUPLINGS, flavor)
    expected = 0.0
    for sign in (1.0, -1.0):
        weights = np.array([(vector + sign * axial) ** 2, (vector - sign * axial) ** 2])
        expected = expected + FRONT * t**2 * weights @ traced(x, y, sign * eta)
    assert phi_0[0, 0, 1] == pytest.approx(expected[0], rel=1e-9)
    assert phi_1[0, 0, 1] == pytest.approx(expected[1], rel=1e-9)


# ------------------------------------------------------------------------------------------------------------
# identities


def test_seams_are_continuous():
    # neighbours on either side of each branch differ by the slope only
    step = 1e-10
    for eta in (-3.0, 1.0, 4.0, 30.0, 200.0):
        for x, y, dx, dy in (
            (5.0, 1.5, 1.0, 1.0), (7.1, 7.0, 1.0, 0.0), (1.3, 1.2, 1.0, 0.0), (40.0, abs(eta), 0.0, 1.0),
            (9.0 + abs(eta - 2.0), 9.0, 1.0, 0.0),
        ):  # fmt: skip
            sides = [
                structures_of_pairs(x + s * dx, y + s * dy, 1.0, eta, COUPLINGS, positrons=False)
                for s in (-step, step)
            ]
            assert_close(sides[0], sides[1], 1e-8)
    # x and y together past y = 1.5
    first, second = (
        structures_of_pairs(5.0, y, 1.0, 1.0, COUPLINGS, positrons=False) for y in (1.5 - 1e-14, 1.5)
    )
    assert_close(first, second, 1e-12)
    first, second = (
        structures_of_pairs(x, 7.0, 1.0, 4.0, COUPLINGS, positrons=False) for x in (7.1 - 1e-14, 7.1 + 1e-14)
    )
    assert_close(first, second, 1e-12)


def test_detailed_balance():
    t, eta = np.array([0.5, 3.0, 20.0]), np.array([12.0, 1.0, -2.0])
    phi = coupling_structures(GRID, t, eta, COUPLINGS)
    balance = np.exp(-(GRID[:, None] - GRID) / t[:, None, None])  # e^-(E - E')/T
    i, j = np.tril_indices(GRID.size)
    # an exponential of 600 is rounded by 600 eps
    np.testing.assert_allclose(
        phi[..., j, i], balance[:, i, j] * phi[..., i, j], rtol=3e-13, atol=0
    )  # fmt: skip


def test_grid_and_pairs_are_one():
    t, eta = np.array([0.3, 2.0, 60.0]), np.array([40.0, 3.0, -1.0])
    shuffled = GRID[[3, 0, 8, 1, 5, 7, 2, 6, 4]]
    grid = coupling_structures(shuffled, t, eta, COUPLINGS)
    pairs = structures_of_pairs(shuffled[:, None], shuffled, t[:, None, None], eta[:, None, None], COUPLINGS)
    np.testing.assert_allclose(grid, pairs, rtol=1e-12, atol=1e-300)
    assert grid.shape == (2, 2, 3, 9, 9)


@pytest.mark.parametrize("positrons", [False, True])
def test_positive_and_bounded_everywhere(positrons):
    t = np.geomspace(0.05, 150.0, 25)
    for eta in (-5.0, -1.0, 0.0, 0.5, 2.0, 2.1, 7.0, 20.0, 60.0, 150.0, 300.0):
        phi = coupling_structures(np.geomspace(0.1, 300.0, 30), t, eta, COUPLINGS, positrons=positrons)
        assert np.isfinite(phi).all()
        down = np.tril(np.ones((30, 30), dtype=bool))
        assert (phi[:, 0][..., down] > 0.0).all()
        assert (phi[:, 0] >= 0.0).all()  # up-scattering by 6000 T underflows
        # forward scattering has Phi_1 = Phi_0 up to (T/E)^2, which rounding may take
        assert (np.abs(phi[:, 1]) <= phi[:, 0] * (1.0 + 1e-12)).all()


def test_far_beyond_the_range_asked_for():
    # other codes tabulate mu_e/T up to 2500
    phi = coupling_structures(GRID, [0.05, 1.0], [2500.0, -2500.0], COUPLINGS, positrons=False)
    assert np.isfinite(phi).all()
    assert (np.abs(phi[:, 1]) <= phi[:, 0] * (1.0 + 1e-12)).all()
    assert (phi[:, 0, 0][..., np.tril(np.ones((9, 9), dtype=bool))] > 0.0).all()


def test_charge_conjugation():
    # neutrinos on electrons of mu are antineutrinos on positrons of mu
    both = {flavor: kernels(GRID, 5.0, 3.0, COUPLINGS, flavor)[0] for flavor in FLAVORS}
    mirrored = {flavor: kernels(GRID, 5.0, -3.0, COUPLINGS, flavor)[0] for flavor in FLAVORS}
    electrons = {flavor: kernels(GRID, 5.0, 3.0, COUPLINGS, flavor, positrons=False)[0] for flavor in FLAVORS}
    for flavor in ("nue", "numu", "nutau"):
        np.testing.assert_allclose(mirrored["a" + flavor], both[flavor], rtol=1e-13, atol=0)
        positrons = both["a" + flavor] - electrons["a" + flavor]
        lone = kernels(GRID, 5.0, -3.0, COUPLINGS, flavor, positrons=False)[0]
        np.testing.assert_allclose(positrons, lone, rtol=1e-10, atol=0)
    np.testing.assert_array_equal(both["numu"], both["nutau"])


def test_crossing():
    # the outgoing neutrino of one structure is the incoming antineutrino of the other: H^II(x, y, Y) = H^I(-y, -x, Y). It
    # shows in Phi at low degeneracy, where electrons below y alone count: Phi = c_3 F_3 + c_4 F_4 + c_5 F_5, x -> -y
    x, y, eta = 90.0, 60.0, -2.0
    phi = structures_of_pairs(x, y, 1.0, eta, COUPLINGS, positrons=False)[:, 0] / FRONT
    f3, f4, f5 = (float(fermi(n, eta)) for n in (3, 4, 5))
    for structure, (p, _) in enumerate(((x, y), (-y, -x))):
        expected = (8.0 / 3.0 * p * p * f3 + 4.0 / 3.0 * p * f4 + 4.0 / 15.0 * f5) / (x * y) ** 2
        assert phi[structure] == pytest.approx(expected, rel=1e-12)


def test_strength_is_a_prefactor():
    # complex step in the mixing angle and in the vacuum expectation value: exact derivatives
    step = 1e-30
    flavor, args = "anue", (GRID, 4.0, 2.0)
    changed = COUPLINGS.changed(sin2_theta_w=COUPLINGS.sin2_theta_w + 1j * step)
    slope = kernels(*args, changed, flavor)[0].imag / step
    structures = coupling_structures(*args, COUPLINGS)[:, 0]
    vector, axial = COUPLINGS.electron_couplings(flavor)
    expected = 4.0 * ((vector + axial) * structures[0] + (vector - axial) * structures[1])
    np.testing.assert_allclose(slope, expected, rtol=1e-12, atol=0)
    stronger = kernels(*args, COUPLINGS.changed(vev_ratio=0.9), flavor)[0]
    np.testing.assert_allclose(stronger, kernels(*args, COUPLINGS, flavor)[0] / 0.9**4, rtol=1e-13, atol=0)


def test_bad_input_is_named():
    for energy, t, eta, words in (
        ([0.0, 1.0], 1.0, 0.0, "neutrino energy = 0 MeV"),
        ([1.0, math.nan], 1.0, 0.0, "neutrino energy = nan"),
        ([1.0], -2.0, 0.0, "temperature = -2 MeV"),
        ([1.0], 1.0, math.inf, "degeneracy"),
        ([[1.0]], 1.0, 0.0, "one row of energies"),
    ):
        with pytest.raises(OutOfRangeError, match=words):
            coupling_structures(energy, t, eta, COUPLINGS)
    with pytest.raises(OutOfRangeError, match="outgoing neutrino energy"):
        structures_of_pairs(1.0, 0.0, 1.0, 0.0, COUPLINGS)
    with pytest.raises(UnknownNameError, match="nux"):
        kernels([1.0], 1.0, 0.0, COUPLINGS, "nux")


# ------------------------------------------------------------------------------------------------------------
# what kernels give


def gauss(edges, nodes):
    node, weight = np.polynomial.legendre.leggauss(nodes)
    half = 0.5 * np.diff(np.asarray(edges, dtype=float))[:, None]
    return (np.asarray(edges)[:-1, None] + half * (1.0 + node)).ravel(), (half * weight).ravel()


def fermi_dirac(energy, t, eta):
    return fermi_function(energy / np.atleast_1d(t)[:, None] - np.atleast_1d(eta)[:, None])


@pytest.mark.parametrize(
    ("t", "eta", "eta_nu"), [(5.0, 3.0, -math.inf), (2.0, 15.0, 6.0), (30.0, -1.0, 1.0), (2.0, 15.0, 60.0)]
)
def test_opacity_against_adaptive_quadrature(t, eta, eta_nu):
    energy, t_nu = 23.0, 1.3 * t
    plus, minus = coupling_weights(COUPLINGS, "nue")

    def per_outgoing(e):
        phi = structures_of_pairs(energy, e, t, eta, COUPLINGS)[:, 0]
        empty = fermi_function(eta_nu - e / t_nu) if eta_nu > -math.inf else 1.0
        return e * e * empty * float(plus * phi[0] + minus * phi[1])

    surface = max(eta_nu * t_nu, energy)  # a deep sea of neutrinos is left upwards
    edges = sorted({1e-9, energy, energy + 8.0 * t, surface, surface + 8.0 * t, surface + 60.0 * t})
    panels = list(pairwise(edges))
    values = [quad(per_outgoing, *panel, epsrel=1e-10, limit=200)[0] for panel in panels]
    front = 2.0 * math.pi / (2.0 * math.pi * CODATA.hbar_c) ** 3 / CODATA.speed_of_light
    opacity, loss = thermal_opacity(
        [energy, 4.0], t, eta, COUPLINGS, "nue", neutrino_temperature=t_nu, neutrino_degeneracy=eta_nu
    )
    assert opacity[0, 0] == pytest.approx(front * sum(values), rel=1e-8)
    losses = [quad(lambda e: (energy - e) * per_outgoing(e), *panel, epsrel=1e-10)[0] for panel in panels]
    assert loss[0, 0] == pytest.approx(front * sum(losses), rel=1e-7)


def test_opacity_on_a_grid_tends_to_the_integral():
    # bins: second order in their width
    t, eta, errors = 5.0, 2.0, []
    exact, _ = thermal_opacity([20.0], t, eta, COUPLINGS, "anumu", neutrino_degeneracy=0.0)
    for bins in (60, 120, 240):
        # 20 MeV stays a centre
        width = 40.0 / (2 * (bins // 2) + 1)
        energy = width * (np.arange(5 * bins) + 0.5)
        phi_0, _ = kernels(energy, t, eta, COUPLINGS, "anumu")
        weight = np.full(energy.size, width)
        opacity = scattering_opacity(energy, weight, fermi_dirac(energy, t, 0.0), phi_0, CODATA)
        i = int(np.argmin(np.abs(energy - 20.0)))
        assert energy[i] == pytest.approx(20.0, rel=1e-12)
        errors.append(abs(opacity[0, i] / exact[0, 0] - 1.0))
    assert errors[0] < 3e-3
    assert errors[1] < errors[0] / 3.0
    assert errors[2] < errors[1] / 3.0


def test_equilibrium_is_stationary_and_number_stays():
    t, eta = np.array([2.0, 9.0]), np.array([8.0, 0.4])
    energy, weight = gauss([0.0, 3.0, 10.0, 30.0, 90.0, 250.0], 6)
    phi_0, _ = kernels(energy, t, eta, COUPLINGS, "nue")
    # the degeneracy of the neutrinos is free
    occupied = fermi_dirac(energy, t, [3.0, -1.0])
    loss = CODATA.speed_of_light * scattering_opacity(energy, weight, occupied, phi_0, CODATA) * occupied
    rate = collision_rate(energy, weight, occupied, phi_0, CODATA)
    assert (np.abs(rate) <= 1e-13 * loss).all()
    hot = fermi_dirac(energy, 1.5 * t, [0.0, 0.0])
    rate = collision_rate(energy, weight, hot, phi_0, CODATA)
    total = np.abs(rate) @ (weight * energy**2)
    assert (np.abs(rate @ (weight * energy**2)) <= 1e-13 * total).all()


def test_energy_flows_from_hot_to_cold():
    t, eta = 4.0, 3.0
    energy, weight = gauss([0.0, 3.0, 10.0, 30.0, 90.0, 250.0], 8)
    phi_0, _ = kernels(energy, t, eta, COUPLINGS, "numu")
    gains = []
    for factor in (0.5, 0.99, 1.0, 1.01, 2.0):
        occupied = fermi_dirac(energy, factor * t, 0.0)
        gains.append(energy_exchange(energy, weight, occupied, phi_0, CODATA)[0])
        rate = collision_rate(energy, weight, occupied, phi_0, CODATA)[0]
        front = 4.0 * math.pi / (2.0 * math.pi * CODATA.hbar_c) ** 3
        if factor != 1.0:
            assert gains[-1] == pytest.approx(front * (rate * energy**3) @ weight, rel=1e-8)
    assert gains[0] > gains[1] > 0.0 > gains[3] > gains[4]
    assert abs(gains[2]) < 1e-12 * gains[1]
    # one rare neutrino loses energy at the rate c times its loss per length
    rare = np.zeros((1, energy.size))
    at = int(np.argmin(np.abs(energy - 40.0)))
    rare[0, at] = 1e-12
    _, loss = thermal_opacity(energy[at : at + 1], t, eta, COUPLINGS, "numu")
    number = 4.0 * math.pi / (2.0 * math.pi * CODATA.hbar_c) ** 3 * weight[at] * energy[at] ** 2 * 1e-12
    gain = energy_exchange(energy, weight, rare, phi_0, CODATA)[0]
    assert gain == pytest.approx(-CODATA.speed_of_light * number * loss[0, 0], rel=1e-3)


def test_transport_opacity_against_the_collision_integral():
    # f = f_0 + 3 h mu put into the full collision integral over energies and angles, and its part linear in h
    energy, weight = gauss([0.0, 6.0, 20.0, 60.0], 4)
    t, eta = 4.0, 5.0
    phi_0, phi_1 = kernels(energy, t, eta, COUPLINGS, "nue")
    isotropic, flux = fermi_dirac(energy, 5.0, 1.0), 1e-3 * fermi_dirac(energy, 3.0, 0.0)
    mu, per_mu = np.polynomial.legendre.leggauss(4)
    # after the average over azimuth cos -> mu mu'
    rate = 0.5 * phi_0[0][:, None, :, None] + 1.5 * phi_1[0][:, None, :, None] * mu[:, None, None] * mu
    front = 2.0 * math.pi / (2.0 * math.pi * CODATA.hbar_c) ** 3

    def collisions(sign):
        f = isotropic[0][:, None] + sign * 3.0 * flux[0][:, None] * mu
        gain = np.einsum("jnim,jn,j,n->im", rate, f, weight * energy**2, per_mu) * (1.0 - f)
        loss = np.einsum("imjn,jn,j,n->im", rate, 1.0 - f, weight * energy**2, per_mu) * f
        return front * (gain - loss)

    odd = 0.5 * (collisions(1.0) - collisions(-1.0))
    change = 0.5 * odd @ (mu * per_mu)  # of h, the mean of mu f
    kappa = transport_opacity(energy, weight, isotropic, flux, phi_0, phi_1, CODATA)
    np.testing.assert_allclose(-CODATA.speed_of_light * kappa[0] * flux[0], change, rtol=1e-10, atol=0)
    even = 0.5 * (collisions(1.0) + collisions(-1.0))  # the mean over angles, with its h^2
    still = 0.5 * even @ per_mu
    np.testing.assert_allclose(
        collision_rate(energy, weight, isotropic, phi_0, CODATA)[0],
        still,
        rtol=0,
        atol=1e-3 * np.abs(still).max(),
    )


def test_elastic_limit_of_the_transport_opacity():
    # one energy: Phi_0 - Phi_1 at any occupation
    energy, weight = np.array([12.0]), np.array([2.0])
    phi_0, phi_1 = kernels(energy, 3.0, 1.0, COUPLINGS, "numu")
    empty = scattering_opacity(energy, weight, np.zeros((1, 1)), phi_0 - phi_1, CODATA)
    for occupied in (0.0, 0.3, 0.9):
        f = np.full((1, 1), occupied)
        value = transport_opacity(energy, weight, f, np.ones((1, 1)), phi_0, phi_1, CODATA)
        assert value[0, 0] == pytest.approx(empty[0, 0], rel=1e-13)
