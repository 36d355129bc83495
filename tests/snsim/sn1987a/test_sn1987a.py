import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError, PhysicsWarning, UnknownNameError
from microphysics.spectrum import FermiDirac
from snsim.diagnostics.nucleon_capture import cross_section
from snsim.sn1987a.detectors import detector_of, inverse_beta_cross_section
from snsim.sn1987a.events import DETECTORS, Events, events_of
from snsim.sn1987a.likelihood import (
    event_rates,
    expected_counts,
    fit_offsets,
    log_likelihood,
    mean_detected_energy,
)
from snsim.sn1987a.signal import DISTANCE, Mixed, Signal, exponential_cooling
from snsim.variable import Variable


def burst(temperature, energy=5e52):
    """All at once: a constant luminosity over one second."""
    time = np.array([0.0, 1.0])
    return Signal(time, np.full(2, energy), FermiDirac(np.full(2, temperature)))


def test_expected_counts_of_reference_table(reference, read_columns):
    table = read_columns(reference / "observables" / "sn1987a_expected.csv")
    tanks = {
        "N_KII_thr4.5": detector_of("KII"),
        "N_KII_thr7.5": replace(detector_of("KII"), threshold=7.5),
        "N_IMB": detector_of("IMB"),
        "N_BAKSAN": detector_of("BAKSAN"),
    }
    for i, temperature in enumerate(table["T_MeV"]):
        signal = burst(temperature)
        for name, tank in tanks.items():
            assert expected_counts(signal, tank) == pytest.approx(table[name][i], rel=0.01), name
        for name in ("KII", "IMB"):
            mean = table[f"mean_e_{name}_MeV"][i]
            assert mean_detected_energy(signal, detector_of(name)) == pytest.approx(mean, rel=0.01)


def test_events_are_those_of_the_reference_file(reference, read_columns):
    table = read_columns(reference / "observables" / "sn1987a_events.csv")
    for name in DETECTORS:
        rows, ours = table["detector"] == name, events_of(name)
        np.testing.assert_array_equal(ours.time, table["t_s"][rows])
        np.testing.assert_array_equal(ours.energy, table["E_MeV"][rows])
        np.testing.assert_array_equal(ours.energy_error, table["sigma_E_MeV"][rows])
        np.testing.assert_array_equal(ours.background, table["background_rate_per_s"][rows])


def test_background_is_per_second_and_mev():
    # the whole background of Kamiokande II was 0.187 a second above 4.5 MeV (Loredo & Lamb 2002, recalled): the values
    # at the energies of its events, taken per MeV, integrate to that; as plain rates of one energy they would not add up
    kamiokande = events_of("KII")
    order = np.argsort(kamiokande.energy)
    energy, unique = np.unique(kamiokande.energy[order], return_index=True)
    total = np.trapezoid(kamiokande.background[order][unique], energy)
    assert total == pytest.approx(0.187, rel=0.2)


def test_cross_section_agrees_with_that_of_the_opacities():
    energy = np.array([5.0, 10.0, 20.0, 40.0])
    ratio = inverse_beta_cross_section(energy) / cross_section(energy, -1)
    # the one has the neutron's recoil in its phase space, the other in its correction factor
    np.testing.assert_allclose(ratio, 1.0, atol=0.03)
    assert inverse_beta_cross_section(np.array([1.8]))[0] == 0.0


def test_counts_scale_with_energy_and_distance():
    tank, one = detector_of("KII"), burst(4.0)
    assert expected_counts(burst(4.0, 1e53), tank) == pytest.approx(2.0 * expected_counts(one, tank))
    far = Signal(one.time, one.luminosity, one.spectrum, 2.0 * DISTANCE)
    assert expected_counts(far, tank) == pytest.approx(0.25 * expected_counts(one, tank))
    mixed = Mixed(one, burst(6.0), 0.3)
    by_hand = 0.3 * expected_counts(one, tank) + 0.7 * expected_counts(burst(6.0), tank)
    assert expected_counts(mixed, tank) == pytest.approx(by_hand, rel=1e-12)


def test_black_sphere_radiates_by_stefan_and_boltzmann():
    signal = exponential_cooling(4.0, 3e6, 5.0, points=4000)
    kelvin = 4.0 / CODATA.boltzmann
    light = 4.0 * math.pi * 3e6**2 * 7.0 / 16.0 * 5.670374419e-5 * kelvin**4
    assert signal.luminosity[0] == pytest.approx(light, rel=1e-8)
    assert np.trapezoid(signal.luminosity, signal.time) == pytest.approx(5.0 * light, rel=1e-4)
    np.testing.assert_allclose(signal.spectrum.mean_energy, 3.151374 * signal.spectrum.temperature, rtol=1e-6)


