"""Runs without transport: the collapsing core from its run file through every command."""

from __future__ import annotations

import json
import re
import warnings
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from microphysics.errors import PhysicsWarning
from microphysics.weak.couplings import WeakCouplings
from microphysics.weak.new_physics import NSI
from snsim import pipeline
from snsim.cli.app import app
from snsim.config.load import load_config
from snsim.errors import ConfigError, ConvergenceError
from snsim.output.reader import read_result
from snsim.output.writer import write_result
from snsim.pipeline import NO_TRANSPORT, simulate

RUNS = Path(__file__).resolve().parents[2] / "runs"
SMALL = ("grid.zones=80", "opacity.energies=40")


@cache
def collapse(*overrides):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PhysicsWarning)
        return simulate(load_config(RUNS / "collapse", (*SMALL, *overrides)))


def number(result, name, group="transport_sphere"):
    return result.groups[f"diagnostics/{group}"][name].values


def test_no_transport_and_it_is_said():
    result = collapse()
    assert set(result.groups) == {
        "profile",
        "opacity",
        "diagnostics/transport_sphere",
        "diagnostics/neutrino_conductivity",
    }
    assert 'transport.scheme = "none"' in NO_TRANSPORT  # whatever the star, which may well be steady
    assert result.provenance["transport"] == NO_TRANSPORT
    assert ("transport", NO_TRANSPORT) == result.summary()[0]


def test_neutrinos_are_trapped_by_nuclei():
    result = collapse()
    # 10 MeV neutrinos come loose at some 5e10 g/cm3, and nuclei decide where
    assert (number(result, "density_10_mev") > 2e10).all()
    assert (number(result, "density_10_mev") < 1e11).all()
    assert (number(result, "nuclei_share_10_mev") > 0.8).all()
    assert (number(result, "optical_depth_1e12_10_mev") > 3.0).all()
    # the thermalisation spheres lie deeper
    assert (number(result, "thermalisation_radius_10_mev") < 0.5 * number(result, "radius_10_mev")).all()


def test_what_each_ingredient_does():
    base = collapse("microphysics.structure_factor=horowitz1997")
    free = collapse("microphysics.structure_factor=none")
    # without correlations low energies are held further out, high ones as before
    assert (number(free, "radius_5_mev") > 1.15 * number(base, "radius_5_mev")).all()
    np.testing.assert_allclose(number(free, "radius_20_mev"), number(base, "radius_20_mev"), rtol=1e-3)
    point = collapse("microphysics.form_factor=point", "microphysics.structure_factor=horowitz1997")
    assert (number(point, "radius_20_mev") > 1.002 * number(base, "radius_20_mev")).all()
    bare = collapse("microphysics.electron_polarization=none", "microphysics.structure_factor=horowitz1997")
    odd = collapse("microphysics.electron_polarization=brt06", "microphysics.structure_factor=horowitz1997")
    depth = [number(each, "optical_depth_1e12_10_mev")[0] for each in (base, bare, odd)]
    assert (
        depth[0] < depth[1] < depth[2]
    )  # the cloud reduces what nue see; printed with the other sign it adds
    heavier = collapse(
        "microphysics.couplings.sin2_theta_w=0.25", "microphysics.structure_factor=horowitz1997"
    )
    assert (number(heavier, "radius_10_mev") > number(base, "radius_10_mev")).all()


def test_file_and_back(tmp_path):
    write_result(collapse(), tmp_path / "result.h5")
    assert read_result(tmp_path / "result.h5") == collapse()


def test_steady_transport_of_a_core_before_bounce_is_warned_of():
    # cheap: stops short, after the warning
    config = load_config(
        RUNS / "collapse",
        [
            "transport.scheme=gray",
            'diagnostics.names=["neutrinosphere"]',
            "transport.max_iterations=1",
            *SMALL,
        ],
    )
    with (
        pytest.warns(PhysicsWarning, match=r'not in a steady state: transport.scheme = "none"'),
        pytest.raises(ConvergenceError),
    ):
        simulate(config)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        simulate(load_config(RUNS / "collapse", SMALL))
    assert not any("steady" in str(warning.message) for warning in caught)


def test_observables_of_a_solution_are_refused():
    with pytest.raises(ConfigError, match=r"'gain_region', for which transport must be solved"):
        load_config(RUNS / "collapse", ['diagnostics.names=["gain_region"]'])


def test_every_observable_in_a_run_with_transport():
    names = ["transport_sphere", "neutrino_conductivity", "recoil_heating"]
    config = load_config(RUNS / "quickstart", [f"diagnostics.names={json.dumps(names)}", *SMALL])
    result = simulate(config)
    assert {f"diagnostics/{name}" for name in names} < set(result.groups)
    # a recoil leaves about 1e-4 of the energy, in nuclei whose cross section per nucleon is larger
    assert 1e-4 < number(result, "launch_ratio", "recoil_heating") < 5e-3


