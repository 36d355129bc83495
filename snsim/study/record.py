"""What the folder of a point says about it: `status.json`, and whether its result is one of the study."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from snsim.errors import ResultFileError
from snsim.output.reader import RESULT_FILE, read_provenance
from snsim.study.claim import holder_of

STATUS_FILE = "status.json"
DAMAGED_FILE = "result.damaged.h5"


class State(StrEnum):
    """States of a point."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STALE = "stale"  # done by other code: never in status.json


class Cause(StrEnum):
    """Why a point failed."""

    CONFIGURATION = "configuration"
    PHYSICS = "physics"
    FILES = "files"
    LOST = "lost"  # its process died, every time
    UNEXPECTED = "unexpected"


# what another attempt may mend: the disk, the machine
PASSING = (Cause.FILES, Cause.LOST)


@dataclass(frozen=True)
class Status:
    """The record of a point; times are for people, nothing depends on them.

    Attributes
    ----------
    state : str
        Of `State`, but for `STALE`.
    host, pid, start, end : str, int, str, str
        Where and when it was last worked on.
    error, cause : str
        Of a failure; `cause` is one of `Cause`.
    config_hash, code : str
        Of the result.
    seconds : float
        That it took.
    size, checksum : int
        Bytes of `result.h5` and their CRC-32.
    warnings : tuple of str
        Of physics, each once: class and sentence.
    """

    state: str = State.QUEUED
    host: str = ""
    pid: int = 0
    start: str = ""
    end: str = ""
    error: str = ""
    cause: str = ""
    config_hash: str = ""
    code: str = ""
    seconds: float = 0.0
    size: int = 0
    checksum: int = 0
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Standing:
    """How a point stands, why where that is not plain, and of what its run warned."""

    state: State
    why: str = ""
    cause: str = ""
    code: str = ""
    warnings: tuple[str, ...] = ()


def now() -> str:
    """Return the time, for people."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def read_status(folder: Path) -> Status | None:
    """Return the record of a point; None where there is none that can be read."""
    try:
        found = json.loads((folder / STATUS_FILE).read_text(encoding="utf-8"))
        return Status(**{each.name: found[each.name] for each in fields(Status) if each.name in found})
    except (OSError, ValueError, TypeError):
        return None


def write_status(folder: Path, status: Status) -> None:
    """Write the record of a point, whole or not at all."""
    write_text(folder / STATUS_FILE, json.dumps(asdict(status), indent=1) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a file, whole or not at all; an OSError leaves no half of it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, path)
    except OSError:
        with _in_any_case():
            temporary.unlink(missing_ok=True)
        raise


@contextmanager
def _in_any_case() -> Iterator[None]:
    try:
        yield
    except OSError:
        pass


def sum_of(path: Path) -> tuple[int, int]:
    """Return bytes and CRC-32 of a file."""
    found, size = 0, 0
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            found, size = zlib.crc32(block, found), size + len(block)
    return size, found


def look(folder: Path, config_hash: str, code: str, *, claimed: bool = False) -> Standing:
    """Say how a point stands.

    Parameters
    ----------
    folder : Path
        Of the point; need not exist.
    config_hash, code : str
        That its result must have.
    claimed : bool
        Whether the claim on it is the caller's own.
    """
    status = read_status(folder)
    result = folder / RESULT_FILE
    if status is not None and status.state == State.FAILED:
        return Standing(State.FAILED, status.error, status.cause, status.code, tuple(status.warnings))
    if not result.is_file():
        if not claimed and (holder := holder_of(folder)):
            return Standing(State.RUNNING, holder.words)
        words = {State.RUNNING: "interrupted", State.DONE: f"{RESULT_FILE} is gone"}
        why = status.error or words.get(State(status.state), "") if status is not None else ""
        return Standing(State.QUEUED, why)
    if (
        status is None or status.state != State.DONE
    ):  # stopped just before the record, or computed by `snsim run`
        if not claimed and (holder := holder_of(folder)):
            return Standing(State.RUNNING, holder.words)
        return _look_inside(result, config_hash, code)
    if status.config_hash != config_hash:
        return Standing(State.QUEUED, f"{RESULT_FILE} is of another configuration")
    if status.code != code:
        why = f"computed by other code ({status.code})"
        return Standing(State.STALE, why, code=status.code, warnings=tuple(status.warnings))
    return Standing(State.DONE, code=status.code, warnings=tuple(status.warnings))


def _look_inside(result: Path, config_hash: str, code: str) -> Standing:
    try:
        origin = read_provenance(result)
    except ResultFileError as error:
        return Standing(State.QUEUED, str(error))
    if origin.get("config_hash") != config_hash:
        return Standing(State.QUEUED, f"{RESULT_FILE} is of another configuration")
    found = code_stamp(origin)
    if found != code:
        return Standing(State.STALE, f"computed by other code ({found})", code=found)
    return Standing(State.DONE, code=found)


def code_stamp(origin: dict[str, str]) -> str:
    """Return what stands for the code in one word: its hash, and that of plug-ins where there are any."""
    plug_ins = origin.get("plug_ins", "")
    return origin.get("code", "") + (f"+{zlib.crc32(plug_ins.encode()):08x}" if plug_ins else "")


def set_aside(folder: Path, why: str) -> None:
    """Move a damaged result away, and mark the point to be computed again."""
    os.replace(folder / RESULT_FILE, folder / DAMAGED_FILE)
    write_status(folder, Status(State.QUEUED, error=why, end=now()))
