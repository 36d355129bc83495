"""Shared fixtures: where the reference data lies, if it is there at all."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest

# cross sections are 1e-40 cm^2: with pytest's absolute tolerance of 1e-12 any of them would be approximately any other
type(pytest.approx(1.0)).DEFAULT_ABSOLUTE_TOLERANCE = 0.0

ROOT = Path(__file__).resolve().parent.parent


def reference_root() -> Path:
    return Path(os.environ.get("SNSIM_REFERENCE", ROOT.parent / "shared" / "reference"))


@pytest.fixture(scope="session")
def reference() -> Path:
    root = reference_root()
    if not root.is_dir():
        pytest.skip(f"reference data not found at {root} (set SNSIM_REFERENCE)")
    return root


@pytest.fixture(scope="session")
def read_columns():
    """Read a reference CSV into columns: floats where they parse, strings elsewhere."""

    def read(path: Path) -> dict[str, np.ndarray]:
        with path.open() as handle:
            rows = list(csv.reader(line for line in handle if not line.startswith("#")))
        columns = {}
        for name, values in zip(rows[0], zip(*rows[1:], strict=True), strict=True):
            try:
                columns[name] = np.array([float(v) if v else np.nan for v in values])
            except ValueError:
                columns[name] = np.array(values)
        return columns

    return read
