"""Write docs/accuracy.md: what `snsim verify` finds, and how far the schemes are from published Boltzmann models.

Run:  python docs/accuracy.py [NAMES...]

Without names all problems are run (minutes), figures beside the page included; with names only these, and their sections are
renewed in the page that is there. The published models are not part of this project: SNSIM_REFERENCE names the folder that
holds boltzmann/ and profiles/, and without them their sections stay as they are.
"""

from __future__ import annotations

import re
import sys
import warnings
from pathlib import Path

import numpy as np

from microphysics.errors import PhysicsWarning
from snsim.plots.verification import save_figures
from snsim.verification import boltzmann, merger, published, report
from snsim.verification.catalog import PROBLEMS
from snsim.verification.problem import Panel, Row
from snsim.verification.runner import Run, choose, run_problems

DOCS = Path(__file__).resolve().parent
PAGE = DOCS / "accuracy.md"
COLUMNS = ("quantity", "exact or published", "ours", "error", "tolerance", "order", "resolution")
OUTSIDE = ("boltzmann", "merger")  # sections whose known answers are no part of this project
SPECIES = {"nue": "νe", "anue": "ν̄e", "nux": "νx"}

HEAD = """# How accurate is it

Two questions. Are the equations solved right? `snsim verify` runs every problem on this page and exits with 1
if one misses its tolerance. Are they the right equations? The comparison with published Boltzmann models shows it. The
equations themselves: [transport.md](transport.md). This page is written by `python docs/accuracy.py`.

```
snsim verify                           # everything, minutes
snsim verify --quick                   # under a minute
snsim verify star su-olson --output checks
snsim verify --list                    # with sources
```

In the tables, `resolution` is that of the error beside it, and `order` the slope of the error over the grids of the problem.
"""


def section(name: str, title: str, body: str) -> str:
    """Return a part of the page between marks that find it again."""
    return f"<!-- {name} -->\n## {title}\n\n{body.strip()}\n<!-- end {name} -->\n"


def lines(run: Run) -> list[tuple[str, ...]]:
    """Table of a problem without the columns that say the same in every row."""
    return [report.cells(run, row)[1:-1] for row in run.outcome.rows]


def problem_section(run: Run) -> str:
    """Return sources, table and figure of one problem."""
    problem = run.problem
    body = f"`snsim verify {problem.name}`. {problem.reference}. Known answer: {problem.exact}."
    body += "\n\n" + report.markdown(COLUMNS, lines(run))
    if run.outcome.panels:
        body += f"\n\n![{problem.title}](verify_{problem.name}.png)"
    return section(problem.name, problem.title, body)


def percent(pair: tuple[float, float]) -> str:
    """Signed error in per cent, two digits above ten."""
    error = 100.0 * (pair[0] / pair[1] - 1.0)
    return f"{error:+.0f}" if abs(error) >= 9.95 else f"{error:+.1f}"


def boltzmann_section(found: boltzmann.Found) -> str:
    """Errors of every case on every model, with Bruenn's rates."""
    names = list(SPECIES.values())
    columns = [
        "model",
        "scheme",
        *(f"L {n}" for n in names),
        *(f"rms {n}" for n in names),
        *(f"R(1/4) {n}, km" for n in names),
        *(f"trapped {n}" for n in names),
    ]
    columns += ["heating", "cooling"]
    rows = []
    for (code, time, scheme, limiter), each in found.items():
        cells = [f"{code} {time} ms", boltzmann.label_of(scheme, limiter)]
        if each is None:
            rows.append((*cells, "no convergence", *("" for _ in columns[3:])))
            continue
        for table in (each.luminosity, each.rms):
            cells += [percent(table[name]) for name in SPECIES]
        cells += [
            f"{(ours - theirs) / 1e5:+.1f}" for ours, theirs in (each.flux_radius[name] for name in SPECIES)
        ]
        cells += [percent(each.trapped[name]) for name in SPECIES]
        rows.append((*cells, percent(each.heating), percent(each.cooling)))
    body = f"""Steady neutrinos on the matter of a 15 Msun model of Liebendörfer et al. 2005 (ApJ 620, 840) by Agile-Boltztran
(AB) and Vertex (VX), {boltzmann.ZONES} zones, 20 groups, with rates of that era (Bruenn 1985, no weak magnetism; in the
spectral schemes scattering on electrons and pairs through their kernels). Errors in per cent of luminosity and rms energy at
450 km in the fluid's frame, of neutrinos per baryon trapped above 10¹³ g/cm³, of gross heating and of cooling over the
model's own gain region; in km of the radius where the flux factor passes 1/4. Mean fields are those of the models' equation
of state (Lattimer & Swesty 1991): without them the core would trap up to twice as many νe, and luminosities would move by
1 %. Nothing is fitted to these models, which are not part of this project: `snsim verify boltzmann` looks
for them in `$SNSIM_REFERENCE/boltzmann`.

{report.markdown(columns, rows)}

![Errors against time](verify_boltzmann.png)"""
    return section("boltzmann", "Against Boltzmann transport", body)


