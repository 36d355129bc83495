import math
from dataclasses import replace

import numpy as np
import pytest

from microphysics.constants import CODATA
from snsim.diagnostics._labels import STATIC_FRAME
from snsim.diagnostics.burst import burst_from_profile_sequence, observe, pns_cooling
from snsim.diagnostics.neutrinosphere import transport_radius
from snsim.errors import ProfileError
from snsim.profiles.profile import Profile


def number(group, name):
    return float(group[name].values)


# ------------------------------------------------------------------------------------------------------- profile


def test_trapped_leptons_are_those_inside_the_sphere(star):
    background, spectra, solution = star(zones=1600)
    found = observe(background, spectra, solution)
    sphere = float(transport_radius(background, spectra, solution)[0])
    edges, r = background.radius_interface, background.radius
    volume = 4.0 * math.pi / 3.0 * np.diff(edges**3)
    inside = r < sphere
    electrons = 0.5 * (background.matter.baryon_density * volume)[inside].sum()
    neutrinos = ((solution.number_density[0] - solution.number_density[1]) * volume)[inside].sum()
    assert number(found, "trapped_electrons") == pytest.approx(electrons, rel=2e-3)
    assert number(found, "trapped_neutrinos") == pytest.approx(neutrinos, rel=0.02)
    assert number(found, "trapped_leptons") == pytest.approx(
        number(found, "trapped_electrons") + number(found, "trapped_neutrinos")
    )
    assert number(found, "lepton_fraction") == pytest.approx(0.5, rel=0.05)


def test_release_time_is_leptons_over_their_loss(star):
    background, spectra, solution = star(mass=1.4 * CODATA.solar_mass)
    rate = solution.number_luminosity.copy()
    rate[0], rate[1] = 3e57, 2e57
    found = observe(background, spectra, replace(solution, number_luminosity=rate))
    loss = 1e57 * background.lapse_interface[-1]
    assert number(found, "lepton_loss") == pytest.approx(loss, rel=1e-12)
    for name, variable in found.items():
        local = name not in ("lepton_loss", "release_time")
        assert variable.attributes["frame"] == (STATIC_FRAME if local else "observer at infinity"), name
    assert number(found, "release_time") == pytest.approx(number(found, "trapped_leptons") / loss, rel=1e-12)
    swapped = observe(background, spectra, replace(solution, number_luminosity=rate[[1, 0, 2]]))
    assert math.isnan(number(swapped, "release_time"))
    assert "more anue" in swapped["release_time"].attributes["reason"]


def test_transparent_star_traps_nothing_that_could_be_counted(star):
    found = observe(*star(opacity=(1e-30,) * 3))
    assert math.isnan(number(found, "trapped_leptons"))
    assert "no neutrinosphere" in found["trapped_leptons"].attributes["reason"]


# ------------------------------------------------------------------------------------------------------- sequence


@pytest.mark.parametrize("samples", [61, 241, 601])
def test_gaussian_burst(samples):
    t, sigma = np.linspace(-0.02, 0.0413, samples), 0.003
    light = 4e53 * np.exp(-0.5 * (t / sigma) ** 2)
    found = burst_from_profile_sequence(t, light, np.full_like(t, 12.0))
    step = t[1] - t[0]
    small = (step / sigma) ** 2
    width = 2.0 * math.sqrt(2.0 * math.log(2.0)) * sigma
    total = 4e53 * sigma * math.sqrt(2.0 * math.pi)
    half = math.erf(math.sqrt(math.log(2.0)))
    assert number(found, "peak_luminosity") == pytest.approx(4e53, rel=0.05 * small + 1e-6)
    assert abs(number(found, "peak_time")) < 0.05 * step
    assert number(found, "width") == pytest.approx(width, rel=0.3 * small + 1e-6)
    assert number(found, "energy") == pytest.approx(half * total, rel=0.3 * small + 1e-6)
    assert number(found, "energy_total") == pytest.approx(total, rel=0.3 * small + 1e-6)
    expected = number(found, "energy") / (12.0 * CODATA.erg_per_mev)
    assert number(found, "number") == pytest.approx(expected, rel=1e-9)


def test_width_is_between_half_maxima_and_is_no_standard_deviation():
    t = np.linspace(-0.01, 0.01, 2001)
    triangle = 1e53 * np.maximum(0.0, 1.0 - np.abs(t) / 0.004)
    assert number(burst_from_profile_sequence(t, triangle), "width") == pytest.approx(0.004, rel=1e-2)


def test_sequence_that_begins_in_the_burst_has_no_width():
    t = np.linspace(0.0, 0.02, 101)
    found = burst_from_profile_sequence(t, 4e53 * np.exp(-t / 0.004))
    for name in ("peak_luminosity", "peak_time"):
        assert math.isnan(number(found, name))
        assert "does not rise to its largest value" in found[name].attributes["reason"]
    for name in ("width", "energy", "number"):
        assert math.isnan(number(found, name))
    assert "before the peak" in found["width"].attributes["reason"]
    assert "no mean energies" in found["number"].attributes["reason"]


