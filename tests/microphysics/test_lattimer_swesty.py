"""The embedded equation of state against its own thermodynamics, nuclear matter, limits and bad input."""

import numpy as np
import pytest
from astropy import units

from microphysics.constants import CODATA
from microphysics.eos import skyrme
from microphysics.eos.electron_gas import ElectronGas
from microphysics.eos.invert import beta_equilibrium, temperature_from_energy, temperature_from_entropy
from microphysics.eos.lattimer_swesty import LattimerSwesty
from microphysics.eos.state import BUBBLES, COEXISTENCE, NUCLEI, UNIFORM
from microphysics.errors import ExtrapolationWarning, OutOfRangeError, UnknownNameError

EOS = LattimerSwesty()
GRAMS = CODATA.atomic_mass * CODATA.gram_per_mev * 1e39  # g/cm^3 of one baryon per fm^3
MEV_FM3 = CODATA.erg_per_mev * 1e39  # erg/cm^3

# collapse, shocked layers, mantle, core, inner crust, bubbles, cold, proton-rich
POINTS = np.array(
    [
        (1e10, 1.2, 0.42), (1e12, 2.0, 0.35), (3e13, 5.0, 0.30), (1e11, 4.0, 0.15), (3e14, 20.0, 0.25),
        (6e14, 30.0, 0.30), (1e8, 0.8, 0.49), (1e9, 6.0, 0.48), (2e13, 1.0, 0.08), (1.2e14, 3.0, 0.3),
        (1e13, 0.03, 0.3), (5e11, 0.2, 0.55), (4e13, 9.0, 0.2), (1e6, 0.02, 0.45),
    ]
).T  # fmt: skip

# Prototype of the specification, alphas bound by 30.887 MeV: P_tot (MeV/fm^3), e_tot, s_tot, X_n, X_alpha, X_heavy, A, Z,
# Gamma_1 at (rho, T, Y_e), printed with 7 digits; its photons and electrons have CODATA constants as ours.
SAMPLES = [
    (1e10, 1.2, 0.42, 8.076618e-6, -3.49390, 3.62842, 0.1279, 0.6005, 0.2594, 67.83, 28.13, 1.29071),
    (1e12, 2.0, 0.35, 1.990176e-3, 1.77042, 1.26443, 0.0869, 0.0167, 0.8953, 95.14, 36.19, 1.32328),
    (3e13, 5.0, 0.30, 0.1488581, 18.16781, 1.39734, 0.0966, 0.0031, 0.8975, 168.94, 55.66, 1.30070),
    (1e11, 4.0, 0.15, 2.919134e-4, 8.41588, 7.62249, 0.8494, 0.0011, 0.0, 0.0, 0.0, 1.55096),
    (3e14, 20.0, 0.25, 6.618940, 51.30169, 2.05722, 0.7495, 0.0009, 0.0, 0.0, 0.0, 2.43271),
    (6e14, 30.0, 0.30, 37.58365, 104.68967, 2.10184, 0.7000, 0.0, 0.0, 0.0, 0.0, 2.51990),
]


def free_energy(state):
    """Baryons alone, MeV per baryon."""
    return state.energy_baryon - state.temperature * state.entropy_baryon


@pytest.mark.parametrize("sample", SAMPLES)
def test_samples_of_the_specification(sample):
    rho, t, ye, p, e, s, x_n, x_alpha, x_heavy, a, z, gamma = sample
    state = EOS(rho, t, ye)
    assert state.pressure / MEV_FM3 == pytest.approx(p, rel=5e-7)
    assert state.energy == pytest.approx(e, abs=2e-5)
    assert state.entropy == pytest.approx(s, abs=2e-5)
    composition = [state.mass_fraction_neutron, state.mass_fraction_alpha, state.mass_fraction_heavy]
    assert composition == pytest.approx([x_n, x_alpha, x_heavy], abs=6e-5)
    assert [state.mass_number_heavy, state.charge_number_heavy] == pytest.approx([a, z], abs=6e-3)
    assert state.adiabatic_index == pytest.approx(gamma, abs=6e-6)


