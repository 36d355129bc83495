"""Fits and limits of couplings and radii: published values, closed forms, degenerate and blind directions."""

import math

import numpy as np
import pytest

from microphysics.errors import OutOfRangeError
from microphysics.nuclei import Nucleus
from microphysics.targets import Target
from microphysics.weak.couplings import WeakCouplings
from microphysics.weak.form_factors import Helm
from microphysics.weak.new_physics import NSI, ChargeRadius, MagneticMoment, MuTauMediator, Scalar, ZPrime
from snsim.detection import Detector, Expectation, detector_of, monochromatic, pion_decay_at_rest
from snsim.detection.coherent_csi import PROTONS, CoherentCount, Forecast, coherent_expectation
from snsim.detection.contact_limits import (
    ContactEvents,
    contact_contours,
    contact_interval,
    weak_mixing_angle,
)
from snsim.detection.mediator_limits import MediatorEvents, mediator_limits_of
from snsim.detection.neutron_radius import CAESIUM_IODIDE, radius_counts, radius_fit
from snsim.detection.universality import flavor_ratio, flavors_over_time
from snsim.detection.weak_density import form_factor_points, weak_density

COUNT = CoherentCount()
BINS = np.linspace(-0.5, 6.0, 14) * 1e-6  # s


@pytest.fixture(scope="module")
def csi():
    return coherent_expectation()


@pytest.fixture(scope="module")
def deterministic():
    return coherent_expectation(detector_of("coherent_csi", smearing=None))


@pytest.fixture(scope="module")
def reactor_line():
    """One flavour on one isotope: degeneracies are exact."""
    line = monochromatic("anue", 6.0, 1e13)
    return Expectation.of(line, Detector.of("Ge72", mass="10 kg", live_time="1 yr", threshold="0.2 keVnr"))


def test_weak_mixing_angle(csi, deterministic):
    """Published 0.197 +0.124 -0.080 (Papoulias & Kosmas 2018); known for both ways to count light."""
    for expectation, best, up, down in ((csi, 0.196, 0.122, 0.077), (deterministic, 0.199, 0.124, 0.078)):
        found = weak_mixing_angle(expectation, COUNT)
        assert found.best == pytest.approx(best, abs=5e-4)
        assert found.errors == pytest.approx((up, down), abs=6e-4)


def test_weak_mixing_angle_of_asimov_data_is_the_input(csi):
    found = weak_mixing_angle(csi, Forecast(csi.total(), 0.1, 0.05))
    assert found.best == pytest.approx(0.23863, abs=1e-4)


def test_neutron_radius(csi, deterministic):
    """Published 5.64 +0.99 -1.2 fm (Papoulias et al. 2020); 5.66 +1.01 -1.33 and 5.54 +0.95 -1.28 by another program."""
    for expectation, best, up, down in ((csi, 5.66, 1.01, 1.33), (deterministic, 5.54, 0.95, 1.28)):
        found = radius_fit(expectation, COUNT)
        assert found.radius.best == pytest.approx(best, abs=0.01)
        assert found.radius.errors == pytest.approx((up, down), abs=0.01)
        assert found.proton_radius == pytest.approx(4.702, abs=1e-3)
        assert found.skin[0] == pytest.approx(found.radius.best - found.proton_radius, rel=1e-12)


def test_future_error_of_the_radius(csi):
    """Hundred times the exposure, errors of 10 and 7 %: published +0.19 -0.23 fm."""
    n = radius_counts(csi, [5.56])[0]
    found = radius_fit(csi, lambda counts: Forecast(100.0 * n, 0.1, 0.07)(100.0 * counts))
    assert found.radius.errors == pytest.approx((0.2, 0.225), abs=0.012)


def test_radius_counts_are_the_events_of_such_nuclei(csi):
    radii = {"Cs133": math.hypot(5.0, 0.84), "I127": math.hypot(5.0, 0.84)}
    alike = Target.of("CsI", form_factor=lambda nucleus: Helm.from_rms_radius(5.0))
    assert radius_counts(csi, [5.0], radii)[0] == pytest.approx(csi.total(alike), rel=1e-10)


def test_data_that_measure_no_radius_say_so(csi):
    found = radius_fit(csi, CoherentCount(signal_error=0.8))
    assert math.isnan(found.radius.low)  # even a point adds less than the error of the prediction
    assert "no limit there" in found.radius.reason


def test_contact_events_are_those_of_the_terms(csi):
    """By templates as by the cross section itself, interfering and flavour-changing parts together."""
    terms = [NSI(up={"ee": 1.0, "emu": 0.3}), ChargeRadius({"mumu": 1e-31, "mutau": 2e-31})]
    events = ContactEvents.of(csi, terms)
    for x in ([0.0, 0.0], [0.1, 0.0], [0.0, -1.5], [-0.2, 0.7]):
        changed = (
            NSI(up={"ee": x[0], "emu": 0.3 * x[0]}),
            ChargeRadius({"mumu": x[1] * 1e-31, "mutau": x[1] * 2e-31}),
        )
        expected = csi.total(Target.of("CsI", new_physics=changed))
        assert events.counts(x) == pytest.approx(expected, rel=1e-9)


