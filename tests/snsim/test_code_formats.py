"""Files of other codes: each layout written here from a star with closed forms, read back, and refused where it is spoilt."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import numpy as np
import pytest

from microphysics.constants import CODATA
from snsim.config.load import config_hash, load_config
from snsim.config.schema import FileProfile, TableProfile
from snsim.errors import ConfigError, ProfileError
from snsim.profiles.formats.gr1d import read_scalars
from snsim.profiles.formats.registry import FORMATS
from snsim.profiles.mappings import TableColumn
from snsim.profiles.profile import Profile
from snsim.profiles.readers import load_profile, read_table
from snsim.sequence import read_stars

C, G = CODATA.speed_of_light, CODATA.gravitational_constant
CENTRAL, SCALE, ZONES = 1e14, 2e6, 400  # g/cm3, cm


class Star:
    """rho = rho_c/(1 + (r/a)^2)^2: the enclosed mass of flat space is 2 pi rho_c a^3 (arctan x - x/(1 + x^2)), x = r/a."""

    edges = np.geomspace(2e4, 5e7, ZONES)
    inner = np.concatenate([[0.0], edges[:-1]])
    centres = 0.5 * (edges + inner)

    @staticmethod
    def density(radius: Any) -> Any:
        return CENTRAL / (1.0 + (radius / SCALE) ** 2) ** 2

    @staticmethod
    def mass(radius: Any) -> Any:
        x = radius / SCALE
        return 2.0 * np.pi * CENTRAL * SCALE**3 * (np.arctan(x) - x / (1.0 + x**2))

    @classmethod
    def means(cls) -> np.ndarray:
        """Mean densities of the zones."""
        return np.diff(cls.mass(np.concatenate([[0.0], cls.edges]))) / (
            4.0 * np.pi / 3.0 * (cls.edges**3 - cls.inner**3)
        )

    @staticmethod
    def temperature(radius: Any) -> Any:
        """MeV."""
        return 20.0 / (1.0 + radius / SCALE) ** 0.8

    @staticmethod
    def electron_fraction(radius: Any) -> Any:
        return 0.3 + 0.15 * radius / (radius + 3.0 * SCALE)

    @staticmethod
    def velocity(radius: Any) -> Any:
        return -60.0 * np.minimum(radius, 2e7)


KELVIN = 1.0 / CODATA.boltzmann


def options(kind: str, **given: Any) -> FileProfile:
    return FileProfile(format=kind, **given)


def number(value: float) -> str:
    return f"{value:.9E}"


def short(
    folder: Path, where: str = "zone", change: Callable[[list[str]], list[str]] = lambda lines: lines
) -> Path:
    """GR1D's input: zone, mass, radius, temperature, density, velocity, Y_e, omega."""
    at = Star.centres if where == "zone" else Star.edges
    rows = zip(
        Star.mass(at),
        at,
        Star.temperature(Star.centres) * KELVIN,
        Star.density(Star.centres) if where == "zone" else Star.means(),
        Star.velocity(at),
        Star.electron_fraction(Star.centres),
        strict=True,
    )
    lines = [str(ZONES)] + [
        "  ".join([str(i), *map(number, row), number(0.0)]) for i, row in enumerate(rows, start=1)
    ]
    file = folder / "star.short"
    file.write_text("\n".join(change(lines)) + "\n")
    return file


@pytest.mark.parametrize("where", ["zone", "interface"])
def test_gr1d_progenitor(tmp_path: Path, where: str) -> None:
    star = FORMATS["gr1d-short"].read(short(tmp_path, where), options("gr1d-short", radius_centring=where))
    expected = (
        Star.centres
        if where == "zone"
        else 0.75
        * np.diff(np.concatenate([[0.0], Star.edges]) ** 4)
        / np.diff(np.concatenate([[0.0], Star.edges]) ** 3)
    )
    np.testing.assert_allclose(star.radius, expected, rtol=1e-9)
    np.testing.assert_allclose(star.temperature, Star.temperature(Star.centres), rtol=1e-8)
    np.testing.assert_allclose(star.electron_fraction, Star.electron_fraction(Star.centres), rtol=1e-9)
    assert star.velocity is not None
    np.testing.assert_allclose(star.velocity, Star.velocity(star.radius), rtol=1e-2)
    assert "enclosed mass is the newtonian integral of the density within" in star.source
    assert ("outer edges" in star.source) == (where == "interface")


