"""Pair kernels: against the master formula, exact symmetries, closed totals and the edges of their range."""

import math

import numpy as np
import pytest
from scipy.integrate import quad

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError
from microphysics.processes.pair_kernels import (
    absorption_opacity,
    emissivity,
    kernels,
    shortcut_opacities,
    shortcut_opacity,
    structures,
)
from microphysics.weak.couplings import WeakCouplings

COUPLINGS = WeakCouplings()
STRENGTH = CODATA.fermi_constant**2 * CODATA.speed_of_light * CODATA.hbar_c**2 / np.pi
NODES, WEIGHTS = np.polynomial.legendre.leggauss(20)
# of everything that varies on the scale of T, from an edge outwards
STEPS = np.array([0.0, 1.0, 2.5, 4.5, 7.0, 11.0, 17.0, 26.0, 40.0])
OUTWARDS = np.concatenate([-STEPS[:0:-1], STEPS])


def panels(edges):
    """Gauss-Legendre nodes and weights on consecutive panels."""
    half = 0.5 * np.diff(np.unique(edges))
    left = np.unique(edges)[:-1]
    return (left[:, None] + half[:, None] * (1.0 + NODES)).ravel(), (half[:, None] * WEIGHTS).ravel()


def within(values, low, high):
    return np.concatenate([[low, high], values[(values > low) & (values < high)]])


def free(z):
    """1 - f."""
    return np.exp(-np.logaddexp(0.0, -z))


def master(x, y, eta):
    """Annihilation kernels from the squared matrix element, T = 1 and no couplings: (structure, moment).

    With q the momentum of the pair, dcos = q dq/(x y); the rest is the trace, integrated over the azimuth of the
    electron, which is massless: P = E^2 [(Y - m mu)^2 + (Y^2 - m^2)(1 - mu^2)/2].
    """
    w = x + y
    around = np.concatenate([OUTWARDS + eta, w + eta - OUTWARDS])
    # at large degeneracy only Y near its upper end counts, and that is (w + q)/2
    depths = np.concatenate([STEPS, STEPS / 10.0])
    split = np.concatenate([2.0 * around - w, w - 2.0 * around, w - depths, abs(x - y) + depths])
    momenta, weights = panels(within(split, abs(x - y), w))
    result = np.zeros((2, 2))
    for q, weight in zip(momenta, weights, strict=True):
        low, high = 0.5 * (w - q), 0.5 * (w + q)
        lepton, step = panels(within(np.concatenate([around, high - depths]), low, high))
        step = step * free(lepton - eta) * free(w - lepton + eta)
        m = (q * q - w * w + 2.0 * w * lepton) / (2.0 * q)
        cos = (q * q - x * x - y * y) / (2.0 * x * y)
        for structure, (own, other) in enumerate(((y, x), (x, y))):
            mu = (own + other * cos) / q
            p = own**2 * ((lepton - m * mu) ** 2 + 0.5 * (lepton**2 - m**2) * (1.0 - mu**2))
            one = weight * (p @ step) / (x * y) ** 2
            result[structure] += one, one * cos
    return result


@pytest.mark.parametrize(
    ("x", "y", "eta"),
    [
        (5.0, 5.0, 0.0),
        (0.05, 0.2, 1.0),
        (1.0, 1.9, -3.0),
        (0.3, 14.0, 6.0),
        (40.0, 0.7, 20.0),
        (1.99, 3.5, 2.5),
        (2.01, 3.5, 2.5),
        (2.01, 3.51, 15.0),
        (9.0, 30.0, 15.0),
        (9.0, 30.0, 16.0),
        (9.0, 30.0, 25.0),
        (9.0, 30.0, 34.0),
        (30.0, 9.0, 100.0),
        (60.0, 55.0, 57.0),
        (3.0, 12.0, 300.0),
        (400.0, 250.0, 300.0),
    ],
)
def test_master_formula(x, y, eta):
    t = 3.0
    pair = structures([x * t], [t], [eta], COUPLINGS, [y * t])
    plus, minus = master(x, y, eta) * STRENGTH * t * t
    for ours, theirs in ((pair.plus, plus), (pair.minus, minus)):
        # eta = 300, where the result is e^-285: the reference's own exponentials
        assert ours[0, 0, 0, 0] == pytest.approx(theirs[0], rel=1e-10 if eta < 200.0 else 1e-9)
        assert abs(ours[1, 0, 0, 0] - theirs[1]) < 1e-9 * theirs[0]


