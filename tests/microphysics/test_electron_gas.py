"""Electron-positron gas and photons: reference values, limits, identities, inversion."""

from __future__ import annotations

import subprocess
import sys

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microphysics.constants import CODATA
from microphysics.eos.electron_gas import (
    CM3_PER_FM3,
    ERG_CM3_PER_MEV_FM3,
    HBAR_C_FM,
    ElectronGas,
    electron_chemical_potential,
    electron_chemical_potential_near,
    electron_densities,
    electron_gas,
    electron_net_density,
    photon_gas,
)
from microphysics.eos.leptons import lepton_gas
from microphysics.eos.nucleons import (
    NEUTRON_GAS,
    NucleonGas,
    nucleon_degeneracy,
    nucleon_gas,
    quantum_density,
)
from microphysics.errors import OutOfRangeError

GAS = ElectronGas()

# Ten rows of shared/reference/ls220/epos_points.csv (25-digit adaptive quadrature made for this project):
# T, mu_e (MeV) -> n_e- - n_e+, n_e-, n_e+ (1/fm^3), P, e (MeV/fm^3), s (1/fm^3), at these constants:
REFERENCE_MASS, REFERENCE_HBAR_C = 0.51099895, 197.3269804
FROZEN = np.array(
    [
        [
            0.011220748,
            0.34268774,
            2.286297648616813e-18,
            2.286297648616813e-18,
            6.791316465200798e-45,
            2.565397112758697e-20,
            1.207809983377765e-18,
            4.010229802269354e-17,
        ],
        [
            0.018847979,
            0.30288057,
            2.677677343716303e-16,
            2.677677343716332e-16,
            2.950076861885107e-30,
            5.046894450234231e-18,
            1.447358132179739e-16,
            3.643948438934496e-15,
        ],
        [
            0.085758354,
            1.5855269,
            1.536933925673574e-08,
            1.536933925674064e-08,
            4.892921428291715e-21,
            5.451449785243176e-09,
            1.968708320703346e-08,
            8.979092176793746e-09,
        ],
        [
            0.34216668,
            29.187497,
            1.093954815715491e-04,
            1.093954815715491e-04,
            6.257030851912269e-47,
            7.989610905561235e-04,
            2.398348291062675e-03,
            1.265199590928766e-05,
        ],
        [
            0.78545722,
            0.015709144,
            3.945953040112322e-10,
            1.086672545878796e-08,
            1.047213015477673e-08,
            1.746718452042444e-08,
            5.521323845828226e-08,
            9.252473893390943e-08,
        ],
        [
            3.0750201,
            4.4959937,
            2.236096392781894e-06,
            2.407901904487869e-06,
            1.718055117059752e-07,
            9.017699975767184e-06,
            2.714000300825302e-05,
            8.489124246530968e-06,
        ],
        [
            4.9082114,
            0.098164227,
            1.024286712356970e-07,
            2.857240506088936e-06,
            2.754811834853239e-06,
            2.892791816878729e-05,
            8.691872457124607e-05,
            2.360057024208429e-05,
        ],
        [
            10.329112,
            1.008996,
            4.672970786552203e-06,
            2.862300015498548e-05,
            2.395002936843328e-05,
            5.706690501056994e-04,
            1.712611374476638e-03,
            2.205964477634273e-04,
        ],
        [
            40.99088,
            0.56906807,
            4.148167270882639e-05,
            1.658454833489263e-03,
            1.616973160780437e-03,
            1.410381268552407e-01,
            4.231238957547105e-01,
            1.376253490324000e-02,
        ],
        [
            82.955464,
            0.10583722,
            3.159696138824685e-05,
            1.358921652276967e-02,
            1.355761956138142e-02,
            2.365606944344824e00,
            7.096859808267492e00,
            1.140667889999116e-01,
        ],
    ]
)


def at_reference_constants(temperature, mu):
    """Evaluate the kernel for the reference's electron mass and hbar c, exactly.

    The gas knows no scale but m and hbar c: at equal m/T and mu/T densities go as powers of T/(hbar c). This
    matters: the CODATA mass differs by 1e-9, which exp(-m/T) makes 7e-8 in a cold gas.
    """
    mass = CODATA.electron_mass / REFERENCE_MASS
    volume = (HBAR_C_FM / REFERENCE_HBAR_C / mass) ** 3
    scale = volume * np.array([1.0, 1.0, mass, 1.0 / mass, 1.0 / mass, 1.0])
    return scale * np.array(electron_gas(temperature * mass, mu * mass))


