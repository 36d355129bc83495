"""`snsim structure-factor`: S(q) of correlated nuclei, its average, and what it does to the opacity."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from snsim.cli.completion import one_of
from snsim.cli.console import Debug, Json, announce_compilation, say_json
from snsim.cli.eos_options import (
    Alphas,
    Density,
    Force,
    Incompressibility,
    TableFile,
    equation_of_state,
    value,
)
from snsim.cli.inputs import (
    CsvFile,
    Energies,
    Number,
    PlotFile,
    Points,
    Text,
    claim_all,
    read_energies,
    say_files,
    with_number,
    with_value,
    write_csv,
    write_figure,
)
from snsim.cli.physics_options import FORM_FACTOR_HELP
from snsim.cli.structure_factor_text import write

if TYPE_CHECKING:
    from microphysics.ion_plasma import IonPlasma

EPILOG = (
    "Examples: snsim structure-factor --coupling 40 --model table --model msa --plot S.png | snsim structure-factor "
    '--density "1e12 g/cm3" --temperature "1.5 MeV" --electron-fraction 0.35 --energy "5 to 40 MeV"'
)
WAVE_NUMBERS = (0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)  # 1/a
ENERGIES = (5.0, 10.0, 20.0, 40.0)  # MeV
REDUCED_ENERGIES = (0.5, 1.0, 1.5, 2.0, 3.0)  # hbar c/a
FINEST, REACH = 0.05, 12.0  # of figures and files, 1/a
# what is left out of an opacity, by words: changes of `Settings`
WITHOUT: dict[str, dict[str, Any]] = {
    "S = 1": {"structure_factor": "none"},
    "F = 1": {"form_factor": "point", "alpha_form_factor": False},
    "no electron cloud": {"electron_polarization": "none"},
    "none of these": {
        "structure_factor": "none",
        "form_factor": "point",
        "alpha_form_factor": False,
        "electron_polarization": "none",
    },
}


def structure_factor(
    coupling: Annotated[Number, with_number("Gamma = Z^2 e^2/(a T), in place of matter.")] = None,
    screening: Annotated[
        Number, with_number("kappa = k_sc a of the electrons.  [0: a rigid background]")
    ] = None,
    density: Density = None,
    temperature: Annotated[Text, with_value('Such as "1.5 MeV" or "2e10 K".')] = None,
    electron_fraction: Annotated[
        Number, with_number("Such as 0.35: the equation of state gives the nuclei.")
    ] = None,
    mass_number: Annotated[
        Number, with_number("Nuclei of one kind, in place of the equation of state.", "A")
    ] = None,
    charge_number: Annotated[Number, with_number("Of these nuclei.", "Z")] = None,
    model: Annotated[
        list[str] | None,
        with_value(
            "See: snsim list structure-factors. Repeatable.  [table]",
            "NAME",
            autocompletion=one_of("structure-factors"),
        ),
    ] = None,
    file: Annotated[Path | None, with_value('S(q) of your own, for --model "file".', "FILE")] = None,
    q: Annotated[list[float] | None, with_number("In 1/a, the ion-sphere radius. Repeatable.")] = None,
    energy: Energies = None,
    points: Points = 10,
    form_factor: Annotated[
        str, with_value(FORM_FACTOR_HELP, "NAME", autocompletion=one_of("form-factors"))
    ] = "helm",
    incompressibility: Incompressibility = None,
    alpha_binding: Alphas = None,
    table: TableFile = None,
    plot: PlotFile = None,
    csv: CsvFile = None,
    force: Force = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Show S(q) of correlated nuclei, its average over a scattering, and the opacity of matter with and without it."""
    from snsim.errors import ConfigError

    if q and not min(q) >= 0.0:
        raise ConfigError(f"--q = {min(q):g}: must not be negative")
    names = list(dict.fromkeys(model or ("table",)))
    models = _models(names, file)
    claim_all(plot, csv, force)
    plasma = _plasma(
        {"coupling": coupling, "screening": screening},
        {
            "density": density,
            "temperature": temperature,
            "electron-fraction": electron_fraction,
            "mass-number": mass_number,
            "charge-number": charge_number,
        },
        {"incompressibility": incompressibility, "alpha-binding": alpha_binding, "table": table},
    )
    if energy and plasma.matter is None:
        raise ConfigError("--energy: --coupling alone gives energies in hbar c/a only; give a --density")
    _require_form_factor(form_factor)
    energies = read_energies(energy, points, ENERGIES)
    if plasma.matter is None and "table" in names:  # the only kernels that need no matter
        announce_compilation()
    found = _evaluate(plasma, models, list(q or WAVE_NUMBERS), energies)
    if plasma.matter is not None:
        found["opacity"] = _opacities(plasma, energies, names[0], file, form_factor)
    if plot is not None or csv is not None:
        lines = _lines(plasma, models, q or [], energies if energy else [])
        if csv is not None:
            write_csv(csv, _comments(found), lines)
        if plot is not None:
            _draw(plasma, found, names, lines, plot)
    if json:
        say_json({**found, "figure": plot, "csv": csv})
        return
    write(found)
    say_files(plot, csv)


