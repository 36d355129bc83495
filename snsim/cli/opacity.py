"""`snsim opacity`: what neutrinos meet in one state of matter, process by process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from snsim.cli.completion import one_of
from snsim.cli.console import (
    Debug,
    Json,
    Settings,
    announce_compilation,
    say_json,
    say_warning,
)
from snsim.cli.eos_options import Density, Force, Temperature, describe, inside, value
from snsim.cli.inputs import (
    CsvFile,
    Number,
    PlotFile,
    Points,
    claim_all,
    read_energies,
    say_files,
    with_number,
    with_value,
    write_csv,
    write_figure,
)
from snsim.cli.opacity_text import write

if TYPE_CHECKING:
    from microphysics.eos.state import EosState
    from microphysics.opacity import OpacitySet, OpacitySpectra
    from snsim.config.schema import Config, Microphysics

EPILOG = (
    'Examples: snsim opacity --density "1e12 g/cm3" --temperature "2 MeV" --electron-fraction 0.3 --plot opacity.png | '
    'snsim opacity --density "1e14 g/cm3" --temperature "2e11 K" --electron-fraction 0.1 --species six --energy "5 to '
    '50 MeV" --set microphysics.many_body=horowitz2017'
)
ENERGIES = (3.0, 10.0, 30.0)  # MeV
SIX = "six"  # stands for all flavours
OF_PAIRS = ("pair", "bremsstrahlung")  # what the setting pair_species concerns
FINEST, LOW, HIGH = 240, 0.5, 300.0  # energies of a figure, MeV
# units in the names of numbers
UNITS = {
    "absorption": "absorption_per_cm",
    "scattering": "scattering_per_cm",
    "exchange": "exchange_per_cm",
    "collision": "collision_per_cm",
    "emissivity": "emissivity_mev_per_cm3_s_mev_sr",
}


def opacity(
    density: Density = None,
    temperature: Temperature = None,
    electron_fraction: Annotated[Number, with_number("Such as 0.3.")] = None,
    energy: Annotated[
        list[str] | None,
        with_value('Such as "30 MeV" or "5 to 50 MeV". Repeatable, or with commas.  [3, 10, 30 MeV]'),
    ] = None,
    points: Points = 10,
    species: Annotated[
        list[str] | None,
        with_value(
            "nue, anue, numu, anumu, nutau, anutau; nux, numutau, anumutau: the mean of several; six: all flavours. "
            "Repeatable, or with commas.  [nue,anue,nux]",
            "NAME",
        ),
    ] = None,
    process: Annotated[
        list[str] | None,
        with_value(
            "See: snsim list processes. Repeatable, or with commas.  [those of a run]",
            "NAME",
            autocompletion=one_of("processes"),
        ),
    ] = None,
    run: Annotated[
        Path | None, with_value("Take [microphysics] and [opacity] of a run file.", "DIR|FILE")
    ] = None,
    set_: Settings = None,
    eos_table: Annotated[
        Path | None,
        with_value(
            "Instead of the run's equation of state: a table of stellarcollapse.org, CompOSE or snsim.",
            "FILE",
        ),
    ] = None,
    emissivity: Annotated[bool, typer.Option("--emissivity", help="Show also what matter emits.")] = False,
    references: Annotated[
        bool, typer.Option("--references", help="Show the papers of each process.")
    ] = False,
    plot: PlotFile = None,
    csv: CsvFile = None,
    force: Force = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Show one state of matter and its opacities for neutrinos, process by process."""
    from snsim.config.eos import equation_of_state
    from snsim.config.load import load_config

    point = _point(density, temperature, electron_fraction)
    claim_all(plot, csv, force)
    energies = read_energies(energy, points, ENERGIES)
    groups = _species(species)
    config = load_config(run, set_ or ())
    chosen = _chosen(config.microphysics, process, eos_table)
    eos = equation_of_state(chosen)
    for (name, number), unit in zip(point.items(), (" g/cm3", " MeV", ""), strict=True):
        inside(eos, name, number, unit)
    processes = _processes(config, chosen)
    announce_compilation()
    state = eos(*([number] for number in point.values()))
    spectra = processes.spectral(state.matter, energies, groups)
    drawn = None if plot is None else processes.spectral(state.matter, _fine(energies), groups)
    papers = {each.name: list(each.references) for each in processes.processes}
    found = {"equation_of_state": describe(eos), **_found(state, spectra, papers, chosen)}
    for mistake in _mistakes(spectra):
        say_warning(mistake)
    if csv is not None:
        write_csv(csv, _comments(found), _columns(found))
    if drawn is not None and plot is not None:
        _draw(drawn, found, plot)
    if json:
        say_json({**found, "figure": plot, "csv": csv})
        return
    write(found, emissivity, references)
    say_files(plot, csv)


