"""The file of a table that is being built: filled block by block, readable at any moment, gone when the table is written.

Every dataset has its place on the disk from the beginning. A block is written without moving anything else, and entered in
the ledger, with a checksum, afterwards: a build that is killed anywhere leaves a file in which each block is either right or
not there.
"""

from __future__ import annotations

import json
import logging
import os
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from microphysics.errors import OpacityTableError
from microphysics.tables.plan import Block, TablePlan, table_of
from microphysics.tables.table import OpacityTable
from microphysics.tables.worker import BlockResult, Caught

__all__ = ["PartialTable", "reason_of"]

MARK = "snsim_partial_opacity_table"
_VERSION = 1
_KERNELS = "kernels"
_NOTE = 4096  # bytes for the warnings of a block
_DONE = 1 << 32  # above the checksum, which may be 0
_log = logging.getLogger(__name__)


class PartialTable:
    """A table that is being built.

    Parameters
    ----------
    path : Path
        Gone on with if it belongs to the same plan, made anew if not.
    plan : TablePlan
    key : str
        Of the plan.

    Raises
    ------
    OpacityTableError
        If the file cannot be made, the disk is full, or another build is at work on it.
    """

    def __init__(self, path: Path, plan: TablePlan, key: str) -> None:
        self.path, self.plan = path, plan
        file = _opened(path, key)
        if file is None:
            _create(path, plan, key)
            file = _opened(path, key)
        if file is None:
            raise OpacityTableError(f"{path}: cannot be read back; is another build at work on it?")
        self._file = file
        self.caught: dict[int, list[Caught]] = {}
        self._check_blocks()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def waiting(self) -> list[Block]:
        """Blocks that are not there yet."""
        ledger = self._file["build/ledger"][()]
        return [block for block in self.plan.blocks if not ledger[block.number]]

    def write(self, result: BlockResult) -> None:
        """Write a block, then enter it.

        Raises
        ------
        OpacityTableError
            If the file cannot be written.
        """
        number = result.block.number
        try:
            for role, values in result.values.items():
                self._dataset(role)[_where(result.block)] = values
            # a reader, or this after a kill, must never find the entry without the values
            self._file.flush()
            note = json.dumps([asdict(each) for each in result.caught])
            self._file["build/warnings"][number] = note.encode() if len(note.encode()) <= _NOTE else b"[]"
            self._file["build/ledger"][number] = _DONE + self._checksum(result.values)
            self._file.flush()
        except (OSError, RuntimeError) as error:
            raise OpacityTableError(
                f"{self.path}: cannot be written ({reason_of(error)}); the blocks that are there are kept"
            ) from None
        self.caught[number] = result.caught

    def table(self, attributes: Mapping[str, Any]) -> OpacityTable:
        """Return the table, its arrays on disk; only while this is open."""
        return table_of(self.plan, self._dataset, attributes)

    def remove(self) -> None:
        """Delete the file."""
        self._file.close()
        self.path.unlink(missing_ok=True)

    def _dataset(self, role: str) -> Any:
        return self._file[f"{_KERNELS}/{role}" if role in self.plan.kernel_roles else role]

    def _roles(self, block: Block) -> tuple[str, ...]:
        return self.plan.kernel_roles if block.is_kernel else self.plan.roles

    def _check_blocks(self) -> None:
        """Strike out blocks that are not what was written: a machine may lose power between the two."""
        ledger = self._file["build/ledger"][()]
        for block in self.plan.blocks:
            if not ledger[block.number]:
                continue
            values = {role: self._dataset(role)[_where(block)] for role in self._roles(block)}
            if ledger[block.number] == _DONE + self._checksum(values):
                note = bytes(self._file["build/warnings"][block.number])
                self.caught[block.number] = [Caught(**each) for each in json.loads(note or b"[]")]
            else:
                self._file["build/ledger"][block.number] = 0

    @staticmethod
    def _checksum(values: Mapping[str, Any]) -> int:
        found = 0
        for role in sorted(values):
            found = zlib.crc32(np.ascontiguousarray(values[role]).tobytes(), found)
        return found


def _where(block: Block) -> tuple[Any, ...]:
    """Place of a block in the arrays."""
    temperatures = slice(block.start, block.stop)
    return (
        (slice(None), temperatures)
        if block.is_kernel
        else (slice(None), block.electron_fraction, temperatures)
    )


def _opened(path: Path, key: str) -> Any:
    """Open the file of an earlier build of the same plan; None if there is none."""
    import h5py

    if not path.exists():
        return None
    try:
        file = h5py.File(path, "r+")
    except BlockingIOError:
        raise OpacityTableError(
            f"{path}: another build is at work on it; wait for it, or give another name"
        ) from None
    except OSError as error:
        if isinstance(error, PermissionError):
            raise OpacityTableError(f"{path}: cannot be opened for writing ({reason_of(error)})") from None
        _log.warning("%s is damaged: the build starts anew", path)
        return None
    if file.attrs.get(MARK) == _VERSION and file.attrs.get("key") == key:
        return file
    file.close()
    _log.warning("%s is of another table, or of other code: the build starts anew", path)
    return None


def _create(path: Path, plan: TablePlan, key: str) -> None:
    """Make the file with room for everything, under its name only when it is whole."""
    import h5py

    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(temporary, "w") as file:
            file.attrs[MARK] = _VERSION
            file.attrs["key"] = key
            for role in plan.roles:
                _allocate(file, role, plan.shape, "f8")
            kernels = file.create_group(_KERNELS)
            for role in plan.kernel_roles:
                _allocate(kernels, role, plan.kernel_shape, "f8")
            build = file.create_group("build")
            _allocate(build, "ledger", (len(plan.blocks),), "u8")
            _allocate(build, "warnings", (len(plan.blocks),), f"S{_NOTE}")
            for name in ("ledger", "warnings"):
                build[name][...] = np.zeros(1, build[name].dtype)
        _reserve(temporary)
        os.replace(temporary, path)
    except OSError as error:
        raise OpacityTableError(f"{path}: cannot be written ({reason_of(error)})") from None
    finally:
        with suppress(OSError):
            temporary.unlink()


def _allocate(group: Any, name: str, shape: tuple[int, ...], kind: str) -> None:
    """Make a dataset that has its place in the file at once, in one piece and without a fill value."""
    from h5py import h5d, h5p, h5s, h5t

    layout = h5p.create(h5p.DATASET_CREATE)
    layout.set_layout(h5d.CONTIGUOUS)
    layout.set_alloc_time(h5d.ALLOC_TIME_EARLY)
    layout.set_fill_time(h5d.FILL_TIME_NEVER)
    space = h5s.create_simple(shape)
    h5d.create(group.id, name.encode(), h5t.py_create(np.dtype(kind)), space, dcpl=layout)


def _reserve(path: Path) -> None:
    """Take the room on the disk now, so that it cannot run out in the middle."""
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)


def reason_of(error: Exception) -> str:
    """Say why a file could not be written."""
    number = getattr(error, "errno", None)
    return os.strerror(number) if number else str(error)
