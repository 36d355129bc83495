"""Stars in their own gravity, and observers in motion."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.matter import MatterState
from microphysics.opacity import OpacitySpectra
from microphysics.spectrum import FermiDirac
from snsim.transport.background import Background
from snsim.transport.coupling import uncoupled
from snsim.transport.energy_groups import EnergyGroups
from snsim.transport.gray import GraySolver
from snsim.transport.groups import GroupMedium
from snsim.transport.mesh import Mesh
from snsim.transport.moments import fluid_frame
from snsim.transport.multigroup import solve_groups
from snsim.verification.data_files import select
from snsim.verification.exact import sphere_moments, uniform_star_lapse
from snsim.verification.problem import Curve, Outcome, Panel, Problem, Row, compared, observed_order
from snsim.verification.setups import (
    checked,
    diffused,
    graded,
    one_group,
    parabola,
    schwarzschild,
)

Array = NDArray[np.float64]

KM = 1e5
OPAQUE = 1e2  # 1/cm: limiter and surface layer are below 1e-7


# --------------------------------------------------------------------------------------- a star that scatters


def scattering_star(zones: int) -> tuple[Mesh, Array, Array, dict[str, Array]]:
    """Solve for an emitting core below 0.2 R inside a constant opacity: mesh, occupation, r^2 alpha^-2 h, and the table."""
    known = select("gr_uniform_star", n=0.0)
    surface = float(known["R_km"][0]) * KM
    compactness = float(((1.0 - known["Gamma"] ** 2) / known["x"] ** 2)[known["x"] < 1.0][-1])
    edges = np.concatenate(
        [[0.0], np.linspace(0.2 * surface, surface, zones), surface * np.geomspace(1.0, 50.0, zones)[1:]]
    )
    mesh = schwarzschild(edges, surface, compactness)
    r = mesh.radius
    core, outside = r < 0.2 * surface, r > surface
    scattering = np.where(core | outside, 0.0, OPAQUE)
    field = diffused(
        mesh, one_group(100.0 * OPAQUE * core, scattering, 1.0 * core), "levermore-pomraning", 1e-14
    )
    carried = (mesh.radius_interface / mesh.lapse_interface) ** 2 * field.flux[:, 0]
    return mesh, field.occupation[:, 0], carried, known


def diffusion_error(zones: int) -> float:
    """Largest error of alpha^4 E(r) - alpha^4 E(R) at the radii of the table."""
    mesh, occupied, carried, known = scattering_star(zones)
    surface = float(known["R_km"][0]) * KM
    rows = (known["x"] > 0.2) & (known["x"] < 1.0)
    integral = (
        known["alpha4E_minus_surface_erg_cm3"] / known["kappa0_cm"] * 4.0 * np.pi * 2.99792458e10 / 1e52
    )
    last = int(np.argmax(mesh.radius > surface)) - 1  # half a zone on to the surface
    r = mesh.radius[last]
    slope = 3.0 * OPAQUE * carried[-1] * mesh.lapse[last] ** 2 / (r**2 * mesh.gamma[last])
    at_surface = occupied[last] - slope * (surface - r)
    found = (parabola(known["r_cm"][rows], mesh.radius, occupied) - at_surface) / (OPAQUE * carried[-1])
    return float(np.abs(found / integral[rows] - 1.0).max())


def relativistic_star(quick: bool) -> Outcome:
    """Constant L alpha^2, no flux in Tolman's isothermal star, and the diffusion integral."""
    _, _, carried, _ = scattering_star(100)
    variation = float(np.abs(carried[1:] / carried[-1] - 1.0).max())
    rows = [Row("L alpha^2 outside the core, largest change", variation, 1e-12, resolution="200 zones")]
    rows.append(
        Row("flux/(cE) of Tolman's isothermal star, 20 groups", tolman_flux(), 1e-13, resolution="160 zones")
    )
    grids = (51, 101) if quick else (51, 101, 201, 401)
    errors = [diffusion_error(zones) for zones in grids]
    rows.append(
        Row(
            "alpha^4 E(r) - alpha^4 E(R) at 8 radii", errors[grids.index(101)], 5e-3,
            order=observed_order(grids, errors), least_order=1.8, resolution="100 zones in the star",
        )
    )  # fmt: skip
    curves = (Curve("8 radii, largest", np.array(grids, dtype=float), np.array(errors), points=True),)
    panel = Panel(
        "diffusion in a uniform star", "zones", r"error of $\alpha^4E$", curves, True, True, (-2.0,)
    )
    return Outcome(tuple(rows), (panel,))


