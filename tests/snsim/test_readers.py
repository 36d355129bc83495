"""Profiles from tables: what is read, and one clear sentence for what cannot be."""

from __future__ import annotations

import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from astropy import units

from microphysics.constants import CODATA
from microphysics.errors import PhysicsWarning
from snsim.errors import ConfigError, ProfileError
from snsim.profiles.mappings import TableColumn
from snsim.profiles.profile import Profile
from snsim.profiles.readers import MAPPINGS, load_profile, read_table

COLUMNS = {
    "radius": TableColumn("r", "km"),
    "density": TableColumn("rho", "g / cm3"),
    "temperature": TableColumn("T", "MeV"),
    "electron_fraction": TableColumn("ye"),
}
ROWS = [(10.0, 3e14, 20.0, 0.3), (30.0, 1e12, 8.0, 0.1), (100.0, 1e9, 2.0, 0.4), (300.0, 1e7, 0.8, 0.49)]


def write(
    folder: Path, rows: list[tuple[object, ...]] | None = None, header: str = "r,rho,T,ye", **options: str
) -> Path:
    file = folder / "star.csv"
    separator = options.get("separator", ",")
    lines = [separator.join(str(value) for value in row) for row in (ROWS if rows is None else rows)]
    file.write_text("\n".join([*header.splitlines(), *lines]) + options.get("end", "\n"), encoding="utf-8")
    return file


def changed(row: int, column: int, value: object) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = list(ROWS)
    rows[row] = (*rows[row][:column], value, *rows[row][column + 1 :])
    return rows


@pytest.mark.parametrize(
    ("header", "separator"),
    [
        ("# a star\nr,rho,T,ye", ","),
        ("# a star\n# r rho T ye", " "),
        ("#\n#r , rho , T, ye", ", "),
        ("r rho T ye", "\t "),
    ],
)
def test_layouts(tmp_path: Path, header: str, separator: str) -> None:
    profile = read_table(write(tmp_path, header=header, separator=separator), COLUMNS)
    np.testing.assert_array_equal(profile.radius, np.array([10.0, 30.0, 100.0, 300.0]) * 1e5)
    np.testing.assert_array_equal(profile.electron_fraction, [0.3, 0.1, 0.4, 0.49])
    assert profile.velocity is None
    assert profile.shock_radius is None
    assert profile.source == "star.csv"


def test_other_delimiter_and_comment(tmp_path: Path) -> None:
    file = write(tmp_path, header="% nothing\nr;rho;T;ye", separator=";")
    assert read_table(file, COLUMNS, delimiter=";", comment="%").radius.size == 4


def test_units(tmp_path: Path) -> None:
    rows = [(r, rho * 1e3, temperature / CODATA.boltzmann, ye) for r, rho, temperature, ye in ROWS]
    columns = COLUMNS | {"density": TableColumn("rho", "kg/m3"), "temperature": TableColumn("T", "K")}
    profile = read_table(write(tmp_path, rows), columns)
    np.testing.assert_allclose(profile.temperature, [20.0, 8.0, 2.0, 0.8], rtol=1e-9)
    np.testing.assert_allclose(profile.density, [3e14, 1e12, 1e9, 1e7], rtol=1e-12)


def test_fortran_exponents(tmp_path: Path) -> None:
    assert read_table(write(tmp_path, changed(0, 1, "3.0D+14")), COLUMNS).density[0] == 3e14


def test_outer_edges_become_centres(tmp_path: Path) -> None:
    columns = COLUMNS | {"radius": TableColumn("r", "km", "interface")}
    radius = read_table(write(tmp_path), columns).radius / 1e5
    edges = np.array([0.0, 10.0, 30.0, 100.0, 300.0])
    assert ((radius > edges[:-1]) & (radius < edges[1:])).all()
    assert radius[0] == pytest.approx(7.5)  # mean radius of a ball
    # a density linear in r has its zone average exactly there
    average = (np.diff(edges**3) / 3.0 - np.diff(edges**4) / 4.0 / 400.0) / (np.diff(edges**3) / 3.0)
    np.testing.assert_allclose(average, 1.0 - radius / 400.0, rtol=1e-12)


