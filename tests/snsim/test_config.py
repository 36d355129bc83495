"""The run file: defaults, units, every mistake at once, exact round trip."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import get_origin

import pytest
from astropy import units
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from microphysics.constants import CODATA
from snsim.config.allowed import allowed
from snsim.config.evolution import Evolution
from snsim.config.load import config_hash, input_files, load_config
from snsim.config.meanings import MEANINGS, comment
from snsim.config.mistakes import models_in
from snsim.config.schema import BUILT_IN, OF_OPACITIES, STANDARD_PROCESSES, Config, Transport, registry
from snsim.config.table import TableConfig, load_table_config
from snsim.config.unused import USED_BY, unused_keys
from snsim.config.write import resolve_toml
from snsim.diagnostics.catalog import OBSERVABLES
from snsim.errors import ConfigError
from snsim.study.plan import read_study
from snsim.transport.limiters import LIMITERS
from snsim.transport.multigroup import ALBEDO

RUNS = Path(__file__).resolve().parents[2] / "runs"


def write(folder: Path, text: str, *, schema: str = "schema = 1\n") -> Path:
    file = folder / "run.toml"
    file.write_text(schema + text, encoding="utf-8")
    return file


def mistakes(folder: Path, text: str, overrides: tuple[str, ...] = (), **options: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_config(write(folder, text, **options), overrides)
    return str(caught.value).splitlines()


def test_defaults_are_the_quickstart_star() -> None:
    config = Config(schema=1)
    assert config.profile.mass == pytest.approx(1.35 * CODATA.solar_mass, rel=1e-15)
    assert config.profile.accretion_rate == pytest.approx(0.95 * CODATA.solar_mass, rel=1e-15)
    assert (config.profile.shock_radius, config.grid.r_inner, config.grid.r_outer) == (144e5, 4e5, None)
    assert (config.opacity.energy_min, config.opacity.energy_max, config.opacity.energies) == (0.5, 350.0, 48)
    assert config.microphysics.couplings.neutron_lifetime == 878.4
    assert config.diagnostics.kick.energy == 3e53
    assert config.diagnostics.kick.polar_cap_angle is None
    assert config.diagnostics.delay.neutrino_mass == pytest.approx(1e-7, rel=1e-15)
    assert config.diagnostics.electron_fraction.velocity == 3e9


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("500 km", 5e7),
        ("5e7cm", 5e7),
        ("  0.5 Mm ", 5e7),
        ("5e5 m", 5e7),
        ("1 solRad", units.R_sun.to(units.cm)),
    ],
)
def test_lengths_in_any_unit(tmp_path: Path, given: str, stored: float) -> None:
    config = load_config(write(tmp_path, f'[grid]\nr_outer = "{given}"'))
    assert config.grid.r_outer == pytest.approx(stored, rel=1e-14)


def test_temperature_like_energy_in_kelvin(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, '[opacity]\nenergy_min = "1e10 K"'))
    assert config.opacity.energy_min == pytest.approx(1e10 * CODATA.boltzmann, rel=1e-9)


BAD = [
    (
        '[grid]\nr_outer = "500 s"',
        ['grid.r_outer = "500 s"', 'a length (for instance "500 km")', "got a time"],
    ),
    ("[grid]\nr_outer = 500", ["grid.r_outer = 500", "a length", "a number without a unit"]),
    ('[grid]\nr_outer = "500"', ['grid.r_outer = "500"', "a number without a unit"]),
    ('[grid]\nr_outer = "500 kmm"', ["grid.r_outer", "unknown unit 'kmm'"]),
    ('[grid]\nr_outer = "far"', ["grid.r_outer", "not a number and a unit"]),
    ('[grid]\nr_outer = "nan km"', ["grid.r_outer", "not a number and a unit"]),
    ('[grid]\nr_outer = "5 km"', ["grid.r_outer", "from 10 to 1e+06 km"]),
    ('[grid]\nr_inner = "50 km"\nr_outer = "40 km"', ["[grid]", "r_inner below r_outer"]),
    ("[grid]\nzones = 9", ["grid.zones = 9", "at least 10"]),
    ("[grid]\nzones = 100.5", ["grid.zones = 100.5", "a whole number"]),
    ("[grid]\nzones = true", ["grid.zones = true", "a whole number"]),
    ("[grid]\nzonse = 100", ["grid.zonse = 100", "unknown key", "zones, r_inner, r_outer", "'zones'?"]),
    ('[grid]\nform_factor = "helm"', ["grid.form_factor", "belongs to [microphysics]"]),
    ('titel = "x"', ["titel", "unknown key", "Did you mean 'title'?"]),
    ("[opcity]\nenergies = 10", ["[opcity]", "unknown key", "'opacity'?"]),
    ("[diagnostics.kik]\nasymmetry = 0.1", ["[diagnostics.kik]", "'kick'?"]),
    ('[diagnostics.kick]\nenergy = "3e53 MeV"', ["diagnostics.kick.energy", "from 1e+48 to 1e+55 erg"]),
    ('[diagnostics]\nnames = ["kik"]', ["diagnostics.names[0]", "gain_region", "'kick'?"]),
    (
        '[transport]\nscheme = "none"\n[diagnostics]\nnames = ["kick", "transport_sphere", "delay"]',
        [
            "[diagnostics]",
            "'kick', 'delay'",
            "for which transport must be solved",
            'transport.scheme = "none" solves nothing',
            '"gray", "multigroup" or "eddington"',
            "'neutrino_conductivity'.",
        ],
    ),
    (
        '[transport]\nscheme = "nome"',
        ['transport.scheme = "nome"', "'gray', 'multigroup', 'eddington', 'none'", "Did you mean 'none'?"],
    ),
    (
        "[diagnostics.transport_sphere]\nenergies = [5.0, -1.0]",
        ["transport_sphere.energies[1] = -1.0", "above 0"],
    ),
    (
        "[diagnostics.recoil_heating]\nmass_number = 20.0",
        ["[diagnostics.recoil_heating]", "charge_number up to mass_number"],
    ),
    ('[diagnostics]\nnames = ["kick", "kick"]', ["diagnostics.names", "each name once"]),
    ('[transport]\nlimiter = "wilsen"', ['transport.limiter = "wilsen"', "minerbo", "'wilson'?"]),
    ('[transport]\nspecies = ["nue", "nuebar"]', ["transport.species[1]", "anue"]),
    ("[transport]\nspecies = []", ["transport.species = []", "at least 1"]),
    ('[transport]\ntolerance = "1e-3"', ["transport.tolerance", "a number"]),
    ("[microphysics]\nweak_magnetism = 1", ["microphysics.weak_magnetism = 1", "true or false"]),
    ('[microphysics]\nstructure_factor = "horowitz97"', ["structure_factor", "none", "'horowitz1997'?"]),
    ('[microphysics]\nprocesses = ["pari"]', ["microphysics.processes[0]", "bremsstrahlung", "'pair'?"]),
    ("[microphysics.couplings]\nv_ud = nan", ["microphysics.couplings.v_ud", "finite"]),
    ('[profile]\nformat = "analytic"\nentropy = [1.0, 2.0]', ["profile.entropy", "too few"]),
    (
        '[profile]\nformat = "analytic"\nelectron_fraction = [0.3, 1.2, 0.5]',
        ["profile.electron_fraction[1] = 1.2"],
    ),
    (
        '[profile]\nformat = "analytic"\nelectron_fraction_infall = -0.1',
        ["profile.electron_fraction_infall = -0.1"],
    ),
    ('[profile]\nformat = "analytic"\nmapping = "vertex"', ["profile.mapping", "another profile format"]),
    ('[profile]\nformat = "gr2d"', ['profile.format = "gr2d"', "analytic", "table"]),
    ('[profile]\nmass = "1 Msun"', ["[profile]", "'format' is missing"]),
    ("profile = 3", ["profile = 3", "a table"]),
    ('[profile]\nformat = "table"\nmapping = "vertex"', ["profile.path", "--set profile.path=FILE"]),
    ("[grid", ["not valid TOML"]),
]


@pytest.mark.parametrize(("text", "words"), BAD, ids=[text.replace("\n", " ") for text, _ in BAD])
def test_one_clear_sentence(tmp_path: Path, text: str, words: list[str]) -> None:
    lines = mistakes(tmp_path, text)
    assert len(lines) == 1
    for word in [*words, str(tmp_path / "run.toml")]:
        assert word in lines[0]
    assert lines[0].endswith((".", "?"))


def test_the_sentence_of_the_conventions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "runs").mkdir()
    monkeypatch.chdir(tmp_path)
    write(Path("runs"), '[grid]\nr_outer = "500 s"')
    with pytest.raises(ConfigError) as caught:
        load_config("runs")
    assert str(caught.value) == (
        'grid.r_outer = "500 s" in runs/run.toml: expected a length (for instance "500 km"), got a time.'
    )


def test_observables_of_opacities_are_the_default_without_transport(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, '[transport]\nscheme = "none"'))
    assert config.diagnostics.names == OF_OPACITIES
    assert load_config(write(tmp_path, resolve_toml(config), schema="")) == config
    chosen = load_config(write(tmp_path, '[transport]\nscheme = "none"\n[diagnostics]\nnames = []'))
    assert chosen.diagnostics.names == ()
    assert "kick" in load_config(write(tmp_path, "")).diagnostics.names


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    text = '[grid]\nzones = 1\nr_outer = "1 s"\n[transport]\nlimiter = "x"\n'
    text += '[profile]\nformat = "table"\nmapping = "vertex"'
    lines = mistakes(tmp_path, text, ("opacity.energy=3",), schema="schema = 2\n")
    keys = [
        "schema = 2",
        "grid.zones",
        "grid.r_outer",
        "transport.limiter",
        "opacity.energy = 3 given with --set",
        "profile.path",
    ]
    assert len(lines) == len(keys)
    for key in keys:
        assert any(line.startswith(key) for line in lines)


def test_schema_is_required(tmp_path: Path) -> None:
    assert "schema = 1" in mistakes(tmp_path, 'title = "x"', schema="")[0]


def test_no_such_run_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such run file"):
        load_config(tmp_path)


def test_what_is_there_instead_of_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "cores").mkdir()
    (tmp_path / "cores" / "study.toml").write_text("schema = 1\n")
    with pytest.raises(
        ConfigError, match=r"no such run file; .*cores holds study.toml, a study: snsim sweep .*cores$"
    ):
        load_config(tmp_path / "cores")
    with pytest.raises(ConfigError, match=r"cor: no such study; give a study or .* Did you mean 'cores'\?"):
        read_study(tmp_path / "cor")
    with pytest.raises(ConfigError, match=r"no such table's file; .* a study"):
        load_table_config(tmp_path / "cores")


def test_overrides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path, "[grid]\nzones = 50")
    config = load_config(
        file, ["grid.zones=60", "grid.r_outer=400 km", 'title="a = b"', "microphysics.couplings.v_ud=1"]
    )
    assert (config.grid.zones, config.grid.r_outer, config.title) == (60, 4e7, "a = b")
    assert config.microphysics.couplings.v_ud == 1.0
    for wrong in ("grid.zones", "=3", "grid.zones.x=3"):
        with pytest.raises(ConfigError, match="--set"):
            load_config(file, [wrong])


def test_profile_path_is_relative_to_the_file_or_to_where_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    for folder in (tmp_path, tmp_path / "here"):
        (folder / "star.csv").write_text("r\n1\n")
    file = write(tmp_path, '[profile]\nformat = "table"\nmapping = "vertex"\npath = "star.csv"')
    assert load_config(file).profile.path == str((tmp_path / "star.csv").resolve())
    monkeypatch.chdir(tmp_path / "here")
    assert load_config(file, ["profile.path=star.csv"]).profile.path == str(
        (tmp_path / "here" / "star.csv").resolve()
    )
    with pytest.raises(ConfigError, match=r"nowhere.csv.* given with --set: no such file"):
        load_config(file, ["profile.path=nowhere.csv"])


def test_hash_is_of_the_physics(tmp_path: Path) -> None:
    base = config_hash(Config(schema=1))
    assert config_hash(load_config(write(tmp_path, 'title = "x"\n[output]\nfigures = false'))) == base
    assert (
        config_hash(
            load_config(write(tmp_path, '[profile]\nformat = "hydrostatic"\nshock_radius = "1.44e7 cm"'))
        )
        == base
    )
    assert config_hash(load_config(write(tmp_path, "[grid]\nzones = 201"))) != base
    assert len(base) >= 8
    int(base, 16)


def test_hash_follows_the_content_of_the_profile(tmp_path: Path) -> None:
    one, same, other = (tmp_path / name for name in ("one.csv", "same.csv", "other.csv"))
    for file, text in ((one, "a"), (same, "a"), (other, "b")):
        file.write_text(text)
    run = write(tmp_path, '[profile]\nformat = "table"\nmapping = "vertex"')
    hashes = [config_hash(load_config(run, [f"profile.path={file}"])) for file in (one, same, other)]
    assert hashes[0] == hashes[1] != hashes[2]
    path, digest = input_files(load_config(run, [f"profile.path={one}"]))["profile.path"]
    assert (path, digest) == (str(one), hashlib.sha256(b"a").hexdigest())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shock=st.floats(31.0, 1999.0),
    mass=st.floats(0.31, 3.9),
    field=st.none() | st.floats(0.0, 1e18),
    limiter=st.sampled_from(sorted(LIMITERS)),
    title=st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=20),
    tolerance=st.floats(1e-14, 1e-2),
)
def test_resolved_file_reads_back_exactly(tmp_path, shock, mass, field, limiter, title, tolerance) -> None:
    tables = {
        "schema": 1,
        "title": title,
        "profile": {"format": "analytic", "shock_radius": f"{shock!r} km", "mass": f"{mass!r} Msun"},
        "transport": {"limiter": limiter, "tolerance": tolerance},
        "diagnostics": {"kick": {} if field is None else {"magnetic_field": f"{field!r} G"}},
    }
    config = Config.model_validate(tables)
    text = resolve_toml(config)
    file = tmp_path / "resolved.toml"
    file.write_text(text, encoding="utf-8")
    assert load_config(file) == config
    assert resolve_toml(load_config(file)) == text


def test_resolved_file_is_complete() -> None:
    tables = tomllib.loads(resolve_toml(Config(schema=1)))
    assert tables["profile"]["shock_radius"] == "144 km"
    assert tables["profile"]["mass"] == "1.35 Msun"
    assert tables["diagnostics"]["kick"]["polar_cap_temperature_ratio"] == 1.1
    assert tables["microphysics"]["processes"] == list(STANDARD_PROCESSES)
    sections = {"profile", "grid", "microphysics", "opacity", "transport", "diagnostics", "output"}
    assert set(tables) == {"schema", "title", *sections}


def test_resolved_table_profile_reads_back(tmp_path: Path) -> None:
    (tmp_path / "star.csv").write_text("x")
    columns = '[profile.columns]\nradius = { column = "r \\"km\\"", unit = "km", centring = "interface" }'
    config = load_config(
        write(tmp_path, f'[profile]\nformat = "table"\npath = "star.csv"\ndelimiter = ";"\n{columns}')
    )
    assert load_config(write(tmp_path, resolve_toml(config), schema="")) == config


def test_names_agree_with_the_modules_that_own_them() -> None:
    schema = Config.model_json_schema()["$defs"]
    assert set(schema["Transport"]["properties"]["limiter"]["enum"]) == {
        *LIMITERS,
        "levermore-pomraning" + ALBEDO,
    }
    assert set(schema["Diagnostics"]["properties"]["names"]["items"]["enum"]) == set(OBSERVABLES)
    for kind, names in BUILT_IN.items():
        assert set(names) <= set(registry(kind))


def test_what_is_allowed_stands_beside_every_key() -> None:
    config = Config(schema=1)
    text = resolve_toml(config, lambda key, field: allowed(field))
    assert tomllib.loads(text) == tomllib.loads(resolve_toml(config))
    for line in (
        'mass = "1.35 Msun"  # 0.3 to 4 Msun',
        "v_ud = 0.97373  # a number, above 0, at most 1",
        'eos = "lattimer-swesty"  # "lattimer-swesty" or "table"',
        "# eos_table is not set  # a text",
        "weak_magnetism = true  # true or false",
        'species = ["nue", "anue", "nux"]  # list: "nue", "anue", "nux"',
    ):
        assert line in text
    assert '"bruenn", "point", or of a plug-in\nform_factor = "helm"' in text


def keys_of(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Every dotted key of a file of sections, those that are not there by default among them."""
    for name, field in model.model_fields.items():
        inner = models_in(field.annotation)
        own = ".*" if get_origin(field.annotation) is dict else ""
        for section in inner:
            yield from keys_of(section, f"{prefix}{name}{own}.")
        if not inner:
            yield prefix + (field.alias or name)


