"""Constants against scipy.constants (CODATA) and against each other."""

import dataclasses
import math

import pytest
from scipy import constants as si

from microphysics.constants import CODATA, NULIB

MEV = si.electron_volt * 1e6


def tabulated(name):
    return si.physical_constants[f"{name} energy equivalent in MeV"][0]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("hbar_c", si.hbar * si.c / MEV * 100.0),
        ("electron_mass", tabulated("electron mass")),
        ("neutron_mass", tabulated("neutron mass")),
        ("proton_mass", tabulated("proton mass")),
        ("muon_mass", tabulated("muon mass")),
        ("atomic_mass", tabulated("atomic mass constant")),
        ("fine_structure", si.fine_structure),
        ("speed_of_light", si.c * 100.0),
        ("erg_per_mev", MEV * 1e7),
        ("gram_per_mev", MEV / si.c**2 * 1e3),
        ("boltzmann", si.k / MEV),
        ("gravitational_constant", si.G * 1e3),
        ("coulomb_squared", si.e**2 / (4.0 * math.pi * si.epsilon_0) / MEV * 100.0),
    ],
)
def test_codata(field, expected):
    # 1e-8: CODATA releases differ by less (the muon's mass by 2e-9), a wrong digit or unit by more
    assert getattr(CODATA, field) == pytest.approx(expected, rel=1e-8)


def test_fermi_constant():
    # known to 5e-7; scipy has GeV^-2
    tabulated_value = si.physical_constants["Fermi coupling constant"][0] * 1e-6
    assert CODATA.fermi_constant == pytest.approx(tabulated_value, rel=1e-6)


def test_nucleon_mass_difference():
    # 1e-7: measured directly better than as the difference of two masses
    difference = si.physical_constants["neutron-proton mass difference energy equivalent in MeV"][0]
    assert CODATA.nucleon_mass_difference == pytest.approx(difference, rel=1e-6)
    assert CODATA.nucleon_mass_difference == CODATA.neutron_mass - CODATA.proton_mass


def test_solar_mass_is_the_nominal_one():
    # IAU 2015 resolution B3: GM = 1.3271244e20 m^3/s^2; the mass is as uncertain as G
    assert CODATA.solar_mass * CODATA.gravitational_constant == pytest.approx(1.3271244e26, rel=1e-14)
    assert CODATA.solar_mass == pytest.approx(1.98841e33, rel=1e-5)


@pytest.mark.parametrize(("constants", "tolerance"), [(CODATA, 1e-14), (NULIB, 2e-4)])
def test_sigma0_is_made_of_the_other_constants(constants, tolerance):
    # NuLib rounds sigma0 to four digits
    squared = (constants.fermi_constant * constants.electron_mass * constants.hbar_c) ** 2
    assert constants.sigma0 == pytest.approx(4.0 * squared / math.pi, rel=tolerance)


def test_fields_that_repeat_others_agree():
    assert CODATA.coulomb_squared == pytest.approx(CODATA.fine_structure * CODATA.hbar_c, rel=1e-15)
    assert CODATA.gram_per_mev == pytest.approx(CODATA.erg_per_mev / CODATA.speed_of_light**2, rel=1e-15)


def test_nulib_set_lies_near_codata():
    # every field differs by its age or rounding only: a slip of a digit would show
    for field in dataclasses.fields(CODATA):
        if field.name != "blocking_mass":
            assert getattr(NULIB, field.name) == pytest.approx(getattr(CODATA, field.name), rel=2e-4), (
                field.name
            )
    assert CODATA.blocking_mass is None