def test_the_other_centring_is_found_by_the_mass(tmp_path: Path) -> None:
    thick = SimpleNamespace(edges=np.geomspace(2e5, 5e7, 60))
    inner = np.concatenate([[0.0], thick.edges[:-1]])
    means = np.diff(Star.mass(np.concatenate([[0.0], thick.edges]))) / (
        4.0 * np.pi / 3.0 * (thick.edges**3 - inner**3)
    )
    rows = [
        " ".join([str(i + 1), *map(number, (Star.mass(r), r, 1e10, rho, 0.0, 0.3, 0.0))])
        for i, (r, rho) in enumerate(zip(thick.edges, means, strict=True))
    ]
    file = tmp_path / "x.short"
    file.write_text("\n".join(["60", *rows]))
    FORMATS["gr1d-short"].read(file, options("gr1d-short", radius_centring="interface"))
    with pytest.raises(
        ProfileError, match=r"is off enclosed_mass by .*it would agree if radii were outer edges"
    ):
        FORMATS["gr1d-short"].read(file, options("gr1d-short", radius_centring="zone"))


def edit(line: int, column: int, text: str) -> Callable[[list[str]], list[str]]:
    """Change one word of a line, both counted from 1."""

    def change(lines: list[str]) -> list[str]:
        words = lines[line - 1].split()
        words[column - 1] = text
        return [*lines[: line - 1], " ".join(words), *lines[line:]]

    return change


def scaled(column: int, factor: float, start: int = 2) -> Callable[[list[str]], list[str]]:
    def change(lines: list[str]) -> list[str]:
        found = lines[: start - 1]
        for line in lines[start - 1 :]:
            words = line.split()
            words[column - 1] = number(float(words[column - 1]) * factor)
            found.append(" ".join(words))
        return found

    return change


SPOILT = [
    (edit(7, 5, "NaN"), "line 7, column 'density': NaN is no value"),
    (edit(7, 3, "1.0E3"), "radius must rise from point to point: point 5 .*line 7"),
    (edit(7, 8, ""), "line 7: 7 values, expected 8"),
    (lambda lines: lines[:-3], "397 zones, line 1 announces 400; is the file cut"),
    (lambda lines: lines[1:], "line 1: expected the number of zones alone"),
    (scaled(4, 1.0 / KELVIN), "temperature.*read in K: is it in MeV"),
    (scaled(5, 1.03), "newtonian integral of the density is off enclosed_mass by"),
    (scaled(2, 1e-3), "are unit and centring of radius, mass and density right"),
    (edit(9, 2, "1.0E10"), "enclosed_mass falls at point 7"),
]


@pytest.mark.parametrize(("change", "words"), SPOILT, ids=[words[:20] for _, words in SPOILT])
def test_spoilt_progenitors(tmp_path: Path, change: Callable[[list[str]], list[str]], words: str) -> None:
    file = short(tmp_path, change=change)
    with pytest.raises(ProfileError, match=words):
        FORMATS["gr1d-short"].read(file, options("gr1d-short", radius_centring="zone"))


def test_progenitors_in_solar_masses(tmp_path: Path) -> None:
    """GR1D itself takes masses below 1e10 for solar ones."""
    file = short(tmp_path, change=scaled(2, 1.0 / CODATA.solar_mass))
    star = FORMATS["gr1d-short"].read(file, options("gr1d-short", radius_centring="zone"))
    assert "enclosed mass is the newtonian integral of the density within" in star.source


GHOSTS = 3
TIMES = (0.0, 0.2300004, 0.2800004)


def xg(folder: Path, name: str, values: Callable[[np.ndarray], np.ndarray], radius: np.ndarray) -> None:
    """GR1D's output of one variable, grown by half at each time; ghost zones inside mirror the star."""
    text = ""
    for k, time in enumerate(TIMES):
        text += f' "Time =    {time:.15f}     \n'
        factor = (
            1.0 if name in ("v", "v1", "X", "ye", "xn", "mass_grav", "mass_bary", "rho") else 1.0 + 0.5 * k
        )
        for r, value in zip(radius, factor * values(np.abs(radius)), strict=True):
            text += f"{r:18.9E}{value:18.9E}\n"
        text += "   \n   \n"
    (folder / f"{name}.xg").write_text(text)