@pytest.mark.parametrize("root", [Config, TableConfig])
def test_every_key_has_a_meaning(root: type[BaseModel]) -> None:
    keys = set(keys_of(root))
    assert len(keys) > 50
    assert keys <= MEANINGS.keys()
    everything = {*keys_of(Config), *keys_of(TableConfig)}
    assert MEANINGS.keys() == everything


def test_the_complete_file_explains_every_section_and_key(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, "[grid]\nzones = 90"))
    text = resolve_toml(config, comment)
    assert load_config(write(tmp_path, text, schema="")) == config
    for line in (
        "zones = 90  # zones of the transport grid; a whole number, 10 to 20000; default 200",
        "[grid]  # The transport grid, cm.",
        '# duration = "1 s"  # how long, as seen from infinity; 1e-09 to 1000 s; default "1 s"',
        "# growth = 1.3  # of a step over the one before, at most; a number, 1.01 to 2; default 1.3",
        "# coupling = ...  # of the boson; a number; must be given",
        "# eos_table is not set  # file of the equation of state, with eos = table; a text; by default not set",
    ):
        assert f"\n{line}\n" in text
    # what stands as a comment is a section that can be had by taking the signs away
    lines = text.splitlines()
    (first,) = [i for i, line in enumerate(lines) if line.startswith("# [evolution]")]
    others = [i for i, line in enumerate(lines) if line.startswith("# [") and i > first]
    lines = lines[first : min(others)]
    there = "\n".join(line.removeprefix("# ") for line in lines if re.match(r"# (\[|\w+ = )", line))
    assert load_config(write(tmp_path, there)).evolution == Evolution()


