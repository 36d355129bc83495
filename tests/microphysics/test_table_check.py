"""The checker of NuLib's layout: silent on a sound file, and for every mistake a sentence with the place."""

import re
from dataclasses import replace

import h5py
import numpy as np
import pytest
from opacity_tables import ERG, small_table, true_kernels

from microphysics.processes import electron_scattering_kernels, pair_kernels
from microphysics.tables.check import check_nulib_file
from microphysics.tables.check_reference import KernelReference
from microphysics.tables.findings import Findings
from microphysics.tables.nulib import write_nulib
from microphysics.tables.nulib_layout import SCHEMES
from microphysics.tables.table import KernelTable
from microphysics.weak.couplings import WeakCouplings

STATE = "density = 1.58489e\\+12 g/cm\\^3, temperature = 7.94328 MeV, electron_fraction = 0.366667"


def sound_table(species=("nue", "anue", "nux")):
    table = small_table(species, kernels=False)
    return replace(table, kernels=true_kernels(species, table.energy))


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return write_nulib(tmp_path_factory.mktemp("sound") / "n.h5", sound_table(), scattering="total").path


@pytest.fixture
def path(sound, tmp_path):
    path = tmp_path / "nulib.h5"
    path.write_bytes(sound.read_bytes())
    return path


def spoil(path, change):
    with h5py.File(path, "r+") as file:
        change(file)


@pytest.mark.parametrize("species", SCHEMES.values())
@pytest.mark.parametrize("scattering", ["transport", "total"])
def test_a_sound_file(species, scattering, tmp_path):
    path = write_nulib(tmp_path / "n.h5", sound_table(species), scattering=scattering).path
    report = check_nulib_file(path)
    assert report.findings == ()
    assert report.ok
    assert str(report) == f"{path}:\n  nothing found"


def test_a_file_without_attributes_and_kernels_of_another_code(path):
    """Half a scattering kernel, integers of 8 bytes, compressed: nothing that readers mind."""

    def change(file):
        for name in list(file.attrs):
            del file.attrs[name]
        values = file["inelastic_phi0"][()]
        for out in range(6):
            values[out, :, :out] = 0.0
        file["inelastic_phi0"][...] = values
        del file["scattering_delta"], file["inelastic_phi1"], file["nrho"]
        file["inelastic_phi1"] = 0.4 * values
        file["nrho"] = np.array([6], dtype=np.int64)
        kept = file["absorption_opacity"][()]
        del file["absorption_opacity"]
        file.create_dataset("absorption_opacity", data=kept, compression="gzip")

    spoil(path, change)
    report = check_nulib_file(path)
    assert report.ok
    assert {finding.severity for finding in report.findings} == {"note"}
    assert len(report.findings) == 3
    assert "nue: scattering to higher energies is empty" in str(report)


def test_constants_of_another_code_do_not_matter(path):
    spoil(path, lambda file: file["emissivities"].__setitem__(..., file["emissivities"][()] * (1.0 + 1e-6)))
    assert check_nulib_file(path).findings == ()


def put(name, index, value):
    def change(file):
        file[name][index] = value

    return change


def times(name, index, factor):
    def change(file):
        values = file[name][()]
        values[index] *= factor
        file[name][...] = values

    return change


def replaced(name, function):
    def change(file):
        values = function(file[name][()])
        del file[name]
        file[name] = values

    return change


def removed(name):
    return lambda file: file.__delitem__(name)


def both(*changes):
    def change(file):
        for one in changes:
            one(file)

    return change


def edge(group, value):
    """Move the edge below a group."""
    bottom, top = put("bin_bottom", group, value), put("bin_top", group - 1, value)
    widths = replaced("bin_widths", lambda _: np.diff(np.array([0.0, 2.0, value, 7.6, 11.5, 16.3, 22.3])))
    return both(bottom, top, widths)


AT = (4, 1, 2, 3, 4)  # group, species, electron fraction, temperature, density
ALL = slice(None)


