"""Speed of the transport schemes with the opacities given: against targets, and against the tridiagonal sweep they rest on.

Run:  python benchmarks/transport.py

Medians of 5 on the default star, warm kernels, one core. The floor is one batched tridiagonal solve over the same zones and
groups; the ratio to it counts how many such sweeps a solution costs. Exponents of the cost follow.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from timing import median_seconds

from microphysics.matter import SPECIES
from microphysics.opacity import OpacitySet
from snsim.config.schema import Config
from snsim.pipeline import energy_grid, microphysics_settings
from snsim.profiles.readers import load_profile
from snsim.transport._kernels.groups import Medium, next_occupation
from snsim.transport.background import Background
from snsim.transport.eddington import solve_eddington
from snsim.transport.energy_groups import EnergyGroups
from snsim.transport.gray import GraySolver
from snsim.transport.grid import build_background
from snsim.transport.group_newton import GroupField, GroupProblem
from snsim.transport.groups import GroupMedium, group_media
from snsim.transport.limiters import limiter_code
from snsim.transport.mesh import diluted_reach, geometry_of
from snsim.transport.multigroup import edge_opacity, first_guess, solve_groups
from snsim.transport.thermal_scattering import gray_spectra

CONFIG = Config(schema=1)
OPACITIES = OpacitySet.from_names(CONFIG.microphysics.processes, microphysics_settings(CONFIG))


@cache
def star(zones: int) -> Background:
    """Return the default star."""
    return build_background(load_profile(CONFIG.profile), zones, 4e5, 6e7)


@cache
def media(zones: int, groups: int, inelastic: bool) -> dict[str, GroupMedium]:
    """Opacities of every species on groups."""
    return group_media(star(zones), OPACITIES, EnergyGroups.logarithmic(groups), SPECIES, inelastic=inelastic)


def sweep(zones: int, groups: int) -> float:
    """One batched tridiagonal solve, ms: that of the multigroup scheme."""
    medium = media(zones, groups, False)["nue"]
    total = medium.absorption + medium.scattering
    geometry = geometry_of(star(zones))
    reach = diluted_reach(geometry, groups)
    ones = np.ones_like(reach.left)
    equations = Medium(
        medium.absorption, medium.equilibrium, edge_opacity(total), ones, ones, reach.left[-1].copy()
    )
    problem = GroupProblem(geometry, equations, medium.coupling, *limiter_code("wilson"))
    x = first_guess(star(zones), medium)
    system = problem.at(x, reach)
    after, expected, rest = np.empty_like(x), np.empty_like(system.flux), np.empty_like(x)

    def twenty() -> None:
        for _ in range(20):
            next_occupation(x, geometry, equations, system, after, expected, rest)

    return 1e3 * median_seconds(twenty) / 20.0


def gray(zones: int) -> float:
    """All species, ms."""
    spectra = gray_spectra(OPACITIES, star(zones).matter, energy_grid(CONFIG))
    return 1e3 * median_seconds(lambda: GraySolver().solve(star(zones), spectra))


def groups_of(
    solve: Callable[..., GroupField],
    zones: int,
    groups: int,
    species: tuple[str, ...],
    inelastic: bool = False,
) -> float:
    """Solve some species, ms."""
    chosen = media(zones, groups, inelastic)
    return 1e3 * median_seconds(lambda: [solve(star(zones), chosen[name]) for name in species])


def wilson(background: Background, medium: GroupMedium) -> GroupField:
    """Solve one species with the default limiter."""
    return solve_groups(background, medium, "wilson")


def exponent(cost: Callable[[int], float], low: int, high: int) -> float:
    """Power of the size with which the cost grows."""
    return math.log(cost(high) / cost(low)) / math.log(high / low)


def main() -> None:
    """Print every scheme beside its target."""
    one = ("nue",)
    floor = {size: sweep(*size) for size in ((200, 20), (10000, 20))}
    rows = [
        ("gray, 200 zones x 3 species", gray(200), 10.0, 3 * floor[200, 20]),
        ("multigroup, 200 x 20 x 3 species", groups_of(wilson, 200, 20, SPECIES), 15.0, 3 * floor[200, 20]),
        ("multigroup, 10000 x 20, one species", groups_of(wilson, 10000, 20, one), 150.0, floor[10000, 20]),
        ("eddington, 200 x 20, one species", groups_of(solve_eddington, 200, 20, one), 150.0, floor[200, 20]),
        ("multigroup with kernels, 200 x 20 x 3", groups_of(wilson, 200, 20, SPECIES, True), None, 3 * floor[200, 20]),
        ("eddington with kernels, 200 x 20, one", groups_of(solve_eddington, 200, 20, one, True), None, floor[200, 20]),
    ]  # fmt: skip
    print(f"batched tridiagonal sweep, 200 x 20: {1e3 * floor[200, 20]:.1f} us, "
          f"{1e6 * floor[200, 20] / 4000:.1f} ns per zone and group")  # fmt: skip
    for name, taken, target, least in rows:
        aim = "      -" if target is None else f"{target:7.0f}"
        print(f"{name:38s} {taken:8.1f} ms   target {aim} ms   {taken / least:6.0f} sweeps")
    print(
        "exponents: multigroup in zones "
        f"{exponent(lambda n: groups_of(wilson, n, 20, one), 400, 6400):.2f}, in groups "
        f"{exponent(lambda n: groups_of(wilson, 400, n, one), 10, 80):.2f}; gray in zones "
        f"{exponent(gray, 400, 6400):.2f}; eddington in zones "
        f"{exponent(lambda n: groups_of(solve_eddington, n, 20, one), 100, 800):.2f}, in groups "
        f"{exponent(lambda n: groups_of(solve_eddington, 200, n, one), 10, 80):.2f}"
    )


if __name__ == "__main__":
    main()
