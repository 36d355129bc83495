import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plasmas import ions

from microphysics._registry import STRUCTURE_FACTORS
from microphysics.constants import CODATA
from microphysics.errors import ExtrapolationWarning, MicrophysicsError, OutOfRangeError, UnknownNameError
from microphysics.structure.mixture import HypernettedMixture, LinearMixture, weighted_structure_factor
from microphysics.structure.models import transport_average
from microphysics.structure.plasma import (
    coulomb_coupling,
    electron_screening,
    ion_sphere_radius,
    screening_parameter,
)

ENERGIES = np.array([0.25, 0.5, 1.0, 1.5, 2.0])  # E a/(hbar c)
MODELS = ["mixture_hnc", "mixture_lmr"]


def weak_charge(mass, charge, sin2=0.2312):
    mass, charge = np.asarray(mass, dtype=float), np.asarray(charge, dtype=float)
    return mass - charge - (1.0 - 4.0 * sin2) * charge


def composition_term(charges, fractions, weak):
    z, x, w = (np.asarray(values, dtype=float) for values in (charges, fractions, weak))
    return 1.0 - (x @ (z * w)) ** 2 / ((x @ z**2) * (x @ w**2))


def average(charges, fractions, weak, coupling, model, **options):
    return transport_average(
        lambda q, *_: weighted_structure_factor(
            q, charges, fractions, weak, coupling, model=model, **options
        ),
        ENERGIES,
        1.0,
    )


# <S_w> computed independently for this project, multi-component HNC with bridges and linear mixing; Gamma = 40 for
# charge `reference` at the ion-sphere radius of the total density, kappa = 0
MIXTURES = {
    "nse": (
        (30, 28, 26),
        (80, 70, 62),
        (0.3, 0.4, 0.3),
        28,
        (0.0069, 0.0105, 0.030, 0.092, 0.347),
        (0.0069, 0.0102, 0.028, 0.089, 0.345),
    ),
    "34/20": (
        (34, 20),
        (88, 46),
        (0.5, 0.5),
        30,
        (0.0092, 0.0141, 0.041, 0.133, 0.455),
        (0.0088, 0.0126, 0.034, 0.108, 0.450),
    ),
    "26/2": (
        (26, 2),
        (62, 4),
        (0.5, 0.5),
        26,
        (0.0027, 0.0101, 0.057, 0.274, 0.797),
        (0.0026, 0.0094, 0.051, 0.245, 0.779),
    ),
}
DIGITS = np.array([1e-4, 1e-4, 1e-3, 1e-3, 1e-3])


@pytest.mark.parametrize("name", MIXTURES)
def test_published_digits(name):
    z, a, x, reference, hnc, linear = MIXTURES[name]
    coupling = 40.0 / reference**2 * (np.array(x) @ z) ** (1.0 / 3.0)
    weak = weak_charge(a, z)
    np.testing.assert_allclose(average(z, x, weak, coupling, "mixture_hnc") / DIGITS, hnc / DIGITS, atol=1.0)
    np.testing.assert_allclose(
        average(z, x, weak, coupling, "mixture_lmr") / DIGITS, linear / DIGITS, atol=1.0
    )
    direct = average(z, x, weak, coupling, "mixture_lmr", one_component="msa_eta")
    np.testing.assert_allclose(direct, linear, rtol=0.1)


# nuclei with alphas: deviation in per cent from integral equations of linear mixing, and of free alphas (at E a >= 1)
WITH_ALPHAS = [
    ((35.0, 2.0), (95.0, 4.0), (0.5, 0.5), 38.0, (-5.0, -6.0, -8.0, -10.0, -2.0), (-1.0, 1.0, 2.0)),
    ((32.0, 2.0), (85.0, 4.0), (0.2, 0.8), 25.0, (-14.0, -20.0, -28.0, -8.0, 2.0), (2.0, 7.0, 2.0)),
]


@pytest.mark.parametrize(("z", "a", "x", "gamma", "linear", "free"), WITH_ALPHAS)
def test_free_alphas_are_better_than_linear_mixing(z, a, x, gamma, linear, free):
    weak, coupling = weak_charge(a, z), gamma / z[0] ** (5.0 / 3.0)
    together = average(z, x, weak, coupling, "mixture_hnc")
    mixed = average(z, x, weak, coupling, "mixture_lmr")
    # a per cent of the quoted numbers' own rounding, and what another mass of the nucleus would change
    np.testing.assert_allclose(100.0 * (mixed / together - 1.0), linear, atol=1.6)
    radius = x[0] ** (-1.0 / 3.0)  # the nuclei's own, in that of all ions
    electron = (np.array(x) @ z) ** (-1.0 / 3.0)
    own = coupling * electron * z[0] ** 2 / radius
    nuclei = transport_average(STRUCTURE_FACTORS["table"]().reduced, ENERGIES * radius, own)
    alone = (x[0] * weak[0] ** 2 * nuclei + x[1] * weak[1] ** 2) / (np.array(x) @ weak**2)
    np.testing.assert_allclose((100.0 * (alone / together - 1.0))[2:], free, atol=1.6)