@pytest.mark.parametrize(
    "changes",
    [
        {"form_factor": "point"},
        {"couplings": WeakCouplings(sin2_theta_w=0.3)},
        {"new_physics": (NSI(up={"ee": 0.2}),)},
    ],
    ids=["form_factor", "couplings", "new_physics"],
)
@pytest.mark.filterwarnings("ignore:electron_scattering. its kernels know nothing")
def test_recoils_are_those_of_the_opacities(changes, monkeypatch):
    config = load_config(RUNS / "quickstart", ['diagnostics.names=["recoil_heating"]', *SMALL])
    before = simulate(config)
    changed = replace(pipeline.microphysics_settings(config), **changes)
    monkeypatch.setattr(pipeline, "microphysics_settings", lambda _: changed)
    after = simulate(config)
    moved = number(after, "launch_ratio", "recoil_heating") / number(before, "launch_ratio", "recoil_heating")
    assert abs(moved - 1.0) > 0.05


def test_commands(tmp_path):
    run = CliRunner()

    def snsim(*arguments):
        outcome = run.invoke(app, [str(argument) for argument in arguments])
        assert outcome.exit_code == 0, outcome.stderr
        return outcome.stdout

    settings = [part for setting in SMALL for part in ("--set", setting)]
    first = ("run", RUNS / "collapse", *settings, "--output", tmp_path / "a")
    words = snsim(*first)
    assert NO_TRANSPORT in words
    assert "transport sphere at 10 MeV" in words
    assert {file.name for file in (tmp_path / "a").iterdir()} == {
        "result.h5",
        "overview.png",
        "opacities.png",
    }
    assert "stored result" in snsim(*first)
    snsim(*first[:-1], tmp_path / "b", "--set", "microphysics.structure_factor=none", "--no-plot")
    moved = json.loads(snsim("compare", tmp_path / "a", tmp_path / "b", "--json"))
    by_key = {answer["key"]: answer for answer in moved["answers"]}
    assert by_key["transport_sphere.radius_5_mev.nux"]["relative"] > 0.15
    assert "transport sphere at 5 MeV, nux" in snsim("compare", tmp_path / "a", tmp_path / "b")
    assert "overview.png" in snsim("plot", tmp_path / "b")
    assert "Bethe 1990" in snsim("cite", tmp_path / "a")
    assert "no mistakes" in snsim("validate", RUNS / "collapse")
    assert "transport_sphere" in snsim("list", "observables")


def test_opens_in_xarray(tmp_path):
    xarray = pytest.importorskip("xarray")
    write_result(collapse(), tmp_path / "result.h5")
    with xarray.open_dataset(
        tmp_path / "result.h5", group="diagnostics/transport_sphere", engine="h5netcdf"
    ) as data:
        assert data["radius"].dims == ("species", "energy")
        assert data["share"].dims == ("process", "species", "energy")
        assert list(data["species"].values) == ["nue", "anue", "nux"]


def test_what_runs_leave_out_is_said():
    """Warnings of the terms of new physics, of spheres beyond the grid; errors for energies beyond the opacities."""

    def said(*overrides):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            simulate(load_config(RUNS / "collapse", (*SMALL, *overrides)))
        return " ".join(str(warning.message) for warning in caught)

    new = "microphysics.new_physics."
    assert "new_physics" not in said()
    for section in ('charge_radius.radii.ee="-4e-32 cm2"', "millicharge.charges.ee=1e-12"):
        assert "pairs stay those of the standard model" in said(new + section)
    dirac = said(new + "magnetic_moment={moment=1e-10, majorana=false}")
    assert "scattering on electrons is left out" in dirac
    assert "turn sterile and leave" in dirac
    assert "turn sterile" not in said(new + "magnetic_moment.moment=1e-10")
    strong = said(new + 'z_prime={coupling=1e-3, mass="30 MeV"}')
    assert re.search(
        r"from [\d.]+ MeV on \(.*\) an optical depth of 2/3 is reached in the last three zones", strong
    )
    with pytest.raises(ConfigError, match=r"transport_sphere.energies has 500 MeV, outside"):
        load_config(RUNS / "collapse", ("diagnostics.transport_sphere.energies=[5.0, 500.0]",))


def test_sterile_neutrinos_bring_nothing_into_equilibrium():
    plain = collapse()
    dirac = collapse("microphysics.new_physics.magnetic_moment={moment=1e-10, majorana=false}")
    majorana = collapse("microphysics.new_physics.magnetic_moment={moment=1e-10, majorana=true}")
    for name in ("thermalisation_radius_10_mev", "radius_10_mev"):
        standard, lost, kept = (number(result, name) for result in (plain, dirac, majorana))
        assert (lost >= kept).all()
        np.testing.assert_allclose(lost, standard, rtol=0.02)