def test_pressure_entropy_and_potentials_are_derivatives_of_the_free_energy():
    rho, t, ye = POINTS
    state = EOS(rho, t, ye)
    n = rho / GRAMS
    h = 1e-4
    by_density = (free_energy(EOS(rho * (1 + h), t, ye)) - free_energy(EOS(rho * (1 - h), t, ye))) / (2 * h)
    assert (np.abs(n * by_density * MEV_FM3 - state.pressure_baryon) < 1e-6 * state.pressure).all()
    by_temperature = (free_energy(EOS(rho, t * (1 + h), ye)) - free_energy(EOS(rho, t * (1 - h), ye))) / (
        2 * h * t
    )
    np.testing.assert_allclose(-by_temperature, state.entropy_baryon, rtol=1e-6)
    h = 1e-5
    by_ye = (free_energy(EOS(rho, t, ye + h)) - free_energy(EOS(rho, t, ye - h))) / (2 * h)
    np.testing.assert_allclose(-by_ye, state.chemical_potential_difference, rtol=0, atol=1e-5)


def test_euler_relation_mass_and_charge():
    rho, t, ye = POINTS
    s = EOS(rho, t, ye)
    gibbs = free_energy(s) + s.pressure_baryon / MEV_FM3 / (rho / GRAMS)
    mean = (1 - ye) * s.chemical_potential_neutron + ye * s.chemical_potential_proton
    np.testing.assert_allclose(gibbs, mean, rtol=0, atol=1e-9)
    x = s.mass_fraction_neutron + s.mass_fraction_proton + s.mass_fraction_alpha + s.mass_fraction_heavy
    np.testing.assert_allclose(x, 1.0, rtol=0, atol=1e-12)
    per_nucleus = s.charge_number_heavy / np.maximum(s.mass_number_heavy, 1.0)
    charge = s.mass_fraction_proton + 0.5 * s.mass_fraction_alpha + per_nucleus * s.mass_fraction_heavy
    np.testing.assert_allclose(charge, ye, rtol=0, atol=1e-12)


def test_derivatives_against_finite_differences():
    rho, t, ye = POINTS
    s = EOS(rho, t, ye)
    h = 1e-4
    up, down = EOS(rho, t * (1 + h), ye), EOS(rho, t * (1 - h), ye)
    slope = (up.pressure - down.pressure) / (2 * h * t)
    np.testing.assert_allclose(s.pressure_temperature_derivative, slope, rtol=1e-5)
    np.testing.assert_allclose(s.heat_capacity, (up.energy - down.energy) / (2 * h * t), rtol=1e-5)
    # Maxwell's relation: dP/dT = -n^2 ds/dn
    more, less = EOS(rho * (1 + h), t, ye), EOS(rho * (1 - h), t, ye)
    by_density = -(more.entropy - less.entropy) / (2 * h) * (rho / GRAMS) * MEV_FM3
    np.testing.assert_allclose(s.pressure_temperature_derivative, by_density, rtol=1e-4)
    # Gamma_1 along an adiabat
    ends = [rho * (1 - h), rho * (1 + h)]
    pressures = [EOS(r, temperature_from_entropy(EOS, r, s.entropy, ye), ye).pressure for r in ends]
    gamma = np.log(pressures[1] / pressures[0]) / np.log(ends[1] / ends[0])
    np.testing.assert_allclose(s.adiabatic_index, gamma, rtol=1e-5)


@pytest.mark.parametrize(
    ("k", "expected"),
    [
        (180.0, (-2312.397, 2474.546, 1.0687933)),
        (220.0, (-711.0151, 934.6305, 1.2602822)),
        (375.0, (-285.1084, 968.0006, 2.0023017)),
    ],
)
def test_force_has_the_coefficients_of_the_original(k, expected):
    force = skyrme.skyrme_force(k, "ls91")
    assert (force.a, force.c, force.d) == pytest.approx(expected, rel=1e-6)
    assert force.b == pytest.approx(-107.06214, rel=1e-7)