def _models(names: list[str], file: Path | None) -> dict[str, Any]:
    """Return the models by name."""
    from microphysics import structure as _  # noqa: F401 - registers the built-in ones
    from microphysics._registry import STRUCTURE_FACTORS
    from microphysics.structure.from_file import StructureFileError
    from snsim.errors import ConfigError, ResultFileError

    if ("file" in names) != (file is not None):
        raise ConfigError("--file and --model file: expected both together, or neither")
    try:
        return {name: STRUCTURE_FACTORS[name](**({"path": file} if name == "file" else {})) for name in names}
    except StructureFileError as error:
        raise ResultFileError(str(error)) from error


def _require_form_factor(name: str) -> None:
    """Make sure that a form factor is known, which only an opacity would find."""
    from microphysics._registry import FORM_FACTORS
    from microphysics.weak import form_factors as _  # noqa: F401 - registers the built-in ones

    FORM_FACTORS[name]


def _plasma(of_plasma: dict[str, Any], of_matter: dict[str, Any], of_eos: dict[str, Any]) -> IonPlasma:
    """Return the plasma that the options mean."""
    from microphysics.errors import OutOfRangeError
    from microphysics.ion_plasma import IonPlasma
    from snsim.errors import ConfigError

    matter = {name: given for name, given in (of_matter | of_eos).items() if given is not None}
    if of_plasma["coupling"] is not None:
        if matter:
            raise ConfigError(f"--coupling: leave it out, or --{', --'.join(matter)}")
        try:
            return IonPlasma.of(of_plasma["coupling"], of_plasma["screening"] or 0.0)
        except OutOfRangeError as error:
            raise ConfigError(f"--{error}") from None
    if of_plasma["screening"] is not None:
        raise ConfigError("--screening: needs --coupling")
    nucleus = "mass-number" in matter or "charge-number" in matter
    needed = [
        "density",
        "temperature",
        *(("mass-number", "charge-number") if nucleus else ("electron-fraction",)),
    ]
    missing = [f"--{name}" for name in needed if name not in matter]
    if len(missing) == len(needed):
        raise ConfigError(
            "--coupling, or --density with --temperature and --electron-fraction: expected one of these, got none"
        )
    if missing:
        raise ConfigError(f"{', '.join(missing)}: missing")
    rho, t = value("density", matter["density"]), value("temperature", matter["temperature"])
    if nucleus:
        return _of_nucleus(matter, rho, t, [name for name in of_eos if name in matter])
    eos = equation_of_state(**{name.replace("-", "_"): given for name, given in of_eos.items()})
    announce_compilation()
    state = eos([rho], [t], [matter["electron-fraction"]])
    if not state.matter.number_density_heavy[0] > 0.0:
        raise OutOfRangeError(
            f"there are no nuclei at {rho:.4g} g/cm3, T = {t:.4g} MeV, Y_e = {matter['electron-fraction']:g}: nothing "
            "correlates, S(q) = 1"
        )
    return IonPlasma.of_matter(state.matter, ())


