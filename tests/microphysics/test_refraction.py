import numpy as np
import pytest

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError, UnknownNameError
from microphysics.weak.couplings import WeakCouplings
from microphysics.weak.refraction import (
    forward_potential,
    matter_potential,
    neutral_current_potential,
    refractive_excess,
)

FERMI = CODATA.fermi_constant * CODATA.hbar_c**3 * 1e6  # eV cm^3
PER_GRAM = 1.0 / (CODATA.atomic_mass * CODATA.gram_per_mev)


def test_published_number():
    assert float(matter_potential(1.0, 1.0)) == pytest.approx(7.6325e-14, rel=1e-5)
    assert float(matter_potential(1e12, 0.3)) == pytest.approx(7.6325e-14 * 3e11, rel=1e-5)


def test_potential_is_the_sum_over_what_is_there():
    """sqrt(2) G_F sum C_V n of the couplings that scattering has: electrons, protons, neutrons of neutral matter."""
    couplings, density, y = WeakCouplings(), 3e10, 0.4
    proton, neutron = couplings.vector_couplings("nue")
    for flavor in ("nue", "numu", "nutau"):
        electron = couplings.electron_couplings(flavor)[0]
        charge = y * electron + y * proton + (1.0 - y) * neutron
        expected = np.sqrt(2.0) * FERMI * density * PER_GRAM * charge
        assert float(forward_potential(flavor, density, y)) == pytest.approx(expected, rel=1e-12)


def test_neutral_currents_and_antineutrinos():
    neutrons = 1e12 * PER_GRAM * 0.7
    assert float(neutral_current_potential(1e12, 0.3)) == pytest.approx(
        -FERMI * neutrons / np.sqrt(2.0), rel=1e-13
    )
    for flavor in ("nue", "numu", "nutau"):
        assert forward_potential("a" + flavor, 1e10, 0.2) == -forward_potential(flavor, 1e10, 0.2)
    # what mixing sees is the charged current alone
    difference = forward_potential("nue", 1e10, 0.2) - forward_potential("numu", 1e10, 0.2)
    assert float(difference) == pytest.approx(float(matter_potential(1e10, 0.2)), rel=1e-13)


def test_index():
    assert float(refractive_excess(10.0, 1e-2)) == pytest.approx(-1e-9, rel=1e-14)
    with pytest.raises(OutOfRangeError, match="neutrino energy = 0 MeV: must be > 0"):
        refractive_excess(0.0, 1.0)
    with pytest.raises(UnknownNameError, match="nux"):
        forward_potential("nux", 1.0, 0.5)