def test_values_at_outer_edges_are_interpolated(tmp_path: Path) -> None:
    rows = [(*row, -1e7 * row[0]) for row in ROWS]
    columns = COLUMNS | {"velocity": TableColumn("v", "cm/s", "interface")}
    for centring in ("zone", "interface"):
        shifted = columns | {"radius": TableColumn("r", "km", centring)}
        profile = read_table(write(tmp_path, rows, header="r,rho,T,ye,v"), shifted)
        assert profile.velocity is not None
        if centring == "interface":  # a velocity linear in r stays so
            np.testing.assert_allclose(profile.velocity, -1e2 * profile.radius, rtol=1e-12)
        else:
            assert (np.diff(profile.velocity) < 0.0).all()


def test_number_fractions(tmp_path: Path) -> None:
    rows = [(*row[:3], 0.288, 0.5, 0.1, 0.05, 0.2 / 50.0, 50.0, 22.0) for row in ROWS]
    names = ("neutron", "proton", "alpha", "heavy")
    columns = COLUMNS | {
        f"mass_fraction_{name}": TableColumn(f"y{name}", kind="number_fraction") for name in names
    }
    columns |= {"mass_number_heavy": TableColumn("a"), "charge_number_heavy": TableColumn("z")}
    header = "r,rho,T,ye,yneutron,yproton,yalpha,yheavy,a,z"
    profile = read_table(write(tmp_path, rows, header=header), columns)
    fractions = [getattr(profile, f"mass_fraction_{name}")[0] for name in names]
    np.testing.assert_allclose(fractions, [0.5, 0.1, 0.2, 0.2], rtol=1e-12)


BAD = [
    ({}, {"temperature": TableColumn("temp", "MeV")}, ["no column 'temp'", "temperature", "r, rho, T, ye"]),
    ({}, {"density": TableColumn("rhoo", "g/cm3")}, ["no column 'rhoo'", "did you mean 'rho'?"]),
    ({}, {"density": TableColumn("rho", "MeV")}, ["column 'rho' (density)", "'g / cm3'", "'MeV'"]),
    ({}, {"density": TableColumn("rho")}, ["a unit like 'g / cm3', got none (dimensionless)"]),
    (
        {},
        {"electron_fraction": TableColumn("ye", "cm")},
        ["(electron_fraction): expected no unit (dimensionless), got 'cm'"],
    ),
    ({}, {"density": TableColumn("rho", "gramm")}, ["column 'rho' (density)", "unknown unit 'gramm'"]),
    ({}, {"temprature": TableColumn("T", "MeV")}, ["unknown profile field 'temprature'", "'temperature'?"]),
    ({"rows": changed(2, 0, 20.0)}, {}, ["radius must rise", "point 2 (20 km)", "line 4"]),
    ({"rows": changed(2, 0, 30.0)}, {}, ["radius must rise", "point 2 (30 km)"]),
    ({"rows": changed(2, 0, 30.0)}, {"radius": TableColumn("r", "km", "interface")}, ["radius must rise"]),
    ({"rows": changed(0, 0, -10.0)}, {}, ["radius = -1e+06 cm", "point 0", "line 2"]),
    ({"rows": changed(1, 1, "nan")}, {}, ["line 3, column 'rho'", "nan", "a finite number"]),
    ({"rows": changed(1, 1, "inf")}, {}, ["line 3, column 'rho'", "inf"]),
    ({"rows": changed(1, 1, "1e1x")}, {}, ["line 3, column 'rho': '1e1x' is not a number"]),
    (
        {"rows": changed(1, 1, -1e12)},
        {},
        ["density = -1e+12 g / cm3", "point 1 (r = 30 km)", "allowed", "line 3"],
    ),
    ({"rows": changed(1, 2, 9e10)}, {}, ["temperature = 9e+10 MeV", "is it in K?"]),
    ({}, {"temperature": TableColumn("T", "K")}, ["temperature", "read in K: is it in MeV or GK?"]),
    ({"rows": changed(3, 3, 1.0)}, {}, ["electron_fraction = 1", "(0, 1)", "point 3"]),
    ({"rows": changed(3, 3, 0.0)}, {}, ["electron_fraction = 0", "(0, 1)"]),
    ({"rows": changed(3, 3, 1.7)}, {}, ["electron_fraction = 1.7", "(0, 1)"]),
    ({"rows": [*ROWS[:3], (300.0, 1e7)]}, {}, ["line 5: 2 values for 4 columns", "cut?"]),
    ({"rows": [*ROWS[:3], (300.0, 1e7, 0.8, 0.49, 1.0)]}, {}, ["line 5: 5 values for 4 columns"]),
    ({"rows": []}, {}, ["no rows of numbers"]),
    ({"rows": ROWS[:2]}, {}, ["at least 3 points"]),
]