def run_of_gr1d(folder: Path, general: bool = True) -> Path:
    folder = folder / "Data"
    folder.mkdir()
    inside = Star.centres
    radius = np.concatenate(
        [-inside[:GHOSTS][::-1], inside, inside[-1] * (1.0 + 0.01 * np.arange(1, 1 + GHOSTS))]
    )
    # g_rr: a mass function of its own, and the density that gives it through X W
    weighs = Star.mass
    potential = lambda r: 1.0 / np.sqrt(1.0 - 2.0 * G * weighs(r) / (r * C**2))  # noqa: E731
    lorentz = lambda r: 1.0 / np.sqrt(1.0 - (Star.velocity(r) / C) ** 2)  # noqa: E731
    xg(folder, "rho", lambda r: Star.density(r) / (potential(r) * lorentz(r) if general else 1.0), radius)
    xg(folder, "temperature", Star.temperature, radius)
    xg(folder, "ye", Star.electron_fraction, radius)
    xg(folder, "mass_bary", Star.mass, radius)
    if general:
        xg(folder, "mass_grav", weighs, radius)
        xg(folder, "v", Star.velocity, radius)
        xg(folder, "alpha", lambda r: np.full(r.size, 0.9), radius)
    else:
        xg(folder, "v1", Star.velocity, radius)
    return folder


@pytest.mark.parametrize("general", [True, False])
def test_gr1d_output(tmp_path: Path, general: bool) -> None:
    folder = run_of_gr1d(tmp_path, general)
    star = FORMATS["gr1d"].read(folder, options("gr1d", time="50 ms", bounce_time="0.23 s"))
    inside = Star.centres
    np.testing.assert_allclose(star.radius, inside, rtol=1e-9)
    np.testing.assert_allclose(
        star.temperature, 2.0 * Star.temperature(inside), rtol=1e-8
    )  # MeV, the third output
    np.testing.assert_allclose(star.electron_fraction, Star.electron_fraction(inside), rtol=1e-8)
    assert star.velocity is not None
    if general:
        assert star.gravitational_mass is not None
        np.testing.assert_allclose(star.gravitational_mass, Star.mass(inside), rtol=1e-8)
        gamma = np.sqrt(1.0 - 2.0 * G * Star.mass(inside) / (inside * C**2))
        speed = Star.velocity(inside)
        np.testing.assert_allclose(
            star.velocity, speed * gamma / np.sqrt(1.0 - (speed / C) ** 2), rtol=1e-7, atol=1e-3
        )
        assert "enclosed mass is the relativistic integral" in star.source
    else:
        assert star.gravitational_mass is None
        np.testing.assert_allclose(star.velocity, Star.velocity(inside), rtol=1e-8)
        assert "enclosed mass is the newtonian integral" in star.source
    assert "t = 0.2800004 s of the simulation" in star.source


def test_gr1d_output_without_the_metric_factor_is_refused(tmp_path: Path) -> None:
    folder = run_of_gr1d(tmp_path)
    (folder / "rho.xg").unlink()
    other = tmp_path / "flat"
    other.mkdir()
    flat = run_of_gr1d(other, False)
    (folder / "rho.xg").write_text((flat / "rho.xg").read_text())
    with pytest.raises(
        ProfileError, match="the relativistic integral of the density is off enclosed_mass by"
    ):
        FORMATS["gr1d"].read(folder, options("gr1d", time="0 s"))


def test_gr1d_velocity_of_another_observer_is_refused_beside_the_metric(tmp_path: Path) -> None:
    folder = run_of_gr1d(tmp_path)
    (folder / "v.xg").rename(folder / "v1.xg")
    with pytest.raises(ProfileError, match=r"v\.xg: is missing; beside mass_grav\.xg .* v1\.xg is not"):
        FORMATS["gr1d"].read(folder, options("gr1d", time="0 s"))
    (folder / "v1.xg").unlink()
    assert FORMATS["gr1d"].read(folder, options("gr1d", time="0 s")).velocity is None


def test_gr1d_output_over_enclosed_mass_is_refused(tmp_path: Path) -> None:
    folder = run_of_gr1d(tmp_path)
    for name in ("rho", "temperature", "ye"):
        lines = (folder / f"{name}.xg").read_text().splitlines()
        over_mass = [
            line if "Time" in line or not line.strip() else f"{0.01 * i:18.9E}{line[18:]}"
            for i, line in enumerate(lines)
        ]
        (folder / f"{name}.xg").write_text("\n".join(over_mass))
    with pytest.raises(
        ProfileError, match=r"rho\.xg: .* which are no radii in cm; was it written with vs_mass = 1"
    ):
        FORMATS["gr1d"].read(folder, options("gr1d", time="0 s"))


