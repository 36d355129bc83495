"""How the answers on a whole star converge with zones and with energy groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from snsim.verification.problem import Curve, Outcome, Panel, Problem, Row, observed_order
from snsim.verification.stars import SPECIES, SYMBOLS, Solved, default_star, solve

# largest error of L and of the rms energy that so many zones may have: twice what is found; that of L would be missed without
# an edge at the shock
ZONES = {
    "gray": {200: (0.0015, 0.002)},
    "multigroup": {50: (0.012, 0.008), 100: (0.0014, 0.003), 200: (0.0006, 0.0015)},
}
GROUPS = {8: (0.05, 0.01), 12: (0.018, 0.002), 16: (0.01, 0.001), 20: (0.006, 0.001)}


def study(
    run: Callable[[int], Solved],
    counts: Sequence[int],
    finest: int,
    bounds: Mapping[int, tuple[float, float]],
    label: str,
    what: str,
) -> tuple[list[Row], list[Curve]]:
    """Errors of L and rms energy of every species against the finest resolution, and those of L as curves."""
    best = run(finest)
    found = [run(count) for count in counts]
    luminosity = np.array([each.luminosity_infinity / best.luminosity_infinity - 1.0 for each in found])
    rms = np.array([each.rms / best.rms - 1.0 for each in found])
    rows, curves = [], []
    for i, name in enumerate(SPECIES):
        for errors, quantity, which in ((luminosity, "L", 0), (rms, "rms energy", 1)):
            order = observed_order(counts, errors[:, i], len(counts))
            over = f"; order over {counts[0]} to {counts[-1]}"
            rows += [
                Row(
                    f"{label}, {quantity} of {name}", float(errors[counts.index(count), i]), bounds[count][which],
                    order=order if count == max(bounds) else np.nan,
                    resolution=f"{count} {what}, against {finest}{over if count == max(bounds) else ''}",
                )
                for count in counts if count in bounds
            ]  # fmt: skip
        curves.append(
            Curve(SYMBOLS[name], np.array(counts, dtype=float), np.abs(luminosity[:, i]), points=True)
        )
    return rows, curves


def zones(quick: bool) -> Outcome:
    """Run 50 to 800 zones against 1600, gray and multigroup."""
    counts, finest = ((50, 100, 200), 400) if quick else ((50, 100, 200, 400, 800), 1600)
    rows, panels = [], []
    for scheme, bounds in ZONES.items():
        found, curves = study(partial(solve, default_star(), scheme), counts, finest, bounds, scheme, "zones")
        rows += found
        panels.append(Panel(scheme, "zones", r"error of $L_\infty$", tuple(curves), True, True, (-1.0,)))
    return Outcome(tuple(rows), tuple(panels))


def groups(quick: bool) -> Outcome:
    """Run 8 to 40 groups against 80."""

    def run(count: int) -> Solved:
        return solve(default_star(), "multigroup", 100, count)

    rows, curves = study(run, (8, 12, 16, 20, 40), 80, GROUPS, "multigroup", "groups, 100 zones")
    panel = Panel("multigroup, 100 zones", "groups", r"error of $L_\infty$", tuple(curves), True, True)
    return Outcome(tuple(rows), (panel,))


CONVERGENCE = (
    Problem(
        "zones",
        "Convergence with zones on a star 100 ms after bounce",
        "This project's analytic star",
        "its own limit, 1600 zones",
        zones,
        quick=False,
    ),
    Problem(
        "groups",
        "Convergence with energy groups on the same star",
        "This project's analytic star",
        "its own limit, 80 groups",
        groups,
        quick=False,
    ),
)
