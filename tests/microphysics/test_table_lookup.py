"""Looking tables up: what codes get, and how far that is from the opacities."""

from dataclasses import replace

import numpy as np
import pytest
from opacity_tables import ERG, FortranReader, small_table
from standin import StandIn

from microphysics.errors import OpacityTableError, OutOfRangeError
from microphysics.opacity import OpacitySet, blackbody, equilibrium
from microphysics.tables.accuracy import interpolation_error, midpoints, random_states
from microphysics.tables.lookup import lookup, prepare
from microphysics.tables.nulib import write_nulib
from microphysics.tables.table import OpacityTable

MEMBERS = np.array([1.0, 1.0, 4.0])[:, None]


@pytest.fixture(scope="module")
def table():
    return small_table(kernels=False)


def test_it_finds_what_a_code_finds_in_the_file(table, tmp_path):
    reader = FortranReader(write_nulib(tmp_path / "n.h5", table, scattering="total").path)
    states = random_states(table, 40, seed=3)
    found = lookup(prepare(table), *states)
    for p, state in enumerate(zip(*states, strict=True)):
        there = reader(*state)
        power = found.emissivity[:, p] * ERG * MEMBERS * table.energy_width
        assert power == pytest.approx(there["emissivities"], rel=1e-11)
        assert found.absorption[:, p] == pytest.approx(there["absorption_opacity"], rel=1e-11)
        assert found.delta[:, p] == pytest.approx(there["scattering_delta"], rel=1e-9)
        transport = there["scattering_opacity"] * (1.0 - there["scattering_delta"] / 3.0)
        assert found.scattering[:, p] == pytest.approx(transport, rel=1e-11)


def test_total_opacity_and_delta_are_looked_up_apart(table):
    """From forward to backward scattering within a cell, half of each is in the middle."""
    delta = np.zeros(table.shape) + np.where(np.arange(6) % 2, 2.4, -2.4)[:, None]
    total = np.full(table.shape, 1e-6)
    steep = replace(table, delta=delta, scattering=total * (1.0 - delta / 3.0))
    middle = np.sqrt(table.density[2] * table.density[3])
    found = lookup(steep, middle, table.temperature[1], table.electron_fraction[1])
    assert found.scattering == pytest.approx(np.full((3, 1, 6), 1e-6), rel=1e-12)
    # without delta nothing but the transport opacity is known: geometric mean of 1.8e-6 and 0.2e-6
    alone = lookup(replace(steep, delta=None), middle, table.temperature[1], table.electron_fraction[1])
    assert alone.scattering == pytest.approx(np.full((3, 1, 6), 0.6e-6), rel=1e-12)
    for wrong in (3.0, np.nan):
        with pytest.raises(OpacityTableError, match="'delta' is 3 or more, or NaN"):
            prepare(replace(table, delta=np.full(table.shape, wrong)))


def test_nodes_and_edges_come_out_as_they_are(table):
    y, t, d = (axis.ravel() for axis in np.indices(table.shape[1:4]))
    found = lookup(table, table.density[d], table.temperature[t], table.electron_fraction[y])
    for role in ("emissivity", "absorption", "scattering", "delta"):
        assert getattr(found, role) == pytest.approx(getattr(table, role)[:, y, t, d], rel=1e-11)
    assert found.clamped == 0
    # rounding beyond the end is on the end
    end = lookup(table, table.density[-1] * (1.0 + 1e-12), table.temperature[0] * (1.0 - 1e-12), 0.5)
    assert end.absorption[:, 0] == pytest.approx(table.absorption[:, -1, 0, -1], rel=1e-9)


def test_the_floor_of_emissivities_is_that_of_readers(table):
    dark = replace(table, emissivity=np.zeros(table.shape))
    found = lookup(dark, 1e10, 2.0, 0.3)
    assert found.emissivity[:, 0] * ERG * MEMBERS * table.energy_width == pytest.approx(
        np.full((3, 6), 1e-30), rel=1e-12
    )


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (
            (1e8, 2.0, 0.3),
            r"density = 1e\+08 g cm-3 \(state 0\): the table goes from 1e\+09 to 1e\+13 g cm-3",
        ),
        ((1e10, [2.0, 20.0], 0.3), r"temperature = 20 MeV \(state 1\): the table goes from 1 to 15.8489 MeV"),
        ((1e10, 2.0, 0.6), r"electron_fraction = 0.6 \(state 0\): the table goes from 0.1 to 0.5"),
        ((1e10, -1.0, 0.3), "temperature = -1 MeV"),
        ((np.nan, 1.0, 0.3), "density = nan g cm-3"),
    ],
)
def test_states_outside_are_refused_by_name(table, state, message):
    with pytest.raises(OutOfRangeError, match=message):
        lookup(table, *state)


