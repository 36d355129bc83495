"""The core before bounce against the table of its specification, the model that it stands for, and its formulae."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from microphysics.constants import CODATA
from microphysics.eos.lattimer_swesty import LattimerSwesty
from snsim.config.eos import equation_of_state
from snsim.config.load import load_config
from snsim.config.schema import CollapseProfile
from snsim.config.write import resolve_toml
from snsim.errors import ConfigError, ProfileError
from snsim.profiles.collapse import collapse_profile, deleptonised
from snsim.profiles.readers import load_profile
from snsim.profiles.shock import find_shock
from snsim.transport.grid import build_background, interpolate

KM = 1e5
G = CODATA.gravitational_constant
EARLIER = {
    "central_density": 1.63e12,
    "core_radius": 54.8 * KM,
    "steepness": 1.975,
    "contraction_rate": 122.0,
    "infall_fraction": 0.35,
}


def core(eos=None, **changes):
    defaults = dict(CollapseProfile(format="collapse"))
    return collapse_profile(SimpleNamespace(**(defaults | changes)), eos or LattimerSwesty())


@pytest.fixture(scope="module")
def default():
    return core()


@pytest.fixture(scope="module")
def as_published():
    """With the binding of alphas that the model's equation of state has."""
    return core(LattimerSwesty(alpha_binding="ls91"))


# AB_G15 at -2 ms: radius, density, T, Y_e, X_h, A, Z, to the digits printed
TABLE = [
    (40.0, 1.1e12, 2.0, 0.335, 0.89, 98.0, 37.0),
    (78.0, 1.3e11, 1.4, 0.392, 0.94, 75.0, 31.0),
    (151.0, 1.2e10, 1.1, 0.433, 0.92, 64.0, 28.0),
]
NAMES = (
    "density",
    "temperature",
    "electron_fraction",
    "mass_fraction_heavy",
    "mass_number_heavy",
    "charge_number_heavy",
)


@pytest.mark.parametrize(("radius", "expected"), [(row[0], row[1:]) for row in TABLE])
def test_table(default, as_published, radius, expected):
    here = np.array([radius * KM])
    found = [float(interpolate(as_published, name, here)[0]) for name in NAMES]
    bounds = (0.13, 0.06, 0.015, 0.03, 0.05, 0.03)  # relative; the density's is the fit's
    for value, wanted, bound in zip(found, expected, bounds, strict=True):
        assert value == pytest.approx(wanted, rel=bound)
    # the corrected alphas take some of the nuclei below 1e11 g/cm^3, and heat
    corrected = [float(interpolate(default, name, here)[0]) for name in NAMES]
    assert corrected == pytest.approx(found, rel=0.11)


@pytest.mark.parametrize(
    ("file", "changes", "density", "velocity"),
    [("AB_G15_h_m002ms", {}, (0.09, 0.3), 0.25), ("AB_G15_h_m005ms", EARLIER, (0.12, 0.3), 0.3)],
)
def test_agile_boltztran(reference, read_columns, file, changes, density, velocity):
    model = read_columns(reference / "boltzmann" / f"{file}.csv")
    profile = core(LattimerSwesty(alpha_binding="ls91"), **changes)
    here = model["radius_cm"] < 1e8
    radius = model["radius_cm"][here]

    def ratio(name, column, where=slice(None)):
        return interpolate(profile, name, radius[where]) / model[column][here][where] - 1.0

    error = ratio("density", "density_g_cm3")
    assert np.sqrt(np.mean(error**2)) < density[0]
    assert np.abs(error).max() < density[1]
    hot = radius < 450 * KM
    assert np.sqrt(np.mean(ratio("temperature", "temperature_MeV", hot) ** 2)) < 0.08
    assert np.sqrt(np.mean(ratio("mass_fraction_heavy", "xh", hot) ** 2)) < 0.03
    assert np.sqrt(np.mean(ratio("mass_number_heavy", "a_heavy", hot) ** 2)) < 0.05
    difference = interpolate(profile, "electron_fraction", radius) - model["ye"][here]
    assert np.abs(difference).max() < 0.017
    falling = (radius > 20 * KM) & hot
    assert np.sqrt(np.mean(ratio("velocity", "velocity_cm_s", falling) ** 2)) < velocity