@pytest.mark.parametrize(("content", "columns", "words"), BAD, ids=[case[2][0] for case in BAD])
def test_one_clear_sentence(tmp_path: Path, content: dict, columns: dict, words: list[str]) -> None:
    file = write(tmp_path, **content)
    with pytest.raises(ProfileError) as caught:
        read_table(file, COLUMNS | columns)
    text = str(caught.value)
    for word in [str(file), *words]:
        assert word in text
    assert "\n" not in text


def test_missing_field_and_file(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="electron_fraction"):
        read_table(
            write(tmp_path), {key: value for key, value in COLUMNS.items() if key != "electron_fraction"}
        )
    with pytest.raises(ProfileError, match="cannot be read"):
        read_table(tmp_path / "nowhere.csv", COLUMNS)


def test_given_shock_must_lie_inside(tmp_path: Path) -> None:
    assert read_table(write(tmp_path), COLUMNS, shock_radius=1.2e7).shock_radius == 1.2e7
    with pytest.raises(ProfileError, match=r"shock_radius = 500 km: .* 10 to 300 km"):
        read_table(write(tmp_path), COLUMNS, shock_radius=5e7)


def composition(tmp_path: Path, neutron: float) -> Profile:
    names = ("neutron", "proton", "alpha", "heavy")
    columns = COLUMNS | {f"mass_fraction_{name}": TableColumn(f"x{name}") for name in names}
    columns |= {"mass_number_heavy": TableColumn("a"), "charge_number_heavy": TableColumn("z")}
    rows = [(*row[:3], 0.3, neutron, 0.3, -1e-8, 0.0, 4, 1.8) for row in ROWS]
    return read_table(write(tmp_path, rows, header="r,rho,T,ye,xneutron,xproton,xalpha,xheavy,a,z"), columns)


def test_mass_fractions_are_renormalised_within_the_tolerance(tmp_path: Path) -> None:
    profile = composition(tmp_path, 0.7001)
    np.testing.assert_allclose(profile.mass_fraction_neutron + profile.mass_fraction_proton, 1.0, rtol=1e-14)
    assert "renormalised by at most 1.0e-04" in profile.source
    assert not profile.mass_fraction_alpha.any()
    assert not profile.mass_number_heavy.any()
    assert not profile.charge_number_heavy.any()
    with pytest.raises(
        ProfileError, match=r"mass fractions sum to 1\.1 at point 0 .*allowed is 1 within 0\.001"
    ):
        composition(tmp_path, 0.8)


@pytest.mark.parametrize("time", ["m005", "m002", "p003", "p050", "p100", "p250"])
@pytest.mark.parametrize(("mapping", "code"), [("agile-boltztran", "AB"), ("vertex", "VX")])
def test_boltzmann_files(reference: Path, read_columns, mapping: str, code: str, time: str) -> None:
    file = reference / "boltzmann" / f"{code}_G15_h_{time}ms.csv"
    section = SimpleNamespace(
        format="table",
        path=str(file),
        mapping=mapping,
        columns={},
        delimiter=None,
        comment="#",
        shock_radius=None,
    )
    profile = load_profile(section)
    raw = read_columns(file)
    np.testing.assert_array_equal(profile.radius, raw["radius_cm"])
    total = sum(getattr(profile, f"mass_fraction_{name}") for name in ("neutron", "proton", "alpha", "heavy"))
    np.testing.assert_allclose(total, 1.0, rtol=1e-14)
    empty = raw["xh"] <= 0.0
    assert (profile.mass_number_heavy[empty] == 0.0).all()
    np.testing.assert_array_equal(profile.mass_number_heavy[~empty], raw["a_heavy"][~empty])
    # enclosed masses agree with the rest mass to what binding and internal energy (Agile-Boltztran) or an
    # effective potential on Newtonian flow (Vertex) make of it; Gamma of innermost zones is an edge average
    ratio = profile.gravitational_mass / CODATA.solar_mass / raw["enclosed_rest_mass_msun"]
    assert (np.abs(ratio[raw["enclosed_rest_mass_msun"] > 0.2] - 1.0) < 0.09).all()
    if profile.shock_radius is not None:  # m must not feel the jump of (v/c)^2, half of 2Gm/(rc^2) there
        assert np.ptp(ratio[np.abs(np.log(profile.radius / profile.shock_radius)) < 0.2]) < 0.025


