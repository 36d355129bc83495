"""Files from which an evolution goes on bit for bit."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from snsim.errors import ResultFileError
from snsim.transport.implicit import State

Array = NDArray[np.float64]

LAYOUT = 3


@dataclass(frozen=True)
class Stored:
    """What a checkpoint holds: how far an evolution has come.

    Attributes
    ----------
    state : State
        From which it goes on.
    steps, snapshots : mapping of str to ndarray
        What was found so far, see `snsim.transport.evolution.Track`.
    nodes : ndarray or None
        Of the matter table, shape (zone, ln T, Y_e, 2).
    """

    state: State
    steps: dict[str, Array]
    snapshots: dict[str, Array]
    nodes: Array | None


@dataclass(frozen=True)
class Checkpoint:
    """A file and its owner.

    Attributes
    ----------
    path : Path
        Replaced as a whole, never half written.
    key : str
        Of the run: hash of the configuration. A file with another key is refused.
    every : int
        Steps between two writings.
    """

    path: Path
    key: str
    every: int = 100

    def write(self, stored: Stored) -> None:
        """Write the file.

        Parameters
        ----------
        stored : Stored
            Everything that is needed to go on.

        Raises
        ------
        ResultFileError
            If that cannot be done.
        """
        temporary = self.path.with_name(f".{self.path.name}.{os.getpid()}.tmp")
        state = stored.state
        try:
            with h5py.File(temporary, "w") as file:
                file.attrs["key"], file.attrs["layout"] = self.key, LAYOUT
                file.attrs["steps"] = state.steps
                for name in ("time", "step_before", "step_next"):
                    file.attrs[name] = getattr(state, name)
                arrays: dict[str, NDArray[Any]] = {
                    "y": state.y,
                    "before": state.before,
                    **_under("memory", state.memory),
                }
                arrays |= _under("steps", stored.steps) | _under("snapshots", stored.snapshots)
                if stored.nodes is not None:  # most of them are empty
                    filled = np.flatnonzero(np.isfinite(stored.nodes))
                    arrays["nodes"], arrays["filled"] = stored.nodes.ravel()[filled], filled
                    file.attrs["nodes"] = stored.nodes.shape
                for name, values in arrays.items():
                    file.create_dataset(name, data=values)
            os.replace(temporary, self.path)
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise ResultFileError(f"{self.path}: cannot be written ({reason}).") from None
        finally:
            temporary.unlink(missing_ok=True)

    def read(self) -> Stored | None:
        """Read the file.

        Returns
        -------
        Stored or None
            None where there is no file.

        Raises
        ------
        ResultFileError
            If it is damaged, or belongs to another run.
        """
        if not self.path.is_file():
            return None
        try:
            with h5py.File(self.path, "r") as file:
                if file.attrs.get("layout") != LAYOUT:
                    raise ResultFileError(
                        f"{self.path}: no checkpoint of this version of snsim; move it away."
                    )
                if file.attrs["key"] != self.key:
                    raise ResultFileError(
                        f"{self.path}: the checkpoint of another configuration; move it away, or begin again with --force."
                    )
                state = State(
                    time=float(file.attrs["time"]),
                    y=file["y"][()],
                    before=file["before"][()],
                    step_before=float(file.attrs["step_before"]),
                    step_next=float(file.attrs["step_next"]),
                    steps=int(file.attrs["steps"]),
                    memory=_arrays(file["memory"]),
                )
                nodes = None
                if "nodes" in file:
                    nodes = np.full(file.attrs["nodes"], np.nan)
                    nodes.ravel()[file["filled"][()]] = file["nodes"][()]
                return Stored(state, _arrays(file["steps"]), _arrays(file["snapshots"]), nodes)
        except ResultFileError:
            raise
        except (OSError, KeyError, ValueError, RuntimeError):
            raise ResultFileError(
                f"{self.path}: a damaged checkpoint; move it away, or compute afresh."
            ) from None


def _under(group: str, arrays: dict[str, Array]) -> dict[str, Array]:
    return {f"{group}/{name}": values for name, values in arrays.items()}


def _arrays(group: h5py.Group) -> dict[str, Array]:
    return {name: np.asarray(item[()]) for name, item in group.items()}
