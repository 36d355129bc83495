"""`snsim eos`: states with units, tables that are never half there, stars."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from test_cli import HEAVY, loaded_modules, snsim_run

from microphysics.eos.formats import read
from microphysics.eos.lattimer_swesty import LattimerSwesty

STATE = ("--density", "1e12 g/cm3", "--temperature", "2 MeV", "--electron-fraction", "0.35")
SMALL = (
    "--density-points", "9", "--temperature-points", "5", "--electron-fraction-points", "4", "--jobs", "1",
)  # fmt: skip


@pytest.mark.parametrize("arguments", [("eos", "--help"), ("eos", "tov", "--help")])
def test_help_loads_nothing_heavy(arguments: tuple[str, ...]) -> None:
    modules = loaded_modules(*arguments)
    assert "snsim.cli.eos_table" in modules
    assert not modules & set(HEAVY)


def test_help_names_options_and_commands() -> None:
    words = snsim_run("eos", "--help").out
    for name in ("--density", "--beta-equilibrium", "table", "plot", "tov", "Example: snsim eos"):
        assert name in words
    assert "OUTPUT" in snsim_run("eos", "table", "--help").out


def test_a_state_in_words() -> None:
    outcome = snsim_run("eos", *STATE)
    assert outcome.code == 0
    assert outcome.err == ""
    for words in (
        "Lattimer-Swesty, K = 220 MeV",
        "2 MeV (2.321e+10 K)",
        "nuclei among nucleons and alphas",
        "A = 95.136, Z = 36.189, r = 5.272 fm",
        "mu_nue       25.922 MeV",
        "3.1886e+30",
        "photons",
        "kB/baryon",
    ):
        assert words in outcome.out
    assert "too slow" not in outcome.out


def test_a_state_as_json_is_the_state() -> None:
    fields = json.loads(snsim_run("eos", *STATE, "--json").out)
    state = LattimerSwesty()(1e12, 2.0, 0.35)
    assert fields["phase"] == "nuclei"
    assert fields["nse_valid"] is True
    assert fields["equation_of_state"]["parameters"]["incompressibility"] == 220.0
    for name in ("pressure_baryon", "entropy", "chemical_potential_neutrino", "sound_speed"):
        assert fields[name]["value"] == pytest.approx(float(getattr(state, name)), rel=1e-9)
    assert fields["pressure_lepton"]["unit"] == "erg / cm3"


def test_cold_matter_is_said_to_be_out_of_equilibrium() -> None:
    outcome = snsim_run(
        "eos", "--density", "1e9 g/cm3", "--temperature", "3e9 K", "--electron-fraction", "0.45"
    )
    assert outcome.code == 0
    assert "too slow for this equilibrium" in outcome.out
    assert "0.25852 MeV (3e+09 K)" in outcome.out


@pytest.mark.parametrize(
    ("name", "value", "unit"), [("entropy", 1.26443, "kB"), ("energy", 1.77042, "MeV/baryon")]
)
def test_temperature_is_found(name: str, value: float, unit: str) -> None:
    options = ("--density", "1e12 g/cm3", "--electron-fraction", "0.35", "--json")
    fields = json.loads(snsim_run("eos", *options, f"--{name}", f"{value} {unit}").out)
    assert fields[name]["value"] == pytest.approx(value, rel=1e-8)
    assert fields["temperature"]["value"] == pytest.approx(2.0, abs=2e-4)


def test_beta_equilibrium_and_parameters() -> None:
    options = ("--density", "3e14 g/cm3", "--temperature", "10 MeV", "--beta-equilibrium", "--json")
    soft, stiff = (
        json.loads(snsim_run("eos", *options, "--incompressibility", k).out) for k in ("180 MeV", "375 MeV")
    )
    for fields in (soft, stiff):
        assert fields["phase"] == "uniform"
        assert fields["chemical_potential_neutrino"]["value"] == pytest.approx(0.0, abs=1e-6)
    assert soft["pressure"]["value"] < stiff["pressure"]["value"]
    bound, loose = (
        json.loads(
            snsim_run(
                "eos", "--density", "1e10 g/cm3", "--temperature", "2 MeV", "--electron-fraction", "0.4",
                "--alpha-binding", kind, "--json",
            ).out
        )["mass_fraction_alpha"]["value"]
        for kind in ("corrected", "ls91")
    )  # fmt: skip
    assert bound == pytest.approx(0.080, abs=1e-3)
    assert loose == pytest.approx(0.028, abs=1e-3)


def changed(**changes: str | None) -> list[str]:
    """The options of `STATE` with some of them changed, added, or, for None, left out."""
    options = dict(zip(STATE[::2], STATE[1::2], strict=True))
    options |= {f"--{name.replace('_', '-')}": text for name, text in changes.items()}
    return [word for name, text in options.items() if text is not None for word in (name, text) if word]


BAD = [
    (changed(density="1e12"), 2, ['--density = "1e12"', 'for instance "1e12 g/cm3"', "without a unit"]),
    (changed(temperature="2 s"), 2, ["--temperature", "2 MeV", "got a time"]),
    (changed(temperature="hot"), 2, ["--temperature", "not a number and a unit"]),
    (changed(temperature=None), 2, ["--temperature, --entropy or --energy", "got none"]),
    (changed(entropy="1 kB"), 2, ["expected one of them", "--temperature and --entropy together"]),
    (changed(density=None), 2, ["--density: expected, got none"]),
    (changed(electron_fraction=None), 2, ["--electron-fraction or --beta-equilibrium"]),
    (changed(temperature=None, entropy="1.2"), 2, ["--entropy", '"1.2 kB"', "without a unit"]),
    (changed(temperature=None, entropy="1.2 erg"), 2, ["--entropy", '"1.2 kB"']),
    (changed(temperature=None, entropy="1e6 kB"), 3, ["--entropy", "<= entropy <="]),
    (
        changed(temperature=None, energy="1 MeV", electron_fraction=None, beta_equilibrium=""),
        2,
        ["--temperature"],
    ),
    (changed(density="1e18 g/cm3"), 3, ["--density = 1e+18 g/cm3", "1000 to 3.2e+15"]),
    (changed(temperature="1e13 K"), 3, ["--temperature = 861.733 MeV", "0.01 to 150 MeV"]),
    (changed(density="-1 g/cm3"), 2, ["--density = -1 g/cm3", "must be positive"]),
    (changed(electron_fraction="1.3"), 2, ["--electron-fraction = 1.3", "from 0 to 1"]),
    (changed(electron_fraction="0.9"), 3, ["--electron-fraction = 0.9", "0.005 to 0.6"]),
    (changed(incompressibility="220"), 2, ["--incompressibility", "220 MeV"]),
    (changed(incompressibility="5 MeV"), 2, ["--incompressibility = 5 MeV", "150 to 500"]),
    (changed(table="none.h5"), 4, ["none.h5: there is no such file"]),
    (changed(table="none.h5", incompressibility="220 MeV"), 2, ["--incompressibility", "--table"]),
    (["--json", "table", "x.h5"], 2, ["--json: write it after 'table'"]),
]


@pytest.mark.parametrize(("options", "code", "words"), BAD, ids=[" ".join(words) for *_, words in BAD])
def test_bad_options_give_one_sentence(
    options: list[str], code: int, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = snsim_run("eos", *options)
    assert outcome.code == code
    assert len(outcome.err.strip().splitlines()) == 1
    for word in words:
        assert word in outcome.err
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep tables that are built here out of the user's folder."""
    from microphysics.eos import build

    monkeypatch.setattr(build, "table_directory", lambda: tmp_path / "kept")


