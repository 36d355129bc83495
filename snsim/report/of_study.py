"""The page of a study: answers over every parameter, with sliders for the others, and what failed.

A study is an xarray Dataset in one of two layouts. On a grid every parameter is a dimension with a coordinate, and answers
lie along all of them. As a list there is one dimension `point`, and parameters are coordinates along it. In both an answer
may have a last dimension `species`. The text `failure`, where there is one, is empty at the points that have answers. What
`snsim collect` writes comes into this form by `snsim.report.collected`.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from snsim.report.figure import Array, Axis, Curve, Figure, Slider, View
from snsim.report.labels import axis_title, number_text, species_colour, species_name, unit_text
from snsim.report.numbers import table
from snsim.report.page import Page, Section
from snsim.report.panels import kind_of, limits

if TYPE_CHECKING:
    from xarray import DataArray, Dataset

POINT, SPECIES, FAILURE = "point", "species", "failure"
GROUP = "group"  # attribute of an answer: heading in menus
MOST_FAILURES = 500  # rows of their table


def page_of_study(study: Dataset) -> Page:
    """Return the page of a study.

    Parameters
    ----------
    study : xarray.Dataset
        On a grid or as a list of points, see above. Its attributes stand on the page: `title` as heading, `citations`
        (a line each) as papers.

    Returns
    -------
    Page
        For `snsim.report.page.render`.
    """
    answers = [
        str(name)
        for name, each in study.data_vars.items()
        if each.dtype.kind in "fi" and _is_answer(study, each)
    ]
    parameters = parameters_of(study)
    figures = (
        _of_points(study, parameters, answers)
        if POINT in study.dims
        else _of_grid(study, parameters, answers)
    )
    failed = failures_of(study)
    size = (
        study.sizes[POINT]
        if POINT in study.dims
        else int(np.prod([study.sizes[name] for name in parameters]))
    )
    facts = {str(key): str(value) for key, value in study.attrs.items() if key not in ("title", "citations")}
    papers = [line for line in str(study.attrs.get("citations", "")).splitlines() if line]
    sections = [
        Section("summary", "Summary", _ranges(study, parameters, answers)),
        Section("failures", "Failures", _failures(failed, parameters, size)),
        Section("figures", "Figures", "", tuple(figures)),
    ]
    if facts:
        sections.append(Section("provenance", "Provenance", table(list(facts.items()))))
    if papers:
        items = "".join(f"<li>{escape(paper)}</li>" for paper in papers)
        sections.append(Section("citations", "What to cite", f'<ol class="papers">{items}</ol>'))
    over = ", ".join(_words(study[name]) for name in parameters)
    return Page(
        str(study.attrs.get("title", "A study without a title")),
        f"{size} runs over {over}; {len(failed)} without an answer.",
        tuple(sections),
        "Works without a network; print it, mail it, keep it beside the study.",
    )


def parameters_of(study: Dataset) -> list[str]:
    """Return the names of what was varied, in the order of the file."""
    if POINT in study.dims:
        return [str(name) for name in study.coords if study[name].dims == (POINT,) and name != POINT]
    return [str(name) for name in study.dims if name in study.coords and name != SPECIES]


def failures_of(study: Dataset) -> list[tuple[dict[str, Any], str]]:
    """Return parameters and words of every point that has no answer."""
    if FAILURE not in study:
        return []
    failure, parameters = study[FAILURE], parameters_of(study)
    found = []
    for place in np.argwhere(failure.values.astype(str) != ""):
        at = dict(zip((str(dim) for dim in failure.dims), place.tolist(), strict=True))
        here = failure.isel(at)
        found.append(({name: here[name].item() for name in parameters}, str(here.values)))
    return found


def _is_answer(study: Dataset, variable: DataArray) -> bool:
    """Whether a variable has one number, or one for each species, at every point."""
    own = {POINT} if POINT in study.dims else set(parameters_of(study))
    return bool(variable.dims) and own <= set(variable.dims) <= own | {SPECIES}


def _of_grid(study: Dataset, parameters: list[str], answers: list[str]) -> Iterator[Figure]:
    """Return a figure for every axis with more than one value: answers over it, sliders for the others."""
    for name in parameters:
        if study.sizes[name] < 2:
            continue
        others = [each for each in parameters if each != name and study.sizes[each] > 1]
        sliders = tuple(
            Slider(_words(study[each]), tuple(_value(study[each], v) for v in study[each].values))
            for each in others
        )
        views = tuple(_grid_view(study, key, name, others) for key in answers)
        yield _figure(study, name, views, sliders)


def _grid_view(study: Dataset, key: str, name: str, others: list[str]) -> View:
    rest = [dim for dim in study[key].dims if dim not in (name, *others, SPECIES)]  # of length 1
    answer = study[key].isel(dict.fromkeys(rest, 0))
    axis = study[name]
    curves = [
        Curve(
            words,
            _points(axis),
            row.transpose(*others, name).values,
            colour,
            marks="lines+markers",
            unit=_unit(answer),
        )
        for words, row, colour in _rows(answer)
    ]
    return _view(study, key, name, curves)


def _of_points(study: Dataset, parameters: list[str], answers: list[str]) -> Iterator[Figure]:
    """Return a figure for every parameter: answers of all points over it, with the other parameters in the hover label."""
    texts = [
        "<br>".join(
            f"{_words(study[name])} {_value(study[name], study[name].values[i])}" for name in parameters
        )
        for i in range(study.sizes[POINT])
    ]
    for name in parameters:
        views = []
        for key in answers:
            curves = [
                Curve(
                    words,
                    _points(study[name]),
                    row.values,
                    colour,
                    marks="markers",
                    unit=_unit(study[key]),
                    texts=texts,
                )
                for words, row, colour in _rows(study[key])
            ]
            views.append(_view(study, key, name, curves))
        yield _figure(study, name, tuple(views), ())


def _figure(study: Dataset, name: str, views: tuple[View, ...], sliders: tuple[Slider, ...]) -> Figure:
    words = _words(study[name])
    held = f"; sliders hold {', '.join(slider.label for slider in sliders)}" if sliders else ""
    return Figure(
        f"over-{name.replace('.', '-').replace('_', '-')}",
        f"Over {words}",
        f"Answers over {words}{held}. Gaps are runs without an answer.",
        f"Each of {len(views)} answers of the study over {words}. The table of the summary has their ranges.",
        views,
        sliders,
        "Answer",
    )


def _view(study: Dataset, key: str, name: str, curves: list[Curve]) -> View:
    answer, axis = study[key], study[name]
    text = axis.dtype.kind not in "fi"
    x_kind = "category" if text else kind_of(np.asarray(axis.values, dtype=np.float64))
    y_kind = kind_of(answer.values)
    group = str(answer.attrs.get(GROUP, ""))
    return View(
        f"{group}: {_words(answer)}" if group else _words(answer),
        Axis(axis_title(_words(axis), str(axis.attrs.get("units", ""))), x_kind),
        Axis(axis_title(_words(answer), str(answer.attrs.get("units", ""))), y_kind, limits(curves, y_kind)),
        tuple(curves),
    )


def _rows(answer: DataArray) -> list[tuple[str, DataArray, str]]:
    """Name, values and colour of each curve of an answer."""
    if SPECIES not in answer.dims:
        return [("", answer, "c1")]
    return [
        (species_name(who), answer.isel({SPECIES: place}), species_colour(who, place))
        for place, who in enumerate(str(each) for each in answer[SPECIES].values)
    ]


def _points(axis: DataArray) -> Array | list[str]:
    values = axis.values
    return (
        np.asarray(values, dtype=np.float64)
        if values.dtype.kind in "fi"
        else [str(value) for value in values]
    )


def _ranges(study: Dataset, parameters: list[str], answers: list[str]) -> str:
    """Return parameters and answers with their least and greatest values."""
    rows = []
    for name in (*parameters, *answers):
        values = study[name].values
        if values.dtype.kind in "fi":
            known = values[np.isfinite(values)]
            words = "nothing is known"
            if known.size:
                words = f"{number_text(float(known.min()))} to {number_text(float(known.max()))} {_unit(study[name])}"
        else:
            words = ", ".join(dict.fromkeys(str(value) for value in values.ravel()))
        rows.append(
            (f"{_words(study[name])} ({'varied' if name in parameters else 'answer'})", words.strip())
        )
    return table(rows)


def _failures(failed: list[tuple[dict[str, Any], str]], parameters: list[str], size: int) -> str:
    if not failed:
        return f"<p>None: all {size} runs have answers.</p>"
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in (*parameters, "why"))
    body = "".join(
        "<tr>"
        + "".join(f"<td>{escape(_plain(at[name]))}</td>" for name in parameters)
        + f"<td>{escape(words)}</td></tr>"
        for at, words in failed[:MOST_FAILURES]
    )
    more = f"<p>The first {MOST_FAILURES} of {len(failed)}.</p>" if len(failed) > MOST_FAILURES else ""
    rows = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    return f'{more}<div class="scroll"><table class="failures">{rows}</table></div>'


def _words(variable: DataArray) -> str:
    return str(variable.attrs.get("long_name", variable.name)).replace("_", " ")


def _unit(variable: DataArray) -> str:
    return unit_text(str(variable.attrs.get("units", "")))


def _value(variable: DataArray, value: Any) -> str:
    return f"{_plain(value)} {_unit(variable)}".strip()


def _plain(value: Any) -> str:
    return number_text(float(value)) if isinstance(value, (int, float, np.number)) else str(value)


__all__ = ["failures_of", "page_of_study", "parameters_of"]