def test_keys_that_a_scheme_does_not_use_are_named(tmp_path: Path) -> None:
    def found(body: str) -> list[str]:
        return unused_keys(load_config(write(tmp_path, body)))

    assert found("") == found("[transport]\ninelastic = false\nmax_iterations = 9") == []
    assert found('[transport]\ngroup_min = "2 MeV"\ncore_rays = 9') == [
        'transport.group_min = "2 MeV" has no effect with transport.scheme = "gray"; used by "multigroup" and "eddington"',
        'transport.core_rays = 9 has no effect with transport.scheme = "gray"; used by "eddington"',
    ]
    (shape, closure) = found(
        '[transport]\nscheme = "multigroup"\nspectral_shape = "fixed"\nclosure = "spectral-flux"'
    )[::-1]
    assert shape.startswith('transport.spectral_shape = "fixed"')
    assert closure.endswith('used by "gray"')
    assert len(found('[transport]\nscheme = "none"\nspecies = ["nue"]\ntolerance = 1e-8')) == 2
    # written out as a whole: only what is not the default was meant
    whole = resolve_toml(load_config(write(tmp_path, "[transport]\ngroups = 30")))
    assert [line.split(" = ")[0] for line in unused_keys(load_config(write(tmp_path, whole, schema="")))] == [
        "transport.groups"
    ]
    assert USED_BY.keys() == Transport.model_fields.keys() - {"scheme"}
    for run in ("quickstart", "cooling", "collapse"):
        assert unused_keys(load_config(RUNS / run)) == []
    # what the file has for its own scheme is not idle by a wish; what the command line has is
    overrides = ["transport.scheme=eddington", "transport.closure=spectral-flux"]
    (closure,) = unused_keys(load_config(RUNS / "quickstart", overrides), overrides)
    assert closure.startswith("transport.closure")
    assert len(unused_keys(load_config(RUNS / "quickstart", overrides))) > 1


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("limiter", "Did you mean 'transport.limiter'?"),
        ("limitr", "Did you mean 'transport.limiter'?"),
        ("central_density", "Did you mean 'profile.central_density'?"),
        ("asymmetry", "Did you mean 'diagnostics.kick.asymmetry'?"),
        ("grid.limitr", "Did you mean 'transport.limiter'?"),
        ("titel", "Did you mean 'title'?"),
    ],
)
def test_the_whole_name_of_a_key_is_suggested(tmp_path: Path, key: str, words: str) -> None:
    (line,) = mistakes(tmp_path, "", (f"{key}=wilson",))
    assert line.endswith(words)


