"""Who computes a point: claims in its folder, of which one process at a time holds the highest.

A claim is a file `lock-N` that is created exclusively. A dead holder's claim N is taken over by creating N + 1: of two
takers only one can, nothing that lives is ever moved away, and whoever held N sees before it publishes a result that it is no
longer the highest. Clocks are not compared: a holder on this machine is known by process and start time, one elsewhere lives
as long as its claim keeps being touched, seen over a time that the observer's own monotonic clock measures.
"""

from __future__ import annotations

import json
import os
import platform
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from types import TracebackType

BEAT = 10.0  # s between two touches of a claim
SILENCE = 120.0  # s without a touch after which a holder elsewhere counts as dead
UNWRITTEN = 10.0  # s after which a claim without content does
_PREFIX = "lock-"


@dataclass(frozen=True)
class Holder:
    """Who made a claim.

    Attributes
    ----------
    host : str
        Name of the machine.
    machine : str
        Boot and process namespace: only where both agree do process numbers mean the same.
    pid : int
    started : str
        Start of the process, as the system counts it: process numbers come again.
    token : str
        Of this claim alone.
    """

    host: str
    machine: str
    pid: int
    started: str
    token: str

    @property
    def words(self) -> str:
        """Machine and process."""
        return f"{self.host}, process {self.pid}"

    @property
    def is_dead(self) -> bool:
        """Whether it is certain from here that the process is gone."""
        if self.machine != _machine() or not self.pid:
            return False
        return _started(self.pid) != self.started or not _runs(self.pid)


UNKNOWN = Holder("unknown", "", 0, "", "")  # of a claim that was not written to its end


@cache
def _machine() -> str:
    parts = [platform.node()]
    for path, read in (
        ("/proc/sys/kernel/random/boot_id", lambda path: Path(path).read_text().strip()),
        ("/proc/self/ns/pid", os.readlink),
    ):
        try:
            parts.append(read(path))
        except OSError:
            parts.append("")
    return " ".join(parts)


def _started(pid: int) -> str:
    """Start time of a process in ticks since boot; empty where the system does not say, or there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # of another user
        return True
    try:  # one that has ended and is not waited for holds nothing
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (OSError, IndexError):
        return True


@dataclass(frozen=True)
class Claim:
    """A claim that this process holds."""

    path: Path
    holder: Holder

    @property
    def is_held(self) -> bool:
        """Whether nobody has taken it over."""
        path, holder = _highest(self.path.parent)
        return path == self.path and holder == self.holder

    def touch(self) -> None:
        """Show that its holder lives."""
        try:
            os.utime(self.path)
        except OSError:  # taken over and cleared, or the disk is away: nothing to be done here
            pass

    def release(self) -> None:
        """Give it up, and clear those that it superseded; the highest goes last."""
        if self.is_held:
            for path in _claims(self.path.parent):
                path.unlink(missing_ok=True)


def take(folder: Path, judged_dead: str = "") -> Claim | Holder:
    """Claim a folder.

    Parameters
    ----------
    folder : Path
        Exists.
    judged_dead : str
        Token of a claim elsewhere that has been silent for too long.

    Returns
    -------
    Claim or Holder
        The claim, or who has it.

    Raises
    ------
    OSError
        If the folder cannot be written to.
    """
    path, holder = _highest(folder)
    if holder is not None and not holder.is_dead and (not judged_dead or holder.token != judged_dead):
        return holder
    number = 0 if path is None else _number(path) + 1
    mine = Holder(platform.node(), _machine(), os.getpid(), _started(os.getpid()), uuid.uuid4().hex)
    target = folder / f"{_PREFIX}{number}"
    try:
        handle = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    except FileExistsError:
        return _highest(folder)[1] or UNKNOWN
    try:
        os.write(handle, json.dumps(asdict(mine)).encode())
    except OSError:
        target.unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)
    return Claim(target, mine)


def holder_of(folder: Path) -> Holder | None:
    """Return who holds a folder; None where nobody does that lives, as far as can be seen from here at once."""
    holder = _highest(folder)[1]
    return None if holder is None or holder.is_dead else holder


def is_claimed(folder: Path) -> bool:
    """Whether there is a claim, be its holder alive or dead: a point that was begun and not ended."""
    return bool(_claims(folder))


def _claims(folder: Path) -> list[Path]:
    """Claims in a folder, the highest last."""
    try:
        names = [
            name for name in os.listdir(folder) if name.startswith(_PREFIX) and name[len(_PREFIX) :].isdigit()
        ]
    except FileNotFoundError:
        return []
    return [folder / name for name in sorted(names, key=lambda name: int(name[len(_PREFIX) :]))]


def _number(path: Path) -> int:
    return int(path.name[len(_PREFIX) :])


def _highest(folder: Path) -> tuple[Path | None, Holder | None]:
    claims = _claims(folder)
    if not claims:
        return None, None
    try:
        return claims[-1], Holder(**json.loads(claims[-1].read_text()))
    except FileNotFoundError:  # released meanwhile
        return None, None
    except (ValueError, TypeError):
        return claims[-1], Holder(**{**asdict(UNKNOWN), "token": f"unwritten {claims[-1].name}"})


@dataclass
class Watch:
    """What an observer has seen of claims elsewhere.

    Attributes
    ----------
    now : callable
        A clock that never jumps, s.
    """

    now: Callable[[], float] = time.monotonic
    _seen: dict[tuple[Path, str], tuple[int, float]] = field(default_factory=dict)

    def silent(self, folder: Path) -> str:
        """Return the token of a claim that has not been touched for too long; empty while it may live."""
        path, holder = _highest(folder)
        if path is None or holder is None:
            return ""
        try:
            touched = path.stat().st_mtime_ns
        except FileNotFoundError:
            return ""
        before, since = self._seen.setdefault((path, holder.token), (touched, self.now()))
        if touched != before:
            self._seen[path, holder.token] = (touched, self.now())
            return ""
        limit = SILENCE if holder.pid else UNWRITTEN
        return holder.token if self.now() - since > limit else ""


class Heart:
    """Touches the claim that is worked on, from a thread of its own."""

    def __init__(self, every: float = BEAT) -> None:
        self._every, self._stop = every, threading.Event()
        self._claim: Claim | None = None
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Heart:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        self._stop.set()
        self._thread.join()

    def watch(self, claim: Claim | None) -> None:
        """Touch this claim from now on."""
        self._claim = claim

    def _beat(self) -> None:
        while not self._stop.wait(self._every):
            claim = self._claim
            if claim is not None:
                claim.touch()
