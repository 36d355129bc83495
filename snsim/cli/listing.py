"""`snsim list`: what can be named in a run file, each with its reference."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Annotated, Any

import typer

from snsim.cli.console import Debug, Json, say_json, say_table

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
    LIMITERS = "limiters"
    OBSERVABLES = "observables"


# columns, where they are not name and references
_COLUMNS = {
    Kind.STRUCTURE_FACTORS: ("name", "validity", "references"),
    Kind.FORM_FACTORS: ("name", "shape", "references"),
    Kind.EQUATIONS_OF_STATE: ("name", "validity", "references"),
    Kind.NUCLEI: ("name", "isotopes"),
}
_SOURCES = {
    Kind.NUCLEI: "masses and spins of Kondev et al. 2021, Chin. Phys. C 45, 030001; shares by number of Meija et al. 2016, "
    "Pure Appl. Chem. 88, 293"
}
_LONG = (Kind.NUCLEI,)  # shown only when asked for


def list_models(
    kind: Annotated[
        Kind | None,
        typer.Argument(help="One kind; all of them, but the long list of nuclei, if none is given."),
    ] = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """List what a run file or a command can name, with references and validity."""
    tables = {
        each: _LISTS[each]() for each in ([kind] if kind else Kind) if each is kind or each not in _LONG
    }
    if json:
        say_json(
            {
                each.value: [dict(zip(_columns(each), row, strict=True)) for row in rows]
                for each, rows in tables.items()
            }
        )
        return
    for each, rows in tables.items():
        say_table(each.value.replace("-", " "), _columns(each), rows)
        if each in _SOURCES:
            typer.echo(_SOURCES[each])
    if kind is None:
        typer.echo("isotopes: snsim list nuclei")


def _columns(kind: Kind) -> tuple[str, ...]:
    return _COLUMNS.get(kind, ("name", "references"))


def _models(kind: Kind, build: Callable[[Any], Any]) -> Rows:
    from snsim.config.schema import registry

    models = registry(kind.value)
    return [(name, _references(build(models[name]))) for name in models]


def _references(model: Any) -> str:
    papers: Iterable[str] = getattr(model, "references", ()) or ()
    return papers if isinstance(papers, str) else "; ".join(papers)


def _processes() -> Rows:
    from microphysics.processes.settings import Settings

    return _models(Kind.PROCESSES, lambda factory: factory(Settings()))


def _structure_factors() -> Rows:
    from snsim.config.schema import registry

    models = registry(Kind.STRUCTURE_FACTORS.value)
    return [(name, getattr(models[name], "validity", ""), _references(models[name])) for name in models]


def _form_factors() -> Rows:
    from microphysics.nuclei import Nucleus
    from snsim.config.schema import registry

    factories = registry(Kind.FORM_FACTORS.value)
    iron = Nucleus.named("Fe56")
    return [(name, _first_line(factories[name]), _references(factories[name](iron))) for name in factories]


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
    return [(f"microphysics.new_physics.{name}", _references(term)) for name, term in terms.items()]


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


def _limiters() -> Rows:
    from snsim.transport.limiters import LIMITERS

    return [(name, reference) for name, (*_, reference) in LIMITERS.items()]


def _observables() -> Rows:
    import sys

    from snsim.diagnostics.catalog import OBSERVABLES

    return [
        (name, getattr(sys.modules[observe.__module__], "REFERENCES", ""))
        for name, observe in OBSERVABLES.items()
    ]


_LISTS: dict[Kind, Callable[[], Rows]] = {
    Kind.PROCESSES: _processes,
    Kind.STRUCTURE_FACTORS: _structure_factors,
    Kind.FORM_FACTORS: _form_factors,
    Kind.EQUATIONS_OF_STATE: _equations_of_state,
    Kind.NEW_PHYSICS: _new_physics,
    Kind.NUCLEI: _nuclei,
    Kind.PROFILES: _profiles,
    Kind.LIMITERS: _limiters,
    Kind.OBSERVABLES: _observables,
}