def _found(
    state: EosState, spectra: OpacitySpectra, references: dict[str, list[str]], chosen: Microphysics
) -> dict[str, Any]:
    """Return all that is shown as plain values."""
    return {
        "matter": _matter(state),
        "energy_mev": spectra.energy.tolist(),
        "species": {
            name: {**_of_species(spectra, i), "switched_off": _switched_off(chosen, name)}
            for i, name in enumerate(spectra.species)
        },
        "references": references,
        "microphysics": chosen.model_dump(mode="json"),
        "changed_settings": _changed(chosen),
    }


def _point(density: str | None, temperature: str | None, electron_fraction: float | None) -> dict[str, float]:
    """Return density, temperature and electron fraction, all of which must be there: g/cm^3, MeV, 1."""
    from snsim.errors import ConfigError

    if density is None or temperature is None or electron_fraction is None:
        given = {"density": density, "temperature": temperature, "electron-fraction": electron_fraction}
        missing = [f"--{name}" for name, number in given.items() if number is None]
        raise ConfigError(
            f"{', '.join(missing)}: missing; a state of matter is such as "
            '--density "1e12 g/cm3" --temperature "2 MeV" --electron-fraction 0.3'
        )
    return {
        "density": value("density", density),
        "temperature": value("temperature", temperature),
        "electron-fraction": electron_fraction,
    }


def _listed(texts: Iterable[str]) -> list[str]:
    """Names from options that were repeated, or hold several with commas; each once."""
    return list(dict.fromkeys(name.strip() for text in texts for name in text.split(",")))


def _species(texts: list[str] | None) -> list[str]:
    """Return the species asked for."""
    from microphysics.errors import UnknownNameError
    from microphysics.matter import FLAVORS, GROUPS, SPECIES
    from snsim.errors import ConfigError

    if texts is None:
        return list(SPECIES)
    names: list[str] = []
    for name in _listed(texts):
        if name != SIX and name not in GROUPS:
            raise ConfigError(f"--species: {UnknownNameError('neutrino species', name, (*GROUPS, SIX))}")
        names += FLAVORS if name == SIX else (name,)
    return list(dict.fromkeys(names))


def _chosen(given: Microphysics, process: list[str] | None, table: Path | None) -> Microphysics:
    """Return the section that the options mean, its processes named."""
    from microphysics.errors import UnknownNameError
    from snsim.config.microphysics import process_names
    from snsim.config.schema import registry
    from snsim.errors import ConfigError

    changes: dict[str, Any] = {}
    if process is not None:
        known, names = registry("processes"), _listed(process)
        for name in names:
            try:
                known[name]
            except UnknownNameError as error:
                raise ConfigError(f"--process: {error}") from None
        changes["processes"] = tuple(names)
    if table is not None:
        changes |= {"eos": "table", "eos_table": str(table)}
    chosen = given.model_copy(update=changes)
    return chosen.model_copy(update={"processes": tuple(process_names(chosen))})


def _processes(config: Config, chosen: Microphysics) -> OpacitySet:
    """Build the processes as a run does."""
    from microphysics.opacity import OpacitySet
    from snsim.config.microphysics import settings_of

    settings = settings_of(chosen, config.opacity.on_out_of_range, config.transport.exchange_strength)
    return OpacitySet.from_names(chosen.processes, settings)


def _switched_off(chosen: Microphysics, species: str) -> dict[str, str]:
    """Return the processes that a setting keeps from a species, each with the setting."""
    if chosen.pair_species == "all" or species not in ("nue", "anue"):
        return {}
    return {name: f'pair_species = "{chosen.pair_species}"' for name in chosen.processes if name in OF_PAIRS}


def _changed(chosen: Microphysics) -> list[str]:
    """Return the settings that are not the defaults, as a run file has them, without the processes."""
    from snsim.config.schema import Microphysics
    from snsim.config.write import resolve_toml

    usual = set(_settings(resolve_toml(Microphysics())))
    return [line for line in _settings(resolve_toml(chosen)) if line not in usual]


def _settings(text: str) -> Iterator[str]:
    section = ""
    for line in text.splitlines():
        if line.startswith("["):
            section = f"{line.strip('[]')}."
        elif line and not line.startswith(("#", "processes = ")):
            yield section + line


def _mistakes(spectra: OpacitySpectra) -> Iterator[str]:
    """Say which processes, of anybody, have opacities that are none."""
    import numpy as np

    for p, process in enumerate(spectra.processes):
        for s, name in enumerate(spectra.species):
            wrong = []
            for role in ("absorption", "scattering", "exchange", "collision"):
                values = getattr(spectra, role)[p, s, 0]
                for what, bad in (("not finite", ~np.isfinite(values)), ("negative", values < 0.0)):
                    if bad.any():
                        wrong.append(f"{role} is {what} at {bad.sum()} of {bad.size} energies")
            if wrong:
                yield f"{process}, {name}: {', '.join(wrong)}"


