"""A study file: what its axes mean, and every mistake of it in one error before any work."""

from __future__ import annotations

import numpy as np
import pytest

from snsim.errors import ConfigError
from snsim.study.collect import coordinates
from snsim.study.plan import label, make_plan, read_study, slug

HEAD = 'schema = 1\ntitle = "t"\n[base.grid]\nzones = 50\n'


def study(tmp_path, text, head=HEAD):
    (tmp_path / "study.toml").write_text(head + text)
    return read_study(tmp_path)


def mistakes(tmp_path, text, head=HEAD):
    with pytest.raises(ConfigError) as error:
        make_plan(study(tmp_path, text, head))
    return str(error.value)


def test_lists_and_ranges_make_a_grid_whose_last_axis_runs_fastest(tmp_path):
    found = study(
        tmp_path,
        '[axes]\ntransport.limiter = ["wilson", "minerbo"]\n'
        '"profile.shock_radius" = { from = "120 km", to = "1.6e7 cm", points = 5 }\n'
        'profile.accretion_rate = { from = "0.1 Msun/s", to = "1 Msun/s", points = 3, spacing = "log" }\n'
        "grid.zones = { from = 50, to = 400, points = 4, spacing = 'log' }\n",
    )
    assert found.shape == (2, 5, 3, 4)
    axes = {axis.name: axis.columns[axis.name] for axis in found.axes}
    assert axes["profile.shock_radius"] == ("120 km", "130 km", "140 km", "150 km", "160 km")
    assert axes["profile.accretion_rate"] == ("0.1 Msun/s", "0.316227766017 Msun/s", "1 Msun/s")
    assert axes["grid.zones"] == (50, 100, 200, 400)
    assert found.values(1)["grid.zones"] == 100
    assert found.values(0)["transport.limiter"] == "wilson"
    assert found.values(len(found) - 1)["transport.limiter"] == "minerbo"


def test_zipped_keys_move_together(tmp_path):
    found = study(
        tmp_path,
        '[zipped.star]\nprofile.mass = ["1.3 Msun", "1.5 Msun"]\nprofile.shock_radius = ["150 km", "140 km"]\n'
        "[axes]\ngrid.zones = [20, 40]\n",
    )
    assert found.shape == (2, 2)
    assert found.values(1) == {"grid.zones": 20, "profile.mass": "1.5 Msun", "profile.shock_radius": "140 km"}
    labels = coordinates(found.axes[1])
    assert labels["profile.mass"].dims == ("star",)
    assert labels["profile.mass"].unit == "Msun"
    np.testing.assert_array_equal(labels["profile.shock_radius"].values, [150.0, 140.0])


@pytest.mark.parametrize(("method", "points"), [("latin-hypercube", 10), ("sobol", 16)])
def test_samples_fill_their_ranges_and_come_again(tmp_path, method, points):
    text = (
        f'[sample]\nmethod = "{method}"\npoints = {points}\nseed = 3\n[sample.axes]\n'
        'profile.mass = { from = "1.2 Msun", to = "1.6 Msun" }\n'
        'profile.accretion_rate = { from = "0.1 Msun/s", to = "10 Msun/s", spacing = "log" }\n'
    )
    found = study(tmp_path, text)
    columns = found.axes[0].columns
    mass = np.array([float(value.split()[0]) for value in columns["profile.mass"]])
    rate = np.array([float(value.split()[0]) for value in columns["profile.accretion_rate"]])
    strata = np.floor((mass - 1.2) / 0.4 * points).astype(int)
    assert sorted(strata) == list(range(points))  # both sequences have one point in each stratum
    assert np.mean(rate < 1.0) == pytest.approx(0.5, abs=0.01)
    assert study(tmp_path, text).axes[0].columns == columns
    assert study(tmp_path, text.replace("seed = 3", "seed = 4")).axes[0].columns != columns


