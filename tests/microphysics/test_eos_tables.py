"""Tabulated equations of state: container, lookup, leptons, domain; accuracy between nodes."""

from __future__ import annotations

import dataclasses
import itertools
import math
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standin import StandIn

from microphysics.constants import CODATA
from microphysics.eos import lookup
from microphysics.eos.electron_gas import CM3_PER_FM3, ERG_CM3_PER_MEV_FM3, ElectronGas
from microphysics.eos.lattimer_swesty import LattimerSwesty
from microphysics.eos.leptons import leptons
from microphysics.eos.sampling import evaluate
from microphysics.eos.state import COEXISTENCE, NUCLEI, UNIFORM
from microphysics.eos.table import OPTIONAL_FIELDS, REQUIRED_FIELDS, EosTable, EosTableError, TabulatedEOS
from microphysics.errors import ExtrapolationWarning, OutOfRangeError, UnknownNameError

AXES = (np.geomspace(1e6, 1e12, 25), np.geomspace(0.5, 20.0, 20), np.linspace(0.05, 0.55, 11))
FRACTIONS = tuple(f"mass_fraction_{name}" for name in ("neutron", "proton", "alpha", "heavy"))


def tabulated(eos, axes, *, without=(), jobs=1):
    names = [name for name in (*REQUIRED_FIELDS, *OPTIONAL_FIELDS) if name not in without]
    fields = evaluate(eos, axes, names, jobs=jobs)
    valid = np.ones(fields["pressure_baryon"].shape, dtype=bool)
    return EosTable(*axes, eos.baryon_mass, fields, valid, f"table of {eos.name}", eos.references)


@pytest.fixture(scope="module")
def eos():
    return StandIn()


@pytest.fixture(scope="module")
def table(eos):
    return tabulated(eos, AXES)


@pytest.fixture(scope="module")
def tab(table):
    return TabulatedEOS(table)


def between(axes, points, seed, *, margin=0):
    """Random points in the cells of a grid, uniform in ln rho, ln T, Y_e."""
    rng = np.random.default_rng(seed)
    ends = [(axis[margin], axis[-1 - margin]) for axis in axes]
    return (
        np.exp(rng.uniform(*np.log(ends[0]), points)),
        np.exp(rng.uniform(*np.log(ends[1]), points)),
        rng.uniform(*ends[2], points),
    )


def charge(state):
    nuclei = np.where(state.mass_number_heavy > 0.0, state.mass_number_heavy, 1.0)
    bound = state.mass_fraction_heavy * state.charge_number_heavy / nuclei
    return state.mass_fraction_proton + 0.5 * state.mass_fraction_alpha + bound


# the container


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"density": AXES[0][::-1]}, "axis 'density' is .* at index 1 after"),
        ({"temperature": AXES[1][:3]}, "at least 4 points"),
        ({"electron_fraction": np.linspace(0.0, 0.5, 11)}, "axis 'electron_fraction' is 0  at index 0"),
        ({"electron_fraction": np.full(11, np.nan)}, "axis 'electron_fraction' is nan"),
        ({"electron_fraction": AXES[2][None]}, r"shape \(1, 11\)"),
        ({"baryon_mass": 1.66e-24}, "baryon_mass = 1.66e-24 MeV"),
        ({"valid": np.zeros((25, 20, 11), dtype=bool)}, "no node is valid"),
        ({"valid": np.ones((25, 20), dtype=bool)}, r"'valid' has shape \(25, 20\)"),
    ],
)
def test_impossible_tables_are_refused(table, change, complaint):
    with pytest.raises(EosTableError, match=complaint):
        dataclasses.replace(table, **change)


def test_impossible_fields_are_refused(table):
    fields = dict(table.fields)
    del fields["entropy_baryon"]
    with pytest.raises(EosTableError, match=r"fields missing: \['entropy_baryon'\]"):
        dataclasses.replace(table, fields=fields)
    with pytest.raises(EosTableError, match=r"unknown: \['colour'\]"):
        dataclasses.replace(table, fields={**table.fields, "colour": table.fields["entropy_baryon"]})
    changed = {**table.fields, "entropy_baryon": table.fields["entropy_baryon"][1:]}
    with pytest.raises(EosTableError, match=r"'entropy_baryon' has shape \(24, 20, 11\)"):
        dataclasses.replace(table, fields=changed)