def check_against(rows):
    for temperature, mu, n_net, n_minus, n_plus, pressure, energy, entropy in rows:
        got = at_reference_constants(temperature, mu)
        assert got[0] == pytest.approx(n_minus, rel=1e-9)
        # where positrons are exp(-2 mu/T) of the electrons the reference itself is off by 2e-9 (next test)
        assert got[1] == pytest.approx(n_plus, rel=5e-9 if n_plus < 1e-20 * n_minus else 1e-9)
        assert got[3:] == pytest.approx([pressure, energy, entropy], rel=1e-9)
        mass = CODATA.electron_mass / REFERENCE_MASS
        volume = (HBAR_C_FM / REFERENCE_HBAR_C / mass) ** 3
        assert electron_net_density(temperature * mass, mu * mass)[0] * volume == pytest.approx(
            n_net, rel=1e-12
        )
        found = electron_chemical_potential(n_net / volume, temperature * mass) / mass
        assert found == pytest.approx(mu, rel=1e-12)


def test_frozen_reference_points():
    check_against(FROZEN)


def test_all_reference_points(reference, read_columns):
    path = reference / "ls220" / "epos_points.csv"
    if not path.is_file():
        pytest.skip(f"{path} not found")
    columns = read_columns(path)
    rows = np.stack(list(columns.values()), axis=1)
    assert len(rows) == 80
    check_against(rows)


@pytest.mark.parametrize(("temperature", "mu"), [(0.0805, 15.6), (4.414, 239.4), (0.477, 66.4), (0.02, -0.2)])
def test_non_degenerate_species_is_boltzmann_with_a_bessel_function(temperature, mu):
    with mp.workdps(30):
        m, t = mp.mpf(CODATA.electron_mass), mp.mpf(temperature)
        unit = m**2 * t / (mp.mpf(HBAR_C_FM) ** 3 * mp.pi**2) * mp.besselk(2, m / t)
        exact = unit * mp.exp(-abs(mp.mpf(mu)) / t)
    got = electron_gas(temperature, mu)[1 if mu > 0.0 else 0]
    assert abs(got / exact - 1) < 1e-12


def slow_gas(temperature, mu):
    """Same gas by brute force: Simpson's rule in ln p."""
    from scipy.integrate import simpson

    m = CODATA.electron_mass
    u = np.linspace(np.log(1e-6 * temperature), np.log(60.0 * temperature + 3.0 * mu), 40001)
    p = np.exp(u)
    energy = np.hypot(p, m)
    states = p**3 / (np.pi**2 * HBAR_C_FM**3)

    def integrate(y):
        return simpson(y, x=u)

    f = [1.0 / (1.0 + np.exp((energy - s * mu) / temperature)) for s in (1.0, -1.0)]
    entropy = sum(-x * np.log(np.maximum(x, 1e-300)) - (1 - x) * np.log1p(-x) for x in f)
    return np.array(
        [
            integrate(states * f[0]),
            integrate(states * f[1]),
            integrate(states * sum(x * (1.0 - x) for x in f)) / temperature,
            integrate(states * (f[0] + f[1]) * p * p / energy) / 3.0,
            integrate(states * (f[0] + f[1]) * energy),
            integrate(states * entropy),
        ]
    )


@pytest.mark.parametrize(("temperature", "mu"), [(0.3, 0.9), (1.0, 5.0), (4.0, 0.2), (30.0, 100.0)])
def test_kernel_twin(temperature, mu):
    got = np.array(electron_gas(temperature, mu))
    assert got == pytest.approx(slow_gas(temperature, mu), rel=2e-9)
    assert electron_densities(temperature, mu) == pytest.approx(tuple(got[:3]), rel=1e-14)
    net, slope = electron_net_density(temperature, mu)
    assert net == pytest.approx(got[0] - got[1], rel=1e-13)
    assert slope == pytest.approx(got[2], rel=1e-13)