def test_rates_of_events_integrate_to_what_is_expected():
    # events of every energy, with the detector's own errors: their rates add up to the expected number
    tank, signal = detector_of("BAKSAN"), burst(4.0)
    energy = np.arange(10.0, 140.0, 0.5)
    zeros = np.zeros_like(energy)
    # the error belongs to the true energy, here to the measured one: a Gaussian of constant width in both
    tank = replace(tank, resolution=lambda e: np.full_like(e, 2.0))
    rates = event_rates(signal, tank, Events(zeros, energy, zeros + 2.0, zeros))
    assert np.trapezoid(rates[:, 0], energy) == pytest.approx(expected_counts(signal, tank), rel=2e-3)


def test_likelihood_by_hand():
    tank, signal = detector_of("KII"), exponential_cooling(4.0, 3e6, 4.0)
    events = Events(np.array([0.0, 1.0]), np.array([20.0, 9.0]), np.array([3.0, 2.0]), np.array([1e-4, 0.02]))
    found = log_likelihood(signal, tank, events, np.array([0.5, 100.0]))
    rate = event_rates(signal, tank, events)
    seen = [np.interp(t + 0.5, signal.time, row) for t, row in zip(events.time, rate, strict=True)]
    number = expected_counts(signal, tank)
    assert found[0] == pytest.approx(-number + math.log(1e-4 + seen[0]) + math.log(0.02 + seen[1]))
    # after the signal has ended only background is left
    assert found[1] == pytest.approx(-number + math.log(1e-4) + math.log(0.02))


def test_time_lost_behind_muons_counts():
    # with a share f of live time and no background: -f N + sum ln(f s), so n ln f + (1 - f) N beside f = 1
    tank, events, signal = detector_of("IMB"), events_of("IMB"), exponential_cooling(4.0, 3e6, 4.0)
    assert tank.live_fraction == 0.9055
    always = replace(tank, live_fraction=1.0)
    offsets = np.array([0.1, 0.5])
    difference = log_likelihood(signal, tank, events, offsets) - log_likelihood(
        signal, always, events, offsets
    )
    number = expected_counts(signal, tank)
    lost = events.time.size * math.log(0.9055) + (1.0 - 0.9055) * number
    np.testing.assert_allclose(difference, lost, rtol=1e-9)
    fit = fit_offsets(signal, ["IMB"])
    assert fit.expected["IMB"] == pytest.approx(0.9055 * number, rel=1e-12)
    best = log_likelihood(signal, tank, events, np.array([fit.offsets["IMB"]]))
    assert fit.log_likelihood == pytest.approx(float(best[0]), rel=1e-12)


def test_offset_is_found():
    """A pulse that ends after one second: events in its second half, so the clock started late."""
    time = np.linspace(0.0, 6.0, 601)
    pulse = Signal.pinched(time, 1e52 * np.exp(-0.5 * ((time - 3.0) / 0.3) ** 2), np.full(601, 13.0))
    fit = fit_offsets(pulse, ["BAKSAN"])
    events = events_of("BAKSAN")
    tried = np.linspace(0.0, 15.0, 3001)
    values = log_likelihood(pulse, detector_of("BAKSAN"), events, tried)
    assert fit.offsets["BAKSAN"] == pytest.approx(tried[np.argmax(values)], abs=0.006)
    assert fit.log_likelihood == pytest.approx(values.max(), abs=1e-4)
    # two events 0.435 s apart fall into a pulse of 0.3 s: it is theirs
    assert fit.offsets["BAKSAN"] == pytest.approx(3.0 - 0.5 * 0.435, abs=0.05)
    # and shifting the pulse shifts the offset
    later = Signal.pinched(time, 1e52 * np.exp(-0.5 * ((time - 4.0) / 0.3) ** 2), np.full(601, 13.0))
    assert fit_offsets(later, ["BAKSAN"]).offsets["BAKSAN"] == pytest.approx(
        fit.offsets["BAKSAN"] + 1.0, abs=2e-3
    )


