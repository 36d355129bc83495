import numpy as np
import pytest

from microphysics.constants import CODATA
from microphysics.eos.composition import from_composition
from microphysics.processes.electron_scattering import ElectronScattering, transport_coefficient
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
    for i, names in enumerate((("nue",), ("anue",), ("numu", "anumu", "nutau", "anutau"))):
        mean = np.mean([transport_coefficient(name, w) for name in names])
        np.testing.assert_allclose(rates.scattering[i], mean * target[:, None] * energy, rtol=1e-13)
    assert rates.absorption is None
    assert not rates.exchange[:2].any()
    np.testing.assert_allclose(rates.exchange[2], 0.3 * rates.scattering[2], rtol=1e-14)


def test_positrons_in_excess_give_no_negative_opacity():
    matter = from_composition(
        [1e6], [1.0], [0.5], 0.5, 0.5, 0.0, 0.0, 0.0, 0.0, chemical_potential_electron=-50.0
    )
    rates = ElectronScattering(Settings())(np.array([10.0]), matter)
    assert (rates.scattering >= 0.0).all()
