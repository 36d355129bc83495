import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microphysics.spectrum import FermiDirac
from snsim.diagnostics.neutrinosphere import (
    crossing,
    effective_opacity,
    gray_opacity,
    observe,
    optical_depth,
    radius_of_depth,
    radius_of_flux_factor,
    spectral_mean,
)


def power_law_sphere(opacity, slope, outer, level=2.0 / 3.0):
    """R with int_R^outer opacity (r/3e6)^-slope dr = level."""
    scale = opacity * 3e6 / (slope - 1.0)
    return 3e6 * (level / scale + (outer / 3e6) ** (1.0 - slope)) ** (-1.0 / (slope - 1.0))


def test_optical_depth_is_zero_at_the_edge_and_counts_proper_length():
    edges = np.array([0.0, 1.0, 3.0, 4.0])
    depth = optical_depth(edges, np.array([1.0, 0.5, 1.0]), np.array([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]]))
    np.testing.assert_allclose(depth, [[12.0, 11.0, 3.0, 0.0], [4.0, 4.0, 0.0, 0.0]])


def test_spectral_spheres_of_a_power_law(star):
    background, spectra, solution = star(zones=800)
    found = observe(background, spectra, solution)
    energy = spectra.energy
    for kind, factor in (("transport", 1.0), ("energy", np.sqrt(0.1)), ("number", np.sqrt(0.1))):
        radii = found[f"spectral_{kind}"]
        assert radii.dims == ("species", "energy")
        for s, opacity in enumerate((2e-6, 1.5e-6, 1e-6)):
            exact = power_law_sphere(opacity * factor * (energy / 10.0) ** 2, 5.0, 3e7)
            inside = (exact > 1.3e6) & (exact < 2.5e7)
            assert inside.sum() > 15
            np.testing.assert_allclose(radii.values[s, inside], exact[inside], rtol=3e-4)


def test_radius_converges_in_second_order(star):
    errors = []
    for zones in (100, 200, 400, 800):
        background, spectra, solution = star(zones=zones)
        found = observe(background, spectra, solution)["spectral_transport"].values[0]
        exact = power_law_sphere(2e-6 * (spectra.energy / 10.0) ** 2, 5.0, 3e7)
        inside = (exact > 2e6) & (exact < 2e7)
        errors.append(np.abs(found / exact - 1.0)[inside].max())
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert orders[-1] > 1.8, errors


def test_gray_means_of_a_quadratic_opacity(star):
    background, spectra, solution = star()
    spectrum = FermiDirac(solution.neutrino_temperature, solution.degeneracy)
    base = np.array([2e-6, 1.5e-6, 1e-6])[:, None] * (background.radius / 3e6) ** -5.0 / 100.0
    energy_mean = gray_opacity(spectra, solution, "transport", "energy_mean")
    np.testing.assert_allclose(energy_mean, base * spectrum.rms_energy**2, rtol=1e-5)
    number_mean = gray_opacity(spectra, solution, "transport", "number_mean")
    np.testing.assert_allclose(number_mean, base * spectrum.rms_number**2, rtol=3e-4)
    # int E^4 f(1-f) / int E^2 f(1-f) = 7 pi^2/5 T^2 at eta = 0
    rosseland = gray_opacity(spectra, solution, "transport", "rosseland")
    np.testing.assert_allclose(rosseland, base * 1.4 * np.pi**2 * spectrum.temperature**2, rtol=3e-4)


def test_gray_spheres_and_their_labels(star):
    found = observe(*star(zones=800))
    square = FermiDirac([4.0, 5.0, 6.0]).rms_energy ** 2 / 100.0
    exact = power_law_sphere(np.array([2e-6, 1.5e-6, 1e-6]) * square, 5.0, 3e7)
    np.testing.assert_allclose(found["transport_energy_mean"].values, exact, rtol=1e-4)
    assert (found["transport_energy_mean"].values > found["transport_rosseland"].values).all()
    assert (found["energy_sphere"].values < found["transport_energy_mean"].values).all()
    np.testing.assert_array_equal(found["energy_sphere"].values, found["number_sphere"].values)
    assert found["optical_depth"].values.shape == (3, 801)
    for variable in found.values():
        assert variable.attributes["definition"]
        assert variable.attributes["references"]
        assert np.isnan(variable.values).any() == ("reason" in variable.attributes)


