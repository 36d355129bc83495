from functools import cache

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plasmas import matter_of_coupling

from microphysics._registry import STRUCTURE_FACTORS
from microphysics.errors import ExtrapolationWarning, MicrophysicsError, OutOfRangeError
from microphysics.structure.closed_forms import FittedMSA, debye_huckel
from microphysics.structure.from_file import FileStructure, StructureFileError
from microphysics.structure.plasma import coulomb_coupling, ion_sphere_radius, screening_parameter

GAMMA = np.geomspace(1.0, 100.0, 15)
KAPPA = np.array([0.0, 0.2, 0.4, 0.6])
Q = np.arange(0.2, 14.01, 0.1)


def liquid(q, gamma, kappa=0.0):
    """A liquid with a peak: 1/S of charged hard spheres, screened as Debye and Hueckel would."""
    rigid = FittedMSA().reduced(q, gamma)
    return 1.0 / (1.0 / rigid - 1.0 / debye_huckel(q, gamma) + 1.0 / debye_huckel(q, gamma, kappa))


def columns(gamma=GAMMA, kappa=None, q=Q):
    if kappa is None:
        grid = np.meshgrid(gamma, q, indexing="ij")
        return {"coupling": grid[0].ravel(), "q": grid[1].ravel(), "S": liquid(grid[1], grid[0]).ravel()}
    grid = np.meshgrid(gamma, kappa, q, indexing="ij")
    values = liquid(grid[2], grid[0], grid[1])
    return dict(zip(("coupling", "screening", "q", "S"), (g.ravel() for g in (*grid, values)), strict=True))


def write(path, table, separator=","):
    lines = ["# S(q) by hand", separator.join(table)]
    rows = zip(*table.values(), strict=True)
    lines += [separator.join(f"{float(value)!r}" for value in row) for row in rows]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def rigid(tmp_path_factory):
    return write(tmp_path_factory.mktemp("structure") / "rigid.csv", columns())


@pytest.fixture(scope="module")
def screened(tmp_path_factory):
    return write(tmp_path_factory.mktemp("structure") / "screened.txt", columns(kappa=KAPPA), separator="  ")


def test_nodes_and_between(rigid, screened):
    table = columns()
    model = FileStructure(path=rigid)
    np.testing.assert_allclose(model.reduced(table["q"], table["coupling"]), table["S"], rtol=1e-12)
    gamma, q = np.array([[2.3], [17.0], [77.0]]), np.linspace(0.21, 13.9, 333)
    np.testing.assert_allclose(model.reduced(q, gamma), liquid(q, gamma), atol=3e-3)
    np.testing.assert_array_equal(
        model.reduced(q, gamma, 0.7), model.reduced(q, gamma)
    )  # it knows no electrons
    table = columns(kappa=KAPPA)
    model = FileStructure(path=screened)
    found = model.reduced(table["q"], table["coupling"], table["screening"])
    np.testing.assert_allclose(found, table["S"], rtol=1e-12)
    np.testing.assert_allclose(model.reduced(q, gamma, 0.45), liquid(q, gamma, 0.45), rtol=3e-3)


def test_hdf5_is_the_same(tmp_path, screened):
    path = tmp_path / "table.h5"
    with h5py.File(path, "w") as file:
        for name, values in columns(kappa=KAPPA).items():
            file[name] = values
        file["note"] = "other things do not matter"
    q, gamma = np.linspace(0.0, 20.0, 50), np.array([[3.0], [30.0]])
    np.testing.assert_allclose(
        FileStructure(path=path).reduced(q, gamma, 0.2),
        FileStructure(path=screened).reduced(q, gamma, 0.2),
        rtol=1e-13,
    )


def test_below_and_beyond_the_wave_numbers(rigid):
    model, gamma = FileStructure(path=rigid), 10.0
    q = np.array([1e-6, 1e-3, 0.1, 0.2])
    ratio = model.reduced(q, gamma) / debye_huckel(q, gamma)
    np.testing.assert_allclose(ratio, ratio[-1], rtol=1e-12)  # S/S_DH goes on: perfect screening
    assert model.reduced(0.0, gamma) == 0.0
    last = model.reduced(14.0, gamma)
    np.testing.assert_allclose(model.reduced(14.0 + np.array([1e-9, 1e-6]), gamma), last, atol=1e-8)
    assert model.reduced(15.0, gamma) - 1.0 == pytest.approx((last - 1.0) * np.exp(-1.0), rel=1e-6)
    assert model.reduced(1e4, gamma) == 1.0


