"""`snsim info`: versions, machine and folders, for bug reports."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from snsim import __version__
from snsim.cli.console import Debug, Json, say_json, say_rows


def info(json: Json = False, debug: Debug = False) -> None:
    """Show versions, machine and the folder of the compiled kernels."""
    from microphysics._jit import cache_directory, cache_is_cold
    from snsim.output.provenance import PACKAGES, cpu_name, git_state, version_of

    commit, dirty = git_state()
    cache = Path(os.environ.get("NUMBA_CACHE_DIR") or cache_directory())
    facts = {
        "snsim": __version__,
        "git": f"{commit[:12]}{' with changes' if dirty == 'yes' else ''}" if commit else "not a checkout",
        "folder": str(Path(__file__).resolve().parents[2]),
        "python": f"{sys.version.split()[0]} ({sys.executable})",
        **{
            name: version_of(name) or "not installed" for name in (*PACKAGES, "matplotlib", "xarray", "typer")
        },
        "machine": cpu_name(),
        "kernels": f"{cache}{' (not compiled yet)' if cache_is_cold() else ''}",
    }
    if json:
        say_json(facts)
    else:
        say_rows(facts.items())
