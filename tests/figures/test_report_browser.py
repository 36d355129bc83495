"""The page in a browser, offline: it draws, shows numbers under the pointer, and its sliders move the data."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from stars_by_hand import make_star

from snsim.report.of_result import page_of
from snsim.report.of_study import page_of_study
from snsim.report.page import plotly_js, render

sync_api = pytest.importorskip("playwright.sync_api", reason="the extra browser is not installed")
pytest.importorskip("plotly", reason="the extra report is not installed")

BROWSERS = (
    os.environ.get("SNSIM_BROWSER"),
    "/usr/bin/chromium",
    shutil.which("chromium-browser"),
    shutil.which("google-chrome"),
)


@pytest.fixture(scope="module")
def browser():
    executable = next((path for path in BROWSERS if path and Path(path).is_file()), None)
    if executable is None:
        pytest.skip("no Chromium on this machine (set SNSIM_BROWSER)")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    file = tmp_path_factory.mktemp("report") / "report.html"
    file.write_text(render(page_of(make_star()), plotly_js()), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def study_file(tmp_path_factory):
    """The page of a study whose numbers have labels as long as those of real ones."""
    xarray = pytest.importorskip("xarray")
    place, scheme = np.array([100.0, 150.0, 200.0]), np.array(["gray", "multigroup"])
    along, long_name = ("shock_radius", "scheme"), "luminosity of all species far out " * 4
    answers = {
        f"number_{i}": (along, 1e52 * i + place[:, None] + np.zeros(2), {"long_name": f"{long_name}{i}"})
        for i in range(80)
    }
    failure = np.full((3, 2), "", dtype="U300")
    failure[2, 0] = "the transport did not converge " * 9
    study = xarray.Dataset(
        {**answers, "failure": (along, failure)},
        coords={"shock_radius": ("shock_radius", place, {"units": "km"}), "scheme": ("scheme", scheme)},
        attrs={"title": "Long labels", "config_hash": "0123456789abcdef" * 4},
    )
    file = tmp_path_factory.mktemp("study") / "report.html"
    file.write_text(render(page_of_study(study), plotly_js()), encoding="utf-8")
    return file


@pytest.fixture
def page(browser, file):
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 900}, color_scheme="light")
    page, trouble = context.new_page(), []
    page.on("console", lambda said: trouble.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("requestfailed", lambda request: trouble.append(request.url))
    page.goto(file.as_uri())
    page.wait_for_selector("#explorer .js-plotly-plot")
    yield page
    context.close()
    assert trouble == []


def data(page, figure, curve=0):
    return page.evaluate(f"document.querySelector('#{figure} .plot').data[{curve}].y")


def test_every_figure_is_drawn_and_nothing_is_wider_than_the_page(page):
    frames = page.locator("figure").count()
    assert frames == page.locator(".js-plotly-plot").count() >= 6
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size({"width": 360, "height": 800})
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("width", [1280, 360])
def test_the_tables_of_a_study_can_be_read(browser, study_file, width):
    context = browser.new_context(offline=True, viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(study_file.as_uri())
    page.wait_for_selector(".js-plotly-plot")
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    rows = page.evaluate(
        "[...document.querySelectorAll('tr')].map((row) => [row.offsetHeight, row.lastElementChild.offsetWidth])"
    )
    assert len(rows) > 80
    assert max(height for height, _ in rows) < 400
    assert min(cell for _, cell in rows) >= 120
    context.close()


def test_the_pointer_shows_numbers(page):
    plot = page.locator("#transport .plot")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.4 * box["height"])
    label = page.locator("#transport .hoverlayer .legendtext, #transport .hoverlayer .hovertext").first
    label.wait_for()
    assert any(letter.isdigit() for letter in page.locator("#transport .hoverlayer").text_content())


def test_the_slider_moves_the_data(page):
    before, slider = data(page, "opacity"), page.locator("#opacity input[type=range]")
    words = page.locator("#opacity output").inner_text()
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    assert page.locator("#opacity output").inner_text() != words
    assert slider.get_attribute("aria-valuetext") == page.locator("#opacity output").inner_text()
    after = data(page, "opacity")
    assert len(after) == len(before)
    assert all(new < old for new, old in zip(after, before, strict=True) if old)  # opacities fall outwards


def test_the_menu_changes_the_view(page):
    title = page.evaluate("document.querySelector('#structure .plot').layout.yaxis.title.text")
    page.locator("#explorer select").select_option(label="electrons per baryon")
    other = page.evaluate("document.querySelector('#explorer .plot').layout.yaxis.title.text")
    assert (title, other) == ("density [g cm⁻³]", "electrons per baryon")


def test_colours_follow_the_scheme_of_the_reader(page):
    def ink():
        return page.evaluate("document.querySelector('#structure .plot').data[0].line.color")

    light = ink()
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(200)
    assert ink() != light
