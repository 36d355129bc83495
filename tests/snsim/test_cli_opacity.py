"""`snsim opacity`: numbers of the opacity set, what is left out, files, one-sentence errors."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_cli import HEAVY, loaded_modules, snsim_run

from microphysics.eos import formats
from microphysics.eos.lattimer_swesty import LattimerSwesty
from microphysics.matter import FLAVORS, SPECIES
from microphysics.opacity import OpacitySet
from microphysics.processes.settings import Settings
from snsim.cli.opacity_text import length
from snsim.config.schema import STANDARD_PROCESSES

STATE = ("--density", "1e12 g/cm3", "--temperature", "2 MeV", "--electron-fraction", "0.3")
FEW = ("--process", "nucleon_scattering,charged_current")
PER_CM = ("absorption", "scattering", "exchange", "collision")
EMISSIVITY = "emissivity_mev_per_cm3_s_mev_sr"


def show(*options: object) -> dict[str, Any]:
    outcome = snsim_run("opacity", *(str(option) for option in (*STATE, *options)), "--json")
    assert outcome.code == 0, outcome.err
    return json.loads(outcome.out)


def direct(names: Any, energies: Any, species: Any = SPECIES, **settings: Any) -> Any:
    matter = LattimerSwesty()([1e12], [2.0], [0.3]).matter
    return OpacitySet.from_names(names, Settings(**settings)).spectral(matter, energies, species)


def test_help_loads_nothing_heavy() -> None:
    modules = loaded_modules("opacity", "--help")
    assert "snsim.cli.opacity" in modules
    assert not modules & set(HEAVY)


def test_help_has_options_and_examples() -> None:
    words = snsim_run("opacity", "--help").out
    for name in ("--density", "--species", "--process", "--run", "--eos-table", "Examples: snsim opacity"):
        assert name in words
    assert "opacity" in snsim_run("--help").out


def test_numbers_are_those_of_the_opacity_set() -> None:
    found = show()
    names = list(STANDARD_PROCESSES)
    assert found["energy_mev"] == [3.0, 10.0, 30.0]
    assert list(found["species"]) == list(SPECIES)
    assert found["microphysics"]["processes"] == list(found["references"]) == names
    assert all(found["references"].values())
    spectra = direct(names, found["energy_mev"])
    for i, of in enumerate(found["species"].values()):
        for role, key in {**{role: f"{role}_per_cm" for role in PER_CM}, "emissivity": EMISSIVITY}.items():
            expected = getattr(spectra, role)[:, i, 0]
            assert list(of[key]) == names
            np.testing.assert_allclose(list(of[key].values()), expected, rtol=1e-12)
            np.testing.assert_allclose(of["total"][key], expected.sum(axis=0), rtol=1e-12)
        a, s = (np.array(of["total"][f"{role}_per_cm"]) for role in ("absorption", "scattering"))
        np.testing.assert_allclose(of["effective_per_cm"], np.sqrt(a * (a + s)), rtol=1e-12)
        np.testing.assert_allclose(of["mean_free_path_cm"], 1.0 / (a + s), rtol=1e-12)
        np.testing.assert_allclose(of["delta"], spectra.total_delta[i, 0], rtol=1e-12)


def test_the_state_is_that_of_the_equation_of_state() -> None:
    found = show(*FEW)
    state, of = LattimerSwesty()(1e12, 2.0, 0.3), found["matter"]
    names = {
        "mass_fraction_neutron": "mass_fraction_neutron",
        "mass_number": "mass_number_heavy",
        "chemical_potential_electron_mev": "chemical_potential_electron",
        "mean_field_proton_mev": "mean_field_proton",
        "entropy_kb_per_baryon": "entropy",
        "pressure_erg_per_cm3": "pressure",
    }
    for key, name in names.items():
        assert of[key] == pytest.approx(float(getattr(state, name)), rel=1e-12), key
    eta = float(state.chemical_potential_neutrino) / 2.0
    assert of["neutrino_degeneracy"] == pytest.approx({"nue": eta, "anue": -eta, "nux": 0.0}, rel=1e-9)
    assert (of["phase"], of["nse_valid"]) == ("nuclei", True)


def test_species_by_name_and_six() -> None:
    assert list(show(*FEW, "--species", "six")["species"]) == list(FLAVORS)
    found = show(*FEW, "--species", "numutau, anue", "--species", "nux", "--energy", "20 MeV")
    assert list(found["species"]) == ["numutau", "anue", "nux"]
    spectra = direct(FEW[1].split(","), [20.0], ("numutau", "anue", "nux"))
    for i, of in enumerate(found["species"].values()):
        assert of["total"]["scattering_per_cm"] == pytest.approx(
            [spectra.total_scattering[i, 0, 0]], rel=1e-12
        )


def test_a_range_of_energies() -> None:
    found = show(*FEW, "--energy", "1 to 100 MeV", "--points", 5, "--energy", "7 MeV")
    expected = sorted([*np.geomspace(1.0, 100.0, 5), 7.0])
    assert found["energy_mev"] == pytest.approx(expected, rel=1e-12)


def test_energies_may_stand_with_commas() -> None:
    assert show(*FEW, "--energy", "10MeV,20 MeV", "--energy", "5 MeV")["energy_mev"] == [5.0, 10.0, 20.0]


def test_settings_come_from_a_run_file_and_from_options(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text(
        "schema = 1\n[microphysics]\nprocesses = ['nucleon_scattering', 'pair']\nweak_magnetism = false\n"
    )
    energy = ("--energy", "30 MeV", "--species", "nue")
    of_file = show("--run", tmp_path, *energy)
    assert list(of_file["references"]) == ["nucleon_scattering", "pair"]

    def scattering(found: dict[str, Any]) -> float:
        return found["species"]["nue"]["scattering_per_cm"]["nucleon_scattering"][0]

    names = ["nucleon_scattering"]
    plain = direct(names, [30.0], weak_magnetism=False).scattering[0, 0, 0, 0]
    full = direct(names, [30.0]).scattering[0, 0, 0, 0]
    assert plain != pytest.approx(full, rel=1e-3)
    assert scattering(of_file) == pytest.approx(plain, rel=1e-12)
    changed = show("--run", tmp_path, *energy, "--set", "microphysics.weak_magnetism=true")
    assert scattering(changed) == pytest.approx(full, rel=1e-12)
    option = show(*FEW, *energy, "--set", "microphysics.weak_magnetism=false")
    assert scattering(option) == pytest.approx(plain, rel=1e-12)
    assert list(option["references"]) == FEW[1].split(",")  # as the option has them


def test_a_run_file_that_names_no_processes_means_those_of_a_run(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text("schema = 1\n")
    energy = ("--energy", "10 MeV", "--species", "nux")
    assert list(show("--run", tmp_path, *energy)["references"]) == list(STANDARD_PROCESSES)
    assert list(show(*energy)["references"]) == list(STANDARD_PROCESSES)
    asked = ("--set", 'microphysics.processes=["pair"]')
    assert list(show(*asked, *energy)["references"]) == ["pair"]


def test_terms_of_new_physics_bring_their_process() -> None:
    term = ("--set", "microphysics.new_physics.magnetic_moment.moment=1e-10")
    found = show(*FEW, *term, "--energy", "10 MeV", "--species", "nue")
    assert list(found["references"]) == [*FEW[1].split(","), "magnetic_scattering"]


def test_the_equation_of_state_may_be_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    stiff = LattimerSwesty(375.0)
    read = []
    monkeypatch.setattr(formats, "read", lambda path: read.append(path) or stiff)
    found = show(*FEW, "--eos-table", "stiff.h5", "--energy", "10 MeV")
    assert read == ["stiff.h5"]
    assert found["equation_of_state"]["name"] == stiff.name
    pressure = float(stiff(1e12, 2.0, 0.3).pressure)
    assert found["matter"]["pressure_erg_per_cm3"] == pytest.approx(pressure, rel=1e-12)
    assert f"{stiff.name} (stiff.h5)" in snsim_run("opacity", *STATE, *FEW, "--eos-table", "stiff.h5").out


def test_the_screen_says_what_it_leaves_out() -> None:
    outcome = snsim_run("opacity", *STATE, *FEW, "--process", "electron_capture")
    assert outcome.code == 0
    assert outcome.err == ""
    for words in (
        "Lattimer-Swesty, K = 220 MeV",
        "nuclei among nucleons and alphas",
        "A = 103.38, Z = 36.825",
        "mu_nu/T            nue: 10.43, anue: -10.43, nux: 0",
        "nue: opacity [1/cm]",
        "30 MeV",
        "mean free path",
        "nothing, or next to nothing, for anue: electron_capture\n",
        "nothing, or next to nothing, for nux: charged_current, electron_capture\n",
        "sqrt(a (a + s))",
    ):
        assert words in outcome.out
    assert "for nue:" not in outcome.out
    assert "emissivity" not in outcome.out
    assert "exchange" not in outcome.out
    nux = outcome.out[outcome.out.index("nux: opacity") :]
    assert " charged_current " not in nux
    assert "references" not in outcome.out


def test_what_a_setting_switches_off_is_no_small_opacity() -> None:
    out = snsim_run("opacity", *STATE).out
    for name in ("nue", "anue"):
        assert f'switched off for {name} by pair_species = "heavy": pair, bremsstrahlung\n' in out
    assert "for nux by" not in out
    assert "nothing, for nue" not in out
    assert show()["species"]["nux"]["switched_off"] == {}
    out = snsim_run("opacity", *STATE, "--set", "microphysics.pair_species=all").out
    assert "switched off" not in out


def test_settings_that_are_not_the_defaults_are_shown() -> None:
    assert "[microphysics]     the defaults\n" in snsim_run("opacity", *STATE, *FEW).out
    changed = (
        "--set",
        "microphysics.many_body=horowitz2017",
        "--set",
        "microphysics.couplings.axial_coupling=1.2",
    )
    out = snsim_run("opacity", *STATE, *FEW, *changed).out
    assert '[microphysics]     many_body = "horowitz2017", couplings.axial_coupling = 1.2\n' in out
    assert "3, 10, 30 MeV" in snsim_run("opacity", "--help").out


@pytest.mark.parametrize(("value", "words"), [(np.nan, "not finite"), (-1e-3, "negative")])
def test_an_opacity_that_is_none_is_named(value: float, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = OpacitySet.spectral

    def wrong(*arguments: Any) -> Any:
        spectra = whole(*arguments)
        spectra.absorption[1, 0, 0, 0] = value
        return spectra

    monkeypatch.setattr(OpacitySet, "spectral", wrong)
    outcome = snsim_run("opacity", *STATE, *FEW, "--species", "nue")
    assert outcome.code == 0
    assert f"warning: charged_current, nue: absorption is {words} at 1 of 3 energies\n" in outcome.err
    assert len(outcome.err.splitlines()) == 1
    assert "nothing" not in outcome.out


def test_emission_and_papers_on_request() -> None:
    out = snsim_run("opacity", *STATE, *FEW, "--emissivity", "--references", "--species", "nue").out
    emission = out[out.index("nue: emissivity [MeV/(cm3 s MeV sr)]") :]
    value = show(*FEW)["species"]["nue"][EMISSIVITY]["charged_current"][1]
    row = next(line for line in emission.splitlines() if "charged_current" in line)
    assert f"{value:.4g}" in row.split()
    assert "nucleon_scattering" not in emission.split("references")[0].split("effective")[0]
    assert "Bruenn 1985" in out
    assert "Lattimer & Swesty 1991" in out


def test_many_energies_are_shown_a_few_at_a_time() -> None:
    out = snsim_run("opacity", *STATE, *FEW, "--energy", "1 to 100 MeV", "--species", "nue").out
    assert out.count("nue: opacity") == 2
    assert max(map(len, out.splitlines())) < 120


def test_transparent_matter_has_no_mean_free_path() -> None:
    options = ("--process", "electron_capture", "--species", "nux")
    assert set(show(*options)["species"]["nux"]["mean_free_path_cm"]) == {None}
    outcome = snsim_run("opacity", *STATE, *options)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.count("infinite") == 3


@pytest.mark.parametrize(
    ("centimetres", "words"),
    [
        (2.0e5, "2 km"),
        (3.21e13, "3.21e+08 km"),
        (150.0, "1.5 m"),
        (2.0, "2 cm"),
        (0.5, "5 mm"),
        (2e-3, "20 um"),
        (2e-9, "0.02 nm"),
    ],
)
def test_lengths_have_units_that_suit_them(centimetres: float, words: str) -> None:
    assert length(centimetres) == words


def test_cold_matter_is_said_to_be_out_of_equilibrium() -> None:
    cold = ("--density", "1e9 g/cm3", "--temperature", "3e9 K", "--electron-fraction", "0.45")
    assert "too slow for this equilibrium" in snsim_run("opacity", *cold, *FEW).out


def test_files(tmp_path: Path) -> None:
    table, figure = tmp_path / "kappa.csv", tmp_path / "new" / "kappa.png"
    options = (*STATE, *FEW, "--energy", "400 MeV", "--energy", "10 MeV", "--csv", table, "--plot", figure)
    outcome = snsim_run("opacity", *options)
    assert outcome.code == 0
    assert str(table) in outcome.out
    assert figure.read_bytes().startswith(b"\x89PNG")
    lines = table.read_text().splitlines()
    assert any(line.startswith("# charged_current: ") for line in lines)
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert [float(row["energy_mev"]) for row in rows] == [10.0, 400.0]
    found = show(*FEW, "--energy", "400 MeV", "--energy", "10 MeV")["species"]
    for name, of in found.items():
        for key in ("absorption_per_cm", EMISSIVITY):
            values = [float(row[f"{name}_{key}"]) for row in rows]
            np.testing.assert_allclose(values, of["total"][key], rtol=1e-8)
        values = [float(row[f"{name}_scattering_per_cm_nucleon_scattering"]) for row in rows]
        np.testing.assert_allclose(values, of["scattering_per_cm"]["nucleon_scattering"], rtol=1e-8)
    assert "nux_absorption_per_cm_charged_current" not in rows[0]
    assert snsim_run("opacity", *options).code == 4
    assert snsim_run("opacity", *options, "--force").code == 0


BAD = [
    (STATE[:2], 2, ["--temperature, --electron-fraction: missing", '--density "1e12 g/cm3"']),
    ((*STATE, "--energy", "10MeV,20"), 2, ['--energy = "20"', "without a unit"]),
    (("--density", "1e12", *STATE[2:]), 2, ['--density = "1e12"', "without a unit"]),
    (("--density=-1e12 g/cm3", *STATE[2:]), 2, ["--density = -1e+12 g/cm3", "must be positive"]),
    ((*STATE, "--temperature", "2 s"), 2, ['--temperature = "2 s"', "got a time"]),
    ((*STATE, "--temperature", "900 MeV"), 3, ["--temperature = 900 MeV", "valid from"]),
    ((*STATE, "--electron-fraction", "nan"), 2, ["--electron-fraction = nan", "must be from 0 to 1"]),
    ((*STATE, "--energy", "0 MeV"), 2, ["--energy", "must be positive"]),
    ((*STATE, "--energy", "30 km"), 2, ["--energy", "got a length"]),
    ((*STATE, "--process", "bremstrahlung"), 2, ["--process", "Did you mean 'bremsstrahlung'?"]),
    ((*STATE, "--species", "nue,numuu"), 2, ["--species", "'numuu'", "six", "Did you mean 'numu'?"]),
    ((*STATE, "--run", "none"), 2, ["none: no such run file"]),
    ((*STATE, "--set", "microphysics.many_body=x"), 2, ['microphysics.many_body = "x"', "horowitz2017"]),
    ((*STATE, "--eos-table", "none.h5"), 4, ["none.h5"]),
    ((*STATE, "--plot", "kappa.jpg"), 2, [".png or .pdf"]),
    (("--density", "1e13 g/cm3", "--temperature", "1 MeV", "--electron-fraction", "0.3"), 3, ["opacity.on_out_of_range"]),
]  # fmt: skip


@pytest.mark.parametrize(("options", "code", "words"), BAD, ids=[" ".join(words) for *_, words in BAD])
def test_bad_options_give_one_sentence(
    options: tuple[str, ...], code: int, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = snsim_run("opacity", *options)
    assert outcome.code == code
    assert len(outcome.err.strip().splitlines()) == 1
    for word in words:
        assert word in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_models_may_be_told_to_go_on_at_their_edge() -> None:
    options = ("--density", "1e13 g/cm3", "--temperature", "1 MeV", "--process", "nucleus_scattering")
    outcome = snsim_run(
        "opacity", *options, "--electron-fraction", "0.3", "--set", "opacity.on_out_of_range=clamp"
    )
    assert outcome.code == 0
    assert outcome.err.count("the liquid at freezing is used") == 1
