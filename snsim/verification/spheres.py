"""The homogeneous sphere: a surface as sharp as can be."""

from __future__ import annotations

import numpy as np

from snsim.transport.mesh import Mesh
from snsim.verification.exact import sphere_emergent, sphere_moments
from snsim.verification.problem import Curve, Outcome, Panel, Problem, Row, compared, observed_order
from snsim.verification.setups import UNIT, around, diffused, graded, one_group, traced

# converged flux-limited diffusion over Boltzmann: it is NOT one, the limiter's error (optical radius, ratio)
FLD_RATIOS: dict[str, tuple[tuple[float, float], ...]] = {
    "levermore-pomraning": ((4.0, 1.242), (250.0, 1.320), (4000.0, 1.3213)),
    "rational": ((4.0, 1.211), (250.0, 1.285), (4000.0, 1.2861)),
    "wilson": ((4.0, 1.096), (250.0, 1.152), (4000.0, 1.1533)),
}
FINEST = 2.5e-3  # kappa dr of the outermost opaque zone


def luminosity_ratio(depth: float, limiter: str, finest: float, zones: int = 200) -> float:
    """Luminosity of the sphere by flux-limited diffusion over the exact one."""
    mesh = Mesh.flat(around(UNIT, finest * UNIT / depth, 10.0 * UNIT, zones))
    absorption = np.where(mesh.radius < UNIT, depth / UNIT, 0.0)
    field = diffused(mesh, one_group(absorption, 0.0 * absorption, absorption > 0.0), limiter)
    carried = field.flux[-1, 0] * (mesh.radius_interface[-1] / UNIT) ** 2
    return float(carried / (0.25 * sphere_emergent(depth)))


def sphere_diffusion(quick: bool) -> Outcome:
    """Ratio to Boltzmann for three limiters and three optical radii, and its way there with the surface zone."""
    rows, curves = [], []
    steps = FINEST * 10.0 ** np.arange(1.5, -1.25, -0.5)
    for limiter, cases in FLD_RATIOS.items():
        for depth, published in cases:
            found = luminosity_ratio(depth, limiter, 0.1 * FINEST)
            order = np.nan
            if depth == 250.0 and not quick:
                ratios = np.array([luminosity_ratio(depth, limiter, step) for step in steps])
                limit = luminosity_ratio(depth, limiter, 1e-2 * FINEST)
                errors = np.abs(ratios / limit - 1.0)
                order = observed_order(1.0 / steps, errors, 4)
                curves.append(Curve(limiter, steps, errors, points=True))
            rows.append(
                compared(
                    f"L/L(Boltzmann), {limiter}, optical radius {depth:g}",
                    found, published, 5e-3, order=order, resolution=f"400 zones, kappa dr = {0.1 * FINEST:g} at the surface",
                )
            )  # fmt: skip
    if not curves:
        return Outcome(tuple(rows))
    panel = Panel(
        "sphere of optical radius 250",
        r"$\kappa\,\Delta r$ of the outermost zone",
        "error of $L$",
        tuple(curves),
        True,
        True,
    )
    return Outcome(tuple(rows), (panel,))


def traced_errors(depth: float, zones: int) -> tuple[float, float, Mesh, np.ndarray]:
    """Errors of the emergent luminosity and of J inside 3 R (largest) by rays, the mesh, and J."""
    mesh = Mesh.flat(graded(UNIT, 5.0 * UNIT, zones, max(5.0, 1.0 + np.log(depth))))
    absorption = np.where(mesh.radius < UNIT, depth / UNIT, 0.0)
    field = traced(mesh, one_group(absorption, 0.0 * absorption, 1.0 * (absorption > 0.0)))
    carried = field.flux[-1, 0] * (mesh.radius_interface[-1] / UNIT) ** 2
    near = mesh.radius < 3.0 * UNIT
    known = sphere_moments(mesh.radius[near] / UNIT, depth)[0]
    worst = np.abs(field.occupation[near, 0] / known - 1.0).max()
    return float(carried / (0.25 * sphere_emergent(depth)) - 1.0), float(worst), mesh, field.occupation[:, 0]


def sphere_rays(quick: bool) -> Outcome:
    """Emergent luminosity and J for three optical radii, with their orders."""
    grids = (50, 100, 200) if quick else (50, 100, 200, 400, 800)
    rows, curves, profiles = [], [], []
    for i, depth in enumerate((4.0, 250.0) if quick else (0.1, 4.0, 250.0, 4000.0)):
        found = [traced_errors(depth, zones) for zones in grids]
        luminosity = [each[0] for each in found]
        mean = [each[1] for each in found]
        rows.append(
            Row(f"L, optical radius {depth:g}", luminosity[2], 0.01, order=observed_order(grids, luminosity, 3),
                least_order=1.7, resolution=f"{grids[2]} zones")
        )  # fmt: skip
        rows.append(
            Row(f"J within 3 R, largest, optical radius {depth:g}", mean[2], 0.02, order=observed_order(grids, mean, 3),
                resolution=f"{grids[2]} zones")
        )  # fmt: skip
        counts = np.array(grids, dtype=float)
        curves.append(Curve(f"$L$, $\\tau={depth:g}$", counts, np.abs(luminosity), points=True))
        mesh, occupied = found[1][2:]
        x = np.geomspace(0.3, 4.9, 300)
        seen = np.flatnonzero((mesh.radius > 0.3 * UNIT) & (mesh.radius < 4.9 * UNIT))[::3]
        profiles += [
            Curve("", mesh.radius[seen] / UNIT, occupied[seen], points=True, colour=i),
            Curve(f"$\\tau={depth:g}$", x, sphere_moments(x, depth)[0], colour=i),
        ]
    panels = (
        Panel("100 zones; lines exact", r"$r/R$", r"mean intensity $J/B$", tuple(profiles), True, True),
        Panel("emergent luminosity", "zones", "error", tuple(curves), True, True, (-1.0, -2.0)),
    )
    return Outcome(tuple(rows), panels)


SPHERES = (
    Problem(
        "sphere-fld",
        "Homogeneous sphere, flux-limited diffusion",
        "Smit, Cernohorsky & Dullemond 1997, A&A 325, 203; Abdikamalov et al. 2012, ApJ 755, 111",
        "flux-limited diffusion has its own answer here, 10 to 32 % above Boltzmann: converged to three digits",
        sphere_diffusion,
    ),
    Problem(
        "sphere-eddington",
        "Homogeneous sphere, Eddington factor from rays",
        "Smit, Cernohorsky & Dullemond 1997, A&A 325, 203; Abdikamalov et al. 2012, ApJ 755, 111",
        "closed form of the intensity; moments by quadrature to 1e-12",
        sphere_rays,
    ),
)
