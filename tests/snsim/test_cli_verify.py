"""`snsim verify`: its list, its table and files, and its exit code."""

from __future__ import annotations

import csv
import json
from importlib import resources

import numpy as np
import pytest
from typer.testing import CliRunner

from snsim.cli.app import app
from snsim.errors import ConvergenceError
from snsim.verification import catalog, exact, report
from snsim.verification.problem import Curve, Outcome, Panel, Problem, Row, compared
from snsim.verification.runner import choose, run_problems

DATA = resources.files("snsim.verification") / "data"


def call(*words):
    return CliRunner().invoke(app, ["verify", *map(str, words)])


def fake(name="fake", quick=True, outcome=None, error=None):
    def run(quick):
        if error is not None:
            raise error
        return outcome

    return Problem(name, f"problem {name}", "nobody", "nothing", run, quick)


def missing():
    return fake(outcome=Outcome((compared("L", 1.1, 1.0, 0.05), compared("E", 1.01, 1.0, 0.05))))


# ------------------------------------------------------------------------------------------------------ rows


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (Row("x", 0.01, 0.01), "ok"),
        (Row("x", -0.02, 0.01), "MISSED"),
        (Row("x", 5.0), "reported"),
        (Row("x", np.nan), "MISSED"),
        (Row("x", np.nan, 0.1), "MISSED"),
        (Row("x", 0.001, 0.01, order=0.8, least_order=0.9), "MISSED"),
        (Row("x", 0.001, 0.01, order=1.0, least_order=0.9), "ok"),
        (Row("x", 0.001, order=np.nan, least_order=0.9), "MISSED"),
    ],
)
def test_verdict(row, verdict):
    assert row.verdict == verdict


def test_absolute_errors_are_differences():
    row = compared("R(1/4)", 66.0, 65.0, 2.0, absolute="km")
    assert row.error == pytest.approx(1.0)
    assert report.error_text(row, row.error) == "+1 km"
    assert report.error_text(row, row.tolerance, signed=False) == "2 km"


# --------------------------------------------------------------------------------------------------- commands


def test_list_names_every_problem():
    outcome = call("--list", "--json")
    assert outcome.exit_code == 0
    found = json.loads(outcome.stdout)
    assert [each["name"] for each in found] == [each.name for each in catalog.PROBLEMS]
    assert len({each["name"] for each in found}) == len(found)
    for each in found:
        assert all(each.values()), each["name"]
    assert "sphere-fld" in call("--list").stdout


def test_unknown_name_says_the_nearest(tmp_path):
    outcome = call("sphere-fdl", "--output", tmp_path)
    assert outcome.exit_code == 2
    assert "Did you mean 'sphere-fld'?" in outcome.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.filterwarnings("ignore::microphysics.errors.PhysicsWarning")
