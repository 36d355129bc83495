"""What mappings of known codes derive, on small files written here: mean fields, merger remnants."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from microphysics.constants import CODATA
from microphysics.eos.composition import from_composition
from microphysics.eos.lattimer_swesty import LattimerSwesty
from microphysics.spectrum import fermi
from snsim.config.schema import TableProfile
from snsim.errors import ProfileError
from snsim.profiles.profile import COMPOSITION, Profile
from snsim.profiles.readers import load_profile
from snsim.transport.grid import build_background

MERGER = {
    "radius_km": [1.0, 8.0, 20.0, 60.0],
    "density_g_cm3": [6e14, 1e14, 4e12, 1e11],
    "temperature_MeV": [14.0, 17.0, 6.0, 4.0],
    "ye": [0.07, 0.06, 0.06, 0.15],
    "y_n": [0.93, 0.92, 0.88, 0.83],
    "y_p": [0.07, 0.05, 0.02, 0.13],
    "y_alpha": [0.0, 0.0, 0.002, 0.001],
    "mu_e_MeV": [180.0, 90.0, 26.0, 9.0],
    "mu_n_MeV": [1200.0, 980.0, 939.0, 930.0],
    "mu_p_MeV": [1000.0, 880.0, 915.0, 921.0],
    "U_n_MeV": [680.0, 100.0, -5.0, 0.1],
    "U_p_MeV": [660.0, 60.0, -6.5, 0.05],
}


def written(folder: Path, columns: dict[str, list[float]]) -> Path:
    file = folder / "star.csv"
    lines = [",".join(str(value) for value in row) for row in zip(*columns.values(), strict=True)]
    file.write_text("\n".join(["# a star", ",".join(columns), *lines]) + "\n", encoding="utf-8")
    return file


def read(folder: Path, mapping: str, columns: dict[str, list[float]]) -> Profile:
    return load_profile(TableProfile(format="table", path=str(written(folder, columns)), mapping=mapping))


# ------------------------------------------------------------------------------------------------------ merger remnants


def test_merger_remnant(tmp_path):
    profile = read(tmp_path, "bns-1d", MERGER)
    # the electrons of a baryon count, not its mass: the file's density over 922.293 MeV is ours over the atomic mass unit
    baryons = np.array(MERGER["density_g_cm3"]) / (922.293227699518 * CODATA.gram_per_mev)
    np.testing.assert_allclose(
        profile.density / (CODATA.atomic_mass * CODATA.gram_per_mev), baryons, rtol=1e-12
    )
    np.testing.assert_allclose(profile.chemical_potential_difference, [200.0, 100.0, 24.0, 9.0])
    np.testing.assert_allclose(profile.mean_field_difference, [20.0, 40.0, 1.5, 0.05])
    np.testing.assert_allclose(profile.mass_fraction_alpha, [0.0, 0.0, 0.008, 0.004])
    # what is left over, with its charge: 0.03, 0.092, 0.036 baryons and 0.01, 0.036, 0.018 charges
    np.testing.assert_allclose(profile.mass_fraction_heavy, [0.0, 0.03, 0.092, 0.036], atol=1e-12)
    np.testing.assert_allclose(profile.mass_number_heavy, [0.0, 3.0, 0.092 / 0.036, 2.0], rtol=1e-9)
    np.testing.assert_array_equal(profile.charge_number_heavy, [0.0, 1.0, 1.0, 1.0])
    assert profile.shock_radius is None
    assert "Chiesa et al. 2025" in profile.source
    assert "light clusters" in profile.source


def test_merger_remnant_becomes_matter(tmp_path):
    matter = build_background(read(tmp_path, "bns-1d", MERGER), 20, 2e5).matter
    assert (matter.charge_number_heavy <= matter.mass_number_heavy).all()
    degeneracy = matter.neutrino_degeneracy(("nue", "anue"))
    assert degeneracy[0, 0] == pytest.approx((180.0 - 200.0) / 14.0, rel=1e-6)
    np.testing.assert_array_equal(degeneracy[1], -degeneracy[0])


@pytest.mark.parametrize(
    ("column", "values", "words"),
    [
        ("U_p_MeV", None, ["no column 'U_p_MeV'", "mean_field_proton"]),
        (
            "ye",
            [0.07, 0.06, 0.4, 0.15],
            ["charge is", "point 2 (r = 20 km)", "electron_fraction = 0.4", "line 5"],
        ),
        ("y_n", [0.93, 0.92, 1.5, 0.83], ["mass_fraction_neutron = 1.5", "point 2"]),
        ("y_n", [0.93, 0.96, 0.88, 0.83], ["mass fractions sum to 1.01", "point 1"]),
        ("y_n", [0.93, 0.92, "x", 0.83], ["line 5, column 'y_n': 'x' is not a number"]),
        ("mu_n_MeV", [1200.0, "nan", 939.0, 930.0], ["line 4, column 'mu_n_MeV'", "a finite number"]),
        (
            "mu_n_MeV",
            [1200.0, 98000.0, 939.0, 930.0],
            ["chemical_potential_difference = 97120 MeV", "point 1"],
        ),
        ("radius_km", [1.0, 20.0, 8.0, 60.0], ["radius must rise", "line 5"]),
        ("density_g_cm3", [6e14, -1e14, 4e12, 1e11], ["density = -1", "point 1"]),
    ],
)
def test_one_clear_sentence(tmp_path, column, values, words):
    columns = MERGER | {column: values}
    if values is None:
        del columns[column]
    with pytest.raises(ProfileError) as caught:
        read(tmp_path, "bns-1d", columns)
    assert "\n" not in str(caught.value)
    for word in words:
        assert word in str(caught.value)


# -------------------------------------------------------------------------------------------------- mean fields of models


@pytest.mark.parametrize("mapping", ["agile-boltztran", "vertex"])
def test_mean_fields_are_those_of_the_equation_of_state(tmp_path, mapping):
    """Uniform matter of Lattimer & Swesty through the mapping has their own U_n - U_p and mu_n - mu_p."""
    density, temperature, ye = (
        np.array([4e14, 5e13, 1e12]),
        np.array([14.0, 20.0, 9.0]),
        np.array([0.28, 0.25, 0.1]),
    )
    state = LattimerSwesty()(density, temperature, ye).matter
    assert not state.mass_fraction_heavy.any()
    columns = {
        "radius_cm": [2e5, 1e6, 4e6],
        "velocity_cm_s": [0.0] * 3,
        "density_g_cm3": density,
        "temperature_MeV": temperature,
        "ye": ye,
        "xn": state.mass_fraction_neutron,
        "xp": state.mass_fraction_proton,
        "xa": state.mass_fraction_alpha,
        "xh": [0.0] * 3,
        "a_heavy": [4.0] * 3,
        "z_heavy": [1.8] * 3,
        "one_minus_Gamma": [0.01, 0.1, 0.03],
    }
    profile = read(tmp_path, mapping, columns)
    # per baryon of the whole: alphas keep 24 fm^3 each from the nucleons, 0.2 % here
    expected = state.mean_field_neutron - state.mean_field_proton
    np.testing.assert_allclose(profile.mean_field_difference, expected, rtol=4e-3)
    np.testing.assert_allclose(expected[:2], [45.6, 6.5], rtol=0.02)
    composition = {name: getattr(profile, name) for name in COMPOSITION}
    through = from_composition(
        density, temperature, ye, **composition, mean_field_difference=profile.mean_field_difference
    )
    np.testing.assert_allclose(
        through.chemical_potential_difference, state.chemical_potential_difference, rtol=4e-3
    )
    assert "Lattimer & Swesty 1991" in profile.source


@pytest.mark.parametrize(("code", "mapping"), [("AB", "agile-boltztran"), ("VX", "vertex")])
@pytest.mark.parametrize("time", [50, 100, 250])
def test_trapped_neutrinos_of_published_models(reference, read_columns, code, mapping, time):
    """Neutrinos per baryon above 1e13 g/cm^3 (Liebendoerfer et al. 2005) are in equilibrium with matter and its mean fields.

    2 % of nue and 3 % of anue are what a dozen or two of groups leave of equilibrium in the models; without mean fields nue
    are up to 150 % too many. Left out are the innermost km of Vertex, where matter and radiation do not belong together,
    and anue below 1e-6 per baryon, the tail of a spectrum that such groups miss by 5 %.
    """
    file = str(reference / "boltzmann" / f"{code}_G15_{{}}_p{time:03d}ms.csv")
    profile = load_profile(TableProfile(format="table", path=file.format("h"), mapping=mapping))
    radiation = read_columns(Path(file.format("r")))
    dense = (profile.density > 1e13) & (profile.radius > 1e5)
    state = from_composition(
        *(getattr(profile, name)[dense] for name in ("density", "temperature", "electron_fraction")),
        *(getattr(profile, name)[dense] for name in COMPOSITION),
        mean_field_difference=profile.mean_field_difference[dense],
    )
    found = 4.0 * np.pi * (state.temperature / (2.0 * np.pi * CODATA.hbar_c)) ** 3 / state.baryon_density
    for name, theirs, tolerance in (("nue", "nue", 0.02), ("anue", "nuebar", 0.03)):
        published = np.exp(
            np.interp(
                profile.radius[dense], radiation["radius_cm"], np.log(radiation[f"Y_{theirs}_per_baryon"])
            )
        )
        number = found * fermi(2, state.neutrino_degeneracy((name,))[0])
        shown = published > 1e-6
        assert shown.sum() >= 7
        np.testing.assert_allclose(number[shown], published[shown], rtol=tolerance)