@pytest.mark.parametrize("model", MODELS)
def test_composition_fluctuations_survive_screening(model):
    # S_w(0) = Delta at weak coupling
    z, x = (26.0, 2.0), (0.4, 0.6)
    for weak in (weak_charge([60.0, 4.0], z), (10.0, -3.0)):  # nearly proportional to Z, and not at all
        delta = composition_term(z, x, weak)
        found = weighted_structure_factor(0.0, z, x, weak, 1e-7, model=model)
        assert found == pytest.approx(delta, rel=0.01)


def test_composition_fluctuations_at_strong_coupling():
    z, a, x, reference, *_ = MIXTURES["nse"]
    weak = weak_charge(a, z)
    coupling = 40.0 / reference**2 * (np.array(x) @ z) ** (1.0 / 3.0)
    found = weighted_structure_factor(0.0, z, x, weak, coupling)
    assert found == pytest.approx(composition_term(z, x, weak), rel=0.05)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("screening", [0.0, 0.5])
def test_two_names_for_one_species(model, screening):
    # Delta = 0, and S_w is that of the one-component plasma
    q, gamma = np.array([0.0, 0.03, 0.5, 2.0, 4.2, 9.0]), 20.0
    coupling = gamma / 26.0 ** (5.0 / 3.0)
    same = weighted_structure_factor(q, (26.0, 26.0), (0.3, 0.7), (31.0, 31.0), coupling, screening, model)
    one = weighted_structure_factor(q, (26.0,), (1.0,), (31.0,), coupling, screening, model)
    np.testing.assert_allclose(same, one, rtol=1e-6, atol=1e-9)
    direct = STRUCTURE_FACTORS["table"]().reduced(q, gamma, screening)
    np.testing.assert_allclose(one, direct, atol=2e-3)


@pytest.mark.parametrize("model", MODELS)
def test_traces(model):
    q, coupling = np.array([0.5, 2.0, 4.2]), 0.09
    z, weak = (26.0, 2.0), (34.0, 2.0)
    mixed = weighted_structure_factor(q, z, (1.0 - 1e-6, 1e-6), weak, coupling, model=model)
    alone = weighted_structure_factor(q, z[:1], (1.0,), weak[:1], coupling, model=model)
    np.testing.assert_allclose(mixed, alone, atol=1e-5)


@given(st.floats(0.05, 0.95), st.floats(-40.0, 40.0), st.floats(1e-3, 0.15), st.floats(0.0, 10.0))
def test_linear_mixing_stays_positive(share, second, coupling, q):
    found = weighted_structure_factor(
        q, (30.0, 8.0), (share, 1.0 - share), (40.0, second), coupling, 0.5, "mixture_lmr"
    )
    assert 0.0 < found < 4.0


def test_uncorrelated_at_large_q():
    q = np.array([30.0, 60.0, 200.0])  # the last is beyond what is kept of the solution
    found = weighted_structure_factor(q, (26.0, 2.0), (0.5, 0.5), (34.0, -2.0), 0.1)
    np.testing.assert_allclose(found, 1.0, atol=2e-3)


# nuclei and alphas of an equation of state


@pytest.fixture(scope="module")
def matter():
    """Alphas half and half in mass, none, and little else; exact electrons."""
    return ions(
        [1e11, 1e12, 3e11],
        [1.0, 1.4, 2.0],
        np.array([60.0, 90.0, 70.0]),
        np.array([26.0, 34.0, 29.0]),
        x_heavy=np.array([0.5, 1.0, 0.1]),
        x_alpha=np.array([0.5, 0.0, 0.9]),
        mu_e=None,
    )


@pytest.mark.parametrize("model", [HypernettedMixture(), LinearMixture()])
def test_sum_over_the_composition(matter, model):
    q = np.array([[0.01, 0.04, 0.1, 0.3]])
    amplitudes = np.array([[[30.0]], [[2.0]]]) * np.exp(-(q**2))
    found = model.coherent_sum(amplitudes * np.ones((1, 3, 1)), q, matter)
    assert found.shape == (3, 4)
    densities = np.stack([matter.number_density_heavy, matter.number_density_alpha])
    total = densities.sum(axis=0)
    a = 1e13 * np.cbrt(3.0 / (4.0 * np.pi * total))
    k_sc = screening_parameter(matter) / ion_sphere_radius(matter)
    for zone in (0, 2):
        z = (matter.charge_number_heavy[zone], 2.0)
        x = densities[:, zone] / total[zone]
        # Gamma_e from that of the nuclei at their own radius
        own = coulomb_coupling(matter)[zone] * ion_sphere_radius(matter)[zone] / z[0] ** 2
        coupling = own / (a[zone] * (x @ z) ** (-1.0 / 3.0))
        weighted = weighted_structure_factor(
            q[0] * a[zone], z, x, (30.0, 2.0), coupling, k_sc[zone] * a[zone], model.name
        )
        free = (densities[:, zone, None] * amplitudes[:, 0] ** 2).sum(axis=0)
        np.testing.assert_allclose(found[zone], free * weighted, rtol=1e-9)
    # without alphas: one component at its own Gamma and kappa
    alone = STRUCTURE_FACTORS["table"]()(q, matter)[1]
    expected = densities[0, 1] * amplitudes[0, 0] ** 2 * alone
    np.testing.assert_allclose(found[1], expected, rtol=1e-9)


