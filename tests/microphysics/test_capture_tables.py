import math

import numpy as np
import pytest

from microphysics.constants import CODATA
from microphysics.errors import PhysicsWarning
from microphysics.processes.capture_tables import (
    COLUMNS,
    CaptureTableError,
    read_capture_table,
    write_capture_table,
)

GIGAKELVIN = 1e9 * CODATA.boltzmann
T9 = (1.0, 3.0, 10.0)
DENSITY = (8.0, 9.0)


def rows(shift=0.0):
    """Made-up rates: capture 10^(density - 8 + t9/10 + shift), beta+ 10^-2, neutrinos of 3 MeV."""
    lines = []
    for density in DENSITY:
        for t9 in T9:
            capture = density - 8.0 + t9 / 10.0 + shift
            loss = math.log10(3.0 * (10.0**capture + 0.01))
            lines.append(
                f"{t9:6.2f} {density:5.1f} 5.000 -2.000 {capture:9.5f} {loss:12.8f} -99.999 -99.999 -99.999"
            )
    return lines


def header(name="Mn56", z=25, a=56, q=-4.207):
    return [
        f" neg. daughter Fe56 z={z + 1} n={a - z - 1} a={a} Q={-q:8.4f}",
        f" pos. daughter {name} z={z} n={a - z} a={a} Q={q:8.4f}",
        "   +++ Fe56 --> Mn56 +++   --- Mn56 --> Fe56 ---",
        "   t9   lrho    uf    lbeta+    leps-    lrnu    lbeta-    leps+  lrnubar",
    ]


def write(tmp_path, lines, name="rates.txt"):
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def text(tmp_path):
    comment = [
        "     t9 = temperature",
        "     uf = electron kinetic chemical potential",
        "     plain words",
        "",
    ]
    second = [*header("Cr55", 24, 55, -2.603), *rows(1.0), "     end"]
    return write(tmp_path, [*comment, *header(), *rows(), "     end", *second])


def test_text_layout(text):
    table = read_capture_table(text)
    # z in the header is the daughter's
    assert set(table.nuclei) == {(56, 26), (55, 25)}
    rates = table.nuclei[56, 26]
    np.testing.assert_allclose(rates.temperature, np.array(T9) * GIGAKELVIN, rtol=1e-14)
    np.testing.assert_array_equal(rates.log10_rho_ye, DENSITY)
    # both kinds of nue count, and their mean energy is the loss over both
    expected = np.log10(10.0 ** (np.array(DENSITY) - 8.0 + np.array(T9)[:, None] / 10.0) + 0.01)
    np.testing.assert_allclose(rates.log10_rate, expected, rtol=1e-6)
    np.testing.assert_allclose(10.0**rates.log10_mean_energy, 3.0, rtol=1e-6)
    assert table.sources == ("rates.txt",)


def test_nodes_and_interpolation(text):
    table = read_capture_table(text)
    t, rho = np.array(T9) * GIGAKELVIN, 10.0 ** np.array(DENSITY)
    nodes = table.find(56, 26, t[:, None], rho)
    assert nodes.known.all()
    np.testing.assert_allclose(nodes.log_rate, math.log(10.0) * table.nuclei[56, 26].log10_rate, rtol=1e-13)
    # by hand: logarithms, linear in ln T and log10 rho Ye
    x, y = math.log(5.0 / 3.0) / math.log(10.0 / 3.0), 0.3
    found = table.find(56.4, 25.6, 5.0 * GIGAKELVIN, 10.0**8.3)
    corners = table.nuclei[56, 26].log10_rate[1:3]
    by_hand = np.array([1.0 - x, x]) @ corners @ np.array([1.0 - y, y])
    assert found.log_rate == pytest.approx(math.log(10.0) * by_hand, rel=1e-12)
    assert found.mean_energy == pytest.approx(3.0, rel=1e-6)


