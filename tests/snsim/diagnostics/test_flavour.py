import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError, UnknownNameError
from microphysics.weak.refraction import matter_potential
from snsim.diagnostics.flavour import crossings, observe, with_envelope
from snsim.diagnostics.mixing import (
    Mixing,
    adiabatic_survival,
    adiabaticity,
    crossing_probability,
    resonance_density,
)


def test_reference_table(reference, read_columns):
    table = read_columns(reference / "observables" / "msw.csv")
    values = dict(zip(table["quantity"], table["value"], strict=True))
    content = Mixing().electron_content
    (nue_normal, anue_normal), (nue_inverted, anue_inverted) = (
        adiabatic_survival(ordering) for ordering in ("normal", "inverted")
    )
    ours = {
        "V_e_per_gcc": matter_potential(1.0, 1.0),
        "Ue1^2": content[0],
        "Ue2^2": content[1],
        "Ue3^2": content[2],
        "p_ee_NMO": nue_normal,
        "p_ebar_ebar_NMO": anue_normal,
        "p_ee_IMO": nue_inverted,
        "p_ebar_ebar_IMO": anue_inverted,
        "rhoYe_res_H_10MeV": resonance_density(10.0, "high"),
        "rhoYe_res_L_10MeV": resonance_density(10.0, "low"),
    }
    for name, value in ours.items():
        assert value == pytest.approx(values[name], rel=1e-6), name
    # another set of angles, as measured with snewpy 1.6
    for name, value in (
        ("snewpy1.6_default_p_ee_NMO", nue_normal),
        ("snewpy1.6_default_p_ebar_NMO", anue_normal),
        ("snewpy1.6_default_p_ee_IMO", nue_inverted),
        ("snewpy1.6_default_p_ebar_IMO", anue_inverted),
    ):
        assert value == pytest.approx(values[name], rel=0.02), name


def test_contents_add_up_and_survival_is_one_of_them():
    mixing = Mixing(0.6, 0.15, 7e-5, 2.5e-3)
    assert sum(mixing.electron_content) == pytest.approx(1.0, rel=1e-14)
    for ordering in ("normal", "inverted"):
        assert set(adiabatic_survival(ordering, mixing)) <= set(mixing.electron_content)


@pytest.mark.parametrize("energy", [5.0, 20.0, 60.0])
def test_landau_zener_is_what_the_wave_equation_does(energy):
    """Two levels through a density that falls linearly with radius; the energy sets how sharply."""
    mixing, height = Mixing(theta_13=0.05), 1e7
    gamma = float(adiabaticity(energy, height, "high", mixing))
    # i dpsi/dx = H psi in units of the splitting, x in 1/splitting; potential linear through resonance at x = 0
    splitting = mixing.splitting_31 / (2.0 * 1e12 * CODATA.hbar_c * energy)  # 1/cm
    cosine, sine = math.cos(0.1), math.sin(0.1)
    slope = cosine / (height * splitting)  # of the potential, whose value at the resonance is the cosine

    def schroedinger(x, psi):
        diagonal = 0.5 * (-slope * x)  # V - cos, halved
        return -1j * np.array(
            [diagonal * psi[0] + 0.5 * sine * psi[1], 0.5 * sine * psi[0] - diagonal * psi[1]]
        )

    far = 60.0 * max(sine, math.sqrt(slope)) / slope
    found = solve_ivp(schroedinger, (-far, far), np.array([1.0 + 0j, 0.0]), rtol=1e-9, atol=1e-11)
    stayed = abs(found.y[0, -1]) ** 2  # an electron neutrino that stays one has jumped to the other level
    assert 0.01 < stayed < 0.99
    assert crossing_probability(gamma) == pytest.approx(stayed, abs=0.02)


