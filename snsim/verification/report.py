"""Tables of what a verification found: cells for a terminal, CSV, Markdown."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence

from snsim.verification.problem import Row
from snsim.verification.runner import Run

COLUMNS = (
    "problem",
    "quantity",
    "published or exact",
    "ours",
    "error",
    "tolerance",
    "order",
    "resolution",
    "verdict",
)
_FIELDS = (
    "problem",
    "quantity",
    "reference",
    "ours",
    "error",
    "unit_of_error",
    "tolerance",
    "order",
    "least_order",
    "resolution",
    "verdict",
)


def number(value: float, digits: int = 6) -> str:
    """Return a value with a few digits; empty if there is none.

    Examples
    --------
    >>> number(0.96884434), number(3.2e-8), number(float("nan"))
    ('0.968844', '3.2e-08', '')
    """
    return "" if math.isnan(value) else f"{value:.{digits}g}"


def error_text(row: Row, value: float, signed: bool = True) -> str:
    """Return an error with two digits: per cent where that reads well, else a power of ten; with its unit if absolute.

    Examples
    --------
    >>> error_text(Row("L", 0.0123, ours=1.0123), 0.0123), error_text(Row("L", 3e-6), 3e-6)
    ('+1.2 %', '3.0e-06')
    >>> error_text(Row("R", 1.5, ours=66.5, absolute="km"), 1.5)
    '+1.5 km'
    """
    if math.isnan(value):
        return ""
    sign = "+" if signed and not math.isnan(row.ours) else ""
    if row.absolute:
        return f"{value:{sign}.2g} {row.absolute}".rstrip()
    if 1e-3 <= abs(value) < 10.0:
        return f"{100.0 * value:{sign}.2g} %"
    return "0" if value == 0.0 else f"{value:{sign if abs(value) >= 10.0 else ''}.1e}"


def cells(run: Run, row: Row) -> tuple[str, ...]:
    """One line of the table."""
    order = number(row.order, 2)
    if not math.isnan(row.least_order):
        order += f" (>= {row.least_order:g})"
    return (
        run.problem.name,
        row.quantity,
        number(row.reference),
        number(row.ours),
        error_text(row, row.error),
        error_text(row, row.tolerance, signed=False),
        order,
        row.resolution,
        row.verdict,
    )


def table(runs: Iterable[Run]) -> list[tuple[str, ...]]:
    """All lines; a problem without an answer has one that says why."""
    lines: list[tuple[str, ...]] = []
    for run in runs:
        why = run.outcome.failed or run.outcome.skipped
        if why:
            lines.append((run.problem.name, why, *("" for _ in COLUMNS[3:]), run.verdict))
        lines += [cells(run, row) for row in run.outcome.rows]
    return lines


def markdown(columns: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    r"""Return a table in Markdown.

    Examples
    --------
    >>> print(markdown(("a", "b"), [("1", "x|y")]))
    | a | b |
    | --- | --- |
    | 1 | x\|y |
    """
    rows = [columns, ["---"] * len(columns), *lines]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)


def page(runs: Sequence[Run], figures: bool) -> str:
    """Return a page with one table, its figure and its sources for each problem."""
    parts = ["# Verification\n"]
    for run in runs:
        problem = run.problem
        parts.append(f"## {problem.title}\n\n`{problem.name}`, {run.seconds:.1f} s: {run.verdict}.")
        parts.append(f"{problem.reference}. {problem.exact}.")
        why = run.outcome.failed or run.outcome.skipped
        if why:
            parts.append(why)
        if run.outcome.rows:
            parts.append(markdown(COLUMNS[1:], [cells(run, row)[1:] for row in run.outcome.rows]))
        if figures and run.outcome.panels:
            parts.append(f"![{problem.title}]({problem.name}.png)")
    return "\n\n".join(parts) + "\n"


def comma_separated(runs: Iterable[Run]) -> str:
    """All rows with full digits, NaN left empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_FIELDS)
    for run in runs:
        why = run.outcome.failed or run.outcome.skipped
        if why:
            writer.writerow([run.problem.name, why, *("" for _ in _FIELDS[3:]), run.verdict])
        for row in run.outcome.rows:
            numbers = (row.reference, row.ours, row.error)
            asked = (row.tolerance, row.order, row.least_order)
            found = (
                *map(_digits, numbers),
                row.absolute.strip() or ("absolute" if row.absolute else "relative"),
            )
            writer.writerow(
                [run.problem.name, row.quantity, *found, *map(_digits, asked), row.resolution, row.verdict]
            )
    return text.getvalue()


def _digits(value: float) -> str:
    return "" if math.isnan(value) else repr(float(value))