def test_degenerate_solution(reactor_line):
    """One flavour, one nucleus: eps and -2 Q/(2Z + N) - eps give the same events, Q = Z g_p + N g_n."""
    z, n = 32.0, 40.0
    events = ContactEvents.of(reactor_line, [NSI(up={"ee": 1.0})])
    charge = z * (0.5 - 2 * 0.23863) - 0.5 * n
    twin = -2.0 * charge / (2.0 * z + n)
    scan = np.linspace(-0.3, 0.8, 221)
    found = contact_interval(events, Forecast(reactor_line.total(), 0.1, 0.02), scan)
    assert len(found.pieces) == 2
    (low, high), (other_low, other_high) = found.pieces
    assert other_low == pytest.approx(twin - high, abs=1e-5)
    assert other_high == pytest.approx(twin - low, abs=1e-5)
    assert low < 0.0 < high


def test_blind_direction(reactor_line):
    """(2Z + N) eps_u + (Z + 2N) eps_d = 0 changes nothing, so that no region of both closes."""
    z, n = 32.0, 40.0
    events = ContactEvents.of(reactor_line, [NSI(up={"ee": 1.0}), NSI(down={"ee": 1.0})])
    direction = np.array([z + 2.0 * n, -(2.0 * z + n)]) / 100.0
    along = events.counts(np.linspace(-1.0, 1.0, 5)[:, None] * direction)
    np.testing.assert_allclose(along, along[2], rtol=1e-10)
    axis = np.linspace(-0.6, 0.6, 61)
    found = contact_contours(events, Forecast(reactor_line.total(), 0.1, 0.02), axis, axis)
    assert "leaves the grid" in found.reason


def test_second_target_lifts_the_blind_direction(reactor_line):
    """Another ratio of neutrons to protons moves the direction."""
    silicon = Expectation.of(
        reactor_line.flux, Detector.of("Si28", mass="10 kg", live_time="1 yr", threshold="0.2 keVnr")
    )
    terms = [NSI(up={"ee": 1.0}), NSI(down={"ee": 1.0})]
    blind = np.array([32.0 + 80.0, -(64.0 + 40.0)]) / 500.0
    counts = ContactEvents.of(silicon, terms).counts([[0.0, 0.0], blind])
    assert abs(counts[1] / counts[0] - 1.0) > 0.02


def test_charge_radii(csi):
    """Diagonal ones interfere and have a twin; flavour-changing ones are symmetric, those of both fluxes limited best."""
    scan = np.linspace(-120.0, 120.0, 481)
    found = {
        name: contact_interval(ContactEvents.of(csi, [ChargeRadius({name: 1e-32})]), COUNT, scan)
        for name in ("ee", "mumu", "emu", "etau", "mutau")
    }
    assert len(found["mumu"].pieces) == 2
    for name in ("emu", "etau", "mutau"):
        assert found[name].high == pytest.approx(-found[name].low, rel=1e-9)
    assert found["emu"].high < found["mutau"].high < found["etau"].high
    # both fluxes see emu; their limits add like inverse squares
    squares = [1.0 / found[name].high ** 2 for name in ("etau", "mutau", "emu")]
    assert squares[2] == pytest.approx(squares[0] + squares[1], rel=1e-6)


def test_mediator_events_are_those_of_the_term(csi):
    mass = np.array([1.0, 30.0, 1000.0])
    for term, g in (
        (ZPrime(1.0, 1.0), 2e-4),
        (ZPrime(1.0, 1.0, "b-l"), 2e-4),
        (MuTauMediator(1.0, 1.0), 1e-2),
    ):
        events = MediatorEvents.of(csi, term, mass)
        for i, m in enumerate(mass):
            changed = Target.of("CsI", new_physics=(type(term)(g, m, *_rest(term)),))
            assert events.counts(np.array([g**2]))[i] == pytest.approx(csi.total(changed), rel=1e-6)
    scalar = MediatorEvents.of(csi, Scalar(1.0, 1.0, 1.0, 1.0), mass)
    expected = csi.total(Target.of("CsI", new_physics=(Scalar(1e-4, 30.0, 1e-4, 1e-4),)))
    assert scalar.counts(np.array([1e-8]))[1] == pytest.approx(expected, rel=1e-9)


def _rest(term):
    return (term.charges,) if isinstance(term, ZPrime) else (term.loop_sign,)


def test_mediator_limits_light_and_heavy(csi):
    """Light: independent of the mass. Heavy: proportional to it, and the limit of the contact interaction."""
    data = Forecast(csi.total(), 0.2)
    found = mediator_limits_of(MediatorEvents.of(csi, ZPrime(1.0, 1.0, "b-l"), [0.01, 0.1, 1e4, 1e5]), data)
    assert not found.reason
    assert found.coupling[0] == pytest.approx(found.coupling[1], rel=1e-3)
    assert found.coupling[3] / found.coupling[2] == pytest.approx(10.0, rel=1e-3)
    # eps_u = eps_d = g^2 x_nu x_q/(sqrt2 G_F m^2) for all flavours
    contact = NSI(*[np.eye(3).tolist()] * 2)
    scan = np.linspace(-0.2, 0.3, 401)
    limit = contact_interval(ContactEvents.of(csi, [contact]), data, scan).low
    fermi = WeakCouplings().fermi_constant
    eps = -(found.coupling[3] ** 2) / 3.0 / (math.sqrt(2.0) * fermi * 1e10)
    assert eps == pytest.approx(limit, rel=1e-3)


