"""Observables of a stored result: the same numbers without solving again, and words for what cannot be had."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from microphysics.opacity import OpacitySet
from snsim.cli.app import app
from snsim.config.load import config_hash, load_config
from snsim.diagnostics.catalog import OBSERVABLES
from snsim.errors import ConfigError, ResultFileError
from snsim.output.provenance import code_hash
from snsim.output.reader import read_result
from snsim.output.writer import write_result
from snsim.pipeline import simulate
from snsim.profiles.readers import load_profile
from snsim.recompute import ANEW, STORED, diagnose
from snsim.result import Result
from snsim.transport import records
from snsim.transport.gray import GraySolver
from snsim.transport.grid import build_background
from snsim.transport.restore import restore_background, restore_solution, restore_spectra
from snsim.transport.trust import assess
from snsim.variable import Variable

SMALL = ("profile.format=analytic", "grid.zones=40", "opacity.energies=16")
COARSE = "ignore::snsim.errors.UnresolvedWarning"
pytestmark = pytest.mark.filterwarnings(COARSE)


def made(*settings: str) -> Result:
    return simulate(load_config(None, [*SMALL, *settings]))


@pytest.fixture(scope="module")
def small() -> Result:
    return made()


def numbers(result: Result) -> Result:
    """Leave out what says when and where it was computed."""
    return replace(result, provenance={}, attributes={})


@pytest.mark.parametrize("scheme", ["gray", "multigroup", "eddington"])
def test_all_observables_are_those_of_a_run_that_asked_for_them(tmp_path: Path, scheme: str) -> None:
    chosen = (f"transport.scheme={scheme}", "transport.groups=8")
    before = read_result(write_result(made(*chosen, 'diagnostics.names=["delay"]'), tmp_path / "result.h5"))
    names = list(OBSERVABLES)
    at_once = made(*chosen, f"diagnostics.names={json.dumps(['delay', *(n for n in names if n != 'delay')])}")
    renewed = diagnose(before, names)
    assert numbers(renewed) == numbers(at_once)
    assert renewed.provenance["config_hash"] == at_once.provenance["config_hash"]


@pytest.mark.filterwarnings("ignore::microphysics.errors.PhysicsWarning")  # nuclei without electron capture
def test_opacities_alone() -> None:
    chosen = (*SMALL, "transport.scheme=none", "profile.format=collapse", "opacity.on_out_of_range=clamp")
    one, other = "transport_sphere", "neutrino_conductivity"
    first = simulate(load_config(None, [*chosen, f"diagnostics.names={json.dumps([one])}"]))
    renewed = diagnose(first, [other])
    both = load_config(None, [*chosen, f"diagnostics.names={json.dumps([one, other])}"])
    assert numbers(renewed) == numbers(simulate(both))
    with pytest.raises(ConfigError, match="'kick', for which transport must be solved"):
        diagnose(first, ["kick"])


def test_without_stored_opacities_they_are_computed_from_the_stored_matter(small: Result) -> None:
    bare = replace(small, groups={name: group for name, group in small.groups.items() if name != "opacity"})
    renewed = diagnose(bare)
    assert numbers(replace(renewed, groups={**renewed.groups, "opacity": small["opacity"]})) == numbers(small)
    assert renewed.attributes["diagnostics/kick"]["opacities"] == ANEW


def test_an_option_changes_its_observable_only(small: Result) -> None:
    renewed = diagnose(small, ["kick"], ["diagnostics.kick.asymmetry=0.02"])
    before, after = (float(each["diagnostics"]["kick"]["kick"].values) for each in (small, renewed))
    assert after == pytest.approx(2.0 * before, rel=1e-12)  # alpha E/(M c) with alpha twice as large
    for name, group in small.groups.items():
        assert name == "diagnostics/kick" or renewed.groups[name] is group
    asked = load_config(None, [*SMALL, "diagnostics.kick.asymmetry=0.02"])
    assert renewed.provenance["config_hash"] == config_hash(asked)
    stamp = renewed.attributes["diagnostics/kick"]
    assert (stamp["code"], stamp["opacities"]) == (code_hash(), STORED)
    assert stamp["computed"][:2] == "20"
    assert set(renewed.attributes) == {"transport", "diagnostics/kick"}
    again = diagnose(renewed, ["delay"])
    assert [line.rpartition(": ")[2] for line in again.provenance["diagnosed"].splitlines()] == [
        "kick",
        "delay",
    ]
    assert again.attributes["diagnostics/kick"] == stamp


@pytest.mark.parametrize(
    ("names", "override", "words"),
    [
        ([], "grid.zones=50", "only options of observables can change"),
        ([], "transport.scheme=eddington", "needs snsim run"),
        ([], 'diagnostics.names=["kick"]', "--observables says which"),
        (["delay"], "diagnostics.kick.asymmetry=0.02", "changes kick, which is not computed"),
        ([], "diagnostics.recoil_heating.mass_number=100", "changes recoil_heating"),
        (["kick"], "diagnostics.kick.asymetry=0.02", "Did you mean 'asymmetry'?"),
        (["kick"], "diagnostics.kick.asymmetry=2", "diagnostics.kick.asymmetry = 2 given with --set"),
        (["kicks"], "diagnostics.kick.asymmetry=0.1", "Did you mean 'kick'?"),
    ],
)
def test_what_cannot_change_is_said(small: Result, names: list[str], override: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        diagnose(small, names, [override])
    assert words in str(caught.value)


def test_gain_region_and_explosion_count_the_same_zones(small: Result) -> None:
    other = 'diagnostics.gain_region.gain_criterion="gr1d"'
    assert "diagnostics/explosion" not in diagnose(small, ["gain_region"], [other]).groups
    renewed = diagnose(small, ["gain_region", "explosion"], [other])
    one, two = renewed["diagnostics/gain_region"], renewed["diagnostics/explosion"]
    for name in one.keys() & two.keys() - {"luminosity"}:
        np.testing.assert_array_equal(one[name].values, two[name].values, err_msg=name)
    with pytest.raises(ConfigError, match="changes explosion, which is not computed"):
        diagnose(renewed, ["gain_region"], ['diagnostics.gain_region.gain_criterion="sign_change"'])


def test_what_is_missing_is_said(small: Result) -> None:
    profile = {key: each for key, each in small["profile"].items() if key != "lapse"}
    with pytest.raises(ResultFileError, match="has no lapse, which observables are computed from"):
        diagnose(replace(small, groups={**small.groups, "profile": profile}))
    without = {name: group for name, group in small.groups.items() if name != "transport"}
    with pytest.raises(ResultFileError, match="has no group 'transport'"):
        diagnose(replace(small, groups=without))


def test_what_records_label_is_restored() -> None:
    config = load_config(None, list(SMALL))
    background = build_background(load_profile(config.profile), 40)
    spectra = OpacitySet.from_names(("charged_current", "nucleon_scattering", "pair")).spectral(
        background.matter, np.geomspace(1.0, 200.0, 16)
    )
    solution = GraySolver().solve(background, spectra)
    star = restore_background(records.profile_group(background))
    rays = restore_spectra(records.opacity_group(spectra, ()), star)
    field = restore_solution(records.transport_group(background, solution, assess(background, solution)))
    for one, other in (
        (background, star),
        (background.matter, star.matter),
        (spectra, rays),
        (solution, field),
    ):
        for each in fields(one):
            ours, theirs = (getattr(thing, each.name) for thing in (one, other))
            if each.name in ("matter", "residual_history", "worst_zone"):
                continue
            if isinstance(ours, np.ndarray):
                np.testing.assert_allclose(theirs, ours, rtol=1e-15, err_msg=each.name)
            elif isinstance(ours, float):
                assert ours == theirs or np.isnan([ours, theirs]).all(), each.name
            else:
                assert ours == theirs, each.name
    assert np.isnan(field.flux_factor[:, 0]).all()


def table_of(small: Result, folder: Path) -> Path:
    """The star of a result as a text table."""
    names = {"r": "radius", "rho": "density", "T": "temperature", "ye": "electron_fraction"}
    columns = [small["profile"][name].values for name in names.values()]
    rows = "\n".join(" ".join(f"{value:.17g}" for value in row) for row in zip(*columns, strict=True))
    file = folder / "star.txt"
    file.write_text(f"{' '.join(names)}\n{rows}\n", encoding="utf-8")
    units = {"radius": "cm", "density": "g/cm3", "temperature": "MeV", "electron_fraction": "1"}
    lines = [f'{name} = {{ column = "{column}", unit = "{units[name]}" }}' for column, name in names.items()]
    run = folder / "run.toml"
    run.write_text(
        "\n".join(
            [
                'schema = 1\n[profile]\nformat = "table"\npath = "star.txt"\n[profile.columns]',
                *lines,
                '[grid]\nzones = 40\nr_inner = "8 km"\n[opacity]\nenergies = 16\n',
            ]
        )
    )
    return run


def test_the_command_renews_the_file_though_the_profile_is_gone(small: Result, tmp_path: Path) -> None:
    run = table_of(small, tmp_path)
    done = CliRunner().invoke(app, ["run", str(run), "--no-plot"])
    assert done.exit_code == 0, done.output
    before = read_result(tmp_path)
    changed = ["--set", "diagnostics.kick.asymmetry=0.02"]
    expected = config_hash(load_config(run, ["diagnostics.kick.asymmetry=0.02"]))
    (tmp_path / "star.txt").unlink()
    copy = str(tmp_path / "copy.h5")
    command = ["diagnose", str(tmp_path), "--observables", "kick,delay", *changed]
    done = CliRunner().invoke(app, [*command, "--output", copy])
    assert done.exit_code == 0, done.output
    assert "computed kick, delay in" in done.output
    assert "gain" not in done.output  # nothing but what was asked
    assert read_result(tmp_path) == before
    assert CliRunner().invoke(app, [*command, "--output", copy]).exit_code == 4  # never over another file
    done = CliRunner().invoke(app, [*command, "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)["answers"]
    assert {each["key"].split(".")[0] for each in found} == {"kick", "delay"}
    answers = {each["key"]: each["value"] for each in found}
    after = read_result(tmp_path)
    assert answers["kick.kick"] == pytest.approx(2.0 * float(before["diagnostics"]["kick"]["kick"].values))
    assert after.provenance["config_hash"] == expected
    assert after.provenance["started"] == before.provenance["started"]
    assert not list(tmp_path.glob(".*tmp"))


def test_a_resolved_run_file_of_another_time_is_refused(small: Result) -> None:
    with pytest.raises(ConfigError, match="unknown key"):
        diagnose(replace(small, config_toml=small.config_toml + "\n[nonsense]\nx = 1\n"))


def test_the_command_shows_what_was_asked_with_units_and_reasons(
    small: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "250")
    group = dict(small["diagnostics/gain_region"])
    none = replace(group["gain_radius"], values=np.array(np.nan), attributes={"reason": "matter cools"})
    # a stand-in that finds no gain region: the command shows what the computation gives
    gone = replace(small, groups={**small.groups, "diagnostics/gain_region": group | {"gain_radius": none}})
    gone = replace(gone, provenance={**small.provenance, "diagnosed": "now: gain_region"})
    monkeypatch.setattr("snsim.recompute.diagnose", lambda *_: gone)
    before = write_result(small, tmp_path / "result.h5").read_bytes()
    words = ("diagnose", str(tmp_path), "--observables", "gain_region", "--output", str(tmp_path / "b.h5"))
    outcome = CliRunner().invoke(app, list(words))
    assert outcome.exit_code == 0, outcome.output
    lines = [line.split() for line in outcome.stdout.splitlines()]
    assert ["gain_radius", "undefined", "gain", "radius:", "matter", "cools"] in lines
    heating = float(small["diagnostics/gain_region"]["net_heating"].values)
    assert ["net_heating", f"{heating:.6g}", "erg/s"] in [line[:3] for line in lines]
    assert not [line for line in lines if line[:1] == ["kick"]]
    assert (tmp_path / "result.h5").read_bytes() == before
    (tmp_path / "b.h5").unlink()
    found = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)["answers"]
    by_key = {each["key"]: each for each in found}
    assert by_key["gain_region.gain_radius"]["value"] is None
    assert by_key["gain_region.gain_radius"]["reason"] == "matter cools"
    assert by_key["gain_region.net_heating"]["reason"] == ""


def test_the_command_says_what_numbers_mean_and_what_they_are_not(
    small: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "250")
    caveat = {"caveat": "not a prediction"}

    def number(label: str, definition: str = "") -> Variable:
        """Return what the computation labels."""
        return Variable(
            (), np.array(1.0), "1", label, caveat | ({"definition": definition} if definition else {})
        )

    group = {
        "force_margin": number("force condition, margin", "gross"),
        "heating_functional": number("heating functional", "sum of L"),
        "bare": number("a label alone"),
        "long": number("label", "word " * 100),
    }
    found = replace(small, groups={**small.groups, "diagnostics/explosion": group})
    found = replace(found, provenance={**small.provenance, "diagnosed": "now: explosion, delay"})
    monkeypatch.setattr("snsim.recompute.diagnose", lambda *_: found)
    write_result(small, tmp_path / "result.h5")
    words = ["diagnose", str(tmp_path), "--observables", "explosion", "--output", str(tmp_path / "b.h5")]
    outcome = CliRunner().invoke(app, words)
    assert outcome.exit_code == 0, outcome.output
    lines = [" ".join(line.split()) for line in outcome.stdout.splitlines()]
    assert "force_margin 1 force condition, margin; gross" in lines
    assert "heating_functional 1 sum of L" in lines  # the label would repeat the name
    assert "bare 1 a label alone" in lines
    assert outcome.stdout.count("word") < 50
    assert lines.count("caveat not a prediction") == 1  # and none of the delay, which has none
    (tmp_path / "b.h5").unlink()
    told = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert told["caveats"] == {"explosion": ["not a prediction"]}
    by_key = {each["key"]: each for each in told["answers"]}
    assert by_key["explosion.long"]["definition"].count("word") == 100


def test_ejecta_are_asked_for_elsewhere(small: Result, tmp_path: Path) -> None:
    write_result(small, tmp_path / "result.h5")
    outcome = CliRunner().invoke(app, ["diagnose", str(tmp_path), "--observables", "ejecta"])
    assert outcome.exit_code == 2
    assert "snsim ejecta" in outcome.output


def test_an_unknown_observable_is_that_of_the_option(small: Result, tmp_path: Path) -> None:
    write_result(small, tmp_path / "result.h5")
    outcome = CliRunner().invoke(app, ["diagnose", str(tmp_path), "--observables", "delay,kik"])
    assert outcome.exit_code == 2
    assert "--observables: unknown observable 'kik'" in outcome.output
    assert "Did you mean 'kick'?" in outcome.output
    assert "diagnostics.names" not in outcome.output