@pytest.mark.parametrize("k", [180.0, 220.0, 375.0])
def test_nuclear_matter_at_saturation(k):
    """Cold uniform matter from the bulk kernel: n_s, E/A, K, symmetry energy and its slope."""
    force = skyrme.skyrme_force(k, "ls91")
    t, h = 1e-3, 1e-3

    def energy(n, asymmetry):
        n_n, n_p = 0.5 * n * (1 + asymmetry), 0.5 * n * (1 - asymmetry)
        mu_n, mu_p, pressure, *_ = skyrme.bulk_nucleons(force, t, n_n, n_p)
        # without the mass difference
        return (mu_n * n_n + (mu_p + skyrme.MASS_DIFFERENCE) * n_p - pressure) / n

    n = 0.155
    e, up, down = energy(n, 0), energy(n * (1 + h), 0), energy(n * (1 - h), 0)
    assert e == pytest.approx(-16.0, abs=1e-3)
    assert (up - down) / (2 * h) == pytest.approx(0.0, abs=1e-3)
    assert 9 * (up - 2 * e + down) / h**2 == pytest.approx(k, rel=1e-3)
    assert energy(n, 1 - 1e-12) - e == pytest.approx(29.3, abs=2e-3)

    def symmetry(n):
        return (energy(n, 1e-2) - energy(n, 0)) / 1e-4

    assert symmetry(n) == pytest.approx(28.61, abs=5e-3)
    slope = 3 * (symmetry(n * (1 + h)) - symmetry(n * (1 - h))) / (2 * h)
    assert slope == pytest.approx(73.8, abs=0.05)


def test_hot_dilute_matter_is_an_ideal_gas():
    state = EOS(1e7, 10.0, 0.3)
    ions = state.baryon_density * 10.0 * CODATA.erg_per_mev
    assert state.pressure_baryon == pytest.approx(ions, rel=1e-4)
    assert state.energy_baryon + 0.3 * skyrme.MASS_DIFFERENCE == pytest.approx(15.0, rel=1e-4)
    leptons = ElectronGas().state(10.0, state.chemical_potential_electron)
    assert state.pressure_lepton == pytest.approx(float(leptons.pressure), rel=1e-12)


@pytest.mark.parametrize(
    ("t", "ye", "n_1", "n_2", "pressure"),
    [
        (1.0, 0.30, 0.09499, 0.10042, 1.0714),
        (2.0, 0.45, 0.09755, 0.10392, 1.9846),
        (5.0, 0.30, 0.09466, 0.09777, 1.1450),
        (12.0, 0.35, 0.04832, 0.04879, 0.7730),
    ],
)
def test_coexistence_with_uniform_matter(t, ye, n_1, n_2, pressure):
    """Ends and pressure of the Maxwell construction (prototype of the specification, alphas of LS91)."""
    eos = LattimerSwesty(alpha_binding="ls91")
    n = np.linspace(0.95 * n_1, 1.05 * n_2, 601)
    state = eos(n * GRAMS, t, ye)
    inside = state.phase == COEXISTENCE
    step = n[1] - n[0]
    assert n[inside][0] == pytest.approx(n_1, abs=step)
    assert n[inside][-1] == pytest.approx(n_2, abs=step)
    flat = (state.pressure_baryon + state.pressure_lepton)[inside] / MEV_FM3
    assert flat == pytest.approx(pressure, rel=1e-4)
    assert np.ptp(flat) < 1e-9
    # potentials: G and mu_hat are derivatives of F there too, and sound has a speed
    np.testing.assert_array_equal(state.phase[~inside & (n > n_2)], UNIFORM)
    below = state.phase[n < n_1 - step]
    assert np.isin(below, (NUCLEI, BUBBLES)).all()
    assert (state.adiabatic_index > 0).all()
    h, middle = 1e-5, 0.5 * (n_1 + n_2) * GRAMS
    f_up, f_down = (free_energy(eos(middle, t, ye + d)) for d in (h, -h))
    assert -(f_up - f_down) / (2 * h) == pytest.approx(
        float(eos(middle, t, ye).chemical_potential_difference), abs=1e-5
    )
    # Clausius and Clapeyron, and the heat that conversion of the phases takes
    step = 1e-5 * t
    warm, here, cold = (eos(middle, t + d, ye) for d in (step, 0.0, -step))
    assert warm.phase == here.phase == cold.phase == COEXISTENCE
    assert here.heat_capacity == pytest.approx((warm.energy - cold.energy) / (2 * step), rel=1e-4)
    slope = (warm.pressure - cold.pressure) / (2 * step)
    assert here.pressure_temperature_derivative == pytest.approx(float(slope), rel=1e-4)


