"""A result file that grows along `time`: one record and one flush for each star of a sequence.

All variables along `time` are made longer before any is written, so that a file whose writer was killed between two flushes
opens and ends in complete records. The file has its final layout from the first record on; the caller renames it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import h5py
import numpy as np

from snsim.errors import ResultFileError
from snsim.output.writer import (
    GENERATED,
    RESERVED,
    attach_scales,
    reason,
    write_group,
    write_provenance,
    write_root,
    write_variable,
)
from snsim.result import Result, with_coordinates
from snsim.series import HISTORY, TIME, merged, stack
from snsim.variable import Group, Variable

_ABOUT_TIME = Variable((TIME,), np.empty(0), "s", "time", {"definition": "as [sequence] counts it"})


class GrowingFile:
    """A file of records, open for appending.

    Parameters
    ----------
    path : Path
        Replaced if it exists.
    result : Result
        Its run file and provenance; groups are appended.

    Raises
    ------
    ResultFileError
        If the file cannot be made.
    """

    def __init__(self, path: Path, result: Result) -> None:
        self._path, self._count = path, 0
        try:
            self._file = h5py.File(path, "w")
        except OSError as error:
            raise ResultFileError(f"{path}: cannot be written ({reason(error)}).") from None
        write_root(self._file, result)
        write_provenance(self._file.create_group("provenance"), result)
        self._file.flush()

    def __enter__(self) -> GrowingFile:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._file.close()

    def append(self, time: float, record: Mapping[str, Group]) -> None:
        """Add a record and flush.

        Parameters
        ----------
        time : float
            s.
        record : mapping
            As `snsim.series.record` gives it.

        Raises
        ------
        ResultFileError
            If the disk does not take it, or a coordinate is another one than before.
        """
        now = replace(_ABOUT_TIME, values=np.array([time]))
        groups = {name: dict(group) for name, group in stack([record]).items()}
        groups[HISTORY] = {TIME: now, **groups[HISTORY]}
        for group in groups.values():
            if any(each.dims[:1] == (TIME,) for each in group.values()):
                group.setdefault(TIME, now)
        try:
            if self._count == 0:
                self._begin(Result(groups))
            else:
                self._extend(groups)
            self._count += 1
            self._file.flush()
        except OSError as error:
            raise ResultFileError(f"{self._path}: cannot be written ({reason(error)}).") from None

    def finish(self, result: Result) -> None:
        """Write the final run file, provenance and attributes of groups."""
        del self._file["provenance"]
        write_provenance(self._file.create_group("provenance"), result)
        for name, attributes in result.attributes.items():
            self._file[name].attrs.update(attributes)
        self._file.flush()

    def _begin(self, first: Result) -> None:
        for name, group in first.groups.items():
            write_group(self._file.create_group(name), with_coordinates(first, name), set(group), grows=True)

    def _extend(self, groups: dict[str, dict[str, Variable]]) -> None:
        """Make room in every variable along time, then fill it."""
        for name, group in groups.items():
            for key, variable in group.items():
                if key not in self._file[name]:
                    self._add(self._file[name], key, variable)
        self._file.visititems(self._lengthen)
        for name, group in groups.items():
            for key, variable in group.items():
                dataset = self._file[name][key]
                if variable.dims[:1] == (TIME,):
                    dataset[self._count] = variable.values[0]
                elif not _same(dataset, variable):
                    raise ResultFileError(
                        f"{self._path}: {name}/{key} of record {self._count + 1} differs from that of the first; stars of "
                        "a sequence share grid, energies and species."
                    )
                old = {k: str(v) for k, v in dataset.attrs.items() if k not in RESERVED}
                dataset.attrs.update(
                    {k: v for k, v in merged(old, variable.attributes).items() if old.get(k) != v}
                )

    def _lengthen(self, _: str, item: h5py.Dataset | h5py.Group) -> None:
        if isinstance(item, h5py.Dataset) and item.maxshape[:1] == (None,):
            item.resize(self._count + 1, axis=0)

    def _add(self, group: h5py.Group, name: str, variable: Variable) -> None:
        """Make a variable that earlier stars did not have; NaN there."""
        missing = np.full((self._count, *variable.values.shape[1:]), np.nan)
        dataset = write_variable(group, name, replace(variable, values=missing), grows=True)
        attach_scales(group, dataset, variable.dims)


def _same(dataset: h5py.Dataset, variable: Variable) -> bool:
    """Whether a coordinate is the one of the first record."""
    if GENERATED in dataset.attrs:
        return True
    held = dataset.asstr()[()] if variable.values.dtype.kind == "U" else dataset[()]
    return bool(np.array_equal(held, variable.values))