@pytest.mark.parametrize("name", ["bounce", "009ms", "100ms"])
def test_chimera_files(reference: Path, read_columns, name: str) -> None:
    file = reference / "profiles" / f"chimera_{name}.csv"
    raw = read_columns(file)
    profile = read_table(file, MAPPINGS["chimera"].columns)
    edges = np.concatenate([[0.0], raw["radius_cm"]])
    mass = np.cumsum(4.0 / 3.0 * np.pi * np.diff(edges**3) * profile.density) / CODATA.solar_mass
    np.testing.assert_allclose(mass, raw["rest_mass_msun"], rtol=1e-3)  # so the radii are outer edges
    assert not profile.has_composition


def test_ccsn_1d(reference: Path, read_columns) -> None:
    file = reference / "profiles" / "ccsn_1d.csv"
    mapping, raw = MAPPINGS["ccsn-1d"], read_columns(file)
    profile = read_table(file, mapping.columns, derive=mapping.derive)
    heavy = profile.mass_fraction_heavy > 0.0
    charge = profile.mass_fraction_proton + 0.5 * profile.mass_fraction_alpha
    number = np.where(heavy, profile.mass_number_heavy, 1.0)
    charge = charge + profile.mass_fraction_heavy * profile.charge_number_heavy / number
    np.testing.assert_allclose(charge, profile.electron_fraction, atol=1e-6)
    assert (profile.charge_number_heavy[heavy] < profile.mass_number_heavy[heavy]).all()
    assert profile.mass_number_heavy[-1] == pytest.approx(56.0, rel=1e-4)
    # free nucleons far out: mu_n - mu_p = (m_n - m_p) + T ln(X_n/X_p)
    thin = (
        (profile.density < 3e9) & (profile.mass_fraction_alpha < 1e-3) & (profile.mass_fraction_heavy < 1e-3)
    )
    ideal = profile.temperature[thin] * np.log(raw["y_n"][thin] / raw["y_p"][thin])
    difference = profile.chemical_potential_difference - CODATA.nucleon_mass_difference
    assert thin.sum() > 5
    np.testing.assert_allclose(difference[thin], ideal, atol=0.02)


def test_unknown_mapping_and_field() -> None:
    section = SimpleNamespace(format="table", path="x", mapping="agile", columns={})
    with pytest.raises(ConfigError, match=r'profile.mapping = "agile": expected one of agile-boltztran'):
        load_profile(section)
    section = SimpleNamespace(
        format="table", path="x", mapping=None, columns={"radios": TableColumn("r", "cm")}
    )
    with pytest.raises(ConfigError, match=r"profile.columns.radios: unknown profile field .*'radius'"):
        load_profile(section)


def test_composition_is_held_to_the_electron_fraction(tmp_path: Path) -> None:
    columns = COLUMNS | {
        f"mass_fraction_{n}": TableColumn(f"x{n}") for n in ("neutron", "proton", "alpha", "heavy")
    }
    columns |= {"mass_number_heavy": TableColumn("a"), "charge_number_heavy": TableColumn("z")}
    header = "r,rho,T,ye,xneutron,xproton,xalpha,xheavy,a,z"

    def read(electron_fraction: float) -> Profile:
        rows = [(*row[:3], electron_fraction, 0.7, 0.3, 0.0, 0.0, 0, 0) for row in ROWS]
        return read_table(write(tmp_path, rows, header=header), columns)

    assert read(0.31).has_composition
    with pytest.warns(PhysicsWarning, match=r"charge is 0\.3 per baryon at point 0"):
        read(0.35)
    with pytest.raises(ProfileError, match=r"charge is 0\.3 per baryon .* allowed is a difference of 0\.1"):
        read(0.45)


def test_columns_must_name_what_every_star_has(tmp_path: Path) -> None:
    columns = {name: spec for name, spec in COLUMNS.items() if name != "density"}
    with pytest.raises(ProfileError, match=r"profile\.columns names no density"):
        read_table(write(tmp_path), columns)