def test_spoilt_output(tmp_path: Path) -> None:
    folder = run_of_gr1d(tmp_path)

    def refused(words: str, time: str = "0.28 s") -> None:
        with pytest.raises(ProfileError, match=words):
            FORMATS["gr1d"].read(folder, options("gr1d", time=time))

    refused("no output within 1 ms of t = 0.25 s of the simulation; it has 3 from 0 to 0.2800004 s", "0.25 s")
    temperature = folder / "temperature.xg"
    whole = temperature.read_text()
    lines = whole.splitlines()
    temperature.write_text("\n".join(lines[:-40]))
    refused("temperature.xg: its 36[0-9] radii .* are not the 406 of rho.xg; is the file cut")
    temperature.write_text("\n".join(lines[:-420]))
    refused("temperature.xg: no output at t = 0.2800004 s, which the run's other files have")
    row = len(lines) - 30
    temperature.write_text(
        "\n".join([*lines[:row], lines[row][:18] + "               NaN", *lines[row + 1 :]])
    )
    refused(f"temperature.xg, line {row + 1}: .* is no value")
    temperature.write_text(whole)
    (folder / "ye.xg").unlink()
    refused("ye.xg: cannot be read")


def test_a_run_of_gr1d_is_a_sequence(tmp_path: Path) -> None:
    run_of_gr1d(tmp_path)
    (tmp_path / "run.toml").write_text(
        'schema = 1\n[profile]\nformat = "gr1d"\npath = "Data"\nbounce_time = "0.2 s"\n'
        '[sequence]\ntimes = ["30 ms", "80 ms"]\n[grid]\nr_inner = "1 km"\n'
    )
    config = load_config(tmp_path)
    first, last = read_stars(config)
    assert "t = 0.2300004 s" in first.profile.source
    assert "t = 0.2800004 s" in last.profile.source
    before = config_hash(config)
    (tmp_path / "Data" / "ye.xg").write_text((tmp_path / "Data" / "ye.xg").read_text().replace("3.0", "3.1"))
    assert config_hash(load_config(tmp_path)) != before


def scalars(folder: Path, name: str, rows: list[tuple[float, ...]]) -> None:
    (folder / name).write_text("".join("".join(f"{value:18.9E}" for value in row) + "\n" for row in rows))


def test_gr1d_scalars(tmp_path: Path) -> None:
    scalars(tmp_path, "M1_flux_lum.dat", [(0.2, 5e52, 4e52, 8e52), (0.25, 4e52, 4e52, 1e53)])
    scalars(tmp_path, "M1_flux_aveenergy_lab.dat", [(0.2, 10.0, 12.0, 16.0), (0.25, 10.0, 13.0, 16.0)])
    scalars(tmp_path, "M1_flux_rmsenergy_lab.dat", [(0.2, 11.0, 13.5, 19.0), (0.25, 11.0, 14.0, 19.0)])
    found = read_scalars(tmp_path, bounce_time=0.2)
    np.testing.assert_allclose(found["time"].values, [0.0, 0.05], atol=1e-12)
    np.testing.assert_allclose(found["luminosity"].values, [[5e52, 4e52, 2e52], [4e52, 4e52, 2.5e52]])
    assert found["mean_energy"].values[1, 1] == 13.0
    assert found["rms_number"].attributes["definition"] == "sqrt(<E^2>)"
    scalars(tmp_path, "M1_flux_rmsenergy_lab.dat", [(0.2, 11.0, 13.5, 19.0)])
    with pytest.raises(ProfileError, match=r"1 times that are not the 2 of M1_flux_lum.dat"):
        read_scalars(tmp_path)
    scalars(tmp_path, "M1_flux_lum.dat", [(0.2, 5e52, 4e52, 8e52), (0.19, 4e52, 4e52, 1e53)])
    with pytest.raises(ProfileError, match=r"line 2: t = 0.19 s follows 0.2 s; a restarted run"):
        read_scalars(tmp_path)
    scalars(tmp_path, "M1_flux_lum.dat", [(0.2, 5e52, np.nan, 8e52)])
    with pytest.raises(ProfileError, match="line 1: expected time and 3 finite numbers"):
        read_scalars(tmp_path)


NUCLEI = ("neutrons", "H1", "He3", "He4", "C12", "Si28", "Fe54", "Ni56")
MASS_NUMBER = np.array([1, 1, 3, 4, 12, 28, 54, 56])
CHARGE = np.array([0, 1, 2, 2, 6, 14, 26, 28])
CELLS = (
    "outer total mass", "outer radius", "outer velocity", "density", "temperature", "pressure", "specific energy",
    "specific entropy", "angular velocity", "A_bar", "Y_e",
)  # fmt: skip


