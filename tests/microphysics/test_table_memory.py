"""Tables in memory: what they refuse."""

from dataclasses import replace

import numpy as np
import pytest
from opacity_tables import small_table

from microphysics.errors import OpacityTableError
from microphysics.tables.table import KernelTable

TABLE = small_table()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"density": TABLE.density[::-1]}, r"axis 'density' is 1.58489e\+12 g cm-3 at index 1 after 1e\+13"),
        ({"temperature": -TABLE.temperature}, "axis 'temperature' is -1 MeV at index 0"),
        ({"electron_fraction": TABLE.electron_fraction[:, None]}, "axis 'electron_fraction' has shape"),
        ({"energy": TABLE.energy + 3.0}, "energy = 4 MeV at index 0 lies outside its group, 0 to 2 MeV"),
        ({"energy_edges": TABLE.energy_edges[:-1]}, "6 energies need 7 edges"),
        ({"energy_edges": TABLE.energy_edges - 1.0}, "must be finite and >= 0"),
        ({"species": ("nue", "anue", "nuX")}, "species = .*nuX.*: known are nue, anue"),
        ({"species": ("nue", "nux", "numu")}, "hold numu more than once"),
        ({"absorption": TABLE.absorption[:2]}, r"'absorption' has shape \(2, 4, 5, 6, 6\)"),
        ({"scattering": TABLE.scattering.transpose(0, 2, 1, 3, 4)}, "axes seem to stand in another order"),
        ({"delta": TABLE.delta[..., :3]}, "'delta' has shape"),
        (
            {"kernels": replace(TABLE.kernels, scattering_1=TABLE.kernels.scattering_1[1:])},
            "'kernels: scattering_1'",
        ),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(changes, message):
    with pytest.raises(OpacityTableError, match=message):
        replace(TABLE, **changes)


def test_kernels_come_with_both_moments():
    axis = np.array([1.0, 2.0])
    with pytest.raises(OpacityTableError, match="only one is given"):
        KernelTable(axis, axis, scattering_0=np.ones((3, 2, 2, 6, 6)))
    with pytest.raises(OpacityTableError, match="neither scattering nor annihilation"):
        KernelTable(axis, axis)
    with pytest.raises(OpacityTableError, match="'kernels: degeneracy' is 0 1 at index 0"):
        KernelTable(axis, np.array([0.0, 1.0]))


def test_where_names_the_place():
    assert TABLE.where(1, 0, 0, 0, 2) == (
        "anue, density = 1e+09 g/cm^3, temperature = 1 MeV, electron_fraction = 0.1, energy = 6.05 MeV"
    )
    assert TABLE.shape == (3, 4, 5, 6, 6)
    assert TABLE.energy_width == pytest.approx([2.0, 2.5, 3.1, 3.9, 4.8, 6.0])
