import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plasmas import ions

from microphysics.constants import CODATA
from microphysics.eos.composition import from_composition
from microphysics.eos.electron_gas import ElectronGas
from microphysics.structure.plasma import (
    coulomb_coupling,
    electron_screening,
    ion_sphere_radius,
    screening_parameter,
)


def test_reference_table(reference, read_columns):
    table = read_columns(reference / "structure_factor" / "horowitz_S_E.csv")
    matter = ions(*(table[name] for name in ("rho_g_cm3", "T_MeV", "A", "Z", "X_heavy")))
    np.testing.assert_allclose(1e-39 * matter.number_density_heavy, table["n_ion_fm3"], rtol=1e-8)
    np.testing.assert_allclose(ion_sphere_radius(matter), table["a_fm"], rtol=1e-8)
    np.testing.assert_allclose(coulomb_coupling(matter), table["Gamma"], rtol=1e-7)


def test_screening_of_the_reference_table(reference, read_columns):
    # its electrons are completely degenerate: ours at 10 keV, where (pi T/mu)^2/3 < 2e-5 at the lowest density
    table = read_columns(reference / "structure_factor" / "horowitz_S_E.csv")
    columns = [table[name] for name in ("rho_g_cm3", "A", "Z", "X_heavy")]
    cold = ions(columns[0], np.full_like(columns[0], 0.01), *columns[1:], mu_e=None)
    np.testing.assert_allclose(screening_parameter(cold), table["kappa_TF"], rtol=2e-5)


@pytest.mark.parametrize(("z", "expected"), [(26.0, 0.55), (40.0, 0.63)])
def test_screening_of_relativistic_electrons_depends_on_charge_alone(z, expected):
    matter = ions([1e12, 3e13], [0.05, 0.05], 2.5 * z, z, mu_e=None)
    kappa = screening_parameter(matter)
    by_hand = 2.0 * np.sqrt(CODATA.fine_structure / np.pi) * np.cbrt(9.0 * np.pi * z / 4.0)
    np.testing.assert_allclose(kappa, by_hand, rtol=1e-3)
    np.testing.assert_allclose(kappa, expected, atol=0.005)


def test_screening_is_the_compressibility_of_the_electrons():
    matter = ions([1e9, 1e11], [2.0, 1.0], 60.0, 27.0, mu_e=None)

    def net(state):
        return state.density_electron - state.density_positron

    mu, step, gas = matter.chemical_potential_electron, 1e-4, ElectronGas()
    up, down = (net(gas.state(matter.temperature, mu + s)) for s in (step, -step))
    expected = 4.0 * np.pi * CODATA.coulomb_squared * 1e13 * (up - down) * 1e-39 / (2.0 * step)
    np.testing.assert_allclose(electron_screening(matter), expected, rtol=1e-6)


def test_no_nuclei():
    matter = from_composition([1e10], [1.0], [0.5], [0.5], [0.5], 0.0, 0.0, 0.0, 0.0)
    assert coulomb_coupling(matter)[0] == 0.0
    assert np.isinf(ion_sphere_radius(matter)[0])
    assert screening_parameter(matter)[0] == 0.0
    assert electron_screening(matter)[0] > 0.0


@given(st.floats(6.0, 13.5), st.floats(0.3, 5.0), st.floats(20.0, 150.0), st.floats(1.1, 8.0))
def test_scaling(log_rho, t, a, factor):
    # Gamma goes as n^(1/3)/T, a as n^(-1/3): eight times the density, half the radius
    z = 0.45 * a
    one, denser, hotter = (ions([10.0**log_rho * f], [t * g], a, z) for f, g in ((1, 1), (8, 1), (1, factor)))
    assert ion_sphere_radius(denser)[0] == pytest.approx(0.5 * ion_sphere_radius(one)[0], rel=1e-12)
    assert coulomb_coupling(denser)[0] == pytest.approx(2.0 * coulomb_coupling(one)[0], rel=1e-12)
    assert coulomb_coupling(hotter)[0] == pytest.approx(coulomb_coupling(one)[0] / factor, rel=1e-12)
