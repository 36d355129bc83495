import numpy as np
import pytest
from astropy import units

from microphysics.errors import UnknownNameError
from snsim.diagnostics.catalog import OBSERVABLES, observable
from snsim.variable import Variable

LENGTHS = {"species": 3, "energy": 48, "zone": 200, "interface": 201}


def test_names_and_the_nearest_one():
    assert sorted(OBSERVABLES) == ["delay", "electron_fraction", "gain_region", "kick", "neutrinosphere"]
    with pytest.raises(UnknownNameError, match="Did you mean 'gain_region'"):
        observable("gain_regoin")


@pytest.mark.parametrize("name", sorted(OBSERVABLES))
@pytest.mark.parametrize("changes", [{}, {"opacity": (1e-30,) * 3, "heating": 1e15, "shock": np.nan}])
def test_every_observable_labels_what_it_returns(star, name, changes):
    for key, variable in observable(name)(*star(**changes)).items():
        assert isinstance(variable, Variable), key
        units.Unit(variable.unit)
        assert variable.long_name
        assert variable.values.dtype == np.float64
        for dimension, length in zip(variable.dims, variable.values.shape, strict=True):
            assert LENGTHS.get(dimension, length) == length
        assert all(isinstance(value, str) for value in variable.attributes.values())
        assert np.isnan(variable.values).any() == ("reason" in variable.attributes), key
        assert not np.isinf(variable.values).any(), key