# (x, y, eta): Phi_0 of both structures, then Phi_1, over the strength and T^2, for annihilation: 30-digit quadrature of
# Bruenn's polynomials (mpmath)
FROZEN = {
    (5.0, 5.0, 0.0): (21.5167218238113, 21.5167218238113, -10.9094226744573, -10.9094226744573),
    (1.2, 0.4, -2.0): (0.0812296089908485, 0.107419557057874, -0.0404699056075753, -0.0536035352252192),
    (0.3, 14.0, 6.0): (0.864721220406841, 3.36958998046191, -0.429438726972649, -1.68840479133276),
    (9.0, 30.0, 16.0): (82.8692490360693, 214.612831416241, -39.5551858469617, -110.932137927026),
    (40.0, 7.0, 100.0): (
        2.89431392613988e-24,
        7.25064589786315e-26,
        3.57313486157873e-25,
        2.08396723830036e-26,
    ),
}


def test_frozen_numbers():
    for (x, y, eta), expected in FROZEN.items():
        pair = structures([x], [1.0], [eta], COUPLINGS, [y])
        ours = np.array([pair.plus[0], pair.minus[0], pair.plus[1], pair.minus[1]]).ravel() / STRENGTH
        assert ours[:2] == pytest.approx(expected[:2], rel=1e-12)
        assert np.abs(ours[2:] - np.array(expected[2:])).max() < 1e-12 * expected[0]


def test_pieces_join():
    # either side of where closed forms take over from quadrature, which shares no line with them
    for x, y in ((2.0, 9.0), (2.0, 2.5), (1.0, 2.5)):
        for eta in (0.0, 1.5, 5.0, 12.0, 40.0):
            step = 1e-12
            energies = ([x * (1.0 - step)], [x * (1.0 + step)])
            low, high = (structures(one, [1.0], [eta], COUPLINGS, [y * one[0] / x]) for one in energies)
            for a, b in ((low.plus, high.plus), (low.minus, high.minus)):
                assert np.abs(a - b).max() < 1e-10 * b[0].max()


def test_no_blocking_in_closed_form():
    # all electron states free: sigma of massless leptons, Phi_0 = (8/9) x y, Phi_1 = -(4/9) x y (angular average of
    # G_F^2 s^2 over (E E'), isotropic in the centre of mass)
    pair = structures([2e3, 5e3], [1.0], [0.0], COUPLINGS)
    product = np.outer([2e3, 5e3], [2e3, 5e3]) * STRENGTH
    np.testing.assert_allclose(pair.plus[0, 0], 8.0 / 9.0 * product, rtol=1e-5)
    np.testing.assert_allclose(pair.plus[1, 0], -4.0 / 9.0 * product, rtol=1e-5)
    np.testing.assert_allclose(pair.minus[0, 0], 8.0 / 9.0 * product, rtol=1e-5)


ENERGIES = np.geomspace(0.5, 200.0, 13)
TEMPERATURES = np.array([0.5, 3.0, 20.0, 120.0])
DEGENERACIES = np.array([25.0, -2.0, 6.0, 0.3])


def test_detailed_balance():
    pair = kernels(ENERGIES, TEMPERATURES, DEGENERACIES, COUPLINGS, "nue")
    ratio = np.exp(-(ENERGIES[:, None] + ENERGIES) / TEMPERATURES[:, None, None])
    np.testing.assert_allclose(pair.production, pair.annihilation * ratio, rtol=1e-12, atol=0.0)
    assert (pair.production[0] > 0.0).mean() > 0.8


