"""A table of the structure function: Hannestad & Raffelt tabulated gives themselves back; bad tables say what is wrong."""

from dataclasses import replace

import h5py
import numpy as np
import pytest

from microphysics.eos.composition import from_composition
from microphysics.errors import ExtrapolationWarning, OutOfRangeError
from microphysics.processes import bremsstrahlung_kernels as brems
from microphysics.processes.bremsstrahlung import Bremsstrahlung
from microphysics.processes.bremsstrahlung_table import (
    StructureTable,
    StructureTableError,
    read_structure_table,
    write_structure_table,
)
from microphysics.processes.settings import Settings

ENERGY = np.geomspace(1.0, 100.0, 8)


def matter_of(density, t, y, share=1.0):
    """`density` nucleons per cm^3, of which `y` are protons."""
    mass = 931.49410372 * 1.602176634e-6 / 2.99792458e10**2
    rho = np.atleast_1d(np.asarray(density, float)) * mass / share
    y, t = np.broadcast_to(y, rho.shape), np.broadcast_to(np.asarray(t, float), rho.shape)
    return from_composition(
        rho, t, y, (1.0 - y) * share, y * share, 0.0, 1.0 - share, 56.0, 26.0, chemical_potential_electron=5.0
    )


@pytest.fixture(scope="module")
def table():
    y, t, n = (
        np.linspace(0.0, 0.5, 21),
        np.geomspace(2.0, 30.0, 16),
        np.geomspace(1e34, 1e38, 25),
    )
    x = np.geomspace(1e-3, 1e3, 120)
    grid = np.meshgrid(y, t, n, indexing="ij")
    matter = matter_of(grid[2].ravel(), grid[1].ravel(), grid[0].ravel())
    first, last = np.zeros(matter.density.size, np.int64), np.full(matter.density.size, brems.GRID.size - 1)
    logarithm = brems.HannestadRaffelt().logarithm(matter, first, last)
    values = np.array([np.interp(np.log(x), np.log(brems.GRID), row) for row in logarithm])
    structure = np.exp(values).reshape(y.size, t.size, n.size, x.size) / t[:, None, None]
    return StructureTable(y, t, n, x, structure, ("Hannestad & Raffelt 1998, tabulated",))


def test_the_fit_tabulated(table, tmp_path):
    path = write_structure_table(tmp_path / "structure.h5", table)
    settings = Settings(bremsstrahlung="table", bremsstrahlung_table=str(path))
    process = Bremsstrahlung(settings)
    assert process.references == ("Hannestad & Raffelt 1998, tabulated",)
    # 1 %: linear in ln T and ln n, 0.18 and 0.38 apart, and from a linear resampling in ln x
    matter = matter_of([3e34, 2.1e36, 7e37], [3.3, 11.0, 20.0], [0.15, 0.25, 0.4])
    ours, exact = (one(ENERGY, matter).absorption for one in (process, Bremsstrahlung(Settings())))
    np.testing.assert_allclose(ours, exact, rtol=0.01)
    partner = replace(settings, pair_partner="equilibrium", pair_species="all")
    ours = Bremsstrahlung(partner)(ENERGY, matter).absorption
    exact = Bremsstrahlung(Settings(pair_partner="equilibrium", pair_species="all"))(
        ENERGY, matter
    ).absorption
    np.testing.assert_allclose(ours, exact, rtol=0.01)
    both = (one.kernels(ENERGY, matter).annihilation_0 for one in (process, Bremsstrahlung(Settings())))
    np.testing.assert_allclose(next(both), next(both), rtol=0.01)


def test_read_is_what_was_written(table, tmp_path):
    found = read_structure_table(write_structure_table(tmp_path / "structure.h5", table))
    for name in ("proton_fraction", "temperature", "density", "energy", "structure"):
        np.testing.assert_array_equal(getattr(found, name), getattr(table, name))
    with h5py.File(tmp_path / "structure.h5") as file:
        assert file["density"].attrs["units"] == "cm-3"
        assert file["structure"].attrs["units"] == "MeV-1 cm-3"