@pytest.mark.parametrize(
    ("light", "words"),
    [
        (np.arange(1.0, 8.0), "does not fall from"),
        (np.array([1.0, 2.0, 3.0, 4.0, 4.0, 4.0, 4.0]), "does not fall from"),
        (np.ones(7), "does not rise to or fall from"),
        (np.zeros(7), "does not rise to or fall from"),
    ],
)
def test_sequence_without_a_peak_says_so(light, words):
    found = burst_from_profile_sequence(np.arange(7.0), light)
    for name in ("peak_luminosity", "peak_time"):
        assert math.isnan(number(found, name))
        assert words in found[name].attributes["reason"]
    assert math.isnan(number(found, "width"))
    assert math.isfinite(number(found, "energy_total"))


def test_single_profile_is_refused():
    radius = np.geomspace(1e5, 1e8, 20)
    star = Profile(radius, 1e14 * (1e5 / radius), np.full(20, 2.0), np.full(20, 0.3))
    for time, light in ((star, 1e53), (0.0, 1e53), ([0.0], [1e53])):
        with pytest.raises(ProfileError, match="needs a sequence in time"):
            burst_from_profile_sequence(time, light)
    with pytest.raises(ProfileError, match="3 times"):
        burst_from_profile_sequence([0.0, 1.0, 2.0], [1.0, 2.0, 1.0])


@pytest.mark.parametrize(
    ("time", "light", "words"),
    [
        ([0.0, 1.0, 1.0, 2.0, 3.0], np.ones(5), "time must rise"),
        (np.arange(5.0), np.ones(4), "shape"),
        (np.arange(5.0), [1.0, 1.0, -1.0, 1.0, 1.0], "luminosity = -1 at 2 s"),
        (np.arange(5.0), [1.0, 1.0, np.nan, 1.0, 1.0], "luminosity = nan"),
    ],
)
def test_bad_sequences_are_named(time, light, words):
    with pytest.raises(ProfileError, match=words):
        burst_from_profile_sequence(time, light)


# -------------------------------------------------------------------------------------------------------- cooling


def test_exponential_cooling_has_its_closed_forms():
    tau, t = 3.0, np.linspace(0.0, 60.0, 121)
    found = pns_cooling(t, 5e52 * np.exp(-t / tau), np.full_like(t, 10.0))
    assert number(found, "energy") == pytest.approx(1.5e53, rel=1e-8)
    assert number(found, "number") == pytest.approx(1.5e53 / (10.0 * CODATA.erg_per_mev), rel=1e-8)
    assert number(found, "mean_energy") == pytest.approx(10.0, rel=1e-12)
    assert number(found, "kelvin_helmholtz_time") == pytest.approx(tau, rel=1e-8)
    assert number(found, "tau_energy") == pytest.approx(tau, rel=1e-3)
    assert number(found, "t_90") == pytest.approx(tau * math.log(10.0), rel=1e-3)
    assert number(found, "tail_share") == pytest.approx(math.exp(-20.0), rel=1e-6)


def test_time_scales_of_a_power_law_differ():
    # L = L0 (1 + t)^-2: energy L0, 1 - 1/e at e - 1, 90 % at 9
    t = np.concatenate([[0.0], np.geomspace(1e-3, 1e6, 4000)])
    found = pns_cooling(t, 1e52 * (1.0 + t) ** -2, 12.0 / (1.0 + t) ** 0.25)
    assert number(found, "kelvin_helmholtz_time") == pytest.approx(1.0, rel=1e-4)
    assert number(found, "tau_energy") == pytest.approx(math.e - 1.0, rel=1e-4)
    assert number(found, "t_90") == pytest.approx(9.0, rel=1e-4)
    # <E> over all neutrinos is energy/number, not the mean of the mean energies: int (1+t)^-7/4 = 4/3
    assert number(found, "mean_energy") == pytest.approx(12.0 * 3.0 / 4.0, rel=1e-4)


def test_cooling_from_a_later_time():
    tau, t = 3.0, np.linspace(0.0, 90.0, 181)
    found = pns_cooling(t, 5e52 * np.exp(-t / tau), np.full_like(t, 10.0), starting_at=1.3)
    assert number(found, "kelvin_helmholtz_time") == pytest.approx(tau, rel=1e-6)
    assert number(found, "energy") == pytest.approx(1.5e53 * math.exp(-1.3 / tau), rel=1e-6)
    with pytest.raises(ProfileError, match="starting_at"):
        pns_cooling(t, np.ones_like(t), np.ones_like(t), starting_at=100.0)


def test_cooling_that_does_not_fall_has_no_tail():
    t = np.linspace(0.0, 1.0, 10)
    found = pns_cooling(t, np.full_like(t, 1e52), np.full_like(t, 10.0))
    assert math.isnan(number(found, "tail_share"))
    assert number(found, "t_90") == pytest.approx(0.9, rel=1e-9)
    with pytest.raises(ProfileError, match="mean_energy = 0"):
        pns_cooling(t, np.full_like(t, 1e52), 0.0 * t)
