import numpy as np
import pytest
from astropy import units as u

import microphysics
from microphysics.errors import OutOfRangeError

DENSITY = 1e12 * u.g / u.cm**3


def test_values_are_those_of_the_state_with_units():
    eos = microphysics.LattimerSwesty()
    found = microphysics.thermodynamics([1e9, 1e12] * u.kg / u.m**3, 1.5 * u.MeV, [[0.1], [0.3]], eos)
    state = eos([1e6, 1e9], 1.5, [[0.1], [0.3]])
    for name, quantity in found.items():
        assert quantity.shape == (2, 2)
        if name != "phase":
            np.testing.assert_array_equal(np.asarray(quantity), getattr(state, name))
    assert found["pressure_baryon"].unit == "erg / cm3"
    assert found["energy"].unit == "MeV"
    assert found["sound_speed"].to("km/s").max() < 3e5 * u.km / u.s
    assert set(found["phase"].ravel()) == {"uniform"}


def test_parts_sum_and_shape_follows_the_input():
    found = microphysics.thermodynamics(DENSITY, 2e10 * u.K, 0.35)
    assert found["temperature"].shape == ()
    assert found["temperature"].to_value("MeV") == pytest.approx(1.7234666)
    for name in ("pressure", "energy", "entropy"):
        parts = sum(found[f"{name}_{part}"] for part in ("baryon", "lepton", "photon"))
        assert (parts / found[name]).to_value("") == pytest.approx(1.0, rel=1e-14)
    assert found["phase"] == "nuclei"
    assert found["nse_valid"]
    assert not microphysics.thermodynamics(DENSITY, 0.3 * u.MeV, 0.35)["nse_valid"]


def test_unstable_matter_has_no_sound():
    soft = microphysics.LattimerSwesty(180.0)
    found = microphysics.thermodynamics(np.geomspace(5e12, 3e13, 9) * u.g / u.cm**3, 0.1 * u.MeV, 0.008, soft)
    assert np.isnan(found["sound_speed"]).any()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ((1e12, 2 * u.MeV, 0.3), "density: expected an astropy Quantity"),
        ((DENSITY, 2 * u.s, 0.3), "temperature: expected a unit like 'MeV', got 's'"),
        ((DENSITY, 2 * u.MeV, 0.9), "electron_fraction = 0.9"),
    ],
)
def test_bad_input_is_said(state, words):
    with pytest.raises(OutOfRangeError, match=words):
        microphysics.thermodynamics(*state)