@pytest.mark.parametrize("flavor", ["nue", "numu", "nutau"])
def test_crossing(flavor):
    one = kernels(ENERGIES, TEMPERATURES, DEGENERACIES, COUPLINGS, flavor)
    other = kernels(ENERGIES, TEMPERATURES, DEGENERACIES, COUPLINGS, "a" + flavor)
    assert not np.array_equal(one.annihilation, other.annihilation)
    np.testing.assert_allclose(one.annihilation, other.annihilation.swapaxes(-1, -2), rtol=1e-12, atol=0.0)


def test_charge_conjugation():
    pair = structures(ENERGIES, [3.0], [7.0], COUPLINGS)
    conjugate = structures(ENERGIES, [3.0], [-7.0], COUPLINGS)
    np.testing.assert_array_equal(pair.plus, conjugate.minus)
    np.testing.assert_array_equal(pair.minus, conjugate.plus)


def test_partners_of_their_own():
    # the square is the rectangle with equal energies, and neither needs sorted energies
    square = structures(ENERGIES[::-1], TEMPERATURES, DEGENERACIES, COUPLINGS)
    rectangle = structures(ENERGIES[::-1], TEMPERATURES, DEGENERACIES, COUPLINGS, ENERGIES[2:7])
    assert rectangle.plus.shape == (2, 4, 13, 5)
    picked = 12 - np.arange(2, 7)
    for name in ("plus", "minus", "boltzmann"):
        expected = getattr(square, name)[..., picked]
        np.testing.assert_allclose(getattr(rectangle, name), expected, rtol=1e-11, atol=0.0)


def test_positive_over_the_range():
    generator = np.random.default_rng(5)
    energy = np.sort(np.exp(generator.uniform(np.log(0.1), np.log(300.0), 24)))
    energy[0], energy[-1] = 0.1, 300.0
    t = np.exp(generator.uniform(np.log(0.05), np.log(150.0), 400))
    eta = np.concatenate([generator.uniform(-5.0, 300.0, 200), generator.uniform(-5.0, 20.0, 200)])
    t[:4], eta[:4] = [0.05, 150.0, 0.05, 150.0], [-5.0, -5.0, 300.0, 300.0]
    pair = structures(energy, t, eta, COUPLINGS)
    for kernel in (pair.plus, pair.minus):
        assert np.isfinite(kernel).all()
        assert (kernel[0] > 0.0).all()
        assert (np.abs(kernel[1]) < kernel[0]).all()
        assert (kernel[0] * pair.boltzmann >= 0.0).all()
    for flavor in ("nue", "anue", "numu", "anutau"):
        for neutrino in (0.0, eta, -eta):
            kappa = shortcut_opacity(energy, t, eta, COUPLINGS, flavor, neutrino)
            assert np.isfinite(kappa).all()
            assert (kappa > 0.0).all()
        j = emissivity(energy, t, eta, COUPLINGS, flavor)
        assert np.isfinite(j).all()
        assert (j >= 0.0).all()


def test_far_beyond_the_range():
    # colder than any star, more degenerate than a double can say: 0, not NaN
    pair = kernels([0.1, 90.0], [0.01], [2e4], COUPLINGS, "nue")
    assert not pair.annihilation.any()
    assert not pair.production.any()
    assert not shortcut_opacity([0.1, 100.0], [0.01], [2e4], COUPLINGS, "anue", -2e4).any()
    assert not emissivity([0.1, 100.0], [0.01], [2e4], COUPLINGS, "anue").any()


def partner_integral(x, eta):
    """Int y^2 e^-y Phi^a(x, y) dy of both structures from the kernels, in units of the strength."""
    turn = max(abs(eta) - x, 0.0)
    # up to the turn the integrand is a power of y
    edges = np.concatenate([OUTWARDS + turn, STEPS + x, x - STEPS, turn + np.array([50.0, 65.0, 80.0])])
    y, weight = panels(within(np.append(edges, np.linspace(0.0, turn, 9)), 0.0, turn + 80.0))
    pair = structures([x], [1.0], [eta], COUPLINGS, y)
    weight = weight * y**2 * np.exp(-y) / STRENGTH
    return pair.plus[0, 0, 0] @ weight, pair.minus[0, 0, 0] @ weight