@pytest.mark.usefixtures("own_cache")
@pytest.mark.parametrize("layout", ["stellarcollapse", "snsim"])
def test_tables_are_written_and_read_back(layout: str, tmp_path: Path) -> None:
    file = tmp_path / "new" / "table.h5"
    outcome = snsim_run("eos", "table", file, "--layout", layout, *SMALL, "--json")
    assert outcome.code == 0
    fields = json.loads(outcome.out)
    assert fields["points"] == [9, 5, 4]
    assert fields["bytes"] == file.stat().st_size
    assert [entry.name for entry in file.parent.iterdir()] == ["table.h5"]  # nothing temporary is left
    eos = read(file)
    assert eos.density_range == pytest.approx((1e3, 1e15))
    node = (
        float(eos.table.density[4]),
        float(eos.table.temperature[3]),
        float(eos.table.electron_fraction[2]),
    )
    assert float(eos(*node).pressure) == pytest.approx(float(LattimerSwesty()(*node).pressure), rel=1e-9)
    shown = snsim_run(
        "eos", "--table", file, "--density", f"{node[0]!r} g/cm3", "--temperature", f"{node[1]!r} MeV",
        "--electron-fraction", f"{node[2]!r}",
    )  # fmt: skip
    assert shown.code == 0
    assert str(file) in shown.out
    assert "note: " in shown.out


