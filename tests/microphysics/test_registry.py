from collections import namedtuple

import numpy as np
import pytest

from microphysics import _registry
from microphysics._registry import FORM_FACTORS, PROCESSES, STRUCTURE_FACTORS, PlugInError, Registry
from microphysics.constants import CODATA
from microphysics.eos.composition import from_composition
from microphysics.errors import (
    ExtrapolationWarning,
    MicrophysicsError,
    OutOfRangeError,
    PhysicsWarning,
    UnknownNameError,
)
from microphysics.opacity import OpacitySet
from microphysics.processes.contract import Rates
from microphysics.processes.settings import Settings
from microphysics.weak.form_factors import OneShape

Distribution = namedtuple("Distribution", "name version")


class Entry:
    """As importlib.metadata gives it."""

    def __init__(self, name, value):
        self.name, self.value = name, value
        self.loads = 0

    def load(self):
        self.loads += 1
        return self.value


@pytest.fixture
def offer(monkeypatch):
    offered = {}
    monkeypatch.setattr(_registry, "entry_points", lambda group: offered.get(group, []))
    return offered


def test_register_and_find(offer):
    registry = Registry("toy", "nobody.toys")

    @registry.register("ball")
    def ball():
        return "round"

    assert registry["ball"] is ball
    assert list(registry) == ["ball"]
    with pytest.raises(ValueError, match="toy 'ball' is registered twice"):
        registry.register("ball")(ball)


def test_unknown_name_lists_all_and_the_nearest(offer):
    registry = Registry("toy", "nobody.toys")
    registry.register("ball")(dict)
    offer["nobody.toys"] = [Entry("teddy", dict)]
    with pytest.raises(UnknownNameError) as caught:
        registry["tedy"]
    assert str(caught.value) == "unknown toy 'tedy'; known are ball, teddy. Did you mean 'teddy'?"
    with pytest.raises(UnknownNameError) as caught:
        registry["xyz"]
    assert "Did you mean" not in str(caught.value)
    assert isinstance(caught.value, KeyError)
    assert isinstance(caught.value, MicrophysicsError)


def test_entry_points_are_loaded_only_when_asked_for(offer):
    registry = Registry("toy", "nobody.toys")
    registry.register("ball")(dict)
    entry = Entry("kite", list)
    offer["nobody.toys"] = [entry]
    assert list(registry) == ["ball", "kite"]
    assert registry["ball"] is dict
    assert entry.loads == 0
    assert registry["kite"] is list
    assert entry.loads == 1


class Broken(Entry):
    """One whose module lacks what the entry point names."""

    group, dist = "nobody.toys", None

    def load(self):
        raise AttributeError("module 'kites' has no attribute 'Kite'")


def test_a_broken_entry_point_is_named_and_leaves_the_others(offer):
    registry = Registry("toy", "nobody.toys")
    broken = Broken("kite", "kites:Kite")
    broken.dist = Distribution("kites", "1.2")
    offer["nobody.toys"] = [broken, Entry("teddy", dict)]
    assert list(registry) == ["kite", "teddy"]
    assert registry["teddy"] is dict
    with pytest.raises(PlugInError) as caught:
        registry["kite"]
    assert str(caught.value) == (
        "toy 'kite': its entry point cannot be loaded, kite = \"kites:Kite\" in [nobody.toys] of kites 1.2 "
        "(AttributeError: module 'kites' has no attribute 'Kite')"
    )


def test_built_in_names_cannot_be_taken_over(offer):
    offer["microphysics.processes"] = [Entry("pair", dict)]
    assert PROCESSES["pair"] is not dict


def test_groups():
    assert PROCESSES.group == "microphysics.processes"
    assert STRUCTURE_FACTORS.group == "microphysics.structure_factors"
    assert FORM_FACTORS.group == "microphysics.form_factors"
    assert {"helm", "burrows", "point"} <= set(FORM_FACTORS)


class Absorber:
    """A process of another package."""

    name = "absorber"
    references = ("them",)
    species = ("nux",)

    def __init__(self, settings):
        self.scale = settings.couplings.weak_scale

    def __call__(self, energy, matter):
        return Rates(absorption=(self.scale * 1e-20 * matter.density[:, None] * energy)[None])


class HalfStructure:
    """S(q) of another package."""

    name, references, validity = "half", ("they",), "nowhere"

    def __init__(self, on_out_of_range):
        self.on_out_of_range = on_out_of_range

    def __call__(self, q, matter):
        return np.full(q.shape, 0.5)


class Dipole(OneShape):
    """Form factor of another package."""

    name, references = "dipole", ()

    def __init__(self, nucleus):
        self.squared_radius = 0.1 * nucleus.mass_number

    def __call__(self, q):
        return 1.0 / (1.0 + q**2 * self.squared_radius)


class HalfSize(Dipole):
    """One that does not count all nucleons."""

    def __call__(self, q):
        return 0.5 * super().__call__(q)


def test_plug_ins_reach_the_opacity(offer):
    matter = from_composition([1e11, 1e12], [1.0, 2.0], 0.4, 0.1, 0.0, 0.0, 0.9, 70.0, 30.0)
    energy = np.array([2.0, 20.0])
    offer["microphysics.processes"] = [Entry("absorber", Absorber)]
    offer["microphysics.structure_factors"] = [Entry("half", HalfStructure)]
    offer["microphysics.form_factors"] = [Entry("dipole", Dipole), Entry("half-size", HalfSize)]
    common = {"electron_polarization": "none"}

    def scattering(**choices):
        chosen = OpacitySet.from_names(["absorber", "nucleus_scattering"], Settings(**common, **choices))
        return chosen, chosen.spectral(matter, energy)

    _, plain = scattering(structure_factor="none", form_factor="point")
    chosen, correlated = scattering(structure_factor="half", form_factor="point", on_out_of_range="error")
    _, extended = scattering(structure_factor="none", form_factor="dipole")
    np.testing.assert_allclose(correlated.scattering[1], 0.5 * plain.scattering[1], rtol=1e-13)
    first_order = 1.0 - 2.0 * 7.0 * 2.0 * (energy / (CODATA.hbar_c * 1e13)) ** 2  # <q^2> = 2 E^2
    ratio = extended.scattering[1] / plain.scattering[1]
    np.testing.assert_allclose(ratio[..., 0], first_order[0], rtol=1e-4)
    assert (ratio[..., 1] < 0.9).all()
    with pytest.raises(OutOfRangeError, match="F\\(0\\)"):
        scattering(form_factor="half-size")
    np.testing.assert_allclose(plain.absorption[0, 2], 1e-20 * matter.density[:, None] * energy, rtol=1e-13)
    assert chosen.processes[1].structure.on_out_of_range == "error"
    assert {"them", "they"} <= set(chosen.references)


def test_tree_of_errors():
    assert issubclass(OutOfRangeError, ValueError)
    assert issubclass(OutOfRangeError, MicrophysicsError)
    assert issubclass(ExtrapolationWarning, PhysicsWarning)
    assert issubclass(PhysicsWarning, UserWarning)
