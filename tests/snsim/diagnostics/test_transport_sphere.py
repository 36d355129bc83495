"""Spheres of every energy, what they are made of, and depths at densities, against power laws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snsim.diagnostics import neutrinosphere
from snsim.diagnostics._kernels import spheres as kernels
from snsim.diagnostics.neutrinosphere import Crossing
from snsim.diagnostics.transport_sphere import (
    at_infinity,
    observe,
    radius_of_density,
    shares_at_sphere,
)

LEVEL = 2.0 / 3.0


def sphere(opacity, slope=5.0, outer=3e7, level=LEVEL):
    """R with int_R^outer opacity (r/3e6)^-slope dr = level."""
    scale = opacity * 3e6 / (slope - 1.0)
    return 3e6 * (level / scale + (outer / 3e6) ** (1.0 - slope)) ** (-1.0 / (slope - 1.0))


def depth(radius, opacity, slope, outer=3e7):
    return opacity * 3e6 / (slope - 1.0) * ((radius / 3e6) ** (1.0 - slope) - (outer / 3e6) ** (1.0 - slope))


def split(spectra, background, slope=3.0):
    """Add a flatter second process, so that shares depend on where the sphere is."""
    more = 1e-8 * (background.radius[:, None] / 3e6) ** -slope * (spectra.energy / 10.0) ** 2
    shape = (1, len(spectra.species), *more.shape)
    second = np.broadcast_to(more, shape)
    return replace(
        spectra,
        processes=("toy", "nucleus_scattering"),
        absorption=np.concatenate([spectra.absorption, 0.0 * second]),
        scattering=np.concatenate([spectra.scattering, second]),
        exchange=np.concatenate([spectra.exchange, 0.0 * second]),
    )


def test_spheres_are_those_of_the_neutrinospheres(star):
    background, spectra, solution = star()
    found = observe(background, spectra)
    same = neutrinosphere.observe(background, spectra, solution)
    for ours, theirs in (
        ("radius", "spectral_transport"),
        ("thermalisation_radius", "spectral_energy"),
        ("absorption_radius", "spectral_number"),
    ):
        np.testing.assert_array_equal(found[ours].values, same[theirs].values)


def test_numbers_of_single_energies(star):
    background, spectra, _ = star(zones=1600)
    found = observe(background, spectra, energies=(8.0, 12.5, 500.0))
    opacities = np.array([2e-6, 1.5e-6, 1e-6])
    for name, energy in (("8", 8.0), ("12.5", 12.5)):
        exact = sphere(opacities * (energy / 10.0) ** 2)
        np.testing.assert_allclose(found[f"radius_{name}_mev"].values, exact, rtol=2e-3)
        # the density falls with r^-3
        np.testing.assert_allclose(found[f"density_{name}_mev"].values, 1e10 * (exact / 1e7) ** -3, rtol=6e-3)
        thermal = sphere(opacities * np.sqrt(0.1) * (energy / 10.0) ** 2)
        np.testing.assert_allclose(found[f"thermalisation_radius_{name}_mev"].values, thermal, rtol=2e-3)
    beyond = found["radius_500_mev"]
    assert np.isnan(beyond.values).all()
    assert "an energy beyond it" in beyond.attributes["reason"]
    assert not any(key.startswith("nuclei_share") for key in found)


def test_density_at_the_sphere_is_that_of_the_star(star):
    background, spectra, _ = star()
    found = observe(background, spectra)
    radius, density = found["radius"].values, found["density"].values
    inside = (radius > background.radius[0]) & (radius < background.radius[-1])
    np.testing.assert_allclose(density[inside], 1e10 * (radius[inside] / 1e7) ** -3, rtol=1e-10)


def test_optical_depth_at_densities(star):
    background, spectra, _ = star(zones=1600)
    found = observe(background, spectra, densities=(1e10, 1e11, 1e30), energies=(10.0,))
    for name, density in (("1e10", 1e10), ("1e11", 1e11)):
        radius = 1e7 * (density / 1e10) ** (-1.0 / 3.0)
        assert radius_of_density(background, density) == pytest.approx(radius, rel=1e-10)
        exact = depth(radius, np.array([2e-6, 1.5e-6, 1e-6]), 5.0)
        np.testing.assert_allclose(found[f"optical_depth_{name}_10_mev"].values, exact, rtol=3e-3)
        assert found[f"optical_depth_{name}"].dims == ("species", "energy")
    assert "does not fall through 1e+30" in found["optical_depth_1e30"].attributes["reason"]
    assert np.isnan(found["optical_depth_1e30_10_mev"].values).all()


def test_shares_of_processes(star):
    background, spectra, _ = star(zones=1600)
    found = observe(background, split(spectra, background))
    radius, share = found["radius"].values, found["share"].values
    assert found["share"].dims == ("process", "species", "energy")
    known = np.isfinite(radius)
    np.testing.assert_allclose(share.sum(axis=0)[known], 1.0, rtol=1e-12)
    inside = known & (radius > 1.5e6) & (radius < 2e7)
    squared = np.broadcast_to((spectra.energy / 10.0) ** 2, radius.shape)
    exact = depth(radius, 1e-8 * squared, 3.0) / LEVEL
    np.testing.assert_allclose(share[1][inside], exact[inside], rtol=5e-3)
    assert share[1][inside].max() > 2.0 * share[1][inside].min()
    at_ten = np.interp(np.log(10.0), np.log(spectra.energy), share[1, 0])
    assert found["nuclei_share_10_mev"].values[0] == pytest.approx(at_ten, rel=1e-12)


def test_energies_at_infinity(star):
    # an E^2 opacity is 1/alpha^2 larger for the observer on the spot: the powers are exact, also beyond the grid
    background, spectra, _ = star(mass=2.8e33)
    assert background.lapse[0] < 0.75
    opacity = spectra.total_scattering
    wanted = opacity / background.lapse[:, None] ** 2
    np.testing.assert_allclose(at_infinity(opacity, spectra.energy, background.lapse), wanted, rtol=1e-10)
    local, far = (observe(background, spectra, energy_frame=frame) for frame in ("local", "infinity"))
    known = np.isfinite(local["radius"].values)
    assert (far["radius"].values[known] > local["radius"].values[known]).all()
    assert "divided by the lapse" in far["radius"].attributes["frame"]
    zero = at_infinity(0.0 * opacity, spectra.energy, background.lapse)
    assert not zero.any()


def test_transparent_star(star):
    background, spectra, _ = star(opacity=(2e-6, 1e-30, 1e-30))
    found = observe(background, spectra)
    assert "never reaches 2/3" in found["radius"].attributes["reason"]
    assert np.isnan(found["share"].values[:, 1:]).all()


@given(
    low=st.lists(st.floats(1e-3, 1.0), min_size=2, max_size=4),
    high=st.lists(st.floats(1.0, 9.0), min_size=4, max_size=4),
)
def test_shares_add_up_and_lie_between_their_ends(low, high):
    path = np.array([0.5, 2.0])
    parts = [
        np.array([[[b], [a]]]) / path[:, None] for a, b in zip(low, high, strict=False)
    ]  # one species, two zones, one energy
    total = sum(low[: len(parts)]) + sum(high[: len(parts)])
    sphere = Crossing(*kernels.crossings(np.array([1.0, 2.0, 3.0]), path, sum(parts), 0.5 * total))
    shares = shares_at_sphere(path, parts, sphere, 0.5 * total)
    assert shares.sum() == pytest.approx(1.0, rel=1e-12)
    assert (shares >= 0.0).all()