@given(st.floats(-3.0, 2.0), st.floats(1.0, 100.0), st.floats(0.0, 0.6))
def test_positive(screened, log_q, gamma, kappa):
    model, highest = opened(screened)
    assert 0.0 < model.reduced(10.0**log_q, gamma, kappa) < 1.05 * highest


@cache
def opened(path):
    """The model of a file and its highest S, for many examples."""
    return FileStructure(path=path), columns(kappa=KAPPA)["S"].max()


def test_in_matter(screened):
    matter = matter_of_coupling([5.0, 40.0], mu_e=None)
    q = np.array([[0.01, 0.05, 0.1]])
    kappa = screening_parameter(matter)[:, None]
    assert (kappa < 0.6).all()
    a, gamma = ion_sphere_radius(matter)[:, None], coulomb_coupling(matter)[:, None]
    model = STRUCTURE_FACTORS["file"]("error", path=str(screened))
    np.testing.assert_allclose(model(q, matter), liquid(q * a, gamma, kappa), atol=5e-3)
    assert model.name == "file"
    assert "screened.txt" in model.references[0]
    assert model.validity == "1 <= Gamma <= 100, 0 <= kappa <= 0.6"


def test_outside_the_grid(screened):
    model = FileStructure(path=screened)
    with pytest.warns(ExtrapolationWarning, match=r"Gamma is outside in 2 of 3 state\(s\), from 0.5 to 150"):
        found = model.reduced(3.0, np.array([0.5, 10.0, 150.0]), 0.3)
    np.testing.assert_array_equal(found, model.reduced(3.0, np.array([1.0, 10.0, 100.0]), 0.3))
    with pytest.warns(ExtrapolationWarning, match=r"kappa is outside in 1 of 1 state\(s\)"):
        assert model.reduced(3.0, 10.0, 0.9) == model.reduced(3.0, 10.0, 0.6)
    strict = FileStructure("error", path=screened)
    with pytest.raises(OutOfRangeError, match=r"holds 1 <= Gamma <= 100, .*Gamma is outside"):
        strict.reduced(3.0, 150.0, 0.3)
    with pytest.raises(OutOfRangeError, match="Gamma is outside"):
        model.reduced(3.0, np.nan, 0.3)


def test_few_couplings(tmp_path):
    # one coupling, then two: constant, then linear in ln Gamma
    one = FileStructure(path=write(tmp_path / "one.csv", columns(gamma=[10.0])))
    np.testing.assert_allclose(one.reduced(Q, 10.0), liquid(Q, 10.0), rtol=1e-12)
    two = FileStructure(path=write(tmp_path / "two.csv", columns(gamma=[5.0, 20.0])))
    middle = np.sqrt(liquid(3.0, 5.0) / debye_huckel(3.0, 5.0) * liquid(3.0, 20.0) / debye_huckel(3.0, 20.0))
    assert two.reduced(3.0, 10.0) == pytest.approx(middle * debye_huckel(3.0, 10.0), rel=1e-5)


def changed(**changes):
    """The table with one of its columns changed by a function, dropped (None) or renamed (a string)."""
    table = columns()
    for name, change in changes.items():
        values = table.pop(name)
        if callable(change):
            table[name] = change(values.copy())
        elif change is not None:
            table[change] = values
    return table


def put(index, value):
    def change(values):
        values[index] = value
        return values

    return change


def rows(choice):
    return {name: values[choice] for name, values in columns().items()}


