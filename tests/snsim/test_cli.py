"""The command line: start-up, exit codes, one-sentence errors, idempotent runs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

import snsim.plots
from microphysics.errors import OutOfRangeError, PhysicsWarning
from snsim.cli.app import app
from snsim.cli.console import say_rows, say_table
from snsim.config.load import config_hash
from snsim.config.schema import Config
from snsim.config.write import resolve_toml
from snsim.errors import ConvergenceError, NoStarError, ProfileError
from snsim.output.provenance import collect
from snsim.output.reader import read_result
from snsim.result import Result
from snsim.variable import Variable, scalar

HEAVY = ("numpy", "numba", "matplotlib", "astropy", "h5py", "scipy", "xarray", "rich.console")


def snsim_run(*arguments: str | Path) -> SimpleNamespace:
    outcome = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if outcome.exception is not None and not isinstance(outcome.exception, SystemExit):
        raise outcome.exception
    return SimpleNamespace(code=outcome.exit_code, out=outcome.stdout, err=outcome.stderr)


def answer(config: Config, gain: float = 9.2e6) -> Result:
    """What a run could give, moving with the shock radius."""
    species = Variable(("species",), np.array(config.transport.species), "1", "neutrino species")
    count = len(config.transport.species)
    scale = getattr(config.profile, "shock_radius", None) or 1.44e7
    luminosity = Variable(
        ("species", "interface"), np.full((count, 3), 4e52 * scale / 1.44e7), "erg / s", "luminosity"
    )
    groups = {
        "transport": {"species": species, "luminosity_infinity": luminosity},
        "diagnostics/gain_region": {
            "gain_radius": scalar(gain, "cm", "gain radius", references="Janka 2001, A&A 368, 527"),
            "net_heating": scalar(np.nan, "erg / s", "net heating", reason="no gain region"),
        },
    }
    provenance = collect(config_hash(config), title=config.title, citations=["First 2000"], wall_time=0.1)
    return Result(groups, resolve_toml(config), provenance)


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Stand in for the simulation and the figures; counts the calls."""
    stage = SimpleNamespace(calls=[], simulate=answer, drawn=[])

    def simulate(
        config: Config, progress: Callable[[str], None] | None = None, checkpoint: Path | None = None
    ) -> Result:
        stage.calls.append(config)
        return stage.simulate(config)

    def save_all(result: Result, directory: Path) -> list[Path]:
        stage.drawn.append(directory)
        return [Path(directory) / "overview.png"]

    fakes = {"snsim.pipeline": {"simulate": simulate}, "snsim.plots.figures": {"save_all": save_all}}
    for name, contents in fakes.items():
        module = ModuleType(name)
        module.__dict__.update(contents)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(snsim.plots, "figures", sys.modules["snsim.plots.figures"], raising=False)
    return stage


@pytest.fixture
def run_directory(tmp_path: Path) -> Path:
    folder = tmp_path / "star"
    folder.mkdir()
    (folder / "run.toml").write_text('schema = 1\ntitle = "a star"\n')
    return folder


def loaded_modules(*arguments: str) -> set[str]:
    script = (
        "import sys\n"
        f"sys.argv = ['snsim', *{list(arguments)!r}]\n"
        "from snsim.cli.app import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('\\nMODULES', *sys.modules)"
    )
    root = Path(__file__).resolve().parents[2]
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=root
    )
    return set(answer.stdout.rpartition("MODULES")[2].split())


@pytest.mark.parametrize("arguments", [("--help",), ("run", "--help")])
def test_help_loads_nothing_heavy(arguments: tuple[str, ...]) -> None:
    modules = loaded_modules(*arguments)
    assert "snsim.cli.app" in modules
    assert not modules & set(HEAVY)
    if arguments == ("--help",):  # for the help of a command, typer itself asks pydantic
        assert "pydantic" not in modules