def test_adiabatic_compression_recovers_the_entropy():
    for s, ye, densest in ((1.0, 0.45, 1e14), (3.0, 0.3, 1e14), (12.0, 0.5, 1e13)):
        rho = np.geomspace(1e6, densest, 60)
        t = temperature_from_entropy(EOS, rho, s, ye)
        np.testing.assert_allclose(EOS(rho, t, ye).entropy, s, rtol=1e-10)
        assert (np.diff(t) > 0).all()


def test_temperature_from_energy():
    rho, t, ye = POINTS
    found = temperature_from_energy(EOS, rho, EOS(rho, t, ye).energy, ye)
    np.testing.assert_allclose(found, t, rtol=1e-8)


def test_cold_beta_equilibrium():
    found = beta_equilibrium(EOS, [1e11, 1e14, 0.155 * GRAMS], 0.1)
    assert found == pytest.approx([0.325, 0.0122, 0.0394], abs=6e-5)
    state = EOS(1e12, 0.1, beta_equilibrium(EOS, 1e12, 0.1))
    assert state.chemical_potential_neutrino == pytest.approx(0.0, abs=1e-9)


def test_alpha_binding_is_what_it_says():
    point = (1e10, 2.0, 0.4)
    assert EOS(*point).mass_fraction_alpha == pytest.approx(0.080, abs=5e-4)
    assert LattimerSwesty(alpha_binding="ls91")(*point).mass_fraction_alpha == pytest.approx(0.028, abs=1e-3)


