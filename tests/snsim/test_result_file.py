"""Results and their files: exact round trip, labels for xarray, clear words for files that are none."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import h5py
import numpy as np
import pytest
from astropy import units
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from microphysics.errors import UnknownNameError
from snsim.errors import ResultFileError
from snsim.output import provenance
from snsim.output.reader import read_provenance, read_result
from snsim.output.writer import RESERVED, check_writable, write_result
from snsim.result import Result, shown_unit
from snsim.variable import Variable, scalar

ZONES = 40


def example(*, wall_time: float = 1.0, gain: float = 9.2e6) -> Result:
    rng = np.random.default_rng(7)
    species = Variable(("species",), np.array(["nue", "anue", "nux"]), "1", "neutrino species")
    transport = {
        "species": species,
        "radius": Variable(("zone",), np.linspace(1e5, 5e7, ZONES), "cm", "radius of zone centres"),
        "radius_interface": Variable(
            ("interface",), np.linspace(0.0, 5.1e7, ZONES + 1), "cm", "radius of edges"
        ),
        "luminosity_infinity": Variable(
            ("species", "interface"),
            1e52 * rng.random((3, ZONES + 1)),
            "erg / s",
            "luminosity",
            {"frame": "infinity"},
        ),
        "mean_energy": Variable(("species", "zone"), 20.0 * rng.random((3, ZONES)), "MeV", "mean energy"),
        "iterations": Variable(("species",), np.array([3, 4, 5]), "1", "Newton steps"),
        "converged": Variable((), np.array(True), "1", "whether the solver converged"),
    }
    energy = Variable(("energy",), np.geomspace(0.5, 350.0, 96), "MeV", "neutrino energy")
    opacity = {
        "energy": energy,
        "total": Variable(("species", "zone", "energy"), rng.random((3, ZONES, 96)), "1 / cm", "opacity"),
    }
    sphere = Variable(
        ("species",), np.array([7e6, 6e6, np.nan]), "cm", "sphere", {"reason": "never reached for nux"}
    )
    groups = {
        "transport": transport,
        "opacity": opacity,
        "diagnostics/neutrinosphere": {"transport_energy_mean": sphere},
        "diagnostics/gain_region": {
            "gain_radius": scalar(
                gain, "cm", "gain radius", references="Janka 2001, A&A 368, 527; Someone 1999"
            ),
            "net_heating": scalar(np.nan, "erg / s", "net heating", reason="no gain region"),
            "heating_rate": Variable(("zone",), rng.random(ZONES), "erg / (g s)", "heating rate"),
        },
        "diagnostics/kick": {"kick": scalar(3.595e7, "cm / s", "kick velocity")},
    }
    record = provenance.collect(
        "0123abcd",
        title="example",
        started=datetime(2026, 1, 1, tzinfo=UTC),  # now() may tick between two examples
        wall_time=wall_time,
        citations=["First 2000"],
    )
    return Result(groups, "schema = 1\ntitle = 'ä'\n", record)


def test_round_trip(tmp_path: Path) -> None:
    result = example()
    file = write_result(result, tmp_path / "result.h5")
    assert read_result(file) == result
    assert read_result(tmp_path) == result
    assert read_provenance(tmp_path)["config_hash"] == "0123abcd"
    assert [path.name for path in tmp_path.iterdir()] == ["result.h5"]


def test_a_difference_is_seen() -> None:
    result = example()
    assert result == example()
    assert result != example(gain=9.2e6 * (1 + 1e-15))
    assert result != example(wall_time=2.0)
    assert result != "something else"


NAMES = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=8)
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00", exclude_categories=("Cs",)), max_size=12
)
DIMENSIONS = {"zone": 5, "interface": 6, "species": 3, "energy": 4, "process": 2}


@st.composite
def variables(draw: st.DrawFn) -> Variable:
    dims = tuple(draw(st.lists(st.sampled_from(sorted(DIMENSIONS)), unique=True, max_size=3)))
    shape = tuple(DIMENSIONS[name] for name in dims)
    kind = draw(st.sampled_from(["float", "int", "bool", "text"]))
    if kind == "text":
        values = np.array(draw(hnp.arrays(object, shape, elements=TEXTS)), dtype=np.str_)
    else:
        dtype = {"float": np.float64, "int": np.int64, "bool": np.bool_}[kind]
        values = draw(hnp.arrays(dtype, shape))
    attributes = draw(st.dictionaries(NAMES.filter(lambda name: name not in RESERVED), TEXTS, max_size=3))
    return Variable(
        dims, values, draw(st.sampled_from(["cm", "MeV", "1", "erg / s"])), draw(TEXTS), attributes
    )


@st.composite
def groups(draw: st.DrawFn) -> dict[str, Variable]:
    found = draw(
        st.dictionaries(
            NAMES.filter(lambda name: name not in DIMENSIONS), variables(), min_size=1, max_size=4
        )
    )
    for name in draw(st.sets(st.sampled_from(sorted(DIMENSIONS)), max_size=2)):
        found[name] = Variable((name,), draw(hnp.arrays(np.float64, DIMENSIONS[name])), "1", name)
    return found


GROUPS = st.dictionaries(
    st.sampled_from(["profile", "transport", "diagnostics/kick", "diagnostics/x"]), groups(), max_size=3
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(groups=GROUPS, text=TEXTS, record=st.dictionaries(NAMES, TEXTS, max_size=3))
def test_any_result_comes_back_exactly(tmp_path: Path, groups, text, record) -> None:
    record.pop("config_toml", None)
    result = Result(groups, text, record)
    assert read_result(write_result(result, tmp_path / "result.h5")) == result


def contents(file: Path) -> dict[str, object]:
    found: dict[str, object] = {}

    def visit(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if not name.startswith("provenance"):
            attributes = {key: value for key, value in item.attrs.items() if not key.endswith("_LIST")}
            data = item[()].tobytes() if isinstance(item, h5py.Dataset) and item.dtype.kind != "O" else None
            found[name] = (data, sorted((key, str(value)) for key, value in attributes.items()))

    with h5py.File(file) as handle:
        found["/"] = sorted((key, str(value)) for key, value in handle.attrs.items())
        handle.visititems(visit)
    return found


def test_equal_results_give_equal_data_groups(tmp_path: Path) -> None:
    one = write_result(example(wall_time=1.0), tmp_path / "one.h5")
    other = write_result(example(wall_time=2.0), tmp_path / "other.h5")
    assert contents(one) == contents(other)


def test_every_dataset_says_its_unit(tmp_path: Path) -> None:
    with h5py.File(write_result(example(), tmp_path / "result.h5")) as file:
        assert file.attrs["Conventions"] == "snsim-1"
        assert file.attrs["format_version"] == 1
        assert {"title", "history"} <= set(file.attrs)

        def check(name: str, item: h5py.Dataset | h5py.Group) -> None:
            if isinstance(item, h5py.Dataset):
                units.Unit(item.attrs["units"])
                assert isinstance(item.attrs["long_name"], str)
                assert (item.compression == "gzip" and item.shuffle) == (item.nbytes > 64 * 1024)

        file.visititems(check)
        assert file["opacity/total"].compression == "gzip"
        assert file["transport/luminosity_infinity"].attrs["coordinates"] == "radius_interface"


def test_xarray_shows_labels_and_units(tmp_path: Path) -> None:
    import xarray

    file = write_result(example(), tmp_path / "result.h5")
    with xarray.open_dataset(file, group="transport", engine="h5netcdf") as data:
        assert list(data.species.values) == ["nue", "anue", "nux"]
        assert data.luminosity_infinity.dims == ("species", "interface")
        assert data.luminosity_infinity.attrs == {
            "units": "erg / s",
            "long_name": "luminosity",
            "frame": "infinity",
        }
        assert {"radius", "radius_interface", "zone", "interface"} <= set(data.coords)
        assert data.radius.attrs["units"] == "cm"
        assert (
            float(data.mean_energy.sel(species="anue")[0])
            == example()["transport"]["mean_energy"].values[1, 0]
        )
    # groups without coordinates of their own show those of the run
    with xarray.open_dataset(file, group="diagnostics/neutrinosphere", engine="h5netcdf") as data:
        assert float(data.transport_energy_mean.sel(species="nue")) == 7e6
    with xarray.open_dataset(file, group="opacity", engine="h5netcdf") as data:
        assert {"species", "energy", "radius"} <= set(data.coords)
        assert data.energy.attrs["units"] == "MeV"
    with xarray.open_datatree(file, engine="h5netcdf") as tree:
        assert "gain_radius" in tree["diagnostics/gain_region"]


def test_to_xarray_is_what_the_file_shows(tmp_path: Path) -> None:
    import xarray

    result = example()
    data = result.to_xarray("diagnostics/gain_region")
    assert data.gain_radius.attrs["units"] == "cm"
    with xarray.open_dataset(
        write_result(result, tmp_path / "r.h5"), group="transport", engine="h5netcdf"
    ) as stored:
        ours = result.to_xarray("transport")
        assert ours.luminosity_infinity.equals(stored.luminosity_infinity.drop_vars("interface"))


def test_access_by_name() -> None:
    result = example()
    assert result["transport"]["mean_energy"].unit == "MeV"
    assert set(result["diagnostics"]) == {"neutrinosphere", "gain_region", "kick"}
    for access in (result.__getitem__, result.to_xarray):
        with pytest.raises(
            UnknownNameError, match=r"unknown group 'transprt'; .* Did you mean 'transport'\?"
        ):
            access("transprt")


def test_summary() -> None:
    rows = dict(example().summary())
    assert rows["neutrinosphere"] == "nue 70  anue 60  nux undefined km (never reached for nux)"
    assert rows["gain radius"] == "92 km"
    assert rows["net heating"] == "undefined (no gain region)"
    assert rows["kick for the assumed asymmetry and energy"] == "359.5 km/s"
    assert rows["luminosity at infinity"].endswith(" erg/s")
    assert rows["mean energy"].startswith("nue ")


def test_one_species_is_named() -> None:
    names = Variable(("species",), np.array(["nue"]), "1", "species")
    luminosity = Variable(("species", "interface"), np.full((1, 3), 4e52), "erg / s", "luminosity")
    result = Result({"transport": {"species": names, "luminosity_infinity": luminosity}})
    assert result.summary() == [("luminosity at infinity", "nue 4e+52 erg/s")]


def test_answers_carry_the_species() -> None:
    answers = {answer.key: answer for answer in example().answers()}
    assert answers["neutrinosphere.transport_energy_mean.anue"].value == 6e6
    assert "transport.mean_energy.nux" in answers
    assert "transport.iterations.nue" not in answers
    main = example().answers(headlines=True)
    assert [answer.label for answer in main[:3]] == [
        f"luminosity at infinity, {who}" for who in ("nue", "anue", "nux")
    ]
    assert {answer.key for answer in main} <= set(answers)


@pytest.mark.parametrize(
    ("unit", "size", "shown"),
    [
        ("cm", 1e7, "km"),
        ("cm", 1e-3, "cm"),
        ("s", 2e-5, "ms"),
        ("s", 0.02, "ms"),
        ("s", 2.0, "s"),
        ("g", 3e33, "Msun"),
        ("1", 1.0, ""),
    ],
)
def test_shown_unit(unit: str, size: float, shown: str) -> None:
    assert shown_unit(unit, size)[0] == shown


def test_files_that_are_no_results(tmp_path: Path) -> None:
    file = write_result(example(), tmp_path / "result.h5")
    whole = file.read_bytes()
    with pytest.raises(ResultFileError, match="no such result file"):
        read_result(tmp_path / "nowhere.h5")
    for size in (0, 100, len(whole) // 3, len(whole) - 200):
        file.write_bytes(whole[:size])
        with pytest.raises(ResultFileError, match=r"result\.h5: no HDF5 file, or cut off or damaged"):
            read_result(file)
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["x"] = 1.0
    with pytest.raises(ResultFileError, match="no result of snsim"):
        read_result(tmp_path / "other.h5")
    file.write_bytes(whole)
    with h5py.File(file, "r+") as newer:
        newer.attrs["format_version"] = 99
    with pytest.raises(ResultFileError, match="format version 99, this snsim reads up to 1; update snsim"):
        read_result(file)
    with h5py.File(file, "r+") as older:
        older.attrs["format_version"] = 0
    with pytest.raises(ResultFileError, match="format version 0, which no snsim has written"):
        read_result(file)
    file.write_bytes(whole)
    with h5py.File(file, "r+") as damaged:
        del damaged["provenance"]
    with pytest.raises(ResultFileError, match="damaged"):
        read_result(file)


def test_unwritable_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultFileError, match=r"cannot be written there \(.*--output"):
        check_writable(tmp_path / "file" / "run")
    with pytest.raises(ResultFileError, match="cannot be written"):
        write_result(example(), tmp_path / "file" / "result.h5")
    assert check_writable(tmp_path / "new" / "folder").is_dir()
    assert not list((tmp_path / "new" / "folder").iterdir())


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    file = write_result(example(), tmp_path / "result.h5")
    before = file.read_bytes()
    wrong = {"x": Variable(("zone",), np.zeros(3), "1", "x"), "y": Variable(("zone",), np.zeros(4), "1", "y")}
    with pytest.raises(ValueError, match="4 points along 'zone', 3 elsewhere"):
        write_result(Result({"transport": wrong}), file)
    reserved = {"x": scalar(1.0, "cm", "x", coordinates="y")}
    with pytest.raises(ValueError, match="reserved"):
        write_result(Result({"transport": reserved}), file)
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["result.h5"]


def test_provenance_is_complete() -> None:
    record = provenance.collect(
        "abc", wall_time=1.5, citations=["A", "B", "A"], inputs=[("x.csv", "0a")], seed=3
    )
    wanted = {
        "snsim_version",
        "python_version",
        "numpy_version",
        "scipy_version",
        "numba_version",
        "host",
        "cpu",
    }
    assert wanted <= {key for key, text in record.items() if text}
    assert (record["citations"], record["wall_time_s"], record["seed"]) == ("A\nB", "1.500", "3")
    assert record["inputs"] == "0a  x.csv"
    assert record["git_dirty"] in ("", "yes", "no")


def test_citations_of_a_result() -> None:
    assert provenance.citations_of(example()) == ["First 2000", "Janka 2001, A&A 368, 527", "Someone 1999"]


def test_the_code_has_a_hash_that_follows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "_SOURCES", tmp_path)
    code_hash = provenance.code_hash.__wrapped__  # what a process finds that begins now
    for package in ("microphysics", "snsim"):
        (tmp_path / package).mkdir()
    source = tmp_path / "snsim" / "a.py"
    seen = []
    for text in ("x = 1", "x = 2"):
        source.write_text(text)
        seen.append(code_hash())
    source.rename(tmp_path / "snsim" / "b.py")
    seen.append(code_hash())
    (tmp_path / "microphysics" / "numbers.npz").write_bytes(b"1")
    seen.append(code_hash())
    assert len(set(seen)) == 4
    (tmp_path / "snsim" / "notes.txt").write_text("no code")
    assert code_hash() == seen[-1]


def test_plug_ins_are_recorded_where_they_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import EntryPoint

    points = [EntryPoint(name, "snsim.variable:scalar", "g") for name in ("mine", "other")]
    monkeypatch.setattr(provenance.metadata, "entry_points", lambda group: points if group == "g" else [])
    line = provenance.plug_ins({"g": ["mine", "helm"], "h": ["mine"]})
    assert line.startswith("g mine unknown ")
    assert len(line.split()[-1]) == 12
    assert provenance.plug_ins({"g": ["helm"]}) == ""
