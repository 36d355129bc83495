"""The shock from the velocity."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from microphysics.errors import PhysicsWarning
from snsim.profiles.profile import Profile
from snsim.profiles.readers import MAPPINGS, read_table
from snsim.profiles.shock import find_shock, with_shock


def star(velocity: np.ndarray | None, radius: np.ndarray | None = None) -> Profile:
    radius = np.geomspace(5e5, 1e8, 200) if radius is None else radius
    density = 3e14 / (1.0 + (radius / 1.2e6) ** 5)
    ones = np.ones_like(radius)
    return Profile(radius, density, 5.0 * ones, 0.3 * ones, velocity)


def accreting(
    radius: np.ndarray, shock: float, width: float = 0.02, ahead: float = 4e9, behind: float = 3e8
) -> np.ndarray:
    inside = 0.5 * (1.0 - np.tanh(np.log(radius / shock) / width))
    return -(behind * inside + ahead * np.sqrt(shock / radius) * (1.0 - inside))


def load(reference: Path, mapping: str, name: str) -> Profile:
    chosen = MAPPINGS[mapping]
    return read_table(reference / name, chosen.columns, derive=chosen.derive)


# shock radii of the reference README and of the time series; the shocks are 3-8 % wide
@pytest.mark.parametrize(
    ("time", "shock"), [("p003", 65.7), ("p050", 139.0), ("p100", 144.0), ("p250", 91.0)]
)
def test_agile_boltztran(reference: Path, time: str, shock: float) -> None:
    profile = load(reference, "agile-boltztran", f"boltzmann/AB_G15_h_{time}ms.csv")
    assert profile.shock_radius == find_shock(profile)
    assert profile.shock_radius == pytest.approx(shock * 1e5, rel=0.015)


@pytest.mark.parametrize(("time", "low", "high"), [("p050", 143, 146), ("p100", 137, 139), ("p250", 75, 77)])
def test_vertex(reference: Path, time: str, low: float, high: float) -> None:
    profile = load(reference, "vertex", f"boltzmann/VX_G15_h_{time}ms.csv")
    assert profile.shock_radius is not None
    assert low * 1e5 <= profile.shock_radius <= high * 1e5


@pytest.mark.parametrize("code", ["AB", "VX"])
@pytest.mark.parametrize("time", ["m005", "m002"])
def test_none_before_bounce(reference: Path, code: str, time: str) -> None:
    mapping = {"AB": "agile-boltztran", "VX": "vertex"}[code]
    assert load(reference, mapping, f"boltzmann/{code}_G15_h_{time}ms.csv").shock_radius is None


@pytest.mark.parametrize(("name", "shock"), [("bounce", 23.3), ("009ms", 71.2), ("100ms", 176.8)])
def test_chimera(reference: Path, name: str, shock: float) -> None:
    profile = load(reference, "chimera", f"profiles/chimera_{name}.csv")
    assert profile.shock_radius == pytest.approx(shock * 1e5, rel=0.01)


@pytest.mark.parametrize("shock", [3e6, 1.44e7, 5e7])
def test_made_up_accretion(shock: float) -> None:
    radius = np.geomspace(5e5, 1e8, 300)
    found = find_shock(star(accreting(radius, shock, ahead=1.5e10 * np.sqrt(1e6 / shock)), radius))
    assert found == pytest.approx(shock, rel=0.02)


def test_moving_outwards_into_matter_at_rest() -> None:
    radius = np.geomspace(5e5, 1e8, 300)
    velocity = np.where(radius < 4e7, 2e9 * radius / 4e7, 0.0)
    assert find_shock(star(velocity, radius)) == pytest.approx(4e7, rel=0.02)


def test_a_shock_that_is_given_stays_and_is_doubted_far_from_the_jump() -> None:
    radius = np.geomspace(5e5, 1e8, 300)
    jumps = star(accreting(radius, 1.44e7), radius)
    assert with_shock(jumps).shock_radius == pytest.approx(1.44e7, rel=0.02)
    assert with_shock(replace(jumps, shock_radius=1.7e7)).shock_radius == 1.7e7
    smooth = star(1e-3 * accreting(radius, 1.44e7), radius)
    assert with_shock(replace(smooth, shock_radius=4e7)).shock_radius == 4e7
    with pytest.warns(
        PhysicsWarning, match=r"shock_radius = 400 km, but the velocity jumps at 14\d(\.\d)? km"
    ):
        assert with_shock(replace(jumps, shock_radius=4e7)).shock_radius == 4e7


@pytest.mark.parametrize("scale", [0.0, 1e-3])
def test_no_jump_is_no_shock(scale: float) -> None:
    radius = np.geomspace(5e5, 1e8, 200)
    assert find_shock(star(None)) is None
    assert find_shock(star(scale * accreting(radius, 1.4e7), radius)) is None
    homologous = -2e9 * (radius / 5e6) / (1.0 + (radius / 5e6) ** 1.5)
    assert find_shock(star(homologous, radius)) is None
