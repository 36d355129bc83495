"""`snsim list`: what can be named in a run file, each with its reference."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Annotated, Any

import typer

from snsim.cli.console import Debug, Json, say_json, say_table

Rows = list[tuple[str, str]]


class Kind(StrEnum):
    """What can be listed."""

    PROCESSES = "processes"
    STRUCTURE_FACTORS = "structure-factors"
    FORM_FACTORS = "form-factors"
    PROFILES = "profiles"
    LIMITERS = "limiters"
    OBSERVABLES = "observables"


def list_models(
    kind: Annotated[Kind | None, typer.Argument(help="One kind; all of them if none is given.")] = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """List processes, structure factors, form factors, profiles, limiters and observables with references."""
    tables = {each.value: _LISTS[each]() for each in ([kind] if kind else Kind)}
    if json:
        say_json(
            {
                name: [dict(zip(("name", "references"), row, strict=True)) for row in rows]
                for name, rows in tables.items()
            }
        )
        return
    for name, rows in tables.items():
        say_table(name.replace("-", " "), ("name", "reference"), rows)


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
    return _models(Kind.STRUCTURE_FACTORS, lambda factory: factory)


def _form_factors() -> Rows:
    from microphysics.nuclei import Nucleus

    return _models(Kind.FORM_FACTORS, lambda factory: factory(Nucleus.named("Fe56")))


def _profiles() -> Rows:
    from snsim.profiles.mappings import MAPPINGS

    own = [
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
    Kind.PROFILES: _profiles,
    Kind.LIMITERS: _limiters,
    Kind.OBSERVABLES: _observables,
}