def _fine(energies: list[float]) -> Any:
    """Return the energies of a figure: those of neutrinos in a star, and all that were asked for."""
    import numpy as np

    return np.geomspace(min(LOW, *energies), max(HIGH, *energies), FINEST)


def _matter(state: EosState) -> dict[str, Any]:
    """Return the state as plain values, with units in the names."""
    from microphysics.api import PHASES
    from microphysics.matter import FLAVORS

    matter = state.matter
    species = FLAVORS[:3]  # the others have no chemical potential either
    light = ("deuteron", "triton", "helion")
    fractions = {
        name: float(values[0])
        for name in ("neutron", "proton", "alpha", "heavy", *light)
        if (values := getattr(matter, f"mass_fraction_{name}")) is not None
    }
    potentials = {
        f"chemical_potential_{name}_mev": float(getattr(matter, f"chemical_potential_{name}")[0])
        for name in ("electron", "neutron", "proton")
    }
    degeneracy = matter.neutrino_degeneracy(species)[:, 0]
    return {
        "density_g_per_cm3": float(matter.density[0]),
        "temperature_mev": float(matter.temperature[0]),
        "electron_fraction": float(matter.electron_fraction[0]),
        "baryons_per_cm3": float(matter.baryon_density[0]),
        "phase": PHASES[int(state.phase[0])],
        "nse_valid": bool(state.nse_valid[0]),
        **{f"mass_fraction_{name}": fraction for name, fraction in fractions.items()},
        "mass_number": float(matter.mass_number_heavy[0]),
        "charge_number": float(matter.charge_number_heavy[0]),
        **potentials,
        "neutrino_degeneracy": dict(zip((*species[:2], "nux"), degeneracy.tolist(), strict=True)),
        "mean_field_neutron_mev": float(matter.mean_field_neutron[0]),
        "mean_field_proton_mev": float(matter.mean_field_proton[0]),
        "entropy_kb_per_baryon": float(state.entropy[0]),
        "pressure_erg_per_cm3": float(matter.pressure[0]),
    }


def _of_species(spectra: OpacitySpectra, i: int) -> dict[str, Any]:
    """Return what one species meets: each role by process, and what follows from the sums."""
    import numpy as np

    by_role = {role: getattr(spectra, role)[:, i, 0] for role in UNITS}
    roles = {
        UNITS[role]: dict(zip(spectra.processes, values.tolist(), strict=True))
        for role, values in by_role.items()
    }
    a, s = by_role["absorption"].sum(axis=0), by_role["scattering"].sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):  # transparent matter; a process that is wrong
        path = 1.0 / (a + s)
        effective = np.sqrt(a) * np.sqrt(a + s)
    return {
        **roles,
        "total": {UNITS[role]: values.sum(axis=0).tolist() for role, values in by_role.items()},
        "delta": spectra.total_delta[i, 0].tolist(),
        "effective_per_cm": effective.tolist(),
        "mean_free_path_cm": path.tolist(),
        "equilibrium_occupation": spectra.equilibrium[i, 0].tolist(),
    }


def _columns(found: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of a file: of every species the sums, then each process where it acts."""
    columns = {"energy_mev": found["energy_mev"]}
    for name, of in found["species"].items():
        for role, values in of["total"].items():
            columns[f"{name}_{role}"] = values
        for key in ("delta", "effective_per_cm", "mean_free_path_cm"):
            columns[f"{name}_{key}"] = of[key]
        for role in UNITS.values():
            for process, values in of[role].items():
                if any(values):
                    columns[f"{name}_{role}_{process}"] = values
    return columns


def _comments(found: dict[str, Any]) -> list[str]:
    """Say in a file what it holds."""
    matter = ", ".join(f"{key} = {number}" for key, number in found["matter"].items())
    return [
        "inverse mean free paths; absorption is corrected for stimulated absorption, scattering weighted with "
        "1 - cos(theta), collision is not; what is no process is the sum",
        f"{found['equation_of_state']['name']}: {matter}",
        *(f"{name}: {'; '.join(papers)}" for name, papers in found["references"].items()),
    ]


def _draw(spectra: OpacitySpectra, found: dict[str, Any], path: Path) -> None:
    """Draw absorption and transport scattering over energy."""
    from snsim.plots.state_opacities import matter_words, state_opacities

    write_figure(state_opacities(spectra, words=matter_words(found["matter"])), path)