@pytest.mark.usefixtures("own_cache")
def test_a_table_is_brought_into_another_layout(tmp_path: Path) -> None:
    ours, theirs, back = (tmp_path / name for name in ("ours.h5", "theirs.h5", "back.h5"))
    assert snsim_run("eos", "table", ours, "--layout", "snsim", *SMALL).code == 0
    assert snsim_run("eos", "table", theirs, "--table", ours, "--jobs", "1").code == 0
    assert snsim_run("eos", "table", back, "--table", theirs, "--layout", "snsim").code == 0
    with h5py.File(theirs) as file:
        assert file["logpress"].shape == (4, 5, 9)
    first, last = read(ours).table, read(back).table
    assert first.shape == last.shape == (9, 5, 4)
    for name in ("entropy_baryon", "chemical_potential_neutron", "mass_fraction_heavy"):
        # a table of totals has lost some digits of the baryons where photons are nearly everything
        np.testing.assert_allclose(last.fields[name], first.fields[name], rtol=1e-4, atol=1e-6)


def test_a_file_in_the_way_is_replaced_only_by_force(tmp_path: Path) -> None:
    file = tmp_path / "table.h5"
    file.write_text("my notes")
    outcome = snsim_run("eos", "table", file, *SMALL)
    assert outcome.code == 4
    assert "--force" in outcome.err
    assert file.read_text() == "my notes"
    assert snsim_run("eos", "table", file, *SMALL, "--force").code == 0
    assert read(file).table.shape == (9, 5, 4)


def test_a_build_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from microphysics.eos.formats import stellarcollapse

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    file = tmp_path / "table.h5"
    file.write_text("my notes")
    monkeypatch.setattr(stellarcollapse, "evaluate", stop)
    assert snsim_run("eos", "table", file, *SMALL, "--force").code != 0
    assert file.read_text() == "my notes"
    assert [entry.name for entry in tmp_path.iterdir()] == ["table.h5"]