def test_flux_factor_spheres_are_exact_radii(star):
    found = observe(*star())
    # h = r/(r + 3e6)
    for name, exact in (("quarter", 1e6), ("third", 1.5e6), ("half", 3e6)):
        np.testing.assert_allclose(found[f"flux_factor_{name}"].values, exact, rtol=2e-4)
    edges, values = np.array([0.0, 1.0, 2.0, 3.0]), np.array([np.nan, 0.1, 0.5, 0.2])
    assert radius_of_flux_factor(edges, values, 0.3) == pytest.approx(1.5)
    assert np.isnan(radius_of_flux_factor(edges, values, 0.05))


def test_what_is_not_there_is_nan_with_a_reason(star):
    found = observe(*star(opacity=(2e-6, 1e-30, 1e-30)))
    gray = found["transport_energy_mean"]
    assert np.isfinite(gray.values[0])
    assert np.isnan(gray.values[1:]).all()
    assert gray.attributes["reason"] == "optical depth never reaches 2/3 for anue, nux"
    assert "of 48 energies" in found["spectral_transport"].attributes["reason"]


def test_edges_where_logarithms_fail():
    edges = np.array([0.0, 1.0, 2.0])
    assert radius_of_depth(edges, np.array([2.0, 1.0, 0.0])) == pytest.approx(4.0 / 3.0)
    assert radius_of_depth(edges, np.array([1.0, 0.5, 0.0])) == pytest.approx(2.0 / 3.0)
    assert np.isnan(radius_of_depth(edges, np.array([np.nan, 0.5, 0.0])))


def test_opacity_that_vanishes_at_one_energy_has_rosseland_mean_zero():
    energy = np.geomspace(1.0, 100.0, 30)
    opacity = np.where(np.arange(30) == 5, 0.0, energy**2)
    assert spectral_mean(opacity, energy, np.array(4.0), 0.0, "rosseland") == 0.0


@settings(max_examples=30, deadline=None)
@given(factor=st.floats(1.01, 30.0), slope=st.floats(3.0, 8.0))
def test_more_opacity_moves_spheres_outward(factor, slope):
    edges = np.geomspace(1e5, 1e8, 101)
    opacity = 1e-6 * (np.sqrt(edges[1:] * edges[:-1]) / 3e6) ** -slope
    one, more = (
        radius_of_depth(edges, optical_depth(edges, np.ones(100), k * opacity)) for k in (1.0, factor)
    )
    assert more > one
    for k, radius in ((1.0, one), (factor, more)):
        assert radius == pytest.approx(power_law_sphere(1e-6 * k, slope, 1e8), rel=5e-3)


@given(absorbing=st.floats(1e-12, 1.0), scattering=st.floats(0.0, 1.0))
def test_random_walk_opacity_lies_between_its_parts(absorbing, scattering):
    assert absorbing * (1 - 1e-12) <= effective_opacity(absorbing, scattering)
    assert effective_opacity(absorbing, scattering) <= (absorbing + scattering) * (1 + 1e-12)


def test_crossings_are_where_the_whole_optical_depth_has_its_level(star):
    background, spectra, _ = star()
    random = np.random.default_rng(3)
    opacity = spectra.total_absorption * random.uniform(0.1, 3.0, spectra.total_absorption.shape)
    opacity[0, :, 7], opacity[1, 50, 9] = 0.0, np.nan
    found = crossing(background, opacity, 0.4)
    depth = optical_depth(background.radius_interface, background.gamma, np.moveaxis(opacity, 1, -1))
    np.testing.assert_allclose(
        found.radius, radius_of_depth(background.radius_interface, depth, 0.4), rtol=1e-12
    )
    there = np.isfinite(found.radius)
    assert not there[0, 7]
    assert there.any()
    outer, inner = (np.take_along_axis(depth, found.zone[..., None] + i, -1)[..., 0] for i in (1, 0))
    np.testing.assert_allclose((outer + found.share * (inner - outer))[there], 0.4, rtol=1e-12)
