"""How a result came about: versions, machine, times, run file, papers."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib import metadata, util
from pathlib import Path
from typing import TYPE_CHECKING

from snsim import __version__
from snsim.result import Result

if TYPE_CHECKING:
    from snsim.config.schema import Config

PACKAGES = ("numpy", "scipy", "numba", "astropy", "h5py", "pydantic")
_SOURCES = Path(__file__).resolve().parents[2]


def collect(
    config_hash: str,
    *,
    title: str = "",
    started: datetime | None = None,
    wall_time: float | None = None,
    citations: Iterable[str] = (),
    inputs: Iterable[tuple[str, str]] = (),
    seed: int | None = None,
) -> dict[str, str]:
    """Gather what `/provenance` of a result file holds besides the run file itself.

    Parameters
    ----------
    config_hash : str
        Hash of the physics configuration.
    title : str
        Of the run.
    started : datetime, optional
        Now if not given.
    wall_time : float, optional
        s.
    citations : iterable of str
        Papers of what was used, one each.
    inputs : iterable of (str, str)
        Path and SHA-256 of every file that was read.
    seed : int, optional
        Of the random numbers; none are used without one.

    Returns
    -------
    dict of str
        Plain texts.
    """
    commit, dirty = git_state()
    record = {
        "title": title,
        "config_hash": config_hash,
        "snsim_version": __version__,
        "git_commit": commit,
        "git_dirty": dirty,
        "code": code_hash(),
        "python_version": platform.python_version(),
        "host": platform.node(),
        "cpu": cpu_name(),
        "started": (started or datetime.now(UTC)).isoformat(timespec="seconds"),
        "wall_time_s": "" if wall_time is None else f"{wall_time:.3f}",
        "seed": "" if seed is None else str(seed),
        "citations": "\n".join(dict.fromkeys(citations)),
        "inputs": "\n".join(f"{digest}  {path}" for path, digest in inputs),
    }
    return record | {f"{name}_version": version_of(name) for name in PACKAGES}


@cache
def code_hash() -> str:
    """Return 12 hex digits that change with any source file of both packages, and with the numbers they come with.

    Of the files as they were at the first call: a process goes on with what it has imported.
    """
    digest = hashlib.sha256()
    for package in ("microphysics", "snsim"):
        folder = _SOURCES / package
        for path in sorted((*folder.rglob("*.py"), *folder.rglob("*.npz"))):
            digest.update(f"{path.relative_to(_SOURCES)}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def code_of(config: Config) -> dict[str, str]:
    """Return what stands for the code that computes a configuration, plug-ins among it."""
    chosen = config.microphysics
    names = {
        "microphysics.processes": chosen.processes,
        "microphysics.structure_factors": (chosen.structure_factor,),
        "microphysics.form_factors": (chosen.form_factor,),
    }
    return {"code": code_hash(), "plug_ins": plug_ins(names)}


def plug_ins(names: Mapping[str, Iterable[str]]) -> str:
    """Say which code of other packages stands behind names, one line each; empty where none does.

    Parameters
    ----------
    names : mapping of str to iterable of str
        By group of entry points; names that no entry point has are left out.

    Returns
    -------
    str
        ``GROUP NAME DISTRIBUTION==VERSION HASH``, with 12 hex digits of the module's file.
    """
    lines = []
    for group, wanted in names.items():
        for point in _entry_points(group):
            if point.name in wanted:
                owner = f"{point.dist.name}=={point.dist.version}" if point.dist else "unknown"
                lines.append(f"{group} {point.name} {owner} {_module_hash(point.module)}")
    return "\n".join(sorted(lines))


@cache
def _entry_points(group: str) -> tuple[metadata.EntryPoint, ...]:
    """Return what other packages offer, as at the first call: looking takes longer than a short run may."""
    return tuple(metadata.entry_points(group=group))


def _module_hash(module: str) -> str:
    """Hash of a module's file; empty where there is none to be found."""
    try:
        spec = util.find_spec(module)
        source = Path(spec.origin).read_bytes() if spec and spec.origin else b""
    except (ImportError, OSError, ValueError):
        return ""
    return hashlib.sha256(source).hexdigest()[:12] if source else ""


@cache
def version_of(package: str) -> str:
    """Return the version of an installed package without importing it; empty if it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


@cache
def git_state() -> tuple[str, str]:
    """Return the commit of the sources, and "yes" or "no" for changes; empty outside a checkout."""
    if not (_SOURCES / ".git").exists():
        return "", ""
    commit = _git("rev-parse", "HEAD")
    if not commit:
        return "", ""
    changed = _git("status", "--porcelain", "--untracked-files=no")
    return commit, "" if changed is None else "yes" if changed else "no"


def _git(*arguments: str) -> str | None:
    """Output of a git command on the sources; None where git does not answer."""
    try:
        answer = subprocess.run(
            ["git", "-C", str(_SOURCES), *arguments], capture_output=True, text=True, timeout=5.0, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()


@cache
def cpu_name() -> str:
    """Return the processor's name and the number of cores."""
    name = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    return f"{name}, {os.cpu_count()} cores"


def citations_of(result: Result) -> list[str]:
    """Papers named by a result: in its provenance, and as `references` of its variables, each once.

    Parameters
    ----------
    result : Result
        Any.

    Returns
    -------
    list of str
        In the order of appearance.
    """
    papers = [line for line in result.provenance.get("citations", "").splitlines() if line]
    for group in result.groups.values():
        for variable in group.values():
            papers += [paper.strip() for paper in variable.attributes.get("references", "").split(";")]
    return [paper for paper in dict.fromkeys(papers) if paper]