def test_points_of_a_file(tmp_path):
    (tmp_path / "p.csv").write_text(
        "# two stars\nprofile.mass [Msun],grid.zones,transport.limiter\n1.3,20,wilson\n1.5,40,minerbo\n"
    )
    found = study(tmp_path, '[points]\nfile = "p.csv"\n')
    assert found.axes[0].name == "point"
    assert found.values(1) == {"profile.mass": "1.5 Msun", "grid.zones": 40, "transport.limiter": "minerbo"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            "profile.mass [Msun];grid.zones\n1.3;20\n",
            "separated by commas; here they seem to be by semicolons",
        ),
        ("profile.mass [Msun]\tgrid.zones\n1.3\t20\n", "separated by commas; here they seem to be by tabs"),
        ("profile.mass [Msun],grid.zones\n1.3,20\n1.4,\n", "point 2 has no value of grid.zones"),
        ("profile.mass [Msun],grid.zones\n1.3\n", "point 1 has 1 values, separated by commas; expected 2"),
    ],
)
def test_a_file_of_points_that_is_no_table(tmp_path, content, words):
    (tmp_path / "p.csv").write_text(content)
    assert words in mistakes(tmp_path, '[points]\nfile = "p.csv"\n')


def test_a_point_is_a_whole_run_file_with_a_folder_of_its_own(tmp_path):
    plan = make_plan(study(tmp_path, '[axes]\nprofile.shock_radius = ["144 km"]\ngrid.zones = [20, 30]\n'))
    first = plan.points[0]
    assert first.place == f"points/shock_radius-144km_zones-20-{first.config_hash[:8]}"
    config = plan.study.base.configure(first.values)
    assert (config.grid.zones, config.profile.shock_radius) == (20, 1.44e7)
    assert config.title == "t: shock_radius = 144 km, zones = 20"
    assert not (tmp_path / "points").exists()


def test_files_on_axes_are_relative_to_the_study(tmp_path):
    words = mistakes(tmp_path, '[axes]\nmicrophysics.eos_table = ["a.h5"]\n')
    assert f'microphysics.eos_table = "{tmp_path / "a.h5"}"' in words
    assert "no such file" in words


def test_words_have_six_digits():
    values = {
        "profile.shock_radius": "151.052631579 km",
        "grid.zones": 1234567,
        "a.path": "/a/1.23456789.csv",
    }
    assert label(values) == "shock_radius = 151.053 km, zones = 1234567, path = /a/1.23456789.csv"
    assert label({"b.c": 0.235263157895, "b.d": 1e52, "b.e": True}) == "c = 0.235263, d = 1e+52, e = true"
    assert label({"profile.mass": "1.40 Msun"}) == "mass = 1.4 Msun"


def test_slugs():
    assert slug({"profile.accretion_rate": "0.316227766017 Msun/s"}) == "accretion_rate-0.3162Msun_s"
    assert slug({"microphysics.processes": ["pair", "charged_current"]}) == "processes-paircharged_current"
    assert slug({"profile.path": "/a/b/star 1.csv"}) == "path-star1"


CONTRADICTIONS = {
    '[axes]\ngrid.zones = [20]\n"grid.zones" = [30]\n': "'grid.zones' stands both in [axes] and in [axes]",
    "[axes]\ngrid.zones = [20]\n[zipped.a]\ngrid.zones = [30]\n": "'grid.zones' stands both in [axes] and in [zipped.a]",
    "[zipped.a]\ngrid.zones = [20, 30]\nprofile.mass = ['1.3 Msun']\n": "grid.zones has 2, profile.mass has 1",
    '[points]\nfile = "p.csv"\n[axes]\ngrid.zones = [20]\n': "'grid.zones' stands both in [axes] and in the sampled",
    '[points]\nfile = "p.csv"\n[sample]\nmethod = "sobol"\npoints = 2\nseed = 1\n'
    "[sample.axes]\nprofile.mass = { from = '1.2 Msun', to = '1.6 Msun' }\n": "both make the dimension 'point'",
    "[axes]\ngrid = [{ zones = 20 }]\n[zipped.a]\ngrid.zones = [30]\n": "'grid' and 'grid.zones' stand both in",
}


@pytest.mark.parametrize(("text", "words"), CONTRADICTIONS.items())
def test_contradictions_are_one_error(tmp_path, text, words):
    (tmp_path / "p.csv").write_text("grid.zones\n20\n30\n")
    assert words in mistakes(tmp_path, text)