@pytest.mark.parametrize("eta", [-4.0, 0.0, 2.0, 11.0, 30.0, 120.0])
@pytest.mark.parametrize("x", [0.01, 1.0, 2.99, 3.01, 8.0, 11.0, 29.0, 35.0, 130.0])
def test_emission_is_the_integral_of_the_kernel(x, eta):
    t = 2.0
    plus, minus = partner_integral(x, eta)
    vector, axial = COUPLINGS.electron_couplings("nue")
    squares = (vector + axial) ** 2, (vector - axial) ** 2
    volume = (2.0 * np.pi * CODATA.hbar_c) ** 3
    front = 2.0 * np.pi * STRENGTH * t**5
    kappa = shortcut_opacity([x * t], [t], [eta], COUPLINGS, "nue", 0.5)[0, 0]
    balance = math.exp(-x) + math.exp(-0.5)
    expected = front / (volume * CODATA.speed_of_light) * (squares[0] * plus + squares[1] * minus) * balance
    assert kappa == pytest.approx(expected, rel=5e-8)
    # antineutrinos exchange the structures
    j = emissivity([x * t], [t], [eta], COUPLINGS, "anue")[0, 0]
    expected = front / volume**2 * (x * t) ** 3 * (squares[1] * plus + squares[0] * minus)
    assert j == pytest.approx(expected * math.exp(-x), rel=5e-8)


def fermi_dirac(k, eta):
    top = max(eta, 0.0)
    parts = ((0.0, top), (top, top + 60.0))
    return sum(
        quad(lambda z: z**k / (math.exp(z - eta) + 1.0), a, b, epsabs=0.0, epsrel=1e-12)[0] for a, b in parts
    )


@pytest.mark.parametrize("flavor", ["nue", "anumu"])
@pytest.mark.parametrize(("t", "eta"), [(1.0, 0.0), (3.0, 2.0), (2.0, 8.0), (1.0, 15.0), (0.7, 60.0)])
def test_total_emission_in_closed_form(t, eta, flavor):
    # massless electrons: sigma = G_F^2 (C_V^2 + C_A^2) s/(12 pi) (Dicus 1972), so that pairs appear at the rate
    # (2/9 pi^5) G_F^2 (C_V^2 + C_A^2) T^8 F_3(eta) F_3(-eta) and carry E_- + E_+
    energy, weight = panels(np.concatenate([STEPS, max(eta, 0.0) + OUTWARDS, eta + STEPS + 30.0]).clip(0.0))
    j = emissivity(energy * t, [t], [eta], COUPLINGS, flavor)[0]
    partner = emissivity(energy * t, [t], [eta], COUPLINGS, flavor[1:] if flavor[0] == "a" else "a" + flavor)
    weight = 4.0 * np.pi * t * weight
    vector, axial = COUPLINGS.electron_couplings(flavor)
    front = 2.0 / (9.0 * np.pi**5) * CODATA.fermi_constant**2 * (vector**2 + axial**2)
    front *= CODATA.speed_of_light / CODATA.hbar_c**4
    f3, g3, f4, g4 = fermi_dirac(3, eta), fermi_dirac(3, -eta), fermi_dirac(4, eta), fermi_dirac(4, -eta)
    assert (j / (energy * t)) @ weight == pytest.approx(front * t**8 * f3 * g3, rel=1e-7)
    assert (j + partner[0]) @ weight == pytest.approx(front * t**9 * (f4 * g3 + f3 * g4), rel=1e-7)


def test_energy_loss_in_numbers():
    # electron flavour at T = 1 MeV, mu_e = 0, sin^2 theta_W = 0.23 as the literature has it: Burrows, Reddy & Thompson
    # 2006 (Nucl. Phys. A 777, 356) have 9.76e24 erg/cm^3/s, 0.4 % more
    couplings = WeakCouplings(sin2_theta_w=0.23)
    energy, weight = panels(np.append(STEPS, 60.0))
    j = sum(emissivity(energy, [1.0], [0.0], couplings, name)[0] for name in ("nue", "anue"))
    loss = 4.0 * np.pi * (j @ weight) * CODATA.erg_per_mev
    assert loss == pytest.approx(9.72e24, rel=1e-3)
    assert loss == pytest.approx(9.76e24, rel=5e-3)


