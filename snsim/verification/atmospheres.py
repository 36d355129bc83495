"""Atmospheres that scatter: flux-limited diffusion against its own differential equation, and the plane one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from snsim.transport.mesh import Mesh
from snsim.verification.data_files import select, table
from snsim.verification.problem import Curve, Outcome, Panel, Problem, Row, compared, observed_order
from snsim.verification.setups import UNIT, diffused, graded, one_group, traced

Array = NDArray[np.float64]

LIMITERS = {"levermore-pomraning": "LP", "rational": "LP_rational", "wilson": "Wilson", "larsen2": "Larsen2"}
CORE = 0.19  # radius of the emitting core below the tables' first point
SEAM = 5.0  # from here on the grid becomes finer again: F = 0.9 cE at r = 10 makes a layer there where the gas is thin


def edges(zones: int) -> Array:
    """Logarithmic up to the seam, quadratically finer towards the outer edge; halved everywhere with twice the zones."""
    inner = zones // 2
    rest = 10.0 - (10.0 - SEAM) * (1.0 - np.linspace(0.0, 1.0, zones - inner + 1)) ** 2
    return np.concatenate([[0.0], np.geomspace(CORE, SEAM, inner), rest[1:]])


def energy_density(
    index: float, depth: float, limiter: str, zones: int, outer: float, reconstruction: str = "second"
) -> tuple[Array, Array]:
    """Radius and E of the atmosphere with kappa = depth (n - 1) r^-n, r^2 F = 1 and F = `outer` E at r = 10.

    The solver lets everything leave at the outer edge as F = cE. A lapse at that edge alone makes it F = `outer` cE, because
    the flux leaves through r^2/alpha^2 there and nothing else knows this edge.
    """
    flat = Mesh.flat(UNIT * edges(zones))
    lapse = np.ones_like(flat.lapse_interface)
    lapse[-1] = outer**-0.5
    mesh = Mesh(flat.radius_interface, flat.radius, flat.lapse, lapse, flat.gamma, flat.gamma_interface)
    r = mesh.radius / UNIT
    inside = r < CORE
    scattering = np.where(inside, 0.0, depth * (index - 1.0) * r**-index) / UNIT
    field = diffused(
        mesh,
        one_group(np.where(inside, 1e3, 0.0) / UNIT, scattering, 1.0 * inside),
        limiter,
        reconstruction=reconstruction,
    )
    through = field.flux[1, 0] * CORE**2
    return r, field.occupation[:, 0] / through


def largest_error(
    index: float, depth: float, limiter: str, zones: int, reconstruction: str = "second"
) -> float:
    """Largest relative error of E at the table's radii, but r = 10, which lies half a zone from a centre."""
    known = select("fld_scattering_atmosphere", n=index, tau1=depth, limiter=LIMITERS[limiter])
    r, density = energy_density(index, depth, limiter, zones, float(known["f_out"][0]), reconstruction)
    at = np.exp(np.interp(np.log(known["r"]), np.log(r), np.log(density * r**2))) / known["r"] ** 2
    return float(np.abs(at / known["E"] - 1.0)[:-1].max())


def scattering_atmosphere(quick: bool) -> Outcome:
    """Error at 200 zones and order for four limiters and all atmospheres of the table."""
    known = table("fld_scattering_atmosphere")
    cases = sorted(set(zip(known["n"], known["tau1"], strict=True)))
    grids = (100, 200) if quick else (50, 100, 200, 400)
    rows, curves = [], []
    for index, depth in cases[:1] if quick else cases:
        for limiter in LIMITERS:
            errors = [largest_error(index, depth, limiter, zones) for zones in grids]
            rows.append(
                Row(
                    f"E at 10 radii, {limiter}, kappa = {depth * (index - 1):g} r^-{index:g}",
                    errors[grids.index(200)], 5e-3, order=observed_order(grids, errors, 3), least_order=1.8,
                    resolution="200 zones",
                )
            )  # fmt: skip
            if (index, depth) == cases[0]:
                curves.append(Curve(limiter, np.array(grids, dtype=float), np.array(errors), points=True))
    index, depth = cases[0]
    limiter = next(iter(LIMITERS))
    errors = [largest_error(index, depth, limiter, zones, reconstruction="first") for zones in grids]
    rows.append(
        Row(
            f"the same, {limiter}, {depth * (index - 1):g} r^-{index:g}, first-order edge values",
            errors[grids.index(200)], 5e-3, order=observed_order(grids, errors, 3), least_order=0.9, resolution="200 zones",
        )
    )  # fmt: skip
    curves.append(
        Curve(f"{limiter}, first order", np.array(grids, dtype=float), np.array(errors), points=True)
    )
    panel = Panel(
        "scattering atmosphere", "zones", "largest error of $E$", tuple(curves), True, True, (-1.0, -2.0)
    )
    return Outcome(tuple(rows), (panel,))


# --------------------------------------------------------------------- a halo that scatters, the Boltzmann equation


def halo(index: float, depth: float, core: float, zones: int) -> tuple[Array, Array, Array]:
    """Radius, J and K/J of the core with its halo."""
    mesh = Mesh.flat(graded(UNIT, 10.0 * UNIT, zones, 5.0))
    r = mesh.radius / UNIT
    inside = r < 1.0
    scattering = np.where(inside, 0.0, depth * (index - 1.0) * r**-index) / UNIT
    field = traced(mesh, one_group(core * inside / UNIT, scattering, 1.0 * inside))
    assert field.eddington_factor is not None
    return r, field.occupation[:, 0], field.eddington_factor[:, 0]


