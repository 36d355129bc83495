"""Write docs/accuracy.md: what `snsim verify` finds, and how far the schemes are from published Boltzmann models.

Run:  python docs/accuracy.py [NAMES...]

Without names all problems are run (minutes), figures beside the page included; with names only these, and their sections are
renewed in the page that is there. The published models are not part of this project: SNSIM_REFERENCE names the folder that
holds boltzmann/, and without it that section stays as it is.
"""

from __future__ import annotations

import re
import sys
import warnings
from pathlib import Path

import numpy as np

from microphysics.errors import PhysicsWarning
from snsim.plots.verification import save_figures
from snsim.verification import boltzmann, published, report
from snsim.verification.catalog import PROBLEMS
from snsim.verification.problem import Row
from snsim.verification.runner import Run, choose, run_problems

DOCS = Path(__file__).resolve().parent
PAGE = DOCS / "accuracy.md"
COLUMNS = ("quantity", "exact or published", "ours", "error", "tolerance", "order", "resolution")
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
        rows.append((*cells, percent(each.heating), percent(each.cooling)))
    body = f"""Steady neutrinos on the matter of a 15 Msun model of Liebendörfer et al. 2005 (ApJ 620, 840) by Agile-Boltztran
(AB) and Vertex (VX), {boltzmann.ZONES} zones, 20 groups, with rates of that era (Bruenn 1985, no weak magnetism; in the
spectral schemes scattering on electrons and pairs through their kernels). Errors in per cent of luminosity and rms energy at
450 km in the fluid's frame, of gross heating and of cooling over the model's own gain region; in km of the radius where the
flux factor passes 1/4. Nothing is fitted to these models, which are not part of this project: `snsim verify boltzmann` looks
for them in `$SNSIM_REFERENCE/boltzmann`.

{report.markdown(columns, rows)}

![Errors against time](verify_boltzmann.png)"""
    return section("boltzmann", "Against Boltzmann transport", body)


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


def main(names: list[str]) -> int:
    """Run, write the page and its figures; 1 if a tolerance is missed."""
    old = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    kept = re.search(r"<!-- boltzmann -->\n.*?<!-- end boltzmann -->\n", old, re.DOTALL)
    page = old if names else HEAD
    chosen = [problem for problem in choose(PROBLEMS, names) if problem.name != "boltzmann"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PhysicsWarning)
        panels = {}
        found, path = None, published.folder()
        if path is not None and (not names or "boltzmann" in names):
            found = boltzmann.comparisons(path)
            page = renewed(page, "boltzmann", boltzmann_section(found))
            panels["verify_boltzmann"] = boltzmann.outcome(found).panels
        elif kept and not names:
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
