"""Tables in NuLib's layout, read back by a reader that shares nothing with ours."""

import datetime as dt
from dataclasses import replace

import h5py
import numpy as np
import pytest
from opacity_tables import ERG, FortranReader, small_table

from microphysics.errors import OpacityTableError
from microphysics.tables.native import read_table, write_table
from microphysics.tables.nulib import file_name, write_nulib
from microphysics.tables.nulib_layout import SCHEMES
from microphysics.tables.nulib_reader import read_nulib
from microphysics.tables.table import KERNEL_ROLES, ROLES

MEMBERS = {"nux": 4, "numutau": 2, "anumutau": 2}


@pytest.fixture(scope="module")
def table():
    return small_table()


@pytest.fixture
def path(table, tmp_path):
    return write_nulib(tmp_path / "nulib.h5", table, created=dt.datetime(2026, 3, 1, 12)).path


def test_names_types_and_shapes(path):
    integers = {
        "number_species": 3,
        "number_groups": 6,
        "nrho": 6,
        "ntemp": 5,
        "nye": 4,
        "Itemp": 3,
        "Ieta": 4,
    }
    shapes = {
        "timestamp": (1,),
        **dict.fromkeys(("neutrino_energies", "bin_widths", "bin_bottom", "bin_top"), (6,)),
        "rho_points": (6,),
        "temp_points": (5,),
        "ye_points": (4,),
        **dict.fromkeys(("emissivities", "absorption_opacity", "scattering_opacity"), (6, 3, 4, 5, 6)),
        "temp_Ipoints": (3,),
        "eta_Ipoints": (4,),
        **dict.fromkeys(("inelastic_phi0", "inelastic_phi1"), (6, 3, 6, 4, 3)),
        **dict.fromkeys(("epannihil_phi0", "epannihil_phi1"), (2, 6, 3, 6, 4, 3)),
    }
    with h5py.File(path) as file:
        assert set(file) == set(integers) | set(shapes)
        for name, value in integers.items():
            assert file[name].dtype == np.int32
            assert file[name][()].tolist() == [value]
        for name, shape in shapes.items():
            assert file[name].dtype == np.float64
            assert file[name].shape == shape
            assert file[name].compression is None
        assert file["timestamp"][0] == 20260301.5
        assert file["emissivities"].attrs["units"] == "erg cm-3 s-1 MeV-1 sr-1"
        assert file.attrs["eos"] == "none"
        assert file["bin_bottom"][0] == 0.0


@pytest.mark.parametrize("species", SCHEMES.values())
def test_an_independent_reader_finds_the_nodes(species, tmp_path):
    table = small_table(species)
    write_nulib(tmp_path / "n.h5", table)
    reader = FortranReader(tmp_path / "n.h5")
    assert reader.species == len(species)
    for y, t, d in [(0, 0, 0), (3, 4, 5), (1, 2, 3)]:
        found = reader(table.density[d], table.temperature[t], table.electron_fraction[y])
        for s, name in enumerate(species):
            power = table.emissivity[s, y, t, d] * ERG * MEMBERS.get(name, 1) * table.energy_width
            assert found["emissivities"][s] == pytest.approx(power, rel=1e-12)
            assert found["absorption_opacity"][s] == pytest.approx(table.absorption[s, y, t, d], rel=1e-12)
            assert found["scattering_opacity"][s] == pytest.approx(table.scattering[s, y, t, d], rel=1e-12)


def test_an_independent_reader_finds_the_midpoints(table, path):
    reader = FortranReader(path)
    y, t, d = 1, 2, 3
    state = (
        np.sqrt(table.density[d] * table.density[d + 1]),
        np.sqrt(table.temperature[t] * table.temperature[t + 1]),
        0.5 * (table.electron_fraction[y] + table.electron_fraction[y + 1]),
    )
    corners = np.log(table.absorption[:, y : y + 2, t : t + 2, d : d + 2])
    expected = np.exp(corners.mean(axis=(1, 2, 3)))
    assert reader(*state)["absorption_opacity"] == pytest.approx(expected, rel=1e-12)