def _of_nucleus(matter: dict[str, Any], density: float, temperature: float, eos: list[str]) -> IonPlasma:
    """Return matter of one kind of nuclei."""
    from microphysics.ion_plasma import IonPlasma
    from microphysics.nuclei import Nucleus
    from snsim.errors import ConfigError

    if eos:
        raise ConfigError(f"--{eos[0]}: leave it out where --mass-number and --charge-number are given")
    a, z = matter["mass-number"], matter["charge-number"]
    if not 0.0 < z <= a:
        raise ConfigError(f"--charge-number = {z:g}, --mass-number = {a:g}: expected 0 < Z <= A")
    announce_compilation()
    return IonPlasma.of_nucleus(Nucleus.of(a, z), density, temperature, matter.get("electron-fraction"))


def _energy_unit(plasma: IonPlasma) -> float:
    """Return hbar c/a, MeV."""
    from microphysics.constants import CODATA

    return CODATA.hbar_c * 1e13 / float(plasma.radius)  # type: ignore[arg-type]


def _evaluate(
    plasma: IonPlasma, models: dict[str, Any], wave_numbers: list[float], energies: list[float]
) -> dict[str, Any]:
    """Return plasma parameters, S(q) and <S>(E) as plain values; NaN where a model has no S(q)."""
    import numpy as np

    found: dict[str, Any] = {"plasma": _parameters(plasma), "q_per_a": wave_numbers}
    reduced = np.array(REDUCED_ENERGIES)
    if plasma.matter is not None:
        reduced = np.array(energies) / _energy_unit(plasma)
        found["q_per_fm"] = (np.array(wave_numbers) / float(plasma.radius)).tolist()  # type: ignore[arg-type]
        found["energy_mev"] = energies
    found["reduced_energy"] = reduced.tolist()
    found["models"] = {}
    for name, model in models.items():
        found["models"][name] = {
            "references": list(model.references),
            "validity": model.validity,
            "S": _structure(plasma, model, np.array(wave_numbers)).tolist(),
            "mean_S": plasma.transport_average(model, reduced).tolist(),
        }
    return found


def _structure(plasma: IonPlasma, model: Any, wave_numbers: Any) -> Any:
    """Return S(q), NaN of a model that knows only the average."""
    import numpy as np

    if hasattr(model, "transport_average"):
        return np.full(np.shape(wave_numbers), np.nan)
    return plasma.structure_factor(model, wave_numbers)


def _parameters(plasma: IonPlasma) -> dict[str, Any]:
    """Return what characterises the plasma, with units in the names."""
    found: dict[str, Any] = {}
    matter = plasma.matter
    if matter is not None and plasma.radius is not None:
        radius = float(plasma.radius)
        found = {
            "density_g_per_cm3": float(matter.density[0]),
            "temperature_mev": float(matter.temperature[0]),
            "electron_fraction": float(matter.electron_fraction[0]),
            "mass_fraction_heavy": float(matter.mass_fraction_heavy[0]),
            "mass_fraction_alpha": float(matter.mass_fraction_alpha[0]),
            "mass_number": float(matter.mass_number_heavy[0]),
            "charge_number": float(matter.charge_number_heavy[0]),
            "ion_sphere_radius_fm": radius,
            "screening_wave_number_per_fm": float(plasma.screening) / radius,
            "energy_unit_mev": _energy_unit(plasma),
        }
    return {**found, "coupling": float(plasma.coupling), "screening": float(plasma.screening)}


