"""Integrals over recoils against sums of many points: narrow bins, smearing of any width, efficiencies that jump."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy import special, stats

from microphysics.targets import Target
from snsim.detection import (
    ConstantQuenching,
    Detector,
    Expectation,
    GaussianSmearing,
    PoissonSmearing,
    Response,
    TabulatedEfficiency,
    TabulatedQuenching,
    effective_area,
    events,
    monochromatic,
    pinched_fluence,
    pion_decay_at_rest,
    signal_fluence,
    supernova_rate,
)
from snsim.signal import Signal

ARGON = Target.of("Ar40")
LINE = monochromatic("nue", 30.0, 1e10, per_time=False)
ONE = ConstantQuenching(1.0)
WINDOW = TabulatedEfficiency(np.array([30.0, 30.0001, 31.4999, 31.5]), np.array([0.0, 1.0, 1.0, 0.0]))
STEP = TabulatedEfficiency(np.array([5.0, 5.0001]), np.array([0.0, 1.0]))


def argon(**options):
    return Detector.of(ARGON, mass="1 t", **options)


def fine_sum(chance, energy=30.0, count=400_000):
    """Recoils of a line in a tonne of argon times a chance (of a recoil in keV), by a sum over midpoints."""
    (one,) = ARGON.scattering
    most = float(one.largest_recoil(energy))
    edges = np.linspace(0.0, most, count + 1)
    recoil = 0.5 * (edges[1:] + edges[:-1])
    sigma = one.dsigma_dT(energy, recoil, "nue") * chance(1e3 * recoil)
    return 1e10 * argon(threshold="0 keVnr").nuclei * sigma.sum() * most / count


def normal_chance(low, high, width):
    return lambda t: stats.norm.cdf((high - t) / width(t)) - stats.norm.cdf((low - t) / width(t))


@pytest.mark.parametrize("smearing", [
    GaussianSmearing(noise=0.05), GaussianSmearing(noise=0.3), GaussianSmearing(noise=2.0), GaussianSmearing(share=0.005),
    GaussianSmearing(share=0.01), GaussianSmearing(root=0.02), GaussianSmearing(0.02, 0.03, 0.004),
])  # fmt: skip
@pytest.mark.parametrize("edges", [(39.0, 41.0), (20.0, 20.5), (5.0, 5.1), (12.0, 45.0)])
def test_normal_smearing_of_any_width(smearing, edges):
    detector = argon(threshold=f"{edges[0]} keVnr", highest=f"{edges[1]} keVnr", smearing=smearing)
    expected = fine_sum(normal_chance(*edges, smearing.width))
    assert events(LINE, detector)[0] == pytest.approx(expected, rel=1e-5)
    assert effective_area(detector, [30.0])[0] * 1e10 == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    "smearing", [GaussianSmearing(noise=0.003), GaussianSmearing(noise=0.3), GaussianSmearing(root=1.0)]
)
def test_many_smeared_bins(smearing):
    edges = np.linspace(1.0, 40.0, 118)
    detector = argon(threshold="1 keVnr", highest="40 keVnr", smearing=smearing)
    found = events(LINE, detector, edges)
    for i in (0, 27, 60, 116):
        expected = fine_sum(normal_chance(edges[i], edges[i + 1], smearing.width))
        assert found[i] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("light", [10.0, 100.0, 1000.0])
@pytest.mark.parametrize("edges", [(20.0, 22.0), (39.0, 41.0), (5.0, 5.2)])
def test_counting_photoelectrons_of_any_yield(light, edges):
    """Numbers from the first edge to the last, both included, by the incomplete gamma function."""
    low, high = edges[0] * light, edges[1] * light
    detector = argon(
        threshold=f"{low} pe",
        highest=f"{high} pe",
        quenching=ONE,
        light_yield=light,
        smearing=PoissonSmearing(),
    )

    def chance(t):
        return special.pdtr(round(high), light * t) - special.pdtr(round(low) - 1, light * t)

    expected = fine_sum(chance, count=40_000)
    assert events(LINE, detector)[0] == pytest.approx(expected, rel=1e-5)
    assert effective_area(detector, [30.0])[0] * 1e10 == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("efficiency", [WINDOW, STEP], ids=["window", "step"])
@pytest.mark.parametrize("energy", [10.0, 20.0, 30.0, 40.0])
@pytest.mark.parametrize("smearing", [None, GaussianSmearing(noise=0.02), GaussianSmearing(noise=1.0)])
def test_efficiencies_that_jump(efficiency, energy, smearing):
    detector = argon(threshold="1 keVnr", efficiency=efficiency, smearing=smearing)

    def chance(t):
        if smearing is None:
            return efficiency(t) * (t >= 1.0)
        # the table's lines are so steep that their middles are steps
        first, last = (30.00005, 31.49995) if efficiency is WINDOW else (5.00005, 1e9)
        return normal_chance(first, last, smearing.width)(t)

    flux = monochromatic("nue", energy, 1e10, per_time=False)
    expected = fine_sum(chance, energy)
    floor = 1e-9 * fine_sum(np.ones_like, energy)
    assert events(flux, detector)[0] == pytest.approx(expected, rel=1e-4, abs=floor)
    assert effective_area(detector, [energy])[0] * 1e10 == pytest.approx(expected, rel=1e-4, abs=floor)


def test_an_efficiency_of_straight_lines_and_as_a_function_smear_alike():
    table = TabulatedEfficiency(np.array([0.0, 10.0, 40.0]), np.array([0.1, 0.5, 0.9]))
    smearing = GaussianSmearing(noise=0.4, root=0.2)
    options = {"threshold": "2 keVnr", "highest": "30 keVnr", "smearing": smearing}
    lines = events(LINE, argon(efficiency=table, **options), [2.0, 7.0, 10.0, 30.0])
    function = events(LINE, argon(efficiency=lambda x: table(x), **options), [2.0, 7.0, 10.0, 30.0])
    np.testing.assert_allclose(function, lines, rtol=1e-6)
    half = events(LINE, argon(efficiency=lambda x: np.full(np.shape(x), 0.5), **options))
    np.testing.assert_allclose(half, 0.5 * events(LINE, argon(**options)), rtol=1e-7)


def test_photoelectrons_of_straight_lines_and_of_a_function_are_counted_alike():
    table = TabulatedEfficiency(np.array([0.0, 10.0, 30.0, 30.5, 40.0]), np.array([0.1, 0.5, 0.5, 0.2, 0.9]))
    edges = np.array([0.0, 7.0, 10.0, 30.0, 30.5, 55.0])
    mean = np.array([1e-3, 0.5, 3.0, 12.0, 29.0, 41.0, 60.0, 300.0])
    options = {"low": 0.0, "unit": "pe", "quenching": ONE, "light_yield": 1.0, "smearing": PoissonSmearing()}
    number = np.arange(56)
    likely = stats.poisson.pmf(number[:, None], mean) * table(number.astype(float))[:, None]
    place = np.minimum(np.searchsorted(edges, number, side="right") - 1, 4)
    exact = [likely[place == i].sum(axis=0) for i in range(5)]
    for efficiency in (table, lambda x: table(x)):
        found = Response(efficiency=efficiency, **options).probabilities(mean, edges)
        np.testing.assert_allclose(found, exact, rtol=1e-9, atol=1e-15)
    open_ended = Response(**options).probabilities(mean, np.array([0.0, np.inf]))
    np.testing.assert_allclose(open_ended, 1.0, rtol=1e-13)


def test_a_straight_efficiency_in_closed_form():
    """The mean of a + b x over all of a normal distribution is a + b times its own mean; beyond the table it is constant."""
    table = TabulatedEfficiency(np.array([0.0, 100.0]), np.array([0.2, 0.8]))
    response = Response(0.0, efficiency=table, smearing=GaussianSmearing(noise=1.0))
    found = response.probabilities(np.array([20.0, 50.0, 150.0]), np.array([0.0, np.inf]))
    np.testing.assert_allclose(found[0], [0.32, 0.5, 0.8], rtol=1e-12)


def test_a_quenching_that_bends_is_cut_there():
    table = TabulatedQuenching(np.array([1.0, 20.0, 21.0, 50.0]), np.array([0.1, 0.1, 0.3, 0.3]))
    efficiency = TabulatedEfficiency(np.array([0.0, 15.0]), np.array([0.0, 1.0]))
    detector = argon(threshold="1 keVee", quenching=table, efficiency=efficiency)

    def chance(t):
        seen = t * table(t)
        return efficiency(seen) * (seen >= 1.0)

    assert events(LINE, detector)[0] == pytest.approx(fine_sum(chance), rel=1e-5)


@pytest.mark.parametrize("options", [
    {"threshold": "1 keVnr", "efficiency": WINDOW},
    {"threshold": "5 keVnr", "highest": "12 keVnr"},
    {"threshold": "4 keVnr", "highest": "7 keVnr", "smearing": GaussianSmearing(share=0.005)},
    {"threshold": "30 pe",
            "highest": "90 pe", "quenching": ConstantQuenching(0.25), "light_yield": 8.0, "smearing": PoissonSmearing()},
])  # fmt: skip
@pytest.mark.parametrize("source", ["pions", "burst"])
def test_the_area_folds_to_the_events(options, source):
    """The efficiency, the range and the smearing are all in it."""
    kinds = dict.fromkeys(("nue", "anue", "nux"), 1.0)
    fluxes = {
        "pions": pion_decay_at_rest("20 m", protons=1e23),
        "burst": pinched_fluence(*({each: value for each in kinds} for value in (5e52, 12.0, 2.3)), "10 kpc"),
    }
    flux = fluxes[source]
    detector = argon(**options)
    total = 0.0
    for part in flux.components:
        if part.energy.size:
            e = np.linspace(0.01, part.highest, 6001)
            total += np.trapezoid(np.interp(e, part.energy, part.density) * effective_area(detector, e), e)
        if part.line_energy.size:
            total += float(part.line_flux @ effective_area(detector, part.line_energy))
    assert total == pytest.approx(Expectation.of(flux, detector).total(), rel=1e-4)


def test_areas_of_a_mixture_keep_energies_apart():
    """Each energy as if it were alone, in any order."""
    detector = Detector.of("CsI", mass="1 kg", threshold="2 keVnr", smearing=GaussianSmearing(noise=0.1))
    energy = np.array([40.0, 3.0, 12.0, 90.0])
    together = effective_area(detector, energy)
    alone = [effective_area(detector, [each])[0] for each in energy]
    np.testing.assert_allclose(together, alone, rtol=1e-9)
    assert effective_area(detector, np.empty(0)).size == 0


@pytest.mark.parametrize("options", [
    {"smearing": GaussianSmearing(noise=0.01, share=0.005)},
    {"smearing": GaussianSmearing(noise=0.05), "efficiency": lambda x: 1.0 / (1.0 + np.exp(3.0 - x))},
    {"smearing": GaussianSmearing(noise=0.05), "efficiency": WINDOW},
    {"smearing": PoissonSmearing(), "quenching": ONE, "light_yield": 100.0},
    {"smearing": PoissonSmearing(), "quenching": ONE, "light_yield": 3.0, "efficiency": lambda x: x / (x + 5.0)},
], ids=["constant", "function", "table", "counted", "counted function"])  # fmt: skip
def test_a_smeared_supernova_needs_little_memory(options):
    time = np.linspace(0.0, 8.0, 30)
    fading = np.exp(-time / 2.0)[:, None] * [1.0, 0.9, 0.7]
    signal = Signal.from_pinching(time, 3e52 * fading, 10.0 + 3.0 * fading, 2.0 + fading)
    threshold = "100 pe" if "light_yield" in options else "1 keVnr"
    detector = Detector.of("Ar40", mass="7 t", threshold=threshold, **options)
    tracemalloc.start()
    try:
        rate = supernova_rate(signal, "10 kpc", detector)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 60e6
    total = events(signal_fluence(signal, "10 kpc"), detector)[0]
    assert signal.interval @ rate == pytest.approx(total, rel=1e-3)