CASES = [
    (removed("nye"), "error", "nye: is missing"),
    (put("nrho", 0, 7), "error", r"rho_points: has shape \(6,\), the sizes say \(7,\)"),
    (put("ntemp", 0, 0), "error", r"ntemp: is \[0.0\], expected one whole number >= 1"),
    (removed("timestamp"), "error", "timestamp: is missing; readers stop"),
    (put("number_species", 0, 5), "error", "number_species: is 5, expected 3, 4 or 6"),
    (removed("Ieta"), "error", "Ieta: is missing"),
    (removed("bin_widths"), "error", "bin_widths: is missing"),
    (put("ye_points", 1, np.nan), "error", "ye_points: is nan at index 1"),
    (put("rho_points", 2, 1e8), "error", r"rho_points: is 1e\+08 at index 2 after 6.30957e\+09; must be"),
    (replaced("rho_points", np.log10), "error", "rho_points: deviates by .* of a step from uniform spacing in log10"),
    (times("temp_points", 2, 1.02), "error", "temp_points: deviates by 0.0287 of a step from uniform spacing in log10"),
    (times("ye_points", 2, 1.01), "error", "ye_points: deviates by .* of a step from uniform spacing in its values"),
    (times("eta_Ipoints", 1, 1.1), "error", "eta_Ipoints: deviates by"),
    (replaced("temp_points", np.float32), "warning", "temp_points: is of type float32, expected float64"),
    (times("bin_widths", 3, 1.1), "error", "bin_widths: is not bin_top - bin_bottom at index 3"),
    (put("bin_top", 1, 1.9), "error", "bin_bottom: the lower edge is negative or not below the upper at index 1"),
    (
        both(times("bin_bottom", 3, 0.99), put("bin_widths", 3, 11.5 - 0.99 * 7.6)),
        "warning",
        "bin_top: is not the next group's bin_bottom at index 2",
    ),
    (put("neutrino_energies", 2, 8.0), "error", "neutrino_energies: lies outside its group at index 2"),
    (edge(2, 4.4), "note", "neutrino_energies: is not the middle of its group at index 1"),
    (removed("scattering_opacity"), "error", "scattering_opacity: is missing"),
    (
        replaced("absorption_opacity", lambda values: values.T),
        "error",
        r"absorption_opacity: has shape \(6, 5, 4, 3, 6\), the sizes say \(6, 3, 4, 5, 6\); the axes stand in",
    ),
    (replaced("scattering_opacity", np.float32), "warning", "scattering_opacity: is of type float32"),
    (
        put("absorption_opacity", AT, np.nan),
        "error",
        rf"absorption_opacity: is nan at \[4, 1, 2, 3, 4\] \(anue, {STATE}, energy = 13.9 MeV\)",
    ),
    (put("emissivities", AT, np.inf), "error", r"emissivities: is inf at \[4, 1, 2, 3, 4\]"),
    (put("emissivities", AT, -1.0), "error", r"emissivities: is -1, negative at \[4, 1, 2, 3, 4\]"),
    (put("scattering_opacity", AT, 0.0), "error", r"scattering_opacity: is zero; readers take its logarithm at \[4"),
    (put("absorption_opacity", AT, 1e-305), "warning", "absorption_opacity: is 1e-305, below the usual floor of 1e-300"),
    (put("emissivities", AT, 0.0), "note", "emissivities: is zero, readers put a floor there"),
    (put("scattering_delta", AT, 3.5), "error", "scattering_delta: is 3.5, outside -3 to 3"),
    (put("scattering_delta", AT, -1.5), "note", "scattering_delta: is -1.5: the linear distribution is negative"),
    (
        times("emissivities", (ALL, 2), 0.25),
        "error",
        r"emissivities: emissivity/\(4 kappa B\) of nux is 0.25, expected 1 \(0.25 if the emissivity is of one kind only",
    ),
    (
        times("emissivities", ALL, 1.0 / ERG),
        "error",
        r"emissivity/\(4 kappa B\) of nux is 624151, expected 1 \(.* 6.242e\+05 times too large if it is in MeV\)",
    ),
    (put("emissivities", (0, 2, 1, 1, 1), 0.0), "error", r"emissivity/\(4 kappa B\) of nux is 0, expected 1"),
    (times("emissivities", (4, 0, 2, 3, 4), 1.01), "error", f"of nue implies degeneracies .* differ by 0.0.* at {STATE}"),
    (times("emissivities", (ALL, 0), 100.0), "error", "emissivity of nue is .* times kappa B at full occupation"),
    (
        times("absorption_opacity", (ALL, 1), 0.5),
        "error",
        "implies degeneracies|nue and anue imply are not opposite",
    ),
    (removed("inelastic_phi1"), "error", "inelastic_phi1: is missing, though its other moment is there"),
    (replaced("epannihil_phi0", lambda v: v.T), "error", "epannihil_phi0: has shape .* another order"),
    (
        put("inelastic_phi0", (1, 2, 3, 2, 1), np.nan),
        "error",
        r"inelastic_phi0: is nan at nux, energy = 9.55 MeV \(index 3\), other energy = 3.25 MeV \(index 1\), "
        r"mu_e/T = 2.15443 \(index 2\), temperature = 3.16228 MeV \(index 1\)",
    ),
    (times("inelastic_phi0", (1, 2, 3, 2, 1), -1.0), "error", "inelastic_phi0: is -.*, negative at nux"),
    (times("inelastic_phi1", (1, 1, 3, 2, 1), 9.0), "error", "inelastic_phi1: is [-0-9.]* times l = 0, more than 1"),
    (times("inelastic_phi0", (3, 1, 1, 2, 1), 1.1), "warning", "inelastic_phi0: scattering to a higher energy breaks"),
    (
        times("epannihil_phi0", (0, 3, 0, 1, 2, 1), 1.1),
        "error",
        "epannihil_phi0: production differs from annihilation .* by 0.0909",
    ),
    (
        times("epannihil_phi1", (0, 3, 0, 1, 2, 1), 1.1),
        "error",
        r"epannihil_phi1: production differs from annihilation .* by 0.04977",
    ),
    (
        replaced("epannihil_phi0", lambda values: values[::-1]),
        "error",
        r"the two seem exchanged: production comes first\)",
    ),
    (
        times("epannihil_phi0", (ALL, 3, 0, 1, 2, 1), 1.1),
        "error",
        "epannihil_phi0: annihilation of nue and anue with the energies exchanged differ by 0.0909",
    ),
    (
        times("epannihil_phi0", (ALL, 3, 2, 1, 2, 1), 1.1),
        "warning",
        "epannihil_phi0: annihilation of nux and nux with the energies exchanged differ by 0.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("change", "severity", "message"), CASES)
def test_every_mistake_is_found(path, change, severity, message):
    spoil(path, change)
    report = check_nulib_file(path)
    found = [finding for finding in report.findings if finding.severity == severity]
    assert any(re.search(message, str(finding)) for finding in found), str(report)
    assert report.ok == (severity != "error")


def test_opposite_degeneracies_are_asked_for(tmp_path):
    """Both species in themselves sound, but with one sign."""
    path = write_nulib(tmp_path / "n.h5", small_table(kernels=False)).path

    def change(file):
        # the antineutrino radiates like the neutrino
        emissivity = file["emissivities"][()]
        ratio = file["absorption_opacity"][:, 1] / file["absorption_opacity"][:, 0]
        emissivity[:, 1] = emissivity[:, 0] * ratio
        file["emissivities"][...] = emissivity

    spoil(path, change)
    report = check_nulib_file(path)
    assert len(report.errors) == 1
    assert "of nue and anue imply are not opposite" in report.errors[0].message
    assert report.errors[0].count > 50


# --- mistakes that leave every law of a table in itself as it was


def exchange(name, first, second):
    def change(file):
        values = file[name][()]
        values[first], values[second] = values[second].copy(), values[first].copy()
        file[name][...] = values

    return change


def energies(name, axes):
    return replaced(name, lambda values: np.swapaxes(values, *axes))


def for_both_moments(what, dataset, *arguments):
    return both(*(what(f"{dataset}_phi{moment}", *arguments) for moment in (0, 1)))


EXCHANGED = [
    (
        for_both_moments(exchange, "epannihil", (ALL, ALL, 0), (ALL, ALL, 1)),
        r"annihilation, partner not above, nue is 0\.\d+ times ours in the median over energies \(as if neutrino and "
        r"antineutrino, or their energies, were exchanged\) at mu_e/T = 10",
    ),
    (
        for_both_moments(energies, "epannihil", (1, 3)),
        r"annihilation, partner not below, nue is [2-9]\.\d+ times ours .* their energies, were exchanged",
    ),
    (for_both_moments(times, "epannihil", ALL, 2.0), r"partner not above, nux is 2 times ours in the median over en\w+ at"),
    (for_both_moments(times, "epannihil", ALL, 0.5), r"partner not above, nux is 0.5 times ours in the median over en"),
    (
        for_both_moments(energies, "inelastic", (0, 2)),
        r"scattering of nue is .* times ours .* \(as if the energies before and after were exchanged\)",
    ),
    (for_both_moments(times, "inelastic", ALL, 4.0 * np.pi), "scattering of nux is 12.5664 times ours in the median"),
    (for_both_moments(exchange, "inelastic", (ALL, 0), (ALL, 1)), "scattering of nue is 0.* times ours in the median"),
    (for_both_moments(times, "inelastic", ALL, 0.0), "scattering of nux is 0 times ours"),
    (for_both_moments(times, "epannihil", (ALL, ALL, 2), 0.0), "annihilation, partner not above, nux is 0 times ours"),
    (
        for_both_moments(times, "inelastic", (0, ALL, ALL, ALL, ALL), 2.1),
        r"scattering of nux: a share of 0.2\d* of the entries differs from ours by more than a factor 2",
    ),
    (
        both(*(exchange(name, (ALL, 0), (ALL, 1)) for name in ("emissivities", "absorption_opacity"))),
        r"of nue implies falls with the electron fraction in \d+ of \d+ steps .* nue and anue seem exchanged",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("change", "message"), EXCHANGED)
def test_what_only_a_comparison_tells(path, change, message):
    spoil(path, change)
    report = check_nulib_file(path)
    assert any(re.search(message, str(finding)) for finding in report.errors), str(report)


def test_pairs_of_heavy_lepton_neutrinos_alone(path):
    spoil(path, for_both_moments(times, "epannihil", (ALL, ALL, slice(0, 2)), 0.0))
    assert check_nulib_file(path).findings == ()


def test_other_couplings_pass(tmp_path):
    """sin^2 theta_W of another code, and no positrons."""
    table = sound_table()
    couplings = WeakCouplings(sin2_theta_w=0.23)
    t, eta = (
        grid.ravel()
        for grid in np.meshgrid(table.kernels.temperature, table.kernels.degeneracy, indexing="ij")
    )
    states = table.energy, t, eta, couplings
    scattering, annihilation = np.empty((2, 3, 3, 4, 6, 6)), np.empty((2, 3, 3, 4, 6, 6))
    for s, flavor in enumerate(("nue", "anue", "numu")):  # heavy: of the neutrino, as if it were the mean
        both_moments = electron_scattering_kernels.kernels(*states, flavor, positrons=False)
        scattering[:, s] = np.reshape(both_moments, (2, 3, 4, 6, 6))
        annihilation[:, s] = pair_kernels.kernels(*states, flavor).annihilation.reshape(2, 3, 4, 6, 6)
    kernels = KernelTable(table.kernels.temperature, table.kernels.degeneracy, *scattering, *annihilation)
    report = check_nulib_file(write_nulib(tmp_path / "n.h5", replace(table, kernels=kernels)).path)
    assert report.ok, str(report)


def test_a_table_without_degenerate_electrons_says_what_is_not_checked(tmp_path):
    table = sound_table()
    few = {role: getattr(table.kernels, role)[:, :, :3] for role in table.kernels.roles}
    kernels = KernelTable(table.kernels.temperature, table.kernels.degeneracy[:3], **few)
    report = check_nulib_file(write_nulib(tmp_path / "n.h5", replace(table, kernels=kernels)).path)
    assert [str(finding) for finding in report.findings] == [
        "note: inelastic_phi0: no mu_e/T above 3: the size of the kernels is not checked"
    ]


def test_kernels_of_nulib_pass(reference, read_columns):
    """At the states where NuLib printed its own; its E' > E are empty."""
    found = read_columns(reference / "nulib" / "kernels.csv")
    rows = {
        "temp_Ipoints": np.unique(found["T_MeV"]),
        "eta_Ipoints": np.unique(found["eta_e"]),
        "neutrino_energies": np.unique(found["E_in_MeV"]),
    }
    columns = {
        "eta_e": "eta_Ipoints",
        "E_in_MeV": "neutrino_energies",
        "E_out_or_other_MeV": "neutrino_energies",
    }
    place = [np.searchsorted(rows[axis], found[column]) for column, axis in columns.items()]
    compared = 0
    for name in ("nue", "anue", "numu", "anumu"):
        for temperature in rows["temp_Ipoints"]:
            chosen = (found["species"] == name) & (found["T_MeV"] == temperature)
            eta = int(np.unique(place[0][chosen])[0])
            at = place[2][chosen], place[1][chosen], 0, 0
            here = {
                **rows,
                "temp_Ipoints": np.array([temperature]),
                "eta_Ipoints": rows["eta_Ipoints"][[eta]],
            }
            phi = np.zeros((2, 12, 12, 1, 1))
            phi[0][at], phi[1][at] = found["nes_phi0_cm3_s"][chosen], found["pair_annih_phi0_cm3_s"][chosen]
            findings = Findings()
            own = KernelReference(here, findings)
            own.scattering(phi[0], name)
            own.pairs(phi[1], name)
            assert all(each.severity == "note" for each in findings.report("").findings), findings.report("")
            compared += not findings.single
    assert compared == 8  # mu_e/T of 8 and 20 for scattering


def test_many_values_are_one_finding_at_the_worst_place(path):
    def change(file):
        values = file["emissivities"][()]
        values[:, 2] *= 2.0
        values[4, 2, 2, 3, 4] *= 3.0
        file["emissivities"][...] = values

    spoil(path, change)
    report = check_nulib_file(path)
    assert len(report.findings) == 1
    assert report.findings[0].count == 6 * 4 * 5 * 6
    assert "is 6, expected 1" in str(report)
    assert "[4, 2, 2, 3, 4]" in str(report)


def test_of_equal_mistakes_the_first_is_told(path):
    spoil(
        path,
        both(
            put("absorption_opacity", (4, 1, 3, 0, 0), 0.0), put("absorption_opacity", (5, 2, 1, 0, 0), 0.0)
        ),
    )
    report = check_nulib_file(path)
    assert [finding.count for finding in report.errors] == [2]
    assert "[5, 2, 1, 0, 0]" in report.errors[0].message


def test_files_that_cannot_be_opened(tmp_path, path):
    assert "there is no such file" in str(check_nulib_file(tmp_path / "nothing.h5"))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    report = check_nulib_file(path)
    assert not report.ok
    assert "truncated" in str(report)


def test_foreign_files_are_described(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["something"] = [1.0]
    report = check_nulib_file(tmp_path / "other.h5")
    missing = {finding.dataset for finding in report.errors}
    assert missing == {"number_species", "number_groups", "nrho", "ntemp", "nye", "timestamp"}