def test_holes_are_refused_unless_marked(table, eos):
    entropy = table.fields["entropy_baryon"].copy()
    entropy[3, 4, 5] = np.nan
    fields = {**table.fields, "entropy_baryon": entropy}
    with pytest.raises(EosTableError, match=r"'entropy_baryon' is nan at node \(3, 4, 5\): density = 5.62"):
        dataclasses.replace(table, fields=fields)
    valid = table.valid.copy()
    valid[3, 4, 5] = False
    holed = TabulatedEOS(dataclasses.replace(table, fields=fields, valid=valid))
    rho, t, ye = (axis[i] for axis, i in zip(AXES, (3, 4, 5), strict=True))
    with pytest.raises(OutOfRangeError, match=r"zone 1 .*has no value next to it; 1 of its 5500 nodes"):
        holed([1e10, 1.01 * rho], [5.0, t], [0.3, ye])
    # the nodes around it are there, and so is what lies a cell away
    for step in itertools.product((-1, 0, 1), repeat=3):
        if any(step):
            at = [axis[i + d] for axis, i, d in zip(AXES, (3, 4, 5), step, strict=True)]
            assert holed(*at).entropy == pytest.approx(eos(*at).entropy, rel=1e-12)
    away = AXES[0][5] * 1.2, t, ye
    assert holed(*away).entropy == pytest.approx(eos(*away).entropy, rel=1e-4)


# leptons


@pytest.mark.parametrize(
    ("n", "t"),
    [(1e-10, 0.02), (1e-8, 0.5), (1e-4, 0.1), (1e-4, 3.0), (1e-2, 30.0), (1e-9, 10.0), (0.05, 0.02)],
)
def test_lepton_derivatives_are_derivatives(n, t):
    h = 1e-4
    both = np.array([n, n])
    here = leptons(np.array([n]), np.array([t]))
    warm = leptons(both, t * np.array([1 + h, 1 - h]))
    dense = leptons(n * np.array([1 + h, 1 - h]), np.array([t, t]))
    energy, pressure = warm.energy + warm.energy_photon, warm.pressure + warm.pressure_photon
    entropy = warm.entropy + warm.entropy_photon
    assert here.heat_capacity[0] == pytest.approx(t * (entropy[0] - entropy[1]) / (2 * h * t), rel=1e-6)
    assert here.heat_capacity[0] == pytest.approx((energy[0] - energy[1]) / (2 * h * t), rel=1e-3)
    assert here.pressure_temperature[0] == pytest.approx((pressure[0] - pressure[1]) / (2 * h * t), rel=1e-3)
    # by the identity dP = n dmu: in a hot gas the pressure itself hardly depends on the density
    slope = n * (dense.chemical_potential[0] - dense.chemical_potential[1]) / (2 * h * n)
    assert here.pressure_density[0] == pytest.approx(slope, rel=1e-6)


def test_leptons_agree_with_the_electron_gas():
    n = np.geomspace(1e-10, 0.1, 12)
    t = np.geomspace(0.02, 80.0, 12)
    ours = leptons(n, t)
    mu = ElectronGas().chemical_potential(n / CM3_PER_FM3, t)
    theirs = ElectronGas().state(t, mu)
    np.testing.assert_allclose(ours.chemical_potential, mu, rtol=1e-13)
    np.testing.assert_allclose(ours.pressure * ERG_CM3_PER_MEV_FM3, theirs.pressure, rtol=1e-13)
    np.testing.assert_allclose(ours.energy * ERG_CM3_PER_MEV_FM3, theirs.energy_density, rtol=1e-13)
    np.testing.assert_allclose(ours.entropy / CM3_PER_FM3, theirs.entropy_density, rtol=1e-13)
    np.testing.assert_allclose(leptons(n, t, 1.001 * mu).chemical_potential, mu, rtol=1e-12)


# kernels


@given(st.floats(0.0, 1.2))
def test_cells(value):
    axis = np.array([0.1, 0.2, 0.5, 0.9, 1.0])
    i = lookup.find_cell(axis, value)
    assert 0 <= i <= 3
    assert axis[i] <= value or i == 0
    assert value < axis[i + 1] or i == 3


def test_weights_reproduce_cubics():
    axis = np.array([0.1, 0.25, 0.5, 0.9, 1.0])
    weights = np.empty(4)
    for value in (0.1, 0.3, 0.5, 0.77, 1.1):
        lookup.lagrange(axis, 1, 4, value, weights)
        for power in range(4):
            assert weights @ axis[1:] ** power == pytest.approx(value**power, abs=1e-13)
    lookup.lagrange(axis, 1, 4, axis[2], weights)
    np.testing.assert_array_equal(weights, [0.0, 1.0, 0.0, 0.0])  # exactly: nodes come back exactly