def test_validate_loads_no_compiler(run_directory: Path) -> None:
    assert not loaded_modules("validate", str(run_directory), "--set", "profile.format=analytic") & {
        "numba",
        "matplotlib",
        "xarray",
        "scipy",
        "h5py",
    }


def test_run_writes_result_and_figures(run_directory: Path, pipeline: SimpleNamespace) -> None:
    outcome = snsim_run("run", run_directory)
    assert outcome.code == 0
    for words in (
        "a star",
        "gain radius",
        "92 km",
        "nue 4e+52",
        "undefined (no gain region)",
        "computed in",
        "overview.png",
    ):
        assert words in outcome.out
    assert pipeline.drawn == [run_directory]
    stored = read_result(run_directory)
    assert stored["diagnostics"]["gain_region"]["gain_radius"].values == 9.2e6
    assert stored.provenance["title"] == "a star"
    assert float(stored.provenance["wall_time_s"]) >= 0.0
    assert stored.provenance["citations"] == "First 2000"
    assert 'shock_radius = "144 km"' in stored.config_toml


def test_running_again_shows_what_is_there(run_directory: Path, pipeline: SimpleNamespace) -> None:
    first, again = snsim_run("run", run_directory), snsim_run("run", run_directory / "run.toml")
    assert (first.code, again.code, len(pipeline.calls)) == (0, 0, 1)
    assert "stored result of the same configuration" in again.out
    assert "92 km" in again.out
    assert snsim_run("run", run_directory, "--set", "title=other").code == 0
    assert len(pipeline.calls) == 1  # a title is no physics
    assert snsim_run("run", run_directory, "--set", "grid.zones=100").code == 4
    assert snsim_run("run", run_directory, "--set", "grid.zones=100", "--force").code == 0
    assert [config.grid.zones for config in pipeline.calls] == [200, 100]
    assert snsim_run("run", run_directory, "--set", "grid.zones=100", "--force").code == 0
    assert len(pipeline.calls) == 3


def test_output_and_no_plot(run_directory: Path, pipeline: SimpleNamespace, tmp_path: Path) -> None:
    assert snsim_run("run", run_directory, "--output", tmp_path / "new" / "place", "--no-plot").code == 0
    assert (tmp_path / "new" / "place" / "result.h5").is_file()
    assert snsim_run("run", run_directory, "--set", "output.figures=false").code == 0
    assert (
        snsim_run("run", run_directory, "--set", f"output.directory={tmp_path / 'third'}", "--no-plot").code
        == 0
    )
    assert (tmp_path / "third" / "result.h5").is_file()
    assert pipeline.drawn == []


def test_run_as_json(run_directory: Path, pipeline: SimpleNamespace) -> None:
    fields = json.loads(snsim_run("run", run_directory, "--json").out)
    assert fields["reused"] is False
    assert fields["result"] == str(run_directory / "result.h5")
    answers = {item["key"]: item for item in fields["answers"]}
    assert answers["gain_region.gain_radius"]["value"] == 9.2e6
    assert answers["gain_region.net_heating"]["value"] is None
    assert json.loads(snsim_run("run", run_directory, "--json").out)["reused"] is True


def test_no_convergence_keeps_the_last_iterate(run_directory: Path, pipeline: SimpleNamespace) -> None:
    def fail(config: Config) -> Result:
        raise ConvergenceError("nue stopped at 3e-4 after 200 steps.", answer(config))

    pipeline.simulate = fail
    outcome = snsim_run("run", run_directory)
    assert outcome.code == 3
    assert "nue stopped at 3e-4" in outcome.err
    assert "result.partial.h5" in outcome.err
    assert not (run_directory / "result.h5").exists()
    assert "transport" in read_result(run_directory / "result.partial.h5").groups
    pipeline.simulate = answer
    assert snsim_run("run", run_directory).code == 0
    assert not (run_directory / "result.partial.h5").exists()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OutOfRangeError("Gamma = 204 in zone 212"), 3),
        (ProfileError("density = -1"), 4),
        (NoStarError("no hydrostatic star: 0.3 Msun"), 3),
        (OSError("disk full"), 4),
        (ZeroDivisionError("by zero"), 1),
    ],
)
def test_exit_codes(run_directory: Path, pipeline: SimpleNamespace, error: Exception, code: int) -> None:
    def fail(config: Config) -> Result:
        raise error

    pipeline.simulate = fail
    outcome = snsim_run("run", run_directory)
    assert outcome.code == code
    assert str(error) in outcome.err
    assert "Traceback" not in outcome.err
    with pytest.raises(type(error)):
        snsim_run("run", run_directory, "--debug")


