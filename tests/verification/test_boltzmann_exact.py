"""Variable Eddington factors against exact and converged solutions of the Boltzmann equation.

Homogeneous sphere (Smit et al. 1997), scattering halo (extended spherical atmosphere), Milne's problem (Hopf 1934), compact
star of uniform density.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

from snsim.transport.coupling import uncoupled
from snsim.transport.eddington import ray_source, solve_eddington
from snsim.transport.groups import GroupMedium
from snsim.transport.mesh import Mesh
from snsim.transport.rays import formal_solution


def stretched(length: float, zones: int, first: float) -> np.ndarray:
    """Distances from 0 to `length` in geometric steps, the first one `first`, or equal ones where that is shorter."""
    if zones * first >= length:
        return np.linspace(0.0, length, zones + 1)
    ratio = brentq(
        lambda q: first * np.expm1(zones * np.log(q)) / (q - 1.0) - length, 1.0 + 1e-9, 10.0 ** (50.0 / zones)
    )
    return np.append(0.0, np.cumsum(first * ratio ** np.arange(zones)))


def around_surface(zones: int, outer: float, finest: float) -> np.ndarray:
    """Edges from 0 to `outer`, finest on both sides of 1."""
    inner = zones // 2 if outer < 5.0 else zones // 3
    edges = np.concatenate(
        [1.0 - stretched(1.0, inner, finest)[::-1], 1.0 + stretched(outer - 1.0, zones - inner, finest)[1:]]
    )
    edges[0] = 0.0
    return edges


def medium_of(absorption, scattering, equilibrium) -> GroupMedium:
    columns = (np.ascontiguousarray(x[:, None], dtype=float) for x in (absorption, scattering, equilibrium))
    return GroupMedium(*columns, uncoupled())


def sphere(zones: int, depth: float):
    """Luminosity over the exact one, radii, J."""
    mesh = Mesh.flat(around_surface(zones, 3.0, min(40.0 / depth, 3.0) / zones))
    inside = mesh.radius < 1.0
    field = solve_eddington(
        mesh, medium_of(np.where(inside, depth, 0.0), 0.0 * mesh.radius, np.where(inside, 1.0, 0.0))
    )
    assert field.converged
    emergent = 0.25 * (1.0 - (1.0 - (1.0 + 2.0 * depth) * np.exp(-2.0 * depth)) / (2.0 * depth**2))
    return field.flux[-1, 0] * 9.0 / emergent - 1.0, mesh, field


@pytest.mark.parametrize("depth", [0.1, 1.0, 4.0, 10.0, 100.0, 250.0, 4000.0])
def test_luminosity_of_a_homogeneous_sphere(depth):
    """Second order; 1 % is asked for at 800 zones, which 200 and 400 do better."""
    coarse, fine = (abs(sphere(zones, depth)[0]) for zones in (200, 400))
    assert coarse < 0.012
    assert fine < 0.0035
    assert np.log2(coarse / fine) > 1.7


@pytest.mark.slow
@pytest.mark.parametrize("depth", [0.1, 1.0, 4.0, 10.0, 100.0, 250.0, 4000.0])
def test_luminosity_of_a_homogeneous_sphere_finely(depth):
    coarse, fine = (abs(sphere(zones, depth)[0]) for zones in (400, 800))
    assert fine < 0.001
    assert np.log2(coarse / fine) > 1.7


@pytest.mark.parametrize("depth", [0.1, 4.0, 250.0])
def test_field_of_a_homogeneous_sphere(reference, read_columns, depth):
    rows = read_columns(reference / "verification" / "homogeneous_sphere.csv")
    _, mesh, field = sphere(400, depth)
    r = rows["r_over_R"]
    # J falls within a mean free path of the surface: away from it
    here = (rows["tau_R"] == depth) & (r > 0.01) & (r < 2.9) & (np.abs(r - 1.0) > 1e-3)
    j = np.interp(r[here], mesh.radius, field.occupation[:, 0])
    k = np.interp(r[here], mesh.radius, field.eddington_factor[:, 0])
    assert here.sum() > 10
    assert j == pytest.approx(rows["J_over_B"][here], rel=5e-3)
    assert k == pytest.approx(rows["eddington_factor"][here], rel=5e-3)


@pytest.mark.parametrize(("power", "depth"), [(2, 1), (2, 5), (3, 3), (3, 20)])
def test_scattering_halo(reference, read_columns, power, depth):
    """0.5 % of J at 400 zones; the reference itself is known to 1e-3."""
    rows = read_columns(reference / "verification" / "scattering_halo_boltzmann.csv")
    mesh = Mesh.flat(around_surface(400, 10.0, 1.0 / 400.0))
    r, inside = mesh.radius, mesh.radius < 1.0
    halo = np.where(inside, 0.0, depth * (power - 1.0) * r ** -float(power))
    field = solve_eddington(mesh, medium_of(np.where(inside, 20.0, 0.0), halo, np.where(inside, 1.0, 0.0)))
    assert field.converged
    assert field.steps <= 10
    chosen = (rows["n"] == power) & (rows["tau1"] == depth)
    at = rows["r"][chosen]
    assert (rows["kappa_core"][chosen] == 20.0).all()

    def found(values):
        """Power laws on either side of the surface."""
        sides = [
            np.exp(np.interp(np.log(at), np.log(r[side]), np.log(values[side]))) for side in (inside, ~inside)
        ]
        return np.where(at < 1.0, *sides)

    assert found(field.occupation[:, 0]) == pytest.approx(rows["J"][chosen], rel=5e-3)
    assert found(field.eddington_factor[:, 0]) == pytest.approx(rows["eddington_factor"][chosen], rel=2e-3)


def test_milne(reference, read_columns):
    """A scattering atmosphere of radius 1e4 mean free paths: J = 3 H (tau + q), q(0) = 1/sqrt(3) to 1 %."""
    rows = read_columns(reference / "verification" / "hopf_function.csv")
    radius, deepest = 1e4, 30.0
    depth = np.concatenate([[0.0], np.geomspace(1e-3, deepest, 90)])
    edges = np.concatenate([np.linspace(0.0, radius - deepest, 11)[:-1], (radius - depth)[::-1]])
    mesh = Mesh.flat(edges)
    core = (mesh.radius < radius - deepest).astype(float)
    field = solve_eddington(mesh, medium_of(core, 1.0 - core, np.ones_like(core)))
    q = field.occupation[:, 0] / (3.0 * field.flux[-1, 0]) - (radius - mesh.radius)
    shown = (rows["tau"] > 0.0) & (rows["tau"] <= 3.0)
    found = np.interp(-rows["tau"][shown], mesh.radius - radius, q)
    assert found == pytest.approx(rows["q"][shown], rel=2e-3)
    assert q[-1] == pytest.approx(3.0**-0.5, rel=0.01)
    assert field.steps <= 10


def compact_star(reference, read_columns, zones):
    """The star of uniform density of `gr_uniform_star.csv`, refined at its surface; radii in cm."""
    rows = read_columns(reference / "verification" / "gr_uniform_star.csv")
    radius = rows["R_km"][0] * 1e5
    compactness = 1.0 - rows["alpha"][rows["x"] == 1.0][0] ** 2
    edges = around_surface(zones, 5.0, 0.5 / zones) * radius
    centres = 0.5 * (edges[1:] + edges[:-1])

    def lapse(r):
        x = r / radius
        inside = 1.5 * np.sqrt(1.0 - compactness) - 0.5 * np.sqrt(1.0 - compactness * np.minimum(x, 1.0) ** 2)
        return np.where(x < 1.0, inside, np.sqrt(1.0 - compactness / np.maximum(x, 1.0)))

    def gamma(r):
        x = r / radius
        return np.sqrt(1.0 - compactness * np.where(x < 1.0, x**2, 1.0 / np.maximum(x, 1.0)))

    known = rows["x"] <= 5.0
    assert lapse(rows["r_cm"])[known] == pytest.approx(rows["alpha"][known], rel=1e-9)
    assert gamma(rows["r_cm"])[known] == pytest.approx(rows["Gamma"][known], rel=1e-9)
    return radius, Mesh(edges, centres, lapse(centres), lapse(edges), gamma(centres), gamma(edges))


def test_compact_star(reference, read_columns):
    """J of moments and of rays agree to second order, r^2 H/alpha^2 is constant outside to 1e-10."""
    differences = []
    for zones in (100, 200, 400):
        radius, mesh = compact_star(reference, read_columns, zones)
        inside = mesh.radius < radius
        medium = medium_of(
            np.where(inside, 1.0, 0.0) / radius,
            np.where(inside, 9.0, 0.0) / radius,
            np.where(inside, 1.0, 0.0),
        )
        field = solve_eddington(mesh, medium, tolerance=1e-8)
        moments = formal_solution(
            mesh, medium.absorption + medium.scattering, ray_source(medium, field.occupation)
        )
        differences.append(np.abs(moments.mean_intensity / field.occupation - 1.0).max())
        shape = (mesh.radius_interface / mesh.lapse_interface) ** 2
        outside = mesh.radius_interface > 1.0001 * radius
        for flux in (field.flux[:, 0], moments.flux[:, 0]):
            carried = (flux * shape)[outside]
            assert np.ptp(carried) < 1e-10 * carried[-1]
    assert differences[-1] < 3e-4
    assert np.log2(differences[0] / differences[1]) > 1.7
