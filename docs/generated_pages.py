"""Pages of the site that are written from the code: every command, every key of a run file, every named equation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, get_args, get_origin

import typer
from pydantic import BaseModel

from snsim.cli.app import app
from snsim.config.allowed import allowed
from snsim.config.meanings import MEANINGS
from snsim.config.schema import Config
from snsim.config.table import TableConfig
from snsim.config.write import written_default

DOCS = Path(__file__).resolve().parent
THEORY = (
    "transport",
    "opacities",
    "cevns",
    "structure_factor",
    "eos",
    "explosion",
    "messengers",
    "ejecta",
    "signals",
)


def write_all(folder: Path) -> None:
    """Write the pages into a folder; a file whose text is the same stays as it is, so that builds stay quick."""
    folder.mkdir(exist_ok=True)
    pages = {"command_line": command_line(), "run_file": run_file(), "equations": equations()}
    for name, text in pages.items():
        file = folder / f"{name}.md"
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")


# --- commands -------------------------------------------------------------------------------------------------------


def command_line() -> str:
    """Return the page of the command line: what `--help` says, as tables."""
    root = typer.main.get_command(app)
    parts = [
        "# Command line",
        "",
        "What `snsim COMMAND --help` says, written from the program itself. `--json` is for machines, `--debug` shows where "
        "an error comes from.",
        "",
        _escaped(getattr(root, "epilog", "") or ""),
        "",
    ]
    for name, command in _commands(root, "snsim"):
        parts += _one_command(name, command)
    return "\n".join(parts) + "\n"


def _commands(group: Any, name: str) -> Iterator[tuple[str, Any]]:
    for key, command in group.commands.items():
        full = f"{name} {key}"
        if getattr(command, "commands", None):
            yield full, command
            yield from _commands(command, full)
        else:
            yield full, command


def _one_command(name: str, command: Any) -> Iterator[str]:
    context = command.context_class(command, info_name=name)
    yield f"## {name}"
    yield ""
    yield from ("```text", " ".join(command.get_usage(context).removeprefix("Usage: ").split()), "```", "")
    yield _escaped(" ".join((command.help or "").split()))
    yield ""
    rows = [_parameter(parameter, context) for parameter in command.params]
    rows = [row for row in rows if row]
    if rows:
        yield from ("| | meaning | default |", "| --- | --- | --- |")
        yield from (f"| {' | '.join(row)} |" for row in rows)
        yield ""
    if getattr(command, "epilog", None):
        yield _escaped(" ".join(command.epilog.split()))
        yield ""


def _parameter(parameter: Any, context: Any) -> tuple[str, str, str] | None:
    """Name, meaning and default of an argument or option."""
    record = parameter.get_help_record(context)
    if record is None:
        return None
    names, words = record
    words = re.sub(r"\s*\[(default|required)[^\]]*\]", "", words)
    default = parameter.default
    plain = (
        default is not None
        and not callable(default)
        and default not in (False, (), [], "")
        and "UNSET" not in repr(default)
    )
    shown = f"`{default}`" if plain else ("must be given" if parameter.required else "")
    return _code(names), _cell(words), shown


# --- run file -------------------------------------------------------------------------------------------------------


def run_file() -> str:
    """Return the page of run files and of tables' files: a table for each section."""
    parts = [
        "# Run file",
        "",
        "Every key of a run file (TOML), written from the program itself. Values with a unit are texts, such as "
        '`"144 km"`, in any unit that astropy knows. `snsim validate DIR --show` writes a complete run file with the same '
        "words beside each key.",
        "",
        *_sections(Config, "", ""),
        "# File of an opacity table",
        "",
        "For `snsim table`; its `[microphysics]` is that of a run file.",
        "",
        *_sections(TableConfig, "", "", skip=("microphysics",)),
    ]
    return "\n".join(parts) + "\n"