def kepler(
    folder: Path, change: Callable[[list[str]], list[str]] = lambda lines: lines, left: bool = False
) -> Path:
    """KEPLER's dump before the supernova: names right-justified in 25 characters (or left, as older ones)."""
    hot = Star.temperature(Star.centres)
    shares = np.zeros((ZONES, len(NUCLEI)))
    core = (Star.centres < 2e6).astype(float)
    shares[:, NUCLEI.index("Fe54")], shares[:, NUCLEI.index("He4")] = 0.9 * core, 0.05 * core
    shares[:, NUCLEI.index("neutrons")], shares[:, NUCLEI.index("H1")] = 0.02 * core, 0.03 * core
    shares[:, NUCLEI.index("Si28")], shares[:, NUCLEI.index("C12")] = 0.75 * (1 - core), 0.25 * (1 - core)
    mean = 1.0 / (shares / MASS_NUMBER).sum(axis=1)
    charge = (shares * CHARGE / MASS_NUMBER).sum(axis=1)
    columns = [
        Star.mass(Star.edges), Star.edges, Star.velocity(Star.edges), Star.means(), hot * KELVIN, 1e30 * hot**4,
        hot * 1e17, hot, 0.0 * hot, mean, charge,
    ]  # fmt: skip
    names = [f"cell {name}" for name in CELLS]
    if left:
        heading = " " * 7 + "".join(f"{name:<25}" for name in [*names, "stability", "NETWORK", *NUCLEI])
    else:
        heading = "  grid" + "".join(f"{name:>25}" for name in names) + "       stability   NETWORK"
        heading += "".join(f"{name:>25}" for name in NUCLEI)
    lines = ["VERSION 170601 s15 -- written by a test", heading]
    for i in range(ZONES):
        cells = [f"{values[i]:25.16E}" for values in columns]
        mixed = [f"{x:25.16E}" if x else f"{'---':>25}" for x in shares[i]]
        lines.append(f"{i + 1:5d}:" + "".join(cells) + "      radiative       QNSE" + "".join(mixed))
    lines.append("wind: lost mass")
    file = folder / "s15_presn"
    file.write_text("\n".join(change(lines)) + "\n")
    return file


def magnetic(lines: list[str]) -> list[str]:
    """Fields between stability and the nuclei, and no network, as in files of magnetic stars."""
    heading = lines[1].replace("NETWORK", f"{'B_r':>25}{'B_phi':>25}")
    zones = [line.replace("      QNSE", f"{3e10:25.16E}{'---':>25}") for line in lines[2:]]
    return [lines[0], heading, *zones]


def burning(lines: list[str]) -> list[str]:
    """Names of a large network, without the column that says which one."""
    heading = lines[1].replace("   NETWORK", "").replace("neutrons", "     nt1").replace("'Fe'", " fe ")
    for name in NUCLEI[1:]:
        heading = heading.replace(f" {name}", f" {name.lower()}")
    return [lines[0], heading, *(line.replace("      QNSE", "") for line in lines[2:])]


def linked(lines: list[str]) -> list[str]:
    """kepdata's link file: headings, names, units and wind are comments, zones have no colon, and there is a centre."""
    names = [part.strip() for part in re.split(r"\s{2,}", lines[1].strip())]
    cells = [
        name.replace("specific energy", "spec. int. energy") for name in names if name.startswith("cell ")
    ]
    nuclei = ["nt1", *(name.lower() for name in NUCLEI[1:])]
    columns = ["cell mass", *cells, *nuclei]
    heading = ["# VERSION  10204", "#", "# format                    ions (mass fraction)     ", "#"]
    heading += ["#" + f"{'grid':>5}" + "".join(f"{name:>25}" for name in columns)]
    heading += ["#" + f"{'unit':>5}" + "".join(f"{'g':>25}" for _ in columns)]
    centre = " " + f"{0:>5d}" + f"{'-':>25}" + f"{0.0:25.17e}" * 3 + f"{'-':>25}" * (len(columns) - 4)
    zones = []
    for line in lines[2:-1]:
        words = line.replace("radiative", "").replace("QNSE", "").replace("---", "-").split()
        zones.append(
            " " + f"{int(words[0][:-1]):>5d}" + "".join(f"{word:>25}" for word in ("1.0e30", *words[1:]))
        )
    return [*heading, centre, *zones, "#" + f"{'wind':>5}" + f"{'-':>25}" * len(columns)]