def test_nothing_beyond_the_grid_or_without_entry(text):
    table = read_capture_table(text)
    states = [
        *((56, 26, 3.0, 8.5), (57, 26, 3.0, 8.5), (56, 25, 3.0, 8.5), (56, 26, 0.9, 8.5)),
        *((56, 26, 11.0, 8.5), (56, 26, 3.0, 7.9), (56, 26, 3.0, 9.1), (56, 26, 10.0, 9.0)),
    ]
    a, z, t9, density = np.array(states).T
    found = table.find(a, z, t9 * GIGAKELVIN, 10.0**density)
    assert found.known.tolist() == [True, False, False, False, False, False, False, True]
    assert np.isneginf(found.log_rate[1:7]).all()


def test_shapes_broadcast(text):
    found = read_capture_table(text).find([56.0, 55.0, 90.0], [26.0, 25.0, 40.0], np.full((4, 1), 0.3), 3e8)
    assert found.known.shape == (4, 3)
    assert found.known.all(axis=0).tolist() == [True, True, False]


def test_merged_keeps_the_first(tmp_path):
    first = read_capture_table(write(tmp_path, [*header(), *rows()], "a.txt"))
    both = [*header(), *rows(2.0), *header("Cr55", 24, 55), *rows()]
    merged = first.merged(read_capture_table(write(tmp_path, both, "b.txt")))
    assert set(merged.nuclei) == {(56, 26), (55, 25)}
    np.testing.assert_array_equal(merged.nuclei[56, 26].log10_rate, first.nuclei[56, 26].log10_rate)
    assert merged.sources == ("a.txt", "b.txt")


def test_fortran_exponents_and_zero_rates(tmp_path):
    lines = [line.replace("5.000", "5.0D+00").replace("-2.000", "-99.999") for line in rows()]
    rates = read_capture_table(write(tmp_path, [*header(), *lines])).nuclei[56, 26]
    np.testing.assert_allclose(rates.log10_rate[0], [0.1, 1.1], rtol=1e-9)


def test_exchange_format_round_trip(text, tmp_path):
    table = read_capture_table(text)
    path = tmp_path / "out.csv"
    write_capture_table(table, path)
    again = read_capture_table(path)
    assert set(again.nuclei) == set(table.nuclei)
    for key, rates in table.nuclei.items():
        np.testing.assert_array_equal(again.nuclei[key].temperature, rates.temperature)
        np.testing.assert_array_equal(again.nuclei[key].log10_rate, rates.log10_rate)
        np.testing.assert_allclose(again.nuclei[key].log10_mean_energy, rates.log10_mean_energy, atol=1e-14)


def exchange(**changes):
    lines = ["# a comment", "log10_rate, mean_energy, A, Z, T_mev, log10_rho_ye, remark"]
    for t in (0.5, 1.0):
        for density in (9.0, 10.0):
            row = {"log10_rate": density - 9.0, "mean_energy": 4.0, "A": 70, "Z": 30}
            row.update({"T_mev": t, "log10_rho_ye": density})
            if (t, density) == (1.0, 10.0):
                row.update(changes)
            lines.append(", ".join(str(v) for v in row.values()) + ", x  # and another")
    return lines


def test_exchange_format_in_any_order(tmp_path):
    table = read_capture_table(write(tmp_path, exchange(), "rates.csv"))
    found = table.find(70, 30, 0.7, 10.0**9.5)
    assert found.log_rate == pytest.approx(0.5 * math.log(10.0), rel=1e-12)
    assert found.mean_energy == pytest.approx(4.0, rel=1e-12)


def test_name_against_charge(tmp_path):
    # the published table of Langanke & Martinez-Pinedo 2001 has two such lines: Fe57 would be filed under Co57
    lines = [*header("Mn57", 26, 57), *rows()]
    with pytest.warns(PhysicsWarning, match=r"line 2: z = 26 does not belong to Mn57, which has Z = 25"):
        assert set(read_capture_table(write(tmp_path, lines)).nuclei) == {(57, 26)}
    # the neutron, printed as N01, is no nitrogen
    assert set(read_capture_table(write(tmp_path, [*header("N01", 0, 1), *rows()])).nuclei) == {(1, 1)}