@settings(deadline=None, max_examples=300)
@given(
    st.floats(0.01, 0.6),
    st.floats(0.3, 0.5),
    st.floats(0.0, 1.0),
    st.floats(0.0, 1.0),
    st.lists(st.floats(0.8, 1.25), min_size=4, max_size=4),
)
def test_compositions_are_conserved(ye, share, alphas, nuclei, errors):
    """A right composition, every part of it off by up to a quarter, comes back right."""
    alpha = alphas * 0.9 * 2.0 * min(ye, 1.0 - ye)
    left = min((ye - 0.5 * alpha) / share, (1.0 - ye - 0.5 * alpha) / (1.0 - share))
    heavy = 0.9 * nuclei * max(left, 0.0)
    proton = ye - 0.5 * alpha - share * heavy
    right = np.array([1.0 - proton - alpha - heavy, proton, alpha, heavy])
    wrong = right * errors
    *found, found_share = lookup.conserve(*wrong, share, ye)
    found = np.array(found)
    assert (found >= 0.0).all()
    assert ((found == 0.0) == (wrong == 0.0)).all()
    assert found.sum() == pytest.approx(1.0, abs=2e-10)
    assert found[1] + 0.5 * found[2] + found_share * found[3] == pytest.approx(ye, abs=2e-10)


def test_right_compositions_are_left_alone():
    assert lookup.conserve(0.6, 0.2, 0.1, 0.1, 0.5, 0.3) == (0.6, 0.2, 0.1, 0.1, 0.5)


def test_one_species_alone_is_filled_up():
    *found, _ = lookup.conserve(0.0, 0.0, 0.97, 0.0, 0.0, 0.5)
    assert found == pytest.approx([0.0, 0.0, 1.0, 0.0], abs=1e-10)
    *found, share = lookup.conserve(0.0, 1e-20, 0.0, 0.9, 0.41, 0.4)
    assert found == pytest.approx([0.0, 0.0, 0.0, 1.0], abs=1e-9)
    assert share == pytest.approx(0.4, abs=1e-9)


def reference_lookup(grid, x, y, z):
    """What `look_up_block` does, slowly: tensor product of polynomials by numpy."""
    at = []
    for axis, value in ((grid.ln_density, x), (grid.ln_temperature, y), (grid.electron_fraction, z)):
        cell = min(max(int(np.searchsorted(axis, value, side="right")) - 1, 0), axis.size - 2)
        at.append(min(max(cell - 1, 0), axis.size - 4))
    i, j, k = at
    values = grid.nodes[i : i + 4, j : j + 4, k : k + 4]

    def along(axis, values, value):
        coefficients = np.linalg.solve(np.vander(axis - value, increasing=True), values.reshape(4, -1))
        return coefficients[0].reshape(values.shape[1:])

    by_density = along(grid.ln_density[i : i + 4], values, x)
    by_temperature = along(grid.ln_temperature[j : j + 4], by_density, y)
    linear = along(grid.electron_fraction[k : k + 4], by_temperature, z)
    logarithmic = along(grid.ln_electron_fraction[k : k + 4], by_temperature, math.log(z))
    rows = np.where(np.arange(lookup.ROWS) < 4, logarithmic, linear)
    t = math.exp(y)
    for row, logarithm in ((lookup.MU_NEUTRON, 0), (lookup.MU_PROTON, 1)):
        rows[row] += t * (rows[logarithm] + x - 1.5 * y)
    return rows


def test_lookup_in_smooth_matter_is_the_tensor_product(tab):
    rho, t, ye = between(AXES, 40, 3)
    hot = t > 6.5  # no edge of nuclei within the four points
    state = tab(rho, t, ye)
    n = state.baryon_density * CM3_PER_FM3
    for i in np.flatnonzero(hot):
        rows = reference_lookup(tab._grid, math.log(n[i]), math.log(t[i]), ye[i])
        assert state.chemical_potential_neutron[i] == pytest.approx(rows[lookup.MU_NEUTRON], rel=1e-10)
        assert state.chemical_potential_proton[i] == pytest.approx(rows[lookup.MU_PROTON], rel=1e-10)
        assert state.entropy_baryon[i] == pytest.approx(rows[lookup.ENTROPY], rel=1e-10)
        assert state.pressure_baryon[i] == pytest.approx(n[i] * rows[lookup.PRESSURE] * ERG_CM3_PER_MEV_FM3)
        assert state.mass_fraction_alpha[i] == pytest.approx(math.exp(rows[lookup.LN_ALPHA]), rel=1e-3)