def test_total_scattering_comes_with_its_anisotropy(table, tmp_path):
    write_nulib(tmp_path / "n.h5", table, scattering="total")
    found = FortranReader(tmp_path / "n.h5")(
        table.density[2], table.temperature[1], table.electron_fraction[3]
    )
    delta, total = (
        table.delta[:, 3, 1, 2],
        table.scattering[:, 3, 1, 2] / (1.0 - table.delta[:, 3, 1, 2] / 3.0),
    )
    assert found["scattering_delta"] == pytest.approx(delta, rel=1e-12)
    assert found["scattering_opacity"] == pytest.approx(total, rel=1e-12)
    back = read_nulib(tmp_path / "n.h5")
    assert back.scattering == pytest.approx(table.scattering, rel=1e-13)
    assert back.delta == pytest.approx(table.delta, rel=1e-12)


def test_kernels_lie_as_the_layout_says(table, path):
    with h5py.File(path) as file:
        view = {name: file[name][()].T for name in file}
    kernels, energy = table.kernels, table.energy
    t, eta, s, e, other = 1, 2, 0, 4, 3
    assert view["inelastic_phi0"][t, eta, e, s, other] == kernels.scattering_0[s, t, eta, e, other]
    assert view["inelastic_phi1"][t, eta, e, s, other] == kernels.scattering_1[s, t, eta, e, other]
    annihilated = kernels.annihilation_0[s, t, eta, e, other]
    assert view["epannihil_phi0"][t, eta, e, s, other, 1] == annihilated
    produced = annihilated * np.exp(-(energy[e] + energy[other]) / kernels.temperature[t])
    assert view["epannihil_phi0"][t, eta, e, s, other, 0] == pytest.approx(produced, rel=1e-14)
    ratio = view["epannihil_phi1"][t, eta, e, s, other] / view["epannihil_phi0"][t, eta, e, s, other]
    assert ratio == pytest.approx([-0.3, -0.3], rel=1e-14)


@pytest.mark.parametrize("species", SCHEMES.values())
def test_our_reader_gives_the_table_back(species, tmp_path):
    table = small_table(species, delta=False)
    back = read_nulib(write_nulib(tmp_path / "n.h5", table).path)
    assert back.species == species
    assert dict(back.attributes) == dict(table.attributes)
    assert np.array_equal(back.energy_edges, table.energy_edges)
    for role in ROLES:
        assert getattr(back, role) == pytest.approx(getattr(table, role), rel=1e-14)
    for role in KERNEL_ROLES:
        assert getattr(back.kernels, role) == pytest.approx(getattr(table.kernels, role), rel=1e-13)
    # and on to the other layout
    assert read_table(write_table(tmp_path / "own.h5", back)).species == species


def test_the_empty_half_of_a_kernel_is_made_by_detailed_balance(table, path):
    with h5py.File(path, "r+") as file:
        for name in ("inelastic_phi0", "inelastic_phi1"):
            values = file[name][()]
            for out in range(6):
                values[out, :, :out] = 0.0
            file[name][...] = values
    back = read_nulib(path)
    assert back.kernels.scattering_0 == pytest.approx(table.kernels.scattering_0, rel=1e-13)
    assert back.kernels.scattering_1 == pytest.approx(table.kernels.scattering_1, rel=1e-13)


def test_six_species_are_averaged_and_their_emissivity_summed(tmp_path):
    table = small_table(SCHEMES[3])
    write_nulib(tmp_path / "one.h5", table, scheme=1, scattering="total")
    write_nulib(tmp_path / "two.h5", table, scheme=2)
    one, two = read_nulib(tmp_path / "one.h5"), read_nulib(tmp_path / "two.h5")
    assert one.absorption[2] == pytest.approx(table.absorption[2:].mean(axis=0), rel=1e-14)
    assert two.absorption[3] == pytest.approx(table.absorption[[3, 5]].mean(axis=0), rel=1e-14)
    assert one.scattering[2] == pytest.approx(table.scattering[2:].mean(axis=0), rel=1e-13)
    total = (table.scattering / (1.0 - table.delta / 3.0))[2:].mean(axis=0)
    with h5py.File(tmp_path / "one.h5") as file:
        assert np.moveaxis(file["scattering_opacity"][:, 2], 0, -1) == pytest.approx(total, rel=1e-14)
        summed = np.moveaxis(file["emissivities"][:, 2], 0, -1)
    assert summed == pytest.approx(table.emissivity[2:].sum(axis=0) * ERG, rel=1e-14)
    mean = table.kernels.annihilation_0[2:].mean(axis=0)
    assert one.kernels.annihilation_0[2] == pytest.approx(mean, rel=1e-14)
    assert two.kernels.scattering_1[2] == pytest.approx(
        table.kernels.scattering_1[[2, 4]].mean(axis=0), rel=1e-14
    )


