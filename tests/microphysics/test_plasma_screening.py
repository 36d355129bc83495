import numpy as np
import pytest
from scipy.integrate import quad

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError
from microphysics.nuclei import Nucleus
from microphysics.structure.plasma import debye_length
from microphysics.weak.couplings import WeakCouplings
from microphysics.weak.form_factors import Point
from microphysics.weak.new_physics import MagneticMoment
from microphysics.weak.plasma_screening import screened_magnetic_cross_section, softest_recoil

ELECTRON = CODATA.electron_mass
HBAR_C = CODATA.hbar_c * 1e13


def relativistic(temperature, mu):
    squared = 4.0 * CODATA.fine_structure / np.pi * (mu**2 + np.pi**2 * temperature**2 / 3.0)
    return HBAR_C / np.sqrt(squared)


def test_debye_length_of_massless_electrons():
    """1128.7 fm at T = 1 MeV, 758.2 fm with mu = 2 MeV; ours have their mass, which matters there by 2 and 1 %."""
    assert relativistic(1.0, 0.0) == pytest.approx(1128.7, rel=1e-4)
    assert relativistic(1.0, 2.0) == pytest.approx(758.2, rel=1e-4)
    # scaled to temperatures at which the mass does not matter: (m/T)^2 corrections
    assert 100.0 * float(debye_length(100.0)) == pytest.approx(1128.7, rel=1e-4)
    assert 100.0 * float(debye_length(100.0, 200.0)) == pytest.approx(758.2, rel=1e-4)
    assert float(debye_length(1.0)) / 1128.7 == pytest.approx(1.02, abs=0.002)
    assert float(debye_length(1.0, 2.0)) / 758.2 == pytest.approx(1.009, abs=0.001)


def test_debye_length_of_few_electrons():
    """Debye and Hueckel's own: 4 pi e^2 n/T of a thin cold gas."""
    from microphysics.eos.electron_gas import ElectronGas

    temperature = 1e-3
    mu = ElectronGas().chemical_potential(1e24, temperature)
    expected = 1e13 * np.sqrt(temperature / (4.0 * np.pi * CODATA.coulomb_squared * 1e24))
    assert float(debye_length(temperature, mu)) == pytest.approx(expected, rel=1e-3)


def test_softest_recoil_takes_the_inverse_debye_length():
    length = np.geomspace(1.0, 1e12, 13)
    t = softest_recoil(length)
    np.testing.assert_allclose(t * (t + 2.0 * ELECTRON), (HBAR_C / length) ** 2, rtol=1e-13)
    # t_max = -2 m_e [sqrt(m_e^2 + 1/lambda^2) - m_e] = -2 m_e T
    direct = np.sqrt(ELECTRON**2 + (HBAR_C / length[:3]) ** 2) - ELECTRON
    np.testing.assert_allclose(t[:3], direct, rtol=1e-12)


@pytest.mark.parametrize("energy", [0.5, 3.0, 30.0])
def test_integral_of_the_cross_section_on_a_point_charge(energy):
    """The term that nuclei have, on a particle of the electron's mass and charge 1."""
    particle = Nucleus(np.array(0.0), np.array(1.0), np.array(ELECTRON))
    term = MagneticMoment(2e-11)

    def spectrum(log_t):
        t = np.exp(log_t)
        c0, c1, c2 = term.coefficients(np.array(t), particle, Point(), "nue", WeakCouplings())
        return float(t * (c0 + c1 / energy + c2 / energy**2))

    low, high = float(softest_recoil(800.0)), 2.0 * energy**2 / (ELECTRON + 2.0 * energy)
    expected = quad(spectrum, np.log(low), np.log(high), epsrel=1e-10, epsabs=0.0)[0]
    found = float(screened_magnetic_cross_section(energy, 2e-11, 800.0))
    assert found == pytest.approx(expected, rel=1e-9)


def test_grows_logarithmically_where_screening_vanishes():
    length = np.array([1e6, 1e8, 1e10, 1e12])
    unit = np.pi * (CODATA.fine_structure * CODATA.hbar_c * 1e-10 / ELECTRON) ** 2
    found = screened_magnetic_cross_section(10.0, 1e-10, length)
    np.testing.assert_allclose(np.diff(found), unit * 2.0 * np.log(100.0), rtol=1e-6)
    assert np.isinf(screened_magnetic_cross_section(10.0, 1e-10, np.inf))
    largest = 200.0 / (ELECTRON + 20.0)
    limit = np.log(2.0 * ELECTRON * largest) + 2.0 * np.log(1e12 / HBAR_C) - largest / 10.0
    assert float(found[-1]) == pytest.approx(unit * limit, rel=1e-10)


def test_all_is_screened_in_the_end():
    assert screened_magnetic_cross_section(1.0, 1e-10, 1.0) == 0.0
    found = screened_magnetic_cross_section(5.0, 1e-10, np.geomspace(20.0, 1e5, 40))
    assert np.all(np.diff(found) >= 0.0)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ((0.0, 1.0, 1.0), "neutrino energy = 0 MeV"),
        ((1.0, -1.0, 1.0), "magnetic moment = -1 Bohr magnetons: must be >= 0"),
        ((1.0, 1.0, 0.0), "Debye length = 0 fm: must be > 0"),
    ],
)
def test_bad_input_is_named(values, words):
    with pytest.raises(OutOfRangeError, match=words):
        screened_magnetic_cross_section(*values)