WRONG = {
    "[axes]\ntransport.limitr = ['wilson']\n": "Did you mean 'limiter'?",
    "[axes]\ngrid.zones = [20, 30.5]\n": "expected a whole number (1 of 2 points, first zones = 30.5)",
    "[axes]\nprofile.shock_radius = ['100 s']\n": 'shock_radius = "100 s" on an axis of',
    "[axes]\nprofile.shock_radius = { from = '100 km', to = '2 s', points = 3 }\n": "'from' is in 'km', 'to' is a time",
    "[axes]\ngrid.zones = { from = 20, to = 30, point = 3 }\n": "Did you mean 'points'?",
    "[axes]\ngrid.zones = { from = 0, to = 30, points = 3, spacing = 'log' }\n": "needs positive ends",
    "[axes]\ngrid.zones = []\n": "expected at least one value",
    "[axes]\ngrid.zones = 20\n": "expected a list of values, or a range",
    "[axes]\ntitle = ['a', 'b']\n": "it does not change the answer",
    "[axes]\ngrid.zones = [20, 20]\n": "points 1 and 2 are the same run",
    "[sample]\nmethod = 'sobol'\npoints = 100\nseed = 1\n[sample.axes]\nprofile.mass = {from='1 Msun',to='2 Msun'}\n": (
        "needs a power of 2, such as 64 or 128"
    ),
    "[sample]\nmethod = 'sobol'\npoints = 8\n[sample.axes]\nprofile.mass = {from='1 Msun',to='2 Msun'}\n": "seed: missing",
    "[points]\nfile = 'none.csv'\n": "cannot be read",
    "[axs]\ngrid.zones = [20]\n": "Did you mean 'axes'?",
    "": "no axes",
}


@pytest.mark.parametrize(("text", "words"), WRONG.items())
def test_mistakes_say_what_was_expected(tmp_path, text, words):
    assert words in mistakes(tmp_path, text)


def test_a_mistake_of_a_key_is_one_line_whatever_its_values(tmp_path, monkeypatch):
    text = (
        '[axes]\nprofile.masss = { from = "1.2 Msun", to = "1.4 Msun", points = 20 }\n'
        'profile.mass = { from = "3 Msun", to = "5 Msun", points = 5 }\n'
    )
    unknown, outside = mistakes(tmp_path, text).splitlines()
    assert unknown.startswith('profile.masss = "1.2 Msun" on an axis of')
    assert unknown.endswith("(100 of 100 points, first masss = 1.2 Msun, mass = 3 Msun)")
    assert outside.endswith("(40 of 100 points, first masss = 1.2 Msun, mass = 4.5 Msun)")
    monkeypatch.setattr("snsim.study.plan._ENOUGH", 7)
    assert "(7 of 7 points looked at, first" in mistakes(tmp_path, text)


def test_the_profile_of_a_base_is_hydrostatic_where_it_names_no_format(tmp_path):
    head = 'schema = 1\n[base.profile]\nmass = "1.4 Msun"\n'
    plan = make_plan(study(tmp_path, "[axes]\ngrid.zones = [20]\n", head))
    config = plan.study.base.configure(plan.points[0].values)
    assert (config.profile.format, config.profile.mass) == (
        "hydrostatic",
        pytest.approx(1.4 * 1.98841e33, rel=1e-4),
    )
    other = head + 'path = "star.csv"\n'
    assert "the key 'format' is missing" in mistakes(tmp_path, "[axes]\ngrid.zones = [20]\n", other)


def test_a_base_is_required_and_may_be_empty(tmp_path):
    assert "a table [base], which may be empty" in mistakes(
        tmp_path, "[axes]\ngrid.zones = [20]\n", "schema = 1\n"
    )


def test_all_mistakes_come_at_once(tmp_path):
    words = mistakes(tmp_path, "[axes]\ngrid.zones = []\n[zipped.a]\nprofile.mass = 3\n", "schema = 2\n")
    assert "schema = 1" in words
    assert "axes.grid.zones" in words
    assert "zipped.a.profile.mass" in words


def test_an_axis_without_effect_is_remarked(tmp_path):
    text = '[axes]\ntransport.scheme = ["gray", "eddington"]\ntransport.limiter = ["wilson", "minerbo"]\n'
    (remark, other) = make_plan(study(tmp_path, text)).remarks
    assert 'transport.limiter = "wilson" has no effect with transport.scheme = "eddington"' in remark
    assert "(1 of 4 points, first scheme = eddington, limiter = wilson)" in remark
    assert "minerbo" in other