# what a table gives


def test_nodes_come_back(tab, eos):
    nodes = np.meshgrid(*AXES, indexing="ij")
    ours, theirs = tab(*nodes), eos(*nodes)
    for item in dataclasses.fields(ours):
        if item.name != "baryon_mass":
            np.testing.assert_allclose(
                getattr(ours, item.name),
                getattr(theirs, item.name),
                rtol=1e-12,
                atol=1e-12,
                err_msg=item.name,
            )


def test_smooth_matter_between_nodes(eos):
    axes = (np.geomspace(1e9, 1e11, 37), np.geomspace(6.0, 15.0, 13), np.linspace(0.02, 0.3, 29))
    ours = TabulatedEOS(tabulated(eos, axes))(*between(axes, 500, 5))
    theirs = eos(ours.density, ours.temperature, ours.electron_fraction)
    for name, most in (
        ("chemical_potential_neutron", 1e-3),
        ("chemical_potential_proton", 1e-3),
        ("mass_fraction_alpha", 1e-5),
        ("entropy_baryon", 3e-3),
    ):
        assert np.abs(getattr(ours, name) - getattr(theirs, name)).max() < most, name
    np.testing.assert_allclose(ours.pressure, theirs.pressure, rtol=1e-6)
    np.testing.assert_allclose(ours.adiabatic_index, theirs.adiabatic_index, rtol=1e-4)
    np.testing.assert_allclose(ours.heat_capacity, theirs.heat_capacity, rtol=1e-4)


def test_leptons_and_photons_are_exact_between_nodes(tab, eos):
    points = between(AXES, 100, 7)
    ours, theirs = tab(*points), eos(*points)
    for name in ("chemical_potential_electron", "pressure_lepton", "energy_lepton", "entropy_lepton"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-12)
    np.testing.assert_array_equal(ours.pressure_photon, theirs.pressure_photon)


def test_composition_adds_up_everywhere(tab):
    state = tab(*between(AXES, 3000, 11))
    total = sum(getattr(state, name) for name in FRACTIONS)
    np.testing.assert_allclose(total, 1.0, rtol=0, atol=2e-10)
    np.testing.assert_allclose(charge(state), state.electron_fraction, rtol=0, atol=2e-10)
    for name in FRACTIONS:
        assert (getattr(state, name) >= 0.0).all()
    nuclei = state.mass_fraction_heavy > 0.0
    assert (state.mass_number_heavy[nuclei] > 55.0).all()
    assert (state.mass_number_heavy[~nuclei] == 0.0).all()
    assert (state.charge_number_heavy[~nuclei] == 0.0).all()
    assert (state.radius_heavy[~nuclei] == 0.0).all()
    assert ((state.phase == UNIFORM) == ~nuclei).all()


def test_shapes(tab):
    assert tab(1e10, 3.0, 0.2).pressure.shape == ()
    state = tab(np.full((3, 1), 1e10), 3.0, np.full(4, 0.2))
    assert {np.shape(v) for k, v in vars(state).items() if k != "baryon_mass"} == {(3, 4)}
    assert tab(np.empty(0), 3.0, 0.2).pressure.shape == (0,)
    assert state.matter.density.shape == (12,)


def test_input_is_left_alone(tab):
    rho = np.array([1e10])
    state = tab(rho, 3.0, 0.2)
    rho[0] = 0.0
    assert state.density[0] == 1e10


# the domain


@pytest.mark.parametrize(
    ("point", "complaint"),
    [
        (([1e10, 2e12], 3.0, 0.2), r"density = 2e\+12 g/cm\^3 in zone 1 .*<= density <= 1e\+12"),
        ((1e10, [[3.0], [0.4]], 0.2), "temperature = 0.4 MeV in zone 1 .*0.5 <= temperature <= 20 MeV"),
        ((1e10, 3.0, 0.56), "electron_fraction = 0.56 in zone 0"),
        ((1e10, np.nan, 0.2), "temperature = nan"),
        ((np.inf, 3.0, 0.2), "density = inf"),
    ],
)
def test_outside_the_domain(tab, point, complaint):
    with pytest.raises(OutOfRangeError, match=complaint):
        tab(*point)


