"""`snsim compare`: what differs between two runs, and how far the answers moved."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from snsim.cli.console import Debug, Json, say_json, say_table, warn_unconverged

if TYPE_CHECKING:
    from snsim.result import Answer, Result
    from snsim.sensitivity import Sensitivity

_File = Annotated[
    Path, typer.Argument(metavar="RESULT", help="A result file, or a directory that holds result.h5.")
]


def compare(
    first: _File,
    second: _File,
    every: Annotated[
        bool, typer.Option("--all", help="All numbers of the diagnostics, not only the main ones.")
    ] = False,
    sensitivity: Annotated[
        str,
        typer.Option(
            metavar="SCALAR",
            help="Add d ln R_nu/d ln SCALAR: density, temperature, ... of the innermost zone, shock_radius, or a key such as "
            "profile.mass.",
        ),
    ] = "",
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Show which keys of the run files differ, and how the answers moved from the first to the second."""
    from snsim.output.reader import read_result
    from snsim.sensitivity import neutrinosphere_sensitivity

    before, after = read_result(first), read_result(second)
    for path, result in ((first, before), (second, after)):
        warn_unconverged(path, result)
    keys = differing_keys(before.config_toml, after.config_toml)
    moves = list(moved_answers(before, after, headlines=not (every or json)))
    swapped = neutrinosphere_sensitivity([before, after], sensitivity) if sensitivity else None
    if json:
        fields = {"sensitivity": _in_plain_numbers(swapped)} if swapped else {}
        say_json({"config": keys, "answers": moves, **fields})
        return
    if keys:
        rows = [(key, as_toml(values["before"]), as_toml(values["after"])) for key, values in keys.items()]
        say_table("run files", ("key", str(first), str(second)), rows)
    else:
        typer.echo("the run files are the same")
    stars = [result.provenance.get("profile", "") for result in (before, after)]
    if stars[0] != stars[1]:
        say_table("stars", ("", str(first), str(second)), [("profile", *stars)])
    say_table(  # paths over the columns would take the names their room
        f"answers, from {first} to {second}",
        ("", "before", "after", "unit", "change", "relative"),
        [(move["label"], *_move_in_words(move)) for move in moves],
    )
    if swapped:
        _say_sensitivity(swapped, str(first), str(second))


def _in_plain_numbers(found: Sensitivity) -> dict[str, Any]:
    """Its fields, arrays as lists."""
    return {key: value.tolist() if hasattr(value, "tolist") else value for key, value in vars(found).items()}


def _say_sensitivity(found: Sensitivity, first: str, second: str) -> None:
    """Exponent of every species, with the radii and the scalar that it comes from."""
    values, kilometres = [_number(value) for value in found.values], found.radius / 1e5
    rows = [
        (f"R_nu of {who} [km]", _number(one), _number(other), _number(exponent))
        for who, one, other, exponent in zip(found.species, *kilometres, found.exponent, strict=True)
    ]
    columns = ("", first, second, "d ln R_nu/d ln of it")
    say_table("neutrinospheres of swapped stars", columns, [(found.scalar, *values, ""), *rows])
    if found.reason:
        typer.echo(found.reason)


def differing_keys(before: str, after: str) -> dict[str, dict[str, Any]]:
    """Keys with different values in two run files.

    Parameters
    ----------
    before, after : str
        TOML.

    Returns
    -------
    dict
        Dotted key to its value `before` and `after`, None where it is not set.
    """
    one, other = dict(_flat(tomllib.loads(before))), dict(_flat(tomllib.loads(after)))
    return {
        key: {"before": one.get(key), "after": other.get(key)}
        for key in [*one, *(key for key in other if key not in one)]
        if one.get(key) != other.get(key)
    }


def _flat(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def moved_answers(before: Result, after: Result, *, headlines: bool = False) -> Iterator[dict[str, Any]]:
    """Pair the numbers of two results.

    Parameters
    ----------
    before, after : Result
        Two results.
    headlines : bool
        Only the main numbers.

    Yields
    ------
    dict
        `key`, `label`, `unit`, `before`, `after`, `change`, `relative`; NaN where a number is undefined
        or absent.
    """
    old = {answer.key: answer for answer in before.answers(headlines=headlines)}
    new = {answer.key: answer for answer in after.answers(headlines=headlines)}
    for key in [*old, *(key for key in new if key not in old)]:
        yield _move(key, old.get(key), new.get(key))


def _move(key: str, old: Answer | None, new: Answer | None) -> dict[str, Any]:
    known = old or new
    assert known is not None
    one, other = (math.nan if answer is None else answer.value for answer in (old, new))
    change = 0.0 if one == other else other - one
    relative = change / abs(one) if one != 0.0 else (0.0 if change == 0.0 else math.nan)
    return {
        "key": key,
        "label": known.label
        if old is None or new is None or old.label == new.label
        else f"{old.label} -> {new.label}",
        "unit": known.unit,
        "before": one,
        "after": other,
        "change": change,
        "relative": relative,
    }


def _move_in_words(move: dict[str, Any]) -> tuple[str, str, str, str, str]:
    """Both values, unit, change and relative change; NaN reads as what it means."""
    from snsim.result import shown_unit

    known = [abs(move[which]) for which in ("before", "after") if not math.isnan(move[which])]
    unit, factor = shown_unit(move["unit"], max(known, default=0.0))
    one, other = move["before"] / factor, move["after"] / factor
    if math.isnan(one) and math.isnan(other):
        change, relative = "undefined in both", ""
    elif math.isnan(one) or math.isnan(other):
        change, relative = "appears" if math.isnan(one) else "disappears", ""
    elif move["change"] == 0.0:
        change, relative = "none", ""
    else:
        change = f"{move['change'] / factor:+.3g}"
        relative = "" if math.isnan(move["relative"]) else f"{100.0 * move['relative']:+.3g} %"
    return _number(one), _number(other), unit, change, relative


def _number(value: float) -> str:
    return "undefined" if math.isnan(value) else f"{value:.6g}"


def as_toml(value: Any) -> str:
    """Return the value of a key as a run file has it, or that it is not set."""
    from snsim.config.write import write_value

    return "not set" if value is None else write_value(value)
