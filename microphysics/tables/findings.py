"""What a checker finds in a file: sentences with a place, gathered over many slabs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["SEVERITIES", "Finding", "Findings", "Report"]

SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    Attributes
    ----------
    severity : str
        ``error``: a code that reads the file gets wrong numbers or stops; ``warning``: somebody should look; ``note``.
    dataset : str
        Name, or empty for the file.
    message : str
        What is wrong, and where.
    count : int
        Values that it is about.
    """

    severity: str
    dataset: str
    message: str
    count: int = 1

    def __str__(self) -> str:
        return f"{self.severity}: {self.dataset + ': ' if self.dataset else ''}{self.message}"


@dataclass(frozen=True)
class Report:
    """All that was found in a file.

    Attributes
    ----------
    path : Path
    findings : tuple of Finding
        Errors first.
    """

    path: Path
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Findings of severity ``error``."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return not self.errors

    def __str__(self) -> str:
        lines = [str(finding) for finding in self.findings] or ["nothing found"]
        return "\n".join([f"{self.path}:", *(f"  {line}" for line in lines)])


@dataclass
class _Gathered:
    count: int = 0
    worst: float = -np.inf
    value: float = np.nan
    place: str = ""


@dataclass
class Findings:
    """Collects findings; values of many slabs that fail one test become one finding, at the worst place."""

    single: list[Finding] = field(default_factory=list)
    gathered: dict[tuple[str, str, str], _Gathered] = field(default_factory=dict)

    def add(self, severity: str, dataset: str, message: str) -> None:
        """Note one finding."""
        self.single.append(Finding(severity, dataset, message))

    def gather(
        self,
        severity: str,
        dataset: str,
        text: str,
        bad: NDArray[np.bool_],
        values: NDArray[np.float64],
        place: Callable[..., str],
        *,
        before: Sequence[int] = (),
        size: NDArray[np.float64] | None = None,
    ) -> None:
        """Note where a slab fails a test.

        Parameters
        ----------
        severity, dataset : str
        text : str
            What is wrong; ``{value}`` is replaced by the value at the worst place.
        bad : ndarray of bool
        values : ndarray, of the same shape
        place : callable
            Says in words where an index (of the slab after `before`) is.
        before : sequence of int
            Index of the slab.
        size : ndarray, of the same shape, optional
            How bad; by default the first bad place counts.
        """
        if not bad.any():
            return
        key = (severity, dataset, text)
        entry = self.gathered.setdefault(key, _Gathered())
        entry.count += int(bad.sum())
        flat = int(np.argmax(bad)) if size is None else int(np.argmax(np.where(bad, size, -np.inf)))
        index = np.unravel_index(flat, bad.shape)
        worst = 0.0 if size is None else float(size[index])
        if worst > entry.worst:
            entry.worst, entry.value = worst, float(values[index])
            entry.place = place(*before, *(int(i) for i in index))

    def report(self, path: str | Path) -> Report:
        """Everything, errors first."""
        found = list(self.single)
        for key, entry in self.gathered.items():
            severity, dataset, text = key
            more = f"; {entry.count} such values" if entry.count > 1 else ""
            message = f"{text.replace('{value}', f'{entry.value:.6g}')} at {entry.place}{more}"
            found.append(Finding(severity, dataset, message, entry.count))
        found.sort(key=lambda finding: SEVERITIES.index(finding.severity))
        return Report(Path(path), tuple(found))


def shape_of(dataset: Any) -> tuple[int, ...] | None:
    """Shape of a dataset, None for a group."""
    return getattr(dataset, "shape", None)
