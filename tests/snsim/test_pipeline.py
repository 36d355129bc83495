"""From a run file to a Result and back, without any stand-in."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from typer.testing import CliRunner

from microphysics.matter import MatterState
from microphysics.opacity import OpacitySpectra
from snsim.cli.app import app
from snsim.config.load import load_config
from snsim.config.schema import Config
from snsim.diagnostics.catalog import observable
from snsim.errors import ConvergenceError, UnresolvedWarning
from snsim.output.reader import read_result
from snsim.output.writer import write_result
from snsim.pipeline import energy_grid, microphysics_settings, simulate
from snsim.profiles.profile import Profile
from snsim.result import Result
from snsim.run_words import worst_place
from snsim.transport.background import Background
from snsim.transport.solution import TransportSolution

QUICKSTART = Path(__file__).resolve().parents[2] / "runs" / "quickstart" / "run.toml"


@cache
def run(*overrides):
    return simulate(load_config(QUICKSTART, overrides))


def values(result, group, name):
    return result.groups[group][name].values


def test_quickstart_is_a_supernova():
    result = run()
    luminosity = values(result, "transport", "luminosity_infinity")[:, -1]
    # Agile-Boltztran's G15 at 100 ms has 5.0, 4.8, 2.5e52 erg/s in the fluid's frame (Liebendoerfer et al. 2005), of
    # which Doppler shift and aberration are some 10 %; our star is a sketch of theirs
    np.testing.assert_allclose(luminosity, [4.5e52, 4.3e52, 2.3e52], rtol=0.25)
    assert values(result, "diagnostics/gain_region", "gain_radius") == pytest.approx(8.4e6, rel=0.05)


def test_the_equation_of_state_is_cited():
    cited = run().provenance["citations"]
    assert "Lattimer & Swesty 1991" in cited
    assert "Oppenheimer & Volkoff 1939" in cited
    assert "Lattimer" not in run("profile.format=analytic").provenance["citations"]


def test_the_drawn_star_is_that_of_the_specification():
    result = run("profile.format=analytic")
    luminosity = values(result, "transport", "luminosity_infinity")[:, -1]
    # an independent program with Bruenn rates: 4.0, 2.9, 2.0e52 erg/s; 9.1, 11.4, 15.5 MeV; gain radius 79 km
    np.testing.assert_allclose(luminosity, [3.78e52, 2.84e52, 2.11e52], rtol=0.03)
    energy = values(result, "transport", "mean_energy_infinity")
    np.testing.assert_allclose(energy, [9.1, 11.4, 15.5], rtol=0.10)
    sphere = values(result, "diagnostics/neutrinosphere", "transport_energy_mean")
    assert ((sphere > 4.5e6) & (sphere < 9e6)).all()
    assert values(result, "diagnostics/gain_region", "gain_radius") == pytest.approx(7.9e6, rel=0.06)
    assert values(result, "transport", "converged") == 1
    assert set(result.groups) == {"profile", "opacity", "transport"} | {
        f"diagnostics/{name}"
        for name in ("neutrinosphere", "gain_region", "electron_fraction", "kick", "delay")
    }


def test_flux_factor_radii():
    # an independent program: R(h = 1/4) = 63, 61, 55 km
    radius = values(run("profile.format=analytic"), "diagnostics/neutrinosphere", "flux_factor_quarter")
    np.testing.assert_allclose(radius, [63e5, 61e5, 55e5], rtol=0.06)


def test_deterministic():
    again = simulate(load_config(QUICKSTART))
    first = run()
    assert replace(again, provenance=first.provenance) == first


def test_default_config_is_the_quickstart():
    ours = run()
    default = simulate(Config(schema=1))
    for name in ("luminosity", "mean_energy"):
        np.testing.assert_array_equal(values(default, "transport", name), values(ours, "transport", name))


def test_progress_is_told_in_order():
    said = []
    simulate(load_config(QUICKSTART, ["grid.zones=60"]), said.append)
    assert said == ["profile", "opacities", "transport", "diagnostics"]


def test_profile_in_memory_replaces_the_section():
    radius = np.geomspace(3e5, 7e7, 60)
    star = Profile(
        radius, 1e12 * (radius / 3e6) ** -3.0, 8.0 * (radius / 3e6) ** -0.7, np.full(60, 0.3), source="mine"
    )
    star = replace(
        star, density=np.minimum(star.density, 3e14), temperature=np.minimum(star.temperature, 25.0)
    )
    result = simulate(load_config(QUICKSTART), profile=star)
    assert result.provenance["profile"] == "mine"
    assert not np.allclose(
        values(result, "transport", "luminosity")[:, -1],
        values(run(), "transport", "luminosity")[:, -1],
        rtol=0.01,
    )


# ------------------------------------------------------------------------------------- settings reach the answer


def sphere(*overrides):
    return values(run(*overrides), "diagnostics/neutrinosphere", "transport_energy_mean")


def test_mixing_angle_moves_the_neutrinosphere():
    moved = sphere("microphysics.couplings.sin2_theta_w=0.30") / sphere() - 1.0
    assert (np.abs(moved) > 1e-4).all()
    assert (np.abs(moved) < 0.05).all()


def test_axial_coupling_moves_the_neutrinosphere():
    assert (sphere("microphysics.couplings.axial_coupling=1.4") > 1.001 * sphere())[2]


def test_weaker_interactions_move_the_neutrinosphere_in():
    weaker = sphere("microphysics.couplings.vev_ratio=1.1")
    assert (weaker < 0.99 * sphere()).all()


def test_opacities_scale_with_the_vacuum_expectation_value():
    chosen = ("charged_current", "nucleon_scattering", "nucleus_scattering", "electron_scattering", "pair")
    before, after = run(), run("microphysics.couplings.vev_ratio=1.1")
    names = list(values(before, "opacity", "process"))
    for name in chosen:
        i = names.index(name)
        for role in ("absorption", "scattering"):
            old, new = values(before, "opacity", role)[i], values(after, "opacity", role)[i]
            np.testing.assert_allclose(new, old * 1.1**-4.0, rtol=1e-10, err_msg=f"{name} {role}")


@pytest.mark.parametrize(
    "override",
    [
        "microphysics.weak_magnetism=false",
        "microphysics.blocking=raw",
        "microphysics.form_factor=point",
        "microphysics.structure_factor=none",
        "microphysics.electron_polarization=none",
        "microphysics.constants=nulib",
        "transport.inelastic=false",
    ],
)
def test_every_setting_reaches_the_opacities(override):
    changed = run(override)
    same = all(
        np.array_equal(values(changed, "opacity", role), values(run(), "opacity", role))
        for role in ("absorption", "scattering", "exchange")
    )
    assert not same


@pytest.mark.parametrize(
    "override",
    [
        "transport.limiter=rational",
        "transport.closure=spectral-flux",
        "transport.reconstruction=first",
        "transport.spectral_shape=fixed",
        "transport.scheme=multigroup",
        "opacity.energies=40",
        "grid.zones=100",
    ],
)
def test_every_setting_reaches_the_transport(override):
    before, after = (values(r, "transport", "luminosity")[:, -1] for r in (run(), run(override)))
    assert (before != after).all()


def test_energy_grid_and_processes_follow_the_config():
    config = load_config(
        QUICKSTART,
        [
            "opacity.energies=10",
            "opacity.energy_min=1 MeV",
            "opacity.energy_max=100 MeV",
            "microphysics.processes=['pair']",
        ],
    )
    np.testing.assert_allclose(energy_grid(config), np.geomspace(1.0, 100.0, 10), rtol=1e-12)
    assert microphysics_settings(config).couplings.sin2_theta_w == 0.23863


# --------------------------------------------------------------------------------------- observables from a file


def rebuilt(result):
    """Background, opacities and solution from the stored groups alone."""
    profile, opacity, transport = (
        {name: variable.values for name, variable in result.groups[group].items()}
        for group in ("profile", "opacity", "transport")
    )
    stored = {f.name: profile[f.name] for f in fields(MatterState) if f.name in profile}
    matter = MatterState(**{**stored, "baryon_mass": float(profile["baryon_mass"])})
    rest = {f.name: profile[f.name] for f in fields(Background) if f.name not in ("matter", "shock_radius")}
    background = Background(**rest, matter=matter, shock_radius=float(profile["shock_radius"]))
    spectra = OpacitySpectra(
        species=tuple(opacity["species"]),
        processes=tuple(opacity["process"]),
        energy=opacity["energy"],
        absorption=opacity["absorption"],
        scattering=opacity["scattering"],
        exchange=opacity["exchange"],
        collision=opacity["scattering"] / (1.0 - opacity["delta"] / 3.0),
        temperature=matter.temperature,
        degeneracy=opacity["degeneracy"],
    )
    special = {
        "species": tuple(transport["species"]),
        "converged": bool(transport["converged"]),
        "residual_history": (),
        "worst_zone": None,
        "spectral": None,
    }
    solution = TransportSolution(
        **special, **{f.name: transport[f.name] for f in fields(TransportSolution) if f.name not in special}
    )
    return background, spectra, solution


def test_observables_from_the_file_are_those_of_the_run(tmp_path):
    config = load_config(QUICKSTART)
    write_result(run(), tmp_path / "result.h5")
    stored = read_result(tmp_path / "result.h5")
    stars = rebuilt(stored)
    for name in config.diagnostics.names:
        options = config.diagnostics.options(name)
        if name in ("gain_region", "electron_fraction"):
            options["couplings"] = microphysics_settings(config).couplings
        again = observable(name)(*stars, **options)
        for key, variable in again.items():
            expected = stored.groups[f"diagnostics/{name}"][key]
            assert variable.dims == expected.dims
            if variable.values.dtype.kind == "f":
                np.testing.assert_allclose(
                    variable.values, expected.values, rtol=1e-13, err_msg=f"{name} {key}"
                )


# --------------------------------------------------------------------------------------------- unusual stars


def thin_star():
    """Hot but transparent: no neutrinosphere anywhere."""
    radius = np.geomspace(4e5, 6e7, 80)
    return Profile(
        radius, 1e8 * (radius / 1e6) ** -1.0, 3.0 * (radius / 1e6) ** -0.3, np.full(80, 0.4), source="thin"
    )


def test_thin_star_has_no_neutrinosphere_and_says_so(tmp_path):
    result = simulate(load_config(QUICKSTART), profile=thin_star())
    assert values(result, "transport", "converged") == 1
    assert (values(result, "transport", "luminosity")[:, -1] > 0.0).all()
    spheres = result.groups["diagnostics/neutrinosphere"]
    for name in ("transport_energy_mean", "transport_rosseland", "energy_sphere"):
        assert np.isnan(spheres[name].values).all()
        assert "optical depth never reaches 2/3" in spheres[name].attributes["reason"]
    assert result.summary()
    write_result(result, tmp_path / "result.h5")
    assert read_result(tmp_path / "result.h5") == result


@pytest.mark.parametrize("names", [("nue",), ("nux",), ("anue", "nue")])
def test_subset_of_species(names):
    result = run(f"transport.species={json.dumps(names)}")
    everything = run()
    assert tuple(values(result, "transport", "species")) == names
    order = [("nue", "anue", "nux").index(name) for name in names]
    np.testing.assert_array_equal(
        values(result, "transport", "luminosity"), values(everything, "transport", "luminosity")[order]
    )
    np.testing.assert_array_equal(sphere(f"transport.species={json.dumps(names)}"), sphere()[order])


# ------------------------------------------------------------------------------------------------- what files hold


UNDEFINED = "no free nucleons"  # then their chemical potentials, and mu_nu of equilibrium, do not exist


@pytest.mark.parametrize("scheme", ["gray", "multigroup", "eddington", "none"])
def test_what_is_not_a_number_says_why(scheme, tmp_path):
    result = run(f"transport.scheme={scheme}")
    write_result(result, tmp_path / "result.h5")
    with h5py.File(tmp_path / "result.h5") as file:
        for name in file["transport"] if "transport" in file else ():
            dataset = file["transport"][name]
            if dataset.dtype.kind == "f":
                assert np.isfinite(dataset[()]).all(), name
                assert "reason" not in dataset.attrs, name
        undefined = []
        file.visititems(
            lambda name, each: (
                undefined.append(name)
                if isinstance(each, h5py.Dataset)
                and each.dtype.kind == "f"
                and not np.isfinite(each[()]).all()
                else None
            )
        )
        for name in undefined:
            assert file[name].attrs["reason"], name
        assert UNDEFINED in file["opacity/degeneracy"].attrs["reason"]
        assert UNDEFINED in file["profile/chemical_potential_proton"].attrs["reason"]
        assert "reason" not in file["profile/density"].attrs
    if scheme != "none":
        for name in ("flux_factor", "flux_factor_fluid", "luminosity_fluid"):
            assert (values(result, "transport", name)[:, 0] == 0.0).all(), name


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        (
            "gray",
            {
                "tolerance": "1e-10",
                "limiter": "wilson",
                "closure": "spectral-gradient",
                "edge_values": "second order",
                "spectral_shape": "blended",
                "inelastic": "true",
            },
        ),
        (
            "multigroup",
            {
                "tolerance": "1e-10",
                "limiter": "wilson",
                "edge_values": "second order",
                "groups": "20 from 1.6 to 300 MeV at infinity",
                "inelastic": "true",
            },
        ),
        (
            "eddington",
            {
                "tolerance": "1e-06",  # its own
                "groups": "20 from 1.6 to 300 MeV at infinity",
                "inelastic": "true",
                "core_rays": "8",
                "zones_per_ray": "1",
            },
        ),
    ],
)
def test_the_file_says_how_transport_was_solved(scheme, expected, tmp_path):
    result = run() if scheme == "gray" else run(f"transport.scheme={scheme}")
    write_result(result, tmp_path / "result.h5")
    assert read_result(tmp_path / "result.h5").attributes["transport"] == {"scheme": scheme, **expected}


def test_the_spectrum_adds_up_to_the_luminosity():
    for scheme in ("multigroup", "eddington"):
        result = run(f"transport.scheme={scheme}")
        energy = values(result, "transport", "group")
        width = energy * np.log(energy[1] / energy[0])
        total = (values(result, "transport", "luminosity_spectrum_infinity") * width).sum(axis=1)
        np.testing.assert_allclose(
            total, values(result, "transport", "luminosity_infinity")[:, -1], rtol=1e-12
        )
    assert "luminosity_spectrum_infinity" not in run().groups["transport"]


def test_a_species_that_is_done_keeps_its_residual():
    history = values(run(), "transport", "residual_history")
    steps = values(run(), "transport", "iterations")
    assert history.shape[1] == steps.max() + 1
    for row, count in zip(history, steps, strict=True):
        assert (row[count:] == row[count]).all()


def test_transport_cites_its_methods():
    cited = run("transport.scheme=eddington").provenance["citations"] + str(
        [
            v.attributes.get("references")
            for v in run("transport.scheme=eddington").groups["transport"].values()
        ]
    )
    for paper in ("Auer & Mihalas 1970", "Anderson 1965", "Lindquist 1966", "Mihalas & Mihalas 1984"):
        assert paper in cited
    assert "Levermore 1984" not in cited
    assert "Alexander" not in cited
    gray = run().groups["transport"]["luminosity_fluid"].attributes["references"]
    assert "Levermore 1984" in gray


@pytest.mark.parametrize("scheme", ["gray", "multigroup", "eddington"])
def test_ten_zones_are_enough_to_run_and_are_warned_of(scheme):
    config = load_config(QUICKSTART, ["grid.zones=10", f"transport.scheme={scheme}"])
    with pytest.warns(UnresolvedWarning) as said:
        result = simulate(config)
    words = [str(each.message) for each in said]
    assert any("grid.zones = 10 is a coarse resolution" in each for each in words)
    assert any("coarse at the neutrinosphere" in each for each in words)
    assert len(words) == 2
    fine = values(run(f"transport.scheme={scheme}"), "transport", "luminosity_infinity")[:, -1]
    np.testing.assert_allclose(values(result, "transport", "luminosity_infinity")[:, -1], fine, rtol=0.7)


# ------------------------------------------------------------------------------------------------ stopping short


def test_no_convergence_is_an_error_that_carries_the_last_iterate():
    config = load_config(QUICKSTART, ["transport.max_iterations=2"])
    with pytest.raises(
        ConvergenceError, match=r"transport\.max_iterations = 2.*nue .* anue .* nux"
    ) as caught:
        simulate(config)
    partial = caught.value.partial
    assert isinstance(partial, Result)
    assert values(partial, "transport", "converged") == 0
    history = values(partial, "transport", "residual_history")
    assert history.shape[0] == 3
    assert np.isfinite(history[:, 0]).all()
    assert (values(partial, "transport", "energy_density") > 0.0).all()
    assert not any(name.startswith("diagnostics") for name in partial.groups)


def test_where_it_did_not_converge_is_said():
    background = SimpleNamespace(radius=np.array([1e5, 2.5e6, 7e6]))
    known = SimpleNamespace(worst_zone=np.array([2, 1]), spectral=None)
    assert worst_place(known, background, 1) == ", worst in zone 1 at 25 km"
    spectral = SimpleNamespace(worst=((2, 1), (1, 0)), energy=np.array([3.0, 12.34]))
    known = SimpleNamespace(worst_zone=np.array([2, 1]), spectral=spectral)
    assert worst_place(known, background, 0) == ", worst in zone 2 at 70 km, group 1 of 12.3 MeV"
    assert worst_place(SimpleNamespace(worst_zone=None, spectral=None), background, 0) == ""


@pytest.mark.parametrize("scheme", ["multigroup", "eddington"])
def test_a_scheme_with_groups_says_where_it_did_not_converge(scheme):
    config = load_config(
        QUICKSTART, [f"transport.scheme={scheme}", "transport.max_iterations=1", "grid.zones=40"]
    )
    words = r"nue .* worst in zone \d+ at \S+ km, group \d+ of \S+ MeV"
    with pytest.raises(ConvergenceError, match=words) as raised:
        simulate(config)
    goal = {
        "multigroup": "did not reach transport.tolerance = 1e-10 within",
        "eddington": "did not reach the 1e-06 of the eddington scheme within 1 formal solutions: change of ln J nue",
    }
    assert goal[scheme] in str(raised.value)  # with rays the Eddington scheme has a tolerance of its own


def test_command_line_leaves_the_last_iterate(tmp_path):
    (tmp_path / "run.toml").write_text("schema = 1\n[transport]\nmax_iterations = 2\n")
    outcome = CliRunner().invoke(app, ["run", str(tmp_path)])
    assert outcome.exit_code == 3
    assert "max_iterations" in outcome.stderr
    assert "result.partial.h5" in outcome.stderr.replace("\n", "")
    assert not (tmp_path / "result.h5").exists()
    partial = read_result(tmp_path / "result.partial.h5")
    assert values(partial, "transport", "residual_history").size >= 3
    assert values(partial, "transport", "converged") == 0


def test_command_line_runs_the_real_thing(tmp_path):
    (tmp_path / "run.toml").write_text("schema = 1\n[grid]\nzones = 40\n")
    outcome = CliRunner().invoke(app, ["run", str(tmp_path), "--no-plot", "--json"])
    assert outcome.exit_code == 0, outcome.stderr
    assert json.loads(outcome.stdout)["answers"]
    assert values(read_result(tmp_path / "result.h5"), "transport", "converged") == 1
