"""Edges of zones: logarithmic, one of them at the shock, so that answers move with the shock as the star does."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import snsim
from snsim.config.schema import Config
from snsim.errors import UnresolvedWarning
from snsim.transport.grid import zone_edges

KM = 1e5


@given(
    zones=st.integers(10, 400),
    inner=st.floats(1.0, 10.0),
    outer=st.floats(100.0, 1e4),
    place=st.floats(-0.2, 1.2),
)
def test_edges_rise_evenly_to_the_shock_and_beyond(zones, inner, outer, place):
    shock = inner * (outer / inner) ** place
    edges = zone_edges(zones, inner * KM, outer * KM, shock * KM)
    assert edges.size == zones + 1
    assert (edges[0], edges[1], edges[-1]) == (0.0, inner * KM, pytest.approx(outer * KM, rel=1e-12))
    assert (np.diff(edges) > 0.0).all()
    widths, even = np.diff(np.log(edges[1:])), np.log(outer / inner) / (zones - 1)
    assert widths.max() < 2.0 * even
    assert widths.min() > 0.5 * even
    if 0.6 < place * (zones - 1) < zones - 1.6:
        assert shock * KM in edges
    if not 0.0 < place < 1.0:
        np.testing.assert_allclose(edges[1:], np.geomspace(inner, outer, zones) * KM, rtol=1e-12)


@pytest.fixture(scope="module")
def larger_and_larger():
    """Stars whose shocks lie 2 km apart, on 40 zones that are 20 km wide there."""
    results = []
    for shock in (150, 152, 154, 156, 158, 160):
        config = Config(
            schema=1, profile={"format": "hydrostatic", "shock_radius": f"{shock} km"}, grid={"zones": 40}
        )
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", UnresolvedWarning
            )  # some are coarse at the neutrinosphere, as they may
            results.append(snsim.simulate(config))
    return results


def test_luminosities_rise_steadily_with_the_shock(larger_and_larger):
    luminosity = np.array(
        [each["transport"]["luminosity_infinity"].values[:, -1] for each in larger_and_larger]
    )
    steps = luminosity[1:] / luminosity[:-1] - 1.0
    assert (steps[:, 0] > 0.0).all()
    assert (steps[:, 0] < 0.002).all()
    assert (steps[:, 1] > 0.01).all()
    assert (steps[:, 1] < 0.02).all()


def test_mass_of_the_gain_region_rises_steadily_with_the_shock(larger_and_larger):
    mass = np.array([float(each["diagnostics/gain_region"]["mass"].values) for each in larger_and_larger])
    steps = mass[1:] / mass[:-1] - 1.0
    assert (steps > 0.01).all()
    assert (steps < 0.04).all()


def test_steps_are_small_where_the_number_of_zones_beneath_the_shock_changes():
    """At 4 km (600/4)^(n/39 + 1/78), with 28 zones beneath and 29."""
    turn = 4.0 * 150.0 ** (28.5 / 39.0)
    found = []
    for shock in (turn - 0.01, turn + 0.01):
        profile = {"format": "analytic", "shock_radius": f"{shock} km"}
        config = Config(schema=1, profile=profile, grid={"zones": 40, "r_outer": "600 km"})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnresolvedWarning)
            result = snsim.simulate(config)
        edges = result["profile"]["radius_interface"].values
        beneath = int((edges[1:] < shock * KM * (1.0 - 1e-9)).sum())
        luminosity = result["transport"]["luminosity_infinity"].values[:, -1]
        found.append((beneath, luminosity, float(result["diagnostics/gain_region"]["mass"].values)))
    (before, light, mass), (after, light_after, mass_after) = found
    assert (before, after) == (28, 29)
    np.testing.assert_allclose(light_after, light, rtol=2e-3)
    assert mass_after == pytest.approx(mass, rel=0.025)
