"""The page of a result without a browser: its words, its numbers, the data of its figures."""

from __future__ import annotations

import base64
import builtins
import json
import re
import warnings
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from stars_by_hand import PROCESSES, SPECIES, make_star
from test_ejecta_figure import few  # noqa: F401
from test_history_figure import TIMES, made
from typer.testing import CliRunner

import snsim
from microphysics.errors import PhysicsWarning
from snsim.cli.app import app
from snsim.output.writer import write_result
from snsim.report.ejecta import along_trajectories, histogram
from snsim.report.figure import Axis, Curve, Figure, Slider, View
from snsim.report.in_time import over_time
from snsim.report.of_result import page_of
from snsim.report.of_study import failures_of, page_of_study
from snsim.report.page import Page, Section, render
from snsim.report.spectra import inside, opacities
from snsim.report.star import depths, heating, structure, transport
from snsim.report.told import NOT_KEPT, UNCONVERGED, reasons_of, warnings_of
from snsim.result import Result
from snsim.variable import Variable, scalar

QUICKSTART = Path(__file__).resolve().parents[2] / "runs" / "quickstart"
LIBRARY = "/* the library */"


def values(packed: dict[str, str]) -> np.ndarray:
    return np.frombuffer(base64.b64decode(packed["data"]), dtype=f"<{packed['type']}")


def curves(figure: Figure, view: int = 0) -> dict[str, dict]:
    return {curve["name"]: curve for curve in figure.as_json()["views"][view]["curves"]}


def test_curves_are_the_stored_numbers(star):
    shown = curves(transport(star))
    profile, stored = star["profile"], star["transport"]
    np.testing.assert_allclose(
        values(shown["L∞ ν<sub>e</sub>"]["x"]), profile["radius_interface"].values / 1e5, rtol=1e-7
    )
    light = stored["luminosity_infinity"].values / 1e51
    energy = stored["mean_energy"].values
    for i, name in enumerate(("ν<sub>e</sub>", "ν̄<sub>e</sub>", "ν<sub>x</sub>")):
        np.testing.assert_allclose(values(shown[f"L∞ {name}"]["y"]), light[i], rtol=1e-6)
        np.testing.assert_allclose(values(shown[f"⟨E⟩ {name}"]["y"]), energy[i], rtol=1e-6)
        assert shown[f"⟨E⟩ {name}"]["right"]
    assert values(curves(structure(star))["density"]["y"])[0] == pytest.approx(
        profile["density"].values[0], rel=1e-6
    )


def test_neutrinospheres_and_gain_region_are_marked(star):
    lines = depths(star).as_json()["views"][0]["lines"]
    spheres = star["diagnostics"]["neutrinosphere"]["transport_energy_mean"].values / 1e5
    np.testing.assert_allclose([values(line["at"])[0] for line in lines], spheres, rtol=1e-6)
    (band,) = heating(star).as_json()["views"][0]["lines"]
    assert (values(band["at"])[0], values(band["end"])[0]) == pytest.approx((80.0, 150.0))
    assert "gain radius: 80 km" in heating(star).alt


def test_the_slider_of_opacities_follows_radius(star):
    figure = opacities(star)
    assert [view.label for view in figure.views] == ["ν<sub>e</sub>", "ν̄<sub>e</sub>", "ν<sub>x</sub>"]
    (slider,) = figure.sliders
    assert len(slider.values) == star["profile"]["radius"].values.size
    shown = curves(figure)
    rows = values(shown["charged current"]["y"]).reshape(len(slider.values), -1)
    stored = star["opacity"]["absorption"].values[PROCESSES.index("charged_current"), SPECIES.index("nue")]
    np.testing.assert_allclose(rows, 1e5 * stored, rtol=1e-6)  # 1/km
    assert slider.values[slider.start] == next(v for v in slider.values if float(v.split()[0]) >= 50.0)