@settings(deadline=None)  # the first call may compile
@given(st.floats(-2.0, 2.0), st.floats(-1.0, 2.4), st.booleans())
def test_gibbs_duhem(log_t, log_mu, negative):
    t, mu = 10.0**log_t, (-1.0 if negative else 1.0) * 10.0**log_mu
    n_minus, n_plus, _, pressure, energy, entropy = electron_gas(t, mu)
    assert energy + pressure == pytest.approx(t * entropy + mu * (n_minus - n_plus), rel=1e-11)


@settings(deadline=None)
@given(st.floats(-1.3, 2.0), st.floats(0.0, 2.4))
def test_derivatives_of_the_pressure(log_t, log_mu):
    t, mu = 10.0**log_t, 10.0**log_mu
    n_minus, n_plus, dn_dmu, pressure, _, entropy = electron_gas(t, mu)
    h = 1e-3 * t
    dp_dmu = (electron_gas(t, mu + h)[3] - electron_gas(t, mu - h)[3]) / (2.0 * h)
    dp_dt = (electron_gas(t + h, mu)[3] - electron_gas(t - h, mu)[3]) / (2.0 * h)
    # central differences: h^2/6 of a third derivative, and rounding of the pressure over h
    noise = 1e-14 * pressure / h
    assert dp_dmu == pytest.approx(n_minus - n_plus, rel=2e-6, abs=noise)
    assert dp_dt == pytest.approx(entropy, rel=2e-5, abs=noise)
    up, down = (electron_net_density(t, mu + s * h)[0] for s in (1.0, -1.0))
    assert (up - down) / (2.0 * h) == pytest.approx(dn_dmu, rel=2e-6, abs=1e-14 * n_minus / h)


@settings(deadline=None)
@given(st.floats(-1.3, 2.0), st.floats(-12.0, 0.0))
def test_derivatives_at_constant_density(log_t, log_n):
    t, n = 10.0**log_t, 10.0**log_n
    mu, pressure, energy, entropy, capacity, by_temperature, by_density = lepton_gas(n, t, 0.0)
    h = 1e-4
    warm, cold = lepton_gas(n, t * (1 + h), mu), lepton_gas(n, t * (1 - h), mu)
    assert (warm[2] - cold[2]) / (2 * h * t) == pytest.approx(capacity, rel=2e-6, abs=1e-10 * energy / t)
    assert t * (warm[3] - cold[3]) / (2 * h * t) == pytest.approx(capacity, rel=2e-6, abs=1e-10 * entropy)
    assert (warm[1] - cold[1]) / (2 * h * t) == pytest.approx(
        by_temperature, rel=2e-6, abs=1e-10 * pressure / t
    )
    dense, thin = lepton_gas(n * (1 + h), t, mu), lepton_gas(n * (1 - h), t, mu)
    assert (dense[1] - thin[1]) / (2 * h * n) == pytest.approx(by_density, rel=2e-6, abs=1e-10 * pressure / n)


def test_ultra_relativistic_limit():
    # of massless particles; left out is O(m^2/T^2)
    t, mu = 300.0, 700.0
    hbar3 = HBAR_C_FM**3
    n = (mu**3 + np.pi**2 * t**2 * mu) / (3.0 * np.pi**2 * hbar3)
    pressure = (7.0 * np.pi**4 * t**4 / 15.0 + 2.0 * np.pi**2 * t**2 * mu**2 + mu**4) / (
        12.0 * np.pi**2 * hbar3
    )
    got = electron_gas(t, mu)
    assert electron_net_density(t, mu)[0] == pytest.approx(n, rel=5e-6)
    assert got[3] == pytest.approx(pressure, rel=5e-6)
    assert got[4] == pytest.approx(3.0 * pressure, rel=5e-6)


@pytest.mark.parametrize("t", [1e-6, 1e-4, 1e-3])
def test_cold_limit(t):
    mu, m = 2.0, CODATA.electron_mass
    p = np.sqrt(mu**2 - m**2)
    n = p**3 / (3.0 * np.pi**2 * HBAR_C_FM**3)
    # Sommerfeld: d2/dmu2 of p^3/3 is (2 mu^2 - m^2)/p + ...; entropy = pi^2 T/3 times the density of states
    correction = np.pi**2 / 6.0 * t**2 * (2.0 * mu**2 - m**2) / p * 3.0 / p**3
    got = electron_gas(t, mu)
    assert got[0] == pytest.approx(n * (1.0 + correction), rel=1e-11)
    assert got[1] == 0.0
    assert got[5] == pytest.approx(t / 3.0 * mu * p / HBAR_C_FM**3, rel=1e-11 + 20.0 * t**2)
    assert electron_chemical_potential(got[0], t) == pytest.approx(mu, rel=1e-14)


