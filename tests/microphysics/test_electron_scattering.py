import numpy as np
import pytest

from microphysics.constants import CODATA
from microphysics.eos.composition import from_composition
from microphysics.matter import FLAVORS
from microphysics.processes.electron_scattering import ElectronScattering, transport_coefficient
from microphysics.processes.electron_scattering_kernels import kernels as kernels_of
from microphysics.processes.settings import Settings
from microphysics.weak.couplings import WeakCouplings

S2 = WeakCouplings().sin2_theta_w


def test_coefficients_by_hand():
    # (3/8) sigma0/m_e^2 [(C_V + C_A)^2 + (C_V - C_A)^2/3]: nue has 1 + 2 s^2 and 2 s^2, anue them exchanged
    unit = 0.375 * CODATA.sigma0 / CODATA.electron_mass**2
    large, small = (1.0 + 2.0 * S2) ** 2, (2.0 * S2) ** 2
    minus = (2.0 * S2 - 1.0) ** 2
    expected = {
        "nue": large + small / 3.0,
        "anue": small + large / 3.0,
        "numu": minus + small / 3.0,
        "anumu": small + minus / 3.0,
        "nutau": minus + small / 3.0,
        "anutau": small + minus / 3.0,
    }
    for species, value in expected.items():
        assert transport_coefficient(species, WeakCouplings()) == pytest.approx(unit * value, rel=1e-13)
    # 0.375 x 1.7612e-44/0.2611 x 2.2586 cm^2/MeV^2
    assert transport_coefficient("nue", WeakCouplings()) == pytest.approx(5.713e-44, rel=1e-3)


def test_opacity():
    matter = from_composition([1e11, 1e8], [2.0, 1.0], [0.4, 0.5], 0.6, 0.4, 0.0, 0.0, 0.0, 0.0)
    energy = np.array([5.0, 20.0])
    rates = ElectronScattering(Settings(exchange_strength=0.3))(energy, matter)
    w = WeakCouplings()
    target = matter.number_density_electron * (matter.temperature + 0.25 * matter.chemical_potential_electron)
    assert ElectronScattering(Settings()).species == ("nue", "anue", "numutau", "anumutau")
    for i, name in enumerate(("nue", "anue", "nutau", "anumu")):
        expected = transport_coefficient(name, w) * target[:, None] * energy
        np.testing.assert_allclose(rates.scattering[i], expected, rtol=1e-13)
    assert rates.absorption is None
    assert not rates.exchange[:2].any()
    np.testing.assert_allclose(rates.exchange[2:], 0.3 * rates.scattering[2:], rtol=1e-14)


def test_rows_apart_where_something_tells_mu_from_tau():
    radiative = ElectronScattering(Settings(couplings=WeakCouplings(radiative=True)))
    assert radiative.species == FLAVORS
    matter = from_composition([1e11], [2.0], [0.4], 0.6, 0.4, 0.0, 0.0, 0.0, 0.0)
    assert radiative(np.array([5.0]), matter).scattering.shape == (6, 1, 1)


def test_kernels():
    matter = from_composition(
        [1e11, 1e8],
        [2.0, 1.0],
        [0.4, 0.5],
        0.6,
        0.4,
        0.0,
        0.0,
        0.0,
        0.0,
        chemical_potential_electron=[9.0, -2.0],
    )
    energy = np.array([2.0, 7.0, 40.0])
    found = ElectronScattering(Settings()).kernels(energy, matter).of(FLAVORS)
    for row, flavor in enumerate(FLAVORS):
        phi_0, phi_1 = kernels_of(energy, matter.temperature, [4.5, -2.0], WeakCouplings(), flavor)
        np.testing.assert_allclose(found.phi_0[row], phi_0, rtol=1e-14)
        np.testing.assert_allclose(found.phi_1[row], phi_1, rtol=1e-14)
    fall = np.exp(-(energy[:, None] - energy) / matter.temperature[:, None, None])
    np.testing.assert_allclose(found.phi_0.swapaxes(2, 3), fall * found.phi_0, rtol=1e-12)


def test_kernels_of_cold_degenerate_matter():
    matter = from_composition(
        [1e12], [0.01], [0.4], 0.6, 0.4, 0.0, 0.0, 0.0, 0.0, chemical_potential_electron=[60.0]
    )
    kernel = ElectronScattering(Settings()).kernels(np.geomspace(0.1, 400.0, 12), matter)
    assert np.isfinite(kernel.phi_0).all()
    assert (kernel.phi_0 >= 0.0).all()
    assert (np.abs(kernel.phi_1) <= kernel.phi_0 * (1.0 + 1e-12)).all()


def test_positrons_in_excess_give_no_negative_opacity():
    matter = from_composition(
        [1e6], [1.0], [0.5], 0.5, 0.5, 0.0, 0.0, 0.0, 0.0, chemical_potential_electron=-50.0
    )
    rates = ElectronScattering(Settings())(np.array([10.0]), matter)
    assert (rates.scattering >= 0.0).all()