def test_usage_errors(run_directory: Path) -> None:
    assert snsim_run("run").code == 2
    assert snsim_run("walk").code == 2
    assert snsim_run("run", run_directory, "--fast").code == 2
    assert snsim_run("list", "particles").code == 2


def test_warnings_are_one_line(run_directory: Path, pipeline: SimpleNamespace) -> None:
    import warnings

    def warn(config: Config) -> Result:
        warnings.warn("3 zones were clamped", PhysicsWarning, stacklevel=1)
        return answer(config)

    pipeline.simulate = warn
    outcome = snsim_run("run", run_directory)
    assert outcome.code == 0
    assert "warning: 3 zones were clamped\n" in outcome.err


def test_the_result_of_another_configuration_is_replaced_by_force_only(
    run_directory: Path, pipeline: SimpleNamespace, tmp_path: Path
) -> None:
    place = ("--output", tmp_path / "there")
    assert snsim_run("run", run_directory, *place, "--set", "grid.zones=400").err == ""
    for name in ("overview.png", "opacities.png", "light_curve.png", "mine.png"):
        (tmp_path / "there" / name).touch()
    before = read_result(tmp_path / "there")
    other = ("--set", "grid.zones=100", "--set", "title=x")
    outcome = snsim_run("run", run_directory, *place, *other)
    assert outcome.code == 4
    for words in (
        f"{tmp_path / 'there' / 'result.h5'}: holds the result of another configuration",
        f"'a star' ({before.provenance['config_hash']}), not of 'x' (",
        "grid.zones 400 -> 100",
        "--force",
        "--output",
    ):
        assert words in outcome.err
    assert len(pipeline.calls) == 1
    assert read_result(tmp_path / "there") == before
    assert len(list((tmp_path / "there").glob("*.png"))) == 4
    (tmp_path / "there" / "overview.png").write_text("drawn")  # as the stand-in says that it draws it
    outcome = snsim_run("run", run_directory, *place, *other, "--force")
    assert outcome.code == 0
    assert outcome.err == "replaces the result of another configuration: grid.zones 400 -> 100\n"
    # those that the new result does not have belong to the old one
    assert sorted(path.name for path in (tmp_path / "there").glob("*.png")) == ["mine.png", "overview.png"]
    again = ("--no-plot", "--force", "--set", "grid.r_outer=500 km")
    outcome = snsim_run("run", run_directory, *place, *again)
    assert 'grid.zones 100 -> 200, grid.r_outer not set -> "500 km"' in outcome.err
    assert [path.name for path in (tmp_path / "there").glob("*.png")] == ["mine.png"]


def test_names_of_figures_are_those_that_are_drawn() -> None:
    from snsim.cli.run import FIGURE_FILES
    from snsim.plots.figures import FIGURES, OF_SEQUENCE, WHERE_THERE

    assert FIGURE_FILES == tuple(f"{name}.png" for name in FIGURES | WHERE_THERE | OF_SEQUENCE)