def test_spectra_inside_are_those_of_the_stored_shape():
    """T_nu = T and eta = mu/T: in equilibrium lines and dashes are one."""
    star = make_star()
    profile, zone = dict(star.groups["profile"]), ("zone",)
    temperature = profile["temperature"].values
    potential = {"electron": 3.0, "proton": -1.0, "neutron": 0.5}
    for name, over in potential.items():
        profile[f"chemical_potential_{name}"] = Variable(zone, over * temperature, "MeV", name)
    profile["lapse"] = Variable(zone, np.linspace(0.7, 1.0, temperature.size), "1", "lapse")
    eta = np.array([1.5, -1.5, 0.0])[:, None] * np.ones(temperature.size)
    found = dict(star.groups["transport"])
    found["neutrino_temperature"] = Variable(("species", "zone"), np.tile(temperature, (3, 1)), "MeV", "T")
    found["degeneracy"] = Variable(("species", "zone"), eta, "1", "eta")
    figure = inside(replace(star, groups={**star.groups, "profile": profile, "transport": found}))
    for view in range(2):
        shown = curves(figure, view)
        for name in ("ν<sub>e</sub>", "ν̄<sub>e</sub>", "ν<sub>x</sub>"):
            line, dashes = (values(shown[f"{name}{words}"]["y"]) for words in ("", ", equilibrium"))
            np.testing.assert_allclose(line, dashes, rtol=1e-6)
    occupation = curves(figure, 1)["ν<sub>e</sub>"]
    energy, rows = values(occupation["x"]), values(occupation["y"]).reshape(occupation["shape"][0], -1)
    expected = 1.0 / (np.exp(energy / 0.7 / temperature[0] - 1.5) + 1.0)
    bright = expected > 1e-7
    np.testing.assert_allclose(rows[0, bright], expected[bright], rtol=1e-5)


def test_trajectories_have_times_of_their_own(few):  # noqa: F811
    group = dict(few["ejecta"])
    group["time"] = replace(group["time"], values=group["time"].values + np.array([[0.0], [7.0]]))
    figure = along_trajectories(replace(few, groups={"ejecta": group}))
    (slider,) = figure.sliders
    assert slider.values == tuple(group["tracer"].values)
    curve = curves(figure)["Y<sub>e</sub>"]
    shape = (len(slider.values), curve["points"])
    since = group["time"].values - group["time"].values[:, :1]
    np.testing.assert_allclose(values(curve["x"]).reshape(shape)[:, 1:], since[:, 1:], rtol=1e-6)
    np.testing.assert_allclose(
        values(curve["y"]).reshape(shape), group["electron_fraction"].values, rtol=1e-6
    )
    begin, last = figure.as_json()["views"][0]["x"]["limits"]
    first = values(curve["x"]).reshape(shape)[:, 0]
    np.testing.assert_allclose(first, begin, rtol=1e-6)  # at 0, shown where the axis begins
    assert 0.0 < begin < since[:, 1:].min()
    assert last == pytest.approx(since.max())
    (bars,) = curves(histogram(few)).values()
    assert bars["marks"] == "bars"
    assert values(bars["y"]).sum() == pytest.approx(float(group["total_mass"].values), rel=1e-6)


def test_parcels_without_mass_are_shares(few):  # noqa: F811
    group = dict(few["ejecta"])
    group["bin_mass"] = replace(group["bin_mass"], unit="1")
    figure = histogram(replace(few, groups={"ejecta": group}))
    assert (figure.title, figure.views[0].y.title) == ("Parcels by electron fraction", "share of parcels")
    assert "weighted" not in figure.caption
    for name in ("rate_nue", "rate_anue"):
        group[name] = replace(group[name], values=np.zeros_like(group[name].values))
    told = warnings_of(replace(few, groups={"ejecta": group}))
    assert told[0].startswith("nothing irradiates 2 of 2 trajectories")


