"""The page of a study: answers over every parameter, with sliders for the others, and what failed.

A study is an xarray Dataset in one of two layouts. On a grid every parameter is a dimension with a coordinate, and answers
lie along all of them. As a list there is one dimension `point`, and parameters are coordinates along it. In both an answer
may have a last dimension `species`. The text `failure`, where there is one, is empty at the points that have answers, and so
is `waiting`, which says why a point is not computed yet. What `snsim collect` writes comes into this form by
`snsim.report.collected`.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from snsim.plots._study_keys import LOG, spacing
from snsim.report.figure import SYMBOLS, Array, Axis, Curve, Figure, Slider, View
from snsim.report.labels import axis_title, spare_colour, species_colour, species_name, wrapped
from snsim.report.numbers import table
from snsim.report.page import Page, Section
from snsim.report.panels import kind_of, limits
from snsim.report.study_layout import (
    GROUP,
    POINT,
    SPECIES,
    WAITING,
    WARNINGS,
    failures_of,
    is_number,
    parameters_of,
    size_of,
    unit_of,
    value_of,
    words_of,
)
from snsim.report.study_words import failures, summary, warnings

if TYPE_CHECKING:
    from xarray import DataArray, Dataset

_OF_PAGE = ("title", "citations", WARNINGS)  # attributes that have places of their own


def page_of_study(study: Dataset) -> Page:
    """Return the page of a study.

    Parameters
    ----------
    study : xarray.Dataset
        On a grid or as a list of points, see above. Its attributes stand on the page: `title` as heading, `citations`
        (a line each) as papers, `warnings` (a line each) as what the runs warned of.

    Returns
    -------
    Page
        For `snsim.report.page.render`.
    """
    answers = [
        str(name) for name, each in study.data_vars.items() if is_number(each) and _is_answer(study, each)
    ]
    parameters = parameters_of(study)
    draw = _of_points if POINT in study.dims else _of_grid
    figures = tuple(draw(study, parameters, answers)) if answers else ()
    failed, waiting, size = failures_of(study), failures_of(study, WAITING), size_of(study)
    facts = {str(key): str(value) for key, value in study.attrs.items() if key not in _OF_PAGE}
    papers = [line for line in str(study.attrs.get("citations", "")).splitlines() if line]
    sections = [Section("summary", "Summary", summary(study, parameters, answers))]
    if WARNINGS in study.attrs:
        sections.append(Section("warnings", "Warnings", warnings(str(study.attrs[WARNINGS]).splitlines())))
    none = "None." if waiting else f"None: all {size} runs have answers."
    sections.append(Section("failures", "Failures", failures(study, failed, parameters, none)))
    if waiting:
        sections.append(Section("waiting", "Not computed yet", failures(study, waiting, parameters, "")))
    sections.append(Section("figures", "Figures", "" if answers else "<p>No run has numbers.</p>", figures))
    if facts:
        sections.append(Section("provenance", "Provenance", table(list(facts.items()))))
    if papers:
        items = "".join(f"<li>{escape(paper)}</li>" for paper in papers)
        sections.append(Section("citations", "What to cite", f'<ol class="papers">{items}</ol>'))
    over = ", ".join(words_of(study[name]) for name in parameters)
    left = f"; {len(waiting)} not computed yet" if waiting else ""
    return Page(
        str(study.attrs.get("title", "A study without a title")),
        f"{size} runs over {over}; {len(failed)} without an answer{left}.",
        tuple(sections),
        "Works without a network; print it, mail it, keep it beside the study.",
    )


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
        starts = _first_with_numbers(study, others, answers)
        sliders = tuple(
            Slider(words_of(study[each]), tuple(value_of(study[each], v) for v in study[each].values), start)
            for each, start in zip(others, starts, strict=True)
        )
        views = tuple(_grid_view(study, key, name, others) for key in answers)
        yield _figure(study, name, views, sliders)


def _first_with_numbers(study: Dataset, others: list[str], answers: list[str]) -> list[int]:
    """Return the first place along these parameters at which some run has an answer."""
    known = np.zeros([study.sizes[name] for name in others], dtype=bool)
    for key in answers:
        answer = study[key]
        there = answer.copy(data=np.isfinite(answer.values))
        known |= there.any([dim for dim in answer.dims if dim not in others]).transpose(*others).values
    places = np.argwhere(known)
    return [int(each) for each in places[0]] if places.size else [0] * len(others)


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
            marks="lines+markers" if is_number(axis) else "markers",
            unit=unit_of(answer),
        )
        for words, row, colour in _rows(answer)
    ]
    return _view(study, key, name, curves)


def _of_points(study: Dataset, parameters: list[str], answers: list[str]) -> Iterator[Figure]:
    """Return a figure for every parameter: answers of all points over it, with the other parameters in the hover label.

    One parameter of few values is told apart by symbols, and by colours where these do not mean species.
    """
    texts = tuple(
        "<br>".join(
            f"{words_of(study[name])} {value_of(study[name], study[name].values[i])}" for name in parameters
        )
        for i in range(study.sizes[POINT])
    )
    for name in parameters:
        by = _told_apart(study, [each for each in parameters if each != name])
        views = tuple(
            _view(study, key, name, _dots(study[key], study[name], study[by] if by else None))
            for key in answers
        )
        yield _figure(study, name, views, (), texts)


def _told_apart(study: Dataset, parameters: list[str]) -> str:
    """Return the parameter with the fewest values, each of several points; empty where there is none of so few."""
    counts = {name: np.unique(study[name].values).size for name in parameters}
    few = [name for name in parameters if 1 < counts[name] <= min(len(SYMBOLS), study.sizes[POINT] // 2)]
    return min(few, key=lambda name: (is_number(study[name]), counts[name]), default="")


def _dots(answer: DataArray, axis: DataArray, by: DataArray | None) -> list[Curve]:
    """Return a row of dots for each species and each value that is told apart."""
    values = [None] if by is None else list(dict.fromkeys(by.values.tolist()))
    found = []
    for words, row, colour in _rows(answer):
        for place, value in enumerate(values):
            told = "" if by is None else value_of(by, value)
            places = np.arange(axis.size) if by is None else np.flatnonzero(by.values == value)
            found.append(
                Curve(
                    ", ".join(each for each in (words, told) if each),
                    _points(axis[places]),
                    row.values[places],
                    colour if words or by is None else spare_colour(place),
                    marks="markers",
                    unit=unit_of(answer),
                    symbol=SYMBOLS[place],
                    places=() if by is None else tuple(places.tolist()),
                )
            )
    return found


def _figure(
    study: Dataset,
    name: str,
    views: tuple[View, ...],
    sliders: tuple[Slider, ...],
    texts: tuple[str, ...] = (),
) -> Figure:
    words = words_of(study[name])
    held = f"; sliders hold {', '.join(slider.label for slider in sliders)}" if sliders else ""
    return Figure(
        f"over-{name.replace('.', '-').replace('_', '-')}",
        f"Over {words}",
        f"Answers over {words}{held}. Gaps are runs without an answer.",
        f"Each of {len(views)} answers of the study over {words}. The table of the summary has their ranges.",
        views,
        sliders,
        "Answer",
        texts,
    )


def _view(study: Dataset, key: str, name: str, curves: list[Curve]) -> View:
    answer, axis = study[key], study[name]
    y_kind = kind_of(answer.values)
    group, words = str(answer.attrs.get(GROUP, "")), words_of(answer)
    return View(
        f"{group}: {words}" if group else words,
        _x_axis(axis),
        Axis(wrapped(axis_title(words, str(answer.attrs.get("units", "")))), y_kind, limits(curves, y_kind)),
        tuple(curves),
    )


def _x_axis(axis: DataArray) -> Axis:
    title = axis_title(words_of(axis), str(axis.attrs.get("units", "")))
    if not is_number(axis):
        return Axis(title, "category")
    values = np.unique(np.asarray(axis.values, dtype=np.float64))
    if spacing(values) == LOG:
        return Axis(title, "log", (values[0] / 1.1, values[-1] * 1.1))
    return Axis(title)


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
    return np.asarray(values, dtype=np.float64) if is_number(axis) else [str(value) for value in values]


__all__ = ["failures_of", "page_of_study", "parameters_of"]