def test_answers_do_not_depend_on_order_or_start():
    rng = np.random.default_rng(7)
    rho, t, ye = (
        10 ** rng.uniform(8, 14.5, 300),
        10 ** rng.uniform(-1, 1.3, 300),
        rng.uniform(0.02, 0.55, 300),
    )
    first = EOS(rho, t, ye)
    back = EOS(rho[::-1], t[::-1], ye[::-1])
    again = EOS(rho * 1.001, t, ye, start=first)
    alone = EOS(rho * 1.001, t, ye)
    for name in ("entropy", "pressure", "mass_fraction_heavy", "chemical_potential_neutron"):
        np.testing.assert_allclose(getattr(back, name)[::-1], getattr(first, name), rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(getattr(again, name), getattr(alone, name), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(
    ("t", "ye"), [(0.5, 0.25), (2.0, 0.45), (6.0, 0.3), (1.0, 0.2), (9.0, 0.35), (0.3, 0.55), (10.0, 0.3)]
)
def test_the_move_to_uniform_matter_does_not_depend_on_the_way(t, ye):
    rho = np.geomspace(2e13, 2.6e14, 250)
    up = EOS(rho, t, ye)
    order = np.random.default_rng(1).permutation(rho.size)
    ways = [(EOS(rho[::-1], t, ye), slice(None, None, -1)), (EOS(rho[order], t, ye), order)]
    for state, way in ways:
        for name in ("energy", "pressure", "chemical_potential_neutron", "mass_fraction_heavy"):
            np.testing.assert_allclose(getattr(state, name), getattr(up, name)[way], rtol=1e-6, atol=1e-6)
    fall = np.diff(np.log(up.pressure))
    assert fall.min() > -1e-2 if t > 8 else fall.min() > -1e-9


def test_shapes_and_matter():
    state = EOS(np.geomspace(1e9, 1e14, 4)[:, None], [1.0, 5.0, 20.0], 0.3)
    assert state.pressure.shape == (4, 3)
    assert state.phase.shape == (4, 3)
    matter = state.matter
    assert matter.density.shape == (12,)
    np.testing.assert_array_equal(matter.pressure, state.pressure.ravel())
    absent = matter.mass_fraction_heavy == 0
    assert absent.any()
    assert (matter.mass_number_heavy[absent] == 0).all()
    assert EOS(1e12, 2.0, 0.3).pressure.shape == ()


def test_mean_fields_give_the_densities_of_free_nucleons():
    """n = unit F_1/2((mu - U)/T) in the volume that nuclei and alphas leave, at a point that has neither."""
    state = EOS(6e14, 30.0, 0.30)
    t = 30.0
    eta = (state.chemical_potential_neutron - state.mean_field_neutron) / t
    from microphysics._kernels.fermi import fermi_half

    density = skyrme.density_unit(t) * fermi_half(1, float(eta))
    assert density == pytest.approx(float(state.mass_fraction_neutron) * 6e14 / GRAMS, rel=1e-6)
    # the mass difference is not in the fields: what is left is the interaction, attractive here and more so for protons
    assert state.mean_field_proton < state.mean_field_neutron


@pytest.mark.parametrize(
    ("point", "words"),
    [
        ((1e2, 1.0, 0.3), r"density = 100 g/cm\^3 in zone 0 .*1000 <= density <= 3\.2e\+15"),
        ((1e16, 1.0, 0.3), "density = 1e\\+16"),
        ((1e12, -1.0, 0.3), "temperature = -1 MeV"),
        ((1e12, 0.0, 0.3), "temperature = 0 MeV"),
        ((1e12, 1.0, 0.0), "electron_fraction = 0 in zone 0"),
        ((1e12, 1.0, 1.0), "electron_fraction = 1 in zone 0"),
        ((1e12, np.nan, 0.3), "temperature = nan"),
        ((1e12, [1.0, 2.0, np.inf], 0.3), "temperature = inf MeV in zone 2"),
    ],
)
def test_points_outside_are_named(point, words):
    with pytest.raises(OutOfRangeError, match=words):
        EOS(*point)


def test_clamping_is_counted_and_marked():
    with pytest.warns(ExtrapolationWarning, match="2 of 3 points"):
        state = EOS([1e2, 1e12, 1e12], [1.0, 1.0, 300.0], 0.3, on_out_of_range="clamp")
    np.testing.assert_array_equal(state.clamped, [True, False, True])
    assert state.density[0] == 1e3
    assert state.temperature[2] == 150.0
    with pytest.raises(OutOfRangeError, match="nan"):
        EOS(np.nan, 1.0, 0.3, on_out_of_range="clamp")
    with pytest.raises(UnknownNameError, match="clamp"):
        EOS(1e12, 1.0, 0.3, on_out_of_range="clmp")


def test_parameters_outside_are_refused():
    with pytest.raises(OutOfRangeError, match="incompressibility = 50"):
        LattimerSwesty(50.0)
    with pytest.raises(UnknownNameError, match="corrected"):
        LattimerSwesty(alpha_binding="correct")


def test_units_are_refused_not_dropped():
    with pytest.raises(
        OutOfRangeError, match=r"density: got a Quantity \(kg / m3\).*microphysics\.thermodynamics"
    ):
        EOS(1e13 * units.kg / units.m**3, 2.0, 0.3)
    with pytest.raises(OutOfRangeError, match="temperature: got a Quantity"):
        EOS(1e12, [30.0, 40.0] * units.keV, 0.3)
    with pytest.raises(OutOfRangeError, match=r"incompressibility = 220\.0 MeV: expected a plain number"):
        LattimerSwesty(220.0 * units.MeV)
    with pytest.raises(OutOfRangeError, match="incompressibility = 220: expected a plain number"):
        LattimerSwesty("220")


def test_targets_outside_are_named():
    with pytest.raises(OutOfRangeError, match=r"entropy = -1 k_B/baryon in zone 1 .*temperature <= 150 MeV"):
        temperature_from_entropy(EOS, 1e12, [2.0, -1.0], 0.3)

    class NarrowRange(LattimerSwesty):
        electron_fraction_range = (0.1, 0.6)

    with pytest.raises(OutOfRangeError, match="beta equilibrium in zone 1"):
        beta_equilibrium(NarrowRange(), [1e11, 1e14], 0.1)
