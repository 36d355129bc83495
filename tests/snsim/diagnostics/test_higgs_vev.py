import numpy as np
import pytest

from microphysics.errors import OutOfRangeError
from snsim.config.load import load_config
from snsim.diagnostics.higgs_vev import atmosphere_exponents, observe, sphere_exponent
from snsim.diagnostics.neutrinosphere import optical_depth, radius_of_depth
from snsim.vev import pipeline_exponents


def test_reference_table(reference, read_columns):
    table = read_columns(reference / "observables" / "vev_exponents.csv")
    found = atmosphere_exponents(table["n(rho~r^-n)"], table["p(T~r^-p)"])
    for name, column in (
        ("radius", "dlnRnu/dlnv"),
        ("temperature", "dlnTnu/dlnv"),
        ("luminosity", "dlnL/dlnv"),
        ("heating", "dln(sigma L T^2)/dlnv"),
    ):
        np.testing.assert_allclose(getattr(found, name), table[column], rtol=1e-8, atol=1e-14)


@pytest.mark.parametrize(("n", "p"), [(3.0, 1.0), (5.0, 1.0), (10.0, 1.0), (4.0, 0.5)])
def test_measured_exponent_of_a_power_law_atmosphere(n, p):
    edges = np.geomspace(1e6, 1e12, 1201)
    centres = np.sqrt(edges[1:] * edges[:-1])
    opacity = 1e-5 * (centres / 3e6) ** -(n + 2.0 * p)  # ~ rho T^2
    depth = optical_depth(edges, np.ones_like(centres), opacity)
    assert radius_of_depth(edges, depth) > 1e6
    closed = float(atmosphere_exponents(n, p).radius)
    assert float(sphere_exponent(edges, depth)) == pytest.approx(closed, rel=1e-6)


def test_star_of_power_laws(star):
    # kappa ~ r^-5 at a fixed spectrum: R ~ v^(-4/4); rho ~ r^-3, T ~ 1/r: -4/(3 + 2 - 1)
    found = observe(*star(zones=400))
    np.testing.assert_allclose(found["radius_exponent"].values, -1.0, rtol=2e-3)
    np.testing.assert_allclose(found["density_slope"].values, 3.0, rtol=1e-9)
    np.testing.assert_allclose(found["temperature_slope"].values, 1.0, rtol=1e-9)
    np.testing.assert_allclose(found["atmosphere_radius_exponent"].values, -1.0, rtol=1e-9)
    np.testing.assert_allclose(found["atmosphere_heating_exponent"].values, 0.0, atol=1e-8)
    assert "Lambda_QCD" in found["radius_exponent"].attributes["definition"]


def test_no_sphere_is_nan_with_a_reason(star):
    found = observe(*star(opacity=(2e-6, 1e-30, 1e-30)))
    for variable in found.values():
        np.testing.assert_array_equal(np.isnan(variable.values), [False, True, True])
        assert "2/3" in variable.attributes["reason"]


def test_impossible_atmospheres_and_runs_are_refused(tmp_path):
    with pytest.raises(OutOfRangeError, match=r"n \+ 2p = 1: must be above 1"):
        atmosphere_exponents(1.0, 0.0)
    (tmp_path / "run.toml").write_text('schema = 1\ntransport.scheme = "none"\n')
    config = load_config(tmp_path / "run.toml")
    with pytest.raises(OutOfRangeError, match="need its transport"):
        pipeline_exponents(config)
    with pytest.raises(OutOfRangeError, match="step = 0"):
        pipeline_exponents(config, 0.0)


@pytest.mark.filterwarnings("ignore::microphysics.errors.PhysicsWarning")
def test_whole_runs_shrink_their_spheres_and_brighten(tmp_path):
    (tmp_path / "run.toml").write_text('schema = 1\nprofile.format = "analytic"\ngrid.zones = 100\n')
    found = pipeline_exponents(load_config(tmp_path / "run.toml"))
    # weaker interactions: spheres deeper and hotter, luminosities up, less heating
    assert (found.radius < 0.0).all()
    assert (found.mean_energy > 0.0).all()
    assert (found.luminosity > 0.0).all()
    assert found.heating < 0.0
    # the closed form takes opacity ~ T^2 of the matter and one slope: right to a third
    np.testing.assert_allclose(found.radius, found.atmosphere_radius, rtol=0.35)
    assert "Lambda_QCD" in found.held_fixed
