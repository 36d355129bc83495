"""The studies in runs/: every one is valid, and what their pages say of them holds."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path

import numpy as np
import pytest
from points_by_hand import INLINE

from microphysics.constants import CODATA
from snsim.config.write import write_key, write_value
from snsim.output.reader import read_result
from snsim.result import Result
from snsim.study.collect import collect
from snsim.study.plan import make_plan, read_study
from snsim.study.sweep import sweep

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = sorted(path.parent.name for path in (ROOT / "runs").glob("*/study.toml"))
MOST_POINTS = 60
NUX = 2
SPHERE = "neutrinosphere.transport_energy_mean"
LIGHT = "transport.luminosity_infinity"


def test_there_are_studies():
    assert {"ion-correlations", "higgs-vev", "shock-and-accretion", "resolution"} <= set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_point_is_valid_and_the_study_is_small(name):
    plan = make_plan(read_study(ROOT / "runs" / name))
    assert 1 < len(plan.points) <= MOST_POINTS
    assert not plan.remarks  # no axis moves a key that does nothing


@pytest.mark.parametrize("name", SHIPPED)
def test_every_study_has_its_page_and_figure(name):
    figure = f"study_{name.replace('-', '_')}.png"
    assert (ROOT / "docs" / figure).is_file()
    assert figure in (ROOT / "runs" / name / "README.md").read_text(encoding="utf-8")
    gallery = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    assert figure in gallery
    assert f"snsim sweep runs/{name}" in gallery


def number(study: Result, name: str) -> np.ndarray:
    group, _, key = name.rpartition(".")
    place = f"diagnostics/{group}" if f"diagnostics/{group}" in study.groups else group
    return study.groups[place][key].values


def swept(folder: Path, name: str, zones: int | None = None, **replaced) -> Result:
    """Compute a shipped study: as it is, or with other axes (tables of the study file) on a grid of few zones."""
    text = (ROOT / "runs" / name / "study.toml").read_text(encoding="utf-8")
    if replaced:
        tables = tomllib.loads(text)
        tables = {key: value for key, value in tables.items() if key not in ("axes", "zipped")} | replaced
        tables["base"]["grid"]["zones"] = zones
        text = "".join(f"{write_key(key)} = {write_value(value)}\n" for key, value in tables.items())
    (folder / "study.toml").write_text(text, encoding="utf-8")
    plan = make_plan(read_study(folder))
    report = sweep(plan, INLINE)
    assert not report.failures
    assert not report.unfinished
    return read_result(collect(plan, report.rows).file)


@pytest.mark.slow
def test_correlations_open_the_core_to_neutrinos_of_low_energy(tmp_path):
    models = {
        "structure_factor": ["none", "table"],
        "form_factor": ["point"],
        "electron_polarization": ["none"],
    }
    study = swept(tmp_path, "ion-correlations", 80, axes={"microphysics": models})
    depth = {
        energy: number(study, f"transport_sphere.optical_depth_1e12_{energy}_mev")[:, 0, 0, NUX]
        for energy in (3, 5, 20)
    }
    assert math.log(depth[20][0] / depth[3][0]) / math.log(20 / 3) == pytest.approx(1.96, abs=0.03)  # E^2
    assert depth[5][1] / depth[5][0] == pytest.approx(0.214, rel=0.02)
    assert depth[20][1] / depth[20][0] == pytest.approx(0.99, abs=0.005)
    density = number(study, "transport_sphere.density_5_mev")[:, 0, 0, NUX]
    assert density[1] / density[0] == pytest.approx(7.0, rel=0.03)


def test_the_mixing_angle_acts_by_the_weak_charge_of_nuclei(tmp_path):
    star = {
        "profile": {"format": ["collapse"]},
        "grid": {"r_outer": ["900 km"]},
        "transport": {"scheme": ["none"]},
    }
    study = swept(
        tmp_path,
        "weak-mixing-angle",
        80,
        axes={"microphysics": {"couplings": {"sin2_theta_w": [0.21, 0.23863]}}},
        zipped={"star": star},
    )
    r, rho, z, a, x = (
        number(study, f"profile.{name}")[0, 0]
        for name in (
            "radius",
            "density",
            "charge_number_heavy",
            "mass_number_heavy",
            "mass_fraction_heavy",
        )
    )
    weight = np.where(rho < 1e12, rho * x / a * np.gradient(r), 0.0)
    charge = [np.sum(weight * (a - z - (1.0 - 4.0 * angle) * z) ** 2) for angle in (0.21, 0.23863)]
    depth = number(study, "transport_sphere.optical_depth_1e12_20_mev")[:, 0, NUX]
    assert depth[0] / depth[1] == pytest.approx(charge[0] / charge[1], rel=0.01)
    assert depth[0] / depth[1] < 0.87


def test_opacities_follow_the_fourth_power_of_the_vev(tmp_path):
    values = [0.95, 1.0, 1.05]
    study = swept(tmp_path, "higgs-vev", 60, axes={"microphysics": {"couplings": {"vev_ratio": values}}})
    depth = number(study, "transport_sphere.optical_depth_1e12_10_mev")
    np.testing.assert_allclose(depth / depth[1], np.array(values)[:, None] ** -4.0 * np.ones(3), rtol=1e-9)
    radius = number(study, SPHERE)
    moved = np.log(radius[2] / radius[0]) / math.log(1.05 / 0.95)
    frozen = number(study, "higgs_vev.radius_exponent")[1]
    assert (frozen < moved).all()
    assert (moved < -0.5).all()
    assert (np.diff(number(study, LIGHT), axis=0) > 0.0).all()


def test_a_magnetic_moment_acts_by_its_square_and_the_charges(tmp_path):
    moments = [0.0, 2.9e-11, 1e-9]
    nuclei = ("mass_fraction_heavy", "charge_number_heavy", "mass_number_heavy")
    composition = ("mass_fraction_proton", "mass_fraction_alpha", *nuclei)
    study = swept(
        tmp_path,
        "magnetic-moment",
        60,
        axes={"microphysics": {"new_physics": {"magnetic_moment": {"moment": moments}}}},
        collect=[f"profile/{name}" for name in ("radius", "radius_interface", "density", *composition)],
    )
    depth = number(study, "transport_sphere.optical_depth_1e12_10_mev")[:, NUX]
    added = depth[1:] - depth[0]
    assert added[1] / added[0] == pytest.approx((1e-9 / 2.9e-11) ** 2, rel=2e-3)
    # 2 pi r_e^2 Z^2 mu^2 for each charge outside; Z^2/A = 1 for protons and alphas
    edges, rho, proton, alpha, heavy, z, a = (
        number(study, f"profile.{name}")[0] for name in ("radius_interface", "density", *composition)
    )
    charges = proton + alpha + np.where(heavy > 0.0, heavy * z**2 / np.where(a > 0.0, a, 1.0), 0.0)
    atomic_mass = CODATA.atomic_mass * CODATA.gram_per_mev
    electron_radius = CODATA.fine_structure * CODATA.hbar_c / CODATA.electron_mass
    column = np.append(np.cumsum((rho * charges * np.diff(edges))[::-1])[::-1] / atomic_mass, 0.0)
    radius = np.exp(np.interp(math.log(1e-12), np.log(1.0 / rho), np.log(number(study, "profile.radius")[0])))
    expected = 2.0 * math.pi * (electron_radius * 1e-9) ** 2 * np.interp(radius, edges, column)
    # lengths without their relativistic factor, nuclei without size and electrons
    assert added[1] == pytest.approx(expected, rel=0.1)
    change = number(study, LIGHT)
    assert np.abs(change[1] / change[0] - 1.0).max() < 1e-5


def test_kicks_are_linear_in_the_asymmetry(tmp_path):
    assumption = {
        "diagnostics": {"kick": {"asymmetry": [0.001, 0.03], "polar_cap_angle": ["20 deg", "30 deg"]}}
    }
    study = swept(tmp_path, "kick", 60, zipped={"assumption": assumption})
    kicks, mass = number(study, "kick.kick"), number(study, "kick.mass")
    assert kicks[1] / kicks[0] == pytest.approx(30.0, rel=1e-12)
    assert kicks[0] == pytest.approx(0.001 * 3e53 / (mass[0] * CODATA.speed_of_light), rel=1e-12)
    bright, angle = 1.1**4, math.radians(20.0)
    dipole = math.sin(angle) ** 2 * (bright - 1.0) / 6.0
    light = 0.5 * ((1.0 - math.cos(angle)) * bright + 1.0 + math.cos(angle))
    assert number(study, "kick.polar_cap_asymmetry")[0] == pytest.approx(dipole / light, rel=1e-12)


@pytest.mark.slow
def test_heavy_flavours_converge_with_second_order_and_the_limiter_decides(tmp_path):
    axes = {"grid": {"zones": [50, 100, 200]}, "transport": {"limiter": ["wilson", "larsen2"]}}
    light = number(swept(tmp_path, "resolution", 50, axes=axes), LIGHT)
    steps = np.diff(light[..., NUX], axis=0)
    np.testing.assert_allclose(np.log2(steps[0] / steps[1]), 2.1, atol=0.15)
    assert light[2, 1, 0] / light[2, 0, 0] == pytest.approx(1.31, abs=0.01)
    assert np.abs(light[2] / light[1] - 1.0).max() < 3e-3


@pytest.mark.slow
def test_only_a_star_in_equilibrium_answers_to_the_incompressibility(tmp_path):
    star = {
        "profile": {"format": ["hydrostatic", "analytic"]},
        "grid": {"r_outer": ["600 km", "600 km"]},
        "diagnostics": {"names": [["transport_sphere"], ["transport_sphere"]]},
    }
    axes = {"microphysics": {"eos_incompressibility": ["180 MeV", "375 MeV"]}}
    study = swept(tmp_path, "incompressibility", 60, axes=axes, zipped={"star": star})
    density = number(study, "profile.density")[:, :, 0]
    assert density[0, 0] / density[1, 0] == pytest.approx(1.16, abs=0.02)
    radius, light = number(study, "transport_sphere.radius_20_mev"), number(study, LIGHT)
    assert (radius[0, 0] < radius[1, 0]).all()
    assert light[0, 0, 1] > 1.1 * light[1, 0, 1]
    np.testing.assert_array_equal(radius[0, 1], radius[1, 1])
    np.testing.assert_array_equal(light[0, 1], light[1, 1])


HEADLINES = {
    "ion-correlations": ("transport_sphere.density_5_mev", (1, 1, 1, NUX), 17.06e11),
    "weak-mixing-angle": ("transport_sphere.radius_20_mev", (3, 1, NUX), 158.40e5),
    "higgs-vev": (SPHERE, (0, 0), 86.29e5),
    "magnetic-moment": (LIGHT, (7, NUX), 1.937e52),
    "incompressibility": (LIGHT, (0, 0, 1), 4.217e52),
    "shock-and-accretion": ("explosion.luminosity_ratio", (6, 6), 1.162),
    "resolution": (LIGHT, (4, 0, NUX), 2.2337e52),
    "kick": ("kick.kick", (2,), 372.8e5),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_whole_studies_give_the_numbers_of_their_pages(tmp_path, name):
    key, place, expected = HEADLINES[name]
    study = swept(tmp_path, name)
    assert number(study, key)[place] == pytest.approx(expected, rel=1e-3)
    if name == "shock-and-accretion":  # light bulb of a fixed star: L ~ Mdot^0.48
        light = number(study, "explosion.critical_luminosity_light_bulb")[:, 3]
        rate = study.groups["points"]["profile.accretion_rate"].values
        assert np.polyfit(np.log(rate), np.log(light), 1)[0] == pytest.approx(0.49, abs=0.02)