def test_best_thermal_model_is_that_of_the_literature():
    def badness(x):
        return -fit_offsets(exponential_cooling(*np.exp(x), points=60)).log_likelihood

    best = minimize(
        badness, np.log([4.0, 3e6, 4.0]), method="Nelder-Mead", options={"xatol": 1e-2, "fatol": 1e-2}
    )
    temperature, radius, cooling = np.exp(best.x)
    # one cooling component: some 4 MeV, 30 km and 4 s (Loredo & Lamb 2002 and later fits: 3.6 to 4.6 MeV, 16 to 40 km)
    assert 3.6 < temperature < 4.8
    assert 1.6e6 < radius < 4.2e6
    assert 3.0 < cooling < 5.5
    signal = exponential_cooling(temperature, radius, cooling)
    fit = fit_offsets(signal)
    light = np.trapezoid(signal.luminosity, signal.time)
    number = np.trapezoid(signal.luminosity / signal.spectrum.mean_energy, signal.time)
    assert 2e53 < 6.0 * light < 5e53  # shared by six flavours
    assert 9.0 < light / number < 16.0
    # as many events as were seen, less the background of Kamiokande II and Baksan; clocks start within a second
    assert fit.expected["KII"] == pytest.approx(13.0, abs=4.0)
    assert fit.expected["IMB"] == pytest.approx(6.0, abs=3.0)
    assert all(0.0 <= offset < 1.0 for offset in fit.offsets.values())
    # a maximum, as sharp as two dozen events can make it
    for i, factor in ((0, 1.16), (0, 1.0 / 1.16), (1, 1.5), (2, 0.5), (2, 2.0)):
        changed = [temperature, radius, cooling]
        changed[i] *= factor
        loss = fit.log_likelihood - fit_offsets(exponential_cooling(*changed)).log_likelihood
        assert 0.5 < loss < 24.0


def test_series_of_an_evolution():
    time = np.array([0.5, 1.0, 2.0])
    group = {
        "time": Variable(("time",), time, "s", "time"),
        "species": Variable(("species",), np.array(["nue", "anue"]), "1", "species"),
        "luminosity_infinity": Variable(("time", "species"), np.full((3, 2), 1e52), "erg/s", "luminosity"),
        "mean_energy_infinity": Variable(("time", "species"), np.array([[9.0, 12.0]] * 3), "MeV", "mean"),
    }
    signal = Signal.of_light_curve(group)
    np.testing.assert_array_equal(signal.time, [0.0, 0.5, 1.5])
    np.testing.assert_allclose(signal.spectrum.mean_energy, 12.0)
    with pytest.raises(OutOfRangeError, match="'nux'"):
        Signal.of_light_curve(group, "nux")


def test_bad_input_is_named():
    time, light = np.array([0.0, 1.0]), np.array([1e52, 1e52])
    with pytest.raises(OutOfRangeError, match=r"luminosity = -1e\+52"):
        Signal.pinched(time, -light, 12.0)
    with pytest.raises(OutOfRangeError, match="alpha = -1"):
        Signal.pinched(time, light, 12.0, -1.0)
    with pytest.warns(PhysicsWarning, match="below 1"):
        Signal.pinched(time, light, 12.0, 0.5)
    with pytest.raises(OutOfRangeError, match="mean energy of a pinched spectrum = 0"):
        Signal.pinched(time, light, 0.0)
    with pytest.raises(OutOfRangeError, match="time = 0 s"):
        Signal.pinched(time[::-1], light, 12.0)
    with pytest.raises(OutOfRangeError, match="shapes"):
        Signal.pinched(time, light[:1], 12.0)
    with pytest.raises(OutOfRangeError, match="distance = 0 cm"):
        Signal.pinched(time, light, 12.0, distance=0.0)
    with pytest.raises(OutOfRangeError, match=r"survival probability = 1\.5"):
        Mixed(burst(4.0), burst(4.0), 1.5)
    with pytest.raises(OutOfRangeError, match="same times"):
        Mixed(burst(4.0), exponential_cooling(4.0, 3e6, 4.0), 0.5)
    with pytest.raises(OutOfRangeError, match="cooling time = 0 s"):
        exponential_cooling(4.0, 3e6, 0.0)
    with pytest.raises(UnknownNameError, match="KII"):
        events_of("KIII")
    with pytest.raises(UnknownNameError, match="KII"):
        detector_of("LSD")
    with pytest.raises(OutOfRangeError, match="latest offset = 0"):
        fit_offsets(burst(4.0), latest=0.0)


def test_a_dark_star_is_ruled_out_with_a_reason():
    dark = Signal.pinched(np.array([0.0, 1.0]), np.zeros(2), 12.0)
    fit = fit_offsets(dark)
    assert fit.log_likelihood == -math.inf
    assert fit.reason.startswith("IMB: an event without background")
    assert all(value == 0.0 for value in fit.expected.values())
    assert math.isnan(mean_detected_energy(dark, detector_of("KII")))


def test_moments_without_emission_have_no_flux():
    signal = Signal.pinched([0.0, 1.0, 2.0], [1e52, 1e52, 0.0], [12.0, 12.0, math.nan])
    flux = signal.flux(np.array([5.0, 20.0]))
    assert (flux[:2] > 0.0).all()
    assert (flux[2] == 0.0).all()
