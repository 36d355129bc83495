"""`snsim structure-factor`: numbers of the models, opacities with parts left out, files, one-sentence errors."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from test_cli import HEAVY, loaded_modules, snsim_run

from microphysics.eos.lattimer_swesty import LattimerSwesty
from microphysics.ion_plasma import IonPlasma
from microphysics.opacity import OpacitySet
from microphysics.processes.settings import Settings

MATTER = ("--density", "1e12 g/cm3", "--temperature", "1.5 MeV", "--electron-fraction", "0.35")


def show(*options: object) -> dict[str, object]:
    outcome = snsim_run("structure-factor", *(str(option) for option in options), "--json")
    assert outcome.code == 0, outcome.err
    return json.loads(outcome.out)


def test_help_loads_nothing_heavy() -> None:
    modules = loaded_modules("structure-factor", "--help")
    assert "snsim.cli.structure_factor" in modules
    assert not modules & set(HEAVY)


def test_help_has_options_and_examples() -> None:
    words = snsim_run("structure-factor", "--help").out
    for name in (
        "--coupling",
        "--density",
        "--mass-number",
        "--model",
        "--csv",
        "Examples: snsim structure-factor",
    ):
        assert name in words
    assert "structure-factor" in snsim_run("--help").out


def test_numbers_are_those_of_the_models() -> None:
    found = show(
        "--coupling", 40, "--screening", 0.5, "--model", "table", "--model", "msa", "--q", 4.2, "--q", 1
    )
    plasma = IonPlasma.of(40.0, 0.5)
    assert found["q_per_a"] == [4.2, 1.0]
    for name in ("table", "msa"):
        model = found["models"][name]
        np.testing.assert_allclose(model["S"], plasma.structure_factor(name, [4.2, 1.0]), rtol=1e-12)
        average = plasma.transport_average(name, found["reduced_energy"])
        np.testing.assert_allclose(model["mean_S"], average, rtol=1e-12)
        assert model["references"]
        assert model["validity"]
    assert "opacity" not in found


def test_matter_of_the_equation_of_state() -> None:
    found = show(*MATTER, "--energy", "5 to 20 MeV", "--points", 3)
    assert found["energy_mev"] == pytest.approx([5.0, 10.0, 20.0])
    of = found["plasma"]
    state = LattimerSwesty()(1e12, 1.5, 0.35)
    assert of["mass_number"] == pytest.approx(float(state.mass_number_heavy), rel=1e-9)
    hbar_c = 197.3269804
    assert found["reduced_energy"][1] == pytest.approx(10.0 * of["ion_sphere_radius_fm"] / hbar_c, rel=1e-8)
    assert of["screening_wave_number_per_fm"] * of["ion_sphere_radius_fm"] == pytest.approx(of["screening"])


def test_opacity_with_parts_left_out_is_that_of_the_settings() -> None:
    found = show(*MATTER, "--energy", "10 MeV", "--form-factor", "klein_nystrand")["opacity"]
    matter = LattimerSwesty()([1e12], [1.5], [0.35]).matter
    choices = {
        "nue": {},
        "nue, S = 1": {"structure_factor": "none"},
        "nue, F = 1": {"form_factor": "point", "alpha_form_factor": False},
        "nue, no electron cloud": {"electron_polarization": "none"},
    }
    for name, changes in choices.items():
        settings = Settings(**({"form_factor": "klein_nystrand"} | changes))
        direct = OpacitySet.from_names(["nucleus_scattering", "alpha_scattering"], settings).spectral(
            matter, np.array([10.0])
        )
        assert found[name] == pytest.approx([direct.total_scattering[0, 0, 0]], rel=1e-12)
    # correlations take most of it away; for nux the cloud has hardly any weak charge
    assert found["nue"][0] < 0.3 * found["nue, S = 1"][0]
    assert found["nue"][0] < found["nux"][0]
    assert max(found["nue, none of these"]) >= max(max(values) for values in found.values())


def test_alphas_count_with_every_model() -> None:
    options = (
        "--density",
        "3e11 g/cm3",
        "--temperature",
        "2 MeV",
        "--electron-fraction",
        "0.45",
        "--energy",
        "50 MeV",
    )
    opacity = {name: show(*options, "--model", name)["opacity"] for name in ("table", "mixture_lmr")}
    # nothing correlates at high energy, and nothing at all with S = 1
    assert opacity["mixture_lmr"]["nue, S = 1"] == pytest.approx(opacity["table"]["nue, S = 1"], rel=1e-12)
    assert opacity["mixture_lmr"]["nue"] == pytest.approx(opacity["table"]["nue"], rel=0.01)


def test_matter_of_one_nucleus_in_words() -> None:
    options = (
        "--density",
        "1e12 g/cm3",
        "--temperature",
        "2e10 K",
        "--mass-number",
        "56",
        "--charge-number",
        "26",
    )
    outcome = snsim_run("structure-factor", *options)
    assert outcome.code == 0
    assert outcome.err == ""
    for words in ("A = 56, Z = 26, X = 1", "28.105 fm", "1.72347 MeV", "S(q)", "<S>(E)", "no electron cloud"):
        assert words in outcome.out


def test_a_fit_of_the_average_has_no_structure_factor() -> None:
    options = ("--coupling", "40", "--model", "horowitz1997")
    model = show(*options)["models"]["horowitz1997"]
    assert set(model["S"]) == {None}
    assert min(model["mean_S"]) > 0.0
    assert " -" in snsim_run("structure-factor", *options).out


def test_out_of_range_is_said_once() -> None:
    outcome = snsim_run("structure-factor", "--coupling", "400")
    assert outcome.code == 0
    assert outcome.err.count("the liquid at freezing is used") == 1


def test_files(tmp_path: Path) -> None:
    table, figure = tmp_path / "S.csv", tmp_path / "new" / "S.png"
    options = (*MATTER, "--model", "table", "--model", "horowitz1997", "--csv", table, "--plot", figure)
    outcome = snsim_run("structure-factor", *options)
    assert outcome.code == 0
    assert str(table) in outcome.out
    assert figure.read_bytes().startswith(b"\x89PNG")
    lines = table.read_text().splitlines()
    assert any(line.startswith("# ") and "coupling = 38.58" in line for line in lines)
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert rows[0]["S_horowitz1997"] == ""
    row = rows[79]
    assert float(row["q_per_a"]) == pytest.approx(4.0)
    assert float(row["reduced_energy"]) == pytest.approx(2.0)
    matter = LattimerSwesty()([1e12], [1.5], [0.35]).matter
    plasma = IonPlasma.of_matter(matter)
    assert float(row["S_table"]) == pytest.approx(float(plasma.structure_factor("table", 4.0)[0]), rel=1e-8)
    average = plasma.transport_average("horowitz1997", 2.0)
    assert float(row["mean_S_horowitz1997"]) == pytest.approx(float(average[0]), rel=1e-8)
    assert float(row["q_per_fm"]) * float(plasma.radius[0]) == pytest.approx(4.0, rel=1e-8)
    assert snsim_run("structure-factor", *options).code == 4
    assert snsim_run("structure-factor", *options, "--force").code == 0


def test_a_structure_factor_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    q = np.arange(0.2, 16.0, 0.2)
    lines = [
        f"{gamma},{x},{float(IonPlasma.of(gamma).structure_factor('table', x))!r}"
        for gamma in (5, 10)
        for x in q
    ]
    file.write_text("\n".join(["coupling,q,S", *lines]))
    found = show("--coupling", 10, "--model", "file", "--file", file, "--q", 4)["models"]["file"]
    assert found["S"][0] == pytest.approx(float(IonPlasma.of(10.0).structure_factor("table", 4.0)), rel=1e-6)
    file.write_text("coupling,q\n1,2\n")
    outcome = snsim_run("structure-factor", "--coupling", "10", "--model", "file", "--file", file)
    assert outcome.code == 4
    assert "column 'S' is missing" in outcome.err


BAD = [
    (("--coupling", "40", "--model", "tabel"), 2, ["unknown structure factor 'tabel'", "Did you mean 'table'?"]),
    (("--coupling=nan",), 2, ["--coupling = nan", "a finite number"]),
    (("--coupling=-3",), 2, ["--coupling = -3", "must not be negative"]),
    (("--screening", "1"), 2, ["--screening: needs --coupling"]),
    (("--q", "3"), 2, ["--coupling, or --density", "got none"]),
    (("--coupling", "4", *MATTER), 2, ["--coupling: leave it out, or --density"]),
    (("--density", "1e12", *MATTER[2:]), 2, ['--density = "1e12"', "without a unit"]),
    (MATTER[:4], 2, ["--electron-fraction: missing"]),
    ((*MATTER[:4], "--mass-number", "56"), 2, ["--charge-number: missing"]),
    ((*MATTER[:4], "--mass-number", "26", "--charge-number", "56"), 2, ["0 < Z <= A"]),
    ((*MATTER[:4], "--mass-number", "56", "--charge-number", "26", "--table", "x.h5"), 2, ["--table: leave it out"]),
    ((*MATTER, "--energy", "30 s"), 2, ["--energy", "got a time"]),
    ((*MATTER, "--energy", "20 to 5 MeV"), 2, ["--energy", "lower energy first"]),
    ((*MATTER, "--energy", "0 MeV"), 2, ["--energy", "must be positive"]),
    ((*MATTER, "--form-factor", "hlem"), 2, ["unknown form factor 'hlem'", "Did you mean 'helm'?"]),
    (("--coupling", "10", "--energy", "30 MeV"), 2, ["--energy", "--density"]),
    (("--coupling", "10", "--model", "mixture_hnc"), 3, ["mixture_hnc", "needs a density"]),
    (("--coupling", "10", "--q", "-1"), 2, ["--q = -1"]),
    (("--coupling", "10", "--plot", "S.jpg"), 2, [".png or .pdf"]),
    (("--coupling", "10", "--csv", "S.txt"), 2, [".csv"]),
    (("--coupling", "10", "--model", "file"), 2, ["--file and --model file"]),
    (("--coupling", "10", "--model", "file", "--file", "none.csv"), 4, ["none.csv: there is no such file"]),
    (
        ("--density", "1e10 g/cm3", "--temperature", "20 MeV", "--electron-fraction", "0.3"),
        3,
        ["there are no nuclei at 1e+10 g/cm3"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("options", "code", "words"), BAD, ids=[" ".join(words) for *_, words in BAD])
def test_bad_options_give_one_sentence(
    options: tuple[str, ...], code: int, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = snsim_run("structure-factor", *options)
    assert outcome.code == code
    assert len(outcome.err.strip().splitlines()) == 1
    for word in words:
        assert word in outcome.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("structure-factors", ["hncb", "arXiv:2107.03537", "1 <= Gamma <= 150"]),
        ("form-factors", ["symmetrized_fermi", "Sprung & Martorell 1997", "Helm with R0 = 1.2 A^(1/3) fm"]),
        ("equations-of-state", ["lattimer-swesty", "Lattimer & Swesty 1991", "3.2e+15 g/cm3"]),
        ("new-physics", ["microphysics.new_physics.z_prime", "Abdullah et al. 2018"]),
        ("nuclei", ["Ar40 (99.6 %)", "Kondev et al. 2021"]),
    ],
)
def test_list(kind: str, words: list[str]) -> None:
    outcome = snsim_run("list", kind)
    assert outcome.code == 0
    for word in words:
        assert word in outcome.out


def test_new_physics_is_listed_by_the_keys_of_a_run_file() -> None:
    from snsim.config.new_physics import NewPhysics

    rows = json.loads(snsim_run("list", "new-physics", "--json").out)["new-physics"]
    assert [row["name"] for row in rows] == [
        f"microphysics.new_physics.{key}" for key in NewPhysics.model_fields
    ]
    keys = {row["name"].rpartition(".")[2]: {key["key"]: key for key in row["keys"]} for row in rows}
    assert keys["z_prime"]["mass"] == {"key": "mass", "value": "an energy, in MeV", "default": "required"}
    assert keys["z_prime"]["charges"]["value"] == '"universal" or "b-l"'
    assert keys["magnetic_moment"]["moment"]["default"] == "not set"
    assert keys["magnetic_moment"]["transition"]["value"] == "list of 3 numbers"
    assert "in cm2" in keys["charge_radius"]["radii"]["value"]
    words = snsim_run("list", "new-physics").out
    assert "in Bohr magnetons" in words
    assert "relative_to" in words


@pytest.mark.parametrize(("alias", "kind"), [("eos", "equations-of-state"), ("diagnostics", "observables")])
def test_kinds_have_other_names(alias: str, kind: str) -> None:
    assert snsim_run("list", alias).out == snsim_run("list", kind).out


def test_the_nearest_kind_is_offered() -> None:
    outcome = snsim_run("list", "proces")
    assert outcome.code == 2
    assert "Did you mean 'processes'?" in outcome.err


def test_what_is_no_number_is_shown() -> None:
    outcome = snsim_run("structure-factor", "--coupling", "forty")
    assert outcome.code == 2
    assert "'forty' is not a number" in outcome.err


def test_files_follow_the_ranges(tmp_path: Path) -> None:
    def columns(*options: str) -> dict[str, list[float]]:
        file = tmp_path / "S.csv"
        outcome = snsim_run("structure-factor", *MATTER, *options, "--csv", str(file), "--force")
        assert outcome.code == 0, outcome.err
        rows = list(
            csv.DictReader(line for line in file.read_text().splitlines() if not line.startswith("#"))
        )
        return {name: [float(row[name]) for row in rows] for name in rows[0]}

    found = columns("--q", "2", "--q", "6", "--energy", "5 to 40 MeV")
    assert (found["q_per_a"][0], found["q_per_a"][-1]) == (2.0, 6.0)
    assert (found["energy_mev"][0], found["energy_mev"][-1]) == pytest.approx((5.0, 40.0), rel=1e-8)
    plasma = IonPlasma.of_matter(LattimerSwesty()([1e12], [1.5], [0.35]).matter)
    average = plasma.transport_average("table", [found["reduced_energy"][7]])
    assert found["mean_S_table"][7] == pytest.approx(float(average[0]), rel=1e-7)
    alone = columns("--q", "4")
    assert (alone["q_per_a"][0], alone["q_per_a"][-1]) == (0.05, 12.0)


def test_a_bad_file_is_file_trouble_in_every_command(tmp_path: Path) -> None:
    (tmp_path / "S.csv").write_text("coupling,q\n1,2\n")
    (tmp_path / "run.toml").write_text(
        "schema = 1\n[profile]\nformat = 'analytic'\n[microphysics]\nstructure_factor = 'file'\n"
        "structure_factor_file = 'S.csv'\n"
    )
    for command in ("validate", "run"):
        outcome = snsim_run(command, tmp_path)
        assert outcome.code == 4, command
        assert "column 'S' is missing" in outcome.err
        assert len(outcome.err.strip().splitlines()) == 1
    assert "microphysics.structure_factor_file: " in snsim_run("validate", tmp_path).err


def test_everything_but_the_long_list_is_listed_by_default() -> None:
    outcome = snsim_run("list")
    assert "equations of state" in outcome.out
    assert "Xe132" not in outcome.out
    assert "snsim list nuclei" in outcome.out