def test_island_of_destructive_interference(csi):
    """Universal charges lower the events first: above a first exclusion an island is allowed, B - L has none."""
    universal = mediator_limits_of(MediatorEvents.of(csi, ZPrime(1.0, 1.0), [1.0, 100.0]), COUNT)
    assert all(len(found.pieces) == 2 for found in universal.intervals)
    assert (universal.first_exclusion < 0.5 * universal.coupling).all()
    plain = mediator_limits_of(MediatorEvents.of(csi, ZPrime(1.0, 1.0, "b-l"), [1.0, 100.0]), COUNT)
    np.testing.assert_array_equal(plain.first_exclusion, plain.coupling)


def test_flavours_alike_and_not(csi):
    flux = 100.0 * pion_decay_at_rest("19.3 m", protons=PROTONS, pulse_width="149 ns")
    expectation = Expectation.of(flux, detector_of("coherent_csi"))
    electron, muon = flavors_over_time(expectation, BINS)
    assert electron.sum() + muon.sum() == pytest.approx(expectation.total(), rel=0.1)
    alike = flavor_ratio(expectation, BINS)
    assert alike.best == pytest.approx(1.0, abs=1e-3)
    changed = flavor_ratio(expectation, BINS, measured=0.7 * (1.5 * electron + muon))
    assert changed.best == pytest.approx(1.5, rel=1e-3)  # whatever the normalisation
    known = flavor_ratio(expectation, BINS, normalisation_error=0.01)
    assert known.high - known.low < alike.high - alike.low
    noisy = flavor_ratio(expectation, BINS, background=50.0, background_error=0.05)
    assert noisy.high - noisy.low > alike.high - alike.low


def test_few_events_tell_flavours_apart_badly():
    flux = 0.02 * pion_decay_at_rest("19.3 m", protons=PROTONS, pulse_width="149 ns")
    found = flavor_ratio(Expectation.of(flux, detector_of("coherent_csi")), BINS)
    assert math.isnan(found.high)
    assert "does not rise" in found.reason


def test_density_from_the_recoils_of_a_detector():
    """Form factor, then density and radius, of what the simulation put in."""
    flux = pion_decay_at_rest("20 m", protons=2e23)
    detector = Detector.of("Ar40", mass="10 t", live_time="1 yr", threshold="1 keVnr", highest="110 keVnr")
    expectation = Expectation.of(flux, detector, np.linspace(1.0, 110.0, 110))
    q, f, error = form_factor_points(expectation)
    truth = Helm.from_lewin_smith(Nucleus.named("Ar40"))
    np.testing.assert_allclose(f, truth(q), rtol=2e-3)
    np.testing.assert_allclose(error / f, 0.5 / np.sqrt(expectation.counts()), rtol=1e-12)
    radius, uncertainty = weak_density(q, f, error, 8.0).rms_radius()
    assert radius == pytest.approx(float(np.sqrt(truth.moments()[0])), abs=2.0 * uncertainty + 0.01)
    with pytest.raises(OutOfRangeError, match="recoil energy"):
        form_factor_points(coherent_expectation())


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda e: ContactEvents.of(e, [ZPrime(1.0, 1.0)]), "ZPrime: must shift"),
        (lambda e: ContactEvents.of(e, [MagneticMoment(1e-10)]), "MagneticMoment: must shift"),
        (
            lambda e: ContactEvents.of(e, [ChargeRadius({"ee": 1e-32})], WeakCouplings(radiative=True)),
            "standard_model",
        ),
        (lambda e: radius_counts(e, [5.0], {"Cs133": 4.8}), "I127 is missing"),
        (lambda e: radius_counts(e, [1.0], CAESIUM_IODIDE), "rms radius"),
        (lambda e: MediatorEvents.of(e, ZPrime(1.0, 1.0), [0.0]), "mass: must be positive"),
        (lambda e: MediatorEvents.of(e, NSI(up={"ee": 1.0}), [1.0]), "NSI: has no mass"),
        (lambda e: flavor_ratio(e, BINS), "pulse_width"),
    ],
)
def test_bad_input_is_named(csi, call, words):
    with pytest.raises(OutOfRangeError, match=words):
        call(csi)


def test_a_boson_that_the_source_does_not_see(reactor_line):
    events = MediatorEvents.of(reactor_line, MuTauMediator(1.0, 1.0), [10.0])
    with pytest.raises(OutOfRangeError, match="charges vanish"):
        mediator_limits_of(events, Forecast(events.standard, 0.1))