@pytest.mark.parametrize("model", [HypernettedMixture(), LinearMixture()])
def test_alphas_alone_and_nothing_at_all(model):
    zones = ions([1e10, 1e10], [2.0, 2.0], 4.0, 2.0, x_heavy=0.0, x_alpha=np.array([1.0, 0.0]), mu_e=None)
    q = np.array([[0.02, 0.5]])
    found = model.coherent_sum(np.ones((2, 2, 2)), q, zones)
    density = zones.number_density_alpha[0]
    a = 1e13 * np.cbrt(3.0 / (4.0 * np.pi * density))
    gamma = 4.0 * CODATA.coulomb_squared * 1e13 / (a * 2.0)
    kappa = np.sqrt(electron_screening(zones)[0]) * a
    expected = density * STRUCTURE_FACTORS["table"]().reduced(q[0] * a, gamma, kappa)
    np.testing.assert_allclose(found[0], expected, rtol=1e-7)
    np.testing.assert_array_equal(found[1], 0.0)


def test_alphas_change_little_where_nuclei_dominate():
    # Z = 35 with one alpha to nine nuclei: <S_w> differs by 4 % at most from nuclei with free alphas
    zone = ions(
        [1e12],
        [1.4],
        95.0,
        35.0,
        x_heavy=9 * 95.0 / (9 * 95.0 + 4.0),
        x_alpha=4.0 / (9 * 95.0 + 4.0),
        mu_e=None,
    )
    q = np.linspace(0.5, 4.0, 8)[None, :] / ion_sphere_radius(zone)[0]
    amplitudes = np.array([[[57.5]], [[1.9]]]) * np.ones((1, 1, 8))
    found = HypernettedMixture().coherent_sum(amplitudes, q, zone)[0]
    nuclei = zone.number_density_heavy * 57.5**2 * STRUCTURE_FACTORS["table"]()(q, zone)[0]
    free = nuclei + zone.number_density_alpha * 1.9**2
    np.testing.assert_allclose(found, free, rtol=0.06)
    assert np.abs(found / free - 1.0).max() > 1e-3


@pytest.mark.parametrize("model", [HypernettedMixture(), LinearMixture()])
def test_derivative_by_a_complex_step(matter, model):
    q, base = np.array([[0.02, 0.1]]), np.array([[[30.0]], [[2.0]]]) * np.ones((1, 3, 2))
    direction = np.array([[[1.0]], [[-0.3]]])
    derivative = model.coherent_sum(base + 1e-20j * direction, q, matter).imag / 1e-20
    up, down = (model.coherent_sum(base + h * direction, q, matter) for h in (1e-4, -1e-4))
    np.testing.assert_allclose(derivative, (up - down) / 2e-4, rtol=1e-6)


@pytest.mark.parametrize("model", [HypernettedMixture, LinearMixture])
def test_frozen_nuclei(model):
    zones = ions([1e12, 1e11], [0.2, 2.0], 90.0, 34.0, x_heavy=0.9, x_alpha=0.1, mu_e=None)
    q, amplitudes = np.array([[0.05]]), np.ones((2, 2, 1))
    with pytest.warns(
        ExtrapolationWarning, match=r"Gamma is above in 1 of 2 zone\(s\), the largest is 2\d\d"
    ):
        clamped = model().coherent_sum(amplitudes, q, zones)
    assert (clamped > 0.0).all()
    with pytest.raises(OutOfRangeError, match=r'Set opacity.on_out_of_range = "clamp"'):
        model("error").coherent_sum(amplitudes, q, zones)


def test_unknown_names():
    with pytest.raises(UnknownNameError, match=r"Did you mean 'mixture_lmr'"):
        weighted_structure_factor(1.0, (26.0,), (1.0,), (30.0,), 0.1, model="mixture-lmr")
    with pytest.raises(UnknownNameError, match=r"Did you mean 'hncb'"):
        LinearMixture(one_component="hcnb")
    with pytest.raises(UnknownNameError, match="one-component structure factor 'horowitz1997'"):
        LinearMixture(one_component="horowitz1997")
    with pytest.raises(MicrophysicsError, match="add up to 1"):
        weighted_structure_factor(1.0, (26.0, 2.0), (0.5, 0.4), (30.0, 2.0), 0.1)