def test_density_and_velocity_are_the_formulae(default):
    r = default.radius
    np.testing.assert_allclose(default.density, 2.78e13 * (1 + (r / (17.1 * KM)) ** 2) ** -1.748, rtol=1e-12)
    homologous = r < 30 * KM
    np.testing.assert_allclose(default.velocity[homologous], -530.0 * r[homologous], rtol=1e-12)
    mass = np.interp(r, *enclosed(default))
    outside = r > 100 * KM
    np.testing.assert_allclose(
        -default.velocity[outside] / np.sqrt(2.0 * G * mass / r)[outside], 0.42, rtol=2e-3
    )


def enclosed(profile):
    background = build_background(profile, 2000, r_inner=1e5, r_outer=1e8)
    return background.radius_interface, background.gravitational_mass


def test_deleptonisation():
    # Liebendoerfer 2005, eq. 2 and table 1 (G15): the ends, and Y_c above the middle
    assert deleptonised(np.array([1e6, 3e7])) == pytest.approx([0.5, 0.5], abs=1e-12)
    assert deleptonised(np.array([2e13, 1e15])) == pytest.approx([0.278, 0.278], abs=1e-12)
    assert deleptonised(np.array([np.sqrt(3e7 * 2e13)])) == pytest.approx([0.389 + 0.035], abs=1e-12)
    density = np.geomspace(3e7, 2e13, 200)
    assert (np.diff(deleptonised(density)) < 0.0).all()


def test_entropy(default):
    hot = default.mass_number_heavy != 56.0
    state = LattimerSwesty()(default.density[hot], default.temperature[hot], default.electron_fraction[hot])
    assert state.entropy[0] == pytest.approx(1.39)
    for density, entropy in ((1e12, 1.2), (10**11.3, 1.05), (10**10.4, 1.25), (10**9.2, 1.87)):
        assert np.interp(-density, -state.density, state.entropy) == pytest.approx(entropy, rel=0.01)
    np.testing.assert_allclose(default.pressure[hot], state.pressure, rtol=1e-9)


def test_nuclei_only_where_cold(default):
    frozen = default.mass_number_heavy == 56.0
    assert frozen.any()
    assert (np.diff(frozen.astype(int)) >= 0).all()  # once frozen, always frozen
    np.testing.assert_array_equal(default.mass_fraction_heavy[frozen], 1.0)
    np.testing.assert_allclose(
        default.charge_number_heavy[frozen], 56.0 * default.electron_fraction[frozen], rtol=1e-12
    )
    assert default.temperature[~frozen].min() >= 0.5
    assert default.temperature[~frozen][-1] < 0.52


def test_no_shock(default):
    assert default.shock_radius is None
    assert find_shock(default) is None


def test_hot_to_the_edge():
    profile = core(central_density=1e11, core_radius=54.8 * KM, steepness=1.0)
    assert profile.temperature.min() > 0.5
    assert (profile.mass_number_heavy[profile.mass_fraction_heavy > 0] != 56.0).all()


def test_refusals():
    with pytest.raises(ProfileError, match=r"no collapsing core: density = .* 1000 <= density"):
        core(central_density=1e10, core_radius=1 * KM, steepness=4.0)
    with pytest.raises(ProfileError, match=r"its centre has 0\.\d+ MeV.*raise profile\.central_density"):
        core(central_density=8e7, core_radius=500 * KM, steepness=1.0)


def test_run_file(tmp_path, default):
    file = tmp_path / "run.toml"
    file.write_text('schema = 1\n[profile]\nformat = "collapse"\n')
    config = load_config(file)
    profile = load_profile(config.profile, eos=equation_of_state(config.microphysics))
    np.testing.assert_array_equal(profile.temperature, default.temperature)
    again = tmp_path / "again.toml"
    again.write_text(resolve_toml(config))
    assert load_config(again) == config
    file.write_text('schema = 1\n[profile]\nformat = "collapse"\ncentral_density = "1 km"\n')
    with pytest.raises(ConfigError, match="expected a density"):
        load_config(file)
