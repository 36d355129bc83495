import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microphysics.errors import OutOfRangeError, PhysicsWarning
from microphysics.spectrum import Binned, FermiDirac, Pinched, fermi, pinching


def test_moments_of_reference_table(reference, read_columns):
    table = read_columns(reference / "observables" / "spectral_moments.csv")
    for i, kind in enumerate(table["spectrum"]):
        shape = float(table["alpha_or_eta"][i])
        spectrum = Pinched(11.0, shape) if kind == "pinched" else FermiDirac(3.5, shape)
        mean = spectrum.mean_energy
        # nine digits are printed
        assert spectrum.moment(2) / mean**2 == pytest.approx(table["E2_over_Emean2"][i], rel=1e-8)
        assert spectrum.moment(3) / mean**3 == pytest.approx(table["E3_over_E1_over_Emean2"][i], rel=1e-8)
        assert spectrum.rms_number / mean == pytest.approx(table["rms_number_over_mean"][i], rel=1e-8)
        assert spectrum.rms_energy / mean == pytest.approx(table["rms_energyweighted_over_mean"][i], rel=1e-8)


@pytest.mark.parametrize("alpha", [1.5, 2.0, 3.0, 4.0])
def test_a_standard_deviation_is_no_rms(alpha):
    # both are called "rms" in published data; sqrt(<E^2> - <E>^2) is below <E>, no rms is
    spectrum = Pinched(12.0, alpha)
    deviation = np.sqrt(spectrum.moment(2) - spectrum.mean_energy**2)
    assert pinching(12.0, spectrum.rms_number**2) == pytest.approx(alpha, rel=1e-12)
    assert deviation < 12.0 < spectrum.rms_number < spectrum.rms_energy
    with pytest.raises(OutOfRangeError, match="standard deviation"):
        pinching(12.0, deviation**2)
    # and an energy-weighted mean square gives a spectrum that warns or is none: alpha at most 0.5 instead of 4
    wrong = pinching(12.0, spectrum.rms_energy**2)
    assert wrong < 0.5
    with (
        pytest.raises(OutOfRangeError, match="alpha")
        if wrong <= -1.0
        else pytest.warns(PhysicsWarning, match="below 1")
    ):
        Pinched(12.0, wrong)


def test_fermi_integral_has_its_closed_form_and_keeps_nan():
    assert fermi(5, 0.0) == pytest.approx(31.0 * math.pi**6 / 252.0, rel=1e-13)
    # F_k(eta) - (-1)^k F_k(-eta) is a polynomial: k = 3
    eta = np.array([[0.5, 3.0], [7.0, np.nan]])
    polynomial = 7.0 * math.pi**4 / 60.0 + math.pi**2 * eta**2 / 2.0 + eta**4 / 4.0
    np.testing.assert_allclose(fermi(3, eta) + fermi(3, -eta), polynomial, rtol=1e-12)


@pytest.mark.parametrize("spectrum", [FermiDirac([3.0, 5.0], 2.0), Pinched([9.0, 15.0], 2.6)])
def test_quadrature_reproduces_moments_and_norm(spectrum):
    for order in range(5):
        np.testing.assert_allclose(
            spectrum.average(lambda e, n=order: e**n), spectrum.moment(order), rtol=1e-10
        )
    energy = np.linspace(1e-6, 400.0, 40001)
    np.testing.assert_allclose(np.trapezoid(spectrum.density(energy), energy), 1.0, rtol=1e-6)


def test_average_above_threshold_counts_all_neutrinos():
    # E^-2 (E - E0)^2 sqrt onset is integrated against e^-E: Pinched(3, 2) is E^2 e^-E / 2
    spectrum, e0 = Pinched(3.0, 2.0), 1.8
    value = spectrum.average(lambda e: np.sqrt(np.maximum(e - e0, 0.0)) / e**2, threshold=e0)
    assert value == pytest.approx(0.5 * math.exp(-e0) * math.gamma(1.5), rel=1e-10)


