"""Trajectories: what is refused, and files read and written."""

import math

import numpy as np
import pytest

from microphysics.constants import CODATA
from microphysics.errors import PhysicsWarning
from microphysics.spectrum import FermiDirac
from snsim.ejecta import Trajectory, read_trajectory, write_csv, write_winnet
from snsim.ejecta.trajectory import GIGAKELVIN
from snsim.errors import ConfigError, TrajectoryError

MEAN = float(FermiDirac(1.0).mean_energy)
ROWS = ["0.0 10.0 1e8 100.0 0.20 1e52 2e52 4.0 5.0", "1e-3 9.0 9e7 110.0 0.21 1e52 2e52 4.0 5.0"]
GOOD = {
    "time": [0.0, 1e-3, 5e-3],
    "temperature": [0.9, 0.8, 0.7],
    "density": [1e8, 5e7, 1e7],
    "radius": [1e7, 2e7, 3e7],
    "luminosity_nue": [1e52, 1e52, 9e51],
    "luminosity_anue": [2e52, 1e52, 0.0],
    "mean_energy_nue": [12.0, 12.5, 13.0],
    "mean_energy_anue": [15.0, 15.5, 0.0],
}


def made(**changes):
    return Trajectory(initial_electron_fraction=0.1, **(GOOD | changes))


def written(tmp_path, text, name="path.dat"):
    file = tmp_path / name
    file.write_text(text)
    return file


def test_a_good_one():
    path = made(mass=1e30)
    assert path.rows == 3
    assert path.has_light
    assert not made(**dict.fromkeys([name for name in GOOD if "_" in name])).has_light


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"density": [1e8, -5e7, 1e7]},
            r"density = -50000000 g / cm3 in row 2: must be above 0 and below 1e\+16",
        ),
        ({"temperature": [0.9, 0.8, math.nan]}, "temperature = nan MeV in row 3"),
        (
            {"temperature": [1e10, 1e9, 1e8]},
            r"temperature = 1e\+10 MeV in row 1: must be above 0 and below 1000",
        ),
        ({"time": [0.0, 2e-3, 1e-3]}, r"time = 0\.001 s in row 3: must be later than 0\.002 s"),
        ({"time": [0.0, 0.0, 1e-3]}, "time = 0 s in row 2"),
        ({"radius": [0.0, 2e7, 3e7]}, "radius = 0 cm in row 1: must be above 0"),
        ({"luminosity_nue": [1e52, -1.0, 0.0]}, "luminosity_nue = -1 erg / s in row 2: must be 0 or above"),
        (
            {"electron_fraction": [0.1, 0.2, 1.1]},
            r"electron_fraction = 1\.1 in row 3: must be 0 or above and at most 1",
        ),
        (
            {"mean_energy_nue": [12.0, 0.0, 13.0]},
            "mean_energy_nue = 0 MeV in row 2: must be above 0 where there is",
        ),
        ({"mean_energy_nue": None}, "mean_energy_nue is missing, but luminosity_nue is given"),
        ({"radius": None}, "radius is missing, but luminosity_nue is given"),
        ({"density": [1e8, 5e7]}, r"density has shape \(2,\), but time has 3 rows"),
        ({"mass": -1.0}, "mass = -1 g: must be above 0"),
        ({"name": "east 3", "density": [1e8, math.inf, 1e7]}, "east 3: density = inf"),
    ],
)
def test_what_cannot_be_is_named(changes, words):
    with pytest.raises(TrajectoryError, match=words):
        made(**changes)


def test_too_short_and_without_electron_fraction():
    with pytest.raises(TrajectoryError, match=r"1 row\(s\); a trajectory needs at least 2"):
        Trajectory([0.0], [1.0], [1e8], 0.1)
    with pytest.raises(TrajectoryError, match="initial electron_fraction"):
        Trajectory([0.0, 1.0], [1.0, 1.0], [1e8, 1e8], 1.5)