def test_zeros_are_floored_and_counted(table, tmp_path):
    absorption = table.absorption.copy()
    absorption[1, :, 0, 0, 0] = 0.0
    absorption[0, 0, 0, 0, 0] = 1e-310
    written = write_nulib(tmp_path / "n.h5", replace(table, absorption=absorption))
    assert written.floored == {"absorption_opacity": 5, "scattering_opacity": 0}
    with h5py.File(written.path) as file:
        assert file["absorption_opacity"][()].min() == 1e-300
        assert file.attrs["floored_absorption_opacity"] == 5
    assert np.isfinite(FortranReader(written.path)(1e9, 1.0, 0.1)["absorption_opacity"]).all()


def bent(axis):
    return np.concatenate([axis[:1], axis[1:-1] * 1.01, axis[-1:]])


@pytest.mark.parametrize("name", ["density", "temperature", "electron_fraction"])
def test_axes_that_readers_would_misplace_are_refused(table, tmp_path, name):
    with pytest.raises(OpacityTableError, match=f"axis '{name}' deviates by .* of a step"):
        write_nulib(tmp_path / "n.h5", replace(table, **{name: bent(getattr(table, name))}))
    kernels = replace(table.kernels, degeneracy=bent(table.kernels.degeneracy))
    with pytest.raises(OpacityTableError, match="kernels: degeneracy"):
        write_nulib(tmp_path / "n.h5", replace(table, kernels=kernels))
    assert not list(tmp_path.iterdir())


def test_what_the_layout_cannot_hold_is_refused(table, tmp_path):
    out = tmp_path / "n.h5"
    with pytest.raises(OpacityTableError, match="missing numu, anumu, nutau, anutau"):
        write_nulib(out, small_table(("nue", "anue")))
    with pytest.raises(OpacityTableError, match="the table has no nutau, anutau"):
        write_nulib(out, small_table(("nue", "anue", "numu", "anumu")), scheme=2)
    with pytest.raises(OpacityTableError, match="scheme = 4: must be one of 1, 2, 3"):
        write_nulib(out, table, scheme=4)
    with pytest.raises(OpacityTableError, match="has no anisotropy"):
        write_nulib(out, small_table(delta=False), scattering="total")
    with pytest.raises(OpacityTableError, match="must be one of transport, total"):
        write_nulib(out, table, scattering="isotropic")
    for role, value in [("absorption", -1.0), ("emissivity", np.nan), ("scattering", np.inf), ("delta", 3.0)]:
        values = getattr(table, role).copy()
        values[1, 2, 3, 4, 5] = value
        with pytest.raises(OpacityTableError, match=f"'{role}' is .* at anue, density = 1.58489e\\+12 g/cm"):
            write_nulib(out, replace(table, **{role: values}))
    kernel = table.kernels.scattering_0.copy()
    kernel[2, 0, 1, 2, 3] = np.nan
    with pytest.raises(OpacityTableError, match=r"'scattering_0' is nan for nux at index \(0, 1, 2, 3\)"):
        write_nulib(out, replace(table, kernels=replace(table.kernels, scattering_0=kernel)))
    assert not list(tmp_path.iterdir())


def test_damaged_files_give_one_clear_error(path, tmp_path):
    with h5py.File(path, "r+") as file:
        file["number_species"][...] = 5
    with pytest.raises(OpacityTableError, match="number_species = 5, expected 3, 4 or 6"):
        read_nulib(path)
    with h5py.File(path, "r+") as file:
        file["number_species"][...] = 3
        file["nrho"][...] = 7
    with pytest.raises(OpacityTableError, match=r"'rho_points' has shape \(6,\), expected \(7,\)"):
        read_nulib(path)
    with h5py.File(path, "r+") as file:
        file["nrho"][...] = 6
        del file["bin_top"]
    with pytest.raises(OpacityTableError, match="'bin_top' is missing"):
        read_nulib(path)
    (tmp_path / "text.h5").write_text("no table")
    with pytest.raises(OpacityTableError, match="another format"):
        read_nulib(tmp_path / "text.h5")


def test_the_usual_name(table):
    name = file_name(table, "SFHo (3d)", date=dt.date(2026, 3, 1))
    assert name == "NuLib_SFHo__3d__rho6_temp5_ye4_ng6_ns3_Itemp3_Ieta4_version1.0_20260301.h5"
