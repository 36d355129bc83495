"""The words of the page of a study: its summary, its warnings, what failed and what waits."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from snsim.report.labels import number_text, species_name
from snsim.report.numbers import species_in
from snsim.report.study_layout import GROUP, MAIN, SPECIES, is_number, plain, unit_of, value_of, words_of

if TYPE_CHECKING:
    from xarray import DataArray, Dataset

MOST_FAILURES = 500  # rows of their table
MOST_VALUES = 6  # of a parameter; of more the first and the last are said


def summary(study: Dataset, parameters: Sequence[str], answers: Sequence[str]) -> str:
    """Return what was varied and ranges of the main numbers as a table, those of the others folded."""
    main = [name for name in answers if study[name].attrs.get(GROUP, MAIN) == MAIN]
    varied = [(words_of(study[name]), escape(_values(study[name]))) for name in parameters]
    shown = _table("varied", varied) + _table("over all points", _ranges(study, main))
    others = [name for name in answers if name not in main]
    if not others:
        return shown
    return (
        f"{shown}<details><summary>Other numbers <small>{len(others)} ranges</small></summary>"
        f"{_table('over all points', _ranges(study, others))}</details>"
    )


def _table(head: str, rows: Sequence[tuple[str, str]]) -> str:
    """Return two columns: words that are escaped here, and values in HTML."""
    if not rows:
        return ""
    body = "".join(
        f'<tr><th scope="row">{species_in(escape(name))}</th><td>{text}</td></tr>' for name, text in rows
    )
    return f'<table class="summary"><thead><tr><th colspan="2">{head}</th></tr></thead><tbody>{body}</tbody></table>'


def _values(axis: DataArray) -> str:
    """Return the values of a parameter, or of many numbers the range."""
    known = list(dict.fromkeys(axis.values.tolist()))
    if len(known) <= MOST_VALUES:
        return f"{', '.join(plain(value) for value in known)} {unit_of(axis)}".strip()
    if is_number(axis):
        return f"{_range(axis)}, {len(known)} values"
    return f"{known[0]}, ..., {known[-1]}, {len(known)} values"


def _ranges(study: Dataset, names: Sequence[str]) -> list[tuple[str, str]]:
    """Return the range of each answer, of each species in a line of its own."""
    rows = []
    for name in names:
        answer = study[name]
        label = words_of(answer)
        group = str(answer.attrs.get(GROUP, MAIN))
        if group not in (MAIN, ""):
            label = f"{group}: {label}"
        if SPECIES not in answer.dims:
            rows.append((label, escape(_range(answer))))
            continue
        of_each = [
            (escape(str(who)), answer.isel({SPECIES: i})) for i, who in enumerate(answer[SPECIES].values)
        ]
        lines = [
            f'<span class="species {who}">{species_name(who)}</span> {escape(_range(own))}'
            for who, own in of_each
            if np.isfinite(own.values).any()
        ]
        rows.append((label, "<br>".join(lines) or "–"))
    return rows


def _range(variable: DataArray) -> str:
    known = variable.values[np.isfinite(variable.values)]
    if not known.size:
        return "–"
    low, high = number_text(float(known.min())), number_text(float(known.max()))
    return f"{low if low == high else f'{low} to {high}'} {unit_of(variable)}".strip()


def warnings(lines: Sequence[str]) -> str:
    """Return what the runs have warned of as a list."""
    if not lines:
        return "<p>The runs warn of nothing.</p>"
    return '<ul class="warnings">' + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


def failures(
    study: Dataset, failed: list[tuple[dict[str, Any], str]], parameters: Sequence[str], none: str
) -> str:
    """Return a table of points without answers, and why."""
    if not failed:
        return f"<p>{escape(none)}</p>"
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in (*parameters, "why"))
    body = "".join(
        "<tr>"
        + "".join(f"<td>{escape(value_of(study[name], at[name]))}</td>" for name in parameters)
        + f"<td>{escape(words)}</td></tr>"
        for at, words in failed[:MOST_FAILURES]
    )
    more = f"<p>The first {MOST_FAILURES} of {len(failed)}.</p>" if len(failed) > MOST_FAILURES else ""
    rows = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    return f'{more}<div class="scroll"><table class="failures">{rows}</table></div>'
