"""The page of a result: what it says, its figures, every number, and on what they rest."""

from __future__ import annotations

import re
from html import escape

from snsim.output.provenance import citations_of
from snsim.plots._panels import scheme_of
from snsim.report.ejecta import along_trajectories, histogram
from snsim.report.explorer import explorer
from snsim.report.in_time import over_time, snapshots
from snsim.report.numbers import number_tables, origin_table, summary_table
from snsim.report.page import Page, Section
from snsim.report.spectra import inside, leaving, opacities
from snsim.report.star import depths, heating, structure, transport
from snsim.report.told import reasons_of, warnings_of
from snsim.result import Result
from snsim.series import HISTORY, moments_in

FIGURES = (
    along_trajectories,
    histogram,
    over_time,
    snapshots,
    transport,
    heating,
    depths,
    leaving,
    inside,
    structure,
    opacities,
    explorer,
)


def page_of(result: Result) -> Page:
    """Return the page of a result: one star, an evolution, a sequence, or trajectories of ejecta.

    Parameters
    ----------
    result : Result
        Of `snsim.read_result`.

    Returns
    -------
    Page
        For `snsim.report.page.render`.
    """
    figures = tuple(figure for draw in FIGURES if (figure := draw(result)) is not None)
    told, reasons, papers = warnings_of(result), reasons_of(result), citations_of(result)
    sections = [
        Section("summary", "Summary", summary_table(result)),
        Section("warnings", "Warnings", _listed(told, "warnings", "The run warns of nothing.")),
        Section("figures", "Figures", "", figures),
        Section("numbers", "All numbers", _INTRODUCTION + number_tables(result)),
    ]
    if reasons:
        sections.append(Section("undefined", "What has no answer", _reasons(reasons)))
    if result.config_toml:
        sections.append(Section("run-file", "Run file", _run_file(result.config_toml)))
    sections.append(Section("provenance", "Provenance", origin_table(result)))
    sections.append(Section("citations", "What to cite", _citations(papers)))
    writer = f"snsim {result.provenance.get('snsim_version', '')}".strip()
    return Page(
        result.provenance.get("title") or "A run without a title",
        _lede(result),
        tuple(sections),
        f"Of a result of {writer}. Works without a network; print it, mail it, keep it beside the result.",
    )


_INTRODUCTION = (
    "<p>Single numbers and numbers of each species, by group of the result file, with definition and frame. "
    "–&nbsp;means undefined; the reason stands beside it.</p>"
)


def _lede(result: Result) -> str:
    """Say in one sentence what was computed, from what, and when."""
    if HISTORY in result.groups:
        what = f"A sequence of {moments_in(result)} stars"
    elif "ejecta" in result.groups:
        what = "The electron fraction of ejecta along their trajectories"
    elif "evolution" in result.groups:
        what = "A star in time"
    else:
        what = "Neutrinos of one star"
    scheme = scheme_of(result) if result.config_toml else ""
    if scheme == "none":
        scheme = "opacities only"
    elif scheme:
        scheme = f"scheme {scheme}"
    star = re.split("[,;]", result.provenance.get("profile", ""))[0] if HISTORY not in result.groups else ""
    started = result.provenance.get("started", "")[:10]
    words = [what, scheme, f"star: {star}" if star else "", f"computed on {started}" if started else ""]
    return "; ".join(word for word in words if word) + "."


def _listed(sentences: list[str], kind: str, none: str) -> str:
    if not sentences:
        return f"<p>{escape(none)}</p>"
    return f'<ul class="{kind}">' + "".join(f"<li>{escape(each)}</li>" for each in sentences) + "</ul>"


def _reasons(reasons: list[tuple[str, str, str]]) -> str:
    """Return quantities by the reason why they are undefined."""
    by_reason: dict[str, list[str]] = {}
    for path, _, reason in reasons:
        by_reason.setdefault(reason, []).append(path)
    items = "".join(
        f"<dt>{escape(reason)}</dt><dd>{', '.join(f'<code>{escape(path)}</code>' for path in paths)}</dd>"
        for reason, paths in by_reason.items()
    )
    return f"<p>Wholly or in some places.</p><dl>{items}</dl>"


def _run_file(text: str) -> str:
    return (
        "<details><summary>The complete run file, every key with its value</summary>"
        f'<pre tabindex="0"><code>{escape(text)}</code></pre></details>'
    )


def _citations(papers: list[str]) -> str:
    if not papers:
        return "<p>The result names no papers.</p>"
    return (
        "<p>The papers whose formulas and data these numbers stand on.</p><ol class='papers'>"
        + "".join(f"<li>{escape(paper)}</li>" for paper in papers)
        + "</ol>"
    )