def test_binned_follows_what_it_samples():
    parent = FermiDirac([4.0, 5.0], [0.0, 2.0])
    energy = np.geomspace(0.05, 400.0, 160)
    sampled = Binned(energy, 7.0 * parent.density(energy))
    for name in ("mean_energy", "rms_number", "rms_energy", "alpha"):
        np.testing.assert_allclose(getattr(sampled, name), getattr(parent, name), rtol=2e-5)
    np.testing.assert_allclose(sampled.density(10.0), parent.density(10.0)[..., 0], rtol=2e-3)
    assert (sampled.density(1e3) == 0.0).all()


def test_degeneracy_and_mean_energy_fix_the_temperature():
    spectrum = FermiDirac.from_mean_energy([10.0, 12.0], [0.0, 2.0])
    np.testing.assert_allclose(spectrum.mean_energy, [10.0, 12.0], rtol=1e-13)
    assert spectrum.temperature[0] == pytest.approx(10.0 / 3.151374, rel=1e-6)


def test_spectra_broadcast_and_pass_nan():
    spectrum = FermiDirac(np.array([[3.0], [np.nan]]), np.array([0.0, 1.0, 2.0]))
    assert spectrum.mean_energy.shape == (2, 3)
    assert np.isnan(spectrum.rms_energy[1]).all()
    assert np.isfinite(spectrum.average(np.sqrt)[0]).all()


def test_impossible_spectra_are_refused():
    with pytest.raises(OutOfRangeError, match="alpha = -1"):
        Pinched(10.0, -1.0)
    with pytest.warns(PhysicsWarning, match="below 1"):
        Pinched(10.0, [2.0, 0.5])
    with pytest.raises(OutOfRangeError, match="temperature"):
        FermiDirac(0.0)
    with pytest.raises(OutOfRangeError, match="order of a moment"):
        FermiDirac(1.0).moment(6)
    with pytest.raises(OutOfRangeError, match="above the square"):
        pinching(10.0, 99.0)
    with pytest.raises(OutOfRangeError, match="above the one before"):
        Binned([1.0, 1.0], [1.0, 1.0])
    with pytest.raises(OutOfRangeError, match="shapes"):
        Binned([1.0, 2.0], [1.0])
    with pytest.raises(OutOfRangeError, match="total number"):
        Binned([1.0, 2.0], [0.0, 0.0])


@settings(max_examples=40, deadline=None)
@given(mean=st.floats(1.0, 40.0), alpha=st.floats(1.0, 8.0))
def test_pinching_round_trip_and_order_of_the_means(mean, alpha):
    spectrum = Pinched(mean, alpha)
    assert pinching(spectrum.moment(1), spectrum.moment(2)) == pytest.approx(alpha, rel=1e-9)
    assert spectrum.mean_energy < spectrum.rms_number < spectrum.rms_energy


@settings(max_examples=40, deadline=None)
@given(temperature=st.floats(0.5, 30.0), eta=st.floats(-20.0, 30.0), factor=st.floats(0.5, 2.0))
def test_moments_scale_with_temperature(temperature, eta, factor):
    one, other = FermiDirac(temperature, eta), FermiDirac(temperature * factor, eta)
    for order in range(1, 6):
        assert other.moment(order) / one.moment(order) == pytest.approx(factor**order, rel=1e-12)


def test_averages_of_many_spectra_are_those_of_each():
    # widths over a factor of 30: several share their energies, in some groups
    temperature, degeneracy = np.geomspace(0.8, 25.0, 30), np.linspace(-4.0, 9.0, 30)
    many = FermiDirac(temperature.reshape(5, 6), degeneracy.reshape(5, 6)).average(np.sqrt, 1.8)
    each = [
        float(FermiDirac(t, eta).average(np.sqrt, 1.8))
        for t, eta in zip(temperature, degeneracy, strict=True)
    ]
    np.testing.assert_allclose(many.ravel(), each, rtol=1e-13)
    assert FermiDirac(np.empty(0), np.empty(0)).average(np.sqrt).shape == (0,)
