"""`snsim diagnose`: observables of a stored result, without solving again."""

from __future__ import annotations

import math
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from snsim.cli.completion import one_of
from snsim.cli.console import (
    Debug,
    Json,
    ResultPath,
    Settings,
    announce_compilation,
    say_json,
    say_rows,
    say_table,
    warn_unconverged,
)

if TYPE_CHECKING:
    from snsim.result import Result

LONGEST = 200  # of a definition in a table, characters; the file and --json have all of it


def diagnose(
    result: ResultPath,
    observables: Annotated[
        list[str] | None,
        typer.Option(
            "--observables",
            metavar="NAME,NAME",
            help="Which; by default all that the result has. Repeatable.",
            autocompletion=one_of("observables"),
        ),
    ] = None,
    set_: Settings = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", help="A new file; by default the result itself is renewed."),
    ] = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Compute observables of a stored result again, or others than it has; the transport is not solved."""
    from snsim.config.observables import require_observables
    from snsim.errors import ResultFileError
    from snsim.output.reader import read_result, result_path
    from snsim.output.writer import check_writable, write_result

    began = time.perf_counter()
    names = [name.strip() for text in observables or () for name in text.split(",") if name.strip()]
    require_observables(names, "--observables: ")
    source = result_path(result)
    target = source if output is None else output
    if output is not None and output.exists() and output.resolve() != source.resolve():
        raise ResultFileError(f"{output}: is there already; choose another name, or move it away.")
    stored = read_result(source)
    check_writable(target.parent)
    warn_unconverged(source, stored)
    announce_compilation()
    from snsim.recompute import diagnose as compute

    renewed = compute(stored, names, set_ or (), str(source))
    write_result(renewed, target)
    seconds = time.perf_counter() - began
    computed = renewed.provenance["diagnosed"].splitlines()[-1].rpartition(": ")[2].split(", ")
    when, star = _shown(renewed)
    answers = {name: _answers(star, name) for name in computed}
    caveats = {name: words for name in computed if (words := _caveats(star, name))}
    if json:
        every = [each for rows in answers.values() for each in rows]
        about = {"result": target, "observables": computed, "wall_time_s": seconds}
        say_json({**about, "answers": every, "caveats": caveats, **when})
        return
    for name, rows in answers.items():
        say_table(name, ("name", "value", "unit", "what it is"), [_in_words(each) for each in rows])
        for caveat in caveats.get(name, ()):
            say_rows([("caveat", caveat)])
            typer.echo()
    if when:
        typer.echo(f"at the last time, {when['time_s']:.4g} s; all times are in the file")
    typer.echo(f"computed {', '.join(computed)} in {seconds:.1f} s; the rest as it was")
    typer.echo(f"  {target}{'' if output else ', renewed in place (--output FILE leaves it as it is)'}")


def _shown(result: Result) -> tuple[dict[str, float], Result]:
    """Return the star whose numbers are shown: of a sequence the last one, and its time."""
    from snsim.series import HISTORY, TIME, moment

    if HISTORY not in result.groups:
        return {}, result
    times = result[HISTORY][TIME].values
    return {"time_s": float(times[-1])}, moment(result, len(times) - 1)


def _answers(result: Result, name: str) -> list[dict[str, Any]]:
    """Return the numbers of an observable, each with why there is none if it is NaN."""
    group, found = result.groups[f"diagnostics/{name}"], []
    for each in result.answers():
        if each.key.startswith(f"{name}."):
            attributes = group[each.key.split(".")[1]].attributes
            reason = attributes.get("reason", "no reason is stored") if math.isnan(each.value) else ""
            definition = attributes.get("definition", "")
            found.append(each._asdict() | {"definition": definition, "reason": reason})
    return found


def _caveats(result: Result, name: str) -> list[str]:
    """Return what an observable's numbers are not, each sentence once."""
    variables = result.groups[f"diagnostics/{name}"].values()
    return list(dict.fromkeys(each.attributes["caveat"] for each in variables if "caveat" in each.attributes))


def _in_words(answer: dict[str, Any]) -> tuple[str, str, str, str]:
    """Name, value, unit, and in words what it is, or why there is none."""
    from snsim.result import shown_unit

    name = answer["key"].partition(".")[2]
    if answer["reason"]:
        return name, "undefined", "", f"{answer['label']}: {answer['reason']}"
    unit, factor = shown_unit(answer["unit"], abs(answer["value"]))
    return (
        name,
        f"{answer['value'] / factor:.6g}",
        unit,
        _meaning(name, answer["label"], answer["definition"]),
    )


def _meaning(name: str, label: str, definition: str) -> str:
    """Label and definition, the label only where it says more than the name."""
    if not definition:
        return label
    short = textwrap.shorten(definition, LONGEST, placeholder=" ...")
    repeats = set(label.replace(",", "").replace("-", "").split()) <= set(name.split("_"))
    return short if repeats else f"{label}; {short}"
