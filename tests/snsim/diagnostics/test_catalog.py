from dataclasses import fields, replace

import numpy as np
import pytest
from astropy import units

from microphysics.errors import UnknownNameError
from snsim.config.observables import OF_OPACITIES
from snsim.diagnostics.catalog import FROM_SPHERES, OBSERVABLES, observable
from snsim.diagnostics.neutrinosphere import transport_radius
from snsim.variable import Variable

LENGTHS = {"species": 3, "energy": 48, "zone": 200, "interface": 201}


def test_names_and_the_nearest_one():
    assert sorted(OBSERVABLES) == [
        "burst",
        "delay",
        "electron_fraction",
        "explosion",
        "flavour",
        "gain_region",
        "higgs_vev",
        "kick",
        "neutrino_conductivity",
        "neutrinosphere",
        "recoil_heating",
        "transport_sphere",
    ]
    with pytest.raises(UnknownNameError, match="Did you mean 'gain_region'"):
        observable("gain_regoin")


@pytest.mark.parametrize("name", OF_OPACITIES)
def test_observables_of_opacities_need_no_solution(star, name):
    background, spectra, solution = star()
    alone, beside = (observable(name)(background, spectra, each) for each in (None, solution))
    assert alone.keys() == beside.keys()
    for key, variable in alone.items():
        np.testing.assert_array_equal(variable.values, beside[key].values)


@pytest.mark.parametrize("name", sorted(OBSERVABLES))
@pytest.mark.parametrize("species", [("nue",), ("nux", "anue"), ("nux",)])
def test_solutions_of_fewer_species_are_served(star, name, species):
    background, spectra, solution = star()
    rows = [solution.species.index(s) for s in species]
    arrays = {
        f.name: getattr(solution, f.name)[rows]
        for f in fields(solution)
        if isinstance(getattr(solution, f.name), np.ndarray)
    }
    found = observable(name)(background, spectra, replace(solution, **arrays, species=species))
    whole = observable(name)(background, spectra, solution)
    for key, variable in found.items():
        if variable.dims[:1] == ("species",):
            np.testing.assert_array_equal(variable.values, whole[key].values[rows])
    if name == "electron_fraction":
        assert np.isnan(found["outer_equilibrium"].values)


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


@pytest.mark.parametrize("name", FROM_SPHERES)
def test_spheres_that_are_known_change_nothing(star, name):
    background, spectra, solution = star()
    spheres = transport_radius(background, spectra, solution)
    alone = observable(name)(background, spectra, solution)
    given = observable(name)(background, spectra, solution, spheres=spheres)
    further = observable(name)(background, spectra, solution, spheres=1.3 * spheres)
    for key, variable in alone.items():
        np.testing.assert_array_equal(variable.values, given[key].values)
    assert any(not np.array_equal(v.values, further[k].values, equal_nan=True) for k, v in alone.items())
