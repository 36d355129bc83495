"""The words and numbers of the page: summary, tables of every observable, provenance."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

import numpy as np

from snsim.plots._panels import species_of
from snsim.report.labels import number_text, species_name, unit_text
from snsim.result import IN_TIME, Result, shown_unit
from snsim.series import TIME
from snsim.variable import Variable

# of the provenance, in this order, with the words for it; versions of packages follow
_ORIGIN = {
    "profile": "star",
    "started": "computed",
    "wall_time_s": "wall time [s]",
    "snsim_version": "snsim",
    "git_commit": "commit",
    "git_dirty": "changes beside the commit",
    "code": "hash of the code",
    "config_hash": "hash of the configuration",
    "plug_ins": "plug-ins",
    "inputs": "files that were read, SHA-256",
    "seed": "seed",
    "host": "machine",
    "cpu": "processor",
    "python_version": "Python",
    "diagnosed": "observables computed later",
}
_COLUMNS = ("quantity", "value", "unit", "what it is")
_HEAD = "<tr>" + "".join(f'<th scope="col">{words}</th>' for words in _COLUMNS) + "</tr>"
_ATTRIBUTES = ("definition", "frame", "reason")


def summary_table(result: Result) -> str:
    """Return the few numbers that matter as a table."""
    rows = "".join(
        f'<tr><th scope="row">{species_in(escape(label))}</th><td>{species_in(escape(value))}</td></tr>'
        for label, value in result.summary()
    )
    return f'<table class="summary"><tbody>{rows}</tbody></table>'


def species_in(words: str) -> str:
    """Write species with their colours and powers of ten as such, so that numbers of several can be told apart."""
    words = re.sub(r"\b(-?[\d.]+e[+-]\d+)\b", lambda found: number_text(float(found[1])), words)
    words = words.replace("Y_e", "Y<sub>e</sub>")
    for name in ("anue", "nue", "nux"):
        words = " ".join(
            f'<span class="species {name}">{species_name(name)}</span>' if word == name else word
            for word in words.split(" ")
        )
    return words.replace("  ", "&emsp;")


def number_tables(result: Result) -> str:
    """Return a table of each group's single numbers and numbers of species, folded, with what each means."""
    parts = []
    for name in result.groups:
        rows = list(_rows(result, name))
        if not rows:
            continue
        parts.append(
            f"<details><summary>{escape(name)} <small>{len(rows)} numbers</small></summary>"
            f'<div class="scroll"><table class="numbers"><thead>{_HEAD}</thead><tbody>{"".join(rows)}</tbody></table></div>'
            "</details>"
        )
    return "".join(parts)


def _rows(result: Result, name: str) -> Iterator[str]:
    species = species_of(result, name)
    for key, variable in result.groups[name].items():
        values, dims, when = variable.values, variable.dims, ""
        if name in IN_TIME and dims[:1] == (TIME,) and values.size:
            values, dims, when = values[-1], dims[1:], " at the last time"
        if values.dtype.kind not in "fi" or key == TIME or dims not in ((), ("species",)) or key == "species":
            continue
        unit, factor = shown_unit(variable.unit, float(np.abs(values[np.isfinite(values)]).max(initial=0.0)))
        shown = [number_text(float(value) / factor) for value in np.ravel(values)]
        if dims:
            names = species if len(species) == len(shown) else tuple(str(i) for i in range(len(shown)))
            shown = [
                f'<span class="species {who}">{species_name(who)}</span>&nbsp;{text}'
                for who, text in zip(names, shown, strict=True)
            ]
        yield (
            f'<tr><th scope="row">{escape(variable.long_name + when)}<br><code>{escape(key)}</code></th>'
            f"<td>{'<br>'.join(shown)}</td><td>{escape(unit_text(unit))}</td><td>{_meaning(variable)}</td></tr>"
        )


def _meaning(variable: Variable) -> str:
    """Definition, frame and reason of a variable."""
    parts = [
        f'<span class="{key}">{escape(variable.attributes[key])}</span>'
        for key in _ATTRIBUTES
        if variable.attributes.get(key)
    ]
    return "<br>".join(parts)


def origin_table(result: Result) -> str:
    """Return provenance as a table."""
    told = result.provenance
    rows = [(words, told[key]) for key, words in _ORIGIN.items() if told.get(key)]
    rows += [
        (key.removesuffix("_version"), text)
        for key, text in told.items()
        if key.endswith("_version") and key not in _ORIGIN and text
    ]
    return table(rows)


def table(rows: list[tuple[str, str]]) -> str:
    """Return two columns, the first a heading of its row."""
    cells = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(text).replace(chr(10), "<br>")}</td></tr>'
        for name, text in rows
    )
    return f'<div class="scroll"><table class="origin"><tbody>{cells}</tbody></table></div>'


__all__ = ["number_tables", "origin_table", "summary_table", "table"]