def test_ranges_of_a_table(tmp_path: Path) -> None:
    ranges = ("--density-range", "1e6 g/cm3", "1e14 g/cm3", "--temperature-range", "1e9 K", "20 MeV")
    file = tmp_path / "table.h5"
    assert snsim_run("eos", "table", file, *SMALL, *ranges, "--electron-fraction-range", 0.1, 0.5).code == 0
    eos = read(file)
    assert eos.density_range == pytest.approx((1e6, 1e14))
    assert eos.temperature_range == pytest.approx((0.0861733, 20.0), rel=1e-5)
    assert eos.electron_fraction_range == pytest.approx((0.1, 0.5))


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--density-range", "1e6", "1e14 g/cm3"), 2, ['--density-range = "1e6"', "without a unit"]),
        (("--temperature-range", "2 MeV", "1 MeV"), 2, ["--temperature-range = 2 1", "rising"]),
        (("--electron-fraction-range", 0.1, 0.9), 3, ["--electron-fraction-range = 0.1 0.9", "0.005 to 0.6"]),
        (("--density-points", 3), 2, ["--density-points"]),
    ],
)
def test_bad_axes_are_refused_first(
    options: tuple[str, ...], code: int, words: list[str], tmp_path: Path
) -> None:
    outcome = snsim_run("eos", "table", tmp_path / "table.h5", *options)
    assert outcome.code == code
    for word in words:
        assert word in outcome.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("table.dat", 2, ".h5 or .hdf5"),
        ("file/table.h5", 4, "cannot be written"),
        ("folder.h5", 4, "directory"),
    ],
)
def test_a_file_that_cannot_be_is_refused_first(name: str, code: int, words: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder.h5").mkdir()
    outcome = snsim_run("eos", "table", tmp_path / name)
    assert outcome.code == code
    assert words in outcome.err


def test_progress_is_shown_where_somebody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    from snsim.cli import console

    screen: list[str] = []
    fake = SimpleNamespace(isatty=lambda: True, write=screen.append, flush=lambda: None)
    monkeypatch.setattr(console.sys, "stderr", fake)
    with console.progress_bar("nodes") as show:
        assert show is not None
        show(10, 40)
        show(40, 40)
    assert "40/40" in "".join(screen)
    fake.isatty = lambda: False
    with console.progress_bar("nodes") as show:
        assert show is None


def test_neutron_stars(tmp_path: Path) -> None:
    figure = tmp_path / "stars.png"
    outcome = snsim_run("eos", "tov", "--incompressibility", "220 MeV", "--output", figure)
    assert outcome.code == 0
    for words in ("K = 220 MeV", "2.044", "M_max", "R_1.4", str(figure)):
        assert words in outcome.out
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert snsim_run("eos", "tov", "--incompressibility", "220 MeV", "--output", figure).code == 4
    assert snsim_run("eos", "tov", "--output", tmp_path / "stars.jpg").code == 2


def test_neutron_stars_as_json() -> None:
    options = [word for k in ("180 MeV", "375 MeV") for word in ("--incompressibility", k)]
    soft, stiff = json.loads(snsim_run("eos", "tov", *options, "--json").out)["stars"]
    # literature: 1.84 and 2.7 Msun, 12.2 and 13.6 km
    assert soft["maximum_mass_msun"] == pytest.approx(1.834, rel=5e-3)
    assert stiff["maximum_mass_msun"] == pytest.approx(2.716, rel=5e-3)
    assert (soft["radius_1.4_km"], stiff["radius_1.4_km"]) == pytest.approx((12.18, 13.61), rel=5e-3)
    assert max(stiff["mass_msun"]) == pytest.approx(stiff["maximum_mass_msun"], rel=1e-3)
    assert stiff["sound_faster_than_light_above_cgs"] == pytest.approx(9.7e14, rel=0.02)
    assert len(soft["mass_msun"]) == len(soft["radius_km"]) == len(soft["central_density_cgs"])


@pytest.mark.usefixtures("own_cache")
def test_stars_of_a_table_that_ends_too_early(tmp_path: Path) -> None:
    file = tmp_path / "table.h5"
    assert (
        snsim_run("eos", "table", file, "--layout", "snsim", "--density-points", "60", *SMALL[2:]).code == 0
    )
    outcome = snsim_run("eos", "tov", "--table", file)
    assert outcome.code == 0
    assert "> 1e+15" in outcome.out  # the heaviest star lies beyond the table
    assert (
        json.loads(snsim_run("eos", "tov", "--table", file, "--json").out)["stars"][0]["maximum_mass_msun"]
        is None
    )


def test_plot_writes_every_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from snsim.plots import eos as figures

    monkeypatch.setattr(figures, "FIGURES", {"eos_one": lambda eos: figures.mass_radius({})})
    monkeypatch.setattr(figures, "mass_radius", lambda stars: figures.Figure())
    outcome = snsim_run("eos", "plot", "--output", tmp_path / "figures")
    assert outcome.code == 0
    assert outcome.out.strip() == str(tmp_path / "figures" / "eos_one.png")
    assert snsim_run("eos", "plot", "--output", tmp_path, "--pdf", "--json").code == 0
    assert (tmp_path / "eos_one.pdf").is_file()