# what other units make of the star above: its mass moves by their cube, its temperature as it is
@pytest.mark.parametrize(
    ("field", "factor", "unit", "wrong", "words"),
    [
        ("radius", 1e3, "cm", 0, "column 'r' (radius) is read in cm: is it in m?"),
        ("radius", 1.0, "cm", 0, "column 'r' (radius) is read in cm: is it in km?"),
        ("radius", 1e3, "km", 0, "column 'r' (radius) is read in km: is it in m?"),
        ("density", 1e3, "g / cm3", 1, "column 'rho' (density) is read in g / cm3: is it in kg/m3?"),
        ("density", 1.0, "kg/m3", 1, "column 'rho' (density) is read in kg/m3: is it in g/cm3?"),
        ("temperature", 11.6045, "MeV", 2, "column 'T' (temperature) is read in MeV: is it in GK?"),
        ("temperature", 11.6045e9, "MeV", 2, "is it in K?"),
        ("temperature", 11.6045e9, "GK", 2, "is it in K?"),
    ],
)
def test_units_that_are_none_of_a_star_are_asked_about(
    tmp_path: Path, field: str, factor: float, unit: str, wrong: int, words: str
) -> None:
    rows = [tuple(value * (factor if k == wrong else 1.0) for k, value in enumerate(row)) for row in ROWS]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            read_table(write(tmp_path, rows), COLUMNS | {field: TableColumn(COLUMNS[field].column, unit)})
            said = [str(each.message) for each in caught]
        except ProfileError as error:
            said = [str(error)]
    assert len(said) == 1
    assert words in said[0]
    assert str(tmp_path / "star.csv") in said[0]


def test_plausible_stars_are_not_doubted(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    cold = [(8.0, 8e14, 0.02, 0.05), (10.0, 2e14, 0.02, 0.05), (12.0, 1e8, 0.01, 0.4)]
    giant = [(1e3, 1e9, 0.7, 0.45), (1e5, 1e2, 0.1, 0.5), (1e8, 1e-8, 1e-4, 0.5), (1e9, 1e-10, 1e-6, 0.6)]
    for rows in (ROWS, cold, giant):
        read_table(write(tmp_path, rows), COLUMNS)
    assert list(recwarn) == []
    thin = [(radius, 1e-9 * density, *rest) for radius, density, *rest in ROWS]
    with pytest.warns(PhysicsWarning, match=r"plausible is 0.01 to 300 Msun$"):  # no unit would help
        read_table(write(tmp_path, thin), COLUMNS)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"radius": np.array([10.0, 30.0, 100.0])},
            "radius: expected an astropy Quantity with a unit like 'cm'",
        ),
        ({"radius": [10.0, 30.0, 100.0]}, "radius * astropy.units.Unit('cm')"),
        (
            {"density": np.ones(3) * units.one},
            "density: expected a unit like 'g / cm3', got none (dimensionless)",
        ),
        ({"electron_fraction": np.ones(3) * units.cm}, "expected no unit (dimensionless), got 'cm'"),
        ({"shock_radius": 144.0}, "shock_radius: expected an astropy Quantity with a unit like 'cm'"),
    ],
)
def test_arrays_need_their_units(changes: dict, words: str) -> None:
    good = {
        "radius": np.array([10.0, 30.0, 100.0]) * units.km,
        "density": np.array([1e14, 1e12, 1e9]) * units.g / units.cm**3,
        "temperature": np.array([20.0, 8.0, 2.0]) * units.MeV,
        "electron_fraction": [0.3, 0.1, 0.4],
    }
    assert Profile.from_arrays(**good).radius[-1] == pytest.approx(1e7)
    with pytest.raises(ProfileError) as caught:
        Profile.from_arrays(**good | changes)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([(10.0, 2e16, 20.0, 0.3), (30.0, 1e15, 8.0, 0.1), (100.0, 1e12, 2.0, 0.4)], "is it in kg/m3?"),
        (
            [(1e-4, 3e14, 20.0, 0.3), (3e-4, 1e12, 8.0, 0.1), (1e-3, 1e9, 2.0, 0.4)],
            "the radius ends at 0.001 km",
        ),
    ],
    ids=["inside its horizon", "a metre"],
)
def test_what_no_grid_can_hold_is_refused_at_once(tmp_path: Path, rows: list, words: str) -> None:
    with pytest.raises(ProfileError) as caught:
        read_table(write(tmp_path, rows), COLUMNS)
    assert words in str(caught.value)
