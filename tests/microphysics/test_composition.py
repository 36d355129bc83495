"""Matter of a given composition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microphysics.constants import CODATA
from microphysics.eos.composition import from_composition
from microphysics.eos.electron_gas import ElectronGas
from microphysics.eos.nse import SahaNSE, nuclei_only_state
from microphysics.eos.nucleons import NEUTRON_GAS, PROTON_GAS
from microphysics.errors import OutOfRangeError

Q = CODATA.nucleon_mass_difference


def again(state, **given):
    """Rebuild a state from its own composition."""
    return from_composition(
        state.density,
        state.temperature,
        state.electron_fraction,
        state.mass_fraction_neutron,
        state.mass_fraction_proton,
        state.mass_fraction_alpha,
        state.mass_fraction_heavy,
        state.mass_number_heavy,
        state.charge_number_heavy,
        **given,
    )


@settings(deadline=None, max_examples=60)
@given(st.floats(3.0, 15.0), st.floats(-1.0, 2.0), st.floats(0.01, 0.6))
def test_agrees_with_equilibrium(log_rho, log_t, ye):
    """The equilibrium state is that of its own composition: two routes to every number."""
    state = SahaNSE().state(10.0**log_rho, 10.0**log_t, ye)
    copy = again(state)
    tolerance = 1e-10 * max(1.0, state.temperature[0])
    assert copy.pressure == pytest.approx(state.pressure, rel=1e-11)
    assert copy.chemical_potential_electron == pytest.approx(state.chemical_potential_electron, rel=1e-12)
    for kind in ("neutron", "proton"):
        if getattr(state, f"mass_fraction_{kind}")[0] > 1e-30:
            name = f"chemical_potential_{kind}"
            assert getattr(copy, name) == pytest.approx(getattr(state, name), rel=1e-10, abs=tolerance)


def test_agrees_with_nuclei_only():
    state = nuclei_only_state([1e6, 1e9], [0.3, 0.8], 0.495)
    copy = again(state)
    assert copy.pressure == pytest.approx(state.pressure, rel=1e-12)
    assert np.isnan(copy.chemical_potential_neutron).all()
    assert np.isnan(copy.chemical_potential_proton).all()
    assert np.isfinite(copy.chemical_potential_electron).all()


def test_given_quantities_are_taken():
    state = SahaNSE().state([1e11, 1e12], [5.0, 8.0], 0.15)
    given_quantities = {
        "chemical_potential_electron": np.array([20.0, 40.0]),
        "chemical_potential_difference": np.array([7.0, 12.0]),
        "mean_field_difference": np.array([0.5, 2.0]),
        "pressure": np.array([1e30, 2e31]),
    }
    copy = again(state, **given_quantities)
    assert (copy.chemical_potential_electron == given_quantities["chemical_potential_electron"]).all()
    assert copy.chemical_potential_difference == pytest.approx([7.0, 12.0], rel=1e-13)
    assert (copy.mean_field_neutron == [0.5, 2.0]).all()
    assert (copy.mean_field_proton == 0.0).all()
    assert (copy.pressure == given_quantities["pressure"]).all()
    shift = copy.chemical_potential_neutron - state.chemical_potential_neutron
    assert shift == pytest.approx([0.5, 2.0], rel=1e-9)


def test_a_mean_field_shifts_the_neutron():
    state = SahaNSE().state(1e13, 10.0, 0.1)
    shift = again(state, mean_field_difference=3.0)
    plain = again(state)
    assert shift.chemical_potential_difference - plain.chemical_potential_difference == pytest.approx(
        3.0, rel=1e-12
    )


def test_one_nucleon_absent_leaves_a_huge_finite_difference():
    state = from_composition(1e12, 4.0, 0.2, [1.0, 0.0], [0.0, 1.0], 0.0, 0.0, 0.0, 0.0)
    n = state.baryon_density[0]
    assert state.chemical_potential_neutron[0] == pytest.approx(
        NEUTRON_GAS.chemical_potential(n, 4.0), rel=1e-13
    )
    assert state.chemical_potential_proton[0] == pytest.approx(
        PROTON_GAS.chemical_potential(1e-30 * n, 4.0) - Q, rel=1e-13
    )
    assert 200.0 < state.chemical_potential_difference[0] < 1000.0
    assert -1000.0 < state.chemical_potential_difference[1] < -200.0


def test_placeholders_where_there_are_no_nuclei():
    # G15 tables store A = 4, Z = 1.8 there
    state = from_composition(1e12, 4.0, 0.2, 0.8, 0.2, 0.0, [0.0, 1e-3], [4.0, 60.0], [1.8, 27.0])
    assert state.mass_number_heavy.tolist() == [0.0, 60.0]
    assert state.charge_number_heavy.tolist() == [0.0, 27.0]
    assert state.number_density_heavy[0] == 0.0


def test_pressure_by_hand():
    rho, t, ye = 1e10, 2.0, 0.4
    state = from_composition(rho, t, ye, 0.1, 0.1, 0.3, 0.5, 60.0, 26.0, baryon_mass=CODATA.neutron_mass)
    n = rho / (CODATA.neutron_mass * CODATA.gram_per_mev)
    assert state.baryon_density[0] == n
    electrons = ElectronGas()
    expected = n * (0.3 / 4.0 + 0.5 / 60.0) * t * CODATA.erg_per_mev
    for gas in (NEUTRON_GAS, PROTON_GAS):
        expected += gas.state(t, gas.chemical_potential(0.1 * n, t)).pressure
    expected += (
        electrons.state(t, electrons.chemical_potential(ye * n, t)).pressure + electrons.photons(t).pressure
    )
    assert state.pressure[0] == pytest.approx(expected, rel=1e-13)
    # a given chemical potential of the electrons does not change their pressure
    given_mu = from_composition(rho, t, ye, 0.1, 0.1, 0.3, 0.5, 60.0, 26.0, chemical_potential_electron=1.0)
    assert given_mu.pressure[0] == pytest.approx(
        from_composition(rho, t, ye, 0.1, 0.1, 0.3, 0.5, 60.0, 26.0).pressure[0], rel=1e-14
    )


def test_the_coldest_and_thinnest_a_profile_may_hold():
    state = from_composition(
        [1e-10, 1e17, 1e5], [1e-6, 1e3, 1e-6], [0.5, 0.05, 0.5], 0.5, 0.5, 0.0, 0.0, 0.0, 0.0
    )
    assert np.isfinite(state.pressure).all()
    assert np.isfinite(state.chemical_potential_electron).all()
    assert np.isfinite(state.chemical_potential_difference).all()


def test_input_is_copied():
    rho = np.array([1e10, 1e11])
    a = np.array([4.0, 4.0])
    state = from_composition(rho, 2.0, 0.4, 0.6, 0.4, 0.0, 0.0, a, 1.8)
    assert (a == 4.0).all()
    rho[:] = 0.0
    assert (state.density > 0.0).all()


@pytest.mark.parametrize(
    ("position", "value", "message"),
    [
        (0, 0.0, "density = 0"),
        (1, -1.0, "temperature = -1 MeV"),
        (1, np.nan, "temperature = nan"),
        (2, 1.1, "electron_fraction = 1.1"),
        (3, -0.1, "mass_fraction_neutron = -0.1 in zone 0"),
        (7, 0.0, r"mass_number_heavy = 0, charge_number_heavy = 26 in zone 0"),
        (8, 70.0, "charge_number_heavy = 70"),
    ],
)
def test_refusals(position, value, message):
    arguments = [1e10, 2.0, 0.4, 0.1, 0.1, 0.3, 0.5, 60.0, 26.0]
    arguments[position] = value
    with pytest.raises(OutOfRangeError, match=message):
        from_composition(*arguments)


def test_shape():
    with pytest.raises(ValueError, match="shape"):
        from_composition(np.ones((2, 2)), 2.0, 0.4, 0.1, 0.1, 0.3, 0.5, 60.0, 26.0)