def test_power_law_star_has_closed_forms(star):
    # rho Y_e = 5e9 (r/1e7 cm)^-3, continued with the same slope
    background, spectra, _ = star(shock=math.nan)
    found = observe(background, spectra, None, envelope_slope=3.0)
    for name in ("high", "low"):
        level = resonance_density(spectra.energy, name)
        radius = 1e7 * (5e9 / level) ** (1.0 / 3.0)
        np.testing.assert_allclose(found[f"resonance_radius_{name}"].values, radius, rtol=1e-9)
        np.testing.assert_array_equal(found[f"crossings_{name}"].values, 1.0)
        gamma = adiabaticity(spectra.energy, radius / 3.0, name)
        np.testing.assert_allclose(found[f"adiabaticity_{name}"].values, gamma, rtol=1e-9)
        np.testing.assert_allclose(found[f"jump_probability_{name}"].values, crossing_probability(gamma))
        assert (found[f"shock_crosses_{name}"].values == 0.0).all()
        assert "assumed" in found[f"resonance_radius_{name}"].attributes["definition"]
    potential = matter_potential(background.matter.density, 0.5)
    np.testing.assert_array_equal(found["potential"].values, potential)
    for variable in found.values():
        assert (
            "definition" not in variable.attributes
            or "collective" in variable.attributes["definition"]
            or (variable.long_name.startswith(("adiabaticity", "probability to jump", "1 where")))
        )


def test_a_grid_that_ends_too_early_says_so(star):
    found = observe(*star())
    assert np.isnan(found["resonance_radius_high"].values).all()
    assert "does not pass" in found["resonance_radius_high"].attributes["reason"]
    assert (found["crossings_high"].values == 0.0).all()


def test_a_shock_gives_several_crossings_and_a_flag(star):
    background, spectra, _ = star(shock=1.5e7)
    # a shock in the mantle: density falls to a rarefied bubble, jumps, and falls on
    radius = background.radius
    density = np.where(
        radius < 1e7, 1e6 * (radius / 3e6) ** -8, np.where(radius < 1.5e7, 3e4, 2e3 * (radius / 1.5e7) ** -3)
    )
    matter = replace(background.matter, density=density)
    found = observe(replace(background, matter=matter), spectra, None)
    energy = spectra.energy
    ten = int(np.argmin(np.abs(energy - 10.0)))
    # rho Y_e: 33 below 1e7 cm, 15000 in the shell, 1000 ahead: three times through 1573 at 10 MeV
    assert found["crossings_high"].values[ten] == 3.0
    row = found["crossing_radius_high"].values[ten]
    assert (np.diff(row) < 0.0).all()
    assert row[0] == pytest.approx(1.5e7, rel=0.02)
    assert found["shock_crosses_high"].values[ten] == 1.0
    assert found["resonance_radius_high"].values[ten] == row[0]


@settings(max_examples=50, deadline=None)
@given(
    logs=st.lists(st.floats(-3.0, 3.0), min_size=2, max_size=30),
    level=st.floats(-3.5, 3.5),
)
def test_crossings_alternate_and_lie_on_the_profile(logs, level):
    radius, electrons = np.geomspace(1.0, 50.0, len(logs)), 10.0 ** np.array(logs)
    found = crossings(radius, electrons, np.array([10.0**level]))
    inside, outside = np.log(electrons[[0, -1]]) >= np.log(10.0**level)
    assert int(found.count[0]) % 2 == int(inside != outside)
    met = found.radius[0][~np.isnan(found.radius[0])]
    there = np.interp(np.log(met), np.log(radius), np.log(electrons))
    np.testing.assert_allclose(there, math.log(10.0) * level, atol=1e-8)


def test_bad_input_is_named():
    with pytest.raises(OutOfRangeError, match="theta_13 = 0 rad"):
        Mixing(theta_13=0.0)
    with pytest.raises(OutOfRangeError, match=r"splitting_31 = -0\.0025 eV"):
        Mixing(splitting_31=-0.0025)
    with pytest.raises(OutOfRangeError, match="neutrino energy = 0 MeV"):
        resonance_density(0.0, "high")
    with pytest.raises(UnknownNameError, match="high"):
        resonance_density(1.0, "middle")
    with pytest.raises(UnknownNameError, match="normal"):
        adiabatic_survival("nomral")
    with pytest.raises(OutOfRangeError, match="rho Y_e = 0 g/cm3"):
        crossings(np.array([1.0, 2.0]), np.array([1.0, 0.0]), np.array([0.5]))
    with pytest.raises(OutOfRangeError, match="radius = 1 cm"):
        crossings(np.array([2.0, 1.0]), np.array([2.0, 1.0]), np.array([0.5]))
    with pytest.raises(OutOfRangeError, match="envelope slope = 0"):
        with_envelope(np.array([1.0, 2.0]), np.array([2.0, 1.0]), 0.0)
