"""The star in hydrostatic equilibrium: its equations, its shock, the models that it resembles, and refusals."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from pydantic import ValidationError

from microphysics.constants import CODATA
from microphysics.eos.lattimer_swesty import LattimerSwesty
from microphysics.errors import PhysicsWarning
from snsim.config.eos import equation_of_state
from snsim.config.load import load_config
from snsim.config.schema import Config, HydrostaticProfile
from snsim.config.write import resolve_toml
from snsim.errors import ConfigError, ProfileError
from snsim.profiles import hydrostatic
from snsim.profiles.hydrostatic import find_root, hydrostatic_profile
from snsim.profiles.readers import load_profile
from snsim.transport.grid import build_background, interpolate

KM = 1e5
G, C, MSUN = CODATA.gravitational_constant, CODATA.speed_of_light, CODATA.solar_mass
SHOCK = 144.0 * KM
EOS = LattimerSwesty()


def star(eos=EOS, **changes):
    defaults = dict(HydrostaticProfile(format="hydrostatic"))
    return hydrostatic_profile(SimpleNamespace(**(defaults | changes)), eos)


@pytest.fixture(scope="module")
def default():
    return star()


@pytest.fixture(scope="module")
def below(default):
    """Points below the shock, and the equation of state there."""
    inside = default.radius <= SHOCK
    state = EOS(default.density[inside], default.temperature[inside], default.electron_fraction[inside])
    return inside, state


def gain_entropy(state):
    """Entropy of the gain layer from the last point below the shock and the formula of S(rho)."""
    x = np.log10(state.density[-1])
    steps = 0.5 * (1.0 - np.tanh((x - np.array([14.0, 10.7])) / np.array([0.3, 1.2])))
    return 5.0 + (state.entropy[-1] - 1.4 - 3.6 * steps[0]) / steps[1]


def logarithmic_slope(radius, values):
    """Return dlny/dlnr of fourth order at the inner points of an uneven grid."""
    x, y = np.log(radius), np.log(values)
    slope = np.empty(x.size - 4)
    for i in range(2, x.size - 2):
        near = x[i - 2 : i + 3] - x[i]
        slope[i - 2] = np.linalg.solve(np.vander(near, increasing=True), y[i - 2 : i + 3])[1]
    return slope


def test_hydrostatic_equilibrium(default, below):
    inside, state = below
    r, m, pressure = default.radius[inside], default.gravitational_mass[inside], default.pressure[inside]
    np.testing.assert_allclose(pressure, state.pressure, rtol=1e-9)
    weight = (state.energy_density + pressure) / C**2 * (m + 4.0 * np.pi * r**3 * pressure / C**2)
    expected = -G * weight / (1.0 - 2.0 * G * m / (r * C**2)) / r / pressure
    error = np.abs(logarithmic_slope(r, pressure) - expected[2:-2])
    scale = np.abs(expected[2:-2])
    # 9 to 10 km: from core to mantle density falls fourfold within 1 km, on few points
    steep = (r[2:-2] > 9.0 * KM) & (r[2:-2] < 10.3 * KM)
    assert (error[~steep] < 3e-4 * scale[~steep] + 6e-5).all()
    assert (error[steep] < 1e-2 * scale[steep]).all()
    assert np.median(error / scale) < 1e-5


def test_gravitational_mass(default, below):
    inside, state = below
    r, m = default.radius[inside], default.gravitational_mass[inside]
    shells = 4.0 * np.pi * r**3 * state.energy_density / C**2
    error = np.abs(logarithmic_slope(r, m) * m[2:-2] / shells[2:-2] - 1.0)
    assert np.median(error) < 1e-5
    assert error.max() < 5e-3
    assert m[-1] == pytest.approx(1.35 * MSUN, rel=1e-6)
    assert m[0] == pytest.approx(shells[0] / 3.0, rel=1e-3)
    # ahead of the shock what falls is added
    assert np.interp(2e8, default.radius, default.gravitational_mass) == pytest.approx(
        1.35 * MSUN
        + 0.95 * MSUN * 2.0 / 3.0 * (2e8**1.5 - SHOCK**1.5) / (0.85 * np.sqrt(2.0 * G * 1.35 * MSUN)),
        rel=1e-3,
    )


def test_entropy_and_electron_fraction_are_the_formulae(default, below):
    inside, state = below
    x = np.log10(default.density[inside])

    def step(middle, width):
        return 0.5 * (1.0 - np.tanh((x - middle) / width))

    entropy = 1.4 + 3.6 * step(14.0, 0.3) + (gain_entropy(state) - 5.0) * step(10.7, 1.2)
    np.testing.assert_allclose(state.entropy, entropy, rtol=3e-5)
    electrons = 0.11 + 0.165 * (1.0 - step(13.15, 0.25)) + 0.39 * step(9.9, 1.0)
    np.testing.assert_allclose(default.electron_fraction[inside], electrons, rtol=1e-12)


def test_known_answer(default, below):
    # frozen: the two unknowns, and what the shock does
    assert default.density[0] == pytest.approx(3.972e14, rel=1e-3)  # at 0.5 km
    assert gain_entropy(below[1]) == pytest.approx(12.35, abs=0.01)
    assert "central density 3.978e+14 g/cm^3, gain-layer entropy 12.35 k_B, compression 7" in default.source
    assert "Lattimer-Swesty, K = 220 MeV" in default.source


def test_shock_conserves_mass_and_momentum(default):
    i = int(np.argmax(default.radius > SHOCK))
    assert default.shock_radius == SHOCK
    density, velocity, pressure = (
        getattr(default, name)[i - 1 : i + 1] for name in ("density", "velocity", "pressure")
    )
    np.testing.assert_allclose(density * velocity, (density * velocity)[0], rtol=1e-5)
    np.testing.assert_allclose(
        pressure + density * velocity**2, (pressure + density * velocity**2)[0], rtol=1e-4
    )
    assert 5.0 < density[0] / density[1] < 10.0


def test_infall(default):
    ahead = default.radius > SHOCK
    r = default.radius[ahead]
    np.testing.assert_allclose(
        -default.velocity[ahead] / np.sqrt(2.0 * G * 1.35 * MSUN / r), 0.85, rtol=1e-12
    )
    flux = -4.0 * np.pi * default.radius**2 * default.density * default.velocity
    outside = default.density < 1e13
    np.testing.assert_allclose(flux[outside], 0.95 * MSUN, rtol=1e-9)
    # in proportion to the mass inside: nothing flows through the centre
    core = default.density > 1.01e13
    np.testing.assert_allclose(
        flux[core] / default.gravitational_mass[core], flux[0] / default.gravitational_mass[0], rtol=1e-9
    )
    np.testing.assert_array_equal(default.mass_fraction_heavy[ahead], 1.0)
    assert default.temperature[ahead].max() < 1.1


def test_composition_and_potentials_are_those_of_the_equation_of_state(default, below):
    inside, state = below
    for name in ("mass_fraction_neutron", "mass_fraction_alpha", "chemical_potential_electron"):
        np.testing.assert_allclose(
            getattr(default, name)[inside], getattr(state, name), rtol=1e-9, atol=1e-12
        )
    np.testing.assert_allclose(
        default.chemical_potential_difference[inside], state.chemical_potential_difference, atol=1e-9
    )
    np.testing.assert_allclose(
        default.mean_field_difference[inside], state.mean_field_neutron - state.mean_field_proton, atol=1e-9
    )
    assert default.mean_field_difference[0] > 20.0  # MeV, at 4e14 g/cm^3
    np.testing.assert_array_equal(default.mean_field_difference[~inside], 0.0)


def test_convergence(default, monkeypatch):
    monkeypatch.setattr(hydrostatic, "_FINE", 60)
    monkeypatch.setattr(hydrostatic, "_STEPS", 640)
    fine = star()
    assert fine.density[0] == pytest.approx(default.density[0], rel=2e-5)
    for radius in (12.0, 30.0, 60.0, 100.0, 140.0):
        here = np.array([radius * KM])
        assert interpolate(fine, "density", here) == pytest.approx(
            interpolate(default, "density", here), rel=2e-4
        )


def test_reaches_the_metric(default):
    background = build_background(default, 200)
    assert background.lapse_interface[0] == pytest.approx(0.807, abs=0.002)
    inside = np.interp(SHOCK, background.radius_interface, background.rest_mass)
    assert inside == pytest.approx(
        1.365 * MSUN, rel=2e-3
    )  # AB_G15: 1.348 of rest and 1.337 of gravitational mass


# radius: density, temperature and electron fraction of the default star
TABLE = [
    (13.2, 2.99e13, 24.9, 0.264),
    (30.0, 3.11e12, 10.3, 0.113),
    (60.0, 6.92e10, 4.13, 0.162),
    (100.0, 5.60e9, 2.40, 0.334),
]


def test_table(default):
    for radius, *expected in TABLE:
        here = np.array([radius * KM])
        names = ("density", "temperature", "electron_fraction")
        found = [float(interpolate(default, name, here)[0]) for name in names]
        assert found == pytest.approx(expected, rel=6e-3)


@pytest.mark.parametrize(
    ("file", "electron_fraction", "factor", "shock"),
    [("boltzmann/AB_G15_h_p100ms.csv", "ye", 1.4, 144.0), ("profiles/chimera_100ms.csv", "ye", 2.0, 170.0)],
)
def test_models_of_15_solar_masses(reference, read_columns, default, file, electron_fraction, factor, shock):
    model = read_columns(reference / file)
    assert default.shock_radius / KM == pytest.approx(shock, rel=0.2)
    for radius in (30.0, 60.0, 100.0):
        x = np.log(radius * KM), np.log(model["radius_cm"])
        density = np.exp(np.interp(*x, np.log(model["density_g_cm3"])))
        temperature = np.interp(*x, model["temperature_MeV"])
        here = np.array([radius * KM])
        assert 1.0 / factor < interpolate(default, "density", here)[0] / density < factor
        assert interpolate(default, "temperature", here)[0] == pytest.approx(temperature, rel=0.25)
        ye = np.interp(*x, model[electron_fraction])
        assert interpolate(default, "electron_fraction", here)[0] == pytest.approx(ye, abs=0.06)
    if "AB" in file:  # which has the same equation of state, and a centre
        assert default.density[0] == pytest.approx(model["density_g_cm3"][0], rel=0.1)


@pytest.mark.parametrize(
    "changes",
    [
        {"mass": 1.2 * MSUN},
        {"mass": 1.6 * MSUN},
        {"shock_radius": 80.0 * KM},
        {"shock_radius": 200.0 * KM},
        {"accretion_rate": 0.1 * MSUN},
        {"accretion_rate": 2.0 * MSUN},
        {"electron_fraction": (0.3, 0.15, 0.45)},
        {"entropy": (2.0, 4.8)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_other_stars(changes):
    profile = star(**changes)
    inside = profile.radius <= profile.shock_radius
    assert profile.gravitational_mass[inside][-1] == pytest.approx(changes.get("mass", 1.35 * MSUN), rel=1e-6)
    assert (np.diff(profile.pressure[inside]) < 0.0).all()
    assert (np.diff(profile.density[inside]) < 0.0).all()
    assert 1e14 < profile.density[0] < 6e14


def test_stiff_matter_has_a_jump_of_density():
    # K = 375 MeV: with the default entropies the pressure would fall inwards around 9e13 g/cm^3
    profile = star(LattimerSwesty(375.0))
    inside = profile.radius <= SHOCK
    drop = -np.diff(np.log(profile.density[inside]))
    i = int(np.argmax(drop))
    assert 7e13 < profile.density[i] < 1.5e14
    assert profile.pressure[i + 1] / profile.pressure[i] == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"mass": 1.0 * MSUN},
            r"no hydrostatic star .* weigh more .* by 0\.348 Msun at 13 k_B; raise profile\.mass",
        ),
        ({"shock_radius": 60.0 * KM}, r"an entropy below 8 k_B; raise profile\.shock_radius"),
        (
            {"entropy": (1.4, 4.0)},
            r"a radius of 26\.\d+ km at 1e13 g/cm3, and reaches 24\.\d+ km; raise .*entropy\[1\]",
        ),
        ({"entropy": (40.0, 50.0)}, "no hydrostatic star: entropy = .* is valid there for"),
        (
            {"mass": 0.3 * MSUN, "shock_radius": 2000.0 * KM},
            r"more pressure than infall brings .* lower profile\.shock",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_refusals(changes, message):
    with pytest.raises(ProfileError, match=message):
        star(**changes)


def test_cold_matter_is_reported():
    with pytest.warns(PhysicsWarning, match=r"behind the shock are colder than 0\.5 MeV"):
        star(accretion_rate=1e-3 * MSUN)


def test_equation_of_state_by_default(default):
    profile = load_profile(HydrostaticProfile(format="hydrostatic"))
    np.testing.assert_array_equal(profile.density, default.density)


def test_run_file(tmp_path, default):
    file = tmp_path / "run.toml"
    file.write_text('schema = 1\n[profile]\nformat = "hydrostatic"\n')
    config = load_config(file)
    eos = equation_of_state(config.microphysics)
    assert eos == EOS
    profile = load_profile(config.profile, eos=eos)
    np.testing.assert_array_equal(profile.density, default.density)
    again = tmp_path / "again.toml"
    again.write_text(resolve_toml(config))
    assert load_config(again) == config
    for wrong, words in (
        ("core_radius = '9 km'", "unknown key; known here are format, mass"),
        ("entropy = [1.4, 5.0, 12.0]", "profile.entropy"),
        ("mass = '1.35'", "profile.mass"),
    ):
        file.write_text(f'schema = 1\n[profile]\nformat = "hydrostatic"\n{wrong}\n')
        with pytest.raises(ConfigError, match=words):
            load_config(file)


def test_choice_of_the_equation_of_state():
    def chosen(**keys):
        return equation_of_state(Config(schema=1, microphysics=keys).microphysics)

    assert chosen() == LattimerSwesty(220.0, "corrected")
    assert chosen(eos_incompressibility="180 MeV", alpha_binding="ls91") == LattimerSwesty(180.0, "ls91")
    with pytest.raises(ValidationError, match="eos_table together"):
        chosen(eos="table")
    with pytest.raises(ValidationError, match="eos_table together"):
        chosen(eos_table="file.h5")


def test_root():
    assert find_root(lambda x: x**3 - 2.0, 0.0, 3.0, -2.0, 25.0) == pytest.approx(2.0 ** (1 / 3), rel=1e-11)
    assert find_root(lambda x: np.exp(10 * x) - 1e3, 0.0, 5.0, -999.0, np.exp(50.0)) == pytest.approx(
        0.3 * np.log(10.0), rel=1e-11
    )


def test_an_equation_of_state_that_begins_too_high():
    class Dense(LattimerSwesty):
        density_range = (1e10, 1e15)

    with pytest.raises(ProfileError, match=r"begins at 1e\+10 g/cm\^3, matter behind the shock has"):
        hydrostatic_profile(HydrostaticProfile(), Dense())