def test_a_history_is_drawn_over_time():
    stars = made()
    shown = curves(over_time(stars))
    np.testing.assert_allclose(values(shown["ν<sub>e</sub>"]["x"]), TIMES, rtol=1e-6)
    light = stars["history"]["luminosity_infinity"].values[:, 0] / 1e51
    np.testing.assert_allclose(values(shown["ν<sub>e</sub>"]["y"]), light, rtol=1e-6)
    energies = curves(over_time(stars), 1)
    mean, rms = (values(energies[f"{which} ν<sub>e</sub>"]["y"]) for which in ("⟨E⟩", "rms"))
    np.testing.assert_allclose(rms / mean, np.sqrt(12.0) / 3.0, rtol=1e-6)
    assert [view.label for view in over_time(stars).views] == ["luminosities", "energies", "radii", "heating"]


def test_a_curve_must_follow_its_sliders():
    slider = Slider("time", ("1 s", "2 s"))
    good = Curve("a", np.arange(4.0), np.ones((2, 4)), "ink")
    bad = replace(good, y=np.ones((3, 4)))
    for curve, message in ((good, None), (bad, "curve 'a'")):
        figure = Figure("k", "t", "c", "a", (View("v", Axis("x"), Axis("y"), (curve,)),), (slider,))
        if message is None:
            assert figure.as_json()["sizes"] == (2,)
        else:
            with pytest.raises(ValueError, match=message):
                figure.as_json()


def test_the_page_holds_everything_and_loads_nothing(star):
    told = replace(
        star,
        config_toml='title = "a <b> & c"\n',
        provenance={"title": "a <b> & c", "citations": "First 2000\nSecond 2001"},
    )
    html = render(page_of(told), LIBRARY)
    assert html.count(LIBRARY) == 1
    assert "<b>" not in html
    assert "a &lt;b&gt; &amp; c" in html
    assert not re.search(r"(src|href)=\"(?!#)", html)
    assert "default-src 'none'" in html
    for title in ("Summary", "Warnings", "All numbers", "Run file", "Provenance", "What to cite"):
        assert f">{title}</h2>" in html
    assert "First 2000</li>" in html
    targets = set(re.findall(r'href="#([^"]+)"', html))
    assert targets <= set(re.findall(r'id="([^"]+)"', html))
    identifiers = re.findall(r' id="([^"]+)"', html)
    assert len(identifiers) == len(set(identifiers))
    data = re.search(r'id="figure-data">(.*?)</script>', html, re.DOTALL)
    drawn = {figure["key"] for figure in json.loads(data[1])}
    assert drawn == set(re.findall(r'<figure id="[^"]+" data-figure="([^"]+)"', html))
    assert {"transport", "heating", "depth", "structure", "opacity", "explorer"} <= drawn
    assert all(re.findall(r'role="img" aria-label="([^"]*)"', html))


def test_figures_cannot_end_the_script():
    label = "</script><p>"
    view = View(label, Axis(label), Axis("y"), (Curve(label, np.arange(3.0), np.arange(3.0), "ink"),))
    page = Page("t", "l", (Section("s", "S", "", (Figure("f", label, label, label, (view,)),)),))
    assert "</script><p>" not in render(page, "a</script><p>")


def test_numbers_are_all_there_with_units_and_reasons(star):
    groups = dict(star.groups)
    groups["diagnostics/kick"] = {
        "kick": scalar(3.7e7, "cm/s", "kick <velocity>", definition="alpha E/(M c)")
    }
    groups["diagnostics/delay"] = {"lag": scalar(np.nan, "s", "lag", reason="no sphere")}
    result = replace(star, groups=groups)
    html = render(page_of(result), LIBRARY)
    row = re.search(r"<tr><th scope=\"row\">kick &lt;velocity&gt;.*?</tr>", html)[0]
    assert "370" in row
    assert "km s⁻¹" in row
    assert "alpha E/(M c)" in row
    assert "no sphere" in html
    assert ("diagnostics/delay.lag", "lag", "no sphere") in reasons_of(result)
    assert ">What has no answer</h2>" in html