def test_winnet(tmp_path):
    path = read_trajectory(written(tmp_path, "# a comment\n#\n" + "\n".join(ROWS) + "\n"))
    np.testing.assert_allclose(path.temperature, np.array([10.0, 9.0]) * 1e9 * CODATA.boltzmann)
    np.testing.assert_allclose(path.radius, [1e7, 1.1e7])
    np.testing.assert_allclose(path.mean_energy_anue, 5.0 * MEAN)
    assert pytest.approx(3.1514, rel=1e-5) == MEAN
    assert path.initial_electron_fraction == 0.2
    assert path.name == "path"
    dark = read_trajectory(written(tmp_path, "\n".join(" ".join(row.split()[:5]) for row in ROWS)))
    assert not dark.has_light


def test_skynet_and_chosen_columns(tmp_path):
    path = read_trajectory(written(tmp_path, "0 10 1e8 0.2\n1D-3 9 9e7 0.2\n"), "skynet")
    assert path.radius is None
    assert path.time[1] == 1e-3
    other = read_trajectory(
        written(tmp_path, "7 0 10 1e8 0.2 100 1e52 1e52 12 15\n7 1 9 9e7 0.2 110 1e52 1e52 12 15\n"),
        columns="skip time temp dens ye rad lnue lanue enue eanue",
    )
    np.testing.assert_array_equal(other.mean_energy_nue, 12.0)
    with pytest.raises(ConfigError, match="Did you mean 'temp'"):
        read_trajectory(written(tmp_path, "0 1\n1 2\n"), columns="time tem")


def test_tables_with_names(tmp_path):
    text = "# mass = 2e-5 Msun\nt_ms,T9_GK,rho_g_cc,r_km,Ye,Lnue_erg_s,Lanue_erg_s,Tnue_MeV,Tanue_MeV,note\n"
    path = read_trajectory(
        written(
            tmp_path, text + "0,10,1e8,100,0.2,1e52,2e52,4,5,a\n2,9,9e7,110,0.2,1e52,2e52,4,5,b\n", "a.csv"
        )
    )
    assert path.time[1] == pytest.approx(2e-3)
    assert path.mass == pytest.approx(2e-5 * CODATA.solar_mass)
    np.testing.assert_allclose(path.mean_energy_nue, 4.0 * MEAN)
    text = "time [s];temperature (K);density [kg/m3];electron_fraction\n0;1e10;1e11;0.2\n1;9e9;9e10;0.2\n"
    path = read_trajectory(written(tmp_path, text, "b.csv"))
    assert path.temperature[0] == pytest.approx(10.0 * GIGAKELVIN)
    assert path.density[0] == pytest.approx(1e8)
    mapping = {
        "time": ("x", "ms"),
        "temperature": ("y", "MeV"),
        "density": ("z", "g/cm3"),
        "electron_fraction": ("w", "1"),
    }
    path = read_trajectory(
        written(tmp_path, "w,x,y,z\n0.2,0,1,1e8\n0.2,5,0.9,1e7\n", "c.csv"), columns=mapping
    )
    assert path.time[1] == pytest.approx(5e-3)
    assert path.temperature[1] == 0.9


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        (ROWS[0] + "\n1e-3 9.0 9e7 110\n", "a.dat", "line 2: 4 columns, expected 9; the file ends early"),
        (
            "# c\n" + ROWS[0] + "\n1e-3 9.0 -9e7 110 0.2 1e52 2e52 4 5\n",
            "a.dat",
            r"a\.dat: density = -90000000 g / cm3 in line 3",
        ),
        (
            ROWS[1] + "\n" + ROWS[0] + "\n",
            "a.dat",
            r"a\.dat: time = 0 s in line 2: must be later than 0\.001 s",
        ),
        (ROWS[0] + "\n1e-3 nan 9e7 110 0.2 1e52 2e52 4 5\n", "a.dat", "temperature = nan MeV in line 2"),
        (ROWS[0] + "\n1e-3 x 9e7 110 0.2 1e52 2e52 4 5\n", "a.dat", "line 2: temperature = 'x' is no number"),
        (ROWS[0] + "\n", "a.dat", r"1 row\(s\) of numbers"),
        ("1 2 3\n4 5 6\n", "a.dat", "3 columns; winnet has 'time temp dens rad ye lnue"),
        ("# nothing\n", "a.csv", "empty, or only comments"),
        (
            "time,T_K,rho_g_cc,ye\n0,1,2,0.1\n1,2,3,0.1\n",
            "a.csv",
            "column 'time' has no unit; expected such as 'time_s'",
        ),
        (
            "t_s,T_km,rho_g_cc,ye\n0,1,2,0.1\n1,2,3,0.1\n",
            "a.csv",
            "temperature in 'km': expected a unit like 'MeV'",
        ),
        ("t_s,T_K,ye\n0,1e9,0.1\n1,2e9,0.1\n", "a.csv", "no column for density"),
        (
            "t_s,T_K,rho_g_cc,ye,tnue_MeV,enue_MeV\n0,1e9,1e6,0.1,4,12\n1,9e8,1e5,0.1,4,12\n",
            "a.csv",
            "expected one",
        ),
        (
            ROWS[0] + "\n# a note\n\n1e-3 9.0 -9e7 110 0.2 1e52 2e52 4 5\n",
            "a.dat",
            r"a\.dat: density = -90000000 g / cm3 in line 4",
        ),
        ("# mass = 3 km\n" + "\n".join(ROWS), "a.dat", "line 1: mass: expected a mass"),
    ],
)
def test_files_that_cannot_be_read_say_where(tmp_path, text, name, words):
    with pytest.raises(TrajectoryError, match=words):
        read_trajectory(written(tmp_path, text, name))