@pytest.mark.parametrize("given", ['["1 ms", "0.1 min"]', "[1e-3, 6]", '[0.001, "6 s"]'])
def test_output_times_are_numbers_in_seconds_or_have_a_unit(tmp_path: Path, given: str) -> None:
    config = load_config(write(tmp_path, f'[evolution]\nduration = "10 s"\noutput_times = {given}'))
    assert config.evolution.output_times == pytest.approx((1e-3, 6.0), rel=1e-14)
    text = resolve_toml(config)
    assert 'output_times = ["0.001 s", "6 s"]' in text
    assert load_config(write(tmp_path, text, schema="")) == config


def test_output_times_have_bounds_and_are_times(tmp_path: Path) -> None:
    (line,) = mistakes(tmp_path, '[evolution]\noutput_times = ["1 km"]')
    assert "evolution.output_times[0]" in line
    assert "a time" in line
    (line,) = mistakes(tmp_path, "[evolution]\noutput_times = [0.0]")
    assert "from 1e-12 to 1000 s" in line


def test_observable_options_leave_out_what_is_not_set(tmp_path: Path) -> None:
    options = Config(schema=1).diagnostics.options
    assert options("neutrinosphere") == {}
    assert "launch_radius" not in options("electron_fraction")
    assert options("delay")["neutrino_mass"] == pytest.approx(0.1)
    config = load_config(write(tmp_path, "[diagnostics.kick]\nopacity_factor = 0.5"))
    assert config.diagnostics.options("kick")["polar_cap_opacity_factor"] == 0.5