@pytest.mark.parametrize("scheme", ["gray", "multigroup"])
def test_warnings_of_a_stored_result_are_those_of_its_run(scheme):
    wanted = ["grid.zones=12", f"transport.scheme={scheme}", "diagnostics.names=[]", "opacity.energies=20"]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        result = snsim.simulate(snsim.load_config(QUICKSTART, wanted))
    expected = [str(each.message) for each in said if issubclass(each.category, PhysicsWarning)]
    assert len(expected) >= 2
    assert warnings_of(result) == expected
    html = unescape(render(page_of(result), LIBRARY))
    assert all(sentence in html for sentence in expected)


def test_what_did_not_converge_says_so(star):
    group = {**star.groups["transport"], "converged": Variable((), np.array(0), "1", "converged")}
    assert warnings_of(replace(star, groups={"transport": group})) == [UNCONVERGED, NOT_KEPT]


def test_a_result_with_next_to_nothing_has_a_page():
    html = render(page_of(Result({"diagnostics/kick": {"kick": scalar(1.0, "cm/s", "kick")}})), LIBRARY)
    assert LIBRARY not in html
    assert "A run without a title" in html


def test_the_command_writes_one_file(star, tmp_path):
    pytest.importorskip("plotly", reason="the extra report is not installed")
    write_result(star, tmp_path / "result.h5")
    outcome = CliRunner().invoke(app, ["report", str(tmp_path), "--json"])
    assert outcome.exit_code == 0, outcome.output
    answer = json.loads(outcome.stdout)
    page = Path(answer["report"])
    assert page == tmp_path / "report.html"
    assert answer["bytes"] == page.stat().st_size < 8e6
    assert page.read_text().count("plotly.js v") == 1