FIRST = np.arange(Q.size)
EVERYTHING = np.arange(GAMMA.size * Q.size)
BAD = {
    "renamed": (
        changed(S="S_q"),
        r"column 'S' is missing; there are coupling, q, S_q\. Did you mean to call 'S_q' so",
    ),
    "no coupling": (changed(coupling="couplings"), r"column 'coupling' is missing.*'couplings'"),
    "hole": (
        rows(np.delete(EVERYTHING, 200)),
        r"15 x 1 x 139 points has 1 holes, the first at coupling 1\.\d+, .*q 6",
    ),
    "falling": (rows(EVERYTHING[::-1]), r"row 2 \(coupling 100, screening 0, q 13\.9\) does not follow"),
    "twice": (rows(np.insert(EVERYTHING, 5, 5)), r"row 7 .* none may stand twice"),
    "q ends early": (rows(columns()["q"] < 5.0), r"q ends at 4\.9, too early: S is still .* at coupling"),
    "q begins late": (rows(columns()["q"] > 1.5), r"q starts at 1\.5 .* the first at or below 1"),
    "negative": (changed(S=put(7, -0.1)), r"S is -0\.1 at coupling 1, screening 0, q 0\.9, expected S > 0"),
    "not a number": (changed(S=put(7, np.nan)), r"S is nan in row 8"),
    "infinite": (changed(q=put(7, np.inf)), r"q is inf in row 8"),
    "q = 0": (changed(q=lambda q: q - 0.2), r"q is 0, expected q > 0"),
    "Gamma = 0": (changed(coupling=lambda c: c - 1.0), r"coupling is 0, expected Gamma > 0"),
    "no rows": (rows(FIRST[:0]), r"is empty, or has names but no rows"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_table(case, tmp_path):
    table, message = BAD[case]
    with pytest.raises(StructureFileError, match=message):
        FileStructure(path=write(tmp_path / "bad.csv", table))


@pytest.mark.parametrize("case", [case for case in BAD if case != "no rows"])
def test_bad_table_in_hdf5(case, tmp_path):
    table, message = BAD[case]
    with h5py.File(tmp_path / "bad.h5", "w") as file:
        for name, values in table.items():
            file[name] = values
    # an HDF5 file lists its datasets in alphabetical order
    message = message.replace("coupling, q, S_q", "S_q, coupling, q")
    with pytest.raises(StructureFileError, match=message):
        FileStructure(path=tmp_path / "bad.h5")


def test_negative_screening(tmp_path):
    with pytest.raises(StructureFileError, match=r"screening is -0\.6, expected kappa >= 0"):
        FileStructure(
            path=write(
                tmp_path / "bad.csv", columns(kappa=KAPPA) | {"screening": -columns(kappa=KAPPA)["screening"]}
            )
        )


def test_damaged_files(tmp_path, rigid):
    path = tmp_path / "cut.csv"
    path.write_text(rigid.read_text()[:4000].rsplit(",", 1)[0] + "\n")
    with pytest.raises(
        StructureFileError, match=r"line \d+ has 2 values, expected 3 \(coupling, q, S\); is the file cut"
    ):
        FileStructure(path=path)
    path.write_text("coupling,q,S\n1.0,0.5,high\n")
    with pytest.raises(StructureFileError, match=r"line 2: could not convert string to float: 'high'"):
        FileStructure(path=path)
    path.write_text("")
    with pytest.raises(StructureFileError, match="is empty"):
        FileStructure(path=path)
    path.write_bytes(b"\x89PNG\xff\xfe\x00")
    with pytest.raises(StructureFileError, match="cannot be read as text"):
        FileStructure(path=path)
    path = tmp_path / "cut.h5"
    with h5py.File(path, "w") as file:
        for name, values in columns().items():
            file[name] = values
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(StructureFileError, match=r"cannot be read as HDF5 .* is the file cut off\?"):
        FileStructure(path=path)
    with h5py.File(tmp_path / "square.h5", "w") as file:
        for name, values in columns().items():
            file[name] = values[:-1] if name == "q" else values
    with pytest.raises(
        StructureFileError, match=r"of one length, not empty; got coupling \(2085,\), q \(2084,\)"
    ):
        FileStructure(path=tmp_path / "square.h5")
    with pytest.raises(StructureFileError, match="there is no such file"):
        FileStructure(path=tmp_path / "nowhere.csv")
    with pytest.raises(StructureFileError, match="needs the path of a file"):
        FileStructure()
    assert issubclass(StructureFileError, MicrophysicsError)