def merger_section(found: merger.Found) -> str:
    """Errors of trapped neutrinos, and what a star of one dimension makes of the rest."""
    names = list(SPECIES.values())
    columns = ["axis", "where", "of", *(f"N {n}" for n in names), *(f"⟨E⟩ {n}" for n in names)]
    rows = []
    for name, each in found.items():
        theirs, weight = each.axis.neutrinos, each.axis.dense
        density, axis = each.axis.profile.density, merger.AXES[name]
        gases = {**each.ours, "equilibrium": each.equilibrium}
        for scheme, gas in gases.items():
            pairs = zip(np.ravel(gas.mean(weight)), np.ravel(theirs.mean(weight)), strict=True)
            rows.append((axis, "> 10¹⁴ g/cm³", scheme, *map(percent, pairs)))
        for level in merger.THINNER:
            j = int(np.argmin(np.abs(np.log(density / level))))
            local = [np.ravel([gas.number[:, j], gas.energy[:, j]]) for gas in (gases["eddington"], theirs)]
            where = f"{density[j]:.1e} g/cm³".replace("e+", "e")
            rows.append((axis, where, "eddington", *map(percent, zip(*local, strict=True))))
    body = f"""A star is made of the matter along one axis of a merger remnant (1.298+1.298 Msun, DD2, 50 ms; Chiesa
et al. 2025, PRD 111, 063053, profiles of bns_nurates), and its steady neutrinos are compared with those of the simulation,
gray M1. Errors in per cent of neutrinos per baryon, N, and of mean energies; mapping `bns-1d`, {merger.ZONES} zones, 20
groups, the rates of the comparison above. `snsim verify merger` looks for the files in `$SNSIM_REFERENCE/profiles`.

Trapped neutrinos know only the matter at their place, so above 10¹⁴ g/cm³ the comparison is fair. There the simulation's
own neutrinos are not quite in equilibrium with its matter (rows "equilibrium", from its temperatures and chemical
potentials alone); what they depart from it, and 1 % of temperature, is the tolerance of `snsim verify merger`.

Outside it is not fair, and is only reported. The remnant is a flattened, turning star in a disc. Along the equator a sphere
of the disc's matter holds neutrinos that a disc lets out above and below; in the funnel above the pole those of the disc
at its sides are added, which a star does not have. Heavy-lepton neutrinos, which decouple deepest, feel it most. M1
with one energy group is an approximation of its own.

{report.markdown(columns, rows)}

![Trapped neutrinos of a merger remnant](verify_merger.png)"""
    return section("merger", "Against a merger simulation", body)


def summary_line(run: Run) -> tuple[str, ...]:
    """Return how many checks are kept, the largest share of a tolerance, the lowest order asked for, and seconds."""
    judged = [row for row in run.outcome.rows if row.judged]
    worst = max((used(row) for row in judged), default=np.nan)
    orders = [row.order for row in judged if not np.isnan(row.least_order)]
    order = f"{min(orders):.2g}" if orders else ""
    kept = sum(row.passed for row in judged)
    link = f"[{run.problem.title}](#{anchor(run.problem.title)})"
    return f"`{run.problem.name}`", link, f"{kept}/{len(judged)}", f"{worst:.2g}", order, f"{run.seconds:.0f}"


def summary(runs: list[Run]) -> str:
    """One line a problem."""
    body = (
        "Checks kept, the largest error in units of its tolerance, the lowest order of convergence that was asked for, "
        "and seconds on one core.\n\n"
    )
    columns = ("problem", "", "kept", "error/tolerance", "order", "s")
    return section(
        "summary", "Problems with known answers", body + report.markdown(columns, map(summary_line, runs))
    )


def used(row: Row) -> float:
    """Share of the tolerance that a row uses up."""
    return abs(row.error) / row.tolerance if row.tolerance > 0.0 else np.nan


def anchor(title: str) -> str:
    """Where GitHub puts a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def renewed(page: str, name: str, text: str) -> str:
    """Return the page with one section replaced, or appended."""
    pattern = re.compile(rf"<!-- {name} -->\n.*?<!-- end {name} -->\n", re.DOTALL)
    return pattern.sub(lambda _: text, page) if pattern.search(page) else page + "\n" + text


def published_section(name: str) -> tuple[str, tuple[Panel, ...]] | None:
    """Section and figure of a comparison with published models; None where they are not there."""
    path = published.folder({"boltzmann": "boltzmann", "merger": "profiles"}[name])
    if path is None:
        return None
    if name == "boltzmann":
        found = boltzmann.comparisons(path)
        return boltzmann_section(found), boltzmann.outcome(found).panels
    remnant = merger.comparisons(path)
    return merger_section(remnant), merger.outcome(remnant).panels


def main(names: list[str]) -> int:
    """Run, write the page and its figures; 1 if a tolerance is missed."""
    old = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    page = old if names else HEAD
    chosen = [problem for problem in choose(PROBLEMS, names) if problem.name not in OUTSIDE]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PhysicsWarning)
        panels = {}
        for name in OUTSIDE:
            written = published_section(name) if not names or name in names else None
            if written is not None:
                text, panels[f"verify_{name}"] = written
                page = renewed(page, name, text)
            elif not names and (
                kept := re.search(rf"<!-- {name} -->\n.*?<!-- end {name} -->\n", old, re.DOTALL)
            ):
                page += "\n" + kept.group()
        runs = []
        for run in run_problems(chosen):
            print(f"{run.problem.name}: {run.verdict} ({run.seconds:.1f} s)", file=sys.stderr)
            runs.append(run)
            if run.outcome.panels:
                panels[f"verify_{run.problem.name}"] = run.outcome.panels
    if not names:
        page = renewed(page, "summary", summary(runs))
    for run in runs:
        cells = " | ".join(summary_line(run))
        page = re.sub(
            rf"^\| `{run.problem.name}` \|.*$", lambda _, line=cells: f"| {line} |", page, flags=re.MULTILINE
        )
        page = renewed(page, run.problem.name, problem_section(run))
    PAGE.write_text(page, encoding="utf-8")
    save_figures(panels, DOCS)
    return 0 if all(run.outcome.passed for run in runs) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