@pytest.mark.parametrize(
    ("left", "change"),
    [(False, None), (True, None), (False, magnetic), (False, burning), (False, linked)],
    ids=["presn", "left", "magnetic", "burn", "link"],
)
def test_kepler(tmp_path: Path, left: bool, change: Callable[[list[str]], list[str]] | None) -> None:
    file = kepler(tmp_path, change or (lambda lines: lines), left)
    star = FORMATS["kepler"].read(file, options("kepler"))
    edges = np.concatenate([[0.0], Star.edges])
    np.testing.assert_allclose(star.radius, 0.75 * np.diff(edges**4) / np.diff(edges**3), rtol=1e-12)
    np.testing.assert_allclose(star.density, Star.means(), rtol=1e-12)
    np.testing.assert_allclose(star.temperature, Star.temperature(Star.centres), rtol=1e-12)
    assert star.has_composition
    core, shell = 0, -1
    found = [
        [getattr(star, f"mass_fraction_{name}")[i] for name in ("neutron", "proton", "alpha", "heavy")]
        for i in (core, shell)
    ]
    np.testing.assert_allclose(found, [[0.02, 0.03, 0.05, 0.9], [0.0, 0.0, 0.0, 1.0]], rtol=1e-9, atol=1e-15)
    assert star.mass_number_heavy is not None
    assert star.charge_number_heavy is not None
    assert star.mass_number_heavy[core] == pytest.approx(54.0, rel=1e-9)
    assert star.charge_number_heavy[core] == pytest.approx(26.0, rel=1e-9)
    nuclei = 0.75 / 28 + 0.25 / 12
    assert star.mass_number_heavy[shell] == pytest.approx(1.0 / nuclei, rel=1e-9)
    assert star.charge_number_heavy[shell] == pytest.approx(0.5 / nuclei, rel=1e-9)
    assert "representative nucleus from A_bar and Y_e" in star.source


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda lines: [lines[0], lines[1].replace("cell density", "cell densit "), *lines[2:]],
            "no column 'cell density'",
        ),
        (
            lambda lines: [lines[0], lines[1].replace("cell outer radius", "radius"), *lines[2:]],
            "no line of its first 80 has the names of KEPLER's columns",
        ),
        (edit(12, 6, "---"), "line 12, column 'cell temperature': '---' is not a number"),
        (edit(12, 5, "nan"), "line 12, column 'cell density': nan is no value"),
        (
            edit(12, 15, "0.2"),
            "line 12: the mass fractions of its 8 nuclei sum to 1.18: allowed is 1 within 0.001",
        ),
        (edit(12, 3, "1.0"), "radius must rise from point to point: point 9 .*line 12"),
        (
            lambda lines: [*lines[:200], lines[200][:300]],
            "line 201: .* values for 22 columns; is the file cut",
        ),
        (edit(12, 11, "500.0"), "belong to no nucleus: A_bar = 500"),
    ],
)
def test_spoilt_kepler_files(tmp_path: Path, change: Callable[[list[str]], list[str]], words: str) -> None:
    with pytest.raises(ProfileError, match=re.escape(words).replace(r"\.\*", ".*")):
        FORMATS["kepler"].read(kepler(tmp_path, change), options("kepler"))


def mesa(
    folder: Path,
    logarithms: bool,
    change: Callable[[list[str]], list[str]] = lambda lines: lines,
    swapped: dict[str, tuple[str, Callable[[Any], Any]]] | None = None,
) -> Path:
    """A profile of MESA: globals, then names in the sixth line, and the surface, which is zone 1, first."""
    solar = 6.957e10
    columns = {
        "zone": np.arange(ZONES, 0, -1.0),
        "mass": Star.mass(Star.edges) / CODATA.solar_mass,
        ("logR" if logarithms else "radius"): np.log10(Star.edges / solar)
        if logarithms
        else Star.edges / solar,
        ("logT" if logarithms else "temperature"): Star.temperature(Star.centres) * KELVIN,
        ("logRho" if logarithms else "rho"): Star.means(),
        "velocity": Star.velocity(Star.edges),
        "ye": Star.electron_fraction(Star.centres),
    }
    for name in ("logT", "logRho"):
        if name in columns:
            columns[name] = np.log10(columns[name])
    for name, (other, formula) in (swapped or {}).items():
        columns[other] = formula(columns.pop(name))
    lines = [
        "".join(f"{i:>40}" for i in range(1, 4)),
        "".join(f"{name:>40}" for name in ("model_number", "num_zones", "star_mass")),
        "".join(f"{value:>40}" for value in (1000, ZONES, 15.0)),
        "",
        "".join(f"{i:>40}" for i in range(1, 1 + len(columns))),
        "".join(f"{name:>40}" for name in columns),
    ]
    for i in range(ZONES - 1, -1, -1):
        lines.append("".join(f"{values[i]:40.16E}" for values in columns.values()))
    file = folder / "profile1.data"
    file.write_text("\n".join(change(lines)) + "\n")
    return file