def test_shipped_run_files(tmp_path: Path) -> None:
    assert load_config(RUNS / "quickstart").title == "quickstart"
    with pytest.raises(ConfigError, match=r"--set profile\.path=FILE"):
        load_config(RUNS / "boltzmann-g15")
    uncommented = (RUNS / "boltzmann-g15" / "run.toml").read_text().replace("# structure", "structure")
    for key in ("electron_polarization", "weak_magnetism", "axial_coupling", "charged_current_norm", "v_ud"):
        uncommented = uncommented.replace(f"# {key}", key)
    (tmp_path / "star.csv").write_text("x")
    config = load_config(write(tmp_path, uncommented, schema=""), [f"profile.path={tmp_path / 'star.csv'}"])
    assert (config.microphysics.structure_factor, config.microphysics.couplings.v_ud) == ("none", 1.0)


def test_the_source_of_a_mistake_is_named(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    table = "microphysics.new_physics.z_prime"
    (line,) = mistakes(tmp_path, "", (f"{table}={{coupling=1, mass=3}}",))
    assert line.startswith(f"{table}.mass = 3 given with --set: expected an energy")
    (line,) = mistakes(tmp_path, "", ('diagnostics.names=["kik"]',))
    assert 'diagnostics.names[0] = "kik" given with --set' in line
    # a section of both: what is wrong may be either
    (line,) = mistakes(tmp_path, '[grid]\nr_outer = "40 km"', ("grid.r_inner=50 km",))
    assert line.startswith(f"[grid] in {file} and --set grid.r_inner: expected r_inner below r_outer")
    # a prefix of letters is no prefix of keys
    (line,) = mistakes(tmp_path, "[grid]\nzones = 3", ("grid.zone=3",))[1:]
    assert line.startswith(f"grid.zones = 3 in {file}")


def test_unknown_keys_come_first_and_missing_ones_next(tmp_path: Path) -> None:
    text = '[grid]\nzones = 1\n[microphysics.new_physics.z_prime]\ncupling = 1\nmass = "3 MeV"'
    lines = mistakes(tmp_path, text)
    assert ["unknown key" in lines[0], ": missing" in lines[1], "grid.zones" in lines[2]] == [True] * 3


def test_defaults_without_a_file() -> None:
    assert load_config(None, ["grid.zones=60"]).grid.zones == 60
    with pytest.raises(ConfigError, match=r"^microphysics.new_physics.z_prime.coupling: missing"):
        load_config(None, ["microphysics.new_physics.z_prime.mass=3 MeV"])


def test_a_range_is_no_quantity(tmp_path: Path) -> None:
    for text in ("5-40 km", "5 40 km", "5 -40 km"):
        (line,) = mistakes(tmp_path, f'[grid]\nr_inner = "{text}"')
        assert "not a number and a unit" in line