@settings(deadline=None)
@given(st.floats(-27.0, 1.0), st.floats(-5.0, 3.0), st.booleans())
def test_inversion_round_trip(log_n, log_t, negative):
    n, t = 10.0**log_n, 10.0**log_t
    mu = electron_chemical_potential(-n if negative else n, t)
    assert (mu < 0.0) == negative
    # rounding of mu alone changes n by mu/T
    assert electron_net_density(t, abs(mu))[0] == pytest.approx(n, rel=1e-14 * (5.0 + abs(mu) / t))
    near = electron_chemical_potential_near(n, t, abs(mu) * 1.1)
    assert near == pytest.approx(abs(mu), rel=1e-12)


def test_small_net_density_of_a_hot_gas_keeps_its_digits():
    # 1e-12 of the electrons present: a difference of the two densities would leave four digits
    t, n = 100.0, 1e-14
    mu = electron_chemical_potential(n, t)
    assert mu == pytest.approx(n / electron_net_density(t, 0.0)[1], rel=1e-13)


def test_inversion_of_nothing_and_nonsense():
    assert electron_chemical_potential(0.0, 1.0) == 0.0
    assert np.isnan(electron_chemical_potential(np.nan, 1.0))
    assert np.isnan(electron_chemical_potential(1.0, 0.0))
    assert np.isnan(electron_chemical_potential(np.inf, 1.0))


def test_class_has_cgs_units_and_any_shape():
    t = np.array([[0.5, 2.0, 30.0]])
    mu = np.array([[1.0], [10.0]])
    state = GAS.state(t, mu)
    assert state.pressure.shape == (2, 3)
    kernel = electron_gas(2.0, 10.0)
    assert state.density_electron[1, 1] == pytest.approx(kernel[0] * 1e39, rel=1e-15)
    assert state.density_derivative[1, 1] == pytest.approx(kernel[2] * 1e39, rel=1e-15)
    assert state.pressure[1, 1] == pytest.approx(kernel[3] * 1.602176634e33, rel=1e-15)
    assert state.energy_density[1, 1] == pytest.approx(kernel[4] * ERG_CM3_PER_MEV_FM3, rel=1e-15)
    assert state.entropy_density[1, 1] == pytest.approx(kernel[5] / CM3_PER_FM3, rel=1e-15)
    net = GAS.net_density(t, mu)
    assert GAS.chemical_potential(net, t) == pytest.approx(np.broadcast_to(mu, (2, 3)), rel=1e-13)
    assert GAS.state(1.0, 2.0).pressure.shape == ()


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan])
def test_class_refuses_bad_temperatures(bad):
    with pytest.raises(OutOfRangeError, match=r"temperature = .* MeV in zone 1"):
        GAS.state([1.0, bad], 1.0)
    with pytest.raises(OutOfRangeError, match="temperature"):
        GAS.chemical_potential(1e30, bad)


def test_photons():
    pressure, energy, entropy = photon_gas(2.0)
    # radiation constant a = pi^2/(15 (hbar c)^3), T in MeV
    a = np.pi**2 / (15.0 * HBAR_C_FM**3)
    assert (pressure, energy, entropy) == pytest.approx((a * 16 / 3, a * 16, a * 4 / 3 * 8), rel=1e-14)
    photons = GAS.photons(np.array([2.0]))
    assert photons.pressure[0] == pytest.approx(pressure * ERG_CM3_PER_MEV_FM3, rel=1e-14)
    assert photons.energy_density[0] == pytest.approx(energy * ERG_CM3_PER_MEV_FM3, rel=1e-14)
    assert photons.entropy_density[0] == pytest.approx(entropy / CM3_PER_FM3, rel=1e-14)
    # Stefan-Boltzmann in the usual units: 7.5657e-15 erg cm^-3 K^-4
    assert GAS.photons(1e9 * CODATA.boltzmann).energy_density == pytest.approx(7.565733e21, rel=1e-6)