def scattering_halo(quick: bool) -> Outcome:
    """J and K/J at the radii of the table; its own numbers are good to 1e-3."""
    known = table("scattering_halo_boltzmann")
    cases = sorted(set(zip(known["n"], known["tau1"], known["kappa_core"], strict=True)))
    rows, curves = [], []
    for i, (index, depth, core) in enumerate(cases[:1] if quick else cases):
        rows_of = select("scattering_halo_boltzmann", n=index, tau1=depth, kappa_core=core)
        at, j = rows_of["r"], rows_of["J"]
        r, mean, factor = halo(index, depth, core, 400)
        error = np.abs(np.exp(np.interp(np.log(at), np.log(r), np.log(mean))) / j - 1.0).max()
        shape = np.abs(np.interp(at, r, factor) / rows_of["eddington_factor"] - 1.0).max()
        label = f"kappa = {depth * (index - 1):g} r^-{index:g}"
        rows.append(Row(f"J, largest, {label}", float(error), 5e-3, resolution="400 zones"))
        rows.append(Row(f"K/J, largest, {label}", float(shape), 5e-3, resolution="400 zones"))
        curves += [
            Curve("", at, j * at**2, points=True, colour=i),
            Curve(rf"$n={index:g}$, $\tau={depth:g}$", r[r > 0.45], (mean * r**2)[r > 0.45], colour=i),
        ]
    panel = Panel("core in a halo; points: converged", "radius", r"$r^2 J$", tuple(curves), True, True)
    return Outcome(tuple(rows), (panel,))


# --------------------------------------------------------------------------------------------- the plane atmosphere

PATHS = 3e4  # mean free paths in the radius of the star: plane to 1e-4
DEEP = 12.0  # optical depth of the atmosphere above a black core


def plane_mesh(zones: int) -> Mesh:
    """Return a star of many mean free paths, fine at its surface.

    Inside, tangent rays of the zones leave the surface at equal steps of mu.
    """
    cosine = np.linspace(1.0, np.sqrt(2.0 * DEEP / PATHS), zones // 2 + 1)
    core = (PATHS - DEEP) * np.sqrt(np.maximum(1.0 - cosine**2, 0.0)) / np.sqrt(1.0 - cosine[-1] ** 2)
    step = np.linspace(0.0, 1.0, zones // 2 + 1)
    depth = DEEP * np.sinh(7.0 * step[::-1]) / np.sinh(7.0)
    return Mesh.flat(np.concatenate([core[:-1], PATHS - depth]) * UNIT / PATHS)


def hopf(scheme: str, zones: int) -> tuple[Array, Array]:
    """Optical depth and q = J/(3H) - tau in the outer layers."""
    mesh = plane_mesh(zones)
    r = mesh.radius / UNIT * PATHS
    core = r < PATHS - DEEP
    kappa = PATHS / UNIT
    medium = one_group(10.0 * kappa * core, np.where(core, 0.0, kappa), 1.0 * core)
    field = traced(mesh, medium) if scheme == "eddington" else diffused(mesh, medium, scheme)
    outer = r > PATHS - 5.0
    flux = field.flux[-1, 0]
    tau = PATHS - r[outer]
    return tau[::-1], (field.occupation[outer, 0] / (3.0 * flux) - tau)[::-1]


def milne(quick: bool) -> Outcome:
    """Hopf's function by rays, judged at the surface, and what diffusion makes of it."""
    known = table("hopf_function")
    tau, q = known["tau"], known["q"]
    near = tau <= 3.0
    grids = (100, 200) if quick else (100, 200, 400)
    rows, curves = [], []
    x, found = hopf("eddington", grids[-1])
    surface = [float(np.interp(0.0, *hopf("eddington", zones))) for zones in grids]
    order = observed_order(grids, [value * 3.0**0.5 - 1.0 for value in surface])
    details = f"{grids[-1]} zones, {PATHS:g} mean free paths"
    rows.append(compared("q(0), eddington", surface[-1], 3.0**-0.5, 0.01, order=order, resolution=details))
    worst = float(np.abs(np.interp(tau, x, found) / q - 1.0)[near].max())
    rows.append(Row("q(tau < 3), largest, eddington", worst, 0.01, resolution=details))
    curves.append(Curve("eddington", x, found))
    for limiter in ("levermore-pomraning", "wilson"):
        x, found = hopf(limiter, grids[-1])
        rows.append(compared(f"q(0), {limiter}: the error of the limiter", float(np.interp(0.0, x, found)), 3.0**-0.5,
                             resolution=details))  # fmt: skip
        curves.append(Curve(limiter, x, found))
    curves.append(Curve("exact", tau[near], q[near], points=True))
    panel = Panel("plane gray atmosphere", r"optical depth $\tau$", r"$q=J/3H-\tau$", tuple(curves))
    return Outcome(tuple(rows), (panel,))


ATMOSPHERES = (
    Problem(
        "atmosphere-fld",
        "Scattering atmosphere, flux-limited diffusion",
        "Levermore & Pomraning 1981, ApJ 248, 321 (equations and limiter)",
        "the ordinary differential equation of flux-limited diffusion, integrated to 1e-9",
        scattering_atmosphere,
    ),
    Problem(
        "halo",
        "Absorbing core in a scattering halo, Eddington factor from rays",
        "Hummer & Rybicki 1971, MNRAS 152, 1 (extended spherical atmospheres)",
        "Richardson limit of another ray solver, 1e-3, confirmed by Lambda iteration",
        scattering_halo,
    ),
    Problem(
        "milne",
        "Plane gray atmosphere: Hopf's function",
        "Hopf 1934; Chandrasekhar 1950, Radiative Transfer, chapter III",
        "Wiener-Hopf quadrature to 1e-10; q(0) = 1/sqrt 3",
        milne,
    ),
)