TEXT_MISTAKES = {
    "no rates": (["     end"], r"rates.txt: holds no rates"),
    "no header": (rows(), r"line 1: rates before the first header"),
    "no q": ([header()[1].replace("Q=", "q:"), *rows()], r"line 1: header of a nucleus without 'Q='"),
    "word": ([header()[1].replace("z=25", "z=x"), *rows()], r"line 1: z = 'x' is not a number"),
    "fraction": ([header()[1].replace("a=56", "a=56.5"), *rows()], r"line 1: a = 56.5: must be whole"),
    "charge": ([header("q", 60, 56)[1], *rows()], r"line 1: parent with Z = z \+ 1 = 61 of A = 56"),
    "short": ([*header(), rows()[0][:30], *rows()], r"line 5: 5 values, expected 9 \(T9, log10 rho Ye"),
    "not a number": ([*header(), rows()[0].replace("5.000 -2.000", "5.000 -2.0.0")], r"line 5: beta\+ = '-2.0.0'"),
    "nan": ([*header(), rows()[0].replace("5.000 -2.000", "5.000 nan")], r"line 5: beta\+ = 'nan'"),
    "cold": ([*header(), rows()[0].replace("  1.00", "  0.00")], r"line 5: T9 = 0.00: must be positive"),
    "twice": ([*header(), *rows(), rows()[0]], r"line 11: A = 56, Z = 26 has a second row at T = 0.0861"),
    "nucleus twice": ([*header(), *rows(), *header()], r"line 12: A = 56, Z = 26 for a second time"),
    "cut off": ([*header(), *rows()[:-1]], r"has 5 rows, no grid of 3 .* and 2 .*log10 rho Ye = 9; is the file cut off"),
    "one density": ([*header(), *rows()[:3]], r"has one log10 rho Ye only"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", TEXT_MISTAKES)
def test_mistakes_in_text(tmp_path, mistake):
    lines, message = TEXT_MISTAKES[mistake]
    with pytest.raises(CaptureTableError, match=message):
        read_capture_table(write(tmp_path, lines))


CSV_MISTAKES = {
    "column": ([exchange()[1].replace("mean_energy", "energy")], r"line 1: column 'mean_energy' is missing; there are log"),
    "empty": ([], r"line 1: column 'A' is missing; there are none"),
    "values": ([*exchange(), "1, 2, 3"], r"line 7: 3 values, expected 7"),
    "word": (exchange(T_mev="hot"), r"line 6: T_mev = 'hot' is not a number"),
    "energy": (exchange(mean_energy=0.0), r"line 6: mean_energy = 0.0: must be positive"),
    "fraction": (exchange(A=70.5), r"line 6: A = 70.5: must be whole"),
    "charge": (exchange(Z=71), r"line 6: Z = 71 of A = 70"),
    "cut off": (exchange()[:-1], r"A = 70, Z = 30 has 3 rows, no grid"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", CSV_MISTAKES)
def test_mistakes_in_the_exchange_format(tmp_path, mistake):
    lines, message = CSV_MISTAKES[mistake]
    with pytest.raises(CaptureTableError, match=message):
        read_capture_table(write(tmp_path, lines, "rates.csv"))


def test_no_such_file_and_no_text(tmp_path):
    with pytest.raises(CaptureTableError, match="there is no such file"):
        read_capture_table(tmp_path / "absent.txt")
    binary = tmp_path / "binary.txt"
    binary.write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(CaptureTableError, match="cannot be read as text"):
        read_capture_table(binary)


def test_columns_of_the_exchange_format():
    assert COLUMNS == ("A", "Z", "T_mev", "log10_rho_ye", "log10_rate", "mean_energy")
