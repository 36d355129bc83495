"""The `snsim` command. It starts at once, because commands import what they need only when they run."""

from __future__ import annotations

from typing import Annotated

import typer

from snsim import __version__
from snsim.cli import cevns as _cevns
from snsim.cli import detect as _detect
from snsim.cli import ejecta as _ejecta
from snsim.cli import export as _export
from snsim.cli import limits as _limits
from snsim.cli import opacity as _opacity
from snsim.cli import structure_factor as _structure_factor
from snsim.cli import verify as _verify
from snsim.cli.cite import cite
from snsim.cli.compare import compare
from snsim.cli.console import guarded
from snsim.cli.diagnose import diagnose
from snsim.cli.eos import eos_app
from snsim.cli.info import info
from snsim.cli.init import init
from snsim.cli.listing import list_models
from snsim.cli.plot import plot
from snsim.cli.report import report
from snsim.cli.run import run
from snsim.cli.sweep import collect, rerun, status, sweep
from snsim.cli.table import table_app
from snsim.cli.validate import validate

app = typer.Typer(
    name="snsim",
    help="How neutrinos leave a collapsing star, from one weak cross section to the observables.",
    epilog="Start with: snsim init star, then snsim run star. Exit codes: 0 done, 1 some points or checks failed or anything "
    "else, 2 usage or run file, 3 no convergence or outside physical validity, 4 file trouble.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # the boxes of rich cost half of the start-up budget
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"snsim {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """How neutrinos leave a collapsing star, from one weak cross section to the observables."""


app.command("init")(guarded(init))
app.command("run")(guarded(run))
app.command("sweep")(guarded(sweep))
app.command("status")(guarded(status))
app.command("rerun")(guarded(rerun))
app.command("collect")(guarded(collect))
app.command("plot")(guarded(plot))
app.command("report")(guarded(report))
app.command("validate")(guarded(validate))
app.command("diagnose")(guarded(diagnose))
app.command("compare")(guarded(compare))
app.command("list")(guarded(list_models))
app.command("cite")(guarded(cite))
app.add_typer(eos_app, name="eos")
app.command("structure-factor", epilog=_structure_factor.EPILOG, no_args_is_help=True)(
    guarded(_structure_factor.structure_factor)
)
app.add_typer(table_app, name="table")
app.command("cevns", epilog=_cevns.EPILOG, no_args_is_help=True)(guarded(_cevns.cevns))
app.command("detect", epilog=_detect.EPILOG, no_args_is_help=True)(guarded(_detect.detect))
app.command("limits", epilog=_limits.EPILOG)(guarded(_limits.limits))
app.command("opacity", epilog=_opacity.EPILOG, no_args_is_help=True)(guarded(_opacity.opacity))
app.command("ejecta", epilog=_ejecta.EPILOG, no_args_is_help=True)(guarded(_ejecta.ejecta))
app.command("verify", epilog=_verify.EPILOG)(guarded(_verify.verify))
app.command("export", epilog=_export.EPILOG, no_args_is_help=True)(guarded(_export.export))
app.command("info")(guarded(info))


def main() -> None:
    """Entry point of the `snsim` script."""
    app()