@pytest.mark.parametrize("logarithms", [True, False])
def test_mesa(tmp_path: Path, logarithms: bool) -> None:
    star = FORMATS["mesa"].read(mesa(tmp_path, logarithms), options("mesa"))
    edges = np.concatenate([[0.0], Star.edges])
    np.testing.assert_allclose(star.radius, 0.75 * np.diff(edges**4) / np.diff(edges**3), rtol=1e-10)
    np.testing.assert_allclose(star.density, Star.means(), rtol=1e-12)
    np.testing.assert_allclose(star.temperature, Star.temperature(Star.centres), rtol=1e-12)
    np.testing.assert_allclose(star.electron_fraction, Star.electron_fraction(Star.centres), rtol=1e-12)
    assert star.pressure is None


FORMS = {
    "grams": {"mass": ("mass_grams", lambda m: m * CODATA.solar_mass), "velocity": ("vel_km_per_s", lambda v: v / 1e5)},
    "logarithms": {"mass": ("logM", np.log10), "radius": ("logR_cm", lambda r: np.log10(6.957e10 * r))},
    "lengths": {"mass": ("log_mass", np.log10), "radius": ("radius_km", lambda r: 6.957e5 * r), "rho": ("density", np.copy)},
    "cm": {"radius": ("radius_cm", lambda r: 6.957e10 * r)},
}  # fmt: skip


@pytest.mark.parametrize("forms", FORMS)
def test_other_columns_of_mesa(tmp_path: Path, forms: str) -> None:
    star = FORMATS["mesa"].read(mesa(tmp_path, False, swapped=FORMS[forms]), options("mesa"))
    plain = FORMATS["mesa"].read(mesa(tmp_path, False), options("mesa"))
    for name in ("radius", "density", "temperature", "electron_fraction", "velocity"):
        np.testing.assert_allclose(getattr(star, name), getattr(plain, name), rtol=1e-12, err_msg=name)


def test_mesa_without_ye_takes_mean_charge_over_mean_mass(tmp_path: Path) -> None:
    def with_means(lines: list[str]) -> list[str]:
        names = f"{lines[5].replace(' ye', ' zbar')}{'abar':>40}"
        return [*lines[:5], names, *(f"{line}{0.5:40.16E}" for line in lines[6:])]

    star = FORMATS["mesa"].read(mesa(tmp_path, False, with_means), options("mesa"))
    np.testing.assert_allclose(star.electron_fraction, 2.0 * Star.electron_fraction(Star.centres), rtol=1e-12)


def test_spoilt_mesa_files(tmp_path: Path) -> None:
    def refused(change: Callable[[list[str]], list[str]], words: str) -> None:
        with pytest.raises(ProfileError, match=words):
            FORMATS["mesa"].read(mesa(tmp_path, False, change), options("mesa"))

    refused(
        lambda lines: [*lines[:5], lines[5].replace(" ye", " yy"), *lines[6:]],
        "no column 'ye' .for electron_fraction",
    )
    refused(edit(9, 5, "NaN"), "line 9, column 'rho': NaN")
    refused(lambda lines: [*lines[:20], lines[20][:100]], "line 21: 3 values for 7 columns")
    refused(lambda lines: lines[:4], "no columns in line 6")
    refused(scaled(3, 1.2, 7), "is off enclosed_mass by")


TABLE = {
    "radius": TableColumn("hydro/x", "km", "interface"),
    "density": TableColumn("hydro/dens", "g/cm3"),
    "temperature": TableColumn("hydro/temp", "K"),
    "electron_fraction": TableColumn("hydro/ye"),
    "enclosed_mass": TableColumn("hydro/m", "Msun", "interface"),
}


