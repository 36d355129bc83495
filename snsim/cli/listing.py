"""`snsim list`: what can be named in a run file or a command, each with its reference."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import Annotated, Any, Literal, get_args, get_origin

import typer

from snsim.cli.console import Debug, Json, say_json, say_rows, say_table, say_warning

Rows = list[tuple[str, ...]]


class Kind(StrEnum):
    """What can be listed."""

    PROCESSES = "processes"
    STRUCTURE_FACTORS = "structure-factors"
    FORM_FACTORS = "form-factors"
    EQUATIONS_OF_STATE = "equations-of-state"
    NEW_PHYSICS = "new-physics"
    NUCLEI = "nuclei"
    PROFILES = "profiles"
    FORMATS = "formats"
    SCHEMES = "schemes"
    CLOSURES = "closures"
    LIMITERS = "limiters"
    OBSERVABLES = "observables"
    EXPORT_FORMATS = "export-formats"
    TRAJECTORY_FORMATS = "trajectory-formats"
    DETECTORS = "detectors"


_ALIASES = {
    "eos": Kind.EQUATIONS_OF_STATE,
    "diagnostics": Kind.OBSERVABLES,
}
# columns, where they are not name and references
_COLUMNS = {
    Kind.STRUCTURE_FACTORS: ("name", "validity", "references"),
    Kind.FORM_FACTORS: ("name", "shape", "references"),
    Kind.EQUATIONS_OF_STATE: ("name", "validity", "references"),
    Kind.NEW_PHYSICS: ("name", "key", "value", "default", "references"),
    Kind.NUCLEI: ("name", "isotopes"),
    Kind.FORMATS: ("name", "files, and what stands where", "references"),
    Kind.SCHEMES: ("name", "what is solved", "references"),
    Kind.CLOSURES: ("name", "flux of the gray scheme"),
    Kind.LIMITERS: ("name", "lambda(R), R = |grad E|/(kappa E)", "references"),
    Kind.EXPORT_FORMATS: ("name", "read by", "heavy-lepton neutrinos"),
    Kind.TRAJECTORY_FORMATS: ("name", "columns"),
    Kind.DETECTORS: ("name", "what it is", "references"),
}
_SOURCES = {
    Kind.NUCLEI: "masses and spins of Kondev et al. 2021, Chin. Phys. C 45, 030001; shares by number of Meija et al. 2016, "
    "Pure Appl. Chem. 88, 293"
}
_LONG = (Kind.NUCLEI,)  # shown only when asked for


def _kind(name: str) -> Kind:
    """Return what a name means, or say the nearest."""
    from snsim.errors import ConfigError

    name = name.lower().replace("_", "-")
    known = {each.value: each for each in Kind} | _ALIASES
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise ConfigError(f"KIND = '{name}': expected one of {', '.join(known)}.{hint}")


def list_models(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="KIND",
            autocompletion=lambda incomplete: [kind for kind in Kind if kind.startswith(incomplete)],
            help=f"{', '.join(Kind)}; all of them, but the long list of nuclei, if none is given.",
        ),
    ] = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """List what a run file or a command can name, with references and validity."""
    kind = None if name is None else _kind(name)
    tables = {
        each: _LISTS[each]() for each in ([kind] if kind else Kind) if each is kind or each not in _LONG
    }
    if json:
        say_json({each.value: _as_json(each, rows) for each, rows in tables.items()})
        return
    for each, rows in tables.items():
        say_table(each.value.replace("-", " "), _columns(each), rows)
        if each is Kind.NEW_PHYSICS:
            say_rows(_sections().items())
        if each in _SOURCES:
            typer.echo(_SOURCES[each])
    if kind is None:
        typer.echo("isotopes: snsim list nuclei")


def _as_json(kind: Kind, rows: Rows) -> list[dict[str, Any]]:
    """Return rows by their columns; of new physics the keys of each section together."""
    found: list[dict[str, Any]] = []
    for row in rows:
        fields: dict[str, Any] = dict(zip(_columns(kind), row, strict=True))
        if kind is not Kind.NEW_PHYSICS:
            found.append(fields)
            continue
        name, papers = fields.pop("name"), fields.pop("references")
        if name:
            about = _sections()[name.rpartition(".")[2]]
            found.append({"name": name, "about": about, "keys": [], "references": papers})
        found[-1]["keys"].append(fields)
    return found


def _columns(kind: Kind) -> tuple[str, ...]:
    return _COLUMNS.get(kind, ("name", "references"))


def _models(kind: Kind, build: Callable[[Any], Any]) -> Rows:
    return [(name, _references(build(factory))) for name, factory in _registered(kind)]


def _registered(kind: Kind) -> Iterator[tuple[str, Any]]:
    """Yield names and factories; a broken one of another package is said and left out."""
    from microphysics._registry import PlugInError
    from snsim.config.schema import registry

    models = registry(kind.value)
    for name in models:
        try:
            yield name, models[name]
        except PlugInError as error:
            say_warning(str(error))


def _references(model: Any) -> str:
    papers: Iterable[str] = getattr(model, "references", ()) or ()
    return papers if isinstance(papers, str) else "; ".join(papers)


def _processes() -> Rows:
    from microphysics.processes.settings import Settings

    return _models(Kind.PROCESSES, lambda factory: factory(Settings()))


def _structure_factors() -> Rows:
    return [
        (name, getattr(model, "validity", ""), _references(model))
        for name, model in _registered(Kind.STRUCTURE_FACTORS)
    ]


def _form_factors() -> Rows:
    from microphysics.nuclei import Nucleus

    iron = Nucleus.named("Fe56")
    return [
        (name, _first_line(factory), _references(factory(iron)))
        for name, factory in _registered(Kind.FORM_FACTORS)
    ]


def _first_line(documented: Any) -> str:
    """First line of a docstring, without its full stop."""
    return (documented.__doc__ or "").strip().split("\n")[0].rstrip(".")


def _equations_of_state() -> Rows:
    from microphysics.eos.lattimer_swesty import LattimerSwesty

    eos: Any = LattimerSwesty()
    (low, high), (cold, hot) = eos.density_range, eos.temperature_range
    least, most = eos.electron_fraction_range
    domain = f"{low:g} to {high:g} g/cm3, {cold:g} to {hot:g} MeV, Y_e from {least:g} to {most:g}"
    own = "the domain of the table: stellarcollapse.org, CompOSE, snsim"
    return [("lattimer-swesty", domain, _references(eos)), ("table", own, "a file of the user")]


def _new_physics() -> Rows:
    from microphysics.weak import mediators, new_physics

    terms = {
        "nsi": new_physics.NSI,
        "z_prime": mediators.ZPrime,
        "mu_tau_mediator": mediators.MuTauMediator,
        "z_prime_mixing": mediators.ZPrimeMixing,
        "charge_radius": new_physics.ChargeRadius,
        "millicharge": new_physics.Millicharge,
        "magnetic_moment": new_physics.MagneticMoment,
        "scalar": mediators.Scalar,
    }
    from snsim.config.new_physics import NewPhysics

    rows: Rows = []
    for name, term in terms.items():
        label, papers = f"microphysics.new_physics.{name}", _references(term)
        for key in _keys(_section(NewPhysics.model_fields[name].annotation)):
            rows.append((label, *key, papers))
            label = papers = ""  # once for each section
    return rows


def _sections() -> dict[str, str]:
    """Return what each section of new physics is about."""
    from snsim.config.new_physics import NewPhysics

    return {name: _first_line(_section(field.annotation)) for name, field in NewPhysics.model_fields.items()}


def _section(annotation: Any) -> Any:
    """Return the section in an annotation; None where there is none."""
    parts = get_args(annotation) or (annotation,)
    return next((part for part in parts if hasattr(part, "model_fields")), None)


def _keys(section: Any) -> Iterator[tuple[str, str, str]]:
    """Yield key, what it is or its unit, and default."""
    for name, field in section.model_fields.items():
        inner = _section(field.annotation)
        if inner is None:
            yield name, _value_of(field), _default_of(field)
        else:
            values = list(_keys(inner))
            named = ", ".join(key for key, *_ in values)
            yield (
                name,
                f"table with {named}: {values[0][1]} each",
                "required" if field.is_required() else values[0][2],
            )


def _value_of(field: Any) -> str:
    """Say what a key takes: a unit, names, or the kind of number."""
    from snsim.config.quantities import Dimension

    for mark in field.metadata:
        if isinstance(mark, Dimension):
            return f"{mark.kind}, in {mark.display}"
    kind = next((part for part in get_args(field.annotation) if get_origin(part) is tuple), field.annotation)
    if get_origin(kind) is tuple:
        return f"list of {len(get_args(kind))} numbers"
    if get_origin(kind) is Literal:
        return " or ".join(map(_written, get_args(kind)))
    return "true or false" if kind is bool else "number"


def _default_of(field: Any) -> str:
    if field.is_required():
        return "required"
    return "not set" if field.default is None else _written(field.default)


def _written(value: Any) -> str:
    """Return a value as a run file has it."""
    from snsim.config.write import write_value

    return write_value(value)


def _nuclei() -> Rows:
    from microphysics.isotopes import elements, isotopes

    table = isotopes()
    return [
        (symbol, ", ".join(f"{name} ({100.0 * table[name].abundance:.4g} %)" for name in names))
        for symbol, names in elements().items()
    ]


def _profiles() -> Rows:
    from snsim.profiles.mappings import MAPPINGS

    own: Rows = [
        ("analytic", "a post-bounce star as a curve, its matter nucleons, alphas and 56Fe"),
        ("hydrostatic", "a post-bounce star in equilibrium, Oppenheimer & Volkoff 1939, of microphysics.eos"),
        ("collapse", "a core before bounce, Y_e of Liebendoerfer 2005, matter of microphysics.eos"),
        ("table", "any text table: name its columns in [profile.columns], or give one of these mappings:"),
    ]
    return own + [(f'table, mapping = "{name}"', mapping.references) for name, mapping in MAPPINGS.items()]


def _formats() -> Rows:
    from snsim.profiles.formats.registry import FORMATS

    own = "text or HDF5: column, unit and centring of each field in [profile.columns], or a mapping"
    return [*((name, each.words, each.references) for name, each in FORMATS.items()), ("table", own, "")]


def _schemes() -> Rows:
    from snsim.transport.schemes import REFERENCES, SCHEMES

    return [(name, words, "; ".join(REFERENCES.get(name, ()))) for name, words in SCHEMES.items()]


def _closures() -> Rows:
    from snsim.transport.schemes import CLOSURES

    return list(CLOSURES.items())


def _limiters() -> Rows:
    """Limiters of a run file; those with ``-albedo`` follow the one they modify."""
    from snsim.config.schema import Limiter
    from snsim.transport.limiters import FORMULAS, LIMITERS
    from snsim.transport.multigroup import ALBEDO

    rows: Rows = []
    for name, (*_, reference) in LIMITERS.items():
        rows.append((name, FORMULAS[name], reference))
        if name + ALBEDO in get_args(Limiter):
            words = "the same of kappa times the effective albedo (multigroup only)"
            rows.append((name + ALBEDO, words, reference))
    return rows


def _observables() -> Rows:
    import sys

    from snsim.diagnostics.catalog import OBSERVABLES

    return [
        (name, getattr(sys.modules[observe.__module__], "REFERENCES", ""))
        for name, observe in OBSERVABLES.items()
    ]


def _export_formats() -> Rows:
    from snsim.export.catalog import FORMATS, PROFILE

    of_matter = (PROFILE, "SNEWPY, MSWEffect", "none: density and electrons per baryon of the star")
    return [*((name, each.reader, each.nux) for name, each in FORMATS.items()), of_matter]


def _trajectory_formats() -> Rows:
    from snsim.ejecta.readers import FORMATS

    own = "a line of names with units, as rho_g_cc or rho [g/cm3]"
    return [*((name, " or ".join(columns)) for name, columns in FORMATS.items()), ("csv", own)]


def _detectors() -> Rows:
    from snsim.detection import DETECTORS, detector_of

    made = ((name, detector_of(name)) for name in DETECTORS)
    return [(name, each.name, "; ".join(each.references)) for name, each in made]


_LISTS: dict[Kind, Callable[[], Rows]] = {
    Kind.PROCESSES: _processes,
    Kind.STRUCTURE_FACTORS: _structure_factors,
    Kind.FORM_FACTORS: _form_factors,
    Kind.EQUATIONS_OF_STATE: _equations_of_state,
    Kind.NEW_PHYSICS: _new_physics,
    Kind.NUCLEI: _nuclei,
    Kind.PROFILES: _profiles,
    Kind.FORMATS: _formats,
    Kind.SCHEMES: _schemes,
    Kind.CLOSURES: _closures,
    Kind.LIMITERS: _limiters,
    Kind.OBSERVABLES: _observables,
    Kind.EXPORT_FORMATS: _export_formats,
    Kind.TRAJECTORY_FORMATS: _trajectory_formats,
    Kind.DETECTORS: _detectors,
}