def test_without_plotly_one_error_names_the_extra(star, tmp_path, monkeypatch):
    write_result(star, tmp_path / "result.h5")
    there = builtins.__import__

    def refuse(name, *arguments, **options):
        if name.startswith("plotly"):
            raise ImportError(name)
        return there(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", refuse)
    outcome = CliRunner().invoke(app, ["report", str(tmp_path)])
    assert outcome.exit_code == 2
    assert outcome.stderr.count("error:") == 1
    assert "pip install 'snsim[report]'" in outcome.stderr
    assert not (tmp_path / "report.html").exists()


def study_on_a_grid():
    xarray = pytest.importorskip("xarray")
    radius, mass = np.array([100.0, 150.0, 200.0]), np.array([1.2, 1.6])
    light = 1e52 * (radius[:, None, None] + 10.0 * mass[:, None] + np.array([0.0, 1.0, 2.0]))
    light[2, 0] = np.nan
    failure = np.full((3, 2), "", dtype="U20")
    failure[2, 0] = "no <star>"
    along = ("shock_radius", "mass")
    return xarray.Dataset(
        {
            "luminosity": ((*along, "species"), light, {"units": "erg/s", "long_name": "luminosity"}),
            "failure": (along, failure),
        },
        coords={
            "shock_radius": ("shock_radius", radius, {"units": "km"}),
            "mass": ("mass", mass, {"units": "Msun"}),
            "species": ["nue", "anue", "nux"],
        },
        attrs={"title": "Two axes", "citations": "Somebody 2000"},
    )


def test_a_study_on_a_grid_has_a_figure_for_each_axis():
    study = study_on_a_grid()
    page = page_of_study(study)
    figures = {f.title: f for section in page.sections for f in section.figures}
    over = figures["Over shock radius"]
    assert [(slider.label, slider.values) for slider in over.sliders] == [("mass", ("1.2 M☉", "1.6 M☉"))]
    curve = curves(over)["ν̄<sub>e</sub>"]
    stored = study["luminosity"].sel(species="anue").transpose("mass", "shock_radius").values
    np.testing.assert_allclose(values(curve["y"]).reshape(2, 3), stored, rtol=1e-12)
    assert failures_of(study) == [({"shock_radius": 200.0, "mass": 1.2}, "no <star>")]
    html = render(page, LIBRARY)
    assert "no &lt;star&gt;" in html
    assert "6 runs over shock radius, mass; 1 without an answer." in html
    assert "Somebody 2000" in html


def test_a_study_of_points_has_its_parameters_in_the_hover():
    xarray = pytest.importorskip("xarray")
    angle, kick = np.array([0.22, 0.23, 0.24]), np.array([1.0, np.nan, 3.0])
    study = xarray.Dataset(
        {"kick": ("point", kick, {"units": "km/s"}), "failure": ("point", np.array(["", "no star", ""]))},
        coords={"point": np.arange(3), "sin2_theta_w": ("point", angle), "g_a": ("point", 1.0 + angle)},
    )
    page = page_of_study(study)
    figures = [f for section in page.sections for f in section.figures]
    assert [f.title for f in figures] == ["Over sin2 theta w", "Over g a"]
    (curve,) = curves(figures[0]).values()
    np.testing.assert_allclose(values(curve["x"]), angle, rtol=1e-6)
    np.testing.assert_allclose(values(curve["y"]), kick, rtol=1e-6)
    assert figures[0].as_json()["texts"][0] == "sin2 theta w 0.22<br>g a 1.22"
    assert failures_of(study) == [({"sin2_theta_w": 0.23, "g_a": 1.23}, "no star")]


def test_a_study_says_what_waits_and_begins_where_there_are_numbers():
    """Nothing at the first mass: the slider starts at the second; the axis of radii is even in the logarithm."""
    xarray = pytest.importorskip("xarray")
    radius = np.array([10.0, 100.0, 1000.0])
    light = np.full((3, 2), np.nan)
    light[:, 1] = radius
    waiting = np.full((3, 2), "", dtype="U20")
    waiting[0, 0] = "queued"
    along = ("shock_radius", "limiter")
    study = xarray.Dataset(
        {"luminosity": (along, light), "waiting": (along, waiting)},
        coords={"shock_radius": ("shock_radius", radius), "limiter": ("limiter", np.array(["a", "b"]))},
        attrs={"warnings": "At 2 of 6 points: coarse <grid>"},
    )
    page = page_of_study(study)
    titles = [section.title for section in page.sections]
    assert titles == ["Summary", "Warnings", "Failures", "Not computed yet", "Figures"]
    assert page.lede.endswith("0 without an answer; 1 not computed yet.")
    over_radius, over_limiter = (f for section in page.sections for f in section.figures)
    assert [slider.start for slider in over_radius.sliders] == [1]
    assert (over_radius.views[0].x.kind, over_limiter.views[0].x.kind) == ("log", "category")
    assert [f.views[0].curves[0].marks for f in (over_radius, over_limiter)] == ["lines+markers", "markers"]
    html = render(page, LIBRARY)
    assert "coarse &lt;grid&gt;" in html
    assert "10 to 1000" in html


def test_a_study_of_which_all_has_failed_has_a_page_without_figures():
    xarray = pytest.importorskip("xarray")
    study = xarray.Dataset(
        {"failure": ("mass", np.array(["no star", "no star"]))},
        coords={"mass": ("mass", np.array([1.0, 2.0]))},
    )
    html = render(page_of_study(study), LIBRARY)
    assert LIBRARY not in html
    assert "No run has numbers." in html
    assert html.count("<td>no star</td>") == 2


def test_schemes_of_a_sample_are_told_apart():
    xarray = pytest.importorskip("xarray")
    mass, scheme = np.array([1.2, 1.3, 1.4] * 2), np.array(["gray"] * 3 + ["multigroup"] * 3)
    study = xarray.Dataset(
        {"kick": ("point", mass)}, coords={"mass": ("point", mass), "scheme": ("point", scheme)}
    )
    over_mass, _ = (f for section in page_of_study(study).sections for f in section.figures)
    shown = curves(over_mass)
    assert list(shown) == ["gray", "multigroup"]
    assert len({curve["symbol"] for curve in shown.values()}) == 2
    np.testing.assert_array_equal(shown["multigroup"]["places"], [3, 4, 5])
    np.testing.assert_allclose(values(shown["multigroup"]["y"]), mass[3:], rtol=1e-6)