def test_at_a_node_the_table_itself(table):
    matter = matter_of(table.density[[4]], table.temperature[[7]], table.proton_fraction[[4]])
    x = table.energy[30:90:10]
    logarithm = table.logarithm(matter, np.zeros(1, np.int64), np.zeros(1, np.int64))[0]
    found = np.exp(np.interp(np.log(x), np.log(brems.GRID), logarithm)) / table.temperature[7]
    np.testing.assert_allclose(
        found, table.structure[4, 7, 4, 30:90:10], rtol=5e-3
    )  # linear between points of GRID


def test_below_the_first_density_pairs_of_nucleons(table):
    edge, thin = (
        Bremsstrahlung(Settings(), table)(ENERGY, matter_of([n], [5.0], 0.2)).absorption for n in (1e34, 1e31)
    )
    np.testing.assert_allclose(thin, 1e-6 * edge, rtol=1e-9)


def test_nuclei_take_no_part(table):
    process = Bremsstrahlung(Settings(), table)
    free, mixed = (process(ENERGY, matter_of([1e36], [5.0], 0.2, share)).absorption for share in (1.0, 0.25))
    np.testing.assert_allclose(mixed, free, rtol=1e-12)
    nuclei = from_composition([1e10], [1.0], [0.46], 0.0, 0.0, 0.0, 1.0, 56.0, 26.0)
    assert not process(ENERGY, nuclei).absorption.any()


def test_outside(table):
    matter = matter_of([1e36, 1e36, 1e39], [5.0, 1.0, 5.0], 0.2)
    with pytest.raises(OutOfRangeError, match=r"2 of 3 zones lie outside the table .* first at T = 1 MeV"):
        Bremsstrahlung(Settings(), table)(ENERGY, matter)
    clamped = Bremsstrahlung(Settings(), replace(table, on_out_of_range="clamp"))
    with pytest.warns(ExtrapolationWarning, match="2 of 3 zones .*; the nearest edge is taken"):
        assert (clamped(ENERGY, matter).absorption > 0.0).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"temperature": np.array([3.0, 2.0])},
            r"temperature = 3 ... 2: must be finite, rising and positive",
        ),
        ({"density": np.array([-1.0, 2.0])}, "density = -1 ... 2: must be finite, rising and positive"),
        ({"proton_fraction": np.array([-0.1, 0.2])}, "must be finite, rising and at least 0"),
        ({"energy": np.array([1.0, 2.0])}, r"energy has shape \(2,\): expected a row of 4 or more"),
        ({"structure": np.ones((2, 2))}, r"structure has shape \(2, 2\), its axes"),
    ],
)
def test_unsound(table, change, words):
    with pytest.raises(StructureTableError, match=words):
        replace(table, **change)


def test_not_positive(table):
    structure = table.structure.copy()
    structure[1, 2, 3, 4] = 0.0
    with pytest.raises(
        StructureTableError, match=r"structure is 0\.0 at \(1, 2, 3, 4\) and not positive at 1 of"
    ):
        replace(table, structure=structure)


def test_bad_files(table, tmp_path):
    with pytest.raises(StructureTableError, match="there is no such file"):
        read_structure_table(tmp_path / "none.h5")
    (tmp_path / "text.h5").write_text("no HDF5")
    with pytest.raises(StructureTableError, match="cannot be opened as HDF5"):
        read_structure_table(tmp_path / "text.h5")
    path = write_structure_table(tmp_path / "structure.h5", table)
    with h5py.File(path, "a") as file:
        file["temperature"][0] = 1e9
    with pytest.raises(StructureTableError, match=r"structure\.h5: temperature = 1e\+09"):
        read_structure_table(path)
    with h5py.File(path, "a") as file:
        del file["temperature"]
    with pytest.raises(StructureTableError, match="dataset 'temperature' is missing"):
        read_structure_table(path)