def test_a_result_of_other_code_is_computed_again(
    run_directory: Path, pipeline: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from snsim.output import provenance

    snsim_run("run", run_directory)
    assert read_result(run_directory).provenance["code"] == provenance.code_hash()
    monkeypatch.setattr(provenance, "code_hash", lambda: "0" * 12)
    (run_directory / "overview.png").touch()
    outcome = snsim_run("run", run_directory, "--no-plot")
    assert outcome.err == "computed again: the code has changed since\n"
    assert len(pipeline.calls) == 2
    assert not (run_directory / "overview.png").exists()
    assert snsim_run("run", run_directory).err == ""
    assert len(pipeline.calls) == 2
    monkeypatch.setattr(provenance, "plug_ins", lambda names: "microphysics.form_factors mine mine==2 0a")
    assert "the code has changed" in snsim_run("run", run_directory).err


def test_kernels_are_announced_once(
    run_directory: Path, pipeline: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from microphysics import _jit

    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setattr(_jit, "cache_directory", lambda: tmp_path / "kernels")
    words = "compiling kernels, once per machine: about"
    (tmp_path / "kernels" / "transport").mkdir(parents=True)  # numba makes folders when modules are imported
    assert snsim_run("run", run_directory).err.count(words) == 1
    assert words in snsim_run("run", run_directory, "--force").err
    (tmp_path / "kernels" / "transport" / "electron_gas.f-1.py311.nbi").touch()
    # those of the transport are missing, and every scheme says so
    for scheme, seconds in (("gray", 45), ("multigroup", 25), ("eddington", 30)):
        chosen = snsim_run("run", run_directory, "--force", "--set", f"transport.scheme={scheme}")
        assert f"{words} {seconds} s of CPU, at most {40 + seconds} s" in chosen.err
    assert "compiling" not in snsim_run("run", run_directory, "--force", "--set", "transport.scheme=none").err
    (tmp_path / "kernels" / "transport" / "gray.f-1.py311.nbi").touch()
    assert "compiling" not in snsim_run("run", run_directory, "--force").err


def test_kernels_compiled_beside_a_warm_cache_are_announced(
    run_directory: Path, pipeline: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    import numba

    from microphysics import _jit

    monkeypatch.setattr(_jit, "cache_is_cold", lambda module="": False)
    words = "compiling further kernels, once per machine"

    def compile_two(config: Config) -> Result:
        for number in (1.0, 2.0):
            numba.njit(lambda x, y=number: x + y)(number)
        return answer(config)

    assert "compiling" not in snsim_run("run", run_directory).err
    pipeline.simulate = compile_two
    outcome = snsim_run("run", run_directory, "--force")
    assert outcome.err.count(words) == 1
    assert "at most about 85 s of CPU" in outcome.err
    numba.njit(lambda x: x)(1.0)  # nobody listens any more
    assert "compiling" not in snsim_run("run", run_directory).err


def test_time_of_compiling_kernels_is_told_apart(
    run_directory: Path, pipeline: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from numba.core import event

    from microphysics import _jit
    from snsim.cli import console

    monkeypatch.setattr(_jit, "cache_is_cold", lambda module="": module == "gray")
    clock = iter(range(0, 1000, 10))

    def compile_one_with_another(config: Config) -> Result:
        with monkeypatch.context() as patched:
            patched.setattr(console.time, "perf_counter", lambda: float(next(clock)))
            with event.trigger_event("numba:compile"), event.trigger_event("numba:compile"):
                pass
        return answer(config)

    pipeline.simulate = compile_one_with_another
    outcome = snsim_run("run", run_directory)
    assert "of which compiling 10 s" in outcome.out  # the inner one is part of the outer
    assert console.compiling_took() == 0.0


# every bad input: one clear sentence, before any work
STAR = "r,rho,T,ye\n10,3e14,20,0.3\n30,1e12,8,0.1\n100,1e9,2,0.4\n"
TABLE = """
[profile]
format = "table"
path = "star.csv"
[profile.columns]
radius = { column = "r", unit = "km" }
density = { column = "rho", unit = "g/cm3" }
temperature = { column = "T", unit = "MeV" }
electron_fraction = { column = "ye", unit = "1" }
"""
BAD_RUNS = [
    ("[grid]\nzonse = 3", STAR, 2, ["grid.zonse = 3", "zones"]),
    ('[grid]\nr_outer = "500 s"', STAR, 2, ['grid.r_outer = "500 s"', "a length", "a time"]),
    (TABLE.replace("km", "s"), STAR, 4, ["'r' (radius)", "'s'", "'cm'"]),
    (TABLE.replace('"rho"', '"rhho"'), STAR, 4, ["no column 'rhho'", "did you mean 'rho'?"]),
    (TABLE.replace("density =", "desnity ="), STAR, 2, ["profile.columns.desnity", "'density'?"]),
    (TABLE, STAR.replace("\n100,", "\n30,"), 4, ["radius must rise", "30 km"]),
    (TABLE, STAR.replace("\n100,", "\n20,"), 4, ["radius must rise", "20 km"]),
    (TABLE, STAR.replace("1e12", "nan"), 4, ["line 3, column 'rho'", "nan"]),
    (TABLE, STAR.replace("1e12", "-1e12"), 4, ["density = -1e+12", "allowed"]),
    (TABLE, STAR.replace(",8,", ",9e10,"), 4, ["temperature = 9e+10 MeV", "is it in K?"]),
    (TABLE, STAR.replace(",0.4", ",1.4"), 4, ["electron_fraction = 1.4", "(0, 1)"]),
    (TABLE, STAR[:-8], 4, ["line 4", "values for 4 columns"]),
    (TABLE, "", 4, ["no rows of numbers"]),
    (TABLE.replace("star.csv", "none.csv"), STAR, 2, ["none.csv", "no such file", "--set profile.path=FILE"]),
]


@pytest.mark.parametrize("command", ["run", "validate"])
@pytest.mark.parametrize(
    ("config", "star", "code", "words"), BAD_RUNS, ids=[" ".join(case[3]) for case in BAD_RUNS]
)
def test_bad_input(
    tmp_path: Path,
    pipeline: SimpleNamespace,
    command: str,
    config: str,
    star: str,
    code: int,
    words: list[str],
) -> None:
    from snsim.profiles.readers import load_profile

    def load_first(configuration: Config) -> Result:
        load_profile(configuration.profile)
        raise AssertionError("the profile was accepted")

    pipeline.simulate = load_first
    (tmp_path / "run.toml").write_text(f"schema = 1\n{config}\n")
    (tmp_path / "star.csv").write_text(star)
    outcome = snsim_run(command, tmp_path)
    assert outcome.code == code
    lines = outcome.err.strip().splitlines()
    assert len([line for line in lines if line.startswith("error:")]) == 1
    for word in words:
        assert word in outcome.err
    assert not (tmp_path / "result.h5").exists()


def test_warnings_of_validate_are_lines_too(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text(
        f"schema = 1\n{TABLE}\n[grid]\nzones = 40\n[transport]\nscheme = 'none'\n"
    )
    (tmp_path / "star.csv").write_text("r,rho,T,ye\n30,1e12,6,0.2\n60,1e10,3,0.3\n100,1e9,2,0.4\n")
    outcome = snsim_run("validate", tmp_path)
    assert outcome.code == 0
    (line,) = outcome.err.splitlines()
    assert line.startswith("warning: the profile starts at 30 km")
    assert "no velocity, so that no shock can be found" in outcome.out
    (tmp_path / "star.csv").write_text("r,rho,T,ye\n30,3e15,6,0.2\n60,1e13,3,0.3\n100,1e12,2,0.4\n")
    outcome = snsim_run("validate", tmp_path)
    assert outcome.code == 4
    (line,) = outcome.err.splitlines()
    assert "within their own horizon; column 'rho' (density) is read in g/cm3: is it in kg/m3?" in line


def test_mass_fractions_that_do_not_sum_to_one(tmp_path: Path) -> None:
    names = ("neutron", "proton", "alpha", "heavy")
    columns = "\n".join(f'mass_fraction_{name} = {{ column = "x{name}", unit = "1" }}' for name in names)
    for name, column in (("mass_number_heavy", "a"), ("charge_number_heavy", "z")):
        columns += f'\n{name} = {{ column = "{column}", unit = "1" }}'
    (tmp_path / "run.toml").write_text(f"schema = 1\n{TABLE}{columns}")
    rows = [line + ",0.5,0.3,0.1,0.2,56,26" for line in STAR.splitlines()[1:]]
    (tmp_path / "star.csv").write_text("\n".join(["r,rho,T,ye,xneutron,xproton,xalpha,xheavy,a,z", *rows]))
    outcome = snsim_run("validate", tmp_path)
    assert outcome.code == 4
    assert "mass fractions sum to 1.1 at point 0" in outcome.err
    assert "allowed is 1 within 0.001" in outcome.err


def test_unwritable_output_is_found_first(run_directory: Path, pipeline: SimpleNamespace) -> None:
    outcome = snsim_run("run", run_directory, "--output", run_directory / "run.toml" / "below")
    assert outcome.code == 4
    assert "cannot be written there" in outcome.err
    assert pipeline.calls == []


def test_validate_counts_its_doubts(run_directory: Path) -> None:
    mistaken = TABLE.replace("g/cm3", "kg/m3")
    (run_directory / "run.toml").write_text(f"schema = 1\n{mistaken}")
    (run_directory / "star.csv").write_text(STAR)
    outcome = snsim_run("validate", run_directory, "--set", "grid.r_outer=90 km")
    assert outcome.code == 0, outcome.err
    assert outcome.err.count("is it in g/cm3?") == 1
    assert "no mistakes found, " in outcome.out
    found = json.loads(snsim_run("validate", run_directory, "--set", "grid.r_outer=90 km", "--json").out)
    assert found["valid"] is True
    assert sum("is it in g/cm3?" in doubt for doubt in found["doubts"]) == 1
    told = outcome.err.count("warning:")
    assert told == len(found["doubts"]) + len(found["without_effect"])
    assert f"no mistakes found, {told} doubt{'s' * (told > 1)}: see above" in outcome.out


def test_a_file_in_the_way_is_not_replaced(run_directory: Path, pipeline: SimpleNamespace) -> None:
    (run_directory / "result.h5").write_text("my notes")
    outcome = snsim_run("run", run_directory)
    assert outcome.code == 4
    assert "--force" in outcome.err
    assert pipeline.calls == []
    assert snsim_run("run", run_directory, "--force").code == 0


def test_validate(run_directory: Path) -> None:
    outcome = snsim_run("validate", run_directory)
    assert outcome.code == 0
    assert "no mistakes found" in outcome.out
    shown = snsim_run("validate", run_directory, "--show").out
    assert "[microphysics.couplings]" in shown
    assert "zones = 200  # zones of the transport grid; a whole number, 10 to 20000; default 200" in shown
    assert json.loads(snsim_run("validate", run_directory, "--json").out)["valid"] is True


def test_keys_without_effect_are_warned_of(run_directory: Path, pipeline: SimpleNamespace) -> None:
    words = 'warning: transport.groups = 40 has no effect with transport.scheme = "gray"'
    idle = ("--set", "transport.groups=40")
    for command in ("run", "validate"):
        outcome = snsim_run(command, run_directory, *idle)
        assert outcome.code == 0
        assert outcome.err.count(words) == 1
        assert "no effect" not in snsim_run(command, run_directory).err
    found = json.loads(snsim_run("validate", run_directory, *idle, "--json").out)
    assert len(found["without_effect"]) == 1


def test_a_star_that_cannot_exist_is_outside_physics(run_directory: Path) -> None:
    light = ("--set", "profile.format=analytic", "--set", 'profile.mass="0.3 Msun"')
    outcome = snsim_run("run", run_directory, *light, "--set", 'profile.accretion_rate="10 Msun/s"')
    assert outcome.code == 3
    assert "profile.mass = 0.3 Msun is less than" in outcome.err


def test_what_is_piped_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = snsim_run("list", "schemes").out
    monkeypatch.delenv("COLUMNS")
    narrow = snsim_run("list", "schemes").out
    assert max(map(len, wide.splitlines())) > 200
    assert max(map(len, narrow.splitlines())) <= 100

    def letters(text: str) -> list[str]:
        return sorted(text.replace(" ", "").replace("\n", "").replace("\u2500", ""))

    assert letters(narrow) == letters(wide)


def test_words_in_tables_are_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = ("trajectory", "first", "10 GK", "in the file", "entropy at 5 GK", "freeze-out", "r-process")
    row = ("tracer_00017_of_the_second_run", "0.1234", "0.2345", "0.3456", "undefined", "1234 km", "yes")
    for width in (100, 80, 40):
        monkeypatch.setenv("COLUMNS", str(width))
        say_table("title", columns, [row, row[::-1]])
        shown = capsys.readouterr().out
        for word in " ".join((*columns, *row)).split():
            assert word in shown.split(), (word, width)
    long = ("word " * 30, "/a/path/that/is/not/broken")
    monkeypatch.setenv("COLUMNS", "60")
    say_table("", ("one", "two"), [long])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 60
    assert any(long[1] in line for line in lines)


def test_long_values_go_on_below_themselves(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("COLUMNS")
    path = "/a" * 60
    species = "  ".join(f"{name} 1.234e+52" for name in ("nue", "anue", "nux", "numu", "anumu", "nutau"))
    say_rows([("one", "word " * 40), ("another", path), ("empty", ""), ("each", species)])
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines if path not in line) <= 100
    assert lines[0].startswith("  one      word")
    assert lines[1].startswith("           word")
    assert " ".join(lines).count("word") == 40
    assert any(line == f"  another  {path}" for line in lines)
    assert lines[-1] == "           nutau 1.234e+52"  # a number stays with its species


def test_validate_reads_the_profile(reference: Path) -> None:
    run = Path(__file__).resolve().parents[2] / "runs" / "boltzmann-g15"
    file = reference / "boltzmann" / "AB_G15_h_p100ms.csv"
    outcome = snsim_run("validate", run, "--set", f"profile.path={file}")
    assert outcome.code == 0
    assert "102 points, 3.665 to 5903 km, shock at 143.4 km" in outcome.out
    assert snsim_run("validate", run).code == 2


def test_compare(run_directory: Path, pipeline: SimpleNamespace, tmp_path: Path) -> None:
    snsim_run("run", run_directory)
    other = tmp_path / "other"
    pipeline.simulate = lambda config: answer(config, gain=float("nan"))
    snsim_run(
        "run",
        run_directory,
        "--set",
        "profile.format=hydrostatic",
        "--set",
        "profile.shock_radius=158.4 km",
        "--output",
        other,
    )
    text = snsim_run("compare", run_directory, other).out
    for words in ("profile.shock_radius", "144 km", "158.4 km", "+10 %", "disappears", "undefined in both"):
        assert words in text
    assert re.search(r"^ luminosity at infinity, anue +[0-9]", text, flags=re.MULTILINE)  # a name of one line
    fields = json.loads(snsim_run("compare", run_directory, other, "--json").out)
    assert fields["config"] == {"profile.shock_radius": {"before": "144 km", "after": "158.4 km"}}
    moves = {move["key"]: move for move in fields["answers"]}
    assert moves["transport.luminosity_infinity.nue"]["relative"] == pytest.approx(0.1)
    assert moves["gain_region.gain_radius"]["after"] is None
    assert moves["gain_region.gain_radius"]["label"] == "gain radius"
    same = snsim_run("compare", run_directory, run_directory).out
    assert "the run files are the same" in same
    assert snsim_run("compare", run_directory, tmp_path).code == 4


def test_plot(run_directory: Path, pipeline: SimpleNamespace, tmp_path: Path) -> None:
    snsim_run("run", run_directory, "--no-plot")
    outcome = snsim_run("plot", run_directory, "--output", tmp_path / "figures")
    assert outcome.code == 0
    assert "overview.png" in outcome.out
    assert pipeline.drawn == [tmp_path / "figures"]
    assert snsim_run("plot", tmp_path / "nothing").code == 4


def test_plot_names_what_a_failed_run_left(run_directory: Path, pipeline: SimpleNamespace) -> None:
    def stop(config: Config) -> Result:
        raise ConvergenceError("transport stopped", answer(config))

    pipeline.simulate = stop
    assert snsim_run("run", run_directory).code == 3
    partial = run_directory / "result.partial.h5"
    outcome = snsim_run("plot", run_directory)
    assert outcome.code == 4
    assert f"the last run stopped short and left {partial}" in outcome.err
    assert snsim_run("plot", partial).code == 0
    partial.unlink()
    assert "snsim run makes one" in snsim_run("plot", run_directory).err


def test_cite(run_directory: Path, pipeline: SimpleNamespace) -> None:
    snsim_run("run", run_directory)
    assert "Janka 2001" in snsim_run("cite", run_directory).out
    assert json.loads(snsim_run("cite", run_directory, "--json").out)["citations"][0] == "First 2000"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("processes", ["charged_current", "Bruenn 1985"]),
        ("structure-factors", ["horowitz1997", "Horowitz 1997"]),
        ("form-factors", ["helm", "Helm 1956"]),
        ("profiles", ["analytic", "agile-boltztran", "Mezzacappa 2005"]),
        ("limiters", ["wilson", "Bowers & Wilson 1982", "levermore-pomraning-albedo", "1/(3 + R)"]),
        ("schemes", ["gray", "multigroup", "eddington", "Auer & Mihalas 1970", "Anderson 1965", "none"]),
        ("closures", ["spectral-gradient", "spectral-flux", "multigroup"]),
        ("observables", ["gain_region", "Janka 2001"]),
        ("export-formats", ["oconnor", "sntools", "sum of four", "msw-profile", "MSWEffect"]),
        ("trajectory-formats", ["winnet", "skynet", "lnue", "csv"]),
        ("detectors", ["coherent_csi", "Akimov et al. 2017", "conus_plus"]),
    ],
)
def test_list(kind: str, words: list[str]) -> None:
    outcome = snsim_run("list", kind)
    assert outcome.code == 0
    for word in words:
        assert word in outcome.out
    assert words[0] in json.dumps(json.loads(snsim_run("list", kind, "--json").out)[kind])


def test_info() -> None:
    assert "kernels" in snsim_run("info").out
    assert json.loads(snsim_run("info", "--json").out)["numpy"]


def test_an_interruption_is_said(run_directory: Path, pipeline: SimpleNamespace) -> None:
    def interrupted(config: object) -> None:
        raise KeyboardInterrupt

    pipeline.simulate = interrupted
    outcome = snsim_run("run", run_directory)
    assert outcome.code == 130
    assert "interrupted" in outcome.err


def test_a_broken_plug_in_leaves_the_others_in_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import EntryPoint

    from microphysics import _registry

    group = "microphysics.form_factors"
    broken = EntryPoint("mine", "snsim.variable:Missing", group)
    monkeypatch.setattr(_registry, "entry_points", lambda group: [broken] if group == broken.group else [])
    outcome = snsim_run("list", "form-factors")
    assert outcome.code == 0
    assert "helm" in outcome.out
    assert "'mine'" in outcome.err
    assert 'mine = "snsim.variable:Missing" in [microphysics.form_factors]' in outcome.err
    assert len(outcome.err.splitlines()) == 1
    named = snsim_run("cevns", "--target", "Ar40", "--form-factor", "mine")
    assert named.code == 3
    assert named.err.startswith("error: form factor 'mine': its entry point cannot be loaded")