def test_no_file_and_no_such_format(tmp_path):
    with pytest.raises(TrajectoryError, match="cannot be read"):
        read_trajectory(tmp_path / "none.dat")
    with pytest.raises(ConfigError, match="expected one of winnet, skynet, csv"):
        read_trajectory(tmp_path / "none.dat", "hdf5")


@pytest.mark.parametrize("write", [write_winnet, write_csv])
def test_written_files_come_back(tmp_path, write):
    rng = np.random.default_rng(3)
    path = made(
        density=10 ** rng.uniform(3, 9, 3), temperature=rng.uniform(0.01, 3.0, 3), mass=1.234567890123e28
    )
    suffix = ".csv" if write is write_csv else ".dat"
    ye = np.array([0.1, 0.2, 1.0 / 3.0])
    assert write(path, tmp_path / f"a{suffix}", ye, check=True) < 1e-14
    again = read_trajectory(tmp_path / f"a{suffix}")
    np.testing.assert_allclose(again.electron_fraction, ye, rtol=1e-15)
    np.testing.assert_allclose(again.mean_energy_anue, path.mean_energy_anue, rtol=1e-14)
    assert again.mass == pytest.approx(path.mass, rel=1e-15)
    assert math.isnan(write(path, tmp_path / f"b{suffix}"))


def test_winnet_needs_radii(tmp_path):
    with pytest.raises(TrajectoryError, match="radius is missing"):
        write_winnet(Trajectory([0.0, 1.0], [1.0, 0.9], [1e8, 1e7], 0.1), tmp_path / "a.dat")


TWO_ROWS = "0.0 20.0 1e8 100.0 0.1\n0.01 10.0 1e7 300.0 0.1\n"


def test_a_header_in_another_order_is_refused(tmp_path):
    file = tmp_path / "wind.dat"
    file.write_text("# time[s], radius[km], T9[GK], density[g/cm^3], Ye[-]\n" + TWO_ROWS)
    with pytest.raises(
        TrajectoryError, match=r"line 1 names the columns time radius t9 density ye, but .* with columns"
    ):
        read_trajectory(file)
    assert read_trajectory(file, columns="time temp dens rad ye").rows == 2
    file.write_text("# time temp dens rad ye\n" + TWO_ROWS)
    assert read_trajectory(file).rows == 2


def test_faster_than_light_is_another_unit(tmp_path):
    file = tmp_path / "cm.dat"
    file.write_text(TWO_ROWS.replace("100.0", "1e7").replace("300.0", "3e7"))
    with pytest.raises(
        TrajectoryError, match=r"radius = 3e\+12 cm in line \d: .* is the unit of radius or time another"
    ):
        read_trajectory(file)


def test_hot_neutrinos_are_rather_mean_energies(tmp_path):
    file = tmp_path / "hot.dat"
    file.write_text("".join(f"{row} 1e52 1e52 11.5 15.5\n" for row in TWO_ROWS.splitlines()))
    with pytest.warns(PhysicsWarning) as told:
        read_trajectory(file)
    assert {str(one.message).split(": ")[1].split(" of")[0] for one in told} == {
        "temperature_nue",
        "temperature_anue",
    }
