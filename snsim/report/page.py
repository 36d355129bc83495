"""A page from its parts: one file, no network, light and dark, readable without its figures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import resources
from itertools import groupby

from snsim.errors import MissingExtraError
from snsim.report.figure import Figure, Slider, View

EXTRA = "report"
# nothing is loaded from anywhere: a browser refuses what is not in the file
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:"


@dataclass(frozen=True)
class Section:
    """A part of the page with a heading.

    Attributes
    ----------
    key : str
        Identifier, letters and hyphens.
    title : str
        Plain text.
    body : str
        HTML.
    figures : tuple of Figure
        Drawn after the body.
    """

    key: str
    title: str
    body: str = ""
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True)
class Page:
    """What is on a page.

    Attributes
    ----------
    title, lede, footer : str
        Plain text.
    sections : tuple of Section
    """

    title: str
    lede: str
    sections: tuple[Section, ...]
    footer: str = ""


def plotly_js() -> str:
    """Return the library that draws the figures, as the Python package brings it.

    Raises
    ------
    MissingExtraError
        If that package is not installed.
    """
    try:
        from plotly.offline import get_plotlyjs
    except ImportError:
        raise MissingExtraError(
            f"snsim report draws with plotly, which is not installed; pip install 'snsim[{EXTRA}]' brings it."
        ) from None
    return str(get_plotlyjs())


def render(page: Page, library: str) -> str:
    """Return a page as HTML.

    Parameters
    ----------
    page : Page
    library : str
        Of `plotly_js`; embedded once, and left out where no section has a figure.
    """
    figures = [figure for section in page.sections for figure in section.figures]
    data = json.dumps([figure.as_json() for figure in figures], separators=(",", ":")).replace("</", "<\\/")
    scripts = ""
    if figures:
        whole = library.replace("</script", "<\\/script")
        scripts = (
            f"<script>{whole}</script>\n"
            f'<script type="application/json" id="figure-data">{data}</script>\n<script>{_asset("page.js")}</script>'
        )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>{escape(page.title)} – snsim report</title>
<style>{_asset("page.css")}</style>
</head>
<body>
<a class="skip" href="#content">To the content</a>
<nav aria-label="Contents"><details open><summary>Contents</summary><ol>{_contents(page.sections)}</ol></details></nav>
<main id="content">
<header><p class="kind">snsim report</p><h1>{escape(page.title)}</h1><p class="lede">{escape(page.lede)}</p></header>
{"".join(_section(section) for section in page.sections)}
<footer><p>{escape(page.footer)}</p></footer>
</main>
{scripts}
</body>
</html>
"""


@cache
def _asset(name: str) -> str:
    return resources.files("snsim.report").joinpath(name).read_text(encoding="utf-8")


def _contents(sections: Sequence[Section]) -> str:
    """Return the table of contents: sections, and figures below theirs."""
    parts = []
    for section in sections:
        below = "".join(
            f'<li><a href="#{each.key}">{escape(each.title)}</a></li>' for each in section.figures
        )
        inner = f"<ol>{below}</ol>" if below else ""
        parts.append(f'<li><a href="#{section.key}">{escape(section.title)}</a>{inner}</li>')
    return "".join(parts)


def _section(section: Section) -> str:
    figures = "".join(_figure(figure) for figure in section.figures)
    return (
        f'<section id="{section.key}" aria-labelledby="{section.key}-title">'
        f'<h2 id="{section.key}-title">{escape(section.title)}</h2>{section.body}{figures}</section>\n'
    )


def _figure(figure: Figure) -> str:
    """Return the frame that `page.js` draws a figure into, with its controls and its words."""
    menu = _menu(figure) if len(figure.views) > 1 else ""
    sliders = "".join(_slider(figure, place, slider) for place, slider in enumerate(figure.sliders))
    controls = f'<div class="controls">{menu}{sliders}</div>' if menu or sliders else ""
    return (
        f'<figure id="{figure.key}" data-figure="{figure.key}"><h3>{escape(figure.title)}</h3>{controls}'
        f'<div class="plot" role="img" aria-label="{escape(figure.alt)}"></div>'
        f"<noscript><p>{escape(figure.alt)}</p></noscript>"
        f"<figcaption>{escape(figure.caption)}</figcaption></figure>"
    )


def _menu(figure: Figure) -> str:
    """Return the menu of a figure's views, under headings where their labels name some."""
    parts = []
    numbered = list(enumerate(figure.views))
    for group, members in groupby(numbered, key=lambda pair: _heading(pair[1])):
        options = "".join(
            f'<option value="{place}">{_words(view.label.removeprefix(f"{group}: "))}</option>'
            for place, view in members
        )
        parts.append(f'<optgroup label="{escape(group)}">{options}</optgroup>' if group else options)
    return f'<label class="menu"><span>{escape(figure.menu)}</span> <select>{"".join(parts)}</select></label>'


def _heading(view: View) -> str:
    return view.label.partition(": ")[0] if ": " in view.label else ""


def _words(label: str) -> str:
    """Return a label without markup: menus show plain text."""
    for markup, plain in (("<sub>", ""), ("</sub>", ""), ("<sup>", ""), ("</sup>", "")):
        label = label.replace(markup, plain)
    return escape(label)


def _slider(figure: Figure, place: int, slider: Slider) -> str:
    key, last = f"{figure.key}-slider-{place}", len(slider.values) - 1
    now = slider.values[slider.start]
    return (
        f'<div class="slider"><label for="{key}">{escape(slider.label)}</label>'
        f'<input id="{key}" type="range" min="0" max="{last}" step="1" value="{slider.start}" '
        f'aria-valuetext="{escape(now)}"><output for="{key}">{escape(now)}</output></div>'
    )


__all__ = ["Page", "Section", "plotly_js", "render"]