def hdf5(folder: Path) -> Path:
    file = folder / "star.h5"
    with h5py.File(file, "w") as held:
        held["hydro/x"] = Star.edges / 1e5
        held["hydro/dens"] = Star.means()[None, None, :]  # as codes of three dimensions write it
        held["hydro/temp"] = Star.temperature(Star.centres) * KELVIN
        held["hydro/ye"] = Star.electron_fraction(Star.centres)
        held["hydro/m"] = Star.mass(Star.edges) / CODATA.solar_mass
        held["hydro/time"] = 0.1
    return file


def test_hdf5_by_named_columns(tmp_path: Path) -> None:
    file = hdf5(tmp_path)
    star = read_table(file, TABLE, mass_integral="newtonian")
    np.testing.assert_allclose(star.density, Star.means(), rtol=1e-12)
    np.testing.assert_allclose(star.temperature, Star.temperature(Star.centres), rtol=1e-9)
    with pytest.raises(ProfileError, match=r"no column 'hydro/den' .for density.*did you mean 'hydro/dens'"):
        read_table(file, TABLE | {"density": TableColumn("hydro/den", "g/cm3")}, mass_integral="newtonian")
    with pytest.raises(ProfileError, match="mass_integral must say how it follows from the density"):
        read_table(file, TABLE)
    with h5py.File(file, "r+") as held:
        held["hydro/dens"][0, 0, 6] = np.nan
    with pytest.raises(ProfileError, match="row 7, column 'hydro/dens': nan is no value"):
        read_table(file, TABLE, mass_integral="newtonian")
    file.write_bytes(file.read_bytes()[:2000])
    with pytest.raises(ProfileError, match="no HDF5 file, or cut off or damaged"):
        read_table(file, TABLE)


def test_a_run_file_names_columns_and_their_mass(tmp_path: Path) -> None:
    hdf5(tmp_path)
    text = 'schema = 1\n[profile]\nformat = "table"\npath = "star.h5"\nmass_integral = "newtonian"\n[profile.columns]\n'
    text += "\n".join(
        f'{name} = {{ column = "{each.column}", unit = "{each.unit}", centring = "{each.centring}" }}'
        for name, each in TABLE.items()
    )
    (tmp_path / "run.toml").write_text(text)
    star = load_profile(load_config(tmp_path).profile)
    assert "within" in star.source


@pytest.mark.parametrize(
    ("code", "right", "where"), [("AB", "relativistic", "zone"), ("VX", "newtonian", "interface")]
)
@pytest.mark.parametrize("time", ["p050", "p100", "p250"])
def test_published_models_name_their_integral(
    reference: Path, code: str, right: str, where: str, time: str
) -> None:
    file = reference / "boltzmann" / f"{code}_G15_h_{time}ms.csv"
    columns = {
        "radius": TableColumn("radius_cm", "cm"),
        "density": TableColumn("density_g_cm3", "g/cm3"),
        "temperature": TableColumn("temperature_MeV", "MeV"),
        "electron_fraction": TableColumn("ye"),
        "velocity": TableColumn("velocity_cm_s", "cm/s"),
        "enclosed_mass": TableColumn("enclosed_rest_mass_msun", "Msun", where),
    }
    assert f"enclosed mass is the {right} integral" in read_table(file, columns, mass_integral=right).source
    wrong = {"newtonian": "relativistic", "relativistic": "newtonian"}[right]
    with pytest.raises(ProfileError, match=f'it would agree with mass_integral = "{right}"'):
        read_table(file, columns, mass_integral=wrong)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('format = "gr1d-short"', "expected radius_centring"),
        ('format = "kepler"\nradius_centring = "zone"', "expected no radius_centring"),
        ('format = "mesa"\ntime = "1 s"', "expected no time"),
        ('format = "kepler"\nmass = "1 Msun"', "unknown key"),
    ],
)
def test_run_files(tmp_path: Path, lines: str, words: str) -> None:
    (tmp_path / "star").write_text("x")
    (tmp_path / "run.toml").write_text(f'schema = 1\n[profile]\npath = "star"\n{lines}\n')
    with pytest.raises(ConfigError, match=words):
        load_config(tmp_path)


def test_every_format_is_one_of_the_run_file() -> None:
    names = FileProfile.model_json_schema()["properties"]["format"]["enum"]
    assert set(names) == set(FORMATS)
    assert TableProfile.model_fields["mass_integral"].default == "none"
    assert all(isinstance(each.references, str) for each in FORMATS.values())
    assert Profile is not None