def _opacities(
    plasma: IonPlasma, energies: list[float], name: str, file: Path | None, form_factor: str
) -> dict[str, list[float]]:
    """Return transport opacities of nuclei and alphas, 1/cm: for nue and nux, and for nue with parts left out.

    Alphas count always, so that models of mixtures, which know them, can be compared with others.
    """
    import numpy as np

    from microphysics.opacity import OpacitySet
    from microphysics.processes.settings import Settings

    chosen: dict[str, Any] = {"structure_factor": name, "form_factor": form_factor}
    energy = np.array(energies)

    def opacity(**changes: Any) -> Any:
        """Return what nuclei and alphas scatter, with some settings changed."""
        asked = chosen | changes
        options = {"path": file} if asked["structure_factor"] == "file" else {}
        settings = Settings(**asked, structure_factor_options=options, on_out_of_range="clamp")
        both = OpacitySet.from_names(["nucleus_scattering", "alpha_scattering"], settings)
        return both.spectral(plasma.matter, energy).total_scattering  # type: ignore[arg-type]

    every = opacity()
    found = {"nue": every[0, 0].tolist(), "nux": every[2, 0].tolist()}
    return found | {f"nue, {words}": opacity(**changes)[0, 0].tolist() for words, changes in WITHOUT.items()}


def _lines(
    plasma: IonPlasma, models: dict[str, Any], wave_numbers: list[float], energies: list[float]
) -> dict[str, Any]:
    """Return fine columns: q and S(q), E and <S>(E), between the first and the last that were asked for.

    By default E = q/2, the energy that reaches up to that q.
    """
    import numpy as np

    q = FINEST * np.arange(1, round(REACH / FINEST) + 1)
    reduced = 0.5 * q
    if len(set(wave_numbers)) > 1:
        q = np.linspace(min(wave_numbers), max(wave_numbers), q.size)
    if len(set(energies)) > 1:
        reduced = np.linspace(min(energies), max(energies), q.size) / _energy_unit(plasma)
    found: dict[str, Any] = {"q_per_a": q}
    if plasma.radius is not None:
        found["q_per_fm"] = q / float(plasma.radius)
    found |= {f"S_{name}": _structure(plasma, model, q) for name, model in models.items()}
    found["reduced_energy"] = reduced
    if plasma.radius is not None:
        found["energy_mev"] = reduced * _energy_unit(plasma)
    found |= {f"mean_S_{name}": plasma.transport_average(model, reduced) for name, model in models.items()}
    return found


def _comments(found: dict[str, Any]) -> list[str]:
    """Say in a file what it holds."""
    return [
        "S(q) of nuclei, and <S>(E) = 12 int t^3 (1 - t^2) S(2 E t) dt; reduced_energy is E a/(hbar c)",
        ", ".join(f"{name} = {number:.8g}" for name, number in found["plasma"].items()),
        *(f"{name}: {'; '.join(model['references'])}" for name, model in found["models"].items()),
    ]


def _draw(
    plasma: IonPlasma, found: dict[str, Any], names: list[str], lines: dict[str, Any], path: Path
) -> None:
    """Draw S(q) and <S>(E)."""
    from snsim.plots.structure_factor import structure_factor as figure

    of_plasma = found["plasma"]
    words = rf"$\Gamma={of_plasma['coupling']:.4g}$, $\kappa={of_plasma['screening']:.3g}$"
    radius = None
    if plasma.radius is not None:
        radius = float(plasma.radius)
        words += rf", $a={radius:.4g}$ fm; $A={of_plasma['mass_number']:.3g}$, $Z={of_plasma['charge_number']:.3g}$"
    structure = {name: lines[f"S_{name}"] for name in names}
    averages = {name: lines[f"mean_S_{name}"] for name in names}
    drawn = figure(
        lines["q_per_a"],
        structure,
        averages,
        reduced_energy=lines["reduced_energy"],
        radius=radius,
        words=words,
    )
    write_figure(drawn, path)