def test_two_cheap_problems(tmp_path):
    outcome = call("star", "redshift", "--quick", "--output", tmp_path)
    assert outcome.exit_code == 0, outcome.stdout
    assert "[1/2] star: ok" in outcome.stderr
    assert "[2/2] redshift: ok" in outcome.stderr
    assert "MISSED" not in outcome.stdout
    with (tmp_path / "verify.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert {row["problem"] for row in rows} == {"star", "redshift"}
    for row in rows:
        assert row["verdict"] == "ok"
        assert abs(float(row["error"])) <= float(row["tolerance"])
    page = (tmp_path / "verify.md").read_text(encoding="utf-8")
    for name in ("star", "redshift"):
        assert f"({name}.png)" in page
        assert (tmp_path / f"{name}.png").stat().st_size > 10_000


def test_a_missed_tolerance_is_exit_code_one(monkeypatch, tmp_path):
    monkeypatch.setattr(catalog, "PROBLEMS", (missing(),))
    outcome = call("--output", tmp_path)
    assert outcome.exit_code == 1
    assert "fake: MISSED, 1 of 2 within tolerance" in outcome.stderr
    assert "2 checks of 1 problems, 1 missed" in outcome.stdout
    assert ",MISSED" in (tmp_path / "verify.csv").read_text()


def test_a_solver_that_gives_up_does_not_end_the_list(monkeypatch, tmp_path):
    good = fake("good", outcome=Outcome((Row("x", 0.0, 1.0),)))
    monkeypatch.setattr(catalog, "PROBLEMS", (fake("bad", error=ConvergenceError("no root")), good))
    outcome = call("--output", tmp_path, "--json")
    assert outcome.exit_code == 1
    first, second = json.loads(outcome.stdout)
    assert (first["verdict"], first["reason"]) == ("failed", "no root")
    assert second["verdict"] == "ok"


def test_what_is_skipped_is_said_and_is_no_failure(monkeypatch, tmp_path):
    monkeypatch.setattr(catalog, "PROBLEMS", (fake(outcome=Outcome(skipped="no data")),))
    outcome = call("--output", tmp_path)
    assert outcome.exit_code == 0
    assert "no data" in outcome.stdout


def test_quick_leaves_out_the_long_ones():
    problems = [fake("a"), fake("b", quick=False)]
    assert [each.name for each in choose(problems, quick=True)] == ["a"]
    assert [each.name for each in choose(problems, ["b"], quick=True)] == ["b"]
    assert [each.name for each in choose(problems)] == ["a", "b"]


def test_mistakes_of_the_code_are_not_hidden():
    with pytest.raises(ZeroDivisionError):
        list(run_problems([fake(error=ZeroDivisionError())]))


def test_markdown_page_has_rows_and_figure():
    x = np.array([1.0, 2.0])
    panels = (Panel("t", "x", "y", (Curve("c", x, x),)),)
    (run,) = run_problems(
        [fake(outcome=Outcome((compared("L", 1.01, 1.0, 0.05, resolution="3 zones"),), panels))]
    )
    page = report.page([run], figures=True)
    assert "| L | 1 | 1.01 | +1 % | 5 % |  | 3 zones | ok |" in page
    assert "![problem fake](fake.png)" in page


# ------------------------------------------------------------------------------------------------ known answers


def test_data_files_are_the_reference(reference):
    names = [each.name for each in DATA.iterdir() if each.name.endswith(".csv")]
    assert len(names) == 7
    for name in names:
        assert (DATA / name).read_bytes() == (reference / "verification" / name).read_bytes(), name


def test_every_data_file_is_explained_and_used():
    page = (DATA / "README.md").read_text(encoding="utf-8")
    for each in DATA.iterdir():
        if each.name.endswith(".csv"):
            assert f"`{each.name}`" in page


def test_sphere_moments(reference, read_columns):
    known = read_columns(reference / "verification" / "homogeneous_sphere.csv")
    for depth in np.unique(known["tau_R"]):
        rows = known["tau_R"] == depth
        found = exact.sphere_moments(known["r_over_R"][rows], depth)
        for values, column in zip(found, "JHK", strict=True):
            # printed with 12 digits of B; H at the centre of an opaque sphere is round-off of the quadrature in either
            np.testing.assert_allclose(values, known[f"{column}_over_B"][rows], rtol=1e-10, atol=1e-8)


@pytest.mark.parametrize("depth", [0.1, 1.0, 4.0, 250.0])
def test_emergent_flux_is_the_moment_at_the_surface(depth):
    _, h, _ = exact.sphere_moments([1.0, 3.0], depth)
    np.testing.assert_allclose(4.0 * h * [1.0, 9.0], exact.sphere_emergent(depth), rtol=1e-8)


def test_pulse(reference, read_columns):
    known = read_columns(reference / "verification" / "gaussian_diffusion_3d.csv")
    found = exact.gaussian_pulse(known["r"], known["t_elapsed"], known["kappa"], known["t0"])
    np.testing.assert_allclose(found, known["E"], rtol=1e-9, atol=1e-290)


def test_uniform_star(reference, read_columns):
    known = read_columns(reference / "verification" / "gr_uniform_star.csv")
    surface, compactness = 1.2e6, 2.0 * 6.67430e-8 * 1.4 * 1.98841e33 / (1.2e6 * 2.99792458e10**2)
    np.testing.assert_allclose(
        exact.uniform_star_lapse(known["r_cm"], surface, compactness), known["alpha"], rtol=1e-9
    )
    np.testing.assert_allclose(
        exact.uniform_star_gamma(known["r_cm"], surface, compactness), known["Gamma"], rtol=1e-9
    )
