import numpy as np
import pytest

from microphysics.constants import CODATA
from microphysics.errors import MicrophysicsError, OutOfRangeError, UnknownNameError
from microphysics.nuclei import Nucleus
from microphysics.weak.deuteron import L_1A, DeuteronBreakup, breakup_threshold

ENERGY = np.array([3.0, 5.0, 8.0, 12.0, 20.0])


def toy(scale=1.0):
    above = ENERGY - breakup_threshold("nc_nu")
    return DeuteronBreakup("nc_nu", ENERGY, 4e-44 * scale * above**2, 6e-46 * scale * above**2)


def test_thresholds():
    """Binding 2.2246 MeV; recoil included."""
    deuteron = float(Nucleus.named("H2").mass)
    binding = CODATA.neutron_mass + CODATA.proton_mass - deuteron
    assert binding == pytest.approx(2.22457, abs=2e-5)
    assert breakup_threshold("nc_anu") == pytest.approx(binding + binding**2 / (2.0 * deuteron), rel=1e-12)
    assert breakup_threshold("cc_nue") == pytest.approx(
        binding + CODATA.electron_mass - CODATA.nucleon_mass_difference, abs=1e-3
    )
    assert breakup_threshold("cc_anue") == pytest.approx(
        binding + CODATA.electron_mass + CODATA.nucleon_mass_difference, abs=5e-3
    )


def test_linear_in_the_coupling():
    table = toy()
    energy = np.linspace(1.0, 20.0, 50)
    zero, one, default = table(energy, 0.0), table(energy, 1.0), table(energy)
    np.testing.assert_allclose(default, zero + L_1A * (one - zero), rtol=1e-13)
    np.testing.assert_allclose(table.coupling_error(energy), 1.4 * (one - zero), rtol=1e-10, atol=1e-60)


def test_quadratic_table_is_exact_between_rows_and_zero_below_threshold():
    table = toy()
    energy = np.linspace(2.3, 20.0, 40)
    expected = (4e-44 + 3.9 * 6e-46) * (energy - breakup_threshold("nc_nu")) ** 2
    np.testing.assert_allclose(table(energy), expected, rtol=1e-12)
    np.testing.assert_allclose(table(ENERGY), table.one_body + 3.9 * table.two_body, rtol=1e-13)
    assert np.all(table(np.array([0.0, 1.0, 2.2])) == 0.0)


def test_reading_a_table(tmp_path):
    path = tmp_path / "deuteron.csv"
    path.write_text(
        "# toy\nchannel, energy_MeV, sigma_0_cm2, sigma_1_cm2_fm3\n"
        "nc_nu, 5.0, 1e-43, 1e-45\ncc_nue, 5.0, 3e-43, 2e-45\nnc_nu, 10.0, 1e-42, 1e-44\n"
    )
    table = DeuteronBreakup.from_file(path, "nc_nu")
    assert table.energy.tolist() == [5.0, 10.0]
    assert float(table(10.0)) == pytest.approx(1e-42 + 3.9e-44, rel=1e-13)
    with pytest.raises(UnknownNameError, match="unknown channel of the deuteron 'cc_anue'"):
        DeuteronBreakup.from_file(path, "cc_anue")
    path.write_text("channel, energy_MeV\nnc_nu, 1\n")
    with pytest.raises(MicrophysicsError, match="column sigma_0_cm2 is missing"):
        DeuteronBreakup.from_file(path, "nc_nu")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"energy": ENERGY - 1.0}, r"nc_nu: energy = 2 MeV: must be above 2.226 MeV"),
        ({"energy": ENERGY[::-1]}, "must be above the one before it"),
        ({"one_body": 0.0 * ENERGY}, "sigma_0 = 0 cm2: must be > 0"),
        ({"two_body": ENERGY[:2]}, "columns of the same length"),
    ],
)
def test_bad_tables_are_named(changed, words):
    given = {"channel": "nc_nu", "energy": ENERGY, "one_body": ENERGY, "two_body": ENERGY} | changed
    with pytest.raises(OutOfRangeError, match=words):
        DeuteronBreakup(**given)


def test_beyond_the_table():
    with pytest.raises(
        OutOfRangeError, match="energy = 21 MeV: must be at most 20 MeV, where the table ends"
    ):
        toy()(21.0)
    with pytest.raises(UnknownNameError, match="unknown channel"):
        breakup_threshold("nc")