def _sections(
    model: type[BaseModel], name: str, known_as: str, title: str = "", skip: tuple[str, ...] = ()
) -> Iterator[str]:
    """Heading and table of a section, then those inside it."""
    inner: list[tuple[str, str, type[BaseModel], str]] = []
    rows = []
    for attribute, field in model.model_fields.items():
        key = field.alias or attribute
        if key in skip:
            continue
        models = list(_models(field.annotation))
        path = f"{name}.{key}" if name else key
        if models:
            star = _is_table(field.annotation)
            for each in models:
                form = _form(each) if len(models) > 1 else ""
                inner.append(
                    (f"{path}.*" if star else path, f"{known_as}{key}.{'*.' if star else ''}", each, form)
                )
            continue
        usual = written_default(field)
        default = _code(usual) if usual is not None else "must be given" if field.is_required() else "not set"
        rows.append((f"`{key}`", _cell(MEANINGS.get(known_as + key, "")), _cell(allowed(field)), default))
    if name:
        yield f"## [{name}]{title}"
        yield ""
        yield _escaped((model.__doc__ or "").strip().splitlines()[0] if model.__doc__ else "")
        yield ""
    if rows:
        yield from ("| key | meaning | allowed | default |", "| --- | --- | --- | --- |")
        yield from (f"| {' | '.join(row)} |" for row in rows)
        yield ""
    for path, known, each, form in inner:
        yield from _sections(each, path, known, form)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the sections that may stand in a key."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    for part in get_args(annotation):
        yield from _models(part)


def _is_table(annotation: Any) -> bool:
    """Whether a key holds a table of one's own names."""
    return get_origin(annotation) is dict or any(_is_table(part) for part in get_args(annotation))


def _form(model: type[BaseModel]) -> str:
    """Say which of several forms of a section this is, by its `format`."""
    field = model.model_fields.get("format")
    values = get_args(field.annotation) if field is not None else ()
    return f", format = {' or '.join(str(value) for value in values)}" if values else f", {model.__name__}"


# --- equations ------------------------------------------------------------------------------------------------------


def equations() -> str:
    """Return the list of displayed equations of the theory pages, each with the functions named beside it."""
    parts = [
        "# Equations and where they are computed",
        "",
        "Every displayed equation of the theory pages with the code that is named beside it, in the order of the pages. "
        "Formulas that stand in the text or in tables there have their functions in the same line.",
        "",
    ]
    for name in THEORY:
        text = (DOCS / f"{name}.md").read_text(encoding="utf-8")
        found = list(_equations(text))
        if not found:
            continue
        title = re.match(r"# (.*)", text)
        parts += [f"## [{title[1] if title else name}](../{name}.md)", ""]
        for heading, members in groupby(found, key=lambda each: each[0]):
            parts += [f"### {_escaped(heading)}", ""]
            for _, equation, where in members:
                parts += [f"$$\n{equation}\n$$", "", where, ""]
    return "\n".join(parts) + "\n"


def _equations(text: str) -> Iterator[tuple[str, str, str]]:
    """Heading above, equation, and where it is computed: names in its paragraph and the next, or in its section."""
    for section in re.split(r"^(?=#+ )", re.sub(r"```.*?```", "", text, flags=re.DOTALL), flags=re.MULTILINE):
        heading = section.partition("\n")[0].lstrip("# ")
        paragraphs = re.split(r"\n\s*\n", section)
        everywhere = _names(section)
        for place, paragraph in enumerate(paragraphs):
            beside = _names("\n".join(paragraphs[place : place + 2]))
            where = f"Beside it: {_listed(beside)}." if beside else "See the page."
            if everywhere and not beside:
                where = f"In its section: {_listed(everywhere)}."
            for equation in re.findall(r"\$\$(.*?)\$\$", paragraph, re.DOTALL):
                yield heading, re.sub(r"\\tag\{[^}]*\}", "", equation).strip(), where


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _names(text: str) -> list[str]:
    """Names of functions, classes and modules in a text: those with a dot, a bracket or a capital."""
    names = re.findall(r"`([A-Za-z_][\w./]*(?:\(\))?)`", re.sub(r"\$\$.*?\$\$", "", text, flags=re.DOTALL))
    return list(dict.fromkeys(n for n in names if "." in n or "/" in n or "_" in n or n[0].isupper()))


def _code(text: str) -> str:
    """Return code for a cell of a table."""
    return "`" + text.replace("|", "\\|") + "`"


def _cell(text: str) -> str:
    return _escaped(" ".join(text.split())).replace("|", "\\|")


def _escaped(text: str) -> str:
    """Keep what a program writes from being read as markup."""
    return re.sub(r"(?<!\\)([<>*$\[\]])", r"\\\1", text)
