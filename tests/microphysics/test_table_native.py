"""Tables in the package's own layout."""

import tracemalloc
from dataclasses import replace

import astropy.units as u
import h5py
import numpy as np
import pytest
import xarray
from opacity_tables import small_table

from microphysics.errors import OpacityTableError
from microphysics.tables.native import open_table, read_table, write_table
from microphysics.tables.table import KERNEL_ROLES, ROLES


@pytest.fixture(scope="module")
def table():
    return small_table()


@pytest.fixture
def path(table, tmp_path):
    return write_table(tmp_path / "table.h5", table)


def same(one, other):
    for name in ("density", "temperature", "electron_fraction", "energy", "energy_edges", *ROLES, "delta"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    for name in ("temperature", "degeneracy", *KERNEL_ROLES):
        assert np.array_equal(getattr(one.kernels, name), getattr(other.kernels, name)), name
    assert one.species == other.species
    assert dict(one.attributes) == dict(other.attributes)


def test_what_is_written_is_read(table, path):
    same(read_table(path), table)


def test_an_open_table_reads_only_what_is_asked_for(table, path):
    with open_table(path) as lazy:
        assert isinstance(lazy.absorption, h5py.Dataset)
        assert np.array_equal(lazy.absorption[1, 2], table.absorption[1, 2])
        again = write_table(path.with_name("copy.h5"), lazy, compress=False)
    same(read_table(again), table)


def test_a_table_without_delta_and_kernels(tmp_path):
    bare = small_table(("nue", "anue"), delta=False, kernels=False)
    found = read_table(write_table(tmp_path / "bare.h5", bare))
    assert found.delta is None
    assert found.kernels is None
    assert found.species == ("nue", "anue")


def test_xarray_shows_labels_and_units(table, path):
    with xarray.open_dataset(path, engine="h5netcdf") as file:
        assert file.absorption.dims == ("species", "electron_fraction", "temperature", "density", "energy")
        chosen = file.absorption.sel(species="anue").isel(electron_fraction=1, temperature=2, density=3)
        assert np.array_equal(chosen, table.absorption[1, 1, 2, 3])
        assert np.array_equal(file.energy_edge, table.energy_edges)
        for variable in file.variables.values():
            assert variable.attrs["long_name"]
            u.Unit(variable.attrs["units"])
        assert u.Unit(file.emissivity.units) == u.Unit("1/(cm3 s sr)")
        assert file.attrs["logarithmic_axes"].startswith("density, temperature")
        assert list(file.attrs["temperature_range"]) == [table.temperature[0], table.temperature[-1]]
    with xarray.open_dataset(path, group="kernels", engine="h5netcdf") as file:
        assert file.scattering_0.dims == ("species", "temperature", "degeneracy", "energy", "energy_out")
        assert np.array_equal(file.temperature, table.kernels.temperature)


def test_two_equal_tables_give_equal_files(table, path, tmp_path):
    assert write_table(tmp_path / "again.h5", table).read_bytes() == path.read_bytes()


def test_damaged_and_foreign_files_give_one_clear_error(path, tmp_path):
    with pytest.raises(OpacityTableError, match="there is no such file"):
        read_table(tmp_path / "nothing.h5")
    whole = path.read_bytes()
    truncated = tmp_path / "truncated.h5"
    truncated.write_bytes(whole[: len(whole) // 2])
    with (
        pytest.raises(OpacityTableError, match="truncated, damaged or of another format"),
        open_table(truncated),
    ):
        pass
    with h5py.File(tmp_path / "foreign.h5", "w") as file:
        file["rho_points"] = [1.0]
    with pytest.raises(OpacityTableError, match="no table of opacities of this package"):
        read_table(tmp_path / "foreign.h5")


@pytest.mark.parametrize("compress", [True, False])
def test_a_flipped_bit_is_an_error(table, tmp_path, compress):
    path = write_table(tmp_path / "t.h5", table, compress=compress)
    whole = path.read_bytes()
    # a number as it is, or the beginning of a compressed chunk
    place = (
        whole.index(b"\x78\x5e") + 40 if compress else whole.index(table.absorption[1, 2, 3, 4, 5].tobytes())
    )
    path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    with pytest.raises(OpacityTableError, match="cannot be read"):
        read_table(path)


def edit(path, change):
    with h5py.File(path, "r+") as file:
        change(file)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda file: file.attrs.__delitem__("complete"), "written only in part"),
        (lambda file: file.attrs.__setitem__("snsim_opacity_table", 99), "is 99, this version reads 1"),
        (lambda file: file.__delitem__("absorption"), "dataset 'absorption' is missing"),
        (lambda file: file["absorption"].__setitem__((0, 0, 0, 0, 0), np.nan), "'absorption'.*(nan|finite)"),
        (lambda file: file["kernels"].__delitem__("scattering_1"), "only one is given"),
        (lambda file: file["temperature"].__setitem__(1, -1.0), "axis 'temperature' is -1 MeV at index 1"),
    ],
)
def test_a_spoiled_file_is_refused(path, change, message):
    edit(path, change)
    with pytest.raises(OpacityTableError, match=message):
        read_table(path)


def test_attributes_that_no_file_holds_are_refused(table, tmp_path):
    for attributes, message in [
        ({"title": "mine"}, "'title': the name is reserved"),
        ({"settings": {"a": 1}}, "'settings' cannot be stored"),
        ({"long": list(range(20000))}, "'long' cannot be stored"),
    ]:
        with pytest.raises(OpacityTableError, match=message):
            write_table(tmp_path / "bad.h5", replace(table, attributes=attributes))
    assert not list(tmp_path.iterdir())


def test_writing_needs_memory_for_a_slab_only(tmp_path):
    class Large:
        """20 MB that exist slab by slab."""

        def __init__(self, shape):
            self.shape = shape

        def __getitem__(self, index):
            assert len(index) == 2
            return np.ones(self.shape[2:])

    small = small_table(kernels=False, delta=False)
    density, fraction = np.logspace(9, 13, 400), np.linspace(0.1, 0.5, 72)
    shape = (3, 72, 5, 400, 6)
    table = replace(
        small,
        density=density,
        electron_fraction=fraction,
        emissivity=Large(shape),
        absorption=Large(shape),
        scattering=Large(shape),
    )
    tracemalloc.start()
    write_table(tmp_path / "large.h5", table, compress=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3e6