def test_states_outside_are_clamped_and_counted_where_wanted(table):
    found = lookup(table, [1e3, 1e10, 1e10], [2.0, 99.0, 2.0], [0.9, 0.3, 0.3], outside="clamp")
    inside = lookup(table, [1e9, 1e10], [2.0, table.temperature[-1]], [0.5, 0.3])
    assert found.clamped == 2
    assert found.absorption[:, :2] == pytest.approx(inside.absorption, rel=1e-12)
    assert lookup(table, 1e10, -1.0, 0.3, outside="clamp").clamped == 1
    with pytest.raises(OutOfRangeError, match="electron_fraction = nan"):
        lookup(table, 1e10, 2.0, np.nan, outside="clamp")
    with pytest.raises(OpacityTableError, match="must be 'error' or 'clamp'"):
        lookup(table, 1e10, 2.0, 0.3, outside="extrapolate")


def test_tables_that_cannot_be_looked_up(table):
    with pytest.raises(OpacityTableError, match="axis 'density' deviates"):
        prepare(replace(table, density=np.linspace(1e9, 1e13, 6)))
    with pytest.raises(OpacityTableError, match="'absorption' is negative or NaN"):
        prepare(replace(table, absorption=-table.absorption))
    single = replace(
        table, density=table.density[:1], **{role: getattr(table, role)[:, :, :, :1] for role in table.roles}
    )
    with pytest.raises(OpacityTableError, match="axis 'density' has 1 point"):
        prepare(single)


OPACITIES = OpacitySet.from_names(["charged_current", "nucleon_scattering"])
EOS = StandIn()


def built(steps):
    density, temperature = np.logspace(10.0, 12.0, 2 * steps + 1), np.logspace(0.9, 1.3, steps + 1)
    fraction, edges = np.linspace(0.2, 0.4, steps + 1), np.array([8.0, 12.0, 18.0, 27.0])
    energy, species = 0.5 * (edges[1:] + edges[:-1]), ("nue", "anue", "nux")
    y, t, d = np.meshgrid(fraction, temperature, density, indexing="ij")
    matter = EOS(d.ravel(), t.ravel(), y.ravel()).matter
    rates = OPACITIES.totals(matter, energy, species)
    occupied = equilibrium(energy, matter.temperature, matter.neutrino_degeneracy(species))
    shape = (3, *y.shape, 3)
    return OpacityTable(
        density, temperature, fraction, energy, edges, species,
        (rates.absorption * blackbody(energy) * occupied).reshape(shape),
        rates.absorption.reshape(shape), rates.scattering.reshape(shape),
        delta=(3.0 * (1.0 - rates.scattering / rates.collision)).reshape(shape),
    )  # fmt: skip


def test_the_error_vanishes_at_the_nodes():
    table = built(2)
    nodes = np.meshgrid(table.density, table.temperature, table.electron_fraction)
    errors = interpolation_error(table, OPACITIES, EOS, *nodes)
    found = {(error.species, error.role) for error in errors}
    roles = ("emissivity", "absorption", "scattering", "delta")
    # heavy-lepton flavours are neither made nor absorbed by these processes
    assert found == {(s, r) for s in ("nue", "anue", "nux") for r in roles} - {
        ("nux", "emissivity"),
        ("nux", "absorption"),
    }
    assert max(error.largest for error in errors) < 1e-9


def test_the_error_falls_with_the_square_of_the_step():
    coarse, fine = (
        interpolation_error(table, OPACITIES, EOS, *midpoints(table, 200)) for table in (built(2), built(4))
    )
    for one, other in zip(coarse, fine, strict=True):
        if one.role in ("emissivity", "absorption"):
            assert 2.5 < one.percentiles[1] / other.percentiles[1] < 6.0
        assert one.percentiles[0] <= one.percentiles[1] <= one.percentiles[2] <= one.largest
        assert one.counted == 600


def test_the_worst_state_is_told():
    table = built(2)
    error = max(interpolation_error(table, OPACITIES, EOS, *midpoints(table, 50)), key=lambda e: e.largest)
    again = lookup(table, error.density, error.temperature, error.electron_fraction)
    place = table.species.index(error.species), 0, int(np.argmin(np.abs(table.energy - error.energy)))
    assert getattr(again, error.role)[place] == pytest.approx(error.table, rel=1e-12)
    assert abs(error.table / error.direct - 1.0) == pytest.approx(error.largest, rel=1e-12)
    assert f"density = {error.density:.6g} g/cm^3" in str(error)
    nothing = interpolation_error(table, OPACITIES, EOS, *midpoints(table, 5), smallest={"absorption": 1e30})
    assert "absorption" not in {error.role for error in nothing}


def test_random_states_fill_the_table(table):
    density, temperature, fraction = random_states(table, 2000)
    for values, axis in (
        (np.log10(density), np.log10(table.density)),
        (np.log10(temperature), np.log10(table.temperature)),
        (fraction, table.electron_fraction),
    ):
        assert axis[0] <= values.min()
        assert values.max() <= axis[-1]
        assert values.mean() == pytest.approx(axis[[0, -1]].mean(), rel=0.05)
    with pytest.raises(OpacityTableError, match="no state was given"):
        interpolation_error(table, OPACITIES, EOS, [], [], [])
