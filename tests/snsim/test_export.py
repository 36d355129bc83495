"""Files of the neutrino signal read again by parsers of this file's own: digits, factors of nux, dark ends, words."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace

import numpy as np
import pytest
from signals_by_hand import ALPHA, GROUPS, LUMINOSITY, MEAN, cooling_signal, steady_result

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError, UnknownNameError
from microphysics.spectrum import Pinched
from snsim.errors import ConfigError, ResultFileError
from snsim.export import FORMATS, check, to_snewpy, write
from snsim.export.catalog import PROFILE, write_profile
from snsim.export.check import Row, check_profile
from snsim.result import Result
from snsim.signal import Signal, Spectra, number_rate, signal_of

KPC = 3.0856775814913673e21
TEN_KPC = 10.0 * KPC
TIME_TABLES = ("snewpy", "oconnor", "sntools-gamma", "csv")


@pytest.fixture
def signal():
    return cooling_signal()


def distance_of(name):
    return TEN_KPC if FORMATS[name].needs_distance else None


def path_of(folder, name):
    return folder / f"signal{FORMATS[name].ending}"


def numbers(path, separator=None):
    lines = [line for line in path.read_text().splitlines() if line[0] in "-0123456789"]
    return np.array([[float(word) for word in line.split(separator)] for line in lines])


def energy_in(path, name):
    """Energy of all six flavours that a file holds, erg, by what its reader takes the columns for."""
    if name == "snewpy":
        table = numbers(path)
        return np.trapezoid(table[:, [1, 4, 7]] @ [1.0, 1.0, 4.0], table[:, 0])
    if name == "oconnor":
        table = numbers(path)
        return np.trapezoid(table[:, 1:4].sum(axis=1), table[:, 0])  # summed in the file
    if name == "sntools-gamma":
        table = numbers(path, ",")
        return np.trapezoid(table[:, [3, 6, 9]] @ [1.0, 1.0, 4.0], table[:, 0])
    if name == "csv":
        table = numbers(path, ",")
        return np.trapezoid(table[:, [1, 6, 11]] @ [1.0, 1.0, 4.0], table[:, 0])
    if name == "snowglobes-pinched":
        return (numbers(path)[:, 7:10] @ [1.0, 1.0, 4.0]).sum()
    if name == "snowglobes":
        table = numbers(path)
        per_area = 1e3 * CODATA.erg_per_mev * (table[:, 0] * table[:, 1:].sum(axis=1)).sum()
        return per_area * 4.0 * np.pi * TEN_KPC**2
    jobs = [(path / f"{flavour}.js").read_text() for flavour in ("ve", "vebar", "vu", "vubar", "vt", "vtbar")]
    weights = [
        np.array(json.loads("[" + re.search(r"weights: \[(.*?)\]", job).group(1) + "]")) for job in jobs
    ]
    return sum(weights) @ (0.2 * np.arange(501) + 0.1) * CODATA.erg_per_mev


# ----------------------------------------------------------------------------------------------------------- all formats


@pytest.mark.parametrize("name", FORMATS)
def test_all_flavours_have_the_energy_of_the_signal(name, signal, tmp_path):
    path = path_of(tmp_path, name)
    write(signal, path, name, distance_of(name))
    # bins of 0.2 MeV end at 100.2 MeV
    tolerance = 1e-4 if FORMATS[name].tabulated else 1e-11
    assert energy_in(path, name) == pytest.approx(signal.total_energy, rel=tolerance)


@pytest.mark.parametrize("name", FORMATS)
def test_round_trip(name, signal, tmp_path):
    path = path_of(tmp_path, name)
    write(signal, path, name, distance_of(name))
    found = check(signal, path, name, distance_of(name))
    assert all(row.passed for row in found), found
    assert all(row.change <= 1e-10 for row in found if row.limit == 1e-10)
    # and it is the file that is compared
    other = Signal.from_pinching(
        signal.time, signal.luminosity * 1.001, signal.mean_energy * 1.002, signal.alpha
    )
    assert not any(row.passed for row in check(other, path, name, distance_of(name)) if "energy" in row.what)


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_is_whole_or_absent(name, signal, tmp_path, monkeypatch):
    path = path_of(tmp_path, name)
    files = write(signal, path, name, distance_of(name))
    before = {file: file.read_bytes() for file in files}
    assert sorted(before) == sorted(file for file in tmp_path.rglob("*") if file.is_file())

    def refused(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", refused)
    with pytest.raises(ResultFileError, match="cannot be written"):
        write(cooling_signal(5), path, name, distance_of(name))
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


@pytest.mark.parametrize("name", FORMATS)
def test_files_say_what_they_hold(name, signal, tmp_path):
    files = write(signal, path_of(tmp_path, name), name, distance_of(name))
    words = "\n".join(file.read_text() for file in files)
    assert ("SUM of the four" if name == "oconnor" else "ONE") in words
    for phrase in ("seen from infinity", "MeV", "no flavour conversion", "nue + anue + 4 nux"):
        assert phrase in words
    assert "gray transport" not in words
    files = write(replace(signal, gray=True), path_of(tmp_path, name), name, distance_of(name))
    assert "gray transport" in "\n".join(file.read_text() for file in files)


# ------------------------------------------------------------------------------------------------------- one row a time


@pytest.mark.parametrize("name", ["snewpy", "oconnor"])
def test_ends_are_dark(name, signal, tmp_path):
    path = path_of(tmp_path, name)
    write(signal, path, name)
    table = numbers(path)
    light = table[:, [1, 4, 7]] if name == "snewpy" else table[:, 1:4]
    assert not light[[0, -1]].any()
    assert (light[1:-1] > 0.0).all()
    assert (np.diff(table[:, 0]) > 0.0).all()
    np.testing.assert_array_equal(table[1:-1, 0], signal.time)
    for late in (-0.1, 20.0):  # end values, as readers hold them
        assert np.interp(late, table[:, 0], light[:, 0]) == 0.0


@pytest.mark.parametrize("start", [0.0, 1e3, -1e3])
def test_dark_rows_stay_apart_far_from_time_zero(start, tmp_path):
    signal = Signal.from_pinching(
        start + np.array([0.0, 1e-3]),
        LUMINOSITY * np.ones((2, 1)),
        MEAN * np.ones((2, 1)),
        ALPHA * np.ones((2, 1)),
    )
    write(signal, tmp_path / "signal.dat", "snewpy")
    milliseconds = 1e3 * numbers(tmp_path / "signal.dat")[:, 0]
    assert (np.diff(milliseconds) > 0.0).all()


def test_columns_of_each_table(signal, tmp_path):
    row = {}
    for name in TIME_TABLES:
        write(signal, path_of(tmp_path, name), name)
        row[name] = numbers(path_of(tmp_path, name), "," if name in ("sntools-gamma", "csv") else None)[3]
    k = 2  # rows without light stand before those of two formats
    luminosity, mean, alpha = (getattr(signal, name)[k] for name in ("luminosity", "mean_energy", "alpha"))
    square = signal.mean_square_energy[k]
    expected = {
        "snewpy": np.column_stack([luminosity, mean, alpha]).ravel(),
        "oconnor": np.concatenate([luminosity * [1.0, 1.0, 4.0], mean, np.sqrt(square)]),
    }
    for name, values in expected.items():
        np.testing.assert_allclose(row[name], [signal.time[k], *values], rtol=1e-15)
    k = 3
    luminosity, mean, square = (
        getattr(signal, name)[k] for name in ("luminosity", "mean_energy", "mean_square_energy")
    )
    gamma = np.column_stack([mean, square, luminosity]).ravel()
    np.testing.assert_allclose(row["sntools-gamma"], [signal.time[k], *gamma], rtol=1e-15)
    header = next(
        line for line in (tmp_path / "signal.csv").read_text().splitlines() if line.startswith("time")
    )
    assert header.split(",")[1:6] == [
        "luminosity_nue",
        "mean_energy_nue",
        "mean_square_energy_nue",
        "mean_cube_energy_nue",
        "alpha_nue",
    ]
    np.testing.assert_allclose(row["csv"][3], signal.mean_square_energy[k, 0], rtol=1e-15)


def test_comments_of_oconnor_have_one_equals_sign(signal, tmp_path):
    strange = replace(signal, source='a = b # "title"\nü')
    write(strange, tmp_path / "signal.dat", "oconnor")
    lines = [line for line in (tmp_path / "signal.dat").read_text().splitlines() if line.startswith("#")]
    assert lines[0] == "# tbounce = 0.0"
    assert all(line.count("=") == 1 and '"' not in line and line.count("#") == 1 for line in lines)


# ------------------------------------------------------------------------------------------------------------- spectra


def test_fluences_of_snowglobes(signal, tmp_path):
    write(signal, tmp_path / "signal.dat", "snowglobes", TEN_KPC)
    table = numbers(tmp_path / "signal.dat")
    assert table.shape == (501, 7)
    np.testing.assert_allclose(table[:, 0], 1e-4 + 2e-4 * np.arange(501), rtol=1e-12)
    assert (table[0, 0], table[-1, 0]) == (0.0001, 0.1001)
    # nue numu nutau anue anumu anutau
    for column in (3, 5, 6):
        np.testing.assert_array_equal(table[:, column], table[:, 2])
    k = 75  # 15.1 MeV, by a sum of this test's own
    rate = (
        signal.number_luminosity * Pinched(signal.mean_energy, signal.alpha).density(np.array([15.1]))[..., 0]
    )
    expected = 0.2 * np.trapezoid(rate, signal.time, axis=0) / (4.0 * np.pi * TEN_KPC**2)
    np.testing.assert_allclose(table[k, [1, 4, 2]], expected, rtol=1e-4)
    write(signal, tmp_path / "far.dat", "snowglobes", 2.0 * TEN_KPC)
    np.testing.assert_allclose(numbers(tmp_path / "far.dat")[:, 1:], table[:, 1:] / 4.0, rtol=1e-14)


def test_lines_of_snowglobes_pinched_are_numbers_only(signal, tmp_path):
    files = write(signal, tmp_path / "signal.dat", "snowglobes-pinched")
    assert [file.name for file in files] == ["signal.dat", "signal_key.dat"]
    lines = files[0].read_text().splitlines()
    assert len(lines) == signal.time.size
    assert all(re.fullmatch(r"\d+( [-+.e\d]+){9}", line) for line in lines)
    key = numbers(files[1])
    np.testing.assert_array_equal(key[:, 0], 1 + np.arange(signal.time.size))
    np.testing.assert_array_equal(key[:, 1], signal.time)
    table = numbers(files[0])
    np.testing.assert_allclose(table[:, 7:10] / key[:, 2:], signal.luminosity, rtol=1e-14)


def test_both_files_for_snowglobes_are_the_same_signal(signal, tmp_path):
    """What its program makes of each line, at 10 kpc: L/<E> phi(E) dE/(4 pi d^2), summed over the lines."""
    write(signal, tmp_path / "pinched.dat", "snowglobes-pinched")
    write(signal, tmp_path / "fluence.dat", "snowglobes", TEN_KPC)
    lines, table = numbers(tmp_path / "pinched.dat"), numbers(tmp_path / "fluence.dat")
    energy = 1e3 * table[:, 0]
    for species, column in enumerate((1, 4, 2)):
        alpha, mean, radiated = lines[:, 1 + species], lines[:, 4 + species], lines[:, 7 + species]
        spectra = Pinched(mean, alpha).density(energy) * (radiated / mean / CODATA.erg_per_mev)[:, None]
        expected = 0.2 * spectra.sum(axis=0) / (4.0 * np.pi * TEN_KPC**2)
        bright = (energy > 4.0) & (expected > 1e-3 * expected.max())  # below, bins are no points
        np.testing.assert_allclose(table[bright, column], expected[bright], rtol=2e-3)
        assert table[:, column].sum() == pytest.approx(expected.sum(), rel=1e-5)


def test_jobs_of_marley(signal, tmp_path):
    files = write(signal, tmp_path / "jobs", "marley")
    assert sorted(file.stem for file in files) == ["ve", "vebar", "vt", "vtbar", "vu", "vubar"]
    for file in files:
        text = file.read_text()
        assert f'neutrino: "{file.stem}"' in text
        assert 'type: "histogram"' in text
        assert "executable_settings: { events: " in text
        assert '"source"' not in text  # keys stand without quotation marks
        assert ("ve40ArCC" in text) is (file.stem == "ve")
        assert "// for MARLEY 1.2; version 2 calls executable_settings generate" in text
        (number,) = re.findall(r"// neutrinos of this flavour: (\S+)", text)
        (weights,) = re.findall(r"weights: \[ (.*) \]", text)
        assert float(number) == pytest.approx(sum(map(float, weights.split(", "))), rel=1e-12)
    assert check(signal, tmp_path / "jobs", "marley")[0].what == "neutrinos in bins"


@pytest.mark.parametrize("name", ["snowglobes", "marley"])
def test_tabulated_spectra_are_used_where_the_format_can(name, signal, tmp_path):
    rates = number_rate(signal, GROUPS)
    faded = Spectra(GROUPS, rates * np.exp(-((GROUPS / 60.0) ** 4)))
    per_log = faded.number * GROUPS
    mean, square = ((per_log * GROUPS**n).sum(axis=-1) / per_log.sum(axis=-1) for n in (1, 2))
    groups = Signal(signal.time, faded.luminosity, mean, square, spectra=faded)
    pinched = Signal(signal.time, faded.luminosity, mean, square)
    found = {}
    for words, one in (("groups", groups), ("pinched", pinched)):
        files = write(one, tmp_path / words, name, distance_of(name))
        text = files[0].read_text()
        weights = numbers(files[0])[:, 1] if name == "snowglobes" else None
        if weights is None:
            weights = np.array(json.loads("[" + re.search(r"weights: \[(.*?)\]", text).group(1) + "]"))
        found[words] = weights[400]  # 80.1 MeV
        assert "only pinched ones" not in text
    assert found["groups"] < 0.3 * found["pinched"]
    write(groups, tmp_path / "table.dat", "snewpy")
    assert "only pinched ones" in (tmp_path / "table.dat").read_text()


# ------------------------------------------------------------------------------------------------------------- matter


def test_profiles_for_msw(tmp_path):
    result = steady_result()
    files = write_profile(result, tmp_path / "star.dat")
    assert [file.name for file in files] == ["star_density.dat", "star_ye.dat"]
    for file, name in zip(files, ("density", "electron_fraction"), strict=True):
        table = np.loadtxt(file)
        np.testing.assert_array_equal(table[:, 0], result["profile"]["radius"].values)
        np.testing.assert_array_equal(table[:, 1], result["profile"][name].values)
    assert all(row.change == 0.0 for row in check_profile(result, tmp_path / "star.dat"))
    with pytest.raises(ConfigError, match="no profile"):
        write_profile(Result({}), tmp_path / "none.dat")


# ------------------------------------------------------------------------------------------------------- what is refused


def test_formats_and_distances_that_are_refused(signal, tmp_path):
    with pytest.raises(UnknownNameError, match="unknown format 'garching'"):
        write(signal, tmp_path / "x", "garching")
    with pytest.raises(ConfigError, match="snowglobes needs a distance"):
        write(signal, tmp_path / "x", "snowglobes")
    with pytest.raises(ConfigError, match="snewpy has no distance"):
        write(signal, tmp_path / "x", "snewpy", TEN_KPC)
    with pytest.raises(ConfigError, match="write_profile"):
        write(signal, tmp_path / "x", PROFILE)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", FORMATS)
def test_species_and_signals_without_light(name, signal, tmp_path):
    for dark in ([2], [0, 1, 2]):
        luminosity = signal.luminosity.copy()
        luminosity[:, dark] = 0.0
        path = path_of(tmp_path, name)
        one = Signal(signal.time, luminosity, signal.mean_energy, signal.mean_square_energy)
        write(one, path, name, distance_of(name))
        assert all(row.passed for row in check(one, path, name, distance_of(name)))


def test_the_check_of_fluences_needs_their_distance(signal, tmp_path):
    write(signal, tmp_path / "signal.dat", "snowglobes", TEN_KPC)
    with pytest.raises(ConfigError, match="needs the distance"):
        check(signal, tmp_path / "signal.dat", "snowglobes")


def test_damaged_files_are_found(signal, tmp_path):
    path = tmp_path / "signal.dat"
    write(signal, path, "snewpy")
    text = path.read_text()
    path.write_text(text.replace("TIME", "T", 1) if "TIME" in text else text)
    lines = text.splitlines(keepends=True)
    path.write_text("".join(lines[:-3]))  # cut off
    assert not all(row.passed for row in check(signal, path, "snewpy"))
    path.write_text(text.replace("TIME L_NU_E", "WHEN L_NU_E"))
    with pytest.raises(ResultFileError, match="cannot be read again"):
        check(signal, path, "snewpy")
    with pytest.raises(ResultFileError, match="cannot be read again"):
        check(signal, tmp_path / "none.dat", "oconnor")
    assert not Row("x", float("nan"), 1.0).passed


def test_a_second_redshift_would_be_found(tmp_path):
    """Moments of the outermost zone are those of a local observer: files made from them differ from the run's."""
    result = steady_result()
    signal = signal_of(result)
    write(signal, tmp_path / "signal.dat", "snewpy")
    table = numbers(tmp_path / "signal.dat")
    transport = result["transport"]
    np.testing.assert_allclose(
        table[1, [1, 4, 7]], transport["luminosity_infinity"].values[:, -1], rtol=1e-14
    )
    np.testing.assert_allclose(table[1, [2, 5, 8]], transport["mean_energy_infinity"].values, rtol=1e-14)
    assert (table[1, [1, 4, 7]] < 0.7 * transport["luminosity"].values[:, -1]).all()
    assert (table[1, [2, 5, 8]] < 0.9 * transport["mean_energy"].values[:, -1]).all()


def test_snewpy_is_asked_for_by_name(signal, monkeypatch):
    monkeypatch.setitem(sys.modules, "snewpy", None)
    monkeypatch.setitem(sys.modules, "snewpy.models.base", None)
    with pytest.raises(ImportError, match=r"pip install 'snsim\[interop\]'"):
        to_snewpy(signal)


def test_importing_the_exports_imports_no_other_program():
    import subprocess

    script = "import sys, snsim.export; print([m for m in sys.modules if m.split('.')[0] in ('snewpy', 'sntools')])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_times_must_rise_before_anything_is_written():
    with pytest.raises(OutOfRangeError, match="must rise"):
        Signal.from_pinching([1.0, 0.0], np.ones((2, 3)), np.ones((2, 3)), np.ones((2, 3)))