@pytest.mark.parametrize(("t", "eta", "neutrino"), [(4.0, 3.0, 1.5), (1.0, 20.0, 8.0), (15.0, 0.5, -2.0)])
def test_partner_in_equilibrium(t, eta, neutrino):
    energy = t * np.array([0.2, 2.0, 9.0, 25.0])
    y, weight = panels(np.concatenate([STEPS * 2.0, max(eta, -neutrino, 0.0) + OUTWARDS]).clip(0.0))
    occupation = np.exp(-np.logaddexp(0.0, y + neutrino))
    pair = kernels(energy, [t], [eta], COUPLINGS, "nue", y * t)
    full = absorption_opacity(pair, y * t, weight * t, occupation[None], COUPLINGS)[0]
    # Kirchhoff: emission into what the partner leaves free is kappa* f_eq
    emitted = absorption_opacity(pair, y * t, weight * t, np.zeros((1, y.size)), COUPLINGS)[0]
    only_emitted = pair.production[0, 0] * (1.0 - occupation) @ (weight * t * (y * t) ** 2)
    scale = emitted[0] / (pair.production[0, 0] @ (weight * t * (y * t) ** 2))[0]
    np.testing.assert_allclose(scale * only_emitted, full / (1.0 + np.exp(energy / t - neutrino)), rtol=1e-12)
    # a partner that is not there: unblocked emission is j/B times f_eq
    shortcut = shortcut_opacity(energy, [t], [eta], COUPLINGS, "nue", neutrino)[0]
    np.testing.assert_allclose(emitted, shortcut / (1.0 + np.exp(energy / t - neutrino)), rtol=1e-7)
    assert (full < shortcut).all()


def test_flavors_at_once():
    t, eta, neutrino = [3.0, 8.0], [4.0, 1.0], np.array([1.5, 0.2])
    wanted = {"nue": neutrino, "anue": -neutrino, "numu": 0.0}
    together = shortcut_opacities(ENERGIES, t, eta, COUPLINGS, wanted)
    assert together.shape == (3, 2, 13)
    for one, (flavor, degeneracy) in zip(together, wanted.items(), strict=True):
        np.testing.assert_array_equal(one, shortcut_opacity(ENERGIES, t, eta, COUPLINGS, flavor, degeneracy))


def test_complex_step_in_the_mixing_angle():
    step = 1e-30
    arguments = ([5.0, 20.0], [4.0], [2.0])
    for flavor in ("nue", "anumu"):
        for function in (lambda *a: kernels(*a).production, emissivity, shortcut_opacity):
            shifted = function(*arguments, WeakCouplings(sin2_theta_w=0.23863 + 1j * step), flavor)
            exact = np.imag(shifted) / step
            up, down = (
                function(*arguments, WeakCouplings(sin2_theta_w=0.23863 + d), flavor) for d in (1e-4, -1e-4)
            )
            np.testing.assert_allclose(exact, (up - down) / 2e-4, rtol=1e-8)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([0.0], [1.0], [0.0]), "energy = 0.0 MeV: must be positive"),
        (([1.0], [-2.0], [0.0]), "temperature = -2.0 MeV: must be positive"),
        (([1.0], [1.0], [np.nan]), "degeneracy = nan: must be finite"),
        (([np.inf], [1.0], [0.0]), "energy = inf: must be finite"),
    ],
)
def test_bad_input(arguments, words):
    for call in (structures, lambda *a: emissivity(*a, "nue"), lambda *a: shortcut_opacity(*a, "nue")):
        with pytest.raises(OutOfRangeError, match=words):
            call(*arguments, COUPLINGS)


def test_bad_partner():
    pair = kernels([1.0], [1.0], [0.0], COUPLINGS, "nue", [2.0])
    with pytest.raises(OutOfRangeError, match=r"partner_occupation = 1\.5: must lie between 0 and 1"):
        absorption_opacity(pair, [2.0], [1.0], [[1.5]], COUPLINGS)
    with pytest.raises(OutOfRangeError, match="partner_energy"):
        structures([1.0], [1.0], [0.0], COUPLINGS, [-2.0])
