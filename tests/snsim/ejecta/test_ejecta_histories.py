"""Y_e along trajectories: closed forms, limits, published tracers."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from microphysics.constants import CODATA
from microphysics.eos.electron_gas import electron_chemical_potential
from microphysics.errors import OutOfRangeError, UnknownNameError
from microphysics.spectrum import FermiDirac, Pinched
from microphysics.weak.couplings import WeakCouplings
from snsim.diagnostics.electron_fraction import coasting_wind, equilibrium_electron_fraction
from snsim.diagnostics.nucleon_capture import mean_cross_section
from snsim.ejecta import EjectaPhysics, Trajectory, at_parcel, evolve, evolve_all, histogram, read_trajectory
from snsim.ejecta._kernels.nucleon_rates import (
    alpha_fraction,
    baryon_density,
    electron_capture,
    positron_capture,
)
from snsim.ejecta.geometry import anisotropy, disk_factor
from snsim.ejecta.histories import weak_rates
from snsim.ejecta.irradiation import AT_PARCEL, lapse, mean_capture
from snsim.ejecta.physics import BARE
from snsim.ejecta.trajectory import GIGAKELVIN
from snsim.errors import TrajectoryError

# as the reference tables have it; their weak magnetism takes M = 939 MeV for both nucleons
TREE = WeakCouplings(axial_coupling=1.2756, v_ud=1.0, charged_current_norm="tree")
COLD = EjectaPhysics(captures=False, alphas=False, couplings=TREE)
MEAN = float(FermiDirac(1.0).mean_energy)
KM, SUN = 1e5, CODATA.solar_mass
TRACERS = ("tracer", "bin1", "bin3")
WIND = dict(l_nue=1e52, l_anue=1.3e52, t_nue=4.0, t_anue=5.0, launch=5e6, speed=3e9, initial=0.1)


def wind(
    rows=31, l_nue=1e52, l_anue=1.3e52, t_nue=4.0, t_anue=5.0, launch=5e6, speed=3e9, initial=0.1, end=1.0
):
    """A coasting wind of constant luminosities; temperature and density are of no account without captures."""
    time = np.concatenate([[0.0], np.geomspace(1e-5, end, rows - 1)])
    one = np.ones(rows)
    radius = launch + speed * time
    return Trajectory(
        time,
        0.8 * launch / radius,
        1e8 * (launch / radius) ** 3,
        initial,
        radius,
        None,
        l_nue * one,
        l_anue * one,
        MEAN * t_nue * one,
        MEAN * t_anue * one,
    )


def doses(physics=COLD, l_nue=1e52, l_anue=1.3e52, t_nue=4.0, t_anue=5.0):
    """r^2 times the rates, from the spectra themselves."""
    found = []
    for light, t, sign in ((l_nue, t_nue, 1), (l_anue, t_anue, -1)):
        spectrum = FermiDirac(t)
        sigma = mean_cross_section(spectrum, sign, physics.couplings, magnetism=physics.weak_magnetism)
        found.append(float(light * sigma / (4.0 * math.pi * spectrum.mean_energy * CODATA.erg_per_mev)))
    return found


def still(temperature, density, initial, end, rows=20, **light):
    """A parcel that stays where and as it is."""
    one = np.ones(rows)
    return Trajectory(np.linspace(0.0, end, rows), temperature * one, density * one, initial, **light)


# -- mean cross sections ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("magnetism", [False, True])
@pytest.mark.parametrize("sign", [1, -1])
def test_mean_cross_sections_of_the_table(sign, magnetism):
    energy = np.array([0.31, 1.0, 3.3, 8.824, 12.0, 15.757, 31.514, 90.0])
    for kind, shape, spectrum in (
        ("fermi_dirac", 0.0, FermiDirac.from_mean_energy(energy)),
        ("fermi_dirac", 2.0, FermiDirac.from_mean_energy(energy, 2.0)),
        ("pinched", 2.7, Pinched(energy, 2.7)),
    ):
        expected = mean_cross_section(spectrum, sign, TREE, magnetism=magnetism)
        found = mean_capture(energy, sign, kind, shape, TREE, magnetism)
        np.testing.assert_allclose(found, expected, rtol=1e-7)


def test_mean_cross_sections_published_without_magnetism(reference, read_columns):
    table = read_columns(reference / "observables" / "nucleon_cc_cross_sections.csv")
    couplings = WeakCouplings(axial_coupling=1.26, v_ud=1.0, charged_current_norm="tree")
    for name, sign in (("nue_n", 1), ("anue_p", -1)):
        for magnetism, within in (
            (False, 1e-5),
            (True, 2e-3),
        ):  # other masses, and g_A = 1.2756 in its magnetism
            column = table[f"computed_{name}" + ("" if magnetism else "_noWM")]
            found = mean_capture(MEAN * table["T_nu_MeV"], sign, "fermi_dirac", 0.0, couplings, magnetism)
            np.testing.assert_allclose(found * 1e42, column, rtol=within)


def test_the_mean_is_over_all_antineutrinos(reference, read_columns):
    """A table that divides by those above the threshold is 1.9 % higher at T = 2.8 MeV; ours is not."""
    table = read_columns(reference / "observables" / "nucleon_cc_cross_sections.csv")
    couplings = WeakCouplings(axial_coupling=1.26, v_ud=1.0, charged_current_norm="tree")
    ours = mean_capture(MEAN * table["T_nu_MeV"][:1], -1, "fermi_dirac", 0.0, couplings, True)[0] * 1e42
    assert table["winnet_anue_p_1e-42cm2"][0] / ours == pytest.approx(1.019, abs=2e-3)
    above = FermiDirac(2.8).average(np.ones_like, CODATA.nucleon_mass_difference + CODATA.electron_mass)
    assert above == pytest.approx(1.0 / 1.019, abs=1e-3)


def test_mean_energies_outside_the_table_are_refused():
    with pytest.raises(OutOfRangeError, match=r"mean energy of nue = 0\.2 MeV in row 1"):
        evolve(wind().changed(mean_energy_nue=np.full(31, 0.2)), COLD)


# -- closed forms ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("magnetism", [False, True])
def test_coasting_wind_of_a_closed_form(magnetism):
    physics = COLD.changed(weak_magnetism=magnetism)
    path = wind()
    expected = coasting_wind(path.radius, 5e6, 3e9, 0.1, *doses(physics))
    np.testing.assert_allclose(evolve(path, physics).electron_fraction, expected, atol=1e-6)


def test_coasting_wind_of_reference_table(reference, read_columns):
    table = read_columns(reference / "observables" / "ye_coasting_wind.csv")
    for row in zip(*table.values(), strict=True):
        l_nue, l_anue, t_nue, t_anue, launch, speed, initial, magnetism, _, at_one, _, _ = row
        path = wind(31, l_nue, l_anue, t_nue, t_anue, launch, speed, initial)
        found = evolve(path, COLD.changed(weak_magnetism=bool(magnetism)))
        assert found.final == pytest.approx(at_one, abs=1e-5)


def test_energies_weigh_the_rate_and_not_the_number():
    """The rate goes with <E^2>/<E> per luminosity: equal L and <E>, wider spectra absorb more."""
    path = wind()
    narrow = evolve(path, COLD.changed(spectrum="pinched", pinching=(5.0, 5.0)))
    wide = evolve(path, COLD.changed(spectrum="pinched", pinching=(2.0, 2.0)))
    assert wide.rate_nue[0] / narrow.rate_nue[0] == pytest.approx((4.0 / 3.0) / (7.0 / 6.0), rel=0.02)


def test_a_temperature_is_no_mean_energy(tmp_path):
    """Columns named tnue: <E> = 3.1514 T; taken as mean energies the rates would be a third."""
    text = "".join(f"{t} 5 1e6 {100 + 1e4 * t} 0.2 1e52 1e52 4 5\n" for t in (0.0, 0.01, 0.02))
    (tmp_path / "path.dat").write_text(text)
    path = read_trajectory(tmp_path / "path.dat")
    assert path.mean_energy_nue[0] == pytest.approx(12.6055, rel=1e-5)
    history = evolve(path, COLD)
    assert history.rate_nue[0] * 1e14 == pytest.approx(doses(l_anue=1e52)[0], rel=1e-7)


def test_luminosities_that_vary_are_linear_between_rows():
    """lambda_n = lambda_p = k t: Y - 1/2 decays as exp(-k t^2), exact on two rows."""
    rows, end = 2, 0.5
    path = still(
        0.5, 1e6, 0.1, end, rows, radius=np.full(rows, 1e7),
        luminosity_nue=np.array([0.0, 1e52]), luminosity_anue=np.array([0.0, 1e52]),
        mean_energy_nue=np.full(rows, 12.0), mean_energy_anue=np.full(rows, 12.0),
    )  # fmt: skip
    history = evolve(path, COLD.changed(tolerance=1e-10))
    n, p = history.rate_nue[-1], history.rate_anue[-1]
    balance = n / (n + p)
    expected = balance + (0.1 - balance) * math.exp(-0.5 * (n + p) * end)
    assert history.final == pytest.approx(expected, abs=1e-8)
    assert history.steps > 3  # it had to refine


# -- limits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("temperature", "density"), [(2.0, 1e8), (3.0, 1e9), (5.0, 1e10), (4.0, 3e11)])
def test_hot_matter_without_neutrinos_reaches_capture_equilibrium(temperature, density):
    """lambda_e+ Y_n = lambda_e- Y_p with mu_e from charge neutrality, from both sides."""
    physics = EjectaPhysics(alphas=False)
    ends = [evolve(still(temperature, density, ye, 1e3), physics) for ye in (0.02, 0.9)]
    assert ends[0].final == pytest.approx(ends[1].final, abs=1e-6)
    ye = ends[0].final
    mu = electron_chemical_potential(baryon_density(density) * ye, temperature)
    weak = weak_rates(physics.couplings, True)
    gain, loss = positron_capture(temperature, mu, weak), electron_capture(temperature, mu, weak)
    assert gain * (1.0 - ye) == pytest.approx(loss * ye, rel=1e-5)
    assert ends[0].rate_positron[-1] == pytest.approx(gain, rel=1e-5)
    assert ends[0].rate_electron[-1] == pytest.approx(loss, rel=1e-5)
    # degenerate matter is neutron-rich
    assert ye < 0.1 if density > 1e11 else ye > 0.2


def test_hot_thin_matter_prefers_protons_as_known():
    """Y_e = 1/2 + 0.487 (Q/2 - mu_e)/T to first order (Beloborodov 2003, ApJ 588, 931), without electron mass."""
    physics = EjectaPhysics(alphas=False, weak_magnetism=False)
    for temperature, within in ((10.0, 2e-3), (40.0, 2e-4)):
        ye = evolve(still(temperature, 1e9, 0.3, 10.0), physics).final
        mu = electron_chemical_potential(baryon_density(1e9) * ye, temperature)
        expected = 0.5 + 0.487 * (0.5 * CODATA.nucleon_mass_difference - mu) / temperature
        assert ye == pytest.approx(expected, abs=within)


def test_no_neutrinos_and_no_captures_change_nothing():
    history = evolve(still(1.0, 1e7, 0.37, 10.0), EjectaPhysics(captures=False))
    assert (history.electron_fraction == 0.37).all()
    assert np.isinf(history.absorption_time).all()
    assert math.isnan(history.freeze_out_radius)


def bright(temperature=0.9, density=1e7, initial=0.2, end=10.0, rows=40):
    one = np.ones(rows)
    light = dict(luminosity_nue=1e52 * one, luminosity_anue=1e52 * one)
    energies = dict(mean_energy_nue=13.0 * one, mean_energy_anue=16.0 * one)
    return still(temperature, density, initial, end, rows, radius=2e7 * one, **light, **energies)


def test_strong_light_leads_to_its_equilibrium():
    history = evolve(bright(end=1e3), COLD)
    expected = equilibrium_electron_fraction(history.rate_nue[-1], history.rate_anue[-1])
    assert history.final == pytest.approx(float(expected), abs=1e-9)


def test_alphas_pull_towards_a_half():
    """Neutrons left over go on absorbing: with alphas Y_e ends nearer to 1/2 than the free equilibrium."""
    path = bright(temperature=0.5, density=1e6, end=30.0)
    free, bound = evolve(path, COLD), evolve(path, COLD.changed(alphas=True))
    assert abs(bound.final - 0.5) < abs(free.final - 0.5) - 0.02
    assert (bound.alpha_fraction > 0.3).all()


def test_frozen_alphas_keep_their_mass():
    rows = 60
    time = np.linspace(0.0, 1.0, rows)
    temperature = 1.2 * (1.0 - 0.8 * time)
    path = bright(rows=rows, end=1.0).changed(temperature=temperature, density=np.full(rows, 1e8))
    frozen = evolve(path, COLD.changed(alphas=True, alpha_freeze_temperature=0.8))
    equal = evolve(path, COLD.changed(alphas=True))
    cold = temperature < 0.8
    assert np.ptp(frozen.alpha_fraction[cold]) < 1e-12
    at = float(np.interp(0.8, temperature[::-1], equal.alpha_fraction[::-1]))
    assert frozen.alpha_fraction[-1] == pytest.approx(at, abs=1e-3)
    np.testing.assert_allclose(frozen.electron_fraction[~cold], equal.electron_fraction[~cold], atol=1e-6)
    assert equal.alpha_fraction[-1] > at + 0.1


def test_third_order_in_the_rows():
    """One step a row; the problem itself is the same on all grids, as ln T and ln rho are linear in time."""
    physics = EjectaPhysics(tolerance=1e-2)

    def path(rows):
        share = np.linspace(0.0, 1.0, rows)
        return Trajectory(0.01 * share, 4.0 * 0.75**share, 1e10 * 1e-1**share, 0.1)

    exact = evolve(path(9), physics.changed(tolerance=1e-12)).final
    errors = [abs(evolve(path(rows), physics).final - exact) for rows in (33, 65, 129)]
    assert errors[-1] > 1e-9
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    np.testing.assert_allclose(orders, 3.0, atol=0.1)


def test_agrees_with_an_implicit_solver_of_high_order():
    """The whole equation with captures, alphas and neutrinos, by Radau's method on the same rates."""
    rows = 25
    share = np.linspace(0.0, 1.0, rows)
    path = bright(rows=rows, end=0.5).changed(temperature=2.0 * 0.2**share, density=3e8 * 1e-3**share)
    history = evolve(path, EjectaPhysics())
    weak = weak_rates(WeakCouplings(), True)
    dose = history.rate_nue[0], history.rate_anue[0]

    def change(t, y):
        ye = float(y[0])
        temperature, density = 2.0 * 0.2 ** (t / 0.5), 3e8 * 1e-3 ** (t / 0.5)
        mu = electron_chemical_potential(baryon_density(density) * ye, temperature)
        x = alpha_fraction(density, temperature, ye)
        gain = dose[0] + positron_capture(temperature, mu, weak)
        loss = dose[1] + electron_capture(temperature, mu, weak)
        return [gain * (1.0 - ye - 0.5 * x) - loss * (ye - 0.5 * x)]

    found = solve_ivp(change, (0.0, 0.5), [0.2], method="Radau", rtol=1e-9, atol=1e-11, t_eval=path.time)
    np.testing.assert_allclose(history.electron_fraction, found.y[0], atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(
    initial=st.floats(0.0, 1.0),
    hot=st.floats(0.01, 20.0),
    cold=st.floats(0.001, 5.0),
    density=st.floats(1e3, 1e12),
    light=st.tuples(st.floats(0.0, 1e54), st.floats(0.0, 1e54)),
    energy=st.tuples(st.floats(3.0, 30.0), st.floats(3.0, 30.0)),
    freeze=st.sampled_from([0.0, 0.3]),
)
def test_electron_fraction_stays_between_0_and_1(initial, hot, cold, density, light, energy, freeze):
    rows = 12
    share = np.linspace(0.0, 1.0, rows)
    one = np.ones(rows)
    path = Trajectory(
        share,
        hot * (cold / hot) ** share,
        density * 1e-3**share,
        initial,
        1e6 + 1e9 * share,
        None,
        light[0] * one,
        light[1] * one,
        energy[0] * one,
        energy[1] * one,
    )
    history = evolve(path, EjectaPhysics(alpha_freeze_temperature=freeze))
    ye, x = history.electron_fraction, history.alpha_fraction
    assert ((ye >= 0.0) & (ye <= 1.0)).all()
    assert ((x >= 0.0) & (x <= 2.0 * np.minimum(ye, 1.0 - ye) + 1e-15)).all()


# -- redshift, clocks, geometry -----------------------------------------------------------------------------------------


def test_redshift_of_reference_table(reference, read_columns):
    table = read_columns(reference / "observables" / "ye_gr_redshift.csv")
    for row in zip(*table.values(), strict=True):
        mass, r_nue, r_anue, r, l_nue, l_anue, t_nue, t_anue, flat, curved, ratio_nue, ratio_anue = row[:12]
        path = wind(3, l_nue, l_anue, t_nue, t_anue, launch=r * KM, speed=1.0)
        bent = COLD.changed(
            luminosity_at="neutrinosphere", mass=mass * SUN, neutrinospheres=(r_nue * KM, r_anue * KM)
        )
        here, there = evolve(path, COLD), evolve(path, bent)
        for history, expected in ((here, flat), (there, curved)):
            balance = equilibrium_electron_fraction(history.rate_nue[0], history.rate_anue[0])
            assert balance == pytest.approx(expected, abs=1e-4)
        assert there.rate_nue[0] / here.rate_nue[0] == pytest.approx(ratio_nue, rel=2e-4)
        assert there.rate_anue[0] / here.rate_anue[0] == pytest.approx(ratio_anue, rel=2e-4)


def test_nothing_is_redshifted_twice():
    """From infinity and from the sphere, one star gives one answer; in the parcel's own terms it stays that."""
    mass, sphere = 2.0 * SUN, 15.0 * KM
    path = wind(launch=20.0 * KM, speed=1e9)
    surface = float(lapse(sphere, mass))
    at_sphere = COLD.changed(luminosity_at="neutrinosphere", mass=mass, neutrinospheres=(sphere, sphere))
    far = path.changed(
        luminosity_nue=path.luminosity_nue * surface**2,
        luminosity_anue=path.luminosity_anue * surface**2,
        mean_energy_nue=path.mean_energy_nue * surface,
        mean_energy_anue=path.mean_energy_anue * surface,
    )
    at_infinity = COLD.changed(luminosity_at="infinity", mass=mass)
    one, other = evolve(path, at_sphere), evolve(far, at_infinity)
    np.testing.assert_allclose(other.electron_fraction, one.electron_fraction, rtol=1e-9)
    own = evolve(at_parcel(path, at_sphere), at_sphere.changed(**AT_PARCEL))
    np.testing.assert_allclose(own.electron_fraction, one.electron_fraction, rtol=1e-12)
    with pytest.raises(OutOfRangeError, match="nothing depends on it"):
        at_sphere.changed(luminosity_at="tracer")


def test_redshift_raises_the_electron_fraction_if_anue_come_from_deeper():
    path = wind(launch=60.0 * KM)
    bent = COLD.changed(
        luminosity_at="neutrinosphere", mass=2.6 * SUN, neutrinospheres=(15.0 * KM, 13.0 * KM)
    )
    found = []
    for physics in (COLD, bent):
        history = evolve(path, physics)
        found.append(float(equilibrium_electron_fraction(history.rate_nue[0], history.rate_anue[0])))
    assert found[1] - found[0] == pytest.approx(0.08, abs=0.01)


def test_coordinate_time_runs_faster_than_the_clock_of_the_parcel():
    mass = 2.0 * SUN
    one = np.ones(40)
    path = bright(end=0.1).changed(radius=3e6 * one)
    physics = COLD.changed(luminosity_at="infinity", mass=mass)
    slow = evolve(path, physics.changed(time_frame="coordinate"))
    alpha = float(lapse(3e6, mass))
    np.testing.assert_allclose(slow.proper_time, alpha * path.time, rtol=1e-12)
    same = evolve(path.changed(time=alpha * path.time), physics)
    np.testing.assert_allclose(slow.electron_fraction, same.electron_fraction, rtol=1e-12)


def test_sphere_doubles_the_rate_at_its_surface():
    path = wind(launch=3e6 * (1.0 + 1e-12), speed=3e9)
    sharp = evolve(path, COLD.changed(geometry="sphere", neutrinospheres=(3e6, 3e6)))
    point = evolve(path, COLD)
    ratio = sharp.rate_nue / point.rate_nue
    assert ratio[0] == pytest.approx(2.0, rel=1e-5)
    root = np.sqrt(1.0 - (3e6 / path.radius) ** 2)
    np.testing.assert_allclose(ratio, 2.0 / (1.0 + root), rtol=1e-9)
    assert ratio[-1] == pytest.approx(1.0, abs=1e-6)
    with pytest.raises(TrajectoryError, match="in row 1: inside a neutrinosphere"):
        evolve(wind(launch=2e6), COLD.changed(geometry="sphere", neutrinospheres=(3e6, 1e6)))


def test_disk_on_its_axis_is_a_solid_angle():
    height = np.array([0.3, 1.0, 5.0])
    for inner, outer in ((0.0, 1.0), (0.4, 2.0)):
        omega = 2.0 * math.pi * (height / np.hypot(height, inner) - height / np.hypot(height, outer))
        expected = 4.0 * math.pi * height**2 * omega / (2.0 * math.pi * math.pi * (outer**2 - inner**2))
        np.testing.assert_allclose(disk_factor(height, 0.0, inner, outer), expected, rtol=1e-10)


@pytest.mark.parametrize("angle", [0.3, 1.0, 1.4])
def test_disk_beside_its_axis_by_double_quadrature(angle):
    r, inner, outer = 1.7, 0.5, 1.5
    s = np.linspace(inner, outer, 4001)
    phi = 2.0 * np.pi * np.arange(400) / 400
    x, z = r * math.sin(angle), r * math.cos(angle)
    square = z**2 + x**2 + s[:, None] ** 2 - 2.0 * x * s[:, None] * np.cos(phi)
    rings = (z * s[:, None] / square**1.5).mean(axis=1) * 2.0 * np.pi
    expected = 4.0 * np.pi * r**2 * np.trapezoid(rings, s) / (2.0 * np.pi**2 * (outer**2 - inner**2))
    assert disk_factor(np.array([r]), angle, inner, outer)[0] == pytest.approx(expected, rel=1e-5)


def test_disk_far_away_shines_with_the_cosine_and_conserves_its_luminosity():
    cosine, weight = np.polynomial.legendre.leggauss(12)
    cosine, weight = 0.5 * (1.0 + cosine), 0.5 * weight  # of one hemisphere
    angles = np.arccos(cosine)
    far = np.array([disk_factor(np.array([1e4]), float(a), 0.2, 1.0)[0] for a in angles])
    np.testing.assert_allclose(far, 2.0 * cosine, rtol=1e-6)
    assert weight @ far == pytest.approx(1.0, rel=1e-6)
    assert weight @ [anisotropy(float(a), 1.5) for a in angles] == pytest.approx(1.0, rel=1e-12)
    with pytest.raises(TrajectoryError, match="above the disk"):
        evolve(wind(), COLD.changed(geometry="disk", disk=(1e6, 1e7), polar_angle=0.5 * math.pi))


# -- published tracers --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tracers(reference):
    folder = reference / "observables"
    return {name: read_trajectory(folder / f"ye_traj_nsm_wind_{name}.csv") for name in TRACERS}


def test_bare_rates_follow_published_tracers(tracers):
    """Winds of merger remnants (Martin et al. 2015, Perego et al. 2014): within 0.005 of Y_e(t) of the simulation."""
    physics = EjectaPhysics(**BARE, couplings=TREE)
    for path, history in zip(tracers.values(), evolve_all(tracers.values(), physics), strict=True):
        np.testing.assert_allclose(history.electron_fraction, path.electron_fraction, atol=0.005)


def test_every_case_of_the_reference_tracers(tracers, reference, read_columns):
    table = read_columns(reference / "observables" / "ye_traj_expected.csv")
    for name, wm, em, alpha, first, _, last, largest in zip(*table.values(), strict=True):
        path = tracers[str(name)]
        physics = EjectaPhysics(
            weak_magnetism=bool(wm), captures=bool(em), alphas=bool(alpha), couplings=TREE
        )
        history = evolve(path, physics)
        assert history.electron_fraction[0] == pytest.approx(first, abs=1e-9)
        # the table has no weak magnetism in its captures: 8e-5
        assert history.final == pytest.approx(last, abs=1e-4 if em else 1.5e-5)
        off = np.abs(history.electron_fraction - path.electron_fraction).max()
        assert off == pytest.approx(largest, abs=1e-4)


def test_full_physics_ends_higher_than_bare(tracers):
    for path in tracers.values():
        gain = evolve(path).final - evolve(path, EjectaPhysics(**BARE)).final
        assert 0.004 < gain < 0.022


# -- what is reported -----------------------------------------------------------------------------------------------------


def test_marks_freeze_out_and_the_r_process():
    rows = 81
    path = wind(rows, launch=2e6, speed=5e8, initial=0.1)
    hot = 12.0 * GIGAKELVIN * (2e6 / path.radius)
    path = path.changed(temperature=hot)
    history = evolve(path, COLD)
    for mark, value in zip((10.0, 5.0, 3.0), history.at_marks, strict=True):
        radius = 2e6 * 12.0 / mark
        # the temperature between rows is that of its logarithm, linear in time
        assert value == pytest.approx(coasting_wind(radius, 2e6, 5e8, 0.1, *doses()), abs=2e-3)
    assert history.deciding == history.at_marks[1]
    # tau_nu = r^2/dose, tau_dyn = r/v: equal at r = dose/v
    assert history.freeze_out_radius == pytest.approx(sum(doses()) / 5e8, rel=0.01)
    assert not history.r_process
    dark = evolve(path.changed(luminosity_nue=np.zeros(rows)), COLD)
    assert dark.r_process
    assert (np.diff(dark.electron_fraction) < 0.0).all()


def test_a_mark_that_is_not_crossed_has_no_value():
    history = evolve(still(0.5, 1e6, 0.2, 0.1), COLD)
    assert np.isnan(history.at_marks).all()
    assert history.deciding == history.final


def test_entropy_is_that_of_radiation_in_thin_hot_matter():
    path = still(1.0, 1.0, 0.3, 0.1, 3).changed(
        temperature=np.array([1.0, 0.5, 0.4]), density=np.full(3, 1e4)
    )
    entropy = evolve(path, COLD).entropy_at_marks[1]
    # photons alone: 4/3 a T^3/n; with pairs up to 11/4 of it
    t = 5.0 * GIGAKELVIN / CODATA.hbar_c
    photons = 4.0 * math.pi**2 / 45.0 * t**3 * CODATA.atomic_mass * CODATA.gram_per_mev / 1e4
    assert photons < entropy < 2.75 * photons


def test_many_at_once_give_the_same_as_one_by_one():
    paths = [wind(initial=ye).changed(name=f"{ye}") for ye in (0.05, 0.2, 0.4)]
    together = evolve_all(paths)
    for path, history in zip(paths, together, strict=True):
        assert history.trajectory is path
        np.testing.assert_array_equal(history.electron_fraction, evolve(path).electron_fraction)
    assert evolve_all([]) == []


def test_histogram_weighs_with_mass():
    paths = [still(0.5, 1e6, ye, 1.0).changed(mass=m * SUN) for ye, m in ((0.1, 0.01), (0.3, 0.03))]
    histories = evolve_all(paths, COLD)
    edges, mass = histogram(histories, [0.0, 0.25, 0.5])
    np.testing.assert_allclose(edges, [0.0, 0.25, 0.5])
    np.testing.assert_allclose(mass, [0.01, 0.03])
    alike = evolve_all([path.changed(mass=math.nan) for path in paths], COLD)
    np.testing.assert_allclose(histogram(alike, [0.0, 0.25, 0.5])[1], [0.5, 0.5])
    assert histogram(histories)[1].sum() == pytest.approx(0.04)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"luminosity_at": "here"}, "luminosity_at"),
        ({"geometry": "disk"}, "needs the inner and outer radius"),
        ({"geometry": "sphere"}, "needs both radii"),
        ({"mass": 1e33}, "redshift is in luminosities at the tracer already"),
        ({"luminosity_at": "infinity", "mass": 1e40, "neutrinospheres": (1e6, 1e6)}, "neutrinospheres"),
        ({"alpha_freeze_temperature": -1.0}, "0 MeV or above"),
        ({"polar_excess": (-2.0, 0.0)}, "-1 or above"),
        ({"tolerance": 0.0}, "1e-14 to 1e-2"),
    ],
)
def test_options_that_cannot_be(options, words):
    with pytest.raises((OutOfRangeError, UnknownNameError), match=words):
        EjectaPhysics(**options)


def test_clocks_and_horizons_need_radii():
    with pytest.raises(TrajectoryError, match="radius is missing"):
        evolve(still(1.0, 1e7, 0.1, 1.0), EjectaPhysics(time_frame="coordinate", mass=SUN))
    with pytest.raises(TrajectoryError, match="inside the horizon"):
        evolve(wind(launch=4e5, speed=1e5), EjectaPhysics(luminosity_at="infinity", mass=2.0 * SUN))