def test_clamping_counts_and_marks(tab):
    rho = np.array([1e3, 1e10, 1e10, 1e13])
    t = np.array([3.0, 3.0, 30.0, 3.0])
    with pytest.warns(ExtrapolationWarning, match="3 of 4 points") as caught:
        state = tab(rho, t, 0.2, on_out_of_range="clamp")
    assert len(caught) == 1
    np.testing.assert_array_equal(state.clamped, [True, False, True, True])
    np.testing.assert_array_equal(state.density, [1e6, 1e10, 1e10, 1e12])
    np.testing.assert_array_equal(state.temperature, [3.0, 3.0, 20.0, 3.0])
    assert state.pressure[3] == tab(1e12, 3.0, 0.2).pressure
    with pytest.raises(OutOfRangeError, match="nan"):
        tab(1e10, 3.0, np.nan, on_out_of_range="clamp")
    with pytest.raises(UnknownNameError, match="'clamp'"):
        tab(1e10, 3.0, 0.2, on_out_of_range="clip")


def test_rounding_at_the_edge_is_no_error(tab):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        state = tab(1e12 * (1 + 1e-14), 0.5 * (1 - 1e-14), 0.55 * (1 + 1e-15))
    assert not state.clamped
    assert state.density == 1e12


# objects


def test_tables_travel_between_processes(tab):
    again = pickle.loads(pickle.dumps(tab))
    assert again(1e10, 3.0, 0.2).pressure == tab(1e10, 3.0, 0.2).pressure
    assert again.parameters == tab.parameters


def test_tables_tell_themselves_apart(tab, table):
    fields = {**table.fields, "entropy_baryon": table.fields["entropy_baryon"] * (1 + 1e-15)}
    other = TabulatedEOS(dataclasses.replace(table, fields=fields))
    assert other.parameters != tab.parameters
    assert "25 x 20 x 11" in repr(tab)
    assert tab.noted("seen").notes == (*tab.notes, "seen")
    assert tab.notes == ()


def test_optional_fields_can_be_missing(eos):
    """Phase, radius, mean fields and derivatives are found, or said not to be known."""
    bare = TabulatedEOS(tabulated(eos, AXES, without=OPTIONAL_FIELDS))
    points = between(AXES, 300, 13)
    ours, theirs = bare(*points), eos(*points)
    nuclei = (theirs.mass_fraction_heavy > 0.05) & (ours.mass_fraction_heavy > 0.0)
    assert np.isnan(ours.radius_heavy[nuclei]).all()
    assert (ours.phase[nuclei] == NUCLEI).all()
    hot = (theirs.temperature > 6.5) & (theirs.temperature < 19.0)
    np.testing.assert_allclose(ours.heat_capacity[hot], theirs.heat_capacity[hot], rtol=0.05)
    np.testing.assert_allclose(ours.adiabatic_index[hot], theirs.adiabatic_index[hot], rtol=0.05)
    assert np.abs(ours.mean_field_neutron[hot & (theirs.density < 1e9)]).max() < 1e-3


# accuracy with the embedded equation of state at the spacing of users' tables

USER = (np.geomspace(1e3, 1e15, 217), np.geomspace(0.01, 100.0, 125), np.linspace(0.01, 0.6, 60))


def errors(tab, eos, points):
    ours, theirs = tab(*points), eos(*points)
    names = ("neutron", "proton")
    found = {f"mu_{name[0]}": np.abs(ours_mu(ours, name) - ours_mu(theirs, name)) for name in names}
    found["mu_hat"] = np.abs(ours.chemical_potential_difference - theirs.chemical_potential_difference)
    for name in FRACTIONS:
        found[name] = np.abs(getattr(ours, name) - getattr(theirs, name))
    for name in ("pressure", "entropy"):
        found[name] = np.abs(getattr(ours, name) / getattr(theirs, name) - 1.0)
    found["gamma"] = np.abs(ours.adiabatic_index - theirs.adiabatic_index)
    return found


def ours_mu(state, name):
    return getattr(state, f"chemical_potential_{name}")


SLABS = [(12, 3), (48, 35), (72, 28), (96, 30)]