def tolman_flux() -> float:
    """Return the largest flux/(cE) of any group deep in a star with T alpha constant, where nothing should flow."""
    surface = 12.0 * KM
    mesh = schwarzschild(np.linspace(0.0, 4.0 * surface, 161), surface, 0.345)
    groups = EnergyGroups.logarithmic(20)
    shape = (mesh.radius.size, groups.energy.size)
    equilibrium = np.broadcast_to(1.0 / (1.0 + np.exp(groups.energy / 8.0)), shape).copy()
    kappa = np.full(shape, 1e-3)
    field = checked(solve_groups(mesh, GroupMedium(kappa, kappa, equilibrium, uncoupled())), "Tolman's star")
    deep = np.flatnonzero(mesh.radius < 2.0 * surface)
    return float(np.abs(field.flux[deep + 1] / field.occupation[deep]).max())


# ---------------------------------------------------------------------------- redshift of a compact sphere (GR1D 6)

COMPACT, SPHERE_RADIUS, SPHERE_OPACITY, TEMPERATURE = 0.560, 10.0 * KM, 4e-4, 5.0


def redshift(quick: bool) -> Outcome:
    """L and <E> from the surface of a sphere at 2GM/(Rc^2) = 0.56 to infinity, in groups of energy at infinity."""
    zones = 200 if quick else 400
    edges = graded(SPHERE_RADIUS, 1e3 * SPHERE_RADIUS, zones, 10.0)
    mesh = schwarzschild(edges, SPHERE_RADIUS, COMPACT)
    groups = EnergyGroups.logarithmic(20)
    inside = (mesh.radius < SPHERE_RADIUS)[:, None]
    equilibrium = inside / (1.0 + np.exp(groups.energy / mesh.lapse[:, None] / TEMPERATURE))
    kappa = np.where(inside, SPHERE_OPACITY, 0.0) * np.ones_like(equilibrium)
    medium = GroupMedium(kappa, np.zeros_like(kappa), equilibrium, uncoupled())
    field = checked(solve_groups(mesh, medium, tolerance=1e-12), "compact sphere")
    lapse, r = mesh.lapse_interface, mesh.radius_interface
    power = r**2 * lapse**-4 * (field.flux @ groups.energy_weight)
    number = r**2 * lapse**-3 * (field.flux @ groups.number_weight)
    outer = slice(zones // 2, None)
    mean = power[outer] / number[outer]  # of the flux: local energies are those at infinity over the lapse
    power, lapse, r = power[outer], lapse[outer], r[outer]
    to_infinity, surface = 1.0 / lapse[-1], float(uniform_star_lapse(SPHERE_RADIUS, SPHERE_RADIUS, COMPACT))
    resolution = f"{mesh.radius.size} zones, 20 groups"
    rows = (
        compared("L(infinity)/L(R)", power[-1] / power[0] / to_infinity**2, surface**2, 1e-10, resolution=resolution),
        compared("<E>(infinity)/<E>(R)", mean[-1] / mean[0] / to_infinity, surface, 1e-10, resolution=resolution),
        compared(
            "<E>(R), MeV, against the spectrum at the surface",
            float(mean[0]), float(FermiDirac(TEMPERATURE, 0.0).mean_energy), 0.02, resolution=resolution,
        ),
    )  # fmt: skip
    radius = r / KM
    curves = (
        Curve(r"$L(r)/L_\infty$", radius, power / (power[-1] * lapse[-1] ** 2), points=True, colour=0),
        Curve(r"$\alpha^{-2}$", radius, lapse**-2, colour=0),
        Curve(
            r"$\langle E\rangle/\langle E\rangle_\infty$",
            radius,
            mean / (mean[-1] * lapse[-1]),
            points=True,
            colour=1,
        ),
        Curve(r"$\alpha^{-1}$", radius, 1.0 / lapse, colour=1),
    )
    thinned = tuple(
        Curve(c.label, c.x[:: 6 if c.points else 1], c.y[:: 6 if c.points else 1], c.points, c.colour)
        for c in curves
    )
    return Outcome(
        rows,
        (
            Panel(
                "redshift from a compact sphere", "radius [km]", "over the value at infinity", thinned, True
            ),
        ),
    )


# ------------------------------------------------------------------------------------------ Doppler shift (GR1D 5)


def falling_sphere(zones: int) -> tuple[Background, OpacitySpectra]:
    """Return the sphere in flat space inside matter that falls: at rest to 135 km, -0.2 c at 150 km, then as r^-2."""
    edges = np.concatenate(
        [
            [0.0],
            np.geomspace(0.02, 1.0, 40)[:-1] * SPHERE_RADIUS,
            SPHERE_RADIUS * np.geomspace(1.0, 1e3, zones),
        ]
    )
    mesh = Mesh.flat(edges)
    r = mesh.radius
    one, zero = np.ones_like(r), np.zeros_like(r)
    fields: dict[str, Any] = dict.fromkeys(MatterState.__dataclass_fields__, zero)
    fields |= {"density": 1e8 * one, "temperature": TEMPERATURE * one, "baryon_mass": CODATA.atomic_mass}
    speed = fluid_speed(r)
    background = Background(
        edges, r, one, np.ones_like(edges), one, np.ones_like(edges), np.zeros_like(edges), np.zeros_like(edges),
        velocity=speed / np.sqrt(1.0 - speed**2) * CODATA.speed_of_light,  # dr/dtau
        matter=MatterState(**fields),
        shock_radius=np.nan,
    )  # fmt: skip
    energy = np.geomspace(0.1, 350.0, 48)
    absorption = np.broadcast_to(
        np.where(r < SPHERE_RADIUS, SPHERE_OPACITY, 0.0)[:, None], (1, 1, r.size, energy.size)
    ).copy()
    none = np.zeros_like(absorption)
    spectra = OpacitySpectra(
        ("nue",),
        ("sphere",),
        energy,
        absorption,
        none,
        none,
        none,
        background.matter.temperature,
        np.zeros((1, r.size)),
    )
    return background, spectra


def fluid_speed(radius: Array) -> Array:
    """v/c of the matter as static observers measure it."""
    fall = -0.2 * np.clip((radius / KM - 135.0) / 15.0, 0.0, 1.0)
    return fall * np.minimum(150.0 * KM / radius, 1.0) ** 2


def doppler(quick: bool) -> Outcome:
    """L and <E> in the fluid's frame across a velocity jump, from a solution in the static one."""
    background, spectra = falling_sphere(100 if quick else 300)
    solution = GraySolver(limiter="levermore-pomraning", spectral_shape="equilibrium").solve(
        background, spectra
    )
    fluid = fluid_frame(background, solution)
    edges = background.radius_interface
    rows_at = edges > 1.01 * SPHERE_RADIUS
    r, lab = edges[rows_at], solution.luminosity[0][rows_at]
    depth = SPHERE_OPACITY * SPHERE_RADIUS
    j, h, k = sphere_moments(r / SPHERE_RADIUS, depth)
    b = np.interp(r, background.radius, fluid_speed(background.radius))
    g2 = 1.0 / (1.0 - b**2)
    boosted = g2 * ((1.0 + b**2) - b * (j + k) / h)
    shifted = np.sqrt(g2) * (1.0 - 2.0 * b * h / j + b**2 * k / j) / (1.0 - b * h / j)
    ours = fluid.luminosity[0][rows_at] / lab
    energy = fluid.mean_energy[0][rows_at] / FermiDirac(TEMPERATURE, 0.0).mean_energy
    far = r > 120.0 * KM
    resolution = f"{background.radius.size} zones"
    jump = int(np.argmin(np.abs(r - 150.0 * KM)))
    rows = (
        Row(
            "L in the static frame, largest change",
            float(np.abs(lab / lab[-1] - 1.0).max()),
            1e-9,
            resolution=resolution,
        ),
        compared("L(fluid)/L(static) at 150 km", ours[jump], boosted[jump], 5e-3, resolution=resolution),
        compared(
            "<E>(fluid)/<E>(static) at 150 km", energy[jump], shifted[jump], 5e-3, resolution=resolution
        ),
        Row(
            "L(fluid) beyond 120 km, largest",
            float(np.abs(ours / boosted - 1.0)[far].max()),
            5e-3,
            resolution=resolution,
        ),
        Row(
            "<E>(fluid) beyond 120 km, largest",
            float(np.abs(energy / shifted - 1.0)[far].max()),
            5e-3,
            resolution=resolution,
        ),
    )
    window = (r > 50.0 * KM) & (r < 1000.0 * KM)
    x = r[window] / KM
    thin = slice(None, None, 4)
    curves = (
        Curve(r"$L'/L$", x[thin], ours[window][thin], points=True, colour=0),
        Curve("exact", x, boosted[window], colour=0),
        Curve(r"$\langle E\rangle'/\langle E\rangle$", x[thin], energy[window][thin], points=True, colour=1),
        Curve("exact", x, shifted[window], colour=1),
    )
    return Outcome(rows, (Panel("falling matter", "radius [km]", "fluid over static frame", curves, True),))


RELATIVITY = (
    Problem(
        "star",
        "Uniform star in its own gravity: diffusion, redshift, equilibrium",
        "Schwarzschild 1916; Tolman 1930, Phys. Rev. 35, 904",
        "metric in closed form, diffusion integral by quadrature to 1e-11",
        relativistic_star,
    ),
    Problem(
        "redshift",
        "Sphere at 2GM/(Rc^2) = 0.56: luminosity and mean energy at infinity",
        "Mueller, Janka & Dimmelmeier 2010, ApJS 189, 104; O'Connor 2015, ApJS 219, 24 (test 6)",
        "L alpha^2 and <E> alpha are constant in vacuum",
        redshift,
    ),
    Problem(
        "doppler",
        "Sphere inside falling matter: the fluid's frame",
        "Mueller, Janka & Dimmelmeier 2010, ApJS 189, 104; O'Connor 2015, ApJS 219, 24 (test 5)",
        "boost of the exact moments of the sphere",
        doppler,
    ),
)
