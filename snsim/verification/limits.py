"""Limits in which every scheme must be right: opaque, transparent, and the budget between."""

from __future__ import annotations

import numpy as np

from snsim.transport.limiters import LIMITERS
from snsim.transport.mesh import Mesh
from snsim.verification.problem import Curve, Outcome, Panel, Problem, Row, observed_order
from snsim.verification.setups import UNIT, diffused, one_group

# lambda = 1/3 - O(R^n) leaves O(1/tau^n); the rational form has no term in R
ORDERS = {
    "levermore-pomraning": 2.0,
    "minerbo": 2.0,
    "larsen2": 2.0,
    "larsen4": 4.0,
    "n1.25": 1.25,
    "rational": 2.0,
    "wilson": 1.0,
}


def departure(limiter: str, opacity: float, zones: int = 200) -> float:
    """Relative departure of E(0.28) - E(0.6) of a scattering ball from the same finite differences without a limiter."""
    mesh = Mesh.flat(UNIT * np.concatenate([[0.0], np.linspace(0.2, 1.0, zones + 1)]))
    core = mesh.radius < 0.2 * UNIT
    kappa = opacity / UNIT
    field = diffused(mesh, one_group(1e2 * kappa * core, np.where(core, 0.0, kappa), 1.0 * core), limiter)
    edges, r, f = mesh.radius_interface, mesh.radius, field.occupation[:, 0]
    inner, outer = zones // 10, zones // 2
    steps = np.diff(r)[inner:outer] / edges[inner + 1 : outer + 1] ** 2
    diffusion = 3.0 * kappa * field.flux[-1, 0] * edges[-1] ** 2 * steps.sum()
    return float(abs((f[inner] - f[outer]) / diffusion - 1.0))


def opaque(quick: bool) -> Outcome:
    """How fast every limiter leaves diffusion alone as the medium becomes opaque."""
    rows, curves = [], []
    depths = np.array([30.0, 100.0, 1000.0, 10000.0])
    for limiter in ORDERS if not quick else ("levermore-pomraning", "wilson"):
        errors = np.array([departure(limiter, depth) for depth in depths])
        known = errors > 5e-10  # below, round-off of the difference
        last = max(int(known.sum()), 2)
        order = observed_order(depths[:last], errors[:last])
        rows.append(
            Row(
                f"flux against -c grad E/(3 kappa), {limiter}", errors[2], 5e-3, order=order,
                least_order=ORDERS[limiter] - 0.1, resolution="optical radius 1000, 200 zones",
            )
        )  # fmt: skip
        curves.append(Curve(limiter, depths, errors, points=True))
    panel = Panel(
        "opaque ball that scatters",
        "optical radius",
        "departure from diffusion",
        tuple(curves),
        True,
        True,
        (-1.0, -2.0),
    )
    return Outcome(tuple(rows), (panel,))


def transparent(quick: bool) -> Outcome:
    """Streaming: F = cE and L constant outside an emitting ball, positivity, and the budget of energy."""
    mesh = Mesh.flat(np.concatenate([np.linspace(0.0, 1.0, 21), np.geomspace(1.0, 100.0, 200)[1:]]) * UNIT)
    outside = mesh.radius > UNIT
    far = mesh.radius > 2.0 * UNIT  # the reconstruction forgets the surface by a factor of three a zone
    absorption = np.where(outside, 0.0, 10.0 / UNIT)
    rows, smallest = [], np.inf
    for limiter in LIMITERS:
        field = diffused(mesh, one_group(absorption, 0.0 * absorption, 1.0 * ~outside), limiter, 1e-14)
        f, edges = field.occupation[:, 0], mesh.radius_interface
        carried = edges**2 * field.flux[:, 0]
        streamed = mesh.radius**2 * f
        budget = (np.diff(edges**3) / 3.0 * absorption * (1.0 * ~outside - f)).sum()
        smallest = min(smallest, float(f.min()))
        details = f"{limiter}, {mesh.radius.size} zones"
        streaming = (
            1e-10 if limiter != "minerbo" else np.nan
        )  # its own F/(cE) falls short by (2/R)^(1/2), R ~ 1e17 here
        rows += [
            Row("F/(cE) - 1 beyond 2 R, largest", float(np.abs(carried[-1] / streamed[far] - 1.0).max()), streaming,
                resolution=details),
            Row("L in vacuum, largest change", float(np.abs(carried[21:] / carried[-1] - 1.0).max()), 1e-10,
                resolution=details),
            Row("L against the integral of the sources", float(abs(carried[-1] / budget - 1.0)), 1e-10, resolution=details),
        ]  # fmt: skip
    negative = float(smallest <= 0.0)
    rows.append(
        Row("occupations that are not positive, any limiter", negative, 0.5, 0.0, negative, absolute=" ",
            resolution=f"{mesh.radius.size} zones")
    )  # fmt: skip
    return Outcome(tuple(rows))


LIMITS = (
    Problem(
        "opaque",
        "Opaque limit of every limiter",
        "Levermore & Pomraning 1981, ApJ 248, 321",
        "diffusion; lambda = 1/3 - O(R^n) makes the error O(tau^-n)",
        opaque,
    ),
    Problem(
        "transparent",
        "Streaming limit of every limiter, positivity and the energy budget",
        "Levermore & Pomraning 1981, ApJ 248, 321",
        "F = cE and L constant in vacuum",
        transparent,
    ),
)