def test_chemical_potentials_between_nodes_of_users_tables():
    """All densities at four cells of temperature and electron fraction that cover the domain."""
    eos = LattimerSwesty()
    every = []
    for j, k in SLABS:
        axes = (USER[0], USER[1][j - 3 : j + 5], USER[2][k - 1 : k + 3])
        tab = TabulatedEOS(tabulated(eos, axes))
        inner = (USER[0], USER[1][j : j + 2], USER[2][k : k + 2])
        every.append(errors(tab, eos, between(inner, 300, j)))
    found = {name: np.concatenate([one[name] for one in every]) for name in every[0]}
    quantiles = {name: np.quantile(values, [0.5, 0.9, 0.99]) for name, values in found.items()}
    for name in ("mu_n", "mu_p"):
        assert quantiles[name][0] < 1e-4
        assert quantiles[name][1] < 4e-3
        assert quantiles[name][2] < 0.02
    assert quantiles["pressure"][2] < 3e-3
    assert quantiles["mass_fraction_neutron"][2] < 0.01


def test_transition_to_uniform_matter_between_nodes():
    """Across the move from nuclei to uniform matter the pressure rises or rests, though few nodes see it."""
    eos = LattimerSwesty()
    for t, ye in ((0.5, 0.3), (2.0, 0.45), (5.0, 0.35)):
        j, k = np.searchsorted(USER[1], t), np.searchsorted(USER[2], ye)
        axes = (USER[0][180:], USER[1][j - 3 : j + 3], USER[2][k - 3 : k + 3])
        tab = TabulatedEOS(tabulated(eos, axes))
        rho = np.geomspace(8e13, 2.6e14, 200)
        ours, theirs = tab(rho, t, ye), eos(rho, t, ye)
        assert COEXISTENCE in ours.phase
        # the plateau itself is off by the error of matter continued over a cell
        assert (np.diff(ours.pressure) / ours.pressure[1:]).min() > -0.01
        np.testing.assert_allclose(ours.pressure, theirs.pressure, rtol=0.02)
        assert np.quantile(np.abs(ours.mass_fraction_heavy - theirs.mass_fraction_heavy), 0.9) < 0.05
        assert (ours.adiabatic_index > 0.0).all()


@pytest.mark.slow
def test_whole_domain_of_users_tables():
    eos = LattimerSwesty()
    tab = TabulatedEOS(tabulated(eos, USER, jobs=None))
    points = between(USER, 40_000, 5)
    found = errors(tab, eos, points)
    quantiles = {name: np.quantile(values, [0.5, 0.9, 0.99]) for name, values in found.items()}
    print({name: [f"{q:.2g}" for q in values] for name, values in quantiles.items()})
    for name in ("mu_n", "mu_p"):
        assert quantiles[name][0] < 1e-4
        assert quantiles[name][1] < 3e-3
        assert quantiles[name][2] < 0.02
    assert quantiles["mu_hat"][2] < 0.03
    assert quantiles["pressure"][2] < 2e-3
    assert quantiles["entropy"][2] < 0.015
    assert quantiles["mass_fraction_heavy"][2] < 0.02
    rng = np.random.default_rng(2)
    t, ye = 10.0 ** rng.uniform(-2.0, 2.0, (100, 1)), rng.uniform(0.01, 0.6, (100, 1))
    state = tab(np.geomspace(1e3, 1e15, 1000), t, ye)
    assert (np.diff(state.pressure) / state.pressure[:, 1:]).min() > -0.05
    assert (np.diff(state.pressure) < -1e-6 * state.pressure[:, 1:]).mean() < 1e-3
    assert (state.sound_speed < CODATA.speed_of_light).all()
    assert (state.heat_capacity > 0.0).all()
    rho = 10.0 ** rng.uniform(3.0, 15.0, (100, 1))
    state = tab(rho, np.geomspace(0.01, 100.0, 1000), ye)
    for values in (state.energy, state.entropy):
        assert (np.diff(values) < 0.0).mean() < 1e-4


def test_nuclei_have_a_size_between_their_nodes():
    """Where the last node with nuclei has been passed, a polynomial in A knows no bound."""
    axes = np.geomspace(1e12, 1e15, 24), np.geomspace(0.1, 30.0, 14), np.linspace(0.02, 0.6, 10)
    table = TabulatedEOS(tabulated(LattimerSwesty(), axes))
    rng = np.random.default_rng(5)
    point = (
        10 ** rng.uniform(13, 14.5, 20_000),
        10 ** rng.uniform(-1, 1.2, 20_000),
        rng.uniform(0.02, 0.6, 20_000),
    )
    state = table(*point)
    nuclei = state.mass_fraction_heavy > 0
    assert nuclei.any()
    assert (state.mass_number_heavy[nuclei] >= 4).all()
    assert (state.charge_number_heavy >= 0).all()
    assert (state.charge_number_heavy <= state.mass_number_heavy).all()