@settings(deadline=None)
@given(st.floats(-12.0, 0.0), st.floats(-1.3, 2.0))
def test_nucleon_gas_identities(log_n, log_t):
    n, t, m = 10.0**log_n, 10.0**log_t, CODATA.neutron_mass
    eta = nucleon_degeneracy(n, t, m)
    density, compressibility, pressure, entropy = nucleon_gas(t, eta, m)
    assert density == pytest.approx(n, rel=1e-13)
    # e + P = T s + mu n with e = 3/2 P; in a degenerate gas T s is a difference of large terms
    assert 2.5 * pressure - eta * t * n == pytest.approx(t * entropy, rel=1e-11, abs=1e-13 * pressure)
    h = 1e-4
    dp = (nucleon_gas(t, eta + h, m)[2] - nucleon_gas(t, eta - h, m)[2]) / (2.0 * h * t)
    dn = (nucleon_gas(t, eta + h, m)[0] - nucleon_gas(t, eta - h, m)[0]) / (2.0 * h)
    assert dp == pytest.approx(n, rel=1e-7, abs=1e-14 * pressure / (h * t))
    assert dn == pytest.approx(compressibility, rel=1e-7, abs=1e-14 * n / h)


def test_nucleon_gas_limits():
    t, m = 5.0, CODATA.neutron_mass
    n = 1e-10
    eta = nucleon_degeneracy(n, t, m)
    assert eta == pytest.approx(np.log(n / (2.0 * quantum_density(t, m))), rel=1e-8)
    _, compressibility, pressure, entropy = nucleon_gas(t, eta, m)
    assert pressure == pytest.approx(n * t, rel=1e-6)
    assert compressibility == pytest.approx(n, rel=1e-6)
    assert entropy == pytest.approx(n * (2.5 - eta), rel=1e-6)
    # degenerate: P = (2/5) n E_F, s = n pi^2 T/(2 E_F), both to (T/E_F)^2
    t, n = 0.01, 0.16
    fermi = (HBAR_C_FM * (3.0 * np.pi**2 * n) ** (1.0 / 3.0)) ** 2 / (2.0 * m)
    eta = nucleon_degeneracy(n, t, m)
    _, _, pressure, entropy = nucleon_gas(t, eta, m)
    assert eta * t == pytest.approx(fermi, rel=1e-6)
    assert pressure == pytest.approx(0.4 * n * fermi, rel=1e-6)
    assert entropy == pytest.approx(n * np.pi**2 * t / (2.0 * fermi), rel=1e-6)


def test_nucleon_class():
    t = np.array([[1.0, 20.0]])
    n = np.array([[1e35], [1e38]])
    mu = NEUTRON_GAS.chemical_potential(n, t)
    state = NEUTRON_GAS.state(t, mu)
    assert state.density == pytest.approx(np.broadcast_to(n, (2, 2)), rel=1e-12)
    kernel = nucleon_gas(20.0, mu[1, 1] / 20.0, CODATA.neutron_mass)
    assert state.compressibility[1, 1] == pytest.approx(kernel[1] / CM3_PER_FM3, rel=1e-14)
    assert state.pressure[1, 1] == pytest.approx(kernel[2] * ERG_CM3_PER_MEV_FM3, rel=1e-14)
    assert state.energy_density == pytest.approx(1.5 * state.pressure, rel=1e-15)
    assert state.entropy_density[1, 1] == pytest.approx(kernel[3] / CM3_PER_FM3, rel=1e-14)
    assert NEUTRON_GAS.chemical_potential(0.0, 1.0) == -np.inf
    assert NEUTRON_GAS.state(1.0, -np.inf).pressure == 0.0
    with pytest.raises(OutOfRangeError, match="number_density"):
        NEUTRON_GAS.chemical_potential(-1.0, 1.0)
    with pytest.raises(OutOfRangeError, match="mass"):
        NucleonGas(0.0)


def test_no_heavy_part_of_scipy_is_loaded():
    # numba itself takes scipy.linalg; the rest would cost half a second at every start
    code = (
        "import sys, microphysics.eos.composition, microphysics.eos.nse as nse\n"
        "nse.SahaNSE().state(1e10, 3.0, 0.2)\n"
        "heavy = {'scipy.special', 'scipy.optimize', 'scipy.integrate'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
