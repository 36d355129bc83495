"""How a study stands: its points by state, and folders of an earlier form of it, with what has changed since."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snsim.config.load import RUN_FILE
from snsim.config.write import resolve_toml, write_value
from snsim.study.plan import Plan, Point, folders
from snsim.study.record import Standing, State, look, read_status
from snsim.study.warned import Warned, counted

_NO_PHYSICS = ("title", "output")
_MOST = 4  # keys in one sentence


@dataclass(frozen=True)
class Leftover:
    """A folder that no point of the study has.

    Attributes
    ----------
    place : str
    state : str
    why : str
        What differs from the study as it is now.
    """

    place: str
    state: str
    why: str


@dataclass(frozen=True)
class Survey:
    """How a study stands.

    Attributes
    ----------
    plan : Plan
    standings : tuple of Standing
        Of the points, in their order.
    leftovers : tuple of Leftover
    """

    plan: Plan
    standings: tuple[Standing, ...]
    leftovers: tuple[Leftover, ...]

    def counts(self) -> dict[str, int]:
        """Return the number of points by state, every state named."""
        found = dict.fromkeys((str(state) for state in State), 0)
        for standing in self.standings:
            found[standing.state] += 1
        return found

    def warned(self) -> list[Warned]:
        """Return of what the runs of points warned, counted."""
        return counted([standing.warnings for standing in self.standings])

    def of(self, state: State) -> list[tuple[Point, Standing]]:
        """Return the points in a state."""
        pairs = zip(self.plan.points, self.standings, strict=True)
        return [(point, standing) for point, standing in pairs if standing.state is state]


def survey(plan: Plan) -> Survey:
    """Look at every point and every folder."""
    standings = tuple(look(plan.folder(point), point.config_hash, point.code) for point in plan.points)
    return Survey(plan, standings, tuple(leftovers(plan)))


def leftovers(plan: Plan) -> Iterator[Leftover]:
    """Yield folders that belong to an earlier form of the study, or to none."""
    mine = {point.place for point in plan.points}
    base = None
    for place in folders(plan.study).values():
        if place in mine:
            continue
        if base is None:
            base = _flat(tomllib.loads(resolve_toml(plan.study.base.configure({}))))
        folder = plan.study.folder / place
        status = read_status(folder)
        yield Leftover(place, status.state if status is not None else "unknown", _why(folder, base, plan))


def _why(folder: Path, base: dict[str, Any], plan: Plan) -> str:
    """Say in what the run file of a folder differs from every point of the study."""
    try:
        held = _flat(tomllib.loads((folder / RUN_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return f"has no {RUN_FILE} that can be read"
    keys = [key for key in dict.fromkeys((*held, *base)) if key.split(".")[0] not in _NO_PHYSICS]
    moved = plan.study.keys
    words = [
        f"{key} {_shown(held.get(key))} -> {_shown(base.get(key))}"
        for key in keys
        if held.get(key) != base.get(key)
        and not any(key == each or key.startswith(f"{each}.") for each in moved)
    ]
    if words:
        more = f" and {len(words) - _MOST} more" if len(words) > _MOST else ""
        return f"the base has changed: {', '.join(words[:_MOST])}{more}"
    values = ", ".join(f"{key} = {_shown(held.get(key))}" for key in moved)
    return f"no point has {values} any more, or a file that it read has changed"


def _shown(value: Any) -> str:
    return "not set" if value is None else write_value(value)


def _flat(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = value
    return found
